//! One's own notifications: pages, the count, marking as read, and nobody else's.

use common::Role;
use serde_json::{Value, json};
use testing::{App, Person};
use uuid::Uuid;

use crate::office::{Request, inbox, open, told};

async fn unread(app: &App, person: &Person) -> Value {
    app.as_(person).run("{ notificationUnreadCount }").await.ok()["notificationUnreadCount"].clone()
}

fn mark_read(id: &str) -> String {
    format!(
        r#"mutation {{ notificationMarkRead(id: "{id}") {{ notification {{ id readAt }} userErrors {{ code }} }} }}"#
    )
}

fn id_of(notification: &Value) -> &str {
    notification["id"].as_str().unwrap()
}

#[tokio::test]
async fn pages_go_from_the_newest_to_the_oldest_without_gap_or_double() {
    let app = open().await;
    let (_, decides) = told(&app, 7).await;
    let query = "query ($after: String) { notifications(first: 3, after: $after) {
        nodes { id } pageInfo { hasNextPage hasPreviousPage endCursor } } }";
    let (mut seen, mut after, mut sizes) = (Vec::new(), json!(null), Vec::new());
    loop {
        let page =
            app.as_(&decides).run_with(query, json!({ "after": after })).await.ok()["notifications"].clone();
        let nodes = page["nodes"].as_array().unwrap();
        sizes.push(nodes.len());
        seen.extend(nodes.iter().map(|node| id_of(node).to_owned()));
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(sizes, [3, 3, 1]);
    assert!(seen.is_sorted_by(|newer, older| newer > older), "{seen:?}");
    let all: Vec<_> = inbox(&app, &decides).await.iter().map(|told| id_of(told).to_owned()).collect();
    assert_eq!(seen, all);
}

#[tokio::test]
async fn one_marked_as_read_leaves_the_unread_and_keeps_its_time() {
    let app = open().await;
    let (_, decides) = told(&app, 2).await;
    let notifications = inbox(&app, &decides).await;
    assert_eq!(unread(&app, &decides).await, 2);
    let first = app.as_(&decides).run(&mark_read(id_of(&notifications[0]))).await.ok();
    assert_eq!(first["notificationMarkRead"]["notification"]["readAt"], "2026-03-02T09:00:00+00:00");
    app.clock.advance(chrono::Duration::hours(1));
    let again = app.as_(&decides).run(&mark_read(id_of(&notifications[0]))).await.ok();
    assert_eq!(again, first);
    assert_eq!(unread(&app, &decides).await, 1);
    for unread in ["unreadOnly: true", "filter: { isUnread: true }"] {
        let query = format!("{{ notifications({unread}) {{ totalCount nodes {{ id }} }} }}");
        let left = app.as_(&decides).run(&query).await.ok()["notifications"].clone();
        assert_eq!(left, json!({ "totalCount": 1, "nodes": [{ "id": notifications[1]["id"] }] }));
    }
    let query =
        "{ notifications(filter: { isUnread: false, type: \"leave.request.submitted\" }) { nodes { id } } }";
    let read = app.as_(&decides).run(query).await.ok()["notifications"]["nodes"].clone();
    assert_eq!(read, json!([{ "id": notifications[0]["id"] }]));
    let query = "{ notifications(filter: { type: \"leave.request.approved\" }) { nodes { id } } }";
    assert_eq!(app.as_(&decides).run(query).await.ok()["notifications"]["nodes"], json!([]));
}

#[tokio::test]
async fn all_are_marked_as_read_up_to_an_instant() {
    let app = open().await;
    let (asks, decides) = told(&app, 2).await;
    app.clock.advance(chrono::Duration::hours(1));
    Request::of(&asks, &[&decides]).is(&app, "submitted", &asks).await;
    let mark_all = "mutation ($upTo: DateTime) { notificationMarkAllRead(upTo: $upTo) { markedCount userErrors { code } } }";
    for (up_to, marked, left) in [
        (json!("2026-03-02T08:59:59Z"), 0, 3),
        (json!("2026-03-02T09:30:00Z"), 2, 1),
        (json!(null), 1, 0),
        (json!(null), 0, 0),
    ] {
        let answer = app.as_(&decides).run_with(mark_all, json!({ "upTo": up_to })).await.ok();
        assert_eq!(answer["notificationMarkAllRead"]["markedCount"], marked, "{up_to}");
        assert_eq!(unread(&app, &decides).await, left, "{up_to}");
    }
}

