//! Errors as clients see them: a stable code on each, and nothing internal in any.

use std::sync::Arc;

use async_graphql::{ErrorExtensionValues, Response, ServerError, Value, Variables};
use common::Error;

/// Under this name a scalar of ours adds to its refusal what it was given, for [`name_places`].
pub(crate) const GIVEN: &str = "given";

/// Says of values that one of our scalars has refused where among the variables they stand: async-graphql's own sentence
/// names the types that it was reading and not the fields. To be called before [`finish`].
pub fn name_places(response: &mut Response, variables: &Variables) {
    for error in &mut response.errors {
        let Some(extensions) = &mut error.extensions else { continue };
        let Some(given) = extensions.get(GIVEN).cloned() else { continue };
        extensions.unset(GIVEN);
        let own = error.message.split_once(": ").map_or(error.message.as_str(), |(_, own)| own);
        let own = own.split(" (occurred while").next().unwrap_or_default();
        let place = variables.iter().find_map(|(name, value)| place_of(&given, value, name.to_string()));
        let place = place.map_or_else(String::new, |place| format!("{place}: "));
        error.message = format!("{place}{own}, not {given}");
    }
}

/// The path to the first such value.
fn place_of(given: &Value, value: &Value, path: String) -> Option<String> {
    match value {
        value if value == given => Some(path),
        Value::List(each) => {
            let mut each = each.iter().enumerate();
            each.find_map(|(at, value)| place_of(given, value, format!("{path}.{at}")))
        }
        Value::Object(fields) => {
            fields.iter().find_map(|(name, value)| place_of(given, value, format!("{path}.{name}")))
        }
        _ => None,
    }
}

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
