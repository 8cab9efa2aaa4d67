//! Kinds of leave: annual, sick, unpaid, and what an organization adds.

use std::collections::HashMap;

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};
use common::{Cursor, Page, Permission, Refuse, Result, Role, Scope, Slice, id};
use database::{Ctx, OnConstraint as _, Tx};
use graphql::{App as _, Batch, payload};
use rust_decimal::Decimal;

id!(
    /// One kind of leave.
    LeaveTypeId
);

pub(crate) const READ: Permission = Permission {
    key: "leave.type.read",
    description: "See the kinds of leave.",
    grants: &[
        (Role::Admin, Scope::All),
        (Role::Hr, Scope::All),
        (Role::Manager, Scope::All),
        (Role::Member, Scope::All),
    ],
};
pub(crate) const MANAGE: Permission = Permission {
    key: "leave.type.manage",
    description: "Create and change the kinds of leave.",
    grants: &[(Role::Admin, Scope::All), (Role::Hr, Scope::All)],
};

// Use-cases.

/// Creates a kind of leave.
pub async fn create(ctx: &Ctx, input: LeaveTypeCreateInput) -> Result<LeaveType> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let leave_type = LeaveType::try_new(input)?;
    insert(&mut tx, &leave_type).await.on_constraint("leave_type_code_key", Refused::CodeTaken)?;
    tx.commit().await?;
    Ok(leave_type)
}

/// The kinds of leave, by name.
pub async fn list(ctx: &Ctx, page: Page<String>) -> Result<Slice<LeaveType>> {
    let mut tx = ctx.begin(&READ).await?;
    let rows = select_page(&mut tx, &page).await?;
    Ok(page.slice(rows, |row| Cursor { key: row.name.clone(), id: row.id.0 }))
}

// Rules.

/// Why a kind of leave cannot be as asked.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The name is empty or too long.
    #[error("give it a name of 1 to 100 characters")]
    Name,
    /// The code has another form.
    #[error("a code has 1 to 20 of the characters A to Z, 0 to 9 and _")]
    Code,
    /// Another kind of leave has that code.
    #[error("another leave type has this code")]
    CodeTaken,
    /// A number is out of its range.
    #[error("{0} is out of range")]
    OutOfRange(&'static str),
}

impl Refuse for Refused {
    fn code(&self) -> &'static str {
        match self {
            Self::Name => "NAME_INVALID",
            Self::Code => "CODE_INVALID",
            Self::CodeTaken => "CODE_TAKEN",
            Self::OutOfRange(_) => "OUT_OF_RANGE",
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::Name => Some("name"),
            Self::Code | Self::CodeTaken => Some("code"),
            Self::OutOfRange(field) => Some(field),
        }
    }
}

/// The smallest part that leave of a type is taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LeaveUnit {
    /// Whole days only.
    Day,
    /// Half days as well.
    HalfDay,
}

impl LeaveType {
    /// What an account of this type may fall to; as low as it likes when `None`.
    #[must_use]
    pub fn floor(&self) -> Option<Decimal> {
        self.requires_balance.then_some(-self.overdraft_days)
    }

    fn try_new(input: LeaveTypeCreateInput) -> Result<Self, Refused> {
        let name = input.name.trim().to_owned();
        if !(1..=100).contains(&name.chars().count()) {
            return Err(Refused::Name);
        }
        let is_code = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        if !(1..=20).contains(&input.code.len()) || !input.code.chars().all(is_code) {
            return Err(Refused::Code);
        }
        let overdraft_days = input.overdraft_days.unwrap_or_default();
        let is_exact = overdraft_days.normalize().scale() <= 2;
        if overdraft_days < Decimal::ZERO || overdraft_days > Decimal::from(DAYS_MAX) || !is_exact {
            return Err(Refused::OutOfRange("overdraftDays"));
        }
        Ok(Self {
            id: LeaveTypeId::new(),
            name,
            code: input.code,
            unit: input.unit.unwrap_or(LeaveUnit::HalfDay),
            paid_percent: in_range("paidPercent", input.paid_percent, 0..=100, 100)? as i16,
            requires_balance: input.requires_balance.unwrap_or(true),
            overdraft_days,
            counts_holidays: input.counts_holidays.unwrap_or(false),
            counts_weekends: input.counts_weekends.unwrap_or(false),
            consecutive_days_max: match input.consecutive_days_max {
                None => None,
                days => Some(in_range("consecutiveDaysMax", days, 1..=DAYS_MAX, 1)?),
            },
            notice_days_min: in_range("noticeDaysMin", input.notice_days_min, 0..=DAYS_MAX, 0)?,
            backdate_days_max: in_range("backdateDaysMax", input.backdate_days_max, 0..=DAYS_MAX, 30)?,
            applicable_after_days: in_range("applicableAfterDays", input.applicable_after_days, 0..=3650, 0)?,
        })
    }
}

/// No rule about leave looks further than a year and a day.
const DAYS_MAX: i32 = 366;

fn in_range(
    field: &'static str,
    value: Option<i32>,
    range: std::ops::RangeInclusive<i32>,
    default: i32,
) -> Result<i32, Refused> {
    let value = value.unwrap_or(default);
    if range.contains(&value) { Ok(value) } else { Err(Refused::OutOfRange(field)) }
}

// SQL.

