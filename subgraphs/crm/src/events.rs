//! What this module announces: ids and states, no names.

use common::{MembershipId, event};
use rust_decimal::Decimal;

use crate::ids::{ActivityId, ContactId, DealId, LeadId, OperationId, PipelineId, QuoteId, StageId};

event! {
    /// A lead was made.
    LeadCreated = "crm.lead.created", of lead_id {
        /// The lead.
        lead_id: LeadId,
        /// NEW, CONTACTED, QUALIFIED, NURTURING, UNQUALIFIED, LOST or CONVERTED.
        status: String,
        /// The member who looks after it.
        owner_membership_id: Option<MembershipId>,
    }

    /// A lead was changed, or went from state to state.
    LeadUpdated = "crm.lead.updated", of lead_id {
        /// The lead.
        lead_id: LeadId,
        /// NEW, CONTACTED, QUALIFIED, NURTURING, UNQUALIFIED, LOST or CONVERTED.
        status: String,
        /// The member who looks after it.
        owner_membership_id: Option<MembershipId>,
        /// Whether it is archived.
        is_archived: bool,
    }

    /// Somebody looks after a lead from now on.
    LeadAssigned = "crm.lead.assigned", of lead_id {
        /// The lead.
        lead_id: LeadId,
        /// The number that the organization knows it by.
        number: String,
        /// The member who looks after it.
        owner_membership_id: MembershipId,
    }

    /// Somebody else, or nobody, looks after a lead from now on: also whoever has taken it or made it.
    LeadOwnerChanged = "crm.lead_owner.changed", of lead_id {
        /// The lead.
        lead_id: LeadId,
        /// The member who looks after it; null for nobody.
        owner_membership_id: Option<MembershipId>,
    }

    /// A lead has become a contact and a deal.
    LeadConverted = "crm.lead.converted", of lead_id {
        /// The lead.
        lead_id: LeadId,
        /// The operation by which it was.
        operation_id: OperationId,
        /// The person.
        contact_id: Option<ContactId>,
        /// The company.
        company_id: Option<ContactId>,
        /// The deal; none where only the contact was wanted.
        deal_id: Option<DealId>,
    }

    /// A deal was made.
    DealCreated = "crm.deal.created", of deal_id {
        /// The deal.
        deal_id: DealId,
        /// Its pipeline.
        pipeline_id: PipelineId,
        /// Its stage.
        stage_id: StageId,
        /// OPEN, WON, LOST or ABANDONED.
        status: String,
        /// The member who looks after it.
        owner_membership_id: Option<MembershipId>,
    }

    /// A deal was changed.
    DealUpdated = "crm.deal.updated", of deal_id {
        /// The deal.
        deal_id: DealId,
        /// Its pipeline.
        pipeline_id: PipelineId,
        /// Its stage.
        stage_id: StageId,
        /// OPEN, WON, LOST or ABANDONED.
        status: String,
        /// The member who looks after it.
        owner_membership_id: Option<MembershipId>,
        /// Whether it is archived.
        is_archived: bool,
    }

    /// A deal went to another stage.
    DealStageChanged = "crm.deal.stage_changed", of deal_id {
        /// The deal.
        deal_id: DealId,
        /// Its pipeline.
        pipeline_id: PipelineId,
        /// The stage that it left.
        from_stage_id: StageId,
        /// The stage that it is in.
        stage_id: StageId,
    }

    /// A deal was won. Whoever makes a project, a draft of an invoice or a reservation of it does so once for each operation.
    DealWon = "crm.deal.won", of deal_id {
        /// The deal.
        deal_id: DealId,
        /// The operation by which it was.
        operation_id: OperationId,
        /// The company that buys.
        company_id: Option<ContactId>,
        /// The person to talk to.
        contact_id: Option<ContactId>,
        /// What it is worth.
        amount: Decimal,
        /// The ISO 4217 code of its currency.
        currency: String,
        /// Whether a project is wanted of it.
        wants_project: bool,
        /// Whether the draft of an invoice is wanted of it.
        wants_invoice: bool,
        /// The member who looks after it.
        owner_membership_id: Option<MembershipId>,
    }

    /// A deal was lost, or nobody goes on with it.
    DealLost = "crm.deal.lost", of deal_id {
        /// The deal.
        deal_id: DealId,
        /// LOST or ABANDONED.
        status: String,
        /// The member who looks after it.
        owner_membership_id: Option<MembershipId>,
    }

    /// A deal that was closed is open again: what was made of it is to be looked at.
    DealReopened = "crm.deal.reopened", of deal_id {
        /// The deal.
        deal_id: DealId,
        /// The stage that it is in.
        stage_id: StageId,
    }

    /// A quote was sent.
    QuoteSent = "crm.quote.sent", of quote_id {
        /// The quote.
        quote_id: QuoteId,
        /// Its deal.
        deal_id: DealId,
        /// Which one of the deal's it is.
        revision: i32,
    }

    /// A customer has accepted a quote.
    QuoteAccepted = "crm.quote.accepted", of quote_id {
        /// The quote.
        quote_id: QuoteId,
        /// Its deal.
        deal_id: DealId,
        /// The number that the organization knows it by.
        number: String,
        /// The member who looks after the deal.
        owner_membership_id: Option<MembershipId>,
    }

    /// A customer has declined a quote.
    QuoteDeclined = "crm.quote.declined", of quote_id {
        /// The quote.
        quote_id: QuoteId,
        /// Its deal.
        deal_id: DealId,
        /// The number that the organization knows it by.
        number: String,
        /// The member who looks after the deal.
        owner_membership_id: Option<MembershipId>,
    }

    /// What something costs that a draft of a quote offers is another by some price list than when its lines were written; the
    /// draft stays as it is. Told once, until its lines are written anew.
    QuotePricesChanged = "crm.quote.prices_changed", of quote_id {
        /// The quote.
        quote_id: QuoteId,
        /// Its deal.
        deal_id: DealId,
        /// The number that the organization knows it by.
        number: String,
        /// The member who looks after the deal.
        owner_membership_id: Option<MembershipId>,
    }

    /// It is time for an activity.
    ActivityDue = "crm.activity.fallen_due", of activity_id {
        /// The activity.
        activity_id: ActivityId,
        /// CALL, MEETING, TASK, EMAIL or NOTE.
        kind: String,
        /// The member whose it is.
        assignee_membership_id: Option<MembershipId>,
    }
}
