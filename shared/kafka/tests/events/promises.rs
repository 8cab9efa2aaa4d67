//! What holds whatever carries the events.

use std::sync::Arc;
use std::time::Duration;

use common::OrganizationId;
use kafka::EventLog;
use rand::Rng as _;

use crate::probe::{CONSUMER, Probe, aggregates, event};

/// A log for a process, of those that share what they hold.
pub type Open<'o> = &'o dyn Fn(&database::Database) -> Arc<dyn EventLog>;

pub async fn every_event_takes_effect_once_and_in_the_order_of_its_aggregate(open: Open<'_>) {
    let probe = Probe::new().await;
    for _ in 0..5 {
        probe.write(OrganizationId::new(), &aggregates(20), 30, "").await;
    }
    let here = Probe::run(&probe.database, &open(&probe.database));
    let elsewhere = probe.elsewhere().await;
    let there = Probe::run(&elsewhere, &open(&elsewhere));
    probe.until_effects(3000).await;
    probe.has_no_doubles_and_no_inversions().await;
    assert_eq!((probe.count("probe.effect").await, probe.count("probe.outbox").await), (3000, 0));
    let causes = "(select distinct request_id from probe.audit_log where table_name = 'effect') r";
    assert_eq!(probe.count(causes).await, 30, "what follows from an event belongs to its request");
    end([here, there]).await;
}

pub async fn what_fails_holds_up_its_own_aggregate_alone_and_is_set_aside_after_five_tries(open: Open<'_>) {
    let probe = Probe::new().await;
    let (organization, keys) = (OrganizationId::new(), aggregates(40));
    probe.write(organization, &keys, 2, "").await;
    probe.write(organization, &keys[..1], 1, "fail").await;
    probe.write(organization, &keys, 3, "").await;
    let log = open(&probe.database);
    let here = Probe::run(&probe.database, &log);
    // All that is not behind the failure.
    probe.until_effects(40 * 5 - 3).await;
    let dead = kafka::dead_letters(&probe.database, Some("probe"), 10).await.unwrap();
    assert!(dead.is_empty(), "the others did not wait for it: {dead:?}");
    let behind = format!("probe.effect where aggregate_id = '{}'", keys[0]);
    assert_eq!(probe.count(&behind).await, 2, "its own wait");
    probe.until("count(*) = 1 from core.dead_letter").await;
    probe.until_effects(40 * 5).await;
    let dead = kafka::dead_letters(&probe.database, None, 10).await.unwrap();
    let [dead] = &dead[..] else { panic!("{dead:?}") };
    assert_eq!(
        (dead.error.as_str(), dead.event_type.as_deref()),
        ("this makes no sense", Some("probe.thing.done"))
    );

    // Mended, it takes effect too.
    sqlx::query("insert into probe.mended values ($1)")
        .bind(organization)
        .execute(&probe.behind)
        .await
        .unwrap();
    assert_eq!(kafka::replay_dead_letters(&probe.database, CONSUMER.name).await.unwrap(), 1);
    probe.until_effects(40 * 5 + 1).await;
    assert_eq!(probe.count("core.dead_letter").await + probe.count("core.delayed_event").await, 0);
    end([here]).await;
}

pub async fn what_takes_too_long_counts_as_a_failure(open: Open<'_>) {
    let probe = Probe::new().await;
    let (organization, keys) = (OrganizationId::new(), aggregates(10));
    probe.write(organization, &keys[..1], 1, "hang").await;
    probe.write(organization, &keys, 2, "").await;
    let here = Probe::run(&probe.database, &open(&probe.database));
    probe.until_effects(18).await;
    // It is tried again after 1, 4, 16 and 64 seconds; here these pass at once.
    for attempts in 1..5 {
        probe.until(&format!("exists (select from core.delayed_event where attempts = {attempts} and error is not null and retry_at < now() + interval '85 s')")).await;
        let hasten = "update core.delayed_event set retry_at = now() where attempts > 0";
        sqlx::query(hasten).execute(&probe.behind).await.unwrap();
    }
    probe.until_effects(20).await;
    let dead = kafka::dead_letters(&probe.database, None, 10).await.unwrap();
    assert!(dead[0].error.contains("took too long"), "{dead:?}");
    end([here]).await;
}

pub async fn whoever_is_killed_at_random_loses_and_doubles_nothing(open: Open<'_>) {
    const COUNT: i32 = 6000;
    let probe = Probe::new().await;
    let mut killed = 0_u64;
    for round in 0.. {
        if round < 10 {
            probe.write(OrganizationId::new(), &aggregates(30), COUNT / 300, "").await;
        }
        let database = probe.elsewhere().await;
        let (mut tasks, _) = Probe::run(&database, &open(&database));
        // Longer each time: to join a group takes its time too.
        let lives_ms = rand::rng().random_range(50..600 + 50 * killed);
        tokio::time::sleep(Duration::from_millis(lives_ms)).await;
        // Wherever they are: nothing of theirs ends in good order.
        tasks.shutdown().await;
        killed += 1;
        if probe.count("probe.effect").await >= COUNT.into() {
            break;
        }
        assert!(killed < 400, "{} of {COUNT}", probe.count("probe.effect").await);
    }
    probe.has_no_doubles_and_no_inversions().await;
    assert_eq!(probe.count("probe.effect").await, i64::from(COUNT));
}

pub async fn what_comes_twice_and_late_takes_effect_once(open: Open<'_>) {
    let probe = Probe::new().await;
    let log = open(&probe.database);
    let (organization, keys) = (OrganizationId::new(), aggregates(5));
    let events: Vec<_> = (0..20)
        .flat_map(|number| keys.iter().map(move |key| (*key, number)))
        .map(|(key, number)| event(organization, key, number))
        .collect();
    log.append(&events[..60]).await.unwrap();
    // A relay that ended before it knew that it was done, twice.
    log.append(&events[..60]).await.unwrap();
    log.append(&events).await.unwrap();
    log.append(&events[20..]).await.unwrap();
    let here = Probe::run(&probe.database, &log);
    probe.until_effects(100).await;
    log.append(&events).await.unwrap();
    log.append(&[event(organization, keys[0], 20)]).await.unwrap();
    probe.until_effects(101).await;
    probe.has_no_doubles_and_no_inversions().await;
    assert_eq!(probe.count("probe.effect").await, 101);
    end([here]).await;
}

async fn end<const N: usize>(running: [(tokio::task::JoinSet<()>, tokio_util::sync::CancellationToken); N]) {
    for (tasks, cancel) in running {
        cancel.cancel();
        tasks.join_all().await;
    }
}
