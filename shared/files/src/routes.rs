//! Bytes in and out over HTTP, by signed addresses.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use bytes::Bytes;
use chrono::TimeDelta;
use common::{Error, HostOrganization, OrganizationId};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::claims::{Get, Put, Receipt, Rejected};
use crate::store::{self, PATH, Stored};
use crate::{Files, media_type};

/// How long a receipt holds.
const RECEIPT_FOR: TimeDelta = TimeDelta::hours(23);
/// How long a body may take to come.
const BODY_TIMEOUT: Duration = Duration::from_secs(120);

/// The routes that files are put and got by. They ask nobody but the store: who holds an address was given it by
/// somebody who knew what they may.
pub fn routes(files: Files) -> Router {
    Router::new().route(&format!("{PATH}/{{token}}"), get(send).put(take)).with_state(files)
}

struct Refused {
    status: StatusCode,
    code: &'static str,
    message: &'static str,
}

const fn refused(status: StatusCode, code: &'static str, message: &'static str) -> Refused {
    Refused { status, code, message }
}

const SIZE_DIFFERS: Refused = refused(
    StatusCode::BAD_REQUEST,
    "SIZE_DIFFERS",
    "the body has not the size that the upload was begun with",
);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let body = json!({ "errors": [{ "message": self.message, "extensions": { "code": self.code } }] });
        (self.status, Json(body)).into_response()
    }
}

impl From<Rejected> for Refused {
    fn from(rejected: Rejected) -> Self {
        match rejected {
            Rejected::Invalid => refused(StatusCode::NOT_FOUND, "NOT_FOUND", "there is nothing here"),
            Rejected::Expired => {
                refused(StatusCode::GONE, "ADDRESS_EXPIRED", "this address is too old; ask for another one")
            }
        }
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        match error {
            Error::Unavailable => refused(
                StatusCode::SERVICE_UNAVAILABLE,
                "DEPENDENCY_UNAVAILABLE",
                "files cannot be reached; try again",
            ),
            other => {
                tracing::error!(error = ?other, "a file could not be served");
                refused(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "internal error")
            }
        }
    }
}

async fn take(
    State(files): State<Files>,
    Path(token): Path<String>,
    host: Option<Extension<HostOrganization>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    let put: Put = files.signer().verify(&token, files.now())?;
    refuse_elsewhere(host, put.organization)?;
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if declared.is_some_and(|length: u64| length != put.size) {
        return Err(SIZE_DIFFERS);
    }
    let Some(_in_flight) = files.admit(put.organization, put.size) else {
        let busy =
            refused(StatusCode::SERVICE_UNAVAILABLE, "TOO_MANY_UPLOADS", "too much is uploaded at present");
        return Ok(([(header::RETRY_AFTER, "2")], busy).into_response());
    };
    let bytes = receive(body, put.size).await?;
    let Some(media_type) = media_type::of(&put.name, &bytes) else {
        let message = "programs and scripts are not taken; pack them into an archive";
        return Err(refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "FILE_TYPE_REFUSED", message));
    };
    let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    match files.put(put.organization, put.file, bytes).await? {
        Stored::There => {}
        Stored::Others => {
            let message = "another file was put here before; begin another upload";
            return Err(refused(StatusCode::CONFLICT, "ALREADY_UPLOADED", message));
        }
    }
    let receipt =
        Receipt { organization: put.organization, file: put.file, media_type: media_type.to_owned(), sha256 };
    let receipt = files.signer().sign(&receipt, files.now() + RECEIPT_FOR)?;
    Ok(Json(json!({ "receipt": receipt })).into_response())
}

/// An address counts at the host names of its own organization and of everybody.
fn refuse_elsewhere(host: Option<Extension<HostOrganization>>, organization: Uuid) -> Result<(), Refused> {
    match host {
        Some(Extension(HostOrganization(OrganizationId(host)))) if host != organization => {
            let message = "this address belongs to another organization than the host name";
            Err(refused(StatusCode::MISDIRECTED_REQUEST, "HOST_REFUSED", message))
        }
        _ => Ok(()),
    }
}

/// The whole body, if it has just this size.
async fn receive(body: Body, size: u64) -> Result<Bytes, Refused> {
    let limit = usize::try_from(size).unwrap_or(usize::MAX);
    let read = tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, limit).collect());
    let bytes = read
        .await
        .map_err(|_| refused(StatusCode::REQUEST_TIMEOUT, "TIMEOUT", "the body came too slowly"))?
        .map_err(|error| match error.downcast_ref::<LengthLimitError>() {
            Some(_) => SIZE_DIFFERS,
            None => refused(StatusCode::BAD_REQUEST, "BODY_INCOMPLETE", "the body broke off"),
        })?
        .to_bytes();
    if bytes.len() == limit { Ok(bytes) } else { Err(SIZE_DIFFERS) }
}

/// What may stand unquoted in `filename*` (RFC 8187, `attr-char`).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_');

async fn send(
    State(files): State<Files>,
    Path(token): Path<String>,
    host: Option<Extension<HostOrganization>>,
) -> Result<Response, Refused> {
    let get: Get = files.signer().verify(&token, files.now())?;
    refuse_elsewhere(host, get.organization)?;
    let found = store::in_time(files.store()?.get(&store::key(get.organization, get.file))).await?;
    let found = match found {
        Ok(found) => found,
        Err(object_store::Error::NotFound { .. }) => return Err(Rejected::Invalid.into()),
        Err(error) => return Err(store::unavailable(error).into()),
    };
    let length = found.meta.size;
    let name = utf8_percent_encode(&get.name, ENCODED);
    // Whoever opens it does so as a file of their own, never as a page of this site.
    let headers = [
        (header::CONTENT_TYPE, get.media_type),
        (header::CONTENT_LENGTH, length.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename*=UTF-8''{name}")),
    ];
    let mut response = (headers, Body::from_stream(found.into_stream())).into_response();
    for (name, value) in [
        (header::CACHE_CONTROL, "private, max-age=300"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}
