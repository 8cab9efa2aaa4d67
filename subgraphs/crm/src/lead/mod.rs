//! Leads: who may buy, who looks after them, and how far they have come.

mod form;
mod live;
mod merge;
mod model;
mod repo;
mod score;

use std::collections::{HashMap, HashSet};

use chrono::{Datelike as _, Duration};
use common::{MembershipId, Page, Refusal, Result, Slice};
use custom::Definitions;
use database::{Ctx, Record as _, Tx};

pub use self::form::{LeadAssignInput, LeadCreateInput, LeadLoseInput, LeadUpdateInput};
pub use self::live::LeadSubscription;
pub use self::merge::LeadMergeInput;
pub(crate) use self::merge::merge;
pub(crate) use self::model::{CONVERTED, NUMBERS, select_lead};
pub use self::model::{Lead, LeadStatus};
pub(crate) use self::repo::select_page;
pub use self::repo::{LeadFilter, LeadSort};
pub use self::score::LeadScoreReason;
use crate::campaign::Campaign;
use crate::events::{LeadAssigned, LeadCreated, LeadOwnerChanged, LeadUpdated};
use crate::ids::{LeadId, LeadSourceId};
use crate::lead_source::LeadSource;
use crate::lost_reason::LostReason;
use crate::owner;
use crate::rights::{LEAD_MANAGE, LEAD_READ};
use crate::{assignment, catalogue, words};

/// Creates a lead, which the caller looks after unless somebody else is named.
pub async fn create(ctx: &Ctx, input: LeadCreateInput) -> Result<Lead> {
    let mut tx = ctx.begin(&LEAD_MANAGE).await?;
    let mut lead = Lead { owner_membership_id: tx.membership_id(), ..Lead::blank(tx.now()) };
    let before = lead.clone();
    let fields = Definitions::of::<Lead>(&mut tx).await?;
    lead.fill_in(input.into(), &fields)?;
    check_references(&mut tx, &before, &lead).await?;
    let year = tx.now().year();
    lead.number = tx.next_number(&NUMBERS, year).await?;
    enter(&mut tx, std::slice::from_mut(&mut lead)).await?;
    announce_owner(&mut tx, None, &lead).await?;
    tx.commit(lead).await
}

/// Enters new leads that have their numbers: what they are worth is counted, and until when somebody is to answer.
pub(crate) async fn enter(tx: &mut Tx, leads: &mut [Lead]) -> Result<()> {
    let sources = sources_of(tx, leads.iter()).await?;
    for lead in &mut *leads {
        let source = lead.source_id.and_then(|id| sources.get(&id));
        let hours = source.and_then(|source| source.first_response_hours);
        lead.sla_due_at = hours.map(|hours| lead.created_at + Duration::hours(hours.into()));
        lead.count_points(source.map_or(0, |source| source.points));
    }
    owner::refusals(tx.save_all(leads).await)?;
    let created: Vec<LeadCreated> = leads.iter().map(Lead::created).collect();
    tx.emit_all(&created).await?;
    let owned = leads.iter().filter(|lead| lead.owner_membership_id.is_some());
    let owned: Vec<LeadOwnerChanged> = owned.map(Lead::owner_changed).collect();
    tx.emit_all(&owned).await
}

/// Changes a lead.
pub async fn update(ctx: &Ctx, id: LeadId, input: LeadUpdateInput) -> Result<Lead> {
    let mut tx = ctx.begin(&LEAD_MANAGE).await?;
    let mut lead: Lead = tx.lock_at(id, input.version).await?;
    let before = lead.clone();
    lead.check_changeable()?;
    let fields = match input.custom_fields.is_undefined() {
        true => Definitions::default(),
        false => Definitions::of::<Lead>(&mut tx).await?,
    };
    lead.fill_in(input, &fields)?;
    check_references(&mut tx, &before, &lead).await?;
    save(&mut tx, &before, &mut lead).await?;
    tx.commit(lead).await
}

/// Gives a lead to a member, or to whoever the rules of assignment say.
pub async fn assign(ctx: &Ctx, id: LeadId, input: LeadAssignInput) -> Result<Lead> {
    let mut turn = 0;
    loop {
        match Box::pin(assign_once(ctx, id, input.clone())).await {
            // Whoever had their turn was suspended at this very moment: the next one has it.
            Err(error) if input.owner_id.is_none() && owner::has_gone(&error) && turn < TURNS_MAX => {
                turn += 1
            }
            done => return done,
        }
    }
}

/// How often somebody else is looked for when whoever had their turn has just gone.
pub(crate) const TURNS_MAX: usize = 3;

