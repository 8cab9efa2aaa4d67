//! Whether what a query costs by the limits is what it costs in time: every list of the graph with each of its fields,
//! by as many names and as long as the limits let pass, in classes of about the same cost. No query may take more than
//! 20 times the median of its class.
//!
//! `bench/one costs` runs it; `bench/README.md` says what it found.
#![expect(clippy::unwrap_used, reason = "what cannot be set up cannot be measured")]

mod company;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use async_graphql::parser::types::FieldDefinition;
use common::Role;
use innoerp::{catalogue, modules};
use router::{Client, GraphqlRequest, Router, Supergraph};
use serde_json::{Value, json};
use testing::{App, Documents, Person, type_name};

const EMPLOYEES: u32 = 40;
const REQUESTS_EACH: u32 = 6;
const COST_MAX: usize = 5_000;
/// Of so many, the shortest counts: what else the machine does makes nothing faster.
const TURNS: usize = 5;
const RATIO_MAX: f64 = 20.0;

/// A query that was measured.
struct Measured {
    took: Duration,
    cost: usize,
    query: String,
}

fn main() -> ExitCode {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(measure())
}

async fn measure() -> ExitCode {
    let app = App::start(modules::all()).await;
    let owner = Person::new(&[Role::Owner]);
    app.join(&owner).await;
    let company = company::fill(&app, &owner, EMPLOYEES).await;
    ask_for_leave(&app, &owner, &company).await;
    let all = modules::all();
    let executables = all.iter().map(|module| (module.id, (module.executable)(app.runtime())));
    let router = company::router(&owner, executables.collect()).await;
    let ids: Vec<_> = all.iter().map(|module| module.id).collect();
    let supergraph = catalogue::compose(&ids).unwrap();

    let (mut classes, mut refused) = (BTreeMap::<u32, Vec<Measured>>::new(), 0);
    for query in queries(&supergraph, &company) {
        match time(&router, &query).await {
            Ok(took) => {
                let cost = supergraph.cost(&query).unwrap();
                classes.entry(cost.max(1).ilog2()).or_default().push(Measured { took, cost, query });
            }
            Err(answer) => {
                refused += 1;
                eprintln!("not measured: {query}\n  {answer}");
            }
        }
    }
    report(classes, refused)
}

/// Prints each class with its costliest query, and says whether all are within bounds.
fn report(classes: BTreeMap<u32, Vec<Measured>>, refused: usize) -> ExitCode {
    let mut worst: f64 = 0.0;
    println!(
        "| cost | queries | median, ms | longest, ms | ÷ median | the longest |\n|---|---:|---:|---:|---:|---|"
    );
    for (class, mut all) in classes {
        all.sort_by_key(|one| one.took);
        let ms = |took: Duration| took.as_secs_f64() * 1e3;
        let (median, longest) = (ms(all[all.len() / 2].took), &all[all.len() - 1]);
        let ratio = ms(longest.took) / median;
        worst = worst.max(ratio);
        let query: String = longest.query.chars().take(90).collect();
        let (from, to) = (1_usize << class, (1_usize << (class + 1)) - 1);
        println!(
            "| {from}–{to} | {} | {median:.2} | {:.2} | **{ratio:.1}** | `{query}`, which costs {} |",
            all.len(),
            ms(longest.took),
            longest.cost
        );
    }
    println!(
        "\n{refused} were not measured. The worst takes {worst:.1} times the median of its class; {RATIO_MAX} are allowed."
    );
    if worst <= RATIO_MAX { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Some weeks of leave for everybody.
async fn ask_for_leave(app: &App, owner: &Person, company: &company::Company) {
    let leave = app.as_(owner).on("leave");
    let document = "mutation($input: LeaveRequestSubmitInput!) {
        leaveRequestSubmit(input: $input) { userErrors { code message } } }";
    let today = app.clock.now().date_naive();
    for (at, employee) in company.employees.iter().enumerate() {
        for week in 1..=REQUESTS_EACH {
            let day = today + chrono::Days::new(u64::from(week) * 14 + at as u64 % 5);
            let input = json!({ "employeeId": employee, "leaveTypeId": company.leave_types[0],
                "firstDay": day, "lastDay": day });
            leave.run_with(document, json!({ "input": input })).await.ok();
        }
    }
    app.settle().await;
}

/// How long an answer takes, as bytes.
async fn time(router: &Router, query: &str) -> Result<Duration, String> {
    let mut shortest = Duration::MAX;
    // The first turn plans.
    for turn in 0..=TURNS {
        let request = GraphqlRequest { query: query.to_owned(), ..GraphqlRequest::default() };
        let begun = Instant::now();
        let answer = router.execute(Client::anonymous("bench"), request).await.response.to_json();
        let took = begun.elapsed();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        if let Some(errors) = answer.get("errors") {
            return Err(errors[0].to_string());
        }
        if turn > 0 {
            shortest = shortest.min(took);
        }
    }
    Ok(shortest)
}

/// Of every list and every other root field, as much as is allowed.
fn queries(supergraph: &Supergraph, company: &company::Company) -> Vec<String> {
    let asking = Asking { graph: Documents::new(supergraph.api_sdl()), company };
    let mut all = Vec::new();
    for root in asking.graph.fields("Query") {
        let node = asking.node(root);
        let Some(whole) = asking.asked(root, 1) else { continue };
        for count in [1, 4, 20] {
            let names = (0..count).map(|name| format!("a{name}: {whole} "));
            all.push(format!("{{ {}}}", names.collect::<String>()));
        }
        for field in node.into_iter().flat_map(|node| asking.graph.fields(node)) {
            let Some(asked) = asking.asked(field, 1) else { continue };
            for first in [1, 5, 20, 50, 100] {
                for count in [1, 3, 9, 29] {
                    let names: String = (0..count).map(|name| format!("a{name}: {asked} ")).collect();
                    all.push(format!("{{ {}(first: {first}) {{ nodes {{ {names}}} }} }}", root.name.node));
                }
            }
        }
    }
    all.retain(|query| supergraph.cost(query).is_ok_and(|cost| (1..=COST_MAX).contains(&cost)));
    all
}

/// Makes up selections.
struct Asking<'a> {
    graph: Documents,
    company: &'a company::Company,
}

