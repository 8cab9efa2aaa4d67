//! Activities: calls, meetings, tasks, mails and notes, of a lead, a deal or a contact; when they are due and what came of them.

use async_graphql::{InputObject, SimpleObject};
use chrono::{DateTime, Utc};
use common::{Form, MembershipId, Page, Refusal, Result, Slice};
use database::{Ctx, Record, Tx, page};
use graphql::{choices, inputs, mutations, queries, sorts};

use crate::deal::Deal;
use crate::events::ActivityDue;
use crate::ids::{ActivityId, ContactId, DealId, LeadId};
use crate::lead::{self, Lead, LeadStatus};
use crate::rights::{ACTIVITY_MANAGE, ACTIVITY_READ};
use crate::{owner, party, words};

choices! {
    /// What somebody does.
    ActivityKind {
        /// Something else that is to be done.
        Task,
        /// A call on the phone.
        Call,
        /// A meeting.
        Meeting,
        /// A mail to write.
        Email,
        /// Something to be remembered.
        Note,
    }
}

/// Something that is to be done, or was.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("activity", table = "crm.activity", read = ACTIVITY_READ)]
pub struct Activity {
    /// The id of the activity; opaque to clients.
    pub id: ActivityId,
    /// The kind of activity: a call, a meeting, a note, …
    pub kind: ActivityKind,
    /// What it is about, in a few words.
    pub subject: String,
    /// What there is to say of it.
    pub body: Option<String>,
    /// When it is to be done; null for whenever.
    pub due_at: Option<DateTime<Utc>>,
    /// When it was done; null while it is not.
    pub done_at: Option<DateTime<Utc>>,
    /// What came of it.
    pub outcome: Option<String>,
    #[graphql(skip)]
    pub(crate) lead_id: Option<LeadId>,
    #[graphql(skip)]
    pub(crate) deal_id: Option<DealId>,
    #[graphql(skip)]
    pub(crate) contact_id: Option<ContactId>,
    #[graphql(skip)]
    pub(crate) assignee_membership_id: Option<MembershipId>,
    #[graphql(skip)]
    pub(crate) told_at: Option<DateTime<Utc>>,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When it was archived; null while it is in use.
    pub archived_at: Option<DateTime<Utc>>,
    /// When the record was made.
    pub created_at: DateTime<Utc>,
}

// Use-cases.

/// Creates an activity, the caller's unless somebody else is named.
pub async fn create(ctx: &Ctx, input: ActivityCreateInput) -> Result<Activity> {
    let mut tx = ctx.begin(&ACTIVITY_MANAGE).await?;
    let mut activity = Activity { assignee_membership_id: tx.membership_id(), ..Activity::blank(tx.now()) };
    let before = activity.clone();
    activity.fill_in(input.into())?;
    check_references(&mut tx, &before, &activity).await?;
    owner::refusals(tx.save(&mut activity).await)?;
    tx.commit(activity).await
}

/// Changes an activity.
pub async fn update(ctx: &Ctx, id: ActivityId, input: ActivityUpdateInput) -> Result<Activity> {
    let mut tx = ctx.begin(&ACTIVITY_MANAGE).await?;
    let mut activity: Activity = tx.lock_at(id, input.version).await?;
    let before = activity.clone();
    activity.fill_in(input)?;
    if activity.due_at != before.due_at {
        activity.told_at = None;
    }
    check_references(&mut tx, &before, &activity).await?;
    owner::refusals(tx.save(&mut activity).await)?;
    tx.commit(activity).await
}

/// Notes that it was done, and what came of it. Who has called or written to a lead, or met them, has answered.
pub async fn complete(ctx: &Ctx, id: ActivityId, input: ActivityCompleteInput) -> Result<Activity> {
    let mut tx = ctx.begin(&ACTIVITY_MANAGE).await?;
    let mut activity: Activity = tx.lock(id).await?;
    if activity.done_at.is_some() {
        return Err(DONE.into());
    }
    let mut form = Form::default();
    form.optional_text("outcome", common::given(input.outcome), 1_000, &mut activity.outcome);
    form.check()?;
    activity.done_at = Some(tx.now());
    tx.save(&mut activity).await?;
    if let Some(lead_id) = activity.lead_id.filter(|_| activity.answers()) {
        answered(&mut tx, lead_id).await?;
    }
    tx.commit(activity).await
}

