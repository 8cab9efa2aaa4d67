//! Tags: words that people put on a thing to find it by.

use async_graphql::MaybeUndefined;
use common::{Form, Refusal, text};

/// The most tags on one thing.
pub const TAGS_MAX: usize = 20;
/// The most characters in a tag.
pub const TAG_MAX: usize = 40;

const TAG_INVALID: Refusal = Refusal::whole(
    "TAG_INVALID",
    "give 1 to 40 characters that can be seen, on one line and without a comma, for a tag",
);

/// A tag in its one spelling; `None` when it is none.
pub(crate) fn tag(given: &str) -> Option<String> {
    text::name(given, TAG_MAX).filter(|tag| !tag.contains(','))
}

/// Takes in the tags of a form, each once: 20 at most, each a name of 1 to 40 characters without a comma. What differs
/// only in upper and lower case is the same tag; the first spelling stays.
pub fn tags(
    form: &mut Form,
    field: &'static str,
    given: MaybeUndefined<Vec<String>>,
    place: &mut Vec<String>,
) {
    let mut wrong = Vec::new();
    let rule = |given: Vec<String>| {
        let mut taken: Vec<String> = Vec::new();
        for (at, given) in given.iter().take(TAGS_MAX).enumerate() {
            match tag(given) {
                Some(tag) if taken.iter().any(|other| other.to_lowercase() == tag.to_lowercase()) => {}
                Some(tag) => taken.push(tag),
                None => wrong.push(TAG_INVALID.below(field, at)),
            }
        }
        match given.len() {
            ..=TAGS_MAX => Ok(taken),
            count => {
                let message = format!("give {TAGS_MAX} tags at most, not {count}");
                Err(Refusal::of(field, "OUT_OF_RANGE", "").saying(message))
            }
        }
    };
    let mut taken = place.clone();
    form.checked(field, given, rule, &mut taken);
    if wrong.is_empty() {
        *place = taken;
    }
    wrong.into_iter().for_each(|refusal| form.refuse(refusal));
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::MaybeUndefined::{Null, Undefined, Value};
    use common::Error;

    fn taken(given: MaybeUndefined<Vec<String>>) -> (Vec<String>, Vec<String>) {
        let (mut form, mut place) = (Form::default(), vec!["old".to_owned()]);
        tags(&mut form, "tags", given, &mut place);
        let refusals = match form.check() {
            Err(Error::Refused(refusals)) => refusals,
            _ => Vec::new(),
        };
        let path = |refusal: Refusal| format!("{} {}", refusal.field.as_deref().unwrap_or("-"), refusal.code);
        (place, refusals.into_iter().map(path).collect())
    }

    fn list(tags: &[&str]) -> MaybeUndefined<Vec<String>> {
        Value(tags.iter().map(|tag| (*tag).to_owned()).collect())
    }

    #[test]
    fn a_tag_is_kept_once_in_the_spelling_that_came_first() {
        assert_eq!(taken(list(&[" Night shift ", "Remote", "remote"])).0, ["Night shift", "Remote"]);
        assert_eq!(taken(list(&[])).0, Vec::<String>::new());
        assert_eq!(taken(Undefined).0, ["old"]);
    }

    #[test]
    fn what_is_no_tag_is_refused_where_it_stands_and_nothing_is_taken() {
        let long = "x".repeat(41);
        let (place, refusals) = taken(list(&["ok", "a,b", "", &long, "\u{202E}x"]));
        assert_eq!(place, ["old"]);
        let expected =
            ["tags.1 TAG_INVALID", "tags.2 TAG_INVALID", "tags.3 TAG_INVALID", "tags.4 TAG_INVALID"];
        assert_eq!(refusals, expected);
        let many: Vec<String> = (0..21).map(|n| n.to_string()).collect();
        assert_eq!(taken(Value(many)), (vec!["old".to_owned()], vec!["tags OUT_OF_RANGE".to_owned()]));
        assert_eq!(taken(Null).1, ["tags REQUIRED"]);
    }
}
