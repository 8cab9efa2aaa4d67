//! The shape of a parsed document: depth, aliases, directives and selections as if fragments were expanded.

mod arguments;

use std::collections::HashMap;

use async_graphql::parser::types::{
    ExecutableDocument, Field, FragmentDefinition, OperationDefinition, OperationType, Selection,
    SelectionSet,
};
use async_graphql::{Name, Positioned};
use async_graphql_value::Value;

use super::scan::nesting_exceeded;
use super::{FieldCost, Hits, InputCost, Limit, LimitExceeded, Limits};

/// The introspection fields whose lists refer back to types; nesting them multiplies the answer.
const INTROSPECTION_LISTS: [&str; 4] = ["fields", "interfaces", "possibleTypes", "inputFields"];
/// How often those may occur within each other. The standard tools need one.
const INTROSPECTION_LISTS_MAX: usize = 2;

/// What a check learns about a document besides that it is small enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DocumentFacts {
    /// Whether an operation in it asks for `__schema` or `__type`.
    pub introspects: bool,
    /// What its costliest operation costs, in objects that may have to be found.
    pub cost: usize,
}

/// What a schema says of its fields, as far as it tells how much a document may have to find.
#[derive(Clone, Copy)]
pub struct Schema<'s> {
    /// The type of an operation's root.
    pub root: &'s dyn Fn(OperationType) -> Option<&'s str>,
    /// A field of a type, both by name; `None` when there is none.
    pub field: &'s dyn Fn(&str, &str) -> Option<FieldShape<'s>>,
    /// A field of an input object, both by name; `None` when nothing is said of what it costs.
    pub input: &'s dyn Fn(&str, &str) -> Option<&'s InputCost>,
    /// What a variable says.
    pub variable: &'s dyn Fn(&str) -> Said<'s>,
}

/// What a variable says.
#[derive(Clone, Copy, Debug)]
pub struct Said<'s> {
    /// What it may say: its value, or its defaults in the operations of the document. None where it says nothing.
    pub values: &'s [Value],
    /// Whether that is all. Otherwise it may say anything, as before anybody asks.
    pub is_all: bool,
}

/// What a schema says of one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldShape<'s> {
    /// The type of what it answers, without lists.
    pub ty: &'s str,
    /// How many lists within each other it answers; 0 when it answers one thing.
    pub lists: u32,
    /// What it costs.
    pub cost: &'s FieldCost,
}

/// The expanded size of a selection set.
#[derive(Clone, Copy, Debug, Default)]
struct Size<'a> {
    /// Fields within fields.
    depth: usize,
    /// Nested selection sets and spreads: how far a recursive reader descends.
    levels: usize,
    /// The most introspection lists within each other.
    lists: usize,
    aliases: usize,
    directives: usize,
    selections: usize,
    /// Fields at this level.
    fields: usize,
    /// Objects that may have to be found: each as often as the pages that it is in have entries.
    cost: usize,
    /// The same of lists whose length the field that leads to them may say: by themselves, and of one entry of each.
    unsized_cost: usize,
    entry_cost: usize,
    /// The field of this level that costs the most, and what it costs.
    costliest: (&'a str, usize),
    /// Whether entries of a page are asked for at this level.
    is_page: bool,
    introspects: bool,
}

impl Size<'_> {
    /// What it costs where nobody says how long its lists are.
    fn whole_cost(&self) -> usize {
        self.cost.saturating_add(self.unsized_cost)
    }

    /// Adds what stands beside it.
    fn beside(&mut self, other: Self) {
        self.depth = self.depth.max(other.depth);
        self.levels = self.levels.max(other.levels);
        self.lists = self.lists.max(other.lists);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
        self.selections = self.selections.saturating_add(other.selections);
        self.fields = self.fields.saturating_add(other.fields);
        self.cost = self.cost.saturating_add(other.cost);
        self.unsized_cost = self.unsized_cost.saturating_add(other.unsized_cost);
        self.entry_cost = self.entry_cost.saturating_add(other.entry_cost);
        if other.costliest.1 > self.costliest.1 {
            self.costliest = other.costliest;
        }
        self.is_page |= other.is_page;
        self.introspects |= other.introspects;
    }
}

/// Refuses the document if any of its operations is too large.
pub(super) fn check(
    limits: &Limits,
    document: &ExecutableDocument,
    schema: Option<Schema<'_>>,
    hits: &mut Hits,
) -> Result<DocumentFacts, LimitExceeded> {
    let fragments = &document.fragments;
    let mut measure = Measure { limits, schema, fragments, known: HashMap::new(), hits };
    let mut facts = DocumentFacts::default();
    for (_, operation) in document.operations.iter() {
        let size = measure.operation(&operation.node)?;
        facts.introspects |= size.introspects;
        facts.cost = facts.cost.max(size.whole_cost());
    }
    // Fragments that no operation uses are walked by validators all the same. Not from the top: those that one
    // uses below `__schema` may be deeper than a query.
    for name in document.fragments.keys() {
        measure.fragment(name, 1)?;
    }
    Ok(facts)
}

