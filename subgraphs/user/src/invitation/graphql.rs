//! Invitations: API.

use async_graphql::{ComplexObject, Context, InputObject, Object, SimpleObject};
use common::{Error, Page, Result, Role};
use graphql::{App as _, UserError, payload};

use super::{Invitation, InvitationId, Token};
use crate::membership::Membership;
use crate::membership::graphql::MembershipById;

#[ComplexObject]
impl Invitation {
    /// Who invited them.
    async fn invited_by(&self, gql: &Context<'_>) -> Result<Option<Membership>> {
        match self.invited_by_id {
            Some(id) => gql.load::<MembershipById>(id).await,
            None => Ok(None),
        }
    }
}

/// Whom to invite.
#[derive(Debug, InputObject)]
pub struct MemberInviteInput {
    /// Their mail address.
    pub email: String,
    /// The roles that they will hold; none above the caller's.
    pub roles: Vec<Role>,
}

/// What inviting answers.
#[derive(SimpleObject)]
pub struct MemberInvitePayload {
    /// The invitation.
    pub invitation: Option<Invitation>,
    /// What the invited person shows to join. Shown this once; whoever invites passes it on.
    pub token: Option<String>,
    /// Why nothing was done; empty when it was.
    pub user_errors: Vec<UserError>,
}

impl MemberInvitePayload {
    fn of(result: Result<(Invitation, Token)>) -> Result<Self> {
        match result {
            Ok((invitation, token)) => Ok(Self {
                invitation: Some(invitation),
                token: Some(token.reveal()),
                user_errors: Vec::new(),
            }),
            Err(Error::Refused(refusals)) => Ok(Self {
                invitation: None,
                token: None,
                user_errors: refusals.into_iter().map(Into::into).collect(),
            }),
            Err(error) => Err(error),
        }
    }
}

payload!(
    /// What revoking an invitation answers.
    InvitationRevokePayload {
        /// The invitation as it is now.
        invitation: Invitation
    }
);

/// Invitations: queries.
#[derive(Default)]
pub struct InvitationQuery;

#[Object]
impl InvitationQuery {
    /// The invitations, latest first.
    async fn invitations(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 when not said.")] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
    ) -> Result<graphql::Page<Invitation>> {
        let page = Page::new(first, after.as_deref())?;
        Ok(graphql::connection(super::list(gql.app(), page).await?))
    }
}

/// Invitations: mutations.
#[derive(Default)]
pub struct InvitationMutation;

#[Object]
impl InvitationMutation {
    /// Invites somebody to become a member.
    async fn member_invite(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "Whom.")] input: MemberInviteInput,
    ) -> Result<MemberInvitePayload> {
        MemberInvitePayload::of(super::invite(gql.app(), input).await)
    }

    /// Takes an invitation back.
    async fn invitation_revoke(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "Which.")] id: InvitationId,
    ) -> Result<InvitationRevokePayload> {
        InvitationRevokePayload::of(super::revoke(gql.app(), id).await)
    }
}