impl Asking<'_> {
    /// The type of what a connection holds.
    fn node(&self, field: &FieldDefinition) -> Option<&str> {
        let connection = self.graph.fields(type_name(&field.ty.node));
        let nodes = connection.into_iter().find(|field| field.name.node == "nodes")?;
        Some(type_name(&nodes.ty.node))
    }

    /// A field with its arguments and with all leaves of what it leads to; `None` when it wants what is not known here.
    fn asked(&self, field: &FieldDefinition, depth: usize) -> Option<String> {
        let mut arguments = Vec::new();
        for argument in &field.arguments {
            let (name, is_optional) = (argument.node.name.node.as_str(), argument.node.ty.node.nullable);
            let value = match name {
                "employeeId" => Some(self.company.employees[0].to_string()),
                "leaveTypeId" => Some(self.company.leave_types[0].to_string()),
                "from" => Some("\"2025-01-01\"".to_owned()),
                "to" => Some("\"2026-12-31\"".to_owned()),
                "year" => Some("2026".to_owned()),
                "input" => Some(format!(
                    "{{ employeeId: {}, leaveTypeId: {}, firstDay: \"2027-06-07\", lastDay: \"2027-06-11\" }}",
                    self.company.employees[0], self.company.leave_types[0]
                )),
                "first" if depth > 0 && argument.node.default_value.is_none() => Some("20".to_owned()),
                _ => None,
            };
            match value {
                Some(value) => arguments.push(format!("{name}: {value}")),
                None if is_optional || argument.node.default_value.is_some() => {}
                None => return None,
            }
        }
        let arguments =
            if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
        Some(format!("{}{arguments}{}", field.name.node, self.selection(type_name(&field.ty.node), depth)))
    }

    /// The leaves of a type, with those of what it leads to without arguments.
    fn selection(&self, ty: &str, depth: usize) -> String {
        let fields = self.graph.fields(ty);
        if fields.is_empty() {
            let is_abstract = self.graph.types().get(ty).is_some_and(|ty| {
                use async_graphql::parser::types::TypeKind::{Interface, Union};
                matches!(ty.kind, Interface(_) | Union(_))
            });
            return if is_abstract { " { __typename }".to_owned() } else { String::new() };
        }
        let plain = fields.into_iter().filter(|field| field.arguments.is_empty());
        let inner = plain.filter_map(|field| {
            let is_object = !self.graph.fields(type_name(&field.ty.node)).is_empty();
            let name = field.name.node.as_str();
            match name {
                "edges" => None,
                _ if !is_object || depth > 0 => {
                    self.asked(field, if name == "nodes" { 0 } else { depth.saturating_sub(1) })
                }
                _ => None,
            }
        });
        format!(" {{ {} __typename }}", inner.collect::<Vec<_>>().join(" "))
    }
}
