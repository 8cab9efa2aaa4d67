//! One error type for the workspace: what a use-case may answer instead of its result.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A result whose failure is an [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a use-case did not happen. Each variant has one stable code ([`Error::code`]).
#[derive(Clone, thiserror::Error)]
pub enum Error {
    /// No valid token came.
    #[error("log in, or log in again: no token was given, or it has expired, or its session has ended")]
    Unauthenticated,
    /// What somebody goes on with after logging in is over: the same to whoever asks by a program, another sentence to
    /// whoever reads it.
    #[error("your session has ended; log in again")]
    SessionEnded,
    /// The caller lacks the right.
    #[error("you do not have the right to do this")]
    Forbidden,
    /// It does not exist, or belongs to another organization: the two are never told apart.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// An argument is out of its range or form.
    #[error("{0}")]
    Validation(Cow<'static, str>),
    /// Somebody changed the record with this id first; shown in `userErrors`, beside the record as it is now.
    #[error("it was changed by somebody else in the meantime; look at it as it is now and decide again")]
    VersionConflict(Uuid),
    /// The organization has this module switched off.
    #[error("this module is not enabled for your organization")]
    ModuleDisabled,
    /// The organization may not work at present.
    #[error("your organization is suspended")]
    TenantSuspended,
    /// The request was sent to the host name of another organization than it is about, or of none.
    #[error("your organization is not at this address; use the one that is its own")]
    HostRefused,
    /// Too many tries.
    #[error("too many requests; try again in {retry_after_s} s")]
    RateLimited {
        /// Whole seconds until another try makes sense.
        retry_after_s: u64,
    },
    /// The same idempotency key came with another request.
    #[error("this idempotency key was used for another request")]
    IdempotencyMismatch,
    /// The same request was done before: its stored result, which a mutation answers with. Never shown.
    #[error("this request was done before")]
    Replayed(serde_json::Value),
    /// Business rules say no; shown in the payload's `userErrors`, not as a GraphQL error.
    #[error("refused: {}", .0.iter().map(|r| r.code.as_ref()).collect::<Vec<_>>().join(", "))]
    Refused(Vec<Refusal>),
    /// Something we depend on did not answer. Trying again may help.
    #[error("a service is unavailable; try again")]
    Unavailable,
    /// Our fault. Logged where it is masked, never shown.
    #[error("internal error")]
    Internal(#[source] Arc<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// The codes of errors that are written for clients: every variant's but that of [`Error::Internal`].
    pub const CLIENT_CODES: [&str; 11] = [
        "UNAUTHENTICATED",
        "FORBIDDEN",
        "NOT_FOUND",
        "VALIDATION_FAILED",
        "VERSION_CONFLICT",
        "MODULE_DISABLED",
        "TENANT_SUSPENDED",
        "HOST_REFUSED",
        "RATE_LIMITED",
        "IDEMPOTENCY_MISMATCH",
        "DEPENDENCY_UNAVAILABLE",
    ];

    /// What stands in `extensions` beside the code when there is a time to wait, in seconds.
    pub const RETRY_AFTER: &str = "retryAfterSeconds";

    /// The stable code that clients see in `extensions.code`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthenticated | Self::SessionEnded => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound(_) => "NOT_FOUND",
            Self::Validation(_) => "VALIDATION_FAILED",
            Self::VersionConflict(_) => Self::VERSION_CONFLICT,
            Self::ModuleDisabled => "MODULE_DISABLED",
            Self::TenantSuspended => "TENANT_SUSPENDED",
            Self::HostRefused => "HOST_REFUSED",
            Self::RateLimited { .. } => "RATE_LIMITED",
            Self::IdempotencyMismatch => "IDEMPOTENCY_MISMATCH",
            Self::Refused(_) => "VALIDATION_FAILED",
            Self::Unavailable => "DEPENDENCY_UNAVAILABLE",
            // A replay that reaches the client was answered by nobody: our fault.
            Self::Internal(_) | Self::Replayed(_) => "INTERNAL",
        }
    }

    /// The code of [`Error::VersionConflict`], also in `userErrors`.
    pub const VERSION_CONFLICT: &str = "VERSION_CONFLICT";

    /// Wraps a failure of ours.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(Arc::from(cause.into()))
    }

    /// An argument that is out of its range or form, in a sentence that says what would be right.
    pub fn validation(message: impl Into<Cow<'static, str>>) -> Self {
        Self::Validation(message.into())
    }
}

/// What a log may have of it: codes, and what causes say of themselves. Their own `Debug` shows what they hold, which of
/// PostgreSQL's errors are values of rows.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = format!("{}: {self}", self.code());
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            let text = cause.to_string();
            // Some say themselves what their cause is.
            if !said.ends_with(&text) {
                said = format!("{said}: {text}");
            }
            source = cause.source();
        }
        f.write_str(&said)
    }
}

