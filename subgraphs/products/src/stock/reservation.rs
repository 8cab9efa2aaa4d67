//! Reservations: what is promised to somebody and still there. Never more than is available, whoever asks at the same time.

use async_graphql::{Context, InputObject, MaybeUndefined, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use common::{Form, OrganizationId, Page, Permission, Refusal, Result, Slice};
use database::{Ctx, Database, Record, Tx, page};
use graphql::{App as _, Date, choices, mutations, noun, queries, sorts};
use rust_decimal::Decimal;

use super::ledger::{Look, NOT_ENOUGH, Shelf};
use super::moves::{StockMove, StockMoveKind, reference};
use crate::events::StockReserved;
use crate::ids::{ProductId, StockMoveId, StockReservationId, UnitOfMeasureId, VariantId, WarehouseId};
use crate::product::{Product, word};
use crate::rights::{STOCK_MOVE, STOCK_READ, STOCK_RESERVE};
use crate::unit_of_measure::in_unit_of;
use crate::validity;
use crate::variant::Variant;
use crate::warehouse::Warehouse;

choices! {
    /// What has become of a reservation.
    StockReservationStatus {
        /// It is kept for somebody.
        Open,
        /// It was handed out.
        Fulfilled,
        /// Nobody wants it any more.
        Released,
        /// Its last day is over, and nobody came for it.
        Lapsed,
    }
}

/// Something that is kept for somebody.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("stock reservation", table = "products.stock_reservation", read = STOCK_READ)]
pub struct StockReservation {
    /// The id of the reservation; opaque to clients.
    pub id: StockReservationId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) warehouse_id: WarehouseId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) product_id: ProductId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) variant_id: Option<VariantId>,
    /// How much, in the product's unit.
    #[record(once)]
    pub quantity: Decimal,
    /// What has become of it.
    pub status: StockReservationStatus,
    /// What it is kept for, as whoever asked for it calls that: the number of an order.
    #[record(once)]
    pub reference: Option<String>,
    /// The last day that it is kept; null until somebody hands it out or lets go of it.
    pub last_day: Option<Date>,
    #[graphql(skip)]
    pub(crate) move_id: Option<StockMoveId>,
    /// Counts the changes.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

// Use-cases.

/// Keeps something for somebody.
pub async fn create(ctx: &Ctx, input: StockReservationCreateInput) -> Result<StockReservation> {
    let mut tx = ctx.begin(&STOCK_RESERVE).await?;
    let mut reservation = StockReservation::blank(tx.now(), input.warehouse_id, input.product_id);
    reservation.variant_id = input.variant_id;
    let mut form = Form::default();
    reservation.reference = reference(&mut form, input.reference);
    crate::bundle::positive(
        &mut form,
        "quantity",
        MaybeUndefined::Value(input.quantity),
        &mut reservation.quantity,
    );
    reservation.last_day = input.last_day;
    if is_over(reservation.last_day, validity::today(&mut tx).await?) {
        form.refuse(DAY_OVER);
    }
    form.check()?;
    let place = ("warehouseId", input.warehouse_id);
    let mut shelf = Shelf::lock(&mut tx, (input.product_id, input.variant_id), &[place], Look::InUse).await?;
    reservation.quantity =
        in_unit_of(&mut tx, reservation.quantity, input.unit_id, shelf.product.unit_id).await?;
    let available = shelf.level(input.warehouse_id)?.available();
    // Also where more may be taken out than is there: what is promised is there.
    if available < reservation.quantity {
        let left = available.max(Decimal::ZERO).normalize();
        return Err(NOT_ENOUGH.saying(format!("{left} of it can be reserved there")).into());
    }
    reserve(&mut tx, &mut shelf, &reservation, reservation.quantity).await?;
    tx.save(&mut reservation).await?;
    tx.commit(reservation).await
}

/// Lets go of what was kept.
pub async fn release(ctx: &Ctx, id: StockReservationId) -> Result<StockReservation> {
    let mut tx = ctx.begin(&STOCK_RESERVE).await?;
    let mut reservation: StockReservation = tx.lock(id).await?;
    let_go(&mut tx, &mut reservation, StockReservationStatus::Released).await?;
    tx.commit(reservation).await
}

/// Keeps something for longer, or for less long.
pub async fn extend(
    ctx: &Ctx,
    id: StockReservationId,
    input: StockReservationExtendInput,
) -> Result<StockReservation> {
    let mut tx = ctx.begin(&STOCK_RESERVE).await?;
    let mut reservation: StockReservation = tx.lock_at(id, input.version).await?;
    if reservation.status != StockReservationStatus::Open {
        return Err(INVALID_TRANSITION.into());
    }
    if is_over(input.last_day, validity::today(&mut tx).await?) {
        return Err(DAY_OVER.into());
    }
    reservation.last_day = input.last_day;
    tx.save(&mut reservation).await?;
    tx.commit(reservation).await
}

