//! How this module's nouns lead to one another, and what it adds to employees. They stand above the nouns, so that no
//! noun needs one that needs it.

use std::collections::{HashMap, HashSet};

use approval::graphql::ApprovalDecision;
use async_graphql::{ComplexObject, Context, Object, SimpleObject};
use chrono::NaiveDate;
use common::{Permission, Result, STAFF, Scope, Slice};
use database::Tx;
use futures::future::try_join_all;
use graphql::{App as _, Batch, Date, cost, noun};
use rust_decimal::Decimal;

use crate::Membership;
use crate::balance::{self, Balance};
use crate::due::{DefaultFrom, PolicyAssignment, PolicyLine};
use crate::employee::{self, Employee};
use crate::ids::{EmployeeId, LeaveTypeId};
use crate::leave_type::LeaveType;
use crate::policy::{AssignmentsOfEmployee, LinesOfPolicy, Policy};
use crate::request::{self, HalvesOfRequest, LeaveDay, LeaveRequestFilter, Request, by_day};

pub(crate) const READ_ABSENCE: Permission =
    Permission::new("leave.absence.read", "See who is away, and not why.", STAFF);

#[noun]
impl Policy {
    /// The first day of the employments whose default it is, or was last; null where it is the default since ever, or never
    /// was.
    async fn default_from(&self, gql: &Context<'_>) -> Result<Option<Date>> {
        Ok(gql.load::<DefaultFrom>(self.id).await?.map(Date))
    }

    /// What it gives, a line for each leave type.
    async fn lines(&self, gql: &Context<'_>) -> Result<Vec<PolicyLine>> {
        Ok(gql.load::<LinesOfPolicy>(self.id).await?.unwrap_or_default())
    }
}

#[ComplexObject]
impl PolicyLine {
    /// The leave type that the line gives days of.
    async fn leave_type(&self, gql: &Context<'_>) -> Result<Option<LeaveType>> {
        gql.find(self.leave_type_id).await
    }
}

#[noun(no_mutations)]
impl PolicyAssignment {
    /// The names of the mutations that the caller may use on it now, by their rights and by its state.
    #[graphql(directive = cost::apply(3))]
    async fn viewer_permissions(&self, gql: &Context<'_>) -> Result<Vec<&'static str>> {
        let offered = graphql::viewer_permissions(gql, self).await?;
        let standing = gql.load::<StandingToEmployee>(self.employee_id).await?;
        // What somebody is due themselves is for others of the office to say.
        Ok(if standing.is_some_and(|(_, is_own)| is_own) { Vec::new() } else { offered })
    }

    /// The leave policy; null where none is given from that day on.
    async fn policy(&self, gql: &Context<'_>) -> Result<Option<Policy>> {
        match self.policy_id {
            Some(id) => gql.find(id).await,
            None => Ok(None),
        }
    }
}

#[noun(no_mutations, attachments)]
impl Request {
    /// The employee whose leave it is.
    async fn employee(&self) -> Employee {
        self.employee_id.into()
    }

    /// The leave type that is asked for.
    async fn leave_type(&self, gql: &Context<'_>) -> Result<Option<LeaveType>> {
        gql.find(self.leave_type_id).await
    }

    /// What each day takes from the balance; none of a rejected or cancelled request.
    async fn day_breakdown(&self, gql: &Context<'_>) -> Result<Vec<LeaveDay>> {
        let halves = gql.load::<HalvesOfRequest>(self.id).await?.unwrap_or_default();
        Ok(by_day(&halves))
    }

    /// The member who decided; null while nobody did.
    async fn decided_by(&self) -> Option<Membership> {
        self.decided_by.map(|id| Membership { id })
    }

    /// The members for whose decision it waits; empty when it does not.
    #[graphql(directive = cost::apply(2))]
    async fn waits_for(&self, gql: &Context<'_>) -> Result<Vec<Membership>> {
        approval::graphql::waits_for(gql, self).await
    }

