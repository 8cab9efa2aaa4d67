//! Leave policies: what they give of each leave type, and who gets them from when on.

mod graphql;

use ::graphql::Date;
use async_graphql::{MaybeUndefined, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use common::{Form, OrganizationId, PEOPLE_OFFICE, Page, Permission, Refusal, Result, Slice, given};
use database::{Ctx, Database, OnConstraint as _, Record, Tx, page};
use rust_decimal::Decimal;

pub(crate) use self::graphql::{AssignmentsOfEmployee, LinesOfPolicy};
use self::graphql::{
    LeavePolicyAssignBulkInput, LeavePolicyAssignInput, LeavePolicyCreateInput, LeavePolicyFilter,
    LeavePolicySort, LeavePolicyUnassignInput, LeavePolicyUpdateInput,
};
pub use self::graphql::{PolicyAssignmentMutation, PolicyMutation, PolicyQuery};
use crate::due::{
    self, LeavePolicyLineInput, LeaveYear, PolicyAssignment, PolicyLine, assignments, lines_of,
};
use crate::events::PolicyChanged;
use crate::ids::{EmployeeId, PolicyAssignmentId, PolicyId};
use crate::leave_type::{LeaveType, LeaveUnit};
use crate::{balance, employee, ledger};

/// What people with this policy are due.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(name = "LeavePolicy", complex)]
#[record("leave policy", table = "leave.policy", read = READ, graphql = "LeavePolicy", parts = "lines")]
pub struct Policy {
    /// The id of the leave policy; opaque to clients.
    pub id: PolicyId,
    /// The name that people know it by.
    pub name: String,
    /// Whether it is the default, which whoever has none of their own has by the first day of their employment; where another
    /// one will be the default from a later day on, that one.
    pub is_default: bool,
    /// When its leave years begin.
    pub leave_year: LeaveYear,
    /// The month in which the leave years begin that are one for everybody, from 1.
    pub year_start_month: i32,
    /// The day of that month.
    pub year_start_day: i32,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When it was archived; null while it is in use.
    pub archived_at: Option<DateTime<Utc>>,
}

impl Policy {
    /// When its leave years begin.
    fn year(&self) -> (LeaveYear, i32, i32) {
        (self.leave_year, self.year_start_month, self.year_start_day)
    }

    fn fill_in_year(
        &mut self,
        form: &mut Form,
        leave_year: MaybeUndefined<LeaveYear>,
        month: MaybeUndefined<i32>,
        day: MaybeUndefined<i32>,
    ) {
        form.set("leaveYear", leave_year, &mut self.leave_year);
        form.number("yearStartMonth", month, 1..=12, &mut self.year_start_month);
        // 28: a day that every month has.
        form.number("yearStartDay", day, 1..=28, &mut self.year_start_day);
    }
}

pub(crate) const READ: Permission = crate::due::READ;
pub(crate) const MANAGE: Permission = Permission::new(
    "leave.policy.manage",
    "Create, change, archive and assign leave policies.",
    PEOPLE_OFFICE,
);

/// The most lines in a policy.
const LINES_MAX: usize = 50;

const NAME_TAKEN: Refusal = Refusal::of("name", "NAME_TAKEN", "another leave policy has this name");
const DEFAULT_ARCHIVED: Refusal =
    Refusal::of("isDefault", "ARCHIVED", "an archived leave policy cannot be the default; restore it first");
const DEFAULT_STAYS: Refusal =
    Refusal::whole("DEFAULT_STAYS", "this is the organization's default; make another one the default first");
const DEFAULT_FROM: Refusal =
    Refusal::of("defaultFrom", "DEFAULT_FROM_ALONE", "say with isDefault what is to hold from that day on");
const LEAVE_TYPE_TWICE: Refusal = Refusal::of(
    "leaveTypeId",
    "LEAVE_TYPE_TWICE",
    "another line of this policy is about the same leave type",
);
const TOO_MANY_DAYS: Refusal =
    Refusal::of("daysPerYear", "NUMBER_OUT_OF_RANGE", "a year has 366 days at most; only hours are more");
const FIRST_DAY: Refusal =
    Refusal::of("firstDay", "DATE_OUT_OF_RANGE", "give a first day within five years of today");

/// Creates a policy with its lines.
pub async fn create(ctx: &Ctx, input: LeavePolicyCreateInput) -> Result<Policy> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let mut policy = Policy { year_start_month: 1, year_start_day: 1, ..Policy::blank(tx.now()) };
    let mut form = Form::default();
    form.name("name", given(input.name), &mut policy.name);
    let default = DefaultChange::of(&mut form, &policy, given_if(input.is_default), input.default_from);
    let given_or = |number: Option<i32>| given(number.unwrap_or(1));
    let (month, day) = (given_or(input.year_start_month), given_or(input.year_start_day));
    policy.fill_in_year(&mut form, given(input.leave_year.unwrap_or_default()), month, day);
    let mut lines = filled_in_lines(&mut form, policy.id, given(input.lines));
    form.check()?;
    check_leave_types(&mut tx, &[], &lines).await?;
    save(&mut tx, &mut policy, false, default).await?;
    tx.save_all(&mut lines).await?;
    if default.is_some() {
        tx.emit(&PolicyChanged { policy_id: policy.id.into(), concerns_default: true }).await?;
    }
    tx.commit(policy).await
}

