//! Products, variants and prices from files and into files.

mod attributes;
mod checks;
mod columns;
mod graphql;
mod price;
mod variant;

use std::collections::{HashMap, HashSet};

use ::exchange::{Columns, CsvPage, ImportMode, ImportReport, Sheet, export};
use ::graphql::Batch as _;
use async_graphql::MaybeUndefined;
use chrono::Datelike as _;
use common::{Error, Page, Refusal, Result};
use custom::Definitions;
use database::{Ctx, Record as _, Tx, refusals};

use self::columns::{Draft, Names};
pub(crate) use self::graphql::{PriceImportInput, ProductImportInput, ProductVariantImportInput};
pub use self::graphql::{ProductFileMutation, ProductFileQuery};
use crate::category::DefaultsOf;
use crate::ids::{AttributeId, CategoryId, ProductId, UnitOfMeasureId};
use crate::product::{
    self, NUMBERS, Product, ProductFilter, ProductKind, ProductSort, ProductStatus, UNIT_FIXED, UNIT_REQUIRED,
};
use crate::rights::MANAGE;
use crate::structure;

const ROW_TWICE: Refusal = Refusal::whole("ROW_TWICE", "a row before is about the same");
const IS_THERE: Refusal = Refusal::whole("ALREADY_THERE", "this is there already");
const KIND_STAYS: Refusal = Refusal::of("kind", "KIND_STAYS", "a product stays what it is");
const NAME_REQUIRED: Refusal = Refusal::of("name", "REQUIRED", "this cannot be left empty");
const NAME_AMBIGUOUS: Refusal = Refusal::of(
    "name",
    "NAME_AMBIGUOUS",
    "more than one product has this name; name the product by its number or its barcode",
);
const STATUS_ASTRAY: Refusal = Refusal::of("status", "INVALID_TRANSITION", "");

/// What becomes of a row, with its line.
type Row<N> = (i32, Result<N, Vec<Refusal>>);

/// Takes in a file of products: what is refused of one row, the others are not. However many there are, it costs the same
/// number of statements.
pub(crate) async fn import(ctx: &Ctx, input: ProductImportInput) -> Result<ImportReport> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let sheet = Sheet::read(&input.csv)?;
    // Two files at once wait for each other: each sees what the other has made.
    structure::lock(&mut tx).await?;
    let names = in_use(&mut tx).await?;
    let columns = Columns::<Product>::of(&sheet, &names)?;
    let found = Found::look_up(&mut tx, &sheet).await?;
    let ids: Vec<CategoryId> = names.categories.values().flatten().copied().collect();
    let defaults = DefaultsOf::load(&mut tx, &ids).await?;
    let units: HashMap<CategoryId, UnitOfMeasureId> =
        defaults.into_iter().filter_map(|(id, defaults)| Some((id, defaults.unit_id?))).collect();
    let (mut seen, mut keys) = (HashSet::new(), HashMap::new());
    let mut rows: Vec<Row<Product>> = Vec::with_capacity(sheet.rows.len());
    for (at, row) in sheet.rows.iter().enumerate() {
        let taken = found.about(at).map_err(|refusal| vec![refusal]).and_then(|before| {
            if input.mode == ImportMode::Create && before.is_some() {
                return Err(vec![IS_THERE]);
            }
            let draft = columns.read(&names, before, row)?;
            if let MaybeUndefined::Value(fields) = &draft.input.custom_fields {
                keys.insert(row.line, fields.iter().map(|field| field.key.clone()).collect::<Vec<_>>());
            }
            let now = fill_in(before, draft, &names.fields, &units, tx.now()).map_err(|e| refusals(&e))?;
            let is_new = before.is_none_or(|before| seen.insert(before.id));
            if is_new { Ok(now) } else { Err(vec![ROW_TWICE]) }
        });
        rows.push((row.line, taken));
    }
    checks::check_codes(&mut tx, &mut rows, codes).await?;
    checks::check_stock(&mut tx, &found.products, &mut rows).await?;
    checks::check_attributes(&mut tx, &found.products, &mut rows).await?;
    let report = save(&mut tx, rows, |line, refusal| {
        Columns::<Product>::named(refusal, keys.get(&line).map_or(&[], Vec::as_slice))
    })
    .await?;
    // What is not committed has not happened.
    if input.dry_run { Ok(report) } else { tx.commit(report).await }
}

