//! What waits for somebody, through all modules: they are told of it, and it is listed for them.
#![cfg(test)]

use std::sync::Arc;

use common::{Caller, EmployeeId, RequestContext, Role};
use innoerp::modules;
use serde_json::{Value, json};
use testing::{App, Person};

/// A company of people who are members, and some of whom report to each other.
struct Company {
    app: App,
    hr: Person,
}

impl Company {
    async fn new() -> Self {
        let company = Self { app: App::start(modules::all()).await, hr: Person::new(&[Role::Hr]) };
        company.app.join(&company.hr).await;
        company
    }

    /// Writes somebody's place into the directory.
    async fn place(&self, id: EmployeeId, person: &Person, manager_id: Option<EmployeeId>) {
        let mut tx = self.app.system(&self.hr, "employee").await;
        let entry = people::Person {
            id,
            membership_id: Some(person.member().membership_id),
            manager_id,
            department_id: None,
            joined_on: "2026-01-01".parse().unwrap(),
            left_on: None,
            time_zone: "UTC".to_owned(),
            work_schedule_id: None,
            holiday_calendar_id: None,
            former: Default::default(),
        };
        people::write::employees(&mut tx, &[entry]).await.unwrap();
        tx.commit(()).await.unwrap();
    }

    async fn ask(&self, person: &Person) -> Value {
        self.ask_in(person, "TRAINING", "2026-03-09").await
    }

    /// Asks for a day, of a leave type of its own.
    async fn ask_in(&self, person: &Person, code: &str, day: &str) -> Value {
        let input = json!({ "name": code, "code": code, "requiresBalance": false });
        let create =
            "mutation($input: LeaveTypeCreateInput!) { leaveTypeCreate(input: $input) { leaveType { id } } }";
        let hr = self.app.as_(&self.hr).on("leave");
        let made = hr.run_with(create, json!({ "input": input })).await.ok();
        let submit = "mutation($input: LeaveRequestSubmitInput!) {
            leaveRequestSubmit(input: $input) { leaveRequest { id } userErrors { code } } }";
        let input = json!({ "leaveTypeId": made["leaveTypeCreate"]["leaveType"]["id"],
            "firstDay": day, "lastDay": day });
        let asked = self.app.as_(person).on("leave").run_with(submit, json!({ "input": input })).await.ok();
        asked["leaveRequestSubmit"]["leaveRequest"]["id"].clone()
    }

    /// Does what the jobs do that run by themselves, and delivers what they announce.
    async fn follow(&self) {
        for job in user::subgraph().jobs {
            (job.run)(self.app.runtime().clone()).await.unwrap();
        }
        self.app.settle().await;
    }

    /// The types of what a person was told, newest first.
    async fn told_types(&self, person: &Person) -> Vec<Value> {
        self.told(person).await.as_array().unwrap().iter().map(|one| one["type"].clone()).collect()
    }

    async fn told(&self, person: &Person) -> Value {
        let query = "{ notifications { nodes { type link { type id } } } }";
        let client = self.app.as_(person).on("notification");
        client.run(query).await.ok()["notifications"]["nodes"].clone()
    }
}

#[tokio::test]
async fn whoever_takes_over_a_request_is_told_by_the_next_run_of_a_job_that_runs_every_few_seconds() {
    let company = Company::new().await;
    let [ben, bob, tina] =
        [Role::Member, Role::Manager, Role::Manager].map(|role| company.hr.colleague(&[role]));
    let [employee, before, after] = [EmployeeId::new(), EmployeeId::new(), EmployeeId::new()];
    for (id, person, manager) in [(before, &bob, None), (after, &tina, None), (employee, &ben, Some(before))]
    {
        company.app.join(person).await;
        company.place(id, person, manager).await;
    }
    let request = company.ask(&ben).await;
    company.app.settle().await;
    assert_eq!(company.told(&tina).await, json!([]));
    company.place(employee, &ben, Some(after)).await;
    for job in user::subgraph().jobs.iter().filter(|job| job.every.as_secs() < 5) {
        (job.run)(company.app.runtime().clone()).await.unwrap();
    }
    company.app.settle().await;
    let link = json!({ "type": "LeaveRequest", "id": request });
    assert_eq!(company.told(&tina).await, json!([{ "type": "approval.step.assigned", "link": link }]));
}

