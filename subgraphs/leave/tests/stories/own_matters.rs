//! Stories about one's own: what nobody gives to themselves, and what everybody may read of what applies to them.

use common::Role;
use serde_json::{Value, json};
use testing::Answer;
use uuid::Uuid;

use crate::company::text;
use crate::office::Office;

/// Everything by which the office can change what somebody is due, done to an employee by the office itself: what it was
/// refused with, each in turn.
async fn all_ways(office: &Office, employee: Uuid, policy: &str, assignment: &str) -> Vec<Vec<String>> {
    let hr = office.hr();
    let adjustment = json!({ "employeeId": employee, "leaveTypeId": office.company.annual, "days": "1",
        "reason": "A day more." });
    let assigned = json!({ "policyId": policy, "employeeId": employee, "firstDay": "2026-12-01" });
    let many = json!({ "policyId": policy, "employeeIds": [employee], "firstDay": "2026-12-01" });
    let none = json!({ "employeeId": employee, "firstDay": "2027-12-01" });
    let of_row = |data: Value, mutation: &str| -> Vec<String> {
        let errors = data[mutation]["results"][0]["userErrors"].as_array().unwrap().clone();
        errors.iter().map(|error| text(&error["code"])).collect()
    };
    let bulk = "mutation($rows: [LeaveAdjustmentCreateInput!]!) { leaveAdjustmentCreateBulk(rows: $rows) {
        results { userErrors { code } } } }";
    let bulk = hr.run_with(bulk, json!({ "rows": [adjustment] })).await.ok();
    let assign = "mutation($input: LeavePolicyAssignBulkInput!) { leavePolicyAssignBulk(input: $input) {
        results { userErrors { code } } } }";
    let assign = hr.run_with(assign, json!({ "input": many })).await.ok();
    let owned = |answer: Answer| answer.refusals().iter().map(|code| (*code).to_owned()).collect();
    vec![
        owned(hr.try_create("leaveAdjustment", adjustment).await),
        of_row(bulk, "leaveAdjustmentCreateBulk"),
        owned(hr.mutate("leavePolicyAssign", "employee", json!({ "input": assigned })).await),
        of_row(assign, "leavePolicyAssignBulk"),
        owned(hr.mutate("leavePolicyUnassign", "employee", json!({ "input": none })).await),
        owned(hr.act("leavePolicyAssignment", "Withdraw", assignment).await),
    ]
}

/// The id of the policy that somebody was assigned last, and what can be done with it.
async fn last_assignment(office: &Office, employee: Uuid) -> (String, Value) {
    let query = "query($id: ID!) { _entities(representations: [{ __typename: \"Employee\", id: $id }]) {
        ... on Employee { leavePolicyAssignments { id viewerPermissions } } } }";
    let data = office.hr().run_with(query, json!({ "id": employee })).await.ok();
    let last = data["_entities"][0]["leavePolicyAssignments"].as_array().unwrap().last().unwrap().clone();
    (text(&last["id"]), last["viewerPermissions"].clone())
}

#[tokio::test]
async fn nobody_gives_leave_to_themselves_unless_nobody_else_could() {
    let office = Office::new().await;
    let (p, mine) = (office.p().await, Uuid::now_v7());
    let admin = office.company.hr.colleague(&[Role::Admin]);
    office.company.hire(mine, &office.company.hr, None).await;
    let given = json!({ "input": { "policyId": p, "employeeId": mine, "firstDay": "2026-06-01" } });
    // While nobody else of the office is there, she does it herself, and the trail says so.
    office.hr().mutate("leavePolicyAssign", "employee", given).await.ok();
    let (assignment, offered) = last_assignment(&office, mine).await;
    assert_eq!(offered, json!(["leavePolicyAssignmentWithdraw"]));
    office.company.joined(&admin).await;
    for refusals in all_ways(&office, mine, &p, &assignment).await {
        assert_eq!(refusals, ["OWN_LEAVE"]);
    }
    assert_eq!(last_assignment(&office, mine).await.1, json!([]), "what would be refused is not offered");
    // For others she does all of it, and the administrator does it for her.
    office.assign(&p, "2026-06-01").await;
    let others = last_assignment(&office, office.employee).await.0;
    for refusals in all_ways(&office, office.employee, &p, &others).await {
        assert!(refusals.is_empty(), "{refusals:?}");
    }
    let input =
        json!({ "employeeId": mine, "leaveTypeId": office.company.annual, "days": "1", "reason": "Fair." });
    office.company.app.as_(&admin).create("leaveAdjustment", input).await;
    office.company.set_active(&admin, false).await;
    for refusals in all_ways(&office, mine, &p, &assignment).await {
        assert!(refusals.is_empty(), "{refusals:?}");
    }
    let query = "query($id: ID!) { leaveAdjustments(filter: { employeeId: $id }) {
        nodes { history { nodes { action actor { id } } } } } }";
    let trail = office.hr().run_with(query, json!({ "id": mine })).await.ok();
    let actors: Vec<_> = trail["leaveAdjustments"]["nodes"].as_array().unwrap().clone();
    let by = |person: &testing::Person| json!(person.member().membership_id);
    let of = |person| actors.iter().filter(|a| a["history"]["nodes"][0]["actor"]["id"] == by(person)).count();
    assert_eq!((of(&office.company.hr), of(&admin)), (2, 1));
}

