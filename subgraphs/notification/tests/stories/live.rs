//! The subscription: at once, everything, once, and one's own only.

use std::time::Duration;

use common::{Clock, Role};
use database::{Database, Pooler};
use futures::StreamExt as _;
use futures::future::join_all;
use futures::stream::BoxStream;
use kafka::{EventLog as _, PostgresLog};
use testing::{Answer, App, Person};
use tokio::sync::watch;
use tokio::time::timeout;
use uuid::Uuid;

use crate::office::{Request, id, inbox, open, titles, told};

type Answers = BoxStream<'static, Answer>;

/// Below the time after which a subscriber would look by itself: what comes in it was rung for.
const AT_MOST: Duration = Duration::from_secs(10);

/// A person's subscription, after a notification or, with `None`, of new ones only.
fn subscribe(app: &App, person: &Person, after: Option<&str>) -> Answers {
    let after = after.map(|id| format!("(after: \"{id}\")")).unwrap_or_default();
    app.as_(person).subscribe(&format!(
        "subscription {{ notificationReceived{after} {{ id type title body createdAt actor {{ id }} link {{ type id }} }} }}"
    ))
}

fn from_the_start(app: &App, person: &Person) -> Answers {
    subscribe(app, person, Some(&Uuid::nil().to_string()))
}

async fn next(answers: &mut Answers) -> serde_json::Value {
    let answer = timeout(AT_MOST, answers.next()).await.expect("nothing came").expect("the stream ended");
    answer.ok()["notificationReceived"].clone()
}

/// Nothing comes: the subscriber has read all there is, and waits for its bell.
async fn silence(answers: &mut Answers) {
    let answer = timeout(Duration::from_millis(200), answers.next()).await;
    assert!(answer.is_err(), "unexpected: {answer:?}");
}

async fn ids(answers: &mut Answers, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for _ in 0..count {
        ids.push(next(answers).await["id"].as_str().unwrap().to_owned());
    }
    ids
}

