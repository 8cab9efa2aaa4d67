//! How many statements something costs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{DefaultGuard, Interest};
use tracing::{Dispatch, Event, Metadata, Subscriber};

/// Counts the statements that are sent to the database from this thread, those around a transaction aside. A test's
/// tasks all run on its thread, so it sees each of their statements and no other test's.
pub struct Statements {
    count: Arc<AtomicUsize>,
    _counting: DefaultGuard,
    /// With one listener alone, another thread that meets a reporting place first finds nobody to listen on itself,
    /// and that is remembered for all threads. With two, the list of listeners is asked.
    _second: Dispatch,
}

impl Statements {
    /// Counts from now on.
    #[must_use]
    pub fn counted() -> Self {
        let count = Arc::new(AtomicUsize::new(0));
        let _counting = tracing::subscriber::set_default(Counter(count.clone()));
        Self { count, _counting, _second: Dispatch::new(Counter(Arc::default())) }
    }

    /// How many there were since the last time.
    pub fn take(&self) -> usize {
        self.count.swap(0, Ordering::Relaxed)
    }
}

struct Counter(Arc<AtomicUsize>);

impl Subscriber for Counter {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }
    fn event(&self, event: &Event<'_>) {
        let mut is_frame = Frame(false);
        event.record(&mut is_frame);
        self.0.fetch_add(usize::from(!is_frame.0), Ordering::Relaxed);
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// Finds out whether a statement begins or ends a transaction.
struct Frame(bool);

impl Visit for Frame {
    fn record_str(&mut self, field: &Field, value: &str) {
        let begins_or_ends = ["begin", "commit", "rollback"].iter().any(|frame| value.starts_with(frame));
        self.0 |= field.name() == "summary" && begins_or_ends;
    }
    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}
