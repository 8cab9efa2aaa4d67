//! What a policy gives, when, and how long it lasts. Pure.

use async_graphql::{InputObject, SimpleObject};
use chrono::{Datelike as _, Months, NaiveDate};
use common::{Form, given};
use database::Record;
use graphql::choices;
use rust_decimal::{Decimal, RoundingStrategy, dec};

use super::READ;
use crate::ids::{LeaveTypeId, PolicyId, PolicyLineId};
use crate::ledger::Grant;

choices! {
    /// When a year's days are given.
    Accrual "LeaveAccrual" {
        /// All at once, on the first day of the year or of the employment.
        Upfront,
        /// A twelfth on the first of each month.
        Monthly,
    }
}

/// What a policy gives of one leave type.
#[derive(Clone, Debug, PartialEq, SimpleObject, Record)]
#[graphql(name = "LeavePolicyLine", complex)]
#[record("leave policy line", table = "leave.policy_line", read = READ, graphql = "LeavePolicyLine")]
pub struct PolicyLine {
    /// The id of the line; opaque to clients.
    pub id: PolicyLineId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) policy_id: PolicyId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) leave_type_id: LeaveTypeId,
    /// How many days it gives for a whole year.
    #[record(once)]
    pub days_per_year: Decimal,
    /// When it gives them.
    #[record(once)]
    pub accrual: Accrual,
    /// How many of the days that are left move into the next year; all of them, for good, when null.
    #[record(once)]
    pub carry_forward_days_max: Option<Decimal>,
    /// How many months into the next year the moved days last; all of it when null.
    #[record(once)]
    pub carry_forward_months: Option<i32>,
}

/// What a new policy gives of one leave type.
#[derive(Clone, Debug, InputObject)]
pub struct LeavePolicyLineInput {
    /// The id of the leave type.
    pub leave_type_id: LeaveTypeId,
    /// How many days it gives for a whole year: 0 to 366, with two decimals at most.
    pub days_per_year: Decimal,
    /// When it gives them; all at once when absent.
    pub accrual: Option<Accrual>,
    /// How many of the days that are left move into the next year, 0 to 366; all of them, for good, when absent.
    pub carry_forward_days_max: Option<Decimal>,
    /// How many months into the next year the moved days last, 1 to 12; all of it when absent.
    pub carry_forward_months: Option<i32>,
}

impl PolicyLine {
    /// A line as a form has it.
    pub(super) fn filled_in(form: &mut Form, policy_id: PolicyId, input: LeavePolicyLineInput) -> Self {
        let mut line = Self::blank(chrono::DateTime::UNIX_EPOCH, policy_id, input.leave_type_id);
        let days = Decimal::ZERO..=Decimal::from(366);
        form.decimal("daysPerYear", given(input.days_per_year), days.clone(), 2, &mut line.days_per_year);
        line.accrual = input.accrual.unwrap_or_default();
        let carried = given(input.carry_forward_days_max);
        form.optional_decimal("carryForwardDaysMax", carried, days, 2, &mut line.carry_forward_days_max);
        let months = given(input.carry_forward_months);
        form.optional_number("carryForwardMonths", months, 1..=12, &mut line.carry_forward_months);
        line
    }

    /// What the line gives to somebody whom it covers from `first_day` to `last_day`, as far as it is due by
    /// the day `through`.
    #[must_use]
    pub fn grants(
        &self,
        first_day: NaiveDate,
        last_day: Option<NaiveDate>,
        through: NaiveDate,
    ) -> Vec<Grant> {
        let through = last_day.map_or(through, |last_day| last_day.min(through));
        periods(self.accrual, first_day, through)
            .into_iter()
            .map(|period| {
                let covered_from = period.first_day.max(first_day);
                let covered_to = last_day.map_or(period.last_day, |last_day| period.last_day.min(last_day));
                let share =
                    days_between(covered_from, covered_to) / days_between(period.first_day, period.last_day);
                Grant {
                    key: format!("{}:{}", self.id, period.name),
                    leave_type_id: self.leave_type_id,
                    days: round(self.accrual, period.days(self.days_per_year) * share),
                    effective_on: covered_from,
                    expires_on: self.carry_forward_days_max.and_then(|_| last_of_year(covered_from)),
                }
            })
            .filter(|grant| !grant.days.is_zero())
            .collect()
    }

    /// What moves into `year` of what was `left` at the end of the year before.
    #[must_use]
    pub fn carry_forward(&self, left: Decimal, year: i32) -> Option<Grant> {
        let days = left.min(self.carry_forward_days_max?);
        let effective_on = NaiveDate::from_ymd_opt(year, 1, 1)?;
        let months = u32::try_from(self.carry_forward_months.unwrap_or(12)).ok()?;
        let expires_on = effective_on.checked_add_months(Months::new(months))?.pred_opt()?;
        (days > dec!(0)).then(|| Grant {
            key: format!("{}:carry:{year}", self.leave_type_id),
            leave_type_id: self.leave_type_id,
            days,
            effective_on,
            expires_on: Some(expires_on),
        })
    }
}

