//! What a module's noun shows of its approval.

use std::collections::HashMap;
use std::marker::PhantomData;

use async_graphql::{Context, Object, OutputType};
use chrono::{DateTime, Utc};
use common::{MembershipId, Permission, Result};
use database::Tx;
use graphql::{Actor, App as _, Batch, Offered};

use crate::decision::DecisionsOn;
use crate::{Approved, Decision, Verdict, engine};

/// A decision, in the graph of a module with its own type for members.
pub struct ApprovalDecision<M>(Decision, PhantomData<fn() -> M>);

impl<M> From<Decision> for ApprovalDecision<M> {
    fn from(decision: Decision) -> Self {
        Self(decision, PhantomData)
    }
}

/// What somebody decided on a step of an approval.
#[Object(shareable)]
impl<M: Actor + OutputType> ApprovalDecision<M> {
    /// The place of the step that it was on, from 1.
    async fn step(&self) -> i32 {
        self.0.step
    }

    /// The member who decided; null when they are not to be found.
    async fn member(&self, gql: &Context<'_>) -> Result<Option<M>> {
        M::find(gql, self.0.membership_id).await
    }

    /// The member in whose place they decided; null when they decided for themselves.
    async fn on_behalf_of(&self, gql: &Context<'_>) -> Result<Option<M>> {
        match self.0.on_behalf_of {
            Some(id) => M::find(gql, id).await,
            None => Ok(None),
        }
    }

    /// What the member decided on the step.
    async fn verdict(&self) -> Verdict {
        self.0.verdict
    }

    /// What they said of it; null when they said nothing.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }

    /// True when they decided by the right of the office, and not because the step waited for them.
    async fn is_of_office(&self) -> bool {
        self.0.is_of_office
    }

    /// When the member decided on the step.
    async fn at(&self) -> DateTime<Utc> {
        self.0.at
    }
}

/// What was decided on a thing, in order; of one that was asked for again, what was decided before as well.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn decisions<R: Approved, M>(gql: &Context<'_>, record: &R) -> Result<Vec<ApprovalDecision<M>>> {
    let decisions = gql.load::<DecisionsOn<R>>(record.id()).await?.unwrap_or_default();
    Ok(decisions.into_iter().map(Into::into).collect())
}

/// The members for whose decision a thing waits; empty when it does not.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn waits_for<R: Approved, M: Actor>(gql: &Context<'_>, record: &R) -> Result<Vec<M>> {
    let ids = gql.load::<WaitsFor<R>>(record.id()).await?.unwrap_or_default();
    let mut members = Vec::with_capacity(ids.len());
    for id in ids {
        members.extend(M::find(gql, id).await?);
    }
    Ok(members)
}

/// The names of the mutations that the caller may use on a thing now. Those that take [`Approved::DECIDE`] are offered
/// by its approval, and not by how the caller stands to the employee.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn viewer_permissions<R: Approved + Offered>(
    gql: &Context<'_>,
    record: &R,
) -> Result<Vec<&'static str>> {
    let deciding = record.offered().into_iter().filter(|(_, right)| *right == R::DECIDE);
    let deciding: Vec<_> = deciding.map(|(name, _)| name).collect();
    let mut offered = graphql::viewer_permissions(gql, record).await?;
    offered.retain(|name| !deciding.contains(name));
    let may_decide = !deciding.is_empty() && gql.app().scope(R::DECIDE).is_ok();
    if may_decide && gql.load::<Decidable<R>>(record.id()).await?.is_some() {
        offered.splice(0..0, deciding);
    }
    Ok(offered)
}

/// Which things the caller can decide on.
struct Decidable<R>(PhantomData<fn() -> R>);

impl<R: Approved> Batch for Decidable<R> {
    type Key = R::Id;
    type Value = ();
    const READ: &'static Permission = R::READ;

    async fn load(tx: &mut Tx, keys: &[R::Id]) -> Result<HashMap<R::Id, ()>> {
        Ok(engine::decidable::<R>(tx, keys).await?.into_iter().map(|id| (id, ())).collect())
    }
}

/// For whom things wait.
struct WaitsFor<R>(PhantomData<fn() -> R>);

impl<R: Approved> Batch for WaitsFor<R> {
    type Key = R::Id;
    type Value = Vec<MembershipId>;
    const READ: &'static Permission = R::READ;

    async fn load(tx: &mut Tx, keys: &[R::Id]) -> Result<HashMap<R::Id, Vec<MembershipId>>> {
        engine::assignees_of::<R>(tx, keys).await
    }
}
