//! Approvals: who decides on what somebody asks for. One engine for all modules.
//!
//! A module asks it in its own transactions: [`begin`] when something is submitted, [`decide`] when somebody decides,
//! [`withdraw`] when it is taken back. Rules ([`rule`]) say who decides, step by step; without one, the direct manager
//! does. Nobody decides on what is their own, not for another either ([`delegation`]), nor twice; what nobody in
//! particular can decide on falls to the office; where nobody else works, one decides oneself, and the trail says so.
//!
//! Who can decide *now* is written down, and follows the directory in the transactions that change it: managers, roles,
//! departures, delegations. What follows from the clock alone, [`follow`] does. The rule itself is SQL
//! (`approval.deciders`), for triggers go by it as well.

pub mod approval;
mod decision;
pub mod delegation;
mod engine;
pub mod events;
mod follow;
pub mod graphql;
mod ids;
pub mod rule;
mod step;

use common::Permission;

pub use approval::{Approval, State, waiting_for};
pub use decision::Decision;
pub use delegation::Delegation;
pub use engine::{
    ALREADY_DECIDED, ALREADY_PENDING, Approved, INVALID_TRANSITION, NOT_APPROVER, OWN_REQUEST, Outcome,
    StepPreview, Subject, Verdict, assignees, assignees_of, begin, decidable, decide, preview,
    waiting_employees, withdraw,
};
pub use follow::{follow, tell};
pub use ids::{ApprovalId, CategoryId, DelegationId, DepartmentId, RuleId};
pub use rule::Rule;
pub use step::{Quorum, RuleStep, Who};

/// The rights of this crate, for the module that merges its [`graphql`].
pub const PERMISSIONS: [&Permission; 4] = [&rule::READ, &rule::MANAGE, &delegation::MANAGE, &approval::READ];
