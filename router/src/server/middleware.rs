//! The middleware that every request passes before any route: bounds, a name, an address, and no header of the inside.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use graphql::Limit;
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode, Version};

use super::content_negotiation::Format;
use super::host;
use crate::alarms::Alarm;
use crate::config::Network;
use crate::refusal::Refused;
use crate::request::{Client, bearer_token};
use crate::shared_state::Core;
use crate::telemetry;

/// Names a request in the log and in the answer.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Names the client's place in a trace.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// Says that a request was not sent by a page of another site without asking first.
pub(super) const CSRF: HeaderName = HeaderName::from_static("x-innoerp-csrf");

/// Lets a request in, and dresses its answer.
pub(super) async fn pass<F: Future<Output = Response>>(
    core: &Core,
    mut request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let request_id = request_id(request.headers());
    let version = request.version();
    let traceparent = text(request.headers(), TRACEPARENT);
    let record = is_recorded(request.uri().path()).then(|| {
        telemetry::Request::begin(core.metrics.clone(), telemetry::transport::HTTP, &request_id, traceparent)
    });
    let admitted = async {
        match admit(core, &mut request, &request_id) {
            Ok(client) => {
                request.extensions_mut().insert(client);
                next(request).await
            }
            Err(refused) => {
                let format = Format::accepted(request.headers()).unwrap_or(Format::Json);
                format.respond(refused.into())
            }
        }
    };
    let mut response = match record {
        None => admitted.await,
        Some(record) => {
            let response = telemetry::scope(record.clone(), admitted).await;
            record.facts().status = response.status().as_u16();
            response.map(|body| telemetry::Counted::count(body, record))
        }
    };
    let ends_connection = version < Version::HTTP_2 && leaves_body_unread(response.status());
    let headers = response.headers_mut();
    if ends_connection {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    // Room for all of these at once: what is there already need not be moved as they come.
    headers.reserve(8);
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        headers.insert(REQUEST_ID, value);
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Whether an answer is given before the body has been read, so that the connection cannot be used again: the client is told
/// (RFC 9112, 9.6).
fn leaves_body_unread(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::REQUEST_TIMEOUT
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::UNSUPPORTED_MEDIA_TYPE
            | StatusCode::NOT_IMPLEMENTED
    )
}

/// Whether a request is one to keep account of: probes and the files of GraphiQL would only hide the others.
fn is_recorded(path: &str) -> bool {
    path != "/" && !path.starts_with("/health/") && !path.starts_with("/graphiql/")
}

fn admit(core: &Core, request: &mut Request, request_id: &Arc<str>) -> Result<Client, Refused> {
    let config = &core.config;
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let address = peer.map(|peer| client_address(peer, request.headers(), &config.trusted_proxies));
    telemetry::note_access(|access| access.http(request.method(), request.uri().path(), address));
    if let Some(peer) = peer {
        warn_of_proxy(core, peer, request.headers());
    }
    if !is_host_clear(request) {
        let message = "a request of HTTP/1.1 has one Host header, a name without empty labels or an address, with a \
                       port if any";
        return Err(Refused::http(StatusCode::BAD_REQUEST, "HOST_INVALID", message));
    }
    let uri_bytes = request.uri().path_and_query().map_or(0, |path| path.as_str().len());
    if uri_bytes > config.uri_bytes_max && core.guard.refuses(Limit::UriBytes) {
        let max = config.uri_bytes_max;
        let message = format!("the URI is longer than {max} bytes");
        return Err(Refused::http(StatusCode::URI_TOO_LONG, "URI_TOO_LONG", message));
    }
    let headers = request.headers();
    let header_bytes: usize =
        headers.iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len()).sum();
    let are_too_many = headers.len() > config.headers_max && core.guard.refuses(Limit::Headers);
    let are_too_large = header_bytes > config.header_bytes_max && core.guard.refuses(Limit::HeaderBytes);
    if are_too_many || are_too_large {
        let (count, bytes) = (config.headers_max, config.header_bytes_max);
        return Err(Refused::http(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "HEADERS_TOO_LARGE",
            format!("the request has more than {count} headers or {bytes} bytes of them"),
        ));
    }
    // HTTP/2 has the name in the URI.
    let authority = request.uri().authority().map(http::uri::Authority::as_str);
    let authority = authority.or_else(|| text(request.headers(), header::HOST));
    let named = authority.zip(config.base_domain.as_deref());
    let subdomain = named.and_then(|(authority, domain)| host::subdomain(authority, domain));
    drop_inside_headers(request.headers_mut());
    let headers = request.headers();
    let client = Client {
        subdomain: subdomain.map(Into::into),
        token: bearer(headers),
        request_id: request_id.clone(),
        address,
        user_agent: text(headers, header::USER_AGENT)
            .map(|agent| agent.chars().take(256).collect::<String>().into()),
        traceparent: telemetry::Request::current()
            .and_then(|request| request.traceparent())
            .or_else(|| text(headers, TRACEPARENT).and_then(telemetry::continue_trace)),
        headers: chosen(headers, &core.forwarded),
    };
    telemetry::note_access(|access| access.client(&client));
    Ok(client)
}

