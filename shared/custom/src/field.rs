//! Custom fields: fields that an organization adds to a noun.

use async_graphql::{InputObject, MaybeUndefined, SimpleObject};
use chrono::{DateTime, Utc};
use common::{
    Form, PEOPLE_MATTERS, PEOPLE_OFFICE, Page, Permission, Refusal, Result, STAFF, Slice, given, id, text,
};
use database::{Ctx, OnConstraint as _, Record, Tx, page};
use graphql::{choices, inputs, mutations, noun, queries, sorts};

id!(
    /// One custom field.
    CustomFieldId
);

choices! {
    /// What the values of a custom field are.
    CustomFieldKind {
        /// Text of 1 to 1,000 characters.
        Text,
        /// A decimal number.
        Number,
        /// A calendar day.
        Date,
        /// True or false.
        Boolean,
        /// One of the field's options.
        Select,
        /// Some of the field's options.
        Multiselect,
    }
}

/// A field that an organization has added to a noun, such as the shirt size of an employee.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("custom field", table = "common.custom_field", read = READ, restore = check_room)]
pub struct CustomField {
    /// The id of the custom field; opaque to clients.
    pub id: CustomFieldId,
    /// The type in this graph that the field is added to, such as Employee.
    #[record(once)]
    pub noun: String,
    /// The key that values are given and shown by; never changed, and used once for a noun.
    #[record(once)]
    pub key: String,
    /// The label that forms show.
    pub label: String,
    /// What its values are; never changed.
    #[record(once)]
    pub kind: CustomFieldKind,
    /// The options of a field of the kind SELECT or MULTISELECT, in order; empty for any other.
    pub options: Vec<String>,
    /// Whether something new cannot be made without a value.
    pub is_required: bool,
    /// Whether its values are for those alone who look after the thing: their own, their team's, everybody's.
    pub is_confidential: bool,
    /// Where it stands among the fields of its noun, the lowest first.
    pub position: i32,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When it was archived; null while it is in use.
    pub archived_at: Option<DateTime<Utc>>,
}

/// The right to see which custom fields there are.
pub const READ: Permission =
    Permission::new("custom.field.read", "See which custom fields there are.", STAFF);
/// The right to define custom fields.
pub const MANAGE: Permission =
    Permission::new("custom.field.manage", "Create, change and archive custom fields.", PEOPLE_OFFICE);

/// The right to see values of confidential fields, on those whose matters one looks after.
pub const CONFIDENTIAL: Permission = Permission::new(
    "custom.value.confidential",
    "See the values of confidential custom fields.",
    PEOPLE_MATTERS,
);

/// The most custom fields of one noun that are in use.
pub const FIELDS_MAX: usize = 50;

// Use-cases.

/// Creates a custom field.
///
/// # Errors
/// What is wrong with the form; `KEY_TAKEN` when the noun has, or had, a field of this key.
pub async fn create(ctx: &Ctx, input: CustomFieldCreateInput) -> Result<CustomField> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let mut field = CustomField::blank(tx.now());
    let mut form = Form::default();
    form.checked("noun", given(input.noun.clone()), noun_name, &mut field.noun);
    form.checked("key", given(input.key.clone()), key, &mut field.key);
    field.kind = input.kind;
    // The kinds with options are told when they are left out.
    let options = input.options.clone().unwrap_or_default();
    let rest = CustomFieldUpdateInput { options: MaybeUndefined::Value(options), ..input.into() };
    fill_in(form, &mut field, rest)?;
    check_room(&mut tx, &field).await?;
    tx.save(&mut field).await.on_constraint("custom_field_key_key", KEY_TAKEN)?;
    tx.commit(field).await
}

/// Changes a custom field. Values that there are stay, also those of an option that is no more.
///
/// # Errors
/// What is wrong with the form; `VERSION_CONFLICT` when somebody changed it since.
pub async fn update(ctx: &Ctx, id: CustomFieldId, input: CustomFieldUpdateInput) -> Result<CustomField> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let mut field: CustomField = tx.lock_at(id, input.version).await?;
    fill_in(Form::default(), &mut field, input)?;
    tx.save(&mut field).await?;
    tx.commit(field).await
}

/// The custom fields that the filter lets through.
///
/// # Errors
/// As [`Ctx::read`].
pub async fn list(
    ctx: &Ctx,
    filter: CustomFieldFilter,
    sort: CustomFieldSort,
    page: Page,
) -> Result<Slice<CustomField>> {
    let mut tx = ctx.read(&READ).await?;
    Ok(page!(
        tx, CustomField, page, sort: CustomFieldSort { Position => "position" },
        "(archived_at is not null) = $3 and ($4::text is null or noun = $4)",
        [filter.is_archived, filter.noun.as_deref()],
    ))
}

// Rules.

/// Whether its noun has room for one more in use.
async fn check_room(tx: &mut Tx, field: &CustomField) -> Result<()> {
    let in_use = select_of(tx, &field.noun).await?.iter().filter(|field| !field.is_archived()).count();
    if in_use < FIELDS_MAX { Ok(()) } else { Err(TOO_MANY.into()) }
}

const NOUN_INVALID: Refusal =
    Refusal::of("noun", "NOUN_INVALID", "give the name of a type in this graph, such as Employee");
const KEY_INVALID: Refusal = Refusal::of(
    "key",
    "KEY_INVALID",
    "give 1 to 40 of the characters a to z, 0 to 9 and _, beginning with a letter",
);
const KEY_TAKEN: Refusal =
    Refusal::of("key", "KEY_TAKEN", "this noun has a custom field of this key, in use or archived");
