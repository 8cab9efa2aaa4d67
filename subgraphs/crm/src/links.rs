//! How this module's nouns lead to one another. They stand above the nouns, so that no noun needs one that needs it.

use std::collections::HashMap;

use async_graphql::{ComplexObject, Context};
use common::{EmployeeId, MembershipId, Permission, Result};
use database::Tx;
use graphql::{App as _, Batch, Money, cost, noun};
use rust_decimal::Decimal;

use crate::Membership;
use crate::activity::Activity;
use crate::campaign::Campaign;
use crate::deal::{ChangesOf, ContactsOf, Deal, DealContact, DealLine, LinesOf, StageChange};
use crate::lead::{Lead, LeadScoreReason};
use crate::lead_source::LeadSource;
use crate::lost_reason::LostReason;
use crate::others::{Contact, Employee, Product, ProductVariant};
use crate::pipeline::{Pipeline, Stage};
use crate::rights::DEAL_READ;

#[noun(custom_fields, attachments)]
impl Deal {
    /// The pipeline that it goes through.
    async fn pipeline(&self, gql: &Context<'_>) -> Result<Option<Pipeline>> {
        gql.find(self.pipeline_id).await
    }

    /// The stage that it is in.
    async fn stage(&self, gql: &Context<'_>) -> Result<Option<Stage>> {
        gql.find(self.stage_id).await
    }

    /// The company that buys; null for none.
    async fn company(&self) -> Option<Contact> {
        self.company_id.map(|id| Contact { id })
    }

    /// The contacts that have to do with it, the one to talk to first; 50 at most.
    #[graphql(directive = cost::apply(2))]
    async fn contacts(&self, gql: &Context<'_>) -> Result<Vec<DealContact>> {
        Ok(gql.load::<ContactsOf>(self.id).await?.unwrap_or_default())
    }

    /// The contact to talk to; null for none.
    #[graphql(directive = cost::apply(1))]
    async fn primary_contact(&self, gql: &Context<'_>) -> Result<Option<Contact>> {
        let contacts = gql.load::<ContactsOf>(self.id).await?.unwrap_or_default();
        Ok(contacts
            .into_iter()
            .find(|contact| contact.is_primary)
            .map(|contact| Contact { id: contact.contact_id }))
    }

    /// The member who looks after it; null for nobody.
    async fn owner(&self) -> Option<Membership> {
        self.owner_membership_id.map(|id| Membership { id })
    }

    /// The employee who looks after it, so that their leave and their team are found; null for nobody, and for members who
    /// are no employees.
    #[graphql(directive = cost::apply(1))]
    async fn owner_employee(&self, gql: &Context<'_>) -> Result<Option<Employee>> {
        let Some(owner) = self.owner_membership_id else { return Ok(None) };
        Ok(gql.load::<EmployeeOf>(owner).await?.map(|id| Employee { id }))
    }

    /// What it is worth; of a deal with lines, what they come to.
    async fn amount(&self) -> Money {
        Money::new(self.amount, &self.currency)
    }

    /// How likely it is won, in per cent: what somebody has said of it, or else what its stage says.
    #[graphql(name = "probability")]
    async fn likelihood(&self, gql: &Context<'_>) -> Result<Option<Decimal>> {
        let stage: Option<Stage> = gql.find(self.stage_id).await?;
        Ok(stage.map(|stage| self.probability(&stage)))
    }

    /// Whether somebody has said how likely it is, in place of its stage.
    async fn is_probability_overridden(&self) -> bool {
        self.probability_override.is_some()
    }

    /// Whether it has been in its stage for longer than that allows.
    #[graphql(name = "isRotting")]
    async fn rots(&self, gql: &Context<'_>) -> Result<bool> {
        let stage: Option<Stage> = gql.find(self.stage_id).await?;
        Ok(stage.is_some_and(|stage| self.is_rotting(&stage, gql.app().now())))
    }

    /// Why it was lost; null while it is not.
    async fn lost_reason(&self, gql: &Context<'_>) -> Result<Option<LostReason>> {
        gql.find(self.lost_reason_id).await
    }

    /// The lead that it was; null for none, and to whoever may not see it.
    async fn lead(&self, gql: &Context<'_>) -> Result<Option<Lead>> {
        gql.find(self.lead_id).await
    }

    /// The source that it came from; null for none.
    async fn source(&self, gql: &Context<'_>) -> Result<Option<LeadSource>> {
        gql.find(self.source_id).await
    }

    /// The campaign that brought it; null for none.
    async fn campaign(&self, gql: &Context<'_>) -> Result<Option<Campaign>> {
        gql.find(self.campaign_id).await
    }

    /// What is to be sold, in its order; 200 at most.
    #[graphql(directive = cost::apply(3))]
    async fn lines(&self, gql: &Context<'_>) -> Result<Vec<DealLine>> {
        Ok(gql.load::<LinesOf>(self.id).await?.unwrap_or_default())
    }

    /// What became of it, the latest first; 200 at most.
    #[graphql(directive = cost::apply(5))]
    async fn stage_changes(&self, gql: &Context<'_>) -> Result<Vec<StageChange>> {
        Ok(gql.load::<ChangesOf>(self.id).await?.unwrap_or_default())
    }
}

#[ComplexObject]
impl DealLine {
    /// The product; null for what is in no catalogue.
    async fn product(&self) -> Option<Product> {
        self.product_id.map(|id| Product { id })
    }

    /// Its variant; null for a product without variants.
    async fn variant(&self) -> Option<ProductVariant> {
        self.variant_id.map(|id| ProductVariant { id })
    }

