//! What a deal may be, and how it goes from stage to stage.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use common::{MembershipId, Refusal};
use custom::Values;
use database::{Record, Series};
use graphql::{Date, choices};
use rust_decimal::Decimal;

use crate::ids::{CampaignId, ContactId, DealId, LeadId, LeadSourceId, LostReasonId, PipelineId, StageId};
use crate::pipeline::{Stage, StageCategory, StageRequirement};
use crate::rights::DEAL_READ;

choices! {
    /// Whether a deal goes on.
    DealStatus {
        /// It goes on.
        Open,
        /// It was won.
        Won,
        /// Somebody else has won it, or nobody.
        Lost,
        /// Nobody goes on with it.
        Abandoned,
    }
}

choices! {
    /// How much a forecast counts on a deal.
    DealForecastCategory {
        /// It is one of many.
        Pipeline,
        /// It will be won if all goes well.
        BestCase,
        /// Its owner stands for it.
        Commit,
        /// It is left out.
        Omitted,
    }
}

/// Something that may be sold to somebody.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("deal", table = "crm.deal", read = DEAL_READ, parts = "lines")]
pub struct Deal {
    /// The id of the deal; opaque to clients.
    pub id: DealId,
    /// The number that the organization knows it by, such as D-00001.
    #[record(once)]
    pub number: String,
    /// What people call it.
    pub title: String,
    #[graphql(skip)]
    pub(crate) pipeline_id: PipelineId,
    #[graphql(skip)]
    pub(crate) stage_id: StageId,
    /// Whether it goes on.
    pub status: DealStatus,
    #[graphql(skip)]
    pub(crate) company_id: Option<ContactId>,
    #[graphql(skip)]
    pub(crate) owner_membership_id: Option<MembershipId>,
    #[graphql(skip)]
    pub(crate) amount: Decimal,
    #[graphql(skip)]
    pub(crate) currency: String,
    #[graphql(skip)]
    pub(crate) probability_override: Option<Decimal>,
    /// The day on which it is expected to be decided.
    pub expected_close: Option<Date>,
    /// When it was won, lost or given up; null while it goes on.
    pub closed_at: Option<DateTime<Utc>>,
    #[graphql(skip)]
    pub(crate) lost_reason_id: Option<LostReasonId>,
    /// Who else wants to sell, or has sold.
    pub competitor: Option<String>,
    /// What is to be done next.
    pub next_step: Option<String>,
    /// What there is to say of it.
    pub description: Option<String>,
    /// How much a forecast counts on it.
    pub forecast_category: DealForecastCategory,
    /// Since when it is in its stage.
    pub entered_stage_at: DateTime<Utc>,
    #[graphql(skip)]
    pub(crate) lead_id: Option<LeadId>,
    #[graphql(skip)]
    pub(crate) source_id: Option<LeadSourceId>,
    #[graphql(skip)]
    pub(crate) campaign_id: Option<CampaignId>,
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
}

pub(crate) const NUMBERS: Series =
    Series { key: "crm.deal", pattern: "D-{number:5}", is_yearly: false, place: ("crm.deal", "number") };

/// What there is of a deal beside its row, as far as stages ask for it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Parts {
    pub(crate) lines: usize,
    pub(crate) contacts: usize,
}

const INVALID_TRANSITION: Refusal = Refusal::whole("INVALID_TRANSITION", "");
const ARCHIVED: Refusal = Refusal::whole("ARCHIVED", "this deal is archived; restore it first");
const STAGE_REQUIRES: Refusal = Refusal::whole("STAGE_REQUIRES", "");

impl Deal {
    /// Whether somebody still decides on it: it is open, and in use.
    pub(crate) fn is_going_on(&self) -> bool {
        self.status == DealStatus::Open && self.archived_at.is_none()
    }

