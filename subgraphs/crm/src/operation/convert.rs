//! A lead becomes a contact and a deal.

use async_graphql::{InputObject, MaybeUndefined};
use common::{Error, MembershipId, Refusal, Result};
use database::{Ctx, Tx};
use rust_decimal::Decimal;
use sqlx::types::Json;
use uuid::Uuid;

use super::model::{Asked, Came, DONE, SKIPPED, steps};
use super::{Operation, OperationKind, OperationOutcome, OperationStepName, OperationStepState, begin, join};
use crate::deal::{self, Beginning, Deal, DealContactInput, DealContactRole, DealLineInput, DealUpdateInput};
use crate::events::LeadConverted;
use crate::ids::{ContactId, DealId, LeadId, PipelineId, StageId};
use crate::lead::{Lead, LeadStatus};
use crate::lead_source::LeadSource;
use crate::party::Wanted;
use crate::pipeline::{Pipeline, Stage};
use crate::rights::{DEAL_READ, LEAD_MANAGE};
use crate::{owner, party};

/// What a lead becomes.
#[derive(Clone, Debug, InputObject)]
pub struct LeadConvertInput {
    /// The id of the contact that the person is; found by mail address, or by phone number and name, or made when absent.
    pub contact_id: Option<ContactId>,
    /// The id of the contact that the company is; found by its name, or made when absent.
    pub company_id: Option<ContactId>,
    /// Whether a deal is made.
    #[graphql(default = true)]
    pub wants_deal: bool,
    /// What people call the deal: 1 to 200 characters; the name of the company or the person when absent.
    pub title: Option<String>,
    /// The id of the pipeline that the deal goes through; the default one when absent.
    pub pipeline_id: Option<PipelineId>,
    /// The id of the stage that the deal begins in; the first one of its pipeline when absent.
    pub stage_id: Option<StageId>,
    /// What is to be sold, 200 lines at most: the deal's lines, in the currency of the lead's estimated value or else its
    /// pipeline's, and the deal is worth what they come to. When there are none it is worth what the lead was estimated at, and
    /// has no lines, whatever the lead is interested in.
    #[graphql(default)]
    pub lines: Vec<DealLineInput>,
    /// True to see what would become of it, and change nothing.
    #[graphql(default)]
    pub dry_run: bool,
}

const NO_DEAL_WANTED: Refusal =
    Refusal::of("lines", "NO_DEAL_WANTED", "lines are a deal's; leave them out, or let a deal be made");

/// Converts a lead: once, however often and by however many it is asked for.
pub async fn convert(ctx: &Ctx, id: LeadId, input: LeadConvertInput) -> Result<Operation> {
    let mut tx = ctx.begin(&LEAD_MANAGE).await?;
    let lead: Lead = tx.lock(id).await?;
    let named = |field: &str, id: ContactId, kind| party::Named { field: field.into(), id, kind: Some(kind) };
    let mut wanted: Vec<party::Named> = Vec::new();
    wanted.extend(input.contact_id.map(|id| named("contactId", id, "PERSON")));
    wanted.extend(input.company_id.map(|id| named("companyId", id, "COMPANY")));
    party::check(&mut tx, &wanted).await?;
    if !input.wants_deal && !input.lines.is_empty() {
        return Err(NO_DEAL_WANTED.into());
    }
    tx.check_reference::<Pipeline>("pipelineId", None, input.pipeline_id).await?;
    tx.check_reference::<Stage>("stageId", None, input.stage_id).await?;
    // Who has begun it may be somebody whose operations the caller does not see.
    owner::widen(&mut tx).await?;
    if let Some(there) = super::select_of_lead(&mut tx, id).await? {
        return if input.dry_run { Ok(there) } else { Box::pin(join(ctx, tx, &LEAD_MANAGE, there)).await };
    }
    lead.check_convertible()?;
    let asked = Asked {
        company_id: input.company_id,
        contact_id: input.contact_id,
        wants_deal: input.wants_deal,
        title: input.title,
        pipeline_id: input.pipeline_id,
        stage_id: input.stage_id,
        amount: lead.estimated_value,
        lines: input.lines,
        ..Asked::default()
    };
    use OperationStepName::{Activities, Company, Person};
    let new = Operation {
        kind: OperationKind::LeadConvert,
        lead_id: Some(id),
        input: Json(asked),
        steps: Json(steps(&[Company, Person, OperationStepName::Deal, Activities, OperationStepName::Lead])),
        owner_membership_id: tx.membership_id(),
        ..Operation::blank(tx.now())
    };
    Box::pin(begin(ctx, tx, &LEAD_MANAGE, new, input.dry_run)).await
}

