//! Units of measure, and how many of one are how many of another: exactly.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use common::{Error, Form, Page, Refusal, Result, Slice};
use database::{Ctx, OnConstraint as _, Record, Tx, page};
use graphql::{App as _, cost, inputs, mutations, noun, queries, sorts};
use rust_decimal::Decimal;

use crate::ids::UnitOfMeasureId;
use crate::ratio::Ratio;
use crate::rights::{MANAGE, READ};

/// What quantities are counted in.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("unit of measure", table = "products.unit_of_measure", read = READ)]
pub struct UnitOfMeasure {
    /// The id of the unit; opaque to clients.
    pub id: UnitOfMeasureId,
    /// The short code that people write, such as KG.
    pub code: String,
    /// The name that people know it by.
    pub name: String,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) base_id: Option<UnitOfMeasureId>,
    /// One of it is this many parts of its base unit, over the denominator; 1 of a base unit.
    #[record(once)]
    pub numerator: i32,
    /// What the numerator is divided by; 1 of a base unit.
    #[record(once)]
    pub denominator: i32,
    /// How many decimals a quantity in it has at most: 0 for pieces.
    pub decimals: i32,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When it was archived; null while it is in use.
    pub archived_at: Option<DateTime<Utc>>,
}

/// How much of one unit something is in another.
#[derive(Clone, Debug, SimpleObject)]
pub struct UnitOfMeasureConversion {
    /// The quantity in the other unit, of six decimals at most, whatever the unit allows: the nearest one, when there is none
    /// that is exact.
    pub quantity: Decimal,
    /// Whether that is exact.
    pub is_exact: bool,
    /// The exact quantity as a fraction: what stands above the line, a whole number.
    pub numerator: String,
    /// The exact quantity as a fraction: what stands below the line, a whole number.
    pub denominator: String,
}

/// The largest quantity that is taken: twelve digits before the point.
pub(crate) const QUANTITY_MAX: i64 = 999_999_999_999;
/// How many decimals a quantity has at most.
pub(crate) const DECIMALS_MAX: u32 = 6;
const FACTOR_MAX: i32 = 1_000_000_000;

// Use-cases.

/// Creates a unit.
pub async fn create(ctx: &Ctx, input: UnitOfMeasureCreateInput) -> Result<UnitOfMeasure> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let mut unit = UnitOfMeasure { numerator: 1, denominator: 1, ..UnitOfMeasure::blank(tx.now()) };
    let mut form = Form::default();
    unit.base_id = input.base_id;
    form.number("numerator", common::given(input.numerator), 1..=FACTOR_MAX, &mut unit.numerator);
    form.number("denominator", common::given(input.denominator), 1..=FACTOR_MAX, &mut unit.denominator);
    if unit.base_id.is_none() && (unit.numerator, unit.denominator) != (1, 1) {
        form.refuse(BASE_REQUIRED);
    }
    unit.fill_in(form, input.into())?;
    if let Some(id) = unit.base_id {
        let base: UnitOfMeasure = tx.reference("baseId", id).await?;
        if base.base_id.is_some() {
            return Err(NO_BASE.into());
        }
    }
    tx.save(&mut unit).await.on_constraint("unit_of_measure_code_key", CODE_TAKEN)?;
    tx.commit(unit).await
}

/// Changes a unit; how it stands to its base stays, for quantities have been written down in it.
pub async fn update(
    ctx: &Ctx,
    id: UnitOfMeasureId,
    input: UnitOfMeasureUpdateInput,
) -> Result<UnitOfMeasure> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let mut unit: UnitOfMeasure = tx.lock_at(id, input.version).await?;
    unit.fill_in(Form::default(), input)?;
    tx.save(&mut unit).await.on_constraint("unit_of_measure_code_key", CODE_TAKEN)?;
    tx.commit(unit).await
}

