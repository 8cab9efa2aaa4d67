//! A subgraph made from nothing but its SDL: it serves its part of the universe, and watches what it is asked.

mod representation;
pub mod serve;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use apollo_compiler::Name;
use apollo_compiler::ast::{Document, OperationType, Selection};
use serde_json::{Map, Value};

use crate::coerce;
use crate::executor::{self, Answer, Call, World};
use crate::random::hash;
use crate::sdl::Sdl;
use crate::universe::{Made, Object, Universe};

/// What subgraphs noticed while a query ran.
#[derive(Default)]
pub struct Notes {
    /// What must not have been asked, or not like this.
    pub wrongs: Mutex<Vec<String>>,
    /// The mutations that were run, in order.
    pub mutations: Mutex<Vec<String>>,
    /// The requests.
    pub requests: Mutex<Vec<String>>,
}

impl Notes {
    fn wrong(&self, subgraph: &str, what: String) {
        self.wrongs.lock().unwrap().push(format!("{subgraph}: {what}"));
    }

    /// Forgets everything.
    pub fn clear(&self) {
        for list in [&self.wrongs, &self.mutations, &self.requests] {
            list.lock().unwrap().clear();
        }
    }
}

/// One subgraph.
pub struct Double {
    universe: Arc<Universe>,
    position: usize,
    notes: Arc<Notes>,
    /// Requests that were found valid.
    known: Mutex<HashMap<String, Arc<Document>>>,
}

impl Double {
    pub fn new(universe: Arc<Universe>, position: usize, notes: Arc<Notes>) -> Self {
        Self { universe, position, notes, known: Mutex::default() }
    }

    pub fn sdl(&self) -> &Sdl {
        &self.universe.sdls[self.position]
    }

    /// Answers a request; `event` counts the events of a subscription.
    pub fn answer(&self, text: &str, variables: &Map<String, Value>, event: u64) -> Answer {
        let given = Value::Object(variables.clone());
        self.notes.requests.lock().unwrap().push(format!("{}: {text} {given}", self.sdl().name));
        let Some(document) = self.document(text) else {
            return Answer { data: Value::Null, errors: Vec::new() };
        };
        let operation = executor::operation(&document, None);
        let root = Object { id: event, ..executor::root(operation.operation_type) };
        let mut world = Served { double: self, asked: hash(0, &[text]) };
        executor::execute(&self.sdl().served, &document, operation, variables, &root, &mut world)
    }

    fn document(&self, text: &str) -> Option<Arc<Document>> {
        if let Some(document) = self.known.lock().unwrap().get(text) {
            return Some(document.clone());
        }
        let parsed = Document::parse(text, "request").map_err(|error| error.errors.to_string());
        let valid = parsed.and_then(|document| {
            let valid = document.to_executable_validate(&self.sdl().served);
            valid.map(|_| document).map_err(|error| error.errors.to_string())
        });
        match valid {
            Ok(document) => {
                let document = Arc::new(document);
                self.known.lock().unwrap().insert(text.to_owned(), document.clone());
                Some(document)
            }
            Err(error) => {
                self.wrong(format!("invalid request {text}: {error}"));
                None
            }
        }
    }

    fn wrong(&self, what: String) {
        self.notes.wrong(&self.sdl().name, what);
    }

    /// Whether a field may be asked for here at all.
    fn check(&self, call: &Call<'_>) {
        let (sdl, field) = (self.sdl(), &call.definition.name);
        let place = format!("{}.{field}", call.on);
        let is_taken =
            self.universe.sdls.iter().any(|other| other.overrides(call.on, field) == Some(&sdl.name));
        let is_key = self.universe.field(&call.object.ty, field).is_some_and(|field| field.is_key);
        if is_taken && !is_key {
            self.wrong(format!("{place} was taken over by another subgraph"));
        }
        let is_provided = || self.below(&call.object.provided, &call.object.ty, field).is_some();
        if sdl.is_external(call.on, field) && !is_key && !is_provided() {
            self.wrong(format!("{place} is external"));
        }
        if let Some(required) = sdl.requires(call.on, field) {
            let expected = self.universe.project(sdl, call.object, &required);
            let given = call.object.given.as_deref();
            if !given.is_some_and(|given| representation::has(given, &expected)) {
                self.wrong(format!("{place} requires {expected}, given was {given:?}"));
            }
        }
    }

    /// What a selection set has below a field of an object.
    fn below(&self, set: &[Selection], ty: &Name, field: &Name) -> Option<Vec<Selection>> {
        let mut found = None;
        for selection in set {
            match selection {
                Selection::Field(one) if one.name == *field => {
                    found.get_or_insert_with(Vec::new).extend(one.selection_set.iter().cloned());
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.type_condition.as_ref();
                    let applies = |name: &Name| self.universe.stands_for(self.sdl(), name).contains(ty);
                    if condition.is_none_or(applies)
                        && let Some(below) = self.below(&fragment.selection_set, ty, field)
                    {
                        found.get_or_insert_with(Vec::new).extend(below);
                    }
                }
                Selection::Field(_) | Selection::FragmentSpread(_) => {}
            }
        }
        found
    }
}

/// A double while it answers one request.
struct Served<'a> {
    double: &'a Double,
    /// The request, as a number.
    asked: u64,
}

impl World for Served<'_> {
    fn type_of(&self, object: &Object) -> Name {
        self.double.universe.local(self.double.sdl(), &object.ty)
    }

    fn resolve(&mut self, call: Call<'_>) -> Made {
        let field = &call.definition.name;
        if field == "_entities" {
            let Some(Value::Array(given)) = call.arguments.get("representations") else { return Made::Null };
            return Made::List(given.iter().map(|given| self.double.entity(given)).collect());
        }
        if call.object.ty == executor::root(OperationType::Mutation).ty {
            let arguments = coerce::canonical(&Value::Object(call.arguments.clone()));
            self.double.notes.mutations.lock().unwrap().push(format!("{field}{arguments}"));
        }
        self.double.check(&call);
        let mut provided = self.double.sdl().provides(call.on, field).unwrap_or_default();
        provided
            .extend(self.double.below(&call.object.provided, &call.object.ty, field).into_iter().flatten());
        let made = self.double.universe.value(call.object, field, &call.arguments);
        let is_id = call.definition.ty.inner_named_type() == "ID";
        // Some servers write ids that look like numbers as numbers.
        let as_numbers = is_id && self.asked.is_multiple_of(2);
        own(made, &provided, as_numbers)
    }
}

/// What a value is in one subgraph's answer.
fn own(made: Made, provided: &[Selection], as_numbers: bool) -> Made {
    match made {
        Made::Object(object) => Made::Object(Object { provided: provided.to_vec(), ..object }),
        Made::List(list) => {
            Made::List(list.into_iter().map(|made| own(made, provided, as_numbers)).collect())
        }
        Made::Leaf(Value::String(text)) if as_numbers => {
            Made::Leaf(text.parse::<u32>().map_or(Value::String(text), Value::from))
        }
        other => other,
    }
}
