//! Moves: what came, went, was carried elsewhere and was found. They are only ever added to; one is put right by another.

mod graphql;

use ::graphql::choices;
use async_graphql::{MaybeUndefined, SimpleObject};
use chrono::{DateTime, Utc};
use common::{Currency, Form, MembershipId, Page, Refusal, Result, Slice, text};
use database::{Ctx, Record, Tx, page};
use rust_decimal::Decimal;

use self::graphql::{
    StockMoveAdjustInput, StockMoveFilter, StockMoveIssueInput, StockMoveReceiveInput, StockMoveReverseInput,
    StockMoveSort, StockMoveTransferInput,
};
pub use self::graphql::{StockMoveMutation, StockMoveQuery};
use super::ledger::{ALREADY_REVERSED, Look, Shelf};
use super::level::{COST_DECIMALS, kept};
use crate::ids::{ProductId, StockMoveId, VariantId, WarehouseId};
use crate::rights::{COST, STOCK_MOVE, STOCK_READ};
use crate::unit_of_measure::in_unit_of;

choices! {
    /// Why something was moved.
    StockMoveKind {
        /// It came from outside.
        Receipt,
        /// It went outside.
        Issue,
        /// It was carried from one warehouse to another.
        Transfer,
        /// It was found, or found missing; or an earlier move was taken back.
        Adjustment,
        /// Nothing was moved: what is there is worth more or less than was thought.
        Revaluation,
    }
}

/// Something that came, went, was carried elsewhere or was found.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("stock move", table = "products.stock_move", read = STOCK_READ)]
pub struct StockMove {
    /// The id of the move; opaque to clients.
    pub id: StockMoveId,
    /// Why it was moved.
    #[record(once)]
    pub kind: StockMoveKind,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) product_id: ProductId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) variant_id: Option<VariantId>,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) from_warehouse_id: Option<WarehouseId>,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) to_warehouse_id: Option<WarehouseId>,
    /// How much, in the product's unit; 0 when only the worth of what is there has changed.
    #[record(once)]
    pub quantity: Decimal,
    #[graphql(skip)]
    #[record(once, right = COST)]
    pub(crate) cost: Decimal,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) currency: String,
    /// What caused it, as whoever asked for it calls that: the number of an order, of an invoice.
    #[record(once)]
    pub reference: Option<String>,
    /// What there is to say of it.
    #[record(once)]
    pub note: Option<String>,
    /// When it was.
    #[record(once)]
    pub occurred_at: DateTime<Utc>,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) reversal_of_id: Option<StockMoveId>,
    #[graphql(skip)]
    #[record(read)]
    pub(crate) created_by: Option<MembershipId>,
}

// Use-cases.

/// Takes in what came from outside.
pub async fn receive(ctx: &Ctx, input: StockMoveReceiveInput) -> Result<StockMove> {
    let mut tx = ctx.begin(&STOCK_MOVE).await?;
    let (mut form, mut each) = (Form::default(), None);
    let words = Words::read(&mut form, input.reference, input.note);
    let quantity = quantity(&mut form, input.quantity);
    let costs = Decimal::ZERO..=Decimal::from(Currency::AMOUNT_MAX);
    form.optional_decimal("unitCost", common::given(input.unit_cost), costs, COST_DECIMALS, &mut each);
    form.check()?;
    let place = ("warehouseId", input.warehouse_id);
    let mut shelf = Shelf::lock(&mut tx, (input.product_id, input.variant_id), &[place], Look::InUse).await?;
    let quantity = in_unit_of(&mut tx, quantity, input.unit_id, shelf.product.unit_id).await?;
    let each = each.or_else(|| shelf.standard_cost(input.warehouse_id)).ok_or(COST_REQUIRED)?;
    let cost =
        each.checked_mul(quantity).map(kept).filter(|cost| *cost <= Decimal::from(Currency::AMOUNT_MAX));
    let made = shelf.draft(&tx, StockMoveKind::Receipt, quantity, cost.ok_or(COST_TOO_LARGE)?);
    let made = words.put(StockMove { to_warehouse_id: Some(input.warehouse_id), ..made });
    let made = shelf.post(&mut tx, made).await?;
    tx.commit(made).await
}

