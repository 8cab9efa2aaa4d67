//! Rules, delegations and what waits, through a graph that they are merged into.

use std::sync::Arc;

use approval::graphql::{ApprovalMutation, ApprovalQuery, Graph};
use async_graphql::{Context, EmptySubscription, MergedObject, Request, Schema};
use common::ModuleSet;
use database::Ctx;
use graphql::Loaders;
use serde_json::{Value, json};

use super::*;

graphql::history_entry!(stub);

struct Approvals;

impl Graph for Approvals {
    type Membership = Membership;
    type HistoryEntry = HistoryEntry;

    async fn modules(gql: &Context<'_>) -> Result<Arc<ModuleSet>> {
        Ok(gql.data_unchecked::<Arc<ModuleSet>>().clone())
    }
}

#[derive(MergedObject, Default)]
struct Query(ApprovalQuery<Approvals>);

#[derive(MergedObject, Default)]
struct Mutation(ApprovalMutation<Approvals>);

async fn run(company: &Company, person: &Person, document: &str, variables: Value) -> Value {
    run_with(&["leave"], company, person, document, variables).await
}

/// With these modules on.
async fn run_with(
    modules: &[&str],
    company: &Company,
    person: &Person,
    document: &str,
    variables: Value,
) -> Value {
    let modules: Arc<ModuleSet> = Arc::new(modules.iter().map(|id| (*id).to_owned()).collect());
    let schema = Schema::build(Query::default(), Mutation::default(), EmptySubscription).finish();
    let plain = company.app.ctx(person, "employee");
    let ctx = Ctx::new(
        plain.database().clone(),
        "employee",
        &approval::PERMISSIONS,
        Arc::new(plain.request().clone()),
    );
    let loaders = Arc::new(Loaders::new(ctx.clone()));
    let request = Request::new(document).variables(async_graphql::Variables::from_json(variables));
    let answer =
        loaders.drive(schema.execute(request.data(ctx.clone()).data(loaders.clone()).data(modules))).await;
    ctx.end_reading().await;
    assert!(answer.errors.is_empty(), "{:?}", answer.errors);
    answer.data.into_json().unwrap()
}

#[tokio::test]
async fn what_waits_comes_by_page_with_its_subject_and_who_asks() {
    let company = Company::of(&[Role::Owner]).await;
    let (hr, ben) = (company.join(&[Role::Hr]).await, company.join(&[Role::Member]).await);
    let (late, _) = company.ask(&ben).await;
    let (last, _) = company.ask(&ben).await;
    let due = ApprovalRuleStepInput { due_in_days: Some(2), ..by_role(Role::Hr, Quorum::Any) };
    company.rule(rule(vec![due])).await;
    let (soon, _) = company.ask(&ben).await;
    let document = "query($after: String) { myApprovals(first: 2, after: $after) {
        totalCount pageInfo { hasNextPage endCursor }
        nodes { id kind subject { type id } requester { id } step stepCount dueAt createdAt } } }";
    let page = run(&company, &hr, document, json!({})).await;
    let page = &page["myApprovals"];
    assert_eq!((&page["totalCount"], &page["pageInfo"]["hasNextPage"]), (&json!(3), &json!(true)));
    let first = &page["nodes"][0];
    assert_eq!(first["subject"], json!({ "type": "LeaveRequest", "id": soon }));
    assert_eq!(first["requester"]["id"], id(&ben).to_string());
    assert_eq!(first["dueAt"], "2026-03-04T09:00:00+00:00");
    assert_eq!(page["nodes"][1]["subject"]["id"], late.to_string());
    let page = run(&company, &hr, document, json!({ "after": page["pageInfo"]["endCursor"] })).await;
    assert_eq!(page["myApprovals"]["nodes"][0]["subject"]["id"], last.to_string());
    assert_eq!(page["myApprovals"]["nodes"].as_array().unwrap().len(), 1);
    let others = run(&company, &company.ada, document, json!({})).await;
    assert_eq!(others["myApprovals"]["totalCount"], 0);
}

#[tokio::test]
async fn what_waits_in_a_module_that_is_off_is_left_out_and_not_counted() {
    let company = Company::of(&[Role::Owner]).await;
    let ben = company.join(&[Role::Member]).await;
    company.ask(&ben).await;
    let document = "{ myApprovals { totalCount nodes { id } } }";
    for (modules, count) in [(&["user", "leave"][..], 1), (&["user"], 0), (&["user", "leavers"], 0)] {
        let page = run_with(modules, &company, &company.ada, document, json!({})).await;
        assert_eq!(page["myApprovals"]["totalCount"], count);
        assert_eq!(page["myApprovals"]["nodes"].as_array().unwrap().len(), count);
    }
}

