//! Operations: what goes through more than one module, step by step. Each step is one transaction with the mark that it was done,
//! so none is done twice and none is lost; whoever finds an operation that stands still takes it further.

mod convert;
mod model;
mod win;

use std::time::Duration;

use async_graphql::{Context, InputObject, SimpleObject};
use chrono::{DateTime, TimeDelta, Utc};
use common::{Error, MembershipId, Page, Permission, Refusal, Result, Slice};
use database::{Ctx, Record, Tx, page};
use futures::future::BoxFuture;
use graphql::{App as _, mutations, noun, queries, sorts};
use service::{Job, Runtime};
use sqlx::types::Json;

pub use self::convert::{LeadConvertInput, convert};
use self::model::Asked;
pub use self::model::{
    OperationKind, OperationOutcome, OperationState, OperationStep, OperationStepName, OperationStepState,
};
pub use self::win::{DealWinInput, win};
use crate::deal::Deal;
use crate::ids::{DealId, LeadId, OperationId};
use crate::lead::Lead;
use crate::rights::{DEAL_MANAGE, DEAL_READ};
use crate::{Membership, owner, party};

/// Something that goes through more than one module, step by step.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("operation", table = "crm.operation", read = DEAL_READ)]
pub struct Operation {
    /// The id of the operation; opaque to clients.
    pub id: OperationId,
    /// What the operation does.
    #[record(once)]
    pub kind: OperationKind,
    /// How far it has come.
    pub state: OperationState,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) lead_id: Option<LeadId>,
    #[graphql(skip)]
    pub(crate) deal_id: Option<DealId>,
    #[graphql(skip)]
    pub(crate) input: Json<Asked>,
    #[graphql(skip)]
    pub(crate) steps: Json<Vec<OperationStep>>,
    /// How often a step of it has failed.
    pub attempts: i32,
    #[graphql(skip)]
    pub(crate) next_at: Option<DateTime<Utc>>,
    /// The code of what its last step failed with; null when none has.
    pub error_code: Option<String>,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) owner_membership_id: Option<MembershipId>,
    /// When it was done, given up or called off; null while it goes on.
    pub ended_at: Option<DateTime<Utc>>,
    /// Counts the changes.
    pub version: i32,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
}

/// After how long without a sign of life an operation is taken further by somebody else.
const PATIENCE: TimeDelta = TimeDelta::seconds(30);
/// How often a step is tried.
const ATTEMPTS_MAX: i32 = 5;

// Use-cases.

/// Begins an operation that the caller has checked: it is tried, so that what would be refused is refused before anything is
/// begun, then written down, and then done. In a dry run it is only tried.
async fn begin(
    ctx: &Ctx,
    mut tx: Tx,
    right: &'static Permission,
    mut new: Operation,
    is_dry: bool,
) -> Result<Operation> {
    new.next_at = Some(tx.now() + PATIENCE);
    let mut planned = new.clone();
    sqlx::query("savepoint planned").execute(tx.conn()).await?;
    let tried = Box::pin(plan(&mut tx, &mut planned)).await;
    match tried {
        Err(error @ (Error::Refused(_) | Error::NotFound(_) | Error::Validation(_))) => return Err(error),
        // What is not committed has not happened.
        Ok(()) if is_dry => {
            planned.forget_what_was_made();
            return Ok(planned);
        }
        Err(error) if is_dry => return Err(error),
        // What is broken now may work when its turn comes.
        Ok(()) | Err(_) => {}
    }
    sqlx::query("rollback to savepoint planned").execute(tx.conn()).await?;
    tx.save(&mut new).await?;
    let new = tx.commit(new).await?;
    Box::pin(drive(&ctx.without_key(), right, new.id)).await
}

/// Goes on with one that is there already: whoever asks again is answered with what has become of it, and has one that has
/// failed tried again.
async fn join(ctx: &Ctx, mut tx: Tx, right: &'static Permission, mut there: Operation) -> Result<Operation> {
    if there.state == OperationState::Failed {
        there = tx.lock(there.id).await?;
        there.revive(tx.now());
        tx.save(&mut there).await?;
    }
    let there = tx.commit(there).await?;
    if there.state == OperationState::Running {
        return Box::pin(drive(&ctx.without_key(), right, there.id)).await;
    }
    Ok(there)
}

async fn plan(tx: &mut Tx, operation: &mut Operation) -> Result<()> {
    while operation.state == OperationState::Running {
        Box::pin(advance(tx, operation)).await?;
    }
    operation.state = OperationState::Planned;
    operation.ended_at = None;
    Ok(())
}