#[tokio::test]
async fn what_others_were_told_is_the_same_as_what_never_was() {
    let app = open().await;
    let (asks, decides) = told(&app, 1).await;
    let mine = inbox(&app, &decides).await[0]["id"].as_str().unwrap().to_owned();
    let unknown = Uuid::now_v7().to_string();
    for stranger in [asks.colleague(&[Role::Owner, Role::Admin]), Person::new(&[Role::Owner])] {
        let (foreign, missing) = (
            app.as_(&stranger).run(&mark_read(&mine)).await,
            app.as_(&stranger).run(&mark_read(&unknown)).await,
        );
        assert_eq!(foreign.codes(), ["NOT_FOUND"]);
        assert_eq!(foreign.0.to_string(), missing.0.to_string());
        let entities =
            "query ($id: ID!) { _entities(representations: [{ __typename: \"Notification\", id: $id }]) {
            ... on Notification { title } } }";
        let (foreign, missing) = (
            app.as_(&stranger).run_with(entities, json!({ "id": mine })).await,
            app.as_(&stranger).run_with(entities, json!({ "id": unknown })).await,
        );
        assert_eq!(foreign.0.to_string(), missing.0.to_string());
        let by_id = "query ($id: ID!) { notification(id: $id) { title } }";
        assert_eq!(
            app.as_(&stranger).run_with(by_id, json!({ "id": mine })).await.ok()["notification"],
            json!(null)
        );
        let archive = "mutation ($id: ID!) { notificationArchive(id: $id) { userErrors { code } } }";
        assert_eq!(app.as_(&stranger).run_with(archive, json!({ "id": mine })).await.codes(), ["NOT_FOUND"]);
        assert!(inbox(&app, &stranger).await.is_empty());
        assert_eq!(unread(&app, &stranger).await, 0);
        let all = app.as_(&stranger).run("mutation { notificationMarkAllRead { markedCount } }").await.ok();
        assert_eq!(all["notificationMarkAllRead"]["markedCount"], 0);
    }
    assert_eq!(unread(&app, &decides).await, 1);
    let entities =
        "query ($id: ID!) { _entities(representations: [{ __typename: \"Notification\", id: $id }]) {
        ... on Notification { title } } }";
    let own = app.as_(&decides).run_with(entities, json!({ "id": mine })).await.ok();
    assert_eq!(own["_entities"][0]["title"], "Leave request");
}

#[tokio::test]
async fn every_role_reads_its_own_and_who_has_none_nothing() {
    let app = open().await;
    for role in Role::ALL {
        assert_eq!(unread(&app, &Person::new(&[role])).await, 0);
    }
    let operations = [
        "{ notifications { nodes { id } } }",
        "{ notificationUnreadCount }",
        "mutation { notificationMarkAllRead { markedCount } }",
        &mark_read(&Uuid::nil().to_string()),
    ];
    for operation in operations {
        assert_eq!(app.as_(&Person::new(&[])).run(operation).await.codes(), ["FORBIDDEN"], "{operation}");
        assert_eq!(app.as_nobody().run(operation).await.codes(), ["UNAUTHENTICATED"], "{operation}");
    }
}

#[tokio::test]
async fn sizes_and_cursors_that_make_no_sense_are_refused() {
    let app = open().await;
    let person = Person::new(&[Role::Member]);
    for arguments in ["first: 0", "first: 101", "after: \"x\""] {
        let answer =
            app.as_(&person).run(&format!("{{ notifications({arguments}) {{ nodes {{ id }} }} }}")).await;
        assert_eq!(answer.codes(), ["VALIDATION_FAILED"], "{arguments}");
    }
}

