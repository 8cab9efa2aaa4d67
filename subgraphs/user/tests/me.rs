//! Stories about the caller.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod world;

use std::sync::Arc;

use common::Role::{Client, Hr, Member, Owner};
use common::{Caller, RequestContext};
use serde_json::json;
use sqlx::Connection as _;
use testing::{Person, Statements};
use world::{found, join, world};

const ME: &str = "{ me { user { id displayName email } membership { id roles permissions }
    organization { id } organizations { id name subdomain } } }";

#[tokio::test]
async fn the_caller_learns_who_they_are_and_what_they_may_do() {
    let (app, owner) = world().await;
    let bob = join(&app, &owner, "Bob", &[Member]).await;
    let me = app.as_(&bob).run(ME).await.ok();
    assert_eq!(
        me["me"],
        json!({
            "user": { "id": bob.member().identity_id, "displayName": "Bob", "email": "bob@example.org" },
            "membership": {
                "id": bob.member().membership_id,
                "roles": ["MEMBER"],
                "permissions": ["approval.approval.read", "approval.delegation.manage", "approval.rule.read", "custom.field.read", "custom.value.confidential", "files.file.upload", "tenant.numbers.read", "tenant.organization.read", "tenant.view.read", "tenant.view.save", "user.member.read", "user.profile.read", "user.profile.update"],
            },
            "organization": { "id": bob.member().organization_id },
            "organizations": [{ "id": bob.member().organization_id, "name": "Acme", "subdomain": "acme" }],
        })
    );
}

#[tokio::test]
async fn rights_of_a_module_that_is_off_are_not_there() {
    let (app, owner) = world().await;
    let mut admin = sqlx::PgConnection::connect(&app.admin_url).await.unwrap();
    sqlx::raw_sql(
        r#"insert into core.module (id, name, description, is_core, requires) values ('leave', 'Leave', '', false, '{}');
           insert into core.permission (key, module_id, description, grants)
           values ('leave.type.read', 'leave', '', '[{"role": "HR", "scope": "all"}]')"#,
    )
    .execute(&mut admin)
    .await
    .unwrap();
    // The first organization is older than the module, the second has it on.
    let later = Person::new(&[Owner]);
    found(&app, &later, "later", "Lara").await;
    let hr = join(&app, &later, "Hanna", &[Hr]).await;
    let member = join(&app, &later, "Max", &[Member]).await;
    // As in production, where the organization's own state says which modules it has on.
    let core = ["tenant", "user"].map(str::to_owned).into_iter().collect();
    let access = database::Access::new(app.database.clone(), core);
    let runtime = service::Runtime { access, ..app.runtime().clone() };
    let user = (user::subgraph().executable)(&runtime);
    for (person, may) in [(&owner, false), (&later, true), (&hr, true), (&member, false)] {
        let caller = Caller::Member(Arc::new(person.member().clone()));
        let request = async_graphql::Request::new(ME)
            .data(RequestContext { caller, ..RequestContext::anonymous("test") });
        let me = user.execute(request).await.data.into_json().unwrap();
        let permissions = me["me"]["membership"]["permissions"].as_array().unwrap();
        assert_eq!(permissions.contains(&json!("leave.type.read")), may);
    }
}

