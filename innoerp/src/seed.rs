//! Two demo organizations, made by asking the router as anybody would.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use router::{Client, GraphqlRequest, Router};
use serde_json::{Value, json};

use crate::Failure;

/// The password of every demo log-in.
pub const PASSWORD: &str = "innoerp-demo-2026";

/// The demo log-ins, and who they are.
pub const LOG_INS: [(&str, &str); 4] = [
    ("owner@alpine.example", "owner of Alpine Works, and of Harbour Trading"),
    ("hr@alpine.example", "looks after people at Alpine Works"),
    ("manager@alpine.example", "manages a team at Alpine Works"),
    ("member@alpine.example", "works in that team"),
];

const SIGN_UP: &str = "mutation($input: SignUpInput!) { signUp(input: $input) { session { accessToken } userErrors { message } } }";
const INVITE: &str =
    "mutation($input: MemberInviteInput!) { memberInvite(input: $input) { token userErrors { message } } }";
const ACCEPT: &str = "mutation($input: InvitationAcceptInput!) { invitationAccept(input: $input) { session { accessToken } userErrors { message } } }";

/// Makes the demo organizations.
///
/// # Errors
/// A sentence with the first answer that was not as it should be.
pub async fn run(router: &Router) -> Result<(), Failure> {
    let owner = sign_up(router, "Alpine Works", "alpine").await?;
    sign_up(router, "Harbour Trading", "harbour").await?;
    let hr = join(router, &owner, "hr@alpine.example", "Demo HR", "HR").await?;
    let manager = join(router, &owner, "manager@alpine.example", "Demo Manager", "MANAGER").await?;
    let member = join(router, &owner, "member@alpine.example", "Demo Member", "MEMBER").await?;
    company(router, &hr, &manager, &member).await
}

async fn sign_up(router: &Router, name: &str, subdomain: &str) -> Result<String, Failure> {
    let input = json!({ "organizationName": name, "subdomain": subdomain, "ownerName": "Demo Owner",
        "email": LOG_INS[0].0, "password": PASSWORD, "industryCode": "services" });
    let data = ask(router, None, SIGN_UP, json!({ "input": input })).await?;
    text(&data, "/signUp/session/accessToken")
}

async fn join(router: &Router, owner: &str, email: &str, name: &str, role: &str) -> Result<String, Failure> {
    let data =
        ask(router, Some(owner), INVITE, json!({ "input": { "email": email, "roles": [role] } })).await?;
    let token = text(&data, "/memberInvite/token")?;
    let input = json!({ "token": token, "displayName": name, "password": PASSWORD });
    let data = ask(router, None, ACCEPT, json!({ "input": input })).await?;
    text(&data, "/invitationAccept/session/accessToken")
}

/// Departments, working time, people and leave of the first organization.
async fn company(router: &Router, hr: &str, manager: &str, member: &str) -> Result<(), Failure> {
    let year = current_year(router, hr).await?;
    let calendar = create(
        router,
        hr,
        "holidayCalendar",
        json!({ "name": "Public holidays", "isDefault": true, "holidays": [
        { "date": format!("{year}-01-01"), "name": "New Year's Day", "isHalfDay": false },
        { "date": format!("{year}-05-01"), "name": "Labour Day", "isHalfDay": false },
        { "date": format!("{year}-12-24"), "name": "Christmas Eve", "isHalfDay": true },
        { "date": format!("{year}-12-25"), "name": "Christmas Day", "isHalfDay": false },
    ] }),
    )
    .await?;
    let location = create(
        router,
        hr,
        "workLocation",
        json!({ "name": "Head office", "timeZone": "Europe/Vienna", "holidayCalendarId": calendar }),
    )
    .await?;
    let department =
        create(router, hr, "department", json!({ "name": "Engineering", "code": "ENG" })).await?;
    let annual = create(router, hr, "leaveType", json!({ "name": "Annual leave", "code": "ANNUAL" })).await?;
    let sick = json!({ "name": "Sick leave", "code": "SICK", "requiresBalance": false });
    create(router, hr, "leaveType", sick).await?;
    create(router, hr, "leavePolicy", json!({ "name": "Standard", "isDefault": true, "lines": [
        { "leaveTypeId": annual, "daysPerYear": "25", "carryForwardDaysMax": "5", "carryForwardMonths": 3 }] }))
    .await?;
    let joined_on = format!("{year}-01-01");
    let person = |name: &str, email: &str| {
        json!({ "firstName": "Demo", "lastName": name, "workEmail": email, "joinedOn": joined_on,
            "departmentId": department, "workLocationId": location })
    };
    let mut lead = person("Manager", LOG_INS[2].0);
    lead["membershipId"] = membership(router, manager).await?.into();
    let lead = create(router, hr, "employee", lead).await?;
    let mut report = person("Member", LOG_INS[3].0);
    report["membershipId"] = membership(router, member).await?.into();
    report["managerId"] = lead.clone().into();
    create(router, hr, "employee", report).await?;
    for number in 1..=8 {
        let mut colleague =
            person(&format!("Colleague {number}"), &format!("colleague{number}@alpine.example"));
        colleague["managerId"] = lead.clone().into();
        create(router, hr, "employee", colleague).await?;
    }
    until_leave_knows(router, member).await
}

