//! One subgraph, as a file says it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use http::header::{self, HeaderName, HeaderValue};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use super::Faults;
use super::problem::{ConfigError, Problem, no_file};

/// The headers of the client's request that go on to a subgraph when nobody says otherwise.
pub const FORWARDED: [HeaderName; 3] =
    [header::AUTHORIZATION, HeaderName::from_static("traceparent"), HeaderName::from_static("x-request-id")];

/// One subgraph, and the way to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubgraphConfig {
    /// Its name in plans, logs and the composed schema: letters, digits, `-` and `_`, a letter first.
    pub name: String,
    /// Where queries and mutations are posted. Beside `supergraph`, default what that states.
    #[serde(default)]
    pub url: Option<String>,
    /// Where its schema comes from. Default `service`.
    #[serde(default)]
    pub schema: SchemaSource,
    /// How it takes subscriptions. Default `websocket`.
    #[serde(default)]
    pub subscription_protocol: SubscriptionProtocol,
    /// Where it takes subscriptions over WebSockets. Default its `url` with `ws` for `http`.
    #[serde(default)]
    pub websocket_url: Option<String>,
    /// Headers that each call to it carries, by name. Default none.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Headers of the client's request that go on to it. Default `authorization`, `traceparent`, `x-request-id`.
    #[serde(default = "usually_forwarded")]
    #[schemars(length(max = 100))]
    pub forward_headers: Vec<String>,
    /// How long a call may take. Default 5,000; 10–120,000.
    #[serde(default = "usual_timeout_ms")]
    #[schemars(range(min = 10, max = 120_000))]
    pub timeout_ms: u64,
    /// How large an answer may be, in bytes. Default 10,485,760; 1,024–1,073,741,824.
    #[serde(default = "usual_answer_bytes_max")]
    #[schemars(range(min = 1_024, max = 1_073_741_824))]
    pub answer_bytes_max: usize,
    /// When it is left alone because it fails, and how often a query is asked again.
    #[serde(default)]
    pub faults: Faults,
    /// Whether equal queries of the same client that are under way together are asked once. Default true.
    #[serde(default = "usually")]
    pub deduplicate: bool,
    /// The module that it belongs to: callers see it when they have that module. Default its name.
    #[serde(default)]
    pub module: Option<String>,
    /// What clients are told of its errors. Default as `subgraph_errors` says.
    #[serde(default)]
    pub errors: Option<SubgraphErrors>,
    /// Whether each call carries innoERP's credential, which the modules of innoERP ask for. Default false.
    #[serde(default)]
    pub signed: bool,
}

/// What clients are told of the errors that subgraphs report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SubgraphErrors {
    /// Whether an error is told in its subgraph's own words only when its code is known; of others, clients are told
    /// the place and the code, and the log has the rest. Of `extensions`, those that are known pass. Of a `signed`
    /// subgraph everything is known. Default true in production, false in development.
    pub masked: Option<bool>,
    /// Codes that are known besides innoERP's own: `UNAUTHENTICATED`, `FORBIDDEN`, `NOT_FOUND`, `VALIDATION_FAILED`,
    /// `BAD_USER_INPUT`, `VERSION_CONFLICT`, `IDEMPOTENCY_MISMATCH`, `RATE_LIMITED`, `MODULE_DISABLED`,
    /// `TENANT_SUSPENDED`, `HOST_REFUSED` and `DEPENDENCY_UNAVAILABLE`. Default none; 1,000 at most.
    #[schemars(length(max = 1_000))]
    pub known_codes: Vec<String>,
    /// Names within `extensions` that are known besides `code` and `retryAfterSeconds`. They pass with errors whose
    /// code is known. Default none; 1,000 at most.
    #[schemars(length(max = 1_000))]
    pub known_extensions: Vec<String>,
}

/// Where a subgraph's schema comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SchemaSource {
    /// The subgraph itself answers `{ _service { sdl } }`, and is asked again and again.
    #[default]
    Service,
    /// A file of SDL, read again and again.
    File(PathBuf),
}

/// How a subgraph takes subscriptions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionProtocol {
    /// Over a WebSocket, in `graphql-transport-ws`.
    #[default]
    Websocket,
    /// As server-sent events, in the distinct connections mode of `graphql-sse`, where queries are posted.
    Sse,
    /// Not at all.
    None,
}