/// Notes that it was not done after all.
pub async fn reopen(ctx: &Ctx, id: ActivityId) -> Result<Activity> {
    let mut tx = ctx.begin(&ACTIVITY_MANAGE).await?;
    let mut activity: Activity = tx.lock(id).await?;
    activity.done_at = None;
    tx.save(&mut activity).await?;
    tx.commit(activity).await
}

async fn answered(tx: &mut Tx, id: LeadId) -> Result<()> {
    // Whoever does it may see the activity and no lead: then nobody is to be told apart from nobody.
    let Some(before) = Lead::lock_many(tx, &[id]).await?.pop() else { return Ok(()) };
    let mut lead = before.clone();
    if lead.status == LeadStatus::New && lead.go(LeadStatus::Contacted, tx.now()).is_ok() {
        lead::save(tx, &before, &mut lead).await?;
    }
    Ok(())
}

/// The activities that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: ActivityFilter,
    sort: ActivitySort,
    page: Page,
) -> Result<Slice<Activity>> {
    let mut tx = ctx.read_list(&ACTIVITY_READ).await?;
    let search = tx.search::<Activity>(filter.search.as_deref()).await?;
    Ok(page!(
        tx, Activity, page, sort: ActivitySort { CreatedAt => "created_at" },
        "(archived_at is not null) = $3 and ($4::uuid[] is null or id = any($4))
         and ($5::text[] is null or search_text like all($5)) and ($6::text is null or kind = $6)
         and ($7::uuid is null or assignee_membership_id = $7) and ($8::boolean is null or (done_at is not null) = $8)
         and ($9::timestamptz is null or due_at <= $9) and ($10::uuid is null or lead_id = $10)
         and ($11::uuid is null or deal_id = $11)
         and ($12::uuid is null or contact_id in (select f.id from crm.contact_family($12) f))",
        [
            filter.is_archived,
            search.ids.as_deref(),
            search.patterns.as_deref(),
            filter.kind as Option<ActivityKind>,
            filter.assignee_id as Option<MembershipId>,
            filter.is_done,
            filter.due_before,
            filter.lead_id as Option<LeadId>,
            filter.deal_id as Option<DealId>,
            filter.contact_id as Option<ContactId>,
        ],
    ))
}

/// Tells once of each activity that it is due.
pub(crate) async fn tell_due(tx: &mut Tx) -> Result<()> {
    let due = select_activity!(
        "where due_at <= $1 and done_at is null and told_at is null and archived_at is null
         order by due_at, id limit 1000 for update skip locked",
        tx.now(),
    );
    let due = due.fetch_all(tx.conn()).await?;
    let ids: Vec<ActivityId> = due.iter().map(|activity| activity.id).collect();
    sqlx::query!("update crm.activity set told_at = $2 where id = any($1)", &ids as &[ActivityId], tx.now())
        .execute(tx.conn())
        .await?;
    let told = due.iter().map(|activity| ActivityDue {
        activity_id: activity.id,
        kind: words::word(&activity.kind),
        assignee_membership_id: activity.assignee_membership_id,
    });
    tx.emit_all(&told.collect::<Vec<_>>()).await
}

// Rules.

const DONE: Refusal = Refusal::whole("INVALID_TRANSITION", "this was done already");
const NOTHING: Refusal =
    Refusal::of("dealId", "REQUIRED", "say what it is about: a lead, a deal or a contact");

impl Activity {
    fn fill_in(&mut self, input: ActivityUpdateInput) -> Result<()> {
        let mut form = Form::default();
        form.set("kind", input.kind, &mut self.kind);
        form.name_within("subject", input.subject, 200, &mut self.subject);
        form.optional_text("body", input.body, 10_000, &mut self.body);
        form.optional(input.due_at, &mut self.due_at);
        form.optional(input.lead_id, &mut self.lead_id);
        form.optional(input.deal_id, &mut self.deal_id);
        form.optional(input.contact_id, &mut self.contact_id);
        form.optional(input.assignee_id, &mut self.assignee_membership_id);
        if self.lead_id.is_none() && self.deal_id.is_none() && self.contact_id.is_none() {
            form.refuse(NOTHING);
        }
        form.check()
    }

