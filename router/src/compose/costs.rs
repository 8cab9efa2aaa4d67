//! What fields cost, as subgraphs state it by `@cost` and `@listSize`
//! (<https://ibm.github.io/graphql-specs/cost-spec.html>,
//! <https://www.apollographql.com/docs/graphos/routing/security/demand-control>).

use std::collections::{HashMap, HashSet};

use apollo_compiler::ast::{Definition, Directive, DirectiveList, Document, FieldDefinition, Value};
use apollo_compiler::executable::{ExecutableDocument, Field, Selection, SelectionSet};
use apollo_compiler::{Name, Node};
use graphql::{FieldCost, Slicing};

/// What is stated, by type and field.
#[derive(Debug, Default)]
pub(crate) struct Costs(HashMap<Name, HashMap<Name, FieldCost>>);

/// An object or an interface: its name, its fields, and the interfaces that it implements.
type Composite<'a> = (&'a Name, &'a [Node<FieldDefinition>], &'a [Name]);

/// What is read of a supergraph before all of it is put together.
#[derive(Default)]
struct Stated<'a> {
    /// Of objects, scalars and enums.
    weights: HashMap<&'a Name, usize>,
    /// Of input objects: the weights of all that is in them, each once.
    inputs: HashMap<&'a Name, Vec<(Option<usize>, &'a Name)>>,
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
                    costs.0.entry((*name).clone()).or_default().insert(field.name.clone(), cost);
                }
            }
        }
        costs.mark_sized(&stated);
        costs.lift(&stated);
        costs
    }

    /// What a field states.
    pub fn of(&self, ty: &str, field: &str) -> Option<&FieldCost> {
        self.0.get(ty)?.get(field)
    }

    /// The variables that say how many entries are asked for.
    pub fn slicing_variables(&self, document: &ExecutableDocument) -> Vec<Name> {
        let mut found = HashSet::new();
        for operation in document.operations.iter() {
            self.look(&operation.selection_set, &mut found);
        }
        document.fragments.values().for_each(|fragment| self.look(&fragment.selection_set, &mut found));
        found.into_iter().collect()
    }

    fn look(&self, set: &SelectionSet, found: &mut HashSet<Name>) {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => {
                    found.extend(self.slices(&set.ty, field).cloned());
                    self.look(&field.selection_set, found);
                }
                Selection::InlineFragment(fragment) => self.look(&fragment.selection_set, found),
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn slices<'a>(&'a self, ty: &Name, field: &'a Field) -> impl Iterator<Item = &'a Name> {
        let cost = self.of(ty, &field.name).unwrap_or(FieldCost::nothing());
        let slicing = field.arguments.iter().filter(|argument| cost.is_sliced_by(&argument.name));
        slicing.filter_map(|argument| argument.value.as_variable())
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
            self.0.entry(ty).or_default().entry(field).or_default().is_sized = true;
        }
    }

    /// A field of an interface weighs as much as the heaviest of its objects' fields, whichever it will be.
    fn lift(&mut self, stated: &Stated<'_>) {
        for (name, _, interfaces) in &stated.types {
            let weights: Vec<(Name, usize)> = self
                .0
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
                    let fields = self.0.entry(interface.clone()).or_default();
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
                    let fields = ty.fields.iter();
                    let fields = fields.map(|field| (weight(&field.directives), field.ty.inner_named_type()));
                    stated.inputs.insert(name, fields.collect());
                }
                _ => {}
            }
            stated.weights.extend(weight(definition.directives()).map(|weight| (name, weight)));
        }
        stated
    }

    fn field(&self, field: &FieldDefinition) -> FieldCost {
        let list_size = field.directives.get("listSize");
        let named = |argument: &str| list_size.map(|used| names(used, argument)).unwrap_or_default();
        let stated = named("slicingArguments");
        let usual = ["first".to_owned(), "last".to_owned()];
        let slicing = if stated.is_empty() { &usual[..] } else { &stated };
        let default = |name: &String| {
            let argument = field.arguments.iter().find(|argument| argument.name == **name);
            argument.and_then(|argument| count(argument.default_value.as_deref()?))
        };
        let slicing = slicing.iter().map(|name| Slicing { argument: name.clone(), default: default(name) });
        let mut slicing: Vec<Slicing> = slicing.collect();
        if stated.is_empty() && slicing.iter().all(|slicing| slicing.default.is_none()) {
            // As of any field.
            slicing.clear();
        }
        let arguments = field.arguments.iter().filter_map(|argument| {
            let named = argument.ty.inner_named_type();
            let own = weight(&argument.directives).or(self.weights.get(named).copied()).unwrap_or_default();
            let weight = own.saturating_add(self.input(named, &mut HashSet::new()));
            (weight > 0).then(|| (argument.name.to_string(), weight))
        });
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

    /// What the fields of an input object weigh, each given once.
    fn input(&self, name: &'a Name, seen: &mut HashSet<&'a Name>) -> usize {
        let Some(fields) = self.inputs.get(name).filter(|_| seen.insert(name)) else { return 0 };
        let weigh = |(own, ty): &(Option<usize>, &'a Name)| {
            let own = own.or(self.weights.get(ty).copied()).unwrap_or_default();
            own.saturating_add(self.input(ty, seen))
        };
        fields.iter().map(weigh).fold(0, usize::saturating_add)
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
