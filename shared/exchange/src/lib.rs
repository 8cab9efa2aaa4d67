//! Import and export of nouns as CSV (RFC 4180), safe to open in a spreadsheet and lossless there and back.
//!
//! A noun says its columns once, by [`Exchange`]: how a cell becomes an input, and how a record becomes a cell. Its
//! import reads a [`Sheet`], binds the header by [`Columns::of`], resolves what all rows refer to at once, reads the
//! rows by [`Columns::read`], and answers an [`ImportReport`]. Its export is [`export`]. Columns that other programs call
//! otherwise are a table of [`Alias`]es.

mod alias;
mod cell;
mod columns;
mod report;
mod sheet;

pub use alias::Alias;
pub use cell::{parse, print, text, words};
pub use columns::{Cell, Column, Columns, CsvPage, Exchange, Family, PAGE_DEFAULT, PAGE_MAX, export};
pub use report::{ImportMode, ImportReport, ImportRow};
pub use sheet::{BYTES_MAX, ROWS_MAX, Row, Sheet, lost};
