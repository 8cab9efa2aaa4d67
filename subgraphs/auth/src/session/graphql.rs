//! Sessions in GraphQL.

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, SimpleObject};
use common::{OrganizationId, Result, SessionId};
use graphql::{App as _, UserError, mutations, payload, queries, sorts};

use super::model::SESSION_MOVED;
use super::{
    GoneOn, LoggedIn, REVOKE, Session, SessionTokens, list, log_in, log_out, refresh, revoke, revoke_all,
    revoke_bulk, switch,
};
use crate::answered::answered;
use crate::organization::OrganizationSummary;
use crate::vault::vault;

/// Without a history: what belongs to no tenant leaves no trail in one.
#[ComplexObject]
impl Session {
    /// Whether it is the session that this request came with.
    async fn is_current(&self, gql: &Context<'_>) -> Result<bool> {
        Ok(gql.app().member()?.session_id == self.id)
    }

    /// The names of the mutations that the caller may use on it now, by their rights and by its state.
    #[graphql(directive = graphql::cost::apply(1))]
    async fn viewer_permissions(&self, gql: &Context<'_>) -> Result<Vec<&'static str>> {
        if self.is_open(gql.app().now()) {
            graphql::viewer_permissions(gql, self).await
        } else {
            Ok(Vec::new())
        }
    }
}

/// Which of the caller's sessions a list has.
#[derive(Debug, Default, InputObject)]
pub struct SessionFilter {
    /// True for those that have ended, which are kept for 30 days, in place of those that are open.
    #[graphql(default)]
    pub is_ended: bool,
}

sorts! {
    /// How a list of sessions is ordered.
    SessionSort {
        /// By when the caller logged in.
        desc CreatedAt,
    }
}

queries! {
    Session;
    /// The caller's sessions in all organizations; the open ones, the latest first, unless the arguments say otherwise.
    sessions(SessionFilter, SessionSort) = list;
    /// One of the caller's sessions, open or ended; null when there is none of that id.
    session;
}

mutations! {
    Session as session;
    /// Ends the session that this request came with: its tokens are worthless within two seconds.
    log_out() = log_out for REVOKE;
    /// Ends one of the caller's sessions, on whatever device.
    session_revoke(id: SessionId) = revoke for REVOKE;
    /// Ends many of the caller's sessions; one answer for each, in the order of the list.
    bulk session_revoke_bulk(
        /// The id of each session to end, 500 at most.
        ids: Vec<SessionId>
    ) = revoke_bulk for REVOKE;
}

/// Somebody who logs in, and where.
#[derive(InputObject)]
pub struct LogInInput {
    /// The mail address of whoever logs in.
    pub email: String,
    /// The password of whoever logs in.
    pub password: String,
    /// The id of the organization to enter; needed only by those who belong to several.
    pub organization_id: Option<OrganizationId>,
    /// What the device that is used was given when its owner logged in last; left aside when it is unknown.
    pub device_token: Option<String>,
}

/// A session to go on with.
#[derive(InputObject)]
pub struct SessionRefreshInput {
    /// The refresh token of the session that came last.
    pub refresh_token: String,
    /// The id of the organization that the client takes the session to be in. When it is in another one, nothing is done,
    /// and `movedTo` says which; so a window that shares its tokens with others writes nowhere by mistake.
    pub organization_id: Option<OrganizationId>,
}

/// A session to go on with in another organization.
#[derive(InputObject)]
pub struct SessionSwitchInput {
    /// The refresh token of the session that came last.
    pub refresh_token: String,
    /// The id of the organization to go on in.
    pub organization_id: OrganizationId,
}

/// The result of logIn.
#[derive(SimpleObject)]
pub struct LogInPayload {
    /// The session; null when an organization is to be chosen first, or nothing was done.
    pub session: Option<SessionTokens>,
    /// The organizations to choose from: log in again with one of them. Empty when a session was opened.
    pub organizations: Vec<OrganizationSummary>,
    /// A token to keep on this device, also after logging out, and to send with the next log-in: known devices do not
    /// wait behind strangers. It opens nothing by itself. Null when nothing was done.
    pub device_token: Option<String>,
    /// Why nothing was done; empty when it was.
    pub user_errors: Vec<UserError>,
}

/// The result of sessionRefresh.
#[derive(SimpleObject)]
pub struct SessionRefreshPayload {
    /// The next pair of tokens; null when nothing was done.
    pub session: Option<SessionTokens>,
    /// The organization that the session is in, when that is not the one that it was taken to be in (`SESSION_MOVED`);
    /// otherwise null.
    pub moved_to: Option<OrganizationSummary>,
    /// Why nothing was done; empty when it was.
    pub user_errors: Vec<UserError>,
}

/// The result of sessionSwitch.
#[derive(SimpleObject)]
pub struct SessionSwitchPayload {
    /// The next pair of tokens, in the other organization; null when nothing was done.
    pub session: Option<SessionTokens>,
    /// The organization that the session is in, when that is not the one that it was taken to be in (`SESSION_MOVED`);
    /// otherwise null.
    pub moved_to: Option<OrganizationSummary>,
    /// Why nothing was done; empty when it was.
    pub user_errors: Vec<UserError>,
}

payload!(
    /// The result of sessionRevokeAll.
    SessionRevokeAllPayload {
        /// The number of sessions that were ended, the caller's own among them; null when nothing was done.
        sessions_ended: i32
    }
);

/// Ending all sessions. By hand, for its payload holds no session.
#[derive(Default)]
pub struct SessionRevokeAllMutation;

#[Object]
impl SessionRevokeAllMutation {
    /// Ends all of the caller's sessions, on all devices and in all organizations, this one included.
    async fn session_revoke_all(
        &self,
        gql: &Context<'_>,
        #[graphql(
            desc = "A key of your choice that names this request, 1 to 100 bytes. Sent again within a day with \
                          the same arguments, the request changes nothing and answers the same."
        )]
        idempotency_key: Option<ID>,
    ) -> Result<Option<SessionRevokeAllPayload>> {
        let ctx = graphql::once(gql, idempotency_key)?;
        SessionRevokeAllPayload::answer(gql, revoke_all(&ctx).await).await.map(Some)
    }
}

