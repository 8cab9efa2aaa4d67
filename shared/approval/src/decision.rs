//! Decisions: who said what on which step.

use std::collections::HashMap;
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
        let rows = sqlx::query!(
            r#"select subject_id as "subject_id!", step as "step!", membership_id as "membership_id!: MembershipId",
                   on_behalf_of as "on_behalf_of: MembershipId", verdict as "verdict!: Verdict", note,
                   is_of_office as "is_of_office!", at as "at!"
               from approval.decisions($1, $2)"#,
            R::TABLE,
            &ids,
        );
        let mut found: HashMap<_, Vec<_>> = HashMap::new();
        for row in rows.fetch_all(tx.conn()).await? {
            found.entry(row.subject_id.into()).or_default().push(Decision {
                step: row.step,
                membership_id: row.membership_id,
                on_behalf_of: row.on_behalf_of,
                verdict: row.verdict,
                note: row.note,
                is_of_office: row.is_of_office,
                at: row.at,
            });
        }
        Ok(found)
    }
}

/// What was decided on approvals, in order; row-level security shows those of the approvals that the caller sees.
pub(crate) struct DecisionsOfApproval;

impl Batch for DecisionsOfApproval {
    type Key = ApprovalId;
    type Value = Vec<Decision>;
    const READ: &'static Permission = &READ;

    async fn load(tx: &mut Tx, keys: &[ApprovalId]) -> Result<HashMap<ApprovalId, Vec<Decision>>> {
        let rows = sqlx::query!(
            r#"select approval_id as "approval_id: ApprovalId", position, membership_id as "membership_id: MembershipId",
                   on_behalf_of as "on_behalf_of: MembershipId", verdict as "verdict: Verdict", note, is_of_office, at
               from approval.decision where approval_id = any($1) order by approval_id, position, at, id"#,
            keys as &[ApprovalId],
        );
        let mut found: HashMap<_, Vec<_>> = HashMap::new();
        for row in rows.fetch_all(tx.conn()).await? {
            found.entry(row.approval_id).or_default().push(Decision {
                step: row.position,
                membership_id: row.membership_id,
                on_behalf_of: row.on_behalf_of,
                verdict: row.verdict,
                note: row.note,
                is_of_office: row.is_of_office,
                at: row.at,
            });
        }
        Ok(found)
    }
}