#[tokio::test]
async fn whoever_decides_next_sees_who_decided_before_and_for_whom() {
    let company = Company::of(&[Role::Owner]).await;
    let (hr, ben) = (company.join(&[Role::Hr]).await, company.join(&[Role::Member]).await);
    let (ann, dora) = (company.join(&[Role::Member]).await, company.join(&[Role::Member]).await);
    let steps = vec![by_member(&ann), by_member(&ben), by_role(Role::Owner, Quorum::Any)];
    company.rule(rule(steps)).await;
    let carl = company.join(&[Role::Member]).await;
    let (subject, _) = company.ask(&carl).await;
    let input = approval::delegation::DelegationCreateInput {
        from_id: None,
        to_id: id(&dora),
        first_day: graphql::Date("2026-03-02".parse().unwrap()),
        last_day: graphql::Date("2026-03-20".parse().unwrap()),
        reason: None,
    };
    approval::delegation::create(&company.app.ctx(&ann, "employee"), input).await.unwrap();
    let mut tx = company.tx_of(&dora).await;
    let note = Some("Fine.".to_owned());
    let decided =
        approval::decide::<Leave>(&mut tx, subject.into(), id(&dora), Verdict::Approved, note).await;
    assert_eq!(decided.unwrap(), Outcome::Waiting(ids(&[&ben])));
    tx.commit(()).await.unwrap();
    company.decide_by(&ALL, &hr, subject, Verdict::Approved).await.unwrap();
    let document = "{ myApprovals { nodes { decisions {
        step member { id } onBehalfOf { id } verdict note isOfOffice at } } } }";
    let page = run(&company, &company.ada, document, json!({})).await;
    let at = "2026-03-02T09:00:00+00:00";
    assert_eq!(
        page["myApprovals"]["nodes"][0]["decisions"],
        json!([
            { "step": 1, "member": { "id": id(&dora) }, "onBehalfOf": { "id": id(&ann) }, "verdict": "APPROVED",
              "note": "Fine.", "isOfOffice": false, "at": at },
            { "step": 2, "member": { "id": id(&hr) }, "onBehalfOf": null, "verdict": "APPROVED",
              "note": null, "isOfOffice": true, "at": at },
        ])
    );
}

