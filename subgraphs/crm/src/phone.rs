//! Phone numbers as contacts have them: ITU-T E.164, so that a lead is found among them.

use std::panic::catch_unwind;

use phonenumber::{Mode, country};

/// A number in its one spelling; one without its country's code needs the country. `None` when it is none.
pub(crate) fn number(text: &str, country: Option<&str>) -> Option<String> {
    const CHARACTERS_MAX: usize = 60;
    let text: String = text
        .chars()
        .filter(|c| !matches!(c, '\u{A0}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'))
        .collect();
    let text = text.trim();
    if text.is_empty() || text.chars().count() > CHARACTERS_MAX || !text.chars().any(|c| c.is_ascii_digit()) {
        return None;
    }
    // "(0)" is dialled within the country only, and beside its code not at all.
    let text = if text.starts_with('+') || text.starts_with("00") {
        text.replace("(0)", " ")
    } else {
        text.to_owned()
    };
    let text = text.strip_prefix("00").map(|rest| format!("+{rest}")).unwrap_or(text);
    let country: Option<country::Id> = country.and_then(|code| code.parse().ok());
    // The library is given what strangers write; should it ever stop at some of it, that is no number.
    let parsed = catch_unwind(|| phonenumber::parse(country, &text)).ok()?.ok()?;
    let value = parsed.format().mode(Mode::E164).to_string();
    let digits = value.chars().filter(char::is_ascii_digit).count();
    (value.starts_with('+') && (7..=15).contains(&digits)).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn a_number_has_one_spelling_however_it_is_written() {
        for text in ["+43 664 1234567", "0043 664 1234567", "+43 (0) 664 / 123 45 67"] {
            assert_eq!(number(text, None).as_deref(), Some("+436641234567"), "{text}");
        }
        assert_eq!(number("0664 1234567", Some("AT")).as_deref(), Some("+436641234567"));
        for text in ["", "call me", "0664 1234567", "12"] {
            assert_eq!(number(text, None), None, "{text}");
        }
    }
}