/// The ids of all that a person was told, oldest first.
async fn all_ids(app: &App, person: &Person) -> Vec<String> {
    inbox(app, person).await.iter().rev().map(|told| told["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_was_missed_comes_first_and_then_what_happens() {
    let app = open().await;
    let (asks, decides) = told(&app, 3).await;
    let seen = all_ids(&app, &decides).await;
    let mut answers = subscribe(&app, &decides, Some(&seen[0]));
    assert_eq!(ids(&mut answers, 2).await, seen[1..]);
    silence(&mut answers).await;
    let request = Request::of(&asks, &[&decides]);
    request.is(&app, "submitted", &asks).await;
    let live = next(&mut answers).await;
    assert_eq!(live["link"]["id"], request.id.to_string());
    assert_eq!(live["actor"]["id"], id(&asks).to_string());
    silence(&mut answers).await;
}

#[tokio::test]
async fn without_a_position_only_what_is_new_comes() {
    let app = open().await;
    let (asks, decides) = told(&app, 3).await;
    let old = all_ids(&app, &decides).await;
    let mut answers = subscribe(&app, &decides, None);
    // Only polling subscribes, and nothing says when it has: so the news go on until one arrives.
    let first = loop {
        Request::of(&asks, &[&decides]).is(&app, "submitted", &asks).await;
        if let Ok(answer) = timeout(Duration::from_millis(50), answers.next()).await {
            break answer.unwrap().ok()["notificationReceived"]["id"].as_str().unwrap().to_owned();
        }
    };
    assert!(!old.contains(&first));
    let all = all_ids(&app, &decides).await;
    let position = all.iter().position(|id| *id == first).unwrap();
    Request::of(&asks, &[&decides]).is(&app, "submitted", &asks).await;
    let rest = all_ids(&app, &decides).await.split_off(position + 1);
    assert_eq!(ids(&mut answers, rest.len()).await, rest);
}

#[tokio::test]
async fn more_than_one_batch_is_caught_up_with() {
    let app = open().await;
    let (asks, decides) = told(&app, 0).await;
    let envelopes: Vec<_> =
        (0..230).map(|_| Request::of(&asks, &[&decides]).envelope("submitted", &asks)).collect();
    PostgresLog::new(app.database.clone()).append(&envelopes).await.unwrap();
    app.settle().await;
    let mut answers = from_the_start(&app, &decides);
    let caught_up = ids(&mut answers, 230).await;
    assert!(caught_up.is_sorted_by(|older, newer| older < newer));
    silence(&mut answers).await;
}

#[tokio::test]
async fn nothing_is_lost_or_doubled_by_those_who_come_while_it_happens() {
    const COUNT: usize = 40;
    let app = open().await;
    let (asks, decides) = told(&app, 0).await;
    let (progress, _) = watch::channel(0);
    let announcing = async {
        for count in 0..COUNT {
            Request::of(&asks, &[&decides]).is(&app, "submitted", &asks).await;
            progress.send_replace(count + 1);
        }
    };
    let subscribers = (0..COUNT).step_by(4).map(|count| {
        let (mut progress, app, decides) = (progress.subscribe(), &app, &decides);
        async move {
            progress.wait_for(|done| *done >= count).await.unwrap();
            let mut answers = from_the_start(app, decides);
            let got = ids(&mut answers, COUNT).await;
            silence(&mut answers).await;
            got
        }
    });
    let ((), all_got) = futures::join!(announcing, join_all(subscribers));
    let expected = all_ids(&app, &decides).await;
    assert_eq!(expected.len(), COUNT);
    for got in all_got {
        assert_eq!(got, expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_at_work_lose_and_double_nothing_for_who_listens() {
    const COUNT: usize = 60;
    let app = open().await;
    let (asks, decides) = told(&app, 0).await;
    let others = [second_process(&app).await, second_process(&app).await];
    let envelopes: Vec<_> =
        (0..COUNT).map(|_| Request::of(&asks, &[&decides]).envelope("submitted", &asks)).collect();
    let mut answers = from_the_start(&app, &decides);
    silence(&mut answers).await;
    others[0].1.append(&envelopes).await.unwrap();
    let consuming = others.map(|(database, log)| {
        tokio::spawn(async move {
            let consumer = notification::subgraph().consumers[0];
            while kafka::consume_once(&database, &consumer, &log).await.unwrap() > 0 {}
        })
    });
    let got = ids(&mut answers, COUNT).await;
    for task in consuming {
        task.await.unwrap();
    }
    assert_eq!(got, all_ids(&app, &decides).await);
    silence(&mut answers).await;
}

#[tokio::test]
async fn what_another_process_writes_arrives_within_a_second() {
    let app = open().await;
    let (asks, decides) = told(&app, 1).await;
    let mut answers = from_the_start(&app, &decides);
    next(&mut answers).await;
    let (database, log) = second_process(&app).await;
    let consumer = notification::subgraph().consumers[0];
    for _ in 0..3 {
        silence(&mut answers).await;
        log.append(&[Request::of(&asks, &[&decides]).envelope("submitted", &asks)]).await.unwrap();
        kafka::consume_once(&database, &consumer, &log).await.unwrap();
        timeout(Duration::from_secs(1), next(&mut answers)).await.expect("it took more than a second");
    }
}

#[tokio::test]
async fn what_rang_while_the_connection_was_lost_is_not() {
    let app = open().await;
    let (asks, decides) = told(&app, 1).await;
    let mut answers = from_the_start(&app, &decides);
    next(&mut answers).await;
    silence(&mut answers).await;
    let admin = sqlx::PgPool::connect(&app.admin_url).await.unwrap();
    // One more, without its bell.
    let written = sqlx::query(
        "insert into notification.notification (organization_id, id, recipient_membership_id, type, title, body,
             link_type, link_id, dedupe_key, created_at)
         select organization_id, core.uuid_v7(), recipient_membership_id, type, 'Unheard', body, link_type, link_id,
             'unheard', created_at from notification.notification limit 1",
    );
    assert_eq!(written.execute(&admin).await.unwrap().rows_affected(), 1);
    let ended: i64 = sqlx::query_scalar(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity
         where datname = current_database() and query ilike 'listen %'",
    )
    .fetch_one(&admin)
    .await
    .unwrap();
    assert_eq!(ended, 1);
    assert_eq!(next(&mut answers).await["title"], "Unheard");
    silence(&mut answers).await;
    Request::of(&asks, &[&decides]).is(&app, "submitted", &asks).await;
    assert_eq!(next(&mut answers).await["title"], "Leave request");
}

#[tokio::test]
async fn everybody_hears_their_own_only() {
    let app = open().await;
    let (asks, decides) = told(&app, 1).await;
    let owner = asks.colleague(&[Role::Owner, Role::Hr]);
    let foreign = Person::new(&[Role::Owner]);
    let mine = &all_ids(&app, &decides).await[0];
    let mut others = [
        from_the_start(&app, &owner),
        from_the_start(&app, &foreign),
        // Somebody else's notification is a position like any other.
        subscribe(&app, &owner, Some(mine)),
        subscribe(&app, &foreign, Some(mine)),
    ];
    let mut of_asks = from_the_start(&app, &asks);
    let mut of_decides = from_the_start(&app, &decides);
    assert_eq!(next(&mut of_decides).await["title"], "Leave request");
    Request::of(&asks, &[&decides]).is(&app, "approved", &decides).await;
    assert_eq!(next(&mut of_asks).await["title"], "Leave approved");
    // Each of them then is told something; were there anything else, it would come before.
    for person in [&owner, &foreign] {
        let boss = person.colleague(&[Role::Manager]);
        Request::of(person, &[]).is(&app, "rejected", &boss).await;
        assert_eq!(titles(&app, person).await, ["Leave rejected"]);
    }
    for answers in &mut others {
        assert_eq!(next(answers).await["title"], "Leave rejected");
    }
    silence(&mut of_decides).await;
}

#[tokio::test]
async fn without_the_right_the_stream_ends_with_the_reason() {
    let app = open().await;
    let query = "subscription { notificationReceived { id } }";
    let mut refused = app.as_(&Person::new(&[])).subscribe(query);
    assert_eq!(refused.next().await.unwrap().codes(), ["FORBIDDEN"]);
    assert!(refused.next().await.is_none());
    let mut refused = app.as_nobody().subscribe(query);
    assert_eq!(refused.next().await.unwrap().codes(), ["UNAUTHENTICATED"]);
    let malformed = "subscription { notificationReceived(after: \"x\") { id } }";
    let mut refused = app.as_(&Person::new(&[Role::Member])).subscribe(malformed);
    assert_eq!(refused.next().await.unwrap().codes(), ["VALIDATION_FAILED"]);
}

/// The same database, as another process sees it: connections and a log of its own.
async fn second_process(app: &App) -> (Database, PostgresLog) {
    let database = Database::connect(&app.admin_url, Some(&app.admin_url), 4, Clock::default(), Pooler::None)
        .await
        .unwrap();
    (database.clone(), PostgresLog::new(database))
}
