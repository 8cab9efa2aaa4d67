//! What a lead may be, and from which state it goes to which.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use common::{MembershipId, Refusal};
use custom::Values;
use database::{Record, Series};
use graphql::choices;
use rust_decimal::Decimal;
use sqlx::types::Json;

use super::score::LeadScoreReason;
use crate::assignment::Facts;
use crate::ids::{CampaignId, ContactId, DealId, LeadId, LeadSourceId, LostReasonId, ProductId, WebFormId};
use crate::rights::LEAD_READ;

choices! {
    /// How far a lead has come.
    LeadStatus {
        /// Nobody has answered.
        New,
        /// Somebody has talked to them.
        Contacted,
        /// They may well buy.
        Qualified,
        /// They may buy one day; one keeps in touch.
        Nurturing,
        /// They will not buy: they are not who buys.
        Unqualified,
        /// They have decided otherwise.
        Lost,
        /// They have become a contact and a deal.
        Converted,
    }
}

/// Somebody who may buy.
#[derive(Clone, Debug, PartialEq, SimpleObject, Record)]
#[graphql(complex)]
#[record("lead", table = "crm.lead", read = LEAD_READ, archive = super::check_archive)]
pub struct Lead {
    /// The id of the lead; opaque to clients.
    pub id: LeadId,
    /// The number that the organization knows it by, such as L-00001.
    #[record(once)]
    pub number: String,
    /// The first name of the person.
    pub first_name: Option<String>,
    /// The last name of the person; null when only the company is known.
    pub last_name: Option<String>,
    /// The name of the company; null when only the person is known.
    pub company_name: Option<String>,
    /// What the person does at the company.
    pub job_title: Option<String>,
    /// The mail address, in lower case.
    pub email: Option<String>,
    /// The phone number as ITU-T E.164 has it.
    pub phone: Option<String>,
    /// The two letters of the country that they are in.
    pub country: Option<String>,
    /// The city that they are in.
    pub city: Option<String>,
    #[graphql(skip)]
    pub(crate) source_id: Option<LeadSourceId>,
    #[graphql(skip)]
    pub(crate) campaign_id: Option<CampaignId>,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) web_form_id: Option<WebFormId>,
    #[graphql(skip)]
    pub(crate) owner_membership_id: Option<MembershipId>,
    /// How far it has come.
    pub status: LeadStatus,
    /// How likely it seems that they buy, in points: 0 to 100.
    pub score: i32,
    #[graphql(skip)]
    pub(crate) score_reasons: Json<Vec<LeadScoreReason>>,
    /// How much it looks like spam, in points: 0 to 100. Only what came by a web form is looked at.
    pub spam_points: i32,
    #[graphql(skip)]
    pub(crate) product_ids: Vec<ProductId>,
    #[graphql(skip)]
    pub(crate) estimated_value: Option<Decimal>,
    #[graphql(skip)]
    pub(crate) estimated_value_currency: Option<String>,
    /// What else is known of them, and what they wrote.
    pub notes: Option<String>,
    #[graphql(skip)]
    pub(crate) lost_reason_id: Option<LostReasonId>,
    /// When somebody answered first; null when nobody has.
    pub first_response_at: Option<DateTime<Utc>>,
    /// Until when somebody was to answer; null for whenever somebody can.
    pub sla_due_at: Option<DateTime<Utc>>,
    #[graphql(skip)]
    pub(crate) contact_id: Option<ContactId>,
    #[graphql(skip)]
    pub(crate) company_id: Option<ContactId>,
    #[graphql(skip)]
    pub(crate) deal_id: Option<DealId>,
    /// When it became a contact and a deal; null while it has not.
    pub converted_at: Option<DateTime<Utc>>,
    #[graphql(skip)]
    pub(crate) merged_into_id: Option<LeadId>,
    #[graphql(skip)]
    pub(crate) custom_fields: Values,
    /// The words that people find it by.
    pub tags: Vec<String>,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When it was archived; null while it is in use.
    pub archived_at: Option<DateTime<Utc>>,
    /// When the record was made.
    pub created_at: DateTime<Utc>,
    #[graphql(skip)]
    #[record(read)]
    pub(crate) sort_name: String,
}

pub(crate) const NUMBERS: Series =
    Series { key: "crm.lead", pattern: "L-{number:5}", is_yearly: false, place: ("crm.lead", "number") };

const INVALID_TRANSITION: Refusal = Refusal::whole("INVALID_TRANSITION", "");
const ARCHIVED: Refusal = Refusal::whole("ARCHIVED", "this lead is archived; restore it first");
pub(crate) const CONVERTED: Refusal = Refusal::whole(
    "LEAD_CONVERTED",
    "this lead has become a contact and a deal, and stays as it was; change those",
);

