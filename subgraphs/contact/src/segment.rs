//! Segments: some of the contacts, by conditions or by hand.

use std::collections::HashMap;

use async_graphql::{InputObject, MaybeUndefined, SimpleObject};
use chrono::{DateTime, Utc};
use common::{Form, MembershipId, Page, Permission, Refusal, Result, Slice};
use database::{Ctx, OnConstraint as _, Record, Tx, page};
use graphql::{Batch, choices, inputs, mutations, queries, sorts};
use serde_json::Value;
use sqlx::types::Json;

use crate::contact::{
    self, Contact, ContactFilter, ContactGrantInput, ContactKind, ContactRole, ContactStatus,
};
use crate::ids::{ContactId, SegmentId};
use crate::rights::{SEGMENT_MANAGE, SEGMENT_READ};

choices! {
    /// What makes contacts part of a segment.
    SegmentKind {
        /// They fit its conditions at present.
        Filter,
        /// Somebody has put them there.
        Static,
    }
}

/// Some of the contacts.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("segment", table = "contact.segment", read = SEGMENT_READ)]
pub struct Segment {
    /// The id of the segment; opaque to clients.
    pub id: SegmentId,
    /// The name that people know it by.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// What makes contacts part of it.
    #[record(once)]
    pub kind: SegmentKind,
    #[graphql(skip)]
    pub(crate) conditions: Json<Value>,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When it was archived; null while it is in use.
    pub archived_at: Option<DateTime<Utc>>,
}

/// A condition of a segment.
#[derive(Clone, Debug, SimpleObject)]
pub struct SegmentCondition {
    /// What is looked at, as the filter of contacts names it.
    pub field: String,
    /// The value that it must have, as text.
    pub value: String,
}

// Use-cases.

/// Creates a segment.
pub async fn create(ctx: &Ctx, input: SegmentCreateInput) -> Result<Segment> {
    let mut tx = ctx.begin(&SEGMENT_MANAGE).await?;
    let mut segment = Segment {
        kind: input.kind,
        conditions: Json(Value::Object(Default::default())),
        ..Segment::blank(tx.now())
    };
    fill_in(&mut tx, &mut segment, input.into()).await?;
    tx.save(&mut segment).await.on_constraint("segment_name_key", NAME_TAKEN)?;
    tx.commit(segment).await
}

/// Changes a segment.
pub async fn update(ctx: &Ctx, id: SegmentId, input: SegmentUpdateInput) -> Result<Segment> {
    let mut tx = ctx.begin(&SEGMENT_MANAGE).await?;
    let mut segment: Segment = tx.lock_at(id, input.version).await?;
    fill_in(&mut tx, &mut segment, input).await?;
    tx.save(&mut segment).await.on_constraint("segment_name_key", NAME_TAKEN)?;
    tx.commit(segment).await
}

/// Puts contacts into a segment; those that are there already stay.
pub async fn add(ctx: &Ctx, id: SegmentId, input: SegmentContactsInput) -> Result<Segment> {
    let mut tx = ctx.begin(&SEGMENT_MANAGE).await?;
    let (segment, ids) = members(&mut tx, id, &input.contact_ids).await?;
    sqlx::query!(
        "insert into contact.segment_member (segment_id, contact_id) select $1, c from unnest($2::uuid[]) c
         on conflict on constraint segment_member_key do nothing",
        id as SegmentId,
        &ids as &[ContactId],
    )
    .execute(tx.conn())
    .await?;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from contact.segment_member where segment_id = $1"#,
        id as SegmentId
    );
    if count.fetch_one(tx.conn()).await? > MEMBERS_MAX {
        return Err(TOO_MANY.into());
    }
    tx.commit(segment).await
}

/// Takes contacts out of a segment.
pub async fn remove(ctx: &Ctx, id: SegmentId, input: SegmentContactsInput) -> Result<Segment> {
    let mut tx = ctx.begin(&SEGMENT_MANAGE).await?;
    let (segment, ids) = members(&mut tx, id, &input.contact_ids).await?;
    let ids: Vec<ContactId> = crate::family::select(&mut tx, &ids).await?.into_keys().collect();
    sqlx::query!(
        "delete from contact.segment_member where segment_id = $1 and contact_id = any($2)",
        id as SegmentId,
        &ids as &[ContactId],
    )
    .execute(tx.conn())
    .await?;
    tx.commit(segment).await
}

/// A static segment, locked, and the contacts that ids lead to.
async fn members(tx: &mut Tx, id: SegmentId, contact_ids: &[ContactId]) -> Result<(Segment, Vec<ContactId>)> {
    graphql::check_bulk(contact_ids.len())?;
    let segment: Segment = tx.lock(id).await?;
    if segment.kind != SegmentKind::Static {
        return Err(ONLY_STATIC.into());
    }
    let found = tx.find_many::<Contact>(contact_ids).await?;
    if let Some(at) = contact_ids.iter().position(|id| !found.contains_key(id)) {
        return Err(CONTACT_NOT_FOUND.at(format!("contactIds.{at}")).into());
    }
    Ok((segment, found.into_values().map(|contact| contact.id).collect()))
}

