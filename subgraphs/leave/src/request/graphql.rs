//! Requests for leave in GraphQL.

use std::collections::{BTreeMap, HashMap};

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use common::{MembershipId, Page, Result};
use database::Ctx;
use graphql::{App as _, Batch, Date, UserError, payload};
use rust_decimal::Decimal;

use super::calendar::{DayPart, Half, HalfDay, Range};
use super::model::{Request, RequestId, Status};
use super::repo::Filter;
use super::{Preview, READ, approve, cancel, list, preview, reject, repo, submit};
use crate::directory::{self, EmployeeId};
use crate::employee::{Employee, Membership};
use crate::leave_type::{LeaveType, LeaveTypeById, LeaveTypeId};

/// A request for leave.
pub struct LeaveRequest(pub Request);

impl From<Request> for LeaveRequest {
    fn from(request: Request) -> Self {
        Self(request)
    }
}

/// A request for leave.
#[Object]
impl LeaveRequest {
    /// Opaque.
    async fn id(&self) -> RequestId {
        self.0.id
    }

    /// Whose leave it is.
    async fn employee(&self) -> Employee {
        Employee { id: self.0.employee_id }
    }

    /// Of what kind.
    async fn leave_type(&self, gql: &Context<'_>) -> Result<Option<LeaveType>> {
        gql.load::<LeaveTypeById>(self.0.leave_type_id).await
    }

    /// The first day away.
    async fn first_day(&self) -> Date {
        self.0.first_day.into()
    }

    /// The last day away.
    async fn last_day(&self) -> Date {
        self.0.last_day.into()
    }

    /// What of the first day.
    async fn first_part(&self) -> DayPart {
        self.0.first_part
    }

    /// What of the last day.
    async fn last_part(&self) -> DayPart {
        self.0.last_part
    }

    /// What it takes from the balance; of a rejected or cancelled one, what it would have taken.
    async fn days(&self) -> Decimal {
        self.0.days.normalize()
    }

    /// What each day takes; none of a rejected or cancelled request.
    async fn day_breakdown(&self, gql: &Context<'_>) -> Result<Vec<LeaveDay>> {
        let halves = gql.load::<HalvesOfRequest>(self.0.id).await?.unwrap_or_default();
        Ok(by_day(&halves))
    }

    /// Why, in the requester's words.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// How far it has come.
    async fn status(&self) -> Status {
        self.0.status
    }

    /// When it was asked for.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was decided.
    async fn decided_at(&self) -> Option<DateTime<Utc>> {
        self.0.decided_at
    }

    /// Who decided.
    async fn decided_by(&self) -> Option<Membership> {
        self.0.decided_by.map(|id| Membership { id })
    }

    /// What they said.
    async fn decision_note(&self) -> Option<&str> {
        self.0.decision_note.as_deref()
    }
}

/// What one day of a leave takes from the balance.
#[derive(Clone, Debug, SimpleObject)]
pub struct LeaveDay {
    /// The day.
    pub day: Date,
    /// How much it takes: 0 where nothing would be worked, to 1.
    pub portion: Decimal,
    /// Which part of the day is covered.
    pub part: DayPart,
}

fn by_day(halves: &[HalfDay]) -> Vec<LeaveDay> {
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

/// What is asked for.
#[derive(Clone, Debug, InputObject)]
pub struct LeaveRequestSubmitInput {
    /// Whose leave; the caller's own when not said.
    pub employee_id: Option<EmployeeId>,
    /// Of what kind.
    pub leave_type_id: LeaveTypeId,
    /// The first day away.
    pub first_day: Date,
    /// The last day away; 365 days after the first at most.
    pub last_day: Date,
    /// What of the first day; all of it when not said.
    pub first_part: Option<DayPart>,
    /// What of the last day; all of it when not said.
    pub last_part: Option<DayPart>,
    /// Why; 2,000 characters at most.
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

    /// What makes it the same request as another with the same idempotency key.
    pub(super) fn fingerprint(&self) -> impl serde::Serialize + '_ {
        let range = self.range();
        let parts = (range.first_day, range.last_day, range.first_part, range.last_part);
        ("submit", self.employee_id, self.leave_type_id, parts, &self.reason)
    }
}

