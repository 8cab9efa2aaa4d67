//! From a document's text to a document, and what to say of a text that is none.
//!
//! The parser's own words are not for clients: they are told of the first token that fits nowhere.

mod to_async_graphql;

use std::fmt::Write as _;

use apollo_compiler::ast::Document;
use apollo_compiler::diagnostic::ToCliReport as _;
use apollo_compiler::parser::Parser;
use apollo_compiler::validation::DiagnosticList;
use graphql::{TOKENS_HARD_MAX, without_ignored};
use sha2::{Digest as _, Sha256};

pub(crate) use to_async_graphql::{measured, value};

use crate::error::{GraphqlError, Location, code};

/// The engine's own bound for what stands within each other; whoever serves it sets a tighter one before.
const NESTING_MAX: usize = 128;
/// What the parser counts, once commas and comments are gone: each token, the space before it, and the end.
const PARSER_TOKENS_MAX: usize = 2 * TOKENS_HARD_MAX + 2;
/// More of a word is not repeated to whoever sent it.
const WORD_CHARS_MAX: usize = 30;

/// Reads a document. Costs time linear in its length.
///
/// # Errors
/// `GRAPHQL_PARSE_FAILED` with the place of the first token that fits nowhere; `TOO_MANY_TOKENS` or
/// `OPERATION_TOO_COMPLEX` for what is beyond the engine's own bounds.
pub(crate) fn parse(text: &str) -> Result<Document, Vec<GraphqlError>> {
    let text = &*without_ignored(text);
    let mut parser = Parser::new().token_limit(PARSER_TOKENS_MAX).recursion_limit(NESTING_MAX);
    parser.parse_ast(text, "document.graphql").map_err(|failed| {
        if parser.tokens_reached() > PARSER_TOKENS_MAX {
            let message = format!("the document has more than {TOKENS_HARD_MAX} tokens");
            return vec![GraphqlError::new("TOO_MANY_TOKENS", message)];
        }
        if parser.recursion_reached() > NESTING_MAX {
            return vec![GraphqlError::new(code::TOO_COMPLEX, "this operation is nested too deeply")];
        }
        vec![unexpected(text, first(&failed.errors).unwrap_or(text.len()))]
    })
}

/// A document's SHA-256 in hexadecimal digits, as clients write it.
pub(crate) fn sha256_hex(document: &str) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(document) {
        // Writing into memory does not fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// Where the first of several errors is, in bytes.
fn first(errors: &DiagnosticList) -> Option<usize> {
    errors.iter().filter_map(|error| Some(error.error.location()?.offset())).min()
}

/// What to say of the token at a place, or of the first one after it.
fn unexpected(text: &str, at: usize) -> GraphqlError {
    let rest = text.get(at..).unwrap_or_default();
    let token = rest.trim_start_matches(|char: char| char.is_ascii_whitespace() || char == '\u{feff}');
    let what = match token.chars().next() {
        None => "end of the document".to_owned(),
        Some('"') => "string".to_owned(),
        Some(char) if is_word(char) => {
            let word: String = token.chars().take_while(|char| is_word(*char)).take(WORD_CHARS_MAX).collect();
            format!("`{word}`")
        }
        Some(_) if token.starts_with("...") => "`...`".to_owned(),
        Some(char) => format!("`{}`", char.escape_debug()),
    };
    let mut error = GraphqlError::new(code::PARSE_FAILED, format!("syntax error: unexpected {what}"));
    error.locations = vec![location(text, text.len() - token.len())];
    error
}

fn is_word(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '_' | '-' | '$' | '@')
}

/// The line and the column, in characters, of the byte at an offset.
pub(crate) fn location(text: &str, offset: usize) -> Location {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind(['\n', '\r']).map_or(0, |end| end + 1);
    let line_ends = before.bytes().zip(before.bytes().skip(1).chain([0]));
    // A carriage return and a line feed end one line together.
    let line = line_ends.filter(|pair| pair.0 == b'\n' || pair.0 == b'\r' && pair.1 != b'\n').count() + 1;
    Location { line, column: before[line_start..].chars().count() + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str, what: &str, line: usize, column: usize) {
        let error = &parse(text).expect_err(text)[0];
        let seen = (&*error.code, error.message.as_str(), error.locations.as_slice());
        let message = format!("syntax error: unexpected {what}");
        assert_eq!(seen, (code::PARSE_FAILED, &*message, &[Location { line, column }][..]), "{text}");
    }

    #[test]
    fn the_first_token_that_fits_nowhere_is_named_with_its_place() {
        refused("", "end of the document", 1, 1);
        refused("  \n # nothing\n", "end of the document", 3, 1);
        refused("{ hello", "end of the document", 1, 8);
        refused("{ hello }}", "`}`", 1, 10);
        refused("{ hello } hello", "`hello`", 1, 11);
        refused("{\n  größe }", "`ö`", 2, 5);
        refused("{ a(b: }", "`}`", 1, 8);
        refused("{ a(b: \"x\" \"y\") }", "string", 1, 12);
        refused("{ a(b: \"\\q\") }", "string", 1, 8);
        refused("query ($a Int) { a }", "`Int`", 1, 11);
        refused("{ ,,, # comment\r\n a .. }", "`.`", 2, 4);
        refused("{ a(b: 01) }", "`01`", 1, 8);
        refused("{ a \u{0} }", "`\\0`", 1, 5);
        refused(&format!("{} {{ a }}", "x".repeat(1_000)), &format!("`{}`", "x".repeat(30)), 1, 1);
    }

    #[test]
    fn what_the_language_ignores_counts_as_nothing() {
        let flood = format!("{{ a(b: [1{}2]) {}\n }}", ",".repeat(500_000), "#,\n".repeat(100_000));
        assert!(parse(&flood).is_ok());
        let most = format!("{{ {} }}", "a ".repeat(TOKENS_HARD_MAX - 2));
        assert!(parse(&most).is_ok());
        let past = format!("{{ {} }}", "a ".repeat(TOKENS_HARD_MAX + 10));
        assert_eq!(parse(&past).expect_err("too many")[0].code, "TOO_MANY_TOKENS");
    }

    #[test]
    fn places_are_counted_in_lines_and_characters() {
        let at = |text: &str, offset| {
            let Location { line, column } = location(text, offset);
            (line, column)
        };
        assert_eq!(at("", 0), (1, 1));
        assert_eq!(at("a\nb", 2), (2, 1));
        assert_eq!(at("a\r\nb", 3), (2, 1));
        assert_eq!(at("a\r\rb", 3), (3, 1));
        assert_eq!(at("é{", 2), (1, 2));
        assert_eq!(at("a", 9), (1, 2));
    }
}
