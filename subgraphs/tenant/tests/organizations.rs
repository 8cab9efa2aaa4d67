//! Stories about organizations.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod world;

use common::Role;
use serde_json::json;
use tenant::events::OrganizationCreated;
use testing::{App, Person};
use world::{create, world};

const ORGANIZATION: &str = "{ organization { id name subdomain status industryCode timezone
    modules { id enabled requires isCore } } }";

#[tokio::test]
async fn a_new_organization_has_every_module_on_that_can_be() {
    let (app, owner) = world("acme").await;
    let seen = app.as_(&owner).run(ORGANIZATION).await.ok();
    let organization = &seen["organization"];
    assert_eq!(organization["id"], owner.member().organization_id.to_string());
    assert_eq!(organization["status"], "ACTIVE");
    assert_eq!(
        organization["modules"],
        json!([
            { "id": "tenant", "enabled": true, "requires": [], "isCore": true },
            { "id": "broken", "enabled": false, "requires": ["nothing"], "isCore": false },
            { "id": "employee", "enabled": true, "requires": [], "isCore": false },
            { "id": "leave", "enabled": true, "requires": ["employee"], "isCore": false },
            { "id": "payroll", "enabled": true, "requires": ["leave", "employee"], "isCore": false },
        ])
    );
}

#[tokio::test]
async fn making_an_organization_is_announced() {
    let (app, owner) = world("acme").await;
    app.settle().await;
    let (event_type, payload) = app.announced().await.remove(0);
    assert_eq!(event_type, "tenant.organization.created");
    assert_eq!(
        serde_json::from_value::<OrganizationCreated>(payload).unwrap(),
        OrganizationCreated {
            organization_id: owner.member().organization_id,
            industry_code: Some("software".into()),
            modules: vec!["employee".into(), "leave".into(), "payroll".into()],
        }
    );
}

#[tokio::test]
async fn a_subdomain_is_given_once_and_reserved_and_malformed_ones_never() {
    let (app, _) = world("acme").await;
    let taken = create(&app, &Person::new(&[Role::Owner]), "acme").await.unwrap_err();
    assert_eq!(taken.as_database_error().unwrap().constraint(), Some("organization_subdomain_key"));
    let too_long = "a".repeat(64);
    for subdomain in
        ["www", "api", "ab", "-abc", "abc-", "a--b", "Acme", "a_b", "a.b", "ünal", &too_long, "abc\n"]
    {
        let refused = create(&app, &Person::new(&[Role::Owner]), subdomain).await.unwrap_err();
        let constraint = refused.as_database_error().unwrap().constraint().unwrap().to_owned();
        assert!(constraint.starts_with("organization_subdomain"), "{subdomain}: {constraint}");
    }
}

#[tokio::test]
async fn an_admin_renames_the_organization_and_a_member_does_not() {
    const RENAME: &str = r#"mutation { organizationUpdate(input: { version: 1, name: " Acme Ltd ", timezone: "Europe/Berlin" }) {
        organization { name timezone } userErrors { field code } } }"#;
    let (app, owner) = world("acme").await;
    let renamed = app.as_(&owner.colleague(&[Role::Admin])).run(RENAME).await.ok();
    assert_eq!(
        renamed["organizationUpdate"]["organization"],
        json!({ "name": "Acme Ltd", "timezone": "Europe/Berlin" })
    );
    assert_eq!(app.as_(&owner.colleague(&[Role::Hr])).run(RENAME).await.codes(), ["FORBIDDEN"]);
    let refused = app
        .as_(&owner)
        .run_with(
            "mutation($name: String) { organizationUpdate(input: { version: 2, name: $name }) { userErrors { code } } }",
            json!({ "name": "a\u{0}b" }),
        )
        .await;
    assert_eq!(refused.refusals(), ["NAME_INVALID"]);
}

#[tokio::test]
async fn another_organization_looks_like_none() {
    const BY_ID: &str =
        "query($id: ID!) { _entities(representations: [{ __typename: \"Organization\", id: $id }]) {
        ... on Organization { name } } }";
    let (app, owner) = world("acme").await;
    let stranger = Person::new(&[Role::Owner]);
    create(&app, &stranger, "other").await.unwrap();
    let own = app.as_(&owner).run_with(BY_ID, json!({ "id": owner.member().organization_id })).await.ok();
    assert_eq!(own["_entities"][0]["name"], "Acme");
    let foreign = app.as_(&owner).run_with(BY_ID, json!({ "id": stranger.member().organization_id })).await;
    let unknown = app.as_(&owner).run_with(BY_ID, json!({ "id": uuid::Uuid::now_v7() })).await;
    assert_eq!(foreign.0.to_string(), unknown.0.to_string());
    assert_eq!(unknown.ok()["_entities"][0], json!(null));
}