/// Which requests are wanted; what is not said does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, InputObject)]
pub struct LeaveRequestFilter {
    /// Of this employee.
    pub employee_id: Option<EmployeeId>,
    /// Of this kind.
    pub leave_type_id: Option<LeaveTypeId>,
    /// In one of these states.
    pub status: Option<Vec<Status>>,
    /// Touching this day or a later one.
    pub from: Option<Date>,
    /// Touching this day or an earlier one.
    pub to: Option<Date>,
}

impl From<LeaveRequestFilter> for Filter {
    fn from(filter: LeaveRequestFilter) -> Self {
        Self {
            employee_ids: filter.employee_id.map(|id| vec![id]),
            leave_type_id: filter.leave_type_id,
            statuses: filter.status,
            from: filter.from.map(Into::into),
            to: filter.to.map(Into::into),
        }
    }
}

payload!(
    /// What asking for leave answers.
    LeaveRequestSubmitPayload {
        /// The request.
        leave_request: LeaveRequest
    }
);
payload!(
    /// What approving leave answers.
    LeaveRequestApprovePayload {
        /// The request.
        leave_request: LeaveRequest
    }
);
payload!(
    /// What rejecting leave answers.
    LeaveRequestRejectPayload {
        /// The request.
        leave_request: LeaveRequest
    }
);
payload!(
    /// What calling leave off answers.
    LeaveRequestCancelPayload {
        /// The request.
        leave_request: LeaveRequest
    }
);

/// What asking for leave would come to.
#[derive(SimpleObject)]
pub struct LeaveRequestPreview {
    /// What it would take from the balance.
    pub days: Decimal,
    /// What each day would take.
    pub day_breakdown: Vec<LeaveDay>,
    /// What the balance would fall to; null for leave that needs none.
    pub balance_after: Option<Decimal>,
    /// Why it would be refused; empty when it would not.
    pub problems: Vec<UserError>,
    /// The requests that cover part of it.
    pub conflicts: Vec<LeaveRequest>,
    /// Who would decide; whoever looks after people in the organization when empty.
    pub approvers: Vec<Membership>,
}

impl From<Preview> for LeaveRequestPreview {
    fn from(preview: Preview) -> Self {
        Self {
            days: preview.draft.days().normalize(),
            day_breakdown: by_day(&preview.draft.halves),
            balance_after: preview.balance_after.map(|days| days.normalize()),
            problems: preview.problems.into_iter().map(Into::into).collect(),
            conflicts: preview.conflicts.into_iter().map(Into::into).collect(),
            approvers: preview.approvers.into_iter().map(|id: MembershipId| Membership { id }).collect(),
        }
    }
}

payload!(
    /// What previewing leave answers.
    LeaveRequestPreviewPayload {
        /// What asking would come to.
        preview: LeaveRequestPreview
    }
);

struct HalvesOfRequest;

impl Batch for HalvesOfRequest {
    type Key = RequestId;
    type Value = Vec<HalfDay>;

    async fn load(ctx: &Ctx, keys: &[RequestId]) -> Result<HashMap<RequestId, Vec<HalfDay>>> {
        let mut tx = ctx.begin(&READ).await?;
        let mut by_request: HashMap<_, Vec<_>> = HashMap::new();
        for (id, half) in repo::halves(&mut tx, keys).await? {
            by_request.entry(id).or_default().push(half);
        }
        Ok(by_request)
    }
}

struct RequestById;

impl Batch for RequestById {
    type Key = RequestId;
    type Value = Request;

