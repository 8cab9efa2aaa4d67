//! Stories about invitations.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod world;

use chrono::Duration;
use common::Role::{Admin, Hr, Member, Owner};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use sqlx::Connection as _;
use testing::{Answer, App, Person};
use world::{found, join, world};

async fn invite(app: &App, by: &Person, email: &str, roles: &[&str]) -> Answer {
    const INVITE: &str = "mutation($input: MemberInviteInput!) { memberInvite(input: $input) {
        invitation { id email roles status expiresAt invitedBy { displayName } } token userErrors { field code } } }";
    app.as_(by).run_with(INVITE, json!({ "input": { "email": email, "roles": roles } })).await
}

async fn revoke(app: &App, by: &Person, id: impl serde::Serialize) -> Answer {
    const REVOKE: &str =
        "mutation($id: ID!) { invitationRevoke(id: $id) { invitation { status } userErrors { code } } }";
    app.as_(by).run_with(REVOKE, json!({ "id": id })).await
}

/// Whether a token opens an invitation at present, as auth asks.
async fn is_open(app: &App, owner: &Person, token: &str) -> bool {
    let mut tx = app.ctx(owner, "user").begin(&common::Permission::PUBLIC).await.unwrap();
    sqlx::query_scalar(r#"select exists (select from "user".invitation_find($1, $2))"#)
        .bind(Sha256::digest(token.as_bytes()).to_vec())
        .bind(app.clock.now())
        .fetch_one(tx.conn())
        .await
        .unwrap()
}

#[tokio::test]
async fn an_invitation_is_for_one_address_and_a_week() {
    let (app, owner) = world().await;
    let invited = invite(&app, &owner, " Bob@Example.org", &["MEMBER", "HR"]).await.ok();
    let payload = &invited["memberInvite"];
    assert_eq!(payload["invitation"]["email"], "bob@example.org");
    assert_eq!(payload["invitation"]["roles"], json!(["HR", "MEMBER"]));
    assert_eq!(payload["invitation"]["expiresAt"], "2026-03-09T09:00:00+00:00");
    assert_eq!(payload["invitation"]["invitedBy"]["displayName"], "Olivia");
    let token = payload["token"].as_str().unwrap();
    assert!(is_open(&app, &owner, token).await);
    app.clock.advance(Duration::days(7));
    assert!(!is_open(&app, &owner, token).await);
    let listed = app.as_(&owner).run("{ invitations { nodes { email status } } }").await.ok();
    assert_eq!(listed["invitations"]["nodes"], json!([{ "email": "bob@example.org", "status": "EXPIRED" }]));
}

#[tokio::test]
async fn one_invitation_per_address_waits_at_a_time() {
    let (app, owner) = world().await;
    let first = invite(&app, &owner, "bob@example.org", &["MEMBER"]).await.ok();
    assert_eq!(invite(&app, &owner, "BOB@example.org", &["HR"]).await.refusals(), ["ALREADY_INVITED"]);
    revoke(&app, &owner, &first["memberInvite"]["invitation"]["id"]).await.ok();
    invite(&app, &owner, "bob@example.org", &["HR"]).await.ok();
    app.clock.advance(Duration::days(7));
    invite(&app, &owner, "bob@example.org", &["HR"]).await.ok();
    let listed = app.as_(&owner).run("{ invitations { nodes { status } } }").await.ok();
    let statuses = listed["invitations"]["nodes"].clone();
    assert_eq!(statuses, json!([{ "status": "PENDING" }, { "status": "EXPIRED" }, { "status": "REVOKED" }]));
}

#[tokio::test]
async fn an_invitation_that_nobody_can_accept_any_more_is_in_nobodys_way() {
    let (app, owner) = world().await;
    let admin = join(&app, &owner, "Alice", &[Admin]).await;
    invite(&app, &admin, "bob@example.org", &["MEMBER"]).await.ok();
    assert_eq!(invite(&app, &owner, "bob@example.org", &["HR"]).await.refusals(), ["ALREADY_INVITED"]);
    let change = "mutation($id: ID!) { memberRolesChange(input: { membershipId: $id, roles: [MEMBER] }) {
        userErrors { code } } }";
    let id = admin.member().membership_id;
    app.as_(&owner).run_with(change, json!({ "id": id })).await.ok();
    invite(&app, &owner, "bob@example.org", &["HR"]).await.ok();
    let listed = app.as_(&owner).run("{ invitations { nodes { status } } }").await.ok();
    assert_eq!(listed["invitations"]["nodes"], json!([{ "status": "PENDING" }, { "status": "REVOKED" }]));
}

