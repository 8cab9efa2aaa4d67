//! What is wrong with a request that is none: found out only once reading it has failed, so that good ones pay nothing.

use std::borrow::Cow;
use std::fmt;

use http::StatusCode;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::refusal::Refused;

/// Lists and objects within each other that the JSON parser follows.
const NESTING_MAX: usize = 127;

/// Why a body or a query string is no GraphQL request. Of each kind the code never changes; all are 400, whatever the
/// client accepts (<https://graphql.github.io/graphql-over-http/draft/#sec-Status-Codes>).
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Malformed {
    #[error("the body is empty: send a JSON object with the text `query`")]
    Empty,
    #[error("the body is not UTF-8 from byte {0} on")]
    BodyNotUtf8(usize),
    #[error("the query string is not UTF-8")]
    UriNotUtf8,
    #[error("the body is not JSON: see line {line}, column {column}")]
    NotJson { line: usize, column: usize },
    #[error("the body nests lists and objects more than {NESTING_MAX} deep")]
    TooDeep,
    #[error("the body is a list: batching is off, send one request at a time")]
    Batch,
    #[error("the body is JSON, but not an object")]
    NotObject,
    #[error("`{0}` must be {1}")]
    Mistyped(Parameter, &'static str),
    #[error("`{0}` stands there twice")]
    Duplicate(Parameter),
}

impl Malformed {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty => "BODY_EMPTY",
            Self::BodyNotUtf8(_) => "BODY_NOT_UTF8",
            Self::UriNotUtf8 => "URI_NOT_UTF8",
            Self::NotJson { .. } => "BODY_NOT_JSON",
            Self::TooDeep => "BODY_TOO_DEEP",
            Self::Batch => "BATCHING_OFF",
            Self::NotObject => "BODY_NOT_OBJECT",
            Self::Mistyped(..) => "PARAMETER_INVALID",
            Self::Duplicate(_) => "PARAMETER_DUPLICATE",
        }
    }

    fn at(error: &serde_json::Error) -> Self {
        Self::NotJson { line: error.line(), column: error.column() }
    }
}

impl From<Malformed> for Refused {
    fn from(malformed: Malformed) -> Self {
        Self::http(StatusCode::BAD_REQUEST, malformed.code(), malformed.to_string())
    }
}

/// What a request consists of; whatever else there is is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Parameter {
    Query,
    DocumentId,
    OperationName,
    Variables,
    Extensions,
}

impl Parameter {
    const ALL: [Self; 5] =
        [Self::Query, Self::DocumentId, Self::OperationName, Self::Variables, Self::Extensions];

    fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::DocumentId => "documentId",
            Self::OperationName => "operationName",
            Self::Variables => "variables",
            Self::Extensions => "extensions",
        }
    }

    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|parameter| parameter.name() == name)
    }

    /// What a value must be if it is not null, when this one is not.
    fn refuses(self, value: &str) -> Option<&'static str> {
        let (expected, open) = match self {
            Self::Query | Self::DocumentId | Self::OperationName => ("a text", '"'),
            Self::Variables | Self::Extensions => ("an object", '{'),
        };
        (value != "null" && !value.starts_with(open)).then_some(expected)
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Names what is wrong with a body that could not be read as a request.
pub(super) fn explain(body: &str, unread: &serde_json::Error) -> Malformed {
    let text = body.trim_ascii();
    if text.is_empty() {
        return Malformed::Empty;
    }
    if let Err(error) = serde_json::from_str::<IgnoredAny>(body) {
        return Malformed::at(&error);
    }
    match text.as_bytes().first() {
        Some(b'[') => Malformed::Batch,
        Some(b'{') => wrong_member(text).unwrap_or_else(|| {
            // What JSON's grammar allows, and no parser must take: RFC 8259, section 9.
            if nesting(text) > NESTING_MAX { Malformed::TooDeep } else { Malformed::at(unread) }
        }),
        _ => Malformed::NotObject,
    }
}

/// The first member that stands twice or has another type than it must have.
fn wrong_member(object: &str) -> Option<Malformed> {
    let members = serde_json::Deserializer::from_str(object).deserialize_map(Members).ok()?;
    let mut seen = Vec::new();
    for (parameter, value) in members {
        if seen.contains(&parameter) {
            return Some(Malformed::Duplicate(parameter));
        }
        if let Some(expected) = parameter.refuses(value.get()) {
            return Some(Malformed::Mistyped(parameter, expected));
        }
        seen.push(parameter);
    }
    None
}

/// Takes the members that count out of an object, in their order, with what they are as it is written.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(Parameter, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((name, value)) = map.next_entry::<Cow<'de, str>, &RawValue>()? {
            members.extend(Parameter::of(&name).map(|parameter| (parameter, value)));
        }
        Ok(members)
    }
}

/// How deep lists and objects of a JSON text stand within each other.
fn nesting(json: &str) -> usize {
    let (mut open, mut deepest, mut is_text, mut is_escaped) = (0_usize, 0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_text => is_escaped = true,
            b'"' => is_text = !is_text,
            b'[' | b'{' if !is_text => {
                open += 1;
                deepest = deepest.max(open);
            }
            b']' | b'}' if !is_text => open = open.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
