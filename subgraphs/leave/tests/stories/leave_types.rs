//! Stories about kinds of leave.

use common::Role;
use testing::{App, Person};

const CREATE: &str = r#"mutation { leaveTypeCreate(input: { name: "Annual leave", code: "ANNUAL" }) {
    leaveType { id name unit requiresBalance overdraftDays } userErrors { field code message } } }"#;

#[tokio::test]
async fn hr_creates_a_type_and_everybody_sees_it() {
    let app = App::start(vec![leave::subgraph()]).await;
    let hr = Person::new(&[Role::Hr]);
    let created = app.as_(&hr).run(CREATE).await.ok();
    assert_eq!(created["leaveTypeCreate"]["leaveType"]["unit"], "HALF_DAY");
    let member = hr.colleague(&[Role::Member]);
    let listed = app.as_(&member).run("{ leaveTypes { nodes { name } } }").await.ok();
    assert_eq!(listed["leaveTypes"]["nodes"][0]["name"], "Annual leave");
}

#[tokio::test]
async fn a_code_is_taken_once_per_organization() {
    let app = App::start(vec![leave::subgraph()]).await;
    let hr = Person::new(&[Role::Hr]);
    app.as_(&hr).run(CREATE).await.ok();
    assert_eq!(app.as_(&hr).run(CREATE).await.refusals(), ["CODE_TAKEN"]);
    app.as_(&Person::new(&[Role::Hr])).run(CREATE).await.ok();
}

#[tokio::test]
async fn a_member_creates_none_and_a_stranger_sees_none() {
    let app = App::start(vec![leave::subgraph()]).await;
    assert_eq!(app.as_(&Person::new(&[Role::Member])).run(CREATE).await.codes(), ["FORBIDDEN"]);
    assert_eq!(app.as_nobody().run("{ leaveTypes { nodes { name } } }").await.codes(), ["UNAUTHENTICATED"]);
}
