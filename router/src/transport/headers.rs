//! What a call to another process carries from the client's request. Nothing else of it goes on.

use std::sync::{Arc, LazyLock};

use common::RequestContext;
use http::HeaderMap;
use http::header::{self, HeaderName, HeaderValue};

use super::http::Endpoint;
pub use crate::config::FORWARDED;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// [`FORWARDED`], to be shared.
pub(crate) fn usually_forwarded() -> Arc<[HeaderName]> {
    static USUAL: LazyLock<Arc<[HeaderName]>> = LazyLock::new(|| FORWARDED.into());
    USUAL.clone()
}

impl Endpoint {
    /// Whether this header's value is the router's to say: a verified token, its own span, its own name for the
    /// request.
    fn own(name: &HeaderName, context: &RequestContext) -> Option<Option<HeaderValue>> {
        let value = |text: &str| HeaderValue::from_str(text).ok();
        if *name == header::AUTHORIZATION {
            let mut token = context.token.as_ref().and_then(|token| value(&format!("Bearer {token}")));
            if let Some(token) = &mut token {
                token.set_sensitive(true);
            }
            Some(token)
        } else if *name == TRACEPARENT {
            Some(context.traceparent.as_deref().and_then(value))
        } else if *name == REQUEST_ID {
            Some(value(&context.request_id))
        } else {
            None
        }
    }

    /// The headers of one call: those of the client that this subgraph may see, then its own fixed ones, which win.
    pub(super) fn headers(&self, context: &RequestContext) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(self.forwarded.len() + self.fixed.len() + 4);
        for name in self.forwarded.iter() {
            match Self::own(name, context) {
                Some(Some(value)) => {
                    headers.insert(name.clone(), value);
                }
                Some(None) => {}
                None => {
                    for value in context.client_headers.get_all(name) {
                        headers.append(name.clone(), value.clone());
                    }
                }
            }
        }
        // Who holds the credential is one of ours, and may know who the client is.
        if self.sign.is_some() {
            let agent = context.user_agent.as_deref().map(str::to_owned);
            let address = context.client_address.map(|address| address.to_string());
            let host = context.host_organization.map(|id| id.to_string());
            let just_written = context.has_just_written.then(|| "1".to_owned());
            for (name, value) in [
                ("x-innoerp-user-agent", agent),
                ("x-innoerp-client-address", address),
                ("x-innoerp-host-organization", host),
                ("x-innoerp-has-just-written", just_written),
            ] {
                if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
                    headers.insert(name, value);
                }
            }
        }
        for (name, value) in self.fixed.iter() {
            headers.insert(name.clone(), value.clone());
        }
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::http::Connections;

    fn endpoint() -> Endpoint {
        Endpoint::new(&"http://127.0.0.1:1/".parse().expect("a URL"), Connections::default())
    }

    fn context() -> RequestContext {
        let mut client_headers = HeaderMap::new();
        for (name, value) in [("accept-language", "de"), ("accept-language", "en"), ("x-secret", "a")] {
            client_headers.append(name, HeaderValue::from_static(value));
        }
        RequestContext {
            token: Some("token".into()),
            user_agent: Some("agent".into()),
            client_headers: client_headers.into(),
            ..RequestContext::anonymous("request-1")
        }
    }

    fn sent(endpoint: &Endpoint) -> Vec<String> {
        let headers = endpoint.headers(&context());
        let mut sent: Vec<_> = headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap_or("?")))
            .collect();
        sent.sort();
        sent
    }

    #[test]
    fn a_strangers_subgraph_gets_what_is_usual_and_nothing_of_the_inside() {
        assert_eq!(sent(&endpoint()), ["authorization: Bearer token", "x-request-id: request-1"]);
    }

    #[test]
    fn headers_are_forwarded_by_name_and_fixed_ones_win() {
        let mut endpoint = endpoint();
        let names = ["accept-language", "x-request-id", "x-absent"];
        endpoint.forwarded = names.map(HeaderName::from_static).into();
        let fixed = [("x-key", "k"), ("x-request-id", "fixed")];
        let fixed =
            fixed.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        endpoint.fixed = Arc::new(fixed.into_iter().collect());
        assert_eq!(
            sent(&endpoint),
            ["accept-language: de", "accept-language: en", "x-key: k", "x-request-id: fixed"]
        );
    }
}
