//! The module's own side: what it keeps of requests, and what it makes of the facts.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use rust_decimal::dec;

use super::facts::{Facts, Request, Status};
use crate::due::{Span, YearRule, in_one};
use crate::ids::RequestId;
use crate::leave_type::Counting;
use crate::ledger::{Account, Adjusted, Taken};
use crate::request::{HalfDay, Recount, WorkPattern, taken};

const COUNTING: Counting = Counting { in_hours: false, weekends: false, holidays: false };

/// The halves of the requests that are open, as they were last counted.
#[derive(Default)]
pub struct Engine {
    pub requests: BTreeMap<RequestId, Vec<HalfDay>>,
    /// Those that were granted, and that facts have called off, with the number of employments at that time.
    called_off: BTreeMap<RequestId, (Vec<HalfDay>, usize)>,
}

impl Engine {
    pub fn count(&self, facts: &Facts, request: &Request) -> Vec<HalfDay> {
        pattern(facts).count(request.halves.iter().copied(), COUNTING, None)
    }

    /// Whether a request may be asked for, or granted.
    pub fn is_allowed(&self, facts: &Facts, counted: &[HalfDay], id: RequestId) -> bool {
        let mut account = self.account(facts);
        account.taken.retain(|taken| taken.request_id != Some(id));
        let taken = taken(counted, Some(id));
        let Some(from) = taken.first().map(|taken| taken.day) else { return false };
        account.taken.extend(taken);
        account.lowest_from(from).is_none_or(|lowest| lowest >= -facts.overdraft)
    }

    /// The account as the database would have it.
    pub fn account(&self, facts: &Facts) -> Account {
        let mut account = Account { employments: facts.employments.clone(), ..Account::default() };
        let mut covers = Vec::new();
        let mut entries = facts.timeline.iter().peekable();
        while let Some((first_day, policy)) = entries.next() {
            let last_day = entries.peek().and_then(|(next, _)| next.and_then(|next| next.pred_opt()));
            let Some(policy) = policy.map(|at| &facts.policies[at]) else { continue };
            let span = Span {
                policy_id: None,
                first_day: *first_day,
                last_day,
                years: YearRule { leave_year: policy.leave_year, month: policy.month, day: policy.day },
                only: None,
            };
            let line = std::slice::from_ref(&policy.line);
            covers.extend(span.covers(facts.employments.iter().copied(), line));
        }
        account.covers = in_one(covers.into_iter());
        account.adjustments = facts
            .adjustments
            .iter()
            .map(|adjusted| Adjusted {
                id: adjusted.id,
                days: adjusted.days,
                effective_on: adjusted.effective_on,
                expires_on: adjusted.expires_on,
            })
            .collect();
        for request in &facts.requests {
            let halves = self.requests.get(&request.id).map_or(&[][..], Vec::as_slice);
            let is_granted = request.status == Status::Approved;
            let days = taken(halves, Some(request.id)).into_iter().map(|taken| Taken { is_granted, ..taken });
            account.taken.extend(days);
        }
        account
    }

    /// Counts open requests again; answers those that are open still.
    pub fn recount(&mut self, facts: &Facts, why: Recount) -> BTreeSet<RequestId> {
        let holidays_from = if why == Recount::Holidays { NaiveDate::MIN } else { facts.today };
        let pattern = pattern(facts);
        for halves in self.requests.values_mut() {
            *halves = pattern.recount(halves, COUNTING, None, (facts.today, holidays_from));
        }
        for request in facts.requests.iter().filter(|request| request.status == Status::Approved) {
            if let Some(halves) = self.requests.get(&request.id).filter(|halves| is_empty(halves)) {
                self.called_off.insert(request.id, (halves.clone(), facts.employments.len()));
            }
        }
        self.close_empty();
        for (id, (halves, employments)) in std::mem::take(&mut self.called_off) {
            let mut then = pattern.clone();
            then.employments.truncate(employments);
            let days = (facts.today, NaiveDate::MIN);
            let of_then = then.recount(&halves, COUNTING, None, days);
            let again = pattern.recount(&halves, COUNTING, None, days);
            let is_same =
                |half: &HalfDay| again.iter().any(|one| (one.day, one.half) == (half.day, half.half));
            if is_empty(&of_then) || self.requests.values().flatten().any(is_same) {
                self.called_off.insert(id, (halves, employments));
            } else {
                self.requests.insert(id, again);
            }
        }
        self.requests.keys().copied().collect()
    }

    /// Gives a day back; answers whether anything is left.
    pub fn give_back(&mut self, id: RequestId, day: NaiveDate) -> bool {
        self.requests.entry(id).or_default().retain(|half| half.day != day);
        self.close_empty().contains(&id)
    }

    fn close_empty(&mut self) -> BTreeSet<RequestId> {
        self.requests.retain(|_, halves| !is_empty(halves));
        self.requests.keys().copied().collect()
    }
}

fn is_empty(halves: &[HalfDay]) -> bool {
    halves.iter().all(|half| half.portion.is_zero())
}

fn pattern(facts: &Facts) -> WorkPattern {
    WorkPattern {
        day_fractions: WorkPattern::MONDAY_TO_FRIDAY,
        hours_per_day: dec!(8),
        holidays: facts.holidays.clone(),
        employments: facts.employments.clone(),
    }
}
