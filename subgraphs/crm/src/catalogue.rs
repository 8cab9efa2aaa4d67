//! Products, which the products module has: whether what something begins to name is in use there.

use common::{Error, Refusal, Result};
use database::Tx;

use crate::ids::{ProductId, VariantId};

const PRODUCT_NOT_FOUND: Refusal = Refusal::whole("PRODUCT_NOT_FOUND", "there is no such product in use");
const VARIANT_NOT_FOUND: Refusal = Refusal::whole("VARIANT_NOT_FOUND", "there is no such variant in use");

/// What something begins to name, each with the field that does.
#[derive(Debug, Default)]
pub(crate) struct Named {
    products: Vec<(String, ProductId)>,
    variants: Vec<(String, VariantId)>,
}

impl Named {
    /// The products of a list that were not in it before.
    pub(crate) fn in_list(now: &[ProductId], before: &[ProductId]) -> Self {
        let added = now.iter().enumerate().filter(|(_, id)| !before.contains(id));
        Self {
            products: added.map(|(at, id)| (format!("productIds.{at}"), *id)).collect(),
            variants: Vec::new(),
        }
    }

    /// The one that a field names, unless it did before.
    pub(crate) fn in_field(now: Option<ProductId>, before: Option<ProductId>) -> Self {
        let named = now.filter(|_| now != before).map(|id| ("productId".to_owned(), id));
        Self { products: named.into_iter().collect(), variants: Vec::new() }
    }

    /// What lines name that no line named before.
    pub(crate) fn in_lines(now: impl Iterator<Item = Pair>, before: impl Iterator<Item = Pair>) -> Self {
        let mut named = Self::default();
        let (products, variants): (Vec<Option<ProductId>>, Vec<Option<VariantId>>) = before.unzip();
        for (at, (product, variant)) in now.enumerate() {
            let product = product.filter(|id| !products.contains(&Some(*id)));
            named.products.extend(product.map(|id| (format!("lines.{at}.productId"), id)));
            let variant = variant.filter(|id| !variants.contains(&Some(*id)));
            named.variants.extend(variant.map(|id| (format!("lines.{at}.variantId"), id)));
        }
        named
    }
}

/// What a line names.
pub(crate) type Pair = (Option<ProductId>, Option<VariantId>);

/// Whether products and variants are in use that something begins to name.
pub(crate) async fn check(tx: &mut Tx, named: Named) -> Result<()> {
    if named.products.is_empty() && named.variants.is_empty() {
        return Ok(());
    }
    let products: Vec<ProductId> = named.products.iter().map(|(_, id)| *id).collect();
    let variants: Vec<VariantId> = named.variants.iter().map(|(_, id)| *id).collect();
    let missing = sqlx::query!(
        r#"select missing_products as "products!: Vec<ProductId>", missing_variants as "variants!: Vec<VariantId>"
           from crm.missing_products($1, $2)"#,
        &products as &[ProductId],
        &variants as &[VariantId],
    );
    let missing = missing.fetch_one(tx.conn()).await?;
    let products = named.products.into_iter().filter(|(_, id)| missing.products.contains(id));
    let variants = named.variants.into_iter().filter(|(_, id)| missing.variants.contains(id));
    let refused: Vec<Refusal> = products
        .map(|(field, _)| PRODUCT_NOT_FOUND.at(field))
        .chain(variants.map(|(field, _)| VARIANT_NOT_FOUND.at(field)))
        .collect();
    if refused.is_empty() { Ok(()) } else { Err(Error::Refused(refused)) }
}
