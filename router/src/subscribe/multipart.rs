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
use crate::refusal::Refused;
use crate::request::{Allowed, Client, GraphqlRequest};
use crate::shared_state::Core;
use crate::supergraph::Response;

const CONTENT_TYPE: &str = "multipart/mixed; boundary=\"graphql\"; subscriptionSpec=1.0";
/// The first boundary; each part brings the one after it, without which a client cannot know that the part is whole.
const BOUNDARY: &str = "\r\n--graphql";
const HEAD: &str = "\r\ncontent-type: application/json\r\n\r\n";
/// Makes the last boundary one that ends the answer.
const END: &str = "--\r\n";

/// Answers an operation as a stream of parts, or refuses it with a status before the stream begins.
pub(crate) async fn multipart(
    core: &Arc<Core>,
    client: Client,
    request: GraphqlRequest,
    allowed: Allowed,
) -> Result<HttpResponse, Refused> {
    let results = Results::begin(core, client, request, allowed, None).await?;
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
    let parts = parts.map(|part| part.unwrap_or_else(|_| format!("{HEAD}{{}}{BOUNDARY}").into_bytes()));
    let body = tokio_stream::once(BOUNDARY.as_bytes().to_vec()).chain(parts).map(Ok::<_, Infallible>);
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], Body::from_stream(body)).into_response())
}

/// One part: a result, or the errors that ended the subscription as a whole.
fn part(response: &Response) -> Vec<u8> {
    let mut part = HEAD.as_bytes().to_vec();
    if response.data().is_some() {
        part.extend_from_slice(b"{\"payload\":");
        response.write_json(&mut part);
        part.push(b'}');
    } else {
        // `{"errors":[…]}`, to which only the empty payload is added.
        part.extend_from_slice(b"{\"payload\":null,");
        part.extend_from_slice(&response.to_json()[1..]);
    }
    part.extend_from_slice(BOUNDARY.as_bytes());
    part
}
