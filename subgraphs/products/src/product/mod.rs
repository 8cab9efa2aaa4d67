//! Products: what the organization sells, buys and keeps.

mod form;
mod graphql;
mod model;
mod repo;

use std::mem::take;

use async_graphql::MaybeUndefined;
use chrono::Datelike as _;
use common::{Error, Page, Refusal, Result, Slice};
use custom::Definitions;
use database::{Ctx, OnConstraint as _, Record as _, Tx};

pub(crate) use self::form::{BARCODE_TAKEN, CODE_MAX, SKU_TAKEN};
pub use self::form::{ProductCreateInput, ProductUpdateInput};
pub use self::graphql::{
    ProductByCodeQuery, ProductFilter, ProductMutation, ProductQuery, ProductSort, ProductUpdateRow,
};
pub(crate) use self::model::{ARCHIVED, NUMBERS};
pub use self::model::{Product, ProductBillingInterval, ProductKind, ProductStatus};
pub(crate) use self::repo::select_page;
use crate::attribute::Attribute;
use crate::bundle::{self, BundleItem, ProductBundleItemInput};
use crate::category::{Category, DefaultsOf};
use crate::events::{ProductArchived, ProductCreated, ProductUpdated};
use crate::ids::{ContactId, ProductId, UnitOfMeasureId};
use crate::rights::{MANAGE, PRICE_READ, READ};
use crate::unit_of_measure::UnitOfMeasure;
use crate::{contact, structure};

/// Creates a product, as a draft.
pub async fn create(ctx: &Ctx, input: ProductCreateInput) -> Result<Product> {
    let mut tx = ctx.begin(&MANAGE).await?;
    // What it is counted in is checked below: of a new one that names none, its category says it.
    let named = input.unit_id.is_some();
    let mut product =
        Product { kind: input.kind, ..Product::blank(tx.now(), UnitOfMeasureId::from(uuid::Uuid::nil())) };
    let before = product.clone();
    let fields = Definitions::of::<Product>(&mut tx).await?;
    let mut input = ProductUpdateInput::from(input);
    let items = take(&mut input.bundle_items);
    product.fill_in(input, &fields)?;
    let items = check_items(&mut tx, &product, items).await?;
    check_references(&mut tx, &before, &product).await?;
    if !named {
        product.unit_id = unit_of_category(&mut tx, &product).await?;
    }
    let unit_before = before.unit_id;
    tx.check_reference::<UnitOfMeasure>("unitId", Some(unit_before), Some(product.unit_id)).await?;
    if product.sku.is_empty() {
        let year = tx.now().year();
        product.sku = tx.next_number(&NUMBERS, year).await?;
    }
    save(&mut tx, &mut product, false).await?;
    if let Some(items) = items {
        bundle::replace(&mut tx, product.id, items).await?;
    }
    tx.emit(&product.created()).await?;
    tx.commit(product).await
}

/// Changes a product.
pub async fn update(ctx: &Ctx, id: ProductId, input: ProductUpdateInput) -> Result<Product> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let product = update_in(&mut tx, id, input).await?;
    tx.commit(product).await
}

/// Changes many products; what is refused of one, the others are not.
pub async fn update_bulk(ctx: &Ctx, rows: Vec<ProductUpdateRow>) -> Result<Vec<Result<Product>>> {
    let mut tx = ctx.begin(&MANAGE).await?;
    // Before the rows, and not in between: whoever changes one bundle takes it first as well.
    if rows.iter().any(|row| row.input.bundle_items.is_value()) {
        structure::lock(&mut tx).await?;
    }
    let done = tx.each(rows, |row| row.id, |tx, row| Box::pin(update_in(tx, row.id, row.input))).await?;
    tx.commit(done).await
}

async fn update_in(tx: &mut Tx, id: ProductId, mut input: ProductUpdateInput) -> Result<Product> {
    if input.bundle_items.is_value() {
        structure::lock(tx).await?;
    }
    let mut product: Product = tx.lock_at(id, input.version).await?;
    let before = product.clone();
    let fields = match input.custom_fields.is_undefined() {
        true => Definitions::default(),
        false => Definitions::of::<Product>(tx).await?,
    };
    let items = take(&mut input.bundle_items);
    product.fill_in(input, &fields)?;
    let items = check_items(tx, &product, items).await?;
    check_references(tx, &before, &product).await?;
    tx.check_reference::<UnitOfMeasure>("unitId", Some(before.unit_id), Some(product.unit_id)).await?;
    check_use(tx, &before, &product).await?;
    let mut are_changed = false;
    if let Some(items) = items {
        are_changed = bundle::replace(tx, id, items).await?;
    }
    save(tx, &mut product, are_changed).await?;
    if product.version != before.version {
        tx.emit(&product.updated()).await?;
    }
    Ok(product)
}

