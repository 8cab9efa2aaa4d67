//! Leave types: annual, sick, unpaid, and what an organization adds.

use async_graphql::{InputObject, SimpleObject};
use chrono::{DateTime, Utc};
use common::{Form, PEOPLE_OFFICE, Page, Permission, Refusal, Result, STAFF, Slice};
use database::{Ctx, OnConstraint as _, Record, Tx, page};
use graphql::{choices, inputs, mutations, noun, queries, sorts};
use rust_decimal::Decimal;

use crate::events::{AmountUnit, TypeChanged};
use crate::ids::LeaveTypeId;

choices! {
    /// The smallest part that leave of a type is taken in.
    LeaveUnit {
        /// Half days as well as whole ones.
        HalfDay,
        /// Whole days only.
        Day,
        /// Hours of a day as well as whole days. What a policy gives, what is taken and what is left are hours.
        Hour,
    }
}

/// A kind of leave, with the rules for taking it.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("leave type", table = "leave.leave_type", read = READ)]
pub struct LeaveType {
    /// The id of the leave type; opaque to clients.
    pub id: LeaveTypeId,
    /// The name that people know it by.
    pub name: String,
    /// The short code that reports and payroll name it by.
    pub code: String,
    /// The smallest part that it is taken in.
    pub unit: LeaveUnit,
    /// How much of the pay goes on while it is taken, in percent.
    pub paid_percent: i32,
    /// Whether taking it needs a balance to take it from.
    pub requires_balance: bool,
    /// How many days the balance may go below zero.
    pub overdraft_days: Decimal,
    /// Whether holidays within it count as leave.
    pub counts_holidays: bool,
    /// Whether days that are not worked count as leave.
    pub counts_weekends: bool,
    /// The most days in one request; null for any number.
    pub consecutive_days_max: Option<i32>,
    /// How many days ahead it must be asked for.
    pub notice_days_min: i32,
    /// How many days back it may begin.
    pub backdate_days_max: i32,
    /// How many days after joining it may first begin.
    pub applicable_after_days: i32,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When it was archived; null while it is in use.
    pub archived_at: Option<DateTime<Utc>>,
}

/// How leave of a type is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counting {
    /// In hours, and not in days.
    pub in_hours: bool,
    /// Days that are not worked as well.
    pub weekends: bool,
    /// Holidays as well.
    pub holidays: bool,
}

pub(crate) const READ: Permission = Permission::new("leave.type.read", "See the leave types.", STAFF);
pub(crate) const MANAGE: Permission =
    Permission::new("leave.type.manage", "Create, change and archive leave types.", PEOPLE_OFFICE);

// Use-cases.

/// Creates a leave type.
pub async fn create(ctx: &Ctx, input: LeaveTypeCreateInput) -> Result<LeaveType> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let mut leave_type = LeaveType {
        paid_percent: 100,
        requires_balance: true,
        backdate_days_max: 30,
        ..LeaveType::blank(tx.now())
    };
    leave_type.fill_in(input.into())?;
    save(&mut tx, &mut leave_type).await?;
    tx.commit(leave_type).await
}

/// Changes a leave type. Which days count is applied from today on to what was asked for before as well; the other rules
/// are those of asking.
pub async fn update(ctx: &Ctx, id: LeaveTypeId, input: LeaveTypeUpdateInput) -> Result<LeaveType> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let mut leave_type: LeaveType = tx.lock_at(id, input.version).await?;
    let before = leave_type.clone();
    leave_type.fill_in(input)?;
    let is_in_hours = |leave_type: &LeaveType| leave_type.unit == LeaveUnit::Hour;
    if is_in_hours(&before) != is_in_hours(&leave_type) && is_in_use(&mut tx, id).await? {
        return Err(UNIT_FIXED.into());
    }
    save(&mut tx, &mut leave_type).await?;
    if leave_type.counts_like(&before) {
        tx.commit(leave_type).await
    } else {
        tx.emit(&TypeChanged { leave_type_id: id.into() }).await?;
        tx.commit(leave_type).await
    }
}

/// Whether anything was given or taken of it: its numbers are days, or hours, for good then.
async fn is_in_use(tx: &mut Tx, id: LeaveTypeId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from leave.policy_line where leave_type_id = $1)
               or exists (select from leave.account where leave_type_id = $1)
               or exists (select from leave.request where leave_type_id = $1) as "is_in_use!""#,
        id as LeaveTypeId,
    )
    .fetch_one(tx.conn())
    .await?)
}

async fn save(tx: &mut Tx, leave_type: &mut LeaveType) -> Result<()> {
    tx.save(leave_type).await.on_constraint("leave_type_code_key", CODE_TAKEN)
}

/// The leave types that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: LeaveTypeFilter,
    sort: LeaveTypeSort,
    page: Page,
) -> Result<Slice<LeaveType>> {
    let mut tx = ctx.read_list(&READ).await?;
    let search = tx.search::<LeaveType>(filter.search.as_deref()).await?;
    Ok(page!(
        tx, LeaveType, page, sort: LeaveTypeSort { Name => "name", Code => "code" },
        "(archived_at is not null) = $3 and ($4::uuid[] is null or id = any($4))
         and ($5::text[] is null or search_text like all($5))",
        [filter.is_archived, search.ids.as_deref(), search.patterns.as_deref()],
    ))
}

// Rules.

const UNIT_FIXED: Refusal = Refusal::of(
    "unit",
    "UNIT_FIXED",
    "there are days, or hours, of this leave type already; make another one in place of it",
);
const CODE_TAKEN: Refusal = Refusal::of("code", "CODE_TAKEN", "another leave type has this code");

/// No rule about leave looks further than a year and a day.
const DAYS_MAX: i32 = 366;

