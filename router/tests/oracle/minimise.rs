//! The smallest query that still fails.

use apollo_compiler::ast::{Definition, DirectiveList, Document, OperationDefinition, Selection, Value};
use apollo_compiler::schema::Schema;
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Node, name};

use crate::executor;
use crate::generate::{self, Query};

/// Drops whatever can be dropped while a query still fails.
pub async fn minimise(
    schema: &Valid<Schema>,
    mut query: Query,
    fails: impl AsyncFn(&Query) -> bool,
) -> Query {
    loop {
        let mut has_changed = false;
        let mut position = 0;
        while let Some(document) = edited(&query, position) {
            let smaller = clean(Query { document, ..query.clone() });
            let is_valid = smaller.document.to_executable_validate(schema).is_ok();
            if is_valid && fails(&smaller).await {
                query = smaller;
                has_changed = true;
            } else {
                position += 1;
            }
        }
        if !has_changed {
            return query;
        }
    }
}

/// The document with one thing dropped; `None` when there is no thing of this number.
fn edited(query: &Query, position: usize) -> Option<Document> {
    let mut document = query.document.clone();
    let fragments = query.document.clone();
    let mut editor = Editor { left: position, fragments: &fragments };
    for definition in &mut document.definitions {
        let set = match definition {
            Definition::OperationDefinition(operation) => &mut operation.make_mut().selection_set,
            Definition::FragmentDefinition(fragment) => &mut fragment.make_mut().selection_set,
            _ => continue,
        };
        if editor.set(set) {
            return Some(document);
        }
    }
    None
}

struct Editor<'a> {
    left: usize,
    fragments: &'a Document,
}

impl Editor<'_> {
    /// Whether it is this one's turn.
    fn turn(&mut self) -> bool {
        let is_turn = self.left == 0;
        self.left = self.left.wrapping_sub(1);
        is_turn
    }

    /// Whether something was dropped.
    fn set(&mut self, set: &mut Vec<Selection>) -> bool {
        for position in 0..set.len() {
            if set.len() > 1 && self.turn() {
                set.remove(position);
                return true;
            }
            if let Some(inner) = self.contents(&set[position])
                && self.turn()
            {
                set.splice(position..=position, inner);
                return true;
            }
            if self.selection(&mut set[position]) {
                return true;
            }
        }
        false
    }

    fn contents(&self, selection: &Selection) -> Option<Vec<Selection>> {
        match selection {
            Selection::Field(_) => None,
            Selection::InlineFragment(fragment) => Some(fragment.selection_set.clone()),
            Selection::FragmentSpread(spread) => {
                Some(executor::fragment(self.fragments, &spread.fragment_name).selection_set.clone())
            }
        }
    }

    fn selection(&mut self, selection: &mut Selection) -> bool {
        match selection {
            Selection::Field(field) => {
                let field = field.make_mut();
                if field.alias.is_some() && self.turn() {
                    field.alias = None;
                    return true;
                }
                for position in 0..field.arguments.len() {
                    if self.turn() {
                        field.arguments.remove(position);
                        return true;
                    }
                }
                let nothing = generate::field(None, name!("__typename"), Vec::new(), Vec::new());
                let has_parts = !field.selection_set.is_empty() && field.selection_set != [nothing.clone()];
                if has_parts && self.turn() {
                    field.selection_set = vec![nothing];
                    return true;
                }
                self.directives(&mut field.directives) || self.set(&mut field.selection_set)
            }
            Selection::FragmentSpread(spread) => self.directives(&mut spread.make_mut().directives),
            Selection::InlineFragment(fragment) => {
                let fragment = fragment.make_mut();
                self.directives(&mut fragment.directives) || self.set(&mut fragment.selection_set)
            }
        }
    }

    fn directives(&mut self, directives: &mut DirectiveList) -> bool {
        for position in 0..directives.len() {
            if self.turn() {
                directives.0.remove(position);
                return true;
            }
        }
        false
    }
}

/// Drops operations, fragments and variables that nothing uses any more.
fn clean(mut query: Query) -> Query {
    let chosen = executor::operation(&query.document, query.operation.as_deref()).clone();
    let mut used = (Vec::new(), Vec::new());
    names(&query.document, &chosen.selection_set, &mut used);
    let (fragments, variables) = used;
    query.document.definitions.retain_mut(|definition| match definition {
        Definition::OperationDefinition(operation) => {
            let is_chosen = *operation == chosen;
            keep(operation, &variables);
            is_chosen
        }
        Definition::FragmentDefinition(fragment) => fragments.contains(&fragment.name),
        _ => true,
    });
    query.variables.retain(|name, _| variables.iter().any(|known| known == name.as_str()));
    query
}

fn keep(operation: &mut Node<OperationDefinition>, variables: &[Name]) {
    operation.make_mut().variables.retain(|definition| variables.contains(&definition.name));
}

/// The fragments and variables that selections use.
fn names(document: &Document, set: &[Selection], used: &mut (Vec<Name>, Vec<Name>)) {
    for selection in set {
        let (directives, inner) = match selection {
            Selection::Field(field) => {
                field.arguments.iter().for_each(|argument| value(&argument.value, &mut used.1));
                (&field.directives, &field.selection_set)
            }
            Selection::InlineFragment(fragment) => (&fragment.directives, &fragment.selection_set),
            Selection::FragmentSpread(spread) => {
                used.0.push(spread.fragment_name.clone());
                let fragment = executor::fragment(document, &spread.fragment_name);
                (&spread.directives, &fragment.selection_set)
            }
        };
        for directive in directives.iter() {
            directive.arguments.iter().for_each(|argument| value(&argument.value, &mut used.1));
        }
        names(document, inner, used);
    }
}

fn value(value: &Value, used: &mut Vec<Name>) {
    match value {
        Value::Variable(name) => used.push(name.clone()),
        Value::List(list) => list.iter().for_each(|one| self::value(one, used)),
        Value::Object(members) => members.iter().for_each(|(_, one)| self::value(one, used)),
        _ => {}
    }
}