    /// What one of it costs.
    async fn unit_price(&self, gql: &Context<'_>) -> Result<Option<Money>> {
        let deal: Option<Deal> = gql.find(self.deal_id).await?;
        Ok(deal.map(|deal| Money::new(self.unit_price, &deal.currency)))
    }

    /// What all of it comes to after what comes off.
    async fn amount(&self, gql: &Context<'_>) -> Result<Option<Money>> {
        let deal: Option<Deal> = gql.find(self.deal_id).await?;
        Ok(deal.map(|deal| Money::new(self.amount, &deal.currency)))
    }
}

#[ComplexObject]
impl DealContact {
    /// The contact; null when there is none any more, or to whoever may not see them.
    async fn contact(&self) -> Option<Contact> {
        Some(Contact { id: self.contact_id })
    }
}

#[ComplexObject]
impl StageChange {
    /// The stage that the deal left; null in the first entry.
    #[graphql(name = "fromStage")]
    async fn stage_before(&self, gql: &Context<'_>) -> Result<Option<Stage>> {
        gql.find(self.from_stage_id).await
    }

    /// The stage that it was in from then on.
    async fn stage(&self, gql: &Context<'_>) -> Result<Option<Stage>> {
        gql.find(self.stage_id).await
    }

    /// The member who looked after it; null for nobody.
    async fn owner(&self) -> Option<Membership> {
        self.owner_membership_id.map(|id| Membership { id })
    }

    /// What it was worth.
    async fn amount(&self) -> Money {
        Money::new(self.amount, &self.currency)
    }

    /// The member who did it; null when it was the system.
    async fn changed_by(&self) -> Option<Membership> {
        self.created_by.map(|id| Membership { id })
    }
}

#[noun(custom_fields, attachments)]
impl Lead {
    /// What people read: the person's name, or else the company's.
    #[graphql(name = "name")]
    async fn full_name(&self) -> String {
        self.name()
    }

    /// The member who looks after it; null for nobody.
    async fn owner(&self) -> Option<Membership> {
        self.owner_membership_id.map(|id| Membership { id })
    }

    /// The lead that it was merged into; null where it was not, and to whoever may not see that one.
    async fn merged_into(&self, gql: &Context<'_>) -> Result<Option<Lead>> {
        gql.find(self.merged_into_id).await
    }

    /// The source that it came from; null for none.
    async fn source(&self, gql: &Context<'_>) -> Result<Option<LeadSource>> {
        gql.find(self.source_id).await
    }

    /// The campaign that brought it; null for none.
    async fn campaign(&self, gql: &Context<'_>) -> Result<Option<Campaign>> {
        gql.find(self.campaign_id).await
    }

    /// Why it has the points that it has.
    async fn score_reasons(&self) -> &[LeadScoreReason] {
        &self.score_reasons
    }

    /// The products that they are interested in.
    async fn products(&self) -> Vec<Option<Product>> {
        self.product_ids.iter().map(|id| Some(Product { id: *id })).collect()
    }

    /// What it may be worth; null when nobody knows.
    async fn estimated_value(&self) -> Option<Money> {
        Some(Money::new(self.estimated_value?, self.estimated_value_currency.as_deref()?))
    }

    /// Whether somebody should have answered by now, or has answered too late.
    async fn sla_breached(&self, gql: &Context<'_>) -> bool {
        self.is_late(gql.app().now())
    }

    /// Why it was lost; null while it is not.
    async fn lost_reason(&self, gql: &Context<'_>) -> Result<Option<LostReason>> {
        gql.find(self.lost_reason_id).await
    }

    /// The person whom it has become; null while it has not.
    async fn contact(&self) -> Option<Contact> {
        self.contact_id.map(|id| Contact { id })
    }

    /// The company that it has become; null while it has not.
    async fn company(&self) -> Option<Contact> {
        self.company_id.map(|id| Contact { id })
    }

    /// The deal that it has become; null while it has not, and to whoever may not see it.
    async fn deal(&self, gql: &Context<'_>) -> Result<Option<Deal>> {
        gql.find(self.deal_id).await
    }
}

#[noun]
impl Activity {
    /// The lead that it is about; null for none, and to whoever may not see it.
    async fn lead(&self, gql: &Context<'_>) -> Result<Option<Lead>> {
        gql.find(self.lead_id).await
    }

    /// The deal that it is about; null for none, and to whoever may not see it.
    async fn deal(&self, gql: &Context<'_>) -> Result<Option<Deal>> {
        gql.find(self.deal_id).await
    }

    /// The contact that it is about; null for none.
    async fn contact(&self) -> Option<Contact> {
        self.contact_id.map(|id| Contact { id })
    }

    /// The member who does it; null for nobody yet.
    async fn assignee(&self) -> Option<Membership> {
        self.assignee_membership_id.map(|id| Membership { id })
    }
}

/// The employees that members are; of several of one member the one who has not left.
struct EmployeeOf;

impl Batch for EmployeeOf {
    type Key = MembershipId;
    type Value = EmployeeId;
    const READ: &'static Permission = &DEAL_READ;

    async fn load(tx: &mut Tx, keys: &[MembershipId]) -> Result<HashMap<MembershipId, EmployeeId>> {
        let rows = sqlx::query!(
            r#"select distinct on (membership_id) membership_id as "member!: MembershipId", id as "id!: EmployeeId"
               from people.employee where membership_id = any($1) order by membership_id, left_on desc nulls first, id"#,
            keys as &[MembershipId],
        );
        Ok(rows.fetch_all(tx.conn()).await?.into_iter().map(|row| (row.member, row.id)).collect())
    }
}
