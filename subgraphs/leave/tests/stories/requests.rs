//! Stories about requests: asked, decided, called off, counted again.
use crate::company::{Company, text};
use chrono::Duration;
use common::Role;
use serde_json::json;
use testing::Person;

#[tokio::test]
async fn a_request_is_held_then_taken() {
    let company = Company::new().await;
    assert_eq!(company.balance("2026-03-02").await, ["25", "0", "0", "25"]);
    // Monday to Friday of Easter week, Good Friday off.
    let id = company.submit("2026-03-30", "2026-04-03").await;
    assert_eq!(company.balance("2026-03-02").await, ["25", "0", "4", "21"]);
    let approved = company.act(&company.manager, "Approve", &id).await.ok();
    assert_eq!(approved["leaveRequestApprove"]["leaveRequest"]["status"], "APPROVED");
    assert_eq!(company.balance("2026-03-02").await, ["25", "4", "0", "21"]);
    assert_eq!(company.balance("2026-04-03").await, ["21", "0", "0", "21"]);
    company.assert_books_balance().await;
}

#[tokio::test]
async fn a_rejected_or_cancelled_request_returns_its_days() {
    let company = Company::new().await;
    let id = company.submit("2026-03-09", "2026-03-13").await;
    company.act(&company.manager, "Reject", &id).await.ok();
    let id = company.submit("2026-03-09", "2026-03-13").await;
    company.act(&company.manager, "Approve", &id).await.ok();
    let cancelled = company.act(&company.member, "Cancel", &id).await.ok();
    assert_eq!(cancelled["leaveRequestCancel"]["leaveRequest"]["status"], "CANCELLED");
    assert_eq!(company.balance("2026-12-31").await, ["25", "0", "0", "25"]);
    company.submit("2026-03-09", "2026-03-13").await;
    company.assert_books_balance().await;
}

#[tokio::test]
async fn leave_that_has_begun_is_called_off_from_tomorrow_on() {
    let company = Company::new().await;
    let id = company.submit("2026-03-09", "2026-03-13").await;
    company.act(&company.manager, "Approve", &id).await.ok();
    company.app.clock.advance(Duration::days(9));
    let cancelled = company.act(&company.member, "Cancel", &id).await.ok();
    let request = &cancelled["leaveRequestCancel"]["leaveRequest"];
    assert_eq!(
        (text(&request["status"]), text(&request["lastDay"]), text(&request["days"])),
        ("APPROVED".into(), "2026-03-11".into(), "3".into())
    );
    assert_eq!(company.balance("2026-12-31").await[0], "22");
    assert_eq!(company.act(&company.member, "Cancel", &id).await.refusals(), ["ALREADY_TAKEN"]);
    company.assert_books_balance().await;
}

#[tokio::test]
async fn every_transition_that_is_not_allowed_is_refused() {
    let company = Company::new().await;
    let id = company.submit("2026-03-09", "2026-03-13").await;
    company.act(&company.manager, "Reject", &id).await.ok();
    for verb in ["Approve", "Reject"] {
        assert_eq!(company.act(&company.manager, verb, &id).await.refusals(), ["INVALID_TRANSITION"]);
    }
    assert_eq!(company.act(&company.member, "Cancel", &id).await.refusals(), ["INVALID_TRANSITION"]);
}

#[tokio::test]
async fn the_last_day_is_spent_once_however_many_ask_at_once() {
    let company = Company::new().await;
    // 24 of the 25 days, then two requests for the one that is left, at the same moment.
    company.submit("2026-06-01", "2026-07-02").await;
    let (first, second) =
        (company.submission("2026-08-03", "2026-08-03"), company.submission("2026-08-04", "2026-08-04"));
    let client = company.app.as_(&company.member);
    let (first, second) = tokio::join!(client.run(&first), client.run(&second));
    let mut outcomes = [first.refusals().join(""), second.refusals().join("")];
    outcomes.sort();
    assert_eq!(outcomes, ["", "BALANCE_TOO_LOW"]);
}

