//! Stories about members and their roles.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod world;

use common::Role::{Admin, Hr, Manager, Member, Owner};
use serde_json::{Value, json};
use testing::{Answer, App, Person};
use user::events::{
    MemberJoined, MemberReactivated, MemberRemoved, MemberRolesChanged, MemberSuspended, UserCreated,
};
use world::{found, join, world};

const CHANGE: &str = "mutation($id: ID!, $roles: [Role!]!) {
    memberRolesChange(input: { membershipId: $id, roles: $roles }) {
        membership { roles } userErrors { field code message } } }";

async fn change(app: &App, by: &Person, whom: &Person, roles: &[&str]) -> Answer {
    let variables = json!({ "id": whom.member().membership_id, "roles": roles });
    app.as_(by).run_with(CHANGE, variables).await
}

/// `memberSuspend`, `memberReactivate` or `memberRemove`.
async fn step(app: &App, by: &Person, verb: &str, id: impl serde::Serialize) -> Answer {
    let mutation = format!(
        "mutation($id: ID!) {{ {verb}(id: $id) {{ membership {{ status }} userErrors {{ code }} }} }}"
    );
    app.as_(by).run_with(&mutation, json!({ "id": id })).await
}

/// The version that a person's tokens must have.
async fn version(app: &App, person: &Person) -> Option<i64> {
    let mut tx = app.ctx(person, "user").begin(&common::Permission::PUBLIC).await.unwrap();
    sqlx::query_scalar(r#"select "user".membership_version($1, $2)"#)
        .bind(person.member().membership_id)
        .bind(person.member().identity_id)
        .fetch_one(tx.conn())
        .await
        .unwrap()
}

async fn names(app: &App, person: &Person, arguments: &str) -> Vec<String> {
    let seen =
        app.as_(person).run(&format!("{{ members({arguments}) {{ nodes {{ displayName }} }} }}")).await.ok();
    let nodes = seen["members"]["nodes"].as_array().unwrap().clone();
    nodes.iter().map(|node| node["displayName"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn members_are_listed_by_name_and_found_by_status_role_and_words() {
    let (app, owner) = world().await;
    let bob = join(&app, &owner, "Bob", &[Member]).await;
    join(&app, &owner, "Alice", &[Admin, Hr]).await;
    join(&app, &Person::new(&[Owner]), "Stranger", &[Member]).await;
    assert_eq!(names(&app, &bob, "first: 20").await, ["Alice", "Bob", "Olivia"]);
    assert_eq!(names(&app, &bob, "filter: { role: HR }").await, ["Alice"]);
    assert_eq!(names(&app, &bob, "filter: { search: \"OLIV\" }").await, ["Olivia"]);
    assert_eq!(names(&app, &bob, "filter: { search: \"bob@\" }").await, ["Bob"]);
    assert_eq!(names(&app, &bob, "filter: { search: \"%\" }").await, [""; 0]);
    step(&app, &owner, "memberRemove", bob.member().membership_id).await.ok();
    assert_eq!(names(&app, &owner, "first: 20").await, ["Alice", "Olivia"]);
    assert_eq!(names(&app, &owner, "filter: { status: REMOVED }").await, ["Bob"]);
}

#[tokio::test]
async fn a_list_continues_where_its_page_ended() {
    let (app, owner) = world().await;
    for name in ["Alice", "Bob"] {
        join(&app, &owner, name, &[Member]).await;
    }
    const PAGE: &str = "query($after: String) { members(first: 2, after: $after) {
        nodes { displayName } pageInfo { hasNextPage endCursor } } }";
    let first = app.as_(&owner).run(PAGE).await.ok();
    assert_eq!(first["members"]["pageInfo"]["hasNextPage"], true);
    let after = &first["members"]["pageInfo"]["endCursor"];
    let second = app.as_(&owner).run_with(PAGE, json!({ "after": after })).await.ok();
    assert_eq!(second["members"]["nodes"], json!([{ "displayName": "Olivia" }]));
    assert_eq!(second["members"]["pageInfo"]["hasNextPage"], false);
}

#[tokio::test]
async fn text_that_postgresql_cannot_hold_is_the_clients_fault() {
    let (app, owner) = world().await;
    const SEARCH: &str = "query($text: String) { members(filter: { search: $text }) { nodes { id } } }";
    let answer = app.as_(&owner).run_with(SEARCH, json!({ "text": "a\u{0}b" })).await;
    assert_eq!(answer.codes(), ["VALIDATION_FAILED"]);
}

#[tokio::test]
async fn a_change_of_roles_makes_old_tokens_worthless() {
    let (app, owner) = world().await;
    let bob = join(&app, &owner, "Bob", &[Member]).await;
    assert_eq!(version(&app, &bob).await, Some(1));
    let changed = change(&app, &owner, &bob, &["HR", "MANAGER", "HR"]).await.ok();
    assert_eq!(changed["memberRolesChange"]["membership"]["roles"], json!(["MANAGER", "HR"]));
    assert_eq!(version(&app, &bob).await, Some(2));
    change(&app, &owner, &bob, &["MANAGER", "HR"]).await.ok();
    assert_eq!(version(&app, &bob).await, Some(2), "no change, no new version");
    step(&app, &owner, "memberSuspend", bob.member().membership_id).await.ok();
    assert_eq!(version(&app, &bob).await, None);
    step(&app, &owner, "memberReactivate", bob.member().membership_id).await.ok();
    assert_eq!(version(&app, &bob).await, Some(4));
    step(&app, &owner, "memberRemove", bob.member().membership_id).await.ok();
    assert_eq!(version(&app, &bob).await, None);
}

#[tokio::test]
async fn nobody_gives_or_takes_above_what_they_hold() {
    let (app, owner) = world().await;
    let admin = join(&app, &owner, "Alice", &[Admin]).await;
    let bob = join(&app, &owner, "Bob", &[Member]).await;
    assert_eq!(change(&app, &admin, &bob, &["OWNER"]).await.refusals(), ["ROLE_ABOVE_OWN"]);
    assert_eq!(change(&app, &admin, &admin, &["OWNER"]).await.refusals(), ["ROLE_ABOVE_OWN"]);
    assert_eq!(change(&app, &admin, &owner, &["MEMBER"]).await.refusals(), ["MEMBER_ABOVE_OWN"]);
    for verb in ["memberSuspend", "memberReactivate", "memberRemove"] {
        let refused = step(&app, &admin, verb, owner.member().membership_id).await;
        assert_eq!(refused.refusals(), ["MEMBER_ABOVE_OWN"], "{verb}");
    }
    change(&app, &admin, &bob, &["ADMIN"]).await.ok();
    change(&app, &owner, &bob, &["OWNER"]).await.ok();
    assert_eq!(change(&app, &owner, &bob, &[]).await.refusals(), ["REQUIRED"]);
}

#[tokio::test]
async fn only_owner_and_admin_manage_members() {
    let (app, owner) = world().await;
    for role in [Manager, Hr, Member] {
        let person = owner.colleague(&[role]);
        assert_eq!(change(&app, &person, &owner, &["MEMBER"]).await.codes(), ["FORBIDDEN"]);
        assert_eq!(
            step(&app, &person, "memberRemove", owner.member().membership_id).await.codes(),
            ["FORBIDDEN"]
        );
    }
}

#[tokio::test]
async fn the_last_owner_stays() {
    let (app, owner) = world().await;
    let of_oneself = change(&app, &owner, &owner, &["ADMIN"]).await;
    assert_eq!(of_oneself.refusals(), ["LAST_OWNER"]);
    assert!(of_oneself.0.to_string().contains("you are the last owner"), "{of_oneself:?}");
    assert_eq!(
        step(&app, &owner, "memberSuspend", owner.member().membership_id).await.refusals(),
        ["LAST_OWNER"]
    );
    assert_eq!(
        step(&app, &owner, "memberRemove", owner.member().membership_id).await.refusals(),
        ["LAST_OWNER"]
    );
    let second = join(&app, &owner, "Otto", &[Owner]).await;
    step(&app, &owner, "memberSuspend", second.member().membership_id).await.ok();
    // A suspended owner does not count.
    assert_eq!(change(&app, &owner, &owner, &["ADMIN"]).await.refusals(), ["LAST_OWNER"]);
    step(&app, &owner, "memberReactivate", second.member().membership_id).await.ok();
    change(&app, &owner, &owner, &["ADMIN"]).await.ok();
}

#[tokio::test]
async fn two_owners_who_remove_each_other_at_once_leave_one() {
    let (app, _) = world().await;
    for round in 0..5 {
        let first = Person::new(&[Owner]);
        found(&app, &first, &format!("round{round}"), "First").await;
        let second = join(&app, &first, "Second", &[Owner]).await;
        let (one, other) = tokio::join!(
            step(&app, &first, "memberRemove", second.member().membership_id),
            step(&app, &second, "memberRemove", first.member().membership_id),
        );
        let mut refusals = [one.refusals(), other.refusals()];
        refusals.sort();
        assert_eq!(refusals, [vec![], vec!["LAST_OWNER"]]);
        assert!(version(&app, &first).await.is_some() ^ version(&app, &second).await.is_some());
    }
}

#[tokio::test]
async fn what_happens_to_members_is_announced() {
    let (app, owner) = world().await;
    let bob = join(&app, &owner, "Bob", &[Member]).await;
    change(&app, &owner, &bob, &["HR"]).await.ok();
    for verb in ["memberSuspend", "memberReactivate", "memberRemove"] {
        step(&app, &owner, verb, bob.member().membership_id).await.ok();
    }
    app.settle().await;
    let mut announced = app.announced().await;
    announced.retain(|(event_type, payload)| {
        event_type.starts_with("user.") && payload["userId"] == json!(bob.member().identity_id)
    });
    let payload = |at: usize| announced[at].1.clone();
    let (membership_id, user_id) = (bob.member().membership_id, bob.member().identity_id);
    let types: Vec<_> = announced.iter().map(|(event_type, _)| event_type.as_str()).collect();
    assert_eq!(
        types,
        [
            "user.user.created",
            "user.member.joined",
            "user.member.roles_changed",
            "user.member.suspended",
            "user.member.reactivated",
            "user.member.removed"
        ]
    );
    assert_eq!(serde_json::from_value::<UserCreated>(payload(0)).unwrap(), UserCreated { user_id });
    let joined: MemberJoined = serde_json::from_value(payload(1)).unwrap();
    assert_eq!(joined, MemberJoined { membership_id, user_id, roles: vec![Member] });
    assert_eq!(serde_json::to_value(joined).unwrap(), payload(1), "SQL writes what Rust would");
    let changed: MemberRolesChanged = serde_json::from_value(payload(2)).unwrap();
    assert_eq!(changed.roles, [Hr]);
    serde_json::from_value::<MemberSuspended>(payload(3)).unwrap();
    serde_json::from_value::<MemberReactivated>(payload(4)).unwrap();
    serde_json::from_value::<MemberRemoved>(payload(5)).unwrap();
}

#[tokio::test]
async fn a_removed_member_still_names_who_acted_and_may_come_back() {
    const BY_ID: &str =
        "query($id: ID!) { _entities(representations: [{ __typename: \"Membership\", id: $id }]) {
        ... on Membership { displayName status user { email } } } }";
    let (app, owner) = world().await;
    let bob = join(&app, &owner, "Bob", &[Member]).await;
    step(&app, &owner, "memberRemove", bob.member().membership_id).await.ok();
    let seen = app.as_(&owner).run_with(BY_ID, json!({ "id": bob.member().membership_id })).await.ok();
    let expected =
        json!({ "displayName": "Bob", "status": "REMOVED", "user": { "email": "bob@example.org" } });
    assert_eq!(seen["_entities"][0], expected);
    assert_eq!(
        step(&app, &owner, "memberReactivate", bob.member().membership_id).await.refusals(),
        ["INVALID_TRANSITION"]
    );
    join(&app, &owner, "Bob", &[Member]).await;
}

