//! The ledger in PostgreSQL: what followed from the facts, noted when it did. Only ever added to.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use common::Result;
use database::Tx;
use people::Person;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::account::Account;
use super::book::accounts;
use super::entry::{Entry, Kind};
use crate::events::BalanceOverdrawn;
use crate::ids::{EmployeeId, LeaveTypeId, RequestId};
use crate::leave_type::LeaveType;

/// Locks the accounts of an employee until the transaction ends: two requests cannot both spend the last day, and nothing
/// is written twice. Accounts are locked before requests, days and approvals, and those of several employees in the order
/// of their ids: so no two transactions wait for each other.
pub async fn lock(tx: &mut Tx, employee_id: EmployeeId) -> Result<()> {
    lock_many(tx, &[employee_id]).await
}

/// Locks the accounts of these employees, as [`lock`] does.
pub async fn lock_many(tx: &mut Tx, employee_ids: &[EmployeeId]) -> Result<()> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('leave.account ' || id, 0))
         from (select distinct id from unnest($1::uuid[]) id order by id offset 0) employee",
        employee_ids as &[EmployeeId],
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Locks the accounts of those whom these requests are for, as [`lock`] does.
pub async fn lock_of_requests(tx: &mut Tx, ids: &[RequestId]) -> Result<()> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('leave.account ' || employee_id, 0))
         from (select distinct employee_id from leave.request where id = any($1) order by employee_id offset 0) employee",
        ids as &[RequestId],
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes down what follows from the facts by today and is not written yet, and takes back what no longer does; of one
/// leave type with `only`. Any number of runs write it once. Who lacks something from now on is told, once.
pub async fn post(tx: &mut Tx, person: &Person, only: Option<LeaveTypeId>) -> Result<()> {
    lock(tx, person.id).await?;
    let mut all = accounts(tx, std::slice::from_ref(person), only).await?;
    let mut mine = all.remove(&person.id).unwrap_or_default();
    let mut written = written(tx, person.id, only).await?;
    // What was written of a leave type that nothing follows for any more is taken back as well.
    for leave_type_id in written.keys() {
        let none = || Account { employments: person.employments().collect(), ..Account::default() };
        mine.entry(*leave_type_id).or_insert_with(none);
    }
    let today = person.day_at(tx.now());
    let (mut lines, mut lacking) = (Vec::new(), BTreeMap::new());
    for (leave_type_id, account) in &mine {
        let written = written.remove(leave_type_id).unwrap_or_default();
        let entries = account.entries(today, false);
        let balance: Decimal = entries.iter().map(|entry| entry.days).sum();
        let lowest = account.lowest_from(today).map_or(balance, |lowest| lowest.min(balance));
        lacking.insert(*leave_type_id, -lowest.min(Decimal::ZERO));
        lines.extend(differences(&entries, written).into_iter().map(|line| (*leave_type_id, line)));
    }
    let newly_overdrawn = open(tx, person.id, &lacking).await?;
    insert(tx, person.id, &lines).await?;
    for (leave_type_id, days) in newly_overdrawn {
        let leave_type: LeaveType = tx.find(leave_type_id).await?;
        tx.emit(&BalanceOverdrawn {
            employee_id: person.id.into(),
            membership_id: person.membership_id,
            leave_type_id: leave_type_id.into(),
            days,
            unit: leave_type.amount_unit(),
        })
        .await?;
    }
    Ok(())
}

/// What one key comes to on one day.
type Place = (String, NaiveDate, Option<NaiveDate>);

/// An entry to be written.
#[derive(Clone, Debug, PartialEq)]
struct Line {
    kind: Kind,
    place: Place,
    days: Decimal,
    request_id: Option<RequestId>,
}

/// What has to be written so that what is written comes to `entries`.
fn differences(entries: &[Entry], mut written: BTreeMap<Place, (Decimal, Option<RequestId>)>) -> Vec<Line> {
    let mut wanted: BTreeMap<Place, (Decimal, Kind, Option<RequestId>)> = BTreeMap::new();
    for entry in entries {
        let place = (entry.source.key(), entry.day, entry.expires_on);
        let there = wanted.entry(place).or_insert((Decimal::ZERO, entry.kind, entry.source.request_id()));
        there.0 += entry.days;
    }
    let corrected = |request_id: Option<RequestId>, days: Decimal| {
        if request_id.is_some() && days > Decimal::ZERO { Kind::Restore } else { Kind::Correct }
    };
    let mut lines = Vec::new();
    for (place, (days, kind, request_id)) in wanted {
        let (kind, days) = match written.remove(&place) {
            None => (kind, days),
            Some((before, _)) => (corrected(request_id, days - before), days - before),
        };
        lines.push(Line { kind, place, days, request_id });
    }
    lines.extend(written.into_iter().map(|(place, (before, request_id))| Line {
        kind: corrected(request_id, -before),
        place,
        days: -before,
        request_id,
    }));
    lines.retain(|line| !line.days.is_zero());
    lines
}

type Written = BTreeMap<LeaveTypeId, BTreeMap<Place, (Decimal, Option<RequestId>)>>;

