//! Stories about what was decided and is decided anew.

use chrono::Duration;
use serde_json::{Value, json};
use testing::{Answer, Client, Person};
use uuid::Uuid;

use crate::company::text;
use crate::office::{Office, day};

#[tokio::test]
async fn a_policy_is_assigned_anew_ended_and_taken_back() {
    let office = Office::new().await;
    let (p, p2) = (office.p().await, office.p2().await);
    office.assign(&p, "2026-01-01").await;
    office.assign(&p2, "2026-01-01").await;
    assert_eq!(office.balance("2026-11-29").await, "30");
    office.assign(&p, "2027-01-01").await;
    assert_eq!(office.balance("2027-01-01").await, "34");
    let query = "query($id: ID!) { _entities(representations: [{ __typename: \"Employee\", id: $id }]) {
        ... on Employee { leavePolicyAssignments { id firstDay policy { name } } } } }";
    let assigned = office.hr().run_with(query, json!({ "id": office.employee })).await.ok();
    let assigned = assigned["_entities"][0]["leavePolicyAssignments"].clone();
    let shown: Vec<_> =
        assigned.as_array().unwrap().iter().map(|a| (&a["firstDay"], &a["policy"]["name"])).collect();
    assert_eq!(shown, [(&Value::Null, &json!("P2")), (&json!("2027-01-01"), &json!("P"))]);
    let future = text(&assigned[1]["id"]);
    office.hr().act("leavePolicyAssignment", "Withdraw", &future).await.ok();
    assert_eq!(office.balance("2027-01-01").await, "40");
    let input = json!({ "employeeId": office.employee, "firstDay": "2027-07-01" });
    office.hr().mutate("leavePolicyUnassign", "employee", json!({ "input": input })).await.ok();
    assert_eq!(office.balance("2027-07-01").await, "15");
}

#[tokio::test]
async fn what_a_policy_gives_is_put_right_for_everybody_who_has_it() {
    let office = Office::new().await;
    let p = office.p().await;
    office.assign(&p, "2026-01-01").await;
    let line =
        json!({ "leaveTypeId": office.company.annual, "daysPerYear": "28", "carryForwardDaysMax": "6" });
    office.update_policy(&p, json!({ "lines": [line] })).await.ok();
    assert_eq!(office.balance("2026-11-29").await, "28");
    assert_eq!(office.balance("2027-01-01").await, "34");
    let none = office.update_policy(&p, json!({ "lines": [] })).await;
    assert_eq!(none.refusals().len(), 1);
}

#[tokio::test]
async fn whoever_comes_back_begins_at_nothing_and_what_was_taken_before_stays() {
    let office = Office::new().await;
    office.assign(&office.p().await, "2026-01-01").await;
    office.at("2026-12-01T12:00:00Z");
    let id = office.granted("2026-12-07", "2026-12-08").await;
    office.at("2026-12-20T12:00:00Z");
    let gone = people::Period { first_day: day("2026-01-01"), last_day: day("2026-12-15") };
    let back = people::Person { former: vec![gone].into(), ..office.entry("2027-02-01") };
    office.company.set(back, "rehired").await;
    assert_eq!(office.status(&id).await, ("APPROVED".into(), "2".into()));
    assert_eq!(office.balance("2026-12-15").await, "21");
    assert_eq!(office.balance("2027-02-01").await, "22");
    office.company.assert_books_balance().await;
}

#[tokio::test]
async fn balances_are_opened_and_corrected_by_hand_and_the_employee_is_told_why() {
    let office = Office::new().await;
    office.assign(&office.p().await, "2026-01-01").await;
    let adjust = async |client: &Client<'_>, days: &str, more: Value| {
        let mut input = json!({ "employeeId": office.employee, "leaveTypeId": office.company.annual, "days": days,
            "reason": "From the old books." });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        client.try_create("leaveAdjustment", input).await
    };
    let none = json!({});
    adjust(&office.hr(), "3", none.clone()).await.ok();
    adjust(&office.hr(), "-1.5", none.clone()).await.ok();
    adjust(&office.hr(), "2", json!({ "effectiveOn": "2026-06-01", "expiresOn": "2026-06-30" })).await.ok();
    assert_eq!(office.balance("2026-11-29").await, "25.5");
    assert_eq!(office.balance("2026-06-30").await, "26");
    assert_eq!(adjust(&office.hr(), "0", none.clone()).await.refusals(), ["NUMBER_OUT_OF_RANGE"]);
    assert_eq!(adjust(&office.hr(), "0.001", none.clone()).await.refusals(), ["TOO_MANY_DECIMALS"]);
    let back = json!({ "effectiveOn": "2026-06-01", "expiresOn": "2026-05-30" });
    assert_eq!(adjust(&office.hr(), "1", back).await.refusals(), ["DATE_OUT_OF_RANGE"]);
    assert_eq!(adjust(&office.me(), "1", none).await.codes(), ["FORBIDDEN"]);
    let told = office.told("leave.balance.adjusted").await;
    assert_eq!((&told[0]["days"], &told[0]["reason"]), (&json!("3"), &json!("From the old books.")));
    let shown = office.me().run("{ leaveAdjustments { nodes { days effectiveOn reason } } }").await.ok();
    assert_eq!(shown["leaveAdjustments"]["nodes"].as_array().unwrap().len(), 3);
    office.company.assert_books_balance().await;
}

