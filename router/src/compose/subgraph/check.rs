//! What must hold in a subgraph by itself.

use apollo_compiler::Name;
use apollo_compiler::ast::{Definition, DirectiveList, Document, Selection};

use super::field_roles::is_external_in_implementer;
use super::link::Links;
use super::{Field, Key, Kind, TypeDef, Types, is_built_in};
use crate::compose::error::{Conflict, code};

/// The codes that differ by directive.
pub(super) struct Codes {
    pub invalid: &'static str,
    pub invalid_type: &'static str,
    directive_in_fields: &'static str,
    missing_external: &'static str,
    fields_has_args: &'static str,
    on_interface: &'static str,
}

/// The codes of `KEY`, `REQUIRES` or `PROVIDES`.
pub(super) fn codes(directive: &str) -> Codes {
    match directive {
        "REQUIRES" => Codes {
            invalid: "REQUIRES_INVALID_FIELDS",
            invalid_type: "REQUIRES_INVALID_FIELDS_TYPE",
            directive_in_fields: "REQUIRES_DIRECTIVE_IN_FIELDS_ARG",
            missing_external: "REQUIRES_FIELDS_MISSING_EXTERNAL",
            fields_has_args: "REQUIRES_INVALID_FIELDS",
            on_interface: "REQUIRES_UNSUPPORTED_ON_INTERFACE",
        },
        "PROVIDES" => Codes {
            invalid: "PROVIDES_INVALID_FIELDS",
            invalid_type: "PROVIDES_INVALID_FIELDS_TYPE",
            directive_in_fields: "PROVIDES_DIRECTIVE_IN_FIELDS_ARG",
            missing_external: "PROVIDES_FIELDS_MISSING_EXTERNAL",
            fields_has_args: "PROVIDES_FIELDS_HAS_ARGS",
            on_interface: "PROVIDES_UNSUPPORTED_ON_INTERFACE",
        },
        _ => Codes {
            invalid: "KEY_INVALID_FIELDS",
            invalid_type: "KEY_INVALID_FIELDS_TYPE",
            directive_in_fields: "KEY_DIRECTIVE_IN_FIELDS_ARG",
            missing_external: "KEY_INVALID_FIELDS",
            fields_has_args: "KEY_FIELDS_HAS_ARGS",
            on_interface: "KEY_UNSUPPORTED_ON_INTERFACE",
        },
    }
}

/// A federation directive that is used without being imported would silently mean nothing.
pub(super) fn forgotten_imports(document: &Document, links: &Links, problems: &mut Vec<Conflict>) {
    let defined = |name: &Name| {
        let mut definitions = document.definitions.iter().filter_map(Definition::as_directive_definition);
        definitions.any(|definition| definition.name == *name)
    };
    let mut look = |directives: &DirectiveList, at: &str| {
        for used in directives.iter().filter(|used| links.is_forgotten(&used.name) && !defined(&used.name)) {
            let message =
                format!("{at} uses \"@{}\", which is not imported by the link to federation", used.name);
            problems.push(Conflict::new(code::INVALID_GRAPHQL, message));
        }
    };
    for definition in &document.definitions {
        let Some(name) = definition.name() else { continue };
        look(definition.directives(), &format!("type \"{name}\""));
        let fields = match definition {
            Definition::ObjectTypeDefinition(ty) => &ty.fields,
            Definition::ObjectTypeExtension(ty) => &ty.fields,
            Definition::InterfaceTypeDefinition(ty) => &ty.fields,
            Definition::InterfaceTypeExtension(ty) => &ty.fields,
            _ => continue,
        };
        for field in fields {
            look(&field.directives, &format!("field \"{name}.{}\"", field.name));
        }
    }
}

/// Checks everything that needs no other subgraph.
pub(super) fn all(types: &Types, is_fed1: bool, problems: &mut Vec<Conflict>) {
    let mut check = Check { types, problems };
    for ty in types.values() {
        check.references(ty);
        check.keys(ty);
        for field in ty.fields.values() {
            check.field(ty, field);
            // Federation 1 allowed both, without effect.
            if field.is_external && !is_fed1 {
                check.external(ty, field);
            }
        }
    }
}

struct Check<'a> {
    types: &'a Types,
    problems: &'a mut Vec<Conflict>,
}

impl<'a> Check<'a> {
    fn refuse(&mut self, code: &'static str, message: String) {
        self.problems.push(Conflict::new(code, message));
    }

