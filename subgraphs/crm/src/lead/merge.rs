//! Two leads that are one: what the one lacks comes from the other, and all that hangs on that one goes over.

use async_graphql::InputObject;
use common::{Refusal, Result};
use database::{Ctx, Tx};

use super::model::Lead;
use super::{check_free, save};
use crate::ids::LeadId;
use crate::rights::LEAD_MANAGE;

/// Which lead goes into another.
#[derive(Clone, Debug, InputObject)]
pub struct LeadMergeInput {
    /// The id of the lead that goes into the other: it is archived, and leads there.
    pub loser_id: LeadId,
    /// True to see what would become of it, and change nothing.
    #[graphql(default)]
    pub dry_run: bool,
}

const SAME: Refusal = Refusal::of("loserId", "SAME_LEAD", "this is the lead itself");
/// The most products and tags that a lead has.
const EACH_MAX: usize = 20;
/// The most characters of notes.
const NOTES_MAX: usize = 10_000;

/// Merges a lead into another.
pub async fn merge(ctx: &Ctx, id: LeadId, input: LeadMergeInput) -> Result<Lead> {
    let mut tx = ctx.begin(&LEAD_MANAGE).await?;
    if id == input.loser_id {
        return Err(SAME.into());
    }
    let (mut winner, mut loser) = lock_both(&mut tx, id, input.loser_id).await?;
    winner.check_changeable()?;
    loser.check_changeable().map_err(|refusal| refusal.at("loserId"))?;
    check_free(&mut tx, loser.id, Some("loserId")).await?;
    let (before, loser_before) = (winner.clone(), loser.clone());
    winner.take_from(&loser);
    (loser.archived_at, loser.merged_into_id) = (Some(tx.now()), Some(winner.id));
    save(&mut tx, &loser_before, &mut loser).await?;
    save(&mut tx, &before, &mut winner).await?;
    move_activities(&mut tx, loser.id, winner.id).await?;
    files::hand_over::<Lead, Lead>(&mut tx, loser.id, winner.id).await?;
    // What is not committed has not happened.
    if input.dry_run { Ok(winner) } else { tx.commit(winner).await }
}

/// Always the smaller id first: two merges the other way round do not wait for each other.
async fn lock_both(tx: &mut Tx, winner: LeadId, loser: LeadId) -> Result<(Lead, Lead)> {
    let [first, second] = if winner < loser { [winner, loser] } else { [loser, winner] };
    let (first, second): (Lead, Lead) = (tx.lock(first).await?, tx.lock(second).await?);
    Ok(if first.id == winner { (first, second) } else { (second, first) })
}

async fn move_activities(tx: &mut Tx, from: LeadId, to: LeadId) -> Result<()> {
    sqlx::query!(
        "update crm.activity set lead_id = $2, version = version + 1 where lead_id = $1",
        from as LeadId,
        to as LeadId,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

impl Lead {
    /// Takes over what this one lacks. A person is taken whole: the first name of one does not go with the last name of
    /// another. Notes that would be too long together stay where they were.
    fn take_from(&mut self, other: &Self) {
        if self.last_name.is_none() {
            self.first_name.clone_from(&other.first_name);
            self.last_name.clone_from(&other.last_name);
            self.job_title.clone_from(&other.job_title);
        }
        fill(&mut self.company_name, &other.company_name);
        fill(&mut self.job_title, &other.job_title);
        fill(&mut self.email, &other.email);
        fill(&mut self.phone, &other.phone);
        if self.country.is_none() {
            self.country.clone_from(&other.country);
            fill(&mut self.city, &other.city);
        }
        fill(&mut self.source_id, &other.source_id);
        fill(&mut self.campaign_id, &other.campaign_id);
        fill(&mut self.owner_membership_id, &other.owner_membership_id);
        if self.estimated_value.is_none() {
            self.estimated_value = other.estimated_value;
            self.estimated_value_currency.clone_from(&other.estimated_value_currency);
        }
        self.first_response_at = earlier(self.first_response_at, other.first_response_at);
        self.sla_due_at = earlier(self.sla_due_at, other.sla_due_at);
        unite(&mut self.product_ids, &other.product_ids);
        unite(&mut self.tags, &other.tags);
        self.custom_fields.take_missing(&other.custom_fields);
        self.notes = match (self.notes.take(), &other.notes) {
            (None, notes) => notes.clone(),
            (Some(own), Some(more))
                if own.chars().count() + more.chars().count() + 2 <= NOTES_MAX && own != *more =>
            {
                Some(format!("{own}\n\n{more}"))
            }
            (own, _) => own,
        };
    }
}

fn fill<T: Clone>(place: &mut Option<T>, other: &Option<T>) {
    if place.is_none() {
        place.clone_from(other);
    }
}

fn earlier<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    [one, other].into_iter().flatten().min()
}

fn unite<T: Clone + PartialEq>(place: &mut Vec<T>, other: &[T]) {
    let missing: Vec<T> = other.iter().filter(|one| !place.contains(one)).cloned().collect();
    place.extend(missing);
    place.truncate(EACH_MAX);
}
