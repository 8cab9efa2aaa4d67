//! Deals as forms have them.

use std::mem::take;

use async_graphql::InputObject;
use async_graphql::MaybeUndefined;
use common::{Currency, Form, MembershipId, Refusal, Result};
use custom::{CustomFieldInput, Definitions};
use graphql::{Date, inputs};
use rust_decimal::Decimal;

use super::line::{self, DealLine, DealLineInput, LINES_MAX};
use super::model::{Deal, DealForecastCategory, DealStatus};
use super::participant::{self, DealContact, DealContactInput};
use crate::ids::{CampaignId, ContactId, LeadSourceId, LostReasonId, PipelineId, StageId};

inputs! {
    /// The fields of a new deal.
    DealCreateInput,
    /// The fields of a deal to change; those that are absent stay as they are.
    DealUpdateInput {
        /// The id of the pipeline that it goes through; the default one when absent.
        once pipeline_id: Option<PipelineId>,
        /// The id of the stage that it begins in; the first one of its pipeline when absent.
        once stage_id: Option<StageId>,
        /// The ISO 4217 code of its currency; it stays so. That of its pipeline when absent.
        once currency: Option<String>,
        /// What people call it: 1 to 200 characters.
        required title: String,
        /// The id of the company that buys; null for none.
        nullable company_id: ContactId,
        /// The contacts that have to do with it, 50 at most, in place of those before.
        defaulted contacts: Vec<DealContactInput>,
        /// The id of the membership that looks after it; null for nobody. The caller's when absent from a new one.
        nullable owner_id: MembershipId,
        /// What it is worth, in its currency, no finer than that; 0 when absent from a new one. Of a deal with lines it is what
        /// they come to.
        defaulted amount: Decimal,
        /// How likely it is won, in per cent, of two decimals at most; null for what its stage says.
        nullable probability: Decimal,
        /// The day on which it is expected to be decided; null for nobody knows.
        nullable expected_close: Date,
        /// Who else wants to sell: 1 to 200 characters.
        nullable competitor: String,
        /// What is to be done next: 1 to 500 characters.
        nullable next_step: String,
        /// What there is to say of it: 1 to 10,000 characters.
        nullable description: String,
        /// How much a forecast counts on it.
        defaulted forecast_category: DealForecastCategory,
        /// The id of the source that it came from; null for none.
        nullable source_id: LeadSourceId,
        /// The id of the campaign that brought it; null for none.
        nullable campaign_id: CampaignId,
        /// What is to be sold, in its order, 200 lines at most, in place of those before.
        defaulted lines: Vec<DealLineInput>,
        /// The values of custom fields to set or to clear, each field once; those that are not named stay as they are.
        defaulted custom_fields: Vec<CustomFieldInput>,
        /// The words that people find it by, in place of those before: 20 at most, each of 1 to 40 characters without
        /// a comma.
        defaulted tags: Vec<String>,
    }
}

/// Where a deal goes.
#[derive(Clone, Debug, InputObject)]
pub struct DealMoveInput {
    /// The id of the stage, an open one, also of another pipeline.
    pub stage_id: StageId,
}

/// Why a deal was lost.
#[derive(Clone, Debug, InputObject)]
pub struct DealLoseInput {
    /// The id of the reason.
    pub reason_id: LostReasonId,
    /// Who has sold in our place: 1 to 200 characters; what is known of it stays when absent.
    pub competitor: Option<String>,
}

/// Where a deal goes on.
#[derive(Clone, Debug, Default, InputObject)]
pub struct DealReopenInput {
    /// The id of an open stage of its pipeline; the one that it was in before it was closed when absent.
    pub stage_id: Option<StageId>,
}

const AMOUNT_FROM_LINES: Refusal = Refusal::of(
    "amount",
    "AMOUNT_FROM_LINES",
    "this deal has lines, and is worth what they come to; change those",
);
const TOO_LARGE: Refusal = Refusal::of("lines", "AMOUNT_TOO_LARGE", "this comes to more than can be kept");
const CLOSED: Refusal =
    Refusal::whole("DEAL_CLOSED", "what a closed deal was worth stays as it was; reopen it first");

