//! Requests in PostgreSQL.

use chrono::NaiveDate;
use common::{MembershipId, Page, Result};
use database::Tx;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::calendar::{DayPart, Half, HalfDay};
use super::model::{Request, RequestId, Status};
use crate::directory::{EmployeeId, half_name};
use crate::leave_type::LeaveTypeId;

/// Which requests are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// Of these employees; everybody's when `None`.
    pub employee_ids: Option<Vec<EmployeeId>>,
    /// Of one kind.
    pub leave_type_id: Option<LeaveTypeId>,
    /// In one of these states.
    pub statuses: Option<Vec<Status>>,
    /// Touching this day or a later one.
    pub from: Option<NaiveDate>,
    /// Touching this day or an earlier one.
    pub to: Option<NaiveDate>,
}

/// Stores a new request with its halves.
pub async fn insert(tx: &mut Tx, request: &Request, halves: &[HalfDay]) -> Result<()> {
    sqlx::query!(
        "insert into leave.request (id, employee_id, leave_type_id, first_day, last_day, first_part, last_part,
             days, reason, status, created_at, requester_membership_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        request.id as RequestId,
        request.employee_id as EmployeeId,
        request.leave_type_id as LeaveTypeId,
        request.first_day,
        request.last_day,
        request.first_part as DayPart,
        request.last_part as DayPart,
        request.days,
        request.reason,
        request.status as Status,
        request.created_at,
        request.requester_membership_id as Option<MembershipId>,
    )
    .execute(tx.conn())
    .await?;
    let (days, names, portions) = columns(halves);
    sqlx::query!(
        "insert into leave.request_half_day (request_id, employee_id, day, half, portion)
         select $1, $2, t.day, t.half, t.portion
         from unnest($3::date[], $4::text[], $5::numeric[]) as t (day, half, portion)",
        request.id as RequestId,
        request.employee_id as EmployeeId,
        &days,
        &names,
        &portions,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

fn columns(halves: &[HalfDay]) -> (Vec<NaiveDate>, Vec<String>, Vec<Decimal>) {
    let days = halves.iter().map(|half| half.day).collect();
    let names = halves.iter().map(|half| half_name(half.half).to_owned()).collect();
    (days, names, halves.iter().map(|half| half.portion).collect())
}

/// Saves what a transition changed.
pub async fn save(tx: &mut Tx, request: &Request) -> Result<()> {
    sqlx::query!(
        "update leave.request set status = $2, last_day = $3, last_part = $4, days = $5, decided_at = $6,
             decided_by = $7, decision_note = $8 where id = $1",
        request.id as RequestId,
        request.status as Status,
        request.last_day,
        request.last_part as DayPart,
        request.days,
        request.decided_at,
        request.decided_by as Option<MembershipId>,
        request.decision_note,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes halves from `from` on out of the way: they can be asked for again.
pub async fn release(tx: &mut Tx, id: RequestId, from: NaiveDate) -> Result<()> {
    sqlx::query!(
        "update leave.request_half_day set is_active = false where request_id = $1 and day >= $2 and is_active",
        id as RequestId,
        from,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Stores what halves take now.
pub async fn save_portions(tx: &mut Tx, id: RequestId, halves: &[HalfDay]) -> Result<()> {
    let (days, names, portions) = columns(halves);
    sqlx::query!(
        "update leave.request_half_day h set portion = t.portion
         from unnest($2::date[], $3::text[], $4::numeric[]) as t (day, half, portion)
         where h.request_id = $1 and h.day = t.day and h.half = t.half",
        id as RequestId,
        &days,
        &names,
        &portions,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// One request, locked until the transaction ends: two managers cannot both decide.
pub async fn lock(tx: &mut Tx, id: RequestId) -> Result<Option<Request>> {
    sqlx::query!("select id from leave.request where id = $1 for update", id as RequestId)
        .fetch_optional(tx.conn())
        .await?;
    Ok(select_many(tx, &[id]).await?.pop())
}

/// Requests by id.
pub async fn select_many(tx: &mut Tx, ids: &[RequestId]) -> Result<Vec<Request>> {
    Ok(sqlx::query_as!(
        Request,
        r#"select id as "id: RequestId", employee_id as "employee_id: EmployeeId", leave_type_id as "leave_type_id: LeaveTypeId",
               first_day, last_day, first_part as "first_part: DayPart", last_part as "last_part: DayPart", days, reason,
               status as "status: Status", decided_at, decided_by as "decided_by: MembershipId", decision_note, created_at,
               created_by as "created_by: MembershipId", requester_membership_id as "requester_membership_id: MembershipId"
           from leave.request where id = any($1)"#,
        ids as &[RequestId],
    )
    .fetch_all(tx.conn())
    .await?)
}

/// A page of requests, the latest leave first.
pub async fn select_page(tx: &mut Tx, filter: &Filter, page: &Page<NaiveDate>) -> Result<Vec<Request>> {
    let statuses = names(filter);
    Ok(sqlx::query_as!(
        Request,
        r#"select id as "id: RequestId", employee_id as "employee_id: EmployeeId", leave_type_id as "leave_type_id: LeaveTypeId",
               first_day, last_day, first_part as "first_part: DayPart", last_part as "last_part: DayPart", days, reason,
               status as "status: Status", decided_at, decided_by as "decided_by: MembershipId", decision_note, created_at,
               created_by as "created_by: MembershipId", requester_membership_id as "requester_membership_id: MembershipId"
           from leave.request
           where ($1::uuid[] is null or employee_id = any($1)) and ($2::uuid is null or leave_type_id = $2)
             and ($3::text[] is null or status = any($3)) and ($4::date is null or last_day >= $4)
             and ($5::date is null or first_day <= $5) and ($6::date is null or (first_day, id) < ($6, $7))
           order by first_day desc, id desc limit $8"#,
        filter.employee_ids.as_deref() as Option<&[EmployeeId]>,
        filter.leave_type_id as Option<LeaveTypeId>,
        statuses.as_deref(),
        filter.from,
        filter.to,
        page.after_key(),
        page.after_id(),
        page.limit(),
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The same page of each of several employees, in one query.
pub async fn select_pages(tx: &mut Tx, filter: &Filter, page: &Page<NaiveDate>) -> Result<Vec<Request>> {
    let statuses = names(filter);
    Ok(sqlx::query_as!(
        Request,
        r#"select r.id as "id: RequestId", r.employee_id as "employee_id: EmployeeId", leave_type_id as "leave_type_id: LeaveTypeId",
               first_day, last_day, first_part as "first_part: DayPart", last_part as "last_part: DayPart", days, reason,
               status as "status: Status", decided_at, decided_by as "decided_by: MembershipId", decision_note, created_at,
               created_by as "created_by: MembershipId", requester_membership_id as "requester_membership_id: MembershipId"
           from unnest($1::uuid[]) as wanted (employee_id) cross join lateral (
               select * from leave.request r
               where r.employee_id = wanted.employee_id and ($2::uuid is null or leave_type_id = $2)
                 and ($3::text[] is null or status = any($3)) and ($4::date is null or last_day >= $4)
                 and ($5::date is null or first_day <= $5) and ($6::date is null or (first_day, id) < ($6, $7))
               order by first_day desc, id desc limit $8
           ) r order by first_day desc, r.id desc"#,
        filter.employee_ids.as_deref().unwrap_or_default() as &[EmployeeId],
        filter.leave_type_id as Option<LeaveTypeId>,
        statuses.as_deref(),
        filter.from,
        filter.to,
        page.after_key(),
        page.after_id(),
        page.limit(),
    )
    .fetch_all(tx.conn())
    .await?)
}

fn names(filter: &Filter) -> Option<Vec<String>> {
    filter
        .statuses
        .as_ref()
        .map(|statuses| statuses.iter().map(|status| status.as_str().to_owned()).collect())
}

/// The active halves of requests, in order.
pub async fn halves(tx: &mut Tx, ids: &[RequestId]) -> Result<Vec<(RequestId, HalfDay)>> {
    let rows = sqlx::query!(
        r#"select request_id as "request_id: RequestId", day, half, portion from leave.request_half_day
           where request_id = any($1) and is_active order by request_id, day, half"#,
        ids as &[RequestId],
    )
    .fetch_all(tx.conn())
    .await?;
    let half = |name: &str| if name == "AM" { Half::Am } else { Half::Pm };
    Ok(rows
        .into_iter()
        .map(|row| (row.request_id, HalfDay { day: row.day, half: half(&row.half), portion: row.portion }))
        .collect())
}

/// The undecided and granted requests that reach a day or beyond it, of these employees, locked in order.
pub async fn lock_open_from(
    tx: &mut Tx,
    employees: &[EmployeeId],
    from: NaiveDate,
) -> Result<Vec<RequestId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: RequestId" from leave.request
           where employee_id = any($1) and status in ('PENDING', 'APPROVED') and last_day >= $2
           order by id for update"#,
        employees as &[EmployeeId],
        from,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The requests of an employee that take any half of these.
pub async fn overlapping(tx: &mut Tx, employee_id: EmployeeId, halves: &[HalfDay]) -> Result<Vec<RequestId>> {
    let (days, names, _) = columns(halves);
    Ok(sqlx::query_scalar!(
        r#"select distinct h.request_id as "id: RequestId" from leave.request_half_day h
           join unnest($2::date[], $3::text[]) as t (day, half) on h.day = t.day and h.half = t.half
           where h.employee_id = $1 and h.is_active"#,
        employee_id as EmployeeId,
        &days,
        &names,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Which of these employees are away on which of these days, with leave that was granted.
pub async fn away(
    tx: &mut Tx,
    employees: &[Uuid],
    days: &[NaiveDate],
) -> Result<Vec<(EmployeeId, NaiveDate)>> {
    let rows = sqlx::query!(
        r#"select distinct h.employee_id as "employee_id: EmployeeId", h.day from leave.request_half_day h
           join unnest($1::uuid[], $2::date[]) as t (employee_id, day) on h.employee_id = t.employee_id and h.day = t.day
           join leave.request r on r.id = h.request_id and r.status = 'APPROVED'
           where h.is_active and h.portion > 0"#,
        employees,
        days,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.employee_id, row.day)).collect())
}
