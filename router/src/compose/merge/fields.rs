//! The fields of objects and interfaces: all that some subgraph has, of types that contain what each of them answers.

use apollo_compiler::ast::{DirectiveList, FieldDefinition, InputValueDefinition};
use apollo_compiler::collections::{IndexMap, IndexSet};
use apollo_compiler::{Name, Node};

use super::overrides::Override;
use super::type_references::{Agreement, Position};
use super::{Merger, Source};
use crate::compose::error::code;
use crate::compose::subgraph::{Field, Kind};

/// One subgraph's part in a field.
#[derive(Clone, Copy)]
pub(super) struct FieldSource<'a> {
    pub graph: usize,
    pub field: &'a Field,
}

impl<'a> Merger<'a> {
    /// Merges the fields of one type.
    pub fn fields(&mut self, sources: &[Source<'a>]) -> Vec<Node<FieldDefinition>> {
        if let [Source { graph, ty }] = *sources {
            return ty
                .fields
                .values()
                .map(|field| self.field(sources, &[FieldSource { graph, field }]))
                .collect();
        }
        let mut by_name: IndexMap<&Name, Vec<FieldSource>> = IndexMap::default();
        for Source { graph, ty } in sources {
            for (name, field) in &ty.fields {
                by_name.entry(name).or_default().push(FieldSource { graph: *graph, field });
            }
        }
        by_name.values().map(|given| self.field(sources, given)).collect()
    }

    fn field(&mut self, holders: &[Source<'a>], given: &[FieldSource<'a>]) -> Node<FieldDefinition> {
        let (ty, field) = (holders[0].ty, given[0].field);
        let place = || format!("{}.{}", ty.name, field.name());
        let overrides = self.overrides(&ty.name, given);
        if ty.merged_kind() == Kind::Object {
            self.check_sharing(&ty.name, field.name(), given, &overrides);
        }
        if ty.name == "Subscription" && given.iter().any(|one| one.field.is_shareable) {
            let message = format!("field \"{}\" is @shareable, which no subscription can be", place());
            self.refuse(code::INVALID_FIELD_SHARING, message);
        }
        let mut resolving: Vec<_> = given.iter().filter(|one| !one.field.is_external).copied().collect();
        if resolving.is_empty() {
            if self.abstracted(&ty.name, field.name()).all(|one| one.field.is_external) {
                let graphs = self.subgraphs(given.iter().map(|one| one.graph));
                let message =
                    format!("field \"{}\" is marked @external wherever it is: in {graphs}", place());
                self.refuse(code::EXTERNAL_MISSING_ON_BASE, message);
            }
            // Resolved through an interface only: what is said of it here is all that there is.
            resolving = given.to_vec();
        }
        let types = resolving.iter().map(|one| one.field.ty());
        let agreed = self.agree(types, Position::Output);
        let (merged_type, agreement) = agreed.unwrap_or_else(|| (field.ty().clone(), Agreement::Equal));
        if agreement == Agreement::None {
            let told = resolving.iter().map(|one| (one.graph, format!("type \"{}\"", one.field.ty())));
            let told = self.told(told);
            self.refuse(code::FIELD_TYPE_MISMATCH, format!("field \"{}\" has {told}", place()));
        }
        self.uses(&merged_type, Position::Output, place);
        let are_equal = agreement == Agreement::Equal;
        let joins = self.join_fields(holders, given, &overrides, are_equal);
        if let ([only], true) = (resolving.as_slice(), joins.is_empty()) {
            for argument in &only.field.definition.arguments {
                let place = || format!("{}({}:)", place(), argument.name);
                self.uses(&argument.ty, Position::Input, place);
            }
            return only.field.definition.clone();
        }
        let mut directives = self.applied(resolving.iter().map(|one| &one.field.definition.directives));
        directives.extend(joins);
        let merged = FieldDefinition {
            description: self
                .description(resolving.iter().map(|one| one.field.definition.description.as_ref())),
            name: field.name().clone(),
            arguments: self.arguments(&ty.name, &resolving),
            ty: merged_type,
            directives,
        };
        if resolving.len() < given.len() {
            self.check_externals(&ty.name, given, &merged, are_equal);
        }
        Node::new(merged)
    }

    /// `@join__field` for every subgraph that has the field; none when all that have the type have the field, and
    /// alike.
    fn join_fields(
        &self,
        holders: &[Source],
        given: &[FieldSource],
        overrides: &[Override],
        are_equal: bool,
    ) -> DirectiveList {
        let of = |at: usize| overrides.get(at).copied().unwrap_or_default();
        let holders_count = if holders[0].ty.name == "Query" { self.parts.len() } else { holders.len() };
        let kept: Vec<_> = given
            .iter()
            .enumerate()
            .filter(|(at, _)| of(*at) != Override::Unused)
            .map(|(at, one)| (of(at), one))
            .collect();
        let is_alike = kept.iter().all(|(state, FieldSource { field, .. })| {
            let is_plain = field.requires.is_none() && field.provides.is_none() && !field.is_external;
            is_plain && *state != Override::Used
        });
        if are_equal && is_alike && kept.len() == holders_count {
            return DirectiveList::new();
        }
        let join = |(state, one): &(Override, &FieldSource)| {
            self.graphs[one.graph].field(one.field, !are_equal, *state == Override::Used)
        };
        kept.iter().map(join).collect()
    }

    /// Who resolves a field together with others must say that it is meant.
    pub fn check_sharing(
        &mut self,
        ty: &Name,
        field: &Name,
        given: &[FieldSource<'a>],
        overrides: &[Override],
    ) {
        let is_overridden = |at: usize| overrides.get(at).is_some_and(|state| *state != Override::No);
        let is_resolved = |field: &Field| !field.is_external || field.is_provided;
        let own = given.iter().enumerate().filter(|(at, _)| !is_overridden(*at)).map(|(_, one)| *one);
        let resolving: Vec<_> =
            own.chain(self.abstracted(ty, field)).filter(|one| is_resolved(one.field)).collect();
        let unshared: Vec<_> = resolving.iter().filter(|one| !one.field.is_shareable).collect();
        if resolving.len() > 1 && !unshared.is_empty() {
            let all = self.subgraphs(resolving.iter().map(|one| one.graph));
            let unshared = self.subgraphs(unshared.iter().map(|one| one.graph));
            let message =
                format!("field \"{ty}.{field}\" is resolved by {all}, but is not @shareable in {unshared}");
            self.refuse(code::INVALID_FIELD_SHARING, message);
        }
    }

    /// What a subgraph says of an external field must fit what those who resolve it say.
    fn check_externals(
        &mut self,
        ty: &Name,
        given: &[FieldSource<'a>],
        merged: &FieldDefinition,
        are_equal: bool,
    ) {
        let place = format!("{ty}.{}", merged.name);
        let is_external = |one: &&FieldSource| one.field.is_external;
        // A subgraph that is ready for more than it will get is fine; Apollo's composition refuses it.
        let fits = |one: &FieldSource| {
            let ty = one.field.ty();
            self.contains(ty, &merged.ty) || (!are_equal && self.contains(&merged.ty, ty))
        };
        if !given.iter().filter(is_external).all(fits) {
            let told = self.told(given.iter().map(|one| {
                let mark = if one.field.is_external { " (@external)" } else { "" };
                (one.graph, format!("type \"{}\"{mark}", one.field.ty()))
            }));
            self.refuse(code::EXTERNAL_TYPE_MISMATCH, format!("field \"{place}\" has {told}"));
        }
        let mut problems: IndexSet<(&'static str, Name)> = IndexSet::default();
        for one in given.iter().filter(is_external) {
            for argument in &merged.arguments {
                let own = one.field.definition.argument_by_name(&argument.name);
                problems
                    .extend(self.external_argument(own, argument).map(|code| (code, argument.name.clone())));
            }
        }
        for (code, argument) in problems {
            let told = self.told(given.iter().map(|one| {
                let argument = one.field.definition.argument_by_name(&argument);
                let mark = if one.field.is_external { " (@external)" } else { "" };
                (one.graph, argument.map_or("nothing".to_owned(), |it| format!("`{it}`")) + mark)
            }));
            self.refuse(code, format!("argument \"{place}({argument}:)\" is {told}"));
        }
    }

    fn external_argument(
        &self,
        own: Option<&Node<InputValueDefinition>>,
        merged: &InputValueDefinition,
    ) -> Option<&'static str> {
        let Some(own) = own else { return Some(code::EXTERNAL_ARGUMENT_MISSING) };
        if !self.contains(&own.ty, &merged.ty) {
            return Some(code::EXTERNAL_ARGUMENT_TYPE_MISMATCH);
        }
        (own.default_value != merged.default_value).then_some(code::EXTERNAL_ARGUMENT_DEFAULT_MISMATCH)
    }
}
