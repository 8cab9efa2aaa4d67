//! What there is of what the rows of a file are about, looked up for all of them at once, and what a row makes of it.

use std::collections::{BTreeMap, HashMap, HashSet};

use ::exchange::ImportMode;
use chrono::{DateTime, Utc};
use common::{Refusal, Result};
use database::{Record as _, Tx, refusals};
use serde_json::{Value, json};
use sqlx::types::Json;

use super::{Draft, attributes_of};
use crate::attribute::Attribute;
use crate::file::attributes::is_same;
use crate::file::{IS_THERE, ROW_TWICE};
use crate::ids::{AttributeId, ProductId, VariantId};
use crate::product::{BARCODE_TAKEN, Product, SKU_TAKEN, STOCK_LEFT};
use crate::variant::{
    CHOICE_UNKNOWN, NO_ATTRIBUTES, OPTIONS_INCOMPLETE, OPTIONS_TAKEN, PRODUCT_NOT_FOUND, TOO_MANY,
    VARIANTS_MAX, Variant, number,
};

const REQUIRED: Refusal = Refusal::whole("REQUIRED", "this cannot be left empty");
const VARIANT_STAYS: Refusal =
    Refusal::whole("VARIANT_STAYS", "a variant stays what it is, and of which product; make another one");
const ATTRIBUTE_NOT_FOUND: Refusal = Refusal::of(
    "options",
    "PRODUCT_ATTRIBUTE_NOT_FOUND",
    "the product has no such attribute, or it stands here twice",
);

/// What a variant is in each attribute, by the attribute's id.
type Options = BTreeMap<String, String>;

/// What there is of what rows are about. Products and variants are locked.
pub(super) struct There {
    /// What has a number or a barcode, in lower case: a variant, or a product itself.
    codes: HashMap<(String, String), Option<VariantId>>,
    products: HashMap<ProductId, Product>,
    attributes: HashMap<AttributeId, Attribute>,
    variants: HashMap<VariantId, Variant>,
    by_options: HashMap<(ProductId, Options), VariantId>,
    /// How many variants each product has, archived ones and those of the file among them.
    counts: HashMap<ProductId, usize>,
    /// Variants of which something is in stock, missing from it, or reserved.
    stocked: HashSet<VariantId>,
    /// Those that rows before were about.
    seen: HashSet<VariantId>,
}

impl There {
    pub(super) async fn look_up(tx: &mut Tx, drafts: &[(i32, Draft)]) -> Result<Self> {
        let codes = drafts.iter().flat_map(|(_, draft)| [draft.sku(), draft.barcode()]).flatten();
        let codes: Vec<String> = codes.collect();
        let rows = sqlx::query!(
            r#"select kind, lower(value) as "value!", product_id as "product_id!: ProductId",
                   variant_id as "variant_id: VariantId"
               from products.code where (kind = 'SKU' or kind = 'BARCODE') and lower(value) = any($1)"#,
            &codes,
        );
        let rows = rows.fetch_all(tx.conn()).await?;
        let named = drafts.iter().filter_map(|(_, draft)| draft.product);
        let ids: HashSet<ProductId> = named.chain(rows.iter().map(|row| row.product_id)).collect();
        let mut there = Self::of_products(tx, &Vec::from_iter(ids)).await?;
        let mut ids = there.select_by_options(tx, drafts).await?;
        ids.extend(rows.iter().filter_map(|row| row.variant_id));
        there.codes = rows.into_iter().map(|row| ((row.kind, row.value), row.variant_id)).collect();
        for variant in Variant::lock_many(tx, &Vec::from_iter(ids)).await? {
            there.by_options.insert((variant.product_id, variant.options.0.clone()), variant.id);
            there.variants.insert(variant.id, variant);
        }
        if drafts.iter().any(|(_, draft)| draft.is_archived == Some(true)) {
            there.stocked = there.select_stocked(tx).await?;
        }
        Ok(there)
    }

