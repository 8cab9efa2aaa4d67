//! Reservations: what is promised to somebody and still there. Never more than is available, whoever asks at the same time.

mod graphql;
mod of_deal;

use ::graphql::{Date, choices};
use async_graphql::{MaybeUndefined, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use common::{Form, OrganizationId, Page, Permission, Refusal, Result, Slice};
use database::{Ctx, Database, Record, Tx, page};
use rust_decimal::Decimal;

use self::graphql::{
    StockReservationCreateInput, StockReservationExtendInput, StockReservationFilter,
    StockReservationPartInput, StockReservationSort,
};
pub use self::graphql::{StockReservationMutation, StockReservationQuery};
pub(crate) use self::of_deal::follow_deal;
use super::ledger::{Look, NOT_ENOUGH, Shelf};
use super::moves::{StockMove, StockMoveKind, reference};
use crate::events::StockReserved;
use crate::ids::{DealId, DealLineId, ProductId, StockMoveId, StockReservationId, VariantId, WarehouseId};
use crate::product::word;
use crate::rights::{STOCK_MOVE, STOCK_READ, STOCK_RESERVE};
use crate::unit_of_measure::in_unit_of;
use crate::validity;

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
    /// How much, in the product's unit: less than at first once parts of it were handed out or let go by themselves.
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
    #[graphql(skip)]
    #[record(once)]
    pub(crate) part_of_id: Option<StockReservationId>,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) deal_id: Option<DealId>,
    #[graphql(skip)]
    pub(crate) deal_line_id: Option<DealLineId>,
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

/// Lets go of what was kept, or of a part of it: the rest stays kept.
///
/// # Errors
/// `INVALID_TRANSITION` when it is over; `NOT_ENOUGH_RESERVED` for a part that is more than what is kept.
pub async fn release(
    ctx: &Ctx,
    id: StockReservationId,
    input: Option<StockReservationPartInput>,
) -> Result<StockReservation> {
    let mut tx = ctx.begin(&STOCK_RESERVE).await?;
    let mut reservation: StockReservation = tx.lock(id).await?;
    reservation.check_open()?;
    let mut shelf = reservation.shelf(&mut tx).await?;
    let mut part = split_off(&mut tx, &shelf, &mut reservation, input).await?;
    let ending = part.as_mut().unwrap_or(&mut reservation);
    let_go(&mut tx, &mut shelf, ending, StockReservationStatus::Released).await?;
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
    reservation.check_open()?;
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
            let mut shelf = reservation.shelf(&mut tx).await?;
            let_go(&mut tx, &mut shelf, &mut reservation, StockReservationStatus::Lapsed).await?;
            tx.commit(()).await?;
        }
    }
    Ok(())
}

async fn let_go(
    tx: &mut Tx,
    shelf: &mut Shelf,
    reservation: &mut StockReservation,
    status: StockReservationStatus,
) -> Result<()> {
    reservation.end(status)?;
    reserve(tx, shelf, reservation, -reservation.quantity).await?;
    tx.save(reservation).await
}

/// Hands out what was kept, or a part of it: the rest stays kept.
///
/// # Errors
/// `INVALID_TRANSITION` when it is over; `NOT_ENOUGH_RESERVED` for a part that is more than what is kept; `NOT_ENOUGH_STOCK` when
/// so much is not there any more.
pub async fn fulfil(
    ctx: &Ctx,
    id: StockReservationId,
    input: Option<StockReservationPartInput>,
) -> Result<StockReservation> {
    let mut tx = ctx.begin(&STOCK_MOVE).await?;
    let mut reservation: StockReservation = tx.lock(id).await?;
    reservation.check_open()?;
    let mut shelf = reservation.shelf(&mut tx).await?;
    let mut part = split_off(&mut tx, &shelf, &mut reservation, input).await?;
    let ending = part.as_mut().unwrap_or(&mut reservation);
    ending.end(StockReservationStatus::Fulfilled)?;
    let (warehouse, quantity) = (ending.warehouse_id, ending.quantity);
    shelf.check_on_hand(warehouse, quantity)?;
    reserve(&mut tx, &mut shelf, ending, -quantity).await?;
    let made = shelf.draft(&tx, StockMoveKind::Issue, quantity, shelf.worth(warehouse, quantity)?);
    let reference = ending.reference.clone();
    let made =
        shelf.post(&mut tx, StockMove { from_warehouse_id: Some(warehouse), reference, ..made }).await?;
    ending.move_id = Some(made.id);
    tx.save(ending).await?;
    tx.commit(reservation).await
}

