//! What fields cost, as subgraphs state it by `@cost` and `@listSize`
//! (<https://ibm.github.io/graphql-specs/cost-spec.html>,
//! <https://www.apollographql.com/docs/graphos/routing/security/demand-control>).

use std::collections::{HashMap, HashSet};

use apollo_compiler::ast::{
    Definition, Directive, DirectiveList, Document, FieldDefinition, InputValueDefinition, Value,
};
use apollo_compiler::executable::{ExecutableDocument, Field, Selection, SelectionSet};
use apollo_compiler::{Name, Node};
use graphql::{FieldCost, InputCost, PAGE_MAX, Slicing, first_step};

/// What is stated.
#[derive(Debug, Default)]
pub(crate) struct Costs {
    /// By type and field.
    fields: HashMap<Name, HashMap<Name, FieldCost>>,
    /// By input object and field, as far as they cost something.
    inputs: HashMap<Name, HashMap<Name, InputCost>>,
}

/// The variables of a document that its cost depends on.
#[derive(Debug, Default)]
pub(crate) struct CostVariables {
    /// Those that say how many entries are asked for, or cost something themselves.
    pub counted: HashSet<Name>,
    /// Those without which another number of entries is asked for, or none though one is needed.
    pub needed: HashSet<Name>,
}

/// An object or an interface: its name, its fields, and the interfaces that it implements.
type Composite<'a> = (&'a Name, &'a [Node<FieldDefinition>], &'a [Name]);

/// What is read of a supergraph before all of it is put together.
#[derive(Default)]
struct Stated<'a> {
    /// Of objects, scalars and enums.
    weights: HashMap<&'a Name, usize>,
    /// What is in input objects.
    inputs: HashMap<&'a Name, &'a [Node<InputValueDefinition>]>,
    /// Objects and interfaces, with the interfaces that they implement.
    types: Vec<Composite<'a>>,
}

impl Costs {
    /// What a supergraph states.
    pub(super) fn read(supergraph: &Document) -> Self {
        let stated = Stated::read(supergraph);
        let mut costs = Self::default();
        for (name, fields, _) in &stated.types {
            for field in *fields {
                let cost = stated.field(field);
                if cost != FieldCost::default() {
                    costs.fields.entry((*name).clone()).or_default().insert(field.name.clone(), cost);
                }
            }
        }
        for (name, fields) in &stated.inputs {
            let costly = fields.iter().filter_map(|field| Some((field.name.clone(), stated.input(field)?)));
            costs.inputs.insert((*name).clone(), costly.collect());
        }
        costs.mark_sized(&stated);
        costs.lift(&stated);
        costs
    }

    /// What a field states.
    pub fn of(&self, ty: &str, field: &str) -> Option<&FieldCost> {
        self.fields.get(ty)?.get(field)
    }

    /// What a field of an input object states.
    pub fn of_input(&self, ty: &str, field: &str) -> Option<&InputCost> {
        self.inputs.get(ty)?.get(field)
    }

    /// The variables that the cost of a document depends on.
    pub fn variables(&self, document: &ExecutableDocument) -> CostVariables {
        let mut found = CostVariables::default();
        for operation in document.operations.iter() {
            self.look(&operation.selection_set, &mut found);
        }
        document.fragments.values().for_each(|fragment| self.look(&fragment.selection_set, &mut found));
        found
    }

