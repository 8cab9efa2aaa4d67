//! Field sets, as `@key`, `@requires` and `@provides` carry them.

use std::collections::HashMap;

use apollo_compiler::Name;
use apollo_compiler::ast::{Definition, Document, Selection, Type};

/// Every field that a field set names, with the type it is on. `None` when it cannot be read.
pub(super) fn fields(
    field_set: &str,
    on: &Name,
    types: &HashMap<(Name, Name), Type>,
) -> Option<Vec<(Name, Name)>> {
    let document = Document::parse(format!("{{ {field_set} }}"), "field set").ok()?;
    let [Definition::OperationDefinition(operation)] = document.definitions.as_slice() else {
        return None;
    };
    let mut found = Vec::new();
    walk(&operation.selection_set, on, types, &mut found);
    Some(found)
}

fn walk(
    selections: &[Selection],
    on: &Name,
    types: &HashMap<(Name, Name), Type>,
    found: &mut Vec<(Name, Name)>,
) {
    for selection in selections {
        match selection {
            Selection::Field(field) if field.name.starts_with("__") => {}
            Selection::Field(field) => {
                let place = (on.clone(), field.name.clone());
                if let Some(ty) = types.get(&place) {
                    walk(&field.selection_set, ty.inner_named_type(), types, found);
                }
                found.push(place);
            }
            Selection::InlineFragment(fragment) => {
                walk(&fragment.selection_set, fragment.type_condition.as_ref().unwrap_or(on), types, found);
            }
            Selection::FragmentSpread(_) => {}
        }
    }
}
