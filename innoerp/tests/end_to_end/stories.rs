//! What people do with the system, from signing up to being back from leave.

use std::time::Duration;

use serde_json::json;
use sqlx::{Connection as _, PgConnection};

use crate::client::Client;
use crate::company::{Company, PASSWORD, PATIENCE, sign_up, submit, text, unique};
use crate::system::System;
use crate::{own_writes, sales, security};

const SECOND: Duration = Duration::from_secs(1);

/// Every story, each with organizations of its own.
pub async fn all(system: &System) {
    // One after another: every sign-up hashes a password, and many at once would only wait for each other.
    signing_up_makes_everything_or_nothing(system).await;
    one_identity_chooses_between_its_organizations(system).await;
    a_session_is_refreshed_and_ended(system).await;
    a_switched_module_is_gone_and_back_within_a_second(system).await;
    the_approver_hears_of_a_request_and_the_requester_of_the_decision(system).await;
    one_question_goes_across_the_whole_business(system).await;
    a_file_is_uploaded_attached_and_read_through_the_router(system).await;
    a_changed_role_ends_old_tokens(system).await;
    a_reference_to_nobody_is_null_and_spoils_no_list(system).await;
    // As many as a script would hire; the same in processes of their own, at a smaller scale.
    own_writes::all(system, if system.is_one_process { 200 } else { 20 }).await;
    sales::all(system).await;
    security::all(system).await;
}

async fn signing_up_makes_everything_or_nothing(system: &System) {
    let company = Company::new(system).await;
    let me = "{ me { user { id displayName email } membership { roles permissions } organization { id name subdomain
        modules { id name enabled requires } } organizations { id name } } }";
    let data = company.owner.run(me).await.ok();
    let me = &data["me"];
    assert_eq!(me["user"]["email"], company.owner_email);
    assert_eq!(me["membership"]["roles"], json!(["OWNER"]));
    assert_eq!(
        (&me["organization"]["name"], &me["organization"]["subdomain"]),
        (&json!(company.name), &json!(company.name))
    );
    assert_eq!(me["organizations"].as_array().unwrap().len(), 1);
    let modules = me["organization"]["modules"].as_array().unwrap();
    let leave = modules.iter().find(|module| module["id"] == "leave").unwrap();
    assert_eq!((&leave["enabled"], &leave["requires"]), (&json!(true), &json!(["employee"])));
    assert!(me["membership"]["permissions"].as_array().unwrap().contains(&json!("leave.request.decide")));

    // The subdomain is taken: the other e-mail address must stay free.
    let email = format!("second@{}.example", company.name);
    let refused = sign_up(system, &company.name, &email).await;
    assert_eq!(refused.refusals().len(), 1, "{refused:?}");
    sign_up(system, &unique("c"), &email).await.ok();
}

async fn one_identity_chooses_between_its_organizations(system: &System) {
    let company = Company::new(system).await;
    let second = unique("c");
    sign_up(system, &second, &company.owner_email).await.ok();
    let log_in = |organization: &str| {
        format!(
            r#"mutation {{ logIn(input: {{ email: "{}", password: "{PASSWORD}"{organization} }}) {{
                session {{ accessToken }} organizations {{ id name }} userErrors {{ code }} }} }}"#,
            company.owner_email
        )
    };
    let nobody = Client::anonymous(system);
    let data = nobody.run(&log_in("")).await.ok();
    assert!(data["logIn"]["session"].is_null());
    let choices = data["logIn"]["organizations"].as_array().unwrap();
    assert_eq!(choices.len(), 2);
    let chosen = choices.iter().find(|choice| choice["name"] == json!(second)).unwrap();
    let chosen = format!(r#", organizationId: "{}""#, chosen["id"].as_str().unwrap());
    let data = nobody.run(&log_in(&chosen)).await.ok();
    let client = Client::with_token(system, &text(&data, "/logIn/session/accessToken"));
    let data = client.run("{ me { organization { name } organizations { name } } }").await.ok();
    assert_eq!(data["me"]["organization"]["name"], json!(second));
    assert_eq!(data["me"]["organizations"].as_array().unwrap().len(), 2);
}

