//! The engine: composing, planning and executing over a small federation.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod abstract_types;
mod answers;
mod canned;
mod composing;
mod conditions;
mod faults;
mod mutations;
mod nowhere;
mod optional;
mod patience;
mod planning;
mod remote;
mod requirements;
mod reuse;
mod rubbish;
mod shop;
mod subscriptions;
mod validation;

use std::sync::Arc;

use common::RequestContext;
use graphql::Executable;
use router::{Response, Subgraph, Supergraph, Transport};
use serde_json::{Value, json};

use shop::Log;

pub(crate) fn local(name: &str, executable: Executable) -> Subgraph {
    Subgraph {
        name: name.to_owned(),
        sdl: executable.sdl.clone().into(),
        transport: Transport::InProcess(executable),
    }
}

pub(crate) fn executables(log: &Log) -> Vec<(&'static str, Executable)> {
    vec![
        ("accounts", shop::accounts::executable(log.clone())),
        ("products", shop::products::executable(log.clone())),
        ("reviews", shop::reviews::executable(log.clone())),
        ("inventory", shop::inventory::executable()),
    ]
}

pub(crate) fn subgraphs() -> Vec<Subgraph> {
    executables(&Log::default()).into_iter().map(|(name, executable)| local(name, executable)).collect()
}

/// The shop, with every call noted.
pub(crate) fn noted() -> (Supergraph, Log) {
    let log = Log::default();
    let subgraphs: Vec<_> = executables(&log)
        .into_iter()
        .map(|(name, executable)| local(name, shop::noted(name, executable, log.clone())))
        .collect();
    (Supergraph::compose(&subgraphs).unwrap(), log)
}

pub(crate) fn shop() -> Supergraph {
    Supergraph::compose(&subgraphs()).unwrap()
}

pub(crate) fn context() -> Arc<RequestContext> {
    Arc::new(RequestContext::anonymous("request-1"))
}

/// Runs an operation and gives the answer as the client gets it.
pub(crate) async fn run_with(supergraph: &Supergraph, document: &str, variables: Value) -> Value {
    let Value::Object(variables) = variables else { panic!("variables are an object") };
    let operation = match supergraph.prepare_for(document, None, &variables) {
        Ok(operation) => operation,
        Err(errors) => return json!({ "errors": errors }),
    };
    let response = operation.execute(context(), variables).await;
    json_of(&response)
}

pub(crate) fn json_of(response: &Response) -> Value {
    serde_json::from_slice(&response.to_json()).unwrap()
}

pub(crate) async fn run(supergraph: &Supergraph, document: &str) -> Value {
    run_with(supergraph, document, json!({})).await
}
