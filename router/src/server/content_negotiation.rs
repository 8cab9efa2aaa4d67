//! Media types: what a client accepts, and what an answer's status is for it.

use axum::response::{IntoResponse, Response};
use http::header::{self, HeaderValue};
use http::{HeaderMap, StatusCode};

use crate::pipeline::Answer;
use crate::refusal::Outcome;
use crate::telemetry;

/// The parameter that tells multipart for subscriptions from multipart for deferred results, which we do not offer.
const SUBSCRIPTION: &str = "subscriptionspec=1.0";
/// Partial success: the draft's own status for data with errors beside it
/// (<https://graphql.github.io/graphql-over-http/draft/#sec-Partial-success>).
const PARTIAL: u16 = 294;

/// The media types that the endpoint can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// `application/graphql-response+json`: the status tells whether the request was valid, and answered in full.
    GraphqlResponse,
    /// `application/json`: 200 for whatever reached GraphQL.
    Json,
    /// `text/event-stream`: each result as an event.
    EventStream,
    /// `multipart/mixed` with `subscriptionSpec=1.0`: each result as a part.
    Multipart,
    /// `text/html`: a person with a browser.
    Html,
}

impl Format {
    /// The best of what is accepted: highest `q`, then first named. `None` when nothing can be answered.
    pub fn accepted(headers: &HeaderMap) -> Option<Self> {
        let mut best: Option<(f32, Self)> = None;
        let mut is_absent = true;
        for value in headers.get_all(header::ACCEPT) {
            for range in value.to_str().unwrap_or_default().split(',') {
                is_absent &= range.trim().is_empty();
                let mut parts = range.split(';').map(str::trim);
                let Some(format) = parts.next().and_then(Self::of) else { continue };
                let is_subscription =
                    parts.clone().any(|part| part.to_ascii_lowercase().replace('"', "") == SUBSCRIPTION);
                if format == Self::Multipart && !is_subscription {
                    continue;
                }
                let quality = parts
                    .find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")))
                    .map_or(1.0, |q| q.parse::<f32>().unwrap_or(0.0));
                if quality > 0.0 && best.is_none_or(|(so_far, _)| quality > so_far) {
                    best = Some((quality, format));
                }
            }
        }
        if is_absent { Some(Self::Json) } else { best.map(|(_, format)| format) }
    }

    fn of(range: &str) -> Option<Self> {
        match range.to_ascii_lowercase().as_str() {
            "application/graphql-response+json" => Some(Self::GraphqlResponse),
            "application/json" | "application/*" | "*/*" => Some(Self::Json),
            "multipart/mixed" => Some(Self::Multipart),
            "text/event-stream" => Some(Self::EventStream),
            "text/html" | "application/xhtml+xml" => Some(Self::Html),
            _ => None,
        }
    }

    fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json | Self::EventStream | Self::Multipart | Self::Html => {
                "application/json; charset=utf-8"
            }
        })
    }

    fn status(self, outcome: Outcome, has_errors: bool) -> StatusCode {
        match (outcome, self) {
            (Outcome::Status(status), _) => status,
            (Outcome::Invalid, Self::GraphqlResponse) => StatusCode::BAD_REQUEST,
            (Outcome::Executed, Self::GraphqlResponse) if has_errors => {
                StatusCode::from_u16(PARTIAL).unwrap_or(StatusCode::OK)
            }
            (Outcome::Invalid | Outcome::Executed, _) => StatusCode::OK,
        }
    }

    /// The answer as HTTP.
    pub fn respond(self, answer: Answer) -> Response {
        telemetry::note_answer(answer.outcome, &answer.response.errors);
        let status = self.status(answer.outcome, !answer.response.errors.is_empty());
        let retry_after_s = answer.retry_after_s;
        let body = answer.response.into_json();
        let mut response = (status, [(header::CONTENT_TYPE, self.content_type())], body).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(accept: &str) -> Option<Format> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().expect("a header"));
        Format::accepted(&headers)
    }

    #[test]
    fn the_best_accepted_type_is_answered() {
        assert_eq!(Format::accepted(&HeaderMap::new()), Some(Format::Json));
        assert_eq!(accepted("*/*"), Some(Format::Json));
        assert_eq!(accepted("application/json"), Some(Format::Json));
        assert_eq!(
            accepted("application/graphql-response+json, application/json;q=0.9"),
            Some(Format::GraphqlResponse)
        );
        assert_eq!(
            accepted("application/json;q=0.5, application/graphql-response+json"),
            Some(Format::GraphqlResponse)
        );
        assert_eq!(accepted("application/json; charset=utf-8"), Some(Format::Json));
        assert_eq!(accepted("text/event-stream"), Some(Format::EventStream));
        assert_eq!(accepted("text/html,application/xhtml+xml,*/*;q=0.8"), Some(Format::Html));
        assert_eq!(
            accepted("multipart/mixed;subscriptionSpec=\"1.0\", application/json"),
            Some(Format::Multipart)
        );
        assert_eq!(accepted("multipart/mixed;deferSpec=20220824, application/json"), Some(Format::Json));
        assert_eq!(accepted("image/png"), None);
        assert_eq!(accepted("application/json;q=0"), None);
    }
}
