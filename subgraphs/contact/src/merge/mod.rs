//! Merges: two contacts that are one, and how they are parted again.

mod fields;

use std::collections::{HashMap, HashSet};

use async_graphql::{InputObject, SimpleObject};
use chrono::{DateTime, Duration, Utc};
use common::{Error, MembershipId, Permission, Refusal, Result};
use database::{Answer, Ctx, Record, Tx};
use graphql::{Batch, mutations};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sqlx::types::Json;
use uuid::Uuid;

pub use self::fields::{ContactMergeChange, ContactMergeChoice};
use crate::contact::{self, Contact};
use crate::events::{ContactMerged, ContactUnmerged};
use crate::ids::{ContactId, MergeId};
use crate::rights::{MERGE, READ};
use crate::{Membership, consent, family};

/// Two contacts that were one. It is written once; parting them is noted in it.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(name = "ContactMerge", complex)]
#[record("contact merge", table = "contact.merge", read = READ, graphql = "ContactMerge")]
pub struct Merge {
    /// The id of the merge; opaque to clients.
    pub id: MergeId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) winner_id: ContactId,
    /// The id of the contact that was merged into the other: it leads there.
    #[record(once)]
    pub loser_id: ContactId,
    #[graphql(skip)]
    #[record(once, right = MERGE)]
    pub(crate) changes: Json<Map<String, Value>>,
    /// When they were merged.
    #[record(once)]
    pub merged_at: DateTime<Utc>,
    /// When they were parted again; null while they are one.
    pub undone_at: Option<DateTime<Utc>>,
    /// Counts the changes.
    pub version: i32,
    #[graphql(skip)]
    #[record(read)]
    pub(crate) created_by: Option<MembershipId>,
}

#[async_graphql::ComplexObject]
impl Merge {
    /// What the one that was merged was called.
    async fn loser_name(&self) -> Option<String> {
        self.loser().map(|loser| loser.name)
    }

    /// What the merge changed of the one that stayed.
    async fn changes(&self) -> Vec<ContactMergeChange> {
        fields::shown(&self.changes)
    }

    /// Until when the two can be parted again.
    async fn undone_until(&self) -> DateTime<Utc> {
        self.merged_at + Duration::days(UNDONE_DAYS)
    }

    /// The member who merged them; null when it was the system.
    async fn merged_by(&self) -> Option<Membership> {
        self.created_by.map(|id| Membership { id })
    }
}

/// What a merge comes to.
#[derive(Clone, Debug, SimpleObject)]
pub struct ContactMergeResult {
    /// The contact that stays, as it is now; in a dry run as it would be.
    pub contact: Contact,
    /// What the merge changes of it.
    pub changes: Vec<ContactMergeChange>,
    /// The merge; null in a dry run.
    pub merge: Option<Merge>,
}

/// What is kept of the loser beside its row.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Loser {
    name: String,
    number: String,
    owner: Option<MembershipId>,
    member: Option<MembershipId>,
    files: Vec<Uuid>,
    fields: custom::Values,
}

// Use-cases.

/// Merges one contact into another.
pub async fn merge(ctx: &Ctx, input: ContactMergeInput) -> Result<ContactMergeResult> {
    let mut tx = ctx.begin(&MERGE).await?;
    family::lock(&mut tx).await?;
    let (mut winner, mut loser) = lock_both(&mut tx, input.winner_id, input.loser_id).await?;
    check(&winner, &loser)?;
    let (owner, member) = (loser.owner_membership_id, loser.membership_id);
    let before = winner.clone();
    fields::join(&mut winner, &loser, &input.choices)?;
    tidy(&mut winner, &loser)?;
    // Whoever sees the winner sees what is kept of the loser; a membership leads to one of them.
    loser.merged_into_id = Some(winner.id);
    loser.owner_membership_id = winner.owner_membership_id;
    contact::save(&mut tx, &mut loser, false).await?;
    check_company(&mut tx, &mut winner).await?;
    consent::refresh(&mut tx, &mut winner).await?;
    let files = files::move_all::<Contact>(&mut tx, loser.id, winner.id).await?;
    contact::save(&mut tx, &mut winner, true).await?;
    let mut changes = fields::changes(&before, &winner);
    let shown = fields::shown(&changes);
    let kept = Loser {
        name: loser.name(),
        number: loser.number.clone(),
        owner,
        member,
        files,
        fields: before.custom_fields,
    };
    changes.insert(LOSER.to_owned(), json!(kept));
    let mut merge = Merge::blank(tx.now(), winner.id, loser.id);
    (merge.changes, merge.merged_at) = (Json(changes), tx.now());
    tx.save(&mut merge).await?;
    tx.emit(&ContactMerged { contact_id: winner.id, loser_id: loser.id }).await?;
    tx.emit(&winner.updated()).await?;
    if input.dry_run {
        // What is not committed has not happened.
        return Ok(ContactMergeResult { contact: winner, changes: shown, merge: None });
    }
    tx.commit(ContactMergeResult { contact: winner, changes: shown, merge: Some(merge) }).await
}

