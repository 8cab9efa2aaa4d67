//! Passwords: which ones are accepted, in which spelling, and bcrypt.

use common::{Error, Refusal, Result};
use unicode_normalization::UnicodeNormalization as _;

use crate::line::Turn;

/// What bcrypt costs: 2^12 rounds, about a quarter of a second.
const COST: u32 = 12;
/// The fewest characters.
const CHARS_MIN: usize = 10;
/// The most bytes: bcrypt would not look at more.
const BYTES_MAX: usize = 72;
/// The fewest different characters.
const DISTINCT_MIN: usize = 5;

/// A hash at the same cost that no password is known for: what an unknown account is checked against, so that
/// it takes as long as a known one.
const NOBODY: &str = "$2b$12$innoERPinnoERPinnoERPuinnoERPinnoERPinnoERPinnoERPin.";

/// The passwords that everybody tries first, lower case, those under ten characters left out.
const COMMON: &str = include_str!("common_passwords.txt");

// Rules.

const TOO_SHORT: Refusal = Refusal::whole("PASSWORD_TOO_SHORT", "use 10 characters or more");
/// Bcrypt would ignore the rest.
const TOO_LONG: Refusal = Refusal::whole("PASSWORD_TOO_LONG", "use 72 bytes or fewer");
/// Control characters are typed by no keyboard twice alike, and bcrypt takes U+0000 for the end.
const CONTROLS: Refusal =
    Refusal::whole("PASSWORD_INVALID", "use letters, digits, signs and blanks, and no control characters");
/// On the list of common ones, too regular, or the mail address.
const TOO_COMMON: Refusal =
    Refusal::whole("PASSWORD_TOO_COMMON", "this is one of the first that somebody would guess; use another");

/// A password in the one spelling in which it is compared (RFC 8265, OpaqueString): composed (NFC), every blank the usual
/// one. Keyboards differ in how they spell the same letters. Never printed.
#[derive(Clone)]
pub(crate) struct Password(String);

impl Password {
    /// What somebody typed.
    pub(crate) fn new(typed: &str) -> Self {
        let blank = |c: char| if c.is_whitespace() && !c.is_control() { ' ' } else { c };
        Self(typed.chars().map(blank).nfc().collect())
    }

    /// Whether it may be chosen by anybody.
    ///
    /// # Errors
    /// What speaks against it.
    pub(crate) fn check(&self, field: &'static str) -> Result<(), Refusal> {
        let text = &self.0;
        if text.chars().any(char::is_control) {
            return Err(CONTROLS.at(field));
        }
        if text.chars().count() < CHARS_MIN {
            return Err(TOO_SHORT.at(field));
        }
        if text.len() > BYTES_MAX {
            return Err(TOO_LONG.at(field));
        }
        let lower = text.to_lowercase();
        let distinct = lower.chars().collect::<std::collections::BTreeSet<_>>().len();
        if distinct < DISTINCT_MIN || COMMON.lines().any(|common| common == lower) {
            return Err(TOO_COMMON.at(field));
        }
        Ok(())
    }

    /// Whether it may be chosen by the person with this mail address.
    ///
    /// # Errors
    /// What speaks against it.
    pub(crate) fn check_for(&self, field: &'static str, email: &str) -> Result<(), Refusal> {
        self.check(field)?;
        if self.0.to_lowercase() == email { Err(TOO_COMMON.at(field)) } else { Ok(()) }
    }

    /// The hash to store of a password that [`Password::check`] has passed.
    pub(crate) async fn hash(self, turn: Turn) -> Result<(String, Turn)> {
        let (done, turn) = turn.run(move || bcrypt::hash(self.0, COST)).await?;
        Ok((done.map_err(Error::internal)?, turn))
    }

