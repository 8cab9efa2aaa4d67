//! The scan: tokens and nesting, counted over the bytes without a parser.

use std::borrow::Cow;

use super::{Hits, Limit, LimitExceeded, Limits, NESTING_HARD_MAX, TOKENS_HARD_MAX};

/// Bytes that count as one token: a parser reads a string letter by letter, so that a long one is as much work as many
/// short tokens.
const TOKEN_BYTES: usize = 64;

/// Refuses too many tokens, too deep a nesting, and strings that do not end.
pub(super) fn scan(limits: &Limits, document: &str, hits: &mut Hits) -> Result<(), LimitExceeded> {
    let bytes = document.as_bytes();
    let (mut at, mut tokens, mut open) = (0, 0_usize, 0_usize);
    while let Some(&byte) = bytes.get(at) {
        let end = match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b',' => {
                at += 1;
                continue;
            }
            b'#' => {
                at = comment_end(bytes, at);
                continue;
            }
            _ if bytes[at..].starts_with(BYTE_ORDER_MARK) => {
                at += BYTE_ORDER_MARK.len();
                continue;
            }
            b'"' => string_end(bytes, at).ok_or_else(|| LimitExceeded {
                limit: None,
                code: "GRAPHQL_PARSE_FAILED",
                message: "syntax error: a string does not end".into(),
                offset: Some(at),
            })?,
            b'{' | b'[' | b'(' => {
                open += 1;
                if let Some(max) = nesting_exceeded(limits, open, hits) {
                    let message = format!("the document nests brackets more than {max} deep");
                    return Err(LimitExceeded::new(Limit::Nesting, "NESTED_TOO_DEEP", message).at(at));
                }
                at + 1
            }
            b'}' | b']' | b')' => {
                open = open.saturating_sub(1);
                at + 1
            }
            b'.' if bytes[at..].starts_with(b"...") => at + 3,
            _ if is_word(byte) => skip_while(bytes, at, is_word),
            _ => at + 1,
        };
        tokens += (end - at).div_ceil(TOKEN_BYTES);
        if let Some(max) = tokens_exceeded(limits, tokens, hits) {
            return Err(LimitExceeded::of(Limit::Tokens, "TOO_MANY_TOKENS", "tokens", max).at(at));
        }
        at = end;
    }
    Ok(())
}

/// The limit that so many tokens are refused for, with a bound behind it, too.
fn tokens_exceeded(limits: &Limits, tokens: usize, hits: &mut Hits) -> Option<usize> {
    if tokens <= limits.tokens_max {
        return None;
    }
    if limits.refuses(Limit::Tokens, hits) {
        return Some(limits.tokens_max);
    }
    (tokens > TOKENS_HARD_MAX).then_some(TOKENS_HARD_MAX)
}

/// The document with spaces in place of commas and comments, for parsers that count these as tokens, which they are
/// not (<https://spec.graphql.org/September2025/#Ignored>). Lines and columns of everything else stay.
pub fn without_ignored(document: &str) -> Cow<'_, str> {
    if !document.contains([',', '#']) {
        return Cow::Borrowed(document);
    }
    let bytes = document.as_bytes();
    let (mut at, mut kept) = (0, 0);
    let mut text = String::with_capacity(document.len());
    while let Some(&byte) = bytes.get(at) {
        let end = match byte {
            b',' => at + 1,
            b'#' => comment_end(bytes, at),
            b'"' => {
                at = string_end(bytes, at).unwrap_or(bytes.len());
                continue;
            }
            _ => {
                at += 1;
                continue;
            }
        };
        // All of these places are next to a byte of ASCII or at the end, and so between characters.
        text.push_str(&document[kept..at]);
        text.extend(document[at..end].chars().map(|_| ' '));
        (at, kept) = (end, end);
    }
    text.push_str(&document[kept..]);
    Cow::Owned(text)
}

/// May stand anywhere, and counts as nothing.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

fn comment_end(bytes: &[u8], at: usize) -> usize {
    skip_while(bytes, at, |byte| byte != b'\n' && byte != b'\r')
}

/// The limit that so much nesting is refused for. Behind the setting stands a bound that no mode switches off.
pub(super) fn nesting_exceeded(limits: &Limits, levels: usize, hits: &mut Hits) -> Option<usize> {
    if levels <= limits.nesting_max {
        return None;
    }
    if limits.refuses(Limit::Nesting, hits) {
        return Some(limits.nesting_max);
    }
    (levels > NESTING_HARD_MAX).then_some(NESTING_HARD_MAX)
}

/// Names and numbers. What mixes the two, such as `1e-5`, counts as a few tokens more; no parser agrees fully.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn skip_while(bytes: &[u8], from: usize, keep: impl Fn(u8) -> bool) -> usize {
    bytes[from..].iter().position(|byte| !keep(*byte)).map_or(bytes.len(), |length| from + length)
}

