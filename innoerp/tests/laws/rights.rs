//! Rights: whoever has none gets nothing, and every right that is checked is declared.

use std::collections::BTreeSet;
use std::path::Path;

use futures::StreamExt as _;
use innoerp::modules;
use testing::{App, Documents, Person};

/// What everybody may ask, logged in or not.
const PUBLIC: [&str; 4] = ["signUp", "logIn", "sessionRefresh", "invitationAccept"];

/// What every member may ask, whatever their roles: who they are, and to leave.
const EVERY_MEMBER: [&str; 1] = ["logOut"];

async fn first_answer(client: &testing::Client<'_>, field: &testing::RootField) -> testing::Answer {
    if field.operation == "subscription" {
        client.subscribe(&field.document).next().await.unwrap()
    } else {
        client.run(&field.document).await
    }
}

#[tokio::test]
async fn whoever_has_no_rights_gets_nothing() {
    let app = App::start(modules::all()).await;
    let nobody_special = Person::new(&[]);
    for module in modules::all() {
        let schema = Documents::new(&(module.sdl)());
        for field in schema.root_fields(&uuid::Uuid::now_v7().to_string()) {
            if PUBLIC.contains(&field.name.as_str()) {
                continue;
            }
            let anonymous = first_answer(&app.as_nobody().on(module.id), &field).await;
            assert_eq!(anonymous.codes(), ["UNAUTHENTICATED"], "{}: {}", module.id, field.document);
            if EVERY_MEMBER.contains(&field.name.as_str()) {
                continue;
            }
            let powerless = first_answer(&app.as_(&nobody_special).on(module.id), &field).await;
            let codes = powerless.codes();
            assert!(
                codes == ["FORBIDDEN"] || codes == ["NOT_FOUND"],
                "{}: {} answered {powerless:?}",
                module.id,
                field.document
            );
        }
    }
}

#[test]
fn every_right_that_is_checked_is_declared_and_the_other_way_round() {
    for module in modules::all() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../subgraphs").join(module.id).join("src");
        let mut sources = String::new();
        super::tidy::rust_files(&folder, &mut |_, text| sources.push_str(text));
        let written: BTreeSet<_> =
            sources.split("key: \"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let written: BTreeSet<_> = written.into_iter().filter(|key| key.matches('.').count() == 2).collect();
        let prefix = format!("{}.", module.id);
        let written: BTreeSet<_> = written.into_iter().filter(|key| key.starts_with(&prefix)).collect();
        let declared: BTreeSet<_> = module.permissions.iter().map(|permission| permission.key).collect();
        let written: BTreeSet<_> =
            written.into_iter().filter(|key| !module.events.iter().any(|event| event.name == *key)).collect();
        assert_eq!(written, declared, "{}", module.id);
        let constants = sources.matches(": Permission =").count();
        let uses = sources.matches("begin(&").count() + sources.matches("scope(&").count();
        assert!(uses >= constants, "{}: a right is declared that no use-case checks", module.id);
    }
}

#[test]
fn keys_name_their_module() {
    for module in modules::all() {
        for permission in module.permissions {
            assert!(permission.key.starts_with(&format!("{}.", module.id)), "{}", permission.key);
            assert!(permission.description.ends_with('.'), "{}", permission.key);
        }
    }
}
