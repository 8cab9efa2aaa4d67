//! Service rates: what an hour of work costs, by the role of whoever works and by the service that it is sold as, from a day to
//! a day.

mod resolve;

use async_graphql::{Context, InputObject, MaybeUndefined, SimpleObject};
use chrono::{DateTime, Utc};
use common::{Currency, Form, Page, Refusal, Result, Slice};
use database::{Ctx, OnConstraint as _, Record, Tx, page};
use graphql::{App as _, Date, Money, inputs, mutations, noun, queries, sorts};
use rust_decimal::Decimal;

pub use self::resolve::ServiceRateResolveQuery;
use crate::events::ServiceRateChanged;
use crate::ids::{ProductId, ServiceRateId};
use crate::product::{Product, ProductKind};
use crate::rights::{PRICE_MANAGE, PRICE_READ};
use crate::validity;

/// What an hour of work costs.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("service rate", table = "products.service_rate", read = PRICE_READ)]
pub struct ServiceRate {
    /// The id of the service rate; opaque to clients.
    pub id: ServiceRateId,
    /// The name that people know it by.
    pub name: String,
    /// The role of whoever works, such as senior consultant; null for any.
    pub role: Option<String>,
    #[graphql(skip)]
    pub(crate) product_id: Option<ProductId>,
    /// The ISO 4217 code of its currency.
    #[record(once)]
    pub currency: String,
    #[graphql(skip)]
    pub(crate) amount: Decimal,
    /// The first day that it holds; null for since ever.
    pub first_day: Option<Date>,
    /// The last day that it holds; null for good.
    pub last_day: Option<Date>,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When it was archived; null while it is in use.
    pub archived_at: Option<DateTime<Utc>>,
}

// Use-cases.

/// Creates a service rate.
///
/// # Errors
/// `RATE_OVERLAPS` when another one in use of the same role, service and currency holds on some of its days.
pub async fn create(ctx: &Ctx, input: ServiceRateCreateInput) -> Result<ServiceRate> {
    let mut tx = ctx.begin(&PRICE_MANAGE).await?;
    let mut rate = ServiceRate::blank(tx.now());
    let mut form = Form::default();
    form.currency("currency", MaybeUndefined::Value(input.currency.clone()), &mut rate.currency);
    fill_in(&mut tx, form, &mut rate, input.into()).await?;
    save(&mut tx, &mut rate).await?;
    tx.commit(rate).await
}

/// Changes a service rate.
///
/// # Errors
/// As [`create`]; `VERSION_CONFLICT` when somebody changed it since.
pub async fn update(ctx: &Ctx, id: ServiceRateId, input: ServiceRateUpdateInput) -> Result<ServiceRate> {
    let mut tx = ctx.begin(&PRICE_MANAGE).await?;
    let mut rate: ServiceRate = tx.lock_at(id, input.version).await?;
    fill_in(&mut tx, Form::default(), &mut rate, input).await?;
    save(&mut tx, &mut rate).await?;
    tx.commit(rate).await
}

/// Archives a service rate: it counts no more, and stays readable.
pub async fn archive(ctx: &Ctx, id: ServiceRateId) -> Result<ServiceRate> {
    let mut tx = ctx.begin(&PRICE_MANAGE).await?;
    let mut rate: ServiceRate = tx.lock(id).await?;
    rate.archived_at = rate.archived_at.or(Some(tx.now()));
    save(&mut tx, &mut rate).await?;
    tx.commit(rate).await
}

/// Restores an archived service rate.
///
/// # Errors
/// As [`create`].
pub async fn restore(ctx: &Ctx, id: ServiceRateId) -> Result<ServiceRate> {
    let mut tx = ctx.begin(&PRICE_MANAGE).await?;
    let mut rate: ServiceRate = tx.lock(id).await?;
    rate.archived_at = None;
    save(&mut tx, &mut rate).await?;
    tx.commit(rate).await
}

/// The service rates that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: ServiceRateFilter,
    sort: ServiceRateSort,
    page: Page,
) -> Result<Slice<ServiceRate>> {
    let mut tx = ctx.read_list(&PRICE_READ).await?;
    let search = tx.search::<ServiceRate>(filter.search.as_deref()).await?;
    Ok(page!(
        tx, ServiceRate, page, sort: ServiceRateSort { Name => "name" },
        "(archived_at is not null) = $3 and ($4::uuid[] is null or id = any($4))
         and ($5::text[] is null or search_text like all($5))
         and ($6::text is null or lower(role) = lower($6::text)) and ($7::uuid is null or product_id = $7)
         and ($8::text is null or currency = $8)
         and ($9::date is null or daterange(first_day, last_day, '[]') @> $9)",
        [
            filter.is_archived,
            search.ids.as_deref(),
            search.patterns.as_deref(),
            filter.role.as_deref(),
            filter.product_id as Option<ProductId>,
            filter.currency.as_deref(),
            filter.on.map(|day| day.0),
        ],
    ))
}

