//! Enums: everything that some subgraph may answer, but only what every subgraph can take.

use apollo_compiler::ast::{DirectiveList, EnumValueDefinition, Type};
use apollo_compiler::collections::IndexMap;
use apollo_compiler::{Name, Node};

use super::type_references::Position;
use super::{Merger, Source};
use crate::compose::error::code;

/// What an enum is used for, with a place as an example.
#[derive(Clone, Debug, Default)]
pub(super) struct Usage {
    input: Option<String>,
    output: Option<String>,
}

impl<'a> Merger<'a> {
    /// Notes what a type is used for.
    pub fn uses(&mut self, ty: &Type, position: Position, place: impl FnOnce() -> String) {
        if let Some(usage) = self.enums.get_mut(ty.inner_named_type()) {
            let example = match position {
                Position::Input => &mut usage.input,
                Position::Output => &mut usage.output,
            };
            example.get_or_insert_with(place);
        }
    }

    /// The values of an enum.
    pub fn values(&mut self, sources: &[Source<'a>]) -> Vec<Node<EnumValueDefinition>> {
        let name = &sources[0].ty.name;
        let mut by_value: IndexMap<&Name, Vec<(usize, &Node<EnumValueDefinition>)>> = IndexMap::default();
        for source in sources {
            for (value, definition) in &source.ty.values {
                by_value.entry(value).or_default().push((source.graph, definition));
            }
        }
        let usage = self.enums.get(name).cloned().unwrap_or_default();
        let mut values = Vec::with_capacity(by_value.len());
        for (value, given) in by_value {
            let merged = self.value(value, &given);
            // What nobody sees nobody sends.
            let is_everywhere = given.len() == sources.len() || merged.directives.has("inaccessible");
            match &usage {
                Usage { input: Some(_), output: None } if !is_everywhere => {}
                Usage { input: Some(input), output: Some(output) } if !is_everywhere => {
                    let missing = self.missing(sources, &given);
                    let has = self.subgraphs(given.iter().map(|(graph, _)| *graph));
                    let message = format!(
                        "enum \"{name}\" is used as input (at \"{input}\") and as output (at \"{output}\"), but its \
                         value \"{value}\" is in {has} and not in {missing}"
                    );
                    self.refuse(code::ENUM_VALUE_MISMATCH, message);
                }
                _ => values.push(Node::new(merged)),
            }
        }
        if values.is_empty() && usage.output.is_none() {
            let graphs = self.subgraphs(sources.iter().map(|source| source.graph));
            let message = format!("no value of enum \"{name}\" is in all of {graphs}");
            self.refuse(code::EMPTY_MERGED_ENUM_TYPE, message);
        }
        values
    }

    fn value(&self, value: &Name, given: &[(usize, &Node<EnumValueDefinition>)]) -> EnumValueDefinition {
        let mut all: DirectiveList =
            given.iter().map(|(graph, _)| self.graphs[*graph].owns_value.clone()).collect();
        all.extend(self.applied(given.iter().map(|(_, definition)| &definition.directives)));
        let description =
            self.description(given.iter().map(|(_, definition)| definition.description.as_ref()));
        EnumValueDefinition { description, value: value.clone(), directives: all }
    }

    /// The subgraphs among `sources` that are not among those `given`.
    pub fn missing<T>(&self, sources: &[Source], given: &[(usize, T)]) -> String {
        let graphs = sources.iter().map(|source| source.graph);
        self.subgraphs(graphs.filter(|graph| !given.iter().any(|(has, _)| has == graph)))
    }
}
