//! Whatever composes can be planned: small federations, made up without a thought of whether they make sense, and every
//! path that a client may take in those that compose.

use std::collections::BTreeMap;

use apollo_compiler::Schema;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::Valid;
use router::{Scope, Supergraph};

use crate::random::Random;
use crate::{LINK, subgraphs};

/// How many federations are made up.
const FEDERATIONS: u64 = 1_500;
/// As many must compose, as a whole or as a view of one, or the test says nothing.
const COMPOSED_MIN: usize = 500;
/// Fields within fields.
const DEPTH: usize = 5;

const LEAVES: [&str; 4] = ["id", "k", "x", "y"];
const KEYS: [&str; 4] = ["id", "k", "id k", "b { id }"];

/// The fields of one type in one subgraph, each with what follows its type.
type Fields = BTreeMap<&'static str, String>;

const OWN: &str = " @shareable";
const EXTERNAL: &str = " @external";

/// Adds a field, unless it is there.
fn add(fields: &mut Fields, name: &'static str, marks: &str) {
    fields.entry(name).or_insert_with(|| marks.to_owned());
}

/// One type in one subgraph: its keys, and its fields. `inner` are those of the other type.
fn entity(random: &mut Random, is_first: bool, inner: &mut Fields) -> (String, Fields) {
    let (mut keys, mut fields) = (String::new(), Fields::new());
    for key in KEYS.into_iter().filter(|key| is_first || !key.contains('b')) {
        if !random.chance(if key == "id" { 70 } else { 15 }) {
            continue;
        }
        let resolvable = if random.chance(40) { ", resolvable: false" } else { "" };
        keys += &format!(" @key(fields: \"{key}\"{resolvable})");
        let mark = if random.chance(10) { EXTERNAL } else { OWN };
        match key {
            "id k" => ["id", "k"].into_iter().for_each(|name| add(&mut fields, name, mark)),
            "b { id }" => {
                add(&mut fields, "b", OWN);
                add(inner, "id", OWN);
            }
            name => add(&mut fields, name, mark),
        }
    }
    for leaf in LEAVES {
        if fields.contains_key(leaf) || !random.chance(45) {
            continue;
        }
        let absent: Vec<&'static str> =
            LEAVES.into_iter().filter(|other| *other != leaf && !fields.contains_key(other)).collect();
        match random.pick(&absent) {
            Some(needed) if random.chance(50) => {
                add(&mut fields, needed, EXTERNAL);
                fields.insert(leaf, format!(" @requires(fields: \"{needed}\")"));
            }
            _ if is_first && random.chance(20) && !inner.contains_key("x") && !fields.contains_key("b") => {
                add(&mut fields, "b", EXTERNAL);
                add(inner, "x", EXTERNAL);
                fields.insert(leaf, " @requires(fields: \"b { x }\")".to_owned());
            }
            _ => add(&mut fields, leaf, OWN),
        }
    }
    if is_first && random.chance(50) && !fields.contains_key("b") {
        let provides = random.chance(30) && !inner.contains_key("y");
        if provides {
            add(inner, "y", EXTERNAL);
        }
        add(&mut fields, "b", if provides { " @shareable @provides(fields: \"y\")" } else { OWN });
    }
    (keys, fields)
}

/// One subgraph's SDL.
fn subgraph(random: &mut Random, number: usize) -> String {
    let mut external = Fields::new();
    let mut roots = vec![format!("z{number}: Int")];
    let has_first = random.chance(80);
    let (a_keys, a) = if has_first { entity(random, true, &mut external) } else { <_>::default() };
    let (b_keys, mut b) = entity(random, false, &mut Fields::new());
    external.into_iter().for_each(|(name, marks)| add(&mut b, name, &marks));
    let mut sdl = LINK.to_owned();
    for (ty, keys, fields) in [("A", a_keys, a), ("B", b_keys, b)] {
        if fields.is_empty() {
            continue;
        }
        let of = |name: &str| if name == "b" { "B" } else { "Int" };
        let fields = fields.iter().map(|(name, marks)| format!(" {name}: {}{marks}", of(name)));
        sdl += &format!("type {ty}{keys} {{{} }}\n", fields.collect::<String>());
        if random.chance(60) {
            roots.push(format!("{}{number}: {ty}", ty.to_lowercase()));
        }
        if random.chance(15) {
            roots.push(format!("{}: {ty} @shareable", ty.to_lowercase()));
        }
    }
    if sdl.contains(": B") && !sdl.contains("type B") {
        sdl += "type B @key(fields: \"id\", resolvable: false) { id: Int @shareable }\n";
    }
    sdl + &format!("type Query {{ {} }}\n", roots.join(" "))
}

/// Every path to a leaf from a type on, as selections.
fn paths(schema: &Valid<Schema>, ty: &str, depth: usize) -> Vec<String> {
    let Some(ExtendedType::Object(object)) = schema.types.get(ty) else { return Vec::new() };
    let mut found = Vec::new();
    for (name, field) in object.fields.iter().filter(|_| depth > 0) {
        let inner = field.ty.inner_named_type();
        match schema.types.get(inner) {
            Some(ExtendedType::Object(_)) => {
                let below = paths(schema, inner, depth - 1);
                found.extend(below.iter().map(|below| format!("{name} {{ {below} }}")));
                // All of it at once goes other ways than each by itself.
                found.push(format!("{name} {{ {} }}", below.join(" ")));
            }
            _ => found.push(name.to_string()),
        }
    }
    found.retain(|path| !path.contains("{  }"));
    found
}

#[test]
fn whatever_composes_can_be_planned() {
    let (mut composed, mut planned) = (0, 0);
    for seed in 0..FEDERATIONS {
        let mut random = Random::new(seed);
        let count = 2 + random.below(2);
        let sdls: Vec<String> = (0..count).map(|number| subgraph(&mut random, number)).collect();
        let named = ["s0", "s1", "s2"].into_iter().zip(sdls.iter().map(String::as_str));
        let subgraphs = subgraphs(named);
        // Most make no sense as a whole. What a view leaves out of them is enough for the rest to make sense.
        let whole = Supergraph::compose_in(&subgraphs, Scope::Whole);
        let Ok(supergraph) = whole.or_else(|_| Supergraph::compose_in(&subgraphs, Scope::View)) else {
            continue;
        };
        composed += 1;
        let schema = Schema::parse_and_validate(supergraph.api_sdl(), "api.graphql").unwrap();
        for path in paths(&schema, "Query", DEPTH) {
            let refused = supergraph.prepare(&format!("{{ {path} }}"), None).err().unwrap_or_default();
            // One that takes long has a plan.
            if refused.iter().any(|error| error.code == "INTERNAL") {
                panic!("seed {seed}: {{ {path} }} has no plan\n{}", sdls.join("\n"));
            }
            planned += 1;
        }
    }
    println!("{composed} of {FEDERATIONS} compose, and {planned} paths in them are planned");
    assert!(composed > COMPOSED_MIN, "{composed} of {FEDERATIONS} compose");
}