/// Takes an operation from step to step, each in a transaction of its own, until it is done or fails.
async fn drive(ctx: &Ctx, right: &'static Permission, id: OperationId) -> Result<Operation> {
    loop {
        let mut tx = ctx.begin(right).await?;
        // Steps are the operation's, and not bounded by what whoever takes it further may see.
        owner::widen(&mut tx).await?;
        let mut operation: Operation = tx.lock(id).await?;
        if operation.state != OperationState::Running {
            return Ok(operation);
        }
        let before = operation.attempts;
        match Box::pin(advance(&mut tx, &mut operation)).await {
            Ok(()) => {
                operation.next_at = (operation.state == OperationState::Running).then(|| tx.now() + PATIENCE);
                tx.save(&mut operation).await?;
                tx.commit(()).await?;
            }
            Err(error) => {
                drop(tx);
                return Box::pin(postpone(ctx, right, id, before, &error)).await;
            }
        }
    }
}

/// Does the next step.
async fn advance(tx: &mut Tx, operation: &mut Operation) -> Result<()> {
    let next = operation.steps.iter().position(|step| step.state == OperationStepState::Pending);
    if let Some(at) = next {
        let name = operation.steps[at].name;
        let done = match operation.kind {
            OperationKind::LeadConvert => Box::pin(convert::step(tx, operation, name)).await?,
            OperationKind::DealWin => Box::pin(win::step(tx, operation, name)).await?,
        };
        let step = &mut operation.steps.0[at];
        (step.state, step.outcome) = done;
        step.at = Some(tx.now());
    }
    if operation.steps.iter().all(|step| step.state != OperationStepState::Pending) {
        (operation.state, operation.ended_at) = (OperationState::Done, Some(tx.now()));
        operation.error_code = None;
    }
    Ok(())
}

/// Notes that a step has failed: it is tried again a little later, or the operation has failed for good.
async fn postpone(
    ctx: &Ctx,
    right: &'static Permission,
    id: OperationId,
    attempts_before: i32,
    error: &Error,
) -> Result<Operation> {
    let mut tx = ctx.begin(right).await?;
    owner::widen(&mut tx).await?;
    let mut operation: Operation = tx.lock(id).await?;
    // Of many who fail at the same step one counts.
    if operation.state != OperationState::Running || operation.attempts != attempts_before {
        return Ok(operation);
    }
    let (code, is_final) = match error {
        Error::Refused(refusals) => {
            (refusals.first().map_or("REFUSED".into(), |refusal| refusal.code.clone()), true)
        }
        other => (other.code().into(), false),
    };
    tracing::warn!(operation_id = %id.0, %code, ?error, "a step of an operation has failed");
    operation.attempts += 1;
    operation.error_code = Some(code.into_owned());
    if is_final || operation.attempts >= ATTEMPTS_MAX {
        (operation.state, operation.ended_at, operation.next_at) =
            (OperationState::Failed, Some(tx.now()), None);
    } else {
        operation.next_at = Some(tx.now() + PATIENCE * (1 << operation.attempts.min(6)));
    }
    tx.save(&mut operation).await?;
    tx.commit(operation).await
}

/// Takes one further that has failed.
pub async fn retry(ctx: &Ctx, id: OperationId) -> Result<Operation> {
    let mut tx = ctx.begin(&DEAL_MANAGE).await?;
    let mut operation: Operation = tx.lock(id).await?;
    if !matches!(operation.state, OperationState::Failed | OperationState::Running) {
        return Err(INVALID_TRANSITION.into());
    }
    operation.revive(tx.now());
    tx.save(&mut operation).await?;
    let operation = tx.commit(operation).await?;
    Box::pin(drive(&ctx.without_key(), &DEAL_MANAGE, operation.id)).await
}

/// Calls off one that is not done: what its steps did is undone, the last first.
pub async fn cancel(ctx: &Ctx, id: OperationId) -> Result<Operation> {
    let mut tx = ctx.begin(&DEAL_MANAGE).await?;
    let mut operation: Operation = tx.lock(id).await?;
    if !matches!(operation.state, OperationState::Failed | OperationState::Running) {
        return Err(INVALID_TRANSITION.into());
    }
    owner::widen(&mut tx).await?;
    let done = |step: &OperationStep| step.state == OperationStepState::Done;
    let to_undo: Vec<usize> =
        operation.steps.iter().enumerate().filter(|(_, step)| done(step)).map(|(at, _)| at).rev().collect();
    for at in to_undo {
        let name = operation.steps[at].name;
        match operation.kind {
            OperationKind::LeadConvert => Box::pin(convert::undo(&mut tx, &operation, name)).await?,
            OperationKind::DealWin => Box::pin(win::undo(&mut tx, &operation, name)).await?,
        }
        let step = &mut operation.steps.0[at];
        (step.state, step.at) = (OperationStepState::Undone, Some(tx.now()));
    }
    party::undo(&mut tx, operation.id).await?;
    (operation.state, operation.ended_at, operation.next_at) =
        (OperationState::Cancelled, Some(tx.now()), None);
    tx.save(&mut operation).await?;
    tx.commit(operation).await
}

