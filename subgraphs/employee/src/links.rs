//! How this module's nouns lead to one another. They stand above the nouns, so that no noun needs one that needs it.

use std::collections::HashMap;

use async_graphql::Context;
use common::{MembershipId, Permission, Result};
use database::Tx;
use graphql::{App as _, Batch, cost, noun};
use people::Person;

use crate::Membership;
use crate::department::Department;
use crate::employee::{self, Employee, FormerEmployment, ReportsOf, TerminationType};
use crate::holiday_calendar::HolidayCalendar;
use crate::ids::EmployeeId;
use crate::structure;
use crate::work_location::WorkLocation;
use crate::work_schedule::WorkSchedule;

#[noun]
impl Department {
    /// The department that it is part of; null at the top.
    async fn parent(&self, gql: &Context<'_>) -> Result<Option<Department>> {
        gql.find(self.parent_id).await
    }

    /// The employee who leads it; null when nobody does.
    async fn head(&self, gql: &Context<'_>) -> Result<Option<Employee>> {
        gql.find(self.head_id).await
    }
}

#[noun(custom_fields, attachments for employee::DOCUMENTS_READ)]
impl Employee {
    /// Their first and last name.
    async fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }

    /// Their department; null when they are in none.
    async fn department(&self, gql: &Context<'_>) -> Result<Option<Department>> {
        gql.find(self.department_id).await
    }

    /// The employee whom they report to; null when they report to nobody.
    async fn manager(&self, gql: &Context<'_>) -> Result<Option<Employee>> {
        gql.find(self.manager_id).await
    }

    /// The employments that they had before the present one, oldest first.
    #[graphql(directive = cost::apply(1))]
    async fn former_employments(&self, gql: &Context<'_>) -> Result<Vec<FormerEmployment>> {
        let mut former: Vec<_> = self.former().collect();
        if former.iter().any(|one| one.termination_type.is_some())
            && !graphql::extends_to(gql, &employee::TERMINATION_READ, self).await?
        {
            former.iter_mut().for_each(|one| one.termination_type = None);
        }
        Ok(former)
    }

    /// The employees who report to them and have not left, by name.
    #[graphql(directive = cost::apply(2))]
    async fn reports(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The number of rows, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the row to continue after, from the same list.")] after: Option<
            String,
        >,
    ) -> Result<graphql::Page<Employee>> {
        let page = common::Page::new(first, after.as_deref())?;
        let reports = gql.load::<ReportsOf>((self.id, page)).await?;
        Ok(graphql::connection(reports.unwrap_or_default()))
    }

    /// The place where they work; null for nowhere in particular.
    async fn location(&self, gql: &Context<'_>) -> Result<Option<WorkLocation>> {
        gql.find(self.work_location_id).await
    }

    /// The schedule that they work by: their own, else the organization's default; null means Monday to Friday.
    #[graphql(directive = cost::apply(3))]
    async fn work_schedule(&self, gql: &Context<'_>) -> Result<Option<WorkSchedule>> {
        let state = gql.load::<InEffect>(self.id).await?;
        gql.find(state.and_then(|state| state.work_schedule_id).map(Into::into)).await
    }

    /// Whether they have no schedule of their own.
    async fn inherits_work_schedule(&self) -> bool {
        self.work_schedule_id.is_none()
    }

    /// Their holidays: their own calendar, else the location's, else the organization's default; null means none.
    #[graphql(directive = cost::apply(3))]
    async fn holiday_calendar(&self, gql: &Context<'_>) -> Result<Option<HolidayCalendar>> {
        let state = gql.load::<InEffect>(self.id).await?;
        gql.find(state.and_then(|state| state.holiday_calendar_id).map(Into::into)).await
    }

    /// Whether they have no holiday calendar of their own.
    async fn inherits_holiday_calendar(&self) -> bool {
        self.holiday_calendar_id.is_none()
    }

    /// Why the employment ends; null while it does not, and to whoever may not know.
    #[graphql(directive = cost::apply(1))]
    async fn termination_type(&self, gql: &Context<'_>) -> Result<Option<TerminationType>> {
        let may_know = graphql::extends_to(gql, &employee::TERMINATION_READ, self).await?;
        Ok(self.termination_type.filter(|_| may_know))
    }

    /// Their membership; null until they can log in.
    async fn membership(&self, gql: &Context<'_>) -> Result<Option<Membership>> {
        let Some(id) = self.membership_id else { return Ok(None) };
        Ok(gql.load::<KnownMembers>(id).await?.map(|()| Membership { id }))
    }
}

/// Which memberships there are: to others, one that is not would be a member without a name.
struct KnownMembers;

impl Batch for KnownMembers {
    type Key = MembershipId;
    type Value = ();
    const READ: &'static Permission = &employee::READ;

    async fn load(tx: &mut Tx, keys: &[MembershipId]) -> Result<HashMap<MembershipId, ()>> {
        Ok(people::members_among(tx, keys).await?.into_iter().map(|id| (id, ())).collect())
    }
}

/// What holds for employees after inheritance.
struct InEffect;

impl Batch for InEffect {
    type Key = EmployeeId;
    type Value = Person;
    const READ: &'static Permission = &employee::READ;

    async fn load(tx: &mut Tx, keys: &[EmployeeId]) -> Result<HashMap<EmployeeId, Person>> {
        let states = structure::in_effect(tx, keys).await?;
        Ok(states.into_iter().map(|state| (state.id, state)).collect())
    }
}
