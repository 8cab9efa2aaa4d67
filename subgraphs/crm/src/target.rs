//! Sales targets: what somebody, or the whole organization, is to win in a time.

use async_graphql::{Context, InputObject, MaybeUndefined, SimpleObject};
use chrono::{DateTime, Utc};
use common::{Currency, Form, MembershipId, Page, Refusal, Result, Slice};
use database::{Ctx, OnConstraint as _, Record, Tx, page};
use graphql::{App as _, Date, Money, cost, inputs, mutations, noun, queries, sorts};
use rust_decimal::Decimal;

use crate::Membership;
use crate::deal::won_between;
use crate::ids::SalesTargetId;
use crate::owner;
use crate::rights::{TARGET_MANAGE, TARGET_READ};

/// What is to be won in a time.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("sales target", table = "crm.sales_target", read = TARGET_READ)]
pub struct SalesTarget {
    /// The id of the target; opaque to clients.
    pub id: SalesTargetId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) owner_membership_id: Option<MembershipId>,
    /// The first day of the time.
    pub first_day: Date,
    /// The last day of the time.
    pub last_day: Date,
    #[graphql(skip)]
    pub(crate) amount: Decimal,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) currency: String,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When it was archived; null while it is in use.
    pub archived_at: Option<DateTime<Utc>>,
}

// Use-cases.

/// Creates a target.
pub async fn create(ctx: &Ctx, input: SalesTargetCreateInput) -> Result<SalesTarget> {
    let mut tx = ctx.begin(&TARGET_MANAGE).await?;
    let mut target = SalesTarget { owner_membership_id: input.owner_id, ..SalesTarget::blank(tx.now()) };
    let mut form = Form::default();
    form.currency("currency", MaybeUndefined::Value(input.currency.clone()), &mut target.currency);
    target.fill_in(form, input.into())?;
    owner::check(&mut tx, "ownerId", None, target.owner_membership_id, &TARGET_READ).await?;
    save(&mut tx, &mut target).await?;
    tx.commit(target).await
}

/// Changes a target.
pub async fn update(ctx: &Ctx, id: SalesTargetId, input: SalesTargetUpdateInput) -> Result<SalesTarget> {
    let mut tx = ctx.begin(&TARGET_MANAGE).await?;
    let mut target: SalesTarget = tx.lock_at(id, input.version).await?;
    target.fill_in(Form::default(), input)?;
    save(&mut tx, &mut target).await?;
    tx.commit(target).await
}

async fn save(tx: &mut Tx, target: &mut SalesTarget) -> Result<()> {
    owner::refusals(tx.save(target).await).on_constraint("sales_target_key", TARGET_TAKEN)
}

/// The targets that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: SalesTargetFilter,
    sort: SalesTargetSort,
    page: Page,
) -> Result<Slice<SalesTarget>> {
    let mut tx = ctx.read_list(&TARGET_READ).await?;
    Ok(page!(
        tx, SalesTarget, page, sort: SalesTargetSort { FirstDay => "first_day" },
        "(archived_at is not null) = $3 and ($4::uuid is null or owner_membership_id = $4)
         and ($5::date is null or first_day <= $5 and last_day >= $5)",
        [filter.is_archived, filter.owner_id as Option<MembershipId>, filter.on.map(|day| day.0)],
    ))
}

// Rules.

const TARGET_TAKEN: Refusal = Refusal::of(
    "firstDay",
    "TARGET_TAKEN",
    "there is another target in use of the same owner, days and currency",
);
const DAYS_TURNED: Refusal =
    Refusal::of("lastDay", "DATE_OUT_OF_RANGE", "the last day comes before the first");

impl SalesTarget {
    fn fill_in(&mut self, mut form: Form, input: SalesTargetUpdateInput) -> Result<()> {
        form.set("firstDay", input.first_day, &mut self.first_day);
        form.set("lastDay", input.last_day, &mut self.last_day);
        if self.last_day < self.first_day {
            form.refuse(DAYS_TURNED);
        }
        let amounts = Decimal::new(1, 4)..=Decimal::from(Currency::AMOUNT_MAX);
        form.amount("amount", input.amount, &self.currency, amounts, &mut self.amount);
        form.check()
    }
}

// GraphQL.

#[noun]
impl SalesTarget {
    /// The member whose it is; null for the whole organization.
    async fn owner(&self) -> Option<Membership> {
        self.owner_membership_id.map(|id| Membership { id })
    }

    /// What is to be won.
    async fn amount(&self) -> Money {
        Money::new(self.amount, &self.currency)
    }

    /// What was won in the time so far, in its currency, of deals that the caller sees.
    #[graphql(directive = cost::apply(10))]
    async fn won(&self, gql: &Context<'_>) -> Result<Money> {
        let mut tx = gql.app().read(&TARGET_READ).await?;
        let days = (self.first_day.0, self.last_day.0);
        let won = won_between(&mut tx, self.owner_membership_id, days, &self.currency).await?;
        Ok(Money::new(won, &self.currency))
    }
}

inputs! {
    /// The fields of a new target.
    SalesTargetCreateInput,
    /// The fields of a target to change; those that are absent stay as they are.
    SalesTargetUpdateInput {
        /// The id of the membership whose it is; the whole organization's when absent. It stays so.
        once owner_id: Option<MembershipId>,
        /// The ISO 4217 code of its currency; it stays so.
        once currency: String,
        /// The first day of the time.
        required first_day: Date,
        /// The last day of the time.
        required last_day: Date,
        /// What is to be won, above 0, no finer than its currency.
        required amount: Decimal,
    }
}

/// Which targets a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct SalesTargetFilter {
    /// The id of the membership whose they are.
    pub owner_id: Option<MembershipId>,
    /// A day that is in their time.
    pub on: Option<Date>,
    /// True for the archived ones in place of those in use.
    #[graphql(default)]
    pub is_archived: bool,
}

sorts! {
    /// How a list of targets is ordered.
    SalesTargetSort {
        /// By the first day, the latest first.
        desc FirstDay,
    }
}

queries! {
    SalesTarget;
    /// The sales targets; those in use, the latest first, unless the arguments say otherwise.
    sales_targets(SalesTargetFilter, SalesTargetSort) = list;
    /// One sales target, archived or not; null when there is none of that id.
    sales_target;
}

mutations! {
    SalesTarget as sales_target;
    /// Creates a sales target.
    sales_target_create(input: SalesTargetCreateInput) = create for TARGET_MANAGE;
    /// Changes a sales target.
    sales_target_update(id: SalesTargetId, input: SalesTargetUpdateInput) = update for TARGET_MANAGE;
    archive and restore for TARGET_MANAGE;
}