/// Parts two contacts that were merged: what the merge changed of the one that stayed is as it was, unless somebody has
/// changed it since; what was written down since stays with it.
pub async fn undo(ctx: &Ctx, id: MergeId) -> Result<Contact> {
    let mut tx = ctx.begin(&MERGE).await?;
    family::lock(&mut tx).await?;
    let mut merge: Merge = tx.lock(id).await?;
    if merge.undone_at.is_some() {
        return Err(UNDONE.into());
    }
    if merge.merged_at + Duration::days(UNDONE_DAYS) < tx.now() {
        return Err(TOO_LATE.into());
    }
    let mut both = Contact::lock_many(&mut tx, &[merge.winner_id, merge.loser_id]).await?;
    let Some(at) = both.iter().position(|contact| contact.id == merge.loser_id) else {
        return Err(Error::NotFound("contact"));
    };
    let mut loser = both.swap_remove(at);
    let mut winner = both.pop().ok_or(Error::NotFound("contact"))?;
    if winner.merged_into_id.is_some() {
        return Err(MERGED_FURTHER.into());
    }
    if winner.erased_at.is_some() {
        return Err(ERASED.into());
    }
    let kept = merge.loser().ok_or(ERASED)?;
    fields::part(&mut winner, &merge.changes)?;
    let mut joined = kept.fields.clone();
    joined.take_missing(&loser.custom_fields);
    if winner.custom_fields == joined {
        winner.custom_fields = kept.fields;
    }
    loser.merged_into_id = None;
    (loser.owner_membership_id, loser.membership_id) = (kept.owner, kept.member);
    // First what the winner gives back: no two have the same tax id.
    contact::save(&mut tx, &mut winner, true).await?;
    contact::save(&mut tx, &mut loser, true).await?;
    files::move_back::<Contact>(&mut tx, &kept.files, loser.id).await?;
    for one in [&mut winner, &mut loser] {
        consent::refresh(&mut tx, one).await?;
        contact::save(&mut tx, one, false).await?;
    }
    merge.undone_at = Some(tx.now());
    tx.save(&mut merge).await?;
    tx.emit(&ContactUnmerged { contact_id: winner.id, loser_id: loser.id }).await?;
    tx.emit(&winner.updated()).await?;
    tx.emit(&loser.updated()).await?;
    tx.commit(loser).await
}

/// The two that ids lead to, locked in the order of their ids.
async fn lock_both(tx: &mut Tx, winner: ContactId, loser: ContactId) -> Result<(Contact, Contact)> {
    let found = tx.find_many::<Contact>(&[winner, loser]).await?;
    let id = |asked: ContactId, field: &'static str| {
        found.get(&asked).map(|contact| contact.id).ok_or_else(|| CONTACT_NOT_FOUND.at(field))
    };
    let (winner, loser) = (id(winner, "winnerId")?, id(loser, "loserId")?);
    if winner == loser {
        return Err(SAME.into());
    }
    let mut both = Contact::lock_many(tx, &[winner, loser]).await?;
    let at = both.iter().position(|contact| contact.id == loser).ok_or(Error::NotFound("contact"))?;
    let loser = both.swap_remove(at);
    Ok((both.pop().ok_or(Error::NotFound("contact"))?, loser))
}

/// What stays belongs neither to itself nor, through others, to what it has become.
async fn check_company(tx: &mut Tx, winner: &mut Contact) -> Result<()> {
    let Some(parent) = winner.parent_company_id else { return Ok(()) };
    let line = contact::select_line(tx, parent).await?;
    if line.first() == Some(&winner.id) {
        // The company that it belonged to is what was merged into it.
        winner.parent_company_id = None;
        return Ok(());
    }
    Ok(contact::check_line(winner.id, &line)?)
}

// Rules.

const UNDONE_DAYS: i64 = 30;
const LOSER: &str = "loser";
const CONTACT_NOT_FOUND: Refusal = Refusal::whole("CONTACT_NOT_FOUND", "there is no such contact");
const SAME: Refusal = Refusal::of("loserId", "SAME_CONTACT", "these are one contact already");
const OTHER_KIND: Refusal =
    Refusal::of("loserId", "OTHER_KIND", "a person and a company are never one; relate them instead");
const ERASED: Refusal = Refusal::whole("CONTACT_ERASED", "what was known of this contact was erased");
const UNDONE: Refusal = Refusal::whole("MERGE_UNDONE", "these two were parted already");
const TOO_LATE: Refusal = Refusal::whole("MERGE_TOO_OLD", "two contacts can be parted again for 30 days");
const MERGED_FURTHER: Refusal =
    Refusal::whole("MERGED_FURTHER", "the contact that stayed was merged into another one; part those first");
