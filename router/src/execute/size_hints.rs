//! Size hints: how large an operation's answer was last time, so that room for it is made once and not by growing.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::store::Extent;

/// How much the last run of an operation gathered and answered. Nothing depends on it but the room that is made.
#[derive(Debug, Default)]
pub(crate) struct SizeHints {
    body: AtomicUsize,
    nodes: AtomicUsize,
    objects: AtomicUsize,
}

impl SizeHints {
    /// The length of the answer, in bytes.
    pub fn body(&self) -> usize {
        self.body.load(Ordering::Relaxed)
    }

    /// How much is gathered from subgraphs for it.
    pub(super) fn extent(&self) -> Extent {
        Extent { nodes: self.nodes.load(Ordering::Relaxed), objects: self.objects.load(Ordering::Relaxed) }
    }

    /// Notes how much a run gathered and answered.
    pub(super) fn note(&self, body: usize, extent: Extent) {
        self.body.store(body, Ordering::Relaxed);
        self.nodes.store(extent.nodes, Ordering::Relaxed);
        self.objects.store(extent.objects, Ordering::Relaxed);
    }
}
