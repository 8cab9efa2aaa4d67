//! The directory: who works here, whom they report to, when they work, and who is a member with which roles and
//! reads in which language.
//!
//! One for all modules. tenant, user and employee write it in the transactions that change what it says ([`write`]); whoever
//! decides by it reads it in their own. So what was just done is known everywhere, and nothing has to be kept up to
//! date by events. It holds ids, days and roles, no names: those come from the graph.

mod approvers;
mod reading;
pub mod write;

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use common::{EmployeeId, Error, MembershipId, Permission, Result, Role, Scope};
use database::Tx;
use rust_decimal::{Decimal, dec};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use uuid::Uuid;

pub use approvers::{OFFICE, office};
pub use reading::{Reading, readings};

/// An employee, as far as other modules decide by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The employee.
    pub id: EmployeeId,
    /// The membership that they log in with.
    pub membership_id: Option<MembershipId>,
    /// Whom they report to.
    pub manager_id: Option<EmployeeId>,
    /// Where in the organization they work.
    pub department_id: Option<Uuid>,
    /// Their first day.
    pub joined_on: NaiveDate,
    /// Their last day, once it is known.
    pub left_on: Option<NaiveDate>,
    /// The IANA time zone that their days belong to.
    pub time_zone: String,
    /// When they work; Monday to Friday when `None`.
    pub work_schedule_id: Option<Uuid>,
    /// When they do not; no holidays when `None`.
    pub holiday_calendar_id: Option<Uuid>,
    /// Their employments before the present one, oldest first; each ends before the next begins.
    pub former: Json<Vec<Period>>,
}

/// Whether a day is in one of these employments, each from its first to its last day, where there is one.
#[must_use]
pub fn is_employed(
    employments: impl IntoIterator<Item = (NaiveDate, Option<NaiveDate>)>,
    day: NaiveDate,
) -> bool {
    employments.into_iter().any(|(first, last)| first <= day && last.is_none_or(|last| day <= last))
}

/// An employment from its first to its last day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// The first day.
    pub first_day: NaiveDate,
    /// The last day.
    pub last_day: NaiveDate,
}

impl Person {
    /// The calendar day that it is where they work.
    #[must_use]
    pub fn day_at(&self, instant: DateTime<Utc>) -> NaiveDate {
        let zone = self.time_zone.parse().unwrap_or(chrono_tz::UTC);
        instant.with_timezone(&zone).date_naive()
    }

    /// Whether they work here on a day.
    #[must_use]
    pub fn is_employed_on(&self, day: NaiveDate) -> bool {
        is_employed(self.employments(), day)
    }

    /// Whether their last day is over, where they work.
    #[must_use]
    pub fn has_left(&self, instant: DateTime<Utc>) -> bool {
        self.left_on.is_some_and(|last_day| last_day < self.day_at(instant))
    }

    /// Their employments, oldest first, from the first to the last day; the present one may have no last day.
    pub fn employments(&self) -> impl Iterator<Item = (NaiveDate, Option<NaiveDate>)> {
        let former = self.former.iter().map(|period| (period.first_day, Some(period.last_day)));
        former.chain([(self.joined_on, self.left_on)])
    }
}

/// Employees by id; the directory is open to every member.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn select_many(tx: &mut Tx, ids: &[EmployeeId]) -> Result<Vec<Person>> {
    Ok(sqlx::query_as!(
        Person,
        r#"select id as "id: EmployeeId", membership_id as "membership_id: MembershipId",
               manager_id as "manager_id: EmployeeId", department_id, joined_on, left_on, time_zone, work_schedule_id,
               holiday_calendar_id, former as "former: Json<Vec<Period>>"
           from people.employee where id = any($1) order by id"#,
        ids as &[EmployeeId],
    )
    .fetch_all(tx.conn())
    .await?)
}

/// One employee.
///
/// # Errors
/// `NOT_FOUND` for an employee who does not exist, or is another organization's.
pub async fn find(tx: &mut Tx, id: EmployeeId) -> Result<Person> {
    select_many(tx, &[id]).await?.pop().ok_or(Error::NotFound("employee"))
}

