//! The access log: one line of JSON per request, under the target `access`.
//!
//! What it never holds: tokens, mail addresses, whole addresses of clients, variables, the document's text.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::SecondsFormat;
use common::{Caller, Clock, IdentityId, MembershipId, OrganizationId, neighbourhood_of};
use http::Method;
use opentelemetry::trace::{Status, TraceContextExt as _};
use serde::Serialize;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::{Facts, outcome};
use crate::document::sha256_hex;
use crate::request::Client;

/// Longer names of operations are cut.
const NAME_CHARS_MAX: usize = 100;
/// Longer paths are cut; a query string is never logged, for it may hold variables.
const PATH_CHARS_MAX: usize = 200;

/// What only the access log wants to know of a request.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Access {
    /// Whether there is a log; if not, this is for a span alone.
    #[serde(skip)]
    is_logged: bool,
    request_id: Arc<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_network: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    document_sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema_generation: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    view: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modules: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization_id: Option<OrganizationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<IdentityId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    membership_id: Option<MembershipId>,
}

/// A line. Durations are in microseconds.
#[derive(Serialize)]
struct Line<'a> {
    timestamp: String,
    level: &'static str,
    target: &'static str,
    /// `request` for what is answered once; `start` and `end` of a subscription.
    event: &'static str,
    transport: &'static str,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    codes: &'a [std::borrow::Cow<'static, str>],
    duration_us: u64,
    planning_us: u64,
    subgraphs_us: u64,
    subgraph_calls: u32,
    request_bytes: u64,
    response_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<&'static str>,
    rate_limited: bool,
    #[serde(flatten)]
    access: &'a Access,
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

impl Access {
    /// What a line or a span needs, if anybody reads such.
    pub fn wanted(request_id: &Arc<str>, span: &Span) -> Option<Self> {
        let is_logged = tracing::enabled!(target: "access", tracing::Level::INFO);
        let is_wanted = is_logged || !span.is_disabled();
        is_wanted.then(|| Self { request_id: request_id.clone(), is_logged, ..Self::default() })
    }

    /// Takes down what was asked for and from where.
    pub fn http(&mut self, method: &Method, path: &str, address: Option<IpAddr>) {
        self.client_network = address.map(neighbourhood_of);
        self.method = Some(method.as_str().chars().take(16).collect());
        self.path = Some(path.chars().take(PATH_CHARS_MAX).collect());
    }

    /// Takes down who sent it, as far as the connection says.
    pub fn client(&mut self, client: &Client) {
        self.request_id = client.request_id.clone();
        // `00-<trace id>-…`: made by us, or checked when it came.
        self.trace_id =
            client.traceparent.as_deref().and_then(|trace| trace.split('-').nth(1)).map(Into::into);
        self.client_network = client.address.map(neighbourhood_of);
        self.user_agent = client.user_agent.clone();
    }

    /// Takes down who it is, once verified. Ids only.
    pub fn caller(&mut self, caller: &Caller) {
        let Some(member) = caller.member() else { return };
        self.organization_id = Some(member.organization_id);
        self.user_id = Some(member.identity_id);
        self.membership_id = Some(member.membership_id);
    }

    /// Takes down which view it saw. A view's id is the same in every process that shows the same modules.
    pub fn view<'n>(&mut self, generation: u64, subgraphs: impl Iterator<Item = &'n str>) {
        // FNV-1a of each name, added up so that their order does not count. It guards nothing.
        let hash = |name: &str| {
            name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            })
        };
        let (mut id, mut modules) = (0_u64, 0);
        for name in subgraphs {
            id = id.wrapping_add(hash(name));
            modules += 1;
        }
        self.schema_generation = Some(generation);
        self.view = Some(format!("{id:016x}"));
        self.modules = Some(modules);
    }

    /// Takes down what was asked: the document by its hash, as lists of trusted documents have it.
    pub fn document(&mut self, document: &str) {
        self.document_sha256 = Some(sha256_hex(document));
    }

    /// Takes down an operation's name, without anything that no name has.
    pub fn operation_name(&mut self, name: Option<&str>) {
        let is_of_name = |char: &char| char.is_ascii_alphanumeric() || *char == '_';
        let name: Option<String> =
            name.map(|name| name.chars().filter(is_of_name).take(NAME_CHARS_MAX).collect());
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            self.operation_name = Some(name);
        }
    }

    /// Describes the request in its span, in the words of OpenTelemetry's semantic conventions where it has some
    /// (<https://opentelemetry.io/docs/specs/semconv/>). Neither the document nor its variables.
    pub fn describe(&self, facts: &Facts, span: &Span) {
        if span.is_disabled() {
            return;
        }
        let name = match &self.operation_name {
            Some(name) => format!("{} {name}", facts.kind),
            None if facts.kind != "none" => facts.kind.to_owned(),
            None => self.method.clone().unwrap_or_else(|| "request".to_owned()),
        };
        span.context().span().update_name(name);
        let set = |name: &'static str, value: Option<String>| {
            if let Some(value) = value {
                span.set_attribute(name, value);
            }
        };
        set("http.request.method", self.method.clone());
        set("url.path", self.path.clone());
        set("client.address", self.client_network.map(|address| address.to_string()));
        set("user_agent.original", self.user_agent.as_deref().map(str::to_owned));
        set("graphql.operation.type", Some(facts.kind.to_owned()).filter(|kind| kind != "none"));
        set("graphql.operation.name", self.operation_name.clone());
        set("router.request_id", Some(self.request_id.to_string()));
        set("router.outcome", facts.outcome.map(str::to_owned));
        set("error.type", facts.codes.first().map(ToString::to_string));
        if facts.status > 0 {
            span.set_attribute("http.response.status_code", i64::from(facts.status));
        }
        if facts.outcome == Some(outcome::FAILED) {
            span.set_status(Status::error(""));
        }
    }

    /// Writes a line.
    pub fn write(&self, event: &'static str, facts: &Facts, took: Duration) {
        if !self.is_logged {
            return;
        }
        let subscription = facts.subscription();
        let line = Line {
            timestamp: Clock::default().now().to_rfc3339_opts(SecondsFormat::Micros, true),
            level: "INFO",
            target: "access",
            event,
            transport: facts.transport,
            kind: facts.kind,
            outcome: facts.outcome,
            status: Some(facts.status).filter(|status| *status > 0),
            codes: &facts.codes,
            duration_us: micros(took),
            planning_us: micros(facts.planning),
            subgraphs_us: micros(facts.subgraphs),
            subgraph_calls: facts.subgraph_calls,
            request_bytes: facts.request_bytes,
            response_bytes: facts.response_bytes,
            events: subscription.map(|(events, _)| events),
            end: subscription.and_then(|(_, end)| end).map(super::Reason::name),
            rate_limited: facts.is_rate_limited,
            access: self,
        };
        match serde_json::to_string(&line) {
            Ok(line) => tracing::info!(target: "access", "{line}"),
            Err(error) => tracing::error!(%error, "a line of the access log could not be written"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_the_log_is_short_and_harmless() {
        let logged = |name: &str| {
            let mut access = Access::default();
            access.operation_name(Some(name));
            access.operation_name
        };
        assert_eq!(logged("Employees_2").as_deref(), Some("Employees_2"));
        assert_eq!(logged("a\n\"b\u{1b}[31m{}").as_deref(), Some("ab31m"));
        assert_eq!(logged(&"n".repeat(1_000)).map(|name| name.len()), Some(100));
        assert_eq!(logged("\n"), None);
    }

    #[test]
    fn a_document_is_logged_by_its_sha_256() {
        let mut access = Access::default();
        access.document("{__typename}");
        // As `printf '{__typename}' | sha256sum` says.
        let expected = "ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38";
        assert_eq!(access.document_sha256.as_deref(), Some(expected));
    }
}
