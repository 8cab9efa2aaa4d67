//! What modules serve to strangers, at a router whose modules run in other processes: it is passed on to the module, with the
//! credential that the router has and what the router knows of the client.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Extension, Path, State};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use common::{ClientAddress, HostOrganization};
use service::{SecretKey, credential};

use crate::Failure;

/// How long a module may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// What a module's answer says beside its body.
static KEPT: [HeaderName; 8] = [
    header::CONTENT_TYPE,
    header::CONTENT_SECURITY_POLICY,
    header::REFERRER_POLICY,
    header::CACHE_CONTROL,
    header::X_CONTENT_TYPE_OPTIONS,
    header::X_FRAME_OPTIONS,
    header::RETRY_AFTER,
    header::LOCATION,
];

struct Strangers {
    /// Where each module is.
    places: HashMap<&'static str, reqwest::Url>,
    client: reqwest::Client,
    key: SecretKey,
}

/// `/public/<module>/…`, passed on to the module.
///
/// # Errors
/// A sentence, when the machine has no room for a client.
pub(crate) fn routes(
    places: HashMap<&'static str, reqwest::Url>,
    key: &SecretKey,
) -> Result<axum::Router, Failure> {
    let client =
        reqwest::Client::builder().no_proxy().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none());
    let client = client.build().map_err(|error| Failure::of("modules cannot be called", error))?;
    let strangers = Arc::new(Strangers { places, client, key: key.clone() });
    Ok(axum::Router::new()
        .route("/public/{module}/{*rest}", get(pass).post(pass))
        .layer(DefaultBodyLimit::max(service::STRANGERS_BODY_BYTES_MAX))
        .with_state(strangers))
}

async fn pass(
    State(strangers): State<Arc<Strangers>>,
    Path((module, rest)): Path<(String, String)>,
    address: Option<Extension<ClientAddress>>,
    host: Option<Extension<HostOrganization>>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let place = strangers.places.get(module.as_str());
    let Some(url) = place.and_then(|place| public_url(place, &module, &rest)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let signed = credential::sign(&strangers.key, method.as_str(), url.path(), &body);
    let mut request = strangers.client.request(method, url).header(credential::HEADER, signed);
    if let Some(kind) = headers.get(header::CONTENT_TYPE) {
        request = request.header(header::CONTENT_TYPE, kind);
    }
    if let Some(Extension(ClientAddress(Some(address)))) = address {
        request = request.header(service::CLIENT_ADDRESS, address.to_string());
    }
    if let Some(Extension(HostOrganization(organization))) = host {
        request = request.header(service::HOST_ORGANIZATION, organization.to_string());
    }
    match request.body(body).send().await {
        Ok(answer) => passed_on(answer).await,
        Err(error) => {
            tracing::warn!(module, error = %error.without_url(), "a module does not answer a stranger");
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "2")]).into_response()
        }
    }
}

/// Where a stranger is passed on to. `None` for a path that would lead out of what is for strangers (`../../graphql`): what is
/// passed on bears the router's credential.
fn public_url(place: &reqwest::Url, module: &str, rest: &str) -> Option<reqwest::Url> {
    let (mut url, folder) = (place.clone(), format!("/public/{module}/"));
    url.set_path(&format!("{folder}{rest}"));
    url.path().starts_with(&folder).then_some(url)
}

async fn passed_on(answer: reqwest::Response) -> Response {
    let (status, headers) = (answer.status(), answer.headers().clone());
    let Ok(body) = answer.bytes().await else { return StatusCode::BAD_GATEWAY.into_response() };
    let mut response = (status, body).into_response();
    response.headers_mut().remove(header::CONTENT_TYPE);
    for name in &KEPT {
        if let Some(value) = headers.get(name) {
            response.headers_mut().insert(name.clone(), value.clone());
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leads_a_stranger_out_of_what_is_for_strangers() {
        let place: reqwest::Url = "http://127.0.0.1:1/graphql".parse().unwrap();
        let path = |rest: &str| public_url(&place, "crm", rest).map(|url| url.path().to_owned());
        assert_eq!(path("forms/abc").as_deref(), Some("/public/crm/forms/abc"));
        assert_eq!(path("forms/a?b#c").as_deref(), Some("/public/crm/forms/a%3Fb%23c"));
        for out in ["../../graphql", "..", "forms/../../../graphql", "%2e%2e/%2E./graphql", "..\\..\\graphql"]
        {
            assert_eq!(path(out), None, "{out}");
        }
    }
}
