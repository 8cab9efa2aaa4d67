//! Requests for leave in GraphQL; the fields that lead to other nouns are in `links.rs`.

use std::collections::BTreeMap;

use approval::{Quorum, StepPreview};
use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::NaiveDate;
use common::{Error, Result};
use graphql::{App as _, Date, UserError, mutations, queries, sorts};
use rust_decimal::Decimal;

use super::calendar::{DayPart, Half, HalfDay, Range};
use super::model::{Request, Status};
use super::{
    CANCEL, DECIDE, Preview, approve, approve_bulk, cancel, list, preview, reject, reject_bulk, submit,
};
use crate::Membership;
use crate::ids::{EmployeeId, LeaveTypeId, RequestId};

/// What one day of a leave takes from the balance.
#[derive(Clone, Debug, SimpleObject)]
pub struct LeaveDay {
    /// The day.
    pub day: Date,
    /// What it takes from the balance: 0 where nothing would be worked, to 1 day, or the hours of a leave type that is taken
    /// in hours.
    pub portion: Decimal,
    /// The part of the day that is covered.
    pub part: DayPart,
}

/// What halves come to, day by day.
#[must_use]
pub fn by_day(halves: &[HalfDay]) -> Vec<LeaveDay> {
    let mut days: BTreeMap<NaiveDate, LeaveDay> = BTreeMap::new();
    for half in halves {
        let part = if half.half == Half::Am { DayPart::Am } else { DayPart::Pm };
        let first = LeaveDay { day: half.day.into(), portion: Decimal::ZERO, part };
        let day = days.entry(half.day).or_insert(first);
        day.portion += half.portion;
        if day.part != part {
            day.part = DayPart::Full;
        }
    }
    days.into_values().map(|day| LeaveDay { portion: day.portion.normalize(), ..day }).collect()
}

/// The leave that is asked for.
#[derive(Clone, Debug, InputObject)]
pub struct LeaveRequestSubmitInput {
    /// The id of the employee whose leave it is: the caller, somebody who reports to them, and for HR anybody. The caller's
    /// own when absent.
    pub employee_id: Option<EmployeeId>,
    /// The id of the leave type.
    pub leave_type_id: LeaveTypeId,
    /// The first day away.
    pub first_day: Date,
    /// The last day away; 365 days after the first at most.
    pub last_day: Date,
    /// The part of the first day that is taken; all of it when absent.
    pub first_part: Option<DayPart>,
    /// The part of the last day that is taken; all of it when absent.
    pub last_part: Option<DayPart>,
    /// How many hours of the one day, 0.25 to 24 in quarters, of a leave type that is taken in hours; the whole of its days
    /// when absent.
    pub hours: Option<Decimal>,
    /// The reason; 2,000 characters at most.
    pub reason: Option<String>,
}

impl LeaveRequestSubmitInput {
    /// From when to when.
    #[must_use]
    pub fn range(&self) -> Range {
        Range {
            first_day: self.first_day.0,
            last_day: self.last_day.0,
            first_part: self.first_part.unwrap_or(DayPart::Full),
            last_part: self.last_part.unwrap_or(DayPart::Full),
        }
    }
}

/// Which requests for leave a list has; every condition holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, InputObject)]
pub struct LeaveRequestFilter {
    /// The id of the employee whose leave it is.
    pub employee_id: Option<EmployeeId>,
    /// The id of the leave type.
    pub leave_type_id: Option<LeaveTypeId>,
    /// The states that they may be in; any when absent.
    pub status: Option<Vec<Status>>,
    /// A day that they must reach: those that end on it or later.
    pub from: Option<Date>,
    /// A day that they must not begin after: those that begin on it or earlier.
    pub to: Option<Date>,
}

sorts! {
    /// How a list of requests for leave is ordered.
    LeaveRequestSort {
        /// By first day away.
        desc FirstDay,
        /// By when they were asked for.
        CreatedAt,
    }
}

/// One request to decide on among many.
#[derive(Debug, InputObject)]
pub struct LeaveRequestRow {
    /// The id of the request.
    pub id: RequestId,
    /// A word to the requester; 2,000 characters at most.
    pub note: Option<String>,
}

queries! {
    Request;
    /// The requests for leave that the caller may see, the latest leave first unless the arguments say otherwise.
    leave_requests(LeaveRequestFilter, LeaveRequestSort) = list;
    /// One request for leave; null when it does not exist, or is not for the caller to see.
    leave_request;
}

