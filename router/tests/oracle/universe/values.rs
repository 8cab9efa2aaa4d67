//! Numbers → values.

use apollo_compiler::Name;
use apollo_compiler::ast::Type;
use serde_json::{Value, json};

use super::{Field, Made, Object, Universe, Weather};
use crate::random::hash;

/// Makes the value of one field of one object.
pub struct Maker<'a> {
    pub universe: &'a Universe,
    pub weather: Weather,
    pub object: &'a Object,
    pub name: &'a Name,
    pub field: &'a Field,
}

impl Maker<'_> {
    /// `index` is the position in a list.
    pub fn make(&self, ty: &Type, number: u64, index: u64) -> Made {
        let is_null = hash(number, &["null"]) % 100 < self.weather.nulls;
        if is_null && !ty.is_non_null() && !self.field.is_key {
            return Made::Null;
        }
        match ty {
            Type::List(inner) | Type::NonNullList(inner) => {
                let count = match hash(number, &["length"]) {
                    length if self.field.is_key => 1 + length % 2,
                    length if length % 100 < self.weather.empties => 0,
                    length => (length >> 8) % 4,
                };
                let element =
                    |index: u64| self.make(inner, hash(number, &["element", &index.to_string()]), index);
                Made::List((0..count).map(element).collect())
            }
            Type::Named(name) | Type::NonNullNamed(name) => self.named(name, number, index),
        }
    }

    fn named(&self, name: &Name, number: u64, index: u64) -> Made {
        if self.field.objects.is_empty() {
            return self.leaf(name, number);
        }
        let objects = &self.field.objects;
        let ty = &objects[(number % objects.len() as u64) as usize];
        if !self.universe.is_entity(ty) {
            return Made::Object(Object::new(ty.clone(), hash(number, &["value"])));
        }
        let pool = self.universe.pool(ty);
        let position = if self.field.is_key {
            // Different objects have different keys.
            self.object.id + index + hash(0, &[self.name]) % 3
        } else {
            number >> 16
        };
        Made::Object(Object::new(ty.clone(), pool[(position % pool.len() as u64) as usize]))
    }

    fn leaf(&self, name: &Name, number: u64) -> Made {
        if let Some(values) = self.universe.enums.get(name) {
            let value = values.get((number % values.len().max(1) as u64) as usize);
            return value.map_or(Made::Null, |value| Made::Leaf(value.as_str().into()));
        }
        if self.field.objects.is_empty() && self.is_composite(name) {
            return Made::Null;
        }
        Made::Leaf(if self.field.is_key { self.key(name) } else { plain(name, number) })
    }

    fn is_composite(&self, name: &Name) -> bool {
        let ty = self.universe.sdls.iter().find_map(|sdl| sdl.schema.types.get(name));
        ty.is_some_and(|ty| !ty.is_leaf())
    }

    /// Different for different objects, and the same for those of the same number whatever their type.
    fn key(&self, name: &Name) -> Value {
        let id = self.object.id;
        let field = self.name.as_str();
        match name.as_str() {
            "Int" => json!(id % 200_000_000 * 10 + hash(0, &[field]) % 10),
            "Float" => json!(id as f64 / 4.0),
            "Boolean" => json!(id.is_multiple_of(2)),
            // Some would write these as numbers.
            "ID" if hash(0, &[field]).is_multiple_of(2) => json!(id.to_string()),
            "ID" => json!(format!("{field}-{id}")),
            _ => json!(format!("{field} \"{id}\" \\ é\n")),
        }
    }
}

/// Values of all sorts.
fn plain(name: &Name, number: u64) -> Value {
    let choice = hash(number, &["leaf"]);
    let small = (choice >> 16) % 1_000;
    match (name.as_str(), choice % 8) {
        ("Int", 0) => json!(i32::MAX),
        ("Int", 1) => json!(i32::MIN),
        ("Int", 2) => json!(0),
        ("Int", _) => json!(small),
        ("Float", 0) => json!(1e21),
        ("Float", 1) => json!(-0.125),
        ("Float", 2) => json!(small),
        ("Float", _) => json!(small as f64 / 8.0),
        ("Boolean", _) => json!(choice >> 16 & 1 == 0),
        ("ID", 0 | 1) => json!(small.to_string()),
        ("ID", _) => json!(format!("id-{small}")),
        ("String", 0) => json!(""),
        ("String", 1) => json!("a \"quoted\" \\ back\nslash \u{1} / é 😀"),
        ("String", 2) => json!("null"),
        ("String", _) => json!(format!("text {small}")),
        (_, 0) => json!({ "any": [small, { "x": null }], "__typename": "Nothing" }),
        (_, 1) => json!([small, "x", []]),
        (_, 2) => json!(small),
        (_, 3) => json!(true),
        (_, _) => json!(format!("scalar {small}")),
    }
}
