//! Stories about what people are due.
use crate::company::{Company, text};
use chrono::Duration;
use serde_json::json;
use uuid::Uuid;

#[tokio::test]
async fn accrual_gives_once_however_often_it_runs() {
    let company = Company::new().await;
    let job = leave::subgraph().jobs[0];
    for _ in 0..3 {
        (job.run)(company.app.runtime().clone()).await.unwrap();
    }
    assert_eq!(company.balance("2026-03-02").await[0], "25");
}

#[tokio::test]
async fn what_is_left_of_a_year_moves_on_once_up_to_its_limit_and_lapses_in_time() {
    let company = Company::new().await;
    company.app.clock.advance(Duration::days(310));
    let job = leave::subgraph().jobs[0];
    for _ in 0..2 {
        (job.run)(company.app.runtime().clone()).await.unwrap();
    }
    // It is 6 January 2027: 25 new days and 5 of the old ones, which last until the end of March.
    assert_eq!(company.balance("2027-01-06").await[0], "30");
    assert_eq!(company.balance("2027-03-31").await[0], "30");
    assert_eq!(company.balance("2027-04-01").await[0], "25");
}

#[tokio::test]
async fn next_years_days_can_be_asked_for_this_year_and_each_year_pays_its_own() {
    let company = Company::new().await;
    company.app.clock.advance(Duration::days(280));
    let id = company.submit("2026-12-28", "2027-01-08").await;
    company.act(&company.manager, "Approve", &id).await.ok();
    company.assert_books_balance().await;
    assert_eq!(company.balance("2026-12-31").await[0], "21");
    // The new year's 25, and 5 of the 21 that were left, less its own 6.
    assert_eq!(company.balance("2027-01-08").await[0], "24");
}

#[tokio::test]
async fn a_leaver_keeps_what_the_time_until_then_is_worth() {
    let company = Company::new().await;
    dismiss(&company, "2026-06-30").await;
    assert_eq!(company.balance("2026-06-30").await[0], "12.5");
}

#[tokio::test]
async fn leave_after_the_last_day_of_work_is_given_back() {
    let company = Company::new().await;
    let id = company.submit("2026-06-29", "2026-07-03").await;
    company.act(&company.manager, "Approve", &id).await.ok();
    dismiss(&company, "2026-06-30").await;
    company.assert_books_balance().await;
    assert_eq!(company.balance("2026-12-31").await[0], "10.5");
}

#[tokio::test]
async fn another_policy_takes_over_on_its_day() {
    let company = Company::new().await;
    let create = format!(
        r#"mutation {{ leavePolicyCreate(input: {{ name: "Senior", lines: [{{ leaveTypeId: "{}", daysPerYear: "30", carryForwardDaysMax: "0" }}] }})
            {{ leavePolicy {{ id lines {{ daysPerYear leaveType {{ code }} }} }} userErrors {{ code }} }} }}"#,
        company.annual
    );
    let created = company.app.as_(&company.hr).run(&create).await.ok();
    let policy = text(&created["leavePolicyCreate"]["leavePolicy"]["id"]);
    let assign = |first_day: &str, employee: Uuid| {
        format!(
            r#"mutation {{ leavePolicyAssign(input: {{ policyId: "{policy}", employeeId: "{employee}", firstDay: "{first_day}" }})
                {{ employee {{ id }} userErrors {{ code }} }} }}"#
        )
    };
    let client = company.app.as_(&company.hr);
    client.run(&assign("2026-07-01", company.member_employee)).await.ok();
    // Half of 25, rounded to half days, and half of 30.
    assert_eq!(company.balance("2026-12-31").await[0], "27.5");
    // On the same day again, earlier, and from the beginning: the first decision is put right.
    client.run(&assign("2026-07-01", company.member_employee)).await.ok();
    assert_eq!(company.balance("2026-12-31").await[0], "27.5");
    client.run(&assign("2026-04-01", company.member_employee)).await.ok();
    assert_eq!(company.balance("2026-12-31").await[0], "28.5");
    client.run(&assign("2026-01-01", company.member_employee)).await.ok();
    assert_eq!(company.balance("2026-12-31").await[0], "30");
    assert_eq!(client.run(&assign("2026-07-02", Uuid::now_v7())).await.refusals(), ["EMPLOYEE_NOT_FOUND"]);
}

#[tokio::test]
async fn what_leave_adds_to_employees_is_answered_for_many_at_once() {
    let company = Company::new().await;
    let id = company.submit("2026-03-02", "2026-03-03").await;
    company.act(&company.manager, "Approve", &id).await.ok();
    let query = r#"query($r: [_Any!]!) { _entities(representations: $r) { ... on Employee {
        id isOnLeave leaveBalances { available } leaveRequests(first: 1) { nodes { days } pageInfo { hasNextPage } } } } }"#;
    let representation = |id: Uuid| json!({ "__typename": "Employee", "id": id });
    let unknown = Uuid::now_v7();
    let variables = json!({ "r": [representation(company.member_employee), representation(company.manager_employee), representation(unknown)] });
    let seen_by_manager = company.app.as_(&company.manager).run_with(query, variables.clone()).await.ok();
    let entities = &seen_by_manager["_entities"];
    assert_eq!(entities[0]["isOnLeave"], true);
    assert_eq!(entities[0]["leaveBalances"], json!([{ "available": "23" }]));
    assert_eq!(entities[0]["leaveRequests"]["nodes"], json!([{ "days": "2" }]));
    assert_eq!(entities[1]["isOnLeave"], false);
    assert!(entities[2].is_null());
    // A member sees who is away, and nobody else's balance.
    let seen_by_member = company.app.as_(&company.member).run_with(query, variables).await.ok();
    assert_eq!(seen_by_member["_entities"][1]["isOnLeave"], false);
    assert!(seen_by_member["_entities"][1]["leaveBalances"].is_null());
}

#[tokio::test]
async fn who_has_been_here_for_decades_is_due_this_year_and_not_all_of_them() {
    let company = Company::new().await;
    let veteran = company.hr.colleague(&[common::Role::Member]);
    let employee = Uuid::now_v7();
    let entry = company.entry(employee, Some(&veteran), None);
    company.set(people::Person { joined_on: "1985-04-01".parse().unwrap(), ..entry }, "hired").await;
    let data = company.app.as_(&veteran).run("{ leaveBalances { balance } }").await.ok();
    assert_eq!(data["leaveBalances"], json!([{ "balance": "25" }]));
}

#[tokio::test]
async fn the_ledger_is_only_ever_added_to() {
    let company = Company::new().await;
    for statement in ["update leave.ledger_entry set days = 99", "delete from leave.ledger_entry"] {
        let done =
            sqlx::query(statement).execute(&mut *company.app.database.untenanted().await.unwrap()).await;
        assert!(done.unwrap_err().to_string().contains("permission denied"), "{statement}");
    }
}

/// The member's last day at work.
async fn dismiss(company: &Company, last_day: &str) {
    let entry = company.entry(company.member_employee, Some(&company.member), Some(company.manager_employee));
    let entry = people::Person { left_on: Some(last_day.parse().unwrap()), ..entry };
    company.set(entry, "terminated").await;
}
