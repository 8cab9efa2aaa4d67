//! Warehouses: where things are.

use async_graphql::{InputObject, MaybeUndefined, SimpleObject};
use chrono::{DateTime, Utc};
use common::{Form, MembershipId, Page, Refusal, Result, Slice};
use database::{Ctx, OnConstraint as _, Record, Tx, page};
use graphql::{inputs, mutations, noun, queries, sorts};

use crate::Membership;
use crate::ids::WarehouseId;
use crate::rights::{STOCK_READ, WAREHOUSE_MANAGE};

/// A place where things are kept.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("warehouse", table = "products.warehouse", read = STOCK_READ)]
pub struct Warehouse {
    /// The id of the warehouse; opaque to clients.
    pub id: WarehouseId,
    /// The short code that people name it by.
    pub code: String,
    /// The name that people know it by.
    pub name: String,
    /// The ISO 4217 code of the currency that its stock is valued in.
    #[record(once)]
    pub currency: String,
    /// Whether more may be taken out than is written down to be there.
    pub allows_negative: bool,
    /// Where it is.
    pub address: Option<String>,
    #[graphql(skip)]
    pub(crate) keeper_ids: Vec<MembershipId>,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When it was archived; null while it is in use.
    pub archived_at: Option<DateTime<Utc>>,
}

// Use-cases.

/// Creates a warehouse.
pub async fn create(ctx: &Ctx, input: WarehouseCreateInput) -> Result<Warehouse> {
    let mut tx = ctx.begin(&WAREHOUSE_MANAGE).await?;
    let mut warehouse = Warehouse::blank(tx.now());
    let mut form = Form::default();
    form.currency("currency", MaybeUndefined::Value(input.currency.clone()), &mut warehouse.currency);
    warehouse.fill_in(form, input.into())?;
    check_keepers(&mut tx, &[], &warehouse.keeper_ids).await?;
    tx.save(&mut warehouse).await.on_constraint("warehouse_code_key", CODE_TAKEN)?;
    tx.commit(warehouse).await
}

/// Changes a warehouse.
pub async fn update(ctx: &Ctx, id: WarehouseId, input: WarehouseUpdateInput) -> Result<Warehouse> {
    let mut tx = ctx.begin(&WAREHOUSE_MANAGE).await?;
    let mut warehouse: Warehouse = tx.lock_at(id, input.version).await?;
    let (allowed_negative, kept_by) = (warehouse.allows_negative, warehouse.keeper_ids.clone());
    warehouse.fill_in(Form::default(), input)?;
    check_keepers(&mut tx, &kept_by, &warehouse.keeper_ids).await?;
    if allowed_negative && !warehouse.allows_negative && has_stock(&mut tx, id, true).await? {
        return Err(NEGATIVE_LEFT.into());
    }
    tx.save(&mut warehouse).await.on_constraint("warehouse_code_key", CODE_TAKEN)?;
    tx.commit(warehouse).await
}

/// Archives a warehouse in which nothing is left.
pub async fn archive(ctx: &Ctx, id: WarehouseId) -> Result<Warehouse> {
    let mut tx = ctx.begin(&WAREHOUSE_MANAGE).await?;
    let mut warehouse: Warehouse = tx.lock(id).await?;
    if !warehouse.is_archived() {
        if has_stock(&mut tx, id, false).await? {
            return Err(STOCK_LEFT.into());
        }
        warehouse.archived_at = Some(tx.now());
        tx.save(&mut warehouse).await?;
    }
    tx.commit(warehouse).await
}

async fn restore(ctx: &Ctx, id: WarehouseId) -> Result<Warehouse> {
    database::restore(ctx, &WAREHOUSE_MANAGE, id).await
}

/// The warehouses that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: WarehouseFilter,
    sort: WarehouseSort,
    page: Page,
) -> Result<Slice<Warehouse>> {
    let mut tx = ctx.read_list(&STOCK_READ).await?;
    let search = tx.search::<Warehouse>(filter.search.as_deref()).await?;
    Ok(page!(
        tx, Warehouse, page, sort: WarehouseSort { Name => "name" },
        "(archived_at is not null) = $3 and ($4::uuid[] is null or id = any($4))
         and ($5::text[] is null or search_text like all($5))",
        [filter.is_archived, search.ids.as_deref(), search.patterns.as_deref()],
    ))
}

// Rules.

const CODE_TAKEN: Refusal = Refusal::of("code", "CODE_TAKEN", "another warehouse in use has this code");
const STOCK_LEFT: Refusal =
    Refusal::whole("STOCK_LEFT", "something is left in the warehouse; it is archived when it is empty");