/// Creates one thing with the mutation that its noun has; answers its id.
async fn create(router: &Router, token: &str, noun: &str, input: Value) -> Result<String, Failure> {
    let mut name = noun.to_owned();
    name[..1].make_ascii_uppercase();
    let document = format!(
        "mutation($input: {name}CreateInput!) {{ {noun}Create(input: $input) {{ {noun} {{ id }} userErrors {{ message }} }} }}"
    );
    let data = ask(router, Some(token), &document, json!({ "input": input })).await?;
    text(&data, &format!("/{noun}Create/{noun}/id"))
}

async fn membership(router: &Router, token: &str) -> Result<String, Failure> {
    let data = ask(router, Some(token), "{ me { membership { id } } }", json!({})).await?;
    text(&data, "/me/membership/id")
}

async fn current_year(router: &Router, token: &str) -> Result<String, Failure> {
    let data = ask(router, Some(token), "{ organization { createdAt } }", json!({})).await?;
    Ok(text(&data, "/organization/createdAt")?[..4].to_owned())
}

/// What is announced arrives a moment later: a demo that begins before would look empty.
async fn until_leave_knows(router: &Router, member: &str) -> Result<(), Failure> {
    let arrival = async {
        loop {
            let asked = ask(router, Some(member), "{ leaveBalances { balance } }", json!({})).await;
            if asked.is_ok_and(|data| data["leaveBalances"].as_array().is_some_and(|list| !list.is_empty())) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(10), arrival).await;
    waited.map_err(|_| Failure("the demo data did not reach the leave module within 10 s".into()))
}

async fn ask(
    router: &Router,
    token: Option<&str>,
    document: &str,
    variables: Value,
) -> Result<Value, Failure> {
    let client = Client {
        token: token.map(Arc::from),
        address: Some(IpAddr::from([127, 0, 0, 1])),
        ..Client::anonymous("seed")
    };
    let request = GraphqlRequest {
        query: document.to_owned(),
        variables: variables.as_object().cloned(),
        ..GraphqlRequest::default()
    };
    let answer = router.execute(client, request).await;
    let answer: Value = serde_json::from_slice(&answer.response.to_json()).unwrap_or_default();
    let refused = answer["data"].as_object().is_some_and(|data| {
        data.values().any(|field| field["userErrors"].as_array().is_some_and(|errors| !errors.is_empty()))
    });
    if answer.get("errors").is_some() || refused {
        return Err(Failure(format!("making the demo data failed: {answer}")));
    }
    Ok(answer["data"].clone())
}

fn text(data: &Value, pointer: &str) -> Result<String, Failure> {
    let found = data.pointer(pointer).and_then(Value::as_str);
    found
        .map(ToOwned::to_owned)
        .ok_or_else(|| Failure(format!("making the demo data failed: no {pointer} in {data}")))
}