const TOO_MANY: Refusal =
    Refusal::whole("TOO_MANY_CUSTOM_FIELDS", "a noun has 50 custom fields at most; archive one first");
const OPTION_INVALID: Refusal = Refusal::whole(
    "OPTION_INVALID",
    "give 1 to 100 characters that can be seen, on one line and without a comma, for an option",
);
const OPTION_TWICE: Refusal = Refusal::whole("OPTION_TWICE", "this option stands in the list before");
const OPTIONS: Refusal = Refusal::of("options", "OUT_OF_RANGE", "");
/// The most options of one field.
const OPTIONS_MAX: usize = 200;

fn fill_in(mut form: Form, field: &mut CustomField, input: CustomFieldUpdateInput) -> Result<()> {
    form.name("label", input.label, &mut field.label);
    form.set("isRequired", input.is_required, &mut field.is_required);
    form.set("isConfidential", input.is_confidential, &mut field.is_confidential);
    form.number("position", input.position, 0..=10_000, &mut field.position);
    let mut wrong = Vec::new();
    let kind = field.kind;
    let rule = |options: Vec<String>| {
        check_options(kind, options.len())?;
        Ok(options_of(options, &mut wrong))
    };
    form.checked("options", input.options, rule, &mut field.options);
    wrong.into_iter().for_each(|refusal| form.refuse(refusal));
    form.check()
}

fn options_of(given: Vec<String>, wrong: &mut Vec<Refusal>) -> Vec<String> {
    let mut options: Vec<String> = Vec::with_capacity(given.len());
    for (at, option) in given.into_iter().enumerate() {
        match text::name(&option, Form::NAME_MAX).filter(|option| !option.contains(',')) {
            Some(option) if options.contains(&option) => wrong.push(OPTION_TWICE.below("options", at)),
            Some(option) => options.push(option),
            None => wrong.push(OPTION_INVALID.below("options", at)),
        }
    }
    options
}

fn check_options(kind: CustomFieldKind, count: usize) -> Result<(), Refusal> {
    let has_options = matches!(kind, CustomFieldKind::Select | CustomFieldKind::Multiselect);
    match (has_options, count) {
        (true, 1..=OPTIONS_MAX) | (false, 0) => Ok(()),
        (true, _) => Err(OPTIONS.saying(format!("give 1 to {OPTIONS_MAX} options, not {count}"))),
        (false, _) => Err(OPTIONS.saying("only a field of the kind SELECT or MULTISELECT has options")),
    }
}

/// The name of a type in the graph that an organization adds something to, such as Employee.
///
/// # Errors
/// `NOUN_INVALID`.
pub fn noun_name(given: String) -> Result<String, Refusal> {
    let is_name = given.len() <= 40
        && given.starts_with(|c: char| c.is_ascii_uppercase())
        && given.chars().all(|c| c.is_ascii_alphanumeric());
    if is_name { Ok(given) } else { Err(NOUN_INVALID) }
}

fn key(given: String) -> Result<String, Refusal> {
    let is_key = given.len() <= 40
        && given.starts_with(|c: char| c.is_ascii_lowercase())
        && given.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if is_key { Ok(given) } else { Err(KEY_INVALID) }
}

// SQL.

/// The custom fields of a noun in order, archived ones included.
pub(crate) async fn select_of(tx: &mut Tx, noun: &str) -> Result<Vec<CustomField>> {
    Ok(select_custom_field!("where noun = $1 order by position, id", noun).fetch_all(tx.conn()).await?)
}

// GraphQL.

#[noun]
impl CustomField {}

inputs! {
    /// The fields of a new custom field.
    CustomFieldCreateInput,
    /// The fields of a custom field to change; those that are absent stay as they are.
    CustomFieldUpdateInput {
        /// The type in this graph that the field is added to, such as Employee; never changed.
        once noun: String,
        /// The key that values are given and shown by, unique for the noun and never changed: 1 to 40 of a to z, 0 to 9
        /// and _, beginning with a letter.
        once key: String,
        /// The label that forms show: 1 to 100 characters.
        required label: String,
        /// What its values are; never changed.
        once kind: CustomFieldKind,
        /// The options, in order, each of 1 to 100 characters without a comma, 200 at most; the kinds SELECT and
        /// MULTISELECT need some. Values by an option that is left out stay.
        defaulted options: Vec<String>,
        /// Whether something new cannot be made without a value; false unless it is given.
        defaulted is_required: bool,
        /// Whether its values are for those alone who look after the thing, such as an employee's date of birth for the
        /// employee, their managers and the office; false unless it is given.
        defaulted is_confidential: bool,
        /// Where it stands among the fields of its noun, 0 to 10000, the lowest first; 0 unless it is given.
        defaulted position: i32,
    }
}

/// Which custom fields a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct CustomFieldFilter {
    /// The type in this graph that they are added to, such as Employee.
    pub noun: Option<String>,
    /// True for the archived ones in place of those in use.
    #[graphql(default)]
    pub is_archived: bool,
}

sorts! {
    /// How a list of custom fields is ordered.
    CustomFieldSort {
        /// By position.
        Position,
    }
}

queries! {
    CustomField;
    /// The custom fields; those in use, by position, unless the arguments say otherwise.
    custom_fields(CustomFieldFilter, CustomFieldSort) = list;
    /// One custom field, archived or not; null when there is none of that id.
    custom_field;
}

mutations! {
    CustomField as custom_field;
    /// Adds a custom field to a noun.
    custom_field_create(input: CustomFieldCreateInput) = create for MANAGE;
    /// Changes a custom field; values that there are stay.
    custom_field_update(id: CustomFieldId, input: CustomFieldUpdateInput) = update for MANAGE;
    archive and restore for MANAGE;
}
