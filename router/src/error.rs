//! What a client is told when something went wrong: safe to show, one stable code each.

use std::borrow::Cow;
use std::sync::Arc;

use async_graphql::indexmap::IndexMap;
use async_graphql::{Name, Value};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// The codes that the router itself gives; subgraphs' codes pass through.
pub mod code {
    /// The document is not GraphQL.
    pub const PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
    /// The document does not fit the schema.
    pub const VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";
    /// The document's operation to run could not be determined.
    pub const OPERATION_UNKNOWN: &str = "OPERATION_RESOLUTION_FAILURE";
    /// A variable's value does not fit its type.
    pub const BAD_USER_INPUT: &str = "BAD_USER_INPUT";
    /// The operation is larger than what is allowed.
    pub const TOO_COMPLEX: &str = "OPERATION_TOO_COMPLEX";
    /// The operation takes too long to plan.
    pub const PLANNING_TIMEOUT: &str = "PLANNING_TIMEOUT";
    /// Something that we depend on did not answer.
    pub const UNAVAILABLE: &str = "DEPENDENCY_UNAVAILABLE";
    /// A subgraph answered with more than the limit. Asking the same again does not help.
    pub const ANSWER_TOO_LARGE: &str = "SUBGRAPH_ANSWER_TOO_LARGE";
    /// A subgraph does not take a document that its schema allows: it was changed, and its schema was not read since.
    pub const SCHEMA_MISMATCH: &str = "SUBGRAPH_SCHEMA_MISMATCH";
    /// The caller may not see a field, or what it returns (`@authenticated`, `@requiresScopes`, `@policy`); named as by
    /// Apollo's router.
    pub const UNAUTHORIZED: &str = "UNAUTHORIZED_FIELD_OR_TYPE";
    /// Our fault; the cause is in the log.
    pub const INTERNAL: &str = "INTERNAL";
}

/// A place in the document that was sent, counted from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Location {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// One step from the answer's root to a value in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum PathSegment {
    /// A response key of an object.
    Field(Name),
    /// A position in a list.
    Index(usize),
}

/// From the answer's root to a value in it.
pub type Path = Vec<PathSegment>;

/// An error as the client sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphqlError {
    /// A sentence without internals.
    pub message: String,
    /// Where in the client's document; empty for errors of execution.
    pub locations: Vec<Location>,
    /// Where in the answer; empty when the error is about the request.
    pub path: Path,
    /// A code that never changes: `extensions.code`.
    pub code: Cow<'static, str>,
    /// What else a subgraph said in `extensions`.
    pub extensions: IndexMap<Name, Value>,
    /// The subgraph that it is about. It is not written: see [`GraphqlError::name_subgraph`].
    pub subgraph: Option<Arc<str>>,
}

/// Where clients are told which subgraph an error is of, as Apollo's router names it.
const SERVICE_NAME: &str = "serviceName";

/// Bytes of a message of ours. Parsers repeat what they did not understand, which may be a megabyte.
const MESSAGE_BYTES_MAX: usize = 1_000;

impl GraphqlError {
    /// An error about the request as a whole. A long message is cut.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        let mut message = message.into();
        if message.len() > MESSAGE_BYTES_MAX {
            message.truncate(message.floor_char_boundary(MESSAGE_BYTES_MAX));
            message.push('…');
        }
        Self {
            message,
            locations: Vec::new(),
            path: Vec::new(),
            code: code.into(),
            extensions: IndexMap::new(),
            subgraph: None,
        }
    }

    /// The same error, of a subgraph.
    #[must_use]
    pub(crate) fn of(mut self, subgraph: &str) -> Self {
        self.subgraph = Some(subgraph.into());
        self
    }

    /// Says in `extensions` which subgraph it is of: for developers, since names of subgraphs are nobody else's.
    pub(crate) fn name_subgraph(&mut self) {
        if let Some(subgraph) = self.subgraph.take() {
            let name = Value::from(&*subgraph);
            self.extensions.entry(Name::new(SERVICE_NAME)).or_insert(name);
        }
    }

    /// The same error, about one place of the answer.
    #[must_use]
    pub fn at(mut self, path: Path) -> Self {
        self.path = path;
        self
    }

    /// A subgraph did not answer, or answered rubbish. Names neither host nor cause.
    pub(crate) fn unavailable() -> Self {
        Self::new(code::UNAVAILABLE, common::Error::Unavailable.to_string())
    }

    /// The caller may not see something. Does not say what it would take.
    pub(crate) fn unauthorized() -> Self {
        Self::new(code::UNAUTHORIZED, "Unauthorized field or type")
    }

    /// Our fault; whoever calls this logs the cause.
    pub(crate) fn internal() -> Self {
        Self::new(code::INTERNAL, "internal error")
    }
}

impl Serialize for GraphqlError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("message", &self.message)?;
        if !self.locations.is_empty() {
            map.serialize_entry("locations", &self.locations)?;
        }
        if !self.path.is_empty() {
            map.serialize_entry("path", &self.path)?;
        }
        map.serialize_entry("extensions", &Extensions(self))?;
        map.end()
    }
}

struct Extensions<'a>(&'a GraphqlError);

impl Serialize for Extensions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("code", &self.0.code)?;
        for (name, value) in &self.0.extensions {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
