//! Variants of a product: the same thing in another colour, another size.

use std::collections::{BTreeMap, HashMap};

use async_graphql::{InputObject, SimpleObject};
use chrono::{DateTime, Utc};
use common::{Error, Form, Page, Permission, Refusal, Result, Slice};
use database::{Ctx, OnConstraint as _, Record, Tx, page};
use graphql::{Batch, inputs, mutations, queries, sorts};
use sqlx::types::Json;

use crate::attribute::Attribute;
use crate::ids::{AttributeId, ProductId, VariantId};
use crate::product::{self, BARCODE_TAKEN, Product, SKU_TAKEN};
use crate::rights::{MANAGE, READ};
use crate::structure;

/// A product in one of its forms.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(name = "ProductVariant", complex)]
#[record("product variant", table = "products.product_variant", read = READ, graphql = "ProductVariant",
    restore = check_restore)]
pub struct Variant {
    /// The id of the variant; opaque to clients.
    pub id: VariantId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) product_id: ProductId,
    /// The number that the organization knows it by; of all products and variants together, none has the same.
    pub sku: String,
    /// What is printed on it as a barcode; of all products and variants together, none has the same.
    pub barcode: Option<String>,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) options: Json<BTreeMap<String, String>>,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When it was archived; null while it is in use.
    pub archived_at: Option<DateTime<Utc>>,
}

/// What a variant is in one attribute.
#[derive(Clone, Debug, InputObject)]
pub struct ProductVariantOptionInput {
    /// The id of the attribute, one of those of the product.
    pub attribute_id: AttributeId,
    /// What the variant is in it: one of the attribute's choices.
    pub choice: String,
}

/// A product of which all variants are wanted.
#[derive(Clone, Debug, InputObject)]
pub struct ProductVariantGenerateInput {
    /// The id of the product.
    pub product_id: ProductId,
}

/// The most variants of a product.
pub(crate) const VARIANTS_MAX: usize = 500;

// Use-cases.

/// Creates a variant of a product.
pub async fn create(ctx: &Ctx, input: ProductVariantCreateInput) -> Result<Variant> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let mut variant = Variant::blank(tx.now(), input.product_id);
    let given = input.options.clone();
    variant.fill_in(input.into())?;
    let mut product = lock_product(&mut tx, variant.product_id).await?;
    let options = options(&mut tx, &given).await?;
    let count = count(&mut tx, &product).await?;
    if options.len() != product.attribute_ids.len()
        || !product.attribute_ids.iter().all(|id| options.contains_key(&id.to_string()))
    {
        return Err(OPTIONS_INCOMPLETE.into());
    }
    variant.options = Json(options);
    if variant.sku.is_empty() {
        variant.sku = number(&product, count + 1);
    }
    if count >= VARIANTS_MAX {
        return Err(TOO_MANY.into());
    }
    save(&mut tx, std::slice::from_mut(&mut variant)).await?;
    product::touched(&mut tx, &mut product).await?;
    tx.commit(variant).await
}

/// Creates a variant for each combination of choices that has none.
pub async fn generate(ctx: &Ctx, input: ProductVariantGenerateInput) -> Result<Product> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let mut product = lock_product(&mut tx, input.product_id).await?;
    let count = count(&mut tx, &product).await?;
    let attributes = tx.find_many::<Attribute>(&product.attribute_ids).await?;
    let there =
        select_variant!("where product_id = $1", product.id as ProductId).fetch_all(tx.conn()).await?;
    let mut wanted = combinations(&product, &attributes)?;
    wanted.retain(|options| !there.iter().any(|variant| variant.options.0 == *options));
    if count + wanted.len() > VARIANTS_MAX {
        return Err(TOO_MANY.into());
    }
    let made = wanted.into_iter().enumerate().map(|(at, options)| Variant {
        options: Json(options),
        sku: number(&product, count + at + 1),
        ..Variant::blank(tx.now(), product.id)
    });
    let mut made: Vec<Variant> = made.collect();
    if !made.is_empty() {
        save(&mut tx, &mut made).await?;
        product::touched(&mut tx, &mut product).await?;
    }
    tx.commit(product).await
}

/// Changes a variant's number or barcode.
pub async fn update(ctx: &Ctx, id: VariantId, input: ProductVariantUpdateInput) -> Result<Variant> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let mut variant: Variant = tx.lock_at(id, input.version).await?;
    variant.fill_in(input)?;
    save(&mut tx, std::slice::from_mut(&mut variant)).await?;
    tx.commit(variant).await
}

/// Archives a variant of which nothing is left: it is offered no more, and stays readable.
pub async fn archive(ctx: &Ctx, id: VariantId) -> Result<Variant> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let found: Variant = tx.find(id).await?;
    // Whoever moves or reserves some of it waits here, or has done so before.
    tx.lock::<Product>(found.product_id).await?;
    let mut variant: Variant = tx.lock(id).await?;
    if !variant.is_archived() {
        if has_stock(&mut tx, id).await? {
            return Err(product::STOCK_LEFT.into());
        }
        variant.archived_at = Some(tx.now());
        tx.save(&mut variant).await?;
    }
    tx.commit(variant).await
}

