//! Signing up: an organization, the identity and its owner's membership, in one transaction, or nothing.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use common::{Error, IdentityId, MembershipId, OrganizationId, Permission, Refusal, Refuse, Result};
use database::{Ctx, OnConstraint as _, Tx};
use graphql::{App as _, UserError};

use crate::identity::{self, Proof};
use crate::organization::{self, OrganizationSummary};
use crate::session::{self, SessionTokens};
use crate::vault::{Vault, vault};
use crate::{as_nobody, password};

// Use-cases.

/// Signs up. A mail address that has an identity may found another organization with its password.
///
/// # Errors
/// Refuses with every reason at once; `RATE_LIMITED`.
pub async fn sign_up(ctx: &Ctx, vault: &Vault, input: SignUpInput) -> Result<SignedUp> {
    let ctx = &as_nobody(ctx);
    let mut tx = ctx.begin(&Permission::PUBLIC).await?;
    let wanted = Wanted::try_new(&mut tx, &input).await?;
    let (attempt, known) = identity::present(&mut tx, ctx, vault, &wanted.email).await?;
    tx.commit().await?;

    let proof = Proof::of(vault, known, input.password).await?;
    let signer = vault.signers.current(ctx).await?;

    let (identity_id, membership_id) = (proof.identity_id(), MembershipId::new());
    let mut tx = ctx.begin(&Permission::PUBLIC).await?;
    attempt.succeeded(&mut tx).await?;
    tx.enter(wanted.organization.id, identity_id, membership_id).await?;
    proof.settle(&mut tx, &wanted.email).await?;
    create_organization(&mut tx, &wanted)
        .await
        .on_constraint("organization_subdomain_key", Refused::SubdomainTaken)?;
    create_owner(&mut tx, &wanted, identity_id, membership_id).await?;
    tx.announce();
    let membership = organization::select_membership(&mut tx, identity_id, membership_id).await?;
    let membership = membership.ok_or_else(|| Error::internal("the owner's membership is not there"))?;
    let session = session::open(&mut tx, ctx, vault, &signer, identity_id, &membership).await?;
    tx.commit().await?;
    Ok(SignedUp { session, organization: wanted.organization })
}

// Rules.

/// Why nobody signs up like this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The organization's name is empty, too long, or has characters that cannot be seen.
    #[error("give the organization a name of 1 to 100 visible characters")]
    OrganizationName,
    /// The subdomain has another form.
    #[error("a subdomain has 3 to 63 of the characters a to z, 0 to 9, and single hyphens between them")]
    Subdomain,
    /// The subdomain is ours.
    #[error("this subdomain is reserved; choose another")]
    SubdomainReserved,
    /// Another organization has the subdomain.
    #[error("this subdomain is taken; choose another")]
    SubdomainTaken,
    /// The industry code has another form.
    #[error("an industry code has 2 to 50 of the characters a to z, 0 to 9 and _, and begins with a letter")]
    IndustryCode,
    /// The owner's name is empty, too long, or has characters that cannot be seen.
    #[error("give a name of 1 to 100 visible characters")]
    OwnerName,
}

impl Refused {
    /// What `tenant.organization_refusals` may answer.
    const OF_ORGANIZATION: [Self; 5] = [
        Self::OrganizationName,
        Self::Subdomain,
        Self::SubdomainReserved,
        Self::SubdomainTaken,
        Self::IndustryCode,
    ];
}

impl Refuse for Refused {
    fn code(&self) -> &'static str {
        match self {
            Self::OrganizationName => "ORGANIZATION_NAME_INVALID",
            Self::Subdomain => "SUBDOMAIN_INVALID",
            Self::SubdomainReserved => "SUBDOMAIN_RESERVED",
            Self::SubdomainTaken => "SUBDOMAIN_TAKEN",
            Self::IndustryCode => "INDUSTRY_CODE_INVALID",
            Self::OwnerName => "OWNER_NAME_INVALID",
        }
    }

    fn field(&self) -> Option<&'static str> {
        Some(match self {
            Self::OrganizationName => "organizationName",
            Self::Subdomain | Self::SubdomainReserved | Self::SubdomainTaken => "subdomain",
            Self::IndustryCode => "industryCode",
            Self::OwnerName => "ownerName",
        })
    }
}

