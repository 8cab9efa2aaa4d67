//! Employees from files and into files.

mod columns;
mod managers;
mod names;

use std::collections::HashSet;

use ::exchange::{Columns, CsvPage, ImportMode, ImportReport, Row, Sheet, import_input};
use async_graphql::MaybeUndefined;
use chrono::Datelike as _;
use common::{Error, PEOPLE_OFFICE, Page, Permission, Refusal, Result};
use database::{Ctx, Tx, refusals};

use self::columns::number;
use self::managers::Move;
use self::names::{Names, ROW_NUMBER, ROW_WORK_EMAIL};
use super::model::{self, NUMBER_TAKEN, WORK_EMAIL_TAKEN};
use super::{Employee, EmployeeFilter, EmployeeSort, MANAGE, repo};
use crate::ids::EmployeeId;
use crate::structure;

pub(crate) const EXPORT: Permission = Permission::new(
    "employee.employee.export",
    "Take the employees out of the system, as a file.",
    PEOPLE_OFFICE,
);

import_input! {
    /// A file of employees. Its columns, in any order: number, firstName, lastName, workEmail, employmentType, joinedOn,
    /// lastWorkingDay (as it is) and status (which follows from the days), department (a code), manager (a number or a work e-mail, also of another row), workLocation, workSchedule and
    /// holidayCalendar (names), tags (with commas between them), and custom. with the key of a custom field. A row is
    /// about the employee with its number, without a number about the one with its work e-mail who has not left, and else
    /// about a new one, who keeps its number if it has one.
    EmployeeImportInput
}

const ROW_TWICE: Refusal = Refusal::whole("ROW_TWICE", "a row before is about the same employee");

/// What becomes of a row that can be taken: an employee as they are, if they are there, and as they are to be.
struct Candidate {
    before: Option<Employee>,
    now: Employee,
}

impl Candidate {
    fn is_unchanged(&self) -> bool {
        self.before.as_ref() == Some(&self.now)
    }
}

type Rows = Vec<(i32, Result<Candidate, Vec<Refusal>>)>;

/// Takes in a file of employees; what is refused of one row, the others are not. However many rows it has, it costs the
/// same number of statements.
pub async fn import(ctx: &Ctx, input: EmployeeImportInput) -> Result<ImportReport> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let sheet = Sheet::read(&input.csv)?;
    structure::lock(&mut tx).await?;
    let mut names = Names::of_sheet(&mut tx, &sheet).await?;
    let columns = Columns::of(&sheet, &names)?;
    let starts = start(&tx, &sheet, input.mode, &mut names);
    let mut rows = read(&sheet, &columns, starts, &names)?;
    check_managers(&mut tx, &mut rows, &names).await?;
    let report = report(&rows);
    save(&mut tx, rows).await?;
    // What is not committed has not happened.
    if input.dry_run { Ok(report) } else { tx.commit(report).await }
}

/// The employees that the filter lets through, as a file.
pub async fn export(ctx: &Ctx, filter: EmployeeFilter, sort: EmployeeSort, page: Page) -> Result<CsvPage> {
    let mut tx = ctx.read(&EXPORT).await?;
    let slice = repo::select_page(&mut tx, &filter, sort, page).await?;
    let names = Names::of_employees(&mut tx, slice.rows.iter().map(|(_, employee)| employee)).await?;
    ::exchange::export(&names, &slice)
}

/// Finds whom each row is about, and gives those who are new their ids, so that rows can name one another.
fn start(tx: &Tx, sheet: &Sheet, mode: ImportMode, names: &mut Names) -> Vec<Result<Candidate, Refusal>> {
    let (mut numbers, mut emails) = (vec![None; sheet.rows.len()], vec![None; sheet.rows.len()]);
    sheet.column(ROW_NUMBER).for_each(|(row, cell)| numbers[row] = Some(cell));
    sheet.column(ROW_WORK_EMAIL).for_each(|(row, cell)| emails[row] = Some(cell));
    let mut seen = HashSet::new();
    let mut starts = Vec::with_capacity(sheet.rows.len());
    for (number_cell, email) in numbers.into_iter().zip(emails) {
        let (number, email) = (number_cell.map(number), email.and_then(common::text::email));
        let number = match number.transpose() {
            Ok(number) => number,
            Err(refusal) => {
                starts.push(Err(refusal));
                continue;
            }
        };
        let before = match (&number, &email) {
            (Some(number), _) => names.people.by_number(number),
            (None, Some(email)) => names.people.by_email(email),
            (None, None) => None,
        };
        let started = match before.cloned() {
            Some(_) if mode == ImportMode::Create && number.is_some() => Err(NUMBER_TAKEN),
            Some(_) if mode == ImportMode::Create => Err(WORK_EMAIL_TAKEN),
            Some(before) if !seen.insert(before.id) => Err(ROW_TWICE),
            Some(before) => Ok(Candidate { now: before.clone(), before: Some(before) }),
            None => Ok(Candidate { before: None, now: Employee::blank(tx.now()) }),
        };
        starts.push(started.and_then(|mut candidate| {
            if let (None, Some(number)) = (&candidate.before, number) {
                candidate.now.number = number;
            }
            // Of somebody who has left, an address names nobody.
            if !names.file.add(&candidate.now, email.filter(|_| candidate.now.is_active())) {
                return Err(NUMBER_TAKEN);
            }
            Ok(candidate)
        }));
    }
    starts
}