    /// Whether whoever does it talks to somebody.
    fn answers(&self) -> bool {
        matches!(self.kind, ActivityKind::Call | ActivityKind::Meeting | ActivityKind::Email)
    }
}

async fn check_references(tx: &mut Tx, before: &Activity, now: &Activity) -> Result<()> {
    tx.check_reference::<Lead>("leadId", before.lead_id, now.lead_id).await?;
    tx.check_reference::<Deal>("dealId", before.deal_id, now.deal_id).await?;
    let contact = now.contact_id.filter(|_| now.contact_id != before.contact_id);
    let contact = contact.map(|id| party::Named { field: "contactId".into(), id, kind: None });
    party::check(tx, contact.as_slice()).await?;
    let assignees = (before.assignee_membership_id, now.assignee_membership_id);
    owner::check(tx, "assigneeId", assignees.0, assignees.1, &ACTIVITY_READ).await
}

// GraphQL.

inputs! {
    /// The fields of a new activity.
    ActivityCreateInput,
    /// The fields of an activity to change; those that are absent stay as they are.
    ActivityUpdateInput {
        /// What it is; a task when absent from a new one.
        defaulted kind: ActivityKind,
        /// What it is about, in a few words: 1 to 200 characters.
        required subject: String,
        /// What there is to say of it: 1 to 10,000 characters.
        nullable body: String,
        /// When it is to be done; null for whenever.
        nullable due_at: DateTime<Utc>,
        /// The id of the lead that it is about; null for none.
        nullable lead_id: LeadId,
        /// The id of the deal that it is about; null for none.
        nullable deal_id: DealId,
        /// The id of the contact that it is about; null for none.
        nullable contact_id: ContactId,
        /// The id of the membership that does it; null for nobody yet. The caller's when absent from a new one.
        nullable assignee_id: MembershipId,
    }
}

/// What came of an activity.
#[derive(Clone, Debug, InputObject)]
pub struct ActivityCompleteInput {
    /// What came of it: 1 to 1,000 characters.
    pub outcome: Option<String>,
}

/// Which activities a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct ActivityFilter {
    /// Part of the subject.
    #[graphql(directive = graphql::cost::apply(20))]
    pub search: Option<String>,
    /// The kind of the activities.
    pub kind: Option<ActivityKind>,
    /// The id of the membership that does them.
    pub assignee_id: Option<MembershipId>,
    /// Whether they were done.
    pub is_done: Option<bool>,
    /// An instant by which they are due.
    pub due_before: Option<DateTime<Utc>>,
    /// The id of the lead that they are about.
    pub lead_id: Option<LeadId>,
    /// The id of the deal that they are about.
    pub deal_id: Option<DealId>,
    /// The id of the contact that they are about, or of one that is one with it.
    pub contact_id: Option<ContactId>,
    /// True for the archived ones in place of those in use.
    #[graphql(default)]
    pub is_archived: bool,
}

sorts! {
    /// How a list of activities is ordered.
    ActivitySort {
        /// By when the record was made, the latest first.
        desc CreatedAt,
    }
}

queries! {
    Activity;
    /// The activities in use, the latest first, unless the arguments say otherwise.
    activities(ActivityFilter, ActivitySort) = list;
    /// One activity, archived or not; null when there is none of that id.
    activity;
}

mutations! {
    Activity as activity;
    /// Creates an activity.
    activity_create(input: ActivityCreateInput) = create for ACTIVITY_MANAGE;
    /// Changes an activity.
    activity_update(id: ActivityId, input: ActivityUpdateInput) = update for ACTIVITY_MANAGE;
    /// Notes that an activity was done, and what came of it.
    activity_complete(
        /// The id of the activity.
        id: ActivityId,
        /// What came of it.
        input: ActivityCompleteInput
    ) = complete for ACTIVITY_MANAGE if |activity| activity.done_at.is_none();
    /// Notes that an activity was not done after all.
    activity_reopen(id: ActivityId) = reopen for ACTIVITY_MANAGE if |activity| activity.done_at.is_some();
    archive and restore for ACTIVITY_MANAGE;
}
