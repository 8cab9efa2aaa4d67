//! Which nulls in an answer have an error that explains them, so that none is reported twice.

use std::collections::HashSet;

use super::Recorded;
use crate::error::{Path, PathSegment};

/// The places of errors, to be asked often.
#[derive(Default)]
pub(super) struct Explained {
    /// The places themselves: everything below them is explained.
    places: HashSet<Path>,
    /// Everything above them: there, a null may have come up from below.
    above: HashSet<Path>,
}

impl Explained {
    pub fn new(errors: &[Recorded]) -> Self {
        let mut explained = Self::default();
        for recorded in errors {
            // An error about the request as a whole explains no null in particular.
            for path in recorded.covers.iter().chain([&recorded.error.path]) {
                if !path.is_empty() {
                    explained.add(path);
                }
            }
        }
        explained
    }

    pub fn add(&mut self, path: &Path) {
        for end in (0..path.len()).rev() {
            if !self.above.insert(path[..end].to_vec()) {
                break;
            }
        }
        self.places.insert(path.clone());
    }

    pub fn has(&self, here: &[PathSegment]) -> bool {
        self.above.contains(here) || (0..=here.len()).any(|end| self.places.contains(&here[..end]))
    }
}
