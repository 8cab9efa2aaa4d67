//! What the router adds where the subgraphs run in its own process: the CPU time of one page of employees through
//! it, and of the same operations run on the subgraphs' schemas without it.
//!
//! `bench/one page` runs it; `bench/README.md` says what it found.
#![expect(clippy::unwrap_used, reason = "what cannot be set up cannot be measured")]

#[expect(dead_code, reason = "another measurement asks for the ids")]
mod company;

use std::sync::{Arc, Mutex};

use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{Request, Variables};
use bench::usage;
use common::{Caller, RequestContext, Role};
use futures::FutureExt as _;
use graphql::Executable;
use router::{Client, GraphqlRequest, Outcome, Router};
use testing::{App, Person};

/// The page of `bench/README.md`.
const PAGE: &str = "{ employees(first: 20) { nodes { id name department { name } \
    leaveBalances { leaveType { name } balance planned pending available } } \
    pageInfo { hasNextPage endCursor } } }";
const EMPLOYEES: u32 = 25;
const TURNS: usize = 7;
/// Enough for a turn of a second and more, of which a clock tick of 10 ms is little.
const PAGES_PER_TURN: u32 = 400;

/// What the router ran on a subgraph.
struct Operation {
    module: &'static str,
    executable: Executable,
    text: String,
    parsed: ExecutableDocument,
    variables: Variables,
}

type Record = Arc<Mutex<Vec<Operation>>>;

fn main() {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(measure());
}

async fn measure() {
    let modules = vec![employee::subgraph(), leave::subgraph()];
    let app = App::start(modules).await;
    let hr = Person::new(&[Role::Hr]);
    company::fill(&app, &hr, EMPLOYEES).await;

    let caller = Caller::Member(Arc::new(hr.member().clone()));
    let record = Record::default();
    let recording = router(&app, &hr, Some(&record)).await;
    page(&recording).await;
    let operations = std::mem::take(&mut *record.lock().unwrap());
    let called: Vec<_> = operations.iter().map(|operation| operation.module).collect();
    println!("a page calls {}", called.join(", "));

    let router = router(&app, &hr, None).await;
    let context = RequestContext { caller, ..RequestContext::anonymous("bench") };
    let (mut through, mut without) = (Vec::new(), Vec::new());
    for turn in 0..=TURNS {
        let a = cpu_us(async || page(&router).await).await;
        let b = cpu_us(async || run(&operations, &context).await).await;
        // The first turn warms up.
        if turn > 0 {
            println!("turn {turn}: through the router {a:.0} µs, without it {b:.0} µs");
            through.push(a);
            without.push(b);
        }
    }
    let (through, without) = (median(through), median(without));
    println!(
        "median: through the router {through:.0} µs, without it {without:.0} µs: {:.2} times",
        through / without
    );
}

/// The CPU time of this process for one of many.
async fn cpu_us(one: impl AsyncFn()) -> f64 {
    let pid = [std::process::id()];
    let before = usage::cpu(&pid).unwrap();
    for _ in 0..PAGES_PER_TURN {
        one().await;
    }
    (usage::cpu(&pid).unwrap() - before).as_secs_f64() * 1e6 / f64::from(PAGES_PER_TURN)
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

async fn page(router: &Router) {
    let request = GraphqlRequest { query: PAGE.to_owned(), ..GraphqlRequest::default() };
    let answer = router.execute(Client::anonymous("bench"), request).await;
    // Until an answer is bytes, it is no answer.
    let bytes = answer.response.to_json();
    assert!(
        answer.outcome == Outcome::Executed && bytes.starts_with(b"{\"data\":{\"employees\":{\"nodes\":[{")
    );
}

/// Runs the operations as the router does: parsed before, one after the other, and with the answers as values.
async fn run(operations: &[Operation], context: &RequestContext) {
    for operation in operations {
        let mut request = Request::new(operation.text.as_str())
            .variables(operation.variables.clone())
            .data(context.clone());
        request.set_parsed_query(operation.parsed.clone());
        assert!(operation.executable.execute(request).await.is_ok());
    }
}

/// A router over the modules; what it runs on them may be written down.
async fn router(app: &App, hr: &Person, record: Option<&Record>) -> Router {
    let subgraphs = [employee::subgraph(), leave::subgraph()];
    let modules = subgraphs.iter().map(|subgraph| {
        let executable = (subgraph.executable)(app.runtime());
        let executable = match record {
            Some(record) => recording(subgraph.id, executable, record.clone()),
            None => executable,
        };
        (subgraph.id, executable)
    });
    company::router(hr, modules.collect()).await
}

fn recording(module: &'static str, executable: Executable, record: Record) -> Executable {
    let (sdl, inner) = (executable.sdl.clone(), executable.clone());
    let execute = move |mut request: Request| {
        record.lock().unwrap().push(Operation {
            module,
            executable: inner.clone(),
            text: request.query.clone(),
            parsed: request.parsed_query().unwrap().clone(),
            variables: request.variables.clone(),
        });
        let inner = inner.clone();
        async move { inner.execute(request).await }.boxed()
    };
    Executable::new(sdl, execute, move |request| executable.stream(request))
}
