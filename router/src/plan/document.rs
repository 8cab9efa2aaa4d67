//! Prints the client's operation as the planner wants it: fragments in place, introspection gone.
//!
//! `__typename` goes as well, wherever whoever gives an object can say what it is: what a fetch brings says so in any
//! case (see `typenames`), and the library takes it for one more field that a subgraph may not have. Only of objects
//! which a subgraph knows by an interface alone it takes another subgraph to tell; those are left to the library.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::{self, Display, Formatter, Write};

use apollo_compiler::Name;
use apollo_compiler::ast::{self, DirectiveList, OperationType};
use apollo_compiler::executable::{ExecutableDocument, Field, Operation, Selection, SelectionSet};

use super::{Aliases, Types};

/// One root field, printed with everything around it.
pub(super) struct RootField {
    /// Its response key.
    pub key: Name,
    pub name: Name,
    /// The conditions that leave it in, those around it included.
    pub when: Vec<Condition>,
    pub text: String,
    /// Alias, name and arguments.
    head: String,
    /// What is selected of it, without braces; empty for a leaf.
    body: String,
    /// The type that it returns.
    returns: Name,
}

impl RootField {
    /// Several fields with the same response key as one, so that it runs once.
    pub fn merged(fields: &[&Self]) -> String {
        let [first, others @ ..] = fields else { return String::new() };
        let alike = others.iter().all(|other| other.when == first.when);
        let mut text = String::new();
        let around = if alike { first.when.as_slice() } else { &[] };
        Condition::open(around, "", &mut text);
        text.push_str(&first.head);
        if !first.body.is_empty() {
            text.push('{');
            for field in fields {
                let when = if alike { &[] } else { field.when.as_slice() };
                Condition::open(when, &format!("on {}", field.returns), &mut text);
                text.push_str(&field.body);
                text.push_str(&"}".repeat(when.len()));
            }
            text.push('}');
        }
        text + &"}".repeat(around.len())
    }
}

/// A `@skip` or `@include` on a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    pub variable: Name,
    /// What the variable has to be.
    pub is: bool,
}

impl Condition {
    /// The conditions of a selection; those on literals are decided elsewhere.
    fn of(directives: &DirectiveList) -> impl Iterator<Item = Self> {
        [("skip", false), ("include", true)].into_iter().filter_map(|(name, is)| {
            let value = directives.get(name)?.specified_argument_by_name("if")?;
            value.as_variable().map(|variable| Self { variable: variable.clone(), is })
        })
    }

    /// Opens a fragment for each of some conditions.
    fn open(conditions: &[Self], on: &str, text: &mut String) {
        for condition in conditions {
            let _ = write!(text, "... {on}{condition}{{");
        }
    }
}

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, " @{}(if: ${})", if self.is { "include" } else { "skip" }, self.variable)
    }
}

/// What the root fields are inside.
#[derive(Default)]
struct Around {
    /// The openings of fragments.
    openings: Vec<String>,
    when: Vec<Condition>,
}

/// Prints each root field of an operation on its own; introspection fields are left out.
pub(super) fn root_fields(
    types: &Types,
    document: &ExecutableDocument,
    operation: &Operation,
    aliases: &Aliases,
) -> Vec<RootField> {
    let mut found = Vec::new();
    let printer = Printer { types, document, aliases };
    printer.roots(&operation.selection_set, &mut Around::default(), &mut found);
    found
}

/// Puts root fields together to an operation again.
pub(super) fn operation<'a>(operation: &Operation, fields: impl Iterator<Item = Cow<'a, str>>) -> String {
    let mut text = match operation.operation_type {
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
    text.push('{');
    for field in fields {
        text.push_str(&field);
        text.push(' ');
    }
    text.push('}');
    text
}

struct Printer<'a> {
    types: &'a Types,
    document: &'a ExecutableDocument,
    aliases: &'a Aliases,
}