/// Changes a policy for everybody who has it, for all the time for which they do: balances follow at once, and what
/// is different is noted in the ledger a moment later.
pub async fn update(ctx: &Ctx, id: PolicyId, input: LeavePolicyUpdateInput) -> Result<Policy> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let mut policy: Policy = tx.lock_at(id, input.version).await?;
    let year = policy.year();
    let mut form = Form::default();
    form.name("name", input.name, &mut policy.name);
    let default = DefaultChange::of(&mut form, &policy, input.is_default, input.default_from);
    policy.fill_in_year(&mut form, input.leave_year, input.year_start_month, input.year_start_day);
    let changes_lines = !input.lines.is_undefined();
    let lines = filled_in_lines(&mut form, id, input.lines);
    if default.is_some_and(|change| change.is_default) && policy.archived_at.is_some() {
        form.refuse(DEFAULT_ARCHIVED);
    }
    form.check()?;
    let mut are_changed = false;
    if changes_lines {
        let there = lines_of(&mut tx, &[id]).await?;
        check_leave_types(&mut tx, &there, &lines).await?;
        are_changed = tx.replace_parts(there, lines, |line| line.leave_type_id).await?;
    }
    save(&mut tx, &mut policy, are_changed, default).await?;
    if are_changed || year != policy.year() || default.is_some() {
        tx.emit(&PolicyChanged { policy_id: id.into(), concerns_default: default.is_some() }).await?;
    }
    tx.commit(policy).await
}

/// The lines as a form has them, one for each leave type.
fn filled_in_lines(
    form: &mut Form,
    policy_id: PolicyId,
    given: MaybeUndefined<Vec<LeavePolicyLineInput>>,
) -> Vec<PolicyLine> {
    let mut lines = Vec::new();
    form.each("lines", given, 1..=LINES_MAX, &mut lines, |form, line| {
        PolicyLine::filled_in(form, policy_id, line)
    });
    for (at, line) in lines.iter().enumerate() {
        if lines[..at].iter().any(|before| before.leave_type_id == line.leave_type_id) {
            form.refuse(LEAVE_TYPE_TWICE.below("lines", at));
        }
    }
    lines
}

