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