/// From which states a lead goes to which.
const STEPS: [(LeadStatus, &[LeadStatus]); 6] = {
    use LeadStatus::{Contacted, Lost, New, Nurturing, Qualified, Unqualified};
    [
        (Contacted, &[New, Nurturing]),
        (Qualified, &[New, Contacted, Nurturing]),
        (Nurturing, &[New, Contacted, Qualified]),
        (Unqualified, &[New, Contacted, Qualified, Nurturing]),
        (Lost, &[New, Contacted, Qualified, Nurturing]),
        (New, &[Lost, Unqualified]),
    ]
};

impl Lead {
    /// What people read: the person's name, or else the company's.
    pub(crate) fn name(&self) -> String {
        let person = [self.first_name.as_deref(), self.last_name.as_deref()];
        let person = person.into_iter().flatten().collect::<Vec<_>>().join(" ");
        if person.is_empty() { self.company_name.clone().unwrap_or_default() } else { person }
    }

    /// It goes to another state, which is not being converted.
    pub(crate) fn go(&mut self, to: LeadStatus, now: DateTime<Utc>) -> Result<(), Refusal> {
        self.check_changeable()?;
        let from = STEPS.iter().find(|(step, _)| *step == to).map(|(_, from)| *from).unwrap_or_default();
        if !from.contains(&self.status) {
            return Err(INVALID_TRANSITION.saying("from where the lead is it does not go there"));
        }
        if to == LeadStatus::Contacted {
            self.first_response_at.get_or_insert(now);
        }
        if to == LeadStatus::New {
            self.lost_reason_id = None;
        }
        self.status = to;
        Ok(())
    }

    /// Whether it may become a contact and a deal.
    pub(crate) fn check_convertible(&self) -> Result<(), Refusal> {
        self.check_changeable()?;
        match self.status {
            LeadStatus::New | LeadStatus::Contacted | LeadStatus::Qualified | LeadStatus::Nurturing => Ok(()),
            _ => Err(INVALID_TRANSITION.saying("what is lost or not qualified is reopened first")),
        }
    }

    /// Whether it may be changed at all.
    pub(crate) fn check_changeable(&self) -> Result<(), Refusal> {
        match (self.status, self.archived_at) {
            (LeadStatus::Converted, _) => Err(CONVERTED),
            (_, Some(_)) => Err(ARCHIVED),
            _ => Ok(()),
        }
    }

    /// Whether somebody is still to buy or to say no.
    pub(crate) fn is_open(&self) -> bool {
        self.check_convertible().is_ok()
    }

    /// Whether somebody should have answered by now, or has answered too late.
    pub(crate) fn is_late(&self, now: DateTime<Utc>) -> bool {
        self.sla_due_at.is_some_and(|due| self.first_response_at.unwrap_or(now) > due)
    }

    /// What rules of assignment look at.
    pub(crate) fn facts(&self) -> Facts {
        Facts {
            source_id: self.source_id,
            campaign_id: self.campaign_id,
            product_ids: self.product_ids.clone(),
            country: self.country.clone(),
            score: self.score,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [LeadStatus; 7] = [
        LeadStatus::New,
        LeadStatus::Contacted,
        LeadStatus::Qualified,
        LeadStatus::Nurturing,
        LeadStatus::Unqualified,
        LeadStatus::Lost,
        LeadStatus::Converted,
    ];

    fn lead(status: LeadStatus) -> Lead {
        Lead { status, ..Lead::blank(DateTime::UNIX_EPOCH) }
    }

    #[test]
    fn a_lead_goes_where_the_table_says_and_nowhere_else() {
        for from in ALL {
            for to in ALL {
                let allowed = STEPS.iter().any(|(step, sources)| *step == to && sources.contains(&from));
                assert_eq!(lead(from).go(to, DateTime::UNIX_EPOCH).is_ok(), allowed, "{from:?} to {to:?}");
            }
        }
    }

    #[test]
    fn a_converted_lead_goes_nowhere_and_a_lost_one_is_reopened_before_it_is_converted() {
        for to in ALL {
            assert_eq!(lead(LeadStatus::Converted).go(to, DateTime::UNIX_EPOCH), Err(CONVERTED));
        }
        for (status, may) in
            [(LeadStatus::New, true), (LeadStatus::Lost, false), (LeadStatus::Unqualified, false)]
        {
            assert_eq!(lead(status).check_convertible().is_ok(), may, "{status:?}");
        }
    }

    #[test]
    fn who_is_contacted_was_answered_and_whoever_answers_late_was_late() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let mut one = Lead { sla_due_at: Some(at(100)), ..lead(LeadStatus::New) };
        assert!(!one.is_late(at(100)) && one.is_late(at(101)));
        one.go(LeadStatus::Contacted, at(50)).unwrap();
        assert!(!one.is_late(at(1_000)));
        one.first_response_at = Some(at(101));
        assert!(one.is_late(at(1_000)));
    }
}
