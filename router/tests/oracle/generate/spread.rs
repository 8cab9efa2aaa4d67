//! Fragments once more, elsewhere.

use apollo_compiler::ast::{
    Definition, DirectiveList, Document, FragmentSpread, OperationDefinition, Selection,
};
use apollo_compiler::schema::Schema;
use apollo_compiler::{Name, Node};

use super::Generator;
use crate::sdl;

impl Generator<'_> {
    /// Spreads some fragments at more places of the operation, where that is valid.
    pub(super) fn scatter(&mut self, document: &mut Document) {
        let fragments = document.definitions.iter().filter_map(|one| one.as_fragment_definition());
        let fragments: Vec<(Name, Name)> =
            fragments.map(|one| (one.name.clone(), one.type_condition.clone())).collect();
        for _ in 0..2 {
            let Some((name, condition)) = self.random.pick(&fragments).cloned() else { return };
            let before = document.clone();
            let done = self.spread(document, &name, &condition);
            if done.is_none() || document.to_executable_validate(self.schema).is_err() {
                *document = before;
            }
        }
    }

    fn spread(&mut self, document: &mut Document, name: &Name, condition: &Name) -> Option<()> {
        let operation = asked(document);
        let mut on = self.schema.root_operation(operation.operation_type)?.clone();
        let mut set = &mut operation.selection_set;
        // Down to somewhere by chance.
        while self.random.chance(70) {
            let position = self.random.below(set.len().max(1));
            let Some(below) = below(self.schema, &on, set.get(position)) else { break };
            set = match &mut set[position] {
                Selection::Field(field) => &mut field.make_mut().selection_set,
                Selection::InlineFragment(fragment) => &mut fragment.make_mut().selection_set,
                Selection::FragmentSpread(_) => return None,
            };
            on = below;
        }
        let possible = sdl::possible(self.schema, &on);
        if !sdl::possible(self.schema, condition).iter().any(|name| possible.contains(name)) {
            return None;
        }
        let spread = FragmentSpread { fragment_name: name.clone(), directives: DirectiveList::new() };
        let mut spread = Selection::FragmentSpread(Node::new(spread));
        self.condition(&mut spread);
        let at = self.random.below(set.len() + 1);
        set.insert(at, spread);
        Some(())
    }
}

/// The type of what a selection selects from.
fn below(schema: &Schema, on: &Name, selection: Option<&Selection>) -> Option<Name> {
    match selection? {
        Selection::Field(field) if field.selection_set.is_empty() => None,
        Selection::Field(field) => {
            Some(schema.type_field(on, &field.name).ok()?.ty.inner_named_type().clone())
        }
        Selection::InlineFragment(fragment) => {
            Some(fragment.type_condition.clone().unwrap_or_else(|| on.clone()))
        }
        Selection::FragmentSpread(_) => None,
    }
}

/// The operation that is asked: the last one.
fn asked(document: &mut Document) -> &mut OperationDefinition {
    let operations = document.definitions.iter_mut().filter_map(|one| match one {
        Definition::OperationDefinition(operation) => Some(operation.make_mut()),
        _ => None,
    });
    operations.last().expect("an operation")
}
