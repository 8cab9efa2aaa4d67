//! Prices as CSV.

use std::collections::{HashMap, HashSet};

use ::exchange::{Column, Columns, CsvPage, Exchange, ImportMode, ImportReport, Sheet, export, parse, print};
use async_graphql::MaybeUndefined::{self, Null, Undefined, Value};
use common::{Error, Page, Refusal, Result};
use database::{Ctx, Tx, refusals};
use graphql::Date;
use rust_decimal::Decimal;

use super::columns::NUMBER_INVALID;
use super::{IS_THERE, PriceImportInput, ROW_TWICE};
use crate::ids::{PriceListId, ProductId, VariantId};
use crate::price::{self, OVERLAP, Price, PriceFilter, PriceSort, PriceUpdateInput, select_price};
use crate::rights::PRICE_MANAGE;

const LIST: &str = "priceList";
const SKU: &str = "sku";
const DATE_INVALID: Refusal = Refusal::whole("DATE_INVALID", "give a day such as 2026-12-31");
const LIST_NOT_FOUND: Refusal =
    Refusal::whole("PRICE_LIST_NOT_FOUND", "there is no price list of this code in use");
const PRODUCT_NOT_FOUND: Refusal =
    Refusal::whole("PRODUCT_NOT_FOUND", "there is no product and no variant of this number in use");

/// A product, or one of its variants.
type Item = (ProductId, Option<VariantId>);
/// Of what there is one price at a time: a list, a thing, a quantity.
type Place = (PriceListId, Item, Decimal);

/// What a row says.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    input: PriceUpdateInput,
    list: Option<PriceListId>,
    item: Option<Item>,
    /// What is refused when the row says anything new: its list, its product or its variant is archived.
    out_of_use: Option<Refusal>,
}

/// What cells and prices are read and written by.
#[derive(Default)]
pub struct Names {
    /// Lists by their codes, and whether they are in use.
    lists: HashMap<String, (PriceListId, bool)>,
    /// Products and variants by their numbers in lower case, and whether they are in use.
    items: HashMap<String, (Item, bool)>,
    codes: HashMap<PriceListId, String>,
    skus: HashMap<Item, String>,
}

impl Draft {
    /// Notes what is refused when a price of something that is out of use is made or changed.
    fn refuse_new_of(&mut self, is_in_use: bool, refusal: Refusal) {
        if !is_in_use {
            self.out_of_use.get_or_insert(refusal);
        }
    }
}

fn day(cell: Option<&str>) -> Result<MaybeUndefined<Date>, Refusal> {
    match cell {
        Some(text) => parse(text).map(Value).ok_or(DATE_INVALID),
        None => Ok(Null),
    }
}

fn number(cell: Option<&str>) -> Result<MaybeUndefined<Decimal>, Refusal> {
    match cell {
        Some(text) => text.trim().parse().map(Value).map_err(|_| NUMBER_INVALID),
        None => Ok(Undefined),
    }
}

impl Exchange for Price {
    type Draft = Draft;
    type Names = Names;

    const IN_FILE: &'static [Column<Self>] = &[
        Column {
            name: LIST,
            field: "priceListId",
            is_required: true,
            read: |cell, draft| {
                let code = cell.text.unwrap_or_default().trim().to_uppercase();
                let (list, is_in_use) = *cell.names.lists.get(&code).ok_or(LIST_NOT_FOUND)?;
                draft.list = Some(list);
                draft.refuse_new_of(is_in_use, LIST_NOT_FOUND.at("priceListId"));
                Ok(())
            },
            write: |names, price| names.codes.get(&price.price_list_id).cloned(),
        },
        Column {
            name: SKU,
            field: "productId",
            is_required: true,
            read: |cell, draft| {
                let sku = cell.text.unwrap_or_default().trim().to_lowercase();
                let (item, is_in_use) = *cell.names.items.get(&sku).ok_or(PRODUCT_NOT_FOUND)?;
                draft.item = Some(item);
                draft.refuse_new_of(is_in_use, PRODUCT_NOT_FOUND.at("productId"));
                Ok(())
            },
            write: |names, price| names.skus.get(&price.item()).cloned(),
        },
        Column {
            name: "minQuantity",
            field: "minQuantity",
            is_required: false,
            read: |cell, draft| {
                draft.input.min_quantity = number(cell.text)?;
                Ok(())
            },
            write: |_, price| Some(price.min_quantity.normalize().to_string()),
        },
        Column {
            name: "amount",
            field: "amount",
            is_required: true,
            read: |cell, draft| {
                draft.input.amount = number(cell.text)?;
                Ok(())
            },
            write: |_, price| Some(price.amount.normalize().to_string()),
        },
        Column {
            name: "firstDay",
            field: "firstDay",
            is_required: false,
            read: |cell, draft| {
                draft.input.first_day = day(cell.text)?;
                Ok(())
            },
            write: |_, price| price.first_day.as_ref().map(print),
        },
        Column {
            name: "lastDay",
            field: "lastDay",
            is_required: false,
            read: |cell, draft| {
                draft.input.last_day = day(cell.text)?;
                Ok(())
            },
            write: |_, price| price.last_day.as_ref().map(print),
        },
    ];
}

