//! Stories about decisions on requests: by rules, by whoever stands in, and by each once.
use crate::company::Company;
use approval::Who;
use approval::delegation::DelegationCreateInput;
use approval::rule::{ApprovalRuleCreateInput, ApprovalRuleStepInput};
use common::Role;
use serde_json::json;
use testing::Person;

/// Leave is decided on by the manager, and then by those who look after people.
async fn manager_then_hr(company: &Company) {
    rule_of(company, vec![by_manager(), by_role(Role::Hr)]).await;
}

fn by_manager() -> ApprovalRuleStepInput {
    ApprovalRuleStepInput {
        who: Who::Manager,
        level: Some(1),
        role: None,
        member_id: None,
        quorum: None,
        due_in_days: None,
    }
}

fn by_role(role: Role) -> ApprovalRuleStepInput {
    ApprovalRuleStepInput { who: Who::Role, level: None, role: Some(role), ..by_manager() }
}

async fn rule_of(company: &Company, steps: Vec<ApprovalRuleStepInput>) {
    approval::rule::create(&company.app.ctx(&company.hr, "leave"), rule(steps)).await.unwrap();
}

fn rule(steps: Vec<ApprovalRuleStepInput>) -> ApprovalRuleCreateInput {
    ApprovalRuleCreateInput {
        kind: "leave.request".to_owned(),
        name: "Leave".to_owned(),
        priority: 100,
        amount_min: None,
        amount_max: None,
        category_id: None,
        department_id: None,
        steps,
    }
}

/// Somebody decides for the manager this month.
async fn stand_in(company: &Company, deputy: &Person) {
    stand_in_for(company, &company.manager, deputy).await;
}

async fn stand_in_for(company: &Company, person: &Person, deputy: &Person) {
    let input = DelegationCreateInput {
        from_id: None,
        to_id: deputy.member().membership_id,
        first_day: "2026-03-02".parse::<chrono::NaiveDate>().unwrap().into(),
        last_day: "2026-03-31".parse::<chrono::NaiveDate>().unwrap().into(),
        reason: None,
    };
    approval::delegation::create(&company.app.ctx(person, "leave"), input).await.unwrap();
}

#[tokio::test]
async fn a_rule_asks_several_one_after_the_other_and_whoever_stands_in_sees_what_they_decide_on() {
    let company = Company::new().await;
    let (deputy, hr) = (company.hr.colleague(&[Role::Member]), &company.hr);
    company.joined(&deputy).await;
    manager_then_hr(&company).await;
    stand_in(&company, &deputy).await;
    let id = company.submit("2026-03-09", "2026-03-13").await;
    let query = format!("{{ leaveRequest(id: \"{id}\") {{ status waitsFor {{ id }} viewerPermissions }} }}");
    let seen = |person| {
        let client = company.app.as_(person);
        let query = query.clone();
        async move { client.run(&query).await.ok()["leaveRequest"].clone() }
    };
    let both = [&company.manager, &deputy].map(|person| person.member().membership_id.to_string());
    let mut waits_for: Vec<_> = seen(&deputy).await["waitsFor"].as_array().unwrap().clone();
    waits_for.sort_by_key(|member| member["id"].as_str() != Some(&both[0]));
    assert_eq!(json!(waits_for), json!([{ "id": both[0] }, { "id": both[1] }]));
    assert_eq!(
        seen(&deputy).await["viewerPermissions"],
        json!(["leaveRequestApprove", "leaveRequestReject"])
    );
    let own = json!(["leaveRequestCancel", "leaveRequestAttach", "leaveRequestDetach"]);
    assert_eq!(seen(&company.member).await["viewerPermissions"], own);
    let first = company.act(&deputy, "Approve", &id).await.ok();
    assert_eq!(first["leaveRequestApprove"]["leaveRequest"]["status"], "PENDING");
    assert_eq!(seen(&deputy).await, json!(null), "what waits no more is no more theirs to see");
    assert_eq!(company.act(&company.manager, "Approve", &id).await.refusals(), ["NOT_APPROVER"]);
    let second = company.act(hr, "Approve", &id).await.ok();
    assert_eq!(second["leaveRequestApprove"]["leaveRequest"]["status"], "APPROVED");
    company.assert_books_balance().await;
}

