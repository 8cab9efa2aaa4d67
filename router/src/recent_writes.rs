//! Who changed something a moment ago. Their next requests say so to the subgraphs, which then wait, for a bounded time,
//! until what follows in their own module has happened: callers read their own writes.

use std::time::Duration;

use common::{Caller, SessionId};
use moka::sync::Cache;

use crate::supergraph::OperationKind;

/// How long a change counts as just made: longer than what follows from it takes on a good day.
const LASTS: Duration = Duration::from_secs(5);

/// The sessions in which something was just changed. Each router knows those that it served itself.
pub(crate) struct RecentWrites(Cache<SessionId, ()>);

impl Default for RecentWrites {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(100_000).time_to_live(LASTS).build())
    }
}

impl RecentWrites {
    /// Whether a caller changed something a moment ago.
    pub(crate) fn has(&self, caller: &Caller) -> bool {
        caller.member().is_some_and(|member| self.0.contains_key(&member.session_id))
    }

    /// Notes an operation; answers whether its caller changed something just before it.
    pub(crate) fn note(&self, caller: &Caller, kind: OperationKind) -> bool {
        let has_just_written = self.has(caller);
        if let Some(member) = caller.member().filter(|_| kind == OperationKind::Mutation) {
            self.0.insert(member.session_id, ());
        }
        has_just_written
    }
}
