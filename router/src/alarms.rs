//! What is wrong for longer than one request: told once to the log when it begins and when it ends, and by
//! `/health/ready` in between.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use serde::Serialize;

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Alarm {
    /// New schemas cannot be used; the last good ones are served.
    SchemaRefused,
    /// New settings cannot be used; the ones before hold.
    ConfigRefused,
    /// A subgraph's schema cannot be read; the one it had is served, or it is left out.
    SubgraphSilent,
    /// The schemas that composed cannot be kept on disk.
    StateNotKept,
    /// Somebody passes requests on as a proxy does and is not named as one.
    ProxyNotTrusted,
    /// Nobody's token can be confirmed at present, so nobody is served who has one.
    CallersUnknown,
}

struct Raised {
    message: String,
    since: Instant,
}

/// An alarm as the public may see it: the sentence is in the log.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shown {
    pub code: Alarm,
    /// How long it has been so, in whole seconds.
    pub for_seconds: u64,
}

/// What is wrong at present.
#[derive(Default)]
pub(crate) struct Alarms(Mutex<BTreeMap<Alarm, Raised>>);

impl Alarms {
    /// Something is wrong. It is logged when that is news.
    pub fn raise(&self, alarm: Alarm, message: impl Into<String>) {
        let message = message.into();
        let mut raised = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = match raised.get(&alarm) {
            Some(known) if known.message == message => return,
            Some(known) => known.since,
            None => Instant::now(),
        };
        tracing::error!(?alarm, message, "alarm");
        raised.insert(alarm, Raised { message, since });
    }

    /// It is not wrong, or no longer.
    pub fn settle(&self, alarm: Alarm) {
        if self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&alarm).is_some() {
            tracing::warn!(?alarm, "the alarm is over");
        }
    }

    /// Whether something is wrong now.
    pub fn rings(&self, alarm: Alarm) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&alarm)
    }

    /// What is wrong now.
    pub fn shown(&self) -> Vec<Shown> {
        let raised = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        raised
            .iter()
            .map(|(code, raised)| Shown { code: *code, for_seconds: raised.since.elapsed().as_secs() })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_lasts_until_it_is_settled() {
        let alarms = Alarms::default();
        alarms.raise(Alarm::SchemaRefused, "a");
        alarms.raise(Alarm::SchemaRefused, "b");
        alarms.raise(Alarm::SubgraphSilent, "c");
        let codes = || alarms.shown().iter().map(|shown| shown.code).collect::<Vec<_>>();
        assert_eq!(codes(), [Alarm::SchemaRefused, Alarm::SubgraphSilent]);
        alarms.settle(Alarm::SchemaRefused);
        alarms.settle(Alarm::ConfigRefused);
        assert_eq!(codes(), [Alarm::SubgraphSilent]);
    }
}
