//! `multipart/mixed` with `subscriptionSpec=1.0`: one part per result, as some clients subscribe by default.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response as HttpResponse};
use futures::stream;
use http::header;
use tokio_stream::StreamExt;

use super::results::Results;
use crate::Core;
use crate::pipeline::{Allowed, Client, GraphqlRequest, Refused};
use crate::supergraph::Response;

const CONTENT_TYPE: &str = "multipart/mixed; boundary=\"graphql\"; subscriptionSpec=1.0";
const PART: &str = "\r\n--graphql\r\ncontent-type: application/json\r\n\r\n";
const END: &str = "\r\n--graphql--\r\n";

/// Answers an operation as a stream of parts, or refuses it with a status before the stream begins.
pub(crate) async fn multipart(
    core: &Arc<Core>,
    client: Client,
    request: GraphqlRequest,
    allowed: Allowed,
) -> Result<HttpResponse, Refused> {
    let results = Results::begin(core, client, request, allowed).await?;
    let parts = stream::unfold(Some(results), |open| async {
        let mut results = open?;
        match results.next().await {
            Some(response) => Some((part(&response), Some(results))),
            None => Some((END.as_bytes().to_vec(), None)),
        }
    });
    let heartbeat = Duration::from_millis(core.config.subscriptions.heartbeat_ms);
    // The timeout does not disturb what it waits for: it polls on and fills the silence.
    let parts =
        parts.timeout_repeating(tokio::time::interval_at(tokio::time::Instant::now() + heartbeat, heartbeat));
    let body =
        parts.map(|part| Ok::<_, Infallible>(part.unwrap_or_else(|_| format!("{PART}{{}}").into_bytes())));
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], Body::from_stream(body)).into_response())
}

/// One part: a result, or the errors that ended the subscription as a whole.
fn part(response: &Response) -> Vec<u8> {
    let mut part = PART.as_bytes().to_vec();
    if response.data().is_some() {
        part.extend_from_slice(b"{\"payload\":");
        response.write_json(&mut part);
        part.push(b'}');
    } else {
        // `{"errors":[…]}`, to which only the empty payload is added.
        part.extend_from_slice(b"{\"payload\":null,");
        part.extend_from_slice(&response.to_json()[1..]);
    }
    part
}
