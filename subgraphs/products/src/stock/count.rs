//! Counts: somebody goes through a warehouse, and what they found is put right.

use async_graphql::{Context, InputObject, SimpleObject};
use chrono::{DateTime, Utc};
use common::{Form, Page, Refusal, Result, Slice};
use database::{Ctx, Record, Tx, page};
use graphql::{App as _, choices, inputs, mutations, noun, queries, sorts};
use rust_decimal::Decimal;

use super::ledger::{Look, Shelf};
use super::level::{OverpromisedOf, StockLevel};
use super::line::{self, CountLine, LinesOf, StockCountLineInput};
use super::moves;
use crate::ids::{ProductId, StockCountId, VariantId, WarehouseId};
use crate::product::below;
use crate::rights::{STOCK_MOVE, STOCK_READ};
use crate::unit_of_measure::{DECIMALS_MAX, QUANTITY_MAX};
use crate::warehouse::Warehouse;

choices! {
    /// How far a count has come.
    StockCountStatus {
        /// It goes on.
        Open,
        /// All that is to be counted was counted.
        Counted,
        /// What was found is what is there.
        Posted,
        /// It was given up.
        Cancelled,
    }
}

/// A count of what is in a warehouse.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(name = "StockCount", complex)]
#[record("stock count", table = "products.stock_count", read = STOCK_READ, graphql = "StockCount", parts = "lines")]
pub struct Count {
    /// The id of the count; opaque to clients.
    pub id: StockCountId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) warehouse_id: WarehouseId,
    /// How far it has come.
    pub status: StockCountStatus,
    /// What there is to say of it.
    pub note: Option<String>,
    /// When what was found became what is there; null while it did not.
    pub posted_at: Option<DateTime<Utc>>,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
}

// Use-cases.

/// Begins a count.
pub async fn create(ctx: &Ctx, input: StockCountCreateInput) -> Result<Count> {
    let mut tx = ctx.begin(&STOCK_MOVE).await?;
    tx.reference::<Warehouse>("warehouseId", input.warehouse_id).await?;
    let mut count = Count::blank(tx.now(), input.warehouse_id);
    let lines = count.fill_in(input.into())?;
    tx.save(&mut count).await?;
    record(&mut tx, &count, lines).await?;
    tx.commit(count).await
}

/// Writes down what was counted, while the count goes on.
pub async fn update(ctx: &Ctx, id: StockCountId, input: StockCountUpdateInput) -> Result<Count> {
    let mut tx = ctx.begin(&STOCK_MOVE).await?;
    let mut count: Count = tx.lock_at(id, input.version).await?;
    count.check(&[StockCountStatus::Open])?;
    let lines = count.fill_in(input)?;
    let are_changed = record(&mut tx, &count, lines).await?;
    tx.save_with_parts(&mut count, are_changed).await?;
    tx.commit(count).await
}

/// Nothing more is counted.
pub async fn finish(ctx: &Ctx, id: StockCountId) -> Result<Count> {
    go(ctx, id, &[StockCountStatus::Open], StockCountStatus::Counted).await
}

/// Gives a count up.
pub async fn cancel(ctx: &Ctx, id: StockCountId) -> Result<Count> {
    go(ctx, id, &[StockCountStatus::Open, StockCountStatus::Counted], StockCountStatus::Cancelled).await
}

async fn go(ctx: &Ctx, id: StockCountId, from: &[StockCountStatus], to: StockCountStatus) -> Result<Count> {
    let mut tx = ctx.begin(&STOCK_MOVE).await?;
    let mut count: Count = tx.lock(id).await?;
    count.check(from)?;
    count.status = to;
    tx.save(&mut count).await?;
    tx.commit(count).await
}

/// Makes what was found what is there: what came and went since each thing was counted stays come and gone.
pub async fn post(ctx: &Ctx, id: StockCountId) -> Result<Count> {
    let mut tx = ctx.begin(&STOCK_MOVE).await?;
    let mut count: Count = tx.lock(id).await?;
    count.check(&[StockCountStatus::Counted])?;
    let lines = line::select_all(&mut tx, id).await?;
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| line.counted != line.expected) {
        post_line(&mut tx, &count, line).await.map_err(|error| below(error, "lines", at))?;
    }
    (count.status, count.posted_at) = (StockCountStatus::Posted, Some(tx.now()));
    tx.save(&mut count).await?;
    tx.commit(count).await
}