async fn a_session_is_refreshed_and_ended(system: &System) {
    let name = unique("c");
    let data = sign_up(system, &name, &format!("owner@{name}.example")).await.ok();
    let first = text(&data, "/signUp/session/refreshToken");
    let nobody = Client::anonymous(system);
    let refresh = |token: &str| {
        format!(
            r#"mutation {{ sessionRefresh(input: {{ refreshToken: "{token}" }}) {{ session {{ accessToken refreshToken }} userErrors {{ code }} }} }}"#
        )
    };
    let data = nobody.run(&refresh(&first)).await.ok();
    let client = Client::with_token(system, &text(&data, "/sessionRefresh/session/accessToken"));
    client.run("{ me { user { id } } }").await.ok();
    client.run("mutation { logOut { userErrors { code } } }").await.ok();
    let is_out = |answer: &testing::Answer| answer.codes() == ["UNAUTHENTICATED"];
    client.until("{ me { user { id } } }", Duration::from_secs(5), is_out).await;
    let second = nobody.run(&refresh(&text(&data, "/sessionRefresh/session/refreshToken"))).await;
    assert!(second.0["data"]["sessionRefresh"]["session"].is_null(), "{second:?}");
}

async fn a_switched_module_is_gone_and_back_within_a_second(system: &System) {
    let company = Company::new(system).await;
    let other = Company::new(system).await;
    let (real, made_up) = ("{ leaveTypes { nodes { name } } }", "{ xeaveTypes { nodes { name } } }");
    company.owner.run(real).await.ok();
    assert_eq!(company.switch("employee", false).await.refusals().len(), 1, "leave still requires employee");
    company.switch("leave", false).await.ok();
    let is_gone = |answer: &testing::Answer| answer.codes() == ["GRAPHQL_VALIDATION_FAILED"];
    let gone = company.owner.until(real, SECOND, is_gone).await;
    let never_was = company.owner.run(made_up).await;
    assert_eq!(gone.0.to_string(), never_was.0.to_string().replace("xeaveTypes", "leaveTypes"));
    let introspection = company.owner.run("{ __schema { types { name } } }").await.0.to_string();
    assert!(!introspection.contains("Leave") && introspection.contains("Employee"));
    // Others are not touched.
    other.owner.run(real).await.ok();
    company.switch("leave", true).await.ok();
    company.owner.until(real, SECOND, |answer| answer.codes().is_empty()).await;
}

