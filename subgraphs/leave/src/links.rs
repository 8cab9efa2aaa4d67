//! How this module's nouns lead to one another, and what it adds to employees. They stand above the nouns, so that no
//! noun needs one that needs it.

use std::collections::{HashMap, HashSet};

use approval::graphql::ApprovalDecision;
use async_graphql::{ComplexObject, Context, Object, SimpleObject};
use chrono::NaiveDate;
use common::{Error, Permission, Result, STAFF, Slice};
use database::{Ctx, Tx};
use graphql::{App as _, Batch, Date, noun};
use rust_decimal::Decimal;

use crate::Membership;
use crate::balance::{self, Balance};
use crate::employee::Employee;
use crate::ids::{EmployeeId, LeaveTypeId};
use crate::leave_type::LeaveType;
use crate::policy::{LinesOfPolicy, Policy, PolicyLine};
use crate::request::{self, HalvesOfRequest, LeaveDay, LeaveRequestFilter, Request, by_day};

pub(crate) const READ_ABSENCE: Permission =
    Permission::new("leave.absence.read", "See who is away, and not why.", STAFF);

#[noun]
impl Policy {
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
    async fn waits_for(&self, gql: &Context<'_>) -> Result<Vec<Membership>> {
        approval::graphql::waits_for(gql, self).await
    }

    /// What was decided on it so far, step by step.
    async fn decisions(&self, gql: &Context<'_>) -> Result<Vec<ApprovalDecision<Membership>>> {
        approval::graphql::decisions(gql, self).await
    }

    /// The names of the mutations that the caller may use on it now, by their rights and by its state.
    async fn viewer_permissions(&self, gql: &Context<'_>) -> Result<Vec<&'static str>> {
        approval::graphql::viewer_permissions(gql, self).await
    }
}

/// What an employee has of one leave type, in days.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct LeaveBalance {
    #[graphql(skip)]
    leave_type_id: LeaveTypeId,
    /// The days that were given, less those that were taken and those that lapsed.
    pub balance: Decimal,
    /// The days that were granted for later in the same year.
    pub planned: Decimal,
    /// The days that were asked for and are not decided.
    pub pending: Decimal,
    /// The days that can still be asked for: the balance, less what is planned and pending.
    pub available: Decimal,
}

impl From<Balance> for LeaveBalance {
    fn from(balance: Balance) -> Self {
        Self {
            leave_type_id: balance.leave_type_id,
            balance: balance.balance.normalize(),
            planned: balance.planned.normalize(),
            pending: balance.pending.normalize(),
            available: balance.available().normalize(),
        }
    }
}

#[ComplexObject]
impl LeaveBalance {
    /// The leave type.
    async fn leave_type(&self, gql: &Context<'_>) -> Result<Option<LeaveType>> {
        gql.find(self.leave_type_id).await
    }
}

#[ComplexObject]
impl Employee {
    /// What they have of each leave type; null when the caller may not see it.
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

    /// Their requests for leave, the latest leave first; null when the caller may not see them.
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
    check_as_of(gql.app(), as_of)?;
    let balances = gql.load::<BalancesOfEmployee>((id, as_of.map(Into::into))).await?;
    Ok(balances.map(|balances| balances.into_iter().map(Into::into).collect()))
}

/// Balances are played through month by month: a day far off would take for ever and mean nothing.
fn check_as_of(ctx: &Ctx, as_of: Option<Date>) -> Result<()> {
    const DAYS_MAX: i64 = 5 * 366;
    let is_far = |day: Date| (day.0 - ctx.today(chrono_tz::UTC)).num_days().abs() > DAYS_MAX;
    if as_of.is_some_and(is_far) {
        return Err(Error::validation("asOf must be within five years of today"));
    }
    Ok(())
}

/// The employees among these whom a right of the caller's extends to.
async fn in_scope(
    tx: &mut Tx,
    right: &Permission,
    ids: impl Iterator<Item = EmployeeId>,
) -> Result<Vec<EmployeeId>> {
    let visible = people::in_scope(tx, right).await?;
    let ids = ids.filter(|id| visible.as_ref().is_none_or(|visible| visible.contains(&id.0)));
    Ok(ids.collect::<HashSet<_>>().into_iter().collect())
}

struct BalancesOfEmployee;

impl Batch for BalancesOfEmployee {
    type Key = (EmployeeId, Option<NaiveDate>);
    type Value = Vec<Balance>;
    const READ: &'static Permission = &balance::READ;

    async fn load(tx: &mut Tx, keys: &[Self::Key]) -> Result<HashMap<Self::Key, Vec<Balance>>> {
        let ids = in_scope(tx, &balance::READ, keys.iter().map(|(id, _)| *id)).await?;
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
        let visible = in_scope(tx, &request::READ, keys.iter().map(|(id, ..)| *id)).await?;
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
