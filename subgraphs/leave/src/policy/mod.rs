//! Leave policies: what people are due of each leave type, and the accrual that gives it to them.

mod assignment;
mod graphql;
mod model;

use async_graphql::SimpleObject;
use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use common::{
    Form, Grants, OrganizationId, PEOPLE_OFFICE, Page, Permission, Refusal, Result, Role, Scope, Slice, given,
};
use database::{Ctx, Database, OnConstraint as _, Record, Tx, page};
use people::Person;
use rust_decimal::Decimal;

pub use self::assignment::{Covered, PolicyAssignment, covered, employees_with_policies};
pub(crate) use self::graphql::LinesOfPolicy;
use self::graphql::{
    LeavePolicyAssignBulkInput, LeavePolicyAssignInput, LeavePolicyCreateInput, LeavePolicyFilter,
    LeavePolicySort, LeavePolicyUpdateInput,
};
pub use self::graphql::{PolicyMutation, PolicyQuery};
pub use self::model::PolicyLine;
use crate::ids::{EmployeeId, PolicyId};
use crate::leave_type::LeaveType;
use crate::ledger::{self, Grant};

/// What people with this policy are due.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(name = "LeavePolicy", complex)]
#[record("leave policy", table = "leave.policy", read = READ, graphql = "LeavePolicy", parts = "lines")]
pub struct Policy {
    /// The id of the leave policy; opaque to clients.
    pub id: PolicyId,
    /// The name that people know it by.
    pub name: String,
    /// Whether everybody who is hired gets it.
    pub is_default: bool,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When it was archived; null while it is in use.
    pub archived_at: Option<DateTime<Utc>>,
}

const READERS: Grants = &[(Role::Admin, Scope::All), (Role::Hr, Scope::All), (Role::Manager, Scope::All)];

pub(crate) const READ: Permission = Permission::new("leave.policy.read", "See the leave policies.", READERS);
pub(crate) const MANAGE: Permission = Permission::new(
    "leave.policy.manage",
    "Create, change, archive and assign leave policies.",
    PEOPLE_OFFICE,
);

/// The most lines in a policy.
const LINES_MAX: usize = 50;

/// How far from today a policy can begin, in days: five years.
const ASSIGNED_DAYS_MAX: i64 = 5 * 366;

const NAME_TAKEN: Refusal = Refusal::of("name", "NAME_TAKEN", "another leave policy has this name");
const DEFAULT_TAKEN: Refusal =
    Refusal::of("isDefault", "DEFAULT_TAKEN", "another leave policy is the default; change that one first");
const DEFAULT_STAYS: Refusal =
    Refusal::whole("DEFAULT_STAYS", "this is the organization's default; make another one the default first");
const LEAVE_TYPE_TWICE: Refusal = Refusal::of(
    "leaveTypeId",
    "LEAVE_TYPE_TWICE",
    "another line of this policy is about the same leave type",
);
const EMPLOYEE_NOT_FOUND: Refusal =
    Refusal::of("employeeId", "EMPLOYEE_NOT_FOUND", "there is no such employee");
const FIRST_DAY: Refusal =
    Refusal::of("firstDay", "DATE_OUT_OF_RANGE", "give a first day within five years of today");
const BEGINS_BEFORE: Refusal = Refusal::of(
    "firstDay",
    "BEGINS_BEFORE_CURRENT",
    "the employee has a later policy; a new one must begin after it",
);

/// Creates a policy with its lines.
pub async fn create(ctx: &Ctx, input: LeavePolicyCreateInput) -> Result<Policy> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let mut policy = Policy::blank(tx.now());
    let (mut form, mut lines) = (Form::default(), Vec::new());
    form.name("name", given(input.name), &mut policy.name);
    policy.is_default = input.is_default.unwrap_or_default();
    form.each("lines", given(input.lines), 1..=LINES_MAX, &mut lines, |form, line| {
        PolicyLine::filled_in(form, policy.id, line)
    });
    for (at, line) in lines.iter().enumerate() {
        if lines[..at].iter().any(|before| before.leave_type_id == line.leave_type_id) {
            form.refuse(LEAVE_TYPE_TWICE.below("lines", at));
        }
    }
    form.check()?;
    for line in &lines {
        tx.check_reference::<LeaveType>("lines.leaveTypeId", None, Some(line.leave_type_id)).await?;
    }
    save(&mut tx, &mut policy).await?;
    tx.save_all(&mut lines).await?;
    tx.commit(policy).await
}

/// Renames a policy, or makes it the default or no longer so. What it gives stays: people have it.
pub async fn update(ctx: &Ctx, id: PolicyId, input: LeavePolicyUpdateInput) -> Result<Policy> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let mut policy: Policy = tx.lock_at(id, input.version).await?;
    let mut form = Form::default();
    form.name("name", input.name, &mut policy.name);
    form.set("isDefault", input.is_default, &mut policy.is_default);
    form.check()?;
    save(&mut tx, &mut policy).await?;
    tx.commit(policy).await
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