#[tokio::test]
async fn two_managers_cannot_both_decide() {
    let company = Company::new().await;
    let id = company.submit("2026-03-09", "2026-03-13").await;
    let (approved, rejected) =
        tokio::join!(company.act(&company.manager, "Approve", &id), company.act(&company.hr, "Reject", &id));
    let mut outcomes = [approved.refusals().join(""), rejected.refusals().join("")];
    outcomes.sort();
    assert_eq!(outcomes, ["", "INVALID_TRANSITION"]);
    company.assert_books_balance().await;
}

#[tokio::test]
async fn whoever_asks_for_a_day_while_it_is_given_back_or_decided_on_is_answered_and_nobody_waits_for_nobody()
{
    let company = Company::new().await;
    let day = "2026-03-09";
    for (round, verb) in ["Cancel", "Approve", "Reject"].into_iter().cycle().take(24).enumerate() {
        let id = company.submit(day, day).await;
        let actor = if verb == "Cancel" { &company.member } else { &company.manager };
        let (client, submission) = (company.app.as_(&company.member), company.submission(day, day));
        let (acted, asked) = tokio::join!(company.act(actor, verb, &id), client.run(&submission));
        acted.ok();
        assert_eq!(
            asked.codes(),
            [""; 0],
            "round {round}, {verb}: neither is sent away for the other's sake"
        );
        let refused = asked.refusals();
        assert!(refused.is_empty() || refused == ["OVERLAPS"], "round {round}, {verb}: {refused:?}");
        let asked = asked.0["data"]["leaveRequestSubmit"]["leaveRequest"]["id"].as_str().map(str::to_owned);
        let open = if verb == "Approve" { Some(id) } else { asked };
        if let Some(open) = open {
            company.act(&company.member, "Cancel", &open).await.ok();
        }
    }
    company.assert_books_balance().await;
}

