//! Search: parts of texts, found by an index.

use common::{Error, Result};
use sqlx::AssertSqlSafe;
use unicode_normalization::UnicodeNormalization as _;
use uuid::Uuid;

use crate::{Record, Tx};

/// The longest text that is searched for, in characters.
const CHARACTERS_MAX: usize = 100;

/// How many ids are looked up at most. What matches more rows is found sooner by walking the list itself.
const IDS_MAX: i32 = 1_000;

/// What a list is filtered by when something is searched for: `page!` takes both, as
/// `($n::uuid[] is null or id = any($n)) and ($m::text is null or search_text like $m)`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// The rows that match, when they are few.
    pub ids: Option<Vec<Uuid>>,
    /// What they match, when they are many.
    pub pattern: Option<String>,
}

impl Tx {
    /// Looks for records with a text in what they are searched by: their column `search_text`, which begins with a
    /// blank and is in lower case. Of one or two characters, only beginnings of words are found.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` when the text is empty or has more than 100 characters.
    pub async fn search<R: Record>(&mut self, text: Option<&str>) -> Result<Search> {
        let Some(text) = text else { return Ok(Search::default()) };
        let pattern = pattern(text)?;
        let sql = format!("select core.matching('{}'::regclass, $1, $2)", R::TABLE);
        let ids: Vec<Uuid> = sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(&pattern)
            .bind(IDS_MAX)
            .fetch_one(self.conn())
            .await?;
        Ok(match i32::try_from(ids.len()) {
            Ok(count) if count <= IDS_MAX => Search { ids: Some(ids), pattern: None },
            _ => Search { ids: None, pattern: Some(pattern) },
        })
    }
}

/// The pattern that finds a text as it stands, for `like`: `%` and `_` mean themselves.
fn pattern(text: &str) -> Result<String> {
    let text: String = text.trim().to_lowercase().nfc().collect();
    let length = text.chars().count();
    if !(1..=CHARACTERS_MAX).contains(&length) || text.contains('\0') {
        return Err(Error::validation(format!("search must have 1 to {CHARACTERS_MAX} characters")));
    }
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    // The index knows groups of three characters, a blank before a word counted as one.
    Ok(if length < 3 { format!("% {escaped}%") } else { format!("%{escaped}%") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_finds_its_characters_as_they_stand() {
        assert_eq!(pattern(" Ada ").unwrap(), "%ada%");
        assert_eq!(pattern(r"50%_\x").unwrap(), r"%50\%\_\\x%");
        assert_eq!(pattern("Jose\u{301}").unwrap(), "%josé%");
        assert_eq!(pattern("张").unwrap(), "% 张%");
        for wrong in ["", "   ", "a\0", &"x".repeat(101)] {
            assert!(pattern(wrong).is_err(), "{wrong}");
        }
    }
}
