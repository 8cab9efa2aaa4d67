//! What the forms of this module share: countries, choices as events have them.

use async_graphql::MaybeUndefined;
use common::{Form, Refusal};

/// A country by its ISO 3166 code, or none.
pub(crate) fn country(
    form: &mut Form,
    field: &'static str,
    given: MaybeUndefined<String>,
    place: &mut Option<String>,
) {
    let country = |given: String| {
        const INVALID: &str = "give a country by its two letters, such as AT";
        let code = given.trim().to_ascii_uppercase();
        let is_code = code.len() == 2 && code.chars().all(|c| c.is_ascii_uppercase());
        if is_code { Ok(Some(code)) } else { Err(Refusal::of(field, "COUNTRY_UNKNOWN", INVALID)) }
    };
    form.optional_checked(given, country, place);
}

/// A choice as it stands in events.
pub(crate) fn word(choice: &impl serde::Serialize) -> String {
    serde_json::to_value(choice).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

/// A count as the graph has it.
pub(crate) fn count(count: i64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