/// The employee whom the caller's membership belongs to: of several, the one who has not left.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn myself(tx: &mut Tx) -> Result<Option<Person>> {
    Ok(sqlx::query_as!(
        Person,
        r#"select id as "id: EmployeeId", membership_id as "membership_id: MembershipId",
               manager_id as "manager_id: EmployeeId", department_id, joined_on, left_on, time_zone, work_schedule_id,
               holiday_calendar_id, former as "former: Json<Vec<Period>>"
           from people.employee where membership_id = core.actor_id() order by left_on desc nulls first limit 1"#,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Whether a right of the caller's extends to an employee.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn is_in_scope(tx: &mut Tx, right: &Permission, id: EmployeeId) -> Result<bool> {
    let Some(scope) = tx.scope_of(right) else { return Ok(false) };
    if scope == Scope::All {
        return Ok(true);
    }
    let relation = relations(tx, &[id]).await?.remove(&id);
    Ok(relation.is_some_and(|relation| relation == Scope::Own || scope == Scope::Team))
}

/// The employees whom a right of the caller's extends to; `None` for everybody. For lists, which go along the index of
/// an employee: row-level security shows no others in any case.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn in_scope(tx: &mut Tx, right: &Permission) -> Result<Option<Vec<Uuid>>> {
    if tx.scope_of(right) == Some(Scope::All) {
        return Ok(None);
    }
    let found = sqlx::query_scalar!(r#"select people.in_scope($1) as "ids!""#, right.key);
    Ok(Some(found.fetch_one(tx.conn()).await?))
}

/// How the caller stands to employees: their own, or of their team. Others are left out.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn relations(tx: &mut Tx, ids: &[EmployeeId]) -> Result<HashMap<EmployeeId, Scope>> {
    // From each one upwards: reporting lines are short, teams may be large.
    let rows = sqlx::query!(
        r#"with recursive line (employee_id, membership_id, manager_id, height) as (
               select id, membership_id, manager_id, 0 from people.employee where id = any($1)
               union all
               select line.employee_id, above.membership_id, above.manager_id, line.height + 1
               from line join people.employee above on above.id = line.manager_id
               where line.height < 100
           )
           select employee_id as "employee_id!: EmployeeId", min(height) as "height!"
           from line where membership_id = core.actor_id() group by employee_id"#,
        ids as &[EmployeeId],
    )
    .fetch_all(tx.conn())
    .await?;
    let relation = |height| if height == 0 { Scope::Own } else { Scope::Team };
    Ok(rows.into_iter().map(|row| (row.employee_id, relation(row.height))).collect())
}

/// A member, as far as it takes to know whether to tell them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The membership.
    pub id: MembershipId,
    /// The roles that they hold.
    pub roles: Vec<Role>,
    /// Whether they may come in.
    pub is_active: bool,
}

/// What is known of these members, and of every active one of the office: HR, administrators and owners.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn office_and(tx: &mut Tx, ids: &[MembershipId]) -> Result<Vec<Member>> {
    let rows = sqlx::query!(
        r#"select id as "id!: MembershipId", roles as "roles!", is_active as "is_active!" from people.member
           where is_active and roles && array['HR', 'ADMIN', 'OWNER']
           union
           select id, roles, is_active from people.member where id = any($1)"#,
        ids as &[MembershipId],
    )
    .fetch_all(tx.conn())
    .await?;
    let member = |id, roles: Vec<String>, is_active| Member {
        id,
        roles: roles.iter().filter_map(|role| Role::parse(role)).collect(),
        is_active,
    };
    Ok(rows.into_iter().map(|row| member(row.id, row.roles, row.is_active)).collect())
}