mutations! {
    Request as leave_request;
    /// Asks for leave.
    leave_request_submit(
        /// The leave that is asked for.
        input: LeaveRequestSubmitInput
    ) = submit for super::SUBMIT;
    /// Grants a request for leave that is not decided.
    leave_request_approve(
        id: RequestId,
        /// A word to the requester; 2,000 characters at most.
        note: Option<String>
    ) = approve for DECIDE if |request| request.status == Status::Pending;
    /// Declines a request for leave that is not decided.
    leave_request_reject(
        id: RequestId,
        /// A word to the requester; 2,000 characters at most.
        note: Option<String>
    ) = reject for DECIDE if |request| request.status == Status::Pending;
    /// Grants many requests for leave; one answer for each, in the order of the list.
    bulk leave_request_approve_bulk(
        /// The requests to grant, 500 at most.
        rows: Vec<LeaveRequestRow>
    ) = approve_bulk for DECIDE;
    /// Declines many requests for leave; one answer for each, in the order of the list.
    bulk leave_request_reject_bulk(
        /// The requests to decline, 500 at most.
        rows: Vec<LeaveRequestRow>
    ) = reject_bulk for DECIDE;
    /// Calls leave off. Of leave that was granted, people give back days to come, a manager today as well, and HR any day.
    leave_request_cancel(
        id: RequestId,
        /// The days to give back, each of the request's; all that can be when absent.
        days: Option<Vec<Date>>
    ) = cancel for CANCEL
        if |request| matches!(request.status, Status::Pending | Status::Approved);
    attach and detach for super::SUBMIT;
}

/// What asking for leave would come to.
#[derive(SimpleObject)]
pub struct LeaveRequestPreview {
    /// What it would take from the balance: days, or hours of a leave type that is taken in hours.
    pub days: Decimal,
    /// What each day would take from the balance.
    pub day_breakdown: Vec<LeaveDay>,
    /// The lowest that the balance would fall to; null for leave that needs none.
    pub balance_after: Option<Decimal>,
    /// Why the request would be refused; empty when it would not.
    pub problems: Vec<UserError>,
    /// The requests that cover part of the same days.
    pub conflicts: Vec<Request>,
    /// The steps of the decision, in their order.
    pub approval_steps: Vec<LeaveRequestApprovalStep>,
}

/// A step of the decision on a request for leave that is not made yet.
#[derive(SimpleObject)]
pub struct LeaveRequestApprovalStep {
    /// Its place, from 1.
    pub position: i32,
    /// The members who would decide; the caller alone where nobody else works.
    pub approvers: Vec<Membership>,
    /// True when all of them have to agree, false when one is enough.
    pub needs_all: bool,
    /// The days after which it waits for the office as well; null for never. The office may decide at any time before
    /// that, each of its members once on the whole request.
    pub due_in_days: Option<i32>,
}

impl From<StepPreview> for LeaveRequestApprovalStep {
    fn from(step: StepPreview) -> Self {
        Self {
            position: step.position,
            approvers: step.deciders.into_iter().map(|id| Membership { id }).collect(),
            needs_all: step.quorum == Quorum::All,
            due_in_days: step.due_in_days,
        }
    }
}

impl From<Preview> for LeaveRequestPreview {
    fn from(preview: Preview) -> Self {
        Self {
            days: preview.draft.days().normalize(),
            day_breakdown: by_day(&preview.draft.halves),
            balance_after: preview.balance_after.map(|days| days.normalize()),
            problems: preview.problems.into_iter().map(Into::into).collect(),
            conflicts: preview.conflicts,
            approval_steps: preview.approval_steps.into_iter().map(Into::into).collect(),
        }
    }
}

/// The result of leaveRequestPreview.
#[derive(SimpleObject)]
pub struct LeaveRequestPreviewPayload {
    /// What asking would come to; null when it could not be worked out.
    pub preview: Option<LeaveRequestPreview>,
    /// Why it could not be worked out; empty when it was.
    pub user_errors: Vec<UserError>,
}

/// Queries about leave that is not asked for yet.
#[derive(Default)]
pub struct PreviewQuery;

#[Object]
impl PreviewQuery {
    /// What asking for leave would come to. Changes nothing.
    #[graphql(directive = graphql::cost::apply(2000))]
    async fn leave_request_preview(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The leave that would be asked for.")] input: LeaveRequestSubmitInput,
    ) -> Result<LeaveRequestPreviewPayload> {
        match preview(gql.app(), &input).await {
            Ok(preview) => {
                Ok(LeaveRequestPreviewPayload { preview: Some(preview.into()), user_errors: Vec::new() })
            }
            Err(Error::Refused(refusals)) => Ok(LeaveRequestPreviewPayload {
                preview: None,
                user_errors: refusals.into_iter().map(Into::into).collect(),
            }),
            Err(error) => Err(error),
        }
    }
}
