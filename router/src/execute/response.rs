//! What the client gets.

use async_graphql::Value;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::Object;
use crate::error::GraphqlError;

/// More errors than this tell a client nothing new.
pub(super) const ERRORS_MAX: usize = 1_000;

/// An answer. Serializes as GraphQL over HTTP wants it: errors first, so that nobody overlooks them.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// `None` when execution never began: then the answer has no `data` at all.
    pub data: Option<Value>,
    /// What went wrong.
    pub errors: Vec<GraphqlError>,
    /// For those who serve it; the engine leaves it empty.
    pub extensions: Object,
}

impl Response {
    /// An answer with data, which may be null.
    #[must_use]
    pub fn new(data: Value, mut errors: Vec<GraphqlError>) -> Self {
        errors.truncate(ERRORS_MAX);
        Self { data: Some(data), errors, extensions: Object::new() }
    }

    /// An answer to a request that was not executed.
    #[must_use]
    pub fn refused(errors: Vec<GraphqlError>) -> Self {
        Self { data: None, errors, extensions: Object::new() }
    }
}

impl From<GraphqlError> for Response {
    fn from(error: GraphqlError) -> Self {
        Self::refused(vec![error])
    }
}

impl Serialize for Response {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if !self.errors.is_empty() {
            map.serialize_entry("errors", &self.errors)?;
        }
        if let Some(data) = &self.data {
            map.serialize_entry("data", data)?;
        }
        if !self.extensions.is_empty() {
            map.serialize_entry("extensions", &self.extensions)?;
        }
        map.end()
    }
}
