//! Number series: the numbers that people know documents by.

use std::collections::HashSet;

use common::{Error, Refusal, Result};
use sqlx::AssertSqlSafe;

use crate::Tx;

/// A kind of document that is numbered, and how until the organization says otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Series {
    /// What is numbered: `employee.employee`.
    pub key: &'static str,
    /// What a number looks like: `INV-{year}-{number:4}`; the digits are the fewest.
    pub pattern: &'static str,
    /// Whether it begins again with each year.
    pub is_yearly: bool,
    /// The table of the documents, and the column that has their numbers: what stands there already is passed over.
    pub place: (&'static str, &'static str),
}

/// The highest number that a series follows: what is higher was numbered in some other way.
const NUMBER_MAX: i64 = 999_999_999;
/// How many numbers that are taken already are passed over at most.
const TAKEN_MAX: usize = 1_000;

const NUMBERS_TAKEN: Refusal = Refusal::whole(
    "NUMBERS_TAKEN",
    "the next 1,000 numbers of the series are taken already; give the series another pattern",
);

impl Tx {
    /// The next number of a series for a document of this year. Whoever asks next waits until this transaction is
    /// through, and gets the same number when it fails: none is left out.
    ///
    /// # Errors
    /// `NUMBERS_TAKEN` when documents have the next ones already, by another pattern or from elsewhere.
    pub async fn next_number(&mut self, series: &Series, year: i32) -> Result<String> {
        self.next_numbers(series, year, 1).await?.pop().ok_or_else(|| Error::internal("a series ended"))
    }

    /// As [`Tx::next_number`], for several documents, in order.
    ///
    /// # Errors
    /// As [`Tx::next_number`].
    pub async fn next_numbers(&mut self, series: &Series, year: i32, count: u32) -> Result<Vec<String>> {
        let (table, column) = series.place;
        let sql = format!("select {column} from {table} where {column} = any($1)");
        let wanted = usize::try_from(count).unwrap_or(usize::MAX);
        let (mut free, mut passed) = (Vec::with_capacity(wanted), 0);
        while free.len() < wanted {
            let missing = u32::try_from(wanted - free.len()).unwrap_or(count);
            let (pattern, last) = self.take_numbers(series, year, missing).await?;
            let mut next: Vec<String> = (last - i64::from(missing) + 1..=last)
                .map(|number| numbered(&pattern, year, number))
                .collect();
            let taken: HashSet<String> = sqlx::query_scalar(AssertSqlSafe(sql.clone()))
                .bind(&next)
                .fetch_all(self.conn())
                .await?
                .into_iter()
                .collect();
            passed += taken.len();
            if passed > TAKEN_MAX {
                return Err(NUMBERS_TAKEN.into());
            }
            next.retain(|number| !taken.contains(number));
            free.append(&mut next);
        }
        Ok(free)
    }

    /// Passes over numbers that documents of this year were given elsewhere: none that the series would have come to is
    /// given again.
    ///
    /// # Errors
    /// As [`Tx::next_number`].
    pub async fn pass_numbers(&mut self, series: &Series, year: i32, given: &[&str]) -> Result<()> {
        let (pattern, last) = self.take_numbers(series, year, 0).await?;
        let highest = given.iter().filter_map(|given| read(&pattern, year, given)).max();
        if let Some(highest) = highest.filter(|highest| *highest > last) {
            sqlx::query("update common.number_series set last_number = $2 where key = $1")
                .bind(series.key)
                .bind(highest)
                .execute(self.conn())
                .await?;
        }
        Ok(())
    }

    /// The pattern of a series and the last of `count` numbers more, under the row's lock.
    async fn take_numbers(&mut self, series: &Series, year: i32, count: u32) -> Result<(String, i64)> {
        Ok(sqlx::query_as(
            "insert into common.number_series as s (key, pattern, is_yearly, year, last_number)
             values ($1, $2, $3, $4, $5)
             on conflict on constraint number_series_key_key do update set year = greatest(s.year, $4),
                 last_number = case when s.is_yearly and s.year < $4 then 0 else s.last_number end + $5
             returning pattern, last_number",
        )
        .bind(series.key)
        .bind(series.pattern)
        .bind(series.is_yearly)
        .bind(year)
        .bind(i64::from(count))
        .fetch_one(self.conn())
        .await?)
    }
}

/// Whether a pattern can number anything: it has `{number}` or `{number:DIGITS}` once, `{year}` at most once, and no
/// other braces.
#[must_use]
pub fn is_pattern(pattern: &str) -> bool {
    let sample = numbered(pattern, 2026, 7);
    pattern.matches("{number").count() == 1
        && pattern.matches("{year}").count() <= 1
        && !sample.contains(['{', '}'])
}

/// A number as its pattern has it, of a document of this year.
#[must_use]
pub fn numbered(pattern: &str, year: i32, number: i64) -> String {
    let with_year = pattern.replace("{year}", &year.to_string());
    let Some((head, rest)) = with_year.split_once("{number") else { return with_year };
    let Some((digits, tail)) = rest.split_once('}') else { return with_year };
    match (digits.is_empty(), digits.strip_prefix(':').and_then(|digits| digits.parse::<usize>().ok())) {
        (true, _) => format!("{head}{number}{tail}"),
        (_, Some(digits @ 1..=12)) => format!("{head}{number:0digits$}{tail}"),
        _ => with_year,
    }
}

/// The number that a text is in a pattern; `None` when the pattern would not write it so.
fn read(pattern: &str, year: i32, text: &str) -> Option<i64> {
    const DIGITS_MAX: usize = 12;
    let with_year = pattern.replace("{year}", &year.to_string());
    let (head, rest) = with_year.split_once("{number")?;
    let (_, tail) = rest.split_once('}')?;
    let digits = text.strip_prefix(head)?.strip_suffix(tail)?;
    // A sign is no digit.
    let are_digits = digits.len() <= DIGITS_MAX && digits.chars().all(|c| c.is_ascii_digit());
    let number = digits.parse().ok().filter(|number| are_digits && *number <= NUMBER_MAX)?;
    (numbered(pattern, year, number) == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_looks_as_its_pattern_says() {
        assert_eq!(numbered("E-{number:5}", 2026, 42), "E-00042");
        assert_eq!(numbered("INV-{year}-{number:4}", 2026, 12345), "INV-2026-12345");
        assert_eq!(numbered("{number}", 2026, 7), "7");
    }

    #[test]
    fn a_number_is_told_from_what_only_looks_like_one() {
        assert_eq!(read("E-{number:5}", 2026, "E-00042"), Some(42));
        assert_eq!(read("E-{number:5}", 2026, "E-123456"), Some(123_456));
        assert_eq!(read("{year}/{number}", 2026, "2026/7"), Some(7));
        for other in ["E-42", "E-000042", "X-00042", "E--0001", "E-", "", "E-9999999999999", "E-00042x"] {
            assert_eq!(read("E-{number:5}", 2026, other), None, "{other}");
        }
    }

    #[test]
    fn a_pattern_has_a_place_for_the_number_and_no_other_braces() {
        for right in ["{number}", "E-{number:5}", "{year}/{number:12}"] {
            assert!(is_pattern(right), "{right}");
        }
        for wrong in [
            "",
            "E-",
            "{number:0}",
            "{number:13}",
            "{number:x}",
            "{number}{number}",
            "{month}-{number}",
            "{number",
        ] {
            assert!(!is_pattern(wrong), "{wrong}");
        }
    }
}
