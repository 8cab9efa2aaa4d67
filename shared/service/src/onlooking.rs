//! Subscriptions to what changes: each onlooker hears of it as ids, and reads it as themselves.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use common::{Error, Result};
use database::{Ctx, Record};
use futures::Stream;
use futures::stream;
use kafka::{Changed, Changes, Looking};
use tokio::sync::Semaphore;
use uuid::Uuid;

/// How long to wait before reading again, when the database did not answer.
const RETRY: Duration = Duration::from_secs(1);

/// How many onlookers of a process read at the same time: what thousands look at must not take the pool from everybody.
const READS_MAX: usize = 4;

/// What an onlooker is told.
#[derive(Clone, Debug)]
pub enum Seen<R: Record> {
    /// This has changed, and is so now.
    Changed(R),
    /// What has this id, which the onlooker asked for by it, is gone or no longer theirs to see.
    Gone(R::Id),
    /// Much has changed at once, or a moment was missed: what is shown is to be loaded again.
    Anything,
}

/// Declares what a subscription says of a noun: which one has changed, and what it is now.
///
/// ```text
/// service::change! {
///     /// A deal that has changed a moment ago, or, without an id, the news that many have.
///     DealChange of Deal {
///         /// The id of the deal that has changed. …
///         id: DealId,
///         /// The deal as it is now; …
///         deal,
///     }
/// }
/// ```
#[macro_export]
macro_rules! change {
    ($(#[$doc:meta])* $name:ident of $record:ident {
        $(#[$id_doc:meta])* id: $id:ty,
        $(#[$field_doc:meta])* $field:ident $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Debug, async_graphql::SimpleObject)]
        pub struct $name {
            $(#[$id_doc])*
            pub id: Option<$id>,
            $(#[$field_doc])*
            pub $field: Option<$record>,
        }

        impl From<$crate::Seen<$record>> for $name {
            fn from(seen: $crate::Seen<$record>) -> Self {
                match seen {
                    $crate::Seen::Changed(record) => {
                        Self { id: Some(database::Record::id(&record)), $field: Some(record) }
                    }
                    $crate::Seen::Gone(id) => Self { id: Some(id), $field: None },
                    $crate::Seen::Anything => Self { id: None, $field: None },
                }
            }
        }
    };
}

static READS: Semaphore = Semaphore::const_new(READS_MAX);

/// What changes of an organization's records of one noun from now on, as far as the caller's right to read them extends; with
/// `ids`, of these alone. Heard of by their events, whose names begin with the noun's table, such as `contact.contact`.
///
/// # Errors
/// `UNAUTHENTICATED` without a caller, `FORBIDDEN` without the right, `DEPENDENCY_UNAVAILABLE` when the database does not
/// answer now; later it is waited for.
pub async fn look_at<R: Record>(
    ctx: &Ctx,
    changes: &Changes,
    ids: Option<Vec<R::Id>>,
) -> Result<impl Stream<Item = Result<Seen<R>>> + use<R>> {
    look_at_what_is_told_of(ctx, changes, R::TABLE, ids).await
}

/// As [`look_at`], where something else is told of the records: events whose names begin with `aggregate`, and that are about
/// the ids of the records, such as `products.stock` about products.
///
/// # Errors
/// As [`look_at`].
pub async fn look_at_what_is_told_of<R: Record>(
    ctx: &Ctx,
    changes: &Changes,
    aggregate: &str,
    ids: Option<Vec<R::Id>>,
) -> Result<impl Stream<Item = Result<Seen<R>>> + use<R>> {
    drop(ctx.read(R::READ).await?);
    ctx.end_reading().await;
    let looking = changes.look_at(aggregate, ctx.member()?.organization_id);
    let wanted = ids.map(|ids| Arc::new(HashSet::from_iter(ids)));
    let onlooker = Onlooker { ctx: ctx.clone(), looking, wanted, ready: VecDeque::new() };
    Ok(stream::try_unfold(onlooker, Onlooker::next))
}

struct Onlooker<R: Record> {
    ctx: Ctx,
    looking: Looking,
    wanted: Option<Arc<HashSet<R::Id>>>,
    ready: VecDeque<Seen<R>>,
}

impl<R: Record> Onlooker<R> {
    async fn next(mut self) -> Result<Option<(Seen<R>, Self)>> {
        loop {
            if let Some(next) = self.ready.pop_front() {
                return Ok(Some((next, self)));
            }
            let Some(changed) = self.looking.next().await else { return Ok(None) };
            self.ready = match changed {
                Changed::Anything => VecDeque::from([Seen::Anything]),
                Changed::Those(ids) => match self.see(&ids).await {
                    Ok(seen) => seen,
                    // The database is restarting, or busy: who looks on is told to look again once it is back.
                    Err(Error::Unavailable) => {
                        tokio::time::sleep(RETRY).await;
                        VecDeque::from([Seen::Anything])
                    }
                    Err(error) => return Err(error),
                },
            };
        }
    }

    async fn see(&self, ids: &[Uuid]) -> Result<VecDeque<Seen<R>>> {
        let is_wanted = |id: &R::Id| self.wanted.as_ref().is_none_or(|wanted| wanted.contains(id));
        let ids: Vec<R::Id> = ids.iter().map(|id| R::Id::from(*id)).filter(is_wanted).collect();
        if ids.is_empty() {
            return Ok(VecDeque::new());
        }
        let _turn = READS.acquire().await;
        let mut tx = self.ctx.read(R::READ).await?;
        let found = tx.find_many::<R>(&ids).await;
        drop(tx);
        // Who waits holds no connection, and the next look is at another moment.
        self.ctx.end_reading().await;
        let mut found = found?;
        let seen = |id| match found.remove(&id) {
            Some(record) => Some(Seen::Changed(record)),
            // Of what was never in sight nobody is told.
            None => self.wanted.is_some().then_some(Seen::Gone(id)),
        };
        Ok(ids.into_iter().filter_map(seen).collect())
    }
}
