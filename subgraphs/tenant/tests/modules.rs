//! Stories about switching modules.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod world;

use common::Role;
use serde_json::{Value, json};
use tenant::events::{ModuleDisabled, ModuleEnabled};
use testing::{Answer, App, Person};
use world::{create, world};

async fn enable(app: &App, person: &Person, module: &str) -> Answer {
    const ENABLE: &str = "mutation($id: ID!) { organizationModuleEnable(input: { moduleId: $id }) {
        organization { modules { id enabled } } userErrors { field code message } } }";
    app.as_(person).run_with(ENABLE, json!({ "id": module })).await
}

async fn disable(app: &App, person: &Person, module: &str, force: bool) -> Answer {
    const DISABLE: &str = "mutation($id: ID!, $force: Boolean) {
        organizationModuleDisable(input: { moduleId: $id, force: $force }) {
            organization { modules { id enabled } } userErrors { field code message } } }";
    app.as_(person).run_with(DISABLE, json!({ "id": module, "force": force })).await
}

async fn enabled(app: &App, person: &Person) -> Vec<String> {
    let seen = app.as_(person).run("{ organization { modules { id enabled } } }").await.ok();
    let modules = seen["organization"]["modules"].as_array().unwrap();
    let on = modules.iter().filter(|module| module["enabled"] == json!(true));
    on.map(|module| module["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_others_require_is_not_switched_off_unless_all_are() {
    let (app, owner) = world("acme").await;
    let refused = disable(&app, &owner, "employee", false).await;
    assert_eq!(refused.refusals(), ["MODULE_REQUIRED_BY_OTHERS"]);
    let message = refused.0["data"]["organizationModuleDisable"]["userErrors"][0]["message"].to_string();
    assert!(message.contains("Leave") && message.contains("Payroll"), "{message}");
    assert_eq!(enabled(&app, &owner).await, ["tenant", "employee", "leave", "payroll"]);
    disable(&app, &owner, "employee", true).await.ok();
    assert_eq!(enabled(&app, &owner).await, ["tenant"]);
}

#[tokio::test]
async fn a_module_comes_on_with_all_that_it_requires_and_each_is_announced() {
    let (app, owner) = world("acme").await;
    disable(&app, &owner, "employee", true).await.ok();
    enable(&app, &owner, "payroll").await.ok();
    assert_eq!(enabled(&app, &owner).await, ["tenant", "employee", "leave", "payroll"]);
    app.settle().await;
    let announced: Vec<(String, Value)> = app.announced().await.split_off(1);
    let organization_id = owner.member().organization_id;
    for (at, module) in ["payroll", "leave", "employee"].into_iter().enumerate() {
        let event = ModuleDisabled { organization_id, module_id: module.into() };
        assert_eq!(serde_json::from_value::<ModuleDisabled>(announced[at].1.clone()).unwrap(), event);
    }
    for (at, module) in ["employee", "leave", "payroll"].into_iter().enumerate() {
        let event = ModuleEnabled { organization_id, module_id: module.into() };
        assert_eq!(announced[at + 3].0, "tenant.module.enabled");
        assert_eq!(serde_json::from_value::<ModuleEnabled>(announced[at + 3].1.clone()).unwrap(), event);
    }
    assert_eq!(announced.len(), 6);
}

#[tokio::test]
async fn switching_to_what_already_is_does_and_announces_nothing() {
    let (app, owner) = world("acme").await;
    enable(&app, &owner, "leave").await.ok();
    enable(&app, &owner, "tenant").await.ok();
    disable(&app, &owner, "broken", false).await.ok();
    app.settle().await;
    assert_eq!(app.announced().await.len(), 1);
}

#[tokio::test]
async fn core_unknown_and_incomplete_modules_are_refused() {
    let (app, owner) = world("acme").await;
    assert_eq!(disable(&app, &owner, "tenant", true).await.refusals(), ["MODULE_IS_CORE"]);
    assert_eq!(disable(&app, &owner, "nothing", true).await.refusals(), ["MODULE_NOT_FOUND"]);
    assert_eq!(enable(&app, &owner, "").await.refusals(), ["MODULE_NOT_FOUND"]);
    assert_eq!(enable(&app, &owner, "broken").await.refusals(), ["MODULE_REQUIREMENT_MISSING"]);
}

#[tokio::test]
async fn only_owner_and_admin_switch_and_only_their_own_organization() {
    let (app, owner) = world("acme").await;
    let stranger = Person::new(&[Role::Owner]);
    create(&app, &stranger, "other").await.unwrap();
    assert_eq!(disable(&app, &owner.colleague(&[Role::Hr]), "payroll", false).await.codes(), ["FORBIDDEN"]);
    disable(&app, &owner.colleague(&[Role::Admin]), "payroll", false).await.ok();
    assert_eq!(enabled(&app, &owner).await, ["tenant", "employee", "leave"]);
    assert_eq!(enabled(&app, &stranger).await, ["tenant", "employee", "leave", "payroll"]);
}

#[tokio::test]
async fn two_switches_at_once_leave_nothing_on_without_what_it_requires() {
    let (app, owner) = world("acme").await;
    for _ in 0..10 {
        disable(&app, &owner, "employee", true).await.ok();
        enable(&app, &owner, "employee").await.ok();
        // Either payroll comes first, and employee stays; or employee goes first, and comes back with payroll.
        let (on, off) =
            tokio::join!(enable(&app, &owner, "payroll"), disable(&app, &owner, "employee", false));
        on.ok();
        let refused = off.refusals() == ["MODULE_REQUIRED_BY_OTHERS"];
        assert!(refused || off.refusals().is_empty());
        assert_eq!(enabled(&app, &owner).await, ["tenant", "employee", "leave", "payroll"]);
    }
}

#[tokio::test]
async fn every_service_reads_the_state_that_was_switched_to() {
    let (app, owner) = world("acme").await;
    let core = std::iter::once("tenant".to_owned()).collect();
    disable(&app, &owner, "leave", true).await.ok();
    let access = database::Access::new(app.database.clone(), core);
    let state = access.organization(owner.member().organization_id).await.unwrap();
    assert!(state.is_active);
    assert_eq!(state.modules.iter().collect::<Vec<_>>(), ["employee", "tenant"]);
    let unknown = access.organization(common::OrganizationId::new()).await.unwrap_err();
    assert_eq!(unknown.code(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_switch_that_is_sent_twice_with_one_key_is_made_once() {
    const DISABLE: &str = "mutation($id: ID!, $key: ID) {
        organizationModuleDisable(input: { moduleId: $id }, idempotencyKey: $key) {
            organization { modules { id enabled } } userErrors { code } } }";
    let (app, owner) = world("acme").await;
    let first = app.as_(&owner).run_with(DISABLE, json!({ "id": "payroll", "key": "one" })).await.ok();
    enable(&app, &owner, "payroll").await.ok();
    let again = app.as_(&owner).run_with(DISABLE, json!({ "id": "payroll", "key": "one" })).await.ok();
    assert_ne!(first, again, "it is answered with the organization as it is now");
    assert_eq!(enabled(&app, &owner).await, ["tenant", "employee", "leave", "payroll"]);
    let other = app.as_(&owner).run_with(DISABLE, json!({ "id": "leave", "key": "one" })).await;
    assert_eq!(other.codes(), ["IDEMPOTENCY_MISMATCH"]);
}