/// The segments that the filter lets through.
pub async fn list(ctx: &Ctx, filter: SegmentFilter, sort: SegmentSort, page: Page) -> Result<Slice<Segment>> {
    let mut tx = ctx.read_list(&SEGMENT_READ).await?;
    let search = tx.search::<Segment>(filter.search.as_deref()).await?;
    Ok(page!(
        tx, Segment, page, sort: SegmentSort { Name => "name" },
        "(archived_at is not null) = $3 and ($4::uuid[] is null or id = any($4))
         and ($5::text[] is null or search_text like all($5))",
        [filter.is_archived, search.ids.as_deref(), search.patterns.as_deref()],
    ))
}

// Rules.

const MEMBERS_MAX: i64 = 100_000;
const NAME_TAKEN: Refusal = Refusal::of("name", "NAME_TAKEN", "another segment in use has this name");
const TOO_MANY: Refusal =
    Refusal::of("contactIds", "TOO_MANY_CONTACTS", "a segment has 100,000 contacts at most");
const CONTACT_NOT_FOUND: Refusal = Refusal::whole("CONTACT_NOT_FOUND", "there is no such contact");
const ONLY_STATIC: Refusal = Refusal::whole(
    "SEGMENT_BY_CONDITIONS",
    "contacts are part of this segment by its conditions; change those, or make a static one",
);
const NO_CONDITIONS: Refusal = Refusal::of(
    "conditions",
    "SEGMENT_STATIC",
    "contacts are put into this segment by hand; it has no conditions",
);
const OWNER_NOT_FOUND: Refusal =
    Refusal::of("conditions.ownerId", "MEMBER_NOT_FOUND", "there is no such member");
const CONDITION_REQUIRED: Refusal =
    Refusal::of("conditions", "REQUIRED", "give one condition at least, or make a static segment");

async fn fill_in(tx: &mut Tx, segment: &mut Segment, input: SegmentUpdateInput) -> Result<()> {
    if let MaybeUndefined::Value(SegmentConditionsInput { owner_id: Some(owner), .. }) = &input.conditions
        && people::members_among(tx, &[*owner]).await?.is_empty()
    {
        return Err(OWNER_NOT_FOUND.into());
    }
    segment.fill_in(input)
}

impl Segment {
    fn fill_in(&mut self, input: SegmentUpdateInput) -> Result<()> {
        const DESCRIPTION_MAX: usize = 2_000;
        let mut form = Form::default();
        form.name("name", input.name, &mut self.name);
        form.optional_text("description", input.description, DESCRIPTION_MAX, &mut self.description);
        let is_new = self.version == 0;
        match (input.conditions, self.kind) {
            (MaybeUndefined::Undefined, SegmentKind::Filter) if is_new => form.refuse(CONDITION_REQUIRED),
            (MaybeUndefined::Undefined, _) => {}
            (given, kind) => {
                form.checked("conditions", given, conditions, &mut self.conditions);
                if kind == SegmentKind::Static {
                    form.refuse(NO_CONDITIONS);
                }
            }
        }
        form.check()
    }

    /// Its conditions, for people.
    pub(crate) fn conditions_shown(&self) -> Vec<SegmentCondition> {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let all = self.conditions.as_object().into_iter().flatten();
        all.map(|(field, value)| SegmentCondition { field: field.clone(), value: text(value) }).collect()
    }
}

/// The conditions of a segment, as they are kept.
fn conditions(input: SegmentConditionsInput) -> Result<Json<Value>, Refusal> {
    let tag = input.tag.clone();
    let below = |refusal: Refusal| {
        let field = format!("conditions.{}", refusal.field.as_deref().unwrap_or_default());
        refusal.at(field)
    };
    let mut all = contact::conditions(&input.into()).map_err(below)?;
    if let (Some(tag), Some(all)) = (&tag, all.as_object_mut()) {
        const INVALID: Refusal =
            Refusal::of("conditions.tag", "TAG_INVALID", "give a tag of 1 to 40 characters that can be seen");
        all.insert("tag".to_owned(), common::text::name(tag, custom::TAG_MAX).ok_or(INVALID)?.into());
    }
    if all.as_object().is_some_and(serde_json::Map::is_empty) {
        Err(CONDITION_REQUIRED)
    } else {
        Ok(Json(all))
    }
}

// SQL.

/// How many contacts in use are in a segment, as far as the caller sees them.
pub(crate) struct CountOf;

impl Batch for CountOf {
    type Key = SegmentId;
    type Value = i64;
    const READ: &'static Permission = &SEGMENT_READ;

    async fn load(tx: &mut Tx, keys: &[SegmentId]) -> Result<HashMap<SegmentId, i64>> {
        let mut counts = HashMap::with_capacity(keys.len());
        for segment in Segment::select_many(tx, keys).await? {
            let count = match segment.kind {
                SegmentKind::Filter => contact::count(tx, &segment.conditions).await?,
                SegmentKind::Static => {
                    sqlx::query_scalar!(
                        r#"select count(distinct c.id) as "count!" from contact.segment_member m
                       join contact.contact c on c.id = contact.current_id(m.contact_id)
                       where m.segment_id = $1 and c.archived_at is null"#,
                        segment.id as SegmentId,
                    )
                    .fetch_one(tx.conn())
                    .await?
                }
            };
            counts.insert(segment.id, count);
        }
        Ok(counts)
    }
}

