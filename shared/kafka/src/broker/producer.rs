//! Appending: all of a batch at once, in its order, acknowledged by all copies.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use common::{Envelope, Error, Result};
use futures::future::try_join_all;
use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};

use super::settings::Brokers;
use super::topics;

/// How long a batch may take to be acknowledged. Shorter than the database lets the relay's transaction wait.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(10);

/// What is sent of an event.
pub(crate) struct Record {
    pub(crate) topic: String,
    key: String,
    headers: OwnedHeaders,
    payload: Vec<u8>,
}

impl Record {
    /// An event, for its topic.
    pub(crate) fn of(brokers: &Brokers, event: &Envelope) -> Result<Self> {
        let headers = OwnedHeaders::new_with_capacity(4);
        let headers = [
            ("event-id", event.event_id.to_string()),
            ("event-type", event.event_type.clone()),
            ("event-name", common::event_alias(&event.event_type)),
            ("correlation-id", event.correlation_id.clone()),
        ]
        .iter()
        .fold(headers, |headers, (key, value)| headers.insert(Header { key, value: Some(value) }));
        Ok(Self {
            topic: topics::of_type(brokers, &event.event_type),
            key: format!("{}:{}", event.organization_id, event.aggregate_id),
            headers,
            payload: serde_json::to_vec(event)?,
        })
    }

    /// An event that a consumer has given up, for the topic of its dead letters.
    pub(crate) fn dead(brokers: &Brokers, consumer: &str, event: &Envelope, reason: &str) -> Result<Self> {
        let record = Self::of(brokers, event)?;
        let headers = record
            .headers
            .insert(Header { key: "consumer", value: Some(consumer) })
            .insert(Header { key: "reason", value: Some(reason) });
        Ok(Self { topic: topics::of_dead(brokers, consumer), headers, ..record })
    }
}

/// The one producer of a process, which is replaced when it fails.
///
/// What it holds is written to each partition in order and without a gap, or not at all: messages never expire by
/// themselves, and after a failure whatever is left is thrown away and sent again, from its beginning. So an event is
/// seen late or twice, and never before an earlier one of its key.
pub(crate) struct Producer {
    config: ClientConfig,
    current: Mutex<Option<FutureProducer>>,
}

impl Producer {
    pub(crate) fn new(brokers: &Brokers) -> Result<Self> {
        let mut config = brokers.client()?;
        config
            .set("acks", "all")
            .set("enable.idempotence", "true")
            .set("enable.gapless.guarantee", "true")
            .set("message.timeout.ms", "0")
            .set("linger.ms", "5")
            .set("compression.type", "lz4")
            .set("partitioner", "murmur2_random")
            .set("queue.buffering.max.messages", "200000");
        let current = Mutex::new(Some(config.create().map_err(Error::internal)?));
        Ok(Self { config, current })
    }

    fn current(&self) -> Result<FutureProducer> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(producer) = current.as_ref() {
            return Ok(producer.clone());
        }
        let producer: FutureProducer = self.config.create().map_err(Error::internal)?;
        Ok(current.insert(producer).clone())
    }

    /// Sends records, and answers with the partition and offset of each.
    ///
    /// # Errors
    /// `DEPENDENCY_UNAVAILABLE` when not all were acknowledged in time; some may have been.
    pub(crate) async fn send(&self, records: Vec<Record>) -> Result<Vec<(i32, i64)>> {
        let producer = self.current()?;
        let sent = async {
            let mut deliveries = Vec::with_capacity(records.len());
            for record in &records {
                let of_kafka = FutureRecord::to(&record.topic)
                    .key(&record.key)
                    .payload(&record.payload)
                    .headers(record.headers.clone());
                deliveries.push(producer.send_result(of_kafka).map_err(|(error, _)| error.to_string())?);
            }
            let delivered = deliveries.into_iter().map(|delivery| async move {
                match delivery.await {
                    Ok(Ok(place)) => Ok((place.partition, place.offset)),
                    Ok(Err((error, _))) => Err(error.to_string()),
                    Err(_) => Err("the producer was closed".to_owned()),
                }
            });
            try_join_all(delivered).await
        };
        let ended = tokio::time::timeout(ACKNOWLEDGED_WITHIN, sent).await;
        let reason = match ended {
            Ok(Ok(places)) => return Ok(places),
            Ok(Err(reason)) => reason,
            Err(_) => format!("no acknowledgement within {} s", ACKNOWLEDGED_WITHIN.as_secs()),
        };
        tracing::warn!(reason, "the brokers did not take a batch of events; it is sent again");
        let failed = self.current.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Closing waits for its threads.
        let closed = tokio::task::spawn_blocking(move || drop((failed, producer)));
        let _ = closed.await;
        Err(Error::Unavailable)
    }
}