#[tokio::test]
async fn one_profile_serves_in_every_organization() {
    let (app, owner) = world().await;
    let renamed = app
        .as_(&owner)
        .run(r#"mutation { profileUpdate(input: { displayName: " Olivia O. " }) { user { displayName } userErrors { code } } }"#)
        .await
        .ok();
    assert_eq!(renamed["profileUpdate"]["user"]["displayName"], "Olivia O.");
    let refused = app
        .as_(&owner)
        .run(r#"mutation { profileUpdate(input: { displayName: " " }) { user { id } userErrors { code } } }"#)
        .await;
    assert_eq!(refused.refusals(), ["NAME_INVALID"]);
    let seen = app.as_(&owner).run("{ members { nodes { displayName } } }").await.ok();
    assert_eq!(seen["members"]["nodes"][0]["displayName"], "Olivia O.");
    let found =
        app.as_(&owner).run("{ members(filter: { search: \"olivia o\" }) { nodes { id } } }").await.ok();
    assert_eq!(found["members"]["nodes"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn nobody_and_somebody_without_a_role_are_told_nothing() {
    let (app, owner) = world().await;
    assert_eq!(app.as_nobody().run(ME).await.codes(), ["UNAUTHENTICATED"]);
    assert_eq!(app.as_(&owner.colleague(&[])).run(ME).await.codes(), ["FORBIDDEN"]);
}

#[tokio::test]
async fn a_client_learns_who_they_are_and_not_who_works_here() {
    let (app, owner) = world().await;
    let client = join(&app, &owner, "Carla", &[Client]).await;
    let me = app.as_(&client).run(ME).await.ok();
    assert_eq!(me["me"]["membership"]["roles"], json!(["CLIENT"]));
    let permissions = json!(["tenant.organization.read", "user.profile.read", "user.profile.update"]);
    assert_eq!(me["me"]["membership"]["permissions"], permissions);
    assert_eq!(app.as_(&client).run("{ members { nodes { id } } }").await.codes(), ["FORBIDDEN"]);
    const USERS: &str = "query($own: ID!, $other: ID!) { _entities(representations: [
        { __typename: \"User\", id: $own }, { __typename: \"User\", id: $other }]) { ... on User { displayName } } }";
    let ids = json!({ "own": client.member().identity_id, "other": owner.member().identity_id });
    let seen = app.as_(&client).run_with(USERS, ids).await.ok();
    assert_eq!(seen["_entities"], json!([{ "displayName": "Carla" }, null]));
    // Their own profile they change, and are answered again when they send it twice.
    const RENAME: &str = r#"mutation { profileUpdate(input: { displayName: "Carla C." }, idempotencyKey: "one") {
        user { displayName } userErrors { code } } }"#;
    let renamed = app.as_(&client).run(RENAME).await.ok();
    assert_eq!(renamed["profileUpdate"]["user"]["displayName"], "Carla C.");
    assert_eq!(app.as_(&client).run(RENAME).await.ok(), renamed);
}

#[tokio::test]
async fn a_profile_is_changed_in_every_organization_of_its_person() {
    let (app, owner) = world().await;
    let elsewhere = Person::new(&[Owner]);
    found(&app, &elsewhere, "other", "Stranger").await;
    let mut admin = sqlx::PgConnection::connect(&app.admin_url).await.unwrap();
    // The same person in another organization, as an invitation that they accept would make them.
    sqlx::query(
        r#"insert into "user".membership (id, organization_id, user_id, display_name, email, status, roles)
           select gen_random_uuid(), $1, id, display_name, email, 'ACTIVE', '{MEMBER}' from "user"."user" where id = $2"#,
    )
    .bind(elsewhere.member().organization_id)
    .bind(owner.member().identity_id)
    .execute(&mut admin)
    .await
    .unwrap();
    app.as_(&owner)
        .run(r#"mutation { profileUpdate(input: { displayName: "Olivia O." }) { userErrors { code } } }"#)
        .await
        .ok();
    let seen = app.as_(&elsewhere).run("{ members { nodes { displayName } } }").await.ok();
    assert_eq!(
        seen["members"]["nodes"],
        json!([{ "displayName": "Olivia O." }, { "displayName": "Stranger" }])
    );
}

#[tokio::test]
async fn whoever_says_their_language_is_told_in_it_in_every_organization() {
    let (app, owner) = world().await;
    let elsewhere = Person::new(&[Owner]);
    found(&app, &elsewhere, "other", "Stranger").await;
    let mut admin = sqlx::PgConnection::connect(&app.admin_url).await.unwrap();
    sqlx::query(
        r#"insert into "user".membership (id, organization_id, user_id, display_name, email, status, roles)
           select gen_random_uuid(), $1, id, display_name, email, 'ACTIVE', '{MEMBER}' from "user"."user" where id = $2"#,
    )
    .bind(elsewhere.member().organization_id)
    .bind(owner.member().identity_id)
    .execute(&mut admin)
    .await
    .unwrap();
    const SAY: &str = "mutation ($locale: String) { profileUpdate(input: { locale: $locale }) {
        user { displayName locale } userErrors { code field } } }";
    let known =
        r#"select p.locale from people.member p join "user".membership m on m.id = p.id and m.user_id = $1"#;
    for (said, kept) in [(json!("DE-at"), json!("de-AT")), (json!(null), json!(null))] {
        let told = app.as_(&owner).run_with(SAY, json!({ "locale": said })).await.ok();
        assert_eq!(told["profileUpdate"]["user"], json!({ "displayName": "Olivia", "locale": kept }));
        let me = app.as_(&owner).run("{ me { user { locale } } }").await.ok();
        assert_eq!(me["me"]["user"]["locale"], kept);
        let everywhere: Vec<Option<String>> =
            sqlx::query_scalar(known).bind(owner.member().identity_id).fetch_all(&mut admin).await.unwrap();
        assert_eq!(json!(everywhere), json!([kept, kept]));
    }
    for wrong in ["", "german or so", "en-x-aaaaaaaa-bbbbbbbb-cccccccc-dddddddd"] {
        let refused = app.as_(&owner).run_with(SAY, json!({ "locale": wrong })).await;
        assert_eq!(refused.refusals(), ["LOCALE_INVALID"], "{wrong:?}");
    }
    app.as_(&owner).run_with(SAY, json!({ "locale": "bn" })).await.ok();
    let seen = app.as_(&owner).run("{ members { nodes { user { locale } } } }").await.ok();
    assert_eq!(seen["members"]["nodes"], json!([{ "user": { "locale": "bn" } }]));
}

#[tokio::test]
async fn the_caller_costs_one_statement_and_their_rights_none() {
    let (app, owner) = world().await;
    app.as_(&owner).run(ME).await.ok();
    let statements = Statements::counted();
    app.as_(&owner).run(ME).await.ok();
    assert_eq!(statements.take(), 1);
}