/// The products that the filter lets through, as CSV.
pub(crate) async fn export_csv(
    ctx: &Ctx,
    filter: ProductFilter,
    sort: ProductSort,
    page: Page,
) -> Result<CsvPage> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let slice = product::select_page(&mut tx, &filter, sort, page).await?;
    let fields = Definitions::of::<Product>(&mut tx).await?;
    let units = sqlx::query!(r#"select id as "id!: UnitOfMeasureId", code from products.unit_of_measure"#);
    let unit_codes = units.fetch_all(tx.conn()).await?.into_iter().map(|row| (row.id, row.code)).collect();
    let category_names = category_names(&mut tx).await?.into_iter().map(|(id, name, _)| (id, name)).collect();
    let attribute_names =
        attribute_names(&mut tx).await?.into_iter().map(|(id, name, _)| (id, name)).collect();
    let names = Names { fields, unit_codes, category_names, attribute_names, ..Names::default() };
    export(&names, &slice)
}

/// What the cells of a file may name.
async fn in_use(tx: &mut Tx) -> Result<Names> {
    let fields = Definitions::of::<Product>(tx).await?;
    let units = sqlx::query!(
        r#"select id as "id!: UnitOfMeasureId", code, name from products.unit_of_measure
           where archived_at is null order by id desc"#
    );
    let mut names = Names { fields, ..Names::default() };
    let units = units.fetch_all(tx.conn()).await?;
    // A code is one unit's; a name that several have is the first one's.
    names.units.extend(units.iter().map(|unit| (columns::key(&unit.name), unit.id)));
    names.units.extend(units.iter().map(|unit| (columns::key(&unit.code), unit.id)));
    let attributes = attribute_names(tx).await?;
    let attributes_in_use = || attributes.iter().filter(|(_, _, is_archived)| !is_archived);
    names.attributes.extend(attributes_in_use().map(|(id, name, _)| (name.to_lowercase(), *id)));
    names.attributes.extend(attributes_in_use().map(|(id, name, _)| (name.clone(), *id)));
    names.attribute_names.extend(attributes.into_iter().map(|(id, name, _)| (id, name)));
    for (id, path, is_archived) in category_names(tx).await? {
        if is_archived {
            continue;
        }
        let name = path.rsplit(" > ").next().unwrap_or(&path).to_owned();
        for key in HashSet::from([columns::key(&path), columns::key(&name)]) {
            names.categories.entry(key).and_modify(|one| *one = None).or_insert(Some(id));
        }
    }
    Ok(names)
}

/// Categories with the names of all that they are part of, and whether they are archived.
async fn category_names(tx: &mut Tx) -> Result<Vec<(CategoryId, String, bool)>> {
    let rows = sqlx::query!(
        r#"with recursive path (id, name, is_archived) as (
               select id, name, archived_at is not null from products.category where parent_id is null
               union all
               select c.id, path.name || ' > ' || c.name, c.archived_at is not null
               from path join products.category c on c.parent_id = path.id
           ) select id as "id!: CategoryId", name as "name!", is_archived as "is_archived!" from path"#
    );
    Ok(rows.fetch_all(tx.conn()).await?.into_iter().map(|row| (row.id, row.name, row.is_archived)).collect())
}

/// What variants differ by: attributes with their names, and whether they are archived.
async fn attribute_names(tx: &mut Tx) -> Result<Vec<(AttributeId, String, bool)>> {
    let rows = sqlx::query!(
        r#"select id as "id!: AttributeId", name, archived_at is not null as "is_archived!" from products.attribute
           order by id desc"#
    );
    Ok(rows.fetch_all(tx.conn()).await?.into_iter().map(|row| (row.id, row.name, row.is_archived)).collect())
}

