//! What the graph has of files of products, variants and prices.

use ::exchange::{CsvPage, ImportReport, import_input};
use async_graphql::{Context, Object};
use common::{Page, Result};
use graphql::App as _;

use super::{export_csv, import, price, variant};
use crate::price::{PriceFilter, PriceSort};
use crate::product::{ProductFilter, ProductSort};
use crate::variant::{ProductVariantFilter, ProductVariantSort};

import_input! {
    /// A file of products. Its columns, in any order: sku, kind (GOOD, SERVICE, SUBSCRIPTION or BUNDLE; a good when it says
    /// nothing), name, description, category (its name, or with those above it: Tools > Saws), unit (its code or its name;
    /// that of the category for a new one when it says nothing), status (DRAFT, ACTIVE or DISCONTINUED), barcode, taxGroup,
    /// incomeAccount, expenseAccount, standardCost (12.50 EUR), tracksInventory, billingInterval, weightKg, lengthMm, widthMm,
    /// heightMm, isPublic, attributes (the names of those that its variants differ by: Colour; Size), tags, and custom. with
    /// the key of a custom field. A row is about the product with its sku, without one about that with its barcode, without
    /// either about the one with its name, and else about a new one. Variants have a file of their own, which
    /// productVariantImport takes; what bundles are made of is not in files.
    ProductImportInput
}

import_input! {
    /// A file of variants of products. Its columns, in any order: sku (that of the product with a number behind it for a new
    /// one when it says nothing), variantOf (the sku of the product), attributes (what it is in each attribute of the product:
    /// Colour=Red; Size=M, with a backslash before a semicolon, an equals sign or a backslash that is part of a name), barcode
    /// and isArchived. A row is about the variant with its sku, without one about that with its barcode, without either about
    /// that of the product which is the same in each attribute, and else about a new one, of a product that is there. A variant
    /// stays of its product, and what it is.
    ProductVariantImportInput
}

import_input! {
    /// A file of prices. Its columns, in any order: priceList (its code), sku (of a product or of a variant), minQuantity (0
    /// when it says nothing), amount, firstDay and lastDay. A row is about the price of that list, that thing, that quantity
    /// and that first day, and else about a new one. Prices of what is archived are neither made nor changed; a row that says
    /// of one what is so already is taken.
    PriceImportInput
}

graphql::payload! {
    /// The result of productImport.
    ProductImportPayload {
        /// What became of the rows; null when the file could not be read.
        report: ImportReport
    }
}

graphql::payload! {
    /// The result of productVariantImport.
    ProductVariantImportPayload {
        /// What became of the rows; null when the file could not be read.
        report: ImportReport
    }
}

graphql::payload! {
    /// The result of priceImport.
    PriceImportPayload {
        /// What became of the rows; null when the file could not be read.
        report: ImportReport
    }
}

/// Products, variants and prices as files.
#[derive(Default)]
pub struct ProductFileQuery;

#[Object]
impl ProductFileQuery {
    /// The products as CSV. Each page is a file of its own, header included, which productImport takes as it is; to make one
    /// file of several pages, leave out the first line of all but the first.
    async fn products_export(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The conditions that every row must meet.")] filter: Option<ProductFilter>,
        #[graphql(desc = "The order of the rows; by name when absent.")] sort: Option<ProductSort>,
        #[graphql(
            desc = "The endCursor of the page to continue after, from the same list in the same order."
        )]
        after: Option<String>,
        #[graphql(desc = "The number of rows, 1 to 5000.", default = 1000)] first: i32,
    ) -> Result<CsvPage> {
        let page = Page::within(first, after.as_deref(), ::exchange::PAGE_MAX)?;
        export_csv(gql.app(), filter.unwrap_or_default(), sort.unwrap_or_default(), page).await
    }

    /// The variants of products as CSV, as productsExport gives products; productVariantImport takes it as it is.
    async fn product_variants_export(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The conditions that every row must meet.")] filter: Option<ProductVariantFilter>,
        #[graphql(desc = "The order of the rows; by number when absent.")] sort: Option<ProductVariantSort>,
        #[graphql(
            desc = "The endCursor of the page to continue after, from the same list in the same order."
        )]
        after: Option<String>,
        #[graphql(desc = "The number of rows, 1 to 5000.", default = 1000)] first: i32,
    ) -> Result<CsvPage> {
        let page = Page::within(first, after.as_deref(), ::exchange::PAGE_MAX)?;
        variant::export_csv(gql.app(), filter.unwrap_or_default(), sort.unwrap_or_default(), page).await
    }

    /// The prices as CSV, as productsExport gives products; priceImport takes it as it is.
    async fn prices_export(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The conditions that every row must meet.")] filter: Option<PriceFilter>,
        #[graphql(desc = "The order of the rows; the oldest first when absent.")] sort: Option<PriceSort>,
        #[graphql(
            desc = "The endCursor of the page to continue after, from the same list in the same order."
        )]
        after: Option<String>,
        #[graphql(desc = "The number of rows, 1 to 5000.", default = 1000)] first: i32,
    ) -> Result<CsvPage> {
        let page = Page::within(first, after.as_deref(), ::exchange::PAGE_MAX)?;
        price::export_csv(gql.app(), filter.unwrap_or_default(), sort.unwrap_or_default(), page).await
    }
}

/// Files of products, variants and prices.
#[derive(Default)]
pub struct ProductFileMutation;

#[Object]
impl ProductFileMutation {
    /// Creates and changes the products of a file. A row that is refused keeps no other from being done; the report says
    /// which were, and why.
    async fn product_import(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The file, and what may be done with it.")] input: ProductImportInput,
        #[graphql(
            desc = "A key of your choice that names this request, 1 to 100 bytes. Sent again within a day with the same arguments, the request changes nothing and answers the same."
        )]
        idempotency_key: Option<async_graphql::ID>,
    ) -> Result<Option<ProductImportPayload>> {
        let ctx = graphql::once(gql, idempotency_key)?;
        ProductImportPayload::answer(gql, import(&ctx, input).await).await.map(Some)
    }

    /// Creates and changes the variants of a file. A row that is refused keeps no other from being done; the report says which
    /// were, and why.
    async fn product_variant_import(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The file, and what may be done with it.")] input: ProductVariantImportInput,
        #[graphql(
            desc = "A key of your choice that names this request, 1 to 100 bytes. Sent again within a day with the same arguments, the request changes nothing and answers the same."
        )]
        idempotency_key: Option<async_graphql::ID>,
    ) -> Result<Option<ProductVariantImportPayload>> {
        let ctx = graphql::once(gql, idempotency_key)?;
        ProductVariantImportPayload::answer(gql, variant::import(&ctx, input).await).await.map(Some)
    }

    /// Creates and changes the prices of a file. A row that is refused keeps no other from being done; the report says which
    /// were, and why.
    async fn price_import(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The file, and what may be done with it.")] input: PriceImportInput,
        #[graphql(
            desc = "A key of your choice that names this request, 1 to 100 bytes. Sent again within a day with the same arguments, the request changes nothing and answers the same."
        )]
        idempotency_key: Option<async_graphql::ID>,
    ) -> Result<Option<PriceImportPayload>> {
        let ctx = graphql::once(gql, idempotency_key)?;
        PriceImportPayload::answer(gql, price::import(&ctx, input).await).await.map(Some)
    }
}
