//! A deal is won.

use async_graphql::InputObject;
use common::{Error, Result};
use database::{Ctx, Tx};
use sqlx::types::Json;

use super::model::{Asked, Came, DONE, SKIPPED, steps};
use super::{Operation, OperationKind, OperationStepName, begin, join};
use crate::deal::{self, Deal, check_stage, contacts_of, end_of, parts_of, reopen_in};
use crate::events::DealWon;
use crate::ids::{ContactId, DealId};
use crate::pipeline::StageCategory;
use crate::rights::DEAL_MANAGE;
use crate::{owner, party};

/// What follows from a deal that is won.
#[derive(Clone, Debug, InputObject)]
pub struct DealWinInput {
    /// Whether a project is to be made of it, where there are projects.
    #[graphql(default)]
    pub wants_project: bool,
    /// Whether the draft of an invoice is to be made of it, where there are invoices.
    #[graphql(default)]
    pub wants_invoice: bool,
    /// True to see what would become of it, and change nothing.
    #[graphql(default)]
    pub dry_run: bool,
}

/// Wins a deal.
pub async fn win(ctx: &Ctx, id: DealId, input: DealWinInput) -> Result<Operation> {
    let mut tx = ctx.begin(&DEAL_MANAGE).await?;
    let deal: Deal = tx.lock(id).await?;
    owner::widen(&mut tx).await?;
    if let Some(there) = super::select_of_deal(&mut tx, id).await? {
        return if input.dry_run { Ok(there) } else { Box::pin(join(ctx, tx, &DEAL_MANAGE, there)).await };
    }
    let asked = Asked {
        wants_project: input.wants_project,
        wants_invoice: input.wants_invoice,
        stage_id: Some(deal.stage_id),
        ..Asked::default()
    };
    use OperationStepName::{Announcement, Customer};
    let new = Operation {
        kind: OperationKind::DealWin,
        deal_id: Some(id),
        input: Json(asked),
        steps: Json(steps(&[OperationStepName::Deal, Customer, Announcement])),
        owner_membership_id: tx.membership_id(),
        ..Operation::blank(tx.now())
    };
    Box::pin(begin(ctx, tx, &DEAL_MANAGE, new, input.dry_run)).await
}

async fn lock_deal(tx: &mut Tx, operation: &Operation) -> Result<Deal> {
    let id = operation.deal_id.ok_or_else(|| Error::internal("winning without a deal"))?;
    tx.lock(id).await
}

/// Does one step.
pub(super) async fn step(tx: &mut Tx, operation: &mut Operation, name: OperationStepName) -> Result<Came> {
    let mut deal = lock_deal(tx, operation).await?;
    match name {
        OperationStepName::Deal => {
            let stage = end_of(tx, &deal, StageCategory::Won).await?;
            deal.win(&stage, tx.now())?;
            let parts = parts_of(tx, deal.id).await?;
            check_stage(&deal, &stage, parts)?;
            tx.save(&mut deal).await?;
            tx.emit(&deal.updated()).await?;
            Ok(DONE)
        }
        OperationStepName::Customer => make_customers(tx, operation, &deal).await,
        OperationStepName::Announcement => {
            let contact_id = primary(tx, &deal).await?;
            tx.emit(&DealWon {
                deal_id: deal.id,
                operation_id: operation.id,
                company_id: deal.company_id,
                contact_id,
                amount: deal.amount,
                currency: deal.currency,
                wants_project: operation.input.wants_project,
                wants_invoice: operation.input.wants_invoice,
                owner_membership_id: deal.owner_membership_id,
            })
            .await?;
            Ok(DONE)
        }
        _ => Ok(SKIPPED),
    }
}

async fn primary(tx: &mut Tx, deal: &Deal) -> Result<Option<ContactId>> {
    let contacts = contacts_of(tx, &[deal.id]).await?;
    Ok(contacts.into_iter().find(|contact| contact.is_primary).map(|contact| contact.contact_id))
}

async fn make_customers(tx: &mut Tx, operation: &Operation, deal: &Deal) -> Result<Came> {
    let contact = primary(tx, deal).await?;
    let buyers = [("CUSTOMER_COMPANY", deal.company_id), ("CUSTOMER_PERSON", contact)];
    let mut is_any = false;
    for (part, buyer) in buyers.into_iter().filter_map(|(part, buyer)| Some((part, buyer?))) {
        party::give_role(tx, operation.id, part, buyer, "CUSTOMER").await?;
        is_any = true;
    }
    Ok(if is_any { DONE } else { SKIPPED })
}

/// Undoes one step; contacts are undone all at once.
pub(super) async fn undo(tx: &mut Tx, operation: &Operation, name: OperationStepName) -> Result<()> {
    if name != OperationStepName::Deal {
        return Ok(());
    }
    let mut deal = lock_deal(tx, operation).await?;
    match deal.status {
        deal::DealStatus::Won => reopen_in(tx, &mut deal, operation.input.stage_id).await,
        _ => Ok(()),
    }
}