#[tokio::test]
async fn an_archived_one_leaves_lists_and_counts_until_it_is_restored() {
    let app = open().await;
    let (_, decides) = told(&app, 2).await;
    let all = inbox(&app, &decides).await;
    let step = async |verb: &str| {
        let mutation = format!(
            "mutation ($id: ID!) {{ notification{verb}(id: $id) {{
                notification {{ viewerPermissions }} userErrors {{ code }} }} }}"
        );
        let done = app.as_(&decides).run_with(&mutation, json!({ "id": id_of(&all[0]) })).await.ok();
        done[format!("notification{verb}")]["notification"]["viewerPermissions"].clone()
    };
    assert_eq!(step("Archive").await, json!(["notificationMarkRead", "notificationRestore"]));
    assert_eq!(inbox(&app, &decides).await, all[1..]);
    assert_eq!(unread(&app, &decides).await, 1);
    let archived = "{ notifications(filter: { isArchived: true }) { nodes { id } } }";
    let archived = app.as_(&decides).run(archived).await.ok()["notifications"]["nodes"].clone();
    assert_eq!(archived, json!([{ "id": id_of(&all[0]) }]));
    assert_eq!(step("Restore").await, json!(["notificationMarkRead", "notificationArchive"]));
    assert_eq!(inbox(&app, &decides).await, all);
    assert_eq!(unread(&app, &decides).await, 2);
}

#[tokio::test]
async fn many_are_read_and_archived_at_once_and_a_key_makes_it_once() {
    let app = open().await;
    let (_, decides) = told(&app, 3).await;
    let all = inbox(&app, &decides).await;
    let ids = json!([id_of(&all[0]), Uuid::now_v7().to_string(), id_of(&all[1])]);
    for verb in ["MarkRead", "Archive", "Restore"] {
        let mutation = format!(
            "mutation ($ids: [ID!]!, $key: ID) {{ notification{verb}Bulk(ids: $ids, idempotencyKey: $key) {{
                userErrors {{ code }} results {{ notification {{ id }} userErrors {{ code }} }} }} }}"
        );
        let variables = json!({ "ids": ids, "key": verb });
        let done = app.as_(&decides).run_with(&mutation, variables.clone()).await.ok();
        assert_eq!(app.as_(&decides).run_with(&mutation, variables).await.ok(), done, "{verb}");
        let results = &done[format!("notification{verb}Bulk")]["results"];
        assert_eq!(results[1]["userErrors"][0]["code"], "NOT_FOUND", "{verb}");
        assert_eq!(results[2]["notification"]["id"], id_of(&all[1]), "{verb}");
    }
    assert_eq!(unread(&app, &decides).await, 1);
}

#[tokio::test]
async fn the_history_says_who_read_it_and_a_cursor_serves_its_own_order_only() {
    let app = open().await;
    let (_, decides) = told(&app, 2).await;
    let all = inbox(&app, &decides).await;
    app.as_(&decides).run(&mark_read(id_of(&all[0]))).await.ok();
    let query = "query ($id: ID!) { notification(id: $id) {
        history { nodes { action actor { id } changes { field } } } } }";
    let seen = app.as_(&decides).run_with(query, json!({ "id": id_of(&all[0]) })).await.ok();
    let history = &seen["notification"]["history"]["nodes"];
    let reader = json!({ "id": decides.member().membership_id });
    assert_eq!(
        history[0],
        json!({ "action": "UPDATED", "actor": reader, "changes": [{ "field": "readAt" }] })
    );
    assert_eq!((&history[1]["action"], &history[1]["actor"]), (&json!("CREATED"), &json!(null)));
    let page = "{ notifications(first: 1) { pageInfo { endCursor } } }";
    let page = app.as_(&decides).run(page).await.ok()["notifications"]["pageInfo"]["endCursor"].clone();
    let oldest_first =
        |after: &Value| format!("{{ notifications(sort: CREATED_AT, after: {after}) {{ nodes {{ id }} }} }}");
    assert_eq!(app.as_(&decides).run(&oldest_first(&page)).await.codes(), ["VALIDATION_FAILED"]);
    let ids = app.as_(&decides).run("{ notifications(sort: CREATED_AT) { nodes { id } } }").await.ok();
    assert_eq!(ids["notifications"]["nodes"], json!([{ "id": id_of(&all[1]) }, { "id": id_of(&all[0]) }]));
}