async fn the_approver_hears_of_a_request_and_the_requester_of_the_decision(system: &System) {
    let company = Company::new(system).await;
    let (manager, member, annual) = company.with_leave().await;
    let fields = "{ id type title body createdAt actor { displayName } link { type id } }";
    let mut to_manager =
        manager.subscribe(&format!("subscription {{ notificationReceived {fields} }}")).await;
    let mut to_member = member.subscribe(&format!("subscription {{ notificationReceived {fields} }}")).await;
    // A subscription says nothing of having begun; asking once is enough to know that the router has read it.
    manager.run("{ notificationUnreadCount }").await.ok();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let day = |days| (chrono::Utc::now().date_naive() + chrono::Duration::days(days)).to_string();
    let id = submit(&member, &annual, &day(30), &day(40)).await;
    let heard = to_manager.next(SECOND).await;
    let heard = &heard["notificationReceived"];
    assert_eq!(
        (&heard["type"], &heard["actor"]["displayName"]),
        (&json!("leave.request.submitted"), &json!("member"))
    );
    assert_eq!(heard["link"]["id"], json!(id));
    manager
        .run(&format!(r#"mutation {{ leaveRequestApprove(id: "{id}") {{ userErrors {{ code }} }} }}"#))
        .await
        .ok();
    let decided = to_member.next(SECOND).await;
    assert_eq!(decided["notificationReceived"]["type"], "leave.request.approved");
    assert_eq!(decided["notificationReceived"]["actor"]["displayName"], "manager");

    // Whoever was away gets what they missed first.
    let before = "00000000-0000-7000-8000-000000000000";
    let mut late = member
        .subscribe(&format!(r#"subscription {{ notificationReceived(after: "{before}") {fields} }}"#))
        .await;
    assert_eq!(late.next(PATIENCE).await, decided);
    assert_eq!(member.run("{ notificationUnreadCount }").await.ok()["notificationUnreadCount"], 1);
    let read = format!(
        r#"mutation {{ notificationMarkRead(id: "{}") {{ userErrors {{ code }} }} }}"#,
        text(&decided, "/notificationReceived/id")
    );
    member.run(&read).await.ok();
    assert_eq!(member.run("{ notificationUnreadCount }").await.ok()["notificationUnreadCount"], 0);
}

async fn one_question_goes_across_the_whole_business(system: &System) {
    let company = Company::new(system).await;
    let (manager, member, annual) = company.with_leave().await;
    let day = |days| (chrono::Utc::now().date_naive() + chrono::Duration::days(days)).to_string();
    let id = submit(&member, &annual, &day(7), &day(13)).await;
    let told = |answer: &testing::Answer| answer.0["data"]["notificationUnreadCount"] == 1;
    manager.until("{ notificationUnreadCount }", PATIENCE, told).await;
    manager
        .run(&format!(r#"mutation {{ leaveRequestApprove(id: "{id}") {{ userErrors {{ code }} }} }}"#))
        .await
        .ok();
    let question = format!(
        r#"{{ leaveRequests(filter: {{ status: [APPROVED], from: "{}", to: "{}" }}) {{ nodes {{ days employee {{
                name department {{ name }} manager {{ name membership {{ displayName }} }} leaveBalances {{ leaveType {{ name }} available }} isOnLeave(on: "{}") }}
                decidedBy {{ displayName }} }} }}
            notifications(first: 1) {{ nodes {{ title actor {{ displayName }} }} }} }}"#,
        day(7),
        day(13),
        day(7)
    );
    let data = manager.run(&question).await.ok();
    let request = &data["leaveRequests"]["nodes"][0];
    assert_eq!(request["employee"]["department"]["name"], "Engineering", "{data:#}");
    assert_eq!(request["employee"]["manager"]["membership"]["displayName"], "manager");
    assert_eq!(request["employee"]["leaveBalances"][0]["leaveType"]["name"], "Annual leave");
    assert_eq!(request["decidedBy"]["displayName"], "manager");
    assert_eq!(data["notifications"]["nodes"][0]["actor"]["displayName"], "member");
}

