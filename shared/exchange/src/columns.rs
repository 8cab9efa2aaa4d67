//! Columns: what a noun says once about how it stands in a file.

use std::collections::HashSet;

use async_graphql::SimpleObject;
use common::{Error, Refusal, Result, Slice};
use database::Record;

use crate::cell::{defused, with_point};
use crate::{Row, Sheet};

/// A noun that is imported and exported.
pub trait Exchange: Record {
    /// What a row is read into.
    type Draft: Default;
    /// What cells and records are read and written by, looked up for all rows at once: the ids of names, and back.
    type Names;
    /// Its columns, in the order of an export.
    const IN_FILE: &'static [Column<Self>];
    /// Columns that an organization adds to it.
    const FAMILY: Option<Family<Self>> = None;

    /// Whether the column of its family with this key holds numbers, which may have a decimal comma in some files.
    #[must_use]
    fn is_number(_names: &Self::Names, _key: &str) -> bool {
        false
    }
}

/// One cell of a row.
pub struct Cell<'a, N: Exchange> {
    /// What names are looked up in.
    pub names: &'a N::Names,
    /// The record that the row changes; `None` when it makes a new one.
    pub before: Option<&'a N>,
    /// The key of its column, for one of a family; nothing for others.
    pub key: &'a str,
    /// What the cell says; `None` when it is empty.
    pub text: Option<&'a str>,
}

