//! Field sets, as `@key`, `@requires` and `@provides` carry them.

use apollo_compiler::Name;
use apollo_compiler::ast::{Definition, Document, Selection};

use super::subgraph::{Kind, Types};

/// The text of a field set, and what it selects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FieldSet {
    pub text: String,
    pub selections: Vec<Selection>,
}

impl FieldSet {
    /// Reads a field set.
    ///
    /// # Errors
    /// A sentence, when it is not one.
    pub fn read(text: &str) -> Result<Self, String> {
        let document = Document::parse(format!("{{ {text} }}"), "field set")
            .map_err(|failed| format!("it cannot be read: {}", first_line(&failed.errors.to_string())))?;
        match document.definitions.as_slice() {
            [Definition::OperationDefinition(operation)] => {
                let selections = operation.selection_set.clone();
                Ok(Self { text: text.trim().to_owned(), selections })
            }
            _ => Err("it is not one set of fields".to_owned()),
        }
    }

    /// Whether two field sets select the same, in whatever order.
    pub fn selects_the_same(&self, other: &Self) -> bool {
        sorted(&self.selections) == sorted(&other.selections)
    }

    /// The same selections, written anew.
    pub fn of(selections: Vec<Selection>) -> Self {
        let text: Vec<_> = selections.iter().map(|one| one.serialize().no_indent().to_string()).collect();
        Self { text: text.join(" "), selections }
    }
}

fn sorted(selections: &[Selection]) -> Vec<String> {
    let mut texts: Vec<_> = selections
        .iter()
        .map(|selection| match selection {
            Selection::Field(field) => format!("{} {:?}", field.name, sorted(&field.selection_set)),
            Selection::InlineFragment(fragment) => {
                format!("... {:?} {:?}", fragment.type_condition, sorted(&fragment.selection_set))
            }
            Selection::FragmentSpread(spread) => format!("...{}", spread.fragment_name),
        })
        .collect();
    texts.sort_unstable();
    texts
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// Shows every field that selections name, with its type. A field of an interface is shown for those who implement
/// it, too.
pub(super) fn walk<'a>(
    selections: &'a [Selection],
    on: &'a Name,
    types: &'a Types,
    see: &mut dyn FnMut(&'a Name, &'a Name),
) {
    let ty = types.get(on);
    for selection in selections {
        match selection {
            Selection::Field(field) if field.name.starts_with("__") => {}
            Selection::Field(field) => {
                see(on, &field.name);
                if ty.is_some_and(|ty| ty.kind == Kind::Interface) {
                    for implementer in types.values().filter(|ty| ty.interfaces.contains(on)) {
                        see(&implementer.name, &field.name);
                    }
                }
                if let Some(next) = ty.and_then(|ty| ty.fields.get(&field.name)) {
                    walk(&field.selection_set, next.ty().inner_named_type(), types, see);
                }
            }
            Selection::InlineFragment(fragment) => {
                let on = fragment.type_condition.as_ref().unwrap_or(on);
                walk(&fragment.selection_set, on, types, see);
            }
            Selection::FragmentSpread(_) => {}
        }
    }
}