/// Does one step.
pub(super) async fn step(tx: &mut Tx, operation: &mut Operation, name: OperationStepName) -> Result<Came> {
    let id = operation.lead_id.ok_or_else(|| Error::internal("a conversion without a lead"))?;
    let lead: Lead = tx.lock(id).await?;
    match name {
        OperationStepName::Company => Box::pin(company(tx, operation, &lead)).await,
        OperationStepName::Person => Box::pin(person(tx, operation, &lead)).await,
        OperationStepName::Deal => Box::pin(make_deal(tx, operation, &lead)).await,
        OperationStepName::Activities => Box::pin(move_activities(tx, operation, &lead)).await,
        OperationStepName::Lead => Box::pin(finish(tx, operation, lead)).await,
        OperationStepName::Customer | OperationStepName::Announcement => Ok(SKIPPED),
    }
}

fn came(is_created: bool) -> Came {
    let outcome = if is_created { OperationOutcome::Created } else { OperationOutcome::Found };
    (OperationStepState::Done, Some(outcome))
}

async fn company(tx: &mut Tx, operation: &mut Operation, lead: &Lead) -> Result<Came> {
    if let Some(chosen) = operation.input.company_id {
        operation.input.found_company_id = Some(chosen);
        return Ok(came(false));
    }
    let Some(name) = lead.company_name.clone() else { return Ok(SKIPPED) };
    let has_person = lead.last_name.is_some();
    let wanted = Wanted {
        name: Some(name),
        // What is known of how they are reached is the person's, where there is one.
        email: lead.email.clone().filter(|_| !has_person),
        phone: lead.phone.clone().filter(|_| !has_person),
        ..wanted(tx, operation, lead).await?
    };
    let (id, is_created) = party::find_or_create(tx, operation.id, "COMPANY", &wanted).await?;
    operation.input.found_company_id = Some(id);
    Ok(came(is_created))
}

async fn person(tx: &mut Tx, operation: &mut Operation, lead: &Lead) -> Result<Came> {
    if let Some(chosen) = operation.input.contact_id {
        operation.input.found_contact_id = Some(chosen);
        return Ok(came(false));
    }
    if lead.last_name.is_none() {
        return Ok(SKIPPED);
    }
    let wanted = Wanted {
        first_name: lead.first_name.clone(),
        last_name: lead.last_name.clone(),
        job_title: lead.job_title.clone(),
        company_id: operation.input.found_company_id,
        email: lead.email.clone(),
        phone: lead.phone.clone(),
        ..wanted(tx, operation, lead).await?
    };
    let (id, is_created) = party::find_or_create(tx, operation.id, "PERSON", &wanted).await?;
    operation.input.found_contact_id = Some(id);
    Ok(came(is_created))
}

/// What a person and a company have in common.
async fn wanted(tx: &mut Tx, operation: &Operation, lead: &Lead) -> Result<Wanted> {
    let source = match lead.source_id {
        Some(id) => tx.find_many::<LeadSource>(&[id]).await?.remove(&id).map(|source| source.name),
        None => None,
    };
    Ok(Wanted {
        country: lead.country.clone(),
        city: lead.city.clone(),
        owner_id: owner_of(tx, operation, lead).await?,
        source,
        role: Some("LEAD"),
        ..Wanted::default()
    })
}

/// Who looks after what a lead becomes: whoever looked after the lead, or else whoever has converted it.
async fn owner_of(tx: &mut Tx, operation: &Operation, lead: &Lead) -> Result<Option<MembershipId>> {
    for member in [lead.owner_membership_id, operation.owner_membership_id].into_iter().flatten() {
        if tx.membership_id() == Some(member) || people::may(tx, member, &DEAL_READ).await? {
            return Ok(Some(member));
        }
    }
    Ok(None)
}

