//! Employments: ended, ended on another day, gone on with after all, and begun again on the same record.
//!
//! What a last day says it says from the day after on, by the clock of the place where the employee works. Nothing waits
//! for that moment: where the employment stands is worked out from its days whenever somebody asks.

mod correction;

use async_graphql::{InputObject, MaybeUndefined, SimpleObject};
use chrono::{Datelike as _, NaiveDate};
use common::{Form, MembershipId, Refusal, Result, given};
use custom::Definitions;
use database::{Ctx, Tx};
use graphql::{Date, choices};
use people::Period;

pub use self::correction::{EmployeeCorrectEmploymentsInput, correct};
use super::model::{self, Employee, EmployeeStatus, EmployeeUpdateInput, EmploymentType};
use super::{MANAGE, check_references, repo, save, save_all};
use crate::department;
use crate::ids::{DepartmentId, EmployeeId, WorkLocationId};
use crate::structure::{self, Change};

choices! {
    /// Why an employment ends.
    TerminationType {
        /// The employee gave notice.
        Resignation,
        /// The employee was given notice, for what they did.
        Dismissal,
        /// The employee's position is no more.
        Redundancy,
        /// The employee retires.
        Retirement,
        /// It was for a limited time.
        EndOfContract,
        /// The employee died.
        Death,
    }
}

/// An employment of somebody who came back since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, SimpleObject)]
pub struct FormerEmployment {
    /// The first day at work.
    pub joined_on: Date,
    /// The last day at work.
    pub last_working_day: Date,
    /// Why it ended; null where nobody said, and to whoever may not know.
    pub termination_type: Option<TerminationType>,
}

// Use-cases.

/// Ends an employment, or says another last day or reason of one that ends or has ended. Until the day is over the
/// employee works here.
///
/// Those who report to the leaver change hands now, to whom the input names. While the leaver is still at work they may
/// stay, and be handed over by saying the same again with a name; once the day is over somebody takes over.
pub async fn terminate(ctx: &Ctx, id: EmployeeId, input: EmployeeTerminateInput) -> Result<Employee> {
    let mut tx = ctx.begin(&MANAGE).await?;
    structure::lock(&mut tx).await?;
    let mut employee: Employee = tx.lock(id).await?;
    let before = employee.clone();
    employee.terminate(&input)?;
    let has_left = input.last_working_day.0 < structure::today(&mut tx, id).await?;
    let moved = hand_over(&mut tx, &employee, input.reassign_reports_to, has_left).await?;
    save(&mut tx, &mut employee).await?;
    structure::announce_many(&mut tx, &moved, Change::Updated).await?;
    let employee = changed(&mut tx, &before, employee, Change::Terminated).await?;
    tx.commit(employee).await
}

/// Takes a termination back, before or after its day: the employment goes on, as if it had never been ended.
pub async fn reinstate(ctx: &Ctx, id: EmployeeId) -> Result<Employee> {
    let mut tx = ctx.begin(&MANAGE).await?;
    structure::lock(&mut tx).await?;
    let mut employee: Employee = tx.lock(id).await?;
    let before = employee.clone();
    employee.reinstate()?;
    save(&mut tx, &mut employee).await?;
    let employee = changed(&mut tx, &before, employee, Change::Reinstated).await?;
    tx.commit(employee).await
}

/// Begins another employment of somebody who has a last day. What they refer to is looked at as if it were new.
///
/// Until that last day is over the employment that ends goes on as it is, and the other one follows it.
pub async fn rehire(ctx: &Ctx, id: EmployeeId, input: EmployeeRehireInput) -> Result<Employee> {
    let mut tx = ctx.begin(&MANAGE).await?;
    structure::lock(&mut tx).await?;
    let mut employee: Employee = tx.lock(id).await?;
    let before = employee.clone();
    let today = structure::today(&mut tx, id).await?;
    employee.rehire(input, today)?;
    if employee.next_joined_on.is_none() {
        let nothing = Employee::blank(tx.now());
        check_references(&mut tx, &nothing, &employee).await?;
    }
    save(&mut tx, &mut employee).await?;
    let employee = changed(&mut tx, &before, employee, Change::Rehired).await?;
    tx.commit(employee).await
}

/// Writes down, in one organization, that next employments have begun. For everybody else they have already: the directory
/// knows the days.
pub(crate) async fn begin_next(tx: &mut Tx) -> Result<()> {
    structure::lock(tx).await?;
    let mut begun = repo::lock_begun(tx).await?;
    for employee in &mut begun {
        if let Some(first_day) = employee.next_joined_on {
            employee.follow_with(first_day)?;
        }
    }
    save_all(tx, &mut begun).await
}

/// Announces what happened to an employment, if anything did, and reads again where it stands.
async fn changed(tx: &mut Tx, before: &Employee, now: Employee, change: Change) -> Result<Employee> {
    if now.version != before.version {
        structure::announce_many(tx, &[now.id], change).await?;
    }
    tx.find(now.id).await
}

