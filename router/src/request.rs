//! What a client sends: a GraphQL request, who sent it, and which operations its way may carry.

use std::net::IpAddr;
use std::sync::Arc;

use http::HeaderMap;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

/// A GraphQL request, as it stands in a body, a query string or a WebSocket message.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", remote = "Self")]
pub struct GraphqlRequest {
    /// The document; empty when it is named instead.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub query: String,
    /// The id of a trusted document.
    #[serde(default)]
    pub document_id: Option<String>,
    /// Which of its operations to run; needed when there are several.
    #[serde(default)]
    pub operation_name: Option<String>,
    /// The variables' values.
    #[serde(default)]
    pub variables: Option<Map<String, Value>>,
    /// `persistedQuery` names a document by its hash; `queryPlan: true` asks for the plan, which is shown in the
    /// development profile. Whatever else there is is accepted and not used.
    #[serde(default)]
    pub extensions: Option<Map<String, Value>>,
}

impl GraphqlRequest {
    /// What says which document it is for, and nothing else.
    pub(crate) fn document_only(&self) -> Self {
        Self {
            query: self.query.clone(),
            document_id: self.document_id.clone(),
            extensions: self.extensions.clone(),
            ..Self::default()
        }
    }
}

/// An object and nothing else: what is derived would take a list of the values, too.
impl<'de> Deserialize<'de> for GraphqlRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = GraphqlRequest;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a GraphQL request")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                GraphqlRequest::deserialize(MapAccessDeserializer::new(map))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

fn null_is_empty<'de, D: Deserializer<'de>>(value: D) -> Result<String, D::Error> {
    Option::<String>::deserialize(value).map(Option::unwrap_or_default)
}

/// Who sent a request, as far as the connection says.
#[derive(Clone)]
pub struct Client {
    /// The bearer token, not verified yet. Empty when a credential of another kind came, which counts for nobody.
    pub token: Option<Arc<str>>,
    /// Correlates log lines; answered as `x-request-id`.
    pub request_id: Arc<str>,
    /// The address it came from.
    pub address: Option<IpAddr>,
    /// The subdomain of the base domain that it was sent to.
    pub subdomain: Option<Arc<str>>,
    /// The `user-agent`.
    pub user_agent: Option<Arc<str>>,
    /// The trace to continue.
    pub traceparent: Option<Arc<str>>,
    /// Other headers of the request, as far as a subgraph is configured to get them.
    pub headers: Arc<HeaderMap>,
}

impl std::fmt::Debug for Client {
    /// Without the token, which is a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("request_id", &self.request_id)
            .field("address", &self.address)
            .finish()
    }
}

impl Client {
    /// Somebody without a token at an unknown address.
    #[must_use]
    pub fn anonymous(request_id: impl Into<Arc<str>>) -> Self {
        Self {
            token: None,
            request_id: request_id.into(),
            address: None,
            subdomain: None,
            user_agent: None,
            traceparent: None,
            headers: Arc::default(),
        }
    }
}

/// Which operations the way that a request came may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// Queries: `GET`.
    Queries,
    /// Queries and mutations: `POST`.
    QueriesAndMutations,
    /// Everything: event streams and WebSockets.
    Everything,
}

/// The token of `Bearer <token>`.
pub(crate) fn bearer_token(value: &str) -> Option<&str> {
    let (scheme, token) = value.trim().split_once(' ')?;
    let token = token.trim();
    let is_whole = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    (scheme.eq_ignore_ascii_case("bearer") && is_whole).then_some(token)
}