/// The part that is about to end, as a reservation of its own; nothing when all of it is. What is left is saved, and told.
async fn split_off(
    tx: &mut Tx,
    shelf: &Shelf,
    reservation: &mut StockReservation,
    input: Option<StockReservationPartInput>,
) -> Result<Option<StockReservation>> {
    let Some(given) = input else { return Ok(None) };
    let (mut form, mut quantity) = (Form::default(), Decimal::ZERO);
    crate::bundle::positive(&mut form, "quantity", MaybeUndefined::Value(given.quantity), &mut quantity);
    form.check()?;
    let quantity = in_unit_of(tx, quantity, given.unit_id, shelf.product.unit_id).await?;
    let part = reservation.split(quantity, tx.now())?;
    if part.is_some() {
        tx.save(reservation).await?;
        tell(tx, reservation).await?;
    }
    Ok(part)
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
         and ($7::text is null or reference = $7) and ($8::date is null or last_day <= $8)
         and ($9::uuid is null or part_of_id = $9) and ($10::uuid is null or deal_id = $10)",
        [
            filter.status as Option<StockReservationStatus>,
            filter.product_id as Option<ProductId>,
            filter.variant_id as Option<VariantId>,
            filter.warehouse_id as Option<WarehouseId>,
            filter.reference.as_deref(),
            filter.until.map(|day| day.0),
            filter.part_of_id as Option<StockReservationId>,
            filter.deal_id as Option<DealId>,
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
    tell(tx, reservation).await?;
    shelf.tell_low(tx, &before).await
}

async fn tell(tx: &mut Tx, reservation: &StockReservation) -> Result<()> {
    tx.emit(&StockReserved {
        product_id: reservation.product_id,
        variant_id: reservation.variant_id,
        reservation_id: reservation.id,
        status: word(&reservation.status),
        warehouse_id: reservation.warehouse_id,
        quantity: reservation.quantity.normalize(),
        reference: reservation.reference.clone(),
        part_of_id: reservation.part_of_id,
        deal_id: reservation.deal_id,
    })
    .await
}

// Rules.

const INVALID_TRANSITION: Refusal =
    Refusal::whole("INVALID_TRANSITION", "it was handed out or released before, or its last day was over");
const NOT_ENOUGH_RESERVED: Refusal = Refusal::of("quantity", "NOT_ENOUGH_RESERVED", "");
const DAY_OVER: Refusal =
    Refusal::of("lastDay", "DATE_OUT_OF_RANGE", "this day is over; give today or a later one");

/// Whether a last day lies in the past.
fn is_over(last_day: Option<Date>, today: NaiveDate) -> bool {
    last_day.is_some_and(|last| last.0 < today)
}

impl StockReservation {
    fn check_open(&self) -> Result<(), Refusal> {
        if self.status == StockReservationStatus::Open { Ok(()) } else { Err(INVALID_TRANSITION) }
    }

    fn end(&mut self, status: StockReservationStatus) -> Result<(), Refusal> {
        self.check_open()?;
        self.status = status;
        Ok(())
    }

    /// Takes a part off, which is a reservation of its own; nothing when it is all that is kept.
    fn split(&mut self, quantity: Decimal, now: DateTime<Utc>) -> Result<Option<Self>, Refusal> {
        if quantity > self.quantity {
            return Err(NOT_ENOUGH_RESERVED.saying(format!("{} of it is kept", self.quantity.normalize())));
        }
        if quantity == self.quantity {
            return Ok(None);
        }
        self.quantity -= quantity;
        Ok(Some(Self {
            variant_id: self.variant_id,
            quantity,
            reference: self.reference.clone(),
            last_day: self.last_day,
            part_of_id: Some(self.id),
            deal_id: self.deal_id,
            deal_line_id: self.deal_line_id,
            ..Self::blank(now, self.warehouse_id, self.product_id)
        }))
    }

    async fn shelf(&self, tx: &mut Tx) -> Result<Shelf> {
        let place = ("warehouseId", self.warehouse_id);
        Shelf::lock(tx, (self.product_id, self.variant_id), &[place], Look::AsItIs).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(quantity: i64) -> StockReservation {
        let blank = StockReservation::blank(DateTime::UNIX_EPOCH, WarehouseId::new(), ProductId::new());
        StockReservation { quantity: Decimal::from(quantity), reference: Some("Order 7".to_owned()), ..blank }
    }

    #[test]
    fn a_part_and_the_rest_are_together_what_was_kept_and_no_part_is_more_than_that() {
        let mut reservation = kept(10);
        let part = reservation.split(Decimal::from(4), DateTime::UNIX_EPOCH).unwrap().unwrap();
        assert_eq!((part.quantity, reservation.quantity), (Decimal::from(4), Decimal::from(6)));
        assert_eq!((part.part_of_id, part.reference.as_deref()), (Some(reservation.id), Some("Order 7")));
        assert_ne!(part.id, reservation.id);
        let refused = reservation.split(Decimal::from(7), DateTime::UNIX_EPOCH).unwrap_err();
        assert_eq!((&*refused.code, &*refused.message), ("NOT_ENOUGH_RESERVED", "6 of it is kept"));
        // All that is left is no part.
        assert!(reservation.split(Decimal::from(6), DateTime::UNIX_EPOCH).unwrap().is_none());
        assert_eq!(reservation.quantity, Decimal::from(6));
    }

    #[test]
    fn what_is_kept_ends_once() {
        use StockReservationStatus::{Fulfilled, Lapsed, Released};
        for status in [Fulfilled, Lapsed, Released] {
            let mut reservation = kept(1);
            assert_eq!(reservation.end(status), Ok(()));
            assert_eq!(reservation.end(Released), Err(INVALID_TRANSITION), "{status:?}");
        }
    }
}