/// Puts right what was found of one thing. As when something is found missing, it is not asked to whom the rest is promised:
/// what is not there is not there, whoever waits for it, and a count that could not be posted would leave what is known to be
/// wrong. Whoever posts it is told by `overpromised`.
async fn post_line(tx: &mut Tx, count: &Count, line: &CountLine) -> Result<()> {
    let place = ("warehouseId", count.warehouse_id);
    let mut shelf = Shelf::lock(tx, (line.product_id, line.variant_id), &[place], Look::AsItIs).await?;
    let made = moves::difference(tx, &shelf, count.warehouse_id, line.counted - line.expected)?;
    let note = count.note.clone().or_else(|| Some("Counted".to_owned()));
    shelf.post(tx, moves::StockMove { note, ..made }).await.map(|_| ())
}

/// The counts that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: StockCountFilter,
    sort: StockCountSort,
    page: Page,
) -> Result<Slice<Count>> {
    let mut tx = ctx.read_list(&STOCK_READ).await?;
    Ok(page!(
        tx, Count, page, sort: StockCountSort { CreatedAt => "created_at" },
        "($3::text is null or status = $3) and ($4::uuid is null or warehouse_id = $4)",
        [filter.status as Option<StockCountStatus>, filter.warehouse_id as Option<WarehouseId>],
    ))
}

/// Writes down lines, each beside what is thought to be there at this moment; one that was counted before is counted anew.
async fn record(tx: &mut Tx, count: &Count, given: Vec<(usize, StockCountLineInput)>) -> Result<bool> {
    if given.is_empty() {
        return Ok(false);
    }
    let there = line::select_all(tx, count.id).await?;
    let key = |line: &CountLine| (line.product_id, line.variant_id);
    let mut wanted: Vec<CountLine> = Vec::with_capacity(given.len());
    for (at, input) in given {
        let place = ("warehouseId", count.warehouse_id);
        let shelf = Shelf::lock(tx, (input.product_id, input.variant_id), &[place], Look::InUse).await;
        let shelf = shelf.map_err(|error| below(error, "lines", at))?;
        let blank = || CountLine {
            variant_id: input.variant_id,
            ..CountLine::blank(chrono::DateTime::UNIX_EPOCH, count.id, input.product_id)
        };
        let before = there.iter().find(|line| key(line) == (input.product_id, input.variant_id));
        let line = before.cloned().unwrap_or_else(blank);
        let expected = shelf.level(count.warehouse_id)?.on_hand;
        wanted.push(CountLine { expected, counted: input.counted, ..line });
    }
    if there.len() + wanted.iter().filter(|line| !there.iter().any(|other| key(other) == key(line))).count()
        > LINES_MAX
    {
        return Err(TOO_MANY.into());
    }
    tx.save_all(&mut wanted).await
}

// Rules.

const LINES_MAX: usize = 1_000;
const LINES_AT_ONCE: usize = 200;
const INVALID_TRANSITION: Refusal =
    Refusal::whole("INVALID_TRANSITION", "the count has not come that far, or further");
const LINE_TWICE: Refusal = Refusal::of("productId", "ITEM_TWICE", "this stands in the list before");
const TOO_MANY: Refusal =
    Refusal::of("lines", "TOO_MANY_LINES", "a count has 1,000 lines at most; begin another one");

impl Count {
    fn check(&self, from: &[StockCountStatus]) -> Result<(), Refusal> {
        if from.contains(&self.status) { Ok(()) } else { Err(INVALID_TRANSITION) }
    }