#[tokio::test]
async fn nobody_and_somebody_without_a_role_see_nothing() {
    let app = App::start(vec![tenant::subgraph()]).await;
    assert_eq!(app.as_nobody().run("{ organization { id } }").await.codes(), ["UNAUTHENTICATED"]);
    assert_eq!(app.as_(&Person::new(&[])).run("{ organization { id } }").await.codes(), ["FORBIDDEN"]);
}

#[tokio::test]
async fn a_change_from_an_older_version_is_refused_beside_the_present_state() {
    const RENAME: &str = "mutation($name: String) { organizationUpdate(input: { version: 1, name: $name }) {
        organization { name version } userErrors { field code } } }";
    let (app, owner) = world("acme").await;
    app.as_(&owner).run_with(RENAME, json!({ "name": "First" })).await.ok();
    let late = app.as_(&owner).run_with(RENAME, json!({ "name": "Second" })).await;
    assert_eq!(late.refusals(), ["VERSION_CONFLICT"]);
    let present = &late.0["data"]["organizationUpdate"]["organization"];
    assert_eq!(present, &json!({ "name": "First", "version": 2 }));
}

#[tokio::test]
async fn the_history_says_what_was_changed_and_by_whom() {
    const RENAME: &str = r#"mutation { organizationUpdate(input: { version: 1, name: "Acme Ltd" }) {
        userErrors { code } } }"#;
    const HISTORY: &str = "{ organization { viewerPermissions
        history(first: 1) { nodes { action actor { id } changes { field before after } } } } }";
    let (app, owner) = world("acme").await;
    let admin = owner.colleague(&[Role::Admin]);
    app.as_(&admin).run(RENAME).await.ok();
    let seen = app.as_(&admin).run(HISTORY).await.ok();
    assert_eq!(
        seen["organization"]["history"]["nodes"],
        json!([{ "action": "UPDATED", "actor": { "id": admin.member().membership_id },
            "changes": [{ "field": "name", "before": "Acme", "after": "Acme Ltd" }] }])
    );
    assert_eq!(
        seen["organization"]["viewerPermissions"],
        json!(["organizationUpdate", "organizationModuleEnable", "organizationModuleDisable"])
    );
    let seen = app.as_(&owner.colleague(&[Role::Member])).run(HISTORY).await.ok();
    assert_eq!(seen["organization"]["viewerPermissions"], json!([]));
}

#[tokio::test]
async fn currencies_are_the_same_for_everybody() {
    let (app, owner) = world("acme").await;
    let seen = app.as_(&owner).run("{ currencies { code name decimals } }").await.ok();
    let all = seen["currencies"].as_array().unwrap();
    assert!(all.contains(&json!({ "code": "EUR", "name": "Euro", "decimals": 2 })));
    assert!(all.iter().any(|currency| currency["code"] == "JPY" && currency["decimals"] == 0));
    assert_eq!(app.as_nobody().run("{ currencies { code } }").await.codes(), ["UNAUTHENTICATED"]);
}

#[tokio::test]
async fn a_time_zone_is_in_the_directory_at_once_and_is_announced() {
    let (app, owner) = world("acme").await;
    let in_directory = async || {
        let mut tx = app.system(&owner, "tenant").await;
        let zone: Option<String> = sqlx::query_scalar("select time_zone from people.organization")
            .fetch_one(tx.conn())
            .await
            .unwrap();
        zone
    };
    assert_eq!(in_directory().await, None);
    let client = app.as_(&owner);
    for (version, change, zone) in [
        (1, "timezone: \"Pacific/Apia\"", Some("Pacific/Apia")),
        (2, "name: \"Other\"", Some("Pacific/Apia")),
        (3, "timezone: null", None),
    ] {
        let update = format!(
            "mutation {{ organizationUpdate(input: {{ version: {version}, {change} }}) {{ userErrors {{ code }} }} }}"
        );
        client.run(&update).await.ok();
        assert_eq!(in_directory().await.as_deref(), zone);
    }
    app.settle().await;
    let announced = app.announced().await;
    let zones = announced.iter().filter(|(event, _)| event == "tenant.organization.updated");
    let zones: Vec<_> = zones.map(|(_, payload)| payload["timezone"].clone()).collect();
    assert_eq!(zones, [json!("Pacific/Apia"), json!(null)], "a name is no time zone");
}