    /// Products with their attributes. Whoever moves some of one, or changes it, waits until the file is taken in.
    async fn of_products(tx: &mut Tx, ids: &[ProductId]) -> Result<Self> {
        sqlx::query!(
            "select id from products.product where id = any($1) order by id for no key update",
            ids as &[ProductId],
        )
        .fetch_all(tx.conn())
        .await?;
        let products = tx.find_many::<Product>(ids).await?;
        let attributes = attributes_of(tx, &products).await?;
        let counts = sqlx::query!(
            r#"select product_id as "product_id!: ProductId", count(*) as "count!" from products.product_variant
               where product_id = any($1) group by product_id"#,
            ids as &[ProductId],
        );
        let counts = counts.fetch_all(tx.conn()).await?.into_iter();
        let counts = counts.map(|row| (row.product_id, usize::try_from(row.count).unwrap_or(usize::MAX)));
        Ok(Self {
            codes: HashMap::new(),
            products,
            attributes,
            variants: HashMap::new(),
            by_options: HashMap::new(),
            counts: counts.collect(),
            stocked: HashSet::new(),
            seen: HashSet::new(),
        })
    }

    /// The variants that are what rows say of products.
    async fn select_by_options(&self, tx: &mut Tx, drafts: &[(i32, Draft)]) -> Result<HashSet<VariantId>> {
        let wanted = drafts.iter().filter_map(|(_, draft)| {
            let (product, choices) = (draft.product?, draft.choices.as_deref()?);
            Some(json!({ "product_id": product, "options": self.options(product, choices).ok()? }))
        });
        let wanted = Value::Array(wanted.collect());
        let ids = sqlx::query_scalar!(
            r#"select v.id as "id!: VariantId" from jsonb_to_recordset($1) as w (product_id uuid, options jsonb)
               join products.product_variant v on v.product_id = w.product_id and v.options = w.options"#,
            wanted,
        );
        Ok(ids.fetch_all(tx.conn()).await?.into_iter().collect())
    }

    async fn select_stocked(&self, tx: &mut Tx) -> Result<HashSet<VariantId>> {
        let ids: Vec<VariantId> = self.variants.keys().copied().collect();
        let stocked = sqlx::query_scalar!(
            r#"select distinct item_id as "item_id!: VariantId" from products.stock_level
               where item_id = any($1) and (on_hand <> 0 or reserved <> 0)"#,
            &ids as &[VariantId],
        );
        Ok(stocked.fetch_all(tx.conn()).await?.into_iter().collect())
    }

    /// Takes a row into the variant that it is about, or into a new one.
    pub(super) fn take(
        &mut self,
        draft: Draft,
        mode: ImportMode,
        at: DateTime<Utc>,
    ) -> Result<Variant, Vec<Refusal>> {
        let before = self.about(&draft).map_err(|one| vec![one])?;
        let mut now = match before {
            Some(before) if self.seen.contains(&before.id) => return Err(vec![ROW_TWICE]),
            Some(_) if mode == ImportMode::Create => return Err(vec![IS_THERE]),
            Some(before) => self.unmoved(before, &draft).map_err(|one| vec![one])?,
            None => self.new_of(&draft, at).map_err(|one| vec![one])?,
        };
        self.seen.insert(now.id);
        let Draft { mut input, is_archived, .. } = draft;
        input.version = now.version;
        now.fill_in(input).map_err(|error| refusals(&error))?;
        self.set_archived(&mut now, is_archived, at).map_err(|one| vec![one])?;
        if now.version == 0 {
            self.count(&mut now);
        }
        Ok(now)
    }

    /// The variant that a row is about: by its number, without one by its barcode, else by what it is; none when it is about a
    /// new one.
    fn about(&self, draft: &Draft) -> Result<Option<Variant>, Refusal> {
        // A number that nobody has is a new one's, whatever its barcode is.
        if let Some(sku) = draft.sku() {
            return self.coded("SKU", sku, SKU_TAKEN);
        }
        if let Some(barcode) = draft.barcode()
            && let Some(found) = self.coded("BARCODE", barcode, BARCODE_TAKEN)?
        {
            return Ok(Some(found));
        }
        let (Some(product), Some(choices)) = (draft.product, draft.choices.as_deref()) else {
            return Ok(None);
        };
        let id = self.by_options.get(&(product, self.options(product, choices)?));
        Ok(id.and_then(|id| self.variants.get(id)).cloned())
    }