#[tokio::test]
async fn single_days_of_a_leave_are_given_back() {
    let office = Office::new().await;
    office.assign(&office.p().await, "2026-01-01").await;
    let id = office.granted("2026-12-07", "2026-12-11").await;
    let cancel = async |person: &Person, days: &str| {
        let query = format!(
            r#"mutation {{ leaveRequestCancel(id: "{id}", days: [{days}]) {{
                leaveRequest {{ status firstDay lastDay days dayBreakdown {{ day }} }} userErrors {{ code }} }} }}"#
        );
        office.company.app.as_(person).run(&query).await
    };
    let middle = cancel(&office.person, r#""2026-12-09""#).await.ok();
    let request = &middle["leaveRequestCancel"]["leaveRequest"];
    assert_eq!((&request["days"], request["dayBreakdown"].as_array().unwrap().len()), (&json!("4"), 4));
    let first = cancel(&office.person, r#""2026-12-07""#).await.ok();
    assert_eq!(first["leaveRequestCancel"]["leaveRequest"]["firstDay"], "2026-12-08");
    assert_eq!(cancel(&office.person, r#""2026-12-09""#).await.refusals(), ["DAY_NOT_IN_REQUEST"]);
    // The day that was given back can be asked for again.
    office.ask("2026-12-09", "2026-12-09").await.ok();
    // Of past leave, the office alone gives days back.
    office.at("2026-12-20T12:00:00Z");
    assert_eq!(cancel(&office.person, r#""2026-12-10""#).await.refusals(), ["ALREADY_TAKEN"]);
    cancel(&office.company.hr, r#""2026-12-10""#).await.ok();
    assert_eq!(office.balance("2026-12-20").await, "22");
    let offered = async |person: &Person| {
        let query = format!("{{ leaveRequest(id: \"{id}\") {{ viewerPermissions }} }}");
        let data = office.company.app.as_(person).run(&query).await.ok();
        data["leaveRequest"]["viewerPermissions"].as_array().unwrap().contains(&json!("leaveRequestCancel"))
    };
    assert_eq!((offered(&office.person).await, offered(&office.company.hr).await), (false, true));
    office.company.assert_books_balance().await;
}

#[tokio::test]
async fn managers_ask_for_their_people_and_hr_for_everybody_without_limits_of_time() {
    let office = Office::new().await;
    office.assign(&office.p().await, "2026-01-01").await;
    let ask = async |person: &Person, first: &str, last: &str, employee: Uuid| {
        let submission = office.company.submission(first, last);
        let submission = submission.replace("firstDay:", &format!("employeeId: \"{employee}\", firstDay:"));
        office.company.app.as_(person).run(&submission).await
    };
    let (manager, hr) = (&office.company.manager, &office.company.hr);
    ask(manager, "2026-12-07", "2026-12-07", office.employee).await.ok();
    let back = ask(manager, "2026-03-02", "2026-03-02", office.employee).await;
    assert_eq!(back.refusals(), ["BACKDATED_TOO_FAR"]);
    ask(hr, "2026-03-02", "2026-03-02", office.employee).await.ok();
    let other = ask(&office.person, "2026-12-08", "2026-12-08", office.company.member_employee).await;
    assert_eq!(other.refusals(), ["EMPLOYEE_OUT_OF_REACH"]);
    let nobody = ask(hr, "2026-12-08", "2026-12-08", Uuid::now_v7()).await;
    assert_eq!(nobody.refusals(), ["EMPLOYEE_NOT_FOUND"]);
    let told = office.told("leave.request.submitted").await;
    assert_eq!(told[0]["actorMembershipId"], json!(manager.member().membership_id));
    // Whoever asked does not decide.
    let id = text(&told[0]["requestId"]);
    assert_eq!(office.company.act(manager, "Approve", &id).await.refusals(), ["OWN_REQUEST"]);
}

#[tokio::test]
async fn leave_is_taken_in_hours_of_the_schedule() {
    let office = Office::new().await;
    let hours = office.company.create_type(r#"name: "Appointments", code: "HOURS", unit: HOUR"#).await;
    let policy = office.policy_of(&hours, "Hours", json!({ "daysPerYear": "20" })).await;
    office.assign(&policy, "2026-01-01").await;
    let ask = async |first: &str, last: &str, hours_taken: Option<&str>| {
        let input = json!({ "leaveTypeId": hours, "firstDay": first, "lastDay": last, "hours": hours_taken });
        let mutation = "mutation($input: LeaveRequestSubmitInput!) { leaveRequestSubmit(input: $input) {
            leaveRequest { id days } userErrors { code message } } }";
        office.me().run_with(mutation, json!({ "input": input })).await
    };
    let days = async |answer: Answer| answer.ok()["leaveRequestSubmit"]["leaveRequest"]["days"].clone();
    assert_eq!(days(ask("2026-12-07", "2026-12-07", Some("2.5")).await).await, "2.5");
    assert_eq!(days(ask("2026-12-08", "2026-12-08", None).await).await, "8");
    assert_eq!(ask("2026-12-09", "2026-12-09", Some("9")).await.refusals(), ["TOO_MANY_HOURS"]);
    assert_eq!(ask("2026-12-09", "2026-12-10", Some("4")).await.refusals(), ["HOURS_OF_ONE_DAY"]);
    assert_eq!(ask("2026-12-09", "2026-12-09", Some("0.1")).await.refusals(), ["NUMBER_OUT_OF_RANGE"]);
    let short = ask("2026-12-09", "2026-12-10", None).await;
    let message = &short.0["data"]["leaveRequestSubmit"]["userErrors"][0]["message"];
    assert_eq!(*message, "the balance is 6.5 hours short");
    let told = office.told("leave.request.submitted").await;
    assert_eq!(told.iter().map(|event| &event["unit"]).collect::<Vec<_>>(), ["HOUR", "HOUR"]);
    let in_use = office.hr().update("leaveType", &hours, json!({ "unit": "DAY" })).await;
    assert_eq!(in_use.refusals(), ["UNIT_FIXED"]);
}

#[tokio::test]
async fn a_day_is_taken_in_pieces_as_far_as_it_reaches() {
    let office = Office::new().await;
    let hours = office.company.create_type(r#"name: "Appointments", code: "HOURS", unit: HOUR"#).await;
    let line = |leave_type: &str| json!({ "leaveTypeId": leave_type, "daysPerYear": "40" });
    let lines = json!({ "name": "Both", "lines": [line(&hours), line(&office.company.annual)] });
    office.assign(&office.hr().create("leavePolicy", lines).await, "2026-01-01").await;
    let input = |part: &str, taken: Option<&str>| {
        json!({ "leaveTypeId": hours, "firstDay": "2026-12-07", "lastDay": "2026-12-07", "firstPart": part,
            "lastPart": part, "hours": taken })
    };
    let ask = async |part: &str, taken: Option<&str>| {
        let mutation = "mutation($input: LeaveRequestSubmitInput!) { leaveRequestSubmit(input: $input) {
            leaveRequest { id days } userErrors { code message } } }";
        office.me().run_with(mutation, json!({ "input": input(part, taken) })).await
    };
    let id = |answer: Answer| text(&answer.ok()["leaveRequestSubmit"]["leaveRequest"]["id"]);
    let first = id(ask("FULL", Some("2.5")).await);
    id(ask("FULL", Some("3")).await);
    // Of eight hours, 2.5 are left: not three of them, nor the whole day, nor leave of another kind.
    assert_eq!(ask("FULL", Some("3")).await.refusals(), ["OVERLAPS"]);
    assert_eq!(ask("FULL", None).await.refusals(), ["OVERLAPS"]);
    assert_eq!(ask("PM", None).await.refusals(), ["OVERLAPS"]);
    assert_eq!(office.ask("2026-12-07", "2026-12-07").await.refusals(), ["OVERLAPS"]);
    let query = "query($input: LeaveRequestSubmitInput!) { leaveRequestPreview(input: $input) {
        preview { problems { code } conflicts { id } } userErrors { code } } }";
    for (taken, problems) in [("3", json!([{ "code": "OVERLAPS" }])), ("2.5", json!([]))] {
        let data = office.me().run_with(query, json!({ "input": input("FULL", Some(taken)) })).await.ok();
        let preview = &data["leaveRequestPreview"]["preview"];
        assert_eq!(preview["problems"], problems);
        assert_eq!(preview["conflicts"].as_array().unwrap().len(), problems.as_array().unwrap().len() * 2);
    }
    id(ask("FULL", Some("2.5")).await);
    assert_eq!(ask("FULL", Some("0.25")).await.refusals(), ["OVERLAPS"]);
    // What is called off is free again.
    office.company.act(&office.person, "Cancel", &first).await.ok();
    id(ask("FULL", Some("2")).await);
    office.company.assert_books_balance().await;
}

#[tokio::test]
async fn a_number_that_cannot_be_read_is_refused_at_the_place_where_it_stands() {
    let office = Office::new().await;
    let line = |days: &str| json!({ "leaveTypeId": office.company.annual, "daysPerYear": days });
    let input = json!({ "name": "25,5", "lines": [line("25"), line("25,5")] });
    let create = "mutation($input: LeavePolicyCreateInput!) { leavePolicyCreate(input: $input) { userErrors { code } } }";
    let refused = office.hr().run_with(create, json!({ "input": input })).await;
    assert_eq!(refused.codes(), ["VALIDATION_FAILED"]);
    assert_eq!(refused.0["errors"][0]["extensions"]["argument"], "input.lines.1.daysPerYear");
}

#[tokio::test]
async fn whoever_is_assigned_the_policy_again_that_they_have_goes_on_having_it() {
    let office = Office::new().await;
    // 25 days to halves would be 12.5 and 12.5, and from 11 September on 17.5 and 7.5: never 25.5.
    let policy = office.policy("Odd", json!({ "daysPerYear": "25" })).await;
    office.assign(&policy, "2026-01-01").await;
    for again in ["2026-09-11", "2026-04-01", "2026-12-01"] {
        office.assign(&policy, again).await;
        assert_eq!(office.balance("2026-01-01").await, "25", "{again}");
        assert_eq!(office.balance("2026-12-31").await, "25", "{again}");
    }
    assert_eq!(office.balance("2027-01-01").await, "50");
    office.company.assert_books_balance().await;
}

#[tokio::test]
async fn leave_years_begin_when_the_policy_says_and_new_people_wait_as_it_says() {
    let office = Office::new().await;
    let line = json!({ "leaveTypeId": office.company.annual, "daysPerYear": "24", "carryForwardDaysMax": "5",
        "carryForwardMonths": 3 });
    let april = json!({ "name": "April", "yearStartMonth": 4, "lines": [line] });
    let april = office.hr().create("leavePolicy", april).await;
    office.assign(&april, "2026-01-01").await;
    // A quarter of the year that ends in March, and 24 from April on.
    assert_eq!(office.balance("2026-03-31").await, "6");
    assert_eq!(office.balance("2026-04-01").await, "29");
    assert_eq!(office.balance("2026-07-01").await, "24");
    let mut waiting = line.clone();
    waiting["waitingMonths"] = json!(6);
    let waiting = json!({ "name": "Waiting", "leaveYear": "ANNIVERSARY", "lines": [waiting] });
    let waiting = office.hr().create("leavePolicy", waiting).await;
    office.assign(&waiting, "2026-01-01").await;
    office.correct(office.entry("2026-06-15")).await;
    assert_eq!(office.has("2026-12-14").await.0, "0");
    assert_eq!(office.balance("2026-12-15").await, "12");
    assert_eq!(office.balance("2027-06-15").await, "29");
}

#[tokio::test]
async fn another_rule_of_counting_holds_from_today_on_for_what_was_asked_for_before() {
    let office = Office::new().await;
    office.assign(&office.p().await, "2026-01-01").await;
    let id = office.granted("2026-12-04", "2026-12-07").await;
    office.hr().update("leaveType", &office.company.annual, json!({ "countsWeekends": true })).await.ok();
    office.company.app.settle().await;
    assert_eq!(office.status(&id).await, ("APPROVED".into(), "4".into()));
    office.company.app.clock.advance(Duration::days(30));
    office.hr().update("leaveType", &office.company.annual, json!({ "countsWeekends": false })).await.ok();
    office.company.app.settle().await;
    assert_eq!(office.status(&id).await, ("APPROVED".into(), "4".into()));
}

#[tokio::test]
async fn a_policy_that_gives_less_than_was_granted_is_told_of() {
    let office = Office::new().await;
    let p = office.p().await;
    office.assign(&p, "2026-01-01").await;
    office.granted("2026-12-01", "2026-12-10").await;
    let line = json!({ "leaveTypeId": office.company.annual, "daysPerYear": "6" });
    office.update_policy(&p, json!({ "lines": [line] })).await.ok();
    let told = office.told("leave.balance.overdrawn").await;
    assert_eq!(told.iter().map(|event| &event["days"]).collect::<Vec<_>>(), [&json!("2")]);
}