/// Sells a product from now on.
pub async fn activate(ctx: &Ctx, id: ProductId) -> Result<Product> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let mut product: Product = tx.lock(id).await?;
    product.activate()?;
    if product.kind == ProductKind::Bundle && bundle::select_of(&mut tx, &[id]).await?.is_empty() {
        return Err(BUNDLE_EMPTY.into());
    }
    save(&mut tx, &mut product, false).await?;
    tx.emit(&product.updated()).await?;
    tx.commit(product).await
}

/// Sells a product no more.
pub async fn discontinue(ctx: &Ctx, id: ProductId) -> Result<Product> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let mut product: Product = tx.lock(id).await?;
    product.discontinue()?;
    save(&mut tx, &mut product, false).await?;
    tx.emit(&product.updated()).await?;
    tx.commit(product).await
}

/// Archives a product of which nothing is left: it is offered no more, and stays readable.
pub async fn archive(ctx: &Ctx, id: ProductId) -> Result<Product> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let mut product: Product = tx.lock(id).await?;
    if !product.is_archived() {
        product.check_archive()?;
        if repo::has_stock(&mut tx, id).await? {
            return Err(STOCK_LEFT.into());
        }
        product.archived_at = Some(tx.now());
        save(&mut tx, &mut product, false).await?;
        tx.emit(&ProductArchived { product_id: id }).await?;
    }
    tx.commit(product).await
}

/// Restores an archived product.
pub async fn restore(ctx: &Ctx, id: ProductId) -> Result<Product> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let mut product: Product = tx.lock(id).await?;
    if product.is_archived() {
        product.archived_at = None;
        save(&mut tx, &mut product, false).await?;
        tx.emit(&product.updated()).await?;
    }
    tx.commit(product).await
}

/// The products that the filter lets through.
pub async fn list(ctx: &Ctx, filter: ProductFilter, sort: ProductSort, page: Page) -> Result<Slice<Product>> {
    // Whoever may not read prices finds none out by asking for less and less.
    if filter.price_between.is_some() {
        ctx.scope(&PRICE_READ)?;
    }
    let mut tx = ctx.read_list(&READ).await?;
    repo::select_page(&mut tx, &filter, sort, page).await
}

/// Tells others that something about a product is another from now on; it is locked, and another version.
pub(crate) async fn touched(tx: &mut Tx, product: &mut Product) -> Result<()> {
    tx.save_with_parts(product, true).await?;
    tx.emit(&product.updated()).await
}

/// As [`touched`], of many, which are locked.
pub(crate) async fn touched_all(tx: &mut Tx, ids: &[ProductId]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let now = tx.now();
    sqlx::query!(
        "update products.product set version = version + 1, updated_at = $2 where id = any($1)",
        ids as &[ProductId],
        now,
    )
    .execute(tx.conn())
    .await?;
    let products = tx.find_many::<Product>(ids).await?;
    let events = ids.iter().filter_map(|id| products.get(id)).map(Product::updated);
    tx.emit_all(&Vec::from_iter(events)).await
}

/// Names contacts no more that were erased.
pub(crate) async fn forget_vendors(tx: &mut Tx, contacts: &[ContactId]) -> Result<()> {
    let mut products = repo::lock_bought_from(tx, contacts).await?;
    for product in &mut products {
        product.vendor_ids.retain(|id| !contacts.contains(id));
    }
    tx.save_all(&mut products).await?;
    let events = products.iter().map(Product::updated);
    tx.emit_all(&Vec::from_iter(events)).await
}

pub(crate) const UNIT_REQUIRED: Refusal =
    Refusal::of("unitId", "REQUIRED", "name the unit that it is counted in; its category says none");
const ONLY_BUNDLES: Refusal = Refusal::of("bundleItems", "ONLY_BUNDLES", "bundles alone are made of others");
const BUNDLE_EMPTY: Refusal =
    Refusal::of("bundleItems", "BUNDLE_EMPTY", "say what the bundle is made of before you sell it");
pub(crate) const STOCK_LEFT: Refusal =
    Refusal::whole("STOCK_LEFT", "some of it is in stock, or reserved; it is archived when nothing is left");
