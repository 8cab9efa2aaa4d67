//! A new password for whoever has proved that an address is theirs, by a token that went there.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Duration;
use common::{IdentityId, OrganizationId, Permission, Refusal, Result};
use database::{Ctx, Database, Tx};
use graphql::{App as _, UserError};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::answered::answered;
use crate::password::Password;
use crate::vault::{Vault, vault};
use crate::{identity, proof};

/// How long a token can be used.
const LIFETIME: Duration = Duration::hours(24);

/// Unknown, used or expired: which of them is not said.
const RESET_INVALID: Refusal =
    Refusal::of("token", "RESET_INVALID", "this link is not good any more; ask for another one");

/// Makes a token that gives the person with a mail address a new password, in place of one that was made before. `None`
/// when there is nobody. It proves the address: it is to go there, and nowhere else.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn send_reset(database: &Database, email: &str) -> Result<Option<String>> {
    let Some(email) = common::text::email(email) else { return Ok(None) };
    // An identity is in no organization; the trail of each of its own is written by a trigger.
    let nowhere = OrganizationId(Uuid::nil());
    let ctx = Ctx::system(database.clone(), "auth", nowhere, "innoerp-auth-reset-link");
    let mut tx = ctx.begin(&Permission::SYSTEM).await?;
    let known = identity::select_by_email(&mut tx, &email).await?;
    let Some(identity) = known.filter(|identity| identity.is_active) else { return Ok(None) };
    let token = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    let now = tx.now();
    sqlx::query!(
        "insert into auth.password_reset (identity_id, token_hash, expires_at, created_at) values ($1, $2, $3, $4)
         on conflict (identity_id) do update set token_hash = excluded.token_hash, expires_at = excluded.expires_at,
             created_at = excluded.created_at",
        identity.id as IdentityId,
        hash(&token),
        now + LIFETIME,
        now,
    )
    .execute(tx.conn())
    .await?;
    tx.commit(()).await?;
    Ok(Some(token))
}

/// Gives a person a new password; ends their sessions, and knows their devices no more. Answers their mail address.
///
/// # Errors
/// Refuses a token that opens nothing (any more), and a password that is easy to guess; `RATE_LIMITED`.
pub async fn reset_password(ctx: &Ctx, vault: &Vault, input: PasswordResetInput) -> Result<String> {
    let ctx = &ctx.as_nobody();
    let password = Password::new(&input.new_password);
    password.check("newPassword")?;
    let (mut tx, admitted) = proof::admit(ctx, vault, vault.bearer(&input.token), None).await?;
    let email = select(&mut tx, &input.token).await?.ok_or(RESET_INVALID)?;
    password.check_for("newPassword", &email)?;
    tx.commit(()).await?;

    let (password_hash, attempt) = admitted.hash(password).await?;

    let mut tx = ctx.begin(&Permission::PUBLIC).await?;
    attempt.succeeded(&mut tx).await?;
    // Used up by deleting it: of two who come at once, one finds nothing.
    let identity_id = delete(&mut tx, &input.token).await?.ok_or(RESET_INVALID)?;
    proof::yield_to(&mut tx, identity_id, &password_hash).await?;
    identity::prove(&mut tx, identity_id).await?;
    tx.commit(()).await?;
    Ok(email)
}

/// Forgets the tokens that nobody can use any more.
pub(crate) async fn forget(tx: &mut Tx) -> Result<()> {
    let now = tx.now();
    sqlx::query!("delete from auth.password_reset where expires_at <= $1", now).execute(tx.conn()).await?;
    Ok(())
}

fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

// SQL.

async fn select(tx: &mut Tx, token: &str) -> Result<Option<String>> {
    let now = tx.now();
    Ok(sqlx::query_scalar!(
        "select i.email from auth.password_reset r join auth.identity i on i.id = r.identity_id
         where r.token_hash = $1 and r.expires_at > $2 and i.status = 'ACTIVE'",
        hash(token),
        now,
    )
    .fetch_optional(tx.conn())
    .await?)
}

async fn delete(tx: &mut Tx, token: &str) -> Result<Option<IdentityId>> {
    let now = tx.now();
    Ok(sqlx::query_scalar!(
        r#"delete from auth.password_reset where token_hash = $1 and expires_at > $2
           returning identity_id as "id: IdentityId""#,
        hash(token),
        now,
    )
    .fetch_optional(tx.conn())
    .await?)
}

// GraphQL.

/// Somebody who sets a new password.
#[derive(InputObject)]
pub struct PasswordResetInput {
    /// The token of the link, as it reached the person's mail address.
    pub token: String,
    /// The password that the person wants: 10 characters or more, 72 bytes or fewer, and not easy to guess.
    pub new_password: String,
}

/// The result of passwordReset.
#[derive(SimpleObject)]
pub struct PasswordResetPayload {
    /// The mail address to log in with; null when nothing was done.
    pub email: Option<String>,
    /// Why nothing was done; empty when it was.
    pub user_errors: Vec<UserError>,
}

/// Mutations that set a password anew.
#[derive(Default)]
pub struct PasswordResetMutation;

#[Object]
impl PasswordResetMutation {
    /// Sets a new password by a token that reached the person's mail address, and ends all of their sessions. Needs no
    /// access token.
    #[graphql(tag = "needs-no-token", tag = "once-a-request")]
    async fn password_reset(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The token and the new password.")] input: PasswordResetInput,
    ) -> Result<Option<PasswordResetPayload>> {
        let (email, user_errors) = answered(Box::pin(reset_password(gql.app(), vault(gql), input)).await)?;
        Ok(Some(PasswordResetPayload { email, user_errors }))
    }
}