impl LeaveType {
    /// What an account of this type may fall to; as low as it likes when `None`.
    #[must_use]
    pub fn floor(&self) -> Option<Decimal> {
        self.requires_balance.then_some(-self.overdraft_days)
    }

    /// How days of it are counted.
    #[must_use]
    pub(crate) fn counting(&self) -> Counting {
        Counting {
            in_hours: self.unit == LeaveUnit::Hour,
            weekends: self.counts_weekends,
            holidays: self.counts_holidays,
        }
    }

    /// What amounts of it are.
    #[must_use]
    pub(crate) fn amount_unit(&self) -> AmountUnit {
        if self.unit == LeaveUnit::Hour { AmountUnit::Hour } else { AmountUnit::Day }
    }

    /// Whether days are counted, and balances judged, by the same rules.
    fn counts_like(&self, other: &Self) -> bool {
        (self.counting(), self.floor()) == (other.counting(), other.floor())
    }

    /// An amount of it, as people say it: `1 day`, `2.5 days`, `3 hours`.
    #[must_use]
    pub fn amount(&self, amount: Decimal) -> String {
        let unit = match self.amount_unit() {
            AmountUnit::Hour => "hour",
            AmountUnit::Day => "day",
        };
        let amount = amount.normalize();
        if amount == Decimal::ONE { format!("1 {unit}") } else { format!("{amount} {unit}s") }
    }

    fn fill_in(&mut self, input: LeaveTypeUpdateInput) -> Result<()> {
        let mut form = Form::default();
        form.name("name", input.name, &mut self.name);
        form.code("code", input.code, &mut self.code);
        form.set("unit", input.unit, &mut self.unit);
        form.number("paidPercent", input.paid_percent, 0..=100, &mut self.paid_percent);
        form.set("requiresBalance", input.requires_balance, &mut self.requires_balance);
        let days = Decimal::ZERO..=Decimal::from(DAYS_MAX);
        form.decimal("overdraftDays", input.overdraft_days, days, 2, &mut self.overdraft_days);
        form.set("countsHolidays", input.counts_holidays, &mut self.counts_holidays);
        form.set("countsWeekends", input.counts_weekends, &mut self.counts_weekends);
        let most = 1..=DAYS_MAX;
        form.optional_number(
            "consecutiveDaysMax",
            input.consecutive_days_max,
            most,
            &mut self.consecutive_days_max,
        );
        form.number("noticeDaysMin", input.notice_days_min, 0..=DAYS_MAX, &mut self.notice_days_min);
        form.number("backdateDaysMax", input.backdate_days_max, 0..=DAYS_MAX, &mut self.backdate_days_max);
        form.number(
            "applicableAfterDays",
            input.applicable_after_days,
            0..=3650,
            &mut self.applicable_after_days,
        );
        form.check()
    }
}

// GraphQL.

#[noun]
impl LeaveType {}

inputs! {
    /// The fields of a new leave type.
    LeaveTypeCreateInput,
    /// The fields of a leave type to change; those that are absent stay as they are.
    LeaveTypeUpdateInput {
        /// The name that people know it by: 1 to 100 characters.
        required name: String,
        /// The short code that reports and payroll name it by, unique among those in use: 1 to 20 of A to Z, 0 to 9, _
        /// and -.
        required code: String,
        /// The smallest part that it is taken in; half days when absent from a new one.
        defaulted unit: LeaveUnit,
        /// How much of the pay goes on while it is taken, 0 to 100 percent; 100 when absent from a new one.
        defaulted paid_percent: i32,
        /// Whether taking it needs a balance to take it from; true when absent from a new one.
        defaulted requires_balance: bool,
        /// How many days, or hours, the balance may go below zero, with two decimals at most; 0 when absent from a new one.
        defaulted overdraft_days: Decimal,
        /// Whether holidays within it count as leave; false when absent from a new one.
        defaulted counts_holidays: bool,
        /// Whether days that are not worked count as leave; false when absent from a new one.
        defaulted counts_weekends: bool,
        /// The most days in one request, 1 to 366; null for any number.
        nullable consecutive_days_max: i32,
        /// How many days ahead it must be asked for, 0 to 366; 0 when absent from a new one.
        defaulted notice_days_min: i32,
        /// How many days back it may begin, 0 to 366; 30 when absent from a new one.
        defaulted backdate_days_max: i32,
        /// How many days after joining it may first begin, 0 to 3650; 0 when absent from a new one.
        defaulted applicable_after_days: i32,
    }
}

/// Which leave types a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct LeaveTypeFilter {
    /// Part of the name or of the code.
    #[graphql(directive = graphql::cost::apply(20))]
    pub search: Option<String>,
    /// True for the archived ones in place of those in use.
    #[graphql(default)]
    pub is_archived: bool,
}

sorts! {
    /// How a list of leave types is ordered.
    LeaveTypeSort {
        /// By the name of the leave type.
        Name,
        /// By code.
        Code,
    }
}

queries! {
    LeaveType;
    /// The leave types; those in use, by name, unless the arguments say otherwise.
    leave_types(LeaveTypeFilter, LeaveTypeSort) = list;
    /// One leave type, archived or not; null when there is none of that id.
    leave_type;
}

mutations! {
    LeaveType as leave_type;
    /// Creates a leave type.
    leave_type_create(input: LeaveTypeCreateInput) = create for MANAGE;
    /// Changes a leave type. Which days count holds from today on for what was asked for before as well; its other rules
    /// are looked at when leave is asked for.
    leave_type_update(id: LeaveTypeId, input: LeaveTypeUpdateInput) = update for MANAGE;
    archive and restore for MANAGE;
}