async fn insert(tx: &mut Tx, t: &LeaveType) -> Result<()> {
    sqlx::query!(
        "insert into leave.leave_type (id, name, code, unit, paid_percent, requires_balance, overdraft_days,
             counts_holidays, counts_weekends, consecutive_days_max, notice_days_min, backdate_days_max,
             applicable_after_days)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        t.id as LeaveTypeId,
        t.name,
        t.code,
        t.unit as LeaveUnit,
        t.paid_percent,
        t.requires_balance,
        t.overdraft_days,
        t.counts_holidays,
        t.counts_weekends,
        t.consecutive_days_max,
        t.notice_days_min,
        t.backdate_days_max,
        t.applicable_after_days,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn select_page(tx: &mut Tx, page: &Page<String>) -> Result<Vec<LeaveType>> {
    Ok(sqlx::query_as!(
        LeaveType,
        r#"select id as "id: LeaveTypeId", name, code, unit as "unit: LeaveUnit", paid_percent, requires_balance,
               overdraft_days, counts_holidays, counts_weekends, consecutive_days_max, notice_days_min,
               backdate_days_max, applicable_after_days
           from leave.leave_type
           where deleted_at is null and ($1::text is null or (name, id) > ($1, $2))
           order by name, id limit $3"#,
        page.after_key(),
        page.after_id(),
        page.limit(),
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The kinds of leave with these ids, deleted ones included: old requests still name them.
pub(crate) async fn select_many(tx: &mut Tx, ids: &[LeaveTypeId]) -> Result<Vec<LeaveType>> {
    Ok(sqlx::query_as!(
        LeaveType,
        r#"select id as "id: LeaveTypeId", name, code, unit as "unit: LeaveUnit", paid_percent, requires_balance,
               overdraft_days, counts_holidays, counts_weekends, consecutive_days_max, notice_days_min,
               backdate_days_max, applicable_after_days
           from leave.leave_type where id = any($1)"#,
        ids as &[LeaveTypeId],
    )
    .fetch_all(tx.conn())
    .await?)
}

// GraphQL.

/// A kind of leave, with the rules for taking it.
#[derive(Clone, Debug, SimpleObject)]
pub struct LeaveType {
    /// Opaque.
    pub id: LeaveTypeId,
    /// What people call it.
    pub name: String,
    /// A short code for reports and payroll.
    pub code: String,
    /// The smallest part that it is taken in.
    pub unit: LeaveUnit,
    /// How much of the pay goes on, in percent.
    pub paid_percent: i16,
    /// Taking it needs a balance to take it from.
    pub requires_balance: bool,
    /// How many days the balance may go below zero.
    pub overdraft_days: Decimal,
    /// Holidays within it count as leave.
    pub counts_holidays: bool,
    /// Days that are not worked count as leave.
    pub counts_weekends: bool,
    /// The most days in one request.
    pub consecutive_days_max: Option<i32>,
    /// How many days ahead it must be asked for.
    pub notice_days_min: i32,
    /// How many days back it may begin.
    pub backdate_days_max: i32,
    /// How many days after joining it may first begin.
    pub applicable_after_days: i32,
}

/// A new kind of leave.
#[derive(Debug, InputObject)]
pub struct LeaveTypeCreateInput {
    /// What people call it: 1 to 100 characters.
    pub name: String,
    /// A short code, unique in the organization: 1 to 20 of A to Z, 0 to 9 and _.
    pub code: String,
    /// The smallest part that it is taken in; half days when not said.
    pub unit: Option<LeaveUnit>,
    /// How much of the pay goes on, 0 to 100 percent; 100 when not said.
    pub paid_percent: Option<i32>,
    /// Taking it needs a balance to take it from; true when not said.
    pub requires_balance: Option<bool>,
    /// How many days the balance may go below zero, with two decimals at most; none when not said.
    pub overdraft_days: Option<Decimal>,
    /// Holidays within it count as leave; false when not said.
    pub counts_holidays: Option<bool>,
    /// Days that are not worked count as leave; false when not said.
    pub counts_weekends: Option<bool>,
    /// The most days in one request; any number when not said.
    pub consecutive_days_max: Option<i32>,
    /// How many days ahead it must be asked for; 0 when not said.
    pub notice_days_min: Option<i32>,
    /// How many days back it may begin; 30 when not said.
    pub backdate_days_max: Option<i32>,
    /// How many days after joining it may first begin; 0 when not said.
    pub applicable_after_days: Option<i32>,
}

payload!(
    /// What creating a kind of leave answers.
    LeaveTypeCreatePayload {
        /// The new kind of leave.
        leave_type: LeaveType
    }
);

/// Kinds of leave, by id.
pub(crate) struct LeaveTypeById;

impl Batch for LeaveTypeById {
    type Key = LeaveTypeId;
    type Value = LeaveType;

    async fn load(ctx: &Ctx, keys: &[LeaveTypeId]) -> Result<HashMap<LeaveTypeId, LeaveType>> {
        let mut tx = ctx.begin(&READ).await?;
        Ok(select_many(&mut tx, keys).await?.into_iter().map(|found| (found.id, found)).collect())
    }
}

/// Kinds of leave: queries.
#[derive(Default)]
pub struct LeaveTypeQuery;

#[Object]
impl LeaveTypeQuery {
    /// The kinds of leave, by name.
    async fn leave_types(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 when not said.")] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
    ) -> Result<graphql::Page<LeaveType>> {
        let page = Page::new(first, after.as_deref())?;
        Ok(graphql::connection(list(gql.app(), page).await?))
    }

    /// One kind of leave, for other subgraphs.
    #[graphql(entity)]
    async fn leave_type_by_id(&self, gql: &Context<'_>, id: LeaveTypeId) -> Result<Option<LeaveType>> {
        gql.load::<LeaveTypeById>(id).await
    }
}

/// Kinds of leave: mutations.
#[derive(Default)]
pub struct LeaveTypeMutation;

#[Object]
impl LeaveTypeMutation {
    /// Creates a kind of leave.
    async fn leave_type_create(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "What it is to be.")] input: LeaveTypeCreateInput,
    ) -> Result<LeaveTypeCreatePayload> {
        LeaveTypeCreatePayload::of(create(gql.app(), input).await)
    }
}
