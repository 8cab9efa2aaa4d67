//! What is looked at of all rows of a file at once, before any is saved.

use std::collections::{HashMap, HashSet};

use common::{Refusal, Result};
use database::{Record, Tx};
use uuid::Uuid;

use super::Row;
use crate::ids::ProductId;
use crate::product::{self, Product};

/// Refuses rows with the number or the barcode of something else, be it of the file; `codes` are the number and the barcode of
/// what a row is about.
pub(super) async fn check_codes<N: Record>(
    tx: &mut Tx,
    rows: &mut [Row<N>],
    codes: fn(&N) -> [Option<&str>; 2],
) -> Result<()> {
    let kinds = [("SKU", product::SKU_TAKEN), ("BARCODE", product::BARCODE_TAKEN)];
    for (at, (kind, taken)) in kinds.into_iter().enumerate() {
        let wanted = rows.iter().filter_map(|(_, row)| codes(row.as_ref().ok()?)[at]).map(str::to_lowercase);
        let wanted: Vec<String> = wanted.collect();
        let there = sqlx::query!(
            r#"select lower(value) as "value!", item_id as "item_id!" from products.code
               where kind = $2 and lower(value) = any($1)"#,
            &wanted,
            kind,
        );
        let mut holders: HashMap<String, Uuid> =
            there.fetch_all(tx.conn()).await?.into_iter().map(|row| (row.value, row.item_id)).collect();
        for (_, row) in &mut *rows {
            let Some((code, id)) =
                row.as_ref().ok().and_then(|one| Some((codes(one)[at]?.to_lowercase(), one.id())))
            else {
                continue;
            };
            let id: Uuid = id.into();
            if *holders.entry(code).or_insert(id) != id {
                *row = Err(vec![taken.clone()]);
            }
        }
    }
    Ok(())
}

/// Refuses rows that would have nothing written down any more of what is in stock; `before` are the products as they are.
pub(super) async fn check_stock(
    tx: &mut Tx,
    before: &HashMap<ProductId, Product>,
    rows: &mut [Row<Product>],
) -> Result<()> {
    let wanted = changed(before, rows, |before, now| before.tracks_inventory && !now.tracks_inventory);
    if wanted.is_empty() {
        return Ok(());
    }
    let stocked = sqlx::query_scalar!(
        r#"select distinct product_id as "product_id!: ProductId" from products.stock_level
           where product_id = any($1) and (on_hand <> 0 or reserved <> 0)"#,
        &wanted as &[ProductId],
    );
    refuse(rows, &stocked.fetch_all(tx.conn()).await?, &product::STOCK_KEPT);
    Ok(())
}

/// Refuses rows by which the variants of a product would differ by other attributes than they do.
pub(super) async fn check_attributes(
    tx: &mut Tx,
    before: &HashMap<ProductId, Product>,
    rows: &mut [Row<Product>],
) -> Result<()> {
    let wanted = changed(before, rows, |before, now| before.attribute_ids != now.attribute_ids);
    if wanted.is_empty() {
        return Ok(());
    }
    let parents = sqlx::query_scalar!(
        r#"select distinct product_id as "product_id!: ProductId" from products.product_variant
           where product_id = any($1)"#,
        &wanted as &[ProductId],
    );
    refuse(rows, &parents.fetch_all(tx.conn()).await?, &product::HAS_VARIANTS);
    Ok(())
}

/// The products that rows change in some way.
fn changed(
    before: &HashMap<ProductId, Product>,
    rows: &[Row<Product>],
    is_so: fn(&Product, &Product) -> bool,
) -> Vec<ProductId> {
    let all = rows.iter().filter_map(|(_, row)| row.as_ref().ok());
    let all = all.filter(|now| before.get(&now.id).is_some_and(|before| is_so(before, now)));
    all.map(|now| now.id).collect()
}

/// Refuses the rows of some products.
fn refuse(rows: &mut [Row<Product>], ids: &[ProductId], refusal: &Refusal) {
    let ids: HashSet<ProductId> = ids.iter().copied().collect();
    for (_, row) in rows {
        if row.as_ref().is_ok_and(|product| ids.contains(&product.id)) {
            *row = Err(vec![refusal.clone()]);
        }
    }
}
