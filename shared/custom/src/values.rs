//! Values of custom fields: taken in by the rule of their kind, kept in one spelling, shown in the order of their
//! definitions.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::marker::PhantomData;
use std::sync::Arc;

use async_graphql::MaybeUndefined::{Null, Undefined, Value};
use async_graphql::{Context, InputObject, MaybeUndefined, SimpleObject};
use chrono::{Datelike as _, NaiveDate};
use common::{Form, Permission, Refusal, Result, text};
use database::{Record, Tx};
use graphql::{App as _, Batch};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;

use crate::field::{CONFIDENTIAL, CustomField, CustomFieldKind, select_of};

/// The value of a custom field to set or to clear.
#[derive(Clone, Debug, PartialEq, Eq, InputObject)]
pub struct CustomFieldInput {
    /// The key of the custom field.
    pub key: String,
    /// The value as text: a number such as 12.5, a day such as 2026-12-31, true or false, an option, or several options
    /// with commas between them; null clears the field.
    pub value: Option<String>,
}

/// Takes in the cell of a file for the field `key` of a record, which has had `before` so far. An empty cell of what has no
/// value says nothing: so a field may become required.
pub fn take_in_cell(
    fields: &mut MaybeUndefined<Vec<CustomFieldInput>>,
    before: Option<&Values>,
    key: &str,
    cell: Option<&str>,
) {
    if cell.is_none() && before.and_then(|before| before.get(key)).is_none() {
        return;
    }
    let field = CustomFieldInput { key: key.to_owned(), value: cell.map(ToOwned::to_owned) };
    match fields {
        Value(fields) => fields.push(field),
        fields => *fields = Value(vec![field]),
    }
}

/// What is known of a thing by a field that the organization has added.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject)]
#[graphql(shareable)]
pub struct CustomFieldValue {
    /// The key of the custom field.
    pub key: String,
    /// The label that forms show.
    pub label: String,
    /// What its values are.
    pub kind: CustomFieldKind,
    /// The value as text: a number such as 12.5, a day such as 2026-12-31, true or false, an option, or several options
    /// with commas between them; null when there is none.
    pub value: Option<String>,
}

/// One value as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Kept {
    /// Of a field that has one.
    One(String),
    /// Of a field with several options, in the order of the options.
    Many(Vec<String>),
}

impl Kept {
    fn text(&self) -> String {
        match self {
            Self::One(text) => text.clone(),
            Self::Many(options) => options.join(","),
        }
    }
}

/// The values of a row's custom fields by key: its column `custom_fields`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct Values(Json<BTreeMap<String, Kept>>);

impl Values {
    /// The value by a key, as text.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<String> {
        self.0.get(key).map(Kept::text)
    }

    /// Takes over what another row has and this one has not: of two that become one.
    pub fn take_missing(&mut self, other: &Self) {
        for (key, value) in &*other.0 {
            self.0.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }
}

const FIELD: &str = "customFields";
const NOT_FOUND: Refusal =
    Refusal::of("key", CustomField::NOT_FOUND, "there is no custom field of this key in use");
const REQUIRED: Refusal = Refusal::of("value", "REQUIRED", "this cannot be left empty");
const TWICE: Refusal =
    Refusal::of("key", "CUSTOM_FIELD_TWICE", "this custom field stands in the list before");
const TEXT_INVALID: Refusal = Refusal::of("value", "TEXT_INVALID", "give 1 to 1000 characters, or nothing");
const NUMBER_INVALID: Refusal = Refusal::of("value", "NUMBER_INVALID", "give a number, such as 12 or -0.5");
const DATE_INVALID: Refusal =
    Refusal::of("value", "DATE_INVALID", "give a day such as 2026-12-31, from 1900 to 2199");
const BOOLEAN_INVALID: Refusal = Refusal::of("value", "BOOLEAN_INVALID", "give true or false");
const OPTION_UNKNOWN: Refusal = Refusal::of("value", "OPTION_UNKNOWN", "");

/// The most values that are given at once.
const GIVEN_MAX: usize = 100;
/// The most characters of a text.
const TEXT_MAX: usize = 1_000;
/// The most digits of a number, and of those after its point.
const DIGITS_MAX: usize = 15;
const DECIMALS_MAX: usize = 6;

/// The custom fields of one noun, in order, archived ones included: what has a value by them still does.
#[derive(Clone, Debug, Default)]
pub struct Definitions(Vec<CustomField>);

