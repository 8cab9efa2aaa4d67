//! What those are answered who are not logged in: signing up, logging in, going on, accepting an invitation. They act
//! in no tenant, where the results of keyed requests are kept, so nothing of theirs is answered a second time.

use common::{Error, Result};
use graphql::UserError;

/// What was done, or why not. What proves somebody is a long way: its future is boxed, so that those of all mutations, which
/// have room for the longest, stay small.
///
/// # Errors
/// Every error that is no refusal.
pub(crate) fn answered<T>(done: Result<T>) -> Result<(Option<T>, Vec<UserError>)> {
    match done {
        Ok(done) => Ok((Some(done), Vec::new())),
        Err(Error::Refused(refusals)) => Ok((None, refusals.into_iter().map(Into::into).collect())),
        Err(error) => Err(error),
    }
}
