//! Against the federation audit: our supergraphs are those of `@apollo/composition`.
//!
//! The data is not part of this repository: `INNOERP_CONFORMANCE` names the folder that holds
//! `federation-audit/*.json`, each with `subgraphs`, `supergraphSdl` and `apiSchemaSdl`.

use std::path::PathBuf;

use apollo_compiler::ast::{Definition, Directive, Document};
use router::{Scope, Supergraph};
use serde_json::Value;

use crate::subgraphs;

struct Suite {
    name: String,
    subgraphs: Vec<(String, String)>,
    supergraph: String,
    api: String,
}

fn suites() -> Vec<Suite> {
    let folder =
        std::env::var("INNOERP_CONFORMANCE").expect("INNOERP_CONFORMANCE names the folder with the data");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(PathBuf::from(folder).join("federation-audit"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == "json") && !path.ends_with("index.json"))
        .collect();
    paths.sort();
    let text = |value: &Value, key: &str| value[key].as_str().unwrap().to_owned();
    let suite = |path: PathBuf| {
        let suite: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let subgraphs = suite["subgraphs"].as_array().unwrap();
        Suite {
            name: text(&suite, "suite"),
            subgraphs: subgraphs.iter().map(|one| (text(one, "name"), text(one, "sdl"))).collect(),
            supergraph: text(&suite, "supergraphSdl"),
            api: text(&suite, "apiSchemaSdl"),
        }
    };
    paths.into_iter().map(suite).collect()
}

impl Suite {
    fn compose(&self) -> Result<Supergraph, String> {
        let sdls = self.subgraphs.iter().map(|(name, sdl)| (name.as_str(), sdl.as_str()));
        Supergraph::compose_in(&subgraphs(sdls), Scope::Whole).map_err(|error| error.to_string())
    }
}

/// One line for each type, field, argument, member and value, with the directives that stand there, sorted.
///
/// Not compared, since it means the same: the order of anything; the specifications' own definitions and the links to
/// them; arguments of directives that repeat the default; the space between the names in a field set.
pub(crate) fn facts(sdl: &str) -> Vec<String> {
    let document = Document::parse(sdl, "schema.graphql").unwrap();
    let mut facts = Vec::new();
    for definition in &document.definitions {
        let name = definition.name().map(|name| name.to_string()).unwrap_or_default();
        if name.starts_with("join__") || name.starts_with("link__") {
            continue;
        }
        let mut note = |what: String, directives: &[apollo_compiler::Node<Directive>]| {
            facts.push(format!("{name}{what}"));
            facts.extend(directives.iter().map(|used| format!("{name}{what} {}", directive(used))));
        };
        let (kind, description, interfaces, fields) = match definition {
            Definition::ObjectTypeDefinition(ty) => {
                ("type", &ty.description, &ty.implements_interfaces, &ty.fields)
            }
            Definition::InterfaceTypeDefinition(ty) => {
                ("interface", &ty.description, &ty.implements_interfaces, &ty.fields)
            }
            Definition::UnionTypeDefinition(ty) => {
                note(format!(" is a union {:?}", ty.description.as_deref()), &ty.directives);
                ty.members.iter().for_each(|member| note(format!(" = {member}"), &[]));
                continue;
            }
            Definition::EnumTypeDefinition(ty) => {
                note(format!(" is an enum {:?}", ty.description.as_deref()), &ty.directives);
                for value in &ty.values {
                    note(format!(" = {} {:?}", value.value, value.description.as_deref()), &value.directives);
                }
                continue;
            }
            Definition::InputObjectTypeDefinition(ty) => {
                note(format!(" is an input {:?}", ty.description.as_deref()), &ty.directives);
                for field in &ty.fields {
                    note(format!(".{}", without_directives(field)), &field.directives);
                }
                continue;
            }
            Definition::ScalarTypeDefinition(ty) => {
                note(format!(" is a scalar {:?}", ty.description.as_deref()), &ty.directives);
                continue;
            }
            _ => continue,
        };
        note(format!(" is a {kind} {:?}", description.as_deref()), definition.directives());
        interfaces.iter().for_each(|interface| note(format!(" implements {interface}"), &[]));
        for field in fields {
            note(
                format!(".{}: {} {:?}", field.name, field.ty, field.description.as_deref()),
                &field.directives,
            );
            for argument in &field.arguments {
                note(format!(".{}({})", field.name, without_directives(argument)), &argument.directives);
            }
        }
    }
    facts.sort();
    facts
}

fn without_directives(input: &apollo_compiler::ast::InputValueDefinition) -> String {
    let mut input = input.clone();
    input.directives.clear();
    input.to_string()
}

fn directive(used: &Directive) -> String {
    let mut arguments: Vec<String> = used
        .arguments
        .iter()
        .map(|argument| {
            let is_field_set = matches!(argument.name.as_str(), "key" | "requires" | "provides");
            let text = argument.value.as_str().filter(|_| is_field_set);
            format!("{}: {}", argument.name, text.map_or_else(|| argument.value.to_string(), field_set))
        })
        .filter(|argument| argument != "resolvable: true" && argument != "extension: false")
        .collect();
    arguments.sort();
    format!("@{}({})", used.name, arguments.join(", "))
}

fn field_set(text: &str) -> String {
    let document = Document::parse(format!("{{ {text} }}"), "field set").unwrap();
    document.serialize().no_indent().to_string()
}

pub(crate) fn difference(ours: &[String], theirs: &[String]) -> Vec<String> {
    let missing = theirs.iter().filter(|fact| !ours.contains(fact)).map(|fact| format!("- {fact}"));
    let added = ours.iter().filter(|fact| !theirs.contains(fact)).map(|fact| format!("+ {fact}"));
    missing.chain(added).collect()
}

fn agree(what: &str, compare: impl Fn(&Suite) -> Vec<String>) {
    let suites = suites();
    let mut agreeing = 0;
    for suite in &suites {
        let differences = compare(suite);
        agreeing += usize::from(differences.is_empty());
        differences.iter().for_each(|difference| println!("{}: {difference}", suite.name));
    }
    println!("{what}: {agreeing} of {} agree", suites.len());
    assert!(!suites.is_empty());
    assert_eq!(agreeing, suites.len());
}

#[test]
#[ignore = "needs the conformance data: INNOERP_CONFORMANCE"]
fn every_api_schema_of_the_audit_is_the_expected_one() {
    agree("API schemas", |suite| match suite.compose() {
        Ok(composed) => difference(&facts(composed.api_sdl()), &facts(&suite.api)),
        Err(error) => vec![error],
    });
}

#[test]
#[ignore = "needs the conformance data: INNOERP_CONFORMANCE"]
fn every_supergraph_of_the_audit_is_the_expected_one() {
    agree("supergraphs", |suite| match suite.compose() {
        Ok(composed) => difference(&facts(composed.supergraph_sdl()), &facts(&suite.supergraph)),
        Err(error) => vec![error],
    });
}
