//! innoERP as one program: the list of modules, and the verbs that run, migrate, describe and fill them.

pub mod addresses;
pub mod catalogue;
pub mod dev;
pub mod events;
pub mod evolution;
pub mod federation;
pub mod health;
mod kept;
pub mod modules;
pub mod operations;
pub mod operator;
mod places;
pub mod process;
pub mod seed;
mod signals;
mod strangers;
mod tenancy;
pub mod up;

pub use tenancy::GateTenancy;

/// What the program tells its user when it cannot go on: one sentence.
#[derive(Debug)]
pub struct Failure(pub String);

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

impl Failure {
    /// A failure that says what was being done, and what went wrong.
    pub fn of(doing: &str, error: impl std::fmt::Display) -> Self {
        Self(format!("{doing}: {error}"))
    }
}

/// The cause of an error of ours, which clients never see and operators must.
pub(crate) fn cause(error: &common::Error) -> String {
    match error {
        common::Error::Internal(cause) => cause.to_string(),
        other => other.to_string(),
    }
}
