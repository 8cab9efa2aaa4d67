//! Requests in PostgreSQL.

use std::collections::HashMap;

use chrono::NaiveDate;
use common::{Error, Page, Permission, Place, Result, Slice};
use database::{Tx, page};
use graphql::Batch;
use people::Person;
use rust_decimal::Decimal;
use serde_json::json;
use uuid::Uuid;

use super::READ;
use super::calendar::{Half, HalfDay};
use super::graphql::{LeaveRequestFilter, LeaveRequestSort};
use super::model::{Request, Status, select_request, total, worked};
use crate::ids::{EmployeeId, LeaveTypeId, RequestId};

/// Stores the halves of a new request, unless another one is in the way; answers whether it did. The account must be locked.
pub async fn insert_halves(tx: &mut Tx, request: &Request, halves: &[HalfDay]) -> Result<bool> {
    let rows = Columns::of(halves);
    let done = sqlx::query!(
        "insert into leave.request_half_day
             (request_id, employee_id, leave_type_id, day, half, worked, is_holiday, portion, is_piece)
         select $1, $2, $3, t.day, t.half, t.worked, t.is_holiday, t.portion, $9
         from unnest($4::date[], $5::text[], $6::numeric[], $7::boolean[], $8::numeric[])
             as t (day, half, worked, is_holiday, portion)
         where not exists (select from leave.in_the_way($2, $9, $4, $5, $10, $11))",
        request.id as RequestId,
        request.employee_id as EmployeeId,
        request.leave_type_id as LeaveTypeId,
        &rows.days,
        &rows.halves,
        &rows.worked,
        &rows.are_holidays,
        &rows.portions,
        request.hours.is_some(),
        total(halves),
        worked(halves),
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Halves, column by column.
struct Columns {
    days: Vec<NaiveDate>,
    halves: Vec<String>,
    worked: Vec<Decimal>,
    are_holidays: Vec<bool>,
    portions: Vec<Decimal>,
}

impl Columns {
    fn of(halves: &[HalfDay]) -> Self {
        Self {
            days: halves.iter().map(|half| half.day).collect(),
            halves: halves.iter().map(|half| half.half.as_str().to_owned()).collect(),
            worked: halves.iter().map(|half| half.worked).collect(),
            are_holidays: halves.iter().map(|half| half.is_holiday).collect(),
            portions: halves.iter().map(|half| half.portion).collect(),
        }
    }
}

/// Makes halves count as leave that was granted.
pub async fn grant(tx: &mut Tx, id: RequestId) -> Result<()> {
    sqlx::query!(
        "update leave.request_half_day set is_granted = true where request_id = $1 and is_active",
        id as RequestId,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes halves out of the way: they can be asked for again.
pub async fn release(tx: &mut Tx, id: RequestId, halves: &[HalfDay]) -> Result<()> {
    let rows = Columns::of(halves);
    sqlx::query!(
        "update leave.request_half_day h set is_active = false
         from unnest($2::date[], $3::text[]) as t (day, half)
         where h.request_id = $1 and h.day = t.day and h.half = t.half and h.is_active",
        id as RequestId,
        &rows.days,
        &rows.halves,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes the halves of a request out of the way, since facts call it off. Of one that was granted it is kept that they did,
/// and how many employments there were.
pub async fn call_off(tx: &mut Tx, id: RequestId, was_granted: bool, employments: usize) -> Result<()> {
    let employments = i16::try_from(employments).map_err(Error::internal)?;
    sqlx::query!(
        "update leave.request_half_day set is_active = false, called_off_of = $2 where request_id = $1 and is_active",
        id as RequestId,
        was_granted.then_some(employments),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How many requests of an employee wait for a decision.
pub async fn pending_count(tx: &mut Tx, employee_id: EmployeeId) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from leave.request where employee_id = $1 and status = 'PENDING'"#,
        employee_id as EmployeeId,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// The requests of an employee that were granted, and that facts have called off, locked in order.
pub async fn lock_called_off(tx: &mut Tx, employee_id: EmployeeId) -> Result<Vec<Request>> {
    Ok(select_request!(
        "where id in (select h.request_id from leave.request_half_day h
             where h.employee_id = $1 and h.called_off_of is not null) order by id for update",
        employee_id as EmployeeId,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The halves that went with a request that facts have called off, in order, and how many employments there were then.
pub async fn called_off(tx: &mut Tx, id: RequestId) -> Result<(Vec<HalfDay>, usize)> {
    let rows = sqlx::query!(
        r#"select day, half, worked, is_holiday, portion, called_off_of as "called_off_of!"
           from leave.request_half_day where request_id = $1 and called_off_of is not null order by day, half"#,
        id as RequestId,
    )
    .fetch_all(tx.conn())
    .await?;
    let employments = rows.first().map_or(0, |row| usize::try_from(row.called_off_of).unwrap_or_default());
    let halves = rows.into_iter().map(|row| HalfDay {
        day: row.day,
        half: half(&row.half),
        worked: row.worked,
        is_holiday: row.is_holiday,
        portion: row.portion,
    });
    Ok((halves.collect(), employments))
}

/// Lets the halves of a request count again that facts had called off.
pub async fn bring_back(tx: &mut Tx, id: RequestId) -> Result<()> {
    sqlx::query!(
        "update leave.request_half_day set is_active = true, called_off_of = null
         where request_id = $1 and called_off_of is not null",
        id as RequestId,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Stores what halves take now.
pub async fn save_portions(tx: &mut Tx, id: RequestId, halves: &[HalfDay]) -> Result<()> {
    let rows = Columns::of(halves);
    sqlx::query!(
        "update leave.request_half_day h set worked = t.worked, is_holiday = t.is_holiday, portion = t.portion
         from unnest($2::date[], $3::text[], $4::numeric[], $5::boolean[], $6::numeric[])
             as t (day, half, worked, is_holiday, portion)
         where h.request_id = $1 and h.day = t.day and h.half = t.half",
        id as RequestId,
        &rows.days,
        &rows.halves,
        &rows.worked,
        &rows.are_holidays,
        &rows.portions,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The employees whose leave the caller sees, everybody when `None`: those whom the right extends to, and those whose
/// requests wait for the caller, for who decides on a request sees what it draws on.
pub async fn employees_in_sight(tx: &mut Tx, right: &Permission) -> Result<Option<Vec<Uuid>>> {
    let Some(mut employees) = people::in_scope(tx, right).await? else { return Ok(None) };
    employees.extend(approval::waiting_employees::<Request>(tx).await?);
    Ok(Some(employees))
}

/// A page of requests. `employees` are those whom the caller's right extends to, everybody when `None`.
pub async fn select_page(
    tx: &mut Tx,
    filter: &LeaveRequestFilter,
    sort: LeaveRequestSort,
    page: Page,
    employees: Option<Vec<Uuid>>,
) -> Result<Slice<Request>> {
    Ok(page!(
        tx, Request, page, sort: LeaveRequestSort { FirstDay => "first_day", CreatedAt => "created_at" },
        "($3::uuid[] is null or employee_id = any($3)) and ($4::uuid is null or employee_id = $4)
         and ($5::uuid is null or leave_type_id = $5) and ($6::text[] is null or status = any($6))
         and ($7::date is null or last_day >= $7) and ($8::date is null or first_day <= $8)",
        [
            employees.as_deref(),
            filter.employee_id as Option<EmployeeId>,
            filter.leave_type_id as Option<LeaveTypeId>,
            filter.status.as_deref() as Option<&[Status]>,
            filter.from.map(|day| day.0),
            filter.to.map(|day| day.0),
        ],
    ))
}

/// The same page of each of several employees, the latest leave first, in one query. The ids are an array, so that the
/// pages are found once, and not again for each request of the organization where the planner expects few of them.
pub async fn select_pages(
    tx: &mut Tx,
    employees: &[EmployeeId],
    filter: &LeaveRequestFilter,
    page: &Page,
) -> Result<HashMap<EmployeeId, Slice<Request>>> {
    const PLACE: Place = Place::new("leave.request of an employee", "FirstDayDesc");
    let rows = select_request!(
        "where id = any(array(
             select page.id from unnest($1::uuid[]) as wanted (employee_id) cross join lateral (
                 select r.id from leave.request r
                 where r.employee_id = wanted.employee_id and ($2::uuid is null or leave_type_id = $2)
                     and ($3::text[] is null or status = any($3)) and ($4::date is null or last_day >= $4)
                     and ($5::date is null or first_day <= $5)
                     and ($6::jsonb is null or (first_day, r.id) <
                          (select first_day, id from jsonb_populate_record(null::leave.request, $6)))
                 order by first_day desc, r.id desc limit $7
             ) as page
         )) order by first_day desc, id desc",
        employees as &[EmployeeId],
        filter.leave_type_id as Option<LeaveTypeId>,
        filter.status.as_deref() as Option<&[Status]>,
        filter.from.map(|day| day.0),
        filter.to.map(|day| day.0),
        page.after_row(PLACE)?,
        page.limit(),
    );
    let rows = common::page_of(rows.fetch_all(tx.conn()).await)?;
    let key = |row: &Request| (row.id.into(), json!({ "first_day": row.first_day }));
    let of = |id: &EmployeeId| {
        let mine = rows.iter().filter(|row| row.employee_id == *id).cloned().collect();
        (*id, page.slice_by(PLACE, mine, key))
    };
    Ok(employees.iter().map(of).collect())
}

fn half(name: &str) -> Half {
    if name == "AM" { Half::Am } else { Half::Pm }
}

struct HalfRow {
    request_id: RequestId,
    day: NaiveDate,
    half: String,
    worked: Decimal,
    is_holiday: bool,
    portion: Decimal,
}

/// The active halves of requests, in order.
pub async fn halves(tx: &mut Tx, ids: &[RequestId]) -> Result<Vec<(RequestId, HalfDay)>> {
    let rows = sqlx::query_as!(
        HalfRow,
        r#"select request_id as "request_id: RequestId", day, half, worked, is_holiday, portion
           from leave.request_half_day where request_id = any($1) and is_active order by request_id, day, half"#,
        ids as &[RequestId],
    )
    .fetch_all(tx.conn())
    .await?;
    let half_day = |row: HalfRow| HalfDay {
        day: row.day,
        half: half(&row.half),
        worked: row.worked,
        is_holiday: row.is_holiday,
        portion: row.portion,
    };
    Ok(rows.into_iter().map(|row| (row.request_id, half_day(row))).collect())
}

/// The undecided and granted requests of an employee that reach a day or beyond it, lie outside of the present employment, or
/// have a day that would be worked and takes nothing: it may have lain outside of what was taken for the employment. Locked
/// in order.
pub async fn lock_open(tx: &mut Tx, employee: &Person, from: NaiveDate) -> Result<Vec<Request>> {
    Ok(select_request!(
        "where employee_id = $1 and status in ('PENDING', 'APPROVED')
             and (last_day >= $2 or first_day < $3 or last_day > $4 or id in (
                 select h.request_id from leave.request_half_day h where h.employee_id = $1 and h.is_active
                     and h.portion = 0 and h.worked > 0 and not h.is_holiday)) order by id for update",
        employee.id as EmployeeId,
        from,
        employee.joined_on,
        employee.left_on,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The undecided and granted requests of an employee with a day that is a holiday now and was none when it was counted,
/// or the other way round; locked in order.
pub async fn lock_by_holidays(tx: &mut Tx, employee: &Person) -> Result<Vec<Request>> {
    Ok(select_request!(
        "where id in (
             select h.request_id from leave.request_half_day h
             join leave.leave_type t on t.id = h.leave_type_id
             left join people.holiday d on d.holiday_calendar_id = $2 and d.day = h.day
             where h.employee_id = $1 and h.is_active and h.is_holiday <> (not t.counts_holidays and d.day is not null
                 and (h.half = 'PM' or not d.is_half_day)))
             and status in ('PENDING', 'APPROVED') order by id for update",
        employee.id as EmployeeId,
        employee.holiday_calendar_id,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The employees who have undecided or granted leave of a type on this day or later.
pub async fn employees_with_open(
    tx: &mut Tx,
    leave_type_id: LeaveTypeId,
    from: NaiveDate,
) -> Result<Vec<EmployeeId>> {
    Ok(sqlx::query_scalar!(
        r#"select distinct employee_id as "id: EmployeeId" from leave.request
           where leave_type_id = $1 and status in ('PENDING', 'APPROVED') and last_day >= $2 order by 1"#,
        leave_type_id as LeaveTypeId,
        from,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The requests of an employee that are in the way of another one for these halves, which is in hours or not.
pub async fn in_the_way(
    tx: &mut Tx,
    employee_id: EmployeeId,
    halves: &[HalfDay],
    is_in_hours: bool,
) -> Result<Vec<Request>> {
    let rows = Columns::of(halves);
    Ok(select_request!(
        "where id in (select leave.in_the_way($1, $2, $3, $4, $5, $6)) order by id",
        employee_id as EmployeeId,
        is_in_hours,
        &rows.days,
        &rows.halves,
        total(halves),
        worked(halves),
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Which of these employees are away on which of these days, with leave that was granted. Row-level security shows
/// halves of days to whoever may see who is away, and requests to fewer.
pub async fn away(
    tx: &mut Tx,
    employees: &[EmployeeId],
    days: &[NaiveDate],
) -> Result<Vec<(EmployeeId, NaiveDate)>> {
    let rows = sqlx::query!(
        r#"select distinct h.employee_id as "employee_id: EmployeeId", h.day from leave.request_half_day h
           join unnest($1::uuid[], $2::date[]) as t (employee_id, day) on h.employee_id = t.employee_id and h.day = t.day
           where h.is_active and h.is_granted and h.portion > 0"#,
        employees as &[EmployeeId],
        days,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.employee_id, row.day)).collect())
}

/// The active halves of requests.
pub struct HalvesOfRequest;

impl Batch for HalvesOfRequest {
    type Key = RequestId;
    type Value = Vec<HalfDay>;
    const READ: &'static Permission = &READ;

    async fn load(tx: &mut Tx, keys: &[RequestId]) -> Result<HashMap<RequestId, Vec<HalfDay>>> {
        let mut by_request: HashMap<_, Vec<_>> = HashMap::new();
        for (id, half) in halves(tx, keys).await? {
            by_request.entry(id).or_default().push(half);
        }
        Ok(by_request)
    }
}