#[tokio::test]
async fn people_of_other_organizations_look_like_nobody() {
    let (app, owner) = world().await;
    let stranger = Person::new(&[Owner]);
    found(&app, &stranger, "other", "Stranger").await;
    let foreign = stranger.member();
    const ENTITIES: &str = "query($user: ID!, $member: ID!) { _entities(representations: [
        { __typename: \"User\", id: $user }, { __typename: \"Membership\", id: $member }]) { __typename } }";
    let ask = async |user: Value, member: Value| {
        app.as_(&owner).run_with(ENTITIES, json!({ "user": user, "member": member })).await.0.to_string()
    };
    let unknown = ask(json!(uuid::Uuid::now_v7()), json!(uuid::Uuid::now_v7())).await;
    assert_eq!(ask(json!(foreign.identity_id), json!(foreign.membership_id)).await, unknown);
    for verb in ["memberSuspend", "memberReactivate", "memberRemove"] {
        let of_stranger = step(&app, &owner, verb, foreign.membership_id).await;
        assert_eq!(of_stranger.codes(), ["NOT_FOUND"]);
        assert_eq!(of_stranger, step(&app, &owner, verb, uuid::Uuid::now_v7()).await);
    }
    assert_eq!(
        change(&app, &owner, &stranger, &["MEMBER"]).await,
        change(&app, &owner, &Person::new(&[]), &["MEMBER"]).await
    );
    // Row-level security says so too, whatever a query forgets.
    let mut tx = app.ctx(&owner, "user").begin(&common::Permission::PUBLIC).await.unwrap();
    let seen: i64 =
        sqlx::query_scalar(r#"select count(*) from "user"."user""#).fetch_one(tx.conn()).await.unwrap();
    assert_eq!(seen, 1);
}

/// The rows of `people.member`, as every module decides by them.
async fn directory(app: &App, owner: &Person) -> Vec<(String, bool)> {
    let mut tx = app.ctx(owner, "user").begin(&common::Permission::PUBLIC).await.unwrap();
    sqlx::query_as("select array_to_string(roles, ' '), is_active from people.member order by 1, 2")
        .fetch_all(tx.conn())
        .await
        .unwrap()
}

#[tokio::test]
async fn the_directory_knows_at_once_what_was_done_to_members() {
    let (app, owner) = world().await;
    let bob = join(&app, &owner, "Bob", &[Member]).await;
    let row = |roles: &str, is_active| (roles.to_owned(), is_active);
    assert_eq!(directory(&app, &owner).await, [row("MEMBER", true), row("OWNER", true)]);
    change(&app, &owner, &bob, &["ACCOUNTANT", "HR"]).await.ok();
    assert_eq!(directory(&app, &owner).await, [row("HR ACCOUNTANT", true), row("OWNER", true)]);
    step(&app, &owner, "memberSuspend", bob.member().membership_id).await.ok();
    assert_eq!(directory(&app, &owner).await, [row("HR ACCOUNTANT", false), row("OWNER", true)]);
    step(&app, &owner, "memberReactivate", bob.member().membership_id).await.ok();
    assert_eq!(directory(&app, &owner).await, [row("HR ACCOUNTANT", true), row("OWNER", true)]);
    step(&app, &owner, "memberRemove", bob.member().membership_id).await.ok();
    assert_eq!(directory(&app, &owner).await, [row("HR ACCOUNTANT", false), row("OWNER", true)]);
}

#[tokio::test]
async fn many_are_changed_at_once_and_one_who_cannot_be_holds_nobody_up() {
    const CHANGE: &str = "mutation($rows: [MemberRolesChangeInput!]!) { memberRolesChangeBulk(rows: $rows) {
        userErrors { code } results { membership { roles } userErrors { code } } } }";
    let (app, owner) = world().await;
    let admin = join(&app, &owner, "Alice", &[Admin]).await;
    let (bob, eve) = (join(&app, &owner, "Bob", &[Member]).await, join(&app, &owner, "Eve", &[Member]).await);
    let id = |person: &Person| person.member().membership_id;
    let row = |person: &Person, role: &str| json!({ "membershipId": id(person), "roles": [role] });
    let rows = json!([row(&bob, "HR"), row(&owner, "MEMBER"), row(&eve, "OWNER"), row(&eve, "CLIENT")]);
    let changed = app.as_(&admin).run_with(CHANGE, json!({ "rows": rows })).await.ok();
    let results = changed["memberRolesChangeBulk"]["results"].as_array().unwrap();
    let codes: Vec<_> = results.iter().map(|row| row["userErrors"][0]["code"].as_str()).collect();
    assert_eq!(codes, [None, Some("MEMBER_ABOVE_OWN"), Some("ROLE_ABOVE_OWN"), None]);
    assert_eq!(results[3]["membership"]["roles"], json!(["CLIENT"]));
    let second = join(&app, &owner, "Otto", &[Owner]).await;
    for verb in ["Suspend", "Reactivate", "Remove"] {
        let mutation = format!(
            "mutation($ids: [ID!]!, $key: ID) {{ member{verb}Bulk(ids: $ids, idempotencyKey: $key) {{
                userErrors {{ code }} results {{ membership {{ status }} userErrors {{ code }} }} }} }}"
        );
        // Two owners in one list: the last one stays. Sent twice, it is done and answered once.
        let variables =
            json!({ "ids": [id(&second), id(&owner), id(&bob), id(&Person::new(&[]))], "key": verb });
        let done = app.as_(&owner).run_with(&mutation, variables.clone()).await.ok();
        assert_eq!(app.as_(&owner).run_with(&mutation, variables).await.ok(), done, "{verb}");
        let results = done[format!("member{verb}Bulk")]["results"].as_array().unwrap();
        let codes: Vec<_> = results.iter().map(|row| row["userErrors"][0]["code"].as_str()).collect();
        let of_owner = if verb == "Reactivate" { "INVALID_TRANSITION" } else { "LAST_OWNER" };
        assert_eq!(codes, [None, Some(of_owner), None, Some("NOT_FOUND")], "{verb}");
    }
}

