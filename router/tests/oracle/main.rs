//! The router against an oracle: random queries over many federations, and for each of them the answer that one
//! server with all the data would give.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod coerce;
mod compare;
mod double;
mod executor;
mod federation;
mod generate;
mod made_up;
mod minimise;
mod normal;
mod random;
mod sdl;
mod sources;
mod universe;

use apollo_compiler::ast::OperationType;
use apollo_compiler::schema::Schema;

use federation::{Federation, Reached, Verdict};
use generate::Wanted;
use minimise::minimise;
use random::{Random, hash};
use universe::Weather;

/// How many queries a made-up federation is asked.
const PER_FEDERATION: usize = 20;

/// What many queries came to.
#[derive(Debug, Default)]
struct Counts {
    agreed: usize,
    with_errors: usize,
    /// There was no time to plan them, or they were too large.
    refused: usize,
    /// The planner knew no way.
    unplanned: usize,
    /// What was made up was not valid, and not asked.
    invalid: usize,
}

/// Asks a federation many queries, until one is answered wrongly: then says how, as small as it can be made.
async fn ask(federation: &Federation, seed: u64, queries: usize, counts: &mut Counts) -> Result<(), String> {
    for number in 0..queries {
        let mut random = Random::new(hash(seed, &[&federation.name, &number.to_string()]));
        let weather = weather(&mut random);
        let wanted = wanted(&federation.api, &mut random);
        let Some(query) = generate::query(&federation.api, &mut random, wanted) else {
            counts.invalid += 1;
            continue;
        };
        match federation.check(&query, weather).await {
            Verdict::Agreed { with_errors } => {
                counts.agreed += 1;
                counts.with_errors += usize::from(with_errors);
            }
            Verdict::Refused => counts.refused += 1,
            Verdict::Unplanned => counts.unplanned += 1,
            Verdict::Disagreed(_) => {
                let fails =
                    async |query: &_| matches!(federation.check(query, weather).await, Verdict::Disagreed(_));
                let query = minimise(&federation.api, query, fails).await;
                let verdict = federation.check(&query, weather).await;
                let name = &federation.name;
                return Err(format!("{name}, seed {seed}, query {number}, {weather:?}:\n{verdict}\n\n"));
            }
        }
    }
    Ok(())
}

fn weather(random: &mut Random) -> Weather {
    let mut percent = |choices: &[u64]| *random.pick(choices).unwrap();
    Weather {
        nulls: percent(&[0, 10, 40]),
        empties: percent(&[0, 10, 40]),
        errors: percent(&[0, 0, 0, 5, 20]),
        missing: percent(&[0, 0, 0, 30]),
        seed: random.number(),
    }
}

fn wanted(api: &Schema, random: &mut Random) -> Wanted {
    let kind = match random.below(10) {
        0 => OperationType::Mutation,
        1 => OperationType::Subscription,
        _ => OperationType::Query,
    };
    let kind = if api.root_operation(kind).is_some() { kind } else { OperationType::Query };
    Wanted { kind, size: 3 + random.below(30), depth: 1 + random.below(5), introspects: random.chance(5) }
}

/// How many queries are asked in all, and the seed that they follow from: more, and others, by `make oracle`.
fn asked(default: usize) -> (usize, u64) {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse().expect("a number"));
    let queries = number("ORACLE_QUERIES").map_or(default, |queries: u64| queries as usize);
    (queries, number("ORACLE_SEED").unwrap_or(1))
}

#[tokio::test]
async fn our_own_modules_answer_as_one_server_would() {
    let (queries, seed) = asked(1_000);
    let mut counts = Counts::default();
    for reached in [Reached::InProcess, Reached::OverHttp] {
        let federation = Federation::new("own", &sources::own(), None, reached).await.unwrap();
        ask(&federation, seed, queries / 2, &mut counts).await.unwrap_or_else(|wrong| panic!("{wrong}"));
    }
    println!("seed {seed}: {counts:?}");
    assert!(counts.agreed > queries / 4 * 3, "{counts:?}");
}

#[tokio::test]
#[ignore = "needs the conformance data: INNOERP_CONFORMANCE"]
async fn the_audits_federations_answer_as_one_server_would() {
    let (queries, seed) = asked(1_000);
    let mut counts = Counts::default();
    let mut wrong = Vec::new();
    let suites = sources::audit();
    for suite in &suites {
        println!("{}", suite.name);
        for reached in [Reached::InProcess, Reached::OverHttp] {
            let (name, supergraph) = (&suite.name, Some(suite.supergraph.as_str()));
            let mut federation = Federation::new(name, &suite.subgraphs, supergraph, reached).await.unwrap();
            federation.has_gaps = sources::WITH_GAPS.contains(&name.as_str());
            let queries = queries.div_ceil(suites.len() * 2);
            wrong.extend(ask(&federation, seed, queries, &mut counts).await.err());
        }
    }
    println!("seed {seed}: {counts:?}");
    assert!(wrong.is_empty(), "{}", wrong.concat());
}

#[tokio::test]
async fn made_up_federations_answer_as_one_server_would() {
    let (queries, seed) = asked(2_000);
    let mut counts = Counts::default();
    let mut wrong = Vec::new();
    for number in 0..queries.div_ceil(PER_FEDERATION) {
        let mut random = Random::new(hash(seed, &["federation", &number.to_string()]));
        let subgraphs = made_up::federation(&mut random);
        let reached = if random.chance(50) { Reached::InProcess } else { Reached::OverHttp };
        let federation = Federation::new(&format!("made up {number}"), &subgraphs, None, reached).await;
        let told = || subgraphs.iter().map(|(name, sdl)| format!("# {name}\n{sdl}\n")).collect::<String>();
        match federation {
            Ok(federation) => {
                let asked = ask(&federation, seed, PER_FEDERATION, &mut counts).await;
                wrong.extend(asked.err().map(|wrong| told() + &wrong));
            }
            Err(error) => wrong.push(format!("made up {number} does not compose: {error}\n{}", told())),
        }
    }
    println!("seed {seed}: {counts:?}");
    assert!(wrong.is_empty(), "{} of them: {}", wrong.len(), wrong.concat());
    assert!(counts.agreed > queries / 5 * 4, "{counts:?}");
}
