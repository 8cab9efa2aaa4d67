//! Contacts and their segments, who belong to the contact module. What this module adds to contacts is in `price_links.rs`; what
//! it begins to name is looked for by functions that the contact module publishes.

use async_graphql::SimpleObject;
use common::{Error, Refusal, Result};
use database::Tx;

use crate::ids::{ContactId, SegmentId};

// Somebody outside; the contact module owns it.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex, extends)]
pub struct Contact {
    /// The id of the contact; opaque to clients.
    pub id: ContactId,
}

const CONTACT_NOT_FOUND: Refusal = Refusal::whole("CONTACT_NOT_FOUND", "there is no such contact in use");
const SEGMENT_NOT_FOUND: Refusal =
    Refusal::of("segmentId", "SEGMENT_NOT_FOUND", "there is no such segment in use");

/// Whether the contacts that a list begins to name are there and in use.
///
/// # Errors
/// `CONTACT_NOT_FOUND` at each place of the list that names none.
pub(crate) async fn check(
    tx: &mut Tx,
    list: &'static str,
    before: &[ContactId],
    now: &[ContactId],
) -> Result<()> {
    let new: Vec<ContactId> = now.iter().copied().filter(|id| !before.contains(id)).collect();
    if new.is_empty() {
        return Ok(());
    }
    let there = sqlx::query_scalar!(
        r#"select id as "id!: ContactId" from contact.parties_in_use($1)"#,
        &new as &[ContactId]
    );
    let there = there.fetch_all(tx.conn()).await?;
    let missing = now.iter().enumerate().filter(|(_, id)| new.contains(id) && !there.contains(id));
    let refused = missing.map(|(at, _)| CONTACT_NOT_FOUND.at(format!("{list}.{at}")));
    let refused: Vec<Refusal> = refused.collect();
    if refused.is_empty() { Ok(()) } else { Err(Error::Refused(refused)) }
}

/// Whether the contact that something is asked about is in use, and in sight of whoever asks: what a customer pays says who they
/// are.
///
/// # Errors
/// `CONTACT_NOT_FOUND` when it is not, at `customerId`.
pub(crate) async fn check_in_sight(tx: &mut Tx, customer: ContactId) -> Result<()> {
    let there = sqlx::query_scalar!(
        r#"select id as "id!: ContactId" from contact.parties_in_sight($1)"#,
        &[customer] as &[ContactId]
    );
    match there.fetch_optional(tx.conn()).await? {
        Some(_) => Ok(()),
        None => Err(CONTACT_NOT_FOUND.at("customerId").into()),
    }
}

/// Whether the segment that something begins to name is there and in use.
///
/// # Errors
/// `SEGMENT_NOT_FOUND` when it is not.
pub(crate) async fn check_segment(
    tx: &mut Tx,
    before: Option<SegmentId>,
    now: Option<SegmentId>,
) -> Result<()> {
    let Some(id) = now.filter(|_| now != before) else { return Ok(()) };
    let there = sqlx::query_scalar!(
        r#"select id as "id!: SegmentId" from contact.segments_in_use($1) id"#,
        &[id] as &[SegmentId]
    );
    match there.fetch_optional(tx.conn()).await? {
        Some(_) => Ok(()),
        None => Err(SEGMENT_NOT_FOUND.into()),
    }
}