/// What is asked for, once nothing speaks against it.
struct Wanted {
    organization: OrganizationSummary,
    industry_code: Option<String>,
    owner_name: String,
    email: String,
}

impl Wanted {
    /// Collects every reason against.
    async fn try_new(tx: &mut Tx, input: &SignUpInput) -> Result<Self> {
        let organization = OrganizationSummary {
            id: OrganizationId::new(),
            name: visible(&input.organization_name),
            subdomain: visible(&input.subdomain).to_ascii_lowercase(),
        };
        let industry_code = input.industry_code.as_deref().map(visible);
        let codes = select_refusals(tx, &organization, industry_code.as_deref()).await?;
        let mut refusals: Vec<Refusal> = Refused::OF_ORGANIZATION
            .into_iter()
            .filter(|refused| codes.iter().any(|code| code == refused.code()))
            .map(Into::into)
            .collect();
        let owner_name = person_name(&input.owner_name);
        refusals.extend(owner_name.as_ref().err().copied().map(Into::into));
        let email = identity::email_address(&input.email).unwrap_or_else(|refused| {
            refusals.push(refused.into());
            String::new()
        });
        refusals.extend(password::check("password", &input.password, &email).err().map(Into::into));
        match owner_name {
            Ok(owner_name) if refusals.is_empty() => {
                Ok(Self { organization, industry_code, owner_name, email })
            }
            _ => Err(Error::Refused(refusals)),
        }
    }
}

/// Trimmed, and with a mark in the place of U+0000, which cannot even be sent to PostgreSQL to be refused there.
fn visible(text: &str) -> String {
    text.trim().replace('\0', "\u{1}")
}

/// A person's name as it is stored.
pub(crate) fn person_name(name: &str) -> Result<String, Refused> {
    let name = name.trim();
    let is_name = (1..=100).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if is_name { Ok(name.to_owned()) } else { Err(Refused::OwnerName) }
}

/// What signing up makes.
pub struct SignedUp {
    /// The owner's session in it.
    pub session: SessionTokens,
    /// The organization.
    pub organization: OrganizationSummary,
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
    /// What its members will call it: 1 to 100 characters.
    pub organization_name: String,
    /// The first part of its host name: 3 to 63 of a to z, 0 to 9, and single hyphens between them.
    pub subdomain: String,
    /// What people call the owner: 1 to 100 characters. Left aside when the owner has an identity already.
    pub owner_name: String,
    /// The owner's mail address.
    pub email: String,
    /// The owner's password: 10 characters or more, 72 bytes or fewer, and not easy to guess. For an address that
    /// has an identity already, that one's.
    pub password: String,
    /// The line of business, such as software.
    pub industry_code: Option<String>,
}

/// What signing up answers.
#[derive(SimpleObject)]
pub struct SignUpPayload {
    /// The owner's session in the new organization.
    pub session: Option<SessionTokens>,
    /// The new organization.
    pub organization: Option<OrganizationSummary>,
    /// Why nothing was done; empty when it was.
    pub user_errors: Vec<UserError>,
}

impl SignUpPayload {
    fn of(result: Result<SignedUp>) -> Result<Self> {
        match result {
            Ok(SignedUp { session, organization }) => {
                Ok(Self { session: Some(session), organization: Some(organization), user_errors: Vec::new() })
            }
            Err(Error::Refused(refusals)) => Ok(Self {
                session: None,
                organization: None,
                user_errors: refusals.into_iter().map(Into::into).collect(),
            }),
            Err(error) => Err(error),
        }
    }
}

/// Signing up: mutations.
#[derive(Default)]
pub struct SignUpMutation;

#[Object]
impl SignUpMutation {
    /// Makes an organization, the identity of its owner, and opens a session there; or nothing. Needs no token.
    async fn sign_up(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The organization and its owner.")] input: SignUpInput,
    ) -> Result<SignUpPayload> {
        SignUpPayload::of(sign_up(gql.app(), vault(gql), input).await)
    }
}
