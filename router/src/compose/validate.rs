//! What must hold of the merged types as a whole.

use apollo_compiler::ast::{
    Definition, DirectiveList, FieldDefinition, InputValueDefinition, OperationType, Selection, Type, Value,
};
use apollo_compiler::collections::HashMap;
use apollo_compiler::{Name, Node};

use super::Part;
use super::error::{Conflict, code};
use super::merge::{Merged, Sources};
use super::subgraph::root_name;

/// Checks the merged types.
pub(super) fn merged(merged: &Merged<'_>, parts: &[Part<'_>]) -> Vec<Conflict> {
    let types = merged.definitions.iter().filter_map(|ty| Some((ty.name()?, ty))).collect();
    let mut check = Check { types, conflicts: Vec::new() };
    if check.fields(&root_name(OperationType::Query)).is_empty() {
        check.refuse(code::NO_QUERIES, "no subgraph has a field of \"Query\"".to_owned());
    }
    for definition in &merged.definitions {
        check.promises(definition);
        if merged.directives.contains("inaccessible") {
            check.visibility(definition);
        }
    }
    for part in parts {
        check.requirements(part);
    }
    check.conflicts
}

/// Extensions of what nobody defines.
pub(super) fn extensions(sources: &Sources<'_>, parts: &[Part<'_>]) -> Vec<Conflict> {
    let is_root = |name: &Name| matches!(name.as_str(), "Query" | "Mutation" | "Subscription");
    let orphans = sources
        .iter()
        .filter(|(name, sources)| !is_root(name) && sources.iter().all(|source| source.ty.is_extension));
    orphans
        .map(|(name, sources)| {
            let names: Vec<_> =
                sources.iter().map(|source| format!("\"{}\"", parts[source.graph].name)).collect();
            let message =
                format!("type \"{name}\" is extended by {}, but defined by nobody", names.join(", "));
            Conflict::new(code::EXTENSION_WITH_NO_BASE, message)
        })
        .collect()
}

struct Check<'a> {
    types: HashMap<&'a Name, &'a Definition>,
    conflicts: Vec<Conflict>,
}

/// A type's fields, and the interfaces that it implements.
fn fields(definition: &Definition) -> (&[Node<FieldDefinition>], &[Name]) {
    match definition {
        Definition::ObjectTypeDefinition(ty) => (&ty.fields, &ty.implements_interfaces),
        Definition::InterfaceTypeDefinition(ty) => (&ty.fields, &ty.implements_interfaces),
        _ => (&[], &[]),
    }
}

fn is_hidden(directives: &DirectiveList) -> bool {
    directives.has("inaccessible")
}

impl<'a> Check<'a> {
    fn refuse(&mut self, code: &'static str, message: String) {
        self.conflicts.push(Conflict::new(code, message));
    }