    /// How likely it is won, in per cent: what somebody has said of it, or else what its stage says.
    pub(crate) fn probability(&self, stage: &Stage) -> Decimal {
        match self.status {
            DealStatus::Open => self.probability_override.unwrap_or(stage.probability),
            DealStatus::Won => Decimal::ONE_HUNDRED,
            DealStatus::Lost | DealStatus::Abandoned => Decimal::ZERO,
        }
    }

    /// Whether it has been in its stage for too long.
    pub(crate) fn is_rotting(&self, stage: &Stage, now: DateTime<Utc>) -> bool {
        let days = stage.rotting_days.filter(|_| self.status == DealStatus::Open);
        days.is_some_and(|days| self.entered_stage_at < now - chrono::Duration::days(days.into()))
    }

    /// It goes to another stage that is open.
    pub(crate) fn move_to(&mut self, stage: &Stage, now: DateTime<Utc>) -> Result<(), Refusal> {
        self.check_open()?;
        match stage.category {
            StageCategory::Open => self.enter(stage, now),
            StageCategory::Won => {
                return Err(INVALID_TRANSITION.saying("a deal is won by winning it").at("stageId"));
            }
            StageCategory::Lost => {
                return Err(INVALID_TRANSITION.saying("a deal is lost by losing it").at("stageId"));
            }
        }
        Ok(())
    }

    /// It is won.
    pub(crate) fn win(&mut self, stage: &Stage, now: DateTime<Utc>) -> Result<(), Refusal> {
        self.check_open()?;
        (self.status, self.closed_at) = (DealStatus::Won, Some(now));
        self.enter(stage, now);
        Ok(())
    }

    /// It is lost, for a reason.
    pub(crate) fn lose(
        &mut self,
        stage: &Stage,
        reason: LostReasonId,
        now: DateTime<Utc>,
    ) -> Result<(), Refusal> {
        self.check_open()?;
        (self.status, self.closed_at, self.lost_reason_id) = (DealStatus::Lost, Some(now), Some(reason));
        self.enter(stage, now);
        Ok(())
    }

    /// Nobody goes on with it; it stays where it is.
    pub(crate) fn abandon(&mut self, now: DateTime<Utc>) -> Result<(), Refusal> {
        self.check_open()?;
        (self.status, self.closed_at) = (DealStatus::Abandoned, Some(now));
        Ok(())
    }

    /// It goes on, in a stage that is open.
    pub(crate) fn reopen(&mut self, stage: &Stage, now: DateTime<Utc>) -> Result<(), Refusal> {
        if self.archived_at.is_some() {
            return Err(ARCHIVED);
        }
        if self.status == DealStatus::Open {
            return Err(INVALID_TRANSITION.saying("it goes on already"));
        }
        (self.status, self.closed_at, self.lost_reason_id) = (DealStatus::Open, None, None);
        self.enter(stage, now);
        Ok(())
    }

    fn enter(&mut self, stage: &Stage, now: DateTime<Utc>) {
        if self.stage_id != stage.id {
            (self.pipeline_id, self.stage_id, self.entered_stage_at) = (stage.pipeline_id, stage.id, now);
        }
    }

    fn check_open(&self) -> Result<(), Refusal> {
        if self.archived_at.is_some() {
            return Err(ARCHIVED);
        }
        match self.status {
            DealStatus::Open => Ok(()),
            _ => Err(INVALID_TRANSITION.saying("it is closed; reopen it first")),
        }
    }

