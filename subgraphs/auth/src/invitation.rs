//! Accepting an invitation: user keeps invitations, auth makes sure who accepts.

use async_graphql::MaybeUndefined::Value;
use async_graphql::{Context, InputObject, Object, SimpleObject};
use common::{Error, Form, IdentityId, MembershipId, OrganizationId, Permission, Refusal, Result};
use database::{Ctx, OnConstraint as _, Tx};
use graphql::{App as _, UserError};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::answered::answered;
use crate::identity::{self, Proof};
use crate::session::{self, SessionTokens};
use crate::vault::{Vault, vault};
use crate::{organization, password};

/// Unknown, used, revoked or expired: which of them is not said.
const INVITATION_INVALID: Refusal =
    Refusal::of("token", "INVITATION_INVALID", "this invitation is not good any more; ask for another one");
const ALREADY_MEMBER: Refusal =
    Refusal::whole("ALREADY_MEMBER", "you are a member of this organization already; log in");

/// Accepts an invitation and opens a session. Whoever has an identity proves it; others get one.
///
/// # Errors
/// Refuses a token that opens nothing (any more), a wrong password, and a new one that is easy to guess;
/// `RATE_LIMITED`.
pub async fn accept(ctx: &Ctx, vault: &Vault, input: InvitationAcceptInput) -> Result<SessionTokens> {
    let ctx = &ctx.as_nobody();
    let mut tx = ctx.begin(&Permission::PUBLIC).await?;
    let (mut form, mut display_name) = (Form::default(), String::new());
    form.name("displayName", Value(input.display_name), &mut display_name);
    form.check()?;
    let invitation = select(&mut tx, &input.token).await?.ok_or(INVITATION_INVALID)?;
    let (attempt, known) = identity::present(&mut tx, ctx, vault, &invitation.email).await?;
    if known.is_none() {
        password::check("password", &input.password, &invitation.email)?;
    }
    tx.commit(()).await?;

    let proof = Proof::of(vault, known, input.password).await?;
    let signer = vault.signers.current(ctx).await?;

    let (identity_id, membership_id) = (proof.identity_id(), MembershipId::new());
    let mut tx = ctx.begin(&Permission::PUBLIC).await?;
    attempt.succeeded(&mut tx).await?;
    tx.enter(invitation.organization_id, identity_id, membership_id).await?;
    proof.settle(&mut tx, &invitation.email).await?;
    let is_accepted = join(&mut tx, &invitation, membership_id, identity_id, &display_name)
        .await
        .on_constraint("membership_user_key", ALREADY_MEMBER)?;
    if !is_accepted {
        return Err(INVITATION_INVALID.into());
    }
    tx.announce();
    let membership = organization::select_membership(&mut tx, identity_id, membership_id).await?;
    let membership = membership.ok_or_else(|| Error::internal("the new membership is not there"))?;
    let session = session::open(&mut tx, ctx, vault, &signer, identity_id, &membership).await?;
    tx.commit(()).await?;
    Ok(session)
}

// SQL.

struct Invitation {
    id: Uuid,
    organization_id: OrganizationId,
    email: String,
}

async fn select(tx: &mut Tx, token: &str) -> Result<Option<Invitation>> {
    let now = tx.now();
    let token_hash = Sha256::digest(token.as_bytes()).to_vec();
    Ok(sqlx::query_as!(
        Invitation,
        r#"select invitation_id as "id!", organization_id as "organization_id!: OrganizationId", email as "email!"
           from "user".invitation_find($1, $2)"#,
        token_hash,
        now,
    )
    .fetch_optional(tx.conn())
    .await?)
}

async fn join(
    tx: &mut Tx,
    invitation: &Invitation,
    membership_id: MembershipId,
    identity_id: IdentityId,
    display_name: &str,
) -> Result<bool> {
    let now = tx.now();
    Ok(sqlx::query_scalar!(
        r#"select "user".invitation_accept($1, $2, $3, $4, $5) as "is_accepted!""#,
        invitation.id,
        membership_id as MembershipId,
        identity_id as IdentityId,
        display_name,
        now,
    )
    .fetch_one(tx.conn())
    .await?)
}

// GraphQL.

/// Somebody who accepts an invitation.
#[derive(InputObject)]
pub struct InvitationAcceptInput {
    /// The token of the invitation, as the inviting person passed it on.
    pub token: String,
    /// The name that people know them by: 1 to 100 characters. Left aside when they have an identity already.
    pub display_name: String,
    /// The password of their identity, or the one that they choose for it: 10 characters or more, 72 bytes or fewer,
    /// and not easy to guess.
    pub password: String,
}

/// The result of invitationAccept.
#[derive(SimpleObject)]
pub struct InvitationAcceptPayload {
    /// A session in the organization that they joined; null when nothing was done.
    pub session: Option<SessionTokens>,
    /// Why nothing was done; empty when it was.
    pub user_errors: Vec<UserError>,
}

/// Mutations that accept invitations.
#[derive(Default)]
pub struct InvitationMutation;

#[Object]
impl InvitationMutation {
    /// Accepts an invitation, and opens a session in the organization. Needs no access token.
    async fn invitation_accept(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The invitation's token, and who accepts.")] input: InvitationAcceptInput,
    ) -> Result<Option<InvitationAcceptPayload>> {
        let (session, user_errors) = answered(accept(gql.app(), vault(gql), input).await)?;
        Ok(Some(InvitationAcceptPayload { session, user_errors }))
    }
}
