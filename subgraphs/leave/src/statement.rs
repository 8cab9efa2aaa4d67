//! Statements: how a balance came about, entry by entry.

use async_graphql::{Context, Object, SimpleObject};
use chrono::NaiveDate;
use common::{Error, Result};
use graphql::{App as _, Date};
use rust_decimal::Decimal;

use crate::balance;
use crate::ids::{EmployeeId, LeaveTypeId, RequestId};
use crate::ledger::{self, Entry, Kind};
use crate::request;

/// Something that happened to what somebody has of a leave type.
#[derive(Clone, Debug, SimpleObject)]
pub struct LeaveStatementEntry {
    /// The day from which on it counts.
    pub day: Date,
    /// What happened.
    pub kind: Kind,
    /// How much was given, or below zero taken: days, or hours of a leave type that is taken in hours.
    pub days: Decimal,
    /// The balance after it.
    pub balance: Decimal,
    /// The last day on which what was given can be taken; null for good, and for what was taken.
    pub expires_on: Option<Date>,
    /// The id of the request that it belongs to; null for what was given.
    pub request_id: Option<RequestId>,
}

/// How the balance of a leave type came about.
#[derive(Clone, Debug, SimpleObject)]
pub struct LeaveStatement {
    /// The balance when the first day began.
    pub opening_balance: Decimal,
    /// What happened from the first to the last day, in order.
    pub entries: Vec<LeaveStatementEntry>,
    /// The balance at the end of the last day.
    pub closing_balance: Decimal,
}

impl LeaveStatement {
    fn new(entries: Vec<Entry>, from: NaiveDate) -> Self {
        let mut balance = Decimal::ZERO;
        let (mut opening_balance, mut shown) = (Decimal::ZERO, Vec::new());
        for entry in entries {
            balance += entry.days;
            if entry.day < from {
                opening_balance = balance;
                continue;
            }
            shown.push(LeaveStatementEntry {
                day: entry.day.into(),
                kind: entry.kind,
                days: entry.days.normalize(),
                balance: balance.normalize(),
                expires_on: entry.expires_on.map(Into::into),
                request_id: entry.source.request_id(),
            });
        }
        Self {
            opening_balance: opening_balance.normalize(),
            entries: shown,
            closing_balance: balance.normalize(),
        }
    }
}

/// The longest statement, in days: three years.
const DAYS_MAX: i64 = 3 * 366;

/// Queries about how balances came about.
#[derive(Default)]
pub struct StatementQuery;

#[Object]
impl StatementQuery {
    /// How the balance of a leave type came about: what was given, taken, moved on and lapsed, from one day to another,
    /// future days as things stand now. Null when there is no such employee, when the caller may not see their balances,
    /// or is no employee themselves.
    #[graphql(directive = graphql::cost::apply(30))]
    async fn leave_statement(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The id of the employee; the caller's own when absent.")] employee_id: Option<
            EmployeeId,
        >,
        #[graphql(desc = "The id of the leave type.")] leave_type_id: LeaveTypeId,
        #[graphql(desc = "The first day, within five years of today.")] from: Date,
        #[graphql(desc = "The last day, within five years of today and three years of the first.")] to: Date,
    ) -> Result<Option<LeaveStatement>> {
        let ctx = gql.app();
        balance::check_as_of(ctx, Some(from))?;
        balance::check_as_of(ctx, Some(to))?;
        if !(0..DAYS_MAX).contains(&(to.0 - from.0).num_days()) {
            return Err(Error::validation("to must be from or a day within three years after it"));
        }
        let mut reading = ctx.read(&balance::READ).await?;
        let tx = &mut *reading;
        let own = people::myself(tx).await?.map(|person| person.id);
        let Some(id) = employee_id.or(own) else { return Ok(None) };
        let in_sight = request::employees_in_sight(tx, &balance::READ).await?;
        if in_sight.is_some_and(|in_sight| !in_sight.contains(&id.0)) {
            return Ok(None);
        }
        let Some(person) = people::select_many(tx, &[id]).await?.pop() else { return Ok(None) };
        let account = ledger::account_of(tx, &person, leave_type_id).await?;
        Ok(Some(LeaveStatement::new(account.entries(to.0, false), from.0)))
    }
}
