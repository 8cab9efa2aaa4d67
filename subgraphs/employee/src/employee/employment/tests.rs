use async_graphql::MaybeUndefined::{Undefined, Value};
use common::Error;

use super::super::model::tests::{ada, day};
use super::correction::EmploymentInput;
use super::*;

fn leaving(text: &str) -> EmployeeTerminateInput {
    EmployeeTerminateInput {
        last_working_day: day(text),
        termination_type: TerminationType::Resignation,
        reassign_reports_to: None,
    }
}

fn coming_back(text: &str) -> EmployeeRehireInput {
    EmployeeRehireInput {
        joined_on: day(text),
        work_email: None,
        employment_type: None,
        membership_id: Undefined,
        department_id: Undefined,
        manager_id: Undefined,
        work_location_id: Undefined,
    }
}

fn code<T>(done: Result<T>) -> String {
    match done {
        Ok(_) => "done".to_owned(),
        Err(Error::Refused(refusals)) => refusals[0].code.to_string(),
        Err(error) => panic!("{error:?}"),
    }
}

#[test]
fn a_termination_has_a_last_day_not_before_the_first_and_may_be_moved() {
    let mut ada = ada();
    for wrong in ["2026-01-04", "2101-01-01"] {
        assert_eq!(ada.terminate(&leaving(wrong)).unwrap_err().code, "DATE_OUT_OF_RANGE");
    }
    assert!(!ada.has_last_day());
    for right in ["2026-01-05", "2026-06-30", "2026-03-31"] {
        assert_eq!(ada.terminate(&leaving(right)), Ok(()));
        assert_eq!(ada.last_working_day, Some(day(right)));
    }
}

#[test]
fn a_termination_is_taken_back_whole_and_once() {
    let mut ada = ada();
    assert_eq!(ada.reinstate(), Err(NOT_TERMINATED));
    let before = ada.clone();
    ada.terminate(&leaving("2026-03-31")).unwrap();
    assert_eq!(ada.reinstate(), Ok(()));
    assert_eq!(ada, before);
}

#[test]
fn who_comes_back_keeps_what_was_before() {
    let (mut ada, later) = (ada(), day("2026-04-01").0);
    assert_eq!(code(ada.rehire(coming_back("2027-01-01"), later)), "EMPLOYEE_NOT_TERMINATED");
    ada.terminate(&leaving("2026-03-31")).unwrap();
    assert_eq!(code(ada.clone().rehire(coming_back("2026-03-31"), later)), "EMPLOYMENTS_OVERLAP");
    assert_eq!(code(ada.clone().rehire(coming_back("2101-01-01"), later)), "DATE_OUT_OF_RANGE");
    ada.rehire(coming_back("2026-04-01"), later).unwrap();
    assert_eq!((ada.joined_on, ada.last_working_day, ada.termination_type), (day("2026-04-01"), None, None));
    let first = Period { first_day: day("2026-01-05").0, last_day: day("2026-03-31").0 };
    assert_eq!(ada.former_employments.0, [first]);
    ada.former_employments.0 = vec![first; FORMER_MAX];
    ada.terminate(&leaving("2026-12-31")).unwrap();
    assert_eq!(code(ada.rehire(coming_back("2027-01-01"), day("2027-01-01").0)), "EMPLOYMENTS_TOO_MANY");
}

#[test]
fn who_is_hired_again_before_the_last_day_is_over_keeps_the_employment_that_runs() {
    let (mut ada, today) = (ada(), day("2026-03-31").0);
    ada.terminate(&leaving("2026-03-31")).unwrap();
    let running = ada.clone();
    assert_eq!(code(ada.rehire(coming_back("2026-03-31"), today)), "EMPLOYMENTS_OVERLAP");
    assert_eq!(code(ada.rehire(coming_back("2101-01-01"), today)), "DATE_OUT_OF_RANGE");
    let elsewhere =
        EmployeeRehireInput { department_id: Value(DepartmentId::new()), ..coming_back("2026-05-01") };
    assert_eq!(code(ada.rehire(elsewhere, today)), "EMPLOYMENT_STILL_RUNS");
    assert_eq!(ada, running, "what is refused changes nothing");
    for first_day in ["2026-05-01", "2026-04-15"] {
        ada.rehire(coming_back(first_day), today).unwrap();
        assert_eq!(ada, Employee { next_joined_on: Some(day(first_day)), ..running.clone() });
    }
    assert_eq!(ada.terminate(&leaving("2026-04-15")).unwrap_err().code, "EMPLOYMENTS_OVERLAP");
    ada.terminate(&leaving("2026-04-10")).unwrap();
    let mut begun = ada.clone();
    begun.follow_with(day("2026-04-15")).unwrap();
    let first = Period { first_day: day("2026-01-05").0, last_day: day("2026-04-10").0 };
    assert_eq!(
        (begun.joined_on, begun.last_working_day, begun.next_joined_on, &begun.former_employments.0[..]),
        (day("2026-04-15"), None, None, &[first][..])
    );
    ada.reinstate().unwrap();
    assert_eq!((ada.last_working_day, ada.next_joined_on), (None, None));
}