    /// Takes in a form; answers the lines, each with its place, in the order in which things are moved.
    fn fill_in(&mut self, input: StockCountUpdateInput) -> Result<Vec<(usize, StockCountLineInput)>> {
        let (mut form, mut lines) = (Form::default(), Vec::new());
        form.optional_text("note", input.note, 500, &mut self.note);
        form.each(
            "lines",
            input.lines,
            0..=LINES_AT_ONCE,
            &mut lines,
            |form, mut line: StockCountLineInput| {
                let (given, counts) = (line.counted, Decimal::ZERO..=Decimal::from(QUANTITY_MAX));
                form.decimal("counted", common::given(given), counts, DECIMALS_MAX, &mut line.counted);
                line
            },
        );
        let key = |line: &StockCountLineInput| -> (ProductId, Option<VariantId>) {
            (line.product_id, line.variant_id)
        };
        for at in 1..lines.len() {
            if lines[..at].iter().any(|line| key(line) == key(&lines[at])) {
                form.refuse(LINE_TWICE.below("lines", at));
            }
        }
        form.check()?;
        let mut lines: Vec<_> = lines.into_iter().enumerate().collect();
        lines.sort_by_key(|(_, line)| key(line));
        Ok(lines)
    }
}

// GraphQL.

#[noun]
impl Count {
    /// The warehouse.
    async fn warehouse(&self, gql: &Context<'_>) -> Result<Option<Warehouse>> {
        gql.find(self.warehouse_id).await
    }

    /// What was counted; 1,000 at most.
    #[graphql(directive = graphql::cost::apply(20))]
    async fn lines(&self, gql: &Context<'_>) -> Result<Vec<CountLine>> {
        Ok(gql.load::<LinesOf>(self.id).await?.unwrap_or_default())
    }

    /// Of what was counted, the levels in this warehouse of which more is promised at present than is there; nothing when
    /// every promise can be kept.
    #[graphql(directive = graphql::cost::apply(20))]
    async fn overpromised(&self, gql: &Context<'_>) -> Result<Vec<StockLevel>> {
        Ok(gql.load::<OverpromisedOf>(self.id).await?.unwrap_or_default())
    }
}

inputs! {
    /// A new count.
    StockCountCreateInput,
    /// The fields of a count to change; those that are absent stay as they are.
    StockCountUpdateInput {
        /// The id of the warehouse; it stays so.
        once warehouse_id: WarehouseId,
        /// What there is to say of it: 1 to 500 characters.
        nullable note: String,
        /// What was counted, 200 things at once at most: each is written down beside what is thought to be there at this
        /// moment. What was counted before is counted anew, and other things stay as they were counted.
        defaulted lines: Vec<StockCountLineInput>,
    }
}

/// Which counts a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct StockCountFilter {
    /// How far they have come.
    pub status: Option<StockCountStatus>,
    /// The id of the warehouse.
    pub warehouse_id: Option<WarehouseId>,
}

sorts! {
    /// How a list of counts is ordered.
    StockCountSort {
        /// By when they were begun, the latest last.
        desc CreatedAt,
    }
}

queries! {
    Count;
    /// The counts of what is in warehouses, the latest first.
    stock_counts(StockCountFilter, StockCountSort) = list;
    /// One count; null when there is none of that id.
    stock_count;
}

mutations! {
    Count as stock_count;
    /// Begins a count of what is in a warehouse.
    stock_count_create(input: StockCountCreateInput) = create for STOCK_MOVE;
    /// Writes down what was counted, while the count goes on.
    stock_count_update(id: StockCountId, input: StockCountUpdateInput) = update for STOCK_MOVE
        if |count| count.status == StockCountStatus::Open;
    /// Ends the counting; what was found is looked at before it is posted.
    stock_count_finish(id: StockCountId) = finish for STOCK_MOVE if |count| count.status == StockCountStatus::Open;
    /// Makes what was found what is there, also where more is promised than that: `overpromised` of the answer says of what.
    stock_count_post(id: StockCountId) = post for STOCK_MOVE if |count| count.status == StockCountStatus::Counted;
    /// Gives up a count that was not posted.
    stock_count_cancel(id: StockCountId) = cancel for STOCK_MOVE
        if |count| matches!(count.status, StockCountStatus::Open | StockCountStatus::Counted);
}