/// Takes in a file of prices: what is refused of one row, the others are not. However many there are, it costs the same number
/// of statements.
pub(super) async fn import(ctx: &Ctx, input: PriceImportInput) -> Result<ImportReport> {
    let mut tx = ctx.begin(&PRICE_MANAGE).await?;
    let sheet = Sheet::read(&input.csv)?;
    // Two files at once wait for each other: each sees what the other has made.
    crate::structure::lock(&mut tx).await?;
    let names = named(&mut tx, &sheet).await?;
    let columns = Columns::<Price>::of(&sheet, &names)?;
    let mut report = ImportReport::default();
    let mut drafts = Vec::with_capacity(sheet.rows.len());
    for row in &sheet.rows {
        match columns.read(&names, None, row) {
            Ok(draft) => drafts.push((row.line, draft)),
            Err(refusals) => report.refuse(row.line, refusals),
        }
    }
    let mut there = there(&mut tx, &drafts).await?;
    let (mut all, mut seen) = (Vec::new(), HashSet::new());
    for (line, draft) in drafts {
        let taken = take(&mut there, draft, input.mode, tx.now());
        let taken =
            taken.and_then(|price| if seen.insert(price.id) { Ok(price) } else { Err(vec![ROW_TWICE]) });
        match taken {
            Ok(price) => all.push(price),
            Err(refusals) => {
                report.refuse(
                    line,
                    refusals.into_iter().map(|one| Columns::<Price>::named(one, &[])).collect(),
                );
            }
        }
    }
    report.rows.sort_by_key(|row| row.line);
    let before: Vec<i32> = all.iter().map(|price| price.version).collect();
    price::save(&mut tx, &mut all).await?;
    let mut changed = Vec::new();
    for (price, before) in all.iter().zip(before) {
        match (before, price.version) {
            (0, _) => report.created += 1,
            (before, now) if before != now => report.updated += 1,
            _ => report.unchanged += 1,
        }
        if price.version != before {
            changed.push(price);
        }
    }
    price::announce(&mut tx, &changed).await?;
    // What is not committed has not happened.
    if input.dry_run { Ok(report) } else { tx.commit(report).await }
}

