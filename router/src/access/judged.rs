//! What one operation demands, whether it is met, and the operation with marks at what is refused.

use std::collections::{BTreeMap, BTreeSet};

use apollo_compiler::ast::Directive;
use apollo_compiler::executable::{ExecutableDocument, Field, Operation, Selection, SelectionSet};
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Node, name};

use super::{Demand, Rules};

/// Marks fields that are refused. Names that begin so are GraphQL's own: no client's document has this one.
const MARK: Name = name!("__refused");

/// Whether a field is refused.
pub(crate) fn is_refused(field: &Field) -> bool {
    field.directives.has(MARK.as_str())
}

/// Whether a field of an operation, or of some fragment beside it, is refused.
pub(crate) fn has_refused(document: &ExecutableDocument, operation: &Operation) -> bool {
    fn any(set: &SelectionSet) -> bool {
        set.selections.iter().any(|selection| match selection {
            Selection::Field(field) => is_refused(field) || any(&field.selection_set),
            Selection::InlineFragment(fragment) => any(&fragment.selection_set),
            Selection::FragmentSpread(_) => false,
        })
    }
    any(&operation.selection_set) || document.fragments.values().any(|fragment| any(&fragment.selection_set))
}

/// All that an operation demands, each once.
#[derive(Debug, Default)]
pub(crate) struct Demands(BTreeSet<Demand>);

/// Which demands of an operation are met.
#[derive(Clone, Debug, Default)]
pub(crate) struct Judged(BTreeMap<Demand, bool>);

impl Demands {
    /// Those of a document.
    pub fn of(document: &ExecutableDocument, rules: &Rules) -> Self {
        let mut found = Self::default();
        if !rules.is_empty() {
            document.operations.iter().for_each(|operation| found.read(&operation.selection_set, rules));
            document.fragments.values().for_each(|fragment| found.read(&fragment.selection_set, rules));
        }
        found
    }

    /// Whether there are none: then the operation is the same for everybody.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Asks of each whether it is met.
    pub fn judge(&self, is_met: &dyn Fn(&Demand) -> bool) -> Judged {
        Judged(self.0.iter().map(|demand| (demand.clone(), is_met(demand))).collect())
    }

    fn read(&mut self, set: &SelectionSet, rules: &Rules) {
        self.0.extend(rules.members(&set.ty).cloned());
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => {
                    self.0.extend(rules.field(&set.ty, &field.name).iter().cloned());
                    self.read(&field.selection_set, rules);
                }
                Selection::InlineFragment(fragment) => self.read(&fragment.selection_set, rules),
                Selection::FragmentSpread(_) => {}
            }
        }
    }
}

impl Judged {
    /// One letter for each demand, in their order.
    pub fn key(&self) -> String {
        self.0.values().map(|is_met| if *is_met { 'm' } else { 'r' }).collect()
    }

    /// Whether a demand was met.
    pub fn is_met(&self, demand: &Demand) -> bool {
        self.0.get(demand).copied().unwrap_or_default()
    }

    /// Whether what demands all of this is refused.
    pub fn refuses(&self, demands: &[Demand]) -> bool {
        demands.iter().any(|demand| !self.is_met(demand))
    }

    /// The document with a mark at each field that is refused, and nothing below it.
    pub fn mark(&self, rules: &Rules, document: Valid<ExecutableDocument>) -> Valid<ExecutableDocument> {
        if self.0.values().all(|is_met| *is_met) {
            return document;
        }
        let mut document = document.into_inner();
        for operation in document.operations.anonymous.iter_mut() {
            self.mark_in(rules, &mut operation.make_mut().selection_set);
        }
        for operation in document.operations.named.values_mut() {
            self.mark_in(rules, &mut operation.make_mut().selection_set);
        }
        for fragment in document.fragments.values_mut() {
            self.mark_in(rules, &mut fragment.make_mut().selection_set);
        }
        // It is not validated again: the mark is known to those who read it.
        Valid::assume_valid(document)
    }

    fn mark_in(&self, rules: &Rules, set: &mut SelectionSet) {
        let ty = set.ty.clone();
        for selection in &mut set.selections {
            match selection {
                Selection::Field(field) if self.refuses(rules.field(&ty, &field.name)) => {
                    let field = field.make_mut();
                    field.directives.push(Node::new(Directive::new(MARK)));
                    field.selection_set.selections.clear();
                }
                Selection::Field(field) if field.selection_set.is_empty() => {}
                Selection::Field(field) => self.mark_in(rules, &mut field.make_mut().selection_set),
                Selection::InlineFragment(fragment) => {
                    self.mark_in(rules, &mut fragment.make_mut().selection_set);
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }
}
