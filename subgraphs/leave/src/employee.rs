//! What leave adds to other modules' entities.

use std::collections::{HashMap, HashSet};

use async_graphql::{ComplexObject, Context, Object, SimpleObject};
use chrono::NaiveDate;
use common::{Cursor, Error, MembershipId, Page, Permission, Result, Role, Scope, Slice};
use database::Ctx;
use graphql::{App as _, Batch, Date};
use rust_decimal::Decimal;

use crate::balance::{self, Balance};
use crate::directory::{self, EmployeeId};
use crate::leave_type::{LeaveType, LeaveTypeById};
use crate::request::{self, LeaveRequest, LeaveRequestFilter, Request};

pub(crate) const READ_ABSENCE: Permission = Permission {
    key: "leave.absence.read",
    description: "See who is away, and not why.",
    grants: &[
        (Role::Admin, Scope::All),
        (Role::Hr, Scope::All),
        (Role::Manager, Scope::All),
        (Role::Member, Scope::All),
    ],
};

/// Somebody's place in the organization; owned by user.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(unresolvable = "id")]
pub struct Membership {
    /// Opaque.
    pub id: MembershipId,
}

/// An employee; owned by employee.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Employee {
    /// Opaque.
    pub id: EmployeeId,
}

impl From<EmployeeId> for Employee {
    fn from(id: EmployeeId) -> Self {
        Self { id }
    }
}

#[ComplexObject]
impl Employee {
    /// What they have of each kind of leave; null when the caller may not see it.
    async fn leave_balances(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "At the end of this day; today, where they work, when not said.")] as_of: Option<
            Date,
        >,
    ) -> Result<Option<Vec<LeaveBalance>>> {
        check_as_of(gql.app(), as_of)?;
        let balances = gql.load::<BalancesOfEmployee>((self.id, as_of.map(Into::into))).await?;
        Ok(balances.map(|balances| balances.into_iter().map(LeaveBalance).collect()))
    }

    /// Their requests, the latest leave first; null when the caller may not see them.
    async fn leave_requests(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 when not said.")] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
        #[graphql(desc = "Which ones; all when not said.")] filter: Option<LeaveRequestFilter>,
    ) -> Result<Option<graphql::Page<LeaveRequest>>> {
        // Checked here, so that a wrong argument is this field's error and not the whole batch's.
        Page::<NaiveDate>::new(first, after.as_deref())?;
        let key = (self.id, PageOfRequests { first, after, filter: filter.unwrap_or_default() });
        Ok(gql.load::<RequestsOfEmployee>(key).await?.map(graphql::connection))
    }

    /// Whether they are away, on leave that was granted; null when it is not known here.
    async fn is_on_leave(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "On this day; today, where they work, when not said.")] on: Option<Date>,
    ) -> Result<Option<bool>> {
        gql.load::<AbsenceOfEmployee>((self.id, on.map(Into::into))).await
    }
}

/// What somebody has of one kind of leave, in days.
pub struct LeaveBalance(Balance);

/// What somebody has of one kind of leave, in days.
#[Object]
impl LeaveBalance {
    /// The kind of leave.
    async fn leave_type(&self, gql: &Context<'_>) -> Result<Option<LeaveType>> {
        gql.load::<LeaveTypeById>(self.0.leave_type_id).await
    }

    /// What was given, less what was taken and what lapsed.
    async fn balance(&self) -> Decimal {
        self.0.balance.normalize()
    }

    /// Granted for later days of the same year.
    async fn planned(&self) -> Decimal {
        self.0.planned.normalize()
    }

    /// Asked for and not decided.
    async fn pending(&self) -> Decimal {
        self.0.pending.normalize()
    }

    /// What can still be asked for: the balance, less what is planned and pending.
    async fn available(&self) -> Decimal {
        self.0.available().normalize()
    }
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

struct BalancesOfEmployee;

impl Batch for BalancesOfEmployee {
    type Key = (EmployeeId, Option<NaiveDate>);
    type Value = Vec<Balance>;