#[tokio::test]
async fn members_addresses_that_are_none_and_roles_above_are_refused() {
    let (app, owner) = world().await;
    let admin = join(&app, &owner, "Alice", &[Admin]).await;
    assert_eq!(invite(&app, &admin, "olivia@example.org", &["MEMBER"]).await.refusals(), ["ALREADY_MEMBER"]);
    assert_eq!(invite(&app, &admin, "no address", &["MEMBER"]).await.refusals(), ["EMAIL_INVALID"]);
    assert_eq!(invite(&app, &admin, "bob@example.org", &["OWNER"]).await.refusals(), ["ROLE_ABOVE_OWN"]);
    assert_eq!(invite(&app, &admin, "bob@example.org", &[]).await.refusals(), ["REQUIRED"]);
    assert_eq!(
        invite(&app, &owner.colleague(&[Hr]), "bob@example.org", &["MEMBER"]).await.codes(),
        ["FORBIDDEN"]
    );
    assert_eq!(
        app.as_(&owner.colleague(&[Member])).run("{ invitations { nodes { id } } }").await.codes(),
        ["FORBIDDEN"]
    );
}

#[tokio::test]
async fn a_revoked_invitation_opens_nothing_and_a_foreign_one_is_unknown() {
    let (app, owner) = world().await;
    let stranger = Person::new(&[Owner]);
    found(&app, &stranger, "other", "Stranger").await;
    let invited = invite(&app, &owner, "bob@example.org", &["MEMBER"]).await.ok();
    let id = &invited["memberInvite"]["invitation"]["id"];
    let foreign = revoke(&app, &stranger, id).await;
    assert_eq!(foreign.codes(), ["NOT_FOUND"]);
    assert_eq!(foreign.0.to_string(), revoke(&app, &stranger, uuid::Uuid::now_v7()).await.0.to_string());
    revoke(&app, &owner, id).await.ok();
    revoke(&app, &owner, id).await.ok();
    assert!(!is_open(&app, &owner, invited["memberInvite"]["token"].as_str().unwrap()).await);
}