fn usually_forwarded() -> Vec<String> {
    FORWARDED.iter().map(ToString::to_string).collect()
}

fn usually() -> bool {
    true
}

fn usual_timeout_ms() -> u64 {
    5_000
}

fn usual_answer_bytes_max() -> usize {
    10 * 1024 * 1024
}

/// Headers that belong to one connection or one body, or that only the router may set.
const NEVER: [&str; 13] = [
    "accept",
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Why a text is no URL of one of these schemes.
fn no_url(text: &str, plain: &str, secure: &str) -> Option<String> {
    match text.parse::<Url>() {
        Ok(url) if url.scheme() == plain || url.scheme() == secure => None,
        Ok(_) => Some(format!("it must be one of {plain} or {secure}")),
        Err(error) => Some(format!("it is no URL ({error}); it must be one of {plain} or {secure}")),
    }
}

impl SubgraphConfig {
    /// A subgraph of which nothing but its name is said.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            url: None,
            schema: SchemaSource::Service,
            subscription_protocol: SubscriptionProtocol::Websocket,
            websocket_url: None,
            headers: BTreeMap::new(),
            forward_headers: usually_forwarded(),
            timeout_ms: usual_timeout_ms(),
            answer_bytes_max: usual_answer_bytes_max(),
            faults: Faults::default(),
            deduplicate: usually(),
            module: None,
            errors: None,
            signed: false,
        }
    }

    /// Everything that is wrong with it.
    pub(super) fn problems(
        &self,
        path: &str,
        is_new: bool,
        is_ready: bool,
        folder: &Path,
        is_signing: bool,
    ) -> Vec<Problem> {
        let name = &self.name;
        let mut problems = Vec::new();
        let mut refuse = |key: &str, message: String| {
            let path = format!("{path}.{key}");
            problems.extend(ConfigError::one(&path, format!("`{path}`: {message}")).0);
        };
        let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if !is_name {
            refuse("name", format!("`{name}` is no name; use letters, digits, - and _, a letter first"));
        }
        if !is_new {
            refuse("name", format!("there are two subgraphs `{name}`"));
        }
        match &self.url {
            None if !is_ready => refuse("url", format!("the subgraph `{name}` lacks one")),
            None => {}
            Some(url) => no_url(url, "http", "https").into_iter().for_each(|message| refuse("url", message)),
        }
        let websocket = self.websocket_url.as_deref().and_then(|url| no_url(url, "ws", "wss"));
        websocket.into_iter().for_each(|message| refuse("websocket_url", message));
        if self.websocket_url.is_some() && self.subscription_protocol != SubscriptionProtocol::Websocket {
            refuse("websocket_url", "`subscription_protocol` says that it takes no WebSockets".to_owned());
        }
        match &self.schema {
            SchemaSource::File(_) if is_ready => {
                refuse("schema", "beside a `supergraph`, subgraphs have no schema of their own".to_owned());
            }
            SchemaSource::File(file) => {
                no_file(folder, file).into_iter().for_each(|message| refuse("schema", message));
            }
            SchemaSource::Service => {}
        }
        for (key, message) in self.headers_refused() {
            refuse(key, message);
        }
        if self.signed && !is_signing {
            refuse("signed", "SECRET_KEY is not set".to_owned());
        }
        problems
    }

    /// What is wrong with the headers that it gets.
    fn headers_refused(&self) -> Vec<(&'static str, String)> {
        let mut refused = Vec::new();
        let fixed = self.headers.keys().map(|name| ("headers", name));
        for (key, name) in fixed.chain(self.forward_headers.iter().map(|name| ("forward_headers", name))) {
            let lower = name.to_ascii_lowercase();
            if lower.parse::<HeaderName>().is_err() {
                refused.push((key, format!("`{name}` is no header's name")));
            } else if NEVER.contains(&lower.as_str()) {
                let message = format!("`{name}` belongs to each connection and cannot be set or forwarded");
                refused.push((key, message));
            }
        }
        for name in self.forward_headers.iter().filter(|name| name.to_lowercase().starts_with("x-innoerp-")) {
            refused.push(("forward_headers", format!("`{name}` is dropped from every client's request")));
        }
        for (name, _) in self.headers.iter().filter(|(_, value)| HeaderValue::from_str(value).is_err()) {
            refused
                .push(("headers", format!("the value of `{name}` has characters that no header may have")));
        }
        refused
    }
}
