//! What a bundle is made of.

use async_graphql::{InputObject, MaybeUndefined, SimpleObject};
use common::{Form, Refusal, Result};
use database::{Record, Tx};
use rust_decimal::Decimal;

use crate::ids::{BundleItemId, ProductId, VariantId};
use crate::rights::READ;
use crate::unit_of_measure::{DECIMALS_MAX, QUANTITY_MAX};

/// A product in a bundle.
#[derive(Clone, Debug, PartialEq, SimpleObject, Record)]
#[graphql(name = "ProductBundleItem", complex)]
#[record("bundle item", table = "products.bundle_item", read = READ, graphql = "ProductBundleItem")]
pub struct BundleItem {
    #[graphql(skip)]
    pub(crate) id: BundleItemId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) bundle_id: ProductId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) product_id: ProductId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) variant_id: Option<VariantId>,
    /// How much of it is in one bundle, in its own unit.
    pub quantity: Decimal,
}

/// A product in a bundle.
#[derive(Clone, Debug, InputObject)]
pub struct ProductBundleItemInput {
    /// The id of the product.
    pub product_id: ProductId,
    /// The id of its variant; absent for a product without variants.
    pub variant_id: Option<VariantId>,
    /// How much of it is in one bundle, in its own unit: above 0, of six decimals at most.
    pub quantity: Decimal,
}

/// The most products in a bundle.
const ITEMS_MAX: usize = 50;
const ITEM_TWICE: Refusal =
    Refusal::of("productId", "ITEM_TWICE", "this stands in the bundle before; give its whole quantity there");
pub(crate) const CYCLE: Refusal = Refusal::of(
    "bundleItems",
    "BUNDLE_CYCLE",
    "a bundle cannot be made of itself, directly or through others",
);

/// What a form makes a bundle of.
pub(crate) fn filled_in(id: ProductId, given: Vec<ProductBundleItemInput>) -> Result<Vec<BundleItem>> {
    let (mut form, mut items): (_, Vec<BundleItem>) = (Form::default(), Vec::new());
    let given = MaybeUndefined::Value(given);
    form.each("bundleItems", given, 1..=ITEMS_MAX, &mut items, |form, given: ProductBundleItemInput| {
        let mut item = BundleItem::blank(chrono::DateTime::UNIX_EPOCH, id, given.product_id);
        item.variant_id = given.variant_id;
        positive(form, "quantity", MaybeUndefined::Value(given.quantity), &mut item.quantity);
        item
    });
    for at in 1..items.len() {
        let key = |item: &BundleItem| (item.product_id, item.variant_id);
        if items[..at].iter().any(|item| key(item) == key(&items[at])) {
            form.refuse(ITEM_TWICE.below("bundleItems", at));
        }
    }
    form.check()?;
    Ok(items)
}

/// A quantity above zero.
pub(crate) fn positive(
    form: &mut Form,
    field: &'static str,
    given: MaybeUndefined<Decimal>,
    place: &mut Decimal,
) {
    let least = Decimal::new(1, DECIMALS_MAX);
    form.decimal(field, given, least..=Decimal::from(QUANTITY_MAX), DECIMALS_MAX, place);
}

/// Makes a bundle be of these; answers whether anything was changed. Whoever calls it is the only one who changes what is
/// made of what.
///
/// # Errors
/// `BUNDLE_CYCLE`, and refusals of products that are not there.
pub(crate) async fn replace(tx: &mut Tx, id: ProductId, wanted: Vec<BundleItem>) -> Result<bool> {
    let parts: Vec<ProductId> = wanted.iter().map(|item| item.product_id).collect();
    if select_made_of(tx, &parts).await?.contains(&id) {
        return Err(CYCLE.into());
    }
    let there = select_bundle_item!("where bundle_id = $1", id as ProductId).fetch_all(tx.conn()).await?;
    tx.replace_parts(there, wanted, |item| (item.product_id, item.variant_id)).await
}

/// These and all that they are made of, down to the last.
async fn select_made_of(tx: &mut Tx, ids: &[ProductId]) -> Result<Vec<ProductId>> {
    Ok(sqlx::query_scalar!(
        r#"with recursive made_of (id) as (
               select unnest($1::uuid[])
               union
               select i.product_id from made_of m join products.bundle_item i on i.bundle_id = m.id
           )
           select id as "id!: ProductId" from made_of"#,
        ids as &[ProductId],
    )
    .fetch_all(tx.conn())
    .await?)
}

/// What bundles are made of.
pub(crate) async fn select_of(tx: &mut Tx, ids: &[ProductId]) -> Result<Vec<BundleItem>> {
    Ok(select_bundle_item!("where bundle_id = any($1) order by id", ids as &[ProductId])
        .fetch_all(tx.conn())
        .await?)
}
