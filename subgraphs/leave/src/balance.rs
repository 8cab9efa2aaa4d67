//! Balances: what somebody has of each leave type, from the ledger and from what their policies will give.

use std::collections::{BTreeSet, HashMap};

use chrono::{Datelike as _, NaiveDate};
use common::{PEOPLE_MATTERS, Permission, Result};
use database::Tx;
use people::Person;
use rust_decimal::{Decimal, dec};

use crate::ids::{EmployeeId, LeaveTypeId, RequestId};
use crate::ledger::{self, Movement, balance, lowest_from};
use crate::policy;

pub(crate) const READ: Permission =
    Permission::new("leave.balance.read", "See leave balances.", PEOPLE_MATTERS);

/// What somebody has of one leave type.
#[derive(Clone, Debug, PartialEq)]
pub struct Balance {
    /// Of what.
    pub leave_type_id: LeaveTypeId,
    /// What was given, less what was taken and what lapsed, at the end of the day asked for.
    pub balance: Decimal,
    /// Approved for later days of the same year.
    pub planned: Decimal,
    /// Asked for and not decided.
    pub pending: Decimal,
}

impl Balance {
    /// What can still be asked for.
    #[must_use]
    pub fn available(&self) -> Decimal {
        self.balance - self.planned - self.pending
    }
}

/// The balances of several employees at the end of a day, by leave type. Four queries, however many they are.
pub(crate) async fn at(
    tx: &mut Tx,
    employees: &[Person],
    as_of: impl Fn(&Person) -> NaiveDate,
) -> Result<HashMap<EmployeeId, Vec<Balance>>> {
    let ids: Vec<_> = employees.iter().map(|employee| employee.id).collect();
    let posted = ledger::movements(tx, &ids, None).await?;
    let held = ledger::holds(tx, &ids, None, None).await?;
    let assigned = policy::covered(tx, &ids).await?;
    let given = ledger::accrual_keys(tx, &ids).await?;
    let mut found = HashMap::with_capacity(employees.len());
    for employee in employees {
        let as_of = as_of(employee);
        let mut movements = of(&posted, employee.id);
        movements.extend(projected(employee, &assigned, &given, as_of));
        found.insert(employee.id, summarise(&movements, &of(&held, employee.id), as_of));
    }
    Ok(found)
}

type ByType = Vec<(LeaveTypeId, Movement)>;

fn of(all: &[ledger::Row], employee_id: EmployeeId) -> ByType {
    let mine = all.iter().filter(|row| row.employee_id == employee_id);
    mine.map(|row| (row.leave_type_id, row.movement())).collect()
}

/// What will have been given by `through`, and is not posted yet.
fn projected(
    employee: &Person,
    assigned: &[policy::Covered],
    given: &BTreeSet<(EmployeeId, String)>,
    through: NaiveDate,
) -> ByType {
    let mine = assigned.iter().filter(|assignment| assignment.employee_id == employee.id);
    mine.flat_map(|assignment| {
        let (first_day, last_day) = (assignment.first_day(employee), assignment.last_day(employee));
        assignment.lines.iter().flat_map(move |line| line.grants(first_day, last_day, through))
    })
    .filter(|grant| !given.contains(&(employee.id, grant.key.clone())))
    .map(|grant| {
        let movement =
            Movement { days: grant.days, effective_on: grant.effective_on, expires_on: grant.expires_on };
        (grant.leave_type_id, movement)
    })
    .collect()
}

fn summarise(movements: &ByType, holds: &ByType, as_of: NaiveDate) -> Vec<Balance> {
    let types: BTreeSet<_> = movements.iter().chain(holds).map(|(leave_type_id, _)| *leave_type_id).collect();
    let in_year = |movement: &Movement| movement.effective_on.year() == as_of.year();
    types
        .into_iter()
        .map(|leave_type_id| {
            let mine = |all: &ByType| -> Vec<Movement> {
                all.iter()
                    .filter(|(id, _)| *id == leave_type_id)
                    .map(|(_, movement)| movement.clone())
                    .collect()
            };
            let (movements, holds) = (mine(movements), mine(holds));
            let later = |movement: &&Movement| movement.days < dec!(0) && movement.effective_on > as_of;
            Balance {
                leave_type_id,
                balance: balance(&movements, as_of),
                planned: -movements
                    .iter()
                    .filter(later)
                    .filter(|m| in_year(m))
                    .map(|m| m.days)
                    .sum::<Decimal>(),
                pending: -holds.iter().filter(|m| in_year(m)).map(|m| m.days).sum::<Decimal>(),
            }
        })
        .collect()
}

/// What an account would fall to, at its lowest from the first of `taken` on, if they were taken as well; `None`
/// when nothing is.
///
/// Counts what is posted, what will have been given by then, and what others wait for; a request that is
/// being decided (`except`) does not wait for itself. The account must be locked.
pub(crate) async fn lowest_after(
    tx: &mut Tx,
    employee: &Person,
    leave_type_id: LeaveTypeId,
    taken: &[Movement],
    except: Option<RequestId>,
) -> Result<Option<Decimal>> {
    let Some(from) = taken.iter().map(|movement| movement.effective_on).min() else { return Ok(None) };
    let ids = [employee.id];
    let posted = ledger::movements(tx, &ids, Some(leave_type_id)).await?;
    let held = ledger::holds(tx, &ids, Some(leave_type_id), except).await?;
    let assigned = policy::covered(tx, &ids).await?;
    let given = ledger::accrual_keys(tx, &ids).await?;
    let mut movements: Vec<Movement> = posted.iter().chain(&held).map(ledger::Row::movement).collect();
    movements.extend_from_slice(taken);
    // As far as anything is taken: a leave next year is paid by next year's days.
    let through = movements.iter().map(|movement| movement.effective_on).max().unwrap_or(from);
    let projected = projected(employee, &assigned, &given, through);
    movements
        .extend(projected.into_iter().filter(|(id, _)| *id == leave_type_id).map(|(_, movement)| movement));
    Ok(lowest_from(&movements, from))
}
