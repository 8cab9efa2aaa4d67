//! Attributes that the variants of a product differ by, such as colour, and what each may be.

use async_graphql::{InputObject, SimpleObject};
use chrono::{DateTime, Utc};
use common::{Form, Page, Refusal, Result, Slice, text};
use database::{Ctx, OnConstraint as _, Record, Tx, page};
use graphql::{inputs, mutations, noun, queries, sorts};

use crate::ids::AttributeId;
use crate::rights::{MANAGE, READ};
use crate::structure;

/// What variants of a product differ by.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(name = "ProductAttribute", complex)]
#[record("product attribute", table = "products.attribute", read = READ, graphql = "ProductAttribute")]
pub struct Attribute {
    /// The id of the attribute; opaque to clients.
    pub id: AttributeId,
    /// The name that people know it by, such as colour.
    pub name: String,
    /// What it may be, in the order that people expect.
    pub choices: Vec<String>,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When it was archived; null while it is in use.
    pub archived_at: Option<DateTime<Utc>>,
}

// Use-cases.

/// Creates an attribute.
pub async fn create(ctx: &Ctx, input: ProductAttributeCreateInput) -> Result<Attribute> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let mut attribute = Attribute::blank(tx.now());
    attribute.fill_in(input.into())?;
    tx.save(&mut attribute).await.on_constraint("attribute_name_key", NAME_TAKEN)?;
    tx.commit(attribute).await
}

/// Changes an attribute; a choice that some variant has stays.
pub async fn update(ctx: &Ctx, id: AttributeId, input: ProductAttributeUpdateInput) -> Result<Attribute> {
    let mut tx = ctx.begin(&MANAGE).await?;
    structure::lock(&mut tx).await?;
    let mut attribute: Attribute = tx.lock_at(id, input.version).await?;
    let before = attribute.choices.clone();
    attribute.fill_in(input)?;
    let gone: Vec<String> = before.into_iter().filter(|choice| !attribute.choices.contains(choice)).collect();
    if let Some(choice) = select_used(&mut tx, id, &gone).await? {
        return Err(CHOICE_USED.saying(format!("some variant is {choice}; keep this choice")).into());
    }
    tx.save(&mut attribute).await.on_constraint("attribute_name_key", NAME_TAKEN)?;
    tx.commit(attribute).await
}

/// The attributes that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: ProductAttributeFilter,
    sort: ProductAttributeSort,
    page: Page,
) -> Result<Slice<Attribute>> {
    let mut tx = ctx.read_list(&READ).await?;
    let search = tx.search::<Attribute>(filter.search.as_deref()).await?;
    Ok(page!(
        tx, Attribute, page, sort: ProductAttributeSort { Name => "name" },
        "(archived_at is not null) = $3 and ($4::uuid[] is null or id = any($4))
         and ($5::text[] is null or search_text like all($5))",
        [filter.is_archived, search.ids.as_deref(), search.patterns.as_deref()],
    ))
}

// Rules.

const CHOICES_MAX: usize = 200;
const CHOICE_CHARACTERS_MAX: usize = 60;
const NAME_TAKEN: Refusal = Refusal::of("name", "NAME_TAKEN", "another attribute in use has this name");
const CHOICE_USED: Refusal = Refusal::of("choices", "CHOICE_USED", "some variant has this choice; keep it");
const CHOICE_INVALID: Refusal =
    Refusal::whole("NAME_INVALID", "give 1 to 60 characters that can be seen, on one line");
const CHOICE_TWICE: Refusal = Refusal::whole("CHOICE_TWICE", "this choice stands in the list before");

impl Attribute {
    fn fill_in(&mut self, input: ProductAttributeUpdateInput) -> Result<()> {
        let mut form = Form::default();
        form.name("name", input.name, &mut self.name);
        form.each("choices", input.choices, 1..=CHOICES_MAX, &mut self.choices, |form, given: String| {
            let choice = text::name(&given, CHOICE_CHARACTERS_MAX);
            if choice.is_none() {
                form.refuse(CHOICE_INVALID);
            }
            choice.unwrap_or_default()
        });
        for at in 1..self.choices.len() {
            if self.choices[..at].contains(&self.choices[at]) {
                form.refuse(CHOICE_TWICE.below("choices", at));
            }
        }
        form.check()
    }
}

// SQL.

/// One of these choices that some variant has.
async fn select_used(tx: &mut Tx, id: AttributeId, choices: &[String]) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        r#"select v.options ->> $1::text as "choice!" from products.product p
           join products.product_variant v on v.product_id = p.id
           where p.attribute_ids @> array[$1::text::uuid] and v.options ->> $1::text = any($2) limit 1"#,
        id.to_string(),
        choices,
    )
    .fetch_optional(tx.conn())
    .await?)
}

// GraphQL.

#[noun]
impl Attribute {}

inputs! {
    /// The fields of a new attribute of products.
    ProductAttributeCreateInput,
    /// The fields of an attribute of products to change; those that are absent stay as they are.
    ProductAttributeUpdateInput {
        /// The name that people know it by, such as colour: 1 to 100 characters, unique among those in use.
        required name: String,
        /// What it may be, 1 to 200 choices, each of 1 to 60 characters and once; they take the place of those before.
        required choices: Vec<String>,
    }
}

/// Which attributes a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct ProductAttributeFilter {
    /// Part of the name.
    #[graphql(directive = graphql::cost::apply(20))]
    pub search: Option<String>,
    /// True for the archived ones in place of those in use.
    #[graphql(default)]
    pub is_archived: bool,
}

sorts! {
    /// How a list of attributes is ordered.
    ProductAttributeSort {
        /// By the name of the product attribute.
        Name,
    }
}

queries! {
    Attribute;
    /// The attributes of products; those in use, by name, unless the arguments say otherwise.
    product_attributes(ProductAttributeFilter, ProductAttributeSort) = list;
    /// One attribute of products, archived or not; null when there is none of that id.
    product_attribute;
}

mutations! {
    Attribute as product_attribute;
    /// Creates an attribute of products.
    product_attribute_create(input: ProductAttributeCreateInput) = create for MANAGE;
    /// Changes an attribute of products; a choice that some variant has stays.
    product_attribute_update(id: AttributeId, input: ProductAttributeUpdateInput) = update for MANAGE;
    archive and restore for MANAGE;
}
