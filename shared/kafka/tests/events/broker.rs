//! The same promises with a real broker, and what only a broker can do to them.

use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use common::{Envelope, OrganizationId};
use database::Database;
use kafka::{Brokers, EventLog, KafkaLog};
use rdkafka::ClientConfig;
use rdkafka::consumer::{Consumer as _, StreamConsumer};
use rdkafka::message::{Headers as _, Message as _, OwnedMessage};
use testing::{Broker, LOGIN};
use uuid::Uuid;

use crate::probe::{CONSUMER, Probe, aggregates, event};

/// One broker for all tests that run at a time; the last one ends it.
fn broker() -> Option<Arc<Broker>> {
    static RUNNING: OnceLock<Mutex<Weak<Broker>>> = OnceLock::new();
    let mut running = RUNNING.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(broker) = running.upgrade() {
        return Some(broker);
    }
    let broker = Arc::new(Broker::start("events through Kafka")?);
    *running = Arc::downgrade(&broker);
    Some(broker)
}

fn settings(address: String) -> Brokers {
    // Tests have their topics for themselves.
    Brokers {
        bootstrap_servers: address,
        prefix: Some(format!("test-{}", Uuid::now_v7())),
        ..Brokers::default()
    }
}

fn open(brokers: &Brokers, database: &Database) -> Arc<dyn EventLog> {
    Arc::new(KafkaLog::new(brokers.clone(), database.clone()).unwrap())
}

macro_rules! keeps_with_a_broker {
    ($($promise:ident),+ $(,)?) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $promise() {
            let Some(broker) = broker() else { return };
            let brokers = settings(broker.address());
            crate::promises::$promise(&|database| open(&brokers, database)).await;
        }
    )+ };
}