/// Lets go of everything whose last day is over, in all organizations.
pub(crate) async fn lapse(database: &Database) -> Result<()> {
    let ids = sqlx::query_scalar!(r#"select products.organizations_with_ends() as "id!: OrganizationId""#)
        .fetch_all(&mut *database.untenanted().await?)
        .await?;
    for organization_id in ids {
        let ctx = Ctx::system(database.clone(), "products", organization_id, "reservations");
        // What goes wrong in one organization is its own affair; the next run tries again.
        if let Err(error) = lapse_in(&ctx).await {
            tracing::warn!(%organization_id, ?error, "some reservations did not lapse");
        }
    }
    Ok(())
}

async fn lapse_in(ctx: &Ctx) -> Result<()> {
    let mut tx = ctx.begin(&Permission::SYSTEM).await?;
    let today = validity::today(&mut tx).await?;
    let ids = sqlx::query_scalar!(
        r#"select id as "id!: StockReservationId" from products.stock_reservation
           where status = 'OPEN' and last_day < $1 order by last_day, id"#,
        today,
    );
    let ids = ids.fetch_all(tx.conn()).await?;
    drop(tx);
    // One transaction for each: nobody's lock is held for long.
    for id in ids {
        let mut tx = ctx.begin(&Permission::SYSTEM).await?;
        let mut reservation: StockReservation = tx.lock(id).await?;
        // Somebody may have been quicker.
        if reservation.status == StockReservationStatus::Open && is_over(reservation.last_day, today) {
            let_go(&mut tx, &mut reservation, StockReservationStatus::Lapsed).await?;
            tx.commit(()).await?;
        }
    }
    Ok(())
}

async fn let_go(
    tx: &mut Tx,
    reservation: &mut StockReservation,
    status: StockReservationStatus,
) -> Result<()> {
    reservation.end(status)?;
    let mut shelf = reservation.shelf(tx).await?;
    reserve(tx, &mut shelf, reservation, -reservation.quantity).await?;
    tx.save(reservation).await
}

/// Hands out what was kept.
pub async fn fulfil(ctx: &Ctx, id: StockReservationId) -> Result<StockReservation> {
    let mut tx = ctx.begin(&STOCK_MOVE).await?;
    let mut reservation: StockReservation = tx.lock(id).await?;
    reservation.end(StockReservationStatus::Fulfilled)?;
    let (warehouse, quantity) = (reservation.warehouse_id, reservation.quantity);
    let mut shelf = reservation.shelf(&mut tx).await?;
    shelf.check_on_hand(warehouse, quantity)?;
    reserve(&mut tx, &mut shelf, &reservation, -quantity).await?;
    let made = shelf.draft(&tx, StockMoveKind::Issue, quantity, shelf.worth(warehouse, quantity)?);
    let reference = reservation.reference.clone();
    let made =
        shelf.post(&mut tx, StockMove { from_warehouse_id: Some(warehouse), reference, ..made }).await?;
    reservation.move_id = Some(made.id);
    tx.save(&mut reservation).await?;
    tx.commit(reservation).await
}

/// The reservations that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: StockReservationFilter,
    sort: StockReservationSort,
    page: Page,
) -> Result<Slice<StockReservation>> {
    let mut tx = ctx.read_list(&STOCK_READ).await?;
    Ok(page!(
        tx, StockReservation, page, sort: StockReservationSort { CreatedAt => "created_at" },
        "($3::text is null or status = $3) and ($4::uuid is null or product_id = $4)
         and ($5::uuid is null or variant_id = $5) and ($6::uuid is null or warehouse_id = $6)
         and ($7::text is null or reference = $7) and ($8::date is null or last_day <= $8)",
        [
            filter.status as Option<StockReservationStatus>,
            filter.product_id as Option<ProductId>,
            filter.variant_id as Option<VariantId>,
            filter.warehouse_id as Option<WarehouseId>,
            filter.reference.as_deref(),
            filter.until.map(|day| day.0),
        ],
    ))
}

/// Keeps more of something, or less.
async fn reserve(
    tx: &mut Tx,
    shelf: &mut Shelf,
    reservation: &StockReservation,
    more: Decimal,
) -> Result<()> {
    let before = shelf.levels.clone();
    if let Some(level) = shelf.levels.get_mut(&reservation.warehouse_id) {
        level.reserved += more;
        tx.save(level).await?;
    }
    tx.emit(&StockReserved {
        product_id: reservation.product_id,
        variant_id: reservation.variant_id,
        reservation_id: reservation.id,
        status: word(&reservation.status),
        warehouse_id: reservation.warehouse_id,
        quantity: reservation.quantity.normalize(),
        reference: reservation.reference.clone(),
    })
    .await?;
    shelf.tell_low(tx, &before).await
}