async fn save(tx: &mut Tx, policy: &mut Policy) -> Result<()> {
    tx.save(policy)
        .await
        .on_constraint("policy_name_key", NAME_TAKEN)
        .on_constraint("policy_default_key", DEFAULT_TAKEN)
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

/// Gives an employee a policy from a day on; what they had before ends the day before.
pub async fn assign(ctx: &Ctx, input: LeavePolicyAssignInput) -> Result<PolicyAssignment> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let first_day = input.first_day.map(Into::into);
    let assigned = assign_in(&mut tx, input.policy_id, input.employee_id, first_day).await?;
    tx.commit(assigned).await
}

/// Gives many employees a policy from a day on; what is refused of one, the others are not.
pub async fn assign_bulk(
    ctx: &Ctx,
    input: LeavePolicyAssignBulkInput,
) -> Result<Vec<Result<PolicyAssignment>>> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let (policy_id, first_day) = (input.policy_id, input.first_day.map(Into::into));
    let done = tx
        .each(input.employee_ids, |id| *id, move |tx, id| Box::pin(assign_in(tx, policy_id, id, first_day)))
        .await?;
    tx.commit(done).await
}

async fn assign_in(
    tx: &mut Tx,
    policy_id: PolicyId,
    employee_id: EmployeeId,
    first_day: Option<NaiveDate>,
) -> Result<PolicyAssignment> {
    let employee = people::select_many(tx, &[employee_id]).await?.pop().ok_or(EMPLOYEE_NOT_FOUND)?;
    tx.check_reference::<Policy>("policyId", None, Some(policy_id)).await?;
    let today = employee.day_at(tx.now());
    let first_day = first_day.unwrap_or(today).max(employee.joined_on);
    if (first_day - today).num_days().abs() > ASSIGNED_DAYS_MAX {
        return Err(FIRST_DAY.into());
    }
    let assigned = give(tx, &employee, policy_id, first_day).await?;
    accrue(tx, &employee, today).await?;
    Ok(assigned)
}

/// Gives the default policy, if there is one, to somebody who has none; and what is due by `today`.
///
/// From this leave year on: who has been here for long took the leave of earlier years elsewhere.
pub(crate) async fn give_default(tx: &mut Tx, employee: &Person, today: NaiveDate) -> Result<()> {
    let default = select_policy!("where is_default").fetch_optional(tx.conn()).await?;
    if let Some(policy) = default
        && covered(tx, &[employee.id]).await?.is_empty()
    {
        let this_year = NaiveDate::from_ymd_opt(today.year(), 1, 1).unwrap_or(today);
        give(tx, employee, policy.id, employee.joined_on.max(this_year)).await?;
    }
    accrue(tx, employee, today).await
}

async fn give(
    tx: &mut Tx,
    employee: &Person,
    policy_id: PolicyId,
    first_day: NaiveDate,
) -> Result<PolicyAssignment> {
    ledger::lock_all(tx, employee.id).await?;
    let assigned = assignment::insert(tx, employee, policy_id, first_day).await?;
    take_back(tx, employee).await?;
    Ok(assigned)
}

/// Posts what an employee is due by `today` and was not given yet. Any number of runs give it once (LEV-6).
pub(crate) async fn accrue(tx: &mut Tx, employee: &Person, today: NaiveDate) -> Result<()> {
    let year = today.year();
    for policy in &covered(tx, &[employee.id]).await? {
        let last_day = policy.last_day(employee);
        for line in &policy.lines {
            ledger::open(tx, employee.id, line.leave_type_id).await?;
            let grants = line.grants(policy.first_day(employee), last_day, today);
            ledger::post_grants(tx, employee.id, "ACCRUE", &grants).await?;
            let covers_this_year = last_day.is_none_or(|last_day| last_day.year() >= year);
            if covers_this_year && policy.first_day(employee).year() < year {
                let left = ledger::left_at_end_of(tx, employee.id, line.leave_type_id, year - 1).await?;
                let carried: Vec<_> = line.carry_forward(left, year).into_iter().collect();
                ledger::post_grants(tx, employee.id, "CARRY_FORWARD", &carried).await?;
            }
        }
    }
    Ok(())
}

/// Takes back what was given for time that an assignment, or the employment, no longer covers.
pub(crate) async fn take_back(tx: &mut Tx, employee: &Person) -> Result<()> {
    for policy in covered(tx, &[employee.id]).await? {
        let Some(last_day) = policy.last_day(employee) else { continue };
        for line in &policy.lines {
            let due = line.grants(policy.first_day(employee), Some(last_day), NaiveDate::MAX);
            let prefix = format!("{}:", line.id);
            for given in ledger::accrued(tx, employee.id, &prefix).await? {
                let still_due =
                    due.iter().find(|grant| grant.key == given.key).map_or(Decimal::ZERO, |grant| grant.days);
                let correction = Grant {
                    key: format!("{}:until:{last_day}", given.key),
                    days: still_due - given.days,
                    ..given.clone()
                };
                if !correction.days.is_zero() {
                    ledger::post_grants(tx, employee.id, "ADJUST", &[correction]).await?;
                }
            }
        }
    }
    Ok(())
}

/// The organizations in which anybody may be due anything.
pub(crate) async fn organizations(database: &Database) -> Result<Vec<OrganizationId>> {
    let ids = sqlx::query_scalar!(r#"select leave.organizations_with_policies() as "id!: OrganizationId""#)
        .fetch_all(&mut *database.untenanted().await?)
        .await?;
    Ok(ids)
}