    /// Whether it is the one of a stored hash. Without a hash it takes as long to say no.
    pub(crate) async fn verify(self, hash: Option<String>, turn: Turn) -> Result<(bool, Turn)> {
        let can_be_right =
            hash.is_some() && self.0.len() <= BYTES_MAX && !self.0.chars().any(char::is_control);
        let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
        let (done, turn) = turn.run(move || bcrypt::verify(self.0, &hash)).await?;
        Ok((done.map_err(Error::internal)? && can_be_right, turn))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Account;
    use crate::line::{Knocker, Line, Source};

    const EMAIL: &str = "ada.lovelace@example.org";

    fn check(password: &str) -> Result<(), Refusal> {
        Password::new(password).check_for("p", EMAIL)
    }

    async fn turn() -> Turn {
        let (source, account) = (Source::Network(None), Account(Vec::new()));
        Line::new(1).turn(Knocker { source, network: None, account }).await.unwrap()
    }

    async fn hash(password: &str) -> String {
        Password::new(password).hash(turn().await).await.unwrap().0
    }

    async fn is_right(password: &str, hash: &str) -> bool {
        Password::new(password).verify(Some(hash.to_owned()), turn().await).await.unwrap().0
    }

    #[test]
    fn short_long_and_common_passwords_are_refused() {
        assert_eq!(check("short-one"), Err(TOO_SHORT.at("p")));
        assert_eq!(check(&"ä-b2C".repeat(13)), Err(TOO_LONG.at("p")));
        for password in
            ["Password123", "qwertyuiop", "1212121212", "aaaaaaaaaaaaaaaa", "Ada.Lovelace@example.org"]
        {
            assert_eq!(check(password), Err(TOO_COMMON.at("p")), "{password}");
        }
        assert_eq!(check("heron-basket-42"), Ok(()));
        assert_eq!(check(&"abcdefgh9".repeat(8)), Ok(()), "72 bytes exactly");
    }

    #[test]
    fn control_characters_are_refused() {
        for password in ["heron\u{0}basket-42", "heron-basket-42\n", "heron\u{7f}basket-42"] {
            assert_eq!(check(password), Err(CONTROLS.at("p")), "{password:?}");
        }
    }

    #[test]
    fn the_list_is_of_passwords_that_nothing_else_refuses() {
        for line in COMMON.lines() {
            assert_eq!(line, line.to_lowercase());
            assert!(line.chars().count() >= CHARS_MIN, "{line}");
        }
    }

    #[tokio::test]
    async fn the_password_is_right_or_not_and_nobodys_never_is() {
        let stored = hash("heron-basket-42").await;
        assert!(stored.starts_with("$2b$12$"));
        assert!(is_right("heron-basket-42", &stored).await);
        assert!(!is_right("heron-basket-43", &stored).await);
        let nobodys = Password::new("heron-basket-42").verify(None, turn().await).await.unwrap();
        assert!(!nobodys.0);
    }

    #[tokio::test]
    async fn one_password_has_one_spelling_whatever_keyboard_typed_it() {
        let stored = hash("Café-Zürich 42").await;
        assert!(is_right("Cafe\u{301}-Zu\u{308}rich\u{a0}42", &stored).await);
        assert!(!is_right("Cafe-Zurich 42", &stored).await);
    }

    #[test]
    fn the_examples_of_rfc_8265_are_told_apart_or_made_alike_as_it_says() {
        // Section 4.3: OpaqueString keeps case and blanks, and has one kind of blank.
        let alike = |one: &str, other: &str| Password::new(one).0 == Password::new(other).0;
        assert!(!alike("correct horse battery staple", "Correct Horse Battery Staple"));
        assert!(alike("foo bar", "foo\u{1680}bar") && alike("foo bar", "foo\u{3000}bar"));
        assert!(
            !alike("foo bar", "foobar") && !alike("foo bar", "foo  bar") && !alike("foo bar", " foo bar")
        );
        for right in [
            "correct horse battery staple",
            "Jack of \u{2666}s, and more",
            "\u{3c0}\u{df}\u{e5} \u{3c0}\u{3c1}\u{3c2}-42",
        ] {
            assert_eq!(check(right), Ok(()), "{right}");
        }
        assert_eq!(check("my cat is a \u{9}by"), Err(CONTROLS.at("p")));
        assert_eq!(check(""), Err(TOO_SHORT.at("p")));
    }

    #[test]
    fn blanks_alone_are_no_password_whichever_they_are() {
        for blank in [" ", "\u{a0}", "\u{2003}", "\u{3000}"] {
            assert_eq!(check(&blank.repeat(20)), Err(TOO_COMMON.at("p")), "{blank:?}");
        }
        assert_eq!(
            check(" \u{a0}\u{2003}\u{3000}\u{202f}\u{1680} \u{a0}\u{2003}\u{3000}"),
            Err(TOO_COMMON.at("p"))
        );
    }

    #[tokio::test]
    async fn what_is_too_long_is_not_cut_to_fit_and_what_follows_a_nul_is_not_left_out() {
        let longest = "abcdefgh9".repeat(8);
        let stored = hash(&longest).await;
        assert!(!is_right(&format!("{longest}x"), &stored).await);
        assert!(is_right(&longest, &stored).await);
        let stored = hash("heron-basket-42").await;
        assert!(!is_right("heron-basket-42\u{0}heron-basket-42", &stored).await);
    }
}