async fn a_file_is_uploaded_attached_and_read_through_the_router(system: &System) {
    let company = Company::new(system).await;
    let (manager, member, annual) = company.with_leave().await;
    let day = |days| (chrono::Utc::now().date_naive() + chrono::Duration::days(days)).to_string();
    let id = submit(&member, &annual, &day(7), &day(13)).await;
    let note = b"%PDF-1.7\nget well soon\n".to_vec();
    let begun = format!(
        r#"mutation {{ fileUpload(input: {{ name: "note.pdf", size: {} }}) {{ upload {{ url }} userErrors {{ code }} }} }}"#,
        note.len()
    );
    let begun = member.run(&begun).await.ok();
    let url = system.url("router", &text(&begun, "/fileUpload/upload/url"));
    let http = reqwest::Client::new();
    let at = |host: &str| format!("{host}.example.test");
    let (other, nobody) = (Company::new(system).await, unique("nobody"));
    for host in [&other.name, &nobody] {
        let refused = http.put(&url).header("host", at(host)).body(note.clone()).send().await.unwrap();
        assert_eq!(refused.status(), 421, "it is put at its own organization's host names");
    }
    let put: serde_json::Value =
        http.put(&url).body(note.clone()).send().await.unwrap().json().await.unwrap();
    let attach = format!(
        r#"mutation {{ leaveRequestAttach(id: "{id}", receipt: "{}") {{ userErrors {{ code }} }} }}"#,
        text(&put, "/receipt")
    );
    member.run(&attach).await.ok();
    let seen =
        format!(r#"{{ leaveRequest(id: "{id}") {{ attachments {{ url attachedBy {{ displayName }} }} }} }}"#);
    let seen = manager.run(&seen).await.ok();
    let attachment = &seen["leaveRequest"]["attachments"][0];
    assert!(attachment["attachedBy"]["displayName"].is_string());
    let got_at = async |host: &str| {
        let got = http.get(system.url("router", &text(attachment, "/url"))).header("host", at(host));
        got.send().await.unwrap()
    };
    for host in [&other.name, &nobody] {
        let refused = got_at(host).await;
        assert!(refused.status() == 421 && refused.text().await.unwrap().contains("HOST_REFUSED"));
    }
    let got = got_at(&company.name).await;
    assert_eq!(got.headers()["content-type"], "application/pdf");
    assert_eq!(got.headers()["content-security-policy"], "default-src 'none'; sandbox");
    assert_eq!(got.bytes().await.unwrap(), note);
    let nothing = http.get(system.url("router", "/files/made.up.token")).send().await.unwrap();
    assert_eq!(nothing.status(), 404);
}

async fn a_changed_role_ends_old_tokens(system: &System) {
    let company = Company::new(system).await;
    let member = company.join("member", "MEMBER").await;
    member.run("{ me { user { id } } }").await.ok();
    let id = crate::company::membership(&member).await;
    let change = format!(
        r#"mutation {{ memberRolesChange(input: {{ membershipId: "{id}", roles: [HR] }}) {{ userErrors {{ code message }} }} }}"#
    );
    company.owner.run(&change).await.ok();
    let is_out = |answer: &testing::Answer| answer.codes() == ["UNAUTHENTICATED"];
    // Whoever logs in again has the new role at once, whatever was remembered of the old one.
    let log_in = format!(
        r#"mutation {{ logIn(input: {{ email: "member@{}.example", password: "{PASSWORD}" }}) {{ session {{ accessToken }} userErrors {{ code }} }} }}"#,
        company.name
    );
    let data = Client::anonymous(system).run(&log_in).await.ok();
    let again = Client::with_token(system, &text(&data, "/logIn/session/accessToken"));
    let data = again.run("{ me { membership { roles } } }").await.ok();
    assert_eq!(data["me"]["membership"]["roles"], json!(["HR"]));
    member.until("{ me { user { id } } }", Duration::from_secs(5), is_out).await;
}

async fn a_reference_to_nobody_is_null_and_spoils_no_list(system: &System) {
    let company = Company::new(system).await;
    let nobody = uuid::Uuid::now_v7();
    let ada = json!({ "firstName": "Ada", "lastName": "Nobody", "workEmail": format!("ada@{}.example", company.name),
        "joinedOn": "2020-01-01" });
    let id = company.create("employee", ada).await;
    let update = format!(
        r#"mutation {{ employeeUpdate(id: "{id}", input: {{ version: 1, membershipId: "{nobody}" }}) {{ userErrors {{ field code }} }} }}"#
    );
    assert_eq!(company.owner.run(&update).await.refusals(), ["MEMBER_NOT_FOUND"]);
    // What was written before that was checked is there all the same.
    let mut admin = PgConnection::connect(&system.admin_url).await.unwrap();
    let dangle = "update employee.employee set membership_id = $1 where id = $2";
    let done = sqlx::query(dangle).bind(nobody).bind(id.parse::<uuid::Uuid>().unwrap()).execute(&mut admin);
    assert_eq!(done.await.unwrap().rows_affected(), 1);
    let list = "{ employees { nodes { name membership { displayName } } } }";
    let seen = company.owner.run(list).await;
    assert_eq!(
        seen.0,
        json!({ "data": { "employees": { "nodes": [{ "name": "Ada Nobody", "membership": null }] } } })
    );
}