keeps_with_a_broker!(
    every_event_takes_effect_once_and_in_the_order_of_its_aggregate,
    what_fails_holds_up_its_own_aggregate_alone_and_is_set_aside_after_five_tries,
    what_takes_too_long_counts_as_a_failure,
    whoever_is_killed_at_random_loses_and_doubles_nothing,
    what_comes_twice_and_late_takes_effect_once,
);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_broker_that_fails_under_load_loses_and_inverts_nothing() {
    let Some(mut broker) = Broker::start("a broker that fails") else { return };
    let (probe, brokers) = (Probe::new().await, settings(broker.address()));
    let (mut tasks, cancel) = Probe::run(&probe.database, &open(&brokers, &probe.database));
    let (organization, keys) = (OrganizationId::new(), aggregates(20));
    probe.write(organization, &keys, 10, "").await;
    probe.until_effects(200).await;
    broker.kill();
    let begun = Instant::now();
    for round in 1..=10 {
        // Writes go on as if nothing were.
        let written = Instant::now();
        probe.write_from(organization, &keys, round * 10 + 1, 10, "").await;
        assert!(written.elapsed() < Duration::from_secs(2));
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let outage = begun.elapsed();
    broker.run();
    let back = Instant::now();
    probe.until_effects(20 * 110).await;
    println!("drained {:?} after an outage of {outage:?}", back.elapsed());
    probe.has_no_doubles_and_no_inversions().await;
    assert_eq!((probe.count("probe.effect").await, probe.count("probe.outbox").await), (20 * 110, 0));
    cancel.cancel();
    while tasks.join_next().await.is_some() {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn members_that_come_and_go_in_mid_flight_double_nothing() {
    let Some(broker) = broker() else { return };
    let (probe, brokers) = (Probe::new().await, settings(broker.address()));
    let count = 10 * 40 * 20;
    for _ in 0..10 {
        probe.write(OrganizationId::new(), &aggregates(40), 20, "").await;
    }
    let mut members = Vec::new();
    for _ in 0..4 {
        let database = probe.elsewhere().await;
        let log = open(&brokers, &database);
        members.push(Probe::run(&database, &log));
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    let (gone, cancel) = members.remove(0);
    cancel.cancel();
    gone.join_all().await;
    probe.until_effects(count).await;
    probe.has_no_doubles_and_no_inversions().await;
    assert_eq!(probe.count("probe.effect").await, i64::from(count));
    for (tasks, cancel) in members {
        cancel.cancel();
        tasks.join_all().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_caused_an_event_is_told_when_its_consumer_is_done_with_it() {
    let Some(broker) = broker() else { return };
    let (probe, brokers) = (Probe::new().await, settings(broker.address()));
    let log = open(&brokers, &probe.database);
    let (organization, member) = (OrganizationId::new(), common::MembershipId::new());
    let is_done = async || log.is_done_with(&CONSUMER, organization, member).await.unwrap();
    assert!(is_done().await);
    let mut caused = event(organization, Uuid::now_v7(), 1);
    caused.actor = common::EventActor::Member(member.0);
    log.append(&[caused, event(organization, Uuid::now_v7(), 1)]).await.unwrap();
    assert!(!is_done().await, "nobody has consumed it");
    assert_eq!(log.lag(&CONSUMER).await.unwrap(), 2);
    while probe.count("probe.effect").await < 2 {
        kafka::consume_once(&probe.database, &CONSUMER, log.as_ref()).await.unwrap();
    }
    assert!(is_done().await);
    probe.until("true").await;
}

/// The first message of a topic, read as another program would.
async fn first_of(address: String, topic: &str) -> OwnedMessage {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", address)
        .set("group.id", topic)
        .set("auto.offset.reset", "earliest")
        .set("topic.metadata.refresh.interval.ms", "500");
    let consumer: StreamConsumer = config.create().unwrap();
    consumer.subscribe(&[topic]).unwrap();
    let first = async {
        loop {
            // An error while the topic is being made.
            if let Ok(message) = consumer.recv().await {
                return message.detach();
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), first).await.expect("nothing was told")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_set_aside_is_told_to_the_topic_of_dead_letters_with_its_reason() {
    let Some(broker) = broker() else { return };
    let (probe, brokers) = (Probe::new().await, settings(broker.address()));
    let (organization, keys) = (OrganizationId::new(), aggregates(2));
    probe.write(organization, &keys[..1], 1, "fail").await;
    probe.write(organization, &keys[1..], 1, "").await;
    let (mut tasks, cancel) = Probe::run(&probe.database, &open(&brokers, &probe.database));
    probe.until("count(*) = 1 from core.dead_letter").await;
    let kept = kafka::dead_letters(&probe.database, Some("probe"), 10).await.unwrap().remove(0);

    let topic = format!("{}.dead-letters.probe", brokers.prefix.as_deref().unwrap());
    let told = first_of(broker.address(), &topic).await;
    let event: Envelope = serde_json::from_slice(told.payload().unwrap()).unwrap();
    assert_eq!(
        (event.event_id, event.aggregate_id, event.organization_id),
        (kept.event_id, keys[0], organization)
    );
    assert_eq!(event.payload["does"], "fail", "it is told whole");
    assert_eq!(told.key(), Some(format!("{organization}:{}", keys[0]).as_bytes()));
    let headers = told.headers().unwrap();
    let header = |name: &str| {
        let found = headers.iter().find(|header| header.key == name);
        String::from_utf8(found.and_then(|header| header.value).unwrap_or_default().to_vec()).unwrap()
    };
    assert_eq!((header("consumer").as_str(), header("reason")), ("probe", kept.error));
    assert_eq!(header("event-id"), kept.event_id.to_string());
    assert_eq!(header("event-type"), "probe.thing.done");
    cancel.cancel();
    while tasks.join_next().await.is_some() {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn events_go_through_tls_to_those_who_have_the_password() {
    let Some(broker) = Broker::start_guarded("Kafka with TLS and a password") else { return };
    // The password itself, within TLS, and a proof of it, which is asked for when nothing else is said.
    for mechanism in [Some("PLAIN"), None] {
        let probe = Probe::new().await;
        let right = Brokers {
            sasl_mechanism: mechanism.map(str::to_owned),
            username: Some(LOGIN.0.to_owned()),
            password: Some(LOGIN.1.to_owned()),
            ca_file: Some(broker.certificate()),
            ..settings(broker.guarded_address())
        };
        let events = [event(OrganizationId::new(), Uuid::now_v7(), 1)];
        let (wrong, stranger) = (
            Brokers { password: Some("wrong".to_owned()), ..right.clone() },
            Brokers { ca_file: None, ..right.clone() },
        );
        for refused in [wrong, stranger] {
            assert!(open(&refused, &probe.database).append(&events).await.is_err(), "{mechanism:?}");
        }
        let log = open(&right, &probe.database);
        log.append(&events).await.unwrap();
        while probe.count("probe.effect").await < 1 {
            kafka::consume_once(&probe.database, &CONSUMER, log.as_ref()).await.unwrap();
        }
    }
}
