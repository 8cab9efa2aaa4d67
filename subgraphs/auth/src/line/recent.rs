//! What was used of late: a map of bounded size that forgets what nobody asked for.

use std::collections::HashMap;
use std::hash::Hash;

/// At least the `most` entries used last, and never more than twice as many.
pub(super) struct Recent<K, V> {
    most: usize,
    new: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K: Eq + Hash, V> Recent<K, V> {
    pub(super) fn new(most: usize) -> Self {
        Self { most, new: HashMap::new(), old: HashMap::new() }
    }

    /// Takes an entry out.
    pub(super) fn take(&mut self, key: &K) -> Option<V> {
        let old = self.old.remove(key);
        self.new.remove(key).or(old)
    }

    /// Puts an entry in, in place of what was there.
    pub(super) fn put(&mut self, key: K, value: V) {
        if self.new.len() >= self.most {
            self.old = std::mem::take(&mut self.new);
        }
        self.new.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_last_is_kept_and_the_rest_is_bounded() {
        let mut recent = Recent::new(10);
        for number in 0..1_000 {
            recent.put(number, number);
            assert!(recent.new.len() + recent.old.len() <= 20);
        }
        assert!((990..1_000).all(|number| recent.take(&number) == Some(number)));
        assert_eq!((recent.take(&0), recent.take(&999)), (None, None));
    }
}