    /// Every type that is named exists, and fits its place.
    fn references(&mut self, ty: &TypeDef) {
        for field in ty.fields.values() {
            let at = format!("field \"{}.{}\"", ty.name, field.name());
            self.reference(field.ty().inner_named_type(), &at, Kind::is_output);
            for argument in &field.definition.arguments {
                let at = format!("argument \"{}.{}({}:)\"", ty.name, field.name(), argument.name);
                self.reference(argument.ty.inner_named_type(), &at, Kind::is_input);
            }
        }
        let is_one_of = ty.directives.has("oneOf");
        for input in ty.inputs.values() {
            let at = format!("input field \"{}.{}\"", ty.name, input.name);
            self.reference(input.ty.inner_named_type(), &at, Kind::is_input);
            // Exactly one is given, so each may be absent (GraphQL, 3.10: type validation).
            if is_one_of && (input.ty.is_non_null() || input.default_value.is_some()) {
                let message = format!("{at} of a @oneOf type must be nullable and have no default");
                self.refuse(code::INVALID_GRAPHQL, message);
            }
        }
        let at = format!("type \"{}\"", ty.name);
        for member in &ty.members {
            self.reference(member, &at, |kind| kind == Kind::Object);
        }
        for interface in &ty.interfaces {
            self.reference(interface, &at, |kind| kind == Kind::Interface);
        }
    }

    fn reference(&mut self, name: &Name, at: &str, fits: impl Fn(Kind) -> bool) {
        match self.types.get(name).map(|ty| ty.kind) {
            Some(kind) if fits(kind) => {}
            Some(kind) => {
                let message = format!("{at} cannot refer to \"{name}\", which is {}", kind.noun());
                self.refuse(code::INVALID_GRAPHQL, message);
            }
            None if is_built_in(name) && fits(Kind::Scalar) => {}
            None => {
                self.refuse(code::INVALID_GRAPHQL, format!("{at} refers to \"{name}\", which does not exist"))
            }
        }
    }

    fn keys(&mut self, ty: &TypeDef) {
        if ty.is_interface_object && ty.keys.is_empty() {
            let message = format!("type \"{}\" is an @interfaceObject without a @key", ty.name);
            self.refuse(code::INTERFACE_OBJECT_USAGE_ERROR, message);
        }
        for key in &ty.keys {
            let rules = FieldSetRules {
                at: format!("@key(fields: \"{}\") of type \"{}\"", key.fields.text, ty.name),
                codes: codes("KEY"),
                may_be_own: true,
                may_have_arguments: false,
                is_key: true,
            };
            self.selections(&rules, &key.fields.selections, &ty.name, false);
            if ty.kind == Kind::Interface {
                self.interface_key(ty, key);
            }
        }
    }

    /// The key of an interface is the key of each of its implementers.
    fn interface_key(&mut self, interface: &TypeDef, key: &Key) {
        for ty in self.types.values().filter(|ty| ty.interfaces.contains(&interface.name)) {
            let own = ty.keys.iter().find(|own| own.fields.selects_the_same(&key.fields));
            if ty.kind == Kind::Object && !own.is_some_and(|own| own.is_resolvable || !key.is_resolvable) {
                let message = format!(
                    "interface \"{}\" has @key(fields: \"{}\"), but its implementation \"{}\" has no such key that \
                     can be resolved",
                    interface.name, key.fields.text, ty.name
                );
                self.refuse(code::INTERFACE_KEY_NOT_ON_IMPLEMENTATION, message);
            }
        }
    }

    fn field(&mut self, ty: &TypeDef, field: &Field) {
        let at = format!("\"{}.{}\"", ty.name, field.name());
        let is_interface = ty.kind == Kind::Interface;
        if is_interface && field.is_external {
            self.refuse(code::EXTERNAL_ON_INTERFACE, format!("interface field {at} is marked @external"));
        }
        if field.is_external && field.provides.is_some() {
            let message = format!("field {at} is marked both @external and @provides");
            self.refuse(code::EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE, message);
        }
        for (set, directive) in [(&field.requires, "REQUIRES"), (&field.provides, "PROVIDES")] {
            let Some(set) = set else { continue };
            let name = directive.to_ascii_lowercase();
            if is_interface {
                let message = format!("@{name} cannot be used on interface field {at}");
                self.refuse(codes(directive).on_interface, message);
            }
            let on = if directive == "PROVIDES" { field.ty().inner_named_type() } else { &ty.name };
            if !self.types.get(on).is_some_and(|ty| ty.kind.is_composite()) {
                let message =
                    format!("field {at} has @provides, but \"{}\" has no fields to provide", field.ty());
                self.refuse(code::PROVIDES_ON_NON_OBJECT_FIELD, message);
                continue;
            }
            let rules = FieldSetRules {
                at: format!("@{name}(fields: \"{}\") of field {at}", set.text),
                codes: codes(directive),
                may_be_own: false,
                may_have_arguments: directive == "REQUIRES",
                is_key: false,
            };
            self.selections(&rules, &set.selections, on, false);
        }
    }

