//! Number series: what the numbers of each kind of document look like. Modules take them by `database::Series`.

use async_graphql::{Context, InputObject, MaybeUndefined, SimpleObject};
use chrono::Datelike as _;
use common::{ADMINISTRATION, Form, Page, Permission, Refusal, Result, STAFF, Slice};
use database::{Ctx, Record, is_pattern, numbered, page};
use graphql::{App as _, mutations, noun, queries, sorts};

use crate::ids::NumberSeriesId;

/// How documents of one kind are numbered.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("number series", table = "common.number_series", read = READ)]
pub struct NumberSeries {
    /// The id of the number series; opaque to clients.
    pub id: NumberSeriesId,
    /// The kind of document that is numbered, such as employee.employee.
    #[record(once)]
    pub key: String,
    /// What a number looks like, such as INV-{year}-{number:4}: the digits after the colon are the fewest.
    pub pattern: String,
    /// Whether the numbers begin again at 1 with each year.
    pub is_yearly: bool,
    /// The year of the last number that was taken.
    #[record(once)]
    pub year: i32,
    /// The last number that was taken, counted within its year where the numbers begin again.
    #[record(once)]
    pub last_number: i64,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
}

pub(crate) const READ: Permission =
    Permission::new("tenant.numbers.read", "See how documents are numbered.", STAFF);
pub(crate) const MANAGE: Permission =
    Permission::new("tenant.numbers.manage", "Change how documents are numbered.", ADMINISTRATION);

const PATTERN_INVALID: Refusal = Refusal::of(
    "pattern",
    "PATTERN_INVALID",
    "give up to 60 characters with {number} or {number:4} once, {year} at most once, and no other braces",
);
const YEAR_MISSING: Refusal = Refusal::of(
    "pattern",
    "YEAR_MISSING",
    "numbers that begin again with each year need {year}, or two documents would have the same",
);

/// The most characters of a pattern.
const PATTERN_MAX: usize = 60;

// Use-cases.

/// Changes what the next numbers look like; those that were given stay.
pub async fn update(ctx: &Ctx, id: NumberSeriesId, input: NumberSeriesUpdateInput) -> Result<NumberSeries> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let mut series: NumberSeries = tx.lock_at(id, input.version).await?;
    series.fill_in(input)?;
    tx.save(&mut series).await?;
    tx.commit(series).await
}

/// The number series that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: NumberSeriesFilter,
    sort: NumberSeriesSort,
    page: Page,
) -> Result<Slice<NumberSeries>> {
    let mut tx = ctx.read(&READ).await?;
    let search = tx.search::<NumberSeries>(filter.search.as_deref()).await?;
    Ok(page!(
        tx, NumberSeries, page, sort: NumberSeriesSort { Key => "key" },
        "($3::uuid[] is null or id = any($3)) and ($4::text[] is null or search_text like all($4))",
        [search.ids.as_deref(), search.patterns.as_deref()],
    ))
}

// Rules.

impl NumberSeries {
    fn fill_in(&mut self, input: NumberSeriesUpdateInput) -> Result<()> {
        let mut form = Form::default();
        form.checked("pattern", input.pattern, pattern, &mut self.pattern);
        form.set("isYearly", input.is_yearly, &mut self.is_yearly);
        if self.is_yearly && !self.pattern.contains("{year}") {
            form.refuse(YEAR_MISSING);
        }
        form.check()
    }

    /// What a document of this year would be numbered if it were made now.
    fn next_of(&self, year: i32) -> String {
        let last_number = if self.is_yearly && self.year < year { 0 } else { self.last_number };
        numbered(&self.pattern, year, last_number + 1)
    }
}

fn pattern(given: String) -> Result<String, Refusal> {
    let pattern = common::text::name(&given, PATTERN_MAX);
    pattern.filter(|pattern| is_pattern(pattern)).ok_or(PATTERN_INVALID)
}

// GraphQL.

#[noun]
impl NumberSeries {
    /// The number that a document of this year would get if it were made now; another one may be made first.
    async fn next_number(&self, gql: &Context<'_>) -> String {
        self.next_of(gql.app().now().year())
    }
}

/// The fields of a number series to change; those that are absent stay as they are.
#[derive(Clone, Debug, InputObject)]
pub struct NumberSeriesUpdateInput {
    /// The version that the change was made from; refused with VERSION_CONFLICT when there is a later one.
    pub version: i32,
    /// What a number looks like: up to 60 characters, with {number} or {number:4} once, and {year} at most once.
    pub pattern: MaybeUndefined<String>,
    /// Whether the numbers begin again at 1 with each year; then the pattern needs {year}.
    pub is_yearly: MaybeUndefined<bool>,
}

/// Which number series a list has.
#[derive(Debug, Default, InputObject)]
pub struct NumberSeriesFilter {
    /// Part of the key or of the pattern: 1 to 100 characters.
    #[graphql(directive = graphql::cost::apply(20))]
    pub search: Option<String>,
}

sorts! {
    /// How a list of number series is ordered.
    NumberSeriesSort {
        /// By key.
        Key,
    }
}

queries! {
    NumberSeries;
    /// The number series of the organization, by key. One begins with the first document of its kind.
    number_series_list(NumberSeriesFilter, NumberSeriesSort) = list;
    /// One number series; null when there is none of that id.
    number_series;
}

mutations! {
    NumberSeries as number_series;
    /// Changes what the next numbers of a series look like; numbers that were given stay as they are.
    number_series_update(id: NumberSeriesId, input: NumberSeriesUpdateInput) = update for MANAGE;
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn series(pattern: &str, is_yearly: bool) -> NumberSeries {
        let blank = NumberSeries::blank(DateTime::UNIX_EPOCH);
        NumberSeries { pattern: pattern.into(), is_yearly, year: 2026, last_number: 41, ..blank }
    }

    #[test]
    fn the_next_number_is_one_more_or_the_first_of_its_year() {
        assert_eq!(series("E-{number:5}", false).next_of(2027), "E-00042");
        let yearly = series("INV-{year}-{number:4}", true);
        assert_eq!(yearly.next_of(2026), "INV-2026-0042");
        assert_eq!(yearly.next_of(2027), "INV-2027-0001");
    }

    #[test]
    fn a_pattern_must_number_and_a_yearly_one_name_its_year() {
        let change = |pattern: &str, is_yearly: bool| {
            let mut series = series("E-{number}", false);
            let changed = series.fill_in(NumberSeriesUpdateInput {
                version: 1,
                pattern: MaybeUndefined::Value(pattern.into()),
                is_yearly: MaybeUndefined::Value(is_yearly),
            });
            changed.is_ok()
        };
        assert!(change("E-{number}", false) && change("{year}/{number}", true));
        assert!(!change("E-{number}", true) && !change("E-", false) && !change("\0{number}", false));
        assert!(!change(&format!("{}{{number}}", "x".repeat(60)), false));
    }
}
