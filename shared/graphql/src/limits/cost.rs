//! What a schema says of what its fields cost.

use std::collections::BTreeMap;

/// What a schema says of what one field costs (`@cost`, `@listSize`:
/// <https://ibm.github.io/graphql-specs/cost-spec.html>).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldCost {
    /// What each entry costs, without what is asked of it. `None` is 1 for objects and 0 for others.
    pub weight: Option<usize>,
    /// How many entries the list usually has (`assumedSize`).
    pub assumed: Option<usize>,
    /// The arguments that say how many entries are asked for (`slicingArguments`). When there are none, `first` and
    /// `last` do.
    pub slicing: Vec<Slicing>,
    /// Exactly one of them must be given (`requireOneSlicingArgument`).
    pub is_one_needed: bool,
    /// The fields below it whose lists are meant, in place of its own (`sizedFields`).
    pub sized: Vec<String>,
    /// Some field that leads to it says how long its list is.
    pub is_sized: bool,
    /// What giving an argument costs, where it costs something.
    pub arguments: BTreeMap<String, InputCost>,
}

/// What an argument costs, or a field of an input object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputCost {
    /// What each value costs, without what is in it: each item of a list is one.
    pub weight: usize,
    /// What it costs with all that may be in it, each once: of a variable, before it is known.
    pub most: usize,
    /// Its type, without lists.
    pub ty: String,
}

/// An argument that says how many entries are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slicing {
    /// Its name, or the way to a field of an input object: `page.first`.
    pub path: String,
    /// How many, when it is not given.
    pub default: Option<usize>,
}

static NOTHING: FieldCost = FieldCost {
    weight: None,
    assumed: None,
    slicing: Vec::new(),
    is_one_needed: false,
    sized: Vec::new(),
    is_sized: false,
    arguments: BTreeMap::new(),
};

impl FieldCost {
    /// Of a field of which nothing is said.
    #[must_use]
    pub fn nothing() -> &'static Self {
        &NOTHING
    }

    /// The ways to what says how many entries are asked for, each with how many these are when it is not given.
    pub fn slices(&self) -> impl Iterator<Item = (&str, Option<usize>)> {
        let usual = self.slicing.is_empty().then_some([("first", None), ("last", None)]);
        let stated = self.slicing.iter().map(|slicing| (slicing.path.as_str(), slicing.default));
        stated.chain(usual.into_iter().flatten())
    }
}

/// The first step of a way of fields with dots between them, and what is left of it: nothing at the end.
#[must_use]
pub fn first_step(path: &str) -> (&str, &str) {
    path.split_once('.').unwrap_or((path, ""))
}
