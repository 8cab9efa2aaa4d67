//! `/.well-known/jwks.json`: the public keys, for everybody who verifies tokens (RFC 7517, RFC 8037).

use std::sync::Arc;

use axum::Json;
use axum::http::{HeaderName, StatusCode, header};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::{Permission, RequestContext, Result};
use database::Ctx;
use serde_json::{Value, json};
use service::Runtime;

use crate::signing_key::select_published;
use crate::vault::Vault;

const NO_STORE: (HeaderName, &str) = (header::CACHE_CONTROL, "no-store");

/// The route, open to everybody.
pub(crate) fn routes(runtime: &Runtime) -> axum::Router {
    let vault = Arc::new(Vault::new(&runtime.secret_key));
    let request = Arc::new(RequestContext::anonymous("jwks"));
    let ctx = Ctx::new(runtime.database.clone(), "auth", &[], request);
    axum::Router::new().route(
        "/.well-known/jwks.json",
        get(async move || match key_set(&ctx, &vault).await {
            Ok(keys) => Ok(([(header::CACHE_CONTROL, "public, max-age=60")], Json(keys))),
            Err(error) => {
                tracing::error!(?error, "the key set could not be read");
                Err((StatusCode::SERVICE_UNAVAILABLE, [(NO_STORE.0, NO_STORE.1)]))
            }
        }),
    )
}

async fn key_set(ctx: &Ctx, vault: &Vault) -> Result<Value> {
    vault.signers.current(ctx).await?;
    let mut tx = ctx.begin(&Permission::PUBLIC).await?;
    let keys = select_published(&mut tx).await?;
    let jwk = |(kid, public_key): (String, Vec<u8>)| {
        json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": kid,
                "x": URL_SAFE_NO_PAD.encode(public_key) })
    };
    Ok(json!({ "keys": keys.into_iter().map(jwk).collect::<Vec<_>>() }))
}
