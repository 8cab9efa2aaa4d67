//! Deduplication of calls: equal queries that are under way at the same time are asked once.
//!
//! Equal means: the same subgraph, the same body, and the same words on whose behalf. The whole of it is compared, so
//! that nobody is ever given what another may see.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared, WeakShared};
use hashbrown::HashMap;

use super::TransportError;

type Outcome = Result<Bytes, TransportError>;
type Flight = BoxFuture<'static, Outcome>;

/// What makes two queries equal: the headers that say on whose behalf, and the body.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub identity: Bytes,
    pub body: Bytes,
}

/// The queries of one subgraph that are under way.
#[derive(Default)]
pub(super) struct Flights(Mutex<UnderWay>);

#[derive(Default)]
struct UnderWay {
    flights: HashMap<Key, (u64, WeakShared<Flight>)>,
    /// Tells a flight from another that took its place.
    count: u64,
}

impl Flights {
    /// Joins an equal query, or makes one. Whoever began it may go away: the others carry it on.
    pub async fn join(self: &Arc<Self>, key: Key, ask: impl FnOnce() -> Flight) -> Outcome {
        let flight = {
            let mut under_way = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match under_way.flights.get(&key).and_then(|(_, flight)| flight.upgrade()) {
                Some(flight) => flight,
                None => {
                    under_way.count += 1;
                    let number = under_way.count;
                    let flight = self.until_landed(key.clone(), number, ask());
                    under_way.flights.extend(flight.downgrade().map(|weak| (key, (number, weak))));
                    flight
                }
            }
        };
        flight.await
    }

    /// A query that is struck off as soon as it is answered or nobody waits for it: what is asked later is asked
    /// anew.
    fn until_landed(self: &Arc<Self>, key: Key, number: u64, flight: Flight) -> Shared<Flight> {
        let struck = Struck { flights: self.clone(), key, number };
        async move {
            let outcome = flight.await;
            drop(struck);
            outcome
        }
        .boxed()
        .shared()
    }
}

struct Struck {
    flights: Arc<Flights>,
    key: Key,
    number: u64,
}

impl Drop for Struck {
    fn drop(&mut self) {
        let mut under_way = self.flights.0.lock().unwrap_or_else(PoisonError::into_inner);
        if under_way.flights.get(&self.key).is_some_and(|(number, _)| *number == self.number) {
            under_way.flights.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    fn key(identity: &'static str, body: &'static str) -> Key {
        Key { identity: Bytes::from_static(identity.as_bytes()), body: Bytes::from_static(body.as_bytes()) }
    }

    fn asking(asked: &Arc<AtomicUsize>) -> impl FnOnce() -> Flight + use<> {
        let asked = asked.clone();
        move || {
            asked.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_secs(1)).map(|()| Ok(Bytes::from_static(b"{}"))).boxed()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn equal_queries_at_the_same_time_are_asked_once() {
        let (flights, asked) = (Arc::new(Flights::default()), Arc::new(AtomicUsize::new(0)));
        let (one, other) = tokio::join!(
            flights.join(key("ada", "{}"), asking(&asked)),
            flights.join(key("ada", "{}"), asking(&asked)),
        );
        assert!(one.is_ok() && other.is_ok());
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        assert!(flights.join(key("ada", "{}"), asking(&asked)).await.is_ok());
        assert_eq!(asked.load(Ordering::SeqCst), 2);
        assert!(flights.0.lock().expect("unharmed").flights.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_answered_with_what_another_asked() {
        let (flights, asked) = (Arc::new(Flights::default()), Arc::new(AtomicUsize::new(0)));
        let _ = tokio::join!(
            flights.join(key("ada", "{}"), asking(&asked)),
            flights.join(key("eve", "{}"), asking(&asked)),
            flights.join(key("ada", "{ }"), asking(&asked)),
        );
        assert_eq!(asked.load(Ordering::SeqCst), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_began_a_query_may_leave_the_others_to_it() {
        let (flights, asked) = (Arc::new(Flights::default()), Arc::new(AtomicUsize::new(0)));
        let first =
            tokio::time::timeout(Duration::from_millis(500), flights.join(key("ada", "{}"), asking(&asked)));
        let second = flights.join(key("ada", "{}"), asking(&asked));
        let (first, second) = tokio::join!(first, second);
        assert!(first.is_err() && second.is_ok());
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_query_that_all_have_left_is_forgotten() {
        let (flights, asked) = (Arc::new(Flights::default()), Arc::new(AtomicUsize::new(0)));
        let left =
            tokio::time::timeout(Duration::from_millis(500), flights.join(key("ada", "{}"), asking(&asked)));
        assert!(left.await.is_err());
        assert!(flights.0.lock().expect("unharmed").flights.is_empty());
    }
}
