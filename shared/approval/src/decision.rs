//! Decisions: who said what on which step.

use std::collections::HashMap;
use std::hash::Hash;
use std::marker::PhantomData;

use chrono::{DateTime, Utc};
use common::{MembershipId, Permission, Result};
use database::Tx;
use graphql::Batch;
use uuid::Uuid;

use crate::approval::READ;
use crate::{ApprovalId, Approved, Verdict};

/// What somebody decided on a step. Whoever decides in several capacities at once has decided in each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The place of the step, from 1.
    pub step: i32,
    /// Who decided.
    pub membership_id: MembershipId,
    /// For whom, where they stood in for somebody.
    pub on_behalf_of: Option<MembershipId>,
    /// What.
    pub verdict: Verdict,
    /// What they said of it.
    pub note: Option<String>,
    /// By the right of the office, and not because the step waited for them.
    pub is_of_office: bool,
    /// When.
    pub at: DateTime<Utc>,
}

/// What was decided on things, in order, for whoever sees them.
pub(crate) struct DecisionsOn<R>(PhantomData<fn() -> R>);

impl<R: Approved> Batch for DecisionsOn<R> {
    type Key = R::Id;
    type Value = Vec<Decision>;
    const READ: &'static Permission = R::READ;

    async fn load(tx: &mut Tx, keys: &[R::Id]) -> Result<HashMap<R::Id, Vec<Decision>>> {
        let ids: Vec<Uuid> = keys.iter().map(|id| (*id).into()).collect();
        let rows = sqlx::query_as!(
            Row,
            r#"select subject_id as "of!", step as "step!", membership_id as "membership_id!: MembershipId",
                   on_behalf_of as "on_behalf_of: MembershipId", verdict as "verdict!: Verdict", note,
                   is_of_office as "is_of_office!", at as "at!"
               from approval.decisions($1, $2)"#,
            R::TABLE,
            &ids,
        );
        Ok(by_what(rows.fetch_all(tx.conn()).await?))
    }
}

/// What was decided on approvals, in order; row-level security shows those of the approvals that the caller sees.
pub(crate) struct DecisionsOfApproval;

impl Batch for DecisionsOfApproval {
    type Key = ApprovalId;
    type Value = Vec<Decision>;
    const READ: &'static Permission = &READ;

    async fn load(tx: &mut Tx, keys: &[ApprovalId]) -> Result<HashMap<ApprovalId, Vec<Decision>>> {
        let rows = sqlx::query_as!(
            Row,
            r#"select approval_id as of, position as step, membership_id as "membership_id: MembershipId",
                   on_behalf_of as "on_behalf_of: MembershipId", verdict as "verdict: Verdict", note, is_of_office, at
               from approval.decision where approval_id = any($1) order by approval_id, position, at, id"#,
            keys as &[ApprovalId],
        );
        Ok(by_what(rows.fetch_all(tx.conn()).await?))
    }
}

/// A decision, and what it is on.
struct Row {
    of: Uuid,
    step: i32,
    membership_id: MembershipId,
    on_behalf_of: Option<MembershipId>,
    verdict: Verdict,
    note: Option<String>,
    is_of_office: bool,
    at: DateTime<Utc>,
}

fn by_what<Id: From<Uuid> + Eq + Hash>(rows: Vec<Row>) -> HashMap<Id, Vec<Decision>> {
    let mut found: HashMap<Id, Vec<Decision>> = HashMap::new();
    for Row { of, step, membership_id, on_behalf_of, verdict, note, is_of_office, at } in rows {
        let decision = Decision { step, membership_id, on_behalf_of, verdict, note, is_of_office, at };
        found.entry(of.into()).or_default().push(decision);
    }
    found
}
