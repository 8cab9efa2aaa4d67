//! Rules of assignment: to whom new leads are given. The first rule that fits decides; its members have their turn one after
//! the other, and whoever may not come in is passed over.

use async_graphql::{Context, InputObject, SimpleObject};
use chrono::{DateTime, Utc};
use common::{Form, MembershipId, Page, Refusal, Result, Slice};
use database::{Ctx, OnConstraint as _, Record, Tx, page};
use graphql::{App as _, inputs, mutations, noun, queries, sorts};

use crate::Membership;
use crate::campaign::Campaign;
use crate::ids::{AssignmentRuleId, CampaignId, LeadSourceId, ProductId};
use crate::lead_source::LeadSource;
use crate::owner::{MAY_NOT_SEE, MEMBER_NOT_FOUND};
use crate::rights::{LEAD_READ, PIPELINE_MANAGE, PIPELINE_READ};
use crate::{catalogue, words};

/// A rule by which leads are given to members.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("assignment rule", table = "crm.assignment_rule", read = PIPELINE_READ)]
pub struct AssignmentRule {
    /// The id of the rule; opaque to clients.
    pub id: AssignmentRuleId,
    /// The name that people know it by.
    pub name: String,
    /// Where it stands among the rules: the first one that fits decides.
    pub position: i32,
    #[graphql(skip)]
    pub(crate) source_id: Option<LeadSourceId>,
    #[graphql(skip)]
    pub(crate) campaign_id: Option<CampaignId>,
    /// The id of the product that leads are interested in; null for any.
    pub product_id: Option<ProductId>,
    /// The two letters of the country that leads are in; null for any.
    pub country: Option<String>,
    /// How many points leads have at least; null for any number.
    pub min_score: Option<i32>,
    #[graphql(skip)]
    pub(crate) member_ids: Vec<MembershipId>,
    #[graphql(skip)]
    #[record(read)]
    pub(crate) last_member_id: Option<MembershipId>,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When it was archived; null while it is in use.
    pub archived_at: Option<DateTime<Utc>>,
}

/// What of a lead rules look at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub(crate) source_id: Option<LeadSourceId>,
    pub(crate) campaign_id: Option<CampaignId>,
    pub(crate) product_ids: Vec<ProductId>,
    pub(crate) country: Option<String>,
    pub(crate) score: i32,
}

// Use-cases.

/// Creates a rule.
pub async fn create(ctx: &Ctx, input: AssignmentRuleCreateInput) -> Result<AssignmentRule> {
    let mut tx = ctx.begin(&PIPELINE_MANAGE).await?;
    let mut rule = AssignmentRule { position: 1, ..AssignmentRule::blank(tx.now()) };
    fill_in(&mut tx, &mut rule, input.into()).await?;
    tx.save(&mut rule).await.on_constraint("assignment_rule_name_key", NAME_TAKEN)?;
    tx.commit(rule).await
}

/// Changes a rule.
pub async fn update(
    ctx: &Ctx,
    id: AssignmentRuleId,
    input: AssignmentRuleUpdateInput,
) -> Result<AssignmentRule> {
    let mut tx = ctx.begin(&PIPELINE_MANAGE).await?;
    let mut rule: AssignmentRule = tx.lock_at(id, input.version).await?;
    fill_in(&mut tx, &mut rule, input).await?;
    tx.save(&mut rule).await.on_constraint("assignment_rule_name_key", NAME_TAKEN)?;
    tx.commit(rule).await
}

/// The rules that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: AssignmentRuleFilter,
    sort: AssignmentRuleSort,
    page: Page,
) -> Result<Slice<AssignmentRule>> {
    let mut tx = ctx.read_list(&PIPELINE_READ).await?;
    Ok(page!(
        tx, AssignmentRule, page, sort: AssignmentRuleSort { Position => "position" },
        "(archived_at is not null) = $3",
        [filter.is_archived],
    ))
}

