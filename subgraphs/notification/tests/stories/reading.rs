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
    let query = "{ notifications(unreadOnly: true) { nodes { id } } }";
    let left = app.as_(&decides).run(query).await.ok()["notifications"]["nodes"].clone();
    assert_eq!(left, json!([{ "id": notifications[1]["id"] }]));
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
