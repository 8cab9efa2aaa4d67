//! Cells: what a spreadsheet would take for a formula is written so that it takes it for text.

use std::borrow::Cow;

use async_graphql::{InputType, MaybeUndefined, Value};

/// What a formula begins with (OWASP, "CSV Injection").
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Whether a spreadsheet would take it for a formula, apostrophes before it aside.
fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(FORMULA)
}

/// A text as a cell: a formula has an apostrophe before it, and one that has apostrophes one more, so that
/// [`restored`] knows whose they are.
pub(crate) fn defused(text: &str) -> Cow<'_, str> {
    if is_formula(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// What a cell said before it was defused.
pub(crate) fn restored(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(text) if is_formula(text) => text,
        _ => cell,
    }
}

/// A cell as an input of the graph: a day, a choice. `None` when it is none.
#[must_use]
pub fn parse<T: InputType>(cell: &str) -> Option<T> {
    T::parse(Some(Value::String(cell.trim().to_owned()))).ok()
}

/// A value of the graph as a cell: what [`parse`] reads.
#[must_use]
pub fn print<T: InputType>(value: &T) -> String {
    match value.to_value() {
        Value::String(text) => text,
        Value::Enum(name) => name.to_string(),
        other => other.to_string(),
    }
}

/// A cell as a text of the graph that may be nothing: an empty one clears it.
#[must_use]
pub fn text(cell: Option<&str>) -> MaybeUndefined<String> {
    cell.map_or(MaybeUndefined::Null, |cell| MaybeUndefined::Value(cell.to_owned()))
}

/// The words of a cell, with commas between them.
#[must_use]
pub fn words(cell: Option<&str>) -> Vec<String> {
    let all = cell.unwrap_or_default().split(',').map(str::trim).filter(|word| !word.is_empty());
    all.map(ToOwned::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_becomes_text_and_every_text_comes_back_as_it_was() {
        for text in ["=1+1", "+49 30", "-5", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''@x", "'-"] {
            assert_eq!(defused(text), format!("'{text}"));
            assert_eq!(restored(&defused(text)), text);
        }
        for text in ["", "'", "''", "'tis", "O'Hara", "a=b", " =1", "E-00001", "ünïcödé", "\u{202E}x"] {
            assert_eq!(defused(text), text);
            assert_eq!(restored(text), text);
        }
        // A file that somebody else has written: what looks like a formula is read as it stands.
        assert_eq!(restored("-5"), "-5");
    }
}
