//! Why deals and leads are lost: the organization's own list.

use async_graphql::{InputObject, SimpleObject};
use chrono::{DateTime, Utc};
use common::{Form, Page, Refusal, Result, Slice};
use database::{Ctx, OnConstraint as _, Record, Tx, page};
use graphql::{inputs, mutations, noun, queries, sorts};

use crate::ids::LostReasonId;
use crate::rights::{PIPELINE_MANAGE, PIPELINE_READ};

/// A reason why something was lost.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("lost reason", table = "crm.lost_reason", read = PIPELINE_READ)]
pub struct LostReason {
    /// The id of the reason; opaque to clients.
    pub id: LostReasonId,
    /// The reason, in a few words.
    pub name: String,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When it was archived; null while it is in use.
    pub archived_at: Option<DateTime<Utc>>,
}

// Use-cases.

/// Creates a reason.
pub async fn create(ctx: &Ctx, input: LostReasonCreateInput) -> Result<LostReason> {
    let mut tx = ctx.begin(&PIPELINE_MANAGE).await?;
    let mut reason = LostReason::blank(tx.now());
    reason.fill_in(input.into())?;
    tx.save(&mut reason).await.on_constraint("lost_reason_name_key", NAME_TAKEN)?;
    tx.commit(reason).await
}

/// Makes the reasons that an organization begins with. Whoever has ever made one needs none: then nothing is done.
pub(crate) async fn furnish(tx: &mut Tx) -> Result<()> {
    let is_there = sqlx::query_scalar!(r#"select exists (select from crm.lost_reason) as "is_there!""#);
    if is_there.fetch_one(tx.conn()).await? {
        return Ok(());
    }
    let now = tx.now();
    let mut reasons = FIRST_NAMES.map(|name| LostReason { name: name.to_owned(), ..LostReason::blank(now) });
    tx.save_all(&mut reasons).await.map(|_| ())
}

/// Changes a reason.
pub async fn update(ctx: &Ctx, id: LostReasonId, input: LostReasonUpdateInput) -> Result<LostReason> {
    let mut tx = ctx.begin(&PIPELINE_MANAGE).await?;
    let mut reason: LostReason = tx.lock_at(id, input.version).await?;
    reason.fill_in(input)?;
    tx.save(&mut reason).await.on_constraint("lost_reason_name_key", NAME_TAKEN)?;
    tx.commit(reason).await
}

/// The reasons that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: LostReasonFilter,
    sort: LostReasonSort,
    page: Page,
) -> Result<Slice<LostReason>> {
    let mut tx = ctx.read_list(&PIPELINE_READ).await?;
    let search = tx.search::<LostReason>(filter.search.as_deref()).await?;
    Ok(page!(
        tx, LostReason, page, sort: LostReasonSort { Name => "name" },
        "(archived_at is not null) = $3 and ($4::uuid[] is null or id = any($4))
         and ($5::text[] is null or search_text like all($5))",
        [filter.is_archived, search.ids.as_deref(), search.patterns.as_deref()],
    ))
}

// Rules.

/// What an organization begins with.
const FIRST_NAMES: [&str; 5] = ["Price", "Another supplier", "No need", "Bad timing", "No answer"];

const NAME_TAKEN: Refusal = Refusal::of("name", "NAME_TAKEN", "another reason in use has this name");

impl LostReason {
    fn fill_in(&mut self, input: LostReasonUpdateInput) -> Result<()> {
        let mut form = Form::default();
        form.name("name", input.name, &mut self.name);
        form.check()
    }
}

// GraphQL.

#[noun]
impl LostReason {}

inputs! {
    /// The fields of a new reason.
    LostReasonCreateInput,
    /// The fields of a reason to change; those that are absent stay as they are.
    LostReasonUpdateInput {
        /// The reason, in a few words: 1 to 100 characters, unique among those in use.
        required name: String,
    }
}

/// Which reasons a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct LostReasonFilter {
    /// Part of the name.
    #[graphql(directive = graphql::cost::apply(20))]
    pub search: Option<String>,
    /// True for the archived ones in place of those in use.
    #[graphql(default)]
    pub is_archived: bool,
}

sorts! {
    /// How a list of reasons is ordered.
    LostReasonSort {
        /// By the name of the lost reason.
        Name,
    }
}

queries! {
    LostReason;
    /// The reasons why things are lost; those in use, by name, unless the arguments say otherwise.
    lost_reasons(LostReasonFilter, LostReasonSort) = list;
    /// One reason, archived or not; null when there is none of that id.
    lost_reason;
}

mutations! {
    LostReason as lost_reason;
    /// Creates a reason why things are lost.
    lost_reason_create(input: LostReasonCreateInput) = create for PIPELINE_MANAGE;
    /// Changes a reason why things are lost.
    lost_reason_update(id: LostReasonId, input: LostReasonUpdateInput) = update for PIPELINE_MANAGE;
    archive and restore for PIPELINE_MANAGE;
}
