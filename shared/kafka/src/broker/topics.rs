//! Topics: which events go where, and that these are there.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use common::{Error, Result};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::types::RDKafkaErrorCode;

use super::settings::Brokers;

/// How long the brokers may take to answer.
const ANSWERED_WITHIN: Duration = Duration::from_secs(10);

/// The number of copies that the brokers make when nothing else is said (`default.replication.factor`).
const BROKERS_DEFAULT: i32 = -1;

/// The topic of an event: `innoerp.leave.request` for `leave.request.approved`.
pub(crate) fn of_type(brokers: &Brokers, event_type: &str) -> String {
    let aggregate = event_type.rsplit_once('.').map_or(event_type, |(aggregate, _)| aggregate);
    format!("{}.{aggregate}", brokers.prefix())
}

/// The topics of some types of events.
pub(crate) fn of_types(brokers: &Brokers, types: &[&str]) -> Vec<String> {
    let names: BTreeSet<String> = types.iter().map(|event_type| of_type(brokers, event_type)).collect();
    names.into_iter().collect()
}

/// Where a consumer's dead letters go.
pub(crate) fn of_dead(brokers: &Brokers, consumer: &str) -> String {
    format!("{}.dead-letters.{consumer}", brokers.prefix())
}

/// Makes topics that are not there yet.
pub(crate) struct Topics {
    admin: AdminClient<DefaultClientContext>,
    partitions: i32,
    known: Mutex<HashSet<String>>,
}

impl Topics {
    pub(crate) fn new(brokers: &Brokers) -> Result<Self> {
        let admin = brokers.client()?.create().map_err(Error::internal)?;
        Ok(Self { admin, partitions: brokers.partitions(), known: Mutex::default() })
    }

    /// Sees to it that these topics are there. Where this login may not make any, whoever runs the brokers has made them.
    ///
    /// # Errors
    /// `DEPENDENCY_UNAVAILABLE` when the brokers do not answer.
    pub(crate) async fn ensure(&self, names: &[String]) -> Result<()> {
        let missing: BTreeSet<&String> = {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            names.iter().filter(|name| !known.contains(*name)).collect()
        };
        if missing.is_empty() {
            return Ok(());
        }
        let topics: Vec<NewTopic<'_>> = missing
            .iter()
            .map(|name| NewTopic::new(name, self.partitions, TopicReplication::Fixed(BROKERS_DEFAULT)))
            .collect();
        let options = AdminOptions::new()
            .request_timeout(Some(ANSWERED_WITHIN))
            .operation_timeout(Some(ANSWERED_WITHIN));
        let made = self.admin.create_topics(&topics, &options).await.map_err(|error| {
            tracing::warn!(%error, "the brokers do not answer");
            Error::Unavailable
        })?;
        for answer in made {
            match answer {
                Ok(name) => tracing::info!(name, "made a topic"),
                Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((
                    name,
                    RDKafkaErrorCode::TopicAuthorizationFailed | RDKafkaErrorCode::ClusterAuthorizationFailed,
                )) => {
                    tracing::info!(name, "this login may make no topics; it is taken to be there");
                }
                Err((name, code)) => {
                    tracing::warn!(name, %code, "a topic could not be made");
                    return Err(Error::Unavailable);
                }
            }
        }
        self.known.lock().unwrap_or_else(PoisonError::into_inner).extend(missing.into_iter().cloned());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_aggregate_has_one_topic_for_all_that_happens_to_it() {
        let brokers = Brokers::default();
        let types = ["leave.request.submitted", "leave.request.approved", "leave.policy.changed"];
        assert_eq!(of_types(&brokers, &types), ["innoerp.leave.policy", "innoerp.leave.request"]);
        let other = Brokers { prefix: Some("acme".to_owned()), ..brokers };
        assert_eq!(of_dead(&other, "leave"), "acme.dead-letters.leave");
    }
}