/// Whose turn it is to be given a lead, by the first rule that fits and has anybody who may come in. `None` when none has.
///
/// The rule is locked: two leads at once go to two members.
pub(crate) async fn pick(tx: &mut Tx, facts: &Facts) -> Result<Option<MembershipId>> {
    let rules = select_assignment_rule!("where archived_at is null order by position, id for update");
    let rules = rules.fetch_all(tx.conn()).await?;
    for rule in rules.iter().filter(|rule| rule.fits(facts)) {
        for member in rule.turns() {
            if !people::may(tx, member, &LEAD_READ).await? {
                continue;
            }
            sqlx::query!(
                "update crm.assignment_rule set last_member_id = $2 where id = $1",
                rule.id as AssignmentRuleId,
                member as MembershipId,
            )
            .execute(tx.conn())
            .await?;
            return Ok(Some(member));
        }
    }
    Ok(None)
}

// Rules.

const MEMBERS_MAX: usize = 50;
const NAME_TAKEN: Refusal = Refusal::of("name", "NAME_TAKEN", "another rule in use has this name");
const NOBODY: Refusal = Refusal::of("memberIds", "REQUIRED", "name somebody whom leads are given to");

impl AssignmentRule {
    /// Whether a lead is given by it.
    fn fits(&self, facts: &Facts) -> bool {
        self.source_id.is_none_or(|wanted| facts.source_id == Some(wanted))
            && self.campaign_id.is_none_or(|wanted| facts.campaign_id == Some(wanted))
            && self.product_id.is_none_or(|wanted| facts.product_ids.contains(&wanted))
            && (self.country.is_none() || self.country == facts.country)
            && self.min_score.is_none_or(|least| facts.score >= least)
    }

    /// Its members in the order of their turns: whoever comes after the one who was given the last lead is first.
    fn turns(&self) -> impl Iterator<Item = MembershipId> + use<> {
        let last = self.member_ids.iter().position(|member| Some(*member) == self.last_member_id);
        let first = last.map_or(0, |last| last + 1);
        let (members, count) = (self.member_ids.clone(), self.member_ids.len());
        (0..count).map(move |turn| members[(first + turn) % count])
    }
}

async fn fill_in(tx: &mut Tx, rule: &mut AssignmentRule, input: AssignmentRuleUpdateInput) -> Result<()> {
    let before = rule.clone();
    let mut form = Form::default();
    form.name("name", input.name, &mut rule.name);
    form.number("position", input.position, 1..=1_000, &mut rule.position);
    form.optional(input.source_id, &mut rule.source_id);
    form.optional(input.campaign_id, &mut rule.campaign_id);
    form.optional(input.product_id, &mut rule.product_id);
    words::country(&mut form, "country", input.country, &mut rule.country);
    form.optional_number("minScore", input.min_score, 0..=100, &mut rule.min_score);
    form.each_once("memberIds", input.member_ids, 0..=MEMBERS_MAX, &mut rule.member_ids);
    if rule.member_ids.is_empty() {
        form.refuse(NOBODY);
    }
    form.check()?;
    tx.check_reference::<LeadSource>("sourceId", before.source_id, rule.source_id).await?;
    tx.check_reference::<Campaign>("campaignId", before.campaign_id, rule.campaign_id).await?;
    catalogue::check(tx, catalogue::Named::in_field(rule.product_id, before.product_id)).await?;
    let added: Vec<MembershipId> =
        rule.member_ids.iter().filter(|member| !before.member_ids.contains(member)).copied().collect();
    for member in added {
        let at = || rule.member_ids.iter().position(|other| *other == member).unwrap_or_default();
        if tx.membership_id() != Some(member) && !people::works_here(tx, member).await? {
            return Err(MEMBER_NOT_FOUND.at(format!("memberIds.{}", at())).into());
        }
        if !people::may(tx, member, &LEAD_READ).await? {
            return Err(MAY_NOT_SEE.at(format!("memberIds.{}", at())).into());
        }
    }
    Ok(())
}

// GraphQL.

#[noun]
impl AssignmentRule {
    /// The source that leads came from; null for any.
    async fn source(&self, gql: &Context<'_>) -> Result<Option<LeadSource>> {
        gql.find(self.source_id).await
    }