async fn restore(ctx: &Ctx, id: VariantId) -> Result<Variant> {
    database::restore(ctx, &MANAGE, id).await
}

/// The variants that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: ProductVariantFilter,
    sort: ProductVariantSort,
    page: Page,
) -> Result<Slice<Variant>> {
    let mut tx = ctx.read_list(&READ).await?;
    select_page(&mut tx, &filter, sort, page).await
}

/// A page of variants.
pub(crate) async fn select_page(
    tx: &mut Tx,
    filter: &ProductVariantFilter,
    sort: ProductVariantSort,
    page: Page,
) -> Result<Slice<Variant>> {
    let search = tx.search::<Variant>(filter.search.as_deref()).await?;
    Ok(page!(
        tx, Variant, page, sort: ProductVariantSort { Sku => "sku" },
        "(archived_at is not null) = $3 and ($4::uuid[] is null or id = any($4))
         and ($5::text[] is null or search_text like all($5)) and ($6::uuid is null or product_id = $6)",
        [filter.is_archived, search.ids.as_deref(), search.patterns.as_deref(), filter.product_id as Option<ProductId>],
    ))
}

/// A product in use, locked.
async fn lock_product(tx: &mut Tx, id: ProductId) -> Result<Product> {
    // Whoever takes a choice away from an attribute waits until it is known who has it.
    structure::lock(tx).await?;
    match tx.lock::<Product>(id).await {
        Ok(product) if !product.is_archived() => Ok(product),
        Ok(_) | Err(Error::NotFound(_)) => Err(PRODUCT_NOT_FOUND.into()),
        Err(error) => Err(error),
    }
}

/// How many variants a product has that may have some, archived ones too.
async fn count(tx: &mut Tx, product: &Product) -> Result<usize> {
    if product.attribute_ids.is_empty() {
        return Err(NO_ATTRIBUTES.into());
    }
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from products.product_variant where product_id = $1"#,
        product.id as ProductId
    );
    Ok(usize::try_from(count.fetch_one(tx.conn()).await?).unwrap_or(usize::MAX))
}

/// Saves variants, with what is unique told as refusals.
pub(crate) async fn save(tx: &mut Tx, variants: &mut [Variant]) -> Result<()> {
    let saved = tx.save_all(variants).await.map(|_| ());
    saved
        .on_constraint("code_sku_key", SKU_TAKEN)
        .on_constraint("code_barcode_key", BARCODE_TAKEN)
        .on_constraint("product_variant_options_key", OPTIONS_TAKEN)
}

async fn check_restore(tx: &mut Tx, variant: &Variant) -> Result<()> {
    tx.reference::<Product>("productId", variant.product_id).await.map(|_| ())
}

// Rules.

pub(crate) const PRODUCT_NOT_FOUND: Refusal =
    Refusal::of("productId", "PRODUCT_NOT_FOUND", "there is no such product in use");
pub(crate) const NO_ATTRIBUTES: Refusal = Refusal::of(
    "productId",
    "NO_ATTRIBUTES",
    "say first by which attributes the variants of this product differ",
);
pub(crate) const TOO_MANY: Refusal =
    Refusal::of("productId", "TOO_MANY_VARIANTS", "a product has 500 variants at most");
pub(crate) const OPTIONS_TAKEN: Refusal = Refusal::of(
    "options",
    "VARIANT_TAKEN",
    "the product has a variant of these choices, be it archived or not",
);
pub(crate) const OPTIONS_INCOMPLETE: Refusal = Refusal::of(
    "options",
    "OPTIONS_INCOMPLETE",
    "give one choice for each attribute of the product, and none for others",
);
const ATTRIBUTE_NOT_FOUND: Refusal =
    Refusal::of("attributeId", "PRODUCT_ATTRIBUTE_NOT_FOUND", "there is no such attribute");
pub(crate) const CHOICE_UNKNOWN: Refusal =
    Refusal::of("choice", "CHOICE_UNKNOWN", "this is none of the attribute's choices");

/// What a new variant is, each time one of an attribute's choices.
async fn options(tx: &mut Tx, given: &[ProductVariantOptionInput]) -> Result<BTreeMap<String, String>> {
    let ids: Vec<AttributeId> = given.iter().map(|option| option.attribute_id).collect();
    let attributes = tx.find_many::<Attribute>(&ids).await?;
    let (mut form, mut options) = (Form::default(), BTreeMap::new());
    for (at, option) in given.iter().enumerate() {
        let Some(attribute) = attributes.get(&option.attribute_id) else {
            form.refuse(ATTRIBUTE_NOT_FOUND.below("options", at));
            continue;
        };
        match attribute.choices.iter().find(|choice| choice.as_str() == option.choice.trim()) {
            Some(choice) => {
                options.insert(option.attribute_id.to_string(), choice.clone());
            }
            None => form.refuse(CHOICE_UNKNOWN.below("options", at)),
        }
    }
    form.check()?;
    // Whoever says something twice says too much.
    if options.len() == given.len() { Ok(options) } else { Err(OPTIONS_INCOMPLETE.into()) }
}

