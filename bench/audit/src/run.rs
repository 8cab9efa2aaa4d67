//! One suite through one router.

use std::collections::HashMap;
use std::sync::Arc;

use router::transport::http::{Connections, Endpoint};
use router::{
    Client, ComposeError, Config, Federation, GraphqlRequest, Open, Profile, RateLimits, ReadySupergraph,
    Router, Subgraph, Supergraph, Transport,
};
use serde_json::Value;
use url::Url;
use uuid::Uuid;

use crate::suite::{Case, Suite};
use crate::{api, difference};

/// What the router is given.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The audit's own supergraph.
    Supergraph,
    /// The subgraphs' schemas, which it composes itself.
    Compose,
}

/// What came of one suite, or of all.
#[derive(Default)]
pub struct Outcome {
    /// How many cases there are.
    pub cases: usize,
    /// How many came out right.
    pub passed: usize,
    /// How many of those brought errors along, where the audit does not say whether there are any.
    pub passed_with_errors: usize,
    /// How many API schemas are the expected ones.
    pub schemas: usize,
    /// What is wrong, for people.
    pub findings: Vec<String>,
}

impl Outcome {
    /// Adds another's numbers.
    pub fn add(&mut self, other: Self) {
        self.cases += other.cases;
        self.passed += other.passed;
        self.passed_with_errors += other.passed_with_errors;
        self.schemas += other.schemas;
    }
}

/// Runs a suite.
pub async fn suite(suite: &Suite, mode: Mode, with_plans: bool) -> Outcome {
    let mut outcome = Outcome { cases: suite.tests.len(), ..Outcome::default() };
    let (supergraph, router) = match set_up(suite, mode).await {
        Ok(ready) => ready,
        Err(message) => {
            outcome.findings.push(format!("  no router: {message}"));
            return outcome;
        }
    };
    let differences = api::differences(&suite.api_schema_sdl, supergraph.api_sdl());
    outcome.schemas = usize::from(differences.is_empty());
    outcome.findings.extend(differences.into_iter().map(|line| format!("  schema: {line}")));
    // A fresh one per run; the mutations of one suite tell runs apart by it.
    let request_id = Uuid::new_v4().simple().to_string();
    for case in &suite.tests {
        let case = case.with_request_id(&request_id);
        let query = &case.query;
        let answer = ask(&router, &case).await;
        let wrong = judge(&case, &answer);
        if wrong.is_empty() {
            outcome.passed += 1;
            if case.expected.errors != true
                && let Some(errors) = answer.get("errors")
            {
                outcome.passed_with_errors += 1;
                outcome.findings.push(format!("  {} passed, with errors: {errors}", case.id));
            }
            continue;
        }
        outcome.findings.push(format!("  {}\n{}", case.id, indented(query)));
        outcome.findings.extend(wrong.into_iter().map(|line| format!("    {line}")));
        if let Some(errors) = answer.get("errors") {
            outcome.findings.push(format!("    errors: {errors}"));
        }
        if with_plans && let Ok(operation) = supergraph.prepare(query, None) {
            outcome.findings.push(indented(&operation.plan()));
        }
    }
    outcome
}

async fn set_up(suite: &Suite, mode: Mode) -> Result<(Supergraph, Router), String> {
    let failed = |error: ComposeError| error.to_string();
    let connections = Connections::default();
    let endpoint = move |url: &str| {
        let url: Url = url.parse().map_err(|error| format!("{url}: {error}"))?;
        Ok::<_, String>(Endpoint::new(&url, connections.clone()))
    };
    let mut subgraphs = Vec::with_capacity(suite.subgraphs.len());
    for crate::suite::Subgraph { name, sdl, url } in &suite.subgraphs {
        let transport = Transport::Http(endpoint(url)?.into());
        subgraphs.push(Subgraph { name: name.clone(), sdl: sdl.as_str().into(), transport });
    }
    let supergraph = match mode {
        Mode::Supergraph => Supergraph::from_supergraph_sdl(&suite.supergraph_sdl, &subgraphs),
        Mode::Compose => Supergraph::compose(&subgraphs),
    };
    let supergraph = supergraph.map_err(failed)?;
    let sdl = match mode {
        Mode::Supergraph => &suite.supergraph_sdl,
        Mode::Compose => supergraph.supergraph_sdl(),
    };
    let urls: HashMap<_, _> =
        suite.subgraphs.iter().map(|subgraph| (subgraph.name.clone(), subgraph.url.clone())).collect();
    let ways = move |name: &str, _: &str| {
        endpoint(urls.get(name).ok_or_else(|| "the suite has no such subgraph".to_owned())?)
    };
    let ready = ReadySupergraph::of_sdl(sdl, Arc::new(ways));
    let config = Config { profile: Profile::Development, rate: RateLimits::off(), ..Config::default() };
    let router = Router::new(config, Federation::Supergraph(ready), Arc::new(Open)).await;
    Ok((supergraph, router.map_err(|error| error.to_string())?))
}

async fn ask(router: &Router, case: &Case) -> Value {
    let request = GraphqlRequest {
        query: case.query.clone(),
        variables: Some(case.variables.clone()),
        ..GraphqlRequest::default()
    };
    let answer = router.execute(Client::anonymous(case.id.as_str()), request).await;
    // What is not JSON differs from whatever is expected.
    serde_json::from_slice(&answer.response.to_json()).unwrap_or_default()
}

/// What is wrong with an answer.
fn judge(case: &Case, answer: &Value) -> Vec<String> {
    let data = answer.get("data").unwrap_or(&Value::Null);
    let mut wrong = difference::of(&case.expected.data, data);
    if case.expected.errors.as_bool().is_some_and(|expected| expected != has_errors(answer)) {
        wrong.push(format!("errors: expected {}", case.expected.errors));
    }
    wrong
}

fn has_errors(answer: &Value) -> bool {
    answer.get("errors").and_then(Value::as_array).is_some_and(|errors| !errors.is_empty())
}

fn indented(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| format!("      {line}")).collect::<Vec<_>>().join("\n")
}
