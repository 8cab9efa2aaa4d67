//! What an operation usually comes to, so that room for it is made once and not by growing.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::store::Extent;

/// What the last run of an operation came to. Nothing depends on it but the room that is made.
#[derive(Debug, Default)]
pub(crate) struct Usual {
    body: AtomicUsize,
    nodes: AtomicUsize,
    objects: AtomicUsize,
}

impl Usual {
    /// The length of the answer, in bytes.
    pub fn body(&self) -> usize {
        self.body.load(Ordering::Relaxed)
    }

    /// What was gathered for it.
    pub(super) fn extent(&self) -> Extent {
        Extent { nodes: self.nodes.load(Ordering::Relaxed), objects: self.objects.load(Ordering::Relaxed) }
    }

    /// Notes what a run came to.
    pub(super) fn note(&self, body: usize, extent: Extent) {
        self.body.store(body, Ordering::Relaxed);
        self.nodes.store(extent.nodes, Ordering::Relaxed);
        self.objects.store(extent.objects, Ordering::Relaxed);
    }
}