#[tokio::test]
async fn a_rule_is_made_changed_and_archived_through_the_graph() {
    let company = Company::of(&[Role::Hr]).await;
    let hr = &company.ada;
    let input = json!({ "kind": "leave.request", "name": "Long leave", "priority": 10, "amountMin": "10.5",
        "steps": [{ "who": "MANAGER" }, { "who": "ROLE", "role": "HR", "quorum": "ALL", "dueInDays": 3 },
                  { "who": "MEMBER", "memberId": id(hr) }] });
    let create = "mutation($input: ApprovalRuleCreateInput!, $key: ID) {
        approvalRuleCreate(input: $input, idempotencyKey: $key) { approvalRule { id version amountMin
            steps { position who level role member { id } quorum dueInDays } viewerPermissions }
            userErrors { code } } }";
    let variables = json!({ "input": input, "key": "once" });
    let made = run(&company, hr, create, variables.clone()).await;
    let rule = &made["approvalRuleCreate"]["approvalRule"];
    assert_eq!(
        rule["steps"][0],
        json!({ "position": 1, "who": "MANAGER", "level": 1, "role": null,
        "member": null, "quorum": "ANY", "dueInDays": null })
    );
    assert_eq!(rule["steps"][1]["role"], "HR");
    assert_eq!(rule["steps"][2]["member"]["id"], id(hr).to_string());
    assert_eq!(rule["viewerPermissions"], json!(["approvalRuleUpdate", "approvalRuleArchive"]));
    assert_eq!(run(&company, hr, create, variables).await, made);

    let update =
        "mutation($id: ID!, $input: ApprovalRuleUpdateInput!) { approvalRuleUpdate(id: $id, input: $input) {
        approvalRule { version name steps { position } } userErrors { field code } } }";
    let change = json!({ "id": rule["id"], "input": { "version": rule["version"], "name": "Leave" } });
    let changed = run(&company, hr, update, change.clone()).await;
    assert_eq!(changed["approvalRuleUpdate"]["approvalRule"]["steps"].as_array().unwrap().len(), 3);
    let conflict = run(&company, hr, update, change).await;
    assert_eq!(conflict["approvalRuleUpdate"]["userErrors"][0]["code"], "VERSION_CONFLICT");
    assert_eq!(conflict["approvalRuleUpdate"]["approvalRule"]["name"], "Leave");

    // Whoever changed the steps, and from what to what, is in the history; the same steps again are no change.
    let steps = json!([{ "who": "MANAGER" }, { "who": "ROLE", "role": "HR", "quorum": "ALL" }]);
    let version = &changed["approvalRuleUpdate"]["approvalRule"]["version"];
    let change = json!({ "id": rule["id"], "input": { "version": version, "steps": steps } });
    let fewer = run(&company, hr, update, change).await;
    let version = &fewer["approvalRuleUpdate"]["approvalRule"]["version"];
    let change = json!({ "id": rule["id"], "input": { "version": version, "steps": steps } });
    let same = run(&company, hr, update, change).await;
    assert_eq!(&same["approvalRuleUpdate"]["approvalRule"]["version"], version);
    let told = "query($id: ID!) { approvalRule(id: $id) { history(first: 2) { nodes { changes { field before after } } } } }";
    let told = run(&company, hr, told, json!({ "id": rule["id"] })).await.to_string();
    for change in [
        r#"{"field":"steps.2.dueInDays","before":"3","after":null}"#,
        r#"{"field":"steps.3.who","before":"MEMBER","after":null}"#,
    ] {
        assert!(told.contains(change), "{change}: {told}");
    }
    assert!(!told.contains("steps.1"), "{told}");

    let archive = "mutation($id: ID!) { approvalRuleArchive(id: $id) { approvalRule { archivedAt
        history { nodes { action actor { id } changes { field before after } } } } } }";
    run(&company, hr, archive, json!({ "id": rule["id"] })).await;
    let read = "query($id: ID!) { approvalRules { totalCount } approvalRule(id: $id) { archivedAt
        history { nodes { action actor { id } } } } }";
    let read = run(&company, hr, read, json!({ "id": rule["id"] })).await;
    assert_eq!(read["approvalRules"]["totalCount"], 0);
    let history = read["approvalRule"]["history"]["nodes"].as_array().unwrap();
    let actions: Vec<_> = history.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions.first(), Some(&"ARCHIVED"));
    assert_eq!(actions.last(), Some(&"CREATED"));
}

#[tokio::test]
async fn a_delegation_is_given_seen_by_both_and_ended_through_the_graph() {
    let company = Company::of(&[Role::Owner]).await;
    let (bob, dora) = (company.join(&[Role::Manager]).await, company.join(&[Role::Member]).await);
    let carl = company.join(&[Role::Member]).await;
    let create = "mutation($to: ID!) { delegationCreate(input: { toId: $to, firstDay: \"2026-03-02\",
        lastDay: \"2026-03-20\" }) { delegation { id from { id } to { id } firstDay reason } userErrors { code } } }";
    let made = run(&company, &bob, create, json!({ "to": id(&dora) })).await;
    let delegation = &made["delegationCreate"]["delegation"];
    assert_eq!(delegation["from"]["id"], id(&bob).to_string());
    let list = "{ delegations { totalCount nodes { id endedAt viewerPermissions } } }";
    for (person, count) in [(&bob, 1), (&dora, 1), (&company.ada, 1), (&carl, 0)] {
        let listed = run(&company, person, list, json!({})).await;
        assert_eq!(listed["delegations"]["totalCount"], count);
        if count > 0 {
            let may_end = id(person) != id(&dora);
            let offered = if may_end { json!(["delegationEnd"]) } else { json!([]) };
            assert_eq!(listed["delegations"]["nodes"][0]["viewerPermissions"], offered);
        }
    }
    let end = "mutation($id: ID!) { delegationEnd(id: $id) { delegation { endedAt } userErrors { code } } }";
    let ended = run(&company, &bob, end, json!({ "id": delegation["id"] })).await;
    assert_eq!(ended["delegationEnd"]["delegation"]["endedAt"], "2026-03-02T09:00:00+00:00");
    assert_eq!(run(&company, &bob, list, json!({})).await["delegations"]["totalCount"], 0);
}