/// Whether a request says once, or by its version need not say, whom it is for: two servers that take different ones
/// of several hosts can be played off against each other (RFC 9112, 3.2).
fn is_host_clear(request: &Request) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => {
            let is_clear = |host: &str| host.bytes().all(is_of_authority) && host::has_whole_labels(host);
            host.to_str().is_ok_and(is_clear)
        }
        (None, _) => {
            request.version() != Version::HTTP_11 && request.uri().host().is_none_or(host::has_whole_labels)
        }
        (Some(_), Some(_)) => false,
    }
}

/// The characters of a host and a port (RFC 3986, 3.2.2 and 3.2.3).
fn is_of_authority(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=[]:".contains(&byte)
}

/// A header that is text; of several, the first.
pub(super) fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The headers that some subgraph is configured to get.
fn chosen(headers: &HeaderMap, names: &[HeaderName]) -> Arc<HeaderMap> {
    let mut chosen = HeaderMap::new();
    for name in names {
        for value in headers.get_all(name) {
            chosen.append(name.clone(), value.clone());
        }
    }
    chosen.into()
}

/// Removes what only the inside may say: a tenant, a user or a credential comes from a verified token.
fn drop_inside_headers(headers: &mut HeaderMap) {
    let inside: Vec<HeaderName> = headers
        .keys()
        .filter(|name| {
            let name = name.as_str();
            (name.starts_with("x-innoerp-") && name != CSRF.as_str())
                || matches!(name, "x-organization-id" | "x-user-id")
        })
        .cloned()
        .collect();
    for name in inside {
        headers.remove(name);
    }
}

/// The bearer token. Every other kind of credential is as bad as a wrong token, and answered alike: it is the empty one.
fn bearer(headers: &HeaderMap) -> Option<Arc<str>> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let token = values.next()?.to_str().ok().and_then(bearer_token).filter(|_| values.next().is_none());
    Some(token.unwrap_or_default().into())
}

