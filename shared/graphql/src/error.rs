//! Errors as clients see them: a stable code on each, and nothing internal in any.

use std::sync::Arc;

use async_graphql::{ErrorExtensionValues, Response, ServerError};
use common::Error;

/// Gives every error of an answer its `extensions.code`, and masks and logs what is ours.
pub fn finish(response: &mut Response) {
    for error in &mut response.errors {
        finish_one(error);
    }
}

fn finish_one(error: &mut ServerError) {
    let source = error.source.take().and_then(|source| source.downcast::<Error>().ok());
    match source.as_deref() {
        Some(known) => show(error, known),
        None if error.extensions.as_ref().is_some_and(|extensions| extensions.get("code").is_some()) => {}
        // async-graphql's own: an argument's value that does not parse has a path, a document's fault none.
        None if error.path.is_empty() => set_code(error, "GRAPHQL_VALIDATION_FAILED"),
        None => set_code(error, "VALIDATION_FAILED"),
    }
}

fn show(shown: &mut ServerError, error: &Error) {
    set_code(shown, error.code());
    shown.message = error.to_string();
    match error {
        Error::Internal(cause) => {
            tracing::error!(cause = cause.as_ref(), path = ?shown.path, "internal error")
        }
        Error::RateLimited { retry_after_s } => {
            if let Some(extensions) = &mut shown.extensions {
                extensions.set(Error::RETRY_AFTER, *retry_after_s);
            }
        }
        _ => {}
    }
}

fn set_code(error: &mut ServerError, code: &str) {
    error.extensions.get_or_insert_with(ErrorExtensionValues::default).set("code", code);
}

/// An answer that consists of one error: what a guard says before anything ran.
#[must_use]
pub fn refuse(error: Error) -> Response {
    let mut shown = ServerError::new(String::new(), None);
    shown.source = Some(Arc::new(error));
    let mut response = Response::from_errors(vec![shown]);
    finish(&mut response);
    response
}

/// An answer that consists of one error with a code of its own.
#[must_use]
pub fn refuse_with(code: &str, message: impl Into<String>) -> Response {
    let mut shown = ServerError::new(message, None);
    set_code(&mut shown, code);
    Response::from_errors(vec![shown])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_internal_error_is_masked() {
        let response = refuse(Error::internal("password of db.internal is hunter2"));
        let text = serde_json::to_string(&response).unwrap();
        assert!(text.contains(r#""code":"INTERNAL""#), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn every_refusal_has_its_code() {
        let text = serde_json::to_string(&refuse(Error::RateLimited { retry_after_s: 3 })).unwrap();
        assert!(
            text.contains(r#""code":"RATE_LIMITED""#) && text.contains(r#""retryAfterSeconds":3"#),
            "{text}"
        );
    }
}