const NEGATIVE_LEFT: Refusal = Refusal::of(
    "allowsNegative",
    "STOCK_LEFT",
    "of something more was taken out than was there; put that right first",
);

const KEEPERS_MAX: usize = 20;
const KEEPER_NOT_FOUND: Refusal =
    Refusal::whole("MEMBER_NOT_FOUND", "there is no such active member who works here");

/// Whether those who begin to keep a warehouse work here.
async fn check_keepers(tx: &mut Tx, before: &[MembershipId], now: &[MembershipId]) -> Result<()> {
    for (at, id) in now.iter().enumerate().filter(|(_, id)| !before.contains(id)) {
        if !people::works_here(tx, *id).await? && tx.membership_id() != Some(*id) {
            return Err(KEEPER_NOT_FOUND.at(format!("keeperIds.{at}")).into());
        }
    }
    Ok(())
}

impl Warehouse {
    fn fill_in(&mut self, mut form: Form, input: WarehouseUpdateInput) -> Result<()> {
        form.code("code", input.code, &mut self.code);
        form.name("name", input.name, &mut self.name);
        form.set("allowsNegative", input.allows_negative, &mut self.allows_negative);
        form.optional_text("address", input.address, 500, &mut self.address);
        form.each_once("keeperIds", input.keeper_ids, 0..=KEEPERS_MAX, &mut self.keeper_ids);
        form.check()
    }
}

// SQL.

/// Whether anything is in a warehouse, missing from it or reserved in it; or only whether something is missing.
async fn has_stock(tx: &mut Tx, id: WarehouseId, only_negative: bool) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from products.stock_level where warehouse_id = $1
               and (on_hand < 0 or not $2::boolean and (on_hand <> 0 or reserved <> 0))) as "has!""#,
        id as WarehouseId,
        only_negative,
    )
    .fetch_one(tx.conn())
    .await?)
}

// GraphQL.

#[noun]
impl Warehouse {
    /// The members who keep it: they hear of what is to be ordered again. Without any, administrators do.
    async fn keepers(&self) -> Vec<Option<Membership>> {
        self.keeper_ids.iter().map(|id| Some(Membership { id: *id })).collect()
    }
}

inputs! {
    /// The fields of a new warehouse.
    WarehouseCreateInput,
    /// The fields of a warehouse to change; those that are absent stay as they are.
    WarehouseUpdateInput {
        /// The ISO 4217 code of the currency that its stock is valued in; it stays so.
        once currency: String,
        /// The short code that people name it by, unique among those in use: 1 to 20 of A to Z, 0 to 9, _ and -.
        required code: String,
        /// The name that people know it by: 1 to 100 characters.
        required name: String,
        /// Whether more may be taken out than is written down to be there; false when absent from a new one.
        defaulted allows_negative: bool,
        /// Where it is: 1 to 500 characters.
        nullable address: String,
        /// The ids of the memberships of those who keep it, 20 at most; they take the place of those before. They hear of
        /// what is to be ordered again.
        defaulted keeper_ids: Vec<MembershipId>,
    }
}

/// Which warehouses a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct WarehouseFilter {
    /// Part of the name or of the code.
    #[graphql(directive = graphql::cost::apply(20))]
    pub search: Option<String>,
    /// True for the archived ones in place of those in use.
    #[graphql(default)]
    pub is_archived: bool,
}

sorts! {
    /// How a list of warehouses is ordered.
    WarehouseSort {
        /// By the name of the warehouse.
        Name,
    }
}

queries! {
    Warehouse;
    /// The warehouses; those in use, by name, unless the arguments say otherwise.
    warehouses(WarehouseFilter, WarehouseSort) = list;
    /// One warehouse, archived or not; null when there is none of that id.
    warehouse;
}

mutations! {
    Warehouse as warehouse;
    /// Creates a warehouse.
    warehouse_create(input: WarehouseCreateInput) = create for WAREHOUSE_MANAGE;
    /// Changes a warehouse.
    warehouse_update(id: WarehouseId, input: WarehouseUpdateInput) = update for WAREHOUSE_MANAGE;
    /// Archives a warehouse in which nothing is left: it is offered no more, and what refers to it still does.
    warehouse_archive(id: WarehouseId) = archive for WAREHOUSE_MANAGE if |warehouse| !warehouse.is_archived();
    /// Restores an archived warehouse: it is offered again.
    warehouse_restore(id: WarehouseId) = restore for WAREHOUSE_MANAGE if |warehouse| warehouse.is_archived();
}
