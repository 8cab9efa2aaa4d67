//! Reports: what became of the rows of a file.

use async_graphql::{ComplexObject, Enum, SimpleObject};
use common::{Refusal, Result};
use database::{Answer, Ctx};
use graphql::UserError;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What a row may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum ImportMode {
    /// Only create: a row of what there is already is refused.
    Create,
    /// Change what there is already, create the rest.
    #[default]
    Upsert,
}

/// What became of the rows of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, SimpleObject, Serialize, Deserialize)]
#[graphql(shareable)]
pub struct ImportReport {
    /// The number of rows that made something new.
    pub created: i32,
    /// The number of rows that changed something.
    pub updated: i32,
    /// The number of rows that said what was so already.
    pub unchanged: i32,
    /// The number of rows that were refused; the others are not kept by them from being done.
    pub failed: i32,
    /// The rows that were refused, in the order of the file, the first 1,000 of them.
    pub rows: Vec<ImportRow>,
    /// The columns that another program has written into the file, that there is no place for here and in which something
    /// stands, as the file names them: they were left out.
    #[serde(default)]
    pub ignored_columns: Vec<String>,
}

/// A row of a file that was refused.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject, Serialize, Deserialize)]
#[graphql(complex, shareable)]
pub struct ImportRow {
    /// The line of the file that the row begins in; the header's is 1.
    pub line: i32,
    #[graphql(skip)]
    refusals: Vec<Refusal>,
}

#[ComplexObject]
impl ImportRow {
    /// Why the row was refused; each field is the name of a column.
    async fn user_errors(&self) -> Vec<UserError> {
        self.refusals.iter().cloned().map(Into::into).collect()
    }
}

impl ImportReport {
    /// The most refused rows that a report lists.
    pub const ROWS_MAX: usize = 1_000;

    /// Counts a row that was refused, and lists it while there is room.
    pub fn refuse(&mut self, line: i32, refusals: Vec<Refusal>) {
        self.failed += 1;
        if self.rows.len() < Self::ROWS_MAX {
            self.rows.push(ImportRow { line, refusals });
        }
    }
}

impl Answer for ImportReport {
    fn stored(&self) -> Value {
        json!(self)
    }

    async fn restore(_: &Ctx, stored: Value) -> Result<Self> {
        Ok(serde_json::from_value(stored)?)
    }
}

/// Declares what an import takes; each mutation has an input of its own name.
#[macro_export]
macro_rules! import_input {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, async_graphql::InputObject)]
        pub struct $name {
            /// The file as text: a header with the names of the columns, then a row for each thing; commas, semicolons or
            /// tabs between cells, 10,000 rows and 1,000,000 bytes at most. Where these are semicolons, a number may have a
            /// decimal comma, and then points or blanks between its thousands (1.234,56); one without a comma is read as it
            /// stands. A column that is not there leaves what it is about as it is, an empty cell clears what may be empty. Send a larger file in pieces, each with the header and a key of its
            /// own: a piece is one transaction, done whole or not at all, so after an interruption send all pieces again with
            /// the same keys. The server's limit on variables, 262,144 bytes unless it is set otherwise, holds as well.
            pub csv: String,
            /// Whether rows may change what there is already.
            #[graphql(default)]
            pub mode: $crate::ImportMode,
            /// True to check everything and change nothing.
            #[graphql(default)]
            pub dry_run: bool,
        }
    };
}
