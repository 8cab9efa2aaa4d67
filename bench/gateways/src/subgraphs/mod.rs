//! The four subgraphs: one process, a thread and a port each, that answer whatever is asked of them from memory.
//!
//! They are to cost little, and the same for every gateway. So they are written by hand, keep what they have
//! parsed, and are still subgraphs: they evaluate the selection that comes, with its aliases, fragments, variables
//! and representations, and refuse what their schema does not have.

pub mod document;
mod evaluate;
pub mod schema;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bench::Failure;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use self::document::{Operation, Wrong};
use self::schema::Part;
use crate::serve;
use crate::shop::Shop;

/// So many operations are kept parsed; gateways send the same few again and again.
const OPERATIONS_MAX: usize = 1000;

/// What all four have in common.
struct Common {
    shop: Shop,
    delay: Option<Duration>,
    /// How often each subgraph was asked.
    calls: [AtomicU64; 4],
}

/// Answers on four ports until the process is ended.
pub fn run(ports: &[u16], shop: Shop, delay_ms: u64) -> Result<(), Failure> {
    let delay = Some(Duration::from_millis(delay_ms)).filter(|delay| !delay.is_zero());
    let common = Arc::new(Common { shop, delay, calls: Default::default() });
    let threads: Vec<_> = Part::SUBGRAPHS
        .into_iter()
        .zip(ports.iter().copied())
        .map(|(part, port)| {
            let common = common.clone();
            std::thread::spawn(move || serve_one(part, port, common).map_err(|failure| failure.to_string()))
        })
        .collect();
    for thread in threads {
        thread.join().map_err(|_| "a subgraph panicked")??;
    }
    Ok(())
}

fn serve_one(part: Part, port: u16, common: Arc<Common>) -> Result<(), Failure> {
    let subgraph = Rc::new(Subgraph { part, common, operations: RefCell::default() });
    serve::run(port, async move |path: String, body: Bytes| subgraph.respond(&path, &body).await)
}

struct Subgraph {
    part: Part,
    common: Arc<Common>,
    operations: RefCell<HashMap<String, Rc<Operation>>>,
}

/// What a gateway sends.
#[derive(Deserialize)]
struct Request {
    query: String,
    #[serde(default)]
    variables: Option<Map<String, Value>>,
}

impl Subgraph {
    async fn respond(&self, path: &str, body: &[u8]) -> Bytes {
        if path == "/calls" {
            let calls = self.common.calls.each_ref().map(|calls| calls.load(Ordering::Relaxed));
            return json!(calls).to_string().into();
        }
        if let Some(place) = Part::SUBGRAPHS.iter().position(|part| *part == self.part) {
            self.common.calls[place].fetch_add(1, Ordering::Relaxed);
        }
        if let Some(delay) = self.common.delay {
            tokio::time::sleep(delay).await;
        }
        let answered = self.answer(body);
        answered
            .unwrap_or_else(|wrong| json!({ "errors": [{ "message": wrong }] }).to_string().into_bytes())
            .into()
    }

    fn answer(&self, body: &[u8]) -> Result<Vec<u8>, Wrong> {
        let request: Request = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let known = self.operations.borrow().get(&request.query).cloned();
        let operation = match known {
            Some(operation) => operation,
            None => self.parse(&request.query)?,
        };
        evaluate::answer(self.part, &self.common.shop, &operation, &request.variables.unwrap_or_default())
    }

    fn parse(&self, text: &str) -> Result<Rc<Operation>, Wrong> {
        let operation = Rc::new(Operation::parse(self.part, text)?);
        let mut operations = self.operations.borrow_mut();
        if operations.len() >= OPERATIONS_MAX {
            operations.clear();
        }
        operations.insert(text.to_owned(), operation.clone());
        Ok(operation)
    }
}

/// The right answer to a client's question.
pub fn right_answer(
    shop: &Shop,
    query: &str,
    variables: Option<&Map<String, Value>>,
) -> Result<Value, Failure> {
    let operation = Operation::parse(Part::Whole, query)?;
    let variables = variables.cloned().unwrap_or_default();
    Ok(serde_json::from_slice(&evaluate::answer(Part::Whole, shop, &operation, &variables)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(part: Part, query: &str, variables: Value) -> String {
        let shop = Shop::by_rule();
        let variables = variables.as_object().cloned().unwrap_or_default();
        let operation = Operation::parse(part, query).unwrap();
        String::from_utf8(evaluate::answer(part, &shop, &operation, &variables).unwrap()).unwrap()
    }

    #[test]
    fn fields_of_one_key_are_merged_and_fragments_apply_by_type() {
        let query = "query ($r: [_Any!]!) { a: _entities(representations: $r) { __typename ... on User { x: id } \
                     ... F ... on Product { upc } } } fragment F on User { x: id name }";
        let variables =
            json!({ "r": [{ "__typename": "User", "id": "2" }, { "__typename": "User", "id": "0" }] });
        assert_eq!(
            ask(Part::Accounts, query, variables),
            r#"{"data":{"a":[{"__typename":"User","x":"2","name":"Benedict Ox"},null]}}"#
        );
    }

    #[test]
    fn an_estimate_needs_what_the_gateway_tells() {
        let query = "{ _entities(representations: [{ __typename: \"Product\", upc: \"1\", price: 899, weight: 100 }, \
                     { __typename: \"Product\", upc: \"1\" }]) { ... on Product { inStock shippingEstimate } } }";
        assert_eq!(
            ask(Part::Inventory, query, json!({})),
            r#"{"data":{"_entities":[{"inStock":true,"shippingEstimate":1099},{"inStock":true,"shippingEstimate":null}]}}"#
        );
    }

    #[test]
    fn a_subgraph_refuses_what_others_know() {
        let refused = |part, query| Operation::parse(part, query).err().unwrap_or_default();
        assert_eq!(refused(Part::Accounts, "{ me { reviews { id } } }"), "User has no field reviews here");
        assert_eq!(refused(Part::Reviews, "{ me { id } }"), "Query has no field me here");
        assert_eq!(refused(Part::Accounts, "{ me { id: name id } }"), "id is asked for in two ways");
    }

    #[test]
    fn the_large_answer_is_as_large_as_the_public_one() {
        let query = include_str!("../../federation/large.graphql");
        let answer = ask(Part::Whole, query, json!({}));
        assert_eq!(answer.len(), 87_599);
    }
}
