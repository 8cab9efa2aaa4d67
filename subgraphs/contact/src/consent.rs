//! Consents: what contacts have allowed, and taken back. Only ever added to.

use std::collections::{BTreeMap, HashMap};

use async_graphql::{InputObject, SimpleObject};
use chrono::{DateTime, Duration, Utc};
use common::{Form, Permission, Refusal, Result, given};
use database::{Ctx, Record, Tx};
use graphql::{Batch, mutations};

use crate::Membership;
use crate::consent_key::{ConsentChannel, grant, purpose};
use crate::contact::{self, Contact};
use crate::events::ConsentChanged;
use crate::family;
use crate::ids::{ConsentId, ContactId};
use crate::rights::{MANAGE, READ};

/// Something that a contact has allowed, or taken back. It never changes; what is said later holds.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(name = "ContactConsent", complex)]
#[record("consent", table = "contact.consent", read = READ, graphql = "ContactConsent")]
pub struct Consent {
    /// The id of the entry; opaque to clients.
    pub id: ConsentId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) contact_id: ContactId,
    /// The way to reach them.
    #[record(once)]
    pub channel: ConsentChannel,
    /// What for, such as newsletter.
    #[record(once)]
    pub purpose: String,
    /// Whether they allow it.
    #[record(once)]
    pub is_granted: bool,
    /// When they said so.
    #[record(once)]
    pub given_at: DateTime<Utc>,
    /// Where they said so, such as a form or a call.
    #[record(once)]
    pub source: String,
    /// What shows that they did, such as the text that they agreed to.
    #[record(once)]
    pub proof: Option<String>,
    /// When it was entered.
    #[record(once)]
    pub created_at: DateTime<Utc>,
    #[graphql(skip)]
    #[record(read)]
    pub(crate) created_by: Option<common::MembershipId>,
}

#[async_graphql::ComplexObject]
impl Consent {
    /// The member who entered it; null when it was the system.
    async fn recorded_by(&self) -> Option<Membership> {
        self.created_by.map(|id| Membership { id })
    }
}

// Use-cases.

/// Writes down what a contact has allowed, or taken back.
pub async fn record(ctx: &Ctx, input: ContactConsentInput) -> Result<Contact> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let mut contact: Contact = tx.lock(input.contact_id).await?;
    let mut consent = Consent::blank(tx.now(), contact.id);
    consent.fill_in(input)?;
    if contact.erased_at.is_some() {
        return Err(ERASED.into());
    }
    let mut one = [consent];
    tx.save_all(&mut one).await?;
    refresh(&mut tx, &mut contact).await?;
    contact::save(&mut tx, &mut contact, false).await?;
    tx.commit(contact).await
}

/// Works out anew what a contact, locked, and all that were merged into it have allowed, and announces what is another.
pub(crate) async fn refresh(tx: &mut Tx, contact: &mut Contact) -> Result<()> {
    let ids = family::ids(tx, contact.id).await?;
    let all = select_consent!("where contact_id = any($1) order by given_at, id", &ids as &[ContactId])
        .fetch_all(tx.conn())
        .await?;
    let now = in_force(&all);
    let granted = now.iter().filter(|(_, said)| said.is_granted).map(|(key, _)| key.clone()).collect();
    let before = std::mem::replace(&mut contact.granted, granted);
    for (_, said) in now.iter().filter(|(key, said)| before.contains(key) != said.is_granted) {
        tx.emit(&ConsentChanged {
            contact_id: contact.id,
            channel: exchange::print(&said.channel),
            purpose: said.purpose.clone(),
            is_granted: said.is_granted,
        })
        .await?;
    }
    Ok(())
}

// Rules.

const ERASED: Refusal = Refusal::whole("CONTACT_ERASED", "what was known of this contact was erased");
const PURPOSE_INVALID: Refusal = Refusal::of(
    "purpose",
    "PURPOSE_INVALID",
    "give a purpose of 1 to 40 of the characters a to z, 0 to 9 and _, such as newsletter",
);
const IN_FUTURE: Refusal =
    Refusal::of("givenAt", "DATE_OUT_OF_RANGE", "nobody has allowed anything yet that lies ahead");

/// What was said last of each channel and purpose, by what a contact's row keeps of it; of entries that are oldest first.
pub(crate) fn in_force(all: &[Consent]) -> BTreeMap<String, &Consent> {
    all.iter().filter_map(|consent| Some((grant(consent.channel, &consent.purpose)?, consent))).collect()
}

impl Consent {
    fn fill_in(&mut self, input: ContactConsentInput) -> Result<()> {
        const SOURCE_MAX: usize = 100;
        const PROOF_MAX: usize = 2_000;
        let mut form = Form::default();
        self.channel = input.channel;
        self.is_granted = input.is_granted;
        form.checked(
            "purpose",
            given(input.purpose),
            |text: String| purpose(&text).ok_or(PURPOSE_INVALID),
            &mut self.purpose,
        );
        form.name_within("source", given(input.source), SOURCE_MAX, &mut self.source);
        form.optional_text("proof", given(input.proof), PROOF_MAX, &mut self.proof);
        self.given_at = input.given_at.unwrap_or(self.created_at);
        // Clocks differ by a little.
        if self.given_at > self.created_at + Duration::minutes(5) {
            form.refuse(IN_FUTURE);
        }
        form.check()
    }
}

// SQL.

/// What contacts, and those that were merged into them, have allowed and taken back; the latest first.
pub(crate) struct ConsentsOf;

impl Batch for ConsentsOf {
    type Key = ContactId;
    type Value = Vec<Consent>;
    const READ: &'static Permission = &READ;

    async fn load(tx: &mut Tx, keys: &[ContactId]) -> Result<HashMap<ContactId, Vec<Consent>>> {
        let family = family::select(tx, keys).await?;
        let ids: Vec<ContactId> = family.keys().copied().collect();
        let rows = select_consent!(
            "where contact_id = any($1) order by given_at desc, id desc limit 10000",
            &ids as &[ContactId],
        )
        .fetch_all(tx.conn())
        .await?;
        let mut found: HashMap<ContactId, Vec<Consent>> = HashMap::new();
        for row in rows {
            if let Some(root) = family.get(&row.contact_id) {
                found.entry(*root).or_default().push(row);
            }
        }
        Ok(found)
    }
}

// GraphQL.

/// Something that a contact has allowed, or taken back.
#[derive(Clone, Debug, InputObject)]
pub struct ContactConsentInput {
    /// The id of the contact.
    pub contact_id: ContactId,
    /// The way to reach them.
    pub channel: ConsentChannel,
    /// What for, such as newsletter: 1 to 40 of a to z, 0 to 9 and _.
    pub purpose: String,
    /// Whether they allow it; false takes it back.
    pub is_granted: bool,
    /// When they said so; now when absent.
    pub given_at: Option<DateTime<Utc>>,
    /// Where they said so, such as a form or a call: 1 to 100 characters.
    pub source: String,
    /// What shows that they did, such as the text that they agreed to: 1 to 2,000 characters.
    pub proof: Option<String>,
}

mutations! {
    Consent as contact_consent;
    /// Writes down what a contact has allowed, or taken back. Nothing is sent that is not allowed now.
    contact_consent_record(
        /// What was said, by whom and when.
        input: ContactConsentInput
    ) -> contact: Contact = record for MANAGE;
}
