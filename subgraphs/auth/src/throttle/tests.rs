//! The waits that failures cost.

use super::*;

const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

fn waits_s(failures: Failures) -> Option<i64> {
    wait(&failures, NOW).map(|wait| wait.num_seconds())
}

fn own(own: i64, ago_s: i64) -> Failures {
    Failures { own, own_last: (own > 0).then(|| NOW - Duration::seconds(ago_s)), ..Failures::default() }
}

#[test]
fn four_failures_cost_nothing_and_every_further_one_twice_the_last() {
    let waits = [0, 4, 5, 6, 7].map(|count| waits_s(own(count, 0)));
    assert_eq!(waits, [None, None, Some(30), Some(60), Some(120)]);
}

#[test]
fn no_wait_is_longer_than_fifteen_minutes_and_every_wait_ends() {
    let waits = [10, 20, 100, i64::from(u32::MAX)].map(|count| waits_s(own(count, 0)));
    assert_eq!(waits, [Some(900); 4]);
    assert_eq!(waits_s(own(5, 29)), Some(1));
    assert_eq!(waits_s(own(5, 30)), None);
    assert_eq!(waits_s(own(100, 900)), None);
}

#[test]
fn one_network_guesses_less_than_ten_times_in_any_fifteen_minutes() {
    let mut guesses: Vec<i64> = Vec::new();
    for second in 0..4 * 3_600 {
        let now = NOW + Duration::seconds(second);
        let in_window: Vec<i64> = guesses.iter().copied().filter(|at| *at > second - 900).collect();
        let last = in_window.last().map(|at| NOW + Duration::seconds(*at));
        let so_far = Failures { own: in_window.len() as i64, own_last: last, ..Failures::default() };
        if wait(&so_far, now).is_none() {
            guesses.push(second);
            assert!(in_window.len() < 9, "the tenth in 15 minutes, after {second} s");
        }
    }
    assert!(guesses.len() > 100, "it is slowed down and not shut out");
}

#[test]
fn an_account_at_which_strangers_fail_is_slow_for_strangers_and_as_ever_for_those_who_are_known() {
    let failed = |strangers| Failures { strangers, ..Failures::default() };
    assert_eq!([9, 10, 1_000].map(|count| failed(count).is_slow()), [false, true, true]);
    assert!(!Failures { is_known: true, ..failed(1_000) }.is_slow());
}

#[test]
fn a_network_that_has_failed_thrice_there_waits_until_one_of_the_three_is_forgotten() {
    let third = Some(NOW - Duration::minutes(10));
    let failed = Failures { own: 3, own_last: Some(NOW), own_of_too_many: third, ..Failures::default() };
    assert_eq!(waits_s(Failures { strangers: 10, ..failed.clone() }), Some(300));
    assert_eq!(waits_s(Failures { strangers: 10, is_known: true, ..failed.clone() }), None);
    assert_eq!(waits_s(Failures { strangers: 9, ..failed }), None);
}

#[test]
fn a_wait_is_told_in_whole_seconds_rounded_up() {
    for (millis, expected) in [(1, 1), (1000, 1), (1001, 2), (29_500, 30)] {
        assert_eq!(Wait(Duration::milliseconds(millis)).seconds(), expected);
    }
}
