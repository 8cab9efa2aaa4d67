//! Accepting an invitation: user keeps invitations, auth makes sure who accepts.

use async_graphql::{Context, InputObject, Object};
use common::{Error, IdentityId, MembershipId, OrganizationId, Permission, Refuse, Result};
use database::{Ctx, OnConstraint as _, Tx};
use graphql::{App as _, payload};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::identity::{self, Proof};
use crate::session::{self, SessionTokens};
use crate::vault::{Vault, vault};
use crate::{as_nobody, organization, password, sign_up};

// Use-cases.

/// Accepts an invitation and opens a session. Whoever has an identity proves it; others get one.
///
/// # Errors
/// Refuses a token that opens nothing (any more), a wrong password, and a new one that is easy to guess;
/// `RATE_LIMITED`.
pub async fn accept(ctx: &Ctx, vault: &Vault, input: InvitationAcceptInput) -> Result<SessionTokens> {
    let ctx = &as_nobody(ctx);
    let mut tx = ctx.begin(&Permission::PUBLIC).await?;
    let display_name = sign_up::person_name(&input.display_name).map_err(|_| Refused::DisplayName)?;
    let invitation = select(&mut tx, &input.token).await?.ok_or(Refused::Token)?;
    let (attempt, known) = identity::present(&mut tx, ctx, vault, &invitation.email).await?;
    if known.is_none() {
        password::check("password", &input.password, &invitation.email)?;
    }
    tx.commit().await?;

    let proof = Proof::of(vault, known, input.password).await?;
    let signer = vault.signers.current(ctx).await?;

    let (identity_id, membership_id) = (proof.identity_id(), MembershipId::new());
    let mut tx = ctx.begin(&Permission::PUBLIC).await?;
    attempt.succeeded(&mut tx).await?;
    tx.enter(invitation.organization_id, identity_id, membership_id).await?;
    proof.settle(&mut tx, &invitation.email).await?;
    let is_accepted = join(&mut tx, &invitation, membership_id, identity_id, &display_name)
        .await
        .on_constraint("membership_user_key", Refused::AlreadyMember)?;
    if !is_accepted {
        return Err(Refused::Token.into());
    }
    tx.announce();
    let membership = organization::select_membership(&mut tx, identity_id, membership_id).await?;
    let membership = membership.ok_or_else(|| Error::internal("the new membership is not there"))?;
    let session = session::open(&mut tx, ctx, vault, &signer, identity_id, &membership).await?;
    tx.commit().await?;
    Ok(session)
}

// Rules.

/// Why an invitation is not accepted.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Unknown, used, revoked or expired: which of them is not said.
    #[error("this invitation is not good any more; ask for another one")]
    Token,
    /// The name is empty, too long, or has characters that cannot be seen.
    #[error("give a name of 1 to 100 visible characters")]
    DisplayName,
    /// They belong to the organization already.
    #[error("you are a member of this organization already; log in")]
    AlreadyMember,
}

impl Refuse for Refused {
    fn code(&self) -> &'static str {
        match self {
            Self::Token => "INVITATION_INVALID",
            Self::DisplayName => "DISPLAY_NAME_INVALID",
            Self::AlreadyMember => "ALREADY_MEMBER",
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::Token => Some("token"),
            Self::DisplayName => Some("displayName"),
            Self::AlreadyMember => None,
        }
    }
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

/// Who accepts which invitation.
#[derive(InputObject)]
pub struct InvitationAcceptInput {
    /// What the inviting person passed on.
    pub token: String,
    /// What people call them: 1 to 100 characters. Left aside when they have an identity already.
    pub display_name: String,
    /// The password of their identity, or the one that they choose for it.
    pub password: String,
}

payload!(
    /// What accepting an invitation answers.
    InvitationAcceptPayload {
        /// A session in the organization that they joined.
        session: SessionTokens
    }
);

/// Accepting invitations: mutations.
#[derive(Default)]
pub struct InvitationMutation;

#[Object]
impl InvitationMutation {
    /// Accepts an invitation, and opens a session in the organization. Needs no access token.
    async fn invitation_accept(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "Which, and who.")] input: InvitationAcceptInput,
    ) -> Result<InvitationAcceptPayload> {
        InvitationAcceptPayload::of(accept(gql.app(), vault(gql), input).await)
    }
}
