//! Reading: a member of a consumer's group, which commits what has taken effect.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use common::{Envelope, Error, Result};
use database::Database;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _, StreamConsumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message as _;
use rdkafka::{Offset, TopicPartitionList};
use serde_json::json;
use tokio::time::timeout;

use super::settings::Brokers;
use crate::Consumer;
use crate::log::Batch;

/// How many events are read at once.
const BATCH: usize = 4000;

/// How long the next event may take to come, to be in the batch that is being read.
const NEXT_WITHIN: Duration = Duration::from_millis(2);

/// How long a question to the brokers may take.
const ANSWERED_WITHIN: Duration = Duration::from_secs(5);

/// A partition of a topic.
type Partition = (String, i32);

/// A member of the group.
pub(crate) struct Reader {
    consumer: StreamConsumer,
    /// Where to go on reading, of partitions of which something was read and is not done.
    back_to: Mutex<BTreeMap<Partition, i64>>,
}

impl Reader {
    /// Joins the group of a consumer, which goes on where it was, or begins with the first event that there is.
    pub(crate) fn new(brokers: &Brokers, consumer: &str, topics: &[String]) -> Result<Self> {
        let mut config = brokers.client()?;
        config
            .set("group.id", format!("{}.{consumer}", brokers.prefix()))
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "earliest")
            .set("partition.assignment.strategy", "cooperative-sticky")
            // A member that was killed is missed soon.
            .set("session.timeout.ms", "10000")
            .set("heartbeat.interval.ms", "2000")
            .set("topic.metadata.refresh.interval.ms", "10000")
            .set("fetch.wait.max.ms", "100")
            .set("queued.max.messages.kbytes", "16384");
        let consumer: StreamConsumer = config.create().map_err(Error::internal)?;
        let names: Vec<&str> = topics.iter().map(String::as_str).collect();
        consumer.subscribe(&names).map_err(Error::internal)?;
        Ok(Self { consumer, back_to: Mutex::default() })
    }

    /// What comes next, if anything does within `patience`.
    pub(crate) async fn read(
        self: &Arc<Self>,
        consumer: &Consumer,
        patience: Duration,
        database: &Database,
    ) -> Result<Option<KafkaBatch>> {
        self.go_back().await?;
        let mut batch = KafkaBatch {
            reader: self.clone(),
            database: database.clone(),
            consumer: consumer.name,
            events: Vec::new(),
            places: Vec::new(),
            spans: BTreeMap::new(),
            is_committed: false,
        };
        let mut within = patience.max(NEXT_WITHIN);
        while batch.events.len() < BATCH {
            match timeout(within, self.consumer.recv()).await {
                Ok(Ok(message)) => batch.take(consumer, &message),
                Ok(Err(error)) if batch.spans.is_empty() => return Err(unavailable(&error)),
                Ok(Err(_)) | Err(_) => break,
            }
            within = NEXT_WITHIN;
        }
        Ok(if batch.spans.is_empty() { None } else { Some(batch) })
    }

    async fn go_back(self: &Arc<Self>) -> Result<()> {
        let back_to = std::mem::take(&mut *self.lock());
        if back_to.is_empty() {
            return Ok(());
        }
        let reader = self.clone();
        let gone = tokio::task::spawn_blocking(move || {
            for ((topic, partition), offset) in &back_to {
                let offset = Offset::Offset(*offset);
                // What is no longer this member's is read by another one, from what was committed.
                if let Err(error) = reader.consumer.seek(topic, *partition, offset, ANSWERED_WITHIN) {
                    tracing::debug!(topic, partition, %error, "a partition is another member's now");
                }
            }
        });
        gone.await.map_err(Error::internal)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Partition, i64>> {
        self.back_to.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unavailable(error: &KafkaError) -> Error {
    tracing::warn!(%error, "the brokers give no events");
    Error::Unavailable
}

/// Events of some partitions; how far they reach in each.
pub(crate) struct KafkaBatch {
    reader: Arc<Reader>,
    database: Database,
    consumer: &'static str,
    events: Vec<Envelope>,
    /// Where each event stands.
    places: Vec<(Partition, i64)>,
    /// The first offset that was read in each partition, and that behind the last.
    spans: BTreeMap<Partition, (i64, i64)>,
    is_committed: bool,
}

impl KafkaBatch {
    fn take(&mut self, consumer: &Consumer, message: &rdkafka::message::BorrowedMessage<'_>) {
        let (partition, offset) = ((message.topic().to_owned(), message.partition()), message.offset());
        match serde_json::from_slice::<Envelope>(message.payload().unwrap_or_default()) {
            Ok(event) if consumer.types.contains(&event.event_type.as_str()) => {
                self.events.push(event);
                self.places.push((partition.clone(), offset));
            }
            Ok(_) => {}
            // Nobody of ours wrote it, so nobody of ours can process it.
            Err(error) => {
                tracing::error!(topic = partition.0, partition = partition.1, offset, %error, "what is no event was passed over");
            }
        }
        let span = self.spans.entry(partition).or_insert((offset, offset));
        span.1 = offset + 1;
    }

    /// How far each partition is done with.
    fn done_until(&self, undone: &[usize]) -> HashMap<&Partition, i64> {
        let mut until: HashMap<&Partition, i64> =
            self.spans.iter().map(|(partition, (_, end))| (partition, *end)).collect();
        for index in undone {
            let (partition, offset) = &self.places[*index];
            until.entry(partition).and_modify(|until| *until = (*until).min(*offset));
        }
        until
    }
}

#[async_trait]
impl Batch for KafkaBatch {
    fn events(&self) -> &[Envelope] {
        &self.events
    }

    async fn commit(mut self: Box<Self>, undone: &[usize]) -> Result<()> {
        let (mut list, mut rows) = (TopicPartitionList::new(), Vec::new());
        for ((topic, partition), until) in self.done_until(undone) {
            list.add_partition_offset(topic, *partition, Offset::Offset(until)).map_err(Error::internal)?;
            rows.push(json!({ "topic": topic, "partition": partition, "next": until }));
            if until < self.spans[&(topic.clone(), *partition)].1 {
                self.reader.lock().insert((topic.clone(), *partition), until);
            }
        }
        sqlx::query(
            "insert into core.consumer_partition (consumer, topic, partition, next_offset)
             select $1, e->>'topic', (e->>'partition')::integer, (e->>'next')::bigint from jsonb_array_elements($2) e
             order by 2, 3
             on conflict (consumer, topic, partition) do update set next_offset = excluded.next_offset, updated_at = now()",
        )
        .bind(self.consumer)
        .bind(serde_json::Value::Array(rows))
        .execute(self.database.relay()?)
        .await?;
        // Without waiting: what is read again because the brokers never heard of it is known by the inbox.
        if let Err(error) = self.reader.consumer.commit(&list, CommitMode::Async) {
            tracing::debug!(consumer = self.consumer, %error, "what is done could not be told to the brokers");
        }
        self.is_committed = true;
        Ok(())
    }
}

impl Drop for KafkaBatch {
    fn drop(&mut self) {
        if !self.is_committed {
            let begun = self.spans.iter().map(|(partition, (first, _))| (partition.clone(), *first));
            self.reader.lock().extend(begun);
        }
    }
}

/// How many events a consumer's group has not committed, of whatever type they are.
pub(crate) async fn lag(brokers: &Brokers, consumer: &str, topics: Vec<String>) -> Result<i64> {
    let mut config = brokers.client()?;
    config.set("group.id", format!("{}.{consumer}", brokers.prefix())).set("enable.auto.commit", "false");
    let asked = tokio::task::spawn_blocking(move || {
        let group: BaseConsumer = config.create()?;
        let mut lag = 0;
        for topic in &topics {
            let metadata = group.fetch_metadata(Some(topic), ANSWERED_WITHIN)?;
            let mut list = TopicPartitionList::new();
            for partition in metadata.topics().iter().flat_map(|topic| topic.partitions()) {
                list.add_partition(topic, partition.id());
            }
            for partition in group.committed_offsets(list, ANSWERED_WITHIN)?.elements() {
                let (low, high) = group.fetch_watermarks(topic, partition.partition(), ANSWERED_WITHIN)?;
                let done = match partition.offset() {
                    Offset::Offset(offset) => offset.max(low),
                    _ => low,
                };
                lag += high - done;
            }
        }
        Ok::<i64, KafkaError>(lag)
    });
    asked.await.map_err(Error::internal)?.map_err(|error| unavailable(&error))
}
