//! What a policy gives of one leave type, when, and how long it lasts. Pure.

use async_graphql::{InputObject, SimpleObject};
use chrono::NaiveDate;
use common::{Form, given};
use database::Record;
use graphql::choices;
use rust_decimal::{Decimal, RoundingStrategy, dec};

use super::READ;
use super::year::{LeaveYears, shift};
use crate::ids::{LeaveTypeId, PolicyId, PolicyLineId};

choices! {
    /// When a year's days are given.
    Accrual "LeaveAccrual" {
        /// All at once, on the first day of the leave year or of the employment.
        Upfront,
        /// A twelfth on the first day of each month of the leave year.
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
    /// How much it gives for a whole year: days, or hours of a leave type that is taken in hours.
    pub days_per_year: Decimal,
    /// When it gives them.
    pub accrual: Accrual,
    /// How much of what is left moves into the next leave year; all of it, for good, when null.
    pub carry_forward_days_max: Option<Decimal>,
    /// How many months into the next leave year what moved lasts; all of it when null.
    pub carry_forward_months: Option<i32>,
    /// How many months after the first day of the employment it begins to give anything.
    pub waiting_months: i32,
}

/// What a policy is to give of one leave type.
#[derive(Clone, Debug, InputObject)]
pub struct LeavePolicyLineInput {
    /// The id of the leave type.
    pub leave_type_id: LeaveTypeId,
    /// How much it gives for a whole year, with two decimals at most: 0 to 366 days, or 0 to 8,784 hours of a leave type
    /// that is taken in hours.
    pub days_per_year: Decimal,
    /// When it gives them; all at once when absent.
    pub accrual: Option<Accrual>,
    /// How much of what is left moves into the next leave year, 0 to 8,784; all of it, for good, when absent.
    pub carry_forward_days_max: Option<Decimal>,
    /// How many months into the next leave year what moved lasts, 1 to 12; all of it when absent.
    pub carry_forward_months: Option<i32>,
    /// How many months after the first day of the employment it begins to give anything, 0 to 24; 0 when absent.
    pub waiting_months: Option<i32>,
}

/// What is given for one part of a leave year.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    /// The line that gives it.
    pub line_id: PolicyLineId,
    /// How much.
    pub days: Decimal,
    /// From when on.
    pub effective_on: NaiveDate,
    /// The last day of the leave year that it is given for.
    pub year_ends_on: NaiveDate,
}

impl PolicyLine {
    /// A line as a form has it.
    pub(crate) fn filled_in(form: &mut Form, policy_id: PolicyId, input: LeavePolicyLineInput) -> Self {
        let mut line = Self::blank(chrono::DateTime::UNIX_EPOCH, policy_id, input.leave_type_id);
        let amount = Decimal::ZERO..=Decimal::from(366 * 24);
        form.decimal("daysPerYear", given(input.days_per_year), amount.clone(), 2, &mut line.days_per_year);
        line.accrual = input.accrual.unwrap_or_default();
        let carried = given(input.carry_forward_days_max);
        form.optional_decimal("carryForwardDaysMax", carried, amount, 2, &mut line.carry_forward_days_max);
        let months = given(input.carry_forward_months);
        form.optional_number("carryForwardMonths", months, 1..=12, &mut line.carry_forward_months);
        form.number(
            "waitingMonths",
            given(input.waiting_months.unwrap_or(0)),
            0..=24,
            &mut line.waiting_months,
        );
        line
    }

    /// What the line gives to somebody whom it covers from `first_day` to `last_day`, as far as it is due by
    /// the day `through`. A part of a leave year that is covered in part gives its share by days.
    #[must_use]
    pub fn grants(
        &self,
        years: LeaveYears,
        first_day: NaiveDate,
        last_day: Option<NaiveDate>,
        through: NaiveDate,
    ) -> Vec<Grant> {
        let through = last_day.map_or(through, |last_day| last_day.min(through));
        if through < first_day {
            return Vec::new();
        }
        let months = match self.accrual {
            Accrual::Upfront => 12,
            Accrual::Monthly => 1,
        };
        years
            .parts(months, first_day, through)
            .filter(|(from, to, _)| *to >= first_day && (*from).max(first_day) <= through)
            .map(|(from, to, part)| {
                let covered_from = from.max(first_day);
                let covered_to = last_day.map_or(to, |last_day| to.min(last_day));
                let covered = self.part(part, months) * days_between(covered_from, covered_to);
                Grant {
                    line_id: self.id,
                    days: self.rounded(covered / days_between(from, to)),
                    effective_on: covered_from,
                    year_ends_on: years.last_day(covered_from),
                }
            })
            .filter(|grant| !grant.days.is_zero())
            .collect()
    }

    /// The whole part's share of a year's days. Twelve months add up to the year, to the cent.
    fn part(&self, part: u32, months: u32) -> Decimal {
        let through =
            |parts: u32| (self.days_per_year * Decimal::from(parts * months) / dec!(12)).round_dp(2);
        through(part + 1) - through(part)
    }

