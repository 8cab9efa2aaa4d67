//! What composing costs. To be read, not to be passed: `cargo test --release -p router --test composition -- --ignored
//! --nocapture timing`.

use std::fmt::Write;
use std::time::{Duration, Instant};

use router::{Scope, Sdl, Supergraph, compose};

use crate::{LINK, subgraphs};

const MODULES: usize = 15;
const ENTITIES: usize = 7;

/// A module of 46 types: its entities, each with what a noun brings along, and the roots.
fn module(at: usize) -> String {
    let mut sdl =
        format!("{LINK} type UserError @shareable {{ field: String code: String! message: String! }} ");
    let (mut queries, mut mutations) = (String::new(), String::new());
    for noun in (0..ENTITIES).map(|noun| format!("M{at}N{noun}")) {
        let next = (at + 1) % MODULES;
        write!(
            sdl,
            r#"type {noun} @key(fields: "id") {{
                 "Opaque." id: ID! "What people call it." name: String! code: String note: String amount: Int!
                 first: String! last: String! state: {noun}State! items(first: Int, after: String): {noun}Connection!
               }}
               type {noun}Connection {{ nodes: [{noun}!]! endCursor: String hasNextPage: Boolean! }}
               enum {noun}State {{ OPEN CLOSED LOST }}
               input {noun}Input {{ name: String! code: String note: String amount: Int = 1 state: {noun}State }}
               input {noun}Filter {{ state: {noun}State name: String }}
               type {noun}Payload {{ it: {noun} userErrors: [UserError!]! }} "#,
        )
        .unwrap();
        if noun.ends_with("N0") {
            write!(sdl, r#"type M{next}N1 @key(fields: "id") {{ id: ID! of{noun}: {noun} }} "#).unwrap();
        }
        write!(queries, "{noun}(id: ID!): {noun} {noun}s(filter: {noun}Filter): {noun}Connection! ").unwrap();
        write!(mutations, "{noun}Create(input: {noun}Input!): {noun}Payload! ").unwrap();
    }
    write!(sdl, "type Query {{ {queries} }} type Mutation {{ {mutations} }}").unwrap();
    sdl
}

fn timed<T>(times: u32, mut work: impl FnMut() -> T) -> Duration {
    let start = Instant::now();
    (0..times).for_each(|_| drop(std::hint::black_box(work())));
    start.elapsed() / times
}

#[test]
#[ignore = "a measurement, for release builds"]
fn timing_of_fifteen_modules() {
    let texts: Vec<(String, String)> = (0..MODULES).map(|at| (format!("m{at}"), module(at))).collect();
    let read = || -> Vec<Sdl> { texts.iter().map(|(_, text)| text.as_str().into()).collect() };
    let with_names =
        |sdls: &[Sdl]| compose(texts.iter().map(|(name, _)| name.as_str()).zip(sdls), Scope::View).unwrap();
    let sdls = read();
    let composed = with_names(&sdls);
    let lines = composed.supergraph_sdl.lines().count();
    println!("{MODULES} modules, {} bytes and {lines} lines of supergraph", composed.supergraph_sdl.len());
    println!("reading and composing: {:?}", timed(20, || with_names(&read())));
    println!("composing what was read: {:?}", timed(50, || with_names(&sdls)));
    let all = subgraphs(texts.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    println!("the same, with the planner: {:?}", timed(10, || Supergraph::compose(&all).map(drop)));
}