/// Whether the leave types of lines are there, and what they give can be: those that the policy had may be archived by
/// now.
async fn check_leave_types(tx: &mut Tx, there: &[PolicyLine], lines: &[PolicyLine]) -> Result<()> {
    for (at, line) in lines.iter().enumerate() {
        let id = line.leave_type_id;
        let leave_type = match there.iter().any(|line| line.leave_type_id == id) {
            true => tx.find::<LeaveType>(id).await?,
            false => tx.reference::<LeaveType>(format!("lines.{at}.leaveTypeId"), id).await?,
        };
        if leave_type.unit != LeaveUnit::Hour && line.days_per_year > Decimal::from(366) {
            return Err(TOO_MANY_DAYS.below("lines", at).into());
        }
    }
    Ok(())
}

/// Archives a policy that is not the default; whoever has it keeps it.
pub async fn archive(ctx: &Ctx, id: PolicyId) -> Result<Policy> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let mut policy: Policy = tx.lock(id).await?;
    if policy.is_default {
        return Err(DEFAULT_STAYS.into());
    }
    policy.archived_at.get_or_insert(tx.now());
    tx.save(&mut policy).await?;
    tx.commit(policy).await
}

async fn restore(ctx: &Ctx, id: PolicyId) -> Result<Policy> {
    database::restore(ctx, &MANAGE, id).await
}

/// That a policy becomes the default, or that there is none in its place: from a day on, where one is named.
#[derive(Clone, Copy, Debug)]
struct DefaultChange {
    is_default: bool,
    from: Option<Date>,
}

impl DefaultChange {
    /// What a form says of the default, if it changes anything.
    fn of(
        form: &mut Form,
        policy: &Policy,
        is_default: MaybeUndefined<bool>,
        from: Option<Date>,
    ) -> Option<Self> {
        let is_said = is_default.is_value();
        let mut wanted = policy.is_default;
        form.set("isDefault", is_default, &mut wanted);
        if from.is_some() && !is_said {
            form.refuse(DEFAULT_FROM);
        }
        let changes = wanted != policy.is_default || is_said && from.is_some();
        changes.then_some(Self { is_default: wanted, from })
    }
}

fn given_if<T>(value: Option<T>) -> MaybeUndefined<T> {
    value.map_or(MaybeUndefined::Undefined, MaybeUndefined::Value)
}

async fn save(
    tx: &mut Tx,
    policy: &mut Policy,
    are_lines_changed: bool,
    default: Option<DefaultChange>,
) -> Result<()> {
    let mut from = None;
    if let Some(change) = default {
        from = match change.from {
            Some(day) => Some(day.0),
            None => {
                let today = today(tx).await?;
                due::usual_first_day(tx, today).await?
            }
        };
        // One that begins before another one does not become the last by it, and does not cease to be.
        if due::would_be_last(tx, from).await? {
            policy.is_default = change.is_default;
        }
    }
    clear_default(tx, policy).await?;
    tx.save_with_parts(policy, are_lines_changed).await.on_constraint("policy_name_key", NAME_TAKEN)?;
    if let Some(change) = default {
        due::set_default(tx, from, change.is_default.then_some(policy.id)).await?;
    }
    Ok(())
}

/// The calendar day that it is where the caller works.
async fn today(tx: &mut Tx) -> Result<NaiveDate> {
    match tx.membership_id() {
        Some(member) => people::today(tx, member).await,
        None => Ok(tx.now().date_naive()),
    }
}

/// A new default takes the place of the one before.
async fn clear_default(tx: &mut Tx, policy: &Policy) -> Result<()> {
    if !policy.is_default {
        return Ok(());
    }
    let others = select_policy!("where is_default and id <> $1 for update", policy.id as PolicyId);
    let mut others = others.fetch_all(tx.conn()).await?;
    for other in &mut others {
        other.is_default = false;
    }
    tx.save_all(&mut others).await.map(|_| ())
}

/// The policies that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: LeavePolicyFilter,
    sort: LeavePolicySort,
    page: Page,
) -> Result<Slice<Policy>> {
    let mut tx = ctx.read_list(&READ).await?;
    let search = tx.search::<Policy>(filter.search.as_deref()).await?;
    Ok(page!(
        tx, Policy, page, sort: LeavePolicySort { Name => "name" },
        "(archived_at is not null) = $3 and ($4::uuid[] is null or id = any($4))
         and ($5::text[] is null or search_text like all($5))",
        [filter.is_archived, search.ids.as_deref(), search.patterns.as_deref()],
    ))
}

