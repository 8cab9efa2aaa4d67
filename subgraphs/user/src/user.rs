//! A person's profile: the same in every organization that they belong to.

use std::collections::HashMap;

use async_graphql::{Context, InputObject, Object, SimpleObject};
use common::{Error, IdentityId, Permission, Refuse, Result, Role, Scope};
use database::{Ctx, Tx};
use graphql::{App as _, Batch, payload};

use crate::membership;

pub(crate) const READ_OWN: Permission = Permission {
    key: "user.profile.read",
    description: "See one's own profile, roles and organizations.",
    grants: &[
        (Role::Admin, Scope::Own),
        (Role::Manager, Scope::Own),
        (Role::Hr, Scope::Own),
        (Role::Member, Scope::Own),
    ],
};
pub(crate) const UPDATE_OWN: Permission = Permission {
    key: "user.profile.update",
    description: "Change one's own profile.",
    grants: &[
        (Role::Admin, Scope::Own),
        (Role::Manager, Scope::Own),
        (Role::Hr, Scope::Own),
        (Role::Member, Scope::Own),
    ],
};

// Use-cases.

/// Changes the caller's profile.
///
/// # Errors
/// Refuses a name that is none.
pub async fn update(ctx: &Ctx, input: ProfileUpdateInput) -> Result<User> {
    let mut tx = ctx.begin(&UPDATE_OWN).await?;
    let display_name = display_name(&input.display_name)?;
    let user = save(&mut tx, ctx.member()?.identity_id, &display_name).await?;
    tx.commit().await?;
    Ok(user)
}

// Rules.

/// Why a profile cannot be as asked.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The name is empty, too long, or has characters that cannot be seen.
    #[error("give a name of 1 to 100 visible characters")]
    DisplayName,
}

impl Refuse for Refused {
    fn code(&self) -> &'static str {
        "DISPLAY_NAME_INVALID"
    }

    fn field(&self) -> Option<&'static str> {
        Some("displayName")
    }
}

fn display_name(name: &str) -> Result<String, Refused> {
    let name = name.trim();
    let is_name = (1..=100).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if is_name { Ok(name.to_owned()) } else { Err(Refused::DisplayName) }
}

// SQL. Row-level security leaves the caller and those who share their organization in sight.

pub(crate) async fn select_many(tx: &mut Tx, ids: &[IdentityId]) -> Result<Vec<User>> {
    Ok(sqlx::query_as!(
        User,
        r#"select id as "id: IdentityId", display_name, email from "user"."user" where id = any($1)"#,
        ids as &[IdentityId],
    )
    .fetch_all(tx.conn())
    .await?)
}

async fn save(tx: &mut Tx, id: IdentityId, display_name: &str) -> Result<User> {
    sqlx::query_as!(
        User,
        r#"update "user"."user" set display_name = $2 where id = $1
           returning id as "id: IdentityId", display_name, email"#,
        id as IdentityId,
        display_name,
    )
    .fetch_optional(tx.conn())
    .await?
    .ok_or(Error::NotFound("user"))
}

// GraphQL.

/// A person, as those see them who share an organization with them.
#[derive(Clone, Debug, SimpleObject)]
pub struct User {
    /// Opaque; the same in every organization.
    pub id: IdentityId,
    /// What people call them.
    pub display_name: String,
    /// The address that they log in with.
    pub email: String,
}

/// What is to change of the caller's profile.
#[derive(Debug, InputObject)]
pub struct ProfileUpdateInput {
    /// What people call them: 1 to 100 characters.
    pub display_name: String,
}

payload!(
    /// What changing one's profile answers.
    ProfileUpdatePayload {
        /// The caller as they are now.
        user: User
    }
);

/// People, by id.
struct UserById;

impl Batch for UserById {
    type Key = IdentityId;
    type Value = User;

    async fn load(ctx: &Ctx, keys: &[IdentityId]) -> Result<HashMap<IdentityId, User>> {
        let mut tx = ctx.begin(&membership::READ).await?;
        Ok(select_many(&mut tx, keys).await?.into_iter().map(|found| (found.id, found)).collect())
    }
}

/// People: queries.
#[derive(Default)]
pub struct UserQuery;

#[Object]
impl UserQuery {
    /// One person, for other subgraphs; only those who share the caller's organization are there.
    #[graphql(entity)]
    async fn user_by_id(&self, gql: &Context<'_>, id: IdentityId) -> Result<Option<User>> {
        gql.load::<UserById>(id).await
    }
}

/// People: mutations.
#[derive(Default)]
pub struct UserMutation;

#[Object]
impl UserMutation {
    /// Changes the caller's own profile, in every organization at once.
    async fn profile_update(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "What is to change.")] input: ProfileUpdateInput,
    ) -> Result<ProfileUpdatePayload> {
        ProfileUpdatePayload::of(update(gql.app(), input).await)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_must_be_one() {
        assert_eq!(display_name(" Ada Lovelace "), Ok("Ada Lovelace".into()));
        for name in ["", " ", "a\u{0}", "a\nb", &"x".repeat(101)] {
            assert_eq!(display_name(name), Err(Refused::DisplayName), "{name:?}");
        }
    }
}