/// The calendar day that it is where a member works; of those who are no employees it is the organization's.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn today(tx: &mut Tx, id: MembershipId) -> Result<NaiveDate> {
    Ok(sqlx::query_scalar!(
        r#"select people.today(core.organization_id(), $1) as "today!""#,
        id as MembershipId
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Those of these ids that are memberships of the organization, whether or not they may come in.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn members_among(tx: &mut Tx, ids: &[MembershipId]) -> Result<Vec<MembershipId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: MembershipId" from people.member where id = any($1)"#,
        ids as &[MembershipId],
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Whether a member works here and may come in: customers and vendors are members too, and no employees.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn works_here(tx: &mut Tx, id: MembershipId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from people.member
               where id = $1 and is_active and not roles <@ array['CLIENT', 'SUPPLIER']) as "works_here!""#,
        id as MembershipId,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Whether a member may come in and holds a right, however widely.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn may(tx: &mut Tx, id: MembershipId, right: &Permission) -> Result<bool> {
    let roles = sqlx::query_scalar!(
        "select roles from people.member where id = $1 and is_active",
        id as MembershipId,
    )
    .fetch_optional(tx.conn())
    .await?;
    let roles: Vec<Role> = roles.iter().flatten().filter_map(|role| Role::parse(role)).collect();
    Ok(right.scope(&roles).is_some())
}

/// Whether a member is active, and nobody else is: then nobody else could decide.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn is_alone(tx: &mut Tx, id: MembershipId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select not exists (select from people.member where is_active and id <> $1) as "is_alone!""#,
        id as MembershipId,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Whether nobody else belongs to the office: then nobody else could do for this member what the office does for others.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn is_office_alone(tx: &mut Tx, id: MembershipId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select not exists (select from people.member
               where is_active and roles && array['HR', 'ADMIN', 'OWNER'] and id <> $1) as "is_alone!""#,
        id as MembershipId,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// The working hours of a whole day, where no schedule says how many.
const HOURS_PER_DAY: Decimal = dec!(8);

/// When somebody works: how much of each day of the week, and on which days nobody does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkingTime {
    /// How much of each day is worked, Monday first; `None` means Monday to Friday.
    pub day_fractions: Option<[Decimal; 7]>,
    /// The working hours of a whole day; 8 without a schedule.
    pub hours_per_day: Decimal,
    /// The holidays in the range that was asked for, and whether only half of the day is free.
    pub holidays: BTreeMap<NaiveDate, bool>,
}

/// When an employee works, from one day to another.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn working_time(
    tx: &mut Tx,
    person: &Person,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<WorkingTime> {
    let row = sqlx::query!(
        r#"select (select day_fractions from people.work_schedule where id = $1) as "day_fractions: Vec<Decimal>",
               (select hours_per_week from people.work_schedule where id = $1) as hours_per_week,
               array(select day from people.holiday where holiday_calendar_id = $2 and day between $3 and $4
                     order by day) as "days!: Vec<NaiveDate>",
               array(select is_half_day from people.holiday where holiday_calendar_id = $2 and day between $3 and $4
                     order by day) as "half_days!: Vec<bool>""#,
        person.work_schedule_id,
        person.holiday_calendar_id,
        from,
        to,
    )
    .fetch_one(tx.conn())
    .await?;
    let day_fractions: Option<[Decimal; 7]> =
        row.day_fractions.and_then(|fractions| fractions.try_into().ok());
    let days_per_week: Decimal = day_fractions.iter().flatten().sum();
    Ok(WorkingTime {
        day_fractions,
        hours_per_day: row
            .hours_per_week
            .and_then(|hours| hours.checked_div(days_per_week))
            .unwrap_or(HOURS_PER_DAY),
        holidays: row.days.into_iter().zip(row.half_days).collect(),
    })
}

/// Who works by a schedule or keeps a calendar.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn affected_by(tx: &mut Tx, schedule_or_calendar: Uuid) -> Result<Vec<EmployeeId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id!: EmployeeId" from people.employee where work_schedule_id = $1
           union select id from people.employee where holiday_calendar_id = $1 order by 1"#,
        schedule_or_calendar,
    )
    .fetch_all(tx.conn())
    .await?)
}
