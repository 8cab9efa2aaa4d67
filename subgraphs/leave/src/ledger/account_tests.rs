use chrono::DateTime;

use super::*;
use crate::due::PolicyLine;
use crate::ids::{LeaveTypeId, PolicyId};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A policy line: so much a year, of which so much moves on, for so many months.
fn line(days_per_year: Decimal, carried: Option<Decimal>, months: Option<i32>) -> PolicyLine {
    PolicyLine {
        days_per_year,
        carry_forward_days_max: carried,
        carry_forward_months: months,
        ..PolicyLine::blank(DateTime::UNIX_EPOCH, PolicyId::new(), LeaveTypeId::new())
    }
}

fn cover(line: &PolicyLine, first: &str, last: Option<&str>) -> Cover {
    let years = LeaveYears::CALENDAR;
    let first_day = day(first);
    Cover { line: line.clone(), years, employed_since: first_day, first_day, last_day: last.map(day) }
}

/// Employed from a day on, with these policies.
fn account(joined_on: &str, covers: Vec<Cover>) -> Account {
    Account { covers, employments: vec![(day(joined_on), None)], ..Account::default() }
}

fn taking(mut account: Account, days: &[&str]) -> Account {
    let taken =
        days.iter().map(|text| Taken { request_id: None, day: day(text), days: dec!(1), is_granted: true });
    account.taken.extend(taken);
    account
}

#[test]
fn what_lapses_first_is_taken_first() {
    let policy = line(dec!(24), Some(dec!(5)), Some(3));
    let account = account("2026-01-01", vec![cover(&policy, "2026-01-01", None)]);
    assert_eq!(account.balance(day("2027-01-01")), dec!(29));
    let account = taking(account, &["2027-02-01", "2027-02-02", "2027-02-03"]);
    assert_eq!(account.balance(day("2027-03-31")), dec!(26));
    // Of the five that moved three were taken and two lapsed.
    assert_eq!(account.balance(day("2027-04-01")), dec!(24));
}

#[test]
fn one_request_over_the_day_on_which_something_lapses_is_as_good_as_two() {
    let policy = line(dec!(24), Some(dec!(5)), Some(3));
    let account = account("2027-01-01", vec![cover(&policy, "2027-01-01", None)]);
    let account = taking(account, &["2028-03-30", "2028-03-31", "2028-04-03", "2028-04-04"]);
    assert_eq!(account.balance(day("2028-04-10")), dec!(22));
}

#[test]
fn what_moves_on_follows_from_what_is_entered_late_for_the_old_year() {
    let policy = line(dec!(5), Some(dec!(5)), None);
    let account = account("2026-01-01", vec![cover(&policy, "2026-01-01", None)]);
    assert_eq!(account.balance(day("2027-01-02")), dec!(10));
    let late = taking(account, &["2026-12-21", "2026-12-22", "2026-12-23"]);
    assert_eq!(late.balance(day("2027-01-02")), dec!(7));
    assert_eq!(late.available(day("2027-01-02")), dec!(7));
}

#[test]
fn the_policy_in_force_on_the_last_day_of_the_year_says_what_moves_on() {
    let (before, after) = (line(dec!(24), Some(dec!(5)), Some(3)), line(dec!(30), Some(dec!(10)), Some(6)));
    let covers = vec![cover(&before, "2026-01-01", Some("2026-12-31")), cover(&after, "2027-01-01", None)];
    let account = account("2026-01-01", covers);
    assert_eq!(account.balance(day("2027-03-31")), dec!(35));
    assert_eq!(account.balance(day("2027-04-01")), dec!(30));
    assert_eq!(account.balance(day("2028-06-30")), dec!(40));
}

#[test]
fn a_grant_that_shrinks_does_not_eat_what_moved_on() {
    let (before, after) = (line(dec!(24), Some(dec!(5)), Some(3)), line(dec!(30), Some(dec!(10)), Some(6)));
    let covers = vec![cover(&before, "2026-01-01", Some("2027-06-30")), cover(&after, "2027-07-01", None)];
    let account = account("2026-01-01", covers);
    assert_eq!(account.balance(day("2027-03-31")), dec!(17));
    assert_eq!(account.balance(day("2027-04-02")), dec!(12));
    assert_eq!(account.balance(day("2027-12-31")), dec!(27));
}

#[test]
fn what_is_overdrawn_is_paid_by_the_next_gift() {
    let monthly = line(dec!(24), None, None);
    let monthly = PolicyLine { accrual: crate::due::Accrual::Monthly, ..monthly };
    let account = account("2026-11-01", vec![cover(&monthly, "2026-11-01", None)]);
    let account = taking(account, &["2026-11-30", "2026-11-27", "2026-11-26"]);
    assert_eq!(account.balance(day("2026-11-30")), dec!(-1));
    assert_eq!(account.balance(day("2026-12-01")), dec!(1));
    assert_eq!(account.lowest_from(day("2026-11-01")), Some(dec!(-1)));
    assert_eq!(account.available(day("2026-11-29")), dec!(-1));
}