// GraphQL.

inputs! {
    /// The fields of a new segment.
    SegmentCreateInput,
    /// The fields of a segment to change; those that are absent stay as they are.
    SegmentUpdateInput {
        /// What makes contacts part of it; it stays so.
        once kind: SegmentKind,
        /// The name that people know it by: 1 to 100 characters, unique among those in use.
        required name: String,
        /// What it is for: 1 to 2,000 characters.
        nullable description: String,
        /// What contacts must be to be part of it; one condition at least, and none for a static one.
        defaulted conditions: SegmentConditionsInput,
    }
}

/// What contacts must be to be part of a segment; every condition holds.
#[derive(Clone, Debug, Default, InputObject)]
pub struct SegmentConditionsInput {
    /// Whether they are a person or a company.
    pub kind: Option<ContactKind>,
    /// Whether one deals with them.
    pub status: Option<ContactStatus>,
    /// What they are to the organization, among other things.
    pub role: Option<ContactRole>,
    /// The id of the membership of whoever looks after them.
    pub owner_id: Option<MembershipId>,
    /// Whether anybody looks after them.
    pub is_owned: Option<bool>,
    /// The ISO 3166 code of the country of their first address.
    pub country: Option<String>,
    /// What a company does, as it is spelt.
    pub industry: Option<String>,
    /// Where they were met first, as it is spelt.
    pub source: Option<String>,
    /// The language that they are written to in, as it is spelt.
    pub language: Option<String>,
    /// A tag that they carry, as it is spelt.
    pub tag: Option<String>,
    /// What they have allowed and may be sent.
    pub may_receive: Option<ContactGrantInput>,
    /// Whether they want to hear nothing.
    pub is_do_not_contact: Option<bool>,
    /// Whether they have a mail address.
    pub has_email: Option<bool>,
    /// Whether they have a phone number.
    pub has_phone: Option<bool>,
    /// An instant since which nobody has talked or written to them: they are dormant.
    pub contacted_before: Option<DateTime<Utc>>,
    /// An instant since which somebody has talked or written to them.
    pub contacted_after: Option<DateTime<Utc>>,
    /// An instant before which the record was made.
    pub created_before: Option<DateTime<Utc>>,
    /// An instant after which the record was made.
    pub created_after: Option<DateTime<Utc>>,
}

impl From<SegmentConditionsInput> for ContactFilter {
    fn from(input: SegmentConditionsInput) -> Self {
        Self {
            kind: input.kind,
            status: input.status,
            role: input.role,
            owner_id: input.owner_id,
            is_owned: input.is_owned,
            country: input.country,
            industry: input.industry,
            source: input.source,
            language: input.language,
            may_receive: input.may_receive,
            is_do_not_contact: input.is_do_not_contact,
            has_email: input.has_email,
            has_phone: input.has_phone,
            contacted_before: input.contacted_before,
            contacted_after: input.contacted_after,
            created_before: input.created_before,
            created_after: input.created_after,
            ..Self::default()
        }
    }
}

/// Contacts to put into a segment, or to take out of it.
#[derive(Clone, Debug, InputObject)]
pub struct SegmentContactsInput {
    /// The ids of the contacts, 500 at most.
    pub contact_ids: Vec<ContactId>,
}

/// Which segments a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct SegmentFilter {
    /// Part of the name.
    #[graphql(directive = graphql::cost::apply(20))]
    pub search: Option<String>,
    /// True for the archived ones in place of those in use.
    #[graphql(default)]
    pub is_archived: bool,
}

sorts! {
    /// How a list of segments is ordered.
    SegmentSort {
        /// By the name of the segment.
        Name,
    }
}

queries! {
    Segment;
    /// The segments; those in use, by name, unless the arguments say otherwise.
    segments(SegmentFilter, SegmentSort) = list;
    /// One segment, archived or not; null when there is none of that id.
    segment;
}

mutations! {
    Segment as segment;
    /// Creates a segment.
    segment_create(input: SegmentCreateInput) = create for SEGMENT_MANAGE;
    /// Changes a segment.
    segment_update(id: SegmentId, input: SegmentUpdateInput) = update for SEGMENT_MANAGE;
    /// Puts contacts into a static segment; those that are there already stay.
    segment_add(
        /// The id of the segment.
        id: SegmentId,
        /// The contacts.
        input: SegmentContactsInput
    ) = add for SEGMENT_MANAGE if |segment| segment.kind == SegmentKind::Static;
    /// Takes contacts out of a static segment.
    segment_remove(
        /// The id of the segment.
        id: SegmentId,
        /// The contacts.
        input: SegmentContactsInput
    ) = remove for SEGMENT_MANAGE if |segment| segment.kind == SegmentKind::Static;
    archive and restore for SEGMENT_MANAGE;
}
