//! Identities: a mail address and a password, one per person, belonging to no organization.

use async_graphql::{Context, InputObject, Object};
use common::{Error, IdentityId, Permission, Refuse, Result, Role, Scope};
use database::{Ctx, OnConstraint as _, Tx};
use graphql::{App as _, payload};

use crate::vault::{Vault, vault};
use crate::{password, session, throttle};

pub(crate) const CHANGE_PASSWORD: Permission = Permission {
    key: "auth.password.change",
    description: "Change one's own password.",
    grants: &[
        (Role::Admin, Scope::Own),
        (Role::Manager, Scope::Own),
        (Role::Hr, Scope::Own),
        (Role::Member, Scope::Own),
    ],
};

// Use-cases.

/// Changes the caller's password, and ends their other sessions; answers how many those were.
///
/// # Errors
/// Refuses a wrong current password and a new one that is easy to guess; `RATE_LIMITED`.
pub async fn change_password(ctx: &Ctx, vault: &Vault, input: PasswordChangeInput) -> Result<SessionsEnded> {
    let mut tx = ctx.begin(&CHANGE_PASSWORD).await?;
    let member = ctx.member()?;
    let identity = select(&mut tx, member.identity_id).await?.ok_or(Error::Unauthenticated)?;
    password::check("newPassword", &input.new_password, &identity.email)?;
    let attempt = throttle::admit(&mut tx, vault, &identity.email, address(ctx).as_deref()).await?;
    tx.commit().await?;

    let known = Some(identity.password_hash.clone());
    if !vault.hasher.verify(input.current_password, known).await? {
        return Err(Refused::CurrentPassword.into());
    }
    let password_hash = vault.hasher.hash(input.new_password).await?;

    let mut tx = ctx.begin(&CHANGE_PASSWORD).await?;
    attempt.succeeded(&mut tx).await?;
    if !is_unchanged(&mut tx, &identity).await? {
        return Err(Refused::CurrentPassword.into());
    }
    save_password(&mut tx, identity.id, &password_hash).await?;
    let count = session::repo::revoke_others(&mut tx, identity.id, member.session_id).await?;
    tx.commit().await?;
    Ok(SessionsEnded(i32::try_from(count).unwrap_or(i32::MAX)))
}

/// Counts an attempt to prove that one is the owner of a mail address, and finds the identity, if there is one.
///
/// # Errors
/// `RATE_LIMITED`, whether there is one or not.
pub(crate) async fn present(
    tx: &mut Tx,
    ctx: &Ctx,
    vault: &Vault,
    email: &str,
) -> Result<(throttle::Attempt, Option<Identity>)> {
    let attempt = throttle::admit(tx, vault, email, address(ctx).as_deref()).await?;
    Ok((attempt, select_by_email(tx, email).await?))
}

/// Somebody who may go on: the owner of an identity, or the first with a mail address.
pub(crate) enum Proof {
    /// The password was right.
    Known(Identity),
    /// There was nobody; this is to be stored.
    New { id: IdentityId, password_hash: String },
}

impl Proof {
    /// Checks the password of a known identity, or hashes it for a new one. Takes as long either way.
    ///
    /// # Errors
    /// Refuses a wrong password.
    pub(crate) async fn of(vault: &Vault, known: Option<Identity>, password: String) -> Result<Self> {
        match known {
            Some(identity) => {
                let hash = identity.password_hash.clone();
                let is_right = vault.hasher.verify(password, Some(hash)).await?;
                if is_right && identity.is_active {
                    Ok(Self::Known(identity))
                } else {
                    Err(Refused::Credentials.into())
                }
            }
            None => {
                Ok(Self::New { id: IdentityId::new(), password_hash: vault.hasher.hash(password).await? })
            }
        }
    }

    pub(crate) fn identity_id(&self) -> IdentityId {
        match self {
            Self::Known(identity) => identity.id,
            Self::New { id, .. } => *id,
        }
    }

    /// Makes it true in the transaction that relies on it.
    ///
    /// # Errors
    /// Refuses when password or address were changed or taken since it was looked at.
    pub(crate) async fn settle(&self, tx: &mut Tx, email: &str) -> Result<()> {
        match self {
            Self::Known(identity) if is_unchanged(tx, identity).await? => Ok(()),
            Self::Known(_) => Err(Refused::Credentials.into()),
            Self::New { id, password_hash } => insert(tx, *id, email, password_hash)
                .await
                .on_constraint("identity_email_key", Refused::Credentials),
        }
    }
}

/// The client's address as attempts are counted under.
pub(crate) fn address(ctx: &Ctx) -> Option<String> {
    ctx.request().client_address.map(|address| address.to_string())
}

