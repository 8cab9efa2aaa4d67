use async_graphql::MaybeUndefined::Value;
use common::Error;

use super::*;

pub(crate) fn input() -> EmployeeCreateInput {
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

pub(crate) fn day(text: &str) -> Date {
    Date(text.parse().unwrap())
}

fn filled_in(input: EmployeeCreateInput) -> Result<Employee> {
    let mut employee = Employee::blank(DateTime::UNIX_EPOCH);
    employee.fill_in(input.into(), &Definitions::default())?;
    Ok(employee)
}

pub(crate) fn ada() -> Employee {
    filled_in(input()).unwrap()
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
fn nothing_is_changed_of_somebody_who_left() {
    let mut gone = Employee { status: EmployeeStatus::Terminated, ..ada() };
    let unchanged = EmployeeUpdateInput::default();
    assert!(matches!(gone.fill_in(unchanged, &Definitions::default()), Err(Error::Refused(_))));
}

#[test]
fn a_first_day_is_put_right_between_the_employment_before_and_the_last_day() {
    let mut ada = Employee { last_working_day: Some(day("2026-03-31")), ..ada() };
    ada.former_employments.push(Period { first_day: day("2020-01-01").0, last_day: day("2025-06-30").0 });
    let mut moved = |to: &str| {
        let input = EmployeeUpdateInput { joined_on: Value(day(to)), ..EmployeeUpdateInput::default() };
        match ada.fill_in(input, &Definitions::default()) {
            Ok(()) => "taken".to_owned(),
            Err(Error::Refused(refusals)) => refusals[0].code.to_string(),
            Err(error) => panic!("{error:?}"),
        }
    };
    assert_eq!(moved("2025-07-01"), "taken");
    assert_eq!(moved("2026-03-31"), "taken");
    assert_eq!(moved("2025-06-30"), "EMPLOYMENTS_OVERLAP");
    assert_eq!(moved("2026-04-01"), "DATE_OUT_OF_RANGE");
}

#[test]
fn nobody_reports_to_themselves_not_even_through_others() {
    let [top, middle, own] = [(); 3].map(|()| EmployeeId::new());
    assert_eq!(check_manager(own, &[middle, top]), Ok(()));
    assert_eq!(check_manager(own, &[own, middle, top]), Err(OWN_MANAGER));
    assert_eq!(check_manager(top, &[own, middle, top]), Err(CYCLE));
    assert_eq!(check_manager(own, &[]), Err(MANAGER_NOT_FOUND));
}
