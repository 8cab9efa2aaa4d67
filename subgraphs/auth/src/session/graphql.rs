//! Sessions: API.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use common::{Error, OrganizationId, Page, Result, SessionId};
use graphql::{App as _, UserError, payload};

use super::{LoggedIn, Session, SessionTokens};
use crate::organization::OrganizationSummary;
use crate::vault::vault;

/// One log-in of the caller on one device.
#[Object]
impl Session {
    /// Opaque.
    async fn id(&self) -> SessionId {
        self.id
    }

    /// When they logged in.
    async fn created_at(&self) -> DateTime<Utc> {
        self.created_at
    }

    /// When it was last renewed.
    async fn last_used_at(&self) -> DateTime<Utc> {
        self.last_used_at
    }

    /// When it ends unless it is used before.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.expires_at
    }

    /// The address that they logged in from.
    async fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }

    /// The program that they logged in with, as it called itself.
    async fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_deref()
    }

    /// It is the one that this request came with.
    async fn is_current(&self, gql: &Context<'_>) -> Result<bool> {
        Ok(gql.app().member()?.session_id == self.id)
    }
}

/// What a client keeps of a session.
#[Object]
impl SessionTokens {
    /// Sent with every request as `authorization: Bearer …`; good until `expiresAt`.
    async fn access_token(&self) -> &str {
        &self.access_token
    }

    /// Exchanged by `sessionRefresh` for the next pair. Good once: a second use ends the session.
    async fn refresh_token(&self) -> &str {
        &self.refresh_token
    }

    /// When the access token ends.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.expires_at
    }
}

/// Who logs in, and where.
#[derive(InputObject)]
pub struct LogInInput {
    /// The mail address.
    pub email: String,
    /// The password.
    pub password: String,
    /// Which organization to enter; needed only by those who belong to several.
    pub organization_id: Option<OrganizationId>,
}

/// What to go on with.
#[derive(InputObject)]
pub struct SessionRefreshInput {
    /// The refresh token that came last.
    pub refresh_token: String,
}

/// What logging in answers.
#[derive(SimpleObject)]
pub struct LogInPayload {
    /// The session; null when an organization is to be chosen first, or nothing was done.
    pub session: Option<SessionTokens>,
    /// The organizations to choose from: log in again with one of them. Empty when a session was opened.
    pub organizations: Vec<OrganizationSummary>,
    /// Why nothing was done; empty when it was.
    pub user_errors: Vec<UserError>,
}

impl LogInPayload {
    fn of(result: Result<LoggedIn>) -> Result<Self> {
        let (session, organizations, refusals) = match result {
            Ok(LoggedIn::Session(session)) => (Some(session), Vec::new(), Vec::new()),
            Ok(LoggedIn::Choose(organizations)) => (None, organizations, Vec::new()),
            Err(Error::Refused(refusals)) => (None, Vec::new(), refusals),
            Err(error) => return Err(error),
        };
        Ok(Self { session, organizations, user_errors: refusals.into_iter().map(Into::into).collect() })
    }
}

payload!(
    /// What going on with a session answers.
    SessionRefreshPayload {
        /// The next pair of tokens.
        session: SessionTokens
    }
);
payload!(
    /// What logging out answers.
    LogOutPayload {
        /// The session that was ended.
        session: Session
    }
);
payload!(
    /// What ending a session answers.
    SessionRevokePayload {
        /// The session that was ended.
        session: Session
    }
);

/// Sessions: queries.
#[derive(Default)]
pub struct SessionQuery;

#[Object]
impl SessionQuery {
    /// The caller's open sessions, in all organizations, latest first.
    async fn sessions(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 when not said.")] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
    ) -> Result<graphql::Page<Session>> {
        let page = Page::new(first, after.as_deref())?;
        Ok(graphql::connection(super::list(gql.app(), page).await?))
    }
}

/// Sessions: mutations.
#[derive(Default)]
pub struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Logs in. Needs no token. Answers the organizations to choose from when there are several and none is named.
    async fn log_in(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "Who, and where.")] input: LogInInput,
    ) -> Result<LogInPayload> {
        LogInPayload::of(super::log_in(gql.app(), vault(gql), input).await)
    }

    /// Goes on with a session, with the roles of now. Needs no access token.
    async fn session_refresh(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "What to go on with.")] input: SessionRefreshInput,
    ) -> Result<SessionRefreshPayload> {
        SessionRefreshPayload::of(super::refresh(gql.app(), vault(gql), input).await)
    }

    /// Ends the caller's session: its tokens are worthless within two seconds.
    async fn log_out(&self, gql: &Context<'_>) -> Result<LogOutPayload> {
        LogOutPayload::of(super::log_out(gql.app()).await)
    }

    /// Ends one of the caller's sessions.
    async fn session_revoke(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "Which.")] id: SessionId,
    ) -> Result<SessionRevokePayload> {
        SessionRevokePayload::of(super::revoke(gql.app(), id).await)
    }
}
