use chrono::{DateTime, Utc};
use common::Error;

use super::*;

fn field(key: &str, kind: CustomFieldKind, options: &[&str]) -> CustomField {
    let mut field = CustomField::blank(DateTime::UNIX_EPOCH);
    field.key = key.to_owned();
    field.label = key.to_uppercase();
    field.kind = kind;
    field.options = options.iter().map(|option| (*option).to_owned()).collect();
    field
}

fn definitions() -> Definitions {
    Definitions(vec![
        field("note", CustomFieldKind::Text, &[]),
        field("size", CustomFieldKind::Number, &[]),
        field("until", CustomFieldKind::Date, &[]),
        field("badge", CustomFieldKind::Boolean, &[]),
        field("shirt", CustomFieldKind::Select, &["S", "M", "L"]),
        field("skills", CustomFieldKind::Multiselect, &["Rust", "SQL", "Go"]),
    ])
}

fn set(key: &str, value: impl Into<Option<&'static str>>) -> CustomFieldInput {
    CustomFieldInput { key: key.to_owned(), value: value.into().map(ToOwned::to_owned) }
}

fn fill(
    definitions: &Definitions,
    values: &mut Values,
    given: Vec<CustomFieldInput>,
    is_new: bool,
) -> String {
    let mut form = Form::default();
    definitions.fill_in(&mut form, Value(given), is_new, values);
    let Err(Error::Refused(refusals)) = form.check() else { return String::new() };
    let path = |refusal: &Refusal| format!("{} {}", refusal.field.as_deref().unwrap_or("-"), refusal.code);
    refusals.iter().map(path).collect::<Vec<_>>().join(", ")
}

fn kept(key: &str, value: &'static str) -> Result<String, String> {
    let mut values = Values::default();
    let refused = fill(&definitions(), &mut values, vec![set(key, value)], false);
    values.get(key).ok_or(refused)
}

#[test]
fn a_value_is_kept_in_one_spelling() {
    for (key, given, is) in [
        ("note", " a\r\nb ", "a\nb"),
        ("size", "012.500", "12.5"),
        ("size", "-0", "0"),
        ("size", "-0.10", "-0.1"),
        ("size", "999999999999999.999999", "999999999999999.999999"),
        ("until", " 2026-12-31 ", "2026-12-31"),
        ("badge", "TRUE", "true"),
        ("shirt", " M ", "M"),
        ("skills", "SQL, Rust,SQL", "Rust,SQL"),
    ] {
        assert_eq!(kept(key, given).as_deref(), Ok(is), "{key} {given}");
    }
}

#[test]
fn what_is_no_value_of_its_kind_is_refused_with_its_path() {
    for (key, given, code) in [
        ("note", "\u{202E}x", "TEXT_INVALID"),
        ("note", "", "TEXT_INVALID"),
        ("size", "", "NUMBER_INVALID"),
        ("size", "1e5", "NUMBER_INVALID"),
        ("size", "1_000", "NUMBER_INVALID"),
        ("size", "+1", "NUMBER_INVALID"),
        ("size", "NaN", "NUMBER_INVALID"),
        ("size", ".5", "NUMBER_INVALID"),
        ("size", "1000000000000000", "OUT_OF_RANGE"),
        ("size", "0.1234567", "TOO_MANY_DECIMALS"),
        ("until", "2026-1-5", "DATE_INVALID"),
        ("until", "2026-02-30", "DATE_INVALID"),
        ("until", "1066-10-14", "DATE_INVALID"),
        ("badge", "yes", "BOOLEAN_INVALID"),
        ("shirt", "m", "OPTION_UNKNOWN"),
        ("shirt", "S,M", "OPTION_UNKNOWN"),
        ("skills", "Rust,Cobol", "OPTION_UNKNOWN"),
    ] {
        assert_eq!(kept(key, given), Err(format!("customFields.0.value {code}")), "{key} {given}");
    }
    assert_eq!(kept("weight", "1"), Err("customFields.0.key CUSTOM_FIELD_NOT_FOUND".to_owned()));
}

#[test]
fn what_is_named_changes_null_clears_and_the_rest_stays() {
    let (definitions, mut values) = (definitions(), Values::default());
    assert_eq!(fill(&definitions, &mut values, vec![set("size", "1"), set("shirt", "M")], true), "");
    assert_eq!(fill(&definitions, &mut values, vec![set("size", None)], false), "");
    assert_eq!((values.get("size"), values.get("shirt").as_deref()), (None, Some("M")));
    let twice = vec![set("size", "1"), set("size", "2")];
    assert_eq!(fill(&definitions, &mut values, twice, false), "customFields.1.key CUSTOM_FIELD_TWICE");
}

#[test]
fn a_required_field_is_asked_of_what_is_new_and_never_cleared() {
    let mut definitions = definitions();
    definitions.0[1].is_required = true;
    let mut values = Values::default();
    assert_eq!(fill(&definitions, &mut values, vec![], true), "customFields.size REQUIRED");
    assert_eq!(
        fill(&definitions, &mut values, vec![set("size", None)], true),
        "customFields.0.value REQUIRED"
    );
    // What was made before the field was required can still be changed.
    assert_eq!(fill(&definitions, &mut values, vec![set("shirt", "M")], false), "");
    assert_eq!(fill(&definitions, &mut values, vec![set("size", "3")], true), "");
}

#[test]
fn an_archived_field_keeps_its_value_and_takes_no_other() {
    let (mut definitions, mut values) = (definitions(), Values::default());
    fill(&definitions, &mut values, vec![set("shirt", "M"), set("skills", "Go,Rust")], true);
    definitions.0[0].archived_at = Some(Utc::now());
    definitions.0[4].archived_at = Some(Utc::now());
    definitions.0[5].options = vec!["SQL".to_owned()];
    // As they were, they may be given again.
    assert_eq!(fill(&definitions, &mut values, vec![set("shirt", "M"), set("skills", "Rust,Go")], false), "");
    let other = fill(&definitions, &mut values, vec![set("shirt", "L"), set("skills", "Go")], false);
    assert_eq!(other, "customFields.0.key CUSTOM_FIELD_NOT_FOUND, customFields.1.value OPTION_UNKNOWN");
    let keys: Vec<String> = definitions.show(&values).into_iter().map(|shown| shown.key).collect();
    assert_eq!(keys, ["size", "until", "badge", "shirt", "skills"]);
    assert_eq!(fill(&definitions, &mut values, vec![set("shirt", None)], false), "");
    assert_eq!(definitions.show(&values).len(), 4);
}
