//! What a name, a text and a mail address may be: one rule each, for every noun.

use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};

/// The longest mail address, in bytes (RFC 5321, section 4.5.3.1.3, less the angle brackets).
const EMAIL_BYTES_MAX: usize = 254;

/// Joins or parts two letters of scripts that need it, such as Persian, or makes one picture of two; nothing to see
/// between others (RFC 5892, appendix A, says the same of host names).
const JOINERS: [char; 2] = ['\u{200C}', '\u{200D}'];

/// Letters of scripts that join: from Arabic to Sinhala, Tibetan to Mongolian, and what other blocks have of them. After
/// these the pictures.
const JOINED: [(char, char); 12] = [
    ('\u{0600}', '\u{0DFF}'),
    ('\u{0F00}', '\u{109F}'),
    ('\u{1700}', '\u{18AF}'),
    ('\u{1900}', '\u{1CFF}'),
    ('\u{A800}', '\u{ABFF}'),
    ('\u{FB50}', '\u{FDFF}'),
    ('\u{FE70}', '\u{FEFC}'),
    ('\u{10A00}', '\u{11FFF}'),
    ('\u{1E900}', '\u{1E95F}'),
    ('\u{2190}', '\u{2BFF}'),
    ('\u{1F000}', '\u{1FAFF}'),
    ('\u{1EE00}', '\u{1EEFF}'),
];

/// Chooses one of the shapes of the character before it: of a picture, or of a Chinese character in somebody's name.
const SELECTORS: [(char, char); 2] = [('\u{FE00}', '\u{FE0F}'), ('\u{E0100}', '\u{E01EF}')];

/// Characters with which a text says something else than people see: those that turn the direction of what follows
/// (UAX #9), tags, which only machines read, marks of annotations, and what is no character at all.
const MISLEADING: [(char, char); 5] = [
    ('\u{202A}', '\u{202E}'),
    ('\u{2066}', '\u{2069}'),
    ('\u{FDD0}', '\u{FDEF}'),
    ('\u{FFF9}', '\u{FFFB}'),
    ('\u{E0000}', '\u{E007F}'),
];

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
    // The last one stands for a picture or a file that is not there.
    ('\u{FFF0}', '\u{FFFC}'),
    ('\u{1BCA0}', '\u{1BCA3}'),
    ('\u{1D173}', '\u{1D17A}'),
    ('\u{E0000}', '\u{E0FFF}'),
];

fn is_in(ranges: &[(char, char)], c: char) -> bool {
    ranges.iter().any(|(first, last)| (*first..=*last).contains(&c))
}

fn is_invisible(c: char) -> bool {
    is_in(&INVISIBLE, c)
}

fn misleads(c: char) -> bool {
    is_in(&MISLEADING, c) || u32::from(c) & 0xFFFE == 0xFFFE
}

/// Whether a character is something to see by itself: a letter, a digit, a sign or a picture. Marks need another one to
/// stand on; what is private to a font, or of no meaning yet, is a box to everybody else; and U+FFFD is what is left of a
/// text that was read wrongly.
fn is_base(c: char) -> bool {
    use GeneralCategoryGroup::{Letter, Number, Punctuation, Symbol};
    let is_sign = matches!(c.general_category_group(), Letter | Number | Punctuation | Symbol);
    is_sign && !is_invisible(c) && !misleads(c) && c != char::REPLACEMENT_CHARACTER
}

/// Whether the character at `at` is to be seen where it stands, or makes others look as they are written.
fn is_seen(name: &[char], at: usize) -> bool {
    let c = name[at];
    let is_shape = |c: char| is_in(&SELECTORS, c);
    let before = || name[..at].iter().rev().copied().find(|c| !is_shape(*c));
    if JOINERS.contains(&c) {
        let joins = |neighbour: Option<char>| neighbour.is_some_and(|c| is_in(&JOINED, c));
        return joins(before()) && joins(name.get(at + 1).copied());
    }
    if is_shape(c) {
        return at > 0 && !is_invisible(name[at - 1]);
    }
    !c.is_control() && !is_invisible(c) && !misleads(c)
}

/// A name in one spelling: composed (NFC), without blanks around it and with one kind of them within, one line, and
/// every character to be seen, at least one of them by itself; joiners count where they join something, and what chooses a
/// shape after what has one. `None` when it is empty, too long or has other characters.
#[must_use]
pub fn name(text: &str, characters_max: usize) -> Option<String> {
    let is_blank = |c: char| c.is_whitespace() && !c.is_control() && !is_invisible(c);
    let name: Vec<char> = text.trim().nfc().map(|c| if is_blank(c) { ' ' } else { c }).collect();
    let has_something = name.len() <= characters_max && name.iter().any(|c| is_base(*c));
    let fits = has_something && (0..name.len()).all(|at| is_seen(&name, at));
    fits.then(|| name.into_iter().collect())
}

