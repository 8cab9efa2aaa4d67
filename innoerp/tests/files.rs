//! Files that people attach to things: who may, who sees them, what is taken, and when they are forgotten.
#![cfg(test)]

use chrono::TimeDelta;
use common::Role;
use innoerp::modules;
use serde_json::{Value, json};
use sqlx::PgPool;
use testing::{Answer, App, Client, Person};

const DAY: TimeDelta = TimeDelta::days(1);
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

/// A manager, somebody who reports to them, a colleague, and the office.
struct Company {
    app: App,
    hr: Person,
    manager: Person,
    member: Person,
    colleague: Person,
    /// The member's employee.
    employee: String,
    /// The member's request for leave.
    request: String,
}

impl Company {
    async fn new() -> Self {
        let app = App::start(modules::all()).await;
        let hr = Person::new(&[Role::Hr]);
        let [manager, member, colleague] =
            [Role::Manager, Role::Member, Role::Member].map(|role| hr.colleague(&[role]));
        let office = app.as_(&hr);
        let leave_type = office
            .clone()
            .on("leave")
            .create("leaveType", json!({ "name": "Sick", "code": "SICK", "requiresBalance": false }))
            .await;
        let mut employees = Vec::new();
        for (person, name) in [(&manager, "M"), (&member, "E"), (&colleague, "C")] {
            app.join(person).await;
            let input = json!({ "firstName": "A", "lastName": name, "joinedOn": "2026-01-01",
                "workEmail": format!("{}@example.com", name.to_lowercase()),
                "membershipId": person.member().membership_id, "managerId": employees.first() });
            employees.push(office.clone().on("employee").create("employee", input).await);
        }
        let input = json!({ "leaveTypeId": leave_type, "firstDay": "2026-03-09", "lastDay": "2026-03-10" });
        let document = "mutation($input: LeaveRequestSubmitInput!) {
            leaveRequestSubmit(input: $input) { leaveRequest { id } userErrors { code message } } }";
        let asked = app.as_(&member).on("leave").run_with(document, json!({ "input": input })).await.ok();
        let request = asked["leaveRequestSubmit"]["leaveRequest"]["id"].as_str();
        let request = request.unwrap_or_else(|| panic!("{asked}")).to_owned();
        drop(office);
        Self { app, hr, manager, member, colleague, employee: employees[1].clone(), request }
    }

    fn as_(&self, person: &Person) -> Client<'_> {
        self.app.as_(person).on("leave")
    }

    async fn attach(&self, person: &Person, receipt: &str) -> Answer {
        let document = "mutation($id: ID!, $receipt: String!) {
            leaveRequestAttach(id: $id, receipt: $receipt) { leaveRequest { id } userErrors { field code } } }";
        self.as_(person).run_with(document, json!({ "id": self.request, "receipt": receipt })).await
    }

    async fn detach(&self, person: &Person, attachment: &str) -> Answer {
        let document = "mutation($id: ID!, $attachment: ID!) {
            leaveRequestDetach(id: $id, attachmentId: $attachment) { leaveRequest { id } userErrors { code } } }";
        self.as_(person).run_with(document, json!({ "id": self.request, "attachment": attachment })).await
    }

    /// What somebody sees on the request; null when they do not see the request.
    async fn seen(&self, person: &Person) -> Value {
        let document = "query($id: ID!) { leaveRequest(id: $id) {
            attachments { id name mediaType size sha256 url attachedAt attachedBy { id } } } }";
        let seen = self.as_(person).run_with(document, json!({ "id": self.request })).await.ok();
        seen["leaveRequest"]["attachments"].clone()
    }
}

fn refusal(answer: Answer) -> String {
    answer.refusals().first().copied().unwrap_or("none").to_owned()
}

#[tokio::test]
async fn a_note_is_attached_and_read_by_whoever_sees_the_request_and_by_nobody_else() {
    let company = Company::new().await;
    let receipt = company.as_(&company.member).upload("note \"März\".png", PNG).await;
    assert_eq!(refusal(company.attach(&company.member, &receipt).await), "none");
    for person in [&company.member, &company.manager, &company.hr] {
        let seen = company.seen(person).await;
        assert_eq!(seen[0]["name"], "note \"März\".png");
        assert_eq!(seen[0]["mediaType"], "image/png");
        assert_eq!(seen[0]["size"], PNG.len());
        let by = company.member.member().membership_id.to_string();
        assert_eq!(seen[0]["attachedBy"]["id"], by);
        let (status, headers, bytes) =
            company.app.http("GET", seen[0]["url"].as_str().unwrap(), vec![]).await;
        assert_eq!((status, bytes.as_slice()), (200, PNG));
        assert_eq!(headers["content-type"], "image/png");
        assert_eq!(headers["content-disposition"], "attachment; filename*=UTF-8''note%20%22M%C3%A4rz%22.png");
        assert_eq!(headers["x-content-type-options"], "nosniff");
    }
    assert_eq!(company.seen(&company.colleague).await, Value::Null);
    assert_eq!(company.seen(&Person::new(&[Role::Owner])).await, Value::Null);
}

