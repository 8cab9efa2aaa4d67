//! The query string of a `GET`, as a GraphQL request.

use std::borrow::Cow;

use http::Uri;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::malformed_request::{Malformed, Parameter};
use crate::request::GraphqlRequest;

/// Takes a request out of a URI. What is empty counts as absent, and unknown parameters are passed over.
///
/// # Errors
/// What is not UTF-8, stands there twice, or is no JSON object where there must be one.
pub(super) fn read(uri: &Uri) -> Result<GraphqlRequest, Malformed> {
    let mut request = GraphqlRequest::default();
    let mut seen = Vec::new();
    for pair in uri.query().unwrap_or_default().split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let Some(parameter) = Parameter::of(&decode(name)?) else { continue };
        if seen.contains(&parameter) {
            return Err(Malformed::Duplicate(parameter));
        }
        seen.push(parameter);
        let value = decode(value)?;
        match parameter {
            _ if value.is_empty() => {}
            Parameter::Query => request.query = value,
            Parameter::DocumentId => request.document_id = Some(value),
            Parameter::OperationName => request.operation_name = Some(value),
            Parameter::Variables => request.variables = object(parameter, &value)?,
            Parameter::Extensions => request.extensions = object(parameter, &value)?,
        }
    }
    Ok(request)
}

fn object(parameter: Parameter, json: &str) -> Result<Option<Map<String, Value>>, Malformed> {
    serde_json::from_str(json).map_err(|_| Malformed::Mistyped(parameter, "a JSON object"))
}

/// Undoes the encoding of forms (<https://url.spec.whatwg.org/#urlencoded-parsing>), but lets no byte be replaced by
/// another: what would run is not what was sent.
fn decode(text: &str) -> Result<String, Malformed> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().map(Cow::into_owned);
    decoded.map_err(|_| Malformed::UriNotUtf8)
}
