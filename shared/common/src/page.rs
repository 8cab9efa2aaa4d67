//! Keyset pages: where a page starts, how long it is, and whether another follows.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::{Error, Result};

/// How a list is ordered. `sorts!` implements it.
pub trait Sort: Copy + Default {
    /// The name of the order, as it is written in Rust.
    fn name(self) -> &'static str;
}

/// A list in one of its orders: what a cursor belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place(u32);

impl Place {
    /// The list of this name, such as the table that it is of, in the order of this name.
    #[must_use]
    pub const fn new(list: &str, order: &str) -> Self {
        // FNV-1a: it tells lists apart that a client mixed up, and guards nothing.
        let hash = fnv(fnv(0x811c_9dc5, list), "\n");
        Self(fnv(hash, order))
    }
}

const fn fnv(mut hash: u32, text: &str) -> u32 {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    hash
}

/// A position in a list: the row that the page before ended with. Opaque to clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Cursor {
    place: Place,
    id: Uuid,
}

impl Cursor {
    fn encode(self) -> String {
        let mut bytes = [0; 20];
        bytes[..4].copy_from_slice(&self.place.0.to_be_bytes());
        bytes[4..].copy_from_slice(self.id.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn decode(text: &str) -> Option<Self> {
        let bytes: [u8; 20] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let (place, id) = bytes.split_first_chunk::<4>()?;
        Some(Self { place: Place(u32::from_be_bytes(*place)), id: Uuid::from_slice(id).ok()? })
    }
}

/// Which page of a list is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Page {
    first: i64,
    after: Option<Cursor>,
    /// Whether the client also wants to know how many rows there are in all.
    pub is_counted: bool,
}

impl Page {
    /// How many a page has when the client does not say.
    pub const FIRST_DEFAULT: i32 = 20;
    /// How many a page has at most.
    pub const FIRST_MAX: i32 = 100;

    /// A page from the arguments of a connection field.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` when `first` is not 1 to 100, or `after` is no cursor.
    pub fn new(first: Option<i32>, after: Option<&str>) -> Result<Self> {
        Self::within(first.unwrap_or(Self::FIRST_DEFAULT), after, Self::FIRST_MAX)
    }

    /// As [`Page::new`], for a list whose pages may have up to `first_max` rows: an export.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` when `first` is not 1 to `first_max`, or `after` is no cursor.
    pub fn within(first: i32, after: Option<&str>, first_max: i32) -> Result<Self> {
        if !(1..=first_max).contains(&first) {
            return Err(Error::validation(format!("first must be 1 to {first_max}, not {first}")));
        }
        let after = after.map(|text| Cursor::decode(text).ok_or_else(foreign)).transpose()?;
        Ok(Self { first: first.into(), after, is_counted: false })
    }

    /// The same page, with how many rows there are in all.
    #[must_use]
    pub fn counted(self, is_counted: bool) -> Self {
        Self { is_counted, ..self }
    }

    /// The `limit` for the query: one more than wanted, to learn whether another page follows.
    #[must_use]
    pub fn limit(&self) -> i64 {
        self.first + 1
    }

    /// The row to continue after; `None` from the start.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` when the cursor is of another list, or of another order of this one.
    pub fn after(&self, place: Place) -> Result<Option<Uuid>> {
        match self.after {
            Some(cursor) if cursor.place != place => Err(foreign()),
            after => Ok(after.map(|cursor| cursor.id)),
        }
    }

    /// Cuts the surplus row off, and gives each row its cursor.
    pub fn slice<T>(&self, place: Place, mut rows: Vec<T>, id: impl Fn(&T) -> Uuid) -> Slice<T> {
        let wanted = usize::try_from(self.first).unwrap_or(usize::MAX);
        let has_next = rows.len() > wanted;
        rows.truncate(wanted);
        Slice {
            has_previous: self.after.is_some(),
            has_next,
            total: None,
            rows: rows.into_iter().map(|row| (Cursor { place, id: id(&row) }.encode(), row)).collect(),
        }
    }
}

fn foreign() -> Error {
    Error::validation("after is not a cursor of this list in this order")
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
    /// How many rows there are in all, if they were counted.
    pub total: Option<i64>,
}

impl<T> Default for Slice<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), has_next: false, has_previous: false, total: None }
    }
}

impl<T> Slice<T> {
    /// The same page of what each row stands for.
    pub fn map<U>(self, of: impl Fn(T) -> U) -> Slice<U> {
        let Self { rows, has_next, has_previous, total } = self;
        let rows = rows.into_iter().map(|(cursor, row)| (cursor, of(row))).collect();
        Slice { rows, has_next, has_previous, total }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place = Place::new("department", "Name");

    #[test]
    fn a_page_is_cut_at_its_size_and_says_that_more_follows() {
        let page = Page::new(Some(2), None).unwrap();
        let slice = page.slice(PLACE, vec![1, 2, 3], |_| Uuid::nil());
        assert_eq!(slice.rows.len(), 2);
        assert!(slice.has_next && !slice.has_previous);
    }

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        let id = Uuid::now_v7();
        let text = Cursor { place: PLACE, id }.encode();
        assert_eq!(Page::new(None, Some(&text)).unwrap().after(PLACE).unwrap(), Some(id));
    }

    #[test]
    fn a_cursor_of_another_list_or_order_is_refused() {
        let text = Cursor { place: PLACE, id: Uuid::now_v7() }.encode();
        let page = Page::new(None, Some(&text)).unwrap();
        for other in [Place::new("department", "NameDesc"), Place::new("location", "Name")] {
            assert_eq!(page.after(other).unwrap_err().code(), "VALIDATION_FAILED");
        }
    }

    #[test]
    fn sizes_and_cursors_out_of_range_are_refused() {
        for first in [0, -1, 101] {
            assert!(Page::new(Some(first), None).is_err());
        }
        for after in ["", "rubbish", "e30", &"A".repeat(2000)] {
            assert!(Page::new(None, Some(after)).is_err(), "{after}");
        }
    }
}