#[tokio::test]
async fn documents_of_an_employee_are_for_them_their_managers_and_the_office() {
    let company = Company::new().await;
    let office = company.app.as_(&company.hr).on("employee");
    let receipt = office.upload("contract.pdf", b"%PDF-1.7\n").await;
    let document = "mutation($id: ID!, $receipt: String!) {
        employeeAttach(id: $id, receipt: $receipt) { employee { attachments { name } } userErrors { code } } }";
    let input = json!({ "id": company.employee, "receipt": receipt });
    let denied = company.app.as_(&company.member).on("employee").run_with(document, input.clone()).await;
    assert_eq!(denied.codes(), ["FORBIDDEN"]);
    let attached = office.run_with(document, input).await.ok();
    assert_eq!(attached["employeeAttach"]["employee"]["attachments"][0]["name"], "contract.pdf");
    let seen = async |person: &Person| {
        let document = "query($id: ID!) { employee(id: $id) { attachments { name } viewerPermissions } }";
        let client = company.app.as_(person).on("employee");
        client.run_with(document, json!({ "id": company.employee })).await.ok()["employee"].clone()
    };
    for person in [&company.member, &company.manager, &company.hr] {
        assert_eq!(seen(person).await["attachments"][0]["name"], "contract.pdf");
    }
    let colleague = seen(&company.colleague).await;
    assert_eq!((&colleague["attachments"], &colleague["viewerPermissions"]), (&Value::Null, &json!([])));
}

