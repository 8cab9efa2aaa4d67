//! Bodies: read in time and within bounds, unpacked, and taken for a GraphQL request.

use std::io::Read;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use graphql::{Limit, Mode};
use http::header;
use http::{HeaderMap, StatusCode};

use super::malformed_request::{Malformed, explain};
use super::middleware::text;
use crate::limits::BODY_HARD_MAX;
use crate::refusal::Refused;
use crate::request::GraphqlRequest;
use crate::shared_state::Core;
use crate::telemetry;

/// What may become larger than this is unpacked where it does not hold up other requests: about a millisecond.
const INLINE_MAX: usize = 256 * 1024;

/// How a body is packed (RFC 9110, 8.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Identity,
    Gzip,
    Brotli,
}

/// Why a body could not be unpacked.
enum Unpacked {
    Whole(Vec<u8>),
    TooLarge,
    Broken,
}

/// Reads a body of JSON. Other media types are refused: pages of other sites can send those without asking.
pub(super) async fn read(core: &Core, request: Request) -> Result<GraphqlRequest, Refused> {
    let (parts, body) = request.into_parts();
    let coding = coding(&parts.headers).filter(|_| is_json(&parts.headers)).ok_or_else(|| {
        let message = "send application/json in UTF-8, as it is or packed with gzip or br";
        Refused::http(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", message)
    })?;
    if !is_framed_plainly(&parts.headers) {
        // RFC 9112, 6.1.
        let message = "of transfer codings, only chunked is understood";
        return Err(Refused::http(StatusCode::NOT_IMPLEMENTED, "TRANSFER_CODING_UNKNOWN", message));
    }
    let bytes = receive(core, &parts.headers, body).await?;
    telemetry::note(|facts| facts.request_bytes = u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    let bytes = match coding {
        Coding::Identity => bytes,
        packed => unpack_within_limits(core, packed, bytes).await?.into(),
    };
    // All of it, also what nobody looks at: the parser takes what it passes over as it comes.
    let text = std::str::from_utf8(&bytes).map_err(|error| Malformed::BodyNotUtf8(error.valid_up_to()))?;
    serde_json::from_str(text).map_err(|unread| explain(text, &unread).into())
}

fn bad(code: &'static str, message: &'static str) -> Refused {
    Refused::http(StatusCode::BAD_REQUEST, code, message)
}

/// Bytes of a body that are read at all.
pub(super) fn bytes_cap(core: &Core) -> usize {
    let is_enforced = core.guard.mode(Limit::BodyBytes) == Mode::Enforce;
    if is_enforced { core.config.limits.body_bytes_max } else { BODY_HARD_MAX }
}

fn too_large(core: &Core) -> Refused {
    core.guard.refuses(Limit::BodyBytes);
    let message = format!("the body is larger than {} bytes", bytes_cap(core));
    Refused::http(StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE", message)
}

/// Counts a body that is past the limit and below the bound behind it.
fn measure(core: &Core, bytes: usize) {
    if bytes > core.config.limits.body_bytes_max {
        core.guard.refuses(Limit::BodyBytes);
    }
}

/// Takes in the body as it comes.
async fn receive(core: &Core, headers: &HeaderMap, body: Body) -> Result<Bytes, Refused> {
    let cap = bytes_cap(core);
    let declared = text(headers, header::CONTENT_LENGTH);
    if declared.and_then(|length| length.parse::<usize>().ok()).is_some_and(|length| length > cap) {
        return Err(too_large(core));
    }
    let timeout = Duration::from_millis(core.config.body_timeout_ms);
    let read = axum::body::to_bytes(body, cap);
    let bytes = tokio::time::timeout(timeout, read)
        .await
        .map_err(|_| Refused::http(StatusCode::REQUEST_TIMEOUT, "TIMEOUT", "the body came too slowly"))?
        .map_err(|error| match is_length_limit(&error) {
            true => too_large(core),
            false => bad("BODY_INCOMPLETE", "the body is not framed as HTTP wants, or broke off"),
        })?;
    measure(core, bytes.len());
    Ok(bytes)
}

/// Unpacks a body that may not become too large, nor too many times larger: a small message must not cost much.
async fn unpack_within_limits(core: &Core, coding: Coding, packed: Bytes) -> Result<Vec<u8>, Refused> {
    let cap = bytes_cap(core);
    let by_ratio = packed.len().saturating_mul(core.config.limits.body_ratio_max);
    let is_held = core.guard.mode(Limit::BodyRatio) == Mode::Enforce;
    let max = if is_held { cap.min(by_ratio) } else { cap };
    let unpacked = if max > INLINE_MAX {
        let unpacking = tokio::task::spawn_blocking(move || unpack(coding, &packed, max));
        unpacking.await.map_err(common::Error::internal)?
    } else {
        unpack(coding, &packed, max)
    };
    let bytes = match unpacked {
        Unpacked::Whole(bytes) => bytes,
        Unpacked::Broken => {
            return Err(bad("BODY_BADLY_PACKED", "the body is not packed as content-encoding says"));
        }
        Unpacked::TooLarge if max == cap => return Err(too_large(core)),
        Unpacked::TooLarge => {
            core.guard.refuses(Limit::BodyRatio);
            let ratio = core.config.limits.body_ratio_max;
            let message = format!("the body becomes more than {ratio} times larger when unpacked");
            return Err(Refused::http(StatusCode::PAYLOAD_TOO_LARGE, "BODY_RATIO_TOO_HIGH", message));
        }
    };
    if bytes.len() > by_ratio {
        core.guard.refuses(Limit::BodyRatio);
    }
    measure(core, bytes.len());
    Ok(bytes)
}

fn unpack(coding: Coding, packed: &[u8], bytes_max: usize) -> Unpacked {
    let mut bytes = Vec::new();
    // One more than allowed, to tell whether there is more.
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    let read = match coding {
        Coding::Identity => packed.take(limit).read_to_end(&mut bytes),
        Coding::Gzip => flate2::read::MultiGzDecoder::new(packed).take(limit).read_to_end(&mut bytes),
        Coding::Brotli => brotli::Decompressor::new(packed, 4096).take(limit).read_to_end(&mut bytes),
    };
    match read {
        Err(_) => Unpacked::Broken,
        Ok(_) if bytes.len() > bytes_max => Unpacked::TooLarge,
        Ok(_) => Unpacked::Whole(bytes),
    }
}

/// How the body is packed; `None` when in a way, or in several, that nobody here can undo.
fn coding(headers: &HeaderMap) -> Option<Coding> {
    let mut values = headers.get_all(header::CONTENT_ENCODING).iter();
    let coding = match values.next() {
        None => return Some(Coding::Identity),
        Some(value) => value.to_str().ok()?.to_ascii_lowercase(),
    };
    match (coding.as_str(), values.next()) {
        ("identity" | "", None) => Some(Coding::Identity),
        ("gzip" | "x-gzip", None) => Some(Coding::Gzip),
        ("br", None) => Some(Coding::Brotli),
        _ => None,
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    // Of two, others may go by the one that is not looked at here.
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let mut parts = value.to_str().unwrap_or_default().split(';').map(str::trim);
    let is_named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("application/json"));
    is_named && parts.filter_map(charset).all(|charset| is_one_of(charset, &["utf-8", "utf8"]))
}

/// The value of the parameter `charset`.
fn charset(parameter: &str) -> Option<&str> {
    let (name, value) = parameter.split_once('=')?;
    name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
}

fn is_one_of(text: &str, names: &[&str]) -> bool {
    names.iter().any(|name| text.eq_ignore_ascii_case(name))
}

/// Whether a body's length can be told, and nothing else was done to it on the way.
fn is_framed_plainly(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    codings.all(|coding| coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked"))
}

fn is_length_limit(error: &axum::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        cause = error.source();
    }
    false
}
