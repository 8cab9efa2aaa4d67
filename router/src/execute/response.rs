//! What the client gets.

use crate::error::GraphqlError;
use crate::refusal::Outcome;

/// More errors than this tell a client nothing new.
pub(super) const ERRORS_MAX: usize = 1_000;

/// How an answer without errors begins.
pub(super) const START: &[u8] = b"{\"data\":";

/// An answer. As JSON it has what GraphQL over HTTP wants, errors first, so that nobody overlooks them.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// [`START`] and the data, so that an answer without errors is whole but for a brace.
    body: Option<Vec<u8>>,
    /// What went wrong.
    pub errors: Vec<GraphqlError>,
    /// For those who serve it; the engine leaves it empty.
    pub extensions: serde_json::Map<String, serde_json::Value>,
}

impl Response {
    /// An answer with data, which may be null: `body` begins with [`START`].
    pub(super) fn executed(body: Vec<u8>, mut errors: Vec<GraphqlError>) -> Self {
        errors.truncate(ERRORS_MAX);
        Self { body: Some(body), errors, extensions: serde_json::Map::new() }
    }

    /// An answer to a request that was not executed.
    #[must_use]
    pub fn refused(errors: Vec<GraphqlError>) -> Self {
        Self { body: None, errors, extensions: serde_json::Map::new() }
    }

    /// The data as JSON; `None` when execution never began: then the answer has no `data` at all.
    #[must_use]
    pub fn data(&self) -> Option<&[u8]> {
        self.body.as_deref().and_then(|body| body.get(START.len()..))
    }

    /// What HTTP is to say about it.
    pub(crate) fn outcome(&self) -> Outcome {
        if self.body.is_some() { Outcome::Executed } else { Outcome::Invalid }
    }

    /// The answer as JSON.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = Vec::with_capacity(self.body.as_ref().map_or(0, Vec::len) + 16);
        self.write_json(&mut json);
        json
    }

    /// As [`Response::to_json`], without a copy where there is no error.
    #[must_use]
    pub fn into_json(mut self) -> Vec<u8> {
        match self.body.take() {
            Some(mut body) if self.errors.is_empty() && self.extensions.is_empty() => {
                body.push(b'}');
                body
            }
            body => Self { body, ..self }.to_json(),
        }
    }

    /// Writes the answer as JSON at the end of what is there.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        if !self.errors.is_empty() {
            out.extend_from_slice(b"\"errors\":");
            write(&self.errors, out);
            out.push(b',');
        }
        if let Some(data) = self.data() {
            out.extend_from_slice(b"\"data\":");
            out.extend_from_slice(data);
            out.push(b',');
        }
        if !self.extensions.is_empty() {
            out.extend_from_slice(b"\"extensions\":");
            write(&self.extensions, out);
            out.push(b',');
        }
        if out.last() == Some(&b',') {
            out.pop();
        }
        out.push(b'}');
    }
}

/// Errors and extensions are made of texts, numbers and lists of them: they can always be written.
fn write(value: &impl serde::Serialize, out: &mut Vec<u8>) {
    if let Err(error) = serde_json::to_writer(&mut *out, value) {
        tracing::error!(%error, "a part of an answer could not be written");
        out.extend_from_slice(b"null");
    }
}

impl From<GraphqlError> for Response {
    fn from(error: GraphqlError) -> Self {
        Self::refused(vec![error])
    }
}
