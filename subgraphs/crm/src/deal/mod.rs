//! Deals: what may be sold, to whom, by whom, and how far it has come.

mod form;
mod line;
mod model;
mod participant;
mod repo;
mod stage_change;

use chrono::Datelike as _;
use common::{Form, MembershipId, Page, Refusal, Result, Slice};
use custom::Definitions;
use database::{Ctx, OnConstraint as _, Record as _, Tx};

use self::form::Given;
pub use self::form::{DealCreateInput, DealLoseInput, DealMoveInput, DealReopenInput, DealUpdateInput};
pub use self::line::{DealLine, DealLineInput};
pub(crate) use self::line::{LINES_MAX, Line, LinesOf, filled_in as line_filled_in, select_of as lines_of};
pub use self::model::{Deal, DealStatus};
pub(crate) use self::model::{NUMBERS, Parts, select_deal};
pub(crate) use self::participant::{ContactsOf, select_of as contacts_of};
pub use self::participant::{DealContact, DealContactInput, DealContactRole};
pub(crate) use self::repo::won_between;
pub use self::repo::{DealFilter, DealSort};
pub(crate) use self::stage_change::ChangesOf;
pub use self::stage_change::StageChange;
use crate::campaign::Campaign;
use crate::events::{DealCreated, DealLost, DealReopened, DealStageChanged, DealUpdated};
use crate::ids::{DealId, PipelineId, StageId};
use crate::lead_source::LeadSource;
use crate::lost_reason::LostReason;
use crate::pipeline::{Pipeline, Stage, StageCategory, stages_of, usual_pipeline};
use crate::rights::{DEAL_MANAGE, DEAL_READ};
use crate::{catalogue, owner, party, words};

/// Creates a deal, which the caller looks after unless somebody else is named.
pub async fn create(ctx: &Ctx, mut input: DealCreateInput) -> Result<Deal> {
    let mut tx = ctx.begin(&DEAL_MANAGE).await?;
    let begins = Beginning {
        pipeline_id: input.pipeline_id,
        stage_id: input.stage_id,
        currency: input.currency.take(),
        owner: tx.membership_id(),
    };
    let deal = Box::pin(make(&mut tx, begins, input.into(), |_| {})).await?;
    tx.commit(deal).await
}

/// What of a new deal is said once.
#[derive(Debug, Default)]
pub(crate) struct Beginning {
    pub(crate) pipeline_id: Option<PipelineId>,
    pub(crate) stage_id: Option<StageId>,
    pub(crate) currency: Option<String>,
    pub(crate) owner: Option<MembershipId>,
}

/// Makes a deal as a form says it; `also` says what no form does.
pub(crate) async fn make(
    tx: &mut Tx,
    begins: Beginning,
    input: DealUpdateInput,
    also: impl FnOnce(&mut Deal),
) -> Result<Deal> {
    let pipeline = match begins.pipeline_id {
        Some(id) => tx.reference::<Pipeline>("pipelineId", id).await?,
        None => usual_pipeline(tx).await?,
    };
    let stages = stages_of(tx, pipeline.id).await?;
    let is_wanted = |stage: &&Stage| {
        stage.category == StageCategory::Open && begins.stage_id.is_none_or(|wanted| wanted == stage.id)
    };
    let stage = stages.iter().find(is_wanted).ok_or(STAGE_NOT_FOUND)?;
    let mut deal = Deal::blank(tx.now(), pipeline.id, stage.id);
    let before = deal.clone();
    let mut form = Form::default();
    let currency = begins.currency.unwrap_or(pipeline.currency);
    form.currency("currency", common::given(currency), &mut deal.currency);
    (deal.entered_stage_at, deal.owner_membership_id) = (tx.now(), begins.owner);
    let fields = Definitions::of::<Deal>(tx).await?;
    let given = deal.fill_in(form, input, &fields, 0)?;
    also(&mut deal);
    check_references(tx, &before, &deal, &given).await?;
    let parts = Parts {
        lines: given.lines.as_ref().map_or(0, Vec::len),
        contacts: given.contacts.as_ref().map_or(0, Vec::len),
    };
    check_stage(&deal, stage, parts)?;
    let year = tx.now().year();
    deal.number = tx.next_number(&NUMBERS, year).await?;
    owner::refusals(save(tx, &mut deal).await)?;
    save_parts(tx, deal.id, given).await?;
    tx.emit(&deal.created()).await?;
    Ok(deal)
}