#[tokio::test]
async fn the_database_ranks_roles_as_the_program_does() {
    let (app, owner) = world().await;
    let mut tx = app.ctx(&owner, "user").begin(&common::Permission::PUBLIC).await.unwrap();
    for role in common::Role::ALL {
        let rank: Option<i32> = sqlx::query_scalar(r#"select "user".role_rank($1)"#)
            .bind(role.as_str())
            .fetch_one(tx.conn())
            .await
            .unwrap();
        assert_eq!(rank, Some(role.rank().into()), "{role:?}");
    }
}

#[tokio::test]
async fn of_two_who_accept_at_once_one_is_let_in() {
    let (app, owner) = world().await;
    invite(&app, &owner, "bob@example.org", &["HR"]).await.ok();
    let accept = async |person: Person| {
        let mut tx = app.ctx(&person, "user").begin(&common::Permission::PUBLIC).await.unwrap();
        let accepted: bool = sqlx::query_scalar(
            r#"select "user".invitation_accept((select id from "user".invitation), $1, $2, 'Bob', $3)"#,
        )
        .bind(person.member().membership_id)
        .bind(person.member().identity_id)
        .bind(app.clock.now())
        .fetch_one(tx.conn())
        .await
        .unwrap();
        tx.commit(()).await.unwrap();
        accepted
    };
    let (one, other) = tokio::join!(accept(owner.colleague(&[])), accept(owner.colleague(&[])));
    assert!(one ^ other);
    let seen = app
        .as_(&owner)
        .run("{ members(filter: { role: HR }) { nodes { displayName user { email } } } }")
        .await
        .ok();
    assert_eq!(
        seen["members"]["nodes"],
        json!([{ "displayName": "Bob", "user": { "email": "bob@example.org" } }])
    );
    let listed = app.as_(&owner).run("{ invitations { nodes { id status } } }").await.ok();
    assert_eq!(listed["invitations"]["nodes"][0]["status"], "ACCEPTED");
    let refused = revoke(&app, &owner, &listed["invitations"]["nodes"][0]["id"]).await;
    assert_eq!(refused.refusals(), ["INVALID_TRANSITION"]);
}

#[tokio::test]
async fn a_token_is_stored_nowhere_and_its_hash_is_in_no_trail() {
    let (app, owner) = world().await;
    let invited = invite(&app, &owner, "bob@example.org", &["MEMBER"]).await.ok();
    let token = invited["memberInvite"]["token"].as_str().unwrap();
    let mut admin = sqlx::PgConnection::connect(&app.admin_url).await.unwrap();
    let (stored, trail): (String, String) = sqlx::query_as(
        r#"select (select string_agg(i::text, '') from "user".invitation i),
                  (select string_agg(a::text, '') from "user".audit_log a where a.table_name = 'invitation')"#,
    )
    .fetch_one(&mut admin)
    .await
    .unwrap();
    assert!(!stored.contains(token));
    assert!(
        trail.contains("bob@example.org") && !trail.contains(token) && !trail.contains("token_hash"),
        "{trail}"
    );
}

#[tokio::test]
async fn an_invite_that_is_sent_twice_with_one_key_is_made_once_and_shows_its_token_once() {
    const INVITE: &str = "mutation($email: String!, $key: ID) {
        memberInvite(input: { email: $email, roles: [MEMBER] }, idempotencyKey: $key) {
            invitation { id } token userErrors { code } } }";
    let (app, owner) = world().await;
    let variables = json!({ "email": "bob@example.org", "key": "one" });
    let first = app.as_(&owner).run_with(INVITE, variables.clone()).await.ok()["memberInvite"].clone();
    let again = app.as_(&owner).run_with(INVITE, variables).await.ok()["memberInvite"].clone();
    assert_eq!(first["invitation"], again["invitation"]);
    assert!(first["token"].is_string());
    assert_eq!(again["token"], json!(null));
    assert!(is_open(&app, &owner, first["token"].as_str().unwrap()).await);
    let other = json!({ "email": "eve@example.org", "key": "one" });
    assert_eq!(app.as_(&owner).run_with(INVITE, other).await.codes(), ["IDEMPOTENCY_MISMATCH"]);
}

