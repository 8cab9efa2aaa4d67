//! What happened to one employee, as it was entered: all that either side goes by.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate};
use rand::Rng as _;
use rand::rngs::StdRng;
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

    pub fn random(chance: &mut StdRng) -> Self {
        let mut policy = Self::blank();
        let line = &mut policy.line;
        line.days_per_year = Decimal::from(chance.random_range(0..31));
        line.accrual = if chance.random_bool(0.4) { Accrual::Monthly } else { Accrual::Upfront };
        line.carry_forward_days_max =
            chance.random_bool(0.8).then(|| Decimal::from(chance.random_range(0..12)));
        line.carry_forward_months = chance.random_bool(0.6).then(|| chance.random_range(1..=12));
        line.waiting_months = if chance.random_bool(0.2) { chance.random_range(1..7) } else { 0 };
        if chance.random_bool(0.3) {
            policy.leave_year = LeaveYear::Anniversary;
        } else if chance.random_bool(0.3) {
            (policy.month, policy.day) = (chance.random_range(1..=12), chance.random_range(1..=28));
        }
        policy
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
    /// How many employments there were when facts called it off, if they did, and it had been granted.
    pub called_off_of: Option<usize>,
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
