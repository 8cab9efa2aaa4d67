//! The languages that people are written to in.

use icu_locale_core::Locale;

/// The longest tag of a language that is taken, in bytes (RFC 5646, section 4.4.1).
pub const TAG_BYTES_MAX: usize = 35;

/// How many languages of an `Accept-Language` are looked at.
const ACCEPTED_MAX: usize = 20;

/// A language that everything is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// English, which everything falls back to; days before months, as most of the world has it.
    #[default]
    English,
    /// German.
    German,
    /// Bengali, with its own digits.
    Bengali,
    /// Arabic, with the digits that CLDR has for the language as a whole: 0 to 9.
    Arabic,
}

/// In which direction a language is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the left to the right.
    LeftToRight,
    /// From the right to the left.
    RightToLeft,
}

impl Direction {
    /// As HTML's `dir` has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LeftToRight => "ltr",
            Self::RightToLeft => "rtl",
        }
    }
}

impl Language {
    /// Every language, in the order of their declaration.
    pub const ALL: [Self; 4] = [Self::English, Self::German, Self::Bengali, Self::Arabic];

    /// Its tag (BCP 47).
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::Bengali => "bn",
            Self::Arabic => "ar",
        }
    }

    /// The language of a tag (BCP 47), whatever script or country it says besides; `None` for one that nothing is written in.
    #[must_use]
    pub fn of(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    /// The language that an `Accept-Language` wants most (RFC 9110, section 12.5.4), of equals the first; `None` when it wants
    /// none that anything is written in.
    #[must_use]
    pub fn accepted(header: &str) -> Option<Self> {
        let weighed = |range: &str| {
            let mut parts = range.split(';').map(str::trim);
            let language = Self::of(parts.next().unwrap_or_default())?;
            let weight = match parts.find_map(|part| part.strip_prefix("q=")) {
                Some(weight) => weight.trim().parse::<f32>().ok()?,
                None => 1.0,
            };
            (weight > 0.0).then_some((weight, language))
        };
        let wanted = header.split(',').take(ACCEPTED_MAX).filter_map(weighed);
        wanted.reduce(|best, next| if next.0 > best.0 { next } else { best }).map(|(_, language)| language)
    }

    /// The direction that it is written in.
    #[must_use]
    pub fn direction(self) -> Direction {
        match self {
            Self::English | Self::German | Self::Bengali => Direction::LeftToRight,
            Self::Arabic => Direction::RightToLeft,
        }
    }
}

/// The tag of a language (BCP 47, as Unicode's locales have it) in one spelling: `DE-de` is `de-DE`. `None` when it is none, or
/// longer than [`TAG_BYTES_MAX`].
#[must_use]
pub fn locale(tag: &str) -> Option<String> {
    let tag = tag.trim();
    let fits = (1..=TAG_BYTES_MAX).contains(&tag.len());
    let locale = fits.then(|| Locale::try_from_str(tag).ok()).flatten()?;
    Some(locale.to_string()).filter(|tag| tag.len() <= TAG_BYTES_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_known_by_its_tag_whatever_else_that_says() {
        for (tag, language) in [
            ("en", Some(Language::English)),
            ("de-AT", Some(Language::German)),
            ("BN-bd", Some(Language::Bengali)),
            ("ar-Arab-EG-u-nu-arab", Some(Language::Arabic)),
            ("fr", None),
            ("", None),
            ("deutsch", None),
        ] {
            assert_eq!(Language::of(tag), language, "{tag:?}");
        }
    }

    #[test]
    fn a_client_is_answered_in_the_language_that_it_wants_most_of_ours() {
        for (header, language) in [
            ("de", Some(Language::German)),
            ("fr, ar;q=0.9, en;q=0.8", Some(Language::Arabic)),
            ("en;q=0.5, bn-BD;q=0.7", Some(Language::Bengali)),
            ("de;q=0.7, ar;q=0.7", Some(Language::German)),
            ("de;q=0, en", Some(Language::English)),
            ("de;q=much, *", None),
            ("", None),
        ] {
            assert_eq!(Language::accepted(header), language, "{header:?}");
        }
    }

    #[test]
    fn a_tag_has_one_spelling() {
        for (tag, canonical) in [
            (" DE-de ", Some("de-DE")),
            ("bn", Some("bn")),
            ("ar-u-nu-latn", Some("ar-u-nu-latn")),
            ("", None),
            ("german or so", None),
            ("de-", None),
            ("en-\u{202E}", None),
            ("en-x-aaaaaaaa-bbbbbbbb-cccccccc-dddddddd", None),
        ] {
            assert_eq!(locale(tag).as_deref(), canonical, "{tag:?}");
        }
    }

    #[test]
    fn arabic_is_written_from_the_right() {
        let directions = Language::ALL.map(|language| language.direction().as_str());
        assert_eq!(directions, ["ltr", "ltr", "ltr", "rtl"]);
    }
}
