//! Composition: which subgraphs make which supergraph, and why some make none.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod conformance;
mod directives;
mod enums;
mod fed1;
mod fields;
mod given;
mod inputs;
mod interfaces;
mod keys;
mod links;
mod overrides;
mod plannable;
#[path = "../oracle/random.rs"]
#[expect(dead_code, reason = "the oracle needs more of it")]
mod random;
mod reach;
mod timing;
mod views;
mod visibility;

use apollo_compiler::Name;
use apollo_compiler::ast::{Definition, Document};
use futures::StreamExt;
use graphql::Executable;
use router::{Composed, Conflict, Scope, Sdl, Subgraph, Transport, compose};

/// Makes an SDL one of Federation 2.
pub(crate) const LINK: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: [
    "@key", "@requires", "@provides", "@external", "@extends", "@shareable", "@override", "@interfaceObject",
    "@inaccessible", "@tag", "@composeDirective", "@authenticated", "@requiresScopes", "@policy"]) "#;

/// Subgraphs that are never called.
pub(crate) fn subgraphs<'a>(sdls: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<Subgraph> {
    let subgraph = |(name, sdl): (&str, &str)| {
        let executable = Executable::new(
            sdl.to_owned(),
            |_| Box::pin(std::future::pending()),
            |_| futures::stream::empty().boxed(),
        );
        Subgraph { name: name.to_owned(), sdl: sdl.into(), transport: Transport::InProcess(executable) }
    };
    sdls.into_iter().map(subgraph).collect()
}

/// Composes SDLs as they are, the subgraphs called `a`, `b`, `c` …
pub(crate) fn composed_as_is(sdls: &[&str], scope: Scope) -> Result<Composed, Vec<Conflict>> {
    let sdls: Vec<Sdl> = sdls.iter().map(|sdl| Sdl::from(*sdl)).collect();
    let names = ["a", "b", "c", "d"];
    compose(names.into_iter().zip(&sdls), scope).map_err(|error| error.conflicts().to_vec())
}

/// Composes SDLs of Federation 2.
pub(crate) fn composed(sdls: &[&str]) -> Composed {
    match composed_as_is(&linked(sdls), Scope::Whole) {
        Ok(composed) => composed,
        Err(conflicts) => panic!("{conflicts:#?}"),
    }
}

/// The codes of all conflicts between SDLs of Federation 2, and the first message.
pub(crate) fn refused(sdls: &[&str]) -> (Vec<&'static str>, String) {
    let conflicts = composed_as_is(&linked(sdls), Scope::Whole).err().expect("conflicts");
    (conflicts.iter().map(|conflict| conflict.code).collect(), conflicts[0].message.clone())
}

fn linked(sdls: &[&str]) -> Vec<&'static str> {
    sdls.iter().map(|sdl| -> &'static str { format!("{LINK}{sdl}").leak() }).collect()
}

/// One type of a document as a line, or one field of it: `"T"`, or `"T.f"`.
pub(crate) fn shown(sdl: &str, coordinate: &str) -> String {
    let document = Document::parse(sdl, "shown.graphql").unwrap();
    let (ty, field) = coordinate.split_once('.').map_or((coordinate, None), |(ty, field)| (ty, Some(field)));
    let named = |definition: &&Definition| definition.name().map(Name::as_str) == Some(ty);
    let Some(definition) = document.definitions.iter().find(named) else { return String::new() };
    let Some(field) = field else { return definition.serialize().no_indent().to_string() };
    let (fields, inputs) = match definition {
        Definition::ObjectTypeDefinition(ty) => (ty.fields.as_slice(), [].as_slice()),
        Definition::InterfaceTypeDefinition(ty) => (ty.fields.as_slice(), [].as_slice()),
        Definition::InputObjectTypeDefinition(ty) => ([].as_slice(), ty.fields.as_slice()),
        _ => panic!("{ty} has no fields"),
    };
    let found = fields.iter().find(|it| it.name == field).map(|it| it.serialize().no_indent().to_string());
    let input = || inputs.iter().find(|it| it.name == field).map(|it| it.serialize().no_indent().to_string());
    found.or_else(input).unwrap_or_default()
}