/// The products that rows are about: by number, else by barcode, else by a name that one product in use has.
struct Found {
    products: HashMap<ProductId, Product>,
    of_rows: HashMap<usize, Result<ProductId, Refusal>>,
}

impl Found {
    async fn look_up(tx: &mut Tx, sheet: &Sheet) -> Result<Self> {
        const VARIANTS: Refusal =
            Refusal::of("sku", "SKU_TAKEN", "a variant has this number; variants have a file of their own");
        let cells = |name: &str| -> HashMap<usize, String> {
            sheet.column(name).map(|(at, cell)| (at, cell.trim().to_lowercase())).collect()
        };
        let (skus, barcodes, names) = (cells(columns::SKU), cells(columns::BARCODE), cells(columns::NAME));
        let codes: Vec<String> = skus.values().chain(barcodes.values()).cloned().collect();
        let rows = sqlx::query!(
            r#"select kind, lower(value) as "value!", product_id as "product_id!: ProductId", variant_id is not null as "is_variant!"
               from products.code where (kind = 'SKU' or kind = 'BARCODE') and lower(value) = any($1)"#,
            &codes,
        );
        let mut by_code: HashMap<(String, String), (ProductId, bool)> = HashMap::new();
        for row in rows.fetch_all(tx.conn()).await? {
            by_code.insert((row.kind, row.value), (row.product_id, row.is_variant));
        }
        let mut of_rows = HashMap::new();
        for (kind, cells) in [("SKU", &skus), ("BARCODE", &barcodes)] {
            for (at, code) in cells {
                // A number that nobody has is a new one's, whatever its barcode is.
                if kind == "BARCODE" && skus.contains_key(at) {
                    continue;
                }
                match by_code.get(&(kind.to_owned(), code.clone())) {
                    Some((_, true)) => drop(of_rows.insert(*at, Err(VARIANTS))),
                    Some((id, false)) => drop(of_rows.insert(*at, Ok(*id))),
                    None => {}
                }
            }
        }
        let nameless = |at: &usize| !skus.contains_key(at) && !barcodes.contains_key(at);
        let wanted: Vec<String> =
            names.iter().filter(|(at, _)| nameless(at)).map(|(_, n)| n.clone()).collect();
        let rows = sqlx::query!(
            r#"select id as "id!: ProductId", lower(name) as "name!" from products.product
               where archived_at is null and lower(name) = any($1)"#,
            &wanted,
        );
        let mut by_name: HashMap<String, Vec<ProductId>> = HashMap::new();
        for row in rows.fetch_all(tx.conn()).await? {
            by_name.entry(row.name).or_default().push(row.id);
        }
        for (at, name) in names.iter().filter(|(at, _)| nameless(at)) {
            match by_name.get(name).map(Vec::as_slice) {
                Some([id]) => drop(of_rows.insert(*at, Ok(*id))),
                Some(_) => drop(of_rows.insert(*at, Err(NAME_AMBIGUOUS))),
                None => {}
            }
        }
        let ids: HashSet<ProductId> = of_rows.values().filter_map(|id| id.as_ref().ok().copied()).collect();
        let products = tx.find_many(&Vec::from_iter(ids)).await?;
        Ok(Self { products, of_rows })
    }

    /// The product that a row is about; none when it is about a new one.
    fn about(&self, at: usize) -> Result<Option<&Product>, Refusal> {
        match self.of_rows.get(&at) {
            Some(Ok(id)) => match self.products.get(id) {
                Some(product) if product.is_archived() => Err(product::ARCHIVED),
                found => Ok(found),
            },
            Some(Err(refusal)) => Err(refusal.clone()),
            None => Ok(None),
        }
    }
}

