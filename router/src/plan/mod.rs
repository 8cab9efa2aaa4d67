//! Operation → which subgraphs are asked what, in which order. Pure: no I/O, nothing asynchronous.
//!
//! The client's operation is read (`read_operation`) into the fields that are asked of objects (`asked_fields`). For each
//! of these, `solver` and `assignment` decide which subgraph is asked, by what the supergraph says of its subgraphs
//! (`subgraphs`) and by the jumps from one to another (`entity_jumps`). `fetch_builder` turns the decisions into fetches
//! (`fetch_draft`), `schedule` puts them in order, and `fetches` writes them as documents.

mod aliases;
mod asked_fields;
mod assignment;
mod display;
mod entity_jumps;
mod fetch_builder;
mod fetch_draft;
mod fetches;
mod json;
mod mutation_order;
mod operation_size;
mod planner;
mod read_operation;
mod schedule;
mod solver;
mod subgraphs;
mod types;

use std::sync::OnceLock;

use async_graphql::Name;
use async_graphql::parser::types::ExecutableDocument;

pub(crate) use aliases::Aliases;
pub(crate) use operation_size::expanded_size;
use planner::failed;
pub(crate) use planner::{PlanError, Planner};
pub(crate) use types::{TypeId, TypeSet, Types};

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
    /// Its position among all fetches of the plan, in the plan's order.
    pub id: usize,
    /// The subgraph's name.
    pub subgraph: String,
    /// What kind of operation it is.
    pub kind: FetchKind,
    /// The operation, as it is sent.
    pub text: String,
    /// The same, as a JSON string.
    pub text_json: String,
    /// The same, parsed, for subgraphs in this process.
    pub document: OnceLock<ExecutableDocument>,
    /// The client's variables that it uses.
    pub variables: Vec<Name>,
    /// The response keys that it brings: of the root, or of each entity.
    pub outputs: Vec<Name>,
    /// Of a fetch of root fields: which fields.
    pub selection: Vec<Selection>,
    /// Of a fetch of root fields: where they belong; the answer's root when empty.
    pub path: Vec<Step>,
    /// The entities that it completes; none for a fetch of root fields.
    pub entities: Vec<Entities>,
    /// Of a fetch of root fields: which keys of the answer are not those of the data.
    pub renames: Vec<Rename>,
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
    /// What is asked for each entity.
    pub selection: Vec<Selection>,
    /// Which types are sent under another name.
    pub retypes: Vec<Retype>,
    /// Which keys of an entity are not those of the data.
    pub renames: Vec<Rename>,
}

/// A part of what a subgraph is asked, fragments in place.
#[derive(Clone, Debug)]
pub(crate) enum Selection {
    /// A field.
    Field {
        /// The key under which the subgraph answers it.
        key: Name,
        /// Its name.
        name: String,
        /// Its arguments, printed; empty without any.
        arguments: String,
        /// Its own parts, unless it is a leaf.
        selections: Vec<Selection>,
    },
    /// Parts of objects of one type.
    Type {
        /// The type.
        condition: String,
        /// The parts.
        selections: Vec<Selection>,
    },
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
#[derive(Clone, Debug, PartialEq)]
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

/// A field of an answer that the subgraph was asked for under another key than the data has.
#[derive(Clone, Debug)]
pub(crate) struct Rename {
    /// From the answer's root, or the entity, to the field. Lists and type conditions are passed silently.
    pub path: Vec<Name>,
    /// The key that the data has.
    pub to: Name,
}

/// A type that a subgraph knows by another name: objects of an interface that it takes for an object type.
#[derive(Debug)]
pub(crate) struct Retype {
    /// Objects of any of these types …
    pub from: Vec<String>,
    /// … are sent as this one.
    pub to: String,
}

impl Planned {
    /// Gives every fetch its position.
    fn number(&mut self) {
        let mut next = 0;
        let mut number = |fetch: &mut Fetch| {
            fetch.id = next;
            next += 1;
        };
        self.primary.iter_mut().for_each(|fetch| number(fetch));
        self.rest.visit_mut(&mut number);
    }

    /// Calls a function with every fetch, in the order of the plan.
    pub fn visit<'a>(&'a self, visitor: &mut impl FnMut(&'a Fetch)) {
        self.primary.iter().for_each(|fetch| visitor(fetch));
        self.rest.visit(visitor);
    }
}

impl Plan {
    fn visit_mut(&mut self, visitor: &mut impl FnMut(&mut Fetch)) {
        match self {
            Self::Nothing => {}
            Self::Fetch(fetch) => visitor(fetch),
            Self::Sequence(plans) | Self::Parallel(plans) => {
                plans.iter_mut().for_each(|plan| plan.visit_mut(visitor));
            }
        }
    }

    fn visit<'a>(&'a self, visitor: &mut impl FnMut(&'a Fetch)) {
        match self {
            Self::Nothing => {}
            Self::Fetch(fetch) => visitor(fetch),
            Self::Sequence(plans) | Self::Parallel(plans) => {
                plans.iter().for_each(|plan| plan.visit(visitor));
            }
        }
    }
}

impl Fetch {
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