impl Definitions {
    /// Those of a noun.
    ///
    /// # Errors
    /// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
    pub async fn of<R: Record>(tx: &mut Tx) -> Result<Self> {
        select_of(tx, R::GRAPHQL).await.map(Self)
    }

    /// The keys of those in use, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|field| !field.is_archived()).map(|field| field.key.as_str())
    }

    /// Whether the values of the one with this key are numbers.
    #[must_use]
    pub fn is_number(&self, key: &str) -> bool {
        self.0.iter().any(|field| field.key == key && field.kind == CustomFieldKind::Number)
    }

    /// Takes in a form's `customFields`: what is named is set, or cleared by null; what is not named stays. A new thing
    /// must have a value of every required field. What a field's kind would refuse by now may stay as it was.
    pub fn fill_in(
        &self,
        form: &mut Form,
        given: MaybeUndefined<Vec<CustomFieldInput>>,
        is_new: bool,
        place: &mut Values,
    ) {
        let given = match given {
            Undefined => Vec::new(),
            Null => return form.refuse(REQUIRED.at(FIELD)),
            Value(given) => given,
        };
        if given.len() > GIVEN_MAX {
            let message = format!("give {GIVEN_MAX} values at most, not {}", given.len());
            return form.refuse(Refusal::of(FIELD, "OUT_OF_RANGE", "").saying(message));
        }
        let mut seen = BTreeSet::new();
        for (at, given) in given.into_iter().enumerate() {
            let taken = match seen.insert(given.key.clone()) {
                true => self.take(given, place),
                false => Err(TWICE),
            };
            if let Err(refusal) = taken {
                form.refuse(refusal.below(FIELD, at));
            }
        }
        let is_missing = |field: &&CustomField| {
            is_new
                && field.is_required
                && !field.is_archived()
                && !seen.contains(&field.key)
                && !place.0.contains_key(&field.key)
        };
        for field in self.0.iter().filter(is_missing) {
            form.refuse(REQUIRED.at(format!("{FIELD}.{}", field.key)));
        }
    }

    fn take(&self, given: CustomFieldInput, place: &mut Values) -> Result<(), Refusal> {
        let CustomFieldInput { key, value } = given;
        let field = self.0.iter().find(|field| field.key == key).ok_or(NOT_FOUND)?;
        let Some(value) = value else {
            if field.is_required && !field.is_archived() {
                return Err(REQUIRED);
            }
            place.0.remove(&key);
            return Ok(());
        };
        if place.get(&key).is_some_and(|before| before == value) {
            return Ok(());
        }
        if field.is_archived() {
            return Err(NOT_FOUND);
        }
        let kept = canonical(field, &value)?;
        place.0.insert(key, kept);
        Ok(())
    }

    /// A value in the spelling that it is kept in; as it stands when its kind would refuse it by now. `None` when there
    /// is no field of this key.
    ///
    /// Nor is there one that is confidential for whoever does not see everybody's: a filter would tell whose it is.
    pub(crate) fn canonical(&self, key: &str, value: &str, sees_all: bool) -> Option<Kept> {
        let field = self.0.iter().find(|field| field.key == key && (sees_all || !field.is_confidential))?;
        Some(canonical(field, value).unwrap_or_else(|_| match field.kind {
            CustomFieldKind::Multiselect => Kept::Many(vec![value.to_owned()]),
            _ => Kept::One(value.to_owned()),
        }))
    }

    /// The values of one row, in order: of every field in use, and of archived ones that have one.
    #[must_use]
    pub fn show(&self, values: &Values) -> Vec<CustomFieldValue> {
        let shown = self.0.iter().filter_map(|field| {
            let value = values.get(&field.key);
            (value.is_some() || !field.is_archived()).then(|| CustomFieldValue {
                key: field.key.clone(),
                label: field.label.clone(),
                kind: field.kind,
                value,
            })
        });
        shown.collect()
    }
}

fn canonical(field: &CustomField, value: &str) -> Result<Kept, Refusal> {
    let one = match field.kind {
        CustomFieldKind::Text => text::text(value, TEXT_MAX).ok_or(TEXT_INVALID)?,
        CustomFieldKind::Number => number(value.trim())?,
        CustomFieldKind::Date => day(value.trim())?,
        CustomFieldKind::Boolean => match value.trim().to_ascii_lowercase() {
            word if word == "true" || word == "false" => word,
            _ => return Err(BOOLEAN_INVALID),
        },
        CustomFieldKind::Select => option(field, value)?,
        CustomFieldKind::Multiselect => {
            let chosen: Vec<String> =
                value.split(',').map(|value| option(field, value)).collect::<Result<_, _>>()?;
            let options = field.options.iter().filter(|option| chosen.contains(option));
            return Ok(Kept::Many(options.cloned().collect()));
        }
    };
    Ok(Kept::One(one))
}

