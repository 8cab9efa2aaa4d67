//! Which response keys of one object are taken, so that what is made up can be merged (GraphQL, section 5.3.2).

use std::collections::HashMap;

use apollo_compiler::ast::{Argument, FieldDefinition, Type};
use apollo_compiler::schema::Schema;
use apollo_compiler::{Name, Node};

use crate::executor::is_composite;

/// The response keys of one object of the answer, whatever fragments they are in.
#[derive(Default)]
pub struct Scope {
    keys: HashMap<Name, Taken>,
}

#[derive(Default)]
struct Taken {
    uses: Vec<Use>,
    below: Scope,
}

#[derive(PartialEq)]
struct Use {
    on: Name,
    field: Name,
    arguments: String,
    ty: Type,
}

impl Scope {
    /// Takes a key for a field. `None` when it is taken for something else; otherwise the keys below it.
    pub fn take(
        &mut self,
        schema: &Schema,
        on: &Name,
        key: &Name,
        definition: &FieldDefinition,
        arguments: &[Node<Argument>],
    ) -> Option<&mut Self> {
        let taken = self.keys.entry(key.clone()).or_default();
        let asked = Use {
            on: on.clone(),
            field: definition.name.clone(),
            arguments: arguments
                .iter()
                .map(|argument| format!("{}: {} ", argument.name, argument.value))
                .collect(),
            ty: definition.ty.clone(),
        };
        if !taken.uses.iter().all(|known| known.merges(&asked, schema)) {
            return None;
        }
        taken.uses.push(asked);
        Some(&mut taken.below)
    }
}

impl Use {
    fn merges(&self, other: &Self, schema: &Schema) -> bool {
        let is_object = |name: &Name| schema.get_object(name).is_some();
        let is_same = self.field == other.field && self.arguments == other.arguments && self.ty == other.ty;
        // No object is of two types.
        let are_apart = self.on != other.on && is_object(&self.on) && is_object(&other.on);
        is_same || are_apart && are_alike(&self.ty, &other.ty, schema)
    }
}

/// Whether values of two types look alike from outside.
fn are_alike(one: &Type, other: &Type, schema: &Schema) -> bool {
    match (one, other) {
        (Type::List(a), Type::List(b)) | (Type::NonNullList(a), Type::NonNullList(b)) => {
            are_alike(a, b, schema)
        }
        (Type::Named(a), Type::Named(b)) | (Type::NonNullNamed(a), Type::NonNullNamed(b)) => {
            a == b || is_composite(schema, a) && is_composite(schema, b)
        }
        _ => false,
    }
}
