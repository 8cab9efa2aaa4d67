//! Stories about the caller.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod world;

use common::Role::{Hr, Member, Owner};
use serde_json::json;
use sqlx::Connection as _;
use testing::Person;
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
                "permissions": ["tenant.organization.read", "user.member.read", "user.profile.read", "user.profile.update"],
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
    for (person, may) in [(&owner, false), (&later, true), (&hr, true), (&member, false)] {
        let me = app.as_(person).run(ME).await.ok();
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
    assert_eq!(refused.refusals(), ["DISPLAY_NAME_INVALID"]);
    let seen = app.as_(&owner).run("{ members { nodes { displayName } } }").await.ok();
    assert_eq!(seen["members"]["nodes"][0]["displayName"], "Olivia O.");
}

#[tokio::test]
async fn nobody_and_somebody_without_a_role_are_told_nothing() {
    let (app, owner) = world().await;
    assert_eq!(app.as_nobody().run(ME).await.codes(), ["UNAUTHENTICATED"]);
    assert_eq!(app.as_(&owner.colleague(&[])).run(ME).await.codes(), ["FORBIDDEN"]);
}
