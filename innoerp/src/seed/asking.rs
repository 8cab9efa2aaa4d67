//! How the demo is made: by asking the router, as anybody would.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use router::{Client, GraphqlRequest, Router};
use serde_json::{Map, Value, json};

use crate::Failure;

/// Where the demo's people come from: an address of documentation, so that attempts to log in that are counted by
/// address are not those of whoever sits at this machine.
const ADDRESS: [u8; 4] = [192, 0, 2, 1];

/// How many mutations go into one document; a document has 20 at most.
const TOGETHER: usize = 10;

/// How many documents are under way at once.
const AT_ONCE: usize = 3;

/// How long to wait before something is tried again that nobody could do for now; twice as long each time, at most.
const PAUSE: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(8);

/// Somebody at the router, with or without a token.
#[derive(Clone)]
pub(super) struct Caller {
    router: Router,
    token: Option<Arc<str>>,
}

impl Caller {
    pub(super) fn anonymous(router: &Router) -> Self {
        Self { router: router.clone(), token: None }
    }

    pub(super) fn with_token(&self, token: &str) -> Self {
        Self { router: self.router.clone(), token: Some(token.into()) }
    }

    /// Asks, and takes no for a failure: an error as well as a refusal.
    pub(super) async fn ask(&self, document: impl Into<String>, variables: Value) -> Result<Value, Failure> {
        let (document, mut pause) = (document.into(), PAUSE);
        loop {
            let answer = self.ask_anyhow(document.clone(), variables.clone()).await;
            let is_nothing_done =
                answer["data"].as_object().is_none_or(|data| data.values().all(Value::is_null));
            if is_busy(&answer) && is_nothing_done && pause <= PAUSE_MAX {
                tokio::time::sleep(pause).await;
                pause *= 2;
            } else if answer.get("errors").is_some() || is_refused(&answer["data"]) {
                return Err(Failure(format!("making the demo data failed: {answer}")));
            } else {
                return Ok(answer["data"].clone());
            }
        }
    }

    /// Asks, and takes whatever is answered.
    pub(super) async fn ask_anyhow(&self, document: impl Into<String>, variables: Value) -> Value {
        let client = Client {
            token: self.token.clone(),
            address: Some(IpAddr::from(ADDRESS)),
            ..Client::anonymous("seed")
        };
        let request = GraphqlRequest {
            query: document.into(),
            variables: variables.as_object().cloned(),
            ..GraphqlRequest::default()
        };
        let router = self.router.clone();
        // In a task of its own, so that what is asked at once runs at once.
        let answer = tokio::spawn(async move { router.execute(client, request).await.response.to_json() });
        let answer = answer.await.map(|json| serde_json::from_slice(&json).unwrap_or_default());
        answer.unwrap_or_else(|error| json!({ "errors": error.to_string() }))
    }

    /// Does the same many times over, in order; answers what each did.
    pub(super) async fn each(&self, mutation: &Mutation, of: Vec<Value>) -> Result<Vec<Value>, Failure> {
        let mut done = Vec::with_capacity(of.len());
        for some in of.chunks(TOGETHER) {
            done.extend(self.together(mutation, some).await?);
        }
        Ok(done)
    }

    /// As [`each`](Self::each), several documents at once: for what does not mind in which order it happens.
    pub(super) async fn each_at_once(
        &self,
        mutation: &Mutation,
        of: Vec<Value>,
    ) -> Result<Vec<Value>, Failure> {
        let documents = of.chunks(TOGETHER).map(|some| self.together(mutation, some));
        let done: Vec<Vec<Value>> = stream::iter(documents).buffered(AT_ONCE).try_collect().await?;
        Ok(done.concat())
    }

    async fn together(&self, mutation: &Mutation, of: &[Value]) -> Result<Vec<Value>, Failure> {
        let answer = self.ask_anyhow(mutation.document(of.len()), mutation.variables(of)).await;
        let is_wrong = answer.get("errors").is_some() && !is_busy(&answer);
        if is_wrong || is_refused(&answer["data"]) {
            return Err(Failure(format!("making the demo data failed: {answer}")));
        }
        let mut done = Vec::with_capacity(of.len());
        for (at, one) in of.iter().enumerate() {
            let mut did = answer["data"][format!("m{at}")].clone();
            if did.is_null() {
                // What a busy machine could not do is tried again, by itself.
                let again = mutation.variables(std::slice::from_ref(one));
                did = self.ask(mutation.document(1), again).await?["m0"].take();
            }
            done.push(did);
        }
        Ok(done)
    }

    /// Creates one thing with the mutation that its noun has; answers its id.
    pub(super) async fn create(&self, noun: &str, input: Value) -> Result<String, Failure> {
        let mut ids = self.create_all(noun, vec![input]).await?;
        ids.pop().ok_or_else(|| Failure(format!("making the demo data failed: no {noun} was made")))
    }

