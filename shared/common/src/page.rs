//! Keyset pages: where a page starts, how long it is, and whether another follows.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{Error, Result};

/// The longest cursor that is looked at, in bytes.
const CURSOR_BYTES_MAX: usize = 1024;

/// A position in a list: the sort key of a row, and its id to break ties. Opaque to clients.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor<K> {
    /// The value that the list is sorted by.
    #[serde(rename = "k")]
    pub key: K,
    /// The row's id.
    #[serde(rename = "i")]
    pub id: Uuid,
}

impl<K: Serialize + DeserializeOwned> Cursor<K> {
    /// The cursor as clients keep it.
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    fn decode(text: &str) -> Option<Self> {
        if text.len() > CURSOR_BYTES_MAX {
            return None;
        }
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
    }
}

/// Which page of a list is wanted, by key type `K`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<K> {
    first: i64,
    /// Rows after this position; from the start when `None`.
    pub after: Option<Cursor<K>>,
}

impl<K: Serialize + DeserializeOwned + Clone> Page<K> {
    /// How many a page has when the client does not say.
    pub const FIRST_DEFAULT: i32 = 20;
    /// How many a page has at most.
    pub const FIRST_MAX: i32 = 100;

    /// A page from the arguments of a connection field.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` when `first` is not 1 to 100, or `after` is not a cursor of this list.
    pub fn new(first: Option<i32>, after: Option<&str>) -> Result<Self> {
        let first = first.unwrap_or(Self::FIRST_DEFAULT);
        if !(1..=Self::FIRST_MAX).contains(&first) {
            return Err(Error::validation(format!("first must be 1 to {}, not {first}", Self::FIRST_MAX)));
        }
        let after = match after {
            None => None,
            Some(text) => Some(
                Cursor::decode(text)
                    .ok_or_else(|| Error::validation("after is not a cursor of this list"))?,
            ),
        };
        Ok(Self { first: first.into(), after })
    }

    /// The `limit` for the query: one more than wanted, to learn whether another page follows.
    #[must_use]
    pub fn limit(&self) -> i64 {
        self.first + 1
    }

    /// The key to continue after.
    #[must_use]
    pub fn after_key(&self) -> Option<K> {
        self.after.as_ref().map(|cursor| cursor.key.clone())
    }

    /// The id to continue after.
    #[must_use]
    pub fn after_id(&self) -> Option<Uuid> {
        self.after.as_ref().map(|cursor| cursor.id)
    }

    /// Cuts the surplus row off, and gives each row its cursor.
    pub fn slice<T>(&self, mut rows: Vec<T>, cursor: impl Fn(&T) -> Cursor<K>) -> Slice<T> {
        let wanted = usize::try_from(self.first).unwrap_or(usize::MAX);
        let has_next = rows.len() > wanted;
        rows.truncate(wanted);
        Slice {
            has_previous: self.after.is_some(),
            has_next,
            rows: rows.into_iter().map(|row| (cursor(&row).encode(), row)).collect(),
        }
    }
}

/// One page of rows, each with its encoded cursor.
#[derive(Clone, Debug)]
pub struct Slice<T> {
    /// Rows in order, each after its cursor.
    pub rows: Vec<(String, T)>,
    /// Another page follows.
    pub has_next: bool,
    /// This page was continued from another.
    pub has_previous: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(n: &i32) -> Cursor<i32> {
        Cursor { key: *n, id: Uuid::nil() }
    }

    #[test]
    fn a_page_is_cut_at_its_size_and_says_that_more_follows() {
        let page = Page::<i32>::new(Some(2), None).unwrap();
        let slice = page.slice(vec![1, 2, 3], cursor);
        assert_eq!(slice.rows.len(), 2);
        assert!(slice.has_next && !slice.has_previous);
    }

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        let text = cursor(&7).encode();
        assert_eq!(Page::<i32>::new(None, Some(&text)).unwrap().after, Some(cursor(&7)));
    }

    #[test]
    fn sizes_and_cursors_out_of_range_are_refused() {
        for first in [0, -1, 101] {
            assert!(Page::<i32>::new(Some(first), None).is_err());
        }
        for after in ["", "rubbish", "e30", &"A".repeat(2000)] {
            assert!(Page::<i32>::new(None, Some(after)).is_err(), "{after}");
        }
    }
}
