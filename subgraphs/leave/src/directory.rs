//! What leave knows of people and their working time: local copies of what employee and user announce.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use common::{Error, MembershipId, Result, Scope, id};
use database::{Ctx, Tx};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::request::{Half, WorkPattern};

id!(
    /// One employee; owned by the employee module.
    EmployeeId
);

/// An employee, as far as leave decides by it.
#[derive(Clone, Debug, PartialEq)]
pub struct Employee {
    /// The employee.
    pub id: EmployeeId,
    /// The membership that they log in with.
    pub membership_id: Option<MembershipId>,
    /// Who they report to.
    pub manager_id: Option<EmployeeId>,
    /// Their first day.
    pub joined_on: NaiveDate,
    /// Their last day, once it is known.
    pub left_on: Option<NaiveDate>,
    /// Where they work; their days begin and end there.
    pub time_zone: String,
    /// When they work; Monday to Friday when not said.
    pub work_schedule_id: Option<Uuid>,
    /// When they do not; no holidays when not said.
    pub holiday_calendar_id: Option<Uuid>,
}

impl Employee {
    /// The day that it is where the employee works.
    #[must_use]
    pub fn day_at(&self, instant: DateTime<Utc>) -> NaiveDate {
        let zone = self.time_zone.parse().unwrap_or(chrono_tz::UTC);
        instant.with_timezone(&zone).date_naive()
    }
}

/// Whose leave a caller may see or change; `None` is everybody's.
pub async fn in_scope(ctx: &Ctx, tx: &mut Tx) -> Result<Option<Vec<EmployeeId>>> {
    if tx.scope() == Scope::All {
        return Ok(None);
    }
    let membership_id = ctx.member()?.membership_id;
    let reaches_team = tx.scope() == Scope::Team;
    // `union`, not `union all`: a circle in the reporting lines, which cannot be, would not hang us either.
    let ids = sqlx::query_scalar!(
        r#"with recursive team (id) as (
               select id from leave.employee where membership_id = $1
               union
               select e.id from leave.employee e join team t on e.manager_id = t.id where $2
           ) select id as "id!: EmployeeId" from team"#,
        membership_id as MembershipId,
        reaches_team,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(Some(ids))
}

/// Whether `scope`, as [`in_scope`] answered it, takes an employee in.
#[must_use]
pub fn contains(scope: Option<&Vec<EmployeeId>>, id: EmployeeId) -> bool {
    scope.is_none_or(|ids| ids.contains(&id))
}

