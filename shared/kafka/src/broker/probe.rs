//! Whether brokers are fit to carry events.

use std::time::Duration;

use common::{Error, Result};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::metadata::Metadata;

use super::settings::Brokers;

/// How long the brokers may take to answer.
const ANSWERED_WITHIN: Duration = Duration::from_secs(5);

/// What brokers say of themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BrokersFound {
    /// How many there are.
    pub brokers: usize,
    /// How many topics of this installation there are; each is made when it is first needed.
    pub topics: usize,
    /// Partitions of these that can be neither written to nor read now.
    pub without_leader: usize,
    /// Partitions of these with fewer copies that are up to date than they should have.
    pub short_of_copies: usize,
}

impl Brokers {
    /// Asks the brokers how they are.
    ///
    /// # Errors
    /// `INTERNAL` with a sentence for the operator: settings that do not go together, brokers that do not answer or do
    /// not let this login in.
    pub async fn probe(&self) -> Result<BrokersFound> {
        let client = self.client()?;
        let prefix = format!("{}.", self.prefix());
        let asked = move || {
            let consumer: BaseConsumer = client.create().map_err(Error::internal)?;
            let said = consumer.fetch_metadata(None, ANSWERED_WITHIN);
            said.map(|said| found(&said, &prefix)).map_err(Error::internal)
        };
        tokio::task::spawn_blocking(asked).await.map_err(Error::internal)?
    }
}

fn found(said: &Metadata, prefix: &str) -> BrokersFound {
    let mut found = BrokersFound { brokers: said.brokers().len(), ..BrokersFound::default() };
    for topic in said.topics().iter().filter(|topic| topic.name().starts_with(prefix)) {
        found.topics += 1;
        for partition in topic.partitions() {
            found.without_leader += usize::from(partition.leader() < 0);
            found.short_of_copies += usize::from(partition.isr().len() < partition.replicas().len());
        }
    }
    found
}