/// The parts of a deal that a form says anything of.
#[derive(Debug, Default)]
pub(crate) struct Given {
    pub(crate) lines: Option<Vec<DealLine>>,
    pub(crate) contacts: Option<Vec<DealContact>>,
}

impl Deal {
    /// Takes in a form: a new one into a blank, a changed one into what there was, which had so many lines.
    pub(crate) fn fill_in(
        &mut self,
        mut form: Form,
        mut input: DealUpdateInput,
        fields: &Definitions,
        lines_before: usize,
    ) -> Result<Given> {
        let before = self.clone();
        form.name_within("title", take(&mut input.title), 200, &mut self.title);
        form.optional(input.company_id, &mut self.company_id);
        form.optional(input.owner_id, &mut self.owner_membership_id);
        let percents = Decimal::ZERO..=Decimal::ONE_HUNDRED;
        form.optional_decimal("probability", input.probability, percents, 2, &mut self.probability_override);
        form.optional(input.expected_close, &mut self.expected_close);
        form.optional_name_within("competitor", take(&mut input.competitor), 200, &mut self.competitor);
        form.optional_name_within("nextStep", take(&mut input.next_step), 500, &mut self.next_step);
        form.optional_text("description", take(&mut input.description), 10_000, &mut self.description);
        form.set("forecastCategory", input.forecast_category, &mut self.forecast_category);
        form.optional(input.source_id, &mut self.source_id);
        form.optional(input.campaign_id, &mut self.campaign_id);
        let given = self.fill_in_parts(&mut form, &mut input, lines_before);
        fields.fill_in(&mut form, take(&mut input.custom_fields), self.version == 0, &mut self.custom_fields);
        custom::tags(&mut form, "tags", input.tags, &mut self.tags);
        let is_worth = |deal: &Self| {
            (deal.amount, deal.probability_override, deal.expected_close, deal.owner_membership_id)
        };
        let is_changed = is_worth(&before) != is_worth(self) || given.lines.is_some();
        if self.status != DealStatus::Open && is_changed {
            form.refuse(CLOSED);
        }
        form.check()?;
        Ok(given)
    }

    fn fill_in_parts(&mut self, form: &mut Form, input: &mut DealUpdateInput, lines_before: usize) -> Given {
        let mut given = Given::default();
        if let MaybeUndefined::Value(contacts) = take(&mut input.contacts) {
            given.contacts = Some(participant::filled_in(form, contacts, self.id));
        }
        let lines = take(&mut input.lines);
        let has_lines = match &lines {
            MaybeUndefined::Value(lines) => !lines.is_empty(),
            _ => lines_before > 0,
        };
        if input.amount.is_value() && has_lines {
            form.refuse(AMOUNT_FROM_LINES);
        }
        let is_said = input.amount.is_value();
        let amounts = Decimal::ZERO..=Decimal::from(Currency::AMOUNT_MAX);
        form.amount("amount", take(&mut input.amount), &self.currency, amounts, &mut self.amount);
        if let MaybeUndefined::Value(lines) = lines {
            let (mut filled, currency) = (Vec::new(), self.currency.clone());
            form.each("lines", common::given(lines), 0..=LINES_MAX, &mut filled, |form, input| {
                line::filled_in(form, input, &currency)
            });
            if !filled.is_empty() || lines_before > 0 && !is_said {
                self.amount = filled.iter().map(|line| line.amount).sum();
            }
            if self.amount > Decimal::from(Currency::AMOUNT_MAX) {
                form.refuse(TOO_LARGE);
            }
            let id = self.id;
            given.lines = Some(filled.into_iter().enumerate().map(|(at, line)| line.of(id, at)).collect());
        }
        given
    }
}
