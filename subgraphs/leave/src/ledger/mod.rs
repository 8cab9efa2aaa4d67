//! The ledger: what was given and what was taken, day by day. It is only ever added to.

mod model;
mod repo;

pub use model::{Movement, balance, lowest_from};
pub(crate) use repo::{
    Row, accrual_keys, accrued, holds, lock, lock_all, movements, open, post_for_request, post_grants,
};

use chrono::NaiveDate;
use common::Result;
use database::Tx;
use rust_decimal::{Decimal, dec};

use crate::ids::{EmployeeId, LeaveTypeId};

/// What is given for one period.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    /// Names line and period: the same grant is never given twice (to one employee).
    pub key: String,
    /// What is given.
    pub leave_type_id: LeaveTypeId,
    /// How much.
    pub days: Decimal,
    /// From when on.
    pub effective_on: NaiveDate,
    /// Until when; for good when `None`.
    pub expires_on: Option<NaiveDate>,
}

/// What was left of a leave type when a year ended.
pub(crate) async fn left_at_end_of(
    tx: &mut Tx,
    employee_id: EmployeeId,
    leave_type_id: LeaveTypeId,
    year: i32,
) -> Result<Decimal> {
    let posted = movements(tx, &[employee_id], Some(leave_type_id)).await?;
    let movements: Vec<_> = posted.iter().map(Row::movement).collect();
    Ok(NaiveDate::from_ymd_opt(year, 12, 31).map_or(dec!(0), |last| balance(&movements, last)))
}