    /// What was decided on it so far, step by step.
    async fn decisions(&self, gql: &Context<'_>) -> Result<Vec<ApprovalDecision<Membership>>> {
        approval::graphql::decisions(gql, self).await
    }

    /// The names of the mutations that the caller may use on it now, by their rights and by its state.
    #[graphql(directive = cost::apply(3))]
    async fn viewer_permissions(&self, gql: &Context<'_>) -> Result<Vec<&'static str>> {
        let mut offered = approval::graphql::viewer_permissions(gql, self).await?;
        // Days that are past are given back by the office alone.
        if let Some((today, is_own)) = gql.load::<StandingToEmployee>(self.employee_id).await?
            && let Ok(scope) = gql.app().scope(&request::CANCEL)
            && self.last_day.0 < self.first_day_to_cancel(scope, is_own, today)
        {
            offered.retain(|name| *name != "leaveRequestCancel");
        }
        Ok(offered)
    }
}

/// What an employee has of one leave type: days, or hours of a leave type that is taken in hours.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct LeaveBalance {
    #[graphql(skip)]
    leave_type_id: LeaveTypeId,
    /// What was given, less what was taken and what lapsed; null for a leave type that is taken without a balance.
    pub balance: Option<Decimal>,
    /// What was taken by then, in the leave year that the day is in.
    pub taken: Decimal,
    /// What was granted for later in the same leave year.
    pub planned: Decimal,
    /// What was asked for in the same leave year and is not decided.
    pub pending: Decimal,
    /// What can still be asked for, as if taken on that day, without overdrawing the balance then or later; below zero, what
    /// is overdrawn. The leave type may let them overdraw it on top of that. Null for one that is taken without a balance.
    pub available: Option<Decimal>,
}

impl LeaveBalance {
    fn new(balance: &Balance, requires_balance: bool) -> Self {
        let only_with_balance = |days: Decimal| requires_balance.then(|| days.normalize());
        Self {
            leave_type_id: balance.leave_type_id,
            balance: only_with_balance(balance.balance),
            taken: balance.taken.normalize(),
            planned: balance.planned.normalize(),
            pending: balance.pending.normalize(),
            available: only_with_balance(balance.available),
        }
    }
}

#[ComplexObject]
impl LeaveBalance {
    /// The leave type that the figures are of.
    async fn leave_type(&self, gql: &Context<'_>) -> Result<Option<LeaveType>> {
        gql.find(self.leave_type_id).await
    }
}

#[ComplexObject]
impl Employee {
    /// What they have of each leave type; null when the caller may not see it.
    #[graphql(directive = cost::apply(2))]
    async fn leave_balances(
        &self,
        gql: &Context<'_>,
        #[graphql(
            desc = "The day at whose end the balances are wanted; today, where they work, when absent."
        )]
        as_of: Option<Date>,
    ) -> Result<Option<Vec<LeaveBalance>>> {
        balances(gql, self.id, as_of).await
    }

    /// The leave policies that they have or had, each until the next one begins, in the order of time; null when the
    /// caller may not see them.
    async fn leave_policy_assignments(&self, gql: &Context<'_>) -> Result<Option<Vec<PolicyAssignment>>> {
        gql.load::<AssignmentsOfEmployee>(self.id).await
    }

    /// Their requests for leave, the latest leave first; null when the caller may not see them.
    #[graphql(directive = cost::apply(2))]
    async fn leave_requests(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The number of rows, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the row to continue after, from the same list.")] after: Option<
            String,
        >,
        #[graphql(desc = "The conditions that every request must meet.")] filter: Option<LeaveRequestFilter>,
    ) -> Result<Option<graphql::Page<Request>>> {
        let page = common::Page::new(first, after.as_deref())?;
        let key = (self.id, page, filter.unwrap_or_default());
        Ok(gql.load::<RequestsOfEmployee>(key).await?.map(graphql::connection))
    }

    /// Whether they are away, on leave that was granted; null when it is not known here.
    #[graphql(directive = cost::apply(2))]
    async fn is_on_leave(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The day; today, where they work, when absent.")] on: Option<Date>,
    ) -> Result<Option<bool>> {
        gql.load::<AbsenceOfEmployee>((self.id, on.map(Into::into))).await
    }
}

