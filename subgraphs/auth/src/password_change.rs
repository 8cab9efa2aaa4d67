//! Changing one's password.

use async_graphql::{Context, InputObject, Object};
use common::{EVERYBODY_OWN, Error, Permission, Refusal, Result};
use database::Ctx;
use graphql::{App as _, payload};

use crate::password::Password;
use crate::vault::{Vault, vault};
use crate::{identity, proof, session_end};

pub(crate) const CHANGE_PASSWORD: Permission =
    Permission::new("auth.password.change", "Change one's own password.", EVERYBODY_OWN);

const CURRENT_PASSWORD_WRONG: Refusal =
    Refusal::of("currentPassword", "CURRENT_PASSWORD_WRONG", "this is not your current password");

const UNCHANGED: Refusal =
    Refusal::of("newPassword", "PASSWORD_UNCHANGED", "give another password than the one that you have");

/// Changes the caller's password, and ends their other sessions; answers how many those were.
///
/// # Errors
/// Refuses a wrong current password, and a new one that is easy to guess or the same; `RATE_LIMITED`.
pub async fn change_password(ctx: &Ctx, vault: &Vault, input: PasswordChangeInput) -> Result<i32> {
    let member = ctx.member()?;
    let mut tx = ctx.begin(&CHANGE_PASSWORD).await?;
    let identity = identity::select(&mut tx, member.identity_id).await?.ok_or(Error::Unauthenticated)?;
    tx.commit(()).await?;
    if input.new_password == input.current_password {
        return Err(UNCHANGED.into());
    }
    let new_password = Password::new(&input.new_password);
    new_password.check_for("newPassword", &identity.email)?;

    let (tx, admitted) = proof::admit(ctx, vault, vault.account(&identity.email), None).await?;
    tx.commit(()).await?;
    let current = Password::new(&input.current_password);
    let (attempt, turn) = admitted.verify(ctx, &identity, current).await?.ok_or(CURRENT_PASSWORD_WRONG)?;
    let (password_hash, turn) = new_password.hash(turn).await?;
    drop(turn);

    let mut tx = ctx.begin(&CHANGE_PASSWORD).await?;
    attempt.succeeded(&mut tx).await?;
    if !identity::is_unchanged(&mut tx, &identity).await? {
        return Err(CURRENT_PASSWORD_WRONG.into());
    }
    identity::save_password(&mut tx, identity.id, &password_hash).await?;
    let kept = Some(member.session_id);
    let count = session_end::end_all(&mut tx, identity.id, kept, "PASSWORD_CHANGED").await?;
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
    #[graphql(tag = "once-a-request")]
    async fn password_change(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The old password and the new one.")] input: PasswordChangeInput,
    ) -> Result<Option<PasswordChangePayload>> {
        let done = Box::pin(change_password(gql.app(), vault(gql), input)).await;
        PasswordChangePayload::answer(gql, done).await.map(Some)
    }
}
