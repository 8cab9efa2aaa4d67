use async_graphql::MaybeUndefined::Undefined;
use common::Error;

use super::*;

fn input() -> EmployeeCreateInput {
    EmployeeCreateInput {
        first_name: " Ada ".into(),
        last_name: "Lovelace".into(),
        work_email: " Ada@Example.com ".into(),
        employment_type: None,
        joined_on: day("2026-01-05"),
        membership_id: None,
        department_id: None,
        manager_id: None,
        work_location_id: None,
        work_schedule_id: None,
        holiday_calendar_id: None,
        custom_fields: None,
        tags: None,
    }
}

fn day(text: &str) -> Date {
    Date(text.parse().unwrap())
}

fn filled_in(input: EmployeeCreateInput) -> Result<Employee> {
    let mut employee = Employee::blank(DateTime::UNIX_EPOCH);
    employee.fill_in(input.into(), &Definitions::default())?;
    Ok(employee)
}

fn ada() -> Employee {
    filled_in(input()).unwrap()
}

fn leaving(day: Date) -> EmployeeTerminateInput {
    EmployeeTerminateInput {
        last_working_day: day,
        termination_type: TerminationType::Resignation,
        reassign_reports_to: None,
    }
}

#[test]
fn names_and_addresses_are_kept_without_blanks_and_addresses_in_lower_case() {
    assert_eq!((ada().first_name.as_str(), ada().work_email.as_str()), ("Ada", "ada@example.com"));
    assert_eq!((ada().employment_type, ada().status), (EmploymentType::FullTime, EmployeeStatus::Active));
}

#[test]
fn names_addresses_and_days_out_of_range_are_refused() {
    let refused = |change: fn(&mut EmployeeCreateInput)| {
        let mut input = input();
        change(&mut input);
        let Err(Error::Refused(refusals)) = filled_in(input) else { panic!("it was taken") };
        let path = |refusal: &Refusal| format!("{} {}", refusal.field.as_deref().unwrap(), refusal.code);
        refusals.iter().map(path).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(refused(|input| input.first_name = "  ".into()), "firstName NAME_INVALID");
    assert_eq!(refused(|input| input.last_name = "x".repeat(81)), "lastName NAME_INVALID");
    assert_eq!(refused(|input| input.last_name = "a\u{0}b".into()), "lastName NAME_INVALID");
    assert_eq!(refused(|input| input.work_email = "a b@c".into()), "workEmail EMAIL_INVALID");
    assert_eq!(refused(|input| input.joined_on = day("1929-12-31")), "joinedOn DATE_OUT_OF_RANGE");
    assert_eq!(refused(|input| input.joined_on = day("2101-01-01")), "joinedOn DATE_OUT_OF_RANGE");
    let all = refused(|input| {
        input.first_name = String::new();
        input.work_email = "ada".into();
    });
    assert_eq!(all, "firstName NAME_INVALID, workEmail EMAIL_INVALID");
}

#[test]
fn a_termination_has_a_last_day_not_before_the_first() {
    let mut ada = ada();
    assert_eq!(ada.terminate(&leaving(day("2026-01-04"))).unwrap_err().code, "DATE_OUT_OF_RANGE");
    assert!(ada.is_active());
    assert_eq!(ada.terminate(&leaving(day("2026-01-05"))), Ok(()));
    assert_eq!((ada.status, ada.last_working_day), (EmployeeStatus::Terminated, Some(day("2026-01-05"))));
}

#[test]
fn nothing_more_happens_to_somebody_who_left() {
    let mut ada = ada();
    ada.terminate(&leaving(day("2026-03-31"))).unwrap();
    assert_eq!(ada.terminate(&leaving(day("2026-03-31"))), Err(TERMINATED));
    let unchanged = EmployeeUpdateInput { first_name: Undefined, ..input().into() };
    assert!(matches!(ada.fill_in(unchanged, &Definitions::default()), Err(Error::Refused(_))));
}

#[test]
fn nobody_reports_to_themselves_not_even_through_others() {
    let [top, middle, own] = [(); 3].map(|()| EmployeeId::new());
    assert_eq!(check_manager(own, &[middle, top]), Ok(()));
    assert_eq!(check_manager(own, &[own, middle, top]), Err(OWN_MANAGER));
    assert_eq!(check_manager(top, &[own, middle, top]), Err(CYCLE));
    assert_eq!(check_manager(own, &[]), Err(MANAGER_NOT_FOUND));
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