/// The client's own name for its request when it is harmless in a log, otherwise a new one.
fn request_id(headers: &HeaderMap) -> Arc<str> {
    let is_safe = |id: &&str| {
        (1..=64).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    match text(headers, REQUEST_ID).filter(is_safe) {
        Some(id) => id.into(),
        None => uuid::Uuid::now_v7().simple().to_string().into(),
    }
}

/// Says once when a proxy stands before the router that is not trusted: all clients behind it share its address, and with
/// it every limit that is counted by address.
fn warn_of_proxy(core: &Core, peer: IpAddr, headers: &HeaderMap) {
    let is_trusted = || core.config.trusted_proxies.iter().any(|network| network.contains(peer));
    if headers.contains_key("x-forwarded-for") && !is_trusted() && !core.alarms.rings(Alarm::ProxyNotTrusted)
    {
        let message = format!(
            "{peer} sends X-Forwarded-For and is no trusted proxy: if it is yours, name it in trusted_proxies, or all of \
             its clients share one address and its limits"
        );
        core.alarms.raise(Alarm::ProxyNotTrusted, message);
    }
}

/// The address that the nearest trusted proxy saw; the peer itself when it is not a trusted proxy.
fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut address = peer;
    if !is_trusted(peer) {
        return address.to_canonical();
    }
    let forwarded: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .flat_map(|value| value.to_str().unwrap_or_default().split(','))
        .collect();
    for hop in forwarded.into_iter().rev() {
        // What stands left of a hop that is no address, or not trusted, may be made up.
        let Ok(hop) = hop.trim().parse::<IpAddr>() else { break };
        address = hop;
        if !is_trusted(hop) {
            break;
        }
    }
    address.to_canonical()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().expect("a header"));
        }
        headers
    }

    #[test]
    fn headers_of_the_inside_are_dropped() {
        let mut sent = headers(&[
            ("x-innoerp-organization", "a"),
            ("x-innoerp-signature", "a"),
            ("x-organization-id", "a"),
            ("x-user-id", "a"),
            ("x-user-id", "b"),
            ("x-innoerp-csrf", "1"),
            ("accept", "*/*"),
        ]);
        drop_inside_headers(&mut sent);
        let left: std::collections::BTreeSet<&str> = sent.keys().map(HeaderName::as_str).collect();
        assert_eq!(left, ["accept", "x-innoerp-csrf"].into());
    }

    #[test]
    fn only_a_whole_bearer_token_counts() {
        let bearer = |pairs: &[(&'static str, &str)]| bearer(&headers(pairs));
        assert_eq!(bearer(&[]), None);
        assert_eq!(bearer(&[("authorization", "Bearer a.b.c")]), Some("a.b.c".into()));
        assert_eq!(bearer(&[("authorization", "bearer a.b.c")]), Some("a.b.c".into()));
        let none_that_counts = Some("".into());
        for bad in ["Basic abc", "Bearer", "Bearer ", "Bearer a b", "a.b.c", ""] {
            assert_eq!(bearer(&[("authorization", bad)]), none_that_counts, "{bad}");
        }
        let two = [("authorization", "Bearer a"), ("authorization", "Bearer b")];
        assert_eq!(bearer(&two), none_that_counts);
    }

    #[test]
    fn a_request_keeps_a_harmless_name() {
        assert_eq!(&*request_id(&headers(&[("x-request-id", "a-1_b.C")])), "a-1_b.C");
        for bad in ["", "a b", "a\"b", &"a".repeat(65)] {
            assert_eq!(request_id(&headers(&[("x-request-id", bad)])).len(), 32, "{bad}");
        }
    }

    #[test]
    fn forwarded_addresses_are_believed_from_trusted_proxies_only() {
        let trusted = [Network::try_from("10.0.0.0/8".to_owned()).expect("a network")];
        let address = |peer: &str, forwarded: &str| {
            let peer = peer.parse().expect("an address");
            client_address(peer, &headers(&[("x-forwarded-for", forwarded)]), &trusted).to_string()
        };
        assert_eq!(address("192.0.2.1", "198.51.100.1"), "192.0.2.1");
        assert_eq!(address("10.0.0.1", "198.51.100.1"), "198.51.100.1");
        assert_eq!(address("10.0.0.1", "6.6.6.6, 198.51.100.1, 10.0.0.2"), "198.51.100.1");
        assert_eq!(address("10.0.0.1", "6.6.6.6, junk"), "10.0.0.1");
        assert_eq!(address("10.0.0.1", ""), "10.0.0.1");
    }
}
