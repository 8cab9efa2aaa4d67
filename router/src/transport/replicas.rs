//! The places where one subgraph listens, and which of them is asked next.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use http::{HeaderMap, Uri, header};

/// How long a place is asked last that said it is about to end, or where nobody listened. A restart takes less.
const AVOIDED_FOR_MS: u64 = 10_000;

/// Where one subgraph listens: one place or more, all of them the same to whoever asks.
#[derive(Debug)]
pub(super) struct Replicas {
    places: Vec<Replica>,
    turn: AtomicUsize,
    began: Instant,
}

/// One place.
#[derive(Debug)]
pub(super) struct Replica {
    pub uri: Uri,
    /// Milliseconds after the beginning, and one more; nothing when it never was avoided.
    avoided_at: AtomicU64,
}

impl Replicas {
    pub fn new(uris: impl IntoIterator<Item = Uri>) -> Self {
        let place = |uri| Replica { uri, avoided_at: AtomicU64::new(0) };
        Self {
            places: uris.into_iter().map(place).collect(),
            turn: AtomicUsize::new(0),
            began: Instant::now(),
        }
    }

    /// In which order they are to be tried: in turn, and those that are avoided last, the one that was so first before.
    pub fn in_order(&self) -> Vec<&Replica> {
        if let [one] = &*self.places {
            return vec![one];
        }
        let first = self.turn.fetch_add(1, Ordering::Relaxed) % self.places.len().max(1);
        let mut order: Vec<&Replica> = self.places[first..].iter().chain(&self.places[..first]).collect();
        let now = self.now();
        order.sort_by_key(|place| {
            let avoided = place.avoided_at.load(Ordering::Relaxed);
            let is_over = now.saturating_sub(avoided) > AVOIDED_FOR_MS;
            if is_over { 0 } else { avoided }
        });
        order
    }

    /// Nobody listens there, or not for much longer.
    pub fn avoid(&self, place: &Replica) {
        place.avoided_at.store(self.now(), Ordering::Relaxed);
    }

    /// Avoids a place that says with an answer that it will take no more on that connection: it is about to end.
    pub fn hear(&self, place: &Replica, headers: &HeaderMap) {
        let says_close = |value: &header::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"close");
        if headers.get(header::CONNECTION).is_some_and(says_close) {
            self.avoid(place);
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX - 1) + 1
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn all_have_their_turn_and_who_is_about_to_end_comes_last() {
        let replicas =
            Replicas::new(["http://a/", "http://b/", "http://c/"].map(|uri| uri.parse().expect("a URI")));
        let order = || {
            replicas.in_order().iter().map(|place| place.uri.host().unwrap_or_default()).collect::<String>()
        };
        assert_eq!(
            (order(), order(), order(), order()),
            ("abc".into(), "bca".into(), "cab".into(), "abc".into())
        );
        let closing = HeaderMap::from_iter([(header::CONNECTION, header::HeaderValue::from_static("close"))]);
        replicas.hear(&replicas.places[1], &HeaderMap::new());
        replicas.hear(&replicas.places[1], &closing);
        assert!((0..4).all(|_| order().ends_with('b')));
        // When all have ended once, the one that did so first is there again first.
        std::thread::sleep(Duration::from_millis(5));
        replicas.avoid(&replicas.places[0]);
        std::thread::sleep(Duration::from_millis(5));
        replicas.avoid(&replicas.places[2]);
        assert_eq!((order(), order()), ("bac".into(), "bac".into()));
    }
}