fn employment(joined_on: &str, last_working_day: Option<&str>) -> EmploymentInput {
    let termination_type = last_working_day.map(|_| TerminationType::Resignation);
    EmploymentInput {
        joined_on: day(joined_on),
        last_working_day: last_working_day.map(day),
        termination_type,
    }
}

#[test]
fn a_return_that_was_a_mistake_is_undone_to_the_day() {
    let (mut ada, today) = (ada(), day("2026-04-01").0);
    ada.terminate(&leaving("2026-03-31")).unwrap();
    let gone = ada.clone();
    ada.rehire(coming_back("2026-04-01"), today).unwrap();
    let former: Vec<_> = ada.former().map(|former| former.termination_type).collect();
    assert_eq!(former, [Some(TerminationType::Resignation)]);
    ada.correct(vec![employment("2026-01-05", Some("2026-03-31"))], today).unwrap();
    assert_eq!(ada, gone);
}

#[test]
fn employments_are_put_right_where_they_follow_on_one_another() {
    let (before, today) = (ada(), day("2026-04-01").0);
    let right = |employments: &[EmploymentInput]| {
        let mut ada = before.clone();
        ada.correct(employments.to_vec(), today).map(|()| ada)
    };
    let (first, second) = (employment("2020-01-01", Some("2021-12-31")), employment("2026-01-05", None));
    let ada = right(&[first, second]).unwrap();
    let former = Period { first_day: day("2020-01-01").0, last_day: day("2021-12-31").0 };
    assert_eq!((&ada.former_employments[..], ada.joined_on), (&[former][..], day("2026-01-05")));
    // Where the one before the last still runs, it is the present one.
    let ada = right(&[employment("2026-01-05", Some("2026-04-01")), employment("2026-05-01", None)]).unwrap();
    assert_eq!(
        (ada.last_working_day, ada.next_joined_on),
        (Some(day("2026-04-01")), Some(day("2026-05-01")))
    );
    assert!(ada.former_employments.is_empty());
    let without_reason = EmploymentInput { termination_type: None, ..first };
    right(&[without_reason, second]).unwrap();
    let with_reason = EmploymentInput { termination_type: Some(TerminationType::Death), ..second };
    for (wrong, field, expected) in [
        (vec![], "employments", "OUT_OF_RANGE"),
        (vec![second, first], "employments.0.lastWorkingDay", "REQUIRED"),
        (vec![first, employment("2021-12-31", None)], "employments.1.joinedOn", "EMPLOYMENTS_OVERLAP"),
        (vec![employment("1929-12-31", None)], "employments.0.joinedOn", "DATE_OUT_OF_RANGE"),
        (
            vec![employment("2026-01-05", Some("2026-01-04"))],
            "employments.0.lastWorkingDay",
            "DATE_OUT_OF_RANGE",
        ),
        (vec![without_reason], "employments.0.terminationType", "REQUIRED"),
        (vec![with_reason], "employments.0.terminationType", "TERMINATION_TYPE_ALONE"),
        (
            vec![employment("2026-01-05", Some("2026-04-01")), employment("2026-05-01", Some("2026-06-01"))],
            "employments.1.lastWorkingDay",
            "EMPLOYMENT_STILL_RUNS",
        ),
    ] {
        let Err(Error::Refused(refusals)) = right(&wrong) else { panic!("{wrong:?} was taken") };
        assert_eq!((refusals[0].field.as_deref(), &*refusals[0].code), (Some(field), expected), "{wrong:?}");
    }
}

#[test]
fn whoever_is_left_without_a_manager_is_counted_in_plain_words() {
    assert_eq!(has_reports(1).message, "one person reports to this employee; say who takes over");
    assert_eq!(has_reports(2).message, "2 people report to this employee; say who takes over");
}

#[test]
fn people_are_taken_over_by_anybody_but_those_below_them() {
    let [top, leaver, report, below, peer] = [(); 5].map(|()| EmployeeId::new());
    assert_eq!(check_heir(leaver, &[peer, top], &[report]), Ok(()));
    assert_eq!(check_heir(leaver, &[top], &[report]), Ok(()));
    assert_eq!(check_heir(leaver, &[report, leaver, top], &[report]), Ok(()));
    assert_eq!(check_heir(leaver, &[below, report, leaver, top], &[report]), Err(HEIR_BELOW));
    assert_eq!(check_heir(leaver, &[leaver, top], &[report]), Err(HEIR_NOT_FOUND));
    assert_eq!(check_heir(leaver, &[], &[report]), Err(HEIR_NOT_FOUND));
}
