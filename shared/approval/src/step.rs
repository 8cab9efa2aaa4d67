//! The steps of rules: whom each names, and how many of them it takes.

use std::collections::HashMap;

use common::{MembershipId, Permission, Result, Role, STAFF};
use database::Tx;
use graphql::{Batch, choices};
use serde_json::{Value, json};

use crate::RuleId;

choices! {
    /// Whom a step names.
    Who "ApprovalStepWho" {
        /// A manager of the employee.
        Manager,
        /// Everybody with a role.
        Role,
        /// One member.
        Member,
    }
}

choices! {
    /// How many of those whom a step names it takes.
    Quorum "ApprovalQuorum" {
        /// One of them, whoever is first.
        Any,
        /// All of them.
        All,
    }
}

/// A step of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleStep {
    /// Its place, from 1.
    pub position: i32,
    /// Whom it names.
    pub who: Who,
    /// Of a manager: how far above; 1 is the direct one.
    pub level: Option<i32>,
    /// The role that it names.
    pub role: Option<Role>,
    /// The member whom it names.
    pub membership_id: Option<MembershipId>,
    /// How many of them it takes.
    pub quorum: Quorum,
    /// After how many days it waits for the office as well; `None` for never.
    pub due_in_days: Option<i32>,
}

/// To see the rules.
pub const READ: Permission = Permission::new("approval.rule.read", "See who decides on what.", STAFF);
/// Makes the steps of a rule these; answers whether any was another one before.
pub(crate) async fn write_steps(tx: &mut Tx, id: RuleId, steps: &[RuleStep]) -> Result<bool> {
    let count = i32::try_from(steps.len()).unwrap_or(i32::MAX);
    let removed = sqlx::query!(
        "delete from approval.rule_step where rule_id = $1 and position > $2",
        id as RuleId,
        count
    );
    let removed = removed.execute(tx.conn()).await?;
    let row = |step: &RuleStep| {
        json!({ "position": step.position, "who": step.who, "level": step.level, "role": step.role,
            "membership_id": step.membership_id, "quorum": step.quorum, "due_in_days": step.due_in_days })
    };
    let rows: Value = steps.iter().map(row).collect();
    let written = sqlx::query!(
        "insert into approval.rule_step as s (rule_id, position, who, level, role, membership_id, quorum, due_in_days)
         select $1, position, who, level, role, membership_id, quorum, due_in_days
         from jsonb_populate_recordset(null::approval.rule_step, $2)
         on conflict on constraint rule_step_pkey do update set who = excluded.who, level = excluded.level,
             role = excluded.role, membership_id = excluded.membership_id, quorum = excluded.quorum,
             due_in_days = excluded.due_in_days
         where (s.who, s.level, s.role, s.membership_id, s.quorum, s.due_in_days) is distinct from
             (excluded.who, excluded.level, excluded.role, excluded.membership_id, excluded.quorum, excluded.due_in_days)",
        id as RuleId,
        rows,
    )
    .execute(tx.conn())
    .await?;
    Ok(removed.rows_affected() + written.rows_affected() > 0)
}

/// The steps of rules, in order.
pub struct StepsOfRule;

impl Batch for StepsOfRule {
    type Key = RuleId;
    type Value = Vec<RuleStep>;
    const READ: &'static Permission = &READ;

    async fn load(tx: &mut Tx, keys: &[RuleId]) -> Result<HashMap<RuleId, Vec<RuleStep>>> {
        let rows = sqlx::query!(
            r#"select rule_id as "rule_id: RuleId", position, who as "who: Who", level, role,
                   membership_id as "membership_id: MembershipId", quorum as "quorum: Quorum", due_in_days
               from approval.rule_step where rule_id = any($1) order by position"#,
            keys as &[RuleId],
        )
        .fetch_all(tx.conn())
        .await?;
        let mut found: HashMap<_, Vec<_>> = HashMap::new();
        for row in rows {
            found.entry(row.rule_id).or_default().push(RuleStep {
                position: row.position,
                who: row.who,
                level: row.level,
                role: row.role.as_deref().and_then(Role::parse),
                membership_id: row.membership_id,
                quorum: row.quorum,
                due_in_days: row.due_in_days,
            });
        }
        Ok(found)
    }
}
