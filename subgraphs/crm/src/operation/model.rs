//! What an operation may be, and what its steps are.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use graphql::choices;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Operation, PATIENCE};
use crate::deal::DealLineInput;
use crate::ids::{ContactId, DealId, PipelineId, StageId};

choices! {
    /// What goes through more than one module.
    OperationKind {
        /// A lead becomes a contact and a deal.
        LeadConvert,
        /// A deal is won.
        DealWin,
    }
}

choices! {
    /// How far an operation has come.
    OperationState {
        /// It goes on, by itself if need be.
        Running,
        /// All that was to be done is done.
        Done,
        /// A step cannot be done; somebody is to look at it.
        Failed,
        /// It was called off, and what was done is undone.
        Cancelled,
        /// It was only tried: nothing was done.
        Planned,
    }
}

choices! {
    /// What a step does.
    OperationStepName {
        /// The company is found among the contacts, or made.
        Company,
        /// The person is found among the contacts, or made.
        Person,
        /// The deal is made, or won.
        Deal,
        /// Activities and files go to the deal.
        Activities,
        /// The lead is converted for good.
        Lead,
        /// Whoever buys becomes a customer.
        Customer,
        /// Others are told: projects, invoices and reservations follow.
        Announcement,
    }
}

choices! {
    /// Whether a step was done.
    OperationStepState {
        /// It is still to be done.
        Pending,
        /// It was done.
        Done,
        /// There was nothing to do.
        Skipped,
        /// It was undone.
        Undone,
    }
}

choices! {
    /// What a step came to.
    OperationOutcome {
        /// It was there already.
        Found,
        /// It was made.
        Created,
    }
}

/// A step of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, SimpleObject)]
pub struct OperationStep {
    /// What it does.
    pub name: OperationStepName,
    /// Whether it was done.
    pub state: OperationStepState,
    /// What it came to; null where it finds and makes nothing.
    pub outcome: Option<OperationOutcome>,
    /// When it was done, or undone; null while it is not.
    pub at: Option<DateTime<Utc>>,
}

/// What a step came to, as it is noted.
pub(super) type Came = (OperationStepState, Option<OperationOutcome>);

/// A step that was done.
pub(super) const DONE: Came = (OperationStepState::Done, None);
/// A step in which there was nothing to do.
pub(super) const SKIPPED: Came = (OperationStepState::Skipped, None);

/// Steps that are still to be done.
pub(super) fn steps(names: &[OperationStepName]) -> Vec<OperationStep> {
    let step = |name: &OperationStepName| OperationStep {
        name: *name,
        state: OperationStepState::Pending,
        outcome: None,
        at: None,
    };
    names.iter().map(step).collect()
}

/// What was asked for, and what the steps have come to so far.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Asked {
    /// The contacts that somebody has chosen.
    pub(crate) company_id: Option<ContactId>,
    pub(crate) contact_id: Option<ContactId>,
    /// The deal that a lead becomes.
    pub(crate) wants_deal: bool,
    pub(crate) title: Option<String>,
    pub(crate) pipeline_id: Option<PipelineId>,
    pub(crate) stage_id: Option<StageId>,
    pub(crate) amount: Option<Decimal>,
    pub(crate) lines: Vec<DealLineInput>,
    /// What is to follow from a deal that is won.
    pub(crate) wants_project: bool,
    pub(crate) wants_invoice: bool,
    /// What was found and made.
    pub(crate) found_company_id: Option<ContactId>,
    pub(crate) found_contact_id: Option<ContactId>,
    pub(crate) made_deal_id: Option<DealId>,
    /// The lead's files that hang on the contact since, where no deal was made.
    pub(crate) moved_files: Vec<Uuid>,
}

impl Operation {
    /// One that has failed goes on.
    pub(super) fn revive(&mut self, now: DateTime<Utc>) {
        (self.state, self.ended_at, self.attempts) = (OperationState::Running, None, 0);
        self.next_at = Some(now + PATIENCE);
    }

    /// Of what was only tried, what was made is not there: its ids lead nowhere.
    pub(super) fn forget_what_was_made(&mut self) {
        let is_made = |name: OperationStepName| {
            let step = self.steps.iter().find(|step| step.name == name);
            step.is_some_and(|step| step.outcome == Some(OperationOutcome::Created))
        };
        let made =
            [OperationStepName::Company, OperationStepName::Person, OperationStepName::Deal].map(is_made);
        let [company, person, deal] = made;
        self.input.found_company_id = self.input.found_company_id.filter(|_| !company);
        self.input.found_contact_id = self.input.found_contact_id.filter(|_| !person);
        if deal {
            (self.input.made_deal_id, self.deal_id) = (None, None);
        }
    }

    /// Whether it is done, or was called off.
    pub(super) fn has_ended(&self) -> bool {
        matches!(self.state, OperationState::Done | OperationState::Cancelled | OperationState::Planned)
    }
}