/// Hands out what goes outside.
pub async fn issue(ctx: &Ctx, input: StockMoveIssueInput) -> Result<StockMove> {
    let mut tx = ctx.begin(&STOCK_MOVE).await?;
    let mut form = Form::default();
    let words = Words::read(&mut form, input.reference, input.note);
    let quantity = quantity(&mut form, input.quantity);
    form.check()?;
    let place = ("warehouseId", input.warehouse_id);
    let mut shelf = Shelf::lock(&mut tx, (input.product_id, input.variant_id), &[place], Look::InUse).await?;
    let quantity = in_unit_of(&mut tx, quantity, input.unit_id, shelf.product.unit_id).await?;
    shelf.check_available(input.warehouse_id, quantity)?;
    let made = shelf.draft(&tx, StockMoveKind::Issue, quantity, shelf.worth(input.warehouse_id, quantity)?);
    let made = words.put(StockMove { from_warehouse_id: Some(input.warehouse_id), ..made });
    let made = shelf.post(&mut tx, made).await?;
    tx.commit(made).await
}

/// Carries something from one warehouse to another.
pub async fn transfer(ctx: &Ctx, input: StockMoveTransferInput) -> Result<StockMove> {
    let mut tx = ctx.begin(&STOCK_MOVE).await?;
    let mut form = Form::default();
    let words = Words::read(&mut form, input.reference, input.note);
    let quantity = quantity(&mut form, input.quantity);
    form.check()?;
    let (from, to) = (input.from_warehouse_id, input.to_warehouse_id);
    if from == to {
        return Err(SAME_WAREHOUSE.into());
    }
    // In one order, so that two who carry the same thing to and fro wait for each other.
    let mut places = [("fromWarehouseId", from), ("toWarehouseId", to)];
    places.sort_by_key(|(_, id)| *id);
    let mut shelf = Shelf::lock(&mut tx, (input.product_id, input.variant_id), &places, Look::InUse).await?;
    let mut currencies = shelf.warehouses.values().map(|warehouse| &warehouse.currency);
    if currencies.next() != currencies.next() {
        return Err(CURRENCIES_DIFFER.into());
    }
    let quantity = in_unit_of(&mut tx, quantity, input.unit_id, shelf.product.unit_id).await?;
    shelf.check_available(from, quantity)?;
    let made = shelf.draft(&tx, StockMoveKind::Transfer, quantity, shelf.worth(from, quantity)?);
    let made = words.put(StockMove { from_warehouse_id: Some(from), to_warehouse_id: Some(to), ..made });
    let made = shelf.post(&mut tx, made).await?;
    tx.commit(made).await
}

/// Writes down what was found, or found missing.
pub async fn adjust(ctx: &Ctx, input: StockMoveAdjustInput) -> Result<StockMove> {
    let mut tx = ctx.begin(&STOCK_MOVE).await?;
    let mut form = Form::default();
    let words = Words::read(&mut form, input.reference, Some(input.note));
    let size = quantity(&mut form, input.quantity.abs());
    form.check()?;
    let place = ("warehouseId", input.warehouse_id);
    let mut shelf = Shelf::lock(&mut tx, (input.product_id, input.variant_id), &[place], Look::InUse).await?;
    let size = in_unit_of(&mut tx, size, input.unit_id, shelf.product.unit_id).await?;
    let more = if input.quantity < Decimal::ZERO { -size } else { size };
    let made = difference(&tx, &shelf, input.warehouse_id, more)?;
    let made = shelf.post(&mut tx, words.put(made)).await?;
    tx.commit(made).await
}

/// The move that makes what is there more, or less: what is found is worth what the rest is.
pub(super) fn difference(
    tx: &Tx,
    shelf: &Shelf,
    warehouse: WarehouseId,
    quantity: Decimal,
) -> Result<StockMove> {
    let size = quantity.abs();
    if quantity < Decimal::ZERO {
        shelf.check_on_hand(warehouse, size)?;
        let made = shelf.draft(tx, StockMoveKind::Adjustment, size, shelf.worth(warehouse, size)?);
        return Ok(StockMove { from_warehouse_id: Some(warehouse), ..made });
    }
    let each =
        shelf.level(warehouse)?.average_cost().or_else(|| shelf.standard_cost(warehouse)).unwrap_or_default();
    let made = shelf.draft(tx, StockMoveKind::Adjustment, size, kept(each * size));
    Ok(StockMove { to_warehouse_id: Some(warehouse), ..made })
}