/// The employee that the caller is.
pub async fn myself(ctx: &Ctx, tx: &mut Tx) -> Result<Option<Employee>> {
    let membership_id = ctx.member()?.membership_id;
    Ok(sqlx::query_as!(
        Employee,
        r#"select id as "id: EmployeeId", membership_id as "membership_id: MembershipId",
               manager_id as "manager_id: EmployeeId", joined_on, left_on, time_zone, work_schedule_id, holiday_calendar_id
           from leave.employee where membership_id = $1 order by left_on desc nulls first limit 1"#,
        membership_id as MembershipId,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Employees by id.
pub async fn select_many(tx: &mut Tx, ids: &[EmployeeId]) -> Result<Vec<Employee>> {
    Ok(sqlx::query_as!(
        Employee,
        r#"select id as "id: EmployeeId", membership_id as "membership_id: MembershipId",
               manager_id as "manager_id: EmployeeId", joined_on, left_on, time_zone, work_schedule_id, holiday_calendar_id
           from leave.employee where id = any($1) order by id"#,
        ids as &[EmployeeId],
    )
    .fetch_all(tx.conn())
    .await?)
}

/// One employee.
///
/// # Errors
/// `NOT_FOUND` for an employee who does not exist, or is another organization's.
pub async fn find(tx: &mut Tx, id: EmployeeId) -> Result<Employee> {
    select_many(tx, &[id]).await?.pop().ok_or(Error::NotFound("employee"))
}

/// The membership of an employee's manager: who decides on their leave.
pub async fn approvers(tx: &mut Tx, employee: &Employee) -> Result<Vec<MembershipId>> {
    let Some(manager_id) = employee.manager_id else { return Ok(Vec::new()) };
    let manager = select_many(tx, &[manager_id]).await?.pop();
    let membership_id =
        manager.filter(|manager| manager.left_on.is_none()).and_then(|manager| manager.membership_id);
    Ok(membership_id.filter(|id| Some(*id) != employee.membership_id).into_iter().collect())
}

/// Whether the organization has a single active member: nobody else could decide.
pub async fn has_single_member(tx: &mut Tx) -> Result<bool> {
    let count = sqlx::query_scalar!(r#"select count(*) as "count!" from leave.member where is_active"#)
        .fetch_one(tx.conn())
        .await?;
    Ok(count <= 1)
}

/// When an employee works, from one day to another.
pub async fn work_pattern(
    tx: &mut Tx,
    employee: &Employee,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<WorkPattern> {
    let schedule: Option<Vec<Decimal>> = match employee.work_schedule_id {
        None => None,
        Some(id) => sqlx::query_scalar!(
            r#"select day_fractions as "day_fractions: Vec<Decimal>" from leave.work_schedule where id = $1"#,
            id
        )
        .fetch_optional(tx.conn())
        .await?,
    };
    let holidays: HashMap<NaiveDate, bool> = match employee.holiday_calendar_id {
        None => HashMap::new(),
        Some(id) => sqlx::query!(
            "select day, is_half_day from leave.holiday where holiday_calendar_id = $1 and day between $2 and $3",
            id,
            from,
            to,
        )
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(|row| (row.day, row.is_half_day))
        .collect(),
    };
    let fractions = schedule.and_then(|fractions| fractions.try_into().ok());
    Ok(WorkPattern {
        day_fractions: fractions.unwrap_or(WorkPattern::MONDAY_TO_FRIDAY),
        holidays: holidays.into_iter().collect::<BTreeMap<_, _>>(),
        left_on: employee.left_on,
    })
}

/// What is taken on one half day, in short: used where halves are stored.
pub(crate) fn half_name(half: Half) -> &'static str {
    match half {
        Half::Am => "AM",
        Half::Pm => "PM",
    }
}

// What consumers write.

/// Takes in an employee's current state.
pub async fn upsert_employee(tx: &mut Tx, e: &Employee) -> Result<()> {
    sqlx::query!(
        "insert into leave.employee (id, membership_id, manager_id, joined_on, left_on, time_zone, work_schedule_id, holiday_calendar_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (organization_id, id) do update set membership_id = excluded.membership_id,
             manager_id = excluded.manager_id, joined_on = excluded.joined_on, time_zone = excluded.time_zone,
             left_on = coalesce(excluded.left_on, employee.left_on),
             work_schedule_id = excluded.work_schedule_id, holiday_calendar_id = excluded.holiday_calendar_id",
        e.id as EmployeeId,
        e.membership_id as Option<MembershipId>,
        e.manager_id as Option<EmployeeId>,
        e.joined_on,
        e.left_on,
        e.time_zone,
        e.work_schedule_id,
        e.holiday_calendar_id,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes an employee's last day.
pub async fn set_left_on(tx: &mut Tx, id: EmployeeId, left_on: NaiveDate) -> Result<()> {
    sqlx::query!("update leave.employee set left_on = $2 where id = $1", id as EmployeeId, left_on)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Takes in a work schedule; answers who works by it.
pub async fn replace_schedule(tx: &mut Tx, id: Uuid, day_fractions: &[Decimal]) -> Result<Vec<EmployeeId>> {
    sqlx::query!(
        "insert into leave.work_schedule (id, day_fractions) values ($1, $2)
         on conflict (organization_id, id) do update set day_fractions = excluded.day_fractions",
        id,
        day_fractions,
    )
    .execute(tx.conn())
    .await?;
    Ok(sqlx::query_scalar!(
        r#"select id as "id: EmployeeId" from leave.employee where work_schedule_id = $1 order by id"#,
        id
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Takes in all holidays of a calendar; answers who keeps them.
pub async fn replace_holidays(
    tx: &mut Tx,
    id: Uuid,
    days: &[NaiveDate],
    half: &[bool],
) -> Result<Vec<EmployeeId>> {
    sqlx::query!("delete from leave.holiday where holiday_calendar_id = $1", id).execute(tx.conn()).await?;
    sqlx::query!(
        "insert into leave.holiday (holiday_calendar_id, day, is_half_day)
         select $1, t.day, t.is_half_day from unnest($2::date[], $3::boolean[]) as t (day, is_half_day)",
        id,
        days,
        half,
    )
    .execute(tx.conn())
    .await?;
    Ok(sqlx::query_scalar!(
        r#"select id as "id: EmployeeId" from leave.employee where holiday_calendar_id = $1 order by id"#,
        id
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Takes in whether somebody is an active member.
pub async fn upsert_member(tx: &mut Tx, id: MembershipId, is_active: bool) -> Result<()> {
    sqlx::query!(
        "insert into leave.member (id, is_active) values ($1, $2)
         on conflict (organization_id, id) do update set is_active = excluded.is_active",
        id as MembershipId,
        is_active,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