/// Saves a rate, with what overlaps told as a refusal, and tells of it when it is not as it was.
async fn save(tx: &mut Tx, rate: &mut ServiceRate) -> Result<()> {
    let before = rate.version;
    tx.save(rate).await.on_constraint("service_rate_days_excl", OVERLAP)?;
    if rate.version == before {
        return Ok(());
    }
    tx.emit(&ServiceRateChanged {
        service_rate_id: rate.id,
        product_id: rate.product_id,
        is_archived: rate.is_archived(),
    })
    .await
}

// Rules.

const OVERLAP: Refusal = Refusal::whole(
    "RATE_OVERLAPS",
    "another rate in use of this role and service holds on some of these days; end that one first",
);
const ONLY_SERVICES: Refusal =
    Refusal::of("productId", "ONLY_SERVICES", "rates are for services; this product is none");

async fn fill_in(
    tx: &mut Tx,
    mut form: Form,
    rate: &mut ServiceRate,
    input: ServiceRateUpdateInput,
) -> Result<()> {
    let before = rate.product_id;
    form.name("name", input.name, &mut rate.name);
    form.optional_name_within("role", input.role, Form::NAME_MAX, &mut rate.role);
    form.optional(input.product_id, &mut rate.product_id);
    let amounts = Decimal::ZERO..=Decimal::from(Currency::AMOUNT_MAX);
    form.decimal("amount", input.amount, amounts, Currency::DECIMALS_MAX, &mut rate.amount);
    validity::fill_in(&mut form, input.first_day, input.last_day, (&mut rate.first_day, &mut rate.last_day));
    form.check()?;
    if let Some(id) = rate.product_id.filter(|id| Some(*id) != before) {
        let product: Product = tx.reference("productId", id).await?;
        if product.kind != ProductKind::Service {
            return Err(ONLY_SERVICES.into());
        }
    }
    Ok(())
}

// GraphQL.

#[noun]
impl ServiceRate {
    /// The service that it is for; null for any.
    async fn product(&self, gql: &Context<'_>) -> Result<Option<Product>> {
        gql.find(self.product_id).await
    }

    /// What an hour costs.
    async fn amount(&self) -> Money {
        Money::new(self.amount, &self.currency)
    }
}

inputs! {
    /// The fields of a new service rate.
    ServiceRateCreateInput,
    /// The fields of a service rate to change; those that are absent stay as they are.
    ServiceRateUpdateInput {
        /// The ISO 4217 code of its currency; it stays so.
        once currency: String,
        /// The name that people know it by: 1 to 100 characters.
        required name: String,
        /// The role of whoever works, such as senior consultant: 1 to 100 characters, the same whatever the case; null for any.
        nullable role: String,
        /// The id of the service that it is for, a product of the kind SERVICE; null for any.
        nullable product_id: ProductId,
        /// What an hour costs, in its currency: 0 or more, of four decimals at most.
        required amount: Decimal,
        /// The first day that it holds; null for since ever.
        nullable first_day: Date,
        /// The last day that it holds; null for good.
        nullable last_day: Date,
    }
}

/// Which service rates a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct ServiceRateFilter {
    /// Part of the name or of the role.
    #[graphql(directive = graphql::cost::apply(20))]
    pub search: Option<String>,
    /// The role that they are for, whatever the case.
    pub role: Option<String>,
    /// The id of the service that they are for.
    pub product_id: Option<ProductId>,
    /// The ISO 4217 code of their currency.
    pub currency: Option<String>,
    /// A day that they hold.
    pub on: Option<Date>,
    /// True for the archived ones in place of those in use.
    #[graphql(default)]
    pub is_archived: bool,
}

sorts! {
    /// How a list of service rates is ordered.
    ServiceRateSort {
        /// By the name of the service rate.
        Name,
    }
}

queries! {
    ServiceRate;
    /// The service rates; those in use, by name, unless the arguments say otherwise.
    service_rates(ServiceRateFilter, ServiceRateSort) = list;
    /// One service rate, archived or not; null when there is none of that id.
    service_rate;
}

mutations! {
    ServiceRate as service_rate;
    /// Creates a service rate.
    service_rate_create(input: ServiceRateCreateInput) = create for PRICE_MANAGE;
    /// Changes a service rate.
    service_rate_update(id: ServiceRateId, input: ServiceRateUpdateInput) = update for PRICE_MANAGE;
    /// Archives a service rate: it counts no more, and what refers to it still does.
    service_rate_archive(id: ServiceRateId) = archive for PRICE_MANAGE if |rate| !rate.is_archived();
    /// Restores an archived service rate: it counts again.
    service_rate_restore(id: ServiceRateId) = restore for PRICE_MANAGE if |rate| rate.is_archived();
}
