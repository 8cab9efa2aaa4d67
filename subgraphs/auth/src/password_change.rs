//! Changing one's password.

use async_graphql::{Context, InputObject, Object};
use common::{EVERYBODY_OWN, Error, Permission, Refusal, Result};
use database::Ctx;
use graphql::{App as _, payload};

use crate::vault::{Vault, vault};
use crate::{identity, password, session, throttle};

pub(crate) const CHANGE_PASSWORD: Permission =
    Permission::new("auth.password.change", "Change one's own password.", EVERYBODY_OWN);

const CURRENT_PASSWORD_WRONG: Refusal =
    Refusal::of("currentPassword", "CURRENT_PASSWORD_WRONG", "this is not your current password");

/// Changes the caller's password, and ends their other sessions; answers how many those were.
///
/// # Errors
/// Refuses a wrong current password and a new one that is easy to guess; `RATE_LIMITED`.
pub async fn change_password(ctx: &Ctx, vault: &Vault, input: PasswordChangeInput) -> Result<i32> {
    let mut tx = ctx.begin(&CHANGE_PASSWORD).await?;
    let member = ctx.member()?;
    let identity = identity::select(&mut tx, member.identity_id).await?.ok_or(Error::Unauthenticated)?;
    password::check("newPassword", &input.new_password, &identity.email)?;
    let attempt = throttle::admit(&mut tx, vault, &identity.email, identity::address(ctx).as_deref()).await?;
    tx.commit(()).await?;

    let known = Some(identity.password_hash.clone());
    if !vault.hasher.verify(input.current_password, known).await? {
        return Err(CURRENT_PASSWORD_WRONG.into());
    }
    let password_hash = vault.hasher.hash(input.new_password).await?;

    let mut tx = ctx.begin(&CHANGE_PASSWORD).await?;
    attempt.succeeded(&mut tx).await?;
    if !identity::is_unchanged(&mut tx, &identity).await? {
        return Err(CURRENT_PASSWORD_WRONG.into());
    }
    identity::save_password(&mut tx, identity.id, &password_hash).await?;
    let kept = Some(member.session_id);
    let count = session::end_all(&mut tx, identity.id, kept, "PASSWORD_CHANGED").await?;
    tx.commit(count).await
}

/// The caller's old and new password.
#[derive(InputObject)]
pub struct PasswordChangeInput {
    /// The password that the caller logs in with.
    pub current_password: String,
    /// The password that the caller wants: 10 characters or more, 72 bytes or fewer, and not easy to guess.
    pub new_password: String,
}

payload!(
    /// The result of passwordChange.
    PasswordChangePayload {
        /// The number of other sessions that were ended, the caller's own going on; null when nothing was done.
        sessions_ended: i32
    }
);

/// Mutations of a password. By hand: a key would keep a hash of the request, and so of both passwords.
#[derive(Default)]
pub struct PasswordChangeMutation;

#[Object]
impl PasswordChangeMutation {
    /// Changes the caller's password, and ends their sessions on all other devices.
    async fn password_change(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The old password and the new one.")] input: PasswordChangeInput,
    ) -> Result<Option<PasswordChangePayload>> {
        let done = change_password(gql.app(), vault(gql), input).await;
        PasswordChangePayload::answer(gql, done).await.map(Some)
    }
}
