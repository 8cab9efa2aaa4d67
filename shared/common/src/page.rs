//! Keyset pages: where a page starts, how long it is, and whether another follows.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
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

/// A position in a list: the row that the page before ended with, and by what it stood where it did. So the next page
/// goes on there, also when the row has been changed or is gone. Opaque to clients.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Cursor {
    place: Place,
    id: Uuid,
    /// What the row was ordered by, as a JSON object; empty where it is found again by its id.
    values: Arc<str>,
}

/// The longest cursor, in bytes of text.
const CURSOR_BYTES_MAX: usize = 4_000;

impl Cursor {
    fn encode(&self) -> String {
        let place = self.place.0.to_be_bytes();
        URL_SAFE_NO_PAD.encode([&place, self.id.as_bytes().as_slice(), self.values.as_bytes()].concat())
    }

    fn decode(text: &str) -> Option<Self> {
        if text.len() > CURSOR_BYTES_MAX {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (place, rest) = bytes.split_first_chunk::<4>()?;
        let (id, values) = rest.split_first_chunk::<16>()?;
        let values = std::str::from_utf8(values).ok()?.into();
        Some(Self { place: Place(u32::from_be_bytes(*place)), id: Uuid::from_bytes(*id), values })
    }
}

/// Which page of a list is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
        Ok(self.cursor(place)?.map(|cursor| cursor.id))
    }

    /// As [`Page::after`], with what the row was ordered by: an object of columns, its id among them.
    ///
    /// # Errors
    /// As [`Page::after`].
    pub fn after_row(&self, place: Place) -> Result<Option<Value>> {
        let Some(cursor) = self.cursor(place)? else { return Ok(None) };
        let Ok(Value::Object(mut row)) = serde_json::from_str(&cursor.values) else { return Err(foreign()) };
        row.insert("id".to_owned(), cursor.id.to_string().into());
        Ok(Some(Value::Object(row)))
    }

    fn cursor(&self, place: Place) -> Result<Option<&Cursor>> {
        match &self.after {
            Some(cursor) if cursor.place != place => Err(foreign()),
            after => Ok(after.as_ref()),
        }
    }

    /// Cuts the surplus row off, and gives each row its cursor.
    pub fn slice<T>(&self, place: Place, rows: Vec<T>, id: impl Fn(&T) -> Uuid) -> Slice<T> {
        self.slice_of(place, rows, |row| (id(row), "".into()))
    }

    /// As [`Page::slice`], with what each row is ordered by beside its id: an object of columns.
    pub fn slice_by<T>(&self, place: Place, rows: Vec<T>, key: impl Fn(&T) -> (Uuid, Value)) -> Slice<T> {
        self.slice_of(place, rows, |row| {
            let (id, values) = key(row);
            (id, values.to_string().into())
        })
    }

    fn slice_of<T>(&self, place: Place, mut rows: Vec<T>, key: impl Fn(&T) -> (Uuid, Arc<str>)) -> Slice<T> {
        let wanted = usize::try_from(self.first).unwrap_or(usize::MAX);
        let has_next = rows.len() > wanted;
        rows.truncate(wanted);
        Slice {
            has_previous: self.after.is_some(),
            has_next,
            total: None,
            rows: rows
                .into_iter()
                .map(|row| {
                    let (id, values) = key(&row);
                    (Cursor { place, id, values }.encode(), row)
                })
                .collect(),
        }
    }
}

/// What came of asking for a page, where a cursor that a client has bent is a fault of the client's.
///
/// # Errors
/// `VALIDATION_FAILED` for values that no column can have; every other one as it is.
#[cfg(feature = "sqlx")]
pub fn page_of<T>(asked: std::result::Result<Vec<T>, sqlx::Error>) -> Result<Vec<T>> {
    // SQLSTATE: invalid text representation, invalid datetime format.
    const BENT: [&str; 2] = ["22P02", "22007"];
    asked.map_err(|error| {
        let code = error.as_database_error().and_then(|cause| cause.code());
        let is_bent = code.is_some_and(|code| BENT.contains(&code.as_ref()));
        if is_bent { foreign() } else { error.into() }
    })
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
        let text = Cursor { place: PLACE, id, values: r#"{"name":"A"}"#.into() }.encode();
        let page = Page::new(None, Some(&text)).unwrap();
        assert_eq!(page.after(PLACE).unwrap(), Some(id));
        assert_eq!(page.after_row(PLACE).unwrap(), Some(serde_json::json!({ "name": "A", "id": id })));
    }

    #[test]
    fn a_cursor_of_another_list_or_order_is_refused() {
        let text = Cursor { place: PLACE, id: Uuid::now_v7(), values: "".into() }.encode();
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
        for after in ["", "rubbish", "e30", &"A".repeat(5000)] {
            assert!(Page::new(None, Some(after)).is_err(), "{after}");
        }
    }
}