const PARTS_MAX: usize = 20;
const TOO_MANY: Refusal = Refusal::whole(
    "OUT_OF_RANGE",
    "both together have more than 20 of a list; choose one of the sides for it",
);

fn check(winner: &Contact, loser: &Contact) -> Result<()> {
    if winner.kind != loser.kind {
        return Err(OTHER_KIND.into());
    }
    if winner.erased_at.is_some() || loser.erased_at.is_some() {
        return Err(ERASED.into());
    }
    Ok(())
}

/// What follows from both, whatever is chosen.
fn tidy(winner: &mut Contact, loser: &Contact) -> Result<(), Refusal> {
    unite(&mut winner.emails.0, |email| &email.value, |email| &mut email.is_primary);
    unite(&mut winner.phones.0, |phone| &phone.value, |phone| &mut phone.is_primary);
    let counts = [
        winner.emails.len(),
        winner.phones.len(),
        winner.addresses.len(),
        winner.profiles.len(),
        winner.tags.len(),
    ];
    if counts.into_iter().any(|count| count > PARTS_MAX) {
        return Err(TOO_MANY);
    }
    winner.custom_fields.take_missing(&loser.custom_fields);
    winner.last_contacted_at = winner.last_contacted_at.max(loser.last_contacted_at);
    if winner.legal_hold_reason.is_none() {
        winner.legal_hold_reason.clone_from(&loser.legal_hold_reason);
    }
    Ok(())
}

/// Leaves each value once, and one of them the first choice: the first that was.
fn unite<T>(all: &mut Vec<T>, value: impl Fn(&T) -> &String, primary: impl Fn(&mut T) -> &mut bool) {
    let mut seen = HashSet::new();
    all.retain(|one| seen.insert(value(one).clone()));
    let mut has_primary = false;
    for one in all.iter_mut() {
        let is_primary = primary(one);
        *is_primary &= !has_primary;
        has_primary |= *is_primary;
    }
}

impl Merge {
    fn loser(&self) -> Option<Loser> {
        self.changes.get(LOSER).and_then(|kept| serde_json::from_value(kept.clone()).ok())
    }
}

impl Answer for ContactMergeResult {
    fn stored(&self) -> Value {
        json!(self.merge.as_ref().map(|merge| merge.id))
    }

    async fn restore(ctx: &Ctx, stored: Value) -> Result<Self> {
        let id: MergeId = serde_json::from_value(stored)?;
        let mut tx = ctx.read(&MERGE).await?;
        let merge: Merge = tx.find(id).await?;
        let contact = tx.find(merge.winner_id).await?;
        Ok(Self { contact, changes: fields::shown(&merge.changes), merge: Some(merge) })
    }
}

// SQL.

/// The merges into contacts, the latest first.
pub(crate) struct MergesOf;

impl Batch for MergesOf {
    type Key = ContactId;
    type Value = Vec<Merge>;
    const READ: &'static Permission = &READ;

    async fn load(tx: &mut Tx, keys: &[ContactId]) -> Result<HashMap<ContactId, Vec<Merge>>> {
        let rows =
            select_merge!("where winner_id = any($1) order by merged_at desc, id desc", keys as &[ContactId]);
        let mut found: HashMap<ContactId, Vec<Merge>> = HashMap::new();
        for row in rows.fetch_all(tx.conn()).await? {
            found.entry(row.winner_id).or_default().push(row);
        }
        Ok(found)
    }
}

// GraphQL.

/// Two contacts that are one.
#[derive(Clone, Debug, InputObject)]
pub struct ContactMergeInput {
    /// The id of the contact that stays.
    pub winner_id: ContactId,
    /// The id of the contact that is merged into it; from then on it leads there.
    pub loser_id: ContactId,
    /// Whose value stays, for fields of which it is to be said. Of the others the one's that stays does, or the other one's
    /// where there is none; lists and notes have what both have, of the status the one stays that restricts more, and whoever
    /// wanted to hear nothing still does.
    #[graphql(default)]
    pub choices: Vec<ContactMergeChoice>,
    /// True to see what would become of it, and change nothing.
    #[graphql(default)]
    pub dry_run: bool,
}

mutations! {
    Merge as contact_merge;
    /// Merges a contact into another: what was written down of either is found at the one that stays, and the id of the other
    /// leads there for ever. For 30 days the two can be parted again.
    contact_merge(
        /// The two contacts, and what becomes of their fields.
        input: ContactMergeInput
    ) -> result: ContactMergeResult = merge for MERGE;
    /// Parts two contacts that were merged in the last 30 days; answers the one that was merged into the other. What the
    /// merge changed is as it was, unless somebody has changed it since.
    contact_unmerge(
        /// The id of the merge.
        id: MergeId
    ) -> contact: Contact = undo for MERGE if |merge| merge.undone_at.is_none();
}
