//! Adjustments: what is given to an account, or taken from it, by hand.

use async_graphql::{Context, InputObject, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use common::{Form, PEOPLE_OFFICE, Page, Permission, Refusal, Result, Slice, given};
use database::{Ctx, Record, Tx, page};
use graphql::{App as _, Date, mutations, noun, queries, sorts};
use rust_decimal::{Decimal, dec};

use crate::employee::{self, Employee};
use crate::events::BalanceAdjusted;
use crate::ids::{AdjustmentId, EmployeeId, LeaveTypeId};
use crate::leave_type::LeaveType;
use crate::{balance, ledger, request};

/// What was given to somebody's leave, or taken from it, by hand: an opening balance, a correction. It never changes;
/// one is put right by another.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(name = "LeaveAdjustment", complex)]
#[record(
    "leave adjustment",
    table = "leave.adjustment",
    read = balance::READ,
    graphql = "LeaveAdjustment",
    owner = employee_id
)]
pub struct Adjustment {
    /// The id of the adjustment; opaque to clients.
    pub id: AdjustmentId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) employee_id: EmployeeId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) leave_type_id: LeaveTypeId,
    /// How much was given, or below zero taken: days, or hours of a leave type that is taken in hours.
    #[record(once)]
    pub days: Decimal,
    /// The day from which on it counts.
    #[record(once)]
    pub effective_on: Date,
    /// The last day on which it can be taken; null when it ends, and moves on, as what a policy gives for the same leave
    /// year.
    #[record(once)]
    pub expires_on: Option<Date>,
    /// Why it was given or taken.
    #[record(once)]
    pub reason: String,
    /// When it was entered.
    #[record(once)]
    pub created_at: DateTime<Utc>,
}

pub(crate) const MANAGE: Permission =
    Permission::new("leave.balance.adjust", "Enter opening balances and correct balances.", PEOPLE_OFFICE);

// Use-cases.

/// Gives or takes leave by hand.
pub async fn create(ctx: &Ctx, input: LeaveAdjustmentCreateInput) -> Result<Adjustment> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let adjustment = create_in(&mut tx, input).await?;
    tx.commit(adjustment).await
}

/// Gives or takes leave by hand, of many; what is refused of one, the others are not.
pub async fn create_bulk(
    ctx: &Ctx,
    rows: Vec<LeaveAdjustmentCreateInput>,
) -> Result<Vec<Result<Adjustment>>> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let done = tx.each(rows, |row| row.employee_id, |tx, row| Box::pin(create_in(tx, row))).await?;
    tx.commit(done).await
}

async fn create_in(tx: &mut Tx, input: LeaveAdjustmentCreateInput) -> Result<Adjustment> {
    let is_from_today = input.effective_on.is_none();
    let mut adjustment = Adjustment::blank(tx.now(), input.employee_id, input.leave_type_id);
    adjustment.fill_in(input, tx.now().date_naive())?;
    let employee = employee::named(tx, adjustment.employee_id).await?;
    employee::check_not_own(tx, employee.id).await?;
    if is_from_today {
        adjustment.effective_on = employee.day_at(tx.now()).into();
    }
    let leave_type: LeaveType = tx.reference("leaveTypeId", adjustment.leave_type_id).await?;
    tx.save(&mut adjustment).await?;
    ledger::post(tx, &employee, Some(adjustment.leave_type_id)).await?;
    tx.emit(&BalanceAdjusted {
        employee_id: employee.id.into(),
        membership_id: employee.membership_id,
        leave_type_id: adjustment.leave_type_id.into(),
        days: adjustment.days,
        unit: leave_type.amount_unit(),
        reason: adjustment.reason.clone(),
        actor_membership_id: tx.membership_id(),
    })
    .await?;
    Ok(adjustment)
}

/// The adjustments that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: LeaveAdjustmentFilter,
    sort: LeaveAdjustmentSort,
    page: Page,
) -> Result<Slice<Adjustment>> {
    let mut tx = ctx.read_list(&balance::READ).await?;
    let employees = request::employees_in_sight(&mut tx, &balance::READ).await?;
    Ok(page!(
        tx, Adjustment, page, sort: LeaveAdjustmentSort { EffectiveOn => "effective_on" },
        "($3::uuid[] is null or employee_id = any($3)) and ($4::uuid is null or employee_id = $4)
         and ($5::uuid is null or leave_type_id = $5)",
        [
            employees.as_deref(),
            filter.employee_id as Option<EmployeeId>,
            filter.leave_type_id as Option<LeaveTypeId>,
        ],
    ))
}