impl<'a> Printer<'a> {
    fn roots(&self, set: &'a SelectionSet, around: &mut Around, found: &mut Vec<RootField>) {
        for selection in &set.selections {
            if never(selection.directives()) {
                continue;
            }
            let outside = around.when.len();
            around.when.extend(Condition::of(selection.directives()));
            match selection {
                Selection::Field(field) if field.name.starts_with("__") => {}
                Selection::Field(field) => {
                    found.push(self.root(field, around));
                }
                Selection::InlineFragment(_) | Selection::FragmentSpread(_) => {
                    if let Some(inner) = self.fragment(selection) {
                        let wrapped = conditions(selection.directives());
                        let opening = (!wrapped.is_empty()).then(|| format!("... on {}{wrapped}{{", set.ty));
                        let openings = around.openings.len();
                        around.openings.extend(opening);
                        self.roots(inner, around, found);
                        around.openings.truncate(openings);
                    }
                }
            }
            around.when.truncate(outside);
        }
    }

    fn root(&self, field: &Field, around: &Around) -> RootField {
        let mut text = around.openings.concat();
        self.field(field, &mut text);
        text.push_str(&"}".repeat(around.openings.len()));
        let (mut head, mut body) = (String::new(), String::new());
        self.head(field, &mut head);
        if !field.selection_set.selections.is_empty() {
            self.body(&field.selection_set, &mut body);
        }
        RootField {
            key: field.response_key().clone(),
            name: field.name.clone(),
            when: around.when.clone(),
            text,
            head,
            body,
            returns: field.selection_set.ty.clone(),
        }
    }

    fn fragment(&self, selection: &'a Selection) -> Option<&'a SelectionSet> {
        match selection {
            Selection::Field(_) => None,
            Selection::InlineFragment(fragment) => Some(&fragment.selection_set),
            Selection::FragmentSpread(spread) => {
                self.document.fragments.get(&spread.fragment_name).map(|fragment| &fragment.selection_set)
            }
        }
    }

    fn field(&self, field: &Field, text: &mut String) {
        self.head(field, text);
        text.push_str(&conditions(&field.directives));
        if !field.selection_set.selections.is_empty() {
            text.push('{');
            self.body(&field.selection_set, text);
            text.push('}');
        }
    }

    fn head(&self, field: &Field, text: &mut String) {
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
    }

    fn body(&self, set: &SelectionSet, text: &mut String) {
        let start = text.len();
        self.selections(set, &[], text);
        if text.len() == start {
            text.push_str("__typename");
        }
    }

    /// `around` are conditions that hold for all of it.
    fn selections(&self, set: &SelectionSet, around: &[Condition], text: &mut String) {
        for selection in &set.selections {
            if never(selection.directives()) {
                continue;
            }
            match selection {
                // What an object is, is answered without a subgraph, unless only another one can tell.
                Selection::Field(field) if field.name == "__typename" && !self.types.is_vague(&set.ty) => {}
                Selection::Field(field) => {
                    self.field(field, text);
                    text.push(' ');
                }
                Selection::InlineFragment(_) | Selection::FragmentSpread(_) => {
                    let Some(inner) = self.fragment(selection) else { continue };
                    let mut when: Vec<_> = around.to_vec();
                    when.extend(Condition::of(selection.directives()));
                    if inner.ty == set.ty && self.types.is_union(&set.ty) {
                        // The library knows no fragment on the union itself.
                        self.selections(inner, &when, text);
                        continue;
                    }
                    let mut body = String::new();
                    self.selections(inner, &[], &mut body);
                    if !body.is_empty() {
                        Condition::open(around, &format!("on {}", inner.ty), text);
                        let conditions = conditions(selection.directives());
                        let _ = write!(text, "... on {}{conditions}{{{body}}} ", inner.ty);
                        text.push_str(&"}".repeat(around.len()));
                    }
                }
            }
        }
    }
}

/// Left out whatever the variables are.
fn never(directives: &DirectiveList) -> bool {
    literal(directives, "skip") == Some(true) || literal(directives, "include") == Some(false)
}

fn literal(directives: &DirectiveList, name: &str) -> Option<bool> {
    directives.get(name)?.specified_argument_by_name("if")?.to_bool()
}

/// `@skip` and `@include` that depend on a variable; nothing else goes to subgraphs.
fn conditions(directives: &DirectiveList) -> String {
    Condition::of(directives).map(|condition| condition.to_string()).collect()
}

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
