//! The root fields of a mutation: which run together, in which order, and when. Each runs once, however often it
//! stands in the operation (GraphQL, sections 6.2.2 and 6.3.2).

use std::borrow::Cow;

use super::document::{Condition, RootField};
use super::{Plan, PlanError};

/// More ways through the conditions of one field than this are not planned.
const BRANCHES_MAX: usize = 32;

/// Root fields that run together.
pub(super) struct Run<'a> {
    /// By response key, all that is to become one field.
    fields: Vec<Vec<&'a RootField>>,
    /// They run where all of these hold …
    when: &'a [Condition],
    /// … and not all of any of these.
    unless: Vec<&'a [Condition]>,
}

/// Puts the root fields of a mutation in order. Neighbours of the same subgraph go together, since that subgraph
/// keeps their order itself; `owner` is the subgraph that runs a field.
pub(super) fn runs<'a>(
    fields: &'a [RootField],
    owner: impl Fn(&'a RootField) -> Option<&'a str>,
) -> Vec<Run<'a>> {
    let mut runs: Vec<Run<'a>> = Vec::new();
    let mut last = None;
    for (position, field) in fields.iter().enumerate() {
        let same: Vec<_> = fields.iter().filter(|other| other.key == field.key).collect();
        let first = same.first().map_or(field, |first| first);
        let before = fields[..position].iter().filter(|other| other.key == field.key);
        if !first.when.is_empty() && same.iter().any(|other| other.when != first.when) {
            // Where it is met first depends on the variables: it runs at whichever place that is, with all its parts.
            let unless = before.map(|other| other.when.as_slice()).collect();
            runs.push(Run { fields: vec![same], when: &field.when, unless });
            last = None;
            continue;
        }
        if before.count() > 0 {
            continue;
        }
        match runs.last_mut() {
            Some(run) if last.is_some() && last == owner(field) => run.fields.push(same),
            _ => runs.push(Run { fields: vec![same], when: &[], unless: Vec::new() }),
        }
        last = owner(field);
    }
    runs
}

impl<'a> Run<'a> {
    /// The fields, printed.
    pub fn texts(&self) -> impl Iterator<Item = Cow<'a, str>> {
        self.fields.iter().map(|same| match same.as_slice() {
            [one] => one.text.as_str().into(),
            several => RootField::merged(several).into(),
        })
    }

    /// The plan of a run, once for each way through its conditions. `make` plans its fields.
    pub fn plan(&self, mut make: impl FnMut() -> Result<Plan, PlanError>) -> Result<Plan, PlanError> {
        let mut branches = 0;
        let mut make = || {
            branches += 1;
            if branches > BRANCHES_MAX { Err(PlanError::Deadline) } else { make() }
        };
        conditioned(self.when, &self.unless, &mut make)
    }
}

/// What is made, where all of some conditions hold and not all of any of others.
fn conditioned(
    when: &[Condition],
    unless: &[&[Condition]],
    make: &mut dyn FnMut() -> Result<Plan, PlanError>,
) -> Result<Plan, PlanError> {
    match (when.split_first(), unless.split_first()) {
        (Some((first, rest)), _) => Ok(first.branch(Some(conditioned(rest, unless, make)?), None)),
        (None, Some((all, others))) => not_all(all, others, make),
        (None, None) => make(),
    }
}

fn not_all(
    all: &[Condition],
    unless: &[&[Condition]],
    make: &mut dyn FnMut() -> Result<Plan, PlanError>,
) -> Result<Plan, PlanError> {
    let Some((first, rest)) = all.split_first() else { return Ok(Plan::Nothing) };
    let fails = conditioned(&[], unless, make)?;
    Ok(first.branch(Some(not_all(rest, unless, make)?), Some(fails)))
}

impl Condition {
    fn branch(&self, holds: Option<Plan>, fails: Option<Plan>) -> Plan {
        let (then, otherwise) = if self.is { (holds, fails) } else { (fails, holds) };
        Plan::Condition {
            variable: self.variable.to_string(),
            then: then.map(Box::new),
            otherwise: otherwise.map(Box::new),
        }
    }
}