#[test]
fn what_is_available_is_what_can_be_taken_and_no_more() {
    let monthly = PolicyLine { accrual: crate::due::Accrual::Monthly, ..line(dec!(24), None, None) };
    let account = account("2026-11-01", vec![cover(&monthly, "2026-11-01", None)]);
    assert_eq!(account.available(day("2026-11-30")), dec!(2));
    let account = taking(account, &["2026-12-07", "2026-12-08", "2026-12-09"]);
    assert_eq!(account.available(day("2026-11-30")), dec!(1));
    let one_more = taking(account.clone(), &["2026-11-30"]);
    assert_eq!(one_more.lowest_from(day("2026-11-30")), Some(dec!(0)));
    // What lapses in between is free to be taken before.
    let lapses = PolicyLine { carry_forward_days_max: Some(dec!(0)), ..line(dec!(24), None, None) };
    let next_year = taking(
        Account {
            covers: vec![cover(&lapses, "2026-01-01", None)],
            employments: account.employments.clone(),
            ..Account::default()
        },
        &["2027-03-01"],
    );
    assert_eq!(next_year.available(day("2026-12-01")), dec!(24));
}

#[test]
fn what_is_asked_for_is_held_against_what_is_available_alone() {
    let policy = line(dec!(24), Some(dec!(0)), None);
    let mut account = account("2026-01-01", vec![cover(&policy, "2026-01-01", None)]);
    account.taken.push(Taken { request_id: None, day: day("2026-06-01"), days: dec!(4), is_granted: false });
    assert_eq!(account.balance(day("2026-12-31")), dec!(24));
    assert_eq!(account.available(day("2026-03-01")), dec!(20));
}

#[test]
fn an_opening_balance_ends_with_its_leave_year_unless_it_says_when() {
    let policy = line(dec!(24), Some(dec!(5)), Some(3));
    let mut of_the_year = account("2020-01-01", vec![cover(&policy, "2026-07-01", None)]);
    of_the_year.adjustments.push(Adjusted::opening(dec!(3), day("2026-07-01")));
    assert_eq!(of_the_year.balance(day("2026-12-31")), dec!(15));
    assert_eq!(of_the_year.balance(day("2027-01-01")), dec!(29));
    let mut with_an_end = of_the_year.clone();
    with_an_end.adjustments[0].expires_on = Some(day("2026-09-30"));
    assert_eq!(with_an_end.balance(day("2026-10-01")), dec!(12));
    let mut without_policy = account("2020-01-01", Vec::new());
    without_policy.adjustments.push(Adjusted::opening(dec!(3), day("2026-07-01")));
    assert_eq!(without_policy.balance(day("2036-07-01")), dec!(3));
}

#[test]
fn who_leaves_takes_nothing_along_and_who_comes_back_begins_at_nothing() {
    let policy = line(dec!(24), None, None);
    let covers = vec![cover(&policy, "2026-01-01", Some("2026-06-30")), cover(&policy, "2026-10-01", None)];
    let employments = vec![(day("2026-01-01"), Some(day("2026-06-30"))), (day("2026-10-01"), None)];
    let account = Account { covers, employments, ..Account::default() };
    assert_eq!(account.balance(day("2026-06-30")), dec!(12));
    assert_eq!(account.balance(day("2026-10-01")), dec!(6));
    let gone = Account {
        covers: vec![cover(&policy, "2026-01-01", Some("2026-06-30"))],
        employments: vec![(day("2026-01-01"), Some(day("2026-06-30")))],
        ..Account::default()
    };
    assert_eq!(gone.balance(day("2027-01-01")), dec!(0));
}

#[test]
fn leave_years_of_their_own_end_and_move_on_their_own_day() {
    let policy = line(dec!(24), Some(dec!(5)), Some(3));
    let british = Cover { years: LeaveYears::on(4, 1), ..cover(&policy, "2026-10-01", None) };
    let account = account("2026-10-01", vec![british]);
    assert_eq!(account.balance(day("2027-03-31")), dec!(12));
    assert_eq!(account.balance(day("2027-04-01")), dec!(29));
    assert_eq!(account.balance(day("2027-07-01")), dec!(24));
}

#[test]
fn without_a_fact_there_is_nothing() {
    assert_eq!(Account::default().balance(day("2026-01-01")), dec!(0));
    assert_eq!(Account::default().lowest_from(day("2026-01-01")), None);
    assert_eq!(Account::default().available(day("2026-01-01")), dec!(0));
}