#[cfg(feature = "sqlx")]
impl From<sqlx::Error> for Error {
    /// What the database could not do now is `DEPENDENCY_UNAVAILABLE`; what it should never say is ours.
    fn from(error: sqlx::Error) -> Self {
        // SQLSTATE: serialization failure, deadlock, idle in a transaction for too long, lock timeout, statement
        // timeout, shutdown, starting up.
        const TRY_AGAIN: [&str; 8] = ["40001", "40P01", "25P03", "55P03", "57014", "57P01", "57P02", "57P03"];
        // The faults of a client that no type and no rule has caught before: PostgreSQL's text has no U+0000,
        // JSON's and so GraphQL's has; its days, instants and numbers end before ours do.
        let code = error.as_database_error().and_then(|cause| cause.code());
        match code.as_deref() {
            Some("22021" | "22P05") => return Self::validation("text must not contain the character U+0000"),
            Some("22008" | "22003") => {
                return Self::validation("a day, an instant or a number is out of range");
            }
            _ => {}
        }
        let passing = match &error {
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
            sqlx::Error::Database(cause) => {
                // Class 08: a pooler that has no connection to give.
                cause.code().is_some_and(|code| code.starts_with("08") || TRY_AGAIN.contains(&code.as_ref()))
            }
            _ => false,
        };
        if passing { Self::Unavailable } else { Self::internal(error) }
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::internal(error)
    }
}

/// One business rule's no: what a form shows beside a field.
///
/// A noun declares each of its own as a constant, or as a function where the sentence has numbers in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The path of the input field that it is about, in GraphQL's spelling: `name`, or `lines.3.quantity`. `None`
    /// when it is about the whole.
    pub field: Option<Cow<'static, str>>,
    /// A code that never changes, upper snake.
    pub code: Cow<'static, str>,
    /// A sentence that the user can act on.
    pub message: Cow<'static, str>,
}

impl Refusal {
    /// A refusal of one field's value.
    #[must_use]
    pub const fn of(field: &'static str, code: &'static str, message: &'static str) -> Self {
        Self { field: Some(Cow::Borrowed(field)), code: Cow::Borrowed(code), message: Cow::Borrowed(message) }
    }

    /// A refusal of the whole.
    #[must_use]
    pub const fn whole(code: &'static str, message: &'static str) -> Self {
        Self { field: None, code: Cow::Borrowed(code), message: Cow::Borrowed(message) }
    }

    /// The same refusal, in a sentence that is only known now.
    #[must_use]
    pub fn saying(self, message: impl Into<Cow<'static, str>>) -> Self {
        Self { message: message.into(), ..self }
    }

    /// The same refusal, at another field.
    #[must_use]
    pub fn at(self, field: impl Into<Cow<'static, str>>) -> Self {
        Self { field: Some(field.into()), ..self }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(vec![refusal])
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// One error of each kind, each after the one before: a new variant does not compile until it has its place.
    fn after(error: &Error) -> Option<Error> {
        Some(match error {
            Error::Unauthenticated => Error::SessionEnded,
            Error::SessionEnded => Error::Forbidden,
            Error::Forbidden => Error::NotFound("a thing"),
            Error::NotFound(_) => Error::validation("no"),
            Error::Validation(_) => Error::VersionConflict(Uuid::nil()),
            Error::VersionConflict(_) => Error::ModuleDisabled,
            Error::ModuleDisabled => Error::TenantSuspended,
            Error::TenantSuspended => Error::HostRefused,
            Error::HostRefused => Error::RateLimited { retry_after_s: 1 },
            Error::RateLimited { .. } => Error::IdempotencyMismatch,
            Error::IdempotencyMismatch => Error::Refused(Vec::new()),
            Error::Refused(_) => Error::Unavailable,
            Error::Unavailable => Error::internal("a cause"),
            Error::Internal(_) | Error::Replayed(_) => return None,
        })
    }

    #[test]
    fn the_codes_for_clients_are_those_of_all_errors_but_the_internal_one() {
        let errors = std::iter::successors(Some(Error::Unauthenticated), after);
        let mut codes: BTreeSet<_> = errors.map(|error| error.code()).collect();
        assert!(codes.remove("INTERNAL"));
        assert_eq!(codes, Error::CLIENT_CODES.into());
    }

    #[derive(Debug, thiserror::Error)]
    #[error("duplicate key value")]
    struct Cause {
        detail: &'static str,
    }

    #[test]
    fn what_is_logged_of_an_error_is_what_its_causes_say_and_not_what_they_hold() {
        let cause = Cause { detail: "Key (email)=(ada@lovelace.example) already exists." };
        assert!(format!("{cause:?}").contains(cause.detail));
        let error = Error::internal(cause);
        assert_eq!(format!("{error:?}"), "INTERNAL: internal error: duplicate key value");
        let refused = Error::from(Refusal::of("email", "EMAIL_TAKEN", "ada@lovelace.example is taken"));
        assert_eq!(format!("{refused:?}"), "VALIDATION_FAILED: refused: EMAIL_TAKEN");
    }
}