/// Takes a row into the product that it is about, or into a new one.
fn fill_in(
    before: Option<&Product>,
    draft: Draft,
    fields: &Definitions,
    units: &HashMap<CategoryId, UnitOfMeasureId>,
    at: chrono::DateTime<chrono::Utc>,
) -> Result<Product> {
    let Draft { mut input, kind, status } = draft;
    let nobody = UnitOfMeasureId::from(uuid::Uuid::nil());
    let mut now = match before {
        Some(before) if kind.is_some_and(|kind| kind != before.kind) => return Err(KIND_STAYS.into()),
        Some(before) => before.clone(),
        None => Product { kind: kind.unwrap_or(ProductKind::Good), ..Product::blank(at, nobody) },
    };
    // What a product of this kind never has may stand empty in its column, and what it never is as well.
    if now.kind != ProductKind::Good && input.tracks_inventory == MaybeUndefined::Value(false) {
        input.tracks_inventory = MaybeUndefined::Undefined;
    }
    input.version = now.version;
    now.fill_in(input, fields)?;
    if now.name.is_empty() {
        return Err(NAME_REQUIRED.into());
    }
    if now.unit_id == nobody {
        now.unit_id = now.category_id.and_then(|id| units.get(&id).copied()).ok_or(UNIT_REQUIRED)?;
    }
    if before.is_some_and(|before| before.unit_id != now.unit_id && before.status != ProductStatus::Draft) {
        return Err(UNIT_FIXED.into());
    }
    match status.filter(|status| *status != now.status) {
        None => {}
        Some(ProductStatus::Active) if now.kind == ProductKind::Bundle => {
            return Err(STATUS_ASTRAY.saying("say what the bundle is made of, and activate it then").into());
        }
        Some(ProductStatus::Active) => now.activate()?,
        Some(ProductStatus::Discontinued) => now.discontinue().map_err(|one| one.at("status"))?,
        Some(ProductStatus::Draft) => {
            return Err(STATUS_ASTRAY.saying("what was sold is no draft any more").into());
        }
    }
    Ok(now)
}

/// The number and the barcode of a product; one without a number is given the next one when it is saved.
fn codes(product: &Product) -> [Option<&str>; 2] {
    [Some(product.sku.as_str()).filter(|sku| !sku.is_empty()), product.barcode.as_deref()]
}

/// Saves what is to be saved, gives out numbers, announces it, and tells what became of each row.
async fn save(
    tx: &mut Tx,
    rows: Vec<Row<Product>>,
    named: impl Fn(i32, Refusal) -> Refusal,
) -> Result<ImportReport> {
    let mut report = ImportReport::default();
    let mut all = Vec::with_capacity(rows.len());
    for (line, row) in rows {
        match row {
            Ok(product) => all.push(product),
            Err(refusals) => {
                report.refuse(line, refusals.into_iter().map(|one| named(line, one)).collect());
            }
        }
    }
    let year = tx.now().year();
    // What the file names is given to nobody else.
    let given = all.iter().filter(|product| product.version == 0 && !product.sku.is_empty());
    let given: Vec<&str> = given.map(|product| product.sku.as_str()).collect();
    if !given.is_empty() {
        tx.pass_numbers(&NUMBERS, year, &given).await?;
    }
    let count = all.iter().filter(|product| product.sku.is_empty()).count();
    if count > 0 {
        let count = u32::try_from(count).map_err(Error::internal)?;
        let mut numbers = tx.next_numbers(&NUMBERS, year, count).await?.into_iter();
        for product in all.iter_mut().filter(|product| product.sku.is_empty()) {
            product.sku = numbers.next().unwrap_or_default();
        }
    }
    let before: Vec<i32> = all.iter().map(|product| product.version).collect();
    product::save_all(tx, &mut all).await?;
    let (mut created, mut updated) = (Vec::new(), Vec::new());
    for (product, before) in all.iter().zip(before) {
        match (before, product.version) {
            (0, _) => created.push(product.created()),
            (before, now) if before != now => updated.push(product.updated()),
            _ => report.unchanged += 1,
        }
    }
    report.created = i32::try_from(created.len()).map_err(Error::internal)?;
    report.updated = i32::try_from(updated.len()).map_err(Error::internal)?;
    tx.emit_all(&created).await?;
    tx.emit_all(&updated).await?;
    Ok(report)
}