/// Mutations that need no access token.
#[derive(Default)]
pub struct LogInMutation;

#[Object]
impl LogInMutation {
    /// Logs in. Needs no token. Answers the organizations to choose from when there are several and none is named.
    #[graphql(tag = "needs-no-token", tag = "once-a-request")]
    async fn log_in(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The mail address and the password, and the organization to enter.")]
        input: LogInInput,
    ) -> Result<Option<LogInPayload>> {
        let (logged_in, user_errors) = answered(Box::pin(log_in(gql.app(), vault(gql), input)).await)?;
        Ok(Some(match logged_in {
            Some(LoggedIn { session, organizations, device_token }) => {
                LogInPayload { session, organizations, device_token: Some(device_token), user_errors }
            }
            None => {
                LogInPayload { session: None, organizations: Vec::new(), device_token: None, user_errors }
            }
        }))
    }

    /// Goes on with a session, with the roles of now. Needs no access token.
    #[graphql(tag = "needs-no-token")]
    async fn session_refresh(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The session to go on with.")] input: SessionRefreshInput,
    ) -> Result<Option<SessionRefreshPayload>> {
        let (session, moved_to, user_errors) = told(Box::pin(refresh(gql.app(), vault(gql), input)).await)?;
        Ok(Some(SessionRefreshPayload { session, moved_to, user_errors }))
    }

    /// Goes on with a session in another organization of the same person, without the password. Needs no access token;
    /// the session leaves the organization that it was in.
    #[graphql(tag = "needs-no-token")]
    async fn session_switch(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The session to go on with, and where.")] input: SessionSwitchInput,
    ) -> Result<Option<SessionSwitchPayload>> {
        let (session, moved_to, user_errors) = told(Box::pin(switch(gql.app(), vault(gql), input)).await)?;
        Ok(Some(SessionSwitchPayload { session, moved_to, user_errors }))
    }
}

/// The next tokens, or where the session is, and why nothing was done.
fn told(
    gone_on: Result<GoneOn>,
) -> Result<(Option<SessionTokens>, Option<OrganizationSummary>, Vec<UserError>)> {
    Ok(match answered(gone_on)? {
        (Some(GoneOn::With(tokens)), user_errors) => (Some(tokens), None, user_errors),
        (Some(GoneOn::Moved(there)), _) => (None, there, vec![SESSION_MOVED.into()]),
        (None, user_errors) => (None, None, user_errors),
    })
}
