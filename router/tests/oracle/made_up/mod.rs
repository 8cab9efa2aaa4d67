//! Made-up federations: entities with several keys, compound and nested ones, stubs, `@requires`, `@provides`,
//! `@shareable`, interfaces, unions, interface objects, and values whose parts are in several subgraphs; some subgraphs
//! speak Federation 1.
//!
//! Every field can be reached from everywhere: subgraphs of an entity share keys in a chain.

mod entity;
mod media;
mod sketch;

use crate::random::Random;
use entity::Entity;
use sketch::Sketch;

/// Makes up subgraphs: name and SDL each.
pub fn federation(random: &mut Random) -> Vec<(String, String)> {
    let count = 2 + random.below(3);
    let mut sketches: Vec<Sketch> = (0..count).map(|_| Sketch::default()).collect();
    let mut entities: Vec<Entity> =
        (0..2 + random.below(3)).map(|number| Entity::new(number, count, random)).collect();
    let has_media = random.chance(50);
    for position in 0..entities.len() {
        let others: Vec<Entity> = entities.clone();
        entities[position].add_fields(&others, has_media, random);
    }
    for entity in &entities {
        entity.draw(&mut sketches, random);
    }
    if has_media {
        media::draw(&mut sketches, random);
    }
    roots(&entities, has_media, &mut sketches, random);
    node(&entities, &mut sketches, random);
    found(&entities, &mut sketches);
    stubs(&entities, &mut sketches);
    let sdl = |(number, sketch): (usize, &Sketch)| (format!("s{number}"), sketch.sdl(random.chance(25)));
    sketches.iter().enumerate().map(sdl).collect()
}

/// Root fields, some in several subgraphs.
fn roots(entities: &[Entity], has_media: bool, sketches: &mut [Sketch], random: &mut Random) {
    let last = sketches.len() - 1;
    for (number, sketch) in sketches.iter_mut().enumerate() {
        let mut is_empty = true;
        for entity in entities.iter().filter(|entity| entity.is_in(number)) {
            let (name, low) = (&entity.name, entity.name.to_lowercase());
            if random.chance(60) || is_empty {
                let provided = entity.provided(number, random);
                if let Some((_, external)) = &provided {
                    sketch.object(name, "", "", &[external]);
                }
                let provides = provided.map(|(field, _)| format!(" @provides(fields: \"{field}\")"));
                let provides = provides.unwrap_or_default();
                sketch.root("Query", &format!("{low}S{number}(id: ID, first: Int = 2): {name}{provides}"));
                sketch.root("Query", &format!("{low}sS{number}(in: Filter): [{name}!]!"));
                is_empty = false;
            }
            if random.chance(30) {
                sketch.root("Query", &format!("any{name}: [{name}] @shareable"));
            }
            if random.chance(30) {
                sketch.root("Mutation", &format!("change{name}S{number}(in: Filter!, by: [Int!]): {name}"));
            }
            if random.chance(20) {
                sketch.root("Subscription", &format!("{low}ChangedS{number}(id: ID): {name}!"));
            }
        }
        if has_media && (number == 0 || number == last) {
            sketch.root("Query", &format!("mediaS{number}: [Media]"));
            sketch.root("Query", "anyMedia: Media @shareable");
        }
        sketch.root("Query", &format!("versionS{number}: String!"));
        sketch.common(random);
    }
}

/// An interface of all entities with an `id`, in some subgraphs.
fn node(entities: &[Entity], sketches: &mut [Sketch], random: &mut Random) {
    // Whoever shares a root field must have a type in common.
    let mut shared: Option<String> = None;
    for (number, sketch) in sketches.iter_mut().enumerate() {
        let has_id = |entity: &&Entity| entity.is_in(number) && entity.has_key(number, "id: ID!");
        let members: Vec<&Entity> = entities.iter().filter(has_id).collect();
        if members.is_empty() || random.chance(40) {
            continue;
        }
        sketch.interface("Node", "", &["id: ID!"]);
        members.iter().for_each(|entity| sketch.implement(&entity.name, "Node"));
        sketch.root("Query", &format!("nodesS{number}(first: Int): [Node]"));
        let shared = shared.get_or_insert_with(|| members[0].name.clone());
        if random.chance(50) && members.iter().any(|entity| entity.name == *shared) {
            sketch.root("Query", "node(id: ID!): Node @shareable");
        }
    }
}

/// A union, with other members in every subgraph.
fn found(entities: &[Entity], sketches: &mut [Sketch]) {
    for (number, sketch) in sketches.iter_mut().enumerate() {
        if !sketch.uses("Found") {
            continue;
        }
        let own = entities.iter().filter(|entity| entity.is_in(number));
        let members: Vec<&str> = own.map(|entity| entity.name.as_str()).chain(["Size"]).collect();
        sketch.union("Found", &members);
        sketch.size();
    }
}

/// What a subgraph refers to without having it.
fn stubs(entities: &[Entity], sketches: &mut [Sketch]) {
    for (number, sketch) in sketches.iter_mut().enumerate() {
        for entity in entities.iter().filter(|entity| !entity.is_in(number)) {
            if sketch.uses(&entity.name) {
                let (key, fields) = entity.stub();
                let key = format!("@key(fields: \"{key}\", resolvable: false)");
                let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
                sketch.object(&entity.name, "", &key, &fields);
            }
        }
        if sketch.uses("Ref") {
            sketch.object("Ref", "", "@shareable", &["x: Int!", "y: String!"]);
        }
    }
}
