//! What a balance is: lots that were given, taken from first the one that lapses first. Pure.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::{Decimal, dec};

/// A movement of an account: given when positive, taken when negative.
#[derive(Clone, Debug, PartialEq)]
pub struct Movement {
    /// Days, signed.
    pub days: Decimal,
    /// From when on it counts.
    pub effective_on: NaiveDate,
    /// The last day on which what was given can be taken; never lapses when `None`.
    pub expires_on: Option<NaiveDate>,
}

/// The balance at the end of a day.
#[must_use]
pub fn balance(movements: &[Movement], as_of: NaiveDate) -> Decimal {
    let mut account = Account::default();
    for movement in in_order(movements).into_iter().filter(|movement| movement.effective_on <= as_of) {
        account.apply(movement);
    }
    account.lapse(as_of);
    account.balance()
}

/// The lowest balance right after anything is taken on `from` or later; `None` when nothing is.
#[must_use]
pub fn lowest_from(movements: &[Movement], from: NaiveDate) -> Option<Decimal> {
    let mut account = Account::default();
    let mut lowest: Option<Decimal> = None;
    for movement in in_order(movements) {
        account.apply(movement);
        if movement.days < dec!(0) && movement.effective_on >= from {
            lowest = Some(lowest.map_or(account.balance(), |lowest| lowest.min(account.balance())));
        }
    }
    lowest
}

/// By day; what is given on a day can be taken on it.
fn in_order(movements: &[Movement]) -> Vec<&Movement> {
    let mut ordered: Vec<_> = movements.iter().collect();
    ordered.sort_by_key(|movement| (movement.effective_on, movement.days < dec!(0)));
    ordered
}

#[derive(Default)]
struct Account {
    /// What is left of what was given, by the day on which it lapses.
    lots: BTreeMap<NaiveDate, Decimal>,
    /// What was taken beyond what was given; the next gift pays for it.
    debt: Decimal,
}

impl Account {
    fn apply(&mut self, movement: &Movement) {
        self.lapse(movement.effective_on);
        if movement.days < dec!(0) { self.take(-movement.days) } else { self.give(movement) }
    }

    fn give(&mut self, movement: &Movement) {
        let repaid = self.debt.min(movement.days);
        self.debt -= repaid;
        *self.lots.entry(movement.expires_on.unwrap_or(NaiveDate::MAX)).or_default() +=
            movement.days - repaid;
    }

    fn take(&mut self, mut days: Decimal) {
        for left in self.lots.values_mut() {
            let part = days.min(*left);
            *left -= part;
            days -= part;
        }
        self.debt += days;
    }

    /// Drops what can no longer be taken on `day`.
    fn lapse(&mut self, day: NaiveDate) {
        self.lots = self.lots.split_off(&day);
    }

    fn balance(&self) -> Decimal {
        self.lots.values().sum::<Decimal>() - self.debt
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn given(days: Decimal, on: &str, until: Option<&str>) -> Movement {
        Movement { days, effective_on: day(on), expires_on: until.map(day) }
    }

    fn taken(days: Decimal, on: &str) -> Movement {
        given(-days, on, None)
    }

    #[test]
    fn what_lapses_first_is_taken_first() {
        let movements = [
            given(dec!(25), "2026-01-01", Some("2026-12-31")),
            given(dec!(5), "2026-01-01", Some("2026-03-31")),
            taken(dec!(3), "2026-02-02"),
        ];
        assert_eq!(balance(&movements, day("2026-03-31")), dec!(27));
        // Of the five carried days three were taken and two lapsed.
        assert_eq!(balance(&movements, day("2026-04-01")), dec!(25));
        assert_eq!(balance(&movements, day("2027-01-01")), dec!(0));
    }

    #[test]
    fn a_day_can_be_taken_on_the_day_it_lapses_and_not_after() {
        let lot = given(dec!(1), "2026-01-01", Some("2026-03-31"));
        assert_eq!(
            lowest_from(&[lot.clone(), taken(dec!(1), "2026-03-31")], day("2026-01-01")),
            Some(dec!(0))
        );
        assert_eq!(lowest_from(&[lot, taken(dec!(1), "2026-04-01")], day("2026-01-01")), Some(dec!(-1)));
    }

    #[test]
    fn what_was_overdrawn_is_paid_by_the_next_gift() {
        let movements = [taken(dec!(2), "2026-01-05"), given(dec!(10), "2026-02-01", None)];
        assert_eq!(balance(&movements, day("2026-01-31")), dec!(-2));
        assert_eq!(balance(&movements, day("2026-02-01")), dec!(8));
    }

    #[test]
    fn a_leave_in_between_lowers_what_a_later_one_can_take() {
        let mut movements = vec![given(dec!(5), "2026-01-01", None), taken(dec!(4), "2026-08-03")];
        movements.push(taken(dec!(2), "2026-05-04"));
        assert_eq!(lowest_from(&movements, day("2026-05-04")), Some(dec!(-1)));
    }

    #[test]
    fn without_a_movement_there_is_nothing() {
        assert_eq!(balance(&[], day("2026-01-01")), dec!(0));
        assert_eq!(lowest_from(&[], day("2026-01-01")), None);
    }
}