    /// A year is given in halves, as people take it; a month's part exactly.
    fn rounded(&self, days: Decimal) -> Decimal {
        match self.accrual {
            Accrual::Upfront => {
                (days * dec!(2)).round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero) / dec!(2)
            }
            Accrual::Monthly => days.round_dp(2),
        }
    }

    /// What moves into the leave year that begins on `first_day` of what was `left` when the one before ended, and the
    /// last day on which it can be taken: for good when `None`.
    #[must_use]
    pub fn carried(
        &self,
        years: LeaveYears,
        left: Decimal,
        first_day: NaiveDate,
    ) -> (Decimal, Option<NaiveDate>) {
        let Some(most) = self.carry_forward_days_max else { return (left, None) };
        let last_day = match self.carry_forward_months {
            None => years.last_day(first_day),
            Some(months) => {
                let end = shift(first_day, months);
                end.pred_opt().unwrap_or(end)
            }
        };
        (left.min(most), Some(last_day))
    }
}

fn days_between(first: NaiveDate, last: NaiveDate) -> Decimal {
    Decimal::from((last - first).num_days() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn line(accrual: Accrual, days_per_year: Decimal) -> PolicyLine {
        PolicyLine {
            days_per_year,
            accrual,
            carry_forward_days_max: Some(dec!(5)),
            carry_forward_months: Some(3),
            ..PolicyLine::blank(chrono::DateTime::UNIX_EPOCH, PolicyId::new(), LeaveTypeId::new())
        }
    }

    fn given(line: &PolicyLine, first: &str, last: Option<&str>, through: &str) -> Vec<Grant> {
        line.grants(LeaveYears::CALENDAR, day(first), last.map(day), day(through))
    }

    #[test]
    fn a_whole_year_is_given_on_its_first_day() {
        let grants = given(&line(Accrual::Upfront, dec!(25)), "2025-01-01", None, "2026-06-30");
        assert_eq!(grants.len(), 2);
        assert_eq!((grants[1].days, grants[1].effective_on), (dec!(25), day("2026-01-01")));
        assert_eq!(grants[1].year_ends_on, day("2026-12-31"));
    }

    #[test]
    fn who_joins_or_leaves_within_a_year_gets_their_part() {
        let line = line(Accrual::Upfront, dec!(24));
        assert_eq!(given(&line, "2026-07-01", None, "2026-07-01")[0].days, dec!(12));
        assert_eq!(given(&line, "2026-01-01", Some("2026-06-30"), "2026-12-31")[0].days, dec!(12));
        assert!(given(&line, "2026-07-01", Some("2026-06-30"), "2026-12-31").is_empty());
    }

    #[test]
    fn twelve_months_make_a_year() {
        let grants = given(&line(Accrual::Monthly, dec!(25)), "2026-01-01", None, "2026-12-31");
        assert_eq!(grants.len(), 12);
        assert_eq!(grants.iter().map(|grant| grant.days).sum::<Decimal>(), dec!(25));
    }

    #[test]
    fn a_month_is_given_when_it_has_begun() {
        let grants = given(&line(Accrual::Monthly, dec!(24)), "2026-01-16", None, "2026-02-28");
        let days: Vec<_> = grants.iter().map(|grant| grant.effective_on).collect();
        assert_eq!(days, [day("2026-01-16"), day("2026-02-01")]);
        assert_eq!(grants[0].days, dec!(1.03));
    }

    #[test]
    fn a_leave_year_of_its_own_gives_on_its_own_days() {
        let line = line(Accrual::Upfront, dec!(24));
        let grants = line.grants(LeaveYears::on(4, 1), day("2026-10-01"), None, day("2027-04-01"));
        let given: Vec<_> =
            grants.iter().map(|grant| (grant.days, grant.effective_on, grant.year_ends_on)).collect();
        assert_eq!(
            given,
            [
                (dec!(12), day("2026-10-01"), day("2027-03-31")),
                (dec!(24), day("2027-04-01"), day("2028-03-31"))
            ]
        );
    }

    #[test]
    fn what_is_left_moves_on_up_to_its_limit_and_lasts_its_time() {
        let line = line(Accrual::Upfront, dec!(25));
        let carried = |line: &PolicyLine, left| line.carried(LeaveYears::CALENDAR, left, day("2027-01-01"));
        assert_eq!(carried(&line, dec!(8)), (dec!(5), Some(day("2027-03-31"))));
        assert_eq!(carried(&line, dec!(2)), (dec!(2), Some(day("2027-03-31"))));
        let all_year = PolicyLine { carry_forward_months: None, ..line.clone() };
        assert_eq!(carried(&all_year, dec!(8)), (dec!(5), Some(day("2027-12-31"))));
        let for_good = PolicyLine { carry_forward_days_max: None, ..line };
        assert_eq!(carried(&for_good, dec!(8)), (dec!(8), None));
    }
}