/// Gives an employee a policy from a day on, until the next one begins; the default yields to it.
pub async fn assign(ctx: &Ctx, input: LeavePolicyAssignInput) -> Result<PolicyAssignment> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let first_day = input.first_day.map(Into::into);
    let assigned = assign_in(&mut tx, Some(input.policy_id), input.employee_id, first_day).await?;
    tx.commit(assigned).await
}

/// Gives many employees a policy from a day on; what is refused of one, the others are not.
pub async fn assign_bulk(
    ctx: &Ctx,
    input: LeavePolicyAssignBulkInput,
) -> Result<Vec<Result<PolicyAssignment>>> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let (policy_id, first_day) = (Some(input.policy_id), input.first_day.map(Into::into));
    let done = tx
        .each(input.employee_ids, |id| *id, move |tx, id| Box::pin(assign_in(tx, policy_id, id, first_day)))
        .await?;
    tx.commit(done).await
}

/// Leaves an employee without a policy from a day on, until the next one begins.
pub async fn end_assignments(ctx: &Ctx, input: LeavePolicyUnassignInput) -> Result<PolicyAssignment> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let first_day = input.first_day.map(Into::into);
    let ended = assign_in(&mut tx, None, input.employee_id, first_day).await?;
    tx.commit(ended).await
}

async fn assign_in(
    tx: &mut Tx,
    policy_id: Option<PolicyId>,
    employee_id: EmployeeId,
    first_day: Option<NaiveDate>,
) -> Result<PolicyAssignment> {
    let employee = employee::named(tx, employee_id).await?;
    employee::check_not_own(tx, employee.id).await?;
    tx.check_reference::<Policy>("policyId", None, policy_id).await?;
    let today = employee.day_at(tx.now());
    let first_day = first_day.unwrap_or(today);
    if (first_day - today).num_days().abs() > balance::REACH_DAYS {
        return Err(FIRST_DAY.into());
    }
    ledger::lock(tx, employee.id).await?;
    let (joined_on, _) = employee.employments().next().unwrap_or((employee.joined_on, None));
    let first_day = Some(Date(first_day)).filter(|day| day.0 > joined_on);
    let mut there = assignments(tx, &[employee.id]).await?.into_iter();
    let there = there.find(|assignment| !assignment.is_by_default && assignment.first_day == first_day);
    let blank = PolicyAssignment { first_day, ..PolicyAssignment::blank(tx.now(), employee.id) };
    let mut assignment = PolicyAssignment { policy_id, ..there.unwrap_or(blank) };
    tx.save(&mut assignment).await?;
    ledger::post(tx, &employee, None).await?;
    Ok(assignment)
}

/// Takes back that an employee was given a policy, or none, from a day on.
pub async fn withdraw(ctx: &Ctx, id: PolicyAssignmentId) -> Result<PolicyAssignment> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let mut assignment: PolicyAssignment = tx.lock(id).await?;
    employee::check_not_own(&mut tx, assignment.employee_id).await?;
    assignment.withdrawn_at.get_or_insert(tx.now());
    tx.save(&mut assignment).await?;
    let employee = people::find(&mut tx, assignment.employee_id).await?;
    ledger::post(&mut tx, &employee, None).await?;
    tx.commit(assignment).await
}

/// The organizations in which anybody may be due anything.
pub(crate) async fn organizations(database: &Database) -> Result<Vec<OrganizationId>> {
    let ids = sqlx::query_scalar!(r#"select leave.organizations_with_policies() as "id!: OrganizationId""#)
        .fetch_all(&mut *database.untenanted().await?)
        .await?;
    Ok(ids)
}
