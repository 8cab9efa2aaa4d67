//! A request that is refused, and what HTTP is to say about that, or about any other outcome of a request.

use std::borrow::Cow;

use common::Error;
use http::StatusCode;

use crate::error::GraphqlError;

/// What HTTP is to say about an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Execution began; what went wrong stands in the answer.
    Executed,
    /// The document, its variables or its size were refused: 400, or 200 for clients of the old media type.
    Invalid,
    /// Refused before GraphQL was looked at; this status whatever the media type.
    Status(StatusCode),
}

/// A request that will not run.
#[derive(Debug)]
pub(crate) struct Refused {
    pub outcome: Outcome,
    pub errors: Vec<GraphqlError>,
    pub retry_after_s: Option<u64>,
    /// What only the log is told.
    pub cause: Option<String>,
}

impl Refused {
    /// The client's time is up.
    pub fn timeout() -> Self {
        Self {
            outcome: Outcome::Status(StatusCode::GATEWAY_TIMEOUT),
            errors: vec![GraphqlError::new("TIMEOUT", "the request took too long")],
            retry_after_s: None,
            cause: None,
        }
    }

    /// Tells the log what the client is not told.
    pub fn log(&self, request_id: &str) {
        if let Some(cause) = &self.cause {
            tracing::error!(cause, request_id, "a request failed");
        }
    }

    /// Refused by HTTP's rules.
    pub fn http(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            outcome: Outcome::Status(status),
            errors: vec![GraphqlError::new(code, message.into())],
            retry_after_s: None,
            cause: None,
        }
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        let status = match &error {
            Error::Unauthenticated => StatusCode::UNAUTHORIZED,
            Error::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Error::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::FORBIDDEN,
        };
        let retry_after_s = match &error {
            Error::RateLimited { retry_after_s } => Some(*retry_after_s),
            Error::Unavailable => Some(1),
            _ => None,
        };
        Self {
            outcome: Outcome::Status(status),
            errors: vec![GraphqlError::new(error.code(), error.to_string())],
            retry_after_s,
            cause: match &error {
                Error::Internal(cause) => Some(cause.to_string()),
                _ => None,
            },
        }
    }
}

impl From<GraphqlError> for Refused {
    fn from(error: GraphqlError) -> Self {
        vec![error].into()
    }
}

impl From<Vec<GraphqlError>> for Refused {
    fn from(errors: Vec<GraphqlError>) -> Self {
        Self { outcome: Outcome::Invalid, errors, retry_after_s: None, cause: None }
    }
}