/// A number as its digits, without those that say nothing.
fn number(value: &str) -> Result<String, Refusal> {
    let digits = value.strip_prefix('-').unwrap_or(value);
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    if !are_digits(whole) || !are_digits(decimals) {
        return Err(NUMBER_INVALID);
    }
    if whole.trim_start_matches('0').len() > DIGITS_MAX {
        let message = format!("give a number of {DIGITS_MAX} digits at most before the point");
        return Err(Refusal::of("value", "OUT_OF_RANGE", "").saying(message));
    }
    let decimals = decimals.trim_end_matches('0');
    if decimals.len() > DECIMALS_MAX {
        let message = format!("give {DECIMALS_MAX} decimals at most");
        return Err(Refusal::of("value", "TOO_MANY_DECIMALS", "").saying(message));
    }
    let sign = if value.starts_with('-') { "-" } else { "" };
    let number: Decimal = format!("{sign}{whole}.{decimals}0").parse().map_err(|_| NUMBER_INVALID)?;
    Ok(number.normalize().to_string())
}

fn day(value: &str) -> Result<String, Refusal> {
    // chrono alone would take 2026-1-5 as well.
    let day: Option<NaiveDate> = value.parse().ok().filter(|_| value.len() == 10);
    let day = day.filter(|day| (1900..2200).contains(&day.year())).ok_or(DATE_INVALID)?;
    Ok(day.to_string())
}

fn option(field: &CustomField, value: &str) -> Result<String, Refusal> {
    /// How many options a message names.
    const NAMED_MAX: usize = 10;
    let value = text::name(value, Form::NAME_MAX).unwrap_or_default();
    if field.options.contains(&value) {
        return Ok(value);
    }
    let named = field.options.iter().take(NAMED_MAX).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if field.options.len() > NAMED_MAX { ", …" } else { "" };
    Err(OPTION_UNKNOWN.saying(format!("give one of the options: {named}{more}")))
}

struct FieldsOf<R>(PhantomData<fn() -> R>);

impl<R: Record> Batch for FieldsOf<R> {
    type Key = ();
    type Value = Arc<Definitions>;
    /// Whoever sees a thing sees what its fields are called.
    const READ: &'static Permission = R::READ;

    async fn load(tx: &mut Tx, _: &[()]) -> Result<HashMap<(), Arc<Definitions>>> {
        Ok(HashMap::from([((), Arc::new(Definitions::of::<R>(tx).await?))]))
    }
}

/// The values of one row for the graph, in the order of the definitions, confidential ones for whoever looks after it;
/// definitions are looked up once for all rows.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn shown<R: Record>(
    gql: &Context<'_>,
    record: &R,
    values: &Values,
) -> Result<Vec<CustomFieldValue>> {
    let definitions = gql.load::<FieldsOf<R>>(()).await?.unwrap_or_default();
    let hidden = hidden_keys(gql, record, &definitions).await?;
    let mut shown = definitions.show(values);
    shown.retain(|value| !hidden.contains(&value.key.as_str()));
    Ok(shown)
}

/// What the caller may not see of a record by its custom fields, as its history names it.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn hidden<R: Record>(gql: &Context<'_>, record: &R) -> Result<Vec<String>> {
    let definitions = gql.load::<FieldsOf<R>>(()).await?.unwrap_or_default();
    let hidden = hidden_keys(gql, record, &definitions).await?;
    Ok(hidden.into_iter().map(|key| format!("{FIELD}.{key}")).collect())
}

async fn hidden_keys<'d, R: Record>(
    gql: &Context<'_>,
    record: &R,
    definitions: &'d Definitions,
) -> Result<Vec<&'d str>> {
    let confidential = definitions.0.iter().filter(|field| field.is_confidential);
    let keys: Vec<&str> = confidential.map(|field| field.key.as_str()).collect();
    let may_see = keys.is_empty() || graphql::extends_to(gql, &CONFIDENTIAL, record).await?;
    Ok(if may_see { Vec::new() } else { keys })
}

#[cfg(test)]
mod tests;
