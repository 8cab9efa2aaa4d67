//! What the arguments of a field say of its cost: how many entries are asked for, and what giving them costs.

use async_graphql::parser::types::Field;
use async_graphql_value::Value;

use super::super::{FieldCost, InputCost, Limit, LimitExceeded, first_step};
use super::{Measure, PAGE_MAX, Said};

/// What is said of how many entries are asked for, from the least on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Asked {
    /// Nothing: the default holds.
    Nothing,
    /// Null, which is as if no default were there.
    Null,
    /// So many.
    Entries(usize),
}

impl<'a> Measure<'a, '_> {
    /// How many entries are asked for: the most that an argument says. What a variable will say is not known when an
    /// operation is measured for everybody who will ask it: it counts for [`PAGE_MAX`], and whoever lets a request pass
    /// whose variable says something else measures again.
    pub(super) fn asked(
        &mut self,
        field: &'a Field,
        stated: &FieldCost,
    ) -> Result<Option<usize>, LimitExceeded> {
        let (mut asked, mut given) = (None, 0);
        for (path, default) in stated.slices() {
            let (argument, rest) = first_step(path);
            let value = field.get_argument(argument).map(|value| &value.node);
            let entries = match self.follow(value, rest) {
                Asked::Nothing => default,
                Asked::Null => None,
                Asked::Entries(entries) => Some(entries),
            };
            given += usize::from(entries.is_some());
            asked = asked.max(entries.map(|entries| entries.max(1)));
        }
        if stated.is_one_needed && given != 1 && self.limits.refuses(Limit::Cost, self.hits) {
            let names: Vec<&str> = stated.slices().map(|(path, _)| path).collect();
            let message = format!(
                "field `{}` must be given exactly one of the arguments {}, which say how much of it is asked for",
                field.name.node,
                names.join(", ")
            );
            return Err(LimitExceeded::new(Limit::Cost, "SLICING_ARGUMENT_NEEDED", message));
        }
        Ok(asked)
    }

    /// What giving the arguments of a field costs.
    pub(super) fn arguments(&self, field: &Field, stated: &FieldCost) -> usize {
        let given = field.arguments.iter();
        let weighed = given.filter_map(|(name, value)| {
            Some(self.weigh(stated.arguments.get(name.node.as_str())?, &value.node))
        });
        weighed.fold(0, usize::saturating_add)
    }

    fn said(&self, variable: &str) -> Said<'_> {
        let unknown = Said { values: &[], is_all: false };
        self.schema.map_or(unknown, |schema| (schema.variable)(variable))
    }

    /// Looks along a way of fields, with dots between them, for what is said at its end.
    fn follow(&self, value: Option<&Value>, path: &str) -> Asked {
        match value {
            None => Asked::Nothing,
            Some(Value::Null) => Asked::Null,
            Some(Value::Variable(name)) => {
                let Said { values, is_all } = self.said(name);
                let most = values.iter().map(|value| self.follow(Some(value), path)).max();
                let unknown = (!is_all).then_some(Asked::Entries(PAGE_MAX));
                let most = most.max(unknown).unwrap_or(Asked::Nothing);
                if most > Asked::Null { most.max(Asked::Entries(PAGE_MAX)) } else { most }
            }
            Some(Value::Object(fields)) if !path.is_empty() => {
                let (field, rest) = first_step(path);
                self.follow(fields.get(field), rest)
            }
            Some(Value::Number(number)) if path.is_empty() => {
                // What is below nothing is refused by whoever is asked.
                let is_negative = number.as_f64().is_some_and(|number| number < 0.0);
                let entries = if is_negative { 0 } else { number.as_u64().unwrap_or(u64::MAX) };
                Asked::Entries(usize::try_from(entries).unwrap_or(usize::MAX))
            }
            Some(_) => Asked::Entries(PAGE_MAX),
        }
    }

    /// What a value costs: each item of a list again, and of an object what is given.
    fn weigh(&self, input: &InputCost, value: &Value) -> usize {
        match value {
            Value::Null => 0,
            Value::List(items) => {
                items.iter().map(|item| self.weigh(input, item)).fold(0, usize::saturating_add)
            }
            Value::Object(fields) => {
                let inner = fields.iter().filter_map(|(name, value)| {
                    let inner = self.schema.and_then(|schema| (schema.input)(&input.ty, name))?;
                    Some(self.weigh(inner, value))
                });
                inner.fold(input.weight, usize::saturating_add)
            }
            Value::Variable(name) => {
                let Said { values, is_all } = self.said(name);
                let most = values.iter().map(|value| self.weigh(input, value)).max().unwrap_or_default();
                if is_all { most } else { most.max(input.most) }
            }
            _ => input.weight,
        }
    }
}