    fn look(&self, set: &SelectionSet, found: &mut CostVariables) {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => {
                    look_at(self.of(&set.ty, &field.name).unwrap_or(FieldCost::nothing()), field, found);
                    self.look(&field.selection_set, found);
                }
                Selection::InlineFragment(fragment) => self.look(&fragment.selection_set, found),
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    /// Marks the fields whose lists are as long as the field says that leads to them (`sizedFields`).
    fn mark_sized(&mut self, stated: &Stated<'_>) {
        let mut sized: HashSet<(Name, Name)> = HashSet::new();
        for (name, fields, _) in &stated.types {
            for field in *fields {
                let Some(cost) = self.of(name, &field.name) else { continue };
                let returned = field.ty.inner_named_type();
                // Whoever knows an interface may be asked for it by its objects.
                let objects = stated.types.iter().filter(|(_, _, interfaces)| interfaces.contains(returned));
                for ty in objects.map(|(name, ..)| *name).chain([returned]) {
                    let names = cost.sized.iter().filter_map(|name| Name::new(name).ok());
                    sized.extend(names.map(|name| (ty.clone(), name)));
                }
            }
        }
        for (ty, field) in sized {
            self.fields.entry(ty).or_default().entry(field).or_default().is_sized = true;
        }
    }

    /// A field of an interface weighs as much as the heaviest of its objects' fields, whichever it will be.
    fn lift(&mut self, stated: &Stated<'_>) {
        for (name, _, interfaces) in &stated.types {
            let weights: Vec<(Name, usize)> = self
                .fields
                .get(*name)
                .into_iter()
                .flatten()
                .filter_map(|(field, cost)| Some((field.clone(), cost.weight?)))
                .collect();
            for interface in *interfaces {
                let has = |field: &Name| {
                    stated.types.iter().any(|(name, fields, _)| {
                        *name == interface && fields.iter().any(|known| known.name == *field)
                    })
                };
                for (field, weight) in weights.iter().filter(|(field, _)| has(field)) {
                    let fields = self.fields.entry(interface.clone()).or_default();
                    let cost = fields.entry(field.clone()).or_default();
                    cost.weight = cost.weight.max(Some(*weight));
                }
            }
        }
    }
}

impl<'a> Stated<'a> {
    fn read(supergraph: &'a Document) -> Self {
        let mut stated = Self::default();
        for definition in &supergraph.definitions {
            let Some(name) = definition.name() else { continue };
            match definition {
                Definition::ObjectTypeDefinition(ty) => {
                    stated.types.push((name, &ty.fields, &ty.implements_interfaces));
                }
                Definition::InterfaceTypeDefinition(ty) => {
                    stated.types.push((name, &ty.fields, &ty.implements_interfaces));
                }
                Definition::InputObjectTypeDefinition(ty) => {
                    stated.inputs.insert(name, &ty.fields);
                }
                _ => {}
            }
            stated.weights.extend(weight(definition.directives()).map(|weight| (name, weight)));
        }
        stated
    }

    fn field(&self, field: &'a FieldDefinition) -> FieldCost {
        let list_size = field.directives.get("listSize");
        let named = |argument: &str| list_size.map(|used| names(used, argument)).unwrap_or_default();
        let stated = named("slicingArguments");
        let usual = ["first".to_owned(), "last".to_owned()];
        let slicing = if stated.is_empty() { &usual[..] } else { &stated };
        let slicing =
            slicing.iter().map(|path| Slicing { path: path.clone(), default: self.default_at(field, path) });
        let mut slicing: Vec<Slicing> = slicing.collect();
        if stated.is_empty() && slicing.iter().all(|slicing| slicing.default.is_none()) {
            // As of any field.
            slicing.clear();
        }
        let arguments = field.arguments.iter();
        let arguments =
            arguments.filter_map(|argument| Some((argument.name.to_string(), self.input(argument)?)));
        let flag = |name: &str| list_size.and_then(|used| used.specified_argument_by_name(name)?.to_bool());
        FieldCost {
            weight: weight(&field.directives)
                .or_else(|| self.weights.get(field.ty.inner_named_type()).copied()),
            assumed: list_size.and_then(|used| count(used.specified_argument_by_name("assumedSize")?)),
            is_one_needed: !stated.is_empty() && flag("requireOneSlicingArgument") != Some(false),
            slicing,
            sized: named("sizedFields"),
            is_sized: false,
            arguments: arguments.collect(),
        }
    }

