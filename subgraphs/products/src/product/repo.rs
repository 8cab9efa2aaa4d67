//! The SQL of products.

use common::{Currency, Error, Page, Refusal, Result, Slice};
use database::{Tx, page};
use rust_decimal::Decimal;

use super::graphql::{ProductFilter, ProductPriceRange, ProductSort};
use super::model::{Product, ProductKind, ProductStatus, select_product};
use crate::ids::{AttributeId, CategoryId, ContactId, ProductId, VariantId};
use crate::validity;

/// A page of products.
pub(crate) async fn select_page(
    tx: &mut Tx,
    filter: &ProductFilter,
    sort: ProductSort,
    page: Page,
) -> Result<Slice<Product>> {
    let search = tx.search::<Product>(filter.search.as_deref()).await?;
    let carrying =
        custom::carrying::<Product>(tx, filter.tag.as_deref(), filter.custom_field.as_ref()).await?;
    let price = match &filter.price_between {
        Some(range) => Some(PriceRange::of(range)?),
        None => None,
    };
    let today = validity::today(tx).await?;
    Ok(page!(
        tx, Product, page, sort: ProductSort { Name => "name", Sku => "sku", CreatedAt => "created_at" },
        "(archived_at is not null) = $3 and ($4::uuid[] is null or id = any($4))
         and ($5::text[] is null or search_text like all($5)) and ($6::text is null or kind = $6)
         and ($7::text is null or status = $7)
         and ($8::uuid is null or category_id = any (array(select b.id from products.branch($8) b)))
         and ($9::boolean is null or is_public = $9) and ($10::boolean is null or tracks_inventory = $10)
         and ($11::boolean is null or exists (select from products.stock_level l
                 where l.product_id = product.id and l.on_hand > l.reserved) = $11)
         and ($12::uuid is null or attribute_ids @> array[$12]) and ($13::uuid is null or vendor_ids @> array[$13])
         and ($14::uuid[] is null or id = any($14)) and ($15::text[] is null or tags @> $15)
         and ($16::jsonb is null or custom_fields @> $16)
         and ($17::text is null or (kind = 'BUNDLE' or id in (select p.product_id from products.price p
                 join products.price_list l on l.id = p.price_list_id and l.currency = $17
                 where p.amount between $18 and $19))
             and products.list_price(id, $17, $20) between $18 and $19)",
        [
            filter.is_archived,
            search.ids.as_deref(),
            search.patterns.as_deref(),
            filter.kind as Option<ProductKind>,
            filter.status as Option<ProductStatus>,
            filter.category_id as Option<CategoryId>,
            filter.is_public,
            filter.tracks_inventory,
            filter.in_stock,
            filter.attribute_id as Option<AttributeId>,
            filter.vendor_id as Option<ContactId>,
            carrying.ids.as_deref(),
            carrying.tags.as_deref(),
            carrying.fields.clone(),
            price.as_ref().map(|price| price.currency),
            price.as_ref().map(|price| price.min),
            price.as_ref().map(|price| price.max),
            today,
        ],
    ))
}

/// From how much to how much, in which currency.
struct PriceRange {
    currency: &'static str,
    min: Decimal,
    max: Decimal,
}

impl PriceRange {
    fn of(range: &ProductPriceRange) -> Result<Self> {
        const UNKNOWN: &str = "priceBetween.currency: give a currency by its ISO 4217 code, such as EUR";
        let currency = Currency::parse(&range.currency).ok_or_else(|| Error::validation(UNKNOWN))?;
        let max = range.max.unwrap_or(Decimal::from(Currency::AMOUNT_MAX));
        Ok(Self { currency: currency.code(), min: range.min.unwrap_or_default(), max })
    }
}

/// Whether any of a product is in stock, missing from it, or reserved.
pub(super) async fn has_stock(tx: &mut Tx, id: ProductId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from products.stock_level where product_id = $1 and (on_hand <> 0 or reserved <> 0)) as "has!""#,
        id as ProductId,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Whether a product has variants, be they archived or not.
pub(super) async fn has_variants(tx: &mut Tx, id: ProductId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from products.product_variant where product_id = $1) as "has!""#,
        id as ProductId,
    )
    .fetch_one(tx.conn())
    .await?)
}

const VARIANT_REQUIRED: Refusal =
    Refusal::of("variantId", "VARIANT_REQUIRED", "this product has variants; say which one");
const VARIANT_NOT_FOUND: Refusal =
    Refusal::of("variantId", "PRODUCT_VARIANT_NOT_FOUND", "the product has no such variant in use");

/// Whether exactly one thing is named: a variant in use of a product that has variants, none of one that has none.
pub(crate) async fn check_variant(
    tx: &mut Tx,
    product: &Product,
    variant_id: Option<VariantId>,
) -> Result<()> {
    let Some(variant_id) = variant_id else {
        let has = !product.attribute_ids.is_empty() && has_variants(tx, product.id).await?;
        return if has { Err(VARIANT_REQUIRED.into()) } else { Ok(()) };
    };
    let is_there = sqlx::query_scalar!(
        r#"select exists (select from products.product_variant
               where product_id = $1 and id = $2 and archived_at is null) as "is_there!""#,
        product.id as ProductId,
        variant_id as VariantId,
    );
    if is_there.fetch_one(tx.conn()).await? { Ok(()) } else { Err(VARIANT_NOT_FOUND.into()) }
}

/// The product that has a number or a barcode, and its variant that has it.
pub(super) async fn select_by_code(tx: &mut Tx, code: &str) -> Result<Vec<(ProductId, Option<VariantId>)>> {
    let rows = sqlx::query!(
        r#"select product_id as "product_id!: ProductId", variant_id as "variant_id: VariantId" from products.code
           where (kind = 'SKU' or kind = 'BARCODE') and lower(value) = lower($1) order by kind, id"#,
        code,
    );
    Ok(rows.fetch_all(tx.conn()).await?.into_iter().map(|row| (row.product_id, row.variant_id)).collect())
}

/// Those that are bought from any of these contacts, locked.
pub(super) async fn lock_bought_from(tx: &mut Tx, contacts: &[ContactId]) -> Result<Vec<Product>> {
    Ok(select_product!("where vendor_ids && $1 order by id for update", contacts as &[ContactId])
        .fetch_all(tx.conn())
        .await?)
}
