//! Arguments and input fields: those that all subgraphs take.

use apollo_compiler::ast::{InputValueDefinition, Value};
use apollo_compiler::collections::IndexMap;
use apollo_compiler::{Name, Node};

use super::fields::FieldSource;
use super::type_references::{Agreement, Position};
use super::{Merger, Source};
use crate::compose::error::code;

type Given<'g> = [(usize, &'g Node<InputValueDefinition>)];

/// What differs between arguments and input fields.
struct Rules {
    /// Fields can differ between subgraphs, and say so by join directives.
    is_field: bool,
    missing: &'static str,
    ty: &'static str,
    default: &'static str,
}

const ARGUMENT: Rules = Rules {
    is_field: false,
    missing: code::REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH,
    ty: code::FIELD_ARGUMENT_TYPE_MISMATCH,
    default: code::FIELD_ARGUMENT_DEFAULT_MISMATCH,
};

const INPUT_FIELD: Rules = Rules {
    is_field: true,
    missing: code::REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH,
    ty: code::FIELD_TYPE_MISMATCH,
    default: code::INPUT_FIELD_DEFAULT_MISMATCH,
};

impl<'a> Merger<'a> {
    /// The arguments of a field.
    pub fn arguments(&mut self, ty: &Name, sources: &[FieldSource<'a>]) -> Vec<Node<InputValueDefinition>> {
        let field = sources[0].field.name();
        let mut given: IndexMap<&Name, Vec<(usize, &Node<InputValueDefinition>)>> = IndexMap::default();
        for source in sources {
            for argument in &source.field.definition.arguments {
                given.entry(&argument.name).or_default().push((source.graph, argument));
            }
        }
        let mut arguments = Vec::with_capacity(given.len());
        for (name, given) in given {
            let place = || format!("{ty}.{field}({name}:)");
            if given.len() < sources.len() {
                let graphs = sources.iter().map(|source| source.graph);
                self.refuse_if_required(&place(), &given, graphs, &ARGUMENT);
                continue;
            }
            let merged = self.input(&given, &place, &ARGUMENT, false);
            self.uses(&merged.ty, Position::Input, place);
            arguments.push(merged);
        }
        arguments
    }

    /// The fields of an input object.
    pub fn input_fields(&mut self, sources: &[Source<'a>]) -> Vec<Node<InputValueDefinition>> {
        let ty = &sources[0].ty.name;
        let mut given: IndexMap<&Name, Vec<(usize, &Node<InputValueDefinition>)>> = IndexMap::default();
        for source in sources {
            for (name, field) in &source.ty.inputs {
                given.entry(name).or_default().push((source.graph, field));
            }
        }
        let mut fields = Vec::with_capacity(given.len());
        for (name, given) in given {
            let place = || format!("{ty}.{name}");
            let is_partial = given.len() < sources.len();
            let merged = self.input(&given, &place, &INPUT_FIELD, is_partial);
            self.uses(&merged.ty, Position::Input, place);
            // What nobody sees nobody sends, so that it may be in some subgraphs only.
            if is_partial && !merged.directives.has("inaccessible") {
                let graphs = sources.iter().map(|source| source.graph);
                self.refuse_if_required(&place(), &given, graphs, &INPUT_FIELD);
                continue;
            }
            fields.push(merged);
        }
        if fields.is_empty() {
            let graphs = self.subgraphs(sources.iter().map(|source| source.graph));
            let message = format!("no field of input object \"{ty}\" is in all of {graphs}");
            self.refuse(code::EMPTY_MERGED_INPUT_TYPE, message);
        }
        fields
    }

    /// Leaving out what only some subgraphs know is fine as long as none of them insists on it.
    fn refuse_if_required(
        &mut self,
        place: &str,
        given: &Given,
        graphs: impl Iterator<Item = usize>,
        rules: &Rules,
    ) {
        let required = given.iter().filter(|(_, input)| input.is_required()).map(|(graph, _)| *graph);
        let required: Vec<_> = required.collect();
        if required.is_empty() {
            return;
        }
        let missing = self.subgraphs(graphs.filter(|graph| !given.iter().any(|(has, _)| has == graph)));
        let required = self.subgraphs(required);
        self.refuse(rules.missing, format!("\"{place}\" is required in {required}, but is not in {missing}"));
    }

    /// One argument or input field. With join directives when its type differs, or when it is `is_partial`.
    fn input(
        &mut self,
        given: &Given,
        place: &impl Fn() -> String,
        rules: &Rules,
        is_partial: bool,
    ) -> Node<InputValueDefinition> {
        let (_, first) = given[0];
        if given.len() == 1 && !is_partial {
            return first.clone();
        }
        let types = given.iter().map(|(_, input)| &*input.ty);
        let agreed = self.agree(types, Position::Input);
        let (ty, agreement) = agreed.unwrap_or_else(|| ((*first.ty).clone(), Agreement::Equal));
        if agreement == Agreement::None {
            let told =
                self.told(given.iter().map(|(graph, input)| (*graph, format!("type \"{}\"", input.ty))));
            self.refuse(rules.ty, format!("\"{}\" has {told}", place()));
        }
        let default_value = self.default_value(given, place, rules.default);
        let mut directives = self.applied(given.iter().map(|(_, input)| &input.directives));
        if rules.is_field && (is_partial || agreement != Agreement::Equal) {
            directives.extend(given.iter().map(|(graph, input)| match agreement {
                Agreement::Equal => self.graphs[*graph].owns_field.clone(),
                _ => self.graphs[*graph].input(&input.ty),
            }));
        }
        Node::new(InputValueDefinition {
            description: self.description(given.iter().map(|(_, input)| input.description.as_ref())),
            name: first.name.clone(),
            ty: Node::new(ty),
            default_value,
            directives,
        })
    }

    /// A default that all give. One that only some give is left out, since the others would not get it.
    fn default_value(
        &mut self,
        given: &Given,
        place: &impl Fn() -> String,
        code: &'static str,
    ) -> Option<Node<Value>> {
        let mut stated = given.iter().filter_map(|(_, input)| input.default_value.as_ref());
        let first = stated.next()?;
        if stated.any(|other| other != first) {
            let told = self.told(given.iter().map(|(graph, input)| {
                let default = input.default_value.as_ref();
                (*graph, default.map_or("no default".to_owned(), |value| format!("default `{value}`")))
            }));
            self.refuse(code, format!("\"{}\" has {told}", place()));
        }
        given.iter().all(|(_, input)| input.default_value.is_some()).then(|| first.clone())
    }
}
