//! Reads the client's operation as the planner wants it: fragments in place, introspection gone, and what is the same
//! merged.
//!
//! `__typename` goes as well, wherever whoever gives an object can say what it is: what a fetch brings says so in any
//! case (see `typenames`), and the library takes it for one more field that a subgraph may not have. Only of objects
//! which a subgraph knows by an interface alone it takes another subgraph to tell; those are left to the library.

use std::fmt::Write;

use apollo_compiler::Name;
use apollo_compiler::ast::OperationType;
use apollo_compiler::executable::{self, ExecutableDocument, Operation, Selection, SelectionSet};
use async_graphql::Name as Key;

use super::asked::{Field, Set};
use super::{Aliases, Types};

/// Each root field of an operation, as often as it stands there; introspection fields are left out.
pub(super) fn root_fields(
    types: &Types,
    document: &ExecutableDocument,
    operation: &Operation,
    aliases: &Aliases,
) -> Vec<Field> {
    let reader = Reader { types, document, aliases };
    let mut found = Vec::new();
    let root = &operation.selection_set;
    reader.read(root, &Place::of(&root.ty, types), &mut |one| match one {
        Found::Field(field) => found.push(field),
        // A root type is an object type, on which fragments are taken apart.
        Found::Fragment(..) => {}
    });
    found
}

/// What is asked of the root as an operation, with the variables of the client's.
pub(super) fn operation(kind: OperationType, operation: &Operation, asked: &Set) -> String {
    let mut text = match kind {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    }
    .to_owned();
    if !operation.variables.is_empty() {
        text.push('(');
        for variable in &operation.variables {
            // Writing to a string cannot fail.
            let _ = write!(text, "${}: {}", variable.name, variable.ty);
            if let Some(default) = &variable.default_value {
                let _ = write!(text, " = {}", default.serialize().no_indent());
            }
            text.push(' ');
        }
        text.push(')');
    }
    let _ = write!(text, "{{{asked}}}");
    text
}

struct Reader<'a> {
    types: &'a Types,
    document: &'a ExecutableDocument,
    aliases: &'a Aliases,
}

/// What objects are known to be.
struct Place<'a> {
    ty: Name,
    /// What they may be, after all fragments around.
    objects: Vec<&'a Key>,
}

/// What a selection set has.
enum Found {
    Field(Field),
    Fragment(Name, Set),
}

impl<'a> Place<'a> {
    fn of(ty: &'a Name, types: &'a Types) -> Self {
        Self { ty: ty.clone(), objects: types.objects(ty).collect() }
    }

    /// Inside a fragment; `None` where no object can be.
    fn inside(&self, condition: &Name, types: &Types) -> Option<Self> {
        let is_left = |object: &&&'a Key| types.objects(condition).any(|other| other == **object);
        let objects: Vec<&Key> = self.objects.iter().filter(is_left).copied().collect();
        let ty = match objects.as_slice() {
            [] => return None,
            // Whatever is said of one object, is said of its own type.
            [one]
                if types.is_abstract(condition) && (self.objects.len() > 1 || types.is_object(&self.ty)) =>
            {
                Name::new(one.as_str()).ok()?
            }
            _ => condition.clone(),
        };
        Some(Self { ty, objects })
    }
}

impl<'a> Reader<'a> {
    fn set(&self, set: &'a SelectionSet, place: &Place<'a>) -> Set {
        let mut found = Set::default();
        self.read(set, place, &mut |one| match one {
            Found::Field(field) => found.field(field),
            Found::Fragment(ty, set) => found.fragment(ty, set),
        });
        found
    }

    fn read(&self, set: &'a SelectionSet, place: &Place<'a>, found: &mut dyn FnMut(Found)) {
        for selection in &set.selections {
            let inner = match selection {
                // What an object is, is answered without a subgraph, unless only another one can tell.
                Selection::Field(field) if field.name == "__typename" && self.types.is_vague(&place.ty) => {
                    found(Found::Field(typename()));
                    continue;
                }
                Selection::Field(field) if field.name.starts_with("__") => continue,
                Selection::Field(field) => {
                    found(Found::Field(self.field(field, place)));
                    continue;
                }
                Selection::InlineFragment(fragment) => &fragment.selection_set,
                Selection::FragmentSpread(spread) => {
                    match self.document.fragments.get(&spread.fragment_name) {
                        Some(fragment) => &fragment.selection_set,
                        None => continue,
                    }
                }
            };
            let Some(inside) = place.inside(&inner.ty, self.types) else { continue };
            // The library knows no fragment on a union itself.
            if inside.ty == place.ty {
                self.read(inner, &inside, found);
                continue;
            }
            let inner = self.set(inner, &inside);
            if !inner.is_empty() {
                found(Found::Fragment(inside.ty, inner));
            } else if self.types.is_vague(&place.ty) {
                // Whether it is such an object must be known nevertheless.
                found(Found::Field(typename()));
            }
        }
    }

    fn field(&self, field: &'a executable::Field, place: &Place<'_>) -> Field {
        let set = &field.selection_set;
        // An object may return something narrower than its interface says.
        let own = self.types.returns(&place.ty, &field.name).and_then(|returns| Name::new(returns.name).ok());
        let ty = own.unwrap_or_else(|| set.ty.clone());
        let below = Place { objects: self.types.objects(&ty).collect(), ty: ty.clone() };
        let is_leaf = !self.types.is_abstract(&ty) && below.objects.is_empty();
        Field {
            name: field.name.clone(),
            head: self.head(field),
            data_key: self.aliases.data_key(field),
            is_leaf,
            set: self.set(set, &below),
        }
    }

    fn head(&self, field: &executable::Field) -> String {
        let mut text = String::new();
        let alias = self.aliases.replacement(field);
        // The library takes a field under its own name as alias for another field.
        let own = field.alias.as_deref().filter(|alias| *alias != field.name.as_str());
        if let Some(alias) = alias.as_deref().or(own) {
            text.push_str(alias);
            text.push(':');
        }
        text.push_str(&field.name);
        if !field.arguments.is_empty() {
            text.push('(');
            for argument in &field.arguments {
                let _ = write!(text, "{}: {} ", argument.name, argument.value.serialize().no_indent());
            }
            text.push(')');
        }
        text
    }
}

/// The question what an object is.
pub(super) fn typename() -> Field {
    const NAME: Name = apollo_compiler::name!("__typename");
    let set = Set::default();
    Field { name: NAME, head: NAME.to_string(), data_key: Key::new(&NAME), is_leaf: true, set }
}