struct Measure<'a, 's> {
    limits: &'a Limits,
    schema: Option<Schema<'s>>,
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    /// `None` while a fragment is being measured: meeting it then is a cycle, which counts as nothing.
    known: HashMap<&'a str, Option<Size<'a>>>,
    hits: &'a mut Hits,
}

impl<'a> Measure<'a, '_> {
    fn operation(&mut self, operation: &'a OperationDefinition) -> Result<Size<'a>, LimitExceeded> {
        let limits = self.limits;
        let root = self.schema.and_then(|schema| (schema.root)(operation.ty));
        let mut size = self.selection_set(&operation.selection_set.node, root, 0)?;
        let on_variables: usize =
            operation.variable_definitions.iter().map(|variable| variable.node.directives.len()).sum();
        size.directives = size.directives.saturating_add(operation.directives.len() + on_variables);
        self.refuse(&size, 0)?;
        let max = limits.root_fields_max;
        if size.fields > max && limits.refuses(Limit::RootFields, self.hits) {
            return Err(LimitExceeded::of(Limit::RootFields, "TOO_MANY_ROOT_FIELDS", "root fields", max));
        }
        Ok(size)
    }

    /// `on` is the type that the selections are about, as far as it is known.
    fn selection_set(
        &mut self,
        set: &'a SelectionSet,
        on: Option<&str>,
        level: usize,
    ) -> Result<Size<'a>, LimitExceeded> {
        let mut size = Size::default();
        if set.items.is_empty() {
            return Ok(size);
        }
        self.refuse(&size, level)?;
        for selection in &set.items {
            let mut one = match &selection.node {
                Selection::Field(field) => self.field(&field.node, on, level)?,
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let on = condition.map(|condition| condition.node.on.node.as_str()).or(on);
                    self.selection_set(&fragment.node.selection_set.node, on, level + 1)?
                }
                Selection::FragmentSpread(spread) => {
                    self.fragment(spread.node.fragment_name.node.as_str(), level + 1)?
                }
            };
            one.selections = one.selections.saturating_add(1);
            one.directives = one.directives.saturating_add(selection.node.directives().len());
            size.beside(one);
            self.refuse(&size, level)?;
        }
        size.levels += 1;
        Ok(size)
    }

    fn field(&mut self, field: &'a Field, on: Option<&str>, level: usize) -> Result<Size<'a>, LimitExceeded> {
        let name = field.name.node.as_str();
        let shape = self.schema.zip(on).and_then(|(schema, on)| (schema.field)(on, name));
        let inner = self.selection_set(&field.selection_set.node, shape.map(|shape| shape.ty), level + 1)?;
        let is_page = name == "nodes" || name == "edges";
        let mut size =
            Size { fields: 1, depth: inner.depth + 1, is_page, ..self.cost(field, shape, &inner)? };
        size.aliases = size.aliases.saturating_add(usize::from(field.alias.is_some()));
        size.lists += usize::from(INTROSPECTION_LISTS.contains(&name));
        if name == "__schema" || name == "__type" {
            let max = self.limits.introspection_depth_max;
            let is_too_deep = size.depth > max || size.lists > INTROSPECTION_LISTS_MAX;
            if is_too_deep && self.limits.refuses(Limit::IntrospectionDepth, self.hits) {
                return Err(LimitExceeded::new(
                    Limit::IntrospectionDepth,
                    "INTROSPECTION_TOO_DEEP",
                    format!(
                        "the introspection is more than {max} fields deep, or more than \
                         {INTROSPECTION_LISTS_MAX} lists of types deep"
                    ),
                ));
            }
            size = Size { depth: 1, introspects: true, cost: 0, unsized_cost: 0, entry_cost: 0, ..size };
        }
        Ok(size)
    }

    /// What a field costs, with all that is asked of each of its entries.
    fn cost(
        &mut self,
        field: &'a Field,
        shape: Option<FieldShape<'_>>,
        inner: &Size<'a>,
    ) -> Result<Size<'a>, LimitExceeded> {
        let stated = shape.map_or(FieldCost::nothing(), |shape| shape.cost);
        let is_leaf = field.selection_set.node.items.is_empty();
        let weight = stated.weight.unwrap_or(usize::from(!is_leaf));
        let arguments = self.arguments(field, stated);
        let asked = self.asked(field, stated)?;
        let name = field.name.node.as_str();
        let is_page = name == "nodes" || name == "edges";
        let lists = shape.map_or(0, |shape| shape.lists);
        // What is asked of a page beside its entries, such as how many there are, is found once.
        let (below, once) = match (stated.sized.is_empty(), inner.is_page) {
            (true, true) => (inner.unsized_cost, inner.cost),
            (true, false) => (inner.whole_cost(), 0),
            (false, _) => {
                let entries = asked.or(stated.assumed).unwrap_or(self.limits.list_size_assumed);
                (inner.cost.saturating_add(entries.saturating_mul(inner.entry_cost)), 0)
            }
        };
        let once = once.saturating_add(arguments);
        // What is said of a list is said of the outer one.
        let within = self.limits.list_size_assumed.saturating_pow(lists.saturating_sub(1));
        let entry = weight.saturating_add(below).saturating_mul(within);
        let entries = match (asked, stated.assumed, lists) {
            // It is about what is below.
            _ if !stated.sized.is_empty() => 1,
            (Some(asked), ..) if !is_leaf || lists > 0 => asked,
            (_, Some(assumed), _) => assumed.max(1),
            _ if inner.is_page => PAGE_DEFAULT,
            // The entries of a page were counted where the page is.
            (.., 1..) if !is_page => self.limits.list_size_assumed,
            _ => 1,
        };
        let all = entries.saturating_mul(entry);
        let costliest = (name, all.saturating_add(once));
        Ok(if stated.is_sized || is_page {
            Size { cost: once, unsized_cost: all, entry_cost: entry, costliest, ..*inner }
        } else {
            Size { cost: all.saturating_add(once), unsized_cost: 0, entry_cost: 0, costliest, ..*inner }
        })
    }

    fn fragment(&mut self, name: &str, level: usize) -> Result<Size<'a>, LimitExceeded> {
        let Some((name, fragment)) = self.fragments.get_key_value(name) else {
            return Ok(Size::default());
        };
        if let Some(known) = self.known.get(name.as_str()) {
            let size = known.unwrap_or_default();
            self.refuse(&size, level)?;
            return Ok(size);
        }
        self.known.insert(name.as_str(), None);
        let on = fragment.node.type_condition.node.on.node.as_str();
        let mut size = self.selection_set(&fragment.node.selection_set.node, Some(on), level + 1)?;
        size.directives = size.directives.saturating_add(fragment.node.directives.len());
        size.levels += 1;
        self.refuse(&size, level)?;
        self.known.insert(name.as_str(), Some(size));
        Ok(size)
    }

    /// Refuses what is too large already. Called at each step, so that the walk itself stays shallow.
    fn refuse(&mut self, size: &Size<'_>, level: usize) -> Result<(), LimitExceeded> {
        let limits = self.limits;
        if let Some(max) = nesting_exceeded(limits, level + size.levels, self.hits) {
            let message = format!("the document nests fragments and selections more than {max} deep");
            return Err(LimitExceeded::new(Limit::Nesting, "NESTED_TOO_DEEP", message));
        }
        // Below `__schema` more is allowed; which of the two applies is known further up only.
        let is_too_deep = size.depth > limits.depth_max.max(limits.introspection_depth_max)
            || level == 0 && size.depth > limits.depth_max;
        if is_too_deep && limits.refuses(Limit::Depth, self.hits) {
            let message = format!("the document nests fields more than {} deep", limits.depth_max);
            return Err(LimitExceeded::new(Limit::Depth, "QUERY_TOO_DEEP", message));
        }
        for (limit, code, what, count, max) in [
            (Limit::Aliases, "TOO_MANY_ALIASES", "aliases", size.aliases, limits.aliases_max),
            (Limit::Directives, "TOO_MANY_DIRECTIVES", "directives", size.directives, limits.directives_max),
            (
                Limit::Selections,
                "TOO_MANY_SELECTIONS",
                "fields and spreads",
                size.selections,
                limits.selections_max,
            ),
        ] {
            if count > max && limits.refuses(limit, self.hits) {
                return Err(LimitExceeded::of(limit, code, &format!("{what}, fragments expanded"), max));
            }
        }
        if size.whole_cost() > limits.cost_max && limits.refuses(Limit::Cost, self.hits) {
            return Err(LimitExceeded::new(
                Limit::Cost,
                "QUERY_TOO_COSTLY",
                too_costly(size, limits.cost_max),
            ));
        }
        Ok(())
    }
}

/// What is wrong, by how much, and where to begin: the walk ended where it became too much.
fn too_costly(size: &Size<'_>, max: usize) -> String {
    let (cost, (field, most)) = (size.whole_cost(), size.costliest);
    format!(
        "the document costs {cost} objects or more, each page at its full length, fragments expanded; {max} are \
         allowed. Most of them, {most}, are for `{field}`: ask for shorter pages there, or for less within them"
    )
}

/// How many entries a page has when the document does not say.
const PAGE_DEFAULT: usize = 20;
/// How many entries a variable is taken to ask for, unless it asks for more.
pub const PAGE_MAX: usize = 100;

#[cfg(test)]
mod cost_tests;
#[cfg(test)]
mod tests;
