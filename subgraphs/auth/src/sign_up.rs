//! Signing up: an organization, the identity and its owner's membership, in one transaction, or nothing.

use async_graphql::MaybeUndefined::Value;
use async_graphql::{Context, InputObject, Object, SimpleObject};
use common::{Error, Form, IdentityId, MembershipId, OrganizationId, Permission, Refusal, Result};
use database::{Ctx, OnConstraint as _, Tx};
use graphql::{App as _, UserError};

use crate::answered::answered;
use crate::identity;
use crate::organization::{self, OrganizationSummary};
use crate::password::Password;
use crate::proof::{self, Otherwise};
use crate::session::{self, SessionTokens};
use crate::vault::{Vault, vault};

const SUBDOMAIN_TAKEN: Refusal =
    Refusal::of("subdomain", "SUBDOMAIN_TAKEN", "this subdomain is taken; choose another");
/// What `tenant.organization_refusals` may answer of what no form knows, but whether a subdomain is taken: that is told
/// only after an attempt that is counted.
const OF_ORGANIZATION: [Refusal; 3] = [
    Refusal::of(
        "subdomain",
        "SUBDOMAIN_INVALID",
        "a subdomain has 3 to 63 of the characters a to z, 0 to 9, and single hyphens between them",
    ),
    Refusal::of("subdomain", "SUBDOMAIN_RESERVED", "this subdomain is reserved; choose another"),
    Refusal::of(
        "industryCode",
        "INDUSTRY_CODE_INVALID",
        "an industry code has 2 to 50 of the characters a to z, 0 to 9 and _, and begins with a letter",
    ),
];

/// Signs up. A mail address that has an identity may found another organization with its password.
///
/// # Errors
/// Refuses with every reason at once that stands in the form itself; then a wrong password, and last a subdomain that is
/// taken, which nobody learns without an attempt that is counted. `RATE_LIMITED`; `HOST_REFUSED` at the host name of an
/// organization, where there is nothing but that one.
pub async fn sign_up(ctx: &Ctx, vault: &Vault, input: SignUpInput) -> Result<SignedUp> {
    let ctx = &ctx.as_nobody();
    if ctx.request().host_organization.is_some() {
        return Err(Error::HostRefused);
    }
    let mut tx = ctx.begin(&Permission::PUBLIC).await?;
    let wanted = Wanted::try_new(&mut tx, &input).await?;
    tx.commit(()).await?;
    let account = vault.account(&wanted.email);
    let (mut tx, admitted) = proof::admit(ctx, vault, account, input.device_token.as_deref()).await?;
    let known = identity::select_by_email(&mut tx, &wanted.email).await?;
    tx.commit(()).await?;

    let proof = admitted.prove(ctx, known, wanted.password.clone(), Otherwise::New).await?;
    let signer = vault.signers.current(ctx).await?;

    let (identity_id, membership_id) = (proof.identity_id(), MembershipId::new());
    let mut tx = ctx.begin(&Permission::PUBLIC).await?;
    tx.enter(wanted.organization.id, identity_id, membership_id).await?;
    proof.settle(&mut tx, &wanted.email).await?;
    create_organization(&mut tx, &wanted)
        .await
        .on_constraint("organization_subdomain_key", SUBDOMAIN_TAKEN)?;
    create_owner(&mut tx, &wanted, identity_id, membership_id).await?;
    tx.announce();
    let membership = organization::select_membership(&mut tx, identity_id, membership_id).await?;
    let membership = membership.ok_or_else(|| Error::internal("the owner's membership is not there"))?;
    let session = session::open(&mut tx, ctx, vault, &signer, identity_id, &membership).await?;
    let device_token = proof.keep_device(&mut tx, vault).await?;
    tx.commit(()).await?;
    Ok(SignedUp { session, organization: wanted.organization, device_token })
}

// Rules.

/// What is asked for, once nothing speaks against it.
struct Wanted {
    organization: OrganizationSummary,
    industry_code: Option<String>,
    owner_name: String,
    email: String,
    password: Password,
}