#[tokio::test]
async fn what_waits_in_a_module_that_is_off_is_nobodys_to_open() {
    let company = Company::new().await;
    let ben = company.hr.colleague(&[Role::Member]);
    company.app.join(&ben).await;
    company.place(EmployeeId::new(), &ben, None).await;
    company.ask(&ben).await;
    for (on, count) in [(&["tenant", "user", "leave"][..], 1), (&["tenant", "user"], 0)] {
        let on = on.iter().map(|id| (*id).to_owned()).collect();
        let access = database::Access::fixed(company.app.database.clone(), on);
        let runtime = service::Runtime { access, ..company.app.runtime().clone() };
        let caller = Caller::Member(Arc::new(company.hr.member().clone()));
        let request = async_graphql::Request::new("{ myApprovals { totalCount nodes { id } } }")
            .data(RequestContext { caller, ..RequestContext::anonymous("test") });
        let answer = (user::subgraph().executable)(&runtime).execute(request).await;
        assert!(answer.errors.is_empty(), "{:?}", answer.errors);
        let page = &answer.data.into_json().unwrap()["myApprovals"];
        assert_eq!(page["totalCount"], count);
        assert_eq!(page["nodes"].as_array().unwrap().len(), count);
    }
}

#[tokio::test]
async fn whoever_is_told_can_decide_whatever_their_roles_and_else_the_office_is() {
    let company = Company::new().await;
    let [ben, bob] = [Role::Member, Role::Member].map(|role| company.hr.colleague(&[role]));
    let [employee, above] = [EmployeeId::new(), EmployeeId::new()];
    for (id, person, manager) in [(above, &bob, None), (employee, &ben, Some(above))] {
        company.app.join(person).await;
        company.place(id, person, manager).await;
    }
    let request = company.ask(&ben).await;
    company.app.settle().await;
    let approve =
        "mutation($id: ID!) { leaveRequestApprove(id: $id) { leaveRequest { status } userErrors { code } } }";
    let decided = company.app.as_(&bob).on("leave").run_with(approve, json!({ "id": request })).await.ok();
    assert_eq!(decided["leaveRequestApprove"]["leaveRequest"]["status"], "APPROVED");
    company.app.settle().await;
    assert_eq!(company.told_types(&bob).await, ["leave.request.submitted"]);
    assert_eq!(company.told_types(&ben).await, ["leave.request.approved"]);
    assert_eq!(company.told(&company.hr).await, json!([]));
    // A manager who is a customer by now decides on nothing, and is told of nothing.
    let mut tx = company.app.published(&company.hr, "user").await;
    people::write::member(&mut tx, bob.member().membership_id, &[Role::Client], true).await.unwrap();
    tx.commit(()).await.unwrap();
    company.ask_in(&ben, "SECOND", "2026-04-06").await;
    company.app.settle().await;
    assert_eq!(company.told_types(&bob).await.len(), 1);
    assert_eq!(company.told_types(&company.hr).await, ["leave.request.submitted"]);
}

#[tokio::test]
async fn when_a_manager_leaves_the_successor_is_told_and_without_one_the_office_once_the_day_is_over() {
    let company = Company::new().await;
    let [ben, eve, bob, tina] = [Role::Member; 4].map(|role| company.hr.colleague(&[role]));
    let mut ids: Vec<String> = Vec::new();
    for (person, name, manager) in
        [(&tina, "tina", None), (&bob, "bob", None), (&ben, "ben", Some(1)), (&eve, "eve", Some(0))]
    {
        company.app.join(person).await;
        let input = json!({ "firstName": name, "lastName": "X", "workEmail": format!("{name}@x.example"),
            "joinedOn": "2026-01-01", "membershipId": person.member().membership_id,
            "managerId": manager.map(|at: usize| ids[at].clone()) });
        ids.push(company.app.as_(&company.hr).on("employee").create("employee", input).await);
    }
    company.ask_in(&ben, "BEN", "2026-04-07").await;
    company.ask_in(&eve, "EVE", "2026-04-07").await;
    company.follow().await;
    let terminate = async |id: &str, heir: Option<&str>| {
        let input = json!({ "lastWorkingDay": "2026-03-31", "terminationType": "RETIREMENT", "reassignReportsTo": heir });
        let document = "mutation($id: ID!, $input: EmployeeTerminateInput!) {
            employeeTerminate(id: $id, input: $input) { employee { status } userErrors { code } } }";
        company
            .app
            .as_(&company.hr)
            .on("employee")
            .run_with(document, json!({ "id": id, "input": input }))
            .await
            .ok();
    };
    // Bob hands over now; Tina leaves at the end of the month, and nobody takes over from her.
    terminate(&ids[1], Some(&ids[0])).await;
    terminate(&ids[0], None).await;
    company.follow().await;
    assert_eq!(company.told_types(&tina).await, ["approval.step.assigned", "leave.request.submitted"]);
    assert_eq!(company.told(&company.hr).await, json!([]));
    company.app.clock.advance(chrono::Duration::days(30));
    company.follow().await;
    assert_eq!(company.told_types(&company.hr).await, ["approval.step.assigned", "approval.step.assigned"]);
}
