//! What can be done with leads and deals. It stands above both and above operations, for a lead becomes a deal by one.

use graphql::mutations;

use crate::deal::{
    self, Deal, DealCreateInput, DealLoseInput, DealMoveInput, DealReopenInput, DealStatus, DealUpdateInput,
};
use crate::ids::{DealId, LeadId};
use crate::lead::{
    self, Lead, LeadAssignInput, LeadCreateInput, LeadLoseInput, LeadMergeInput, LeadStatus, LeadUpdateInput,
};
use crate::operation::{self, DealWinInput, LeadConvertInput, Operation};
use crate::rights::{DEAL_MANAGE, LEAD_MANAGE};

mutations! {
    Deal as deal;
    /// Creates a deal.
    deal_create(input: DealCreateInput) = deal::create for DEAL_MANAGE;
    /// Changes a deal.
    deal_update(id: DealId, input: DealUpdateInput) = deal::update for DEAL_MANAGE;
    /// Moves an open deal to another open stage.
    deal_move(
        /// The id of the deal.
        id: DealId,
        /// Where it goes.
        input: DealMoveInput
    ) = deal::move_ for DEAL_MANAGE if |deal| deal.status == DealStatus::Open;
    /// Wins a deal, and lets follow what is to follow from it: an operation, whose steps are done by and by.
    deal_win(
        /// The id of the deal.
        id: DealId,
        /// What follows.
        input: DealWinInput
    ) -> /// The operation by which it is won, as far as it has come; null when nothing was done.
        operation: Operation = operation::win for DEAL_MANAGE if |deal| deal.status == DealStatus::Open;
    /// Loses a deal, for a reason.
    deal_lose(
        /// The id of the deal.
        id: DealId,
        /// Why.
        input: DealLoseInput
    ) = deal::lose for DEAL_MANAGE if |deal| deal.status == DealStatus::Open;
    /// Gives a deal up: nobody goes on with it.
    deal_abandon(id: DealId) = deal::abandon for DEAL_MANAGE if |deal| deal.status == DealStatus::Open;
    /// Goes on with a deal that was closed; what became of it stays written down.
    deal_reopen(
        /// The id of the deal.
        id: DealId,
        /// Where it goes on.
        input: DealReopenInput
    ) = deal::reopen for DEAL_MANAGE if |deal| deal.status != DealStatus::Open;
    archive and restore for DEAL_MANAGE;
    attach and detach for DEAL_MANAGE;
}

mutations! {
    Lead as lead;
    /// Creates a lead.
    lead_create(input: LeadCreateInput) = lead::create for LEAD_MANAGE;
    /// Changes a lead.
    lead_update(id: LeadId, input: LeadUpdateInput) = lead::update for LEAD_MANAGE if |lead| lead.check_changeable().is_ok();
    /// Gives a lead to a member, or to whoever the rules of assignment say.
    lead_assign(
        /// The id of the lead.
        id: LeadId,
        /// To whom.
        input: LeadAssignInput
    ) = lead::assign for LEAD_MANAGE if |lead| lead.check_changeable().is_ok();
    /// Notes that somebody has talked to a lead.
    lead_contact(id: LeadId) = lead::contact for LEAD_MANAGE
        if |lead| matches!(lead.status, LeadStatus::New | LeadStatus::Nurturing);
    /// Notes that a lead may well buy.
    lead_qualify(id: LeadId) = lead::qualify for LEAD_MANAGE if |lead| lead.is_open() && lead.status != LeadStatus::Qualified;
    /// Keeps in touch with a lead that may buy one day.
    lead_nurture(id: LeadId) = lead::nurture for LEAD_MANAGE if |lead| lead.is_open() && lead.status != LeadStatus::Nurturing;
    /// Notes that a lead will not buy: they are not who buys.
    lead_disqualify(id: LeadId) = lead::disqualify for LEAD_MANAGE if |lead| lead.is_open();
    /// Notes that a lead has decided otherwise, for a reason.
    lead_lose(
        /// The id of the lead.
        id: LeadId,
        /// Why.
        input: LeadLoseInput
    ) = lead::lose for LEAD_MANAGE if |lead| lead.is_open();
    /// Goes on with a lead that was lost or not qualified.
    lead_reopen(id: LeadId) = lead::reopen for LEAD_MANAGE
        if |lead| matches!(lead.status, LeadStatus::Lost | LeadStatus::Unqualified);
    /// Makes of a lead a contact and a deal, once: an operation, whose steps are done by and by.
    lead_convert(
        /// The id of the lead.
        id: LeadId,
        /// What it becomes.
        input: LeadConvertInput
    ) -> /// The operation by which it is converted, as far as it has come; null when nothing was done.
        operation: Operation = operation::convert for LEAD_MANAGE if |lead| lead.is_open();
    /// Merges another lead into this one, which takes over what it lacks, activities and files; the other one is archived.
    lead_merge(
        /// The id of the lead that stays.
        id: LeadId,
        /// Which one goes into it.
        input: LeadMergeInput
    ) = lead::merge for LEAD_MANAGE if |lead| lead.check_changeable().is_ok();
    archive and restore for LEAD_MANAGE;
    attach and detach for LEAD_MANAGE;
}
