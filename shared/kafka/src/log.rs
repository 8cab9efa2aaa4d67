//! The log between outboxes and consumers: one interface, whatever carries it.

use std::time::Duration;

use async_trait::async_trait;
use common::{Envelope, MembershipId, OrganizationId, Result};

use crate::Consumer;

/// An ordered log of events that many consumers read, each at its own pace.
///
/// Events of one aggregate keep their order. An event may be appended twice and must be read at least once.
#[async_trait]
pub trait EventLog: Send + Sync + 'static {
    /// Appends events; returns when they will survive a crash.
    async fn append(&self, events: &[Envelope]) -> Result<()>;

    /// The next events of a consumer's types, in order. `None` when nothing is new for so long, or another process is
    /// at it.
    async fn read(&self, consumer: &Consumer, patience: Duration) -> Result<Option<Box<dyn Batch>>>;

    /// Whether a consumer is done with every event of its types that a member has caused a moment ago.
    async fn is_done_with(
        &self,
        consumer: &Consumer,
        organization_id: OrganizationId,
        membership_id: MembershipId,
    ) -> Result<bool>;

    /// How many events of its topics, or of its types, a consumer has not processed.
    async fn lag(&self, consumer: &Consumer) -> Result<i64>;

    /// Lets others see that a consumer has given an event up, and why. What is given up is kept in the database in any case.
    async fn tell_dead(&self, _consumer: &str, _event: &Envelope, _reason: &str) -> Result<()> {
        Ok(())
    }
}

/// Events that were read, and are their reader's until it commits or drops them. Dropped, they are read again.
#[async_trait]
pub trait Batch: Send {
    /// The events, in the order of the log.
    fn events(&self) -> &[Envelope];

    /// Lets what is done not be read again. `undone` are indexes of events that are not, in growing order: these are read
    /// again, and so may be what comes after them.
    async fn commit(self: Box<Self>, undone: &[usize]) -> Result<()>;
}