#[tokio::test]
async fn many_decisions_on_the_same_people_at_once_wait_in_one_order() {
    let company = Company::new().await;
    let mut ids = Vec::new();
    for day in ["2026-03-09", "2026-03-10", "2026-03-11", "2026-03-12"] {
        ids.push(company.submit(day, day).await);
    }
    let bulk = |ids: &[&String]| {
        let rows: Vec<_> = ids.iter().map(|id| format!(r#"{{ id: "{id}" }}"#)).collect();
        format!(
            "mutation {{ leaveRequestApproveBulk(rows: [{}]) {{ results {{ userErrors {{ code }} }} }} }}",
            rows.join(" ")
        )
    };
    let (one, other) = (bulk(&[&ids[0], &ids[2]]), bulk(&[&ids[3], &ids[1]]));
    let (manager, hr) = (company.app.as_(&company.manager), company.app.as_(&company.hr));
    let (one, other) = tokio::join!(manager.run(&one), hr.run(&other));
    one.ok();
    other.ok();
    company.assert_books_balance().await;
}

#[tokio::test]
async fn requests_of_one_employee_do_not_overlap_even_by_half_a_day() {
    let company = Company::new().await;
    company.submit("2026-03-09", "2026-03-13").await;
    let client = company.app.as_(&company.member);
    assert_eq!(client.run(&company.submission("2026-03-13", "2026-03-16")).await.refusals(), ["OVERLAPS"]);
    let half = |part: &str| {
        company
            .submission("2026-03-17", "2026-03-17")
            .replace("lastDay:", &format!("firstPart: {part}, lastDay:"))
    };
    client.run(&half("AM")).await.ok();
    assert_eq!(client.run(&half("FULL")).await.refusals(), ["OVERLAPS"]);
    client.run(&half("PM")).await.ok();
    company.assert_books_balance().await;
}

#[tokio::test]
async fn nobody_decides_on_their_own_leave_unless_there_is_nobody_else() {
    let company = Company::new().await;
    let admin = company.hr.colleague(&[Role::Admin]);
    company.joined(&admin).await;
    let admins_employee = uuid::Uuid::now_v7();
    company.hire(admins_employee, &admin, None).await;
    let submitted = company.app.as_(&admin).run(&company.submission("2026-03-09", "2026-03-13")).await.ok();
    let id = text(&submitted["leaveRequestSubmit"]["leaveRequest"]["id"]);
    assert_eq!(company.act(&admin, "Approve", &id).await.refusals(), ["OWN_REQUEST"]);
    // Unlinking oneself from the employee does not help, nor asking on one's own behalf as somebody else.
    let others = company.submission("2026-03-16", "2026-03-20");
    let others = others.replace("input: {", &format!(r#"input: {{ employeeId: "{admins_employee}","#));
    let others = company.app.as_(&company.hr).run(&others).await.ok();
    let others = text(&others["leaveRequestSubmit"]["leaveRequest"]["id"]);
    company.set(company.entry(admins_employee, None, None), "updated").await;
    assert_eq!(company.act(&admin, "Approve", &id).await.refusals(), ["OWN_REQUEST"]);
    assert_eq!(company.act(&admin, "Approve", &others).await.refusals(), ["OWN_REQUEST"]);
    for person in [&company.hr, &company.manager, &company.member] {
        company.set_active(person, false).await;
    }
    company.act(&admin, "Approve", &id).await.ok();
}

#[tokio::test]
async fn a_new_holiday_gives_its_day_back() {
    let company = Company::new().await;
    let id = company.submit("2026-03-09", "2026-03-13").await;
    company.act(&company.manager, "Approve", &id).await.ok();
    let pending = company.submit("2026-03-16", "2026-03-20").await;
    company.set_holidays(&["2026-04-03", "2026-03-11", "2026-03-17"]).await;
    assert_eq!(company.balance("2026-12-31").await, ["21", "0", "4", "17"]);
    company.assert_books_balance().await;
    company.set_holidays(&["2026-04-03"]).await;
    company.act(&company.manager, "Approve", &pending).await.ok();
    assert_eq!(company.balance("2026-12-31").await, ["15", "0", "0", "15"]);
    company.assert_books_balance().await;
    assert!(company.app.announced().await.iter().any(|(kind, _)| kind == "leave.request.adjusted"));
}

#[tokio::test]
async fn the_rules_of_a_type_are_kept() {
    let company = Company::new().await;
    let strict = company
        .create_type(r#"name: "Strict", code: "STRICT", unit: DAY, noticeDaysMin: 14, consecutiveDaysMax: 3, requiresBalance: false"#)
        .await;
    let ask = |first: &str, last: &str, more: &str| {
        company
            .submission(first, last)
            .replace(&company.annual, &strict)
            .replace("lastDay:", &format!("{more} lastDay:"))
    };
    let client = company.app.as_(&company.member);
    assert_eq!(client.run(&ask("2026-03-09", "2026-03-10", "")).await.refusals(), ["NOTICE_TOO_SHORT"]);
    assert_eq!(client.run(&ask("2026-05-04", "2026-05-07", "")).await.refusals(), ["TOO_MANY_DAYS"]);
    assert_eq!(
        client.run(&ask("2026-05-04", "2026-05-04", "firstPart: AM,")).await.refusals(),
        ["WHOLE_DAYS_ONLY"]
    );
    assert_eq!(client.run(&ask("2026-05-02", "2026-05-03", "")).await.refusals(), ["NOTHING_TO_TAKE"]);
    assert_eq!(client.run(&ask("2026-05-04", "2026-05-01", "")).await.refusals(), ["RANGE_INVALID"]);
    client.run(&ask("2026-05-04", "2026-05-06", "")).await.ok();
    let backdated = company.submission("2026-01-05", "2026-01-06");
    assert_eq!(client.run(&backdated).await.refusals(), ["BACKDATED_TOO_FAR"]);
    let before_joining = company.submission("2025-12-30", "2025-12-31");
    assert_eq!(client.run(&before_joining).await.refusals(), ["NOT_EMPLOYED", "BACKDATED_TOO_FAR"]);
}

#[tokio::test]
async fn leave_asked_for_next_year_does_not_touch_this_years_days() {
    let company = Company::new().await;
    company.submit("2027-01-11", "2027-01-12").await;
    company.submit("2026-12-14", "2026-12-14").await;
    assert_eq!(company.balance("2026-03-02").await, ["25", "0", "1", "24"]);
}

#[tokio::test]
async fn days_that_are_far_off_are_refused_before_anything_is_counted() {
    let company = Company::new().await;
    let client = company.app.as_(&company.member);
    assert_eq!(
        client.run(&company.submission("2031-01-06", "2031-01-07")).await.refusals(),
        ["TOO_FAR_AHEAD"]
    );
    assert_eq!(
        client.run(&company.submission("9999-12-30", "9999-12-31")).await.codes(),
        ["VALIDATION_FAILED"]
    );
    let far = client.run(r#"{ leaveBalances(asOf: "2199-12-31") { balance } }"#).await;
    assert_eq!(far.codes(), ["VALIDATION_FAILED"]);
}

#[tokio::test]
async fn a_request_sent_twice_with_one_key_is_made_once() {
    let company = Company::new().await;
    let query = company.submission("2026-03-09", "2026-03-13").replace("} })", r#"}, idempotencyKey: "k1")"#);
    let query = query.replace(r#""2026-03-13" })"#, r#""2026-03-13" }, idempotencyKey: "k1")"#);
    let client = company.app.as_(&company.member);
    let (first, second) = tokio::join!(client.run(&query), client.run(&query));
    assert_eq!(
        first.clone().ok()["leaveRequestSubmit"]["leaveRequest"]["id"],
        second.ok()["leaveRequestSubmit"]["leaveRequest"]["id"]
    );
    let other = query.replace("2026-03-13", "2026-03-12");
    assert_eq!(client.run(&other).await.codes(), ["IDEMPOTENCY_MISMATCH"]);
    assert_eq!(company.balance("2026-03-02").await[2], "5");
}

#[tokio::test]
async fn a_preview_says_what_asking_would_come_to_and_does_nothing() {
    let company = Company::new().await;
    company.submit("2026-03-09", "2026-03-10").await;
    let query = format!(
        r#"{{ leaveRequestPreview(input: {{ leaveTypeId: "{}", firstDay: "2026-03-10", lastDay: "2026-03-15" }}) {{
            preview {{ days balanceAfter problems {{ code }} conflicts {{ firstDay }} approvalSteps {{ approvers {{ id }} }} dayBreakdown {{ day portion part }} }}
            userErrors {{ code }} }} }}"#,
        company.annual
    );
    let data = company.app.as_(&company.member).run(&query).await.ok();
    let preview = &data["leaveRequestPreview"]["preview"];
    assert_eq!(preview["problems"], json!([{ "code": "OVERLAPS" }]));
    assert_eq!(preview["dayBreakdown"].as_array().unwrap().len(), 6);
    assert_eq!((text(&preview["days"]), text(&preview["balanceAfter"])), ("4".into(), "19".into()));
    assert_eq!(
        preview["approvalSteps"][0]["approvers"][0]["id"],
        json!(company.manager.member().membership_id)
    );
    assert_eq!(company.balance("2026-03-02").await[2], "2");
}

#[tokio::test]
async fn everybody_sees_what_they_should() {
    let company = Company::new().await;
    let id = company.submit("2026-03-09", "2026-03-13").await;
    let query = "{ leaveRequests { nodes { id } } }";
    let colleague = company.hr.colleague(&[Role::Member]);
    let stranger = Person::new(&[Role::Hr]);
    for (person, count) in
        [(&company.member, 1), (&company.manager, 1), (&company.hr, 1), (&colleague, 0), (&stranger, 0)]
    {
        let data = company.app.as_(person).run(query).await.ok();
        assert_eq!(data["leaveRequests"]["nodes"].as_array().unwrap().len(), count);
    }
    // What is not theirs, and what never was, look alike.
    let unknown = uuid::Uuid::now_v7().to_string();
    for verb in ["Approve", "Cancel"] {
        let foreign = company.act(&stranger, verb, &id).await;
        assert_eq!(foreign, company.act(&stranger, verb, &unknown).await);
        assert_eq!(foreign.codes(), ["NOT_FOUND"]);
    }
    assert_eq!(company.act(&colleague, "Cancel", &id).await.codes(), ["NOT_FOUND"]);
    // They see their own, and do not decide on it.
    assert_eq!(company.act(&company.member, "Approve", &id).await.refusals(), ["OWN_REQUEST"]);
    assert_eq!(company.act(&colleague, "Approve", &id).await.codes(), ["NOT_FOUND"]);
}

#[tokio::test]
async fn what_is_called_off_waits_for_nobody() {
    let company = Company::new().await;
    let id = company.submit("2026-03-09", "2026-03-13").await;
    company.act(&company.member, "Cancel", &id).await.ok();
    let query = format!("{{ leaveRequest(id: \"{id}\") {{ waitsFor {{ id }} viewerPermissions }} }}");
    let shown = company.app.as_(&company.manager).run(&query).await.ok()["leaveRequest"].clone();
    let offered = ["leaveRequestAttach", "leaveRequestDetach"];
    assert_eq!(shown, json!({ "waitsFor": [], "viewerPermissions": offered }));
    assert_eq!(company.act(&company.manager, "Approve", &id).await.refusals(), ["INVALID_TRANSITION"]);
}

#[tokio::test]
async fn what_happened_is_announced_with_who_is_to_know() {
    let company = Company::new().await;
    let id = company.submit("2026-03-09", "2026-03-13").await;
    company.act(&company.manager, "Approve", &id).await.ok();
    company.act(&company.member, "Cancel", &id).await.ok();
    company.app.settle().await;
    let announced = company.app.announced().await;
    let of_leave: Vec<_> = announced.iter().filter(|(kind, _)| kind.starts_with("leave.request.")).collect();
    let kinds: Vec<_> = of_leave.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["leave.request.submitted", "leave.request.approved", "leave.request.cancelled"]);
    let manager = company.manager.member().membership_id;
    assert_eq!(of_leave[0].1["approverMembershipIds"], json!([manager]));
    assert_eq!(of_leave[1].1["decidedByMembershipId"], json!(manager));
    assert_eq!(of_leave[0].1["days"], "5");
}

#[tokio::test]
async fn a_hundred_requests_of_one_employee_wait_for_a_decision_and_no_more() {
    let office = crate::office::Office::new().await;
    let sick = office.company.create_type(r#"name: "Sick", code: "SICK", requiresBalance: false"#).await;
    let monday = crate::office::day("2026-12-07");
    let ask = async |week: i64| {
        let day = (monday + chrono::TimeDelta::weeks(week)).to_string();
        let submission = office.company.submission(&day, &day).replace(&office.company.annual, &sick);
        office.me().run(&submission).await
    };
    for week in 0..100 {
        ask(week).await.ok();
    }
    assert_eq!(ask(100).await.refusals(), ["TOO_MANY_PENDING"]);
    let first = office.me().run("{ leaveRequests(first: 1, sort: CREATED_AT) { nodes { id } } }").await.ok();
    let first = first["leaveRequests"]["nodes"][0]["id"].as_str().unwrap().to_owned();
    office.company.act(&office.company.hr, "Approve", &first).await.ok();
    ask(100).await.ok();
}
