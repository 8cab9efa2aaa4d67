//! What the logs say, also when they say everything: no secret, not who people are, and not how they are reached.

use std::time::Duration;

use rmpv::Value;
use serde_json::json;

use crate::TURN;
use crate::client::Client;
use crate::company::{Company, PASSWORD, PATIENCE, submit, text};
use crate::fluentd::{self, text as text_of};
use crate::hang_ups::{logging, logging_with};
use crate::system::Mode;

const LOG_IN: &str = "mutation($input: LogInInput!) { logIn(input: $input) { session { accessToken refreshToken } userErrors { code } } }";

/// What is logged is gathered for a moment before it is written.
const GATHERED: Duration = Duration::from_millis(500);

/// People are entered, looked for, misspelt and refused; answers what they are called and how they are reached.
async fn people(company: &Company<'_>) -> Vec<(&'static str, String)> {
    let owner = &company.owner;
    let employee = json!({ "firstName": "Xanthippe", "lastName": "Quillfeather", "joinedOn": "2021-01-01",
        "workEmail": format!("xanthippe@{}.example", company.name) });
    company.create("employee", employee.clone()).await;
    let contact = json!({ "kind": "PERSON", "firstName": "Ermintrude", "lastName": "Quillfeather",
        "emails": [{ "value": "ermintrude@quillfeather.example" }], "phones": [{ "value": "+43 664 1234567" }] });
    company.create("contact", contact).await;
    let lead = json!({ "lastName": "Quillfeather", "email": "lead@quillfeather.example", "phone": "+43 664 7654321" });
    company.create("lead", lead).await;

    let again =
        "mutation($input: EmployeeCreateInput!) { employeeCreate(input: $input) { userErrors { code } } }";
    owner.run_with(again, json!({ "input": employee })).await;
    owner.run(r#"{ contacts(first: 1, filter: { search: "Quillfeather" }) { totalCount } }"#).await.ok();
    owner.run(r#"{ contacts(first: 1, filter: { search: "Quillfeather" "#).await;
    owner.run(r#"{ contact(id: "Quillfeather") { name } }"#).await;
    let wrong = json!({ "email": company.owner_email, "password": "a wrong password" });
    Client::anonymous(owner.system).run_with(LOG_IN, json!({ "input": wrong })).await;
    vec![
        ("an owner's name", "The Owner".to_owned()),
        ("an employee's name", "Xanthippe".to_owned()),
        ("a contact's name", "Ermintrude".to_owned()),
        ("a last name", "Quillfeather".to_owned()),
        ("a mail address of the organization's", format!("@{}.example", company.name)),
        ("a mail address of others", "@quillfeather.example".to_owned()),
        ("a contact's number", "6641234567".to_owned()),
        ("a contact's number as it was written", "664 1234567".to_owned()),
        ("a lead's number", "6647654321".to_owned()),
        ("a lead's number as it was written", "664 7654321".to_owned()),
    ]
}

/// Starts, signs up, logs in, refreshes, invites, subscribes, enters people and changes a password, with every event logged;
/// answers the secrets that were in it and what is known of people, the log, and what Fluentd got of it.
async fn everything(mode: Mode) -> (Vec<(&'static str, String)>, String, Vec<Value>) {
    let (address, records) = fluentd::start();
    let (system, log) = logging(mode, "trace", Some(address)).await;
    let company = Company::new(&system).await;
    let (manager, member, annual) = company.with_leave().await;
    let mut subscription = manager.subscribe("subscription { notificationReceived { type } }").await;
    submit(&member, &annual, "2027-05-03", "2027-05-07").await;
    subscription.next(PATIENCE).await;
    let input = json!({ "email": company.owner_email, "password": PASSWORD });
    let session = Client::anonymous(&system).run_with(LOG_IN, json!({ "input": input })).await.ok();
    let refresh = "mutation($input: SessionRefreshInput!) { sessionRefresh(input: $input) { session { accessToken refreshToken } } }";
    let refresh_token = text(&session, "/logIn/session/refreshToken");
    let input = json!({ "refreshToken": refresh_token });
    let refreshed = Client::anonymous(&system).run_with(refresh, json!({ "input": input })).await.ok();
    let invite =
        r#"mutation { memberInvite(input: { email: "new@example.org", roles: [MEMBER] }) { token } }"#;
    let invited = company.owner.run(invite).await.0;
    let token = |client: &Client<'_>| client.token.clone().unwrap();
    let mut secrets = vec![
        ("password", PASSWORD.to_owned()),
        ("secret key", system.secret_key.clone()),
        ("owner's token", token(&company.owner)),
        ("manager's token", token(&manager)),
        ("member's token", token(&member)),
        ("access token", text(&session, "/logIn/session/accessToken")),
        ("refresh token", refresh_token),
        ("new access token", text(&refreshed, "/sessionRefresh/session/accessToken")),
        ("new refresh token", text(&refreshed, "/sessionRefresh/session/refreshToken")),
    ];
    if let Some(invitation) = invited.pointer("/data/memberInvite/token").and_then(serde_json::Value::as_str)
    {
        secrets.push(("invitation", invitation.to_owned()));
    }
    for (login, url) in
        [("service", &system.service_url), ("relay", &system.relay_url), ("admin", &system.admin_url)]
    {
        let url: reqwest::Url = url.parse().unwrap();
        secrets.extend(url.password().map(|password| (login, format!(":{password}@"))));
        secrets.extend(url.password().map(|password| (login, format!("\"{password}\""))));
    }
    secrets.push(("the address of who is invited", "new@example.org".to_owned()));
    secrets.extend(people(&company).await);
    tokio::time::sleep(GATHERED).await;
    let forwarded = std::mem::take(&mut *records.lock().unwrap());
    (secrets, std::fs::read_to_string(log).unwrap(), forwarded)
}

/// What a module wrote for the member who asked for leave has the ids of the request that the router has in its own line.
fn every_line_of_a_request_says_whose_it_is(forwarded: &[Value]) {
    let of_leave = forwarded.iter().filter(|record| text_of(record, "module") == Some("leave"));
    let of_members: Vec<_> = of_leave.filter(|record| text_of(record, "user_id").is_some()).collect();
    assert!(!of_members.is_empty(), "the leave module says nothing of anybody");
    let of_router = |record: &Value| {
        let ids = ["request_id", "organization_id", "user_id"];
        let is_same = |line: &Value| ids.iter().all(|id| text_of(line, id) == text_of(record, id));
        forwarded.iter().any(|line| text_of(line, "target") == Some("access") && is_same(line))
    };
    assert!(of_members.iter().any(|record| of_router(record)), "{}", of_members[0]);
    assert!(forwarded.iter().all(|record| text_of(record, "service") == Some("innoerp")));
}

async fn no_secret_is_logged(mode: Mode) {
    let _turn = TURN.lock().await;
    let (secrets, log, forwarded) = everything(mode).await;
    assert!(log.contains("TRACE") && log.contains("DEBUG"), "the logs say little: {} bytes", log.len());
    let records: Vec<_> = forwarded.iter().map(ToString::to_string).collect();
    assert!(records.len() > 300, "only {} lines were forwarded", records.len());
    every_line_of_a_request_says_whose_it_is(&forwarded);
    for (what, secret) in secrets {
        assert!(!records.iter().any(|record| record.contains(&secret)), "{what} was forwarded");
        let line = log.lines().find(|line| line.contains(&secret));
        assert!(line.is_none(), "{what}: {}", line.unwrap_or_default().chars().take(600).collect::<String>());
    }
}

#[tokio::test]
async fn no_level_of_logs_shows_a_secret_in_one_process() {
    no_secret_is_logged(Mode::OneProcess).await;
}

#[tokio::test]
async fn no_level_of_logs_shows_a_secret_in_a_process_per_service() {
    no_secret_is_logged(Mode::ProcessPerService).await;
}

/// Whether a word of a line is an address of mail.
fn is_mail(word: &str) -> bool {
    word.split_once('@').is_some_and(|(name, place)| !name.is_empty() && place.contains('.'))
}

#[tokio::test]
async fn no_line_of_production_shows_who_people_are_or_how_they_are_reached() {
    let _turn = TURN.lock().await;
    let in_production = |command: &mut tokio::process::Command| {
        command.env("INNOERP_PROFILE", "production").env_remove("RUST_LOG");
        // Else nobody could join here.
        command.env("INNOERP_SHOW_INVITATION_TOKENS", "true");
    };
    let (system, log) = logging_with(Mode::OneProcess, in_production).await;
    let company = Company::new(&system).await;
    let (_, member, annual) = company.with_leave().await;
    submit(&member, &annual, "2027-05-03", "2027-05-07").await;
    let known = people(&company).await;
    tokio::time::sleep(GATHERED).await;
    let log = std::fs::read_to_string(log).unwrap();
    let requests = log.lines().filter(|line| line.contains(r#""target":"access""#)).count();
    assert!(requests > 15, "only {requests} requests are logged");
    for (what, value) in known {
        let line = log.lines().find(|line| line.contains(&value));
        assert!(line.is_none(), "{what}: {}", line.unwrap_or_default());
    }
    let is_end = |letter: char| letter.is_whitespace() || "\"'<>(){}[],:;=\\".contains(letter);
    let mail = log.split(is_end).find(|word| is_mail(word));
    assert!(mail.is_none(), "{mail:?} is in the log");
}
