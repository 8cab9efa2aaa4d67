//! A file of vCards as single ones, each with the line that it begins in.

use common::{Refusal, Result};
use exchange::{BYTES_MAX, ROWS_MAX};

const TOO_LARGE: Refusal = Refusal::of("vcard", "VCARD_TOO_LARGE", "");
const TOO_MANY: Refusal = Refusal::of("vcard", "VCARD_TOO_MANY", "");
const EMPTY: Refusal =
    Refusal::of("vcard", "VCARD_EMPTY", "the file has no card; each begins with the line BEGIN:VCARD");
const NOT_UTF8: Refusal = Refusal::of("vcard", "VCARD_NOT_UTF8", "");
const INVALID: Refusal = Refusal::of("vcard", "VCARD_INVALID", "");
const OPEN: Refusal = Refusal::whole("CARD_OPEN", "the card has no END:VCARD");
const NESTED: Refusal =
    Refusal::whole("CARD_NESTED", "there is a card within the card; send that one by itself");

/// Cards, each with its line: its text, or why it cannot be read.
type Cards = Vec<(i32, Result<String, Refusal>)>;

/// The text of each card, or why it cannot be read.
///
/// # Errors
/// Refuses `vcard` when nothing of the file can be taken.
pub(super) fn cards(file: &str) -> Result<Cards, Refusal> {
    if file.len() > BYTES_MAX {
        let message = format!(
            "a file has {BYTES_MAX} bytes at most, not {}; send it in pieces, or without its photos",
            file.len()
        );
        return Err(TOO_LARGE.saying(message));
    }
    let file = file.strip_prefix('\u{FEFF}').unwrap_or(file);
    if let Some(lost) = exchange::lost(file) {
        return Err(NOT_UTF8.saying(lost));
    }
    // The one that is open: its line, its text, and how many are open within it.
    let mut open: Option<(i32, String, usize)> = None;
    let mut cards = Cards::new();
    for (at, line) in lines(file).into_iter().enumerate() {
        let number = i32::try_from(at + 1).unwrap_or(i32::MAX);
        let word = line.trim().to_ascii_uppercase();
        // A line that goes on from the one before begins with a blank, and says nothing by itself.
        let is_folded = line.starts_with([' ', '\t']);
        match (&mut open, word.as_str()) {
            (None, "BEGIN:VCARD") => open = Some((number, format!("{line}\r\n"), 0)),
            (None, "") => {}
            (None, _) => {
                let message =
                    format!("line {number} is outside of any card; each begins with the line BEGIN:VCARD");
                return Err(INVALID.saying(message));
            }
            (Some((_, text, depth)), "BEGIN:VCARD") if !is_folded => {
                *depth += 1;
                text.push_str("\r\n");
            }
            (Some((_, _, depth)), "END:VCARD") if !is_folded && *depth > 0 => *depth -= 1,
            (Some(_), "END:VCARD") if !is_folded => {
                let Some((begin, text, _)) = open.take() else { continue };
                let is_nested = text.contains("\r\n\r\n");
                cards.push((begin, if is_nested { Err(NESTED) } else { Ok(format!("{text}END:VCARD\r\n")) }));
            }
            // Blank lines within a card are no part of it.
            (Some(_), "") if !is_folded => {}
            (Some((_, text, _)), _) => {
                text.push_str(&in_full(line));
                text.push_str("\r\n");
            }
        }
        if cards.len() > ROWS_MAX {
            return Err(TOO_MANY.saying(format!("a file has {ROWS_MAX} cards at most; send it in pieces")));
        }
    }
    if let Some((begin, _, _)) = open {
        cards.push((begin, Err(OPEN)));
    }
    if cards.is_empty() { Err(EMPTY) } else { Ok(cards) }
}

/// Lines that end with CR LF, LF or CR.
fn lines(file: &str) -> Vec<&str> {
    if file.contains('\n') {
        file.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect()
    } else {
        file.split('\r').collect()
    }
}

/// Version 2.1 lets a property say its encoding without saying that it is one.
fn in_full(line: &str) -> String {
    let Some((head, value)) = line.split_once(':') else { return line.to_owned() };
    if !head.to_ascii_uppercase().contains(";QUOTED-PRINTABLE") {
        return line.to_owned();
    }
    let parts = head.split(';').map(|part| match part.eq_ignore_ascii_case("QUOTED-PRINTABLE") {
        true => "ENCODING=QUOTED-PRINTABLE",
        false => part,
    });
    format!("{}:{value}", parts.collect::<Vec<_>>().join(";"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(file: &str) -> String {
        cards(file).unwrap_err().code.into_owned()
    }

    fn told(file: &str) -> Vec<(i32, String)> {
        let cards = cards(file).unwrap();
        cards
            .into_iter()
            .map(|(line, card)| (line, card.map_or_else(|refusal| refusal.code.into(), |_| "ok".into())))
            .collect()
    }

    #[test]
    fn each_card_knows_the_line_that_it_begins_in() {
        for end in ["\n", "\r\n", "\r"] {
            let file = ["", "BEGIN:VCARD", "FN:A", "END:VCARD", "", "begin:vcard", "FN:B", "end:vcard", ""]
                .join(end);
            assert_eq!(told(&file), [(2, "ok".into()), (6, "ok".into())], "{end:?}");
        }
        assert_eq!(told("\u{FEFF}BEGIN:VCARD\nEND:VCARD"), [(1, "ok".into())]);
    }

    #[test]
    fn a_card_that_is_broken_is_told_and_the_others_are_read() {
        let file = "BEGIN:VCARD\nBEGIN:VCARD\nEND:VCARD\nEND:VCARD\nBEGIN:VCARD\nFN:A\nEND:VCARD\nBEGIN:VCARD\nFN:B\n";
        assert_eq!(told(file), [(1, "CARD_NESTED".into()), (5, "ok".into()), (8, "CARD_OPEN".into())]);
    }

    #[test]
    fn a_file_that_is_none_is_refused() {
        for (file, expected) in [
            ("", "VCARD_EMPTY"),
            ("\r\n \n", "VCARD_EMPTY"),
            ("name,email\na,b\n", "VCARD_INVALID"),
            ("BEGIN:VCARD\nFN:Jos\u{FFFD}\nEND:VCARD", "VCARD_NOT_UTF8"),
            ("B\0E\0G\0", "VCARD_NOT_UTF8"),
        ] {
            assert_eq!(code(file), expected, "{file:?}");
        }
        assert_eq!(code(&"x".repeat(BYTES_MAX + 1)), "VCARD_TOO_LARGE");
        assert_eq!(code(&"BEGIN:VCARD\nEND:VCARD\n".repeat(ROWS_MAX + 1)), "VCARD_TOO_MANY");
    }
}
