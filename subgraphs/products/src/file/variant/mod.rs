//! Variants of products as CSV.

mod there;

use std::collections::{BTreeSet, HashMap, HashSet};

use ::exchange::{Column, Columns, CsvPage, Exchange, ImportReport, Sheet, export};
use async_graphql::MaybeUndefined::{Null, Undefined, Value};
use common::{Page, Refusal, Result};
use database::{Ctx, Tx};

use self::there::There;
use super::{ProductVariantImportInput, Row, attributes, checks, columns};
use crate::attribute::Attribute;
use crate::ids::{AttributeId, ProductId};
use crate::product::{self, Product};
use crate::rights::MANAGE;
use crate::structure;
use crate::variant::{self, ProductVariantFilter, ProductVariantSort, ProductVariantUpdateInput, Variant};

const VARIANT_OF: &str = "variantOf";
const PRODUCT_NOT_FOUND: Refusal = Refusal::whole(
    "PRODUCT_NOT_FOUND",
    "there is no product of this number; name it by its own, not a variant's",
);
const ATTRIBUTES_INVALID: Refusal = Refusal::whole(
    "ATTRIBUTES_INVALID",
    "give attributes and what it is in each, such as Colour=Red; Size=M",
);

/// What a row says.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    input: ProductVariantUpdateInput,
    product: Option<ProductId>,
    /// Attributes by name, and what it is in each.
    choices: Option<Vec<(String, String)>>,
    is_archived: Option<bool>,
}

impl Draft {
    /// The number as numbers are compared.
    fn sku(&self) -> Option<String> {
        self.input.sku.value().map(|sku| sku.to_lowercase())
    }

    /// The barcode as barcodes are compared.
    fn barcode(&self) -> Option<String> {
        self.input.barcode.value().map(|barcode| barcode.to_lowercase())
    }
}

/// What cells and variants are read and written by.
#[derive(Default)]
pub struct Names {
    /// Products by their numbers in lower case, archived ones too.
    numbers: HashMap<String, ProductId>,
    products: HashMap<ProductId, Product>,
    attributes: HashMap<AttributeId, Attribute>,
}

impl Names {
    /// What a variant is in each attribute of its product, in their order.
    fn attributes(&self, variant: &Variant) -> Option<String> {
        let product = self.products.get(&variant.product_id)?;
        let pairs = product.attribute_ids.iter().filter_map(|id| {
            let choice = variant.options.get(&id.to_string())?;
            Some((self.attributes.get(id)?.name.as_str(), choice.as_str()))
        });
        Some(attributes::print_pairs(pairs))
    }
}

impl Exchange for Variant {
    type Draft = Draft;
    type Names = Names;

    const IN_FILE: &'static [Column<Self>] = &[
        Column {
            name: columns::SKU,
            field: "sku",
            is_required: false,
            read: |cell, draft| {
                draft.input.sku = cell.text.map_or(Undefined, |text| Value(text.trim().to_owned()));
                Ok(())
            },
            write: |_, variant| Some(variant.sku.clone()),
        },
        Column {
            name: VARIANT_OF,
            field: "productId",
            is_required: false,
            read: |cell, draft| {
                if let Some(text) = cell.text {
                    let product = cell.names.numbers.get(&text.trim().to_lowercase());
                    draft.product = Some(*product.ok_or(PRODUCT_NOT_FOUND)?);
                }
                Ok(())
            },
            write: |names, variant| Some(names.products.get(&variant.product_id)?.sku.clone()),
        },
        Column {
            name: "attributes",
            field: "options",
            is_required: false,
            read: |cell, draft| {
                if let Some(text) = cell.text {
                    draft.choices = Some(attributes::pairs(text).ok_or(ATTRIBUTES_INVALID)?);
                }
                Ok(())
            },
            write: |names, variant| names.attributes(variant),
        },
        Column {
            name: columns::BARCODE,
            field: "barcode",
            is_required: false,
            read: |cell, draft| {
                draft.input.barcode = cell.text.map_or(Null, |text| Value(text.trim().to_owned()));
                Ok(())
            },
            write: |_, variant| variant.barcode.clone(),
        },
        Column {
            name: "isArchived",
            field: "isArchived",
            is_required: false,
            read: |cell, draft| {
                draft.is_archived = columns::boolean(cell.text)?;
                Ok(())
            },
            write: |_, variant| Some(variant.archived_at.is_some().to_string()),
        },
    ];
}

