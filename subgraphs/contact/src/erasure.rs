//! Erasure and disclosure: what is known of a person goes, or is handed over, when they ask for it.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use common::{Error, Refusal, Result};
use database::{Answer, Ctx, Tx};
use graphql::{App as _, cost};
use serde_json::{Value, json};

use crate::communication::Communication;
use crate::contact::{Contact, ContactKind};
use crate::events::ContactErased;
use crate::export::{self, ContactExportKind};
use crate::family;
use crate::ids::{CommunicationId, ContactId};
use crate::rights::{ERASE, EXPORT};

/// What an erasure takes.
#[derive(Clone, Debug, SimpleObject)]
pub struct ContactErasure {
    /// The contact, as it is now; in a dry run as it still is.
    pub contact: Contact,
    /// The number of contacts that were merged into it, which are erased with it.
    pub merged: i32,
    /// The number of its relations, which are deleted.
    pub relations: i32,
    /// The number of its entries of consent: what was agreed stays, where and by what is erased.
    pub consents: i32,
    /// The number of communications: when they were stays, what was said is erased.
    pub communications: i32,
    /// The number of its ids in other systems, which are deleted.
    pub external_ids: i32,
    /// The number of its files, which are detached, and forgotten after 30 days.
    pub files: i32,
}

/// Whom an erasure is about.
#[derive(Clone, Debug, InputObject)]
pub struct ContactEraseInput {
    /// The id of the contact.
    pub contact_id: ContactId,
    /// True to see what would be erased, and change nothing.
    #[graphql(default)]
    pub dry_run: bool,
}

const ONLY_PERSON: Refusal = Refusal::of(
    "contactId",
    "ONLY_PERSON",
    "a company is no person of whom anything could be erased; archive it",
);
const ERASED: Refusal =
    Refusal::of("contactId", "CONTACT_ERASED", "what was known of this contact was erased");
const HELD: Refusal = Refusal::of(
    "contactId",
    "LEGAL_HOLD",
    "there is a legal hold on this contact; nothing about them may be erased until it is lifted",
);

/// Erases what is known of a person. The id stays, and so does that there was somebody.
pub async fn erase(ctx: &Ctx, input: ContactEraseInput) -> Result<ContactErasure> {
    let mut tx = ctx.begin(&ERASE).await?;
    family::lock(&mut tx).await?;
    let contact: Contact = tx.lock(input.contact_id).await?;
    if contact.kind != ContactKind::Person {
        return Err(ONLY_PERSON.into());
    }
    if contact.erased_at.is_some() {
        return Err(ERASED.into());
    }
    let ids = family::ids(&mut tx, contact.id).await?;
    let mut erasure = known(&mut tx, contact, &ids).await?;
    let talks = communications(&mut tx, &ids).await?;
    let files = files::detach_all::<Contact>(&mut tx, &ids).await?
        + files::detach_all::<Communication>(&mut tx, &talks).await?;
    erasure.files = i32::try_from(files).unwrap_or(i32::MAX);
    if input.dry_run {
        // What is not committed has not happened.
        return Ok(erasure);
    }
    let now = tx.now();
    sqlx::query!("select contact.forget($1, $2)", &ids as &[ContactId], now).execute(tx.conn()).await?;
    erasure.contact = tx.find(erasure.contact.id).await?;
    let merged_ids = ids.into_iter().filter(|id| *id != erasure.contact.id).collect();
    tx.emit(&ContactErased { contact_id: erasure.contact.id, merged_ids }).await?;
    tx.emit(&erasure.contact.updated()).await?;
    tx.commit(erasure).await
}

/// How much there is; refused while there is a legal hold.
async fn known(tx: &mut Tx, contact: Contact, ids: &[ContactId]) -> Result<ContactErasure> {
    let known = sqlx::query!(
        r#"select relations as "relations!", consents as "consents!", communications as "communications!",
               external_ids as "external_ids!", is_held as "is_held!" from contact.known($1)"#,
        ids as &[ContactId],
    )
    .fetch_one(tx.conn())
    .await?;
    if known.is_held {
        return Err(HELD.into());
    }
    let count = |count: i64| i32::try_from(count).unwrap_or(i32::MAX);
    Ok(ContactErasure {
        contact,
        merged: i32::try_from(ids.len() - 1).unwrap_or(i32::MAX),
        relations: count(known.relations),
        consents: count(known.consents),
        communications: count(known.communications),
        external_ids: count(known.external_ids),
        files: 0,
    })
}