/// Changes a deal.
pub async fn update(ctx: &Ctx, id: DealId, input: DealUpdateInput) -> Result<Deal> {
    let mut tx = ctx.begin(&DEAL_MANAGE).await?;
    let mut deal: Deal = tx.lock_at(id, input.version).await?;
    let before = deal.clone();
    let fields = match input.custom_fields.is_undefined() {
        true => Definitions::default(),
        false => Definitions::of::<Deal>(&mut tx).await?,
    };
    let mut parts = parts_of(&mut tx, id).await?;
    let given = deal.fill_in(Form::default(), input, &fields, parts.lines)?;
    check_references(&mut tx, &before, &deal, &given).await?;
    parts.lines = given.lines.as_ref().map_or(parts.lines, Vec::len);
    parts.contacts = given.contacts.as_ref().map_or(parts.contacts, Vec::len);
    if deal.status == DealStatus::Open {
        let stage: Stage = tx.find(deal.stage_id).await?;
        check_stage(&deal, &stage, parts)?;
    }
    let are_changed = save_parts(&mut tx, id, given).await?;
    owner::refusals(tx.save_with_parts(&mut deal, are_changed).await)?;
    if deal.version != before.version {
        tx.emit(&deal.updated()).await?;
    }
    tx.commit(deal).await
}

/// Moves a deal to another stage.
pub async fn move_(ctx: &Ctx, id: DealId, input: DealMoveInput) -> Result<Deal> {
    let mut tx = ctx.begin(&DEAL_MANAGE).await?;
    let mut deal: Deal = tx.lock(id).await?;
    let from_stage_id = deal.stage_id;
    let stage: Stage = tx.reference("stageId", input.stage_id).await?;
    deal.move_to(&stage, tx.now())?;
    let parts = parts_of(&mut tx, id).await?;
    check_stage(&deal, &stage, parts)?;
    save(&mut tx, &mut deal).await?;
    if deal.stage_id != from_stage_id {
        let (deal_id, pipeline_id, stage_id) = (deal.id, deal.pipeline_id, deal.stage_id);
        tx.emit(&DealStageChanged { deal_id, pipeline_id, from_stage_id, stage_id }).await?;
    }
    tx.commit(deal).await
}

/// Loses a deal, for a reason.
pub async fn lose(ctx: &Ctx, id: DealId, input: DealLoseInput) -> Result<Deal> {
    let mut tx = ctx.begin(&DEAL_MANAGE).await?;
    let mut deal: Deal = tx.lock(id).await?;
    tx.reference::<LostReason>("reasonId", input.reason_id).await?;
    let mut form = Form::default();
    form.optional_name_within("competitor", common::given(input.competitor), 200, &mut deal.competitor);
    form.check()?;
    let stage = end_of(&mut tx, &deal, StageCategory::Lost).await?;
    deal.lose(&stage, input.reason_id, tx.now())?;
    close(&mut tx, &mut deal).await?;
    tx.commit(deal).await
}

/// Gives a deal up.
pub async fn abandon(ctx: &Ctx, id: DealId) -> Result<Deal> {
    let mut tx = ctx.begin(&DEAL_MANAGE).await?;
    let mut deal: Deal = tx.lock(id).await?;
    deal.abandon(tx.now())?;
    close(&mut tx, &mut deal).await?;
    tx.commit(deal).await
}

async fn close(tx: &mut Tx, deal: &mut Deal) -> Result<()> {
    tx.save(deal).await?;
    let (status, owner_membership_id) = (words::word(&deal.status), deal.owner_membership_id);
    tx.emit(&DealLost { deal_id: deal.id, status, owner_membership_id }).await
}

/// Goes on with a deal that was closed; what became of it stays written down.
pub async fn reopen(ctx: &Ctx, id: DealId, input: DealReopenInput) -> Result<Deal> {
    let mut tx = ctx.begin(&DEAL_MANAGE).await?;
    let mut deal: Deal = tx.lock(id).await?;
    reopen_in(&mut tx, &mut deal, input.stage_id).await?;
    tx.commit(deal).await
}

/// As [`reopen`], in the stage that is named, the one before it was closed, or the first.
pub(crate) async fn reopen_in(tx: &mut Tx, deal: &mut Deal, wanted: Option<StageId>) -> Result<()> {
    let stages = stages_of(tx, deal.pipeline_id).await?;
    let open =
        |id: StageId| stages.iter().find(|stage| stage.id == id && stage.category == StageCategory::Open);
    let before = repo::select_stage_before(tx, deal.id).await?;
    let stage = match wanted {
        Some(id) => Some(open(id).ok_or(STAGE_NOT_FOUND)?),
        None => before
            .and_then(open)
            .or_else(|| stages.iter().find(|stage| stage.category == StageCategory::Open)),
    };
    let stage = stage.ok_or(STAGE_NOT_FOUND)?;
    deal.reopen(stage, tx.now())?;
    save(tx, deal).await?;
    tx.emit(&DealReopened { deal_id: deal.id, stage_id: stage.id }).await
}

/// The deals that the filter lets through.
pub async fn list(ctx: &Ctx, filter: DealFilter, sort: DealSort, page: Page) -> Result<Slice<Deal>> {
    let mut tx = ctx.read_list(&DEAL_READ).await?;
    repo::select_page(&mut tx, &filter, sort, page).await
}

const STAGE_NOT_FOUND: Refusal =
    Refusal::of("stageId", "STAGE_NOT_FOUND", "the pipeline has no such open stage in use");

