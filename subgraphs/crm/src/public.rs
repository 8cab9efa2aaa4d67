//! What strangers reach: the page of a quote, and web forms. Whoever holds an address may do what it is for; whoever does not
//! learns nothing, whatever they try.

use std::net::{IpAddr, SocketAddr};

use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Extension, Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use common::{ClientAddress, Error, HostOrganization, Permission, Result, network_of};
use database::{Access, Ctx, Database, Tx};
use serde_json::{Value, json};
use service::Runtime;
use store::{Key, Rate};

use crate::ids::{QuoteId, WebFormId};
use crate::intake::{self, Filled};
use crate::lead::TURNS_MAX;
use crate::owner;
use crate::quote::{self, Decision, Quote, QuoteStatus, Shown};
use crate::token::{Named, Purpose, Signer};

/// What comes in one request at most.
const BODY_BYTES_MAX: usize = service::STRANGERS_BODY_BYTES_MAX;
/// How often one network may send a form, and how often one form takes anything, in all processes together.
const OF_NETWORK: Rate = Rate { per_s: 1, burst: 10 };
const OF_FORM: Rate = Rate { per_s: 5, burst: 50 };
/// How often one network may look at quotes.
const OF_READER: Rate = Rate { per_s: 5, burst: 50 };

#[derive(Clone)]
struct Public {
    database: Database,
    access: Access,
    signer: Signer,
}

/// The routes, which need no token.
pub(crate) fn routes(runtime: &Runtime) -> Router {
    let public = Public {
        database: runtime.database.clone(),
        access: runtime.access.clone(),
        signer: signer(runtime),
    };
    Router::new()
        .route("/public/crm/quotes/{token}", get(show).post(decide))
        .route("/public/crm/forms/{token}", post(take))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(public)
}

/// The key that addresses are signed by.
pub(crate) fn signer(runtime: &Runtime) -> Signer {
    Signer::new(runtime.secret_key.derive("crm public"))
}

/// Who asks, as far as it is known: what the router has said, or else where the connection comes from.
type From = (Option<Extension<ClientAddress>>, Option<Extension<ConnectInfo<SocketAddr>>>);

fn address((said, connected): &From) -> Option<IpAddr> {
    match said {
        Some(Extension(ClientAddress(address))) => *address,
        None => connected.as_ref().map(|Extension(ConnectInfo(address))| address.ip()),
    }
}

fn network(from: &From) -> Option<IpAddr> {
    address(from).map(network_of)
}

const NOTHING: &str =
    "<!doctype html><title>Nothing here</title><p>There is nothing here, or not any more.</p>";

fn nothing() -> Response {
    guarded((StatusCode::NOT_FOUND, Html(NOTHING)).into_response())
}

/// Pages run nothing, load nothing, and say to nobody where they are.
fn guarded(mut response: Response) -> Response {
    let headers: [(HeaderName, &str); 5] = [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        ),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn slow_down(wait_s: u64) -> Response {
    let body = json!({ "errors": [{ "message": "too many requests; try again later", "extensions": { "code": "RATE_LIMITED" } }] });
    let headers = [(header::RETRY_AFTER, wait_s.max(1).to_string())];
    guarded((StatusCode::TOO_MANY_REQUESTS, headers, Json(body)).into_response())
}

impl Public {
    /// What a token names, where the organization works and has this module on; at another organization's host name nothing is.
    async fn named(
        &self,
        purpose: Purpose,
        token: &str,
        host: Option<Extension<HostOrganization>>,
    ) -> Result<Option<Named>> {
        let Some(named) = self.signer.verify(purpose, token) else { return Ok(None) };
        if host.is_some_and(|Extension(HostOrganization(host))| host != named.organization_id) {
            return Ok(None);
        }
        let organization = self.access.organization(named.organization_id).await?;
        let is_open = organization.is_active && organization.modules.contains("crm");
        Ok(is_open.then_some(named))
    }

    async fn begin(&self, named: Named) -> Result<Tx> {
        let ctx = Ctx::system(self.database.clone(), "crm", named.organization_id, "public");
        ctx.begin(&Permission::SYSTEM).await
    }

    async fn take(&self, budgets: &[(Key, Rate)]) -> Result<(), Response> {
        match self.database.store().take(budgets).await {
            Ok(()) => Ok(()),
            Err(refused) => Err(slow_down(refused.wait.as_secs() + 1)),
        }
    }

    /// The quote that somebody looks at, as it is now; it was sent, and its address holds.
    async fn quote(&self, tx: &mut Tx, named: Named) -> Result<Option<Quote>> {
        let found = tx.find_many::<Quote>(&[QuoteId(named.id)]).await?.remove(&QuoteId(named.id));
        Ok(found.filter(|quote| quote.status != QuoteStatus::Draft && quote.nonce == named.nonce))
    }
}

/// What went wrong inside says nothing of what is there.
fn failed(error: &Error) -> Response {
    match error {
        Error::Unavailable => guarded(
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "2")], "try again").into_response(),
        ),
        error => {
            tracing::error!(?error, "a public page could not be served");
            guarded((StatusCode::INTERNAL_SERVER_ERROR, "internal error").into_response())
        }
    }
}

async fn show(
    State(public): State<Public>,
    Path(token): Path<String>,
    host: Option<Extension<HostOrganization>>,
    from: From,
) -> Response {
    if let Err(response) = public.take(&[(Key::of_address("crm-reader", network(&from)), OF_READER)]).await {
        return response;
    }
    match shown(&public, &token, host).await {
        Ok(Some(page)) => guarded(Html(page).into_response()),
        Ok(None) => nothing(),
        Err(error) => failed(&error),
    }
}