    /// The variant that has a number or a barcode; one that a product has itself is refused.
    fn coded(&self, kind: &str, code: String, taken: Refusal) -> Result<Option<Variant>, Refusal> {
        match self.codes.get(&(kind.to_owned(), code)) {
            Some(Some(id)) => Ok(self.variants.get(id).cloned()),
            Some(None) => Err(taken),
            None => Ok(None),
        }
    }

    /// A variant of which a row says nothing that stays.
    fn unmoved(&self, before: Variant, draft: &Draft) -> Result<Variant, Refusal> {
        if draft.product.is_some_and(|product| product != before.product_id) {
            return Err(VARIANT_STAYS.at("productId"));
        }
        if let Some(choices) = draft.choices.as_deref()
            && self.options(before.product_id, choices)? != before.options.0
        {
            return Err(VARIANT_STAYS.at("options"));
        }
        Ok(before)
    }

    fn new_of(&self, draft: &Draft, at: DateTime<Utc>) -> Result<Variant, Refusal> {
        let product = draft.product.ok_or_else(|| REQUIRED.at("productId"))?;
        let choices = draft.choices.as_deref().ok_or_else(|| REQUIRED.at("options"))?;
        self.check_in_use(product)?;
        let options = self.options(product, choices)?;
        if self.by_options.contains_key(&(product, options.clone())) {
            return Err(OPTIONS_TAKEN);
        }
        if self.counts.get(&product).is_some_and(|count| *count >= VARIANTS_MAX) {
            return Err(TOO_MANY);
        }
        Ok(Variant { options: Json(options), ..Variant::blank(at, product) })
    }

    fn check_in_use(&self, product: ProductId) -> Result<(), Refusal> {
        let is_in_use = self.products.get(&product).is_some_and(|product| !product.is_archived());
        if is_in_use { Ok(()) } else { Err(PRODUCT_NOT_FOUND) }
    }

    /// What a row says of each attribute of a product, whatever the case of the names.
    fn options(&self, product: ProductId, choices: &[(String, String)]) -> Result<Options, Refusal> {
        let ids = self.products.get(&product).map(|product| product.attribute_ids.as_slice());
        let ids = ids.filter(|ids| !ids.is_empty()).ok_or(NO_ATTRIBUTES)?;
        let mut options = Options::new();
        for (name, choice) in choices {
            // Each attribute once: of two of one name, which one is archived, the second is the next one.
            let left = ids.iter().filter(|id| !options.contains_key(&id.to_string()));
            let mut left = left.filter_map(|id| self.attributes.get(id));
            let attribute =
                left.find(|attribute| is_same(&attribute.name, name)).ok_or(ATTRIBUTE_NOT_FOUND)?;
            let exactly = attribute.choices.iter().find(|one| *one == choice);
            let found = exactly.or_else(|| attribute.choices.iter().find(|one| is_same(one, choice)));
            let found = found.ok_or_else(|| CHOICE_UNKNOWN.at("options"))?;
            options.insert(attribute.id.to_string(), found.clone());
        }
        if options.len() == ids.len() { Ok(options) } else { Err(OPTIONS_INCOMPLETE) }
    }

    fn set_archived(
        &self,
        now: &mut Variant,
        is_archived: Option<bool>,
        at: DateTime<Utc>,
    ) -> Result<(), Refusal> {
        match is_archived {
            Some(true) if !now.is_archived() => {
                if self.stocked.contains(&now.id) {
                    return Err(STOCK_LEFT.at("isArchived"));
                }
                now.archived_at = Some(at);
            }
            Some(false) if now.is_archived() => {
                self.check_in_use(now.product_id)?;
                now.archived_at = None;
            }
            _ => {}
        }
        Ok(())
    }

    /// Counts a new one, and gives it a number when it has none.
    fn count(&mut self, now: &mut Variant) {
        let count = self.counts.entry(now.product_id).or_default();
        *count += 1;
        if let Some(product) = self.products.get(&now.product_id).filter(|_| now.sku.is_empty()) {
            now.sku = number(product, *count);
        }
        self.by_options.insert((now.product_id, now.options.0.clone()), now.id);
        self.variants.insert(now.id, now.clone());
    }
}
