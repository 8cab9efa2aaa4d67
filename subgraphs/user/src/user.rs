//! A person's profile: the same in every organization that they belong to.

use async_graphql::{Context, InputObject, MaybeUndefined, Object, SimpleObject};
use common::{EVERYBODY_OWN, Form, Permission, Refusal, Result, STAFF};
use database::{Ctx, Record};
use graphql::{App as _, mutations};

use crate::ids::IdentityId;

// Row-level security leaves in sight oneself and, with the right to see members, those who share the organization.
/// A person, as those see them who share an organization with them.
#[derive(Clone, Debug, SimpleObject, Record)]
#[record("user", table = "\"user\".\"user\"", read = READ_OWN)]
pub struct User {
    /// The id of the person, the same in every organization; opaque to clients.
    pub id: IdentityId,
    /// The name that people know them by.
    pub display_name: String,
    /// The mail address that they log in with, in lower case.
    #[record(once)]
    pub email: String,
    /// The tag of the language that they read in (BCP 47), such as `de` or `bn-BD`; null while they have not said.
    pub locale: Option<String>,
}

pub(crate) const READ: Permission =
    Permission::new("user.member.read", "See the organization's members.", STAFF);
pub(crate) const READ_OWN: Permission =
    Permission::new("user.profile.read", "See one's own profile, roles and organizations.", EVERYBODY_OWN);
pub(crate) const UPDATE_OWN: Permission =
    Permission::new("user.profile.update", "Change one's own profile.", EVERYBODY_OWN);

const LOCALE_INVALID: Refusal = Refusal::of(
    "locale",
    "LOCALE_INVALID",
    "give the tag of a language (BCP 47) of at most 35 characters, such as de or bn-BD",
);

/// Changes the caller's profile.
pub async fn update(ctx: &Ctx, input: ProfileUpdateInput) -> Result<User> {
    let mut tx = ctx.begin(&UPDATE_OWN).await?;
    let mut user: User = tx.lock(ctx.member()?.identity_id).await?;
    let mut form = Form::default();
    form.name("displayName", input.display_name, &mut user.display_name);
    let locale = |tag: String| words::locale(&tag).map(Some).ok_or(LOCALE_INVALID);
    form.optional_checked(input.locale, locale, &mut user.locale);
    form.check()?;
    tx.save(&mut user).await?;
    tx.commit(user).await
}

/// The fields of the caller's profile.
#[derive(Clone, Debug, InputObject)]
pub struct ProfileUpdateInput {
    /// The name that people know them by: 1 to 100 characters.
    pub display_name: MaybeUndefined<String>,
    /// The tag of the language to read in (BCP 47), at most 35 characters, such as `de` or `bn-BD`; null for whatever the client
    /// asks for. What the ERP says itself is in English, German, Bengali and Arabic; in English for every other language.
    pub locale: MaybeUndefined<String>,
}

/// Queries about people.
#[derive(Default)]
pub struct UserQuery;

#[Object]
impl UserQuery {
    /// One person, for other subgraphs; only those who share the caller's organization are there.
    #[graphql(entity)]
    async fn user_by_id(&self, gql: &Context<'_>, id: IdentityId) -> Result<Option<User>> {
        gql.find(id).await
    }
}

mutations! {
    User as user;
    /// Changes the caller's own profile, in every organization at once.
    profile_update(
        /// The fields of the caller's profile.
        input: ProfileUpdateInput
    ) = update for UPDATE_OWN;
}