#[tokio::test]
async fn a_receipt_counts_once_for_whoever_uploaded_and_for_a_day() {
    let company = Company::new().await;
    let receipt = company.as_(&company.member).upload("note.png", PNG).await;
    // Another member of the same organization, and one of another.
    assert_eq!(refusal(company.attach(&company.hr, &receipt).await), "RECEIPT_INVALID");
    let foreign = company.app.as_(&Person::new(&[Role::Owner])).on("tenant").upload("note.png", PNG).await;
    for wrong in [foreign.as_str(), "", "a.b.c", &receipt[..receipt.len() - 2]] {
        assert_eq!(refusal(company.attach(&company.member, wrong).await), "RECEIPT_INVALID", "{wrong}");
    }
    assert_eq!(refusal(company.attach(&company.member, &receipt).await), "none");
    assert_eq!(refusal(company.attach(&company.member, &receipt).await), "RECEIPT_INVALID");
    let late = company.as_(&company.member).upload("late.png", PNG).await;
    company.app.clock.advance(DAY);
    assert_eq!(refusal(company.attach(&company.member, &late).await), "RECEIPT_INVALID");
    assert_eq!(company.seen(&company.member).await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_put_is_what_was_announced_and_stays_what_it_is() {
    let company = Company::new().await;
    let member = company.as_(&company.member);
    let put = async |url: &str, bytes: &[u8]| {
        let (status, _, body) = company.app.http("PUT", url, bytes.to_vec()).await;
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        (status, body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned())
    };
    let url = member.begin_upload("note.png", PNG.len()).await;
    for wrong in [&PNG[..5], [PNG, PNG].concat().as_slice(), b""] {
        assert_eq!(put(&url, wrong).await, (400, "SIZE_DIFFERS".into()));
    }
    assert_eq!(put(&url, PNG).await.0, 200);
    // Sent again, as clients do that lost the answer.
    assert_eq!(put(&url, PNG).await.0, 200);
    let other = vec![b'x'; PNG.len()];
    assert_eq!(put(&url, &other).await, (409, "ALREADY_UPLOADED".into()));
    let program = b"#!/bin/sh\nrm -r /\n";
    let url = member.begin_upload("note.png", program.len()).await;
    assert_eq!(put(&url, program).await, (415, "FILE_TYPE_REFUSED".into()));
    assert_eq!(put("/files/a.b.c", PNG).await, (404, "NOT_FOUND".into()));
    assert_eq!(company.app.http("GET", &url, vec![]).await.0, 404);
    company.app.clock.advance(TimeDelta::minutes(16));
    assert_eq!(put(&url, PNG).await, (410, "ADDRESS_EXPIRED".into()));
}

#[tokio::test]
async fn names_and_sizes_are_bounded() {
    let company = Company::new().await;
    let document = "mutation($input: FileUploadInput!) { fileUpload(input: $input) { upload { url } userErrors { field code } } }";
    let tenant = company.app.as_(&company.member).on("tenant");
    let begin = async |name: &str, size: i64| {
        let input = json!({ "input": { "name": name, "size": size } });
        refusal(tenant.run_with(document, input).await)
    };
    for name in ["", "..", ".", "a/b", "a\\b", "a\0b", "a\nb", "a\u{202E}b", &"x".repeat(256)] {
        assert_eq!(begin(name, 1).await, "NAME_INVALID", "{name:?}");
    }
    for size in [0, -1, 26_214_401] {
        assert_eq!(begin("a.txt", size).await, "OUT_OF_RANGE");
    }
    assert_eq!(begin(&"ä".repeat(255), 26_214_400).await, "none");
    let behind = PgPool::connect(&company.app.admin_url).await.unwrap();
    sqlx::query("update common.file_usage set size_max = size + 10").execute(&behind).await.unwrap();
    assert_eq!(begin("a.txt", 10).await, "none");
    assert_eq!(begin("a.txt", 1).await, "STORAGE_FULL");
}

#[tokio::test]
async fn what_nobody_attached_or_somebody_detached_is_forgotten_and_its_room_is_free_again() {
    let company = Company::new().await;
    let (app, member) = (&company.app, &company.member);
    let behind = PgPool::connect(&app.admin_url).await.unwrap();
    let usage = async || {
        let usage: i64 =
            sqlx::query_scalar("select size from common.file_usage").fetch_one(&behind).await.unwrap();
        usage
    };
    let forget = async || files::forget(&app.database, &app.runtime().files).await.unwrap();
    for name in ["kept.png", "detached.png"] {
        let receipt = company.as_(member).upload(name, PNG).await;
        assert_eq!(refusal(company.attach(member, &receipt).await), "none");
    }
    company.as_(member).upload("forgotten.png", PNG).await;
    let seen = company.seen(member).await;
    let detached = seen[1].clone();
    assert_eq!(refusal(company.detach(member, detached["id"].as_str().unwrap()).await), "none");
    assert_eq!(company.detach(member, detached["id"].as_str().unwrap()).await.codes(), ["NOT_FOUND"]);
    assert_eq!(company.seen(member).await.as_array().unwrap().len(), 1);
    let size = i64::try_from(PNG.len()).unwrap();
    forget().await;
    assert_eq!(usage().await, 3 * size);
    app.clock.advance(DAY * 2);
    forget().await;
    assert_eq!(usage().await, 2 * size);
    app.clock.advance(DAY * 29);
    forget().await;
    assert_eq!(usage().await, size);
    let kept = company.seen(member).await;
    assert_eq!(app.http("GET", kept[0]["url"].as_str().unwrap(), vec![]).await.2, PNG);
}

#[tokio::test]
async fn fifty_files_hang_on_one_thing_and_no_more() {
    let company = Company::new().await;
    for at in 0..50 {
        let receipt = company.as_(&company.member).upload(&format!("{at}.png"), PNG).await;
        assert_eq!(refusal(company.attach(&company.member, &receipt).await), "none");
    }
    let receipt = company.as_(&company.member).upload("50.png", PNG).await;
    assert_eq!(refusal(company.attach(&company.member, &receipt).await), "TOO_MANY_ATTACHMENTS");
}

#[tokio::test]
async fn two_requests_with_one_receipt_attach_it_once() {
    let company = Company::new().await;
    let receipt = company.as_(&company.member).upload("note.png", PNG).await;
    let both = futures::future::join(
        company.attach(&company.member, &receipt),
        company.attach(&company.member, &receipt),
    );
    let (one, other) = both.await;
    let mut codes = [refusal(one), refusal(other)];
    codes.sort();
    assert_eq!(codes, ["RECEIPT_INVALID", "none"]);
    assert_eq!(company.seen(&company.member).await.as_array().unwrap().len(), 1);
}
