//! Invitations in GraphQL.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use common::{Result, Role};
use graphql::{App as _, FromRow, UserError, mutations, noun, queries, sorts};

use super::{INVITE, Invitation, InvitationStatus, invite, invite_bulk, list, revoke, revoke_bulk};
use crate::ids::InvitationId;
use crate::membership::Membership;

#[noun]
impl Invitation {
    /// What has become of the invitation by now.
    async fn status(&self, gql: &Context<'_>) -> InvitationStatus {
        self.status_at(gql.app().now())
    }

    /// The member who invited; null when it was the system.
    async fn invited_by(&self, gql: &Context<'_>) -> Result<Option<Membership>> {
        gql.find(self.invited_by_id).await
    }
}

/// Somebody to invite.
#[derive(Clone, Debug, InputObject)]
pub struct MemberInviteInput {
    /// The mail address of the person to invite.
    pub email: String,
    /// The roles that the person will hold: at least one, none above the caller's own.
    pub roles: Vec<Role>,
}

/// Which invitations a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct InvitationFilter {
    /// What has become of them by now; anything when absent.
    pub status: Option<InvitationStatus>,
    /// Part of the mail address: 1 to 100 characters.
    #[graphql(directive = graphql::cost::apply(20))]
    pub search: Option<String>,
}

sorts! {
    /// How a list of invitations is ordered.
    InvitationSort {
        /// By when they were made.
        desc CreatedAt,
        /// By mail address.
        Email,
    }
}

queries! {
    Invitation;
    /// The invitations, the latest first unless the arguments say otherwise.
    invitations(InvitationFilter, InvitationSort) = list;
    /// One invitation; null when there is none of that id.
    invitation;
}

mutations! {
    Invitation as invitation;
    /// Takes an invitation back: its token opens nothing any more.
    invitation_revoke(id: InvitationId) = revoke for INVITE
        if |invitation| invitation.status == InvitationStatus::Pending;
    /// Takes many invitations back; one answer for each, in the order of the list.
    bulk invitation_revoke_bulk(
        /// The id of each invitation to take back, 500 at most.
        ids: Vec<InvitationId>
    ) = revoke_bulk for INVITE;
}

/// The result of memberInvite.
#[derive(SimpleObject)]
pub struct MemberInvitePayload {
    /// The invitation as it is now; null when nothing was done.
    pub invitation: Option<Invitation>,
    /// The token that the invited person shows to join. It is shown this once, for whoever invites to pass on: null
    /// when nothing was done, when a request that was done before is answered again, and where tokens go to the invited
    /// address alone, as in production.
    pub token: Option<String>,
    /// Why nothing was done; empty when it was.
    pub user_errors: Vec<UserError>,
}

impl MemberInvitePayload {
    fn new(invitation: Option<Invitation>, user_errors: Vec<UserError>) -> Self {
        let token = invitation.as_ref().and_then(|invitation| invitation.token.clone());
        Self { invitation, token: token.map(|token| token.reveal()), user_errors }
    }
}

impl FromRow<Invitation> for MemberInvitePayload {
    fn from_row(done: Result<Invitation>) -> Self {
        match done {
            Ok(invitation) => Self::new(Some(invitation), Vec::new()),
            Err(error) => Self::new(None, database::refusals(&error).into_iter().map(Into::into).collect()),
        }
    }
}

/// Whether whoever invites is shown the token.
pub struct TokensShown(pub bool);

/// An invitation, with its token where that is shown.
fn shown(gql: &Context<'_>, mut invitation: Invitation) -> Invitation {
    if !gql.data_unchecked::<TokensShown>().0 {
        invitation.token = None;
    }
    invitation
}

graphql::bulk_payload!(
    /// The result of memberInviteBulk.
    MemberInviteBulkPayload of MemberInvitePayload
);

/// Mutations that invite. By hand, for their payloads hold a token beside the noun.
#[derive(Default)]
pub struct InviteMutation;

#[Object]
impl InviteMutation {
    /// Invites somebody to become a member.
    async fn member_invite(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The person to invite.")] input: MemberInviteInput,
        #[graphql(
            desc = "A key of your choice that names this request, 1 to 100 bytes. Sent again within a day with \
                          the same arguments, the request changes nothing and answers the same without the token."
        )]
        idempotency_key: Option<ID>,
    ) -> Result<Option<MemberInvitePayload>> {
        let ctx = graphql::once(gql, idempotency_key)?;
        let (invitation, user_errors) =
            graphql::answer(gql, invite(&ctx, input).await.map(|done| shown(gql, done))).await?;
        Ok(Some(MemberInvitePayload::new(invitation, user_errors)))
    }

    /// Invites many people to become members; one answer for each, in the order of the list.
    async fn member_invite_bulk(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The people to invite, 500 at most.")] rows: Vec<MemberInviteInput>,
        #[graphql(
            desc = "A key of your choice that names this request, 1 to 100 bytes. Sent again within a day with \
                          the same arguments, the request changes nothing and answers the same without the tokens."
        )]
        idempotency_key: Option<ID>,
    ) -> Result<Option<MemberInviteBulkPayload>> {
        graphql::check_bulk(rows.len())?;
        let ctx = graphql::once(gql, idempotency_key)?;
        let done = invite_bulk(&ctx, rows).await;
        let done = done.map(|rows| rows.into_iter().map(|row| row.map(|done| shown(gql, done))).collect());
        MemberInviteBulkPayload::answer(gql, done).await.map(Some)
    }
}
