//! What a name, a text and a mail address may be: one rule each, for every noun.

use unicode_normalization::UnicodeNormalization as _;

/// The longest mail address, in bytes (RFC 5321, section 4.5.3.1.3, less the angle brackets).
const EMAIL_BYTES_MAX: usize = 254;

/// Joins letters of scripts that need it, such as Persian; nothing to see where it joins nothing.
const JOINERS: [char; 2] = ['\u{200C}', '\u{200D}'];

/// Characters that nobody sees: what Unicode calls `Default_Ignorable_Code_Point` (UAX #44), marks of direction and
/// variation selectors among them, and blanks that are no blank (Braille's, Hangul's).
const INVISIBLE: [(char, char); 18] = [
    ('\u{00AD}', '\u{00AD}'),
    ('\u{034F}', '\u{034F}'),
    ('\u{061C}', '\u{061C}'),
    ('\u{115F}', '\u{1160}'),
    ('\u{17B4}', '\u{17B5}'),
    ('\u{180B}', '\u{180F}'),
    ('\u{200B}', '\u{200F}'),
    ('\u{2028}', '\u{202E}'),
    ('\u{2060}', '\u{206F}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{FE00}', '\u{FE0F}'),
    ('\u{FEFF}', '\u{FEFF}'),
    ('\u{FFA0}', '\u{FFA0}'),
    ('\u{FFF0}', '\u{FFFB}'),
    ('\u{1BCA0}', '\u{1BCA3}'),
    ('\u{1D173}', '\u{1D17A}'),
    ('\u{E0000}', '\u{E0FFF}'),
];

fn is_invisible(c: char) -> bool {
    INVISIBLE.iter().any(|(first, last)| (*first..=*last).contains(&c))
}

/// A name in one spelling: composed (NFC), without blanks around it, one line, and every character to be seen;
/// joiners count as seen between others. `None` when it is empty, too long or has other characters.
#[must_use]
pub fn name(text: &str, characters_max: usize) -> Option<String> {
    let name: String = text.trim().nfc().collect();
    let is_joined = |at: usize| at > 0 && name.chars().nth(at + 1).is_some_and(|next| !is_invisible(next));
    let is_seen = |(at, c): (usize, char)| {
        !c.is_control() && (!is_invisible(c) || (JOINERS.contains(&c) && is_joined(at)))
    };
    let fits = (1..=characters_max).contains(&name.chars().count()) && name.chars().enumerate().all(is_seen);
    fits.then_some(name)
}

/// A text of several lines in one spelling: composed (NFC), without blanks around it, no control characters but
/// line ends and tabs, no marks that turn the direction of what follows. `None` when it is empty, too long or has
/// other characters.
#[must_use]
pub fn text(text: &str, characters_max: usize) -> Option<String> {
    let text: String = text.trim().replace("\r\n", "\n").nfc().collect();
    let turns = |c: char| ('\u{202A}'..='\u{202E}').contains(&c) || ('\u{2066}'..='\u{2069}').contains(&c);
    let may_stand = |c: char| (!c.is_control() || c == '\n' || c == '\t') && !turns(c);
    let has_something = text.chars().any(|c| !is_invisible(c));
    let fits = has_something && text.chars().count() <= characters_max && text.chars().all(may_stand);
    fits.then_some(text)
}

/// A mail address as it is stored: in lower case, so that one mailbox is one key, and of ASCII only, so that no two
/// look alike. `None` when it is none.
#[must_use]
pub fn email(text: &str) -> Option<String> {
    let email = text.trim().to_ascii_lowercase();
    let (who, host) = email.split_once('@')?;
    let is_address = email.len() <= EMAIL_BYTES_MAX
        && email.chars().all(|c| c.is_ascii_graphic())
        && !who.is_empty()
        && !host.is_empty()
        && !host.contains('@');
    is_address.then_some(email)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_of_characters_that_can_be_seen() {
        assert_eq!(name(" Ada Lovelace ", 100).as_deref(), Some("Ada Lovelace"));
        assert_eq!(name("می\u{200C}خواهم", 100).as_deref(), Some("می\u{200C}خواهم"));
        let wrong = [
            "",
            " ",
            "a\0b",
            "a\nb",
            "\u{200B}",
            "\u{202E}abc",
            "abc\u{202E}",
            "a\u{200D}",
            "\u{200D}a",
            "\u{3164}",
        ];
        for wrong in wrong {
            assert_eq!(name(wrong, 100), None, "{wrong:?}");
        }
        assert_eq!(name(&"x".repeat(101), 100), None);
    }

    #[test]
    fn one_name_has_one_spelling() {
        assert_eq!(name("Jose\u{301}", 100), name("José", 100));
        assert_eq!(text("Jose\u{301}\r\n", 100), Some("José".into()));
    }

    #[test]
    fn a_text_has_lines_and_turns_no_direction() {
        assert_eq!(text(" a\r\n\tb ", 100).as_deref(), Some("a\n\tb"));
        for wrong in ["", "\u{200B}", "a\0", "a\u{202E}b", "a\u{2067}b"] {
            assert_eq!(text(wrong, 100), None, "{wrong:?}");
        }
        assert_eq!(text(&"x".repeat(101), 100), None);
    }

    #[test]
    fn an_address_is_lowered_and_must_be_one() {
        assert_eq!(email(" Ada@Example.ORG ").as_deref(), Some("ada@example.org"));
        let long = format!("{}@c", "a".repeat(254));
        for wrong in
            ["", "ada", "@", "ada@", "@x", "a@b@c", "a b@c", "a\u{0}@c", "ä@c", "ada@exämple.com", &long]
        {
            assert_eq!(email(wrong), None, "{wrong:?}");
        }
    }
}
