//! Accepting an invitation: user keeps invitations, auth makes sure who accepts.

use async_graphql::MaybeUndefined::Value;
use async_graphql::{Context, InputObject, Object, SimpleObject};
use common::{Error, Form, IdentityId, MembershipId, OrganizationId, Permission, Refusal, Result};
use database::{Ctx, OnConstraint as _, Tx};
use graphql::{App as _, UserError};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::answered::answered;
use crate::password::Password;
use crate::proof::{self, Otherwise};
use crate::session::{self, SessionTokens};
use crate::vault::{Vault, vault};
use crate::{device, identity, organization};

/// Unknown, used, revoked or expired: which of them is not said.
const INVITATION_INVALID: Refusal =
    Refusal::of("token", "INVITATION_INVALID", "this invitation is not good any more; ask for another one");
const ALREADY_MEMBER: Refusal =
    Refusal::whole("ALREADY_MEMBER", "you are a member of this organization already; log in");

/// Accepts an invitation and opens a session; answers what the device is known by as well. Whoever has an identity proves
/// it; others get one. An identity whose address was never proved yields to whoever has a token that went there.
///
/// # Errors
/// Refuses a token that opens nothing (any more), a wrong password, and a new one that is easy to guess;
/// `RATE_LIMITED`.
pub async fn accept(
    ctx: &Ctx,
    vault: &Vault,
    input: InvitationAcceptInput,
) -> Result<(SessionTokens, String)> {
    let ctx = &ctx.as_nobody();
    let (mut form, mut display_name) = (Form::default(), String::new());
    form.name("displayName", Value(input.display_name), &mut display_name);
    let password = Password::new(&input.password);
    // The same of everybody: whoever has an identity has a password of this form.
    if let Err(refusal) = password.check("password") {
        form.refuse(refusal);
    }
    form.check()?;
    let account = vault.bearer(&input.token);
    let (mut tx, admitted) = proof::admit(ctx, vault, account, None).await?;
    let host = ctx.request().host_organization;
    let is_here = |invitation: &Invitation| host.is_none_or(|host| host == invitation.organization_id);
    let invitation = select(&mut tx, &input.token).await?.filter(is_here).ok_or(INVITATION_INVALID)?;
    password.check_for("password", &invitation.email)?;
    let known = identity::select_by_email(&mut tx, &invitation.email).await?;
    tx.commit(()).await?;

    let otherwise = if invitation.is_proof { Otherwise::Proved } else { Otherwise::New };
    let proof = admitted.prove(ctx, known, password, otherwise).await?;
    let signer = vault.signers.current(ctx).await?;

    let (identity_id, membership_id) = (proof.identity_id(), MembershipId::new());
    let mut tx = ctx.begin(&Permission::PUBLIC).await?;
    tx.enter(invitation.organization_id, identity_id, membership_id).await?;
    // Before anything else: who comes second finds that it is used, and not what the first one left.
    if !lock(&mut tx, &invitation).await? {
        return Err(INVITATION_INVALID.into());
    }
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
    let account = vault.account(&invitation.email);
    let device_token = device::keep(&mut tx, vault, &account, identity_id, None).await?;
    tx.commit(()).await?;
    Ok((session, device_token))
}

// SQL.

struct Invitation {
    id: Uuid,
    organization_id: OrganizationId,
    email: String,
    /// Whether the token went to the address, and to nobody else: whoever has it has proved the address.
    is_proof: bool,
}

async fn select(tx: &mut Tx, token: &str) -> Result<Option<Invitation>> {
    let now = tx.now();
    let token_hash = Sha256::digest(token.as_bytes()).to_vec();
    Ok(sqlx::query_as!(
        Invitation,
        r#"select invitation_id as "id!", organization_id as "organization_id!: OrganizationId", email as "email!",
               is_proof as "is_proof!"
           from "user".invitation_find($1, $2)"#,
        token_hash,
        now,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Whether it can be accepted still, by somebody whose inviter might still invite them; nobody else accepts it meanwhile.
async fn lock(tx: &mut Tx, invitation: &Invitation) -> Result<bool> {
    let now = tx.now();
    Ok(sqlx::query_scalar!(r#"select "user".invitation_lock($1, $2) as "is_good!""#, invitation.id, now,)
        .fetch_one(tx.conn())
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
    /// The token of the invitation, as it reached the person who is invited.
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
    /// A token to keep on this device and to send with the next log-in; null when nothing was done.
    pub device_token: Option<String>,
    /// Why nothing was done; empty when it was.
    pub user_errors: Vec<UserError>,
}

/// Mutations that accept invitations.
#[derive(Default)]
pub struct InvitationMutation;

#[Object]
impl InvitationMutation {
    /// Accepts an invitation, and opens a session in the organization. Needs no access token.
    #[graphql(tag = "needs-no-token", tag = "once-a-request")]
    async fn invitation_accept(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The invitation's token, and who accepts.")] input: InvitationAcceptInput,
    ) -> Result<Option<InvitationAcceptPayload>> {
        let (accepted, user_errors) = answered(Box::pin(accept(gql.app(), vault(gql), input)).await)?;
        let (session, device_token) = accepted.unzip();
        Ok(Some(InvitationAcceptPayload { session, device_token, user_errors }))
    }
}
