//! What is asked, and which answers are right.

use std::cell::{Cell, OnceCell};

use bench::Failure;
use bytes::Bytes;
use hyper::StatusCode;
use serde_json::{Map, Value, json};

use crate::federation::Federation;
use crate::subgraphs::right_answer;

/// The question of the public benchmark, in our words.
pub const LARGE: &str = include_str!("../federation/large.graphql");
const VARIED: &str = include_str!("../federation/varied.graphql");
const SMALL: &str = include_str!("../federation/small.graphql");

/// A document and its variables.
pub struct Question {
    query: String,
    variables: Option<Map<String, Value>>,
}

impl Question {
    /// A document without variables.
    pub fn plain(query: &str) -> Self {
        Self { query: query.to_owned(), variables: None }
    }

    /// One subgraph, one object, two fields.
    pub fn small() -> Self {
        Self::plain(SMALL)
    }

    /// A tenth of the large question, about one user.
    pub fn varied(id: &str) -> Self {
        let variables = Map::from_iter([("id".to_owned(), Value::from(id))]);
        Self { query: VARIED.to_owned(), variables: Some(variables) }
    }

    /// As it is posted.
    pub fn body(&self) -> String {
        match &self.variables {
            None => json!({ "query": self.query }).to_string(),
            Some(variables) => json!({ "query": self.query, "variables": variables }).to_string(),
        }
    }
}

/// The kinds of questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The question of the public benchmark.
    Large,
    /// A question about another user each time.
    Varied,
    /// A question to one subgraph.
    Small,
}

/// The questions of a kind, and their answers.
pub struct Questions(Vec<(Bytes, Value)>);

impl Questions {
    /// Works out the right answers.
    pub fn new(kind: Kind, federation: &Federation) -> Result<Self, Failure> {
        let shop = &federation.shop;
        let questions = match kind {
            Kind::Large => vec![Question::plain(&federation.large)],
            Kind::Small => vec![Question::small()],
            Kind::Varied => shop.further_users().map(|id| Question::varied(&id)).collect(),
        };
        let answered = questions.into_iter().map(|question| {
            let right = match (&federation.expected, kind) {
                (Some(expected), Kind::Large) => expected.clone(),
                _ => right_answer(shop, &question.query, question.variables.as_ref())?,
            };
            Ok((question.body().into(), right))
        });
        Ok(Self(answered.collect::<Result<_, Failure>>()?))
    }
}

/// The questions as one gateway is asked them, over and over.
pub struct Traffic<'q> {
    questions: &'q Questions,
    next: Cell<usize>,
    /// The bytes of a right answer to each question: the next one is most likely the same.
    seen: Vec<OnceCell<Bytes>>,
}

impl<'q> Traffic<'q> {
    /// Questions to a gateway that has not been asked yet.
    pub fn new(questions: &'q Questions) -> Self {
        let seen = questions.0.iter().map(|_| OnceCell::new()).collect();
        Self { questions, next: Cell::new(0), seen }
    }

    /// The next question, with its number.
    pub fn next(&self) -> (usize, Bytes) {
        let number = self.next.get();
        self.next.set((number + 1) % self.questions.0.len());
        (number, self.questions.0[number].0.clone())
    }

    /// Whether an answer is right, in whatever order its fields are.
    pub fn is_right(&self, number: usize, status: StatusCode, answer: &Bytes) -> bool {
        if status != StatusCode::OK {
            return false;
        }
        if self.seen[number].get() == Some(answer) {
            return true;
        }
        // Read only when the bytes are new: reading JSON would take the CPU from what is measured.
        let is_right =
            serde_json::from_slice::<Value>(answer).is_ok_and(|read| read == self.questions.0[number].1);
        if is_right {
            // The first one stays.
            let _ = self.seen[number].set(answer.clone());
        }
        is_right
    }
}