// Rules.

const INVALID_TRANSITION: Refusal =
    Refusal::whole("INVALID_TRANSITION", "it was handed out or released before, or its last day was over");
const DAY_OVER: Refusal =
    Refusal::of("lastDay", "DATE_OUT_OF_RANGE", "this day is over; give today or a later one");

/// Whether a last day lies in the past.
fn is_over(last_day: Option<Date>, today: NaiveDate) -> bool {
    last_day.is_some_and(|last| last.0 < today)
}

impl StockReservation {
    fn end(&mut self, status: StockReservationStatus) -> Result<(), Refusal> {
        if self.status != StockReservationStatus::Open {
            return Err(INVALID_TRANSITION);
        }
        self.status = status;
        Ok(())
    }

    async fn shelf(&self, tx: &mut Tx) -> Result<Shelf> {
        let place = ("warehouseId", self.warehouse_id);
        Shelf::lock(tx, (self.product_id, self.variant_id), &[place], Look::AsItIs).await
    }
}

// GraphQL.

#[noun]
impl StockReservation {
    /// The warehouse that it is in.
    async fn warehouse(&self, gql: &Context<'_>) -> Result<Option<Warehouse>> {
        gql.find(self.warehouse_id).await
    }

    /// The product that is reserved.
    async fn product(&self, gql: &Context<'_>) -> Result<Option<Product>> {
        gql.find(self.product_id).await
    }

    /// Its variant; null for a product without variants.
    async fn variant(&self, gql: &Context<'_>) -> Result<Option<Variant>> {
        gql.find(self.variant_id).await
    }

    /// The move by which it was handed out; null while it was not.
    async fn stock_move(&self, gql: &Context<'_>) -> Result<Option<StockMove>> {
        gql.find(self.move_id).await
    }
}

/// What is kept for somebody.
#[derive(Clone, Debug, InputObject)]
pub struct StockReservationCreateInput {
    /// The id of the warehouse that it is in.
    pub warehouse_id: WarehouseId,
    /// The id of the product.
    pub product_id: ProductId,
    /// The id of its variant; absent for a product without variants.
    pub variant_id: Option<VariantId>,
    /// How much: above 0, of six decimals at most, and no more than is available there.
    pub quantity: Decimal,
    /// The id of the unit that the quantity is given in; the product's own when absent.
    pub unit_id: Option<UnitOfMeasureId>,
    /// What it is kept for, such as the number of an order: 1 to 100 characters.
    pub reference: Option<String>,
    /// The last day that it is kept, today or later; absent until somebody hands it out or lets go of it.
    pub last_day: Option<Date>,
}

/// For how long something is kept from now on.
#[derive(Clone, Debug, InputObject)]
pub struct StockReservationExtendInput {
    /// The version of the reservation that this was decided from.
    pub version: i32,
    /// The last day that it is kept, today or later; absent until somebody hands it out or lets go of it.
    pub last_day: Option<Date>,
}

/// Which reservations a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct StockReservationFilter {
    /// What has become of them.
    pub status: Option<StockReservationStatus>,
    /// The id of the product.
    pub product_id: Option<ProductId>,
    /// The id of the variant.
    pub variant_id: Option<VariantId>,
    /// The id of the warehouse.
    pub warehouse_id: Option<WarehouseId>,
    /// What they are kept for, as it is spelt.
    pub reference: Option<String>,
    /// A day that is the last one that they are kept, or a later one.
    pub until: Option<Date>,
}

sorts! {
    /// How a list of reservations is ordered.
    StockReservationSort {
        /// By when they were made, the latest last.
        desc CreatedAt,
    }
}

queries! {
    StockReservation;
    /// What is kept for somebody, or was, the latest first.
    stock_reservations(StockReservationFilter, StockReservationSort) = list;
    /// One reservation; null when there is none of that id.
    stock_reservation;
}

mutations! {
    StockReservation as stock_reservation;
    /// Keeps something for somebody, as long as so much of it is available.
    stock_reservation_create(
        /// What is kept, and where.
        input: StockReservationCreateInput
    ) = create for STOCK_RESERVE;
    /// Lets go of what was kept: others may have it.
    stock_reservation_release(id: StockReservationId) = release for STOCK_RESERVE
        if |reservation| reservation.status == StockReservationStatus::Open;
    /// Keeps something for longer, or for less long.
    stock_reservation_extend(
        /// The id of the reservation.
        id: StockReservationId,
        /// For how long.
        input: StockReservationExtendInput
    ) = extend for STOCK_RESERVE if |reservation| reservation.status == StockReservationStatus::Open;
    /// Hands out what was kept.
    stock_reservation_fulfil(id: StockReservationId) = fulfil for STOCK_MOVE
        if |reservation| reservation.status == StockReservationStatus::Open;
}
