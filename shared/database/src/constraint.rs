//! The database refuses, the user reads a sentence: constraint names become refusals.

use common::{Error, Refuse, Result};

/// Turns the violation of a named constraint into a refusal, at the call that may cause it.
pub trait OnConstraint<T> {
    /// `repo::insert(…).await.on_constraint("holiday_day_key", Refused::DayTaken)?`
    ///
    /// # Errors
    /// The refusal when that constraint was violated; any other failure as it was.
    fn on_constraint(self, name: &str, refused: impl Refuse) -> Result<T>;
}

impl<T> OnConstraint<T> for Result<T, sqlx::Error> {
    fn on_constraint(self, name: &str, refused: impl Refuse) -> Result<T> {
        self.map_err(|error| match error.as_database_error().and_then(|cause| cause.constraint()) {
            Some(violated) if violated == name => refused.into(),
            _ => error.into(),
        })
    }
}

impl<T> OnConstraint<T> for Result<T> {
    fn on_constraint(self, name: &str, refused: impl Refuse) -> Result<T> {
        self.map_err(|error| match &error {
            Error::Internal(cause) if violates(cause.as_ref(), name) => refused.into(),
            _ => error,
        })
    }
}

fn violates(cause: &(dyn std::error::Error + 'static), name: &str) -> bool {
    cause
        .downcast_ref::<sqlx::Error>()
        .and_then(|error| error.as_database_error())
        .and_then(|cause| cause.constraint())
        .is_some_and(|violated| violated == name)
}