impl Wanted {
    /// Collects every reason against that stands in the form itself.
    async fn try_new(tx: &mut Tx, input: &SignUpInput) -> Result<Self> {
        let subdomain = visible(&input.subdomain).to_ascii_lowercase();
        let mut organization =
            OrganizationSummary { id: OrganizationId::new(), name: String::new(), subdomain };
        let industry_code = input.industry_code.as_deref().map(visible);
        let (mut form, mut owner_name, mut email) = (Form::default(), String::new(), String::new());
        form.name("organizationName", Value(input.organization_name.clone()), &mut organization.name);
        let codes = select_refusals(tx, &organization, industry_code.as_deref()).await?;
        for refusal in
            OF_ORGANIZATION.into_iter().filter(|refusal| codes.iter().any(|code| *code == refusal.code))
        {
            form.refuse(refusal);
        }
        form.name("ownerName", Value(input.owner_name.clone()), &mut owner_name);
        form.email("email", Value(input.email.clone()), &mut email);
        let password = Password::new(&input.password);
        if let Err(refusal) = password.check_for("password", &email) {
            form.refuse(refusal);
        }
        form.check()?;
        Ok(Self { organization, industry_code, owner_name, email, password })
    }
}

/// Trimmed, and with a mark in the place of U+0000, which cannot even be sent to PostgreSQL to be refused there.
fn visible(text: &str) -> String {
    text.trim().replace('\0', "\u{1}")
}

/// What signing up makes.
pub struct SignedUp {
    /// The owner's session in it.
    pub session: SessionTokens,
    /// The organization.
    pub organization: OrganizationSummary,
    /// What the owner's device is known by next time.
    pub device_token: String,
}

// SQL.

async fn select_refusals(
    tx: &mut Tx,
    organization: &OrganizationSummary,
    industry_code: Option<&str>,
) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select tenant.organization_refusals($1, $2, $3) as "codes!""#,
        organization.name,
        organization.subdomain,
        industry_code,
    )
    .fetch_one(tx.conn())
    .await?)
}

async fn create_organization(tx: &mut Tx, wanted: &Wanted) -> Result<()> {
    sqlx::query!(
        "select tenant.organization_create($1, $2, $3, $4)",
        wanted.organization.id as OrganizationId,
        wanted.organization.name,
        wanted.organization.subdomain,
        wanted.industry_code,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn create_owner(
    tx: &mut Tx,
    wanted: &Wanted,
    identity_id: IdentityId,
    membership_id: MembershipId,
) -> Result<()> {
    sqlx::query!(
        r#"select "user".owner_create($1, $2, $3, $4, $5)"#,
        membership_id as MembershipId,
        wanted.organization.id as OrganizationId,
        identity_id as IdentityId,
        wanted.owner_name,
        wanted.email,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

// GraphQL.

/// A new organization and its owner.
#[derive(InputObject)]
pub struct SignUpInput {
    /// The name that its members will know the organization by: 1 to 100 characters.
    pub organization_name: String,
    /// The first part of its host name: 3 to 63 of a to z, 0 to 9, and single hyphens between them.
    pub subdomain: String,
    /// The name that people know the owner by: 1 to 100 characters. Left aside when the owner has an identity already.
    pub owner_name: String,
    /// The owner's mail address.
    pub email: String,
    /// The owner's password: 10 characters or more, 72 bytes or fewer, and not easy to guess. For an address that
    /// has an identity already, that one's.
    pub password: String,
    /// The line of business, such as software.
    pub industry_code: Option<String>,
    /// What the device that is used was given when its owner logged in last; left aside when it is unknown.
    pub device_token: Option<String>,
}

/// The result of signUp.
#[derive(SimpleObject)]
pub struct SignUpPayload {
    /// The owner's session in the new organization; null when nothing was done.
    pub session: Option<SessionTokens>,
    /// The new organization; null when nothing was done.
    pub organization: Option<OrganizationSummary>,
    /// A token to keep on this device and to send with the next log-in; null when nothing was done.
    pub device_token: Option<String>,
    /// Why nothing was done; empty when it was.
    pub user_errors: Vec<UserError>,
}

/// Mutations that sign up.
#[derive(Default)]
pub struct SignUpMutation;

#[Object]
impl SignUpMutation {
    /// Makes an organization, the identity of its owner, and opens a session there; or nothing. Needs no token.
    #[graphql(tag = "needs-no-token", tag = "once-a-request")]
    async fn sign_up(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The organization and its owner.")] input: SignUpInput,
    ) -> Result<Option<SignUpPayload>> {
        let (signed_up, user_errors) = answered(Box::pin(sign_up(gql.app(), vault(gql), input)).await)?;
        Ok(Some(match signed_up {
            Some(SignedUp { session, organization, device_token }) => SignUpPayload {
                session: Some(session),
                organization: Some(organization),
                device_token: Some(device_token),
                user_errors,
            },
            None => SignUpPayload { session: None, organization: None, device_token: None, user_errors },
        }))
    }
}
