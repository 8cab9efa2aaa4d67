//! The database refuses, the user reads a sentence: constraint names become refusals.

use common::{Error, Refusal, Result};

/// Turns the violation of a named constraint into a refusal, at the call that may cause it.
pub trait OnConstraint<T> {
    /// `tx.save(&mut holiday).await.on_constraint("holiday_day_key", DAY_TAKEN)?`
    ///
    /// # Errors
    /// The refusal when that constraint was violated; any other failure as it was.
    fn on_constraint(self, name: &str, refused: Refusal) -> Result<T>;
}

impl<T> OnConstraint<T> for Result<T> {
    fn on_constraint(self, name: &str, refused: Refusal) -> Result<T> {
        self.map_err(|error| match database_error(&error) {
            Some(cause) if cause.constraint() == Some(name) => refused.into(),
            _ => error,
        })
    }
}

/// The refusal when any unique index was violated; any other failure as it was.
pub(crate) fn on_unique(error: Error, refused: Refusal) -> Error {
    match database_error(&error) {
        Some(cause) if cause.is_unique_violation() => refused.into(),
        _ => error,
    }
}

fn database_error(error: &Error) -> Option<&dyn sqlx::error::DatabaseError> {
    let Error::Internal(cause) = error else { return None };
    cause.downcast_ref::<sqlx::Error>().and_then(|error| error.as_database_error())
}
