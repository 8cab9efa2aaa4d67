//! Who is asking, and with what request.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use http::HeaderMap;

use crate::{IdentityId, MembershipId, OrganizationId, Role, SessionId};

/// The ids of the modules that an organization has switched on, core modules included.
pub type ModuleSet = BTreeSet<String>;

/// Who is asking, as established from a *verified* token and from nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// No token was sent. Signing up and logging in are all that is left to do.
    Anonymous,
    /// A member of an organization.
    Member(Arc<Member>),
}

impl Caller {
    /// The member, if the caller is one.
    #[must_use]
    pub fn member(&self) -> Option<&Member> {
        match self {
            Self::Anonymous => None,
            Self::Member(member) => Some(member),
        }
    }
}

/// A member of an organization, as a verified token says and the session's state confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The tenant. The only source of `organization_id` anywhere.
    pub organization_id: OrganizationId,
    /// The person.
    pub identity_id: IdentityId,
    /// The person's place in the organization; the actor in audit and events.
    pub membership_id: MembershipId,
    /// The log-in that the token belongs to.
    pub session_id: SessionId,
    /// The roles held, from the token; a changed role makes the token stale.
    pub roles: Vec<Role>,
    /// When the token ends.
    pub expires_at: DateTime<Utc>,
    /// The modules that the token itself grants. `None` in innoERP, where the organization's state says it.
    pub modules: Option<Arc<ModuleSet>>,
    /// What the token itself allows, for schemas that ask for it. Nothing in innoERP, where roles say what is allowed.
    pub granted: Arc<Granted>,
}

/// What a token allows, as its issuer spells it: `@requiresScopes` and `@policy` ask for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Granted {
    /// Scopes (RFC 8693, section 4.2).
    pub scopes: BTreeSet<String>,
    /// Policies that hold for whoever shows the token.
    pub policies: BTreeSet<String>,
}

/// What a request carries from the edge to every subgraph. Printed without the token, and without what else of the
/// client's may be one.
#[derive(Clone)]
pub struct RequestContext {
    /// Who is asking.
    pub caller: Caller,
    /// The token as it came, to be forwarded; `None` for anonymous callers.
    pub token: Option<Arc<str>>,
    /// Correlates log lines and events; echoed as `x-request-id`.
    pub request_id: Arc<str>,
    /// The client's address, for throttles; `None` when it is unknown.
    pub client_address: Option<IpAddr>,
    /// The organization whose host name the request was sent to, or [`RequestContext::NOBODYS_HOST`]; `None` when the name
    /// says nothing.
    pub host_organization: Option<OrganizationId>,
    /// The client's `user-agent`, shown in a person's list of sessions.
    pub user_agent: Option<Arc<str>>,
    /// The W3C `traceparent` to continue, when one came.
    pub traceparent: Option<Arc<str>>,
    /// Other headers of the client that a subgraph is configured to get; none in innoERP itself.
    pub client_headers: Arc<HeaderMap>,
    /// Whether the caller changed something a moment ago: what follows from it in another module may be under way.
    pub has_just_written: bool,
}

impl fmt::Debug for RequestContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { caller, request_id, client_address, .. } = self;
        f.debug_struct("RequestContext")
            .field("caller", caller)
            .field("request_id", request_id)
            .field("client_address", client_address)
            .finish_non_exhaustive()
    }
}

impl RequestContext {
    /// The organization of host names that are nobody's: one that there never is. Whoever has no token is served there as
    /// at a name of an organization that they do not belong to, so that nobody learns which names are taken.
    pub const NOBODYS_HOST: OrganizationId = OrganizationId(uuid::Uuid::nil());

    /// A request of nobody in particular, as tests and jobs make it.
    #[must_use]
    pub fn anonymous(request_id: impl Into<Arc<str>>) -> Self {
        Self {
            caller: Caller::Anonymous,
            token: None,
            request_id: request_id.into(),
            client_address: None,
            host_organization: None,
            user_agent: None,
            traceparent: None,
            client_headers: Arc::default(),
            has_just_written: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_printed_without_its_token() {
        let context = RequestContext { token: Some("eyJ.secret".into()), ..RequestContext::anonymous("r1") };
        let printed = format!("{context:?}");
        assert!(printed.contains("r1") && !printed.contains("secret"), "{printed}");
    }
}

/// Where a request that is no GraphQL came from, as the router knows it; `None` when it is unknown. Among its extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub Option<IpAddr>);

/// The organization whose host name an HTTP request was sent to, among the request's extensions: whoever serves something
/// beside GraphQL refuses what is another one's. [`RequestContext::NOBODYS_HOST`] when the name is nobody's; absent when it
/// says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostOrganization(pub OrganizationId);