async fn communications(tx: &mut Tx, ids: &[ContactId]) -> Result<Vec<CommunicationId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: CommunicationId" from contact.communication where contact_id = any($1)"#,
        ids as &[ContactId],
    )
    .fetch_all(tx.conn())
    .await?)
}

impl Answer for ContactErasure {
    fn stored(&self) -> Value {
        json!([
            self.contact.id,
            [self.merged, self.relations, self.consents, self.communications, self.external_ids, self.files]
        ])
    }

    async fn restore(ctx: &Ctx, stored: Value) -> Result<Self> {
        let (id, counts): (ContactId, [i32; 6]) = serde_json::from_value(stored)?;
        let mut tx = ctx.read(&ERASE).await?;
        let [merged, relations, consents, communications, external_ids, files] = counts;
        let contact = tx.find(id).await?;
        Ok(Self { contact, merged, relations, consents, communications, external_ids, files })
    }
}

/// Everything that is known of a contact.
#[derive(Clone, Debug, SimpleObject)]
pub struct ContactDossier {
    /// Everything as JSON: the contact and what was merged into it, ids elsewhere, relations, consents, communications,
    /// segments, the names of files, and every change that was made.
    pub json: String,
    /// The number of communications that are left out: those for others alone, who can disclose them.
    pub withheld_communications: i32,
}

/// Everything that is known of a contact; that it was disclosed is written down.
pub async fn disclose(ctx: &Ctx, id: ContactId) -> Result<ContactDossier> {
    let mut tx = ctx.begin(&EXPORT).await?;
    let contact: Contact = tx.find(id).await?;
    let ids = family::ids(&mut tx, contact.id).await?;
    let json = sqlx::query_scalar!(r#"select contact.dossier($1) as "dossier!""#, &ids as &[ContactId])
        .fetch_one(tx.conn())
        .await?;
    let all = sqlx::query_scalar!(
        r#"select communications as "communications!" from contact.known($1)"#,
        &ids as &[ContactId]
    )
    .fetch_one(tx.conn())
    .await?;
    let shown = json["communications"].as_array().map_or(0, Vec::len);
    let withheld = usize::try_from(all).map_err(Error::internal)?.saturating_sub(shown);
    let json = serde_json::to_string_pretty(&json)?;
    export::note(&mut tx, ContactExportKind::Subject, 1, Some(contact.id)).await?;
    let dossier =
        ContactDossier { json, withheld_communications: i32::try_from(withheld).unwrap_or(i32::MAX) };
    tx.commit(()).await?;
    Ok(dossier)
}

// GraphQL.

graphql::payload! {
    /// The result of contactErase.
    ContactErasePayload {
        /// What was erased, or would be; null when nothing was done.
        erasure: ContactErasure
    }
}

/// Erasure.
#[derive(Default)]
pub struct ContactErasureMutation;

#[Object]
impl ContactErasureMutation {
    /// Erases what is known of a person, and of what was merged into them: it cannot be undone. Refused while there is a
    /// legal hold.
    async fn contact_erase(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "Whom it is about.")] input: ContactEraseInput,
        #[graphql(
            desc = "A key of your choice that names this request, 1 to 100 bytes. Sent again within a day with the same arguments, the request changes nothing and answers the same."
        )]
        idempotency_key: Option<async_graphql::ID>,
    ) -> Result<Option<ContactErasePayload>> {
        let ctx = graphql::once(gql, idempotency_key)?;
        ContactErasePayload::answer(gql, erase(&ctx, input).await).await.map(Some)
    }
}

/// Disclosure.
#[derive(Default)]
pub struct ContactDossierQuery;

#[Object]
impl ContactDossierQuery {
    /// Everything that is known of a contact, for whoever has a right to know it. That it was asked for is written down.
    #[graphql(directive = cost::apply(500))]
    async fn contact_dossier(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The id of the contact.")] contact_id: ContactId,
    ) -> Result<ContactDossier> {
        disclose(gql.app(), contact_id).await
    }
}