#[tokio::test]
async fn whoever_sees_a_request_sees_who_decided_which_step() {
    let company = Company::new().await;
    let (deputy, colleague) = (company.hr.colleague(&[Role::Member]), company.hr.colleague(&[Role::Member]));
    for person in [&deputy, &colleague] {
        company.joined(person).await;
    }
    manager_then_hr(&company).await;
    stand_in(&company, &deputy).await;
    let id = company.submit("2026-03-09", "2026-03-13").await;
    let query = "{ leaveRequests { nodes { decisions {
        step member { id } onBehalfOf { id } verdict note isOfOffice at } } } }";
    let seen = async |person| company.app.as_(person).run(query).await.ok()["leaveRequests"]["nodes"].clone();
    assert_eq!(seen(&company.member).await, json!([{ "decisions": [] }]));
    let approve = format!(
        r#"mutation {{ leaveRequestApprove(id: "{id}", note: "Enjoy.") {{ userErrors {{ code }} }} }}"#
    );
    company.app.as_(&deputy).run(&approve).await.ok();
    company.act(&company.hr, "Reject", &id).await.ok();
    let member = |person: &Person| json!({ "id": person.member().membership_id });
    let at = "2026-03-02T09:00:00+00:00";
    let decisions = json!([{ "decisions": [
        { "step": 1, "member": member(&deputy), "onBehalfOf": member(&company.manager), "verdict": "APPROVED",
          "note": "Enjoy.", "isOfOffice": false, "at": at },
        { "step": 2, "member": member(&company.hr), "onBehalfOf": null, "verdict": "REJECTED",
          "note": null, "isOfOffice": false, "at": at },
    ] }]);
    for person in [&company.member, &company.manager, &company.hr] {
        assert_eq!(seen(person).await, decisions);
    }
    assert_eq!(seen(&colleague).await, json!([]));
}

#[tokio::test]
async fn hr_passes_one_step_and_not_the_next_whatever_they_send() {
    let company = Company::new().await;
    rule_of(&company, vec![by_manager(), by_role(Role::Manager)]).await;
    let id = company.submit("2026-03-09", "2026-03-13").await;
    let bulk = format!(
        r#"mutation {{ leaveRequestApproveBulk(rows: [{{ id: "{id}" }}, {{ id: "{id}" }}]) {{
            results {{ leaveRequest {{ status viewerPermissions }} userErrors {{ code }} }} }} }}"#
    );
    let answer = company.app.as_(&company.hr).run(&bulk).await.ok();
    let results = &answer["leaveRequestApproveBulk"]["results"];
    let offered = ["leaveRequestCancel", "leaveRequestAttach", "leaveRequestDetach"];
    assert_eq!(results[0]["leaveRequest"], json!({ "status": "PENDING", "viewerPermissions": offered }));
    assert_eq!(results[1]["userErrors"], json!([{ "code": "ALREADY_DECIDED" }]));
    assert_eq!(company.act(&company.hr, "Approve", &id).await.refusals(), ["ALREADY_DECIDED"]);
    assert_eq!(company.act(&company.hr, "Reject", &id).await.refusals(), ["ALREADY_DECIDED"]);
    company.act(&company.manager, "Approve", &id).await.ok();
    company.assert_books_balance().await;
}

#[tokio::test]
async fn the_same_request_twice_in_a_list_passes_one_step() {
    let company = Company::new().await;
    // The same person twice: whoever both steps name decides on both, one after the other.
    rule_of(&company, vec![by_manager(), by_role(Role::Manager)]).await;
    let id = company.submit("2026-03-09", "2026-03-13").await;
    let bulk = format!(
        r#"mutation {{ leaveRequestApproveBulk(rows: [{{ id: "{id}" }}, {{ id: "{id}" }}]) {{
            results {{ leaveRequest {{ status }} userErrors {{ code }} }} }} }}"#
    );
    let answer = company.app.as_(&company.manager).run(&bulk).await.ok();
    let results = &answer["leaveRequestApproveBulk"]["results"];
    assert_eq!(results[0]["leaveRequest"], json!({ "status": "PENDING" }));
    assert_eq!(results[1]["userErrors"], json!([{ "code": "ALREADY_DECIDED" }]));
    company.act(&company.manager, "Approve", &id).await.ok();
    company.assert_books_balance().await;
}

#[tokio::test]
async fn rules_for_leave_go_by_leave_types_that_are_there() {
    let company = Company::new().await;
    let ctx = company.app.ctx(&company.hr, "leave");
    let create = async |id: uuid::Uuid| {
        let input = ApprovalRuleCreateInput { category_id: Some(id.into()), ..rule(vec![by_manager()]) };
        approval::rule::create(&ctx, input).await
    };
    let refused = create(uuid::Uuid::now_v7()).await.unwrap_err();
    assert!(matches!(refused, common::Error::Refused(refusals) if refusals[0].code == "CATEGORY_NOT_FOUND"));
    create(company.annual.parse().unwrap()).await.unwrap();
}