/// The units that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: UnitOfMeasureFilter,
    sort: UnitOfMeasureSort,
    page: Page,
) -> Result<Slice<UnitOfMeasure>> {
    let mut tx = ctx.read_list(&READ).await?;
    let search = tx.search::<UnitOfMeasure>(filter.search.as_deref()).await?;
    Ok(page!(
        tx, UnitOfMeasure, page, sort: UnitOfMeasureSort { Name => "name" },
        "(archived_at is not null) = $3 and ($4::uuid[] is null or id = any($4))
         and ($5::text[] is null or search_text like all($5)) and ($6::uuid is null or base_id = $6)",
        [filter.is_archived, search.ids.as_deref(), search.patterns.as_deref(), filter.base_id as Option<UnitOfMeasureId>],
    ))
}

/// How much of one unit a quantity is in another.
pub async fn convert(
    ctx: &Ctx,
    quantity: Decimal,
    from: UnitOfMeasureId,
    to: UnitOfMeasureId,
) -> Result<UnitOfMeasureConversion> {
    let mut tx = ctx.read(&READ).await?;
    let (from, to): (UnitOfMeasure, UnitOfMeasure) = (tx.find(from).await?, tx.find(to).await?);
    let exact = from.converted(quantity, &to).map_err(|refusal| Error::validation(refusal.message))?;
    // Not to the unit's own decimals: five pieces are no dozen, and yet more than none.
    Ok(UnitOfMeasureConversion {
        quantity: exact.rounded(DECIMALS_MAX).ok_or_else(|| Error::validation(TOO_LARGE.message))?,
        is_exact: exact.exactly(DECIMALS_MAX).is_some(),
        numerator: exact.numerator().to_string(),
        denominator: exact.denominator().to_string(),
    })
}

/// A quantity that was given in one unit, in the unit of a product: as it is when none was named.
///
/// # Errors
/// Refuses `unitId` when the units have nothing to do with each other, `quantity` when it does not come out even.
pub(crate) async fn in_unit_of(
    tx: &mut Tx,
    quantity: Decimal,
    given: Option<UnitOfMeasureId>,
    own: UnitOfMeasureId,
) -> Result<Decimal> {
    let own: UnitOfMeasure = tx.find(own).await?;
    let decimals = u32::try_from(own.decimals).unwrap_or(DECIMALS_MAX);
    let given = match given.filter(|given| *given != own.id) {
        Some(given) => tx.reference::<UnitOfMeasure>("unitId", given).await?,
        None => own.clone(),
    };
    let exact = given.converted(quantity, &own)?;
    match exact.exactly(decimals) {
        Some(quantity) if quantity.abs() <= Decimal::from(QUANTITY_MAX) => Ok(quantity),
        Some(_) => Err(TOO_LARGE.into()),
        None => {
            let message = format!("this is no quantity of {decimals} decimals of {}", own.code);
            Err(QUANTITY_UNEVEN.saying(message).into())
        }
    }
}

// Rules.

const CODE_TAKEN: Refusal = Refusal::of("code", "CODE_TAKEN", "another unit in use has this code");
const BASE_REQUIRED: Refusal =
    Refusal::of("baseId", "REQUIRED", "name the base unit that it is so many parts of");
const NO_BASE: Refusal = Refusal::of(
    "baseId",
    "UNIT_NOT_BASE",
    "this unit stands to another one itself; name the one that both stand to",
);
const UNITS_UNRELATED: Refusal =
    Refusal::of("unitId", "UNITS_UNRELATED", "these two units have no base in common");
const QUANTITY_UNEVEN: Refusal =
    Refusal::of("quantity", "QUANTITY_UNEVEN", "this is no quantity of the unit");
const TOO_LARGE: Refusal =
    Refusal::of("quantity", "OUT_OF_RANGE", "give a quantity of twelve digits before the point at most");
const TOO_FINE: Refusal =
    Refusal::of("quantity", "TOO_MANY_DECIMALS", "give a quantity of six decimals at most");

impl UnitOfMeasure {
    fn fill_in(&mut self, mut form: Form, input: UnitOfMeasureUpdateInput) -> Result<()> {
        form.code("code", input.code, &mut self.code);
        form.name("name", input.name, &mut self.name);
        form.number("decimals", input.decimals, 0..=6, &mut self.decimals);
        form.check()
    }

