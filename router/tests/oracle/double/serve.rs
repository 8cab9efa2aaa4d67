//! Doubles behind the router's two transports: in this process, and over HTTP.

use std::sync::Arc;

use apollo_compiler::Name;
use async_graphql::{PathSegment, Request, Response, ServerError, Value as Said};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName};
use futures::StreamExt;
use graphql::Executable;
use router::transport::http::{Connections, Endpoint};
use router::{Subgraph, Transport};
use serde_json::{Map, Value};

use super::Double;
use crate::executor::{Answer, Segment};
use crate::random::{Random, hash};

/// How many events a subscription has.
pub const EVENTS: u64 = 2;

/// A double in this process.
pub fn in_process(double: Arc<Double>) -> Subgraph {
    let (name, sdl) = (double.sdl().name.clone(), double.sdl().text.clone());
    let streaming = double.clone();
    let executable = Executable::new(
        sdl.clone(),
        move |request| {
            let answer = double.answer(&request.query, &variables(&request), 0);
            Box::pin(async move { response(answer) })
        },
        move |request| {
            let double = streaming.clone();
            let event = move |event| response(double.answer(&request.query, &variables(&request), event));
            futures::stream::iter((0..EVENTS).map(event).collect::<Vec<_>>()).boxed()
        },
    );
    Subgraph { name, sdl: sdl.into(), transport: Transport::InProcess(executable) }
}

/// A subgraph that is never asked.
pub fn unreachable(name: &str, sdl: &str) -> Subgraph {
    let executable =
        Executable::new(sdl, |_| panic!("nobody is asked yet"), |_| panic!("nobody is asked yet"));
    Subgraph { name: name.to_owned(), sdl: sdl.into(), transport: Transport::InProcess(executable) }
}

fn variables(request: &Request) -> Map<String, Value> {
    let object = Said::Object(std::ops::Deref::deref(&request.variables).clone().into_iter().collect());
    match object.into_json().unwrap() {
        Value::Object(map) => map,
        other => panic!("{other}"),
    }
}

fn response(answer: Answer) -> Response {
    let mut response = Response::new(Said::from_json(answer.data).unwrap());
    for failure in answer.errors {
        let mut error = ServerError::new("something failed", None);
        let segment = |segment: &Segment| match segment {
            Segment::Key(key) => PathSegment::Field(key.clone()),
            Segment::Index(index) => PathSegment::Index(*index),
        };
        error.path = failure.path.iter().map(segment).collect();
        error.extensions.get_or_insert_default().set("code", failure.code);
        response.errors.push(error);
    }
    response
}

/// Doubles on a port of their own, for as long as the runtime lives.
pub async fn over_http(doubles: &[Arc<Double>]) -> Vec<Subgraph> {
    let routes = axum::Router::new()
        .route("/{position}", axum::routing::post(post))
        .with_state(Arc::new(doubles.to_vec()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let connections = Connections::default();
    let subgraph = |(position, double): (usize, &Arc<Double>)| {
        let url = format!("http://{address}/{position}").parse().unwrap();
        let mut endpoint = Endpoint::new(&url, connections.clone());
        endpoint.event_stream = true;
        Subgraph {
            name: double.sdl().name.clone(),
            sdl: double.sdl().text.as_str().into(),
            transport: Transport::Http(endpoint.into()),
        }
    };
    doubles.iter().enumerate().map(subgraph).collect()
}

async fn post(
    State(doubles): State<Arc<Vec<Arc<Double>>>>,
    Path(position): Path<usize>,
    headers: HeaderMap,
    body: Bytes,
) -> ([(HeaderName, &'static str); 1], String) {
    let mut body: Map<String, Value> = serde_json::from_slice(&body).unwrap();
    let text = body["query"].as_str().unwrap().to_owned();
    let variables = match body.remove("variables") {
        Some(Value::Object(variables)) => variables,
        _ => Map::new(),
    };
    let mut random = Random::new(hash(0, &[&text]));
    let mut answer = |event| {
        let mut out = String::new();
        let answer = doubles[position].answer(&text, &variables, event);
        Writer { random: &mut random, out: &mut out }.answer(answer);
        out
    };
    let accepts = headers.get(ACCEPT).map(|value| value.to_str().unwrap());
    if !accepts.is_some_and(|accepts| accepts.contains("text/event-stream")) {
        return ([(CONTENT_TYPE, "application/graphql-response+json")], answer(0));
    }
    let mut events = String::new();
    for event in 0..EVENTS {
        // An event's data is one line.
        events += &format!("event: next\ndata: {}\n\n", answer(event).replace(['\n', '\r'], " "));
    }
    ([(CONTENT_TYPE, "text/event-stream")], events + "event: complete\n\n")
}

/// Writes JSON as different servers do: with or without spaces, in any order, with more escapes than needed, and with
/// things that nobody asked for.
struct Writer<'a> {
    random: &'a mut Random,
    out: &'a mut String,
}

impl Writer<'_> {
    fn answer(&mut self, answer: Answer) {
        let errors = answer.errors.iter().map(|failure| {
            let path = failure.path.iter().map(|segment| match segment {
                Segment::Key(key) => Value::from(key.as_str()),
                Segment::Index(index) => Value::from(*index),
            });
            let path: Vec<Value> = path.collect();
            let extensions = serde_json::json!({ "code": failure.code });
            serde_json::json!({ "message": "something failed", "path": path, "extensions": extensions })
        });
        let mut members = vec![("data".to_owned(), answer.data)];
        if !answer.errors.is_empty() || self.random.chance(20) {
            members.push(("errors".to_owned(), errors.collect()));
        }
        if self.random.chance(20) {
            let nested = serde_json::json!({ "data": { "x": [1, { "errors": null }] } });
            members.push(("extensions".to_owned(), nested));
        }
        self.members(members);
    }

    fn members(&mut self, mut members: Vec<(String, Value)>) {
        if self.random.chance(20) {
            self.random.shuffle(&mut members);
        }
        if self.random.chance(5) {
            members.push(("_more".to_owned(), serde_json::json!([{}, "}", -1.5e3, false])));
        }
        self.out.push('{');
        for (position, (name, value)) in members.into_iter().enumerate() {
            self.separate(position > 0);
            self.value(&Value::String(name));
            self.space();
            self.out.push(':');
            self.space();
            self.value(&value);
        }
        self.space();
        self.out.push('}');
    }

    fn value(&mut self, value: &Value) {
        match value {
            // A scalar's own objects are passed on as they are.
            Value::Object(map) if map.contains_key("any") => self.out.push_str(&value.to_string()),
            Value::Object(map) => {
                self.members(map.iter().map(|(name, value)| (name.clone(), value.clone())).collect());
            }
            Value::Array(list) => {
                self.out.push('[');
                for (position, value) in list.iter().enumerate() {
                    self.separate(position > 0);
                    self.value(value);
                }
                self.space();
                self.out.push(']');
            }
            Value::String(text) if Name::new(text).is_err() && self.random.chance(20) => {
                self.out.push('"');
                for unit in text.encode_utf16() {
                    self.out.push_str(&format!("\\u{unit:04x}"));
                }
                self.out.push('"');
            }
            other => self.out.push_str(&other.to_string()),
        }
    }

    fn separate(&mut self, is_needed: bool) {
        if is_needed {
            self.space();
            self.out.push(',');
        }
        self.space();
    }

    fn space(&mut self) {
        if self.random.chance(3) {
            self.out.push_str(" \n\t\r ");
        }
    }
}