    /// Creates many of a noun, in order; answers their ids.
    pub(super) async fn create_all(&self, noun: &str, inputs: Vec<Value>) -> Result<Vec<String>, Failure> {
        let mutation = Mutation::creating(noun);
        let of = inputs.into_iter().map(|input| json!({ "input": input })).collect();
        let done = self.each(&mutation, of).await?;
        done.iter().map(|done| text(done, &format!("/{noun}/id"))).collect()
    }

    /// Repeats a question until its answer is as wanted.
    pub(super) async fn until(
        &self,
        question: &str,
        is_wanted: impl Fn(&Value) -> bool,
    ) -> Result<(), Failure> {
        const PATIENCE: Duration = Duration::from_secs(30);
        let arrival = async {
            while !is_wanted(&self.ask_anyhow(question, json!({})).await["data"]) {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, arrival).await;
        let message = format!("the demo data did not arrive within {PATIENCE:?}: {question}");
        waited.map_err(|_| Failure(message))
    }
}

/// A mutation that is done many times over.
pub(super) struct Mutation {
    name: String,
    arguments: Vec<(&'static str, String)>,
    selection: String,
}

impl Mutation {
    /// One with arguments, each with its type, that answers `selection`.
    pub(super) fn new(name: &str, arguments: &[(&'static str, &str)], selection: &str) -> Self {
        let arguments = arguments.iter().map(|(name, of)| (*name, (*of).to_owned())).collect();
        Self { name: name.to_owned(), arguments, selection: selection.to_owned() }
    }

    /// The one that a noun is created with.
    fn creating(noun: &str) -> Self {
        let input = format!("{}CreateInput!", capital(noun));
        Self::new(&format!("{noun}Create"), &[("input", &input)], &format!("{noun} {{ id }}"))
    }

    /// A document that does it so many times.
    fn document(&self, times: usize) -> String {
        let (mut variables, mut fields) = (String::new(), String::new());
        for at in 0..times {
            let given: Vec<_> =
                self.arguments.iter().map(|(name, _)| format!("{name}: ${name}{at}")).collect();
            variables.extend(self.arguments.iter().map(|(name, of)| format!("${name}{at}: {of} ")));
            let (name, given, selection) = (&self.name, given.join(" "), &self.selection);
            fields += &format!("m{at}: {name}({given}) {{ {selection} userErrors {{ field message }} }} ");
        }
        format!("mutation({variables}) {{ {fields}}}")
    }

    fn variables(&self, of: &[Value]) -> Value {
        let mut variables = Map::new();
        for (at, one) in of.iter().enumerate() {
            for (name, _) in &self.arguments {
                variables.insert(format!("{name}{at}"), one[*name].clone());
            }
        }
        variables.into()
    }
}

fn capital(noun: &str) -> String {
    let mut letters = noun.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

/// Whether whatever went wrong is that a service could not do it for now.
fn is_busy(answer: &Value) -> bool {
    let errors = answer["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    !errors.is_empty() && errors.iter().all(|error| error["extensions"]["code"] == "DEPENDENCY_UNAVAILABLE")
}

/// Whether anything in an answer was refused.
fn is_refused(data: &Value) -> bool {
    let has_errors = |field: &Value| field["userErrors"].as_array().is_some_and(|errors| !errors.is_empty());
    let rows = |field: &Value| field["results"].as_array().is_some_and(|rows| rows.iter().any(has_errors));
    data.as_object().is_some_and(|fields| fields.values().any(|field| has_errors(field) || rows(field)))
}

/// What an answer says at a place.
pub(super) fn text(data: &Value, pointer: &str) -> Result<String, Failure> {
    let found = data.pointer(pointer).and_then(Value::as_str);
    found
        .map(ToOwned::to_owned)
        .ok_or_else(|| Failure(format!("making the demo data failed: no {pointer} in {data}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_many_times_is_one_document() {
        let mutation = Mutation::creating("leaveType");
        assert_eq!(
            mutation.document(2),
            "mutation($input0: LeaveTypeCreateInput! $input1: LeaveTypeCreateInput! ) { \
             m0: leaveTypeCreate(input: $input0) { leaveType { id } userErrors { field message } } \
             m1: leaveTypeCreate(input: $input1) { leaveType { id } userErrors { field message } } }"
        );
    }

    #[test]
    fn a_refusal_is_seen_wherever_it_is() {
        let refused = json!([{ "message": "no" }]);
        assert!(!is_refused(
            &json!({ "a": { "userErrors": [] }, "b": { "results": [{ "userErrors": [] }] } })
        ));
        assert!(is_refused(&json!({ "a": { "userErrors": [] }, "b": { "userErrors": refused } })));
        assert!(is_refused(&json!({ "a": { "results": [{ "userErrors": refused }] } })));
    }
}