#[tokio::test]
async fn many_are_invited_at_once_and_one_who_cannot_be_holds_nobody_up() {
    const INVITE: &str = "mutation($rows: [MemberInviteInput!]!, $key: ID) {
        memberInviteBulk(rows: $rows, idempotencyKey: $key) { userErrors { code }
            results { invitation { email } token userErrors { code } } } }";
    const REVOKE: &str = "mutation($ids: [ID!]!) { invitationRevokeBulk(ids: $ids) { userErrors { code }
        results { invitation { status } userErrors { code } } } }";
    let (app, owner) = world().await;
    let row = |email: &str| json!({ "email": email, "roles": ["MEMBER"] });
    let rows =
        [row("bob@example.org"), row("olivia@example.org"), row("Bob@example.org"), row("eve@example.org")];
    let variables = json!({ "rows": rows, "key": "many" });
    let invited = app.as_(&owner).run_with(INVITE, variables.clone()).await.ok();
    let results = invited["memberInviteBulk"]["results"].as_array().unwrap();
    let codes: Vec<_> = results.iter().map(|row| row["userErrors"][0]["code"].as_str()).collect();
    assert_eq!(codes, [None, Some("ALREADY_MEMBER"), Some("ALREADY_INVITED"), None]);
    for at in [0, 3] {
        assert!(is_open(&app, &owner, results[at]["token"].as_str().unwrap()).await);
    }
    let again = app.as_(&owner).run_with(INVITE, variables).await.ok();
    assert_eq!(again["memberInviteBulk"]["results"][0]["token"], json!(null));
    assert_eq!(again["memberInviteBulk"]["results"][0]["invitation"], results[0]["invitation"]);
    assert_eq!(again["memberInviteBulk"]["results"][1]["userErrors"][0]["code"], "ALREADY_MEMBER");
    let listed = app.as_(&owner).run("{ invitations { nodes { id } } }").await.ok();
    let ids = json!([listed["invitations"]["nodes"][0]["id"], uuid::Uuid::now_v7()]);
    let revoked = app.as_(&owner).run_with(REVOKE, json!({ "ids": ids })).await.ok();
    let results = &revoked["invitationRevokeBulk"]["results"];
    assert_eq!(results[0]["invitation"]["status"], "REVOKED");
    assert_eq!(results[1]["userErrors"][0]["code"], "NOT_FOUND");
}

#[tokio::test]
async fn invitations_are_found_by_what_became_of_them_by_mail_and_by_id() {
    let (app, owner) = world().await;
    invite(&app, &owner, "old@example.org", &["MEMBER"]).await.ok();
    app.clock.advance(Duration::days(7));
    let revoked = invite(&app, &owner, "revoked@example.org", &["MEMBER"]).await.ok();
    revoke(&app, &owner, &revoked["memberInvite"]["invitation"]["id"]).await.ok();
    let bob = invite(&app, &owner, "bob@example.org", &["MEMBER"]).await.ok();
    let emails = async |arguments: &str| {
        let query = format!("{{ invitations({arguments}) {{ totalCount nodes {{ email }} }} }}");
        let seen = app.as_(&owner).run(&query).await.ok()["invitations"].clone();
        let nodes = seen["nodes"].as_array().unwrap().clone();
        assert_eq!(seen["totalCount"], nodes.len());
        nodes
            .iter()
            .map(|node| node["email"].as_str().unwrap().replace("@example.org", ""))
            .collect::<Vec<_>>()
    };
    assert_eq!(emails("sort: CREATED_AT").await[0], "old");
    assert_eq!(emails("sort: EMAIL").await, ["bob", "old", "revoked"]);
    assert_eq!(emails("filter: { status: PENDING }").await, ["bob"]);
    assert_eq!(emails("filter: { status: EXPIRED }").await, ["old"]);
    assert_eq!(emails("filter: { status: REVOKED }").await, ["revoked"]);
    assert_eq!(emails("filter: { status: ACCEPTED }").await, [""; 0]);
    assert_eq!(emails("filter: { search: \"BOB@\" }").await, ["bob"]);
    const ONE: &str = "query($id: ID!) { invitation(id: $id) { status viewerPermissions
        history { nodes { action actor { displayName } changes { field after } } } } }";
    let id = json!({ "id": bob["memberInvite"]["invitation"]["id"] });
    let one = app.as_(&owner).run_with(ONE, id.clone()).await.ok()["invitation"].clone();
    assert_eq!(
        (&one["status"], &one["viewerPermissions"]),
        (&json!("PENDING"), &json!(["invitationRevoke"]))
    );
    let made = &one["history"]["nodes"][0];
    assert_eq!((&made["action"], &made["actor"]["displayName"]), (&json!("CREATED"), &json!("Olivia")));
    assert!(!made["changes"].to_string().to_lowercase().contains("token"), "{made:#}");
    assert_eq!(app.as_(&owner.colleague(&[Hr])).run_with(ONE, id).await.codes(), ["FORBIDDEN"]);
}