/// Reads what the rows say, each beside the employee that it is about.
fn read(
    sheet: &Sheet,
    columns: &Columns<Employee>,
    starts: Vec<Result<Candidate, Refusal>>,
    names: &Names,
) -> Result<Rows> {
    let mut claimed = HashSet::new();
    let mut rows = Vec::with_capacity(starts.len());
    for (row, start) in sheet.rows.iter().zip(starts) {
        let read = match start {
            Ok(candidate) => read_one(row, columns, candidate, names, &mut claimed),
            Err(refusal) => Err(Columns::<Employee>::named(refusal, &[]).into()),
        };
        rows.push(match read {
            Ok(candidate) => (row.line, Ok(candidate)),
            Err(error @ (Error::Internal(_) | Error::Unavailable)) => return Err(error),
            Err(error) => (row.line, Err(refusals(&error))),
        });
    }
    Ok(rows)
}

fn read_one(
    row: &Row,
    columns: &Columns<Employee>,
    candidate: Candidate,
    names: &Names,
    claimed: &mut HashSet<String>,
) -> Result<Candidate> {
    let Candidate { before, mut now } = candidate;
    let mut input = columns.read(names, before.as_ref(), row).map_err(Error::Refused)?;
    input.version = now.version;
    let keys: Vec<String> = match &input.custom_fields {
        MaybeUndefined::Value(fields) => fields.iter().map(|field| field.key.clone()).collect(),
        _ => Vec::new(),
    };
    let named = |error: Error| match error {
        Error::Refused(refusals) => {
            let named = refusals.into_iter().map(|refusal| Columns::<Employee>::named(refusal, &keys));
            Error::Refused(named.collect())
        }
        other => other,
    };
    now.fill_in_row(input, &names.fields).map_err(named)?;
    let is_new_email = before.as_ref().is_none_or(|before| before.work_email != now.work_email);
    if is_new_email {
        let holder = names.people.by_email(&now.work_email).map(|holder| holder.id);
        if holder.is_some_and(|holder| holder != now.id) || !claimed.insert(now.work_email.clone()) {
            return Err(named(WORK_EMAIL_TAKEN.into()));
        }
    }
    Ok(Candidate { before, now })
}

/// Refuses rows that would make somebody report to nobody who is there, or in a circle, as they all are together.
async fn check_managers(tx: &mut Tx, rows: &mut Rows, names: &Names) -> Result<()> {
    let candidates = rows.iter().enumerate().filter_map(|(at, (_, row))| Some((at, row.as_ref().ok()?)));
    let (places, moves): (Vec<usize>, Vec<Move>) = candidates
        .map(|(at, Candidate { before, now })| {
            let from = before.as_ref().map(|before| before.manager_id);
            (at, Move { id: now.id, from, to: now.manager_id })
        })
        .unzip();
    let ids: Vec<EmployeeId> = moves.iter().flat_map(|one| [Some(one.id), one.to]).flatten().collect();
    let above = repo::select_above(tx, &ids).await?;
    for (at, refusal) in managers::refused(&moves, above, |id| names.people.is_active(id)) {
        rows[places[at]].1 = Err(vec![Columns::<Employee>::named(refusal, &[])]);
    }
    Ok(())
}

fn report(rows: &Rows) -> ImportReport {
    let mut report = ImportReport::default();
    for (line, row) in rows {
        match row {
            Ok(candidate) if candidate.is_unchanged() => report.unchanged += 1,
            Ok(candidate) if candidate.before.is_some() => report.updated += 1,
            Ok(_) => report.created += 1,
            Err(refusals) => report.refuse(*line, refusals.clone()),
        }
    }
    report
}

async fn save(tx: &mut Tx, rows: Rows) -> Result<()> {
    let candidates = rows.into_iter().filter_map(|(_, row)| row.ok());
    let (mut changed, mut hired) = (Vec::new(), Vec::new());
    for candidate in candidates.filter(|candidate| !candidate.is_unchanged()) {
        if candidate.before.is_none() { &mut hired } else { &mut changed }.push(candidate.now);
    }
    let year = tx.now().year();
    let given: Vec<&str> =
        hired.iter().map(|employee| employee.number.as_str()).filter(|n| !n.is_empty()).collect();
    if !given.is_empty() {
        tx.pass_numbers(&model::NUMBERS, year, &given).await?;
    }
    let count = hired.len() - given.len();
    if let Some(count) = u32::try_from(count).ok().filter(|count| *count > 0) {
        let mut numbers = tx.next_numbers(&model::NUMBERS, year, count).await?.into_iter();
        for employee in hired.iter_mut().filter(|employee| employee.number.is_empty()) {
            employee.number = numbers.next().unwrap_or_default();
        }
    }
    let ids = |employees: &[Employee]| employees.iter().map(|employee| employee.id).collect::<Vec<_>>();
    let (hired_ids, changed_ids) = (ids(&hired), ids(&changed));
    hired.append(&mut changed);
    super::save_all(tx, &mut hired).await?;
    structure::announce_hired(tx, &hired_ids, &changed_ids).await
}