async fn make_deal(tx: &mut Tx, operation: &mut Operation, lead: &Lead) -> Result<Came> {
    if !operation.input.wants_deal {
        return Ok(SKIPPED);
    }
    let asked = operation.input.0.clone();
    let title = asked.title.unwrap_or_else(|| lead.company_name.clone().unwrap_or_else(|| lead.name()));
    let primary = asked.found_contact_id.map(|contact_id| DealContactInput {
        contact_id,
        role: DealContactRole::DecisionMaker,
        is_primary: true,
    });
    let given = |id: Option<ContactId>| id.map_or(MaybeUndefined::Undefined, MaybeUndefined::Value);
    let input = DealUpdateInput {
        title: MaybeUndefined::Value(title),
        company_id: given(asked.found_company_id),
        contacts: MaybeUndefined::Value(primary.into_iter().collect()),
        amount: asked
            .amount
            .filter(|amount| asked.lines.is_empty() && *amount > Decimal::ZERO)
            .map_or(MaybeUndefined::Undefined, MaybeUndefined::Value),
        lines: match asked.lines.is_empty() {
            true => MaybeUndefined::Undefined,
            false => MaybeUndefined::Value(asked.lines),
        },
        source_id: lead.source_id.map_or(MaybeUndefined::Undefined, MaybeUndefined::Value),
        campaign_id: lead.campaign_id.map_or(MaybeUndefined::Undefined, MaybeUndefined::Value),
        tags: MaybeUndefined::Value(lead.tags.clone()),
        ..DealUpdateInput::default()
    };
    let begins = Beginning {
        pipeline_id: asked.pipeline_id,
        stage_id: asked.stage_id,
        currency: lead.estimated_value_currency.clone(),
        owner: owner_of(tx, operation, lead).await?,
    };
    let made = Box::pin(deal::make(tx, begins, input, |deal| deal.lead_id = Some(lead.id))).await?;
    operation.input.made_deal_id = Some(made.id);
    operation.deal_id = Some(made.id);
    Ok(came(true))
}

async fn move_activities(tx: &mut Tx, operation: &mut Operation, lead: &Lead) -> Result<Came> {
    sqlx::query!(
        "update crm.activity set deal_id = coalesce(deal_id, $2), contact_id = coalesce(contact_id, $3, $4),
             version = version + 1 where lead_id = $1",
        lead.id as LeadId,
        operation.input.made_deal_id as Option<DealId>,
        operation.input.found_contact_id as Option<ContactId>,
        operation.input.found_company_id as Option<ContactId>,
    )
    .execute(tx.conn())
    .await?;
    match (operation.input.made_deal_id, whose_files(operation)) {
        (Some(deal_id), _) => files::hand_over::<Lead, Deal>(tx, lead.id, deal_id).await?,
        (None, Some(contact)) => {
            operation.input.moved_files = files::hand_over_to::<Lead>(tx, lead.id, contact).await?;
        }
        (None, None) => {}
    }
    Ok(DONE)
}

/// What a lead's files hang on from then on where no deal is made: the person, or else the company.
fn whose_files(operation: &Operation) -> Option<(&'static str, Uuid)> {
    let contact = operation.input.found_contact_id.or(operation.input.found_company_id);
    contact.map(|id| (party::TABLE, id.0))
}

async fn finish(tx: &mut Tx, operation: &Operation, mut lead: Lead) -> Result<Came> {
    lead.check_convertible()?;
    (lead.status, lead.converted_at) = (LeadStatus::Converted, Some(tx.now()));
    lead.first_response_at.get_or_insert(tx.now());
    lead.contact_id = operation.input.found_contact_id;
    lead.company_id = operation.input.found_company_id;
    lead.deal_id = operation.input.made_deal_id;
    tx.save(&mut lead).await?;
    tx.emit(&lead.updated()).await?;
    tx.emit(&LeadConverted {
        lead_id: lead.id,
        operation_id: operation.id,
        contact_id: lead.contact_id,
        company_id: lead.company_id,
        deal_id: lead.deal_id,
    })
    .await?;
    Ok(DONE)
}

/// Undoes one step; contacts are undone all at once.
pub(super) async fn undo(tx: &mut Tx, operation: &Operation, name: OperationStepName) -> Result<()> {
    let Some(lead_id) = operation.lead_id else { return Ok(()) };
    let Some(deal_id) = operation.input.made_deal_id else {
        return match whose_files(operation).filter(|_| name == OperationStepName::Activities) {
            Some(contact) => {
                files::take_back::<Lead>(tx, &operation.input.moved_files, contact, lead_id).await
            }
            None => Ok(()),
        };
    };
    match name {
        OperationStepName::Deal => {
            let mut made: Deal = tx.lock(deal_id).await?;
            (made.archived_at, made.lead_id) = (Some(tx.now()), None);
            tx.save(&mut made).await?;
            tx.emit(&made.updated()).await
        }
        OperationStepName::Activities => {
            sqlx::query!(
                "update crm.activity set deal_id = null, version = version + 1 where lead_id = $1 and deal_id = $2",
                lead_id as LeadId,
                deal_id as DealId,
            )
            .execute(tx.conn())
            .await?;
            files::hand_over::<Deal, Lead>(tx, deal_id, lead_id).await
        }
        _ => Ok(()),
    }
}
