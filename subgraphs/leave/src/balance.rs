//! Balances: what somebody has of each leave type on a day.

use std::collections::HashMap;

use chrono::NaiveDate;
use common::{Error, Permission, Result};
use database::{Ctx, Tx};
use graphql::Date;
use people::Person;
use rust_decimal::Decimal;

use crate::ids::{EmployeeId, LeaveTypeId};
use crate::ledger::{self, Account, Taken};

pub(crate) const READ: Permission = crate::due::READ_DUE;

/// How far from today what people are due is told and entered, in days: five years.
pub(crate) const REACH_DAYS: i64 = 5 * 366;

/// What somebody has of one leave type.
#[derive(Clone, Debug, PartialEq)]
pub struct Balance {
    /// Of what.
    pub leave_type_id: LeaveTypeId,
    /// What was given, less what was taken and what lapsed, at the end of the day asked for.
    pub balance: Decimal,
    /// Taken by then, in the same leave year.
    pub taken: Decimal,
    /// Approved for later days of the same leave year.
    pub planned: Decimal,
    /// Asked for in the same leave year, and not decided.
    pub pending: Decimal,
    /// What can still be asked for.
    pub available: Decimal,
}

/// The balances of several employees at the end of a day, by leave type. Four queries, however many they are.
pub(crate) async fn at(
    tx: &mut Tx,
    employees: &[Person],
    as_of: impl Fn(&Person) -> NaiveDate,
) -> Result<HashMap<EmployeeId, Vec<Balance>>> {
    let mut accounts = ledger::accounts(tx, employees, None).await?;
    let of = |person: &Person| {
        let (mine, as_of) = (accounts.remove(&person.id).unwrap_or_default(), as_of(person));
        let balances = mine.into_iter().map(|(leave_type_id, account)| on(leave_type_id, &account, as_of));
        (person.id, balances.collect())
    };
    Ok(employees.iter().map(of).collect())
}

/// Balances are played through day by day: one that is far off would take for ever and mean nothing.
///
/// # Errors
/// `VALIDATION_FAILED` for a day more than five years from today.
pub(crate) fn check_as_of(ctx: &Ctx, as_of: Option<Date>) -> Result<()> {
    let is_far = |day: Date| (day.0 - ctx.today(chrono_tz::UTC)).num_days().abs() > REACH_DAYS;
    if as_of.is_some_and(is_far) {
        return Err(Error::validation("a day of a balance must be within five years of today"));
    }
    Ok(())
}

fn on(leave_type_id: LeaveTypeId, account: &Account, as_of: NaiveDate) -> Balance {
    let years = account.years_on(as_of);
    let year = years.first_day(as_of)..=years.last_day(as_of);
    let total = |counts: fn(&Taken, NaiveDate) -> bool| -> Decimal {
        let counted = account.taken.iter().filter(|taken| year.contains(&taken.day) && counts(taken, as_of));
        counted.map(|taken| taken.days).sum()
    };
    Balance {
        leave_type_id,
        balance: account.balance(as_of),
        taken: total(|taken, as_of| taken.is_granted && taken.day <= as_of),
        planned: total(|taken, as_of| taken.is_granted && taken.day > as_of),
        pending: total(|taken, _| !taken.is_granted),
        available: account.available(as_of),
    }
}
