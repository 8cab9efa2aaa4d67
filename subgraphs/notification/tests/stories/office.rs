//! People and their leave, as other modules announce them.

use common::{Envelope, EventActor, Permission, Role};
use database::Ctx;
use serde_json::{Value, json};
use testing::{App, Person};
use uuid::Uuid;

/// The module, running alone.
pub async fn open() -> App {
    App::start(vec![notification::subgraph()]).await
}

/// A person's membership id, as events carry it.
pub fn id(person: &Person) -> Uuid {
    person.member().membership_id.0
}

/// Lets everybody join, with the roles that they have.
pub async fn join(app: &App, people: &[&Person]) {
    for person in people {
        put(app, person, &person.member().roles, true).await;
    }
}

/// What the directory says of a person from now on, as the user module writes it.
pub async fn put(app: &App, person: &Person, roles: &[Role], is_active: bool) {
    let organization_id = person.member().organization_id;
    let ctx = Ctx::system(app.database.clone(), "notification", organization_id, "test");
    let mut tx = ctx.begin(&Permission::SYSTEM).await.unwrap();
    people::write::member(&mut tx, person.member().membership_id, roles, is_active).await.unwrap();
    tx.commit(()).await.unwrap();
}

/// The language that a person, who has joined, reads in from now on, as the user module writes it.
pub async fn reads(app: &App, person: &Person, locale: Option<&str>) {
    let organization_id = person.member().organization_id;
    let ctx = Ctx::system(app.database.clone(), "notification", organization_id, "test");
    let mut tx = ctx.begin(&Permission::SYSTEM).await.unwrap();
    people::write::locale(&mut tx, person.member().membership_id, locale).await.unwrap();
    tx.commit(()).await.unwrap();
}

/// A request of five days of leave.
pub struct Request {
    pub id: Uuid,
    payload: Value,
}

impl Request {
    pub fn of(asks: &Person, approvers: &[&Person]) -> Self {
        let request_id = Uuid::now_v7();
        let approvers: Vec<_> = approvers.iter().map(|person| id(person)).collect();
        let payload = json!({ "requestId": request_id, "employeeId": Uuid::now_v7(), "requesterMembershipId": id(asks),
            "approverMembershipIds": approvers, "decidedByMembershipId": null, "firstDay": "2026-03-09",
            "lastDay": "2026-03-13", "days": "5", "somethingNew": { "from": "a later version" } });
        Self { id: request_id, payload }
    }

    /// As it is once somebody has decided on it.
    pub fn decided_by(mut self, person: &Person) -> Self {
        self.payload["decidedByMembershipId"] = json!(id(person));
        self
    }

    /// Announces what a person did with it: `submitted`, `approved`, `rejected`, `cancelled`.
    pub async fn is(&self, app: &App, verbed: &str, by: &Person) {
        app.publish(self.envelope(verbed, by)).await;
    }

    pub fn envelope(&self, verbed: &str, by: &Person) -> Envelope {
        Envelope {
            event_id: Uuid::now_v7(),
            event_type: format!("leave.request.{verbed}"),
            occurred_at: "2026-03-02T09:00:00Z".parse().unwrap(),
            organization_id: by.member().organization_id,
            actor: EventActor::Member(id(by)),
            aggregate_id: self.id,
            correlation_id: "test".to_owned(),
            payload: self.payload.clone(),
        }
    }
}

/// Somebody with one approver, who was told of `count` requests, one per event.
pub async fn told(app: &App, count: usize) -> (Person, Person) {
    let asks = Person::new(&[Role::Member]);
    let decides = asks.colleague(&[Role::Manager]);
    for _ in 0..count {
        Request::of(&asks, &[&decides]).is(app, "submitted", &asks).await;
    }
    (asks, decides)
}

/// The first 100 notifications of a person, newest first.
pub async fn inbox(app: &App, person: &Person) -> Vec<Value> {
    let query = "{ notifications(first: 100) { nodes { id type title body createdAt readAt actor { id } link { type id } } } }";
    app.as_(person).run(query).await.ok()["notifications"]["nodes"].as_array().unwrap().clone()
}

/// Announces something about a balance of an employee, whose membership it names.
pub async fn balance(app: &App, by: &Person, verbed: &str, of: &Person, days: &str) {
    let payload = json!({ "employeeId": Uuid::now_v7(), "membershipId": id(of), "leaveTypeId": Uuid::now_v7(),
        "days": days, "actorMembershipId": id(by) });
    app.announce_raw(by, &format!("leave.balance.{verbed}"), payload).await;
}

/// What a person was told, newest first.
pub async fn bodies(app: &App, person: &Person) -> Vec<String> {
    inbox(app, person).await.iter().map(|told| told["body"].as_str().unwrap().to_owned()).collect()
}

/// The titles of what a person was told, newest first.
pub async fn titles(app: &App, person: &Person) -> Vec<String> {
    inbox(app, person).await.iter().map(|told| told["title"].as_str().unwrap().to_owned()).collect()
}
