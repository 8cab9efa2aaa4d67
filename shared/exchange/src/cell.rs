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

/// What stands between thousands: a point, a blank, or one of those that do not break a line.
const GROUPERS: [char; 4] = ['.', ' ', '\u{A0}', '\u{202F}'];

/// A number with a decimal comma as one with a point, and without what stands between its thousands: `1.234,56 EUR` as
/// `1234.56 EUR`. `None` for everything else, and for what could be read in two ways: one without a comma stays as it is.
pub(crate) fn with_point(cell: &str) -> Option<String> {
    let cell = cell.trim();
    let (sign, number) = cell.strip_prefix('-').map_or(("", cell), |number| ("-", number));
    let (whole, rest) = number.split_once(',')?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (decimals, unit) = rest.split_at(end);
    // Behind it a currency may stand, and no other number.
    let is_unit = unit.is_empty()
        || unit.starts_with(char::is_whitespace) && !unit.contains(|c: char| c == ',' || c.is_ascii_digit());
    let whole = without_groups(whole)?;
    (!decimals.is_empty() && is_unit).then(|| {
        let unit = unit.trim();
        let blank = if unit.is_empty() { "" } else { " " };
        format!("{sign}{whole}.{decimals}{blank}{unit}")
    })
}

/// The digits of a number that may have groups of thousands, all divided alike.
fn without_groups(whole: &str) -> Option<String> {
    let grouper = whole.chars().find(|c| !c.is_ascii_digit());
    let groups: Vec<&str> = match grouper {
        Some(grouper) if GROUPERS.contains(&grouper) => whole.split(grouper).collect(),
        Some(_) => return None,
        None => vec![whole],
    };
    let are_digits = groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_digit()));
    let are_thousands = groups.len() == 1 || groups[0].len() <= 3 && groups[1..].iter().all(|g| g.len() == 3);
    (are_digits && are_thousands && !groups[0].is_empty()).then(|| groups.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_comma_is_a_point_and_nothing_is_guessed() {
        for (cell, number) in [
            ("12,50", "12.50"),
            (" -0,5 ", "-0.5"),
            ("1.234,56", "1234.56"),
            ("1 234 567,8", "1234567.8"),
            ("1\u{A0}234,5", "1234.5"),
            ("1.234,56 EUR", "1234.56 EUR"),
            ("2500,00\u{A0}EUR", "2500.00 EUR"),
        ] {
            assert_eq!(with_point(cell).as_deref(), Some(number), "{cell:?}");
        }
        for cell in [
            "",
            ",",
            "12",
            "12.50",
            "1.234",
            ",5",
            "5,",
            "1,2,3",
            "12.34,5",
            "1.2345,6",
            "1.234 567,8",
            "1..234,5",
            ".234,5",
            "1,234.56",
            "1,5 2",
            "1,5x",
            "a,5",
            "big, urgent",
            "--1,5",
            "EUR 1,5",
        ] {
            assert_eq!(with_point(cell), None, "{cell:?}");
        }
    }

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