    async fn load(ctx: &Ctx, keys: &[RequestId]) -> Result<HashMap<RequestId, Request>> {
        let mut tx = ctx.begin(&READ).await?;
        let scope = directory::in_scope(ctx, &mut tx).await?;
        let found = repo::select_many(&mut tx, keys).await?.into_iter();
        let visible = found.filter(|request| directory::contains(scope.as_ref(), request.employee_id));
        Ok(visible.map(|request| (request.id, request)).collect())
    }
}

/// Requests for leave: queries.
#[derive(Default)]
pub struct RequestQuery;

#[Object]
impl RequestQuery {
    /// The requests that the caller may see, the latest leave first.
    async fn leave_requests(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 when not said.")] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
        #[graphql(desc = "Which ones; all when not said.")] filter: Option<LeaveRequestFilter>,
    ) -> Result<graphql::Page<LeaveRequest>> {
        let page = Page::new(first, after.as_deref())?;
        Ok(graphql::connection(list(gql.app(), filter.unwrap_or_default().into(), page).await?))
    }

    /// One request; null when it does not exist, or is not for the caller to see.
    async fn leave_request(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "Which one.")] id: RequestId,
    ) -> Result<Option<LeaveRequest>> {
        Ok(gql.load::<RequestById>(id).await?.map(LeaveRequest))
    }

    /// What asking for leave would come to. Changes nothing.
    async fn leave_request_preview(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "What would be asked for.")] input: LeaveRequestSubmitInput,
    ) -> Result<LeaveRequestPreviewPayload> {
        LeaveRequestPreviewPayload::of(preview(gql.app(), &input).await)
    }

    /// One request, for other subgraphs.
    #[graphql(entity)]
    async fn leave_request_by_id(&self, gql: &Context<'_>, id: RequestId) -> Result<Option<LeaveRequest>> {
        Ok(gql.load::<RequestById>(id).await?.map(LeaveRequest))
    }
}

/// Requests for leave: mutations.
#[derive(Default)]
pub struct RequestMutation;

#[Object]
impl RequestMutation {
    /// Asks for leave.
    async fn leave_request_submit(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: LeaveRequestSubmitInput,
        #[graphql(desc = "Names this request, so that sending it again does nothing more.")] idempotency_key: Option<ID>,
    ) -> Result<LeaveRequestSubmitPayload> {
        let key = idempotency_key.as_ref().map(|key| key.as_str());
        LeaveRequestSubmitPayload::of(submit(gql.app(), input, key).await)
    }

    /// Grants a request.
    async fn leave_request_approve(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "Which one.")] id: RequestId,
        #[graphql(desc = "A word to the requester; 2,000 characters at most.")] note: Option<String>,
        #[graphql(desc = "Names this request, so that sending it again does nothing more.")] idempotency_key: Option<ID>,
    ) -> Result<LeaveRequestApprovePayload> {
        let key = idempotency_key.as_ref().map(|key| key.as_str());
        LeaveRequestApprovePayload::of(approve(gql.app(), id, note, key).await)
    }

    /// Declines a request.
    async fn leave_request_reject(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "Which one.")] id: RequestId,
        #[graphql(desc = "A word to the requester; 2,000 characters at most.")] note: Option<String>,
        #[graphql(desc = "Names this request, so that sending it again does nothing more.")] idempotency_key: Option<ID>,
    ) -> Result<LeaveRequestRejectPayload> {
        let key = idempotency_key.as_ref().map(|key| key.as_str());
        LeaveRequestRejectPayload::of(reject(gql.app(), id, note, key).await)
    }

    /// Calls leave off; of leave that has begun, what is left of it.
    async fn leave_request_cancel(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "Which one.")] id: RequestId,
        #[graphql(desc = "Names this request, so that sending it again does nothing more.")] idempotency_key: Option<ID>,
    ) -> Result<LeaveRequestCancelPayload> {
        let key = idempotency_key.as_ref().map(|key| key.as_str());
        LeaveRequestCancelPayload::of(cancel(gql.app(), id, key).await)
    }
}
