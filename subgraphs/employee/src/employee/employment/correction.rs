//! Somebody's employments put right, all of them: a return that was entered by mistake, a wrong day of a former one.

use async_graphql::InputObject;
use chrono::{Datelike as _, NaiveDate};
use common::{Form, Refusal, Result, given};
use database::Ctx;
use graphql::Date;
use people::Period;

use super::super::model::{self, Employee};
use super::super::{MANAGE, save};
use super::{FORMER_MAX, LAST_WORKING_DAY, OVERLAPS, STILL_RUNS, TerminationType, changed, hand_over};
use crate::ids::EmployeeId;
use crate::structure::{self, Change};

/// Says what somebody's employments are, in place of what was said before.
pub async fn correct(ctx: &Ctx, id: EmployeeId, input: EmployeeCorrectEmploymentsInput) -> Result<Employee> {
    let mut tx = ctx.begin(&MANAGE).await?;
    structure::lock(&mut tx).await?;
    let mut employee: Employee = tx.lock_at(id, input.version).await?;
    let before = employee.clone();
    let today = structure::today(&mut tx, id).await?;
    employee.correct(input.employments, today)?;
    let has_left =
        employee.next_joined_on.is_none() && employee.last_working_day.is_some_and(|day| day.0 < today);
    let moved = hand_over(&mut tx, &employee, input.reassign_reports_to, has_left).await?;
    save(&mut tx, &mut employee).await?;
    structure::announce_many(&mut tx, &moved, Change::Updated).await?;
    let employee = changed(&mut tx, &before, employee, Change::Updated).await?;
    tx.commit(employee).await
}

const LAST_DAY_MISSING: Refusal = Refusal::of(
    "lastWorkingDay",
    "REQUIRED",
    "only the last of the employments may go on: give its last day",
);
const REASON_MISSING: Refusal =
    Refusal::of("terminationType", "REQUIRED", "say why the last of the employments ends");
const REASON_ALONE: Refusal = Refusal::of(
    "terminationType",
    "TERMINATION_TYPE_ALONE",
    "an employment that goes on has no reason to end",
);

impl Employee {
    /// Takes in what the employments are, oldest first. Where the one before the last still runs, the last is the next.
    pub(super) fn correct(&mut self, employments: Vec<EmploymentInput>, today: NaiveDate) -> Result<()> {
        let mut form = Form::default();
        let mut right = Vec::new();
        form.each("employments", given(employments), 1..=FORMER_MAX + 1, &mut right, |form, employment| {
            employment.check(form);
            employment
        });
        for (at, pair) in right.windows(2).enumerate() {
            match pair[0].last_working_day {
                None => form.refuse(LAST_DAY_MISSING.below("employments", at)),
                Some(last_day) if pair[1].joined_on <= last_day => {
                    let message = format!("they worked here until {}; give a later first day", last_day.0);
                    form.refuse(OVERLAPS.saying(message).below("employments", at + 1));
                }
                Some(_) => {}
            }
        }
        if let Some((at, last)) = right.iter().enumerate().next_back() {
            if last.last_working_day.is_some() && last.termination_type.is_none() {
                form.refuse(REASON_MISSING.below("employments", at));
            }
            let runs = at.checked_sub(1).and_then(|before| right[before].last_working_day);
            if let Some(last_day) =
                runs.filter(|last_day| last_day.0 >= today && last.last_working_day.is_some())
            {
                let message = format!(
                    "the employment before runs until {}: give the end of this one later",
                    last_day.0
                );
                form.refuse(STILL_RUNS.saying(message).at("lastWorkingDay").below("employments", at));
            }
        }
        form.check()?;
        self.hold(right, today);
        Ok(())
    }

    /// Writes employments down that were checked: the former ones, the present one, and one that is to follow it.
    fn hold(&mut self, mut employments: Vec<EmploymentInput>, today: NaiveDate) {
        let before_last = employments.len().checked_sub(2).and_then(|at| employments[at].last_working_day);
        let next =
            if before_last.is_some_and(|last_day| last_day.0 >= today) { employments.pop() } else { None };
        self.next_joined_on = next.map(|next| next.joined_on);
        let Some(present) = employments.pop() else { return };
        self.joined_on = present.joined_on;
        self.last_working_day = present.last_working_day;
        self.termination_type = present.termination_type;
        self.former_termination_types.0 = employments.iter().map(|former| former.termination_type).collect();
        let period = |former: EmploymentInput| {
            let last_day = former.last_working_day?.0;
            Some(Period { first_day: former.joined_on.0, last_day })
        };
        self.former_employments.0 = employments.into_iter().filter_map(period).collect();
    }
}

/// One of somebody's employments.
#[derive(Clone, Copy, Debug, InputObject)]
pub struct EmploymentInput {
    /// The first day at work, from 1930 to 2100, after the last one of the employment before.
    pub joined_on: Date,
    /// The last day at work; only the last of the employments may have none.
    pub last_working_day: Option<Date>,
    /// Why it ended, or ends. Required of the last of the employments where it has a last day; of those before, null where
    /// nobody knows.
    pub termination_type: Option<TerminationType>,
}

impl EmploymentInput {
    fn check(&self, form: &mut Form) {
        let mut first_day = self.joined_on;
        form.checked("joinedOn", given(first_day), model::joined_on, &mut first_day);
        match self.last_working_day {
            Some(last_day) if last_day < self.joined_on || last_day.0.year() > model::LAST_YEAR => {
                let (first, year) = (self.joined_on.0, model::LAST_YEAR);
                let message =
                    format!("the last working day must be between {first}, the first day, and {year}");
                form.refuse(LAST_WORKING_DAY.saying(message));
            }
            None if self.termination_type.is_some() => form.refuse(REASON_ALONE),
            _ => {}
        }
    }
}

/// What somebody's employments are.
#[derive(Clone, Debug, InputObject)]
pub struct EmployeeCorrectEmploymentsInput {
    /// The version of the employee that the correction was made from.
    pub version: i32,
    /// All employments on this record, oldest first, 1 to 51. Each but the last has a last day; where that of the last but
    /// one is not over yet, the last follows it and has none.
    pub employments: Vec<EmploymentInput>,
    /// The id of the employee who takes over, from now on, the people who report to the employee and the departments that
    /// they head. Required when, by these employments, the employee has left and anybody reports to them.
    pub reassign_reports_to: Option<EmployeeId>,
}