pub(crate) const STOCK_KEPT: Refusal = Refusal::of(
    "tracksInventory",
    "STOCK_LEFT",
    "some of it is in stock, or reserved; what comes and goes is written down until nothing is left",
);
pub(crate) const UNIT_FIXED: Refusal = Refusal::of(
    "unitId",
    "UNIT_FIXED",
    "quantities may have been written down in the unit that it has; a new product can have another one",
);
pub(crate) const HAS_VARIANTS: Refusal =
    Refusal::of("attributeIds", "HAS_VARIANTS", "it has variants by the attributes that it has; they stay");

async fn unit_of_category(tx: &mut Tx, product: &Product) -> Result<UnitOfMeasureId> {
    use ::graphql::Batch as _;
    let Some(id) = product.category_id else { return Err(UNIT_REQUIRED.into()) };
    let defaults = DefaultsOf::load(tx, &[id]).await?.remove(&id).unwrap_or_default();
    defaults.unit_id.ok_or_else(|| UNIT_REQUIRED.into())
}

/// Whether what a product begins to refer to is there and in use.
async fn check_references(tx: &mut Tx, before: &Product, now: &Product) -> Result<()> {
    tx.check_reference::<Category>("categoryId", before.category_id, now.category_id).await?;
    for (at, id) in now.attribute_ids.iter().enumerate() {
        let before = before.attribute_ids.contains(id).then_some(*id);
        tx.check_reference::<Attribute>(format!("attributeIds.{at}"), before, Some(*id)).await?;
    }
    contact::check(tx, "vendorIds", &before.vendor_ids, &now.vendor_ids).await
}

/// Whether what is changed of a product goes with what there is of it.
async fn check_use(tx: &mut Tx, before: &Product, now: &Product) -> Result<()> {
    if now.unit_id != before.unit_id && before.status != ProductStatus::Draft {
        return Err(UNIT_FIXED.into());
    }
    if now.attribute_ids != before.attribute_ids && repo::has_variants(tx, now.id).await? {
        return Err(HAS_VARIANTS.into());
    }
    if before.tracks_inventory && !now.tracks_inventory && repo::has_stock(tx, now.id).await? {
        return Err(STOCK_KEPT.into());
    }
    Ok(())
}

/// What a bundle is to be made of: all of it is there, and nobody else changes bundles until the transaction ends.
async fn check_items(
    tx: &mut Tx,
    product: &Product,
    given: MaybeUndefined<Vec<ProductBundleItemInput>>,
) -> Result<Option<Vec<BundleItem>>> {
    let Some(given) = given.take() else { return Ok(None) };
    structure::lock(tx).await?;
    let wanted = bundle::filled_in(product.id, given)?;
    for (at, item) in wanted.iter().enumerate() {
        check_item(tx, item).await.map_err(|error| below(error, "bundleItems", at))?;
    }
    if product.kind == ProductKind::Bundle { Ok(Some(wanted)) } else { Err(ONLY_BUNDLES.into()) }
}

async fn check_item(tx: &mut Tx, item: &BundleItem) -> Result<()> {
    let product: Product = tx.reference("productId", item.product_id).await?;
    repo::check_variant(tx, &product, item.variant_id).await
}

/// The same refusals, of the row of a list.
pub(crate) fn below(error: Error, list: &str, at: usize) -> Error {
    match error {
        Error::Refused(refusals) => {
            Error::Refused(refusals.into_iter().map(|refusal| refusal.below(list, at)).collect())
        }
        other => other,
    }
}

pub(crate) use self::repo::check_variant;

/// Saves one, with what is unique told as refusals.
async fn save(tx: &mut Tx, product: &mut Product, are_parts_changed: bool) -> Result<()> {
    tx.save_with_parts(product, are_parts_changed)
        .await
        .on_constraint("code_sku_key", SKU_TAKEN)
        .on_constraint("code_barcode_key", BARCODE_TAKEN)
}

/// Saves many in one statement, as [`save`] does one.
pub(crate) async fn save_all(tx: &mut Tx, products: &mut [Product]) -> Result<()> {
    tx.save_all(products)
        .await
        .map(|_| ())
        .on_constraint("code_sku_key", SKU_TAKEN)
        .on_constraint("code_barcode_key", BARCODE_TAKEN)
}

impl Product {
    /// What is announced of a new one.
    pub(crate) fn created(&self) -> ProductCreated {
        let state = self.updated();
        ProductCreated { product_id: state.product_id, kind: state.kind, status: state.status }
    }

    pub(crate) fn updated(&self) -> ProductUpdated {
        ProductUpdated {
            product_id: self.id,
            kind: word(&self.kind),
            status: word(&self.status),
            is_archived: self.is_archived(),
        }
    }
}

/// A choice as it stands in events.
pub(crate) fn word(choice: &impl serde::Serialize) -> String {
    serde_json::to_value(choice).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}