    fn external(&mut self, ty: &TypeDef, field: &Field) {
        let at = format!("\"{}.{}\"", ty.name, field.name());
        if !field.is_used {
            let message = format!(
                "field {at} is marked @external, but no @key, @requires, @provides or interface names it"
            );
            self.refuse(code::EXTERNAL_UNUSED, message);
        }
        for used in &field.definition.directives {
            let message = format!("@{} at field {at} has no effect, since the field is @external", used.name);
            self.refuse(code::MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL, message);
        }
    }

    /// Checks one level of a field set. `is_given`: something external is on the way here.
    fn selections(&mut self, rules: &FieldSetRules, selections: &[Selection], on: &Name, is_given: bool) {
        for selection in selections {
            let directives = match selection {
                Selection::Field(field) => &field.directives,
                Selection::InlineFragment(fragment) => &fragment.directives,
                Selection::FragmentSpread(spread) => &spread.directives,
            };
            if !directives.is_empty() {
                self.refuse(rules.codes.directive_in_fields, format!("{} contains a directive", rules.at));
            }
            match selection {
                Selection::Field(field) if field.name == "__typename" => {}
                Selection::Field(field) => self.selected(rules, field, on, is_given),
                Selection::InlineFragment(fragment) => {
                    let on = fragment.type_condition.as_ref().unwrap_or(on);
                    self.selections(rules, &fragment.selection_set, on, is_given);
                }
                Selection::FragmentSpread(_) => {
                    self.refuse(rules.codes.invalid, format!("{} uses a named fragment", rules.at));
                }
            }
        }
    }

    fn selected(
        &mut self,
        rules: &FieldSetRules,
        field: &apollo_compiler::ast::Field,
        on: &Name,
        is_given: bool,
    ) {
        let place = format!("\"{on}.{}\"", field.name);
        let parent = self.types.get(on);
        let Some(definition) = parent.and_then(|ty| ty.fields.get(&field.name)) else {
            let message = format!("{} names field {place}, which does not exist in this subgraph", rules.at);
            return self.refuse(rules.codes.invalid, message);
        };
        if field.alias.is_some() {
            self.refuse(rules.codes.invalid, format!("{} renames field {place}", rules.at));
        }
        if !definition.definition.arguments.is_empty() && !rules.may_have_arguments {
            self.refuse(
                rules.codes.fields_has_args,
                format!("{} names field {place}, which has arguments", rules.at),
            );
        }
        let next = definition.ty().inner_named_type();
        let kind = self.types.get(next).map_or(Kind::Scalar, |ty| ty.kind);
        if kind.is_composite() == field.selection_set.is_empty() {
            let what =
                if kind.is_composite() { "without saying which of its fields" } else { "and fields of it" };
            self.refuse(rules.codes.invalid, format!("{} names field {place} {what}", rules.at));
        }
        if rules.is_key && matches!(kind, Kind::Interface | Kind::Union) {
            let message = format!("{} names field {place}, which is {}", rules.at, kind.noun());
            self.refuse(code::KEY_FIELDS_SELECT_INVALID_TYPE, message);
        }
        let is_given = is_given || definition.is_external;
        if !kind.is_composite() && !is_given && !rules.may_be_own {
            let message =
                format!("{} names field {place}, which this subgraph has itself (not @external)", rules.at);
            self.refuse(rules.codes.missing_external, message);
        }
        let is_given = is_given || is_external_in_implementer(&field.name, parent, self.types);
        self.selections(rules, &field.selection_set, next, is_given);
    }
}

/// What a field set may contain.
struct FieldSetRules {
    at: String,
    codes: Codes,
    /// It may end in fields that the subgraph resolves itself.
    may_be_own: bool,
    may_have_arguments: bool,
    is_key: bool,
}