async fn assign_once(ctx: &Ctx, id: LeadId, input: LeadAssignInput) -> Result<Lead> {
    let mut tx = ctx.begin(&LEAD_MANAGE).await?;
    let mut lead: Lead = tx.lock(id).await?;
    let before = lead.clone();
    lead.check_changeable()?;
    match input.owner_id {
        Some(wanted) => {
            lead.owner_membership_id = Some(wanted);
            let owners = (before.owner_membership_id, lead.owner_membership_id);
            owner::check(&mut tx, "ownerId", owners.0, owners.1, &LEAD_READ).await?;
        }
        None => {
            let picked = assignment::pick(&mut tx, &lead.facts()).await?;
            lead.owner_membership_id = Some(picked.ok_or(NO_RULE)?);
            owner::widen(&mut tx).await?;
        }
    }
    save(&mut tx, &before, &mut lead).await?;
    tx.commit(lead).await
}

/// Somebody has answered.
pub async fn contact(ctx: &Ctx, id: LeadId) -> Result<Lead> {
    go(ctx, id, LeadStatus::Contacted).await
}

/// They may well buy.
pub async fn qualify(ctx: &Ctx, id: LeadId) -> Result<Lead> {
    go(ctx, id, LeadStatus::Qualified).await
}

/// They may buy one day.
pub async fn nurture(ctx: &Ctx, id: LeadId) -> Result<Lead> {
    go(ctx, id, LeadStatus::Nurturing).await
}

/// They are not who buys.
pub async fn disqualify(ctx: &Ctx, id: LeadId) -> Result<Lead> {
    go(ctx, id, LeadStatus::Unqualified).await
}

/// It goes on after all.
pub async fn reopen(ctx: &Ctx, id: LeadId) -> Result<Lead> {
    go(ctx, id, LeadStatus::New).await
}

async fn go(ctx: &Ctx, id: LeadId, to: LeadStatus) -> Result<Lead> {
    let mut tx = ctx.begin(&LEAD_MANAGE).await?;
    let mut lead: Lead = tx.lock(id).await?;
    let before = lead.clone();
    if to == LeadStatus::Unqualified {
        check_free(&mut tx, id, None).await?;
    }
    lead.go(to, tx.now())?;
    save(&mut tx, &before, &mut lead).await?;
    tx.commit(lead).await
}

/// They have decided otherwise.
pub async fn lose(ctx: &Ctx, id: LeadId, input: LeadLoseInput) -> Result<Lead> {
    let mut tx = ctx.begin(&LEAD_MANAGE).await?;
    let mut lead: Lead = tx.lock(id).await?;
    let before = lead.clone();
    tx.reference::<LostReason>("reasonId", input.reason_id).await?;
    check_free(&mut tx, id, None).await?;
    lead.go(LeadStatus::Lost, tx.now())?;
    lead.lost_reason_id = Some(input.reason_id);
    save(&mut tx, &before, &mut lead).await?;
    tx.commit(lead).await
}

/// The leads that the filter lets through.
pub async fn list(ctx: &Ctx, filter: LeadFilter, sort: LeadSort, page: Page) -> Result<Slice<Lead>> {
    let mut tx = ctx.read_list(&LEAD_READ).await?;
    repo::select_page(&mut tx, &filter, sort, page).await
}

const CONVERTING: Refusal = Refusal::whole(
    "LEAD_CONVERTING",
    "this lead is being converted; take that operation to its end, or call it off, first",
);

/// Whether no operation makes a contact and a deal of a lead; asked under the lead's lock.
async fn check_free(tx: &mut Tx, id: LeadId, field: Option<&'static str>) -> Result<()> {
    let is_converting = sqlx::query_scalar!(
        r#"select exists (select from crm.operation where lead_id = $1 and kind = 'LEAD_CONVERT'
               and state in ('RUNNING', 'FAILED')) as "is_converting!""#,
        id as LeadId,
    );
    match is_converting.fetch_one(tx.conn()).await? {
        true => Err(field.map_or(CONVERTING, |field| CONVERTING.at(field)).into()),
        false => Ok(()),
    }
}

async fn check_archive(tx: &mut Tx, lead: &Lead) -> Result<()> {
    check_free(tx, lead.id, None).await
}

const NO_RULE: Refusal = Refusal::of(
    "ownerId",
    "NO_RULE_FITS",
    "no rule of assignment has anybody for this lead; say who looks after it",
);