/// A text of several lines in one spelling: composed (NFC), without blanks around it, lines that end with a line feed,
/// no other control characters but tabs, nothing that makes it read otherwise than it looks. `None` when there is nothing
/// to be seen of it, when it is too long or has other characters.
#[must_use]
pub fn text(text: &str, characters_max: usize) -> Option<String> {
    let text = text.trim().replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}'], "\n");
    let text: String = text.nfc().collect();
    let may_stand = |c: char| (!c.is_control() || c == '\n' || c == '\t') && !misleads(c);
    let has_something = text.chars().any(is_base);
    let fits = has_something && text.chars().count() <= characters_max && text.chars().all(may_stand);
    fits.then_some(text)
}

/// What can be read of a text that a stranger has sent: without what cannot be seen or misleads, and on one line or several.
/// Nothing else is lost.
#[must_use]
pub fn readable(text: &str, is_one_line: bool) -> String {
    let break_or_blank = |c: char| match c {
        '\n' | '\r' | '\u{2028}' | '\u{2029}' if !is_one_line => Some('\n'),
        c if c.is_whitespace() => Some(' '),
        c => (!c.is_control() && !is_invisible(c) && !misleads(c)).then_some(c),
    };
    let text: String = text.replace("\r\n", "\n").chars().filter_map(break_or_blank).collect();
    text.trim().nfc().collect()
}