/// Every combination of choices, in the order of the attributes and of their choices.
fn combinations(
    product: &Product,
    attributes: &HashMap<AttributeId, Attribute>,
) -> Result<Vec<BTreeMap<String, String>>> {
    let mut all: Vec<BTreeMap<String, String>> = vec![BTreeMap::new()];
    for id in &product.attribute_ids {
        let choices = attributes.get(id).map(|attribute| attribute.choices.as_slice()).unwrap_or_default();
        if all.len() * choices.len() > VARIANTS_MAX {
            return Err(TOO_MANY.into());
        }
        let with = |options: &BTreeMap<String, String>, choice: &String| {
            let mut options = options.clone();
            options.insert(id.to_string(), choice.clone());
            options
        };
        all =
            all.iter().flat_map(|options| choices.iter().map(move |choice| with(options, choice))).collect();
    }
    Ok(all)
}

/// The number of a variant that is given none: P-00001-02.
pub(crate) fn number(product: &Product, at: usize) -> String {
    format!("{}-{at:02}", product.sku)
}

impl Variant {
    /// Takes in a form.
    pub(crate) fn fill_in(&mut self, input: ProductVariantUpdateInput) -> Result<()> {
        let mut form = Form::default();
        form.name_within("sku", input.sku, product::CODE_MAX, &mut self.sku);
        form.optional_name_within("barcode", input.barcode, product::CODE_MAX, &mut self.barcode);
        form.check()
    }
}

// SQL.

/// Whether any of a variant is in stock, missing from it, or reserved.
async fn has_stock(tx: &mut Tx, id: VariantId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from products.stock_level
               where item_id = $1 and (on_hand <> 0 or reserved <> 0)) as "has!""#,
        id as VariantId,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// The variants in use of products.
pub(crate) struct VariantsOf;

impl Batch for VariantsOf {
    type Key = ProductId;
    type Value = Vec<Variant>;
    const READ: &'static Permission = &READ;

    async fn load(tx: &mut Tx, keys: &[ProductId]) -> Result<HashMap<ProductId, Vec<Variant>>> {
        let rows = select_variant!(
            "where product_id = any($1) and archived_at is null order by sku, id",
            keys as &[ProductId]
        );
        let mut found: HashMap<ProductId, Vec<Variant>> = HashMap::new();
        for row in rows.fetch_all(tx.conn()).await? {
            found.entry(row.product_id).or_default().push(row);
        }
        Ok(found)
    }
}

// GraphQL.

inputs! {
    /// The fields of a new variant of a product.
    ProductVariantCreateInput,
    /// The fields of a variant of a product to change; those that are absent stay as they are.
    ProductVariantUpdateInput {
        /// The id of the product; it stays so.
        once product_id: ProductId,
        /// What it is in each attribute of the product; it stays so.
        once options: Vec<ProductVariantOptionInput>,
        /// The number that the organization knows it by: 1 to 60 characters, of all products and variants together used once,
        /// whatever the case; the product's with a number behind it when absent from a new one.
        defaulted sku: String,
        /// What is printed on it as a barcode: 1 to 60 characters, of all products and variants together used once.
        nullable barcode: String,
    }
}

/// Which variants a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct ProductVariantFilter {
    /// Part of the number or of the barcode.
    #[graphql(directive = graphql::cost::apply(20))]
    pub search: Option<String>,
    /// The id of the product that they are of.
    pub product_id: Option<ProductId>,
    /// True for the archived ones in place of those in use.
    #[graphql(default)]
    pub is_archived: bool,
}

sorts! {
    /// How a list of variants is ordered.
    ProductVariantSort {
        /// By number.
        Sku,
    }
}

queries! {
    Variant;
    /// The variants of all products; those in use, by number, unless the arguments say otherwise.
    product_variants(ProductVariantFilter, ProductVariantSort) = list;
    /// One variant of a product, archived or not; null when there is none of that id.
    product_variant;
}

mutations! {
    Variant as product_variant;
    /// Creates a variant of a product.
    product_variant_create(input: ProductVariantCreateInput) = create for MANAGE;
    /// Creates a variant of a product for each combination of choices that has none yet, 500 in all at most.
    product_variant_generate(
        /// The product whose variants are made.
        input: ProductVariantGenerateInput
    ) -> product: Product = generate for MANAGE;
    /// Changes the number or the barcode of a variant.
    product_variant_update(id: VariantId, input: ProductVariantUpdateInput) = update for MANAGE;
    /// Archives a variant of which nothing is in stock or reserved: it is offered no more, and what refers to it still does.
    product_variant_archive(id: VariantId) = archive for MANAGE if |variant| !variant.is_archived();
    /// Restores an archived variant: it is offered again.
    product_variant_restore(id: VariantId) = restore for MANAGE if |variant| variant.is_archived();
}