async fn balances(
    gql: &Context<'_>,
    id: EmployeeId,
    as_of: Option<Date>,
) -> Result<Option<Vec<LeaveBalance>>> {
    balance::check_as_of(gql.app(), as_of)?;
    let Some(balances) = gql.load::<BalancesOfEmployee>((id, as_of.map(Into::into))).await? else {
        return Ok(None);
    };
    // All at once: one look-up for all of them.
    let shown = balances.iter().map(async |balance| {
        let leave_type: Option<LeaveType> = gql.find(balance.leave_type_id).await?;
        let requires_balance = leave_type.is_none_or(|leave_type| leave_type.requires_balance);
        Ok::<_, common::Error>(LeaveBalance::new(balance, requires_balance))
    });
    Ok(Some(try_join_all(shown).await?))
}

/// The employees among these whose leave the caller sees by a right.
async fn in_sight(
    tx: &mut Tx,
    right: &Permission,
    ids: impl Iterator<Item = EmployeeId>,
) -> Result<Vec<EmployeeId>> {
    let visible = request::employees_in_sight(tx, right).await?;
    let ids = ids.filter(|id| visible.as_ref().is_none_or(|visible| visible.contains(&id.0)));
    Ok(ids.collect::<HashSet<_>>().into_iter().collect())
}

/// The day that it is where employees work, and whether they are the caller, to whom the office does not do what it does
/// for others as long as anybody else is there to do it.
struct StandingToEmployee;

impl Batch for StandingToEmployee {
    type Key = EmployeeId;
    type Value = (NaiveDate, bool);
    const READ: &'static Permission = &request::READ;

    async fn load(tx: &mut Tx, keys: &[EmployeeId]) -> Result<HashMap<EmployeeId, (NaiveDate, bool)>> {
        let relations = people::relations(tx, keys).await?;
        let own = keys.iter().find(|id| relations.get(id) == Some(&Scope::Own)).copied();
        let does_for_itself = match own.filter(|_| tx.scope_of(&request::CANCEL) == Some(Scope::All)) {
            Some(own) => !employee::is_left_to_others(tx, own).await?,
            None => false,
        };
        let (employees, now) = (people::select_many(tx, keys).await?, tx.now());
        let of = |person: people::Person| {
            let is_own = !does_for_itself && relations.get(&person.id) == Some(&Scope::Own);
            (person.id, (person.day_at(now), is_own))
        };
        Ok(employees.into_iter().map(of).collect())
    }
}

struct BalancesOfEmployee;

impl Batch for BalancesOfEmployee {
    type Key = (EmployeeId, Option<NaiveDate>);
    type Value = Vec<Balance>;
    const READ: &'static Permission = &balance::READ;

    async fn load(tx: &mut Tx, keys: &[Self::Key]) -> Result<HashMap<Self::Key, Vec<Balance>>> {
        let ids = in_sight(tx, &balance::READ, keys.iter().map(|(id, _)| *id)).await?;
        let (employees, now) = (people::select_many(tx, &ids).await?, tx.now());
        let mut found = HashMap::with_capacity(keys.len());
        for as_of in keys.iter().map(|(_, as_of)| *as_of).collect::<HashSet<_>>() {
            let balances =
                balance::at(tx, &employees, |person| as_of.unwrap_or_else(|| person.day_at(now))).await?;
            found.extend(balances.into_iter().map(|(id, balances)| ((id, as_of), balances)));
        }
        Ok(found)
    }
}

struct RequestsOfEmployee;

impl Batch for RequestsOfEmployee {
    type Key = (EmployeeId, common::Page, LeaveRequestFilter);
    type Value = Slice<Request>;
    const READ: &'static Permission = &request::READ;