/// Saves a deal that is in another stage than before; somebody may just have archived that.
async fn save(tx: &mut Tx, deal: &mut Deal) -> Result<()> {
    tx.save(deal).await.on_constraint("deal_stage_in_use_check", STAGE_NOT_FOUND)
}

/// The stage of a pipeline in which its deals end.
pub(crate) async fn end_of(tx: &mut Tx, deal: &Deal, category: StageCategory) -> Result<Stage> {
    let stages = stages_of(tx, deal.pipeline_id).await?;
    stages.into_iter().find(|stage| stage.category == category).ok_or_else(|| STAGE_NOT_FOUND.into())
}

/// Whether everything is known of a deal that its stage asks for.
pub(crate) fn check_stage(deal: &Deal, stage: &Stage, parts: Parts) -> Result<()> {
    let missing = deal.missing(stage, parts);
    if missing.is_empty() { Ok(()) } else { Err(common::Error::Refused(missing)) }
}

/// How many lines and contacts a deal has.
pub(crate) async fn parts_of(tx: &mut Tx, id: DealId) -> Result<Parts> {
    Ok(Parts {
        lines: line::select_of(tx, &[id]).await?.len(),
        contacts: participant::select_of(tx, &[id]).await?.len(),
    })
}

/// Whether what a deal begins to refer to is there and in use.
async fn check_references(tx: &mut Tx, before: &Deal, now: &Deal, given: &Given) -> Result<()> {
    tx.check_reference::<LeadSource>("sourceId", before.source_id, now.source_id).await?;
    tx.check_reference::<Campaign>("campaignId", before.campaign_id, now.campaign_id).await?;
    let owners = (before.owner_membership_id, now.owner_membership_id);
    owner::check(tx, "ownerId", owners.0, owners.1, &DEAL_READ).await?;
    let mut wanted: Vec<party::Named> = Vec::new();
    let company = now.company_id.filter(|_| now.company_id != before.company_id);
    wanted.extend(company.map(|id| party::Named { field: "companyId".into(), id, kind: Some("COMPANY") }));
    if let Some(contacts) = &given.contacts {
        let there = participant::select_of(tx, &[now.id]).await?;
        let is_there = |id| there.iter().any(|contact| contact.contact_id == id);
        let new = contacts.iter().enumerate().filter(|(_, contact)| !is_there(contact.contact_id));
        wanted.extend(new.map(|(at, contact)| {
            let field = format!("contacts.{at}.contactId");
            party::Named { field, id: contact.contact_id, kind: None }
        }));
    }
    party::check(tx, &wanted).await?;
    if let Some(lines) = &given.lines {
        let there = line::select_of(tx, &[now.id]).await?;
        let named = |line: &DealLine| (line.product_id, line.variant_id);
        let named = catalogue::Named::in_lines(lines.iter().map(named), there.iter().map(named));
        catalogue::check(tx, named).await?;
    }
    Ok(())
}

/// A customer has accepted these lines: from now on they are the deal's, and it is worth what they come to.
pub(crate) async fn agree(tx: &mut Tx, deal: &mut Deal, lines: Vec<Line>) -> Result<()> {
    let before = deal.version;
    deal.amount = lines.iter().map(|line| line.amount).sum();
    let lines = lines.into_iter().enumerate().map(|(at, line)| line.of(deal.id, at)).collect();
    let are_changed = save_parts(tx, deal.id, Given { lines: Some(lines), contacts: None }).await?;
    owner::refusals(tx.save_with_parts(deal, are_changed).await)?;
    if deal.version == before { Ok(()) } else { tx.emit(&deal.updated()).await }
}

/// Makes lines and contacts what a form says; answers whether anything is another than before.
async fn save_parts(tx: &mut Tx, id: DealId, given: Given) -> Result<bool> {
    let mut are_changed = false;
    if let Some(lines) = given.lines {
        let there = line::select_of(tx, &[id]).await?;
        are_changed |= tx.replace_parts(there, lines, |line| line.position).await?;
    }
    if let Some(contacts) = given.contacts {
        let there = participant::select_of(tx, &[id]).await?;
        are_changed |= tx.replace_parts(there, contacts, |contact| contact.contact_id).await?;
    }
    Ok(are_changed)
}

impl Deal {
    fn created(&self) -> DealCreated {
        DealCreated {
            deal_id: self.id,
            pipeline_id: self.pipeline_id,
            stage_id: self.stage_id,
            status: words::word(&self.status),
            owner_membership_id: self.owner_membership_id,
        }
    }

    /// What is announced of a changed one.
    pub(crate) fn updated(&self) -> DealUpdated {
        DealUpdated {
            deal_id: self.id,
            pipeline_id: self.pipeline_id,
            stage_id: self.stage_id,
            status: words::word(&self.status),
            owner_membership_id: self.owner_membership_id,
            is_archived: self.is_archived(),
        }
    }
}

::graphql::queries! {
    Deal;
    /// The deals; those in use, the latest first, unless the arguments say otherwise.
    deals(DealFilter, DealSort) = list;
    /// One deal, archived or not; null when there is none of that id.
    deal;
}