#[tokio::test]
async fn the_only_one_of_the_office_gives_back_days_of_her_own_past_leave() {
    let office = Office::new().await;
    let mine = Uuid::now_v7();
    office.company.hire(mine, &office.company.hr, None).await;
    let given =
        json!({ "input": { "policyId": office.p().await, "employeeId": mine, "firstDay": "2026-01-01" } });
    office.hr().mutate("leavePolicyAssign", "employee", given).await.ok();
    let asked = office.hr().run(&office.company.submission("2026-12-07", "2026-12-08")).await.ok();
    let id = text(&asked["leaveRequestSubmit"]["leaveRequest"]["id"]);
    office.company.act(&office.company.hr, "Approve", &id).await.ok();
    office.at("2026-12-20T12:00:00Z");
    let cancel = format!(
        r#"mutation {{ leaveRequestCancel(id: "{id}", days: ["2026-12-08"]) {{ userErrors {{ code }} }} }}"#
    );
    let admin = office.company.hr.colleague(&[Role::Admin]);
    office.company.joined(&admin).await;
    assert_eq!(office.hr().run(&cancel).await.refusals(), ["ALREADY_TAKEN"]);
    office.company.set_active(&admin, false).await;
    assert_eq!(office.hr().run(&cancel).await.refusals(), [""; 0]);
}

#[tokio::test]
async fn everybody_reads_the_policy_that_applies_to_them_and_no_other() {
    let office = Office::new().await;
    let (p, p2) = (office.p().await, office.p2().await);
    office.assign(&p, "2026-01-01").await;
    let colleague = office.company.hr.colleague(&[Role::Sales]);
    office.company.joined(&colleague).await;
    let mine = json!([{ "id": p, "name": "P", "lines": [
        { "daysPerYear": "24", "carryForwardDaysMax": "5", "leaveType": { "name": "Annual leave" } }] }]);
    let query = "{ leavePolicies { totalCount nodes { id name lines {
        daysPerYear carryForwardDaysMax leaveType { name } } } } }";
    let me = office.me().run(query).await.ok()["leavePolicies"].clone();
    assert_eq!((&me["nodes"], &me["totalCount"]), (&mine, &json!(1)));
    let one = "query($id: ID!) { leavePolicy(id: $id) { name lines { daysPerYear } history { nodes { action } } } }";
    let shown =
        async |id: &str| office.me().run_with(one, json!({ "id": id })).await.ok()["leavePolicy"].clone();
    assert_eq!(shown(&p).await["name"], "P");
    assert_eq!(shown(&p2).await, Value::Null);
    let assigned = "query($id: ID!) { _entities(representations: [{ __typename: \"Employee\", id: $id }]) {
        ... on Employee { leavePolicyAssignments { policy { name } } } } }";
    let data = office.me().run_with(assigned, json!({ "id": office.employee })).await.ok();
    assert_eq!(data["_entities"][0]["leavePolicyAssignments"], json!([{ "policy": { "name": "P" } }]));
    // Who is no employee has no policy to read, and who leads people reads all of them.
    let none = office.company.app.as_(&colleague).run(query).await.ok();
    assert_eq!(none["leavePolicies"]["nodes"], json!([]));
    let all = office.company.app.as_(&office.company.manager).run(query).await.ok();
    assert_eq!(all["leavePolicies"]["nodes"].as_array().unwrap().len(), 3);
    // What is changed in somebody's policy, and another one in its place, they read as well.
    office.assign(&p2, "2026-01-01").await;
    assert_eq!((shown(&p).await, &shown(&p2).await["name"]), (Value::Null, &json!("P2")));
}
