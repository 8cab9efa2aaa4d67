//! How large an operation is: its selections, with fragments expanded.

use std::collections::HashMap;

use apollo_compiler::Name;
use apollo_compiler::ast;

/// How many selections an operation has once its fragments are in place. Counted without putting them there, so
/// that a small document cannot make it expensive.
pub(crate) fn expanded_size(document: &ast::Document) -> usize {
    let fragments: HashMap<&Name, &ast::FragmentDefinition> = document
        .definitions
        .iter()
        .filter_map(|definition| definition.as_fragment_definition())
        .map(|fragment| (&fragment.name, fragment.as_ref()))
        .collect();
    let mut known = HashMap::new();
    let operations = document.definitions.iter().filter_map(|d| d.as_operation_definition());
    operations
        .map(|operation| size(&operation.selection_set, &fragments, &mut known))
        .fold(0, usize::saturating_add)
}

fn size<'a>(
    selections: &'a [ast::Selection],
    fragments: &HashMap<&'a Name, &'a ast::FragmentDefinition>,
    known: &mut HashMap<&'a Name, usize>,
) -> usize {
    let mut total = 0_usize;
    for selection in selections {
        let nested = match selection {
            ast::Selection::Field(field) => size(&field.selection_set, fragments, known),
            ast::Selection::InlineFragment(fragment) => size(&fragment.selection_set, fragments, known),
            ast::Selection::FragmentSpread(spread) => match known.get(&spread.fragment_name) {
                Some(size) => *size,
                None => {
                    // Zero while it is being counted, so that a cycle ends; validation refuses it later.
                    known.insert(&spread.fragment_name, 0);
                    let inner = fragments
                        .get(&spread.fragment_name)
                        .map_or(0, |fragment| size(&fragment.selection_set, fragments, known));
                    known.insert(&spread.fragment_name, inner);
                    inner
                }
            },
        };
        total = total.saturating_add(nested).saturating_add(1);
    }
    total
}
