//! The log kept by Apache Kafka: a topic for each kind of aggregate, keyed by organization and aggregate.

mod probe;
mod producer;
mod reader;
mod settings;
mod topics;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use common::{Envelope, EventActor, MembershipId, OrganizationId, Result};
use database::Database;
use serde_json::json;

use crate::Consumer;
use crate::log::{Batch, EventLog};
use crate::own_writes::is_waiting;
pub use probe::BrokersFound;
use producer::{Producer, Record};
use reader::Reader;
pub use settings::Brokers;
use topics::Topics;

/// The log for installations with many processes. Consumers are groups, whose members share the partitions.
pub struct KafkaLog {
    database: Database,
    brokers: Brokers,
    topics: Topics,
    producer: Producer,
    readers: Mutex<HashMap<&'static str, Arc<Reader>>>,
}

impl std::fmt::Debug for KafkaLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KafkaLog({:?})", self.brokers)
    }
}

/// For how long it is remembered where a member's event went: whoever reads their own writes asks within seconds.
const REMEMBERED_S: i64 = 60;

impl KafkaLog {
    /// The log at some brokers. They need not answer yet; `database` remembers how far consumers have come.
    ///
    /// # Errors
    /// `INTERNAL` with a sentence for the operator: settings that do not go together, a file that is not there.
    pub fn new(brokers: Brokers, database: Database) -> Result<Self> {
        let (topics, producer) = (Topics::new(&brokers)?, Producer::new(&brokers)?);
        Ok(Self { database, brokers, topics, producer, readers: Mutex::default() })
    }

    async fn reader(&self, consumer: &Consumer) -> Result<Arc<Reader>> {
        let known = |log: &Self| {
            log.readers.lock().unwrap_or_else(PoisonError::into_inner).get(consumer.name).cloned()
        };
        if let Some(reader) = known(self) {
            return Ok(reader);
        }
        let names = topics::of_types(&self.brokers, consumer.types);
        self.topics.ensure(&names).await?;
        let reader = Arc::new(Reader::new(&self.brokers, consumer.name, &names)?);
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(readers.entry(consumer.name).or_insert(reader).clone())
    }

    /// Writes down where events of members went, so that their consumers can be waited for.
    async fn remember(&self, events: &[Envelope], places: &[(String, i32, i64)]) -> Result<()> {
        let recent = chrono::Utc::now() - chrono::TimeDelta::seconds(REMEMBERED_S);
        let rows: Vec<_> = events
            .iter()
            .zip(places)
            .filter(|(event, _)| matches!(event.actor, EventActor::Member(_)) && event.occurred_at > recent)
            .map(|(event, (topic, partition, offset))| {
                json!({ "topic": topic, "partition": partition, "offset": offset, "type": event.event_type,
                    "organization": event.organization_id, "actor": event.actor })
            })
            .collect();
        if rows.is_empty() {
            return Ok(());
        }
        sqlx::query(
            "with forgotten as (
                 delete from core.relayed_event where relayed_at < now() - $2 * interval '1 s')
             insert into core.relayed_event (topic, partition, log_offset, organization_id, actor, event_type)
             select e->>'topic', (e->>'partition')::integer, (e->>'offset')::bigint, (e->>'organization')::uuid,
                    e->'actor', e->>'type'
             from jsonb_array_elements($1) e",
        )
        .bind(serde_json::Value::Array(rows))
        .bind(REMEMBERED_S)
        .execute(self.database.relay()?)
        .await?;
        Ok(())
    }
}

#[async_trait]
impl EventLog for KafkaLog {
    async fn append(&self, events: &[Envelope]) -> Result<()> {
        let records =
            events.iter().map(|event| Record::of(&self.brokers, event)).collect::<Result<Vec<_>>>()?;
        let names: Vec<String> = records.iter().map(|record| record.topic.clone()).collect();
        self.topics.ensure(&names).await?;
        let offsets = self.producer.send(records).await?;
        let places: Vec<_> = names
            .into_iter()
            .zip(offsets)
            .map(|(topic, (partition, offset))| (topic, partition, offset))
            .collect();
        self.remember(events, &places).await
    }

    async fn read(&self, consumer: &Consumer, patience: Duration) -> Result<Option<Box<dyn Batch>>> {
        let reader = self.reader(consumer).await?;
        Ok(reader
            .read(consumer, patience, &self.database)
            .await?
            .map(|batch| Box::new(batch) as Box<dyn Batch>))
    }

    async fn is_done_with(
        &self,
        consumer: &Consumer,
        organization_id: OrganizationId,
        membership_id: MembershipId,
    ) -> Result<bool> {
        let in_log = "select organization_id, actor, event_type from core.relayed_event r
             where organization_id = $1 and not exists (
                 select from core.consumer_partition p where p.consumer = $4 and p.topic = r.topic
                     and p.partition = r.partition and p.next_offset > r.log_offset)";
        Ok(!is_waiting(&self.database, consumer, organization_id, membership_id, in_log).await?)
    }

    async fn lag(&self, consumer: &Consumer) -> Result<i64> {
        let names = topics::of_types(&self.brokers, consumer.types);
        self.topics.ensure(&names).await?;
        reader::lag(&self.brokers, consumer.name, names).await
    }

    async fn tell_dead(&self, consumer: &str, event: &Envelope, reason: &str) -> Result<()> {
        let record = Record::dead(&self.brokers, consumer, event, reason)?;
        self.topics.ensure(std::slice::from_ref(&record.topic)).await?;
        self.producer.send(vec![record]).await.map(drop)
    }
}