#[tokio::test]
async fn who_stands_in_alone_may_take_the_leave_from_the_balance() {
    let company = Company::new().await;
    let deputy = company.hr.colleague(&[Role::Member]);
    company.joined(&deputy).await;
    stand_in(&company, &deputy).await;
    let id = company.submit("2026-03-09", "2026-03-13").await;
    let done = company.act(&deputy, "Approve", &id).await.ok();
    assert_eq!(done["leaveRequestApprove"]["leaveRequest"]["status"], "APPROVED");
    assert_eq!(company.balance("2026-12-31").await[0], "20");
    company.assert_books_balance().await;
}

#[tokio::test]
async fn whoever_decides_sees_the_balance_that_a_request_draws_on() {
    let company = Company::new().await;
    let deputy = company.hr.colleague(&[Role::Member]);
    company.joined(&deputy).await;
    let query = format!("{{ leaveBalances(employeeId: \"{}\") {{ available }} }}", company.member_employee);
    let seen = async || company.app.as_(&deputy).run(&query).await.ok()["leaveBalances"].clone();
    assert_eq!(seen().await, json!(null));
    stand_in(&company, &deputy).await;
    let id = company.submit("2026-03-09", "2026-03-13").await;
    assert_eq!(seen().await, json!([{ "available": "20" }]));
    company.act(&deputy, "Approve", &id).await.ok();
    assert_eq!(seen().await, json!(null));
}

/// For whom a request waits, as HR sees it.
async fn waits_for(company: &Company, id: &str) -> std::collections::BTreeSet<String> {
    let query = format!("{{ leaveRequest(id: \"{id}\") {{ waitsFor {{ id }} }} }}");
    let data = company.app.as_(&company.hr).run(&query).await.ok();
    let members = data["leaveRequest"]["waitsFor"].as_array().unwrap().clone();
    members.iter().map(|member| crate::company::text(&member["id"])).collect()
}

fn ids(people: &[&Person]) -> std::collections::BTreeSet<String> {
    people.iter().map(|person| person.member().membership_id.to_string()).collect()
}

#[tokio::test]
async fn those_who_stand_in_for_one_another_in_a_circle_decide_and_never_on_their_own() {
    let company = Company::new().await;
    let [second, third] = [(); 2].map(|()| company.hr.colleague(&[Role::Member]));
    for person in [&second, &third] {
        company.joined(person).await;
    }
    for (person, deputy) in [(&company.manager, &second), (&second, &third), (&third, &company.manager)] {
        stand_in_for(&company, person, deputy).await;
    }
    let id = company.submit("2026-03-09", "2026-03-13").await;
    assert_eq!(waits_for(&company, &id).await, ids(&[&company.manager, &second]));
    company.act(&second, "Approve", &id).await.ok();
    // The manager's own goes to the office, whoever stands in for whom.
    let own =
        company.app.as_(&company.manager).run(&company.submission("2026-03-16", "2026-03-16")).await.ok();
    let own = crate::company::text(&own["leaveRequestSubmit"]["leaveRequest"]["id"]);
    assert_eq!(waits_for(&company, &own).await, ids(&[&company.hr]));
    assert_eq!(company.act(&company.manager, "Approve", &own).await.refusals(), ["OWN_REQUEST"]);
    company.act(&company.hr, "Approve", &own).await.ok();
    company.assert_books_balance().await;
}

#[tokio::test]
async fn what_waits_for_somebody_who_leaves_goes_to_the_office_and_to_whoever_follows() {
    let company = Company::new().await;
    let follower = company.hr.colleague(&[Role::Manager]);
    company.joined(&follower).await;
    let follower_employee = uuid::Uuid::now_v7();
    company.hire(follower_employee, &follower, None).await;
    let id = company.submit("2026-03-09", "2026-03-13").await;
    let manager = company.entry(company.manager_employee, Some(&company.manager), None);
    let gone = people::Person { left_on: Some("2026-03-01".parse().unwrap()), ..manager };
    company.set(gone, "terminated").await;
    assert_eq!(waits_for(&company, &id).await, ids(&[&company.hr]));
    let led = company.entry(company.member_employee, Some(&company.member), Some(follower_employee));
    company.set(led, "updated").await;
    assert_eq!(waits_for(&company, &id).await, ids(&[&follower]));
    company.act(&follower, "Approve", &id).await.ok();
    assert_eq!(company.balance("2026-12-31").await[0], "20");
}