/// A mail address as it is stored: as HTML has it ("valid e-mail address", which is what forms in browsers take) and RFC
/// 5321 without quotes, so that no dot stands at an end or by another one; in lower case, so that one mailbox is one key, and of ASCII only, so that no two look alike. A host name of other letters is
/// written as DNS has it: `xn--exmple-cua.com`. What RFC 5322 has besides, quotes, comments and addresses of machines, is
/// none; what stands after a `+` is kept, as it is up to the mailbox what that means. `None` when it is none.
#[must_use]
pub fn email(text: &str) -> Option<String> {
    const LABEL_BYTES_MAX: usize = 63;
    /// RFC 5321, section 4.5.3.1.1.
    const MAILBOX_BYTES_MAX: usize = 64;
    let email = text.trim().to_ascii_lowercase();
    let (who, host) = email.split_once('@')?;
    // An atom of RFC 5321, section 4.1.2: dots stand between two of them. Forms in browsers let more through, and mail
    // does not.
    let is_atom = |atom: &str| {
        let is_of_it = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~-".contains(c);
        !atom.is_empty() && atom.chars().all(is_of_it)
    };
    let is_label = |label: &str| {
        (1..=LABEL_BYTES_MAX).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // An address of a machine and no name of one (RFC 3696, section 2); mail would have it in brackets.
    let is_machine =
        host.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    let is_address = email.len() <= EMAIL_BYTES_MAX
        && (1..=MAILBOX_BYTES_MAX).contains(&who.len())
        && who.split('.').all(is_atom)
        && host.split('.').all(is_label)
        && !is_machine;
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
            "a\u{200D}b",
            "\u{3164}",
            "\u{FE0F}",
            "a\u{2028}b",
            "a\u{E0061}",
            "\u{FFFF}a",
            "a\u{FFFC}",
        ];
        for wrong in wrong.into_iter().chain(NOTHING_TO_SEE) {
            assert_eq!(name(wrong, 100), None, "{wrong:?}");
        }
        assert_eq!(name(&"x".repeat(101), 100), None);
    }

    /// Marks without what they stand on, of the enclosing kind too, shapes of nothing, what is private to a font, what
    /// has no meaning, blanks that are no blanks, what stands for something else, and mixtures of them.
    const NOTHING_TO_SEE: [&str; 14] = [
        "\u{301}",
        "\u{301}\u{302}\u{303}",
        "\u{20DD}",
        "\u{FE0F}\u{FE0F}",
        "\u{E0100}",
        "\u{E000}",
        "\u{F8FF}\u{F8FF}",
        "\u{F0000}\u{10FFFD}",
        "\u{E000}\u{301} \u{E000}",
        "\u{378}",
        "\u{2800}",
        "\u{3164}",
        "\u{FFFC}",
        "\u{FFFD}\u{FFFD}",
    ];

    #[test]
    fn a_text_has_something_to_see_by_itself() {
        for wrong in NOTHING_TO_SEE {
            assert_eq!(text(wrong, 100), None, "{wrong:?}");
        }
        for right in [
            "7",
            "?",
            "\u{2603}",
            "\u{1F98A}",
            "e\u{323}",
            "e\u{20DD}",
            "山",
            "ක්",
            "ا",
            "ﷺ",
            "-",
            "a\u{E000}",
        ] {
            assert!(text(right, 100).is_some(), "{right:?}");
            assert!(name(right, 100).is_some(), "{right:?}");
        }
    }

    #[test]
    fn one_name_has_one_spelling() {
        assert_eq!(name("Jose\u{301}", 100), name("José", 100));
        assert_eq!(text("Jose\u{301}\r\n", 100), Some("José".into()));
        assert_eq!(name("Ada\u{A0}Lovelace", 100), name("Ada Lovelace", 100));
    }

    #[test]
    fn what_shapes_and_joins_stands_where_it_does_so() {
        for right in ["葛\u{E0100}城", "Team \u{2764}\u{FE0F}", "\u{1F468}\u{200D}\u{1F469}", "क्\u{200D}ष"]
        {
            assert_eq!(name(right, 100).as_deref(), Some(right), "{right:?}");
        }
    }

    #[test]
    fn a_text_has_lines_and_turns_no_direction() {
        assert_eq!(text(" a\r\n\tb ", 100).as_deref(), Some("a\n\tb"));
        assert_eq!(text("a\u{2028}b\u{2029}c\rd", 100).as_deref(), Some("a\nb\nc\nd"));
        for wrong in ["", "\u{200B}", "\u{200B} \u{200B}", "a\0", "a\u{202E}b", "a\u{2067}b", "a\u{E0061}"] {
            assert_eq!(text(wrong, 100), None, "{wrong:?}");
        }
        assert_eq!(text(&"x".repeat(101), 100), None);
    }

    #[test]
    fn an_address_is_lowered_and_must_be_one() {
        assert_eq!(email(" Ada@Example.ORG ").as_deref(), Some("ada@example.org"));
        let long = format!("{}@c", "a".repeat(254));
        let too_long_mailbox = format!("{}@example.org", "a".repeat(65));
        let too_long_label = format!("ada@{}.org", "a".repeat(64));
        for right in [
            "simple@example.com",
            "very.common@example.com",
            "x@example.com",
            "long.email-address-with-hyphens@and.subdomains.example.com",
            "user.name+tag+sorting@example.com",
            "name/surname@example.com",
            "admin@example",
            "mailhost!username@example.org",
            "user%example.com@example.org",
            "user-@example.org",
            "_@example.org",
            "1234567890@example.com",
            "ada@123.com",
            "ada@xn--80ak6aa92e.com",
        ] {
            assert_eq!(email(right).as_deref(), Some(right));
        }
        assert_eq!(email("o'neil+erp@xn--exmple-cua.com").as_deref(), Some("o'neil+erp@xn--exmple-cua.com"));
        let wrong =
            ["", "ada", "@", "ada@", "@x", "a@b@c", "a b@c", "a\u{0}@c", "ä@c", "ada@exämple.com", &long];
        // Of the tables that validators are tried with: what is not a dot-atom, letters that look like others, blanks,
        // what would be two lines of a header, and machines.
        let wrong = wrong.into_iter().chain([
            "\"ada lovelace\"@example.org",
            "\"a@b\"@example.org",
            "ada(x)@example.org",
            "Ada <ada@example.org>",
            "ada@example.org\r\nbcc: x@y.z",
            "ada@example.org, x@y.z",
            "ada\\@example.org",
            "аda@example.org",
            "ada@ехample.org",
            "ada＠example.org",
            "ada@example。org",
            "ada@examp\u{200B}le.org",
            "\u{212A}@example.org",
            "ada@example.org.",
            "ada@.example.org",
            "ada@example-.org",
            "ada@1.2.3.4",
            "ada@123",
            "ada@[IPv6:::1]",
            &too_long_mailbox,
            &too_long_label,
        ]);
        let wrong =
            wrong.chain(["a..b@x.example", ".a@x.example", "a.@x.example", ".@x.example", "...@x.example"]);
        let wrong = wrong.chain(["a@b..c", "a@b.", "a@-b.c", "a@b_c", "<a>@b.c", "a,b@c", "a@[127.0.0.1]"]);
        for wrong in wrong {
            assert_eq!(email(wrong), None, "{wrong:?}");
        }
    }
}
