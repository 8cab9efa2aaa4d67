//! Legal holds: nothing that is known of a contact may be erased while there is one.

use async_graphql::InputObject;
use common::{Form, Result, given};
use database::Ctx;

use super::{Contact, save};
use crate::ids::ContactId;
use crate::rights::ERASE;

/// Why nothing may be erased.
#[derive(Clone, Debug, InputObject)]
pub struct ContactHoldInput {
    /// Why, such as a lawsuit or a tax audit: 1 to 500 characters.
    pub reason: String,
}

/// Places a legal hold.
pub async fn hold(ctx: &Ctx, id: ContactId, input: ContactHoldInput) -> Result<Contact> {
    const REASON_MAX: usize = 500;
    let mut reason = String::new();
    let mut form = Form::default();
    form.name_within("reason", given(input.reason), REASON_MAX, &mut reason);
    form.check()?;
    set(ctx, id, Some(reason)).await
}

/// Lifts a legal hold.
pub async fn release(ctx: &Ctx, id: ContactId) -> Result<Contact> {
    set(ctx, id, None).await
}

async fn set(ctx: &Ctx, id: ContactId, reason: Option<String>) -> Result<Contact> {
    let mut tx = ctx.begin(&ERASE).await?;
    let mut contact: Contact = tx.lock(id).await?;
    contact.legal_hold_reason = reason;
    save(&mut tx, &mut contact, false).await?;
    tx.commit(contact).await
}