// Rules.

const NOTHING: Refusal = Refusal::of("days", "NUMBER_OUT_OF_RANGE", "give more or less than nothing");
const EFFECTIVE_ON: Refusal =
    Refusal::of("effectiveOn", "DATE_OUT_OF_RANGE", "give a day within five years of today");
const EXPIRES_ON: Refusal = Refusal::of(
    "expiresOn",
    "DATE_OUT_OF_RANGE",
    "only what is given has a last day: from the first day on, and at most ten years after it",
);

/// The most characters in a reason.
const TEXT_MAX: usize = 2000;

impl Adjustment {
    fn fill_in(&mut self, input: LeaveAdjustmentCreateInput, today: NaiveDate) -> Result<()> {
        let mut form = Form::default();
        let most = Decimal::from(366 * 24);
        form.decimal("days", given(input.days), -most..=most, 2, &mut self.days);
        if input.days.is_zero() {
            form.refuse(NOTHING);
        }
        self.effective_on = input.effective_on.unwrap_or(today.into());
        if (self.effective_on.0 - today).num_days().abs() > balance::REACH_DAYS {
            form.refuse(EFFECTIVE_ON);
        }
        self.expires_on = input.expires_on;
        let lasts = self.expires_on.map(|last| (last.0 - self.effective_on.0).num_days());
        if lasts.is_some_and(|days| self.days < dec!(0) || !(0..=2 * balance::REACH_DAYS).contains(&days)) {
            form.refuse(EXPIRES_ON);
        }
        form.text("reason", given(input.reason), TEXT_MAX, &mut self.reason);
        form.check()
    }
}

// GraphQL.

#[noun]
impl Adjustment {
    /// The employee whose leave it is.
    async fn employee(&self) -> Employee {
        self.employee_id.into()
    }

    /// The leave type of which something was given or taken.
    async fn leave_type(&self, gql: &Context<'_>) -> Result<Option<LeaveType>> {
        gql.find(self.leave_type_id).await
    }
}

/// What is to be given to somebody's leave, or taken from it, by hand.
#[derive(Clone, Debug, InputObject)]
pub struct LeaveAdjustmentCreateInput {
    /// The id of the employee whose leave it is.
    pub employee_id: EmployeeId,
    /// The id of the leave type.
    pub leave_type_id: LeaveTypeId,
    /// How much to give, or below zero to take, with two decimals at most: -8,784 to 8,784 days, or hours of a leave type
    /// that is taken in hours; not 0.
    pub days: Decimal,
    /// The day from which on it counts, within five years of today; today, where the employee works, when absent.
    pub effective_on: Option<Date>,
    /// The last day on which what is given can be taken, at most ten years later; when absent it ends, and moves on, as
    /// what a policy gives for the same leave year.
    pub expires_on: Option<Date>,
    /// Why it is given or taken: 1 to 2,000 characters. The employee reads it.
    pub reason: String,
}

/// Which adjustments a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct LeaveAdjustmentFilter {
    /// The id of the employee whose leave it is.
    pub employee_id: Option<EmployeeId>,
    /// The id of the leave type.
    pub leave_type_id: Option<LeaveTypeId>,
}

sorts! {
    /// How a list of adjustments is ordered.
    LeaveAdjustmentSort {
        /// By the day from which on they count.
        desc EffectiveOn,
    }
}

queries! {
    Adjustment;
    /// What was given to leave or taken from it by hand, as far as the caller may see it, the latest first unless the
    /// arguments say otherwise.
    leave_adjustments(LeaveAdjustmentFilter, LeaveAdjustmentSort) = list;
    /// One adjustment; null when it does not exist, or is not for the caller to see.
    leave_adjustment;
}

mutations! {
    Adjustment as leave_adjustment;
    /// Gives an employee leave, or takes it from them, by hand: an opening balance, a correction.
    leave_adjustment_create(input: LeaveAdjustmentCreateInput) = create for MANAGE;
    /// Gives many employees leave, or takes it from them, by hand; one answer for each, in the order of the list.
    bulk leave_adjustment_create_bulk(
        /// What to give or to take, 500 at most.
        rows: Vec<LeaveAdjustmentCreateInput>
    ) = create_bulk for MANAGE;
}
