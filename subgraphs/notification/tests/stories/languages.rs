//! In which words people are told: their own language's, whenever they read.

use common::Role;
use serde_json::{Value, json};
use sqlx::PgPool;
use testing::{App, Person};
use uuid::Uuid;

use crate::office::{Request, bodies, id, inbox, join, open, reads, titles};

/// Somebody who has asked two others for leave, who have joined.
async fn asked() -> (App, Person, Person) {
    let app = open().await;
    let asks = Person::new(&[Role::Member]);
    let (one, other) = (asks.colleague(&[Role::Manager]), asks.colleague(&[Role::Manager]));
    join(&app, &[&asks, &one, &other]).await;
    Request::of(&asks, &[&one, &other]).is(&app, "submitted", &asks).await;
    (app, one, other)
}

async fn admin(app: &App) -> PgPool {
    PgPool::connect(&app.admin_url).await.unwrap()
}

/// The message of a person's newest notification, and its values.
async fn message(app: &App, person: &Person) -> Value {
    let query = "{ notifications(first: 1) { nodes { message values { name text } } } }";
    app.as_(person).run(query).await.ok()["notifications"]["nodes"][0].clone()
}

#[tokio::test]
async fn a_german_and_an_arabic_member_read_the_same_event_each_in_their_language() {
    let (app, german, arabic) = asked().await;
    reads(&app, &german, Some("de-AT")).await;
    reads(&app, &arabic, Some("ar")).await;
    assert_eq!(titles(&app, &german).await, ["Urlaubsantrag"]);
    assert_eq!(
        bodies(&app, &german).await,
        ["Urlaub vom 9. bis 13. März 2026 (5 Tage) wartet auf Ihre Entscheidung."]
    );
    assert_eq!(titles(&app, &arabic).await, ["طلب إجازة"]);
    assert_eq!(bodies(&app, &arabic).await, ["طلب إجازة من 9 إلى 13 مارس 2026 (5 أيام) بانتظار قراركم."]);
    let values = json!([
        { "name": "amount", "text": "5 Tage" },
        { "name": "period", "text": "vom 9. bis 13. März 2026" },
    ]);
    let expected = json!({ "message": "leave-request-submitted", "values": values });
    assert_eq!(message(&app, &german).await, expected);
}

#[tokio::test]
async fn whoever_changes_their_language_reads_what_is_old_in_the_new_one() {
    let (app, member, _) = asked().await;
    for (locale, body) in [
        (None, "Leave from 9 to 13 March 2026 (5 days) waits for your decision."),
        (Some("bn-BD"), "৯ থেকে ১৩ মার্চ, ২০২৬ পর্যন্ত (৫ দিন) ছুটির একটি আবেদন আপনার সিদ্ধান্তের অপেক্ষায় আছে।"),
        (Some("de"), "Urlaub vom 9. bis 13. März 2026 (5 Tage) wartet auf Ihre Entscheidung."),
        // Of a language that nothing is written in.
        (Some("fr"), "Leave from 9 to 13 March 2026 (5 days) waits for your decision."),
    ] {
        reads(&app, &member, locale).await;
        assert_eq!(bodies(&app, &member).await, [body], "{locale:?}");
    }
}

#[tokio::test]
async fn what_was_written_before_there_were_messages_reads_as_it_did() {
    let (app, member, _) = asked().await;
    reads(&app, &member, Some("de")).await;
    // As a program of before writes it.
    let written = sqlx::query(
        "insert into notification.notification (organization_id, id, recipient_membership_id, type, title, body,
             link_type, link_id, dedupe_key, created_at)
         select organization_id, core.uuid_v7(), recipient_membership_id, type, 'Leave request', 'Leave waits.',
             link_type, link_id, 'of before', created_at
         from notification.notification where recipient_membership_id = $1",
    );
    assert_eq!(written.bind(id(&member)).execute(&admin(&app).await).await.unwrap().rows_affected(), 1);
    let told = inbox(&app, &member).await;
    let of_before = told.iter().find(|told| told["body"] == "Leave waits.").unwrap();
    assert_eq!(of_before["title"], "Leave request");
    let query = "query ($id: ID!) { notification(id: $id) { message values { name text } } }";
    let seen = app.as_(&member).run_with(query, json!({ "id": of_before["id"] })).await.ok();
    assert_eq!(seen["notification"], json!({ "message": null, "values": [] }));
    // It can still be marked as read.
    let mark =
        "mutation ($id: ID!) { notificationMarkRead(id: $id) { notification { body } userErrors { code } } }";
    let marked = app.as_(&member).run_with(mark, json!({ "id": of_before["id"] })).await.ok();
    assert_eq!(marked["notificationMarkRead"]["notification"]["body"], "Leave waits.");
}

#[tokio::test]
async fn a_message_of_a_later_version_reads_as_that_version_wrote_it_in_english() {
    let (app, member, _) = asked().await;
    reads(&app, &member, Some("ar")).await;
    let later = r#"update notification.notification set message = 'of-a-later-version',
        values = '{"what": {"type": "of a later version"}}' where recipient_membership_id = $1"#;
    sqlx::query(later).bind(id(&member)).execute(&admin(&app).await).await.unwrap();
    assert_eq!(titles(&app, &member).await, ["Leave request"]);
    assert_eq!(
        bodies(&app, &member).await,
        ["Leave from 9 to 13 March 2026 (5 days) waits for your decision."]
    );
}

#[tokio::test]
async fn what_a_step_is_about_is_said_in_the_readers_language_and_words_of_before_as_they_were() {
    let app = open().await;
    let asks = Person::new(&[Role::Member]);
    let (first, second) = (asks.colleague(&[Role::Manager]), asks.colleague(&[Role::Manager]));
    join(&app, &[&asks, &first, &second]).await;
    reads(&app, &second, Some("de")).await;
    let request = Request::of(&asks, &[&first]);
    request.is(&app, "submitted", &asks).await;
    let assigned = async |step: i32| {
        let payload = json!({ "approvalId": Uuid::now_v7(), "kind": "leave.request", "subjectId": request.id,
            "subjectType": "LeaveRequest", "step": step, "assignees": [id(&second)] });
        app.announce_raw(&asks, "approval.step.assigned", payload).await;
    };
    assigned(2).await;
    assert_eq!(titles(&app, &second).await, ["Entscheidung erbeten"]);
    assert_eq!(
        bodies(&app, &second).await,
        ["Zur Entscheidung liegt Ihnen vor: Urlaub vom 9. bis 13. März 2026 (5 Tage)."]
    );
    // As a program of before notes it, which does not know of phrases.
    let noted =
        sqlx::query("update notification.topic set words = 'leave on 1 May 2026 (1 day)' where link_id = $1");
    noted.bind(request.id).execute(&admin(&app).await).await.unwrap();
    assigned(3).await;
    assert_eq!(
        bodies(&app, &second).await[0],
        "Zur Entscheidung liegt Ihnen vor: leave on 1 May 2026 (1 day)."
    );
    reads(&app, &second, None).await;
    assert_eq!(bodies(&app, &second).await[0], "Leave on 1 May 2026 (1 day) waits for your decision.");
}