// Rules.

/// Why somebody is not who they say.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The mail address is none.
    #[error("give a mail address, such as ada@example.org")]
    Email,
    /// Nobody has this address, or the password is another: the two are never told apart.
    #[error("this mail address and this password do not belong together")]
    Credentials,
    /// The caller's password is another.
    #[error("this is not your current password")]
    CurrentPassword,
}

impl Refuse for Refused {
    fn code(&self) -> &'static str {
        match self {
            Self::Email => "EMAIL_INVALID",
            Self::Credentials => "CREDENTIALS_INVALID",
            Self::CurrentPassword => "CURRENT_PASSWORD_WRONG",
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::Email => Some("email"),
            Self::Credentials => None,
            Self::CurrentPassword => Some("currentPassword"),
        }
    }
}

/// The address as it is stored: lower case, and of ASCII only, so that no two look alike.
pub(crate) fn email_address(text: &str) -> Result<String, Refused> {
    let email = text.trim().to_ascii_lowercase();
    let is_address = email.len() <= 254
        && email.chars().all(|c| c.is_ascii_graphic())
        && email
            .split_once('@')
            .is_some_and(|(local, host)| !local.is_empty() && !host.is_empty() && !host.contains('@'));
    if is_address { Ok(email) } else { Err(Refused::Email) }
}

/// Somebody who can log in. Never printed.
pub(crate) struct Identity {
    pub(crate) id: IdentityId,
    pub(crate) email: String,
    pub(crate) password_hash: String,
    pub(crate) is_active: bool,
}

/// How many sessions were ended.
pub struct SessionsEnded(pub i32);

impl From<SessionsEnded> for i32 {
    fn from(ended: SessionsEnded) -> Self {
        ended.0
    }
}

// SQL.

async fn select_by_email(tx: &mut Tx, email: &str) -> Result<Option<Identity>> {
    Ok(sqlx::query_as!(
        Identity,
        r#"select id as "id: IdentityId", email, password_hash, status = 'ACTIVE' as "is_active!"
           from auth.identity where email = $1"#,
        email,
    )
    .fetch_optional(tx.conn())
    .await?)
}

async fn select(tx: &mut Tx, id: IdentityId) -> Result<Option<Identity>> {
    Ok(sqlx::query_as!(
        Identity,
        r#"select id as "id: IdentityId", email, password_hash, status = 'ACTIVE' as "is_active!"
           from auth.identity where id = $1"#,
        id as IdentityId,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Whether the identity still is as it was looked at; from now on it stays so until the transaction ends.
async fn is_unchanged(tx: &mut Tx, identity: &Identity) -> Result<bool> {
    let found = sqlx::query!(
        "select id from auth.identity
         where id = $1 and password_hash = $2 and status = 'ACTIVE' for update",
        identity.id as IdentityId,
        identity.password_hash,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(found.is_some())
}

async fn insert(tx: &mut Tx, id: IdentityId, email: &str, password_hash: &str) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "insert into auth.identity (id, email, password_hash, password_changed_at) values ($1, $2, $3, $4)",
        id as IdentityId,
        email,
        password_hash,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn save_password(tx: &mut Tx, id: IdentityId, password_hash: &str) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "update auth.identity set password_hash = $2, password_changed_at = $3 where id = $1",
        id as IdentityId,
        password_hash,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

// GraphQL.

/// The caller's old and new password.
#[derive(InputObject)]
pub struct PasswordChangeInput {
    /// The password that they logged in with.
    pub current_password: String,
    /// The one that they want: 10 characters or more, 72 bytes or fewer, and not easy to guess.
    pub new_password: String,
}

payload!(
    /// What changing one's password answers.
    PasswordChangePayload {
        /// How many other sessions were ended; the caller's goes on.
        sessions_ended: i32
    }
);

/// Identities: mutations.
#[derive(Default)]
pub struct IdentityMutation;

#[Object]
impl IdentityMutation {
    /// Changes the caller's password, and ends their sessions on all other devices.
    async fn password_change(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The old password and the new one.")] input: PasswordChangeInput,
    ) -> Result<PasswordChangePayload> {
        PasswordChangePayload::of(change_password(gql.app(), vault(gql), input).await)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_lowered_and_must_be_one() {
        assert_eq!(email_address(" Ada@Example.ORG "), Ok("ada@example.org".into()));
        for text in ["", "ada", "@", "ada@", "@x", "a@b@c", "a b@c", "a\u{0}@c", "ä@c"] {
            assert_eq!(email_address(text), Err(Refused::Email), "{text:?}");
        }
    }
}
