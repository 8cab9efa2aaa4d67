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
    }
}

fn day(text: &str) -> Date {
    Date(text.parse().unwrap())
}

fn ada() -> Employee {
    Employee::try_new(input(), DateTime::default()).unwrap()
}

fn unchanged(version: i32) -> EmployeeUpdateInput {
    EmployeeUpdateInput {
        version,
        first_name: None,
        last_name: None,
        work_email: None,
        employment_type: None,
        joined_on: None,
        membership_id: MaybeUndefined::Undefined,
        department_id: MaybeUndefined::Undefined,
        manager_id: MaybeUndefined::Undefined,
        work_location_id: MaybeUndefined::Undefined,
        work_schedule_id: MaybeUndefined::Undefined,
        holiday_calendar_id: MaybeUndefined::Undefined,
    }
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
    assert_eq!(number(7), "E-00007");
    assert_eq!(number(1_234_567), "E-1234567");
}

#[test]
fn names_addresses_and_days_out_of_range_are_refused() {
    let refused = |change: fn(&mut EmployeeCreateInput)| {
        let mut input = input();
        change(&mut input);
        Employee::try_new(input, DateTime::default()).unwrap_err()
    };
    assert_eq!(refused(|input| input.first_name = "  ".into()), Refused::Name("firstName"));
    assert_eq!(refused(|input| input.last_name = "x".repeat(81)), Refused::Name("lastName"));
    assert_eq!(refused(|input| input.last_name = "a\u{0}b".into()), Refused::Name("lastName"));
    for wrong in ["", "ada", "@example.com", "ada@", "a@b@c", "a da@example.com"] {
        assert_eq!(work_email(wrong), Err(Refused::WorkEmail), "{wrong}");
    }
    assert_eq!(refused(|input| input.joined_on = day("1929-12-31")), Refused::JoinedOn);
    assert_eq!(refused(|input| input.joined_on = day("2101-01-01")), Refused::JoinedOn);
}

#[test]
fn an_update_must_come_from_the_present_version() {
    assert!(ada().apply(unchanged(1)).is_ok());
    assert!(matches!(ada().apply(unchanged(2)), Err(Error::VersionConflict)));
}

#[test]
fn a_termination_has_a_last_day_not_before_the_first() {
    let mut ada = ada();
    let too_early = Err(Refused::LastWorkingDay { joined_on: ada.joined_on });
    assert_eq!(ada.terminate(&leaving(day("2026-01-04"))), too_early);
    assert_eq!(ada.status, EmployeeStatus::Active);
    assert_eq!(ada.terminate(&leaving(day("2026-01-05"))), Ok(()));
    assert_eq!((ada.status, ada.last_working_day), (EmployeeStatus::Terminated, Some(day("2026-01-05").0)));
}

#[test]
fn nothing_more_happens_to_somebody_who_left() {
    let mut ada = ada();
    ada.terminate(&leaving(day("2026-03-31"))).unwrap();
    assert_eq!(ada.terminate(&leaving(day("2026-03-31"))), Err(Refused::Terminated));
    assert!(matches!(ada.apply(unchanged(1)), Err(Error::Refused(_))));
}

#[test]
fn nobody_reports_to_themselves_not_even_through_others() {
    let [top, middle, own] = [(); 3].map(|()| EmployeeId::new());
    assert_eq!(check_manager(own, &[middle, top]), Ok(()));
    assert_eq!(check_manager(own, &[own, middle, top]), Err(Refused::OwnManager));
    assert_eq!(check_manager(top, &[own, middle, top]), Err(Refused::Cycle));
    assert_eq!(check_manager(own, &[]), Err(Refused::ManagerNotFound));
}

#[test]
fn people_are_taken_over_by_anybody_but_those_below_them() {
    let [top, leaver, report, below, peer] = [(); 5].map(|()| EmployeeId::new());
    assert_eq!(check_heir(leaver, &[peer, top], &[report]), Ok(()));
    assert_eq!(check_heir(leaver, &[top], &[report]), Ok(()));
    assert_eq!(check_heir(leaver, &[report, leaver, top], &[report]), Ok(()));
    assert_eq!(check_heir(leaver, &[below, report, leaver, top], &[report]), Err(Refused::HeirBelow));
    assert_eq!(check_heir(leaver, &[leaver, top], &[report]), Err(Refused::HeirNotFound));
    assert_eq!(check_heir(leaver, &[], &[report]), Err(Refused::HeirNotFound));
}