    fn fields(&self, ty: &Name) -> &'a [Node<FieldDefinition>] {
        self.types.get(ty).map_or(&[], |ty| fields(ty).0)
    }

    fn field(&self, ty: &Name, name: &Name) -> Option<&'a Node<FieldDefinition>> {
        self.fields(ty).iter().find(|field| field.name == *name)
    }

    fn is_hidden_type(&self, name: &Name) -> bool {
        self.types.get(name).is_some_and(|ty| is_hidden(ty.directives()))
    }

    /// Every field of an interface is there in those who implement it, and is seen where the interface's is.
    fn promises(&mut self, definition: &'a Definition) {
        let (_, interfaces) = fields(definition);
        let Some(name) = definition.name() else { return };
        for interface in interfaces {
            for promised in self.fields(interface) {
                let place = format!("\"{interface}.{}\"", promised.name);
                match self.field(name, &promised.name) {
                    None => {
                        let message = format!(
                            "type \"{name}\" implements \"{interface}\", but has no field for {place}"
                        );
                        self.refuse(code::INTERFACE_FIELD_NO_IMPLEM, message);
                    }
                    Some(own) => {
                        let is_seen = !is_hidden(&promised.directives) && !self.is_hidden_type(interface);
                        if is_seen && is_hidden(&own.directives) && !is_hidden(definition.directives()) {
                            let message = format!(
                                "field \"{name}.{}\" is @inaccessible, but implements {place}",
                                own.name
                            );
                            self.refuse(code::IMPLEMENTED_BY_INACCESSIBLE, message);
                        }
                    }
                }
            }
        }
    }

    /// What clients see must not need what they do not see.
    fn visibility(&mut self, definition: &'a Definition) {
        let Some(name) = definition.name() else { return };
        if is_hidden(definition.directives()) {
            if name == "Query" {
                let message = "type \"Query\" is @inaccessible".to_owned();
                self.refuse(code::QUERY_ROOT_TYPE_INACCESSIBLE, message);
            }
            return;
        }
        let (own_fields, _) = fields(definition);
        for field in own_fields.iter().filter(|field| !is_hidden(&field.directives)) {
            let place = format!("{name}.{}", field.name);
            self.reference(&place, &field.ty);
            for argument in &field.arguments {
                self.input(&format!("{place}({}:)", argument.name), argument);
            }
        }
        if let Definition::InputObjectTypeDefinition(ty) = definition {
            for field in &ty.fields {
                self.input(&format!("{name}.{}", field.name), field);
            }
        }
        let children: Vec<bool> = match definition {
            Definition::InputObjectTypeDefinition(ty) => {
                ty.fields.iter().map(|field| is_hidden(&field.directives)).collect()
            }
            Definition::EnumTypeDefinition(ty) => {
                ty.values.iter().map(|value| is_hidden(&value.directives)).collect()
            }
            Definition::UnionTypeDefinition(ty) => {
                ty.members.iter().map(|member| self.is_hidden_type(member)).collect()
            }
            _ => own_fields.iter().map(|field| is_hidden(&field.directives)).collect(),
        };
        if !children.is_empty() && children.into_iter().all(|is_hidden| is_hidden) {
            let message = format!("type \"{name}\" can be seen, but everything in it is @inaccessible");
            self.refuse(code::ONLY_INACCESSIBLE_CHILDREN, message);
        }
    }

    fn reference(&mut self, place: &str, ty: &Type) {
        let name = ty.inner_named_type();
        if self.is_hidden_type(name) {
            let message = format!("\"{place}\" refers to type \"{name}\", which is @inaccessible");
            self.refuse(code::REFERENCED_INACCESSIBLE, message);
        }
    }

    fn input(&mut self, place: &str, input: &InputValueDefinition) {
        if is_hidden(&input.directives) {
            if input.is_required() {
                let message = format!("\"{place}\" is required, but @inaccessible");
                self.refuse(code::REQUIRED_INACCESSIBLE, message);
            }
            return;
        }
        self.reference(place, &input.ty);
        if let Some(default) = &input.default_value
            && self.uses_hidden(default, input.ty.inner_named_type())
        {
            let message = format!("the default of \"{place}\" uses what is @inaccessible: `{default}`");
            self.refuse(code::DEFAULT_VALUE_USES_INACCESSIBLE, message);
        }
    }

    fn uses_hidden(&self, value: &Value, ty: &Name) -> bool {
        match (value, self.types.get(ty)) {
            (Value::List(values), _) => values.iter().any(|value| self.uses_hidden(value, ty)),
            (Value::Enum(name), Some(Definition::EnumTypeDefinition(ty))) => {
                ty.values.iter().any(|value| value.value == *name && is_hidden(&value.directives))
            }
            (Value::Object(entries), Some(Definition::InputObjectTypeDefinition(ty))) => {
                entries.iter().any(|(name, value)| {
                    let field = ty.fields.iter().find(|field| field.name == *name);
                    field.is_some_and(|field| {
                        is_hidden(&field.directives) || self.uses_hidden(value, field.ty.inner_named_type())
                    })
                })
            }
            _ => false,
        }
    }

    /// The arguments in `@requires` are those that the fields have in the supergraph.
    fn requirements(&mut self, part: &Part<'_>) {
        for ty in part.types.values() {
            for field in ty.fields.values() {
                if let Some(required) = &field.requires {
                    let place =
                        format!("[{}] @requires of field \"{}.{}\"", part.name, ty.name, field.name());
                    self.required(&place, &required.selections, &ty.name);
                }
            }
        }
    }

    fn required(&mut self, place: &str, selections: &[Selection], on: &Name) {
        for selection in selections {
            match selection {
                Selection::Field(selected) => {
                    let Some(field) = self.field(on, &selected.name) else { continue };
                    let is_given =
                        |name: &Name| selected.arguments.iter().any(|argument| argument.name == *name);
                    let missing = field.arguments.iter().find(|it| it.is_required() && !is_given(&it.name));
                    let unknown =
                        selected.arguments.iter().find(|it| field.argument_by_name(&it.name).is_none());
                    let what = match (missing, unknown) {
                        (Some(argument), _) => Some((&argument.name, "does not give")),
                        (_, Some(argument)) => Some((&argument.name, "gives")),
                        _ => None,
                    };
                    if let Some((argument, verb)) = what {
                        let which = if verb == "gives" { "is not in all subgraphs" } else { "is required" };
                        let message =
                            format!("{place} {verb} \"{on}.{}({argument}:)\", which {which}", field.name);
                        self.refuse(code::REQUIRES_INVALID_FIELDS, message);
                    }
                    self.required(place, &selected.selection_set, field.ty.inner_named_type());
                }
                Selection::InlineFragment(fragment) => {
                    let on = fragment.type_condition.as_ref().unwrap_or(on);
                    self.required(place, &fragment.selection_set, on);
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }
}