    /// The campaign that brought leads; null for any.
    async fn campaign(&self, gql: &Context<'_>) -> Result<Option<Campaign>> {
        gql.find(self.campaign_id).await
    }

    /// The members who have their turn, one after the other.
    async fn members(&self) -> Vec<Option<Membership>> {
        self.member_ids.iter().map(|id| Some(Membership { id: *id })).collect()
    }
}

inputs! {
    /// The fields of a new rule.
    AssignmentRuleCreateInput,
    /// The fields of a rule to change; those that are absent stay as they are.
    AssignmentRuleUpdateInput {
        /// The name that people know it by: 1 to 100 characters, unique among those in use.
        required name: String,
        /// Where it stands among the rules, 1 to 1,000: the first one that fits decides. 1 when absent from a new one.
        defaulted position: i32,
        /// The id of the source that leads came from; null for any.
        nullable source_id: LeadSourceId,
        /// The id of the campaign that brought leads; null for any.
        nullable campaign_id: CampaignId,
        /// The id of the product that leads are interested in; null for any.
        nullable product_id: ProductId,
        /// The two letters of the country that leads are in, such as AT; null for any.
        nullable country: String,
        /// How many points leads have at least, 0 to 100; null for any number.
        nullable min_score: i32,
        /// The ids of the memberships that have their turn, 1 to 50, in their order.
        required member_ids: Vec<MembershipId>,
    }
}

/// Which rules a list has.
#[derive(Debug, Default, InputObject)]
pub struct AssignmentRuleFilter {
    /// True for the archived ones in place of those in use.
    #[graphql(default)]
    pub is_archived: bool,
}

sorts! {
    /// How a list of rules is ordered.
    AssignmentRuleSort {
        /// By where they stand.
        Position,
    }
}

queries! {
    AssignmentRule;
    /// The rules by which leads are given to members; those in use, in their order, unless the arguments say otherwise.
    assignment_rules(AssignmentRuleFilter, AssignmentRuleSort) = list;
    /// One rule, archived or not; null when there is none of that id.
    assignment_rule;
}

mutations! {
    AssignmentRule as assignment_rule;
    /// Creates a rule by which leads are given to members.
    assignment_rule_create(input: AssignmentRuleCreateInput) = create for PIPELINE_MANAGE;
    /// Changes a rule by which leads are given to members.
    assignment_rule_update(id: AssignmentRuleId, input: AssignmentRuleUpdateInput) = update for PIPELINE_MANAGE;
    archive and restore for PIPELINE_MANAGE;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_have_their_turn_one_after_the_other() {
        let members: Vec<MembershipId> = (0..3).map(|_| MembershipId::new()).collect();
        let mut rule =
            AssignmentRule { member_ids: members.clone(), ..AssignmentRule::blank(DateTime::UNIX_EPOCH) };
        assert_eq!(rule.turns().collect::<Vec<_>>(), members);
        rule.last_member_id = Some(members[1]);
        assert_eq!(rule.turns().collect::<Vec<_>>(), [members[2], members[0], members[1]]);
        // Whoever is no member of the rule any more has had their turn.
        rule.last_member_id = Some(MembershipId::new());
        assert_eq!(rule.turns().next(), Some(members[0]));
    }

    #[test]
    fn a_rule_fits_when_all_that_it_asks_for_is_so() {
        let rule = AssignmentRule {
            country: Some("AT".to_owned()),
            min_score: Some(50),
            ..AssignmentRule::blank(DateTime::UNIX_EPOCH)
        };
        let facts = |country: Option<&str>, score| Facts {
            country: country.map(str::to_owned),
            score,
            ..Facts::default()
        };
        assert!(rule.fits(&facts(Some("AT"), 50)));
        assert!(
            !rule.fits(&facts(Some("DE"), 50))
                && !rule.fits(&facts(None, 50))
                && !rule.fits(&facts(Some("AT"), 49))
        );
    }
}
