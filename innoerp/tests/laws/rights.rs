//! Rights: whoever has none gets nothing, and every right that is checked is declared.

use std::collections::BTreeSet;

use common::{Permission, Role};
use futures::StreamExt as _;
use innoerp::modules;
use testing::{App, Documents, Person};

/// What everybody may ask, logged in or not.
const PUBLIC: [&str; 8] = [
    "signUp",
    "logIn",
    "sessionRefresh",
    "sessionSwitch",
    "invitationAccept",
    "passwordReset",
    "publicCatalog",
    "publicCatalogItem",
];

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

#[tokio::test]
async fn what_is_asked_is_open_to_the_roles_of_a_declared_right_and_to_no_others() {
    let app = App::start(modules::all()).await;
    let owner = Person::new(&[Role::Owner]);
    for module in modules::all() {
        let holders = |right: &Permission| -> BTreeSet<Role> {
            Role::ALL.into_iter().filter(|role| right.scope(&[*role]).is_some()).collect()
        };
        let declared: Vec<BTreeSet<Role>> = module.permissions.iter().map(|right| holders(right)).collect();
        let schema = Documents::new(&(module.sdl)());
        for field in schema.root_fields(&uuid::Uuid::now_v7().to_string()) {
            let is_open =
                PUBLIC.contains(&field.name.as_str()) || EVERY_MEMBER.contains(&field.name.as_str());
            // Who is let in to a subscription waits for its first event.
            if is_open || field.operation == "subscription" {
                continue;
            }
            let mut open_to = BTreeSet::new();
            for role in Role::ALL {
                let answer = first_answer(&app.as_(&owner.colleague(&[role])).on(module.id), &field).await;
                if !answer.codes().contains(&"FORBIDDEN") {
                    open_to.insert(role);
                }
            }
            assert!(declared.contains(&open_to), "{}: {} is open to {open_to:?}", module.id, field.name);
        }
    }
}

#[test]
fn every_right_that_is_checked_is_declared_and_the_other_way_round() {
    for module in modules::all() {
        let mut sources = String::new();
        for (crate_, host) in super::HOSTED.into_iter().filter(|(_, host)| *host == module.id) {
            super::tidy::rust_files(
                &super::tidy::root().join("shared").join(crate_).join("src"),
                &mut |_, text| sources.push_str(text),
            );
            assert_eq!(host, module.id);
        }
        let folder = super::tidy::root().join("subgraphs").join(module.id).join("src");
        super::tidy::rust_files(&folder, &mut |_, text| sources.push_str(text));
        let written: BTreeSet<_> = sources
            .split("Permission::new(")
            .skip(1)
            .filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next())
            .collect();
        let declared: BTreeSet<_> = module.permissions.iter().map(|permission| permission.key).collect();
        assert_eq!(written, declared, "{}", module.id);
        let constants = sources.matches(": Permission =").count();
        let uses: usize = ["begin(&", "scope(&", "read(&", "read_list(&", " for "]
            .map(|use_| sources.matches(use_).count())
            .iter()
            .sum();
        assert!(uses >= constants, "{}: a right is declared that no use-case checks", module.id);
    }
}

#[test]
fn what_everybody_may_ask_says_so_to_the_router() {
    let mut tagged = BTreeSet::new();
    for module in modules::all() {
        let mut field = String::new();
        for line in (module.sdl)().lines() {
            // Fields stand one step in; their arguments, which may be on lines of their own, two.
            let own =
                line.strip_prefix('\t').filter(|own| own.starts_with(|first: char| first.is_alphabetic()));
            if let Some(own) = own {
                field = own.split(['(', ':']).next().unwrap_or_default().to_owned();
            }
            if line.contains(r#"@tag(name: "needs-no-token")"#) {
                tagged.insert(field.clone());
            }
        }
    }
    assert_eq!(tagged, PUBLIC.map(str::to_owned).into());
}

#[test]
fn keys_name_their_module() {
    for module in modules::all() {
        for permission in module.permissions {
            assert!(super::is_of(module.id, permission.key), "{}", permission.key);
            assert!(permission.description.ends_with('.'), "{}", permission.key);
        }
    }
}
