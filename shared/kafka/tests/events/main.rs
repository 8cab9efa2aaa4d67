//! Events from outboxes to consumers' effects.
#![cfg(test)]

mod probe;
mod promises;

/// A test of each promise, with the log that a function opens for a process.
macro_rules! keeps {
    ($open:expr, $($promise:ident),+ $(,)?) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $promise() {
            crate::promises::$promise($open).await;
        }
    )+ };
}

/// With the log in PostgreSQL.
mod postgres {
    use std::sync::Arc;

    keeps!(
        &|database| Arc::new(kafka::PostgresLog::new(database.clone())),
        every_event_takes_effect_once_and_in_the_order_of_its_aggregate,
        what_fails_holds_up_its_own_aggregate_alone_and_is_set_aside_after_five_tries,
        what_takes_too_long_counts_as_a_failure,
        whoever_is_killed_at_random_loses_and_doubles_nothing,
        what_comes_twice_and_late_takes_effect_once,
    );
}

/// With the log at a broker, which all of them share.
mod broker;

common::event! {
    /// Something with much to say.
    ThingSaid = "probe.thing.said", of thing_id {
        /// The thing.
        thing_id: uuid::Uuid,
        /// What is said.
        words: String,
    }
}

#[tokio::test]
async fn an_event_larger_than_a_broker_takes_is_refused_while_its_cause_can_still_be() {
    let probe = probe::Probe::new().await;
    let ctx =
        database::Ctx::system(probe.database.clone(), "probe", common::OrganizationId::new(), "request");
    let say = async |bytes| {
        let mut tx = ctx.begin(&common::Permission::SYSTEM).await.unwrap();
        let said = ThingSaid { thing_id: uuid::Uuid::now_v7(), words: "w".repeat(bytes) };
        tx.emit(&said).await?;
        tx.commit(()).await
    };
    say(250 * 1024).await.unwrap();
    let error = say(256 * 1024).await.unwrap_err();
    assert!(format!("{error:?}").contains("probe.thing.said of 262"), "{error:?}");
    assert_eq!(probe.count("probe.outbox").await, 1);
}