    /// A quantity of it in another unit, exactly.
    pub(crate) fn converted(&self, quantity: Decimal, to: &Self) -> Result<Ratio, Refusal> {
        if self.base_id.unwrap_or(self.id) != to.base_id.unwrap_or(to.id) {
            return Err(UNITS_UNRELATED);
        }
        if quantity.normalize().scale() > DECIMALS_MAX {
            return Err(TOO_FINE);
        }
        if quantity.abs() > Decimal::from(QUANTITY_MAX) {
            return Err(TOO_LARGE);
        }
        let factor = |unit: &Self| Ratio::try_new(unit.numerator.into(), unit.denominator.into());
        let exact = || Ratio::of(quantity)?.times(factor(self)?)?.times(factor(to)?.inverse()?);
        exact().ok_or(TOO_LARGE)
    }
}

// GraphQL.

#[noun]
impl UnitOfMeasure {
    /// The unit that it stands to; null for a base unit.
    async fn base(&self, gql: &Context<'_>) -> Result<Option<UnitOfMeasure>> {
        gql.find(self.base_id).await
    }
}

inputs! {
    /// The fields of a new unit of measure.
    UnitOfMeasureCreateInput,
    /// The fields of a unit of measure to change; those that are absent stay as they are.
    UnitOfMeasureUpdateInput {
        /// The id of the base unit that it stands to; absent for a base unit. It stays so.
        once base_id: Option<UnitOfMeasureId>,
        /// One of it is numerator / denominator of the base unit: 1 to 1,000,000,000; 1 when absent. It stays so.
        once numerator: Option<i32>,
        /// What the numerator is divided by: 1 to 1,000,000,000; 1 when absent. It stays so.
        once denominator: Option<i32>,
        /// The short code that people write, unique among those in use: 1 to 20 of A to Z, 0 to 9, _ and -.
        required code: String,
        /// The name that people know it by: 1 to 100 characters.
        required name: String,
        /// How many decimals a quantity in it has at most, 0 to 6; 0 when absent from a new one.
        defaulted decimals: i32,
    }
}

/// Which units a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct UnitOfMeasureFilter {
    /// Part of the name or of the code.
    #[graphql(directive = graphql::cost::apply(20))]
    pub search: Option<String>,
    /// The id of the unit that they stand to.
    pub base_id: Option<UnitOfMeasureId>,
    /// True for the archived ones in place of those in use.
    #[graphql(default)]
    pub is_archived: bool,
}

sorts! {
    /// How a list of units is ordered.
    UnitOfMeasureSort {
        /// By the name of the unit of measure.
        Name,
    }
}

queries! {
    UnitOfMeasure;
    /// The units of measure; those in use, by name, unless the arguments say otherwise.
    units_of_measure(UnitOfMeasureFilter, UnitOfMeasureSort) = list;
    /// One unit of measure, archived or not; null when there is none of that id.
    unit_of_measure;
}

/// Conversions from unit to unit.
#[derive(Default)]
pub struct UnitOfMeasureConversionQuery;

#[Object]
impl UnitOfMeasureConversionQuery {
    /// How much of one unit a quantity is in another one of the same base: exactly, as a fraction, and to six decimals.
    #[graphql(directive = cost::apply(2))]
    async fn unit_of_measure_convert(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The quantity, of six decimals at most.")] quantity: Decimal,
        #[graphql(desc = "The id of the unit that it is given in.")] from_id: UnitOfMeasureId,
        #[graphql(desc = "The id of the unit that it is wanted in.")] to_id: UnitOfMeasureId,
    ) -> Result<UnitOfMeasureConversion> {
        convert(gql.app(), quantity, from_id, to_id).await
    }
}

mutations! {
    UnitOfMeasure as unit_of_measure;
    /// Creates a unit of measure.
    unit_of_measure_create(input: UnitOfMeasureCreateInput) = create for MANAGE;
    /// Changes a unit of measure; how it stands to its base unit stays as it is.
    unit_of_measure_update(id: UnitOfMeasureId, input: UnitOfMeasureUpdateInput) = update for MANAGE;
    archive and restore for MANAGE;
}
