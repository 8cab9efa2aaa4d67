//! A world in which every value follows from what it is: the object's type and identity, the field and its
//! arguments. Whoever asks, in whatever order, over whichever path, is told the same.

mod facts;
mod values;

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use apollo_compiler::Name;
use apollo_compiler::ast::{Selection, Type};
use apollo_compiler::schema::Schema;
use serde_json::{Map, Value};

use crate::coerce;
use crate::random::hash;
use crate::sdl::{FieldSet, Sdl};

/// How many entities there are of each type.
const ENTITIES: u64 = 6;

/// How things are today.
#[derive(Clone, Copy, Debug, Default)]
pub struct Weather {
    /// Everything follows from it.
    pub seed: u64,
    /// How many in a hundred of what may be null is null.
    pub nulls: u64,
    /// How many lists in a hundred are empty.
    pub empties: u64,
    /// How many fields in a hundred fail.
    pub errors: u64,
    /// How many entities in a hundred a subgraph does not know.
    pub missing: u64,
}

/// Something with fields.
#[derive(Clone, Debug)]
pub struct Object {
    /// An object type that clients know.
    pub ty: Name,
    /// Which one of its type.
    pub id: u64,
    /// The representation by which it was asked for.
    pub given: Option<Arc<Value>>,
    /// The fields that its subgraph resolves on this path alone.
    pub provided: FieldSet,
}

impl Object {
    pub fn new(ty: Name, id: u64) -> Self {
        Self { ty, id, given: None, provided: Vec::new() }
    }
}

/// What a field turns out to be.
#[derive(Clone, Debug)]
pub enum Made {
    Null,
    /// It fails, with this code.
    Error(String),
    Leaf(Value),
    Object(Object),
    List(Vec<Made>),
}

/// What is known of one field of an object type.
pub struct Field {
    /// Its type, as strict as any owner's.
    pub ty: Type,
    /// The arguments that every owner knows.
    pub arguments: Vec<Name>,
    /// The subgraphs that resolve it, by position.
    pub owners: Vec<usize>,
    /// Whether some key has it.
    pub is_key: bool,
    /// Whether some `@requires` has it.
    pub is_needed: bool,
    /// Whether it may fail without anybody seeing more than the others say.
    pub may_fail: bool,
    /// What its objects may be.
    pub objects: Vec<Name>,
}

/// All that there is.
pub struct Universe {
    pub sdls: Vec<Sdl>,
    fields: HashMap<(Name, Name), Field>,
    /// Types with a key.
    entities: Vec<Name>,
    /// Types that are numbered together, because an interface object stands for them.
    families: HashMap<Name, Arc<Family>>,
    /// The values of enums that everybody knows.
    enums: HashMap<Name, Vec<Name>>,
    /// Subgraphs, by position, that may miss entities of a type.
    forgetful: Vec<(usize, Name)>,
    weather: RwLock<Weather>,
}

/// Types that are numbered together.
struct Family {
    name: Name,
    members: Vec<Name>,
}

impl Universe {
    /// The universe of some subgraphs, as far as the API shows it.
    pub fn new(sdls: Vec<Sdl>, api: &Schema) -> Self {
        facts::gather(sdls, api)
    }

    pub fn set_weather(&self, weather: Weather) {
        *self.weather.write().unwrap() = weather;
    }

    fn weather(&self) -> Weather {
        *self.weather.read().unwrap()
    }

    pub fn field(&self, ty: &Name, field: &Name) -> Option<&Field> {
        self.fields.get(&(ty.clone(), field.clone()))
    }

    pub fn is_entity(&self, ty: &Name) -> bool {
        self.entities.contains(ty)
    }

    /// The numbers of the entities of a type.
    pub fn pool(&self, ty: &Name) -> Vec<u64> {
        match self.families.get(ty) {
            None => (0..ENTITIES).collect(),
            Some(family) => {
                let count = family.members.len() as u64;
                let is_it = |id: &u64| family.members[(id % count) as usize] == *ty;
                (0..count * 3).filter(is_it).collect()
            }
        }
    }

