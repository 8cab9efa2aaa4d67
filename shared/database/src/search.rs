//! Search: parts of texts, found by an index.

use common::{Error, Result};
use sqlx::AssertSqlSafe;
use unicode_normalization::UnicodeNormalization as _;
use uuid::Uuid;

use crate::{Record, Tx};

/// The longest text that is searched for, in characters.
const CHARACTERS_MAX: usize = 100;

/// The most words that are searched for.
const WORDS_MAX: usize = 8;

/// How many ids are looked up at most. What matches more rows is found sooner by walking the list itself.
const IDS_MAX: i32 = 1_000;

/// What a list is filtered by when something is searched for: `page!` takes both, as
/// `($n::uuid[] is null or id = any($n)) and ($m::text[] is null or search_text like all($m))`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// The rows that match, when they are few.
    pub ids: Option<Vec<Uuid>>,
    /// What they match, when they are many.
    pub patterns: Option<Vec<String>>,
}

impl Tx {
    /// Looks for records with all words of a text in what they are searched by: their column `search_text`, which begins
    /// with a blank and is as `core.searchable` makes it, without case and accents. Words of one or two characters are
    /// found at the beginning of words only.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` when the text is empty or has more than 100 characters or 8 words.
    pub async fn search<R: Record>(&mut self, text: Option<&str>) -> Result<Search> {
        let Some(text) = text else { return Ok(Search::default()) };
        let sql = format!("select ids, patterns from core.search('{}'::regclass, $1, $2)", R::TABLE);
        let (ids, patterns): (Option<Vec<Uuid>>, Vec<String>) = sqlx::query_as(AssertSqlSafe(sql))
            .bind(patterns(text)?)
            .bind(IDS_MAX)
            .fetch_one(self.conn())
            .await?;
        let patterns = ids.is_none().then_some(patterns);
        Ok(Search { ids, patterns })
    }
}

/// For each word of a text the pattern that finds it as it stands, for `like`: `%` and `_` mean themselves.
fn patterns(text: &str) -> Result<Vec<String>> {
    let text: String = text.trim().nfc().collect();
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_taken = text.chars().count() <= CHARACTERS_MAX && (1..=WORDS_MAX).contains(&words.len());
    if !is_taken || text.contains('\0') {
        let message = format!(
            "search must have 1 to {CHARACTERS_MAX} characters other than U+0000, and {WORDS_MAX} words at most"
        );
        return Err(Error::validation(message));
    }
    Ok(words.into_iter().map(pattern).collect())
}

fn pattern(word: &str) -> String {
    let escaped = word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    // The index knows groups of three characters, a blank before a word counted as one.
    if word.chars().count() < 3 { format!("% {escaped}%") } else { format!("%{escaped}%") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_finds_the_characters_of_its_words_as_they_stand() {
        assert_eq!(patterns(" Ada  Lovelace ").unwrap(), ["%Ada%", "%Lovelace%"]);
        assert_eq!(patterns(r"50%_\x").unwrap(), [r"%50\%\_\\x%"]);
        assert_eq!(patterns("Jose\u{301}").unwrap(), ["%José%"]);
        assert_eq!(patterns("张").unwrap(), ["% 张%"]);
        for wrong in ["", "   ", "a\0", &"x".repeat(101), "1 2 3 4 5 6 7 8 9"] {
            assert!(patterns(wrong).is_err(), "{wrong}");
        }
    }
}