async fn shown(
    public: &Public,
    token: &str,
    host: Option<Extension<HostOrganization>>,
) -> Result<Option<String>> {
    let Some(named) = public.named(Purpose::Quote, token, host).await? else { return Ok(None) };
    let mut tx = public.begin(named).await?;
    let Some(quote) = public.quote(&mut tx, named).await? else { return Ok(None) };
    let mut quote: Quote = tx.lock(quote.id).await?;
    quote.view(tx.now());
    tx.save(&mut quote).await?;
    let page = page_of(&mut tx, &quote, token, None).await?;
    tx.commit(()).await?;
    Ok(Some(page))
}

async fn decide(
    State(public): State<Public>,
    Path(token): Path<String>,
    host: Option<Extension<HostOrganization>>,
    from: From,
    body: Bytes,
) -> Response {
    if let Err(response) = public.take(&[(Key::of_address("crm-reader", network(&from)), OF_READER)]).await {
        return response;
    }
    match decided(&public, &token, host, address(&from), &body).await {
        Ok(Some((status, page))) => guarded((status, Html(page)).into_response()),
        Ok(None) => nothing(),
        Err(error) => failed(&error),
    }
}

async fn decided(
    public: &Public,
    token: &str,
    host: Option<Extension<HostOrganization>>,
    address: Option<IpAddr>,
    body: &[u8],
) -> Result<Option<(StatusCode, String)>> {
    let Some(named) = public.named(Purpose::Quote, token, host).await? else { return Ok(None) };
    let given = |wanted: &str| {
        url::form_urlencoded::parse(body)
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.into_owned())
    };
    let mut tx = public.begin(named).await?;
    let Some(quote) = public.quote(&mut tx, named).await? else { return Ok(None) };
    let is_accepted = match given("decision").as_deref() {
        Some("accept") => true,
        Some("decline") => false,
        _ => {
            let page = page_of(&mut tx, &quote, token, Some("Say whether you accept or decline.")).await?;
            return Ok(Some((StatusCode::BAD_REQUEST, page)));
        }
    };
    let decision = Decision {
        is_accepted,
        name: given("name").unwrap_or_default(),
        reason: given("reason").filter(|reason| !reason.trim().is_empty()),
        address: address.map(|address| address.to_string()),
    };
    match quote::decide(&mut tx, quote.id, decision).await {
        Ok(quote) => {
            let notice = if is_accepted {
                "Thank you: you have accepted this quote."
            } else {
                "You have declined this quote."
            };
            let page = page_of(&mut tx, &quote, token, Some(notice)).await?;
            tx.commit(()).await?;
            Ok(Some((StatusCode::OK, page)))
        }
        Err(Error::Refused(refusals)) => {
            let why = refusals.first().map_or_else(String::new, |refusal| refusal.message.to_string());
            let page = page_of(&mut tx, &quote, token, Some(&why)).await?;
            Ok(Some((StatusCode::CONFLICT, page)))
        }
        Err(error) => Err(error),
    }
}

async fn page_of(tx: &mut Tx, quote: &Quote, token: &str, notice: Option<&str>) -> Result<String> {
    let is_offered = quote::is_offered(tx, quote).await?;
    let over = (quote.is_open() && !is_offered).then_some("This offer holds no more.");
    let action = is_offered.then(|| format!("/public/crm/quotes/{token}"));
    Ok(quote::html(quote, &Shown { notice: notice.or(over).map(str::to_owned), action }))
}

/// Takes in a form. Whether the address holds, whether somebody is known already, whether it was taken for spam: the answer is
/// the same, and so is about as much work.
async fn take(
    State(public): State<Public>,
    Path(token): Path<String>,
    host: Option<Extension<HostOrganization>>,
    from: From,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut budgets = vec![(Key::of_address("crm-sender", network(&from)), OF_NETWORK)];
    let named = match public.named(Purpose::Form, &token, host).await {
        Ok(named) => named,
        Err(error) => return failed(&error),
    };
    budgets.extend(named.map(|named| (Key::new("crm-form", named.id), OF_FORM)));
    if let Err(response) = public.take(&budgets).await {
        return response;
    }
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let filled = match is_json {
        true => Filled::of_json(&body),
        false => Some(Filled::of_form(&body)),
    };
    let Some(filled) = filled else { return refused("the body is no JSON object of texts") };
    if let Err(message) = filled.check() {
        return refused(message);
    }
    if let Some(named) = named
        && let Err(error) = entered(&public, named, filled).await
    {
        return failed(&error);
    }
    guarded((StatusCode::ACCEPTED, Json(json!({ "received": true }))).into_response())
}

/// What is wrong with a form on the face of it: of what is there nothing is said.
fn refused(message: &str) -> Response {
    let body: Value =
        json!({ "errors": [{ "message": message, "extensions": { "code": "VALIDATION_FAILED" } }] });
    guarded((StatusCode::BAD_REQUEST, Json(body)).into_response())
}

async fn entered(public: &Public, named: Named, filled: Filled) -> Result<()> {
    let mut turn = 0;
    loop {
        let mut tx = public.begin(named).await?;
        match intake::enter(&mut tx, WebFormId(named.id), named.nonce, filled.clone()).await {
            Ok(()) => return tx.commit(()).await,
            // Whoever had their turn was suspended at this very moment: the next one has it, and nothing is lost.
            Err(error) if owner::has_gone(&error) && turn < TURNS_MAX => turn += 1,
            Err(error) => return Err(error),
        }
    }
}