struct Period {
    name: String,
    first_day: NaiveDate,
    last_day: NaiveDate,
    /// 0 for a year, 1 to 12 for a month.
    month: u32,
}

impl Period {
    /// The whole period's part of a year's days. Twelve months add up to the year, to the cent.
    fn days(&self, days_per_year: Decimal) -> Decimal {
        let through = |month: u32| (days_per_year * Decimal::from(month) / dec!(12)).round_dp(2);
        if self.month == 0 { days_per_year } else { through(self.month) - through(self.month - 1) }
    }
}

fn periods(accrual: Accrual, first_day: NaiveDate, through: NaiveDate) -> Vec<Period> {
    let mut periods = Vec::new();
    for year in first_day.year()..=through.year() {
        let months = match accrual {
            Accrual::Upfront => 0..=0,
            Accrual::Monthly => 1..=12,
        };
        for month in months {
            let length = if month == 0 { 12 } else { 1 };
            let Some(start) = NaiveDate::from_ymd_opt(year, month.max(1), 1) else { continue };
            let end = start.checked_add_months(Months::new(length)).and_then(|next| next.pred_opt());
            let Some(end) = end.filter(|end| *end >= first_day && start.max(first_day) <= through) else {
                continue;
            };
            let name = if month == 0 { year.to_string() } else { format!("{year}-{month:02}") };
            periods.push(Period { name, first_day: start, last_day: end, month });
        }
    }
    periods
}

/// A year is given in half days, as people take it; a month's part exactly.
fn round(accrual: Accrual, days: Decimal) -> Decimal {
    match accrual {
        Accrual::Upfront => {
            (days * dec!(2)).round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero) / dec!(2)
        }
        Accrual::Monthly => days.round_dp(2),
    }
}

fn days_between(first: NaiveDate, last: NaiveDate) -> Decimal {
    Decimal::from((last - first).num_days() + 1)
}

/// The last day of the leave year that a day is in. Leave years are calendar years.
#[must_use]
pub fn last_of_year(day: NaiveDate) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(day.year(), 12, 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn line(accrual: Accrual, days_per_year: Decimal) -> PolicyLine {
        PolicyLine {
            id: PolicyLineId::new(),
            policy_id: PolicyId::new(),
            leave_type_id: LeaveTypeId::new(),
            days_per_year,
            accrual,
            carry_forward_days_max: Some(dec!(5)),
            carry_forward_months: Some(3),
        }
    }

    #[test]
    fn a_whole_year_is_given_on_its_first_day() {
        let grants = line(Accrual::Upfront, dec!(25)).grants(day("2025-01-01"), None, day("2026-06-30"));
        assert_eq!(grants.len(), 2);
        assert_eq!((grants[1].days, grants[1].effective_on), (dec!(25), day("2026-01-01")));
        assert_eq!(grants[1].expires_on, Some(day("2026-12-31")));
    }

    #[test]
    fn who_joins_or_leaves_within_a_year_gets_their_part() {
        let line = line(Accrual::Upfront, dec!(24));
        assert_eq!(line.grants(day("2026-07-01"), None, day("2026-07-01"))[0].days, dec!(12));
        let leaver = line.grants(day("2026-01-01"), Some(day("2026-06-30")), day("2026-12-31"));
        assert_eq!(leaver[0].days, dec!(12));
        assert!(line.grants(day("2026-07-01"), Some(day("2026-06-30")), day("2026-12-31")).is_empty());
    }

    #[test]
    fn twelve_months_make_a_year() {
        let grants = line(Accrual::Monthly, dec!(25)).grants(day("2026-01-01"), None, day("2026-12-31"));
        assert_eq!(grants.len(), 12);
        assert_eq!(grants.iter().map(|grant| grant.days).sum::<Decimal>(), dec!(25));
    }

    #[test]
    fn a_month_is_given_when_it_has_begun() {
        let grants = line(Accrual::Monthly, dec!(24)).grants(day("2026-01-16"), None, day("2026-02-28"));
        assert_eq!(
            grants.iter().map(|grant| grant.effective_on).collect::<Vec<_>>(),
            [day("2026-01-16"), day("2026-02-01")]
        );
        assert_eq!(grants[0].days, dec!(1.03));
    }

    #[test]
    fn what_is_left_moves_on_up_to_its_limit_and_lasts_its_time() {
        let line = line(Accrual::Upfront, dec!(25));
        let carried = line.carry_forward(dec!(8), 2027).unwrap();
        assert_eq!((carried.days, carried.expires_on), (dec!(5), Some(day("2027-03-31"))));
        assert_eq!(line.carry_forward(dec!(2), 2027).unwrap().days, dec!(2));
        assert_eq!(line.carry_forward(dec!(0), 2027), None);
        assert_eq!(line.carry_forward(dec!(-1), 2027), None);
    }
}
