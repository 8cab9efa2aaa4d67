//! Which errors of a subgraph clients are told in its own words. Of others they are told place and code; what the
//! subgraph said is in the log.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::error::{GraphqlError, code};

/// Codes whose errors are written for clients: those of `common::Error` but the internal one, and what Apollo's
/// servers say of arguments.
const KNOWN: [&str; 11] = [
    "UNAUTHENTICATED",
    "FORBIDDEN",
    "NOT_FOUND",
    "VALIDATION_FAILED",
    "VERSION_CONFLICT",
    "MODULE_DISABLED",
    "TENANT_SUSPENDED",
    "RATE_LIMITED",
    "IDEMPOTENCY_MISMATCH",
    code::UNAVAILABLE,
    code::BAD_USER_INPUT,
];
/// Errors of one answer that are logged.
const LOGGED_MAX: usize = 5;
/// Bytes of what is logged of one.
const LOGGED_BYTES_MAX: usize = 2_000;
/// Bytes of a code; longer ones are none.
const CODE_BYTES_MAX: usize = 64;

/// Which of a subgraph's errors clients are told in its own words, with all of their `extensions`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ErrorsShown {
    /// All of them.
    #[default]
    All,
    /// Those with a code, as innoERP's own modules give each that they mean to be seen.
    Coded,
    /// Those with a code that innoERP gives as well, or with one of these.
    Known(Arc<BTreeSet<String>>),
}

impl ErrorsShown {
    fn shows(&self, error: &GraphqlError) -> bool {
        let is_internal = error.code == code::INTERNAL;
        match self {
            Self::All => true,
            Self::Coded => !is_internal,
            Self::Known(_) if is_internal => false,
            Self::Known(others) => KNOWN.contains(&&*error.code) || others.contains(&*error.code),
        }
    }

    /// The errors of one answer as clients may see them.
    pub(crate) fn mask(&self, subgraph: &str, request_id: &str, errors: &mut [GraphqlError]) {
        let mut masked = 0;
        for error in errors.iter_mut().filter(|error| !self.shows(error)) {
            let told = told(error);
            if told == *error {
                continue;
            }
            masked += 1;
            if masked <= LOGGED_MAX {
                let mut said = serde_json::to_string(error).unwrap_or_default();
                said.truncate(said.floor_char_boundary(LOGGED_BYTES_MAX));
                tracing::warn!(subgraph, request_id, said, "an error of a subgraph was masked");
            }
            *error = told;
        }
        if let Some(more) = masked.checked_sub(LOGGED_MAX + 1) {
            tracing::warn!(
                subgraph,
                request_id,
                more = more + 1,
                "more errors of the same answer were masked"
            );
        }
    }
}

/// The error without what only its subgraph knows the meaning of.
fn told(error: &GraphqlError) -> GraphqlError {
    let is_code = (1..=CODE_BYTES_MAX).contains(&error.code.len())
        && error.code.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
    let masked = match is_code && error.code != code::INTERNAL {
        true => GraphqlError::new(error.code.clone(), "a service reported an error"),
        false => GraphqlError::internal(),
    };
    masked.at(error.path.clone())
}

#[cfg(test)]
mod tests {
    use async_graphql::{Name, Value};

    use super::*;

    fn masked(shown: &ErrorsShown, code: &'static str) -> GraphqlError {
        let mut error = GraphqlError::new(code, "no row in orders at db.internal");
        error.extensions.insert(Name::new("stacktrace"), Value::from("at pay (/srv/pay.js:7)"));
        let mut errors = [error];
        shown.mask("pay", "request", &mut errors);
        let [error] = errors;
        error
    }

    #[test]
    fn only_errors_with_a_code_that_counts_are_told_in_the_subgraphs_own_words() {
        let known = ErrorsShown::Known(Arc::new(["OUT_OF_STOCK".to_owned()].into()));
        for (shown, code, is_shown) in [
            (&ErrorsShown::All, code::INTERNAL, true),
            (&ErrorsShown::Coded, "OUT_OF_STOCK", true),
            (&ErrorsShown::Coded, code::INTERNAL, false),
            (&known, "OUT_OF_STOCK", true),
            (&known, "FORBIDDEN", true),
            (&known, "INTERNAL_SERVER_ERROR", false),
            (&known, code::VALIDATION_FAILED, false),
            (&known, code::INTERNAL, false),
        ] {
            let error = masked(shown, code);
            assert_eq!((error.message.contains("db.internal"), &*error.code), (is_shown, code), "{shown:?}");
            assert_eq!(error.extensions.is_empty(), !is_shown, "{shown:?} {code}");
        }
    }

    #[test]
    fn a_listed_code_that_says_nothing_shows_nothing() {
        let known = ErrorsShown::Known(Arc::new([code::INTERNAL.to_owned()].into()));
        assert_eq!(masked(&known, code::INTERNAL), GraphqlError::internal());
    }

    #[test]
    fn a_code_that_is_a_sentence_is_masked_as_well() {
        for code in ["select * from orders", "", &"X".repeat(65)] {
            let mut errors = [GraphqlError::new(code.to_owned(), "secret")];
            ErrorsShown::Known(Arc::default()).mask("pay", "request", &mut errors);
            assert_eq!(errors, [GraphqlError::internal()], "{code}");
        }
    }
}