/// Takes a move back: the same the other way round, at the same worth.
pub async fn reverse(ctx: &Ctx, id: StockMoveId, input: StockMoveReverseInput) -> Result<StockMove> {
    let mut tx = ctx.begin(&STOCK_MOVE).await?;
    let of: StockMove = tx.find(id).await?;
    let mut form = Form::default();
    let words = Words::read(&mut form, of.reference.clone(), Some(input.note));
    form.check()?;
    if of.kind == StockMoveKind::Revaluation {
        return Err(NOT_REVERSIBLE.into());
    }
    let places = [("fromWarehouseId", of.from_warehouse_id), ("toWarehouseId", of.to_warehouse_id)];
    let mut places: Vec<_> = places.into_iter().filter_map(|(field, id)| Some((field, id?))).collect();
    places.sort_by_key(|(_, id)| *id);
    let mut shelf = Shelf::lock(&mut tx, (of.product_id, of.variant_id), &places, Look::AsItIs).await?;
    // Before what there is of it is looked at: what was taken back is not missing.
    if is_reversed(&mut tx, id).await? {
        return Err(ALREADY_REVERSED.into());
    }
    if let Some(from) = of.to_warehouse_id {
        shelf.check_on_hand(from, of.quantity)?;
    }
    let kind = match of.kind {
        StockMoveKind::Transfer => StockMoveKind::Transfer,
        _ => StockMoveKind::Adjustment,
    };
    let made = words.put(StockMove {
        from_warehouse_id: of.to_warehouse_id,
        to_warehouse_id: of.from_warehouse_id,
        currency: of.currency.clone(),
        reversal_of_id: Some(id),
        ..shelf.draft(&tx, kind, of.quantity, of.cost)
    });
    let made = shelf.post(&mut tx, made).await?;
    tx.commit(made).await
}

async fn is_reversed(tx: &mut Tx, id: StockMoveId) -> Result<bool> {
    let is_reversed = sqlx::query_scalar!(
        r#"select exists (select from products.stock_move where reversal_of_id = $1) as "is!""#,
        id as StockMoveId,
    );
    Ok(is_reversed.fetch_one(tx.conn()).await?)
}

/// The moves that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: StockMoveFilter,
    sort: StockMoveSort,
    page: Page,
) -> Result<Slice<StockMove>> {
    let mut tx = ctx.read_list(&STOCK_READ).await?;
    Ok(page!(
        tx, StockMove, page, sort: StockMoveSort { OccurredAt => "occurred_at" },
        "($3::text is null or kind = $3) and ($4::uuid is null or product_id = $4) and ($5::uuid is null or variant_id = $5)
         and ($6::uuid is null or from_warehouse_id = $6 or to_warehouse_id = $6)
         and ($7::text is null or reference = $7) and ($8::timestamptz is null or occurred_at >= $8)
         and ($9::timestamptz is null or occurred_at < $9)",
        [
            filter.kind as Option<StockMoveKind>,
            filter.product_id as Option<ProductId>,
            filter.variant_id as Option<VariantId>,
            filter.warehouse_id as Option<WarehouseId>,
            filter.reference.as_deref(),
            filter.from,
            filter.to,
        ],
    ))
}

// Rules.

const COST_REQUIRED: Refusal = Refusal::of(
    "unitCost",
    "REQUIRED",
    "say what one of it costs; the catalogue does not, in the currency of this warehouse",
);
const COST_TOO_LARGE: Refusal =
    Refusal::of("unitCost", "OUT_OF_RANGE", "all of it together is worth more than can be written down");
const SAME_WAREHOUSE: Refusal =
    Refusal::of("toWarehouseId", "SAME_WAREHOUSE", "name another warehouse than the one that it is in");
const CURRENCIES_DIFFER: Refusal = Refusal::of(
    "toWarehouseId",
    "CURRENCIES_DIFFER",
    "the stock of the two is valued in different currencies; issue it here and receive it there",
);
const NOT_REVERSIBLE: Refusal =
    Refusal::whole("NOT_REVERSIBLE", "this follows from another move; take that one back");

fn quantity(form: &mut Form, given: Decimal) -> Decimal {
    let mut quantity = Decimal::ZERO;
    crate::bundle::positive(form, "quantity", MaybeUndefined::Value(given), &mut quantity);
    quantity
}

/// What is said of a move beside what it does.
pub(super) struct Words {
    reference: Option<String>,
    note: Option<String>,
}

impl Words {
    pub(super) fn read(form: &mut Form, reference: Option<String>, note: Option<String>) -> Self {
        let mut words = Self { reference: None, note: None };
        words.reference = self::reference(form, reference);
        form.optional_text("note", common::given(note), 500, &mut words.note);
        words
    }

    pub(super) fn put(self, made: StockMove) -> StockMove {
        StockMove { reference: self.reference, note: self.note, ..made }
    }
}

/// What caused something, as whoever asks for it calls that.
pub(super) fn reference(form: &mut Form, given: Option<String>) -> Option<String> {
    const REFERENCE_MAX: usize = 100;
    const INVALID: Refusal =
        Refusal::of("reference", "NAME_INVALID", "give 1 to 100 characters that can be seen, on one line");
    let mut reference = None;
    let line = |given: String| text::name(&given, REFERENCE_MAX).map(Some).ok_or(INVALID);
    form.optional_checked(common::given(given), line, &mut reference);
    reference
}