/// Gives the leaver's people and departments to `heir`; answers whose manager changed.
async fn hand_over(
    tx: &mut Tx,
    leaver: &Employee,
    heir: Option<EmployeeId>,
    has_left: bool,
) -> Result<Vec<EmployeeId>> {
    if heir.is_none() && !has_left {
        return Ok(Vec::new());
    }
    let mut reports = repo::lock_reports(tx, leaver.id).await?;
    let ids: Vec<EmployeeId> = reports.iter().map(|report| report.id).collect();
    match heir {
        Some(heir) => {
            check_heir(leaver.id, &repo::select_line(tx, heir).await?, &ids)?;
            for report in &mut reports {
                // An heir from among them moves up.
                report.manager_id = if report.id == heir { leaver.manager_id } else { Some(heir) };
            }
            tx.save_all(&mut reports).await?;
        }
        None if reports.is_empty() => {}
        None => return Err(has_reports(reports.len()).into()),
    }
    department::hand_over(tx, leaver.id, heir).await?;
    Ok(ids)
}

// Rules.

/// So many times somebody may come back.
const FORMER_MAX: usize = 50;

const LAST_WORKING_DAY: Refusal = Refusal::of("lastWorkingDay", "DATE_OUT_OF_RANGE", "");
const NOT_TERMINATED: Refusal =
    Refusal::whole("EMPLOYEE_NOT_TERMINATED", "this employment has no last working day");
const OVERLAPS: Refusal = Refusal::of("joinedOn", "EMPLOYMENTS_OVERLAP", "");
const NEXT_BEGINS: Refusal = Refusal::of("lastWorkingDay", "EMPLOYMENTS_OVERLAP", "");
const STILL_RUNS: Refusal = Refusal::whole("EMPLOYMENT_STILL_RUNS", "");
const FORMER_TOO_MANY: Refusal =
    Refusal::whole("EMPLOYMENTS_TOO_MANY", "nobody comes back more than 50 times on one record");
const HAS_REPORTS: Refusal = Refusal::of("reassignReportsTo", "HAS_REPORTS", "");
const HEIR_NOT_FOUND: Refusal = Refusal::of(
    "reassignReportsTo",
    "EMPLOYEE_NOT_FOUND",
    "there is no such other active employee to take over",
);
const HEIR_BELOW: Refusal = Refusal::of(
    "reassignReportsTo",
    "REASSIGN_CYCLE",
    "this employee reports to one of the people to be taken over",
);

impl Employee {
    /// Sets the last day, or another one.
    pub(super) fn terminate(&mut self, input: &EmployeeTerminateInput) -> Result<(), Refusal> {
        let day = input.last_working_day;
        if day < self.joined_on || day.0.year() > model::LAST_YEAR {
            let (first, year) = (self.joined_on.0, model::LAST_YEAR);
            let message = format!("the last working day must be between {first}, the first day, and {year}");
            return Err(LAST_WORKING_DAY.saying(message));
        }
        if let Some(next) = self.next_joined_on.filter(|next| day >= *next) {
            let message = format!("the next employment begins on {}; give an earlier last day", next.0);
            return Err(NEXT_BEGINS.saying(message));
        }
        self.last_working_day = Some(day);
        self.termination_type = Some(input.termination_type);
        Ok(())
    }

    /// Takes the last day away, and the next employment with it, for there is none without an end of the one before.
    pub(super) fn reinstate(&mut self) -> Result<(), Refusal> {
        self.last_working_day.take().ok_or(NOT_TERMINATED)?;
        self.termination_type = None;
        self.next_joined_on = None;
        Ok(())
    }

    /// Begins another employment: at once where the last day is over, else from its first day on.
    pub(super) fn rehire(&mut self, input: EmployeeRehireInput, today: NaiveDate) -> Result<()> {
        let last_day = self.last_working_day.ok_or(NOT_TERMINATED)?;
        if self.former_employments.len() >= FORMER_MAX {
            return Err(FORMER_TOO_MANY.into());
        }
        if last_day.0 >= today {
            return self.rehire_after(last_day, input);
        }
        let before = self.joined_on;
        self.follow_with(before)?;
        self.status = EmployeeStatus::Active;
        self.fill_in(input.into(), &Definitions::default())
    }

    /// Lets another employment follow the one that runs until `last_day`. All that is said of an employee is said of the
    /// present: what is to be different later is said then.
    fn rehire_after(&mut self, last_day: Date, input: EmployeeRehireInput) -> Result<()> {
        let mut form = Form::default();
        let mut first_day = last_day;
        form.checked("joinedOn", given(input.joined_on), model::joined_on, &mut first_day);
        if first_day <= last_day {
            let message = format!("they work here until {}; give a later first day", last_day.0);
            form.refuse(OVERLAPS.saying(message));
        }
        form.check()?;
        let mut different = self.clone();
        let joined_on = MaybeUndefined::Undefined;
        different.fill_in(EmployeeUpdateInput { joined_on, ..input.into() }, &Definitions::default())?;
        if different != *self {
            let message = format!(
                "the present employment runs until {}: give the first day alone, and the rest once that is over",
                last_day.0
            );
            return Err(STILL_RUNS.saying(message).into());
        }
        self.next_joined_on = Some(first_day);
        Ok(())
    }

