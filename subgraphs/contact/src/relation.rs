//! Relations: how one contact stands to another.

use std::collections::HashMap;

use async_graphql::SimpleObject;
use common::{Error, Form, Permission, Refusal, Result};
use database::{Ctx, Record, Tx};
use graphql::{Batch, Date, choices, inputs, mutations};

use crate::contact::Contact;
use crate::family;
use crate::ids::{ContactId, RelationId};
use crate::rights::{MANAGE, READ};

choices! {
    /// How one contact stands to another.
    ContactRelationKind {
        /// The first works for the second.
        WorksAt,
        /// The first reports to the second.
        ReportsTo,
        /// They are married, or live as if they were.
        Spouse,
        /// The first is a part of the second.
        Subsidiary,
        /// The first came by the second.
        ReferredBy,
        /// Otherwise; the note says how.
        Other,
    }
}

/// How a contact stands to another one.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(name = "ContactRelation", complex)]
#[record("contact relation", table = "contact.relation", read = READ, graphql = "ContactRelation")]
pub struct Relation {
    /// The id of the relation; opaque to clients.
    pub id: RelationId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) from_contact_id: ContactId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) to_contact_id: ContactId,
    /// How the first stands to the second.
    pub kind: ContactRelationKind,
    /// The first day of it; null when nobody knows.
    pub first_day: Option<Date>,
    /// The last day of it; null while it lasts, or when nobody knows.
    pub last_day: Option<Date>,
    /// What else is known of it.
    pub note: Option<String>,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
}

// Use-cases.

/// Says how one contact stands to another.
pub async fn add(ctx: &Ctx, input: ContactRelationAddInput) -> Result<Relation> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let (from, to) = (input.from_contact_id, input.to_contact_id);
    let mut relation = Relation::blank(tx.now(), from, to);
    relation.fill_in(input.into())?;
    let from: Contact = tx.reference("fromContactId", from).await?;
    let to: Contact = tx.reference("toContactId", to).await?;
    if from.id == to.id {
        return Err(SELF.into());
    }
    if count(&mut tx, from.id).await? >= RELATIONS_MAX {
        return Err(TOO_MANY.into());
    }
    // They may have been named by the ids of what was merged into them.
    (relation.from_contact_id, relation.to_contact_id) = (from.id, to.id);
    tx.save(&mut relation).await?;
    tx.commit(relation).await
}

/// Changes what is said of a relation.
pub async fn update(ctx: &Ctx, id: RelationId, input: ContactRelationUpdateInput) -> Result<Relation> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let mut relation: Relation = tx.lock_at(id, input.version).await?;
    relation.fill_in(input)?;
    tx.save(&mut relation).await?;
    tx.commit(relation).await
}

/// Takes a relation away; answers the contact that it was of.
pub async fn remove(ctx: &Ctx, id: RelationId) -> Result<Contact> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let relation: Relation = tx.lock(id).await?;
    let contact: Contact = tx.find(relation.from_contact_id).await?;
    let gone = sqlx::query!("delete from contact.relation where id = $1", id as RelationId)
        .execute(tx.conn())
        .await?;
    if gone.rows_affected() == 0 {
        return Err(Error::NotFound("contact relation"));
    }
    tx.commit(contact).await
}

// Rules.

const RELATIONS_MAX: i64 = 200;
const SELF: Refusal =
    Refusal::of("toContactId", "RELATION_TO_SELF", "nobody stands to themselves in any way");
const TOO_MANY: Refusal = Refusal::whole("TOO_MANY_RELATIONS", "a contact has 200 relations at most");
const LAST_BEFORE_FIRST: Refusal =
    Refusal::of("lastDay", "DATE_OUT_OF_RANGE", "the last day may not be before the first");

impl Relation {
    fn fill_in(&mut self, input: ContactRelationUpdateInput) -> Result<()> {
        const NOTE_MAX: usize = 500;
        let mut form = Form::default();
        form.set("kind", input.kind, &mut self.kind);
        form.optional(input.first_day, &mut self.first_day);
        form.optional(input.last_day, &mut self.last_day);
        form.optional_text("note", input.note, NOTE_MAX, &mut self.note);
        if matches!((self.first_day, self.last_day), (Some(first), Some(last)) if last < first) {
            form.refuse(LAST_BEFORE_FIRST);
        }
        form.check()
    }
}

// SQL.

async fn count(tx: &mut Tx, id: ContactId) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from contact.relation where from_contact_id = $1 or to_contact_id = $1"#,
        id as ContactId,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// The relations of contacts, from either end, and of what was merged into them; the oldest first.
pub(crate) struct RelationsOf;

impl Batch for RelationsOf {
    type Key = ContactId;
    type Value = Vec<Relation>;
    const READ: &'static Permission = &READ;

    async fn load(tx: &mut Tx, keys: &[ContactId]) -> Result<HashMap<ContactId, Vec<Relation>>> {
        let family = family::select(tx, keys).await?;
        let ids: Vec<ContactId> = family.keys().copied().collect();
        let rows = select_relation!(
            "where from_contact_id = any($1) or to_contact_id = any($1) order by id",
            &ids as &[ContactId],
        )
        .fetch_all(tx.conn())
        .await?;
        let mut found: HashMap<ContactId, Vec<Relation>> = HashMap::new();
        for row in rows {
            let (from, to) = (family.get(&row.from_contact_id), family.get(&row.to_contact_id));
            // What stood to each other and is one by now says nothing any more.
            if from == to {
                continue;
            }
            for root in [from, to].into_iter().flatten() {
                found.entry(*root).or_default().push(row.clone());
            }
        }
        Ok(found)
    }
}

// GraphQL.

inputs! {
    /// A new relation between two contacts.
    ContactRelationAddInput,
    /// The fields of a relation to change; those that are absent stay as they are.
    ContactRelationUpdateInput {
        /// The id of the contact that it is said of.
        once from_contact_id: ContactId,
        /// The id of the contact that the first one stands to.
        once to_contact_id: ContactId,
        /// How the first stands to the second.
        required kind: ContactRelationKind,
        /// The first day of it; null when nobody knows.
        nullable first_day: Date,
        /// The last day of it, not before the first; null while it lasts.
        nullable last_day: Date,
        /// What else is known of it: 1 to 500 characters.
        nullable note: String,
    }
}

mutations! {
    Relation as contact_relation;
    /// Says how one contact stands to another.
    contact_relation_add(
        /// The two contacts, and how the first stands to the second.
        input: ContactRelationAddInput
    ) = add for MANAGE;
    /// Changes what is said of a relation.
    contact_relation_update(id: RelationId, input: ContactRelationUpdateInput) = update for MANAGE;
    /// Takes a relation away.
    contact_relation_remove(id: RelationId) -> contact: Contact = remove for MANAGE;
}