/// Takes in a file of variants: what is refused of one row, the others are not. However many there are, it costs the same
/// number of statements.
///
/// # Errors
/// Refuses `csv` when nothing of the file can be taken; what is wrong with one row is in the report.
pub(super) async fn import(ctx: &Ctx, input: ProductVariantImportInput) -> Result<ImportReport> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let sheet = Sheet::read(&input.csv)?;
    // Two files at once wait for each other, and whoever makes variants or takes choices away from attributes.
    structure::lock(&mut tx).await?;
    let names = named(&mut tx, &sheet).await?;
    let columns = Columns::<Variant>::of(&sheet, &names)?;
    let mut report = ImportReport::default();
    let mut drafts = Vec::with_capacity(sheet.rows.len());
    for row in &sheet.rows {
        match columns.read(&names, None, row) {
            Ok(draft) => drafts.push((row.line, draft)),
            Err(refusals) => report.refuse(row.line, refusals),
        }
    }
    let mut there = There::look_up(&mut tx, &drafts).await?;
    let now = tx.now();
    let taken = drafts.into_iter().map(|(line, draft)| (line, there.take(draft, input.mode, now)));
    let mut rows: Vec<Row<Variant>> = taken.collect();
    checks::check_codes(&mut tx, &mut rows, codes).await?;
    let mut all = Vec::with_capacity(rows.len());
    for (line, row) in rows {
        match row {
            Ok(variant) => all.push(variant),
            Err(refusals) => {
                let refusals = refusals.into_iter().map(|one| Columns::<Variant>::named(one, &[]));
                report.refuse(line, refusals.collect());
            }
        }
    }
    report.rows.sort_by_key(|row| row.line);
    save(&mut tx, &mut all, &mut report).await?;
    // What is not committed has not happened.
    if input.dry_run { Ok(report) } else { tx.commit(report).await }
}

/// The variants that the filter lets through, as CSV.
///
/// # Errors
/// As the list of variants.
pub(super) async fn export_csv(
    ctx: &Ctx,
    filter: ProductVariantFilter,
    sort: ProductVariantSort,
    page: Page,
) -> Result<CsvPage> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let slice = variant::select_page(&mut tx, &filter, sort, page).await?;
    let ids: HashSet<ProductId> = slice.rows.iter().map(|(_, variant)| variant.product_id).collect();
    let products = tx.find_many::<Product>(&Vec::from_iter(ids)).await?;
    let attributes = attributes_of(&mut tx, &products).await?;
    export(&Names { products, attributes, ..Names::default() }, &slice)
}

fn codes(variant: &Variant) -> [Option<&str>; 2] {
    [Some(variant.sku.as_str()), variant.barcode.as_deref()]
}

/// What the cells of a file may name. Archived products, too: of these an export has variants, and as they are they may come
/// back.
async fn named(tx: &mut Tx, sheet: &Sheet) -> Result<Names> {
    let numbers: Vec<String> = sheet.column(VARIANT_OF).map(|(_, cell)| cell.trim().to_lowercase()).collect();
    let rows = sqlx::query!(
        r#"select lower(value) as "number!", product_id as "product_id!: ProductId" from products.code
           where kind = 'SKU' and variant_id is null and lower(value) = any($1)"#,
        &numbers,
    );
    let numbers = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| (row.number, row.product_id));
    Ok(Names { numbers: numbers.collect(), ..Names::default() })
}

/// The attributes that the variants of products differ by.
async fn attributes_of(
    tx: &mut Tx,
    products: &HashMap<ProductId, Product>,
) -> Result<HashMap<AttributeId, Attribute>> {
    let ids: HashSet<AttributeId> =
        products.values().flat_map(|product| product.attribute_ids.iter().copied()).collect();
    tx.find_many::<Attribute>(&Vec::from_iter(ids)).await
}

/// Saves what is to be saved, tells of products that have more variants than before, and counts what became of the rows.
async fn save(tx: &mut Tx, all: &mut [Variant], report: &mut ImportReport) -> Result<()> {
    let before: Vec<i32> = all.iter().map(|variant| variant.version).collect();
    variant::save(tx, all).await?;
    let mut grown = BTreeSet::new();
    for (variant, before) in all.iter().zip(before) {
        match (before, variant.version) {
            (0, _) => {
                report.created += 1;
                grown.insert(variant.product_id);
            }
            (before, now) if before != now => report.updated += 1,
            _ => report.unchanged += 1,
        }
    }
    product::touched_all(tx, &Vec::from_iter(grown)).await
}
