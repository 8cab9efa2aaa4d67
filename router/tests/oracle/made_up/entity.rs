//! One made-up entity: where it is, by which keys, and who has which of its fields.

use super::sketch::Sketch;
use crate::random::Random;

/// Keys, and the fields that they need.
const KEYS: [(&str, &[&str]); 4] = [
    ("id", &["id: ID!"]),
    ("code", &["code: String!"]),
    ("id number", &["id: ID!", "number: Int!"]),
    ("ref { x y }", &["ref: Ref!"]),
];

/// The types of fields without parts.
const LEAVES: [&str; 11] =
    ["Int", "Int!", "Float", "String", "String!", "[String]", "[[Int!]]", "Boolean", "ID", "Color", "Blob"];

const ARGUMENTS: [&str; 6] =
    ["", "", "", "(a: Int)", "(a: Int! = 3, b: [String!])", "(in: Filter, c: Color = RED)"];

/// An entity.
#[derive(Clone)]
pub struct Entity {
    pub name: String,
    /// The subgraphs that have it, and their keys, by position.
    places: Vec<(usize, Vec<usize>)>,
    fields: Vec<Field>,
    /// A value whose parts are in two subgraphs.
    has_info: bool,
}

#[derive(Clone)]
struct Field {
    name: String,
    arguments: &'static str,
    ty: String,
    owners: Vec<usize>,
    /// For each owner, the fields that it needs.
    requires: Vec<(usize, Vec<usize>)>,
    /// Whether others may have it as well.
    is_shareable: bool,
}

impl Entity {
    pub fn new(number: usize, subgraphs: usize, random: &mut Random) -> Self {
        let mut order: Vec<usize> = (0..subgraphs).collect();
        random.shuffle(&mut order);
        order.truncate(1 + random.below(subgraphs));
        let mut places: Vec<(usize, Vec<usize>)> = Vec::new();
        for place in order {
            // A key of one that is there already, so that there is a way, and perhaps another.
            let known: Vec<usize> = places.iter().flat_map(|(_, keys)| keys.clone()).collect();
            let shared = random.pick(&known).copied().unwrap_or_else(|| random.below(KEYS.len()));
            let mut keys = vec![shared];
            let other = random.below(KEYS.len());
            if random.chance(40) && other != shared {
                keys.push(other);
            }
            places.push((place, keys));
        }
        let has_info = places.len() > 1 && random.chance(40);
        Self { name: format!("T{number}"), places, fields: Vec::new(), has_info }
    }

    pub fn is_in(&self, subgraph: usize) -> bool {
        self.places.iter().any(|(place, _)| *place == subgraph)
    }

    /// Whether a key of a subgraph has a field.
    pub fn has_key(&self, subgraph: usize, field: &str) -> bool {
        let mut places = self.places.iter().filter(|(place, _)| *place == subgraph);
        places.any(|(_, keys)| keys.iter().any(|&key| KEYS[key].1.contains(&field)))
    }

    /// A key that others may refer to it by, and its fields.
    pub fn stub(&self) -> (&'static str, Vec<String>) {
        let (key, fields) = KEYS[self.places[0].1[0]];
        (key, fields.iter().map(|field| (*field).to_owned()).collect())
    }

    pub fn add_fields(&mut self, others: &[Self], has_media: bool, random: &mut Random) {
        let places: Vec<usize> = self.places.iter().map(|(place, _)| *place).collect();
        for number in 0..3 + random.below(5) {
            let mut owners = places.clone();
            random.shuffle(&mut owners);
            owners.truncate(if random.chance(25) { 1 + random.below(places.len()) } else { 1 });
            let ty = self.field_type(others, has_media && owners == [0], random);
            let arguments = ARGUMENTS[random.below(ARGUMENTS.len())];
            let is_shareable = owners.len() > 1 || random.chance(30);
            let requires = owners.iter().filter_map(|&owner| {
                let needed = self.requirements(owner, random);
                (!needed.is_empty()).then_some((owner, needed))
            });
            let requires = requires.collect();
            let name = format!("f{number}");
            self.fields.push(Field { name, arguments, ty, owners, requires, is_shareable });
        }
    }