/// The operations that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: OperationFilter,
    sort: OperationSort,
    page: Page,
) -> Result<Slice<Operation>> {
    let mut tx = ctx.read_list(&DEAL_READ).await?;
    Ok(page!(
        tx, Operation, page, sort: OperationSort { CreatedAt => "created_at" },
        "($3::text is null or kind = $3) and ($4::text is null or state = $4) and ($5::uuid is null or lead_id = $5)
         and ($6::uuid is null or deal_id = $6)",
        [
            filter.kind as Option<OperationKind>,
            filter.state as Option<OperationState>,
            filter.lead_id as Option<LeadId>,
            filter.deal_id as Option<DealId>,
        ],
    ))
}

const INVALID_TRANSITION: Refusal =
    Refusal::whole("INVALID_TRANSITION", "what is done, or was called off, stays so");

/// The operation that converts, or has converted, a lead.
async fn select_of_lead(tx: &mut Tx, id: LeadId) -> Result<Option<Operation>> {
    Ok(select_operation!(
        "where kind = 'LEAD_CONVERT' and lead_id = $1 and state <> 'CANCELLED'",
        id as LeadId
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// The operation that is about to win a deal.
async fn select_of_deal(tx: &mut Tx, id: DealId) -> Result<Option<Operation>> {
    Ok(select_operation!(
        "where kind = 'DEAL_WIN' and deal_id = $1 and state in ('RUNNING', 'FAILED')",
        id as DealId
    )
    .fetch_optional(tx.conn())
    .await?)
}

// By the clock.

/// Takes operations further that stand still: whoever did has gone, or a step of theirs has failed.
pub(crate) const GO_ON: Job = Job {
    name: "crm: operations",
    every: Duration::from_secs(15),
    run: |runtime| Box::pin(go_on(runtime)) as BoxFuture<_>,
};

async fn go_on(runtime: Runtime) -> Result<()> {
    let now = runtime.database.clock().now();
    for organization_id in crate::clock::organizations_to_go_on(&runtime.database, now).await? {
        let ctx = Ctx::system(runtime.database.clone(), "crm", organization_id, "operations");
        // What goes wrong in one organization is its own affair; the next run tries again.
        if let Err(error) = go_on_in(&ctx).await {
            tracing::warn!(%organization_id, ?error, "operations were not taken further");
        }
    }
    Ok(())
}

async fn go_on_in(ctx: &Ctx) -> Result<()> {
    let mut tx = ctx.begin(&Permission::SYSTEM).await?;
    let standing = sqlx::query_scalar!(
        r#"select id as "id!: OperationId" from crm.operation where state = 'RUNNING' and next_at <= $1
           order by next_at, id limit 100"#,
        tx.now(),
    );
    let standing = standing.fetch_all(tx.conn()).await?;
    drop(tx);
    for id in standing {
        Box::pin(drive(ctx, &Permission::SYSTEM, id)).await?;
    }
    Ok(())
}

// GraphQL.

#[noun]
impl Operation {
    /// Its steps, in their order.
    async fn steps(&self) -> &[OperationStep] {
        &self.steps
    }

    /// The lead that is converted; null for others, and to whoever may not see it.
    async fn lead(&self, gql: &Context<'_>) -> Result<Option<Lead>> {
        gql.find(self.lead_id).await
    }

    /// The deal that is won, or that a lead has become; null while there is none, and to whoever may not see it.
    async fn deal(&self, gql: &Context<'_>) -> Result<Option<Deal>> {
        gql.find(self.deal_id).await
    }

    /// The person whom a lead has become; null while there is none.
    async fn contact(&self) -> Option<crate::others::Contact> {
        self.input.found_contact_id.map(|id| crate::others::Contact { id })
    }

    /// The company that a lead has become; null while there is none.
    async fn company(&self) -> Option<crate::others::Contact> {
        self.input.found_company_id.map(|id| crate::others::Contact { id })
    }

    /// The member who has begun it; null when it was the system.
    async fn begun_by(&self) -> Option<Membership> {
        self.owner_membership_id.map(|id| Membership { id })
    }
}

/// Which operations a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct OperationFilter {
    /// What the operations do.
    pub kind: Option<OperationKind>,
    /// How far they have come.
    pub state: Option<OperationState>,
    /// The id of the lead that they convert.
    pub lead_id: Option<LeadId>,
    /// The id of the deal that they win, or have made.
    pub deal_id: Option<DealId>,
}

sorts! {
    /// How a list of operations is ordered.
    OperationSort {
        /// By when they were begun, the latest first.
        desc CreatedAt,
    }
}

queries! {
    Operation;
    /// The operations that go through more than one module, the latest first.
    operations(OperationFilter, OperationSort) = list;
    /// One operation; null when there is none of that id.
    operation;
}

mutations! {
    Operation as operation;
    /// Takes an operation further that has failed, or stands still.
    operation_retry(id: OperationId) = retry for DEAL_MANAGE if |operation| !operation.has_ended();
    /// Calls an operation off that is not done: what its steps did is undone.
    operation_cancel(id: OperationId) = cancel for DEAL_MANAGE if |operation| !operation.has_ended();
}