/// Where the string that starts at `at` ends; `None` when it does not.
///
/// An unterminated string must not be passed over: a parser that backtracks may read `"""` as an empty string
/// and the start of the next, and go on into brackets that this scan took for text.
fn string_end(bytes: &[u8], at: usize) -> Option<usize> {
    if bytes[at..].starts_with(b"\"\"\"") {
        let mut at = at + 3;
        loop {
            let rest = bytes.get(at..)?;
            if rest.starts_with(b"\\\"\"\"") {
                at += 4;
            } else if rest.starts_with(b"\"\"\"") {
                return Some(at + 3);
            } else if rest.is_empty() {
                return None;
            } else {
                at += 1;
            }
        }
    }
    let mut at = at + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\n' | b'\r' => return None,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Mode;
    use super::*;

    fn code(document: &str) -> Option<&'static str> {
        scan(&Limits::default(), document, &mut Hits::default()).err().map(|refused| refused.code)
    }

    #[test]
    fn tokens_are_refused_one_past_the_limit() {
        assert_eq!(code(&"a ".repeat(5_000)), None);
        assert_eq!(code(&"a ".repeat(5_001)), Some("TOO_MANY_TOKENS"));
        assert_eq!(code(&"!".repeat(5_001)), Some("TOO_MANY_TOKENS"));
        assert_eq!(code(&"...".repeat(5_000)), None);
    }

    #[test]
    fn no_mode_lets_more_tokens_through_than_the_engine_takes() {
        let mut limits = Limits::default();
        limits.modes.set(Limit::Tokens, Mode::Off);
        let code = |count| {
            scan(&limits, &"a ".repeat(count), &mut Hits::default()).err().map(|refused| refused.code)
        };
        assert_eq!(code(TOKENS_HARD_MAX), None);
        assert_eq!(code(TOKENS_HARD_MAX + 1), Some("TOO_MANY_TOKENS"));
    }

    #[test]
    fn what_the_language_ignores_is_no_token() {
        for ignored in [",", "#,\n", "\u{feff}", " ", "\r"] {
            assert_eq!(code(&format!("{{ a{}b }}", ignored.repeat(10_000))), None, "{ignored:?}");
        }
    }

    #[test]
    fn commas_and_comments_become_spaces_and_nothing_moves() {
        assert_eq!(without_ignored("{ a }"), "{ a }");
        assert_eq!(without_ignored("{ a(b: 1, c: 2),,, }"), "{ a(b: 1  c: 2)    }");
        assert_eq!(without_ignored("# ü, \"\r\n{ a, # {\n }"), "      \r\n{ a     \n }");
        assert_eq!(
            without_ignored("{ a(b: \"#,\\\",\", c: \"\"\"#\",\"\"\") }"),
            "{ a(b: \"#,\\\",\"  c: \"\"\"#\",\"\"\") }"
        );
        assert_eq!(without_ignored("{ a, \"#,é"), "{ a  \"#,é");
        assert_eq!(without_ignored("é,é#é"), "é é  ");
    }

    #[test]
    fn a_refusal_says_where() {
        let offset =
            |document: &str| scan(&Limits::default(), document, &mut Hits::default()).unwrap_err().offset;
        assert_eq!(offset("{ a \"b"), Some(4));
        assert_eq!(offset(&"a ".repeat(5_001)), Some(10_000));
        assert_eq!(offset(&"[".repeat(65)), Some(64));
    }

    #[test]
    fn nesting_is_refused_one_past_the_limit_whatever_the_bracket() {
        for open in ["[", "{", "(", "{a", "{a(b:["] {
            let per_round = open.chars().filter(|c| "[{(".contains(*c)).count();
            let rounds = 64 / per_round;
            let fits = open.repeat(rounds);
            assert_eq!(code(&fits), None, "{open}");
            assert_eq!(code(&open.repeat(rounds + 1)), Some("NESTED_TOO_DEEP"), "{open}");
        }
        assert_eq!(code(&"[".repeat(4096)), Some("NESTED_TOO_DEEP"));
        assert_eq!(code(&"{a".repeat(2048)), Some("NESTED_TOO_DEEP"));
    }

    #[test]
    fn siblings_do_not_add_up() {
        assert_eq!(code(&format!("{{ {} }}", "a(b: [1]) ".repeat(300))), None);
    }

    #[test]
    fn brackets_in_strings_and_comments_do_not_count() {
        let brackets = "[".repeat(1_000);
        assert_eq!(code(&format!("{{ a(b: \"{brackets}\") }}")), None);
        assert_eq!(code(&format!("{{ a(b: \"\\\"{brackets}\") }}")), None);
        assert_eq!(code(&format!("{{ a(b: \"\"\"{brackets} \\\"\"\" \n {brackets}\"\"\") }}")), None);
        assert_eq!(code(&format!("# {brackets}\n{{ a }}")), None);
    }

    #[test]
    fn brackets_after_strings_and_comments_do_count() {
        let brackets = "[".repeat(100);
        for before in ["\"\"", "\"a\\\\\"", "\"\"\"\"\"\"", "\"\"\" \" \"\"\"", "# \"\n", "# \"\r", "\"#\""] {
            assert_eq!(code(&format!("{before}{brackets}")), Some("NESTED_TOO_DEEP"), "{before}");
        }
    }

    #[test]
    fn a_long_string_counts_for_what_it_takes_to_read() {
        let tokens_max = Limits::default().tokens_max;
        let of = |bytes: usize| code(&format!("{{ a(b: \"{}\") }}", "x".repeat(bytes - 2)));
        assert_eq!(of((tokens_max - 7) * TOKEN_BYTES), None);
        assert_eq!(of((tokens_max - 6) * TOKEN_BYTES), Some("TOO_MANY_TOKENS"));
    }

    #[test]
    fn a_string_that_does_not_end_is_refused() {
        for text in ["\"", "\"a\n\"", "\"a\\", "\"\"\"", "\"\"\" a\" [[[", "\"\"\"\\\"\"\""] {
            assert_eq!(code(text), Some("GRAPHQL_PARSE_FAILED"), "{text}");
        }
    }

    #[test]
    fn text_beyond_ascii_is_passed_over() {
        assert_eq!(code("{ größe(名: \"✓\") } \u{feff}"), None);
    }
}
