//! Products in GraphQL.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use common::Result;
use custom::CustomFieldCondition;
use database::Record as _;
use graphql::{App as _, cost, mutations, queries, sorts};
use rust_decimal::Decimal;

use super::model::{Product, ProductKind, ProductStatus};
use super::{
    ProductCreateInput, ProductUpdateInput, activate, archive, create, discontinue, list, repo, restore,
    update, update_bulk,
};
use crate::ids::{AttributeId, CategoryId, ContactId, ProductId, VariantId};
use crate::rights::{MANAGE, READ};

/// Which products a list has; every condition holds.
#[derive(Clone, Debug, Default, InputObject)]
pub struct ProductFilter {
    /// Part of the name, the number or the barcode: 1 to 100 characters.
    #[graphql(directive = graphql::cost::apply(20))]
    pub search: Option<String>,
    /// The kind of the products.
    pub kind: Option<ProductKind>,
    /// How far they have come.
    pub status: Option<ProductStatus>,
    /// The id of the category that they belong to, or of one that theirs is part of.
    pub category_id: Option<CategoryId>,
    /// Whether customers see them in the catalogue.
    pub is_public: Option<bool>,
    /// Whether what comes and goes of them is written down.
    pub tracks_inventory: Option<bool>,
    /// Whether any of them is available in some warehouse.
    pub in_stock: Option<bool>,
    /// The id of an attribute that their variants differ by.
    pub attribute_id: Option<AttributeId>,
    /// The id of a contact that they are bought from.
    pub vendor_id: Option<ContactId>,
    /// What one of them costs anybody today; it takes the right to read prices.
    #[graphql(directive = graphql::cost::apply(20))]
    pub price_between: Option<ProductPriceRange>,
    /// A tag that they carry, as it is spelt.
    pub tag: Option<String>,
    /// A value of a custom field that they have.
    pub custom_field: Option<CustomFieldCondition>,
    /// True for the archived ones in place of those in use.
    #[graphql(default)]
    pub is_archived: bool,
}

/// From how much to how much something costs by the price lists for everybody, before anything comes off.
#[derive(Clone, Debug, InputObject)]
pub struct ProductPriceRange {
    /// The ISO 4217 code of the currency, such as EUR.
    pub currency: String,
    /// The lowest amount; any when absent.
    pub min: Option<Decimal>,
    /// The highest amount; any when absent.
    pub max: Option<Decimal>,
}

sorts! {
    /// How a list of products is ordered.
    ProductSort {
        /// By the name of the product.
        Name,
        /// By number.
        Sku,
        /// By when the record was made, the oldest first.
        CreatedAt,
    }
}

/// One product to change among many.
#[derive(Debug, InputObject)]
pub struct ProductUpdateRow {
    /// The id of the product.
    pub id: ProductId,
    /// The fields to change.
    pub input: ProductUpdateInput,
}

queries! {
    Product;
    /// The products; those in use, by name, unless the arguments say otherwise.
    products(ProductFilter, ProductSort) = list;
    /// One product, archived or not; null when there is none of that id.
    product;
}

/// What has a number or a barcode.
#[derive(Clone, Debug, SimpleObject)]
pub struct ProductByCode {
    /// The product that has the number or the barcode, itself or in one of its variants.
    pub product: Product,
    /// The id of its variant that has it; null when the product itself does.
    pub variant_id: Option<VariantId>,
}

/// Products by what is printed on them.
#[derive(Default)]
pub struct ProductByCodeQuery;

#[Object]
impl ProductByCodeQuery {
    /// What has a number or a barcode, whatever the case, archived or not; a thing whose number is another one's barcode has
    /// company, so it is a list.
    #[graphql(directive = cost::apply(3))]
    async fn products_by_code(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The number or the barcode.")] code: String,
    ) -> Result<Vec<ProductByCode>> {
        let mut tx = gql.app().read(&READ).await?;
        let Some(code) = common::text::name(&code, 60) else { return Ok(Vec::new()) };
        let found = repo::select_by_code(&mut tx, &code).await?;
        let ids: Vec<ProductId> = found.iter().map(|(id, _)| *id).collect();
        let products = tx.find_many::<Product>(&ids).await?;
        let one = |(id, variant_id): (ProductId, Option<VariantId>)| {
            Some(ProductByCode { product: products.get(&id)?.clone(), variant_id })
        };
        Ok(found.into_iter().filter_map(one).collect())
    }
}

mutations! {
    Product as product;
    /// Creates a product, as a draft.
    product_create(input: ProductCreateInput) = create for MANAGE;
    /// Changes a product.
    product_update(id: ProductId, input: ProductUpdateInput) = update for MANAGE;
    /// Changes many products; one answer for each, in the order of the list.
    bulk product_update_bulk(
        /// The products and what to change about each, 500 at most.
        rows: Vec<ProductUpdateRow>
    ) = update_bulk for MANAGE;
    /// Sells a draft, or a product that was discontinued, from now on.
    product_activate(id: ProductId) = activate for MANAGE
        if |product| product.status != ProductStatus::Active && !product.is_archived();
    /// Sells an active product no more; what is left of it goes.
    product_discontinue(id: ProductId) = discontinue for MANAGE
        if |product| product.status == ProductStatus::Active && !product.is_archived();
    /// Archives a product that is not active and of which nothing is left: it is offered no more, and what refers to it still
    /// does.
    product_archive(id: ProductId) = archive for MANAGE
        if |product| product.status != ProductStatus::Active && !product.is_archived();
    /// Restores an archived product: it is as it was before.
    product_restore(id: ProductId) = restore for MANAGE if |product| product.is_archived();
    attach and detach for MANAGE;
}