    /// What is not known of it and must be in a stage, each at its field.
    pub(crate) fn missing(&self, stage: &Stage, parts: Parts) -> Vec<Refusal> {
        let refused = |field: &'static str, what: &str| {
            STAGE_REQUIRES.saying(format!("deals in {} have {what}", stage.name)).at(field)
        };
        let missing = stage.required_fields.iter().filter_map(|wanted| match wanted {
            StageRequirement::Company => {
                self.company_id.is_none().then(|| refused("companyId", "a company that buys"))
            }
            StageRequirement::Contact => {
                (parts.contacts == 0).then(|| refused("contacts", "a contact to talk to"))
            }
            StageRequirement::Owner => self
                .owner_membership_id
                .is_none()
                .then(|| refused("ownerId", "somebody who looks after them")),
            StageRequirement::Amount => self.amount.is_zero().then(|| refused("amount", "an amount above 0")),
            StageRequirement::ExpectedClose => self
                .expected_close
                .is_none()
                .then(|| refused("expectedClose", "a day when they are expected to be decided")),
            StageRequirement::NextStep => {
                self.next_step.is_none().then(|| refused("nextStep", "a next step"))
            }
            StageRequirement::Lines => {
                (parts.lines == 0).then(|| refused("lines", "lines that say what is sold"))
            }
            StageRequirement::Competitor => {
                self.competitor.is_none().then(|| refused("competitor", "a competitor that is known"))
            }
        });
        missing.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(category: StageCategory, probability: i64) -> Stage {
        let pipeline = PipelineId::new();
        Stage { category, probability: probability.into(), ..Stage::blank(DateTime::UNIX_EPOCH, pipeline) }
    }

    fn deal(status: DealStatus, at: &Stage) -> Deal {
        Deal { status, ..Deal::blank(DateTime::UNIX_EPOCH, at.pipeline_id, at.id) }
    }

    #[test]
    fn an_open_deal_is_moved_won_lost_or_given_up_and_a_closed_one_only_reopened() {
        let (open, won, lost) =
            (stage(StageCategory::Open, 40), stage(StageCategory::Won, 100), stage(StageCategory::Lost, 0));
        let now = DateTime::UNIX_EPOCH;
        for status in [DealStatus::Open, DealStatus::Won, DealStatus::Lost, DealStatus::Abandoned] {
            let is_open = status == DealStatus::Open;
            assert_eq!(deal(status, &open).move_to(&open, now).is_ok(), is_open, "{status:?}");
            assert_eq!(deal(status, &open).win(&won, now).is_ok(), is_open, "{status:?}");
            assert_eq!(
                deal(status, &open).lose(&lost, LostReasonId::new(), now).is_ok(),
                is_open,
                "{status:?}"
            );
            assert_eq!(deal(status, &open).abandon(now).is_ok(), is_open, "{status:?}");
            assert_eq!(deal(status, &open).reopen(&open, now).is_ok(), !is_open, "{status:?}");
        }
        let mut deal = deal(DealStatus::Open, &open);
        assert!(deal.move_to(&won, now).is_err() && deal.move_to(&lost, now).is_err());
        deal.lose(&lost, LostReasonId::new(), now).unwrap();
        assert!(deal.closed_at.is_some() && deal.stage_id == lost.id);
        deal.reopen(&open, now).unwrap();
        assert!(deal.closed_at.is_none() && deal.lost_reason_id.is_none());
    }

    #[test]
    fn a_deal_is_as_likely_as_its_stage_unless_somebody_says_otherwise() {
        let open = stage(StageCategory::Open, 40);
        let mut deal = deal(DealStatus::Open, &open);
        assert_eq!(deal.probability(&open), Decimal::from(40));
        deal.probability_override = Some(Decimal::from(75));
        assert_eq!(deal.probability(&open), Decimal::from(75));
        deal.status = DealStatus::Won;
        assert_eq!(deal.probability(&open), Decimal::ONE_HUNDRED);
    }

    #[test]
    fn what_a_stage_asks_for_is_told_at_its_field() {
        let mut open = stage(StageCategory::Open, 40);
        open.required_fields =
            vec![StageRequirement::Amount, StageRequirement::Contact, StageRequirement::Owner];
        let mut deal = deal(DealStatus::Open, &open);
        let fields = |deal: &Deal, contacts| {
            let missing = deal.missing(&open, Parts { lines: 0, contacts });
            missing.iter().map(|refusal| refusal.field.clone().unwrap().into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(fields(&deal, 0), ["amount", "contacts", "ownerId"]);
        deal.amount = Decimal::ONE;
        assert_eq!(fields(&deal, 1), ["ownerId"]);
    }
}
