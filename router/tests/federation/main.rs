//! What federated graphs may be made of, and what has to come of it: the promises of
//! <https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/federation> and of the specification
//! of GraphQL where they meet.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod abstract_types;
mod access;
mod access_detours;
mod interface_objects;
mod keys;
mod market;
mod overrides;
mod provides;
mod requirements_apart;
mod requires;
mod toy;

use std::sync::Arc;

use common::{Caller, RequestContext};
use router::{Subgraph, Supergraph, Transport};
use serde_json::{Map, Value, json};

use toy::{Log, Toy};

/// A federation of toys.
pub struct Federation {
    /// What was composed.
    pub supergraph: Supergraph,
    /// What every call asked.
    pub log: Log,
}

impl Federation {
    /// Composed here.
    pub fn composed(toys: &[Toy]) -> Self {
        let log = Log::default();
        let supergraph = Supergraph::compose(&subgraphs(toys, &log));
        Self { supergraph: supergraph.unwrap_or_else(|error| panic!("{error}")), log }
    }

    /// Composed elsewhere.
    pub fn ready(supergraph_sdl: &str, toys: &[Toy]) -> Self {
        let log = Log::default();
        let supergraph = Supergraph::from_supergraph_sdl(supergraph_sdl, &subgraphs(toys, &log));
        Self { supergraph: supergraph.unwrap_or_else(|error| panic!("{error}")), log }
    }

    /// The answer as the client gets it.
    pub async fn ask(&self, document: &str) -> Value {
        self.ask_with(document, json!({})).await
    }

    /// The same, with variables.
    pub async fn ask_with(&self, document: &str, variables: Value) -> Value {
        self.ask_as(&Caller::Anonymous, document, variables).await
    }

    /// The same for somebody.
    pub async fn ask_as(&self, caller: &Caller, document: &str, variables: Value) -> Value {
        let Value::Object(variables) = variables else { panic!("variables are an object") };
        let operation = match self.supergraph.prepare_by(document, None, &variables, caller) {
            Ok(operation) => operation,
            Err(errors) => return json!({ "errors": errors }),
        };
        let context = Arc::new(RequestContext::anonymous("request-1"));
        let response = operation.execute(context, variables as Map<String, Value>).await;
        serde_json::from_slice(&response.to_json()).unwrap()
    }

    /// Who has been called so far, in order.
    pub fn called(&self) -> Vec<String> {
        self.log.lock().unwrap().iter().map(|(name, ..)| name.clone()).collect()
    }

    /// All representations that a subgraph was sent so far.
    pub fn representations(&self, subgraph: &str) -> Vec<Value> {
        let log = self.log.lock().unwrap();
        let calls = log.iter().filter(|(name, ..)| name == subgraph);
        let lists = calls.flat_map(|(_, _, variables)| variables.as_object().into_iter().flatten());
        lists.flat_map(|(_, list)| list.as_array().cloned().unwrap_or_default()).collect()
    }
}

fn subgraphs(toys: &[Toy], log: &Log) -> Vec<Subgraph> {
    let subgraph = |toy: &Toy| Subgraph {
        name: toy.name.to_owned(),
        sdl: toy.federation_sdl().into(),
        transport: Transport::InProcess(toy.executable(log)),
    };
    toys.iter().map(subgraph).collect()
}