    async fn load(tx: &mut Tx, keys: &[Self::Key]) -> Result<HashMap<Self::Key, Slice<Request>>> {
        let visible = in_sight(tx, &request::READ, keys.iter().map(|(id, ..)| *id)).await?;
        let mut by_page: HashMap<_, Vec<EmployeeId>> = HashMap::new();
        for (id, page, filter) in keys.iter().filter(|(id, ..)| visible.contains(id)) {
            by_page.entry((page.clone(), filter)).or_default().push(*id);
        }
        let mut found = HashMap::with_capacity(keys.len());
        for ((page, filter), ids) in by_page {
            let (wanted, others): (Vec<_>, Vec<_>) =
                ids.into_iter().partition(|id| filter.employee_id.is_none_or(|only| only == *id));
            let pages = request::select_pages(tx, &wanted, filter, &page).await?;
            let empty = others.into_iter().map(|id| (id, Slice::default()));
            found.extend(
                pages.into_iter().chain(empty).map(|(id, slice)| ((id, page.clone(), filter.clone()), slice)),
            );
        }
        Ok(found)
    }
}

struct AbsenceOfEmployee;

impl Batch for AbsenceOfEmployee {
    type Key = (EmployeeId, Option<NaiveDate>);
    type Value = bool;
    const READ: &'static Permission = &READ_ABSENCE;

    async fn load(tx: &mut Tx, keys: &[Self::Key]) -> Result<HashMap<Self::Key, bool>> {
        let ids: Vec<_> = keys.iter().map(|(id, _)| *id).collect();
        let (known, now) = (people::select_many(tx, &ids).await?, tx.now());
        let known: HashMap<_, _> = known.into_iter().map(|person| (person.id, person)).collect();
        let asked = keys.iter().filter_map(|key| {
            let person = known.get(&key.0)?;
            Some((*key, key.1.unwrap_or_else(|| person.day_at(now))))
        });
        let asked: Vec<_> = asked.collect();
        let (ids, days): (Vec<_>, Vec<_>) = asked.iter().map(|((id, _), day)| (*id, *day)).unzip();
        let away: HashSet<_> = request::away(tx, &ids, &days).await?.into_iter().collect();
        Ok(asked.into_iter().map(|(key, day)| (key, away.contains(&(key.0, day)))).collect())
    }
}

struct EmployeeExists;

impl Batch for EmployeeExists {
    type Key = EmployeeId;
    type Value = EmployeeId;
    const READ: &'static Permission = &READ_ABSENCE;

    async fn load(tx: &mut Tx, keys: &[EmployeeId]) -> Result<HashMap<EmployeeId, EmployeeId>> {
        Ok(people::select_many(tx, keys).await?.into_iter().map(|person| (person.id, person.id)).collect())
    }
}

/// Queries about employees, as far as leave answers for them.
#[derive(Default)]
pub struct EmployeeQuery;

#[Object]
impl EmployeeQuery {
    /// What an employee has of each leave type; null when there is no such employee, when the caller may not see
    /// them, or is none themselves.
    #[graphql(directive = cost::apply(2))]
    async fn leave_balances(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The id of the employee; the caller's own when absent.")] employee_id: Option<
            EmployeeId,
        >,
        #[graphql(
            desc = "The day at whose end the balances are wanted; today, where they work, when absent."
        )]
        as_of: Option<Date>,
    ) -> Result<Option<Vec<LeaveBalance>>> {
        let own = match employee_id {
            Some(_) => None,
            None => people::myself(&mut *gql.app().read(&balance::READ).await?).await?,
        };
        match employee_id.or(own.map(|person| person.id)) {
            Some(id) => balances(gql, id, as_of).await,
            None => Ok(None),
        }
    }

    /// One employee, for what leave adds to them.
    #[graphql(entity)]
    async fn employee_by_id(&self, gql: &Context<'_>, id: EmployeeId) -> Result<Option<Employee>> {
        Ok(gql.load::<EmployeeExists>(id).await?.map(Into::into))
    }
}