/// Counts the points anew, saves, and tells what became of it.
pub(crate) async fn save(tx: &mut Tx, before: &Lead, lead: &mut Lead) -> Result<()> {
    let sources = sources_of(tx, std::iter::once(&*lead)).await?;
    count_points(lead, &sources);
    owner::refusals(tx.save(lead).await)?;
    if lead.version != before.version {
        tx.emit(&lead.updated()).await?;
    }
    if lead.owner_membership_id != before.owner_membership_id {
        tx.emit(&lead.owner_changed()).await?;
    }
    announce_owner(tx, before.owner_membership_id, lead).await
}

/// As [`save`], for many that stay whose they were: each as it was, and as it is to be.
pub(crate) async fn save_all(tx: &mut Tx, changed: Vec<(Lead, Lead)>) -> Result<()> {
    let (before, mut leads): (Vec<Lead>, Vec<Lead>) = changed.into_iter().unzip();
    let sources = sources_of(tx, leads.iter()).await?;
    leads.iter_mut().for_each(|lead| count_points(lead, &sources));
    owner::refusals(tx.save_all(&mut leads).await)?;
    let is_new = |(lead, before): &(&Lead, &Lead)| lead.version != before.version;
    let updated: Vec<LeadUpdated> =
        leads.iter().zip(&before).filter(is_new).map(|(lead, _)| lead.updated()).collect();
    tx.emit_all(&updated).await
}

async fn sources_of(
    tx: &mut Tx,
    leads: impl Iterator<Item = &Lead>,
) -> Result<HashMap<LeadSourceId, LeadSource>> {
    let ids: HashSet<LeadSourceId> = leads.filter_map(|lead| lead.source_id).collect();
    match ids.is_empty() {
        true => Ok(HashMap::new()),
        false => tx.find_many(&ids.into_iter().collect::<Vec<_>>()).await,
    }
}

fn count_points(lead: &mut Lead, sources: &HashMap<LeadSourceId, LeadSource>) {
    let source = lead.source_id.and_then(|id| sources.get(&id));
    lead.count_points(source.map_or(0, |source| source.points));
}

/// Whoever looks after a lead from now on hears of it.
pub(crate) async fn announce_owner(tx: &mut Tx, before: Option<MembershipId>, lead: &Lead) -> Result<()> {
    let Some(owner_membership_id) = lead.owner_membership_id else { return Ok(()) };
    if before == Some(owner_membership_id) || tx.membership_id() == Some(owner_membership_id) {
        return Ok(());
    }
    tx.emit(&LeadAssigned { lead_id: lead.id, number: lead.number.clone(), owner_membership_id }).await
}

/// Gives what a member looked after, and nobody has answered, to whoever the rules say; to nobody where none says.
pub(crate) async fn reassign_all(tx: &mut Tx, member: MembershipId) -> Result<()> {
    for before in repo::select_unanswered_of(tx, member).await? {
        let mut lead = before.clone();
        lead.owner_membership_id =
            assignment::pick(tx, &lead.facts()).await?.filter(|picked| *picked != member);
        save(tx, &before, &mut lead).await?;
    }
    Ok(())
}

/// Whether what a lead begins to refer to is there and in use.
async fn check_references(tx: &mut Tx, before: &Lead, now: &Lead) -> Result<()> {
    tx.check_reference::<LeadSource>("sourceId", before.source_id, now.source_id).await?;
    tx.check_reference::<Campaign>("campaignId", before.campaign_id, now.campaign_id).await?;
    catalogue::check(tx, catalogue::Named::in_list(&now.product_ids, &before.product_ids)).await?;
    let owners = (before.owner_membership_id, now.owner_membership_id);
    owner::check(tx, "ownerId", owners.0, owners.1, &LEAD_READ).await
}

impl Lead {
    /// What is announced of a new one.
    pub(crate) fn created(&self) -> LeadCreated {
        LeadCreated {
            lead_id: self.id,
            status: words::word(&self.status),
            owner_membership_id: self.owner_membership_id,
        }
    }

    /// What is announced of a changed one.
    pub(crate) fn updated(&self) -> LeadUpdated {
        LeadUpdated {
            lead_id: self.id,
            status: words::word(&self.status),
            owner_membership_id: self.owner_membership_id,
            is_archived: self.is_archived(),
        }
    }

    /// What is announced of one that is somebody else's, or nobody's, from now on.
    fn owner_changed(&self) -> LeadOwnerChanged {
        LeadOwnerChanged { lead_id: self.id, owner_membership_id: self.owner_membership_id }
    }
}

::graphql::queries! {
    Lead;
    /// The leads; those in use, the latest first, unless the arguments say otherwise.
    leads(LeadFilter, LeadSort) = list;
    /// One lead, archived or not; null when there is none of that id.
    lead;
}