    fn field_type(&self, others: &[Self], has_media: bool, random: &mut Random) -> String {
        match random.below(100) {
            0..50 => LEAVES[random.below(LEAVES.len())].to_owned(),
            50..58 => ["Size", "[Size!]"][random.below(2)].to_owned(),
            58..64 => ["Found", "[Found]"][random.below(2)].to_owned(),
            64..70 if has_media => ["Media", "[Media!]"][random.below(2)].to_owned(),
            _ => {
                let name = random.pick(others).map_or(&self.name, |other| &other.name);
                let wrap = ["?", "?!", "[?]", "[?!]!", "[[?]!]"][random.below(5)];
                wrap.replace('?', name)
            }
        }
    }

    /// Earlier fields that a subgraph does not have itself.
    fn requirements(&self, owner: usize, random: &mut Random) -> Vec<usize> {
        if !random.chance(25) {
            return Vec::new();
        }
        let fits = |field: &Field| {
            let is_plain = LEAVES.contains(&field.ty.as_str()) || field.ty.contains("Size");
            is_plain && !field.owners.contains(&owner)
        };
        let known = self.fields.iter().enumerate().filter(|(_, field)| fits(field));
        let mut known: Vec<usize> = known.map(|(position, _)| position).collect();
        random.shuffle(&mut known);
        known.truncate(1 + random.below(2));
        known
    }

    /// A leaf that a subgraph may provide without having it otherwise: its name, and its external definition.
    pub fn provided(&self, subgraph: usize, random: &mut Random) -> Option<(&str, String)> {
        let fits = |field: &&Field| {
            field.is_shareable
                && !field.owners.contains(&subgraph)
                && field.arguments.is_empty()
                && LEAVES.contains(&field.ty.as_str())
        };
        let known: Vec<&Field> = self.fields.iter().filter(fits).collect();
        let field = random.pick(&known)?;
        Some((&field.name, format!("{}: {} @external", field.name, field.ty)))
    }

    /// Draws it into the subgraphs that have it.
    pub fn draw(&self, sketches: &mut [Sketch], random: &mut Random) {
        for (place, keys) in &self.places {
            let sketch = &mut sketches[*place];
            for &key in keys {
                sketch.object(&self.name, "", &format!("@key(fields: \"{}\")", KEYS[key].0), KEYS[key].1);
            }
            self.draw_fields(*place, sketch, random);
        }
        if let ([(one, _), (other, _), ..], true) = (self.places.as_slice(), self.has_info) {
            let info = format!("{}Info", self.name);
            for (place, own) in [(*one, "a: Int!"), (*other, "b: [String!]")] {
                let field = format!("info: {info} @shareable");
                sketches[place].object(&self.name, "", "", &[&field]);
                sketches[place].object(&info, "", "", &[own, "both: Int @shareable"]);
            }
        }
    }

    fn draw_fields(&self, place: usize, sketch: &mut Sketch, random: &mut Random) {
        for (position, field) in self.fields.iter().enumerate() {
            let Field { name, arguments, ty, .. } = field;
            if !field.owners.contains(&place) {
                let needed = self.fields.iter().flat_map(|other| &other.requires);
                let mut needed = needed.filter(|(owner, _)| *owner == place);
                if needed.any(|(_, fields)| fields.contains(&position)) {
                    sketch.object(&self.name, "", "", &[&format!("{name}{arguments}: {ty} @external")]);
                }
                continue;
            }
            let mut text = format!("{name}{arguments}: {ty}");
            if field.is_shareable {
                text.push_str(" @shareable");
            }
            if let Some((_, needed)) = field.requires.iter().find(|(owner, _)| *owner == place) {
                let needed: Vec<String> = needed.iter().map(|&one| self.required(one, random)).collect();
                text.push_str(&format!(" @requires(fields: \"{}\")", needed.join(" ")));
            }
            sketch.object(&self.name, "", "", &[&text]);
        }
    }

    /// A field as `@requires` names it.
    fn required(&self, position: usize, random: &mut Random) -> String {
        let field = &self.fields[position];
        let arguments = match field.arguments {
            "(a: Int)" if random.chance(70) => "(a: 7)",
            "(a: Int! = 3, b: [String!])" if random.chance(50) => "(b: [\\\"x\\\"])",
            _ => "",
        };
        let parts = match field.ty.contains("Size") {
            true => [" { w h }", " { h }", " { unit }"][random.below(3)],
            false => "",
        };
        format!("{}{arguments}{parts}", field.name)
    }
}
