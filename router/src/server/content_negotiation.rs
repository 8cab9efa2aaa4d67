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

/// What the endpoint answers to whoever does not come with a browser.
const ANSWERS: [Format; 4] = [Format::Json, Format::GraphqlResponse, Format::EventStream, Format::Multipart];

/// A part of `Accept` (RFC 9110, section 12.5.1).
struct Range<'a> {
    ty: String,
    parameters: Vec<&'a str>,
    quality: f32,
}

impl<'a> Range<'a> {
    /// Reads what is to be read: a weight that is none counts as not given, and a lone `*`, which Java sends, as `*/*`.
    fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let ty = parts.next().filter(|ty| !ty.is_empty())?;
        let ty = if ty == "*" { "*/*".to_owned() } else { ty.to_ascii_lowercase() };
        let (weights, parameters): (Vec<&str>, Vec<&str>) = parts.partition(|part| weight(part).is_some());
        let quality = weights.first().and_then(|part| weight(part)?.parse().ok());
        Some(Self { ty, parameters, quality: quality.unwrap_or(1.0_f32).clamp(0.0, 1.0) })
    }

    /// How closely it names a format, if it does.
    fn precision(&self, format: Format) -> Option<usize> {
        let (is_json, ty) = (matches!(format, Format::Json | Format::GraphqlResponse), self.ty.as_str());
        match ty {
            // Who understands anything understands JSON; streams and pages are for those who name them.
            "*/*" => is_json.then_some(0),
            "application/*" => is_json.then_some(1),
            _ if Format::of(ty) != Some(format) => None,
            // Other multipart answers hold results that come later.
            _ if format == Format::Multipart && !self.parameters.iter().any(|one| is_subscription(one)) => {
                None
            }
            _ => Some(2),
        }
    }
}

/// The weight that a parameter states, if it is one.
fn weight(parameter: &str) -> Option<&str> {
    let (name, value) = parameter.split_once('=')?;
    name.trim().eq_ignore_ascii_case("q").then_some(value.trim())
}

fn is_subscription(parameter: &str) -> bool {
    parameter.to_ascii_lowercase().replace('"', "") == SUBSCRIPTION
}

impl Format {
    /// The best answer that is accepted; `None` when nothing can be answered.
    pub fn accepted(headers: &HeaderMap) -> Option<Self> {
        Self::best(headers, &ANSWERS)
    }

    /// Whether a person's browser asks for a page, more than for an answer.
    pub fn is_page_wanted(headers: &HeaderMap) -> bool {
        let all = ANSWERS.into_iter().chain([Self::Html]).collect::<Vec<_>>();
        Self::best(headers, &all) == Some(Self::Html)
    }

    /// What is wanted most of what is offered: what closest names a format says how much. Of what is wanted alike, what
    /// is named first; of what is named at once, what is offered first.
    fn best(headers: &HeaderMap, offered: &[Self]) -> Option<Self> {
        let values = headers.get_all(header::ACCEPT).iter();
        let texts = values.flat_map(|value| value.to_str().unwrap_or_default().split(','));
        let ranges: Vec<Range<'_>> = texts.filter_map(Range::read).collect();
        if ranges.is_empty() {
            return Some(Self::Json);
        }
        let wanted = |format: &Self| {
            let named =
                ranges.iter().enumerate().filter_map(|(at, range)| Some((range.precision(*format)?, at)));
            let (_, at) = named.max_by_key(|(precision, at)| (*precision, std::cmp::Reverse(*at)))?;
            Some((ranges[at].quality, at, *format)).filter(|(quality, ..)| *quality > 0.0)
        };
        let wanted = offered.iter().filter_map(wanted);
        let best = wanted.reduce(|best, next| {
            let is_better = next.0 > best.0 || next.0 == best.0 && next.1 < best.1;
            if is_better { next } else { best }
        });
        best.map(|(.., format)| format)
    }

    fn of(range: &str) -> Option<Self> {
        match range {
            "application/graphql-response+json" => Some(Self::GraphqlResponse),
            "application/json" => Some(Self::Json),
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
        assert_eq!(
            accepted("multipart/mixed;subscriptionSpec=\"1.0\", application/json"),
            Some(Format::Multipart)
        );
        assert_eq!(accepted("multipart/mixed;deferSpec=20220824, application/json"), Some(Format::Json));
        assert_eq!(accepted("image/png"), None);
        assert_eq!(accepted("application/json;q=0"), None);
    }

    #[test]
    fn weights_are_those_of_what_names_a_type_closest() {
        assert_eq!(accepted("application/json;q=0.1, */*"), Some(Format::GraphqlResponse));
        assert_eq!(accepted("*/*, application/json;q=0"), Some(Format::GraphqlResponse));
        assert_eq!(accepted("application/*;q=0.5, text/event-stream;q=0.6"), Some(Format::EventStream));
        assert_eq!(accepted("*/*;q=0"), None);
        assert_eq!(accepted("text/html"), None);
    }

    #[test]
    fn what_clients_send_by_themselves_is_answered() {
        for java in
            ["text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", "*;q=.2", "text/html, *; Q = 0.2"]
        {
            assert_eq!(accepted(java), Some(Format::Json), "{java}");
        }
        assert_eq!(accepted("text/html,application/xhtml+xml,*/*;q=0.8"), Some(Format::Json));
        assert_eq!(accepted("application/json;q=much"), Some(Format::Json));
        assert_eq!(accepted("application/json; q=7, application/graphql-response+json"), Some(Format::Json));
    }

    #[test]
    fn a_browser_wants_a_page_and_a_program_does_not() {
        let wanted = |accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().expect("a header"));
            Format::is_page_wanted(&headers)
        };
        assert!(wanted("text/html,application/xhtml+xml,*/*;q=0.8") && wanted("text/html"));
        assert!(!wanted("application/json, text/html") && !wanted("*/*") && !wanted("text/html;q=0.1, */*"));
    }
}
