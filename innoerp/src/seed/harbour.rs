//! Harbour Trading: small, and without anybody but the owner who could log in.

use chrono::{Duration, NaiveDate, Weekday};
use serde_json::{Value, json};

use super::asking::{Caller, Mutation, text};
use super::calendar::PLACES;
use super::log_in::{LogIn, sign_up};
use super::{LOG_INS, people};
use crate::Failure;

/// How many work there besides the owner, and from which name on they are called.
const COLLEAGUES: usize = 6;
const FIRST_NAME: usize = 50;

/// Makes the organization, its people, and a little leave.
pub(super) async fn make(nobody: &Caller, today: NaiveDate) -> Result<(), Failure> {
    let owner = sign_up(nobody, "Harbour Trading", "harbour").await?;
    let owner = owner.ok_or_else(|| Failure(super::INTERRUPTED.into()))?;
    let caller = &owner.caller;
    // Lisbon's holidays, and its time.
    let place = &PLACES[1];
    let calendar =
        json!({ "name": place.calendar, "isDefault": true, "holidays": place.holidays_around(today) });
    let calendar = caller.create("holidayCalendar", calendar).await?;
    let harbour = json!({ "name": "Harbour", "timeZone": place.time_zone, "holidayCalendarId": calendar });
    let harbour = caller.create("workLocation", harbour).await?;
    let departments = [("Trade", "TRADE"), ("Warehouse", "WAREHOUSE")];
    let departments = departments.map(|(name, code)| json!({ "name": name, "code": code }));
    let departments = caller.create_all("department", departments.into()).await?;
    let annual = set_leave_up(caller).await?;
    let employees = hire(&owner, &harbour, &departments, today).await?;
    ask_and_decide(caller, &annual, &employees, today).await
}

async fn set_leave_up(owner: &Caller) -> Result<String, Failure> {
    let types = vec![
        json!({ "name": "Annual leave", "code": "ANNUAL" }),
        json!({ "name": "Sick leave", "code": "SICK", "requiresBalance": false }),
    ];
    let types = owner.create_all("leaveType", types).await?;
    let line = json!({ "leaveTypeId": types[0], "daysPerYear": "22", "carryForwardDaysMax": "5",
        "carryForwardMonths": 6 });
    owner.create("leavePolicy", json!({ "name": "Everybody", "isDefault": true, "lines": [line] })).await?;
    Ok(types[0].clone())
}

/// Hires the owner and those who report to them.
async fn hire(
    owner: &LogIn,
    place: &str,
    departments: &[String],
    today: NaiveDate,
) -> Result<Vec<String>, Failure> {
    let employee = |first: &str, last: &str, email: String, years: i64, department: usize| {
        json!({ "firstName": first, "lastName": last, "workEmail": email, "workLocationId": place,
            "departmentId": departments[department], "joinedOn": today - Duration::days(years * 365 + 40) })
    };
    let mut head = employee("Demo", "Owner", LOG_INS[0].0.to_owned(), 6, 0);
    head["membershipId"] = owner.membership.as_str().into();
    let head = owner.caller.create("employee", head).await?;
    let colleagues = (0..COLLEAGUES).map(|at| {
        let (first, last) = people::name(FIRST_NAME + at);
        let email = format!("{first}.{last}@harbour.example").to_lowercase();
        let mut colleague = employee(first, last, email, 1, at % departments.len());
        colleague["managerId"] = head.as_str().into();
        colleague
    });
    owner.caller.create_all("employee", colleagues.collect()).await
}

/// Two weeks that were granted, and one that is not decided, all of them ahead.
async fn ask_and_decide(
    owner: &Caller,
    annual: &str,
    employees: &[String],
    today: NaiveDate,
) -> Result<(), Failure> {
    cover(owner, employees).await?;
    let submit =
        Mutation::new("leaveRequestSubmit", &[("input", "LeaveRequestSubmitInput!")], "leaveRequest { id }");
    let monday = today.week(Weekday::Mon).first_day();
    let rows = employees.iter().zip([2, 5, 7]).map(|(employee, weeks)| {
        let first = monday + Duration::weeks(weeks);
        json!({ "input": { "employeeId": employee, "leaveTypeId": annual, "firstDay": first,
            "lastDay": first + Duration::days(6) } })
    });
    let asked: Vec<Value> = owner.each(&submit, rows.collect()).await?;
    let approve = Mutation::new("leaveRequestApprove", &[("id", "ID!")], "leaveRequest { id }");
    let granted: Result<Vec<_>, _> =
        asked.iter().take(2).map(|done| Ok(json!({ "id": text(done, "/leaveRequest/id")? }))).collect();
    owner.each(&approve, granted?).await.map(drop)
}

/// Waits until leave has given its policy to those who were hired.
async fn cover(owner: &Caller, employees: &[String]) -> Result<(), Failure> {
    let balances = employees.iter().enumerate();
    let balances: String = balances
        .map(|(at, id)| format!("b{at}: leaveBalances(employeeId: \"{id}\") {{ balance }} "))
        .collect();
    let is_given = |balances: &Value| balances.as_array().is_some_and(|all| !all.is_empty());
    let are_given = |data: &Value| data.as_object().is_some_and(|all| all.values().all(is_given));
    owner.until(&format!("{{ {balances}}}"), are_given).await
}