    /// Whether a subgraph does not know an entity.
    pub fn is_missing(&self, subgraph: usize, object: &Object) -> bool {
        let weather = self.weather();
        let words = ["missing", &self.sdls[subgraph].name, &object.ty, &object.id.to_string()];
        let is_forgetful = |(who, ty): &(usize, Name)| *who == subgraph && *ty == object.ty;
        self.forgetful.iter().any(is_forgetful) && hash(weather.seed, &words) % 100 < weather.missing
    }

    /// What a field of an object is.
    pub fn value(&self, object: &Object, name: &Name, arguments: &Map<String, Value>) -> Made {
        let weather = self.weather();
        let Some(field) = self.field(&object.ty, name) else { return Made::Null };
        if let [owner] = *field.owners
            && !field.is_key
            && self.is_missing(owner, object)
        {
            return Made::Null;
        }
        let known = field.arguments.iter().filter_map(|name| arguments.get_key_value(name.as_str()));
        let known: Map<String, Value> = known.map(|(name, value)| (name.clone(), value.clone())).collect();
        let family = self.families.get(&object.ty).map_or(&object.ty, |family| &family.name);
        let arguments = coerce::canonical(&Value::Object(known));
        let number = hash(weather.seed, &[family, &object.id.to_string(), name, &arguments]);
        if field.may_fail && hash(number, &["fails"]) % 100 < weather.errors {
            return Made::Error(format!("{}_{}", object.ty, name).to_uppercase());
        }
        values::Maker { universe: self, weather, object, name, field }.make(&field.ty, number, 0)
    }

    /// The part of an object that a field set names, as a representation has it.
    pub fn project(&self, sdl: &Sdl, object: &Object, set: &[Selection]) -> Value {
        let mut map = Map::new();
        self.project_into(sdl, object, set, &mut map);
        Value::Object(map)
    }

    fn project_into(&self, sdl: &Sdl, object: &Object, set: &[Selection], map: &mut Map<String, Value>) {
        for selection in set {
            match selection {
                Selection::Field(field) if field.name == "__typename" => {}
                Selection::Field(field) => {
                    let definition = self.local_field(sdl, &object.ty, &field.name);
                    let arguments = definition.map(|definition| {
                        coerce::arguments(&sdl.served, &definition.arguments, &field.arguments, &Map::new())
                            .expect("arguments of a field set")
                    });
                    let made = self.value(object, &field.name, &arguments.unwrap_or_default());
                    let value = self.project_made(sdl, &made, &field.selection_set);
                    map.insert(field.name.to_string(), value);
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.type_condition.as_ref();
                    if condition.is_none_or(|condition| self.stands_for(sdl, condition).contains(&object.ty))
                    {
                        self.project_into(sdl, object, &fragment.selection_set, map);
                    }
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn project_made(&self, sdl: &Sdl, made: &Made, set: &[Selection]) -> Value {
        match made {
            Made::Null | Made::Error(_) => Value::Null,
            Made::Leaf(value) => value.clone(),
            Made::Object(object) => self.project(sdl, object, set),
            Made::List(list) => list.iter().map(|made| self.project_made(sdl, made, set)).collect(),
        }
    }

    fn local_field<'a>(
        &self,
        sdl: &'a Sdl,
        ty: &Name,
        field: &Name,
    ) -> Option<&'a apollo_compiler::ast::FieldDefinition> {
        sdl.field(&self.local(sdl, ty), field).map(|field| field.node.as_ref())
    }

    /// What a subgraph calls an object type: itself, or an interface that it takes for an object.
    pub fn local(&self, sdl: &Sdl, ty: &Name) -> Name {
        if sdl.schema.get_object(ty).is_some() {
            return ty.clone();
        }
        let stands = |name: &&Name| sdl.is_interface_object(name) && self.stands_for(sdl, name).contains(ty);
        sdl.schema.types.keys().find(stands).unwrap_or(ty).clone()
    }

    /// The object types that a subgraph means by a type.
    pub fn stands_for(&self, sdl: &Sdl, ty: &str) -> Vec<Name> {
        facts::stands_for(&self.sdls, sdl, ty)
    }
}
