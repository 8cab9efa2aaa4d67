//! What happened to one employee, as it was entered: all that either side goes by.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate};
use rust_decimal::Decimal;

use crate::due::{Accrual, LeaveYear, PolicyLine};
use crate::ids::{AdjustmentId, LeaveTypeId, PolicyId, RequestId};
use crate::request::Half;

/// A policy with one line.
#[derive(Clone, Debug)]
pub struct Policy {
    pub line: PolicyLine,
    pub leave_year: LeaveYear,
    pub month: i32,
    pub day: i32,
}

impl Policy {
    pub fn blank() -> Self {
        let line = PolicyLine::blank(DateTime::UNIX_EPOCH, PolicyId::new(), LeaveTypeId::new());
        Self {
            line: PolicyLine { accrual: Accrual::Upfront, ..line },
            leave_year: LeaveYear::Fixed,
            month: 1,
            day: 1,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Pending,
    Approved,
    Closed,
}

#[derive(Clone, Debug)]
pub struct Request {
    pub id: RequestId,
    /// The halves that were not given back.
    pub halves: BTreeSet<(NaiveDate, Half)>,
    pub status: Status,
}

#[derive(Clone, Debug)]
pub struct Adjustment {
    pub id: AdjustmentId,
    pub days: Decimal,
    pub effective_on: NaiveDate,
    pub expires_on: Option<NaiveDate>,
}

#[derive(Clone, Debug)]
pub struct Facts {
    pub today: NaiveDate,
    pub policies: Vec<Policy>,
    /// From when on which policy, or none; `None`: since the employment began.
    pub timeline: BTreeMap<Option<NaiveDate>, Option<usize>>,
    pub employments: Vec<(NaiveDate, Option<NaiveDate>)>,
    /// Holidays; `true`: the afternoon alone.
    pub holidays: BTreeMap<NaiveDate, bool>,
    pub adjustments: Vec<Adjustment>,
    pub requests: Vec<Request>,
    /// How far the balance may go below zero.
    pub overdraft: Decimal,
}

impl Facts {
    /// Whether any of these halves is taken or asked for.
    pub fn overlaps(&self, halves: &BTreeSet<(NaiveDate, Half)>) -> bool {
        let open = self.requests.iter().filter(|request| request.status != Status::Closed);
        open.flat_map(|request| &request.halves).any(|half| halves.contains(half))
    }
}