    /// Puts the employment among the former ones, and begins another one.
    fn follow_with(&mut self, first_day: Date) -> Result<(), Refusal> {
        let last_day = self.last_working_day.take().ok_or(NOT_TERMINATED)?.0;
        self.former_termination_types.resize(self.former_employments.len(), None);
        self.former_termination_types.push(self.termination_type.take());
        self.former_employments.push(Period { first_day: self.joined_on.0, last_day });
        self.joined_on = first_day;
        self.next_joined_on = None;
        Ok(())
    }

    /// The employments before the present one, oldest first.
    pub(crate) fn former(&self) -> impl Iterator<Item = FormerEmployment> {
        let reasons = self.former_termination_types.iter().copied().chain(std::iter::repeat(None));
        self.former_employments.iter().zip(reasons).map(|(period, termination_type)| FormerEmployment {
            joined_on: period.first_day.into(),
            last_working_day: period.last_day.into(),
            termination_type,
        })
    }

    /// Whether the employment ends, or has ended.
    pub(super) fn has_last_day(&self) -> bool {
        self.last_working_day.is_some()
    }

    /// Whether a first day comes after every employment before.
    pub(super) fn check_after_former(&self, first_day: Date) -> Result<(), Refusal> {
        match self.former_employments.last() {
            Some(former) if first_day.0 <= former.last_day => {
                let message = format!("they worked here until {}; give a later first day", former.last_day);
                Err(OVERLAPS.saying(message))
            }
            _ => Ok(()),
        }
    }
}

/// Whether the first of `line` may take over the `reports` of somebody who leaves.
///
/// One of those very reports may: they then report to whom the leaver reported. Somebody further below may
/// not: they would report to their own people.
pub(super) fn check_heir(id: EmployeeId, line: &[EmployeeId], reports: &[EmployeeId]) -> Result<(), Refusal> {
    match line {
        [] => Err(HEIR_NOT_FOUND),
        [heir, ..] if *heir == id => Err(HEIR_NOT_FOUND),
        [heir, ..] if reports.contains(heir) => Ok(()),
        _ if line.contains(&id) => Err(HEIR_BELOW),
        _ => Ok(()),
    }
}

/// Nobody would lead those who report to a leaver.
fn has_reports(count: usize) -> Refusal {
    let who = if count == 1 { "one person reports".to_owned() } else { format!("{count} people report") };
    HAS_REPORTS.saying(format!("{who} to this employee; say who takes over"))
}

// GraphQL.

/// How an employment ends.
#[derive(Clone, Debug, InputObject)]
pub struct EmployeeTerminateInput {
    /// The last day at work, not before the first; until it is over the employee works here. Of an employment that ends
    /// already, another one.
    pub last_working_day: Date,
    /// Why it ends.
    pub termination_type: TerminationType,
    /// The id of the employee who takes over, from now on, the people who report to the leaver and the departments that
    /// they head. Required when the last day is over and anybody reports to them; before that, people who are not handed
    /// over stay.
    pub reassign_reports_to: Option<EmployeeId>,
}

/// The next employment of somebody who comes back; what is absent is as it was.
#[derive(Clone, Debug, InputObject)]
pub struct EmployeeRehireInput {
    /// The first day at work, after the last one of the employment before and up to 2100. Where that one still runs, it goes
    /// on until its last day, and nothing else is given: what is to be different is said once it is over.
    pub joined_on: Date,
    /// Their mail address at work, unique among those who have not left.
    pub work_email: Option<String>,
    /// The terms on which they work.
    pub employment_type: Option<EmploymentType>,
    /// The id of their membership, with which they log in, unique among those who have not left; null for none.
    pub membership_id: MaybeUndefined<MembershipId>,
    /// The id of their department; null for none.
    pub department_id: MaybeUndefined<DepartmentId>,
    /// The id of the employee whom they report to; null for nobody.
    pub manager_id: MaybeUndefined<EmployeeId>,
    /// The id of the place where they work; null for nowhere in particular.
    pub work_location_id: MaybeUndefined<WorkLocationId>,
}

impl From<EmployeeRehireInput> for EmployeeUpdateInput {
    fn from(input: EmployeeRehireInput) -> Self {
        Self {
            joined_on: MaybeUndefined::Value(input.joined_on),
            work_email: input.work_email.map_or(MaybeUndefined::Undefined, MaybeUndefined::Value),
            employment_type: input.employment_type.map_or(MaybeUndefined::Undefined, MaybeUndefined::Value),
            membership_id: input.membership_id,
            department_id: input.department_id,
            manager_id: input.manager_id,
            work_location_id: input.work_location_id,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests;
