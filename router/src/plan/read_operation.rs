//! Reads the client's operation as the planner wants it.
//!
//! `__typename` is left out wherever whoever gives an object can say what it is: what a fetch brings says so in any
//! case. Only of objects which some subgraph knows by an interface alone it may take another subgraph to tell.

use apollo_compiler::Name;
use apollo_compiler::ast::Value;
use apollo_compiler::executable::{ExecutableDocument, Field, Operation, Selection, SelectionSet};
use async_graphql::Name as Key;

use super::asked_fields::{Ask, Asked, Item, Shared, inside};
use super::entity_jumps::{Map, View};
use super::{Aliases, TypeSet, Types};
use crate::access::is_refused;

/// Each root field of an operation, as often as it stands there; introspection fields are left out.
pub(super) fn root_fields(
    map: Map<'_>,
    document: &ExecutableDocument,
    operation: &Operation,
    aliases: &Aliases,
) -> Vec<Item> {
    let types = map.types;
    let reader = Reader { map, types, document, aliases };
    let mut found = Vec::new();
    let root = &operation.selection_set;
    let mut place = Place::of(&root.ty, types);
    if map.graphs.are_objects_partial() {
        place.views = map.beginnings(&root.ty);
    }
    reader.read(root, &place, &mut |item| found.push(item));
    found
}

struct Reader<'a> {
    map: Map<'a>,
    types: &'a Types,
    document: &'a ExecutableDocument,
    aliases: &'a Aliases,
}

/// What objects are known to be.
struct Place {
    ty: Name,
    /// What they may be, after all fragments around.
    objects: TypeSet,
    /// Whether a subgraph may give them without being able to say what they are.
    is_vague: bool,
    /// All who may be asked about them; not looked for where all subgraphs know the same objects.
    views: Vec<View>,
}

impl Place {
    fn of(ty: &Name, types: &Types) -> Self {
        Self {
            ty: ty.clone(),
            objects: types.object_set(ty),
            is_vague: types.is_vague(ty),
            views: Vec::new(),
        }
    }
}

impl Reader<'_> {
    fn ask(&self, set: &SelectionSet, place: &Place) -> Ask {
        let mut ask = Ask::default();
        self.read(set, place, &mut |(asked, below)| ask.add(asked, below));
        if self.types.is_abstract(&place.ty) { ask.unite() } else { ask }
    }

    fn read(&self, set: &SelectionSet, place: &Place, found: &mut dyn FnMut(Item)) {
        for selection in &set.selections {
            let inner = match selection {
                Selection::Field(field) if field.name == "__typename" => {
                    self.ask_typename(place, found);
                    continue;
                }
                Selection::Field(field) if field.name.starts_with("__") || is_refused(field) => continue,
                Selection::Field(field) => {
                    found(self.field(field, place));
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
            let objects = inside(&place.objects, Some(&inner.ty), self.types);
            if objects.is_empty() {
                continue;
            }
            let is_implied = self.types.is_abstract(&inner.ty) && objects == self.types.object_set(&place.ty);
            if !is_implied {
                // Whether it is such an object must be known, whatever is asked of it.
                self.ask_typename(place, found);
            }
            // Whatever is said of one object, is said of its own type.
            let only = self.types.only(&objects).and_then(|only| Name::new(only).ok());
            let ty = only.unwrap_or_else(|| inner.ty.clone());
            self.read(
                inner,
                &Place { ty, objects, is_vague: place.is_vague, views: place.views.clone() },
                found,
            );
        }
    }

    fn ask_typename(&self, place: &Place, found: &mut dyn FnMut(Item)) {
        if place.is_vague {
            found((Asked::typename(place.objects.clone()), None));
        }
    }

    fn field(&self, field: &Field, place: &Place) -> Item {
        let set = &field.selection_set;
        // An object may return something narrower than its interface says.
        let own = self.types.returns(&place.ty, &field.name).and_then(|returns| Name::new(returns.name).ok());
        let ty = own.unwrap_or_else(|| set.ty.clone());
        let mut returned = Place::of(&ty, self.types);
        if !place.views.is_empty() {
            let (objects, views) = self.map.returned_by_all(&place.views, &place.objects, &field.name);
            if !views.is_empty() {
                (returned.objects, returned.views) = (returned.objects.intersection(&objects), views);
            }
        }
        let is_leaf = self.types.objects(&ty).next().is_none() && !self.types.is_abstract(&ty);
        let (mut arguments, mut variables) = (String::new(), Vec::new());
        for argument in &field.arguments {
            let between = if arguments.is_empty() { "" } else { " " };
            arguments += &format!("{between}{}: {}", argument.name, argument.value.serialize().no_indent());
            self::variables(&argument.value, &mut variables);
        }
        let (key, name, of) = (self.aliases.data_key(field), field.name.clone(), place.objects.clone());
        let asked = Asked { key, name, arguments, variables, of };
        (asked, (!is_leaf).then(|| Shared::new(self.ask(set, &returned))))
    }
}

fn variables(value: &Value, found: &mut Vec<Key>) {
    match value {
        Value::Variable(name) if found.iter().any(|known| known == name.as_str()) => {}
        Value::Variable(name) => found.push(Key::new(name.as_str())),
        Value::List(values) => values.iter().for_each(|value| variables(value, found)),
        Value::Object(fields) => fields.iter().for_each(|(_, value)| variables(value, found)),
        _ => {}
    }
}