#[tokio::test]
async fn the_history_of_a_member_says_what_was_changed_and_by_whom() {
    const ONE: &str = "query($id: ID!) { member(id: $id) { displayName viewerPermissions
        history { nodes { action actor { id } changes { field before after } } } } }";
    let (app, owner) = world().await;
    let admin = join(&app, &owner, "Alice", &[Admin]).await;
    let bob = join(&app, &owner, "Bob", &[Member]).await;
    change(&app, &admin, &bob, &["HR"]).await.ok();
    let one = async |by: &Person, whom: &Person| {
        app.as_(by).run_with(ONE, json!({ "id": whom.member().membership_id })).await.ok()["member"].clone()
    };
    let seen = one(&admin, &bob).await;
    assert_eq!(
        seen["history"]["nodes"][0],
        json!({ "action": "UPDATED", "actor": { "id": admin.member().membership_id },
            "changes": [{ "field": "roles", "before": "[\"MEMBER\"]", "after": "[\"HR\"]" }] })
    );
    assert_eq!(seen["history"]["nodes"][1]["action"], "CREATED");
    assert_eq!(seen["viewerPermissions"], json!(["memberRolesChange", "memberSuspend", "memberRemove"]));
    // An administrator is offered nothing with an owner, and a member nothing at all.
    assert_eq!(one(&admin, &owner).await["viewerPermissions"], json!([]));
    assert_eq!(one(&bob, &bob).await["viewerPermissions"], json!([]));
    assert_eq!(
        app.as_(&owner).run_with(ONE, json!({ "id": uuid::Uuid::now_v7() })).await.ok()["member"],
        json!(null)
    );
}

#[tokio::test]
async fn members_are_counted_and_a_cursor_serves_its_own_order_only() {
    let (app, owner) = world().await;
    join(&app, &owner, "Bob", &[Member]).await;
    let page = app.as_(&owner).run("{ members(first: 1) { totalCount pageInfo { endCursor } } }").await.ok();
    assert_eq!(page["members"]["totalCount"], 2);
    let after = &page["members"]["pageInfo"]["endCursor"];
    for sort in ["NAME_DESC", "JOINED_AT"] {
        let query = format!("{{ members(sort: {sort}, after: {after}) {{ nodes {{ id }} }} }}");
        assert_eq!(app.as_(&owner).run(&query).await.codes(), ["VALIDATION_FAILED"], "{sort}");
    }
    assert_eq!(names(&app, &owner, "sort: NAME_DESC").await, ["Olivia", "Bob"]);
}
