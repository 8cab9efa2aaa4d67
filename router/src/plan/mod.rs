//! Operation → which subgraphs are asked what, in which order. Pure: no I/O, nothing asynchronous.
//!
//! Wraps the planner library, which is seen nowhere else.

mod alias;
mod convert;
mod display;
mod document;
mod planner;

use std::sync::OnceLock;

use async_graphql::Name;
use async_graphql::parser::types::ExecutableDocument;

pub(crate) use alias::Aliases;
pub(crate) use document::expanded_size;
pub(crate) use planner::{PlanError, Planner};

/// What is done to answer an operation.
#[derive(Debug)]
pub(crate) enum Plan {
    /// Nothing is to be asked.
    Nothing,
    /// One call to one subgraph, or several of the same when there are many entities.
    Fetch(Box<Fetch>),
    /// One after the other: later steps need what earlier ones brought.
    Sequence(Vec<Plan>),
    /// At the same time.
    Parallel(Vec<Plan>),
    /// Depends on a variable of the client's.
    Condition {
        /// The variable.
        variable: String,
        /// When it is true.
        then: Option<Box<Plan>>,
        /// When it is false.
        otherwise: Option<Box<Plan>>,
    },
}

/// A plan that begins with a subscription, or does not.
#[derive(Debug)]
pub(crate) struct Planned {
    /// The subscription whose events begin the answer; `None` for queries and mutations.
    pub primary: Option<Box<Fetch>>,
    /// Everything else.
    pub rest: Plan,
}

/// What is asked of one subgraph.
#[derive(Debug)]
pub(crate) struct Fetch {
    /// The subgraph's name.
    pub subgraph: String,
    /// What kind of operation it is.
    pub kind: FetchKind,
    /// The operation, as it is sent.
    pub text: String,
    /// The same, parsed, for subgraphs in this process.
    pub document: OnceLock<ExecutableDocument>,
    /// The client's variables that it uses.
    pub variables: Vec<Name>,
    /// The response keys that it brings: of the root, or of each entity.
    pub outputs: Vec<Name>,
    /// The entities that it completes; none for a fetch of root fields.
    pub entities: Vec<Entities>,
    /// Changes to the answer before it is merged.
    pub output_rewrites: Vec<Rewrite>,
}

/// What kind of operation a fetch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FetchKind {
    /// Of root fields, or of entities.
    Query,
    /// Of root fields of a mutation.
    Mutation,
    /// The primary of a subscription.
    Subscription,
}

/// Entities to be completed by one `_entities` field.
#[derive(Debug)]
pub(crate) struct Entities {
    /// The response key of the `_entities` field.
    pub key: Name,
    /// The variable that carries the representations; several fields may share it.
    pub variable: Name,
    /// Where in the answer the entities are.
    pub paths: Vec<Vec<Step>>,
    /// What a representation consists of.
    pub requires: Vec<Requirement>,
    /// Changes to a representation before it is sent.
    pub input_rewrites: Vec<Rewrite>,
    /// Changes to an entity before it is merged.
    pub output_rewrites: Vec<Rewrite>,
}

/// One step on the way to entities.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// Into a field.
    Field(Name),
    /// Into every element.
    List,
    /// Only objects of one of these types.
    Type(Vec<String>),
}

/// A part of a representation.
#[derive(Debug)]
pub(crate) enum Requirement {
    /// A field.
    Field {
        /// The key under which the answer has it.
        name: Name,
        /// The key under which the subgraph wants it.
        key: Name,
        /// Its own parts, unless it is a leaf.
        selections: Vec<Requirement>,
    },
    /// Parts of objects of one type.
    Type {
        /// The type.
        condition: String,
        /// The parts.
        selections: Vec<Requirement>,
    },
}

/// A change to a value, at a path.
#[derive(Debug)]
pub(crate) struct Rewrite {
    /// Where. Lists are entered silently.
    pub path: Vec<RewriteStep>,
    /// What.
    pub change: Change,
}

/// One step on the way to a rewrite.
#[derive(Debug)]
pub(crate) enum RewriteStep {
    /// Into a field.
    Key(Name),
    /// Only objects of one of these types.
    Type(Vec<String>),
}

/// What a rewrite does.
#[derive(Debug)]
pub(crate) enum Change {
    /// The field gets another name.
    Rename(Name),
    /// The value is replaced by this string.
    Set(String),
}

impl Plan {
    /// Calls a function with every fetch, in the order of the plan.
    pub fn visit<'a>(&'a self, visitor: &mut impl FnMut(&'a Fetch)) {
        match self {
            Self::Nothing => {}
            Self::Fetch(fetch) => visitor(fetch),
            Self::Sequence(plans) | Self::Parallel(plans) => {
                plans.iter().for_each(|plan| plan.visit(visitor));
            }
            Self::Condition { then, otherwise, .. } => {
                then.iter().chain(otherwise).for_each(|plan| plan.visit(visitor));
            }
        }
    }
}

impl Fetch {
    /// Whether parts of it depend on variables, so that all of it may be left out.
    pub fn is_conditional(&self) -> bool {
        self.text.contains("@skip") || self.text.contains("@include")
    }

    /// The operation, parsed once.
    pub fn parsed(&self) -> Option<ExecutableDocument> {
        if let Some(document) = self.document.get() {
            return Some(document.clone());
        }
        // A document that does not parse here is refused by the subgraph, with a better message.
        let document = async_graphql::parser::parse_query(&self.text).ok()?;
        Some(self.document.get_or_init(|| document).clone())
    }
}