    async fn load(ctx: &Ctx, keys: &[Self::Key]) -> Result<HashMap<Self::Key, Vec<Balance>>> {
        let mut tx = ctx.begin(&balance::READ).await?;
        let scope = directory::in_scope(ctx, &mut tx).await?;
        let mut ids: Vec<_> = keys.iter().map(|(id, _)| *id).collect();
        ids.retain(|id| directory::contains(scope.as_ref(), *id));
        let employees = directory::select_many(&mut tx, &ids).await?;
        let mut found = HashMap::with_capacity(keys.len());
        for as_of in keys.iter().map(|(_, as_of)| *as_of).collect::<HashSet<_>>() {
            let day = |employee: &directory::Employee| as_of.unwrap_or_else(|| employee.day_at(ctx.now()));
            let balances = balance::at(&mut tx, &employees, day).await?;
            found.extend(balances.into_iter().map(|(id, balances)| ((id, as_of), balances)));
        }
        Ok(found)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct PageOfRequests {
    first: Option<i32>,
    after: Option<String>,
    filter: LeaveRequestFilter,
}

struct RequestsOfEmployee;

impl Batch for RequestsOfEmployee {
    type Key = (EmployeeId, PageOfRequests);
    type Value = Slice<Request>;

    async fn load(ctx: &Ctx, keys: &[Self::Key]) -> Result<HashMap<Self::Key, Slice<Request>>> {
        let mut tx = ctx.begin(&request::READ).await?;
        let scope = directory::in_scope(ctx, &mut tx).await?;
        let mut by_page: HashMap<&PageOfRequests, Vec<EmployeeId>> = HashMap::new();
        for (id, page) in keys.iter().filter(|(id, _)| directory::contains(scope.as_ref(), *id)) {
            by_page.entry(page).or_default().push(*id);
        }
        let mut found = HashMap::with_capacity(keys.len());
        for (wanted, ids) in by_page {
            let page = Page::new(wanted.first, wanted.after.as_deref())?;
            let mut filter = request::Filter::from(wanted.filter.clone());
            let only = filter.employee_ids.take();
            filter.employee_ids = Some(ids.clone());
            let rows = request::select_pages(&mut tx, &filter, &page).await?;
            for id in ids {
                let is_wanted = only.as_ref().is_none_or(|only| only.contains(&id));
                let mine = rows.iter().filter(|row| is_wanted && row.employee_id == id).cloned().collect();
                let slice = page.slice(mine, |row| Cursor { key: row.first_day, id: row.id.0 });
                found.insert((id, wanted.clone()), slice);
            }
        }
        Ok(found)
    }
}

struct AbsenceOfEmployee;

impl Batch for AbsenceOfEmployee {
    type Key = (EmployeeId, Option<NaiveDate>);
    type Value = bool;

    async fn load(ctx: &Ctx, keys: &[Self::Key]) -> Result<HashMap<Self::Key, bool>> {
        let mut tx = ctx.begin(&READ_ABSENCE).await?;
        let ids: Vec<_> = keys.iter().map(|(id, _)| *id).collect();
        let known = directory::select_many(&mut tx, &ids).await?;
        let known: HashMap<_, _> = known.into_iter().map(|employee| (employee.id, employee)).collect();
        let asked = keys.iter().filter_map(|key| {
            let employee = known.get(&key.0)?;
            Some((*key, key.1.unwrap_or_else(|| employee.day_at(ctx.now()))))
        });
        let asked: Vec<_> = asked.collect();
        let (ids, days): (Vec<_>, Vec<_>) = asked.iter().map(|((id, _), day)| (id.0, *day)).unzip();
        let away: HashSet<_> = request::away(&mut tx, &ids, &days).await?.into_iter().collect();
        Ok(asked.into_iter().map(|(key, day)| (key, away.contains(&(key.0, day)))).collect())
    }
}

struct EmployeeExists;

impl Batch for EmployeeExists {
    type Key = EmployeeId;
    type Value = EmployeeId;

    async fn load(ctx: &Ctx, keys: &[EmployeeId]) -> Result<HashMap<EmployeeId, EmployeeId>> {
        let mut tx = ctx.begin(&READ_ABSENCE).await?;
        Ok(directory::select_many(&mut tx, keys).await?.into_iter().map(|e| (e.id, e.id)).collect())
    }
}

/// Employees, as far as leave answers for them: queries.
#[derive(Default)]
pub struct EmployeeQuery;

#[Object]
impl EmployeeQuery {
    /// What an employee has of each kind of leave; null when there is no such employee, when the caller may not
    /// see them, or is none themselves.
    async fn leave_balances(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "Whose; the caller's own when not said.")] employee_id: Option<EmployeeId>,
        #[graphql(desc = "At the end of this day; today, where they work, when not said.")] as_of: Option<
            Date,
        >,
    ) -> Result<Option<Vec<LeaveBalance>>> {
        check_as_of(gql.app(), as_of)?;
        let id = match employee_id {
            Some(id) => Some(id),
            None => {
                let ctx = gql.app();
                let mut tx = ctx.begin(&balance::READ).await?;
                directory::myself(ctx, &mut tx).await?.map(|employee| employee.id)
            }
        };
        let Some(id) = id else { return Ok(None) };
        let balances = gql.load::<BalancesOfEmployee>((id, as_of.map(Into::into))).await?;
        Ok(balances.map(|balances| balances.into_iter().map(LeaveBalance).collect()))
    }

    /// One employee, for what leave adds to them.
    #[graphql(entity)]
    async fn employee_by_id(&self, gql: &Context<'_>, id: EmployeeId) -> Result<Option<Employee>> {
        Ok(gql.load::<EmployeeExists>(id).await?.map(Into::into))
    }
}
