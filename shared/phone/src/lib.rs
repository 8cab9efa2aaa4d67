//! Phone numbers: one spelling for each, that of ITU-T E.164.

use std::panic::catch_unwind;

use phonenumber::{Mode, country};

/// A number in its one spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    /// `+43664123456`.
    pub value: String,
    /// What is dialled once somebody has picked up.
    pub extension: Option<String>,
}

/// A number as people write it; one without its country's code needs the country, by its ISO
/// 3166 code of two letters. `None` when it is none.
///
/// What is not to be had is not looked up: plans of numbers change, so any number that is as long as one may be is taken.
#[must_use]
pub fn number(text: &str, country: Option<&str>) -> Option<Number> {
    const CHARACTERS_MAX: usize = 60;
    // Without blanks that only look like some, as copied from pages and mail programs.
    let text: String = text
        .chars()
        .filter(|c| !matches!(c, '\u{A0}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'))
        .collect();
    let text = text.trim();
    let text = text.strip_prefix("tel:").unwrap_or(text);
    if text.is_empty() || text.chars().count() > CHARACTERS_MAX || !text.chars().any(|c| c.is_ascii_digit()) {
        return None;
    }
    let country: Option<country::Id> = country.and_then(|code| code.parse().ok());
    // "(0)" is dialled within the country only, and beside its code not at all.
    let text = if text.starts_with('+') || text.starts_with("00") {
        text.replace("(0)", " ")
    } else {
        text.to_owned()
    };
    let text = match text.strip_prefix("00") {
        Some(rest) if country.is_none() || !rest.starts_with('0') => format!("+{rest}"),
        _ => text,
    };
    // The library is given what strangers write; should it ever stop at some of it, that is no number.
    let parsed = catch_unwind(|| phonenumber::parse(country, &text)).ok()?.ok()?;
    let value = parsed.format().mode(Mode::E164).to_string();
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let extension = parsed.extension().map(ToString::to_string).filter(|digits| !digits.is_empty());
    (value.starts_with('+') && (7..=15).contains(&digits)).then_some(Number { value, extension })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, country: Option<&str>) -> Option<String> {
        number(text, country).map(|number| number.value)
    }

    #[test]
    fn a_number_has_one_spelling_however_it_is_written() {
        for text in [
            "+43 664 1234567",
            "0043 664 1234567",
            "+43 (0) 664 123 45 67",
            "tel:+43-664-1234567",
            "+43\u{A0}664/1234567",
            "\u{202A}+43 664 1234567\u{202C}",
        ] {
            assert_eq!(value(text, None).as_deref(), Some("+436641234567"), "{text}");
        }
        for text in ["0664 1234567", "0664/123 45-67", "+43 664 1234567", "0043 664 1234567"] {
            assert_eq!(value(text, Some("AT")).as_deref(), Some("+436641234567"), "{text}");
        }
        assert_eq!(value("(212) 555-0123", Some("US")).as_deref(), Some("+12125550123"));
        assert_eq!(value("+1 212 555 0123", Some("DE")).as_deref(), Some("+12125550123"));
    }

    #[test]
    fn what_is_dialled_afterwards_is_told_apart() {
        let number = number("+1 212 555 0123 ext. 45", None).unwrap();
        assert_eq!((number.value.as_str(), number.extension.as_deref()), ("+12125550123", Some("45")));
    }

    #[test]
    fn what_is_no_number_or_nobody_knows_whose_is_none() {
        for text in [
            "",
            "0664 1234567",
            "abc",
            "+",
            "+999999",
            "12",
            "+43",
            &"1".repeat(100),
            "+43 66412345678901234",
            "💥",
        ] {
            assert_eq!(value(text, None), None, "{text}");
        }
        assert_eq!(value("0664 1234567", Some("ZZ")), None);
    }
}