/// One column of a noun.
pub struct Column<N: Exchange> {
    /// The name in the header.
    pub name: &'static str,
    /// The field of the input that refusals name it by.
    pub field: &'static str,
    /// Whether a new one cannot be made without it.
    pub is_required: bool,
    /// Reads a cell.
    pub read: fn(Cell<'_, N>, &mut N::Draft) -> Result<(), Refusal>,
    /// Writes the cell of a record.
    pub write: fn(&N::Names, &N) -> Option<String>,
}

/// Columns whose names begin alike, such as `custom.shirt_size`.
pub struct Family<N: Exchange> {
    /// What their names begin with: `custom.`.
    pub prefix: &'static str,
    /// The field of the input that refusals name them by: `customFields`, a list.
    pub field: &'static str,
    /// What follows, for each column that there is.
    pub keys: fn(&N::Names) -> Vec<String>,
    /// Reads a cell.
    pub read: fn(Cell<'_, N>, &mut N::Draft) -> Result<(), Refusal>,
    /// As a column's `write`, by its key.
    pub write: fn(&N::Names, &N, &str) -> Option<String>,
}

const UNKNOWN: Refusal = Refusal::of("csv", "COLUMN_UNKNOWN", "");
const TWICE: Refusal = Refusal::of("csv", "COLUMN_TWICE", "");
const REQUIRED: Refusal = Refusal::whole("REQUIRED", "this cannot be left empty");

/// The most wrong columns that are told.
const WRONG_MAX: usize = 20;

enum Bound<N: Exchange> {
    Column(&'static Column<N>),
    OfFamily(Family<N>, String),
}

/// The columns of a sheet, in its order.
pub struct Columns<N: Exchange> {
    bound: Vec<Bound<N>>,
    has_commas: bool,
}

impl<N: Exchange> Columns<N> {
    /// Finds out what the columns of a sheet are.
    ///
    /// # Errors
    /// Refuses `csv` for each column that is unknown, or stands there twice.
    pub fn of(sheet: &Sheet, names: &N::Names) -> Result<Self> {
        let keys: HashSet<String> =
            N::FAMILY.map(|family| (family.keys)(names)).unwrap_or_default().into_iter().collect();
        let (mut bound, mut wrong, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
        let mut is_list_told = false;
        for name in &sheet.header {
            if !seen.insert(name) {
                wrong.push(TWICE.saying(format!("the column {} stands in the header twice", short(name))));
                continue;
            }
            let of_family = || {
                let family = N::FAMILY?;
                let key = name.strip_prefix(family.prefix).filter(|key| keys.contains(*key))?.to_owned();
                Some(Bound::OfFamily(family, key))
            };
            let column = N::IN_FILE.iter().find(|column| column.name == name).map(Bound::Column);
            match column.or_else(of_family) {
                Some(column) => bound.push(column),
                None => {
                    wrong.push(UNKNOWN.saying(Self::unknown(name, is_list_told)));
                    is_list_told = true;
                }
            }
        }
        wrong.truncate(WRONG_MAX);
        if !wrong.is_empty() {
            return Err(Error::Refused(wrong));
        }
        Ok(Self { bound, has_commas: sheet.has_commas })
    }

    /// That a column is unknown; which ones there are is told once.
    fn unknown(name: &str, is_list_told: bool) -> String {
        if is_list_told {
            return format!("there is no column {} either", short(name));
        }
        let known: Vec<&str> = N::IN_FILE.iter().map(|column| column.name).collect();
        let family = N::FAMILY.map(|family| format!(" and {}… by key", family.prefix)).unwrap_or_default();
        format!("there is no column {}; there are {}{family}", short(name), known.join(", "))
    }

    /// Reads a row, beside the record that it changes; a new one when there is none.
    ///
    /// # Errors
    /// Everything that is wrong with its cells, each under the name of its column.
    pub fn read(&self, names: &N::Names, before: Option<&N>, row: &Row) -> Result<N::Draft, Vec<Refusal>> {
        if let Some(fault) = &row.fault {
            return Err(vec![fault.clone()]);
        }
        let (mut draft, mut wrong) = (N::Draft::default(), Vec::new());
        for (at, bound) in self.bound.iter().enumerate() {
            let text = row.cell(at);
            let number = text.filter(|_| self.has_commas).and_then(with_point);
            let cell = |text, key| Cell { names, before, key, text };
            let (read, name) = match bound {
                Bound::Column(column) if column.is_required && text.is_none() => {
                    (Err(REQUIRED), column.name.to_owned())
                }
                // What is taken as it stands is no number, or one as everybody writes it.
                Bound::Column(column) => {
                    let as_it_stands = (column.read)(cell(text, ""), &mut draft);
                    let read = as_it_stands.or_else(|refusal| match number.as_deref() {
                        Some(number) => (column.read)(cell(Some(number), ""), &mut draft),
                        None => Err(refusal),
                    });
                    (read, column.name.to_owned())
                }
                Bound::OfFamily(family, key) => {
                    let number = number.as_deref().filter(|_| N::is_number(names, key));
                    let read = (family.read)(cell(number.or(text), key.as_str()), &mut draft);
                    (read, format!("{}{key}", family.prefix))
                }
            };
            if let Err(refusal) = read {
                wrong.push(refusal.at(name));
            }
        }
        if before.is_none() {
            let is_there = |name: &str| {
                self.bound.iter().any(|bound| matches!(bound, Bound::Column(c) if c.name == name))
            };
            let missing = N::IN_FILE.iter().filter(|column| column.is_required && !is_there(column.name));
            wrong.extend(missing.map(|column| REQUIRED.at(column.name)));
        }
        if wrong.is_empty() { Ok(draft) } else { Err(wrong) }
    }

    /// A refusal of an input field under the name of its column; `keys` are those of the family in the input's list.
    #[must_use]
    pub fn named(refusal: Refusal, keys: &[String]) -> Refusal {
        let Some(path) = refusal.field.as_deref() else { return refusal };
        let mut steps = path.split('.');
        let field = steps.next().unwrap_or_default();
        if let Some(column) = N::IN_FILE.iter().find(|column| column.field == field) {
            return refusal.at(column.name);
        }
        // By its place in the list, or by the key itself where it should be in the list and is not.
        let key = steps.next().and_then(|step| match step.parse::<usize>() {
            Ok(at) => keys.get(at).cloned(),
            Err(_) => Some(step.to_owned()),
        });
        match (N::FAMILY.filter(|family| family.field == field), key) {
            (Some(family), Some(key)) => {
                let name = format!("{}{key}", family.prefix);
                refusal.at(name)
            }
            _ => refusal,
        }
    }
}

/// What a message says of a name that may be of any length.
fn short(name: &str) -> String {
    const SHOWN_MAX: usize = 60;
    match name.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("\"{}…\"", &name[..end]),
        None => format!("\"{name}\""),
    }
}

/// How many rows a page of an export has when the client does not say.
pub const PAGE_DEFAULT: i32 = 1_000;
/// How many rows a page of an export has at most.
pub const PAGE_MAX: i32 = 5_000;

/// A page of an export: a file of its own, header included, that an import takes as it is.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(shareable)]
pub struct CsvPage {
    /// The rows as CSV in UTF-8, after a header with the names of the columns, which every page has; lines end with CR and
    /// LF. A cell that a spreadsheet would take for a formula has an apostrophe before it, which an import takes away.
    pub csv: String,
    /// The cursor of the last row, to continue after; null when the page has no rows.
    pub end_cursor: Option<String>,
    /// Whether more rows follow.
    pub has_next_page: bool,
    /// The number of rows of this page, the header aside.
    pub count: i32,
}

/// Writes a page of records.
///
/// # Errors
/// `INTERNAL` when the memory for it is not there.
pub fn export<N: Exchange>(names: &N::Names, slice: &Slice<N>) -> Result<CsvPage> {
    let family = N::FAMILY.map(|family| ((family.keys)(names), family));
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let mut header: Vec<String> = N::IN_FILE.iter().map(|column| column.name.to_owned()).collect();
    if let Some((keys, family)) = &family {
        header.extend(keys.iter().map(|key| format!("{}{key}", family.prefix)));
    }
    writer.write_record(&header).map_err(Error::internal)?;
    for (_, record) in &slice.rows {
        let mut cells: Vec<Option<String>> =
            N::IN_FILE.iter().map(|column| (column.write)(names, record)).collect();
        if let Some((keys, family)) = &family {
            cells.extend(keys.iter().map(|key| (family.write)(names, record, key)));
        }
        let cells = cells.iter().map(|cell| defused(cell.as_deref().unwrap_or_default()));
        let cells: Vec<_> = cells.collect();
        writer.write_record(cells.iter().map(|cell| cell.as_bytes())).map_err(Error::internal)?;
    }
    let bytes = writer.into_inner().map_err(|error| Error::internal(error.to_string()))?;
    Ok(CsvPage {
        csv: String::from_utf8(bytes).map_err(Error::internal)?,
        end_cursor: slice.rows.last().map(|(cursor, _)| cursor.clone()),
        has_next_page: slice.has_next,
        count: i32::try_from(slice.rows.len()).unwrap_or(i32::MAX),
    })
}