async fn written(tx: &mut Tx, employee_id: EmployeeId, only: Option<LeaveTypeId>) -> Result<Written> {
    let rows = sqlx::query!(
        r#"select leave_type_id as "leave_type_id: LeaveTypeId", key, effective_on, expires_on,
               sum(days) as "days!", max(request_id::text)::uuid as "request_id: RequestId"
           from leave.ledger_entry
           where employee_id = $1 and ($2::uuid is null or leave_type_id = $2)
           group by leave_type_id, key, effective_on, expires_on"#,
        employee_id as EmployeeId,
        only as Option<LeaveTypeId>,
    )
    .fetch_all(tx.conn())
    .await?;
    let mut written = Written::new();
    for row in rows {
        let place = (row.key, row.effective_on, row.expires_on);
        written.entry(row.leave_type_id).or_default().insert(place, (row.days, row.request_id));
    }
    Ok(written)
}

async fn insert(tx: &mut Tx, employee_id: EmployeeId, lines: &[(LeaveTypeId, Line)]) -> Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = lines.iter().map(|_| Uuid::now_v7()).collect();
    let types: Vec<_> = lines.iter().map(|(leave_type_id, _)| *leave_type_id).collect();
    let kinds: Vec<_> = lines.iter().map(|(_, line)| line.kind).collect();
    let keys: Vec<_> = lines.iter().map(|(_, line)| line.place.0.clone()).collect();
    let days: Vec<_> = lines.iter().map(|(_, line)| line.days).collect();
    let effective: Vec<_> = lines.iter().map(|(_, line)| line.place.1).collect();
    let expires: Vec<_> = lines.iter().map(|(_, line)| line.place.2).collect();
    let requests: Vec<_> = lines.iter().map(|(_, line)| line.request_id).collect();
    sqlx::query!(
        "insert into leave.ledger_entry
             (id, employee_id, leave_type_id, kind, days, effective_on, expires_on, request_id, key)
         select t.id, $1, t.leave_type_id, t.kind, t.days, t.effective_on, t.expires_on, t.request_id, t.key
         from unnest($2::uuid[], $3::uuid[], $4::text[], $5::numeric[], $6::date[], $7::date[], $8::uuid[], $9::text[])
             as t (id, leave_type_id, kind, days, effective_on, expires_on, request_id, key)",
        employee_id as EmployeeId,
        &ids,
        &types as &[LeaveTypeId],
        &kinds as &[Kind],
        &days,
        &effective,
        &expires as &[Option<NaiveDate>],
        &requests as &[Option<RequestId>],
        &keys,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Opens accounts where there are none, and notes which lack something, from today on, that was granted or asked for.
/// Answers those that have come to, and how much they lack.
async fn open(
    tx: &mut Tx,
    employee_id: EmployeeId,
    lacking: &BTreeMap<LeaveTypeId, Decimal>,
) -> Result<Vec<(LeaveTypeId, Decimal)>> {
    let (types, days): (Vec<_>, Vec<_>) = lacking.iter().map(|(id, days)| (*id, *days)).unzip();
    let changed = sqlx::query!(
        r#"insert into leave.account as a (employee_id, leave_type_id, is_overdrawn)
           select $1, l.id, t.missing > l.overdraft_days and l.requires_balance
           from unnest($2::uuid[], $3::numeric[]) as t (id, missing) join leave.leave_type l on l.id = t.id
           on conflict on constraint account_pkey do update set is_overdrawn = excluded.is_overdrawn
           where a.is_overdrawn <> excluded.is_overdrawn
           returning a.leave_type_id as "leave_type_id: LeaveTypeId", a.is_overdrawn"#,
        employee_id as EmployeeId,
        &types as &[LeaveTypeId],
        &days,
    )
    .fetch_all(tx.conn())
    .await?;
    let newly = changed.into_iter().filter(|row| row.is_overdrawn).map(|row| row.leave_type_id);
    Ok(newly.map(|id| (id, lacking.get(&id).copied().unwrap_or_default().normalize())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::AdjustmentId;
    use crate::ledger::entry::Source;
    use rust_decimal::dec;

    #[test]
    fn what_is_written_comes_to_what_follows_now() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let entry = |days, request: Option<RequestId>| Entry {
            kind: if request.is_some() { Kind::Take } else { Kind::Adjust },
            day: day("2026-03-02"),
            days,
            expires_on: None,
            source: request
                .map_or(Source::Adjustment(AdjustmentId(Uuid::nil())), |id| Source::Request(Some(id))),
        };
        let (kept, gone) = (RequestId::new(), RequestId::new());
        let place = |entry: &Entry| (entry.source.key(), entry.day, entry.expires_on);
        let written = BTreeMap::from([
            (place(&entry(dec!(-1), Some(kept))), (dec!(-1), Some(kept))),
            (place(&entry(dec!(-1), Some(gone))), (dec!(-1), Some(gone))),
            (place(&entry(dec!(3), None)), (dec!(5), None)),
        ]);
        let mut lines = differences(&[entry(dec!(-1), Some(kept)), entry(dec!(3), None)], written);
        lines.sort_by_key(|line| line.days);
        let written: Vec<_> = lines.iter().map(|line| (line.kind, line.days)).collect();
        assert_eq!(written, [(Kind::Correct, dec!(-2)), (Kind::Restore, dec!(1))]);
    }
}
