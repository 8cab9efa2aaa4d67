//! Which errors of a subgraph clients are told in its own words. Of others they are told place and code; what the
//! subgraph said is in the log.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::error::{GraphqlError, code};

/// Whether errors with this code are written for clients: innoERP's own are, and what Apollo's servers say of
/// arguments.
fn is_for_clients(code: &str) -> bool {
    code == code::BAD_USER_INPUT || common::Error::CLIENT_CODES.contains(&code)
}

/// Errors of one answer that are logged.
const LOGGED_MAX: usize = 5;
/// Bytes of what is logged of one.
const LOGGED_BYTES_MAX: usize = 2_000;
/// Bytes of a code; longer ones are none.
const CODE_BYTES_MAX: usize = 64;

/// Which of a subgraph's errors clients are told in its own words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ErrorsShown {
    /// All of them, with all of their `extensions`.
    #[default]
    All,
    /// Those with a code, as innoERP's own modules give each that they mean to be seen, with all of their
    /// `extensions`.
    Coded,
    /// Those with a code that innoERP gives as well, or with one of these; of their `extensions`, those that innoERP
    /// gives as well, and these.
    Known(Arc<KnownErrors>),
}

/// What is known of somebody else's errors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownErrors {
    /// Codes of errors that are written for clients, besides innoERP's own.
    pub codes: BTreeSet<String>,
    /// Names within `extensions` that are meant for clients, besides `code` and `retryAfterSeconds`.
    pub extensions: BTreeSet<String>,
}

impl ErrorsShown {
    fn shows(&self, error: &GraphqlError) -> bool {
        let is_internal = error.code == code::INTERNAL;
        match self {
            Self::All => true,
            Self::Coded => !is_internal,
            Self::Known(_) if is_internal => false,
            Self::Known(known) => is_for_clients(&error.code) || known.codes.contains(&*error.code),
        }
    }

    /// The error as clients may see it.
    fn told(&self, error: &GraphqlError) -> GraphqlError {
        if !self.shows(error) {
            return masked(error);
        }
        let mut told = error.clone();
        if let Self::Known(known) = self {
            told.extensions.retain(|name, _| {
                name == common::Error::RETRY_AFTER || known.extensions.contains(name.as_str())
            });
        }
        told
    }

    /// The errors of one answer as clients may see them.
    pub(crate) fn mask(&self, subgraph: &str, request_id: &str, errors: &mut [GraphqlError]) {
        let mut masked = 0;
        for error in errors {
            let told = self.told(error);
            if told == *error {
                continue;
            }
            masked += 1;
            if masked <= LOGGED_MAX {
                let mut said = serde_json::to_string(error).unwrap_or_default();
                said.truncate(said.floor_char_boundary(LOGGED_BYTES_MAX));
                if told.message == error.message {
                    // What is refused every day is not worth a warning.
                    tracing::debug!(
                        subgraph,
                        request_id,
                        said,
                        "extensions of an error of a subgraph were masked"
                    );
                } else {
                    tracing::warn!(subgraph, request_id, said, "an error of a subgraph was masked");
                }
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
fn masked(error: &GraphqlError) -> GraphqlError {
    let is_code = (1..=CODE_BYTES_MAX).contains(&error.code.len())
        && error.code.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
    let masked = match is_code && error.code != code::INTERNAL {
        true if error.code == code::SCHEMA_MISMATCH => {
            GraphqlError::new(error.code.clone(), "a service does not know all that its schema promised")
        }
        true => GraphqlError::new(error.code.clone(), "a service reported an error"),
        false => GraphqlError::internal(),
    };
    masked.at(error.path.clone())
}

#[cfg(test)]
mod tests {
    use async_graphql::{Name, Value};

    use super::*;

    fn known(codes: &[&str], extensions: &[&str]) -> ErrorsShown {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        ErrorsShown::Known(Arc::new(KnownErrors { codes: set(codes), extensions: set(extensions) }))
    }

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
        let known = known(&["OUT_OF_STOCK"], &[]);
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
            let has_all = is_shown && !matches!(shown, ErrorsShown::Known(_));
            assert_eq!(!error.extensions.is_empty(), has_all, "{shown:?} {code}");
        }
    }

    #[test]
    fn of_a_known_error_only_the_extensions_that_are_known_pass() {
        let mut errors = [GraphqlError::new("RATE_LIMITED", "too many requests")];
        for (name, value) in [("retryAfterSeconds", "7"), ("left", "2"), ("exception", "at pay.js:7")] {
            errors[0].extensions.insert(Name::new(name), Value::from(value));
        }
        known(&[], &["left"]).mask("pay", "request", &mut errors);
        assert_eq!(errors[0].extensions.keys().collect::<Vec<_>>(), ["retryAfterSeconds", "left"]);
        known(&[], &[]).mask("pay", "request", &mut errors);
        assert_eq!(errors[0].extensions.keys().collect::<Vec<_>>(), ["retryAfterSeconds"]);
        assert_eq!(errors[0].message, "too many requests");
    }

    #[test]
    fn the_settings_name_every_code_that_is_known() {
        let schema =
            serde_json::to_string(&schemars::schema_for!(crate::config::SubgraphErrors)).expect("it is JSON");
        for code in common::Error::CLIENT_CODES.into_iter().chain([code::BAD_USER_INPUT]) {
            assert!(schema.contains(&format!("`{code}`")), "{code}");
        }
    }

    #[test]
    fn a_listed_code_that_says_nothing_shows_nothing() {
        assert_eq!(masked(&known(&[code::INTERNAL], &[]), code::INTERNAL), GraphqlError::internal());
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