/// The prices that the filter lets through, as CSV.
pub(super) async fn export_csv(
    ctx: &Ctx,
    filter: PriceFilter,
    sort: PriceSort,
    page: Page,
) -> Result<CsvPage> {
    let mut tx = ctx.begin(&PRICE_MANAGE).await?;
    let slice = price::select_page(&mut tx, &filter, sort, page).await?;
    let mut names = Names::default();
    let lists = sqlx::query!(r#"select id as "id!: PriceListId", code from products.price_list"#);
    names.codes.extend(lists.fetch_all(tx.conn()).await?.into_iter().map(|row| (row.id, row.code)));
    let ids: Vec<ProductId> = slice.rows.iter().map(|(_, price)| price.product_id).collect();
    let codes = sqlx::query!(
        r#"select product_id as "product_id!: ProductId", variant_id as "variant_id: VariantId", value
           from products.code where kind = 'SKU' and product_id = any($1)"#,
        &ids as &[ProductId],
    );
    let codes = codes.fetch_all(tx.conn()).await?.into_iter();
    names.skus.extend(codes.map(|row| ((row.product_id, row.variant_id), row.value)));
    export(&names, &slice)
}

/// What the cells of a file may name. What is archived, too: an export has its prices, and as they are they may come back. Of
/// several lists of one code it is the one in use, else the one that was archived last.
async fn named(tx: &mut Tx, sheet: &Sheet) -> Result<Names> {
    let mut names = Names::default();
    let lists = sqlx::query!(
        r#"select distinct on (code) code, id as "id!: PriceListId", archived_at is null as "is_in_use!"
           from products.price_list order by code, archived_at desc nulls first, id"#
    );
    let lists = lists.fetch_all(tx.conn()).await?.into_iter();
    names.lists.extend(lists.map(|row| (row.code, (row.id, row.is_in_use))));
    let skus: Vec<String> = sheet.column(SKU).map(|(_, cell)| cell.trim().to_lowercase()).collect();
    let codes = sqlx::query!(
        r#"select lower(c.value) as "sku!", c.product_id as "product_id!: ProductId", c.variant_id as "variant_id: VariantId",
               (p.archived_at is null and v.archived_at is null) as "is_in_use!"
           from products.code c join products.product p on p.id = c.product_id
           left join products.product_variant v on v.id = c.variant_id
           where c.kind = 'SKU' and lower(c.value) = any($1)"#,
        &skus,
    );
    let codes = codes.fetch_all(tx.conn()).await?.into_iter();
    names.items.extend(codes.map(|row| (row.sku, ((row.product_id, row.variant_id), row.is_in_use))));
    Ok(names)
}

/// The prices that there are of what rows are about.
async fn there(tx: &mut Tx, drafts: &[(i32, Draft)]) -> Result<HashMap<Place, Vec<Price>>> {
    let lists: Vec<PriceListId> = drafts.iter().filter_map(|(_, draft)| draft.list).collect();
    let products: Vec<ProductId> = drafts.iter().filter_map(|(_, draft)| Some(draft.item?.0)).collect();
    let rows = select_price!(
        "where price_list_id = any($1) and product_id = any($2) order by id for update",
        &lists as &[PriceListId],
        &products as &[ProductId],
    );
    let mut there: HashMap<Place, Vec<Price>> = HashMap::new();
    for price in rows.fetch_all(tx.conn()).await? {
        there.entry(price.place()).or_default().push(price);
    }
    Ok(there)
}

/// Takes a row into the price that it is about, or into a new one, beside those that there are.
fn take(
    there: &mut HashMap<Place, Vec<Price>>,
    draft: Draft,
    mode: ImportMode,
    at: chrono::DateTime<chrono::Utc>,
) -> Result<Price, Vec<Refusal>> {
    let none = || refusals(&Error::internal("a row without a price list or a product"));
    let (Some(list), Some(item)) = (draft.list, draft.item) else { return Err(none()) };
    let mut input = draft.input;
    let min_quantity = match &input.min_quantity {
        Value(quantity) => *quantity,
        _ => Decimal::ZERO,
    };
    let beside = there.entry((list, item, min_quantity.normalize())).or_default();
    let first_day = match &input.first_day {
        Value(day) => Some(*day),
        _ => None,
    };
    let before = beside.iter().position(|price| price.first_day == first_day);
    let mut now = match before {
        Some(_) if mode == ImportMode::Create => return Err(vec![IS_THERE]),
        Some(at) => beside[at].clone(),
        None => Price { variant_id: item.1, ..Price::blank(at, list, item.0) },
    };
    input.version = now.version;
    now.fill_in(input).map_err(|error| refusals(&error))?;
    let is_as_it_was = before.is_some_and(|at| beside[at].says_the_same_as(&now));
    if let Some(refusal) = draft.out_of_use.filter(|_| !is_as_it_was) {
        return Err(vec![refusal]);
    }
    if beside.iter().any(|other| other.id != now.id && other.overlaps(&now)) {
        return Err(vec![OVERLAP.at("firstDay")]);
    }
    match before {
        Some(at) => beside[at] = now.clone(),
        None => beside.push(now.clone()),
    }
    Ok(now)
}

impl Price {
    fn item(&self) -> Item {
        (self.product_id, self.variant_id)
    }

    fn place(&self) -> Place {
        (self.price_list_id, self.item(), self.min_quantity.normalize())
    }

    /// Whether it says of its place what another one of the same place does.
    fn says_the_same_as(&self, other: &Self) -> bool {
        (self.amount, self.last_day) == (other.amount, other.last_day)
    }

    /// Whether both hold on some day.
    fn overlaps(&self, other: &Self) -> bool {
        let begins_in = |one: &Self, other: &Self| {
            one.first_day.is_none_or(|first| other.last_day.is_none_or(|last| first.0 <= last.0))
        };
        begins_in(self, other) && begins_in(other, self)
    }
}
