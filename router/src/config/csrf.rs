//! The guard against pages of other sites that let a visitor's browser ask.

use http::{HeaderMap, HeaderName, header};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Problem;

/// What tells a request of one's own from one that a page of another site lets a browser send without asking first
/// (cross-site request forgery). It is about GET: a POST is JSON, for which browsers ask.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Csrf {
    /// Headers of which a GET must have one, with any value, unless it says `content-type: application/json`: a browser
    /// asks before it sends them for another site. Default `x-innoerp-csrf` and what other servers take:
    /// `apollo-require-preflight`, `x-apollo-operation-name`, `x-graphql-yoga-csrf`, `graphql-preflight`.
    pub headers: Vec<String>,
    /// Whether a GET must have one. Off, whatever can send a GET can read, as `EventSource` in browsers, which sets no
    /// header: harmless where answers depend on a bearer token alone, which no browser adds by itself, and not where
    /// subgraphs look at cookies or at the network that a request comes from. Default true.
    pub guard_reads: bool,
}

impl Default for Csrf {
    fn default() -> Self {
        let headers = [
            "x-innoerp-csrf",
            "apollo-require-preflight",
            "x-apollo-operation-name",
            "x-graphql-yoga-csrf",
            "graphql-preflight",
        ];
        Self { headers: headers.map(str::to_owned).into(), guard_reads: true }
    }
}

/// What pages may set without being asked about (<https://fetch.spec.whatwg.org/#cors-safelisted-request-header>), and
/// what browsers set themselves: neither proves anything.
const SENT_UNASKED: [HeaderName; 19] = [
    header::ACCEPT,
    header::ACCEPT_CHARSET,
    header::ACCEPT_ENCODING,
    header::ACCEPT_LANGUAGE,
    header::CACHE_CONTROL,
    header::CONNECTION,
    header::CONTENT_LANGUAGE,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::COOKIE,
    header::DATE,
    header::HOST,
    header::ORIGIN,
    header::PRAGMA,
    header::RANGE,
    header::REFERER,
    header::USER_AGENT,
    header::UPGRADE,
    header::VIA,
];

impl Csrf {
    /// Whether a GET may be answered: no page of another site has sent it without asking.
    pub(crate) fn admits(&self, headers: &HeaderMap) -> bool {
        !self.guard_reads
            || self.headers.iter().any(|name| headers.contains_key(name.as_str()))
            || is_json(headers)
    }

    /// What a client is told that has none of them.
    pub(crate) fn advice(&self) -> String {
        let named = self.headers.join(", ");
        match named.is_empty() {
            true => "send content-type: application/json".to_owned(),
            false => {
                format!("send content-type: application/json, or one of the headers {named}, with any value")
            }
        }
    }

    /// The headers by name; what is no name was refused before.
    pub(crate) fn names(&self) -> impl Iterator<Item = HeaderName> {
        self.headers.iter().filter_map(|name| name.parse().ok())
    }

    /// Names that prove nothing, or are none.
    pub(super) fn problems(&self) -> impl Iterator<Item = Problem> {
        self.headers.iter().enumerate().filter_map(|(at, name)| {
            let what = match name.parse::<HeaderName>() {
                Err(_) => "which is no header's name",
                Ok(header) if is_sent_unasked(&header) => {
                    "which browsers send for any page without asking, and so proves nothing"
                }
                Ok(_) => return None,
            };
            let path = format!("csrf.headers[{at}]");
            Some(Problem::of(&path, format!("`{path}` is `{name}`, {what}")))
        })
    }
}

fn is_sent_unasked(name: &HeaderName) -> bool {
    let has_prefix =
        ["sec-", "proxy-", "access-control-"].iter().any(|prefix| name.as_str().starts_with(prefix));
    has_prefix || SENT_UNASKED.contains(name)
}

/// Whether there is one content type, and it is JSON: for anything else of the kind a page need not ask.
fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(only), None) = (types.next(), types.next()) else { return false };
    let essence = only.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_browsers_send_for_any_page_is_no_sign() {
        let problems =
            |name: &str| Csrf { headers: vec![name.to_owned()], ..Csrf::default() }.problems().count();
        for name in ["accept", "Content-Type", "cookie", "sec-fetch-site", "user-agent", "a b", "", "range"] {
            assert_eq!(problems(name), 1, "{name}");
        }
        assert_eq!(problems("x-csrf-token") + problems("apollographql-client-name"), 0);
        assert_eq!(Csrf::default().problems().count(), 0);
    }
}