    /// What stands at the end of a way when it is not given: at an argument, or at a field of an input object.
    fn default_at(&self, field: &'a FieldDefinition, path: &str) -> Option<usize> {
        let (argument, rest) = first_step(path);
        let argument = field.arguments.iter().find(|known| known.name == *argument)?;
        let (mut at, mut value) = (argument, argument.default_value.as_deref());
        for name in rest.split('.').filter(|name| !name.is_empty()) {
            let fields = self.inputs.get(at.ty.inner_named_type())?;
            at = fields.iter().find(|known| known.name == *name)?;
            let given = value.and_then(|value| value.as_object());
            let given = given.and_then(|given| given.iter().find(|(known, _)| known == name));
            value = given.map(|(_, value)| &**value).or(at.default_value.as_deref());
        }
        count(value?)
    }

    /// What an argument or a field of an input object costs, if it costs something.
    fn input(&self, input: &'a InputValueDefinition) -> Option<InputCost> {
        let ty = input.ty.inner_named_type();
        let weight = self.weight_of(input);
        let most = weight.saturating_add(self.within(ty, &mut HashSet::new()));
        (most > 0).then(|| InputCost { weight, most, ty: ty.to_string() })
    }

    fn weight_of(&self, input: &InputValueDefinition) -> usize {
        let of_type = self.weights.get(input.ty.inner_named_type()).copied();
        weight(&input.directives).or(of_type).unwrap_or_default()
    }

    /// What the fields of an input object weigh, each given once.
    fn within(&self, name: &'a Name, seen: &mut HashSet<&'a Name>) -> usize {
        let Some(fields) = self.inputs.get(name).filter(|_| seen.insert(name)) else { return 0 };
        let weigh = |field: &'a Node<InputValueDefinition>| {
            self.weight_of(field).saturating_add(self.within(field.ty.inner_named_type(), seen))
        };
        fields.iter().map(weigh).fold(0, usize::saturating_add)
    }
}

/// Looks for variables in the arguments of a field that its cost depends on.
fn look_at(cost: &FieldCost, field: &Field, found: &mut CostVariables) {
    for argument in &field.arguments {
        let mut names = Vec::new();
        variables(&argument.value, &mut names);
        let slices = |(path, _): &(&str, _)| first_step(path).0 == argument.name.as_str();
        let mut slices = cost.slices().filter(slices).peekable();
        if slices.peek().is_some() || cost.arguments.contains_key(argument.name.as_str()) {
            found.counted.extend(names.iter().map(|name| (*name).clone()));
        }
        if slices.any(|(_, default)| cost.is_one_needed || default > Some(PAGE_MAX)) {
            found.needed.extend(names.into_iter().cloned());
        }
    }
}

/// The variables in a value.
fn variables<'v>(value: &'v Value, found: &mut Vec<&'v Name>) {
    match value {
        Value::Variable(name) => found.push(name),
        Value::List(items) => items.iter().for_each(|item| variables(item, found)),
        Value::Object(fields) => fields.iter().for_each(|(_, value)| variables(value, found)),
        _ => {}
    }
}

/// What `@cost` says. Less than nothing is nothing: what is refunded would let more pass elsewhere.
fn weight(directives: &DirectiveList) -> Option<usize> {
    let weight = directives.get("cost")?.specified_argument_by_name("weight")?;
    count(weight).or_else(|| {
        // IBM's specification has it as a text.
        let number = weight.to_f64().or_else(|| weight.as_str()?.trim().parse().ok())?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "such a cast saturates")]
        Some(number.ceil().max(0.0) as usize)
    })
}

fn count(value: &Value) -> Option<usize> {
    value.to_i32().map(|number| usize::try_from(number).unwrap_or_default())
}

fn names(directive: &Directive, argument: &str) -> Vec<String> {
    let names = directive.specified_argument_by_name(argument).and_then(|names| names.as_list());
    names.into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned)).collect()
}
