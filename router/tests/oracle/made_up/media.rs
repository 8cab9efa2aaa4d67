//! A made-up interface that some subgraphs take for an object type, while others know some of its objects.

use super::sketch::Sketch;
use crate::random::Random;

/// The interface's objects, and what each has of its own.
const OBJECTS: [(&str, &str); 4] = [
    ("Film", "minutes: Int!"),
    ("Book", "pages: [Int]"),
    ("Tape", "sides: Int"),
    ("Game", "players(of: Int = 1): String"),
];

const KEYS: [&str; 2] = ["id", "sku"];

/// Draws it: the interface is in the first subgraph, and the last takes it for an object type. Those between may do
/// the same, or know some of the objects by a key of their own.
pub fn draw(sketches: &mut [Sketch], random: &mut Random) {
    let label = if random.chance(50) { "label: String" } else { "label(up: Boolean = false): String!" };
    let keys = KEYS[..1 + random.below(2)]
        .iter()
        .map(|key| format!("@key(fields: \"{key}\")"))
        .collect::<Vec<_>>()
        .join(" ");
    let (first, others) = sketches.split_first_mut().expect("a subgraph");
    let (last, between) = others.split_last_mut().expect("another one");
    first.interface("Media", &keys, &["id: ID!", "sku: String!", label]);
    let objects = &OBJECTS[..2 + random.below(3)];
    for (name, own) in objects {
        first.object(name, "implements Media", &keys, &["id: ID!", "sku: String!", label, own]);
    }
    draw_last(last, label, random);
    for (number, sketch) in between.iter_mut().enumerate() {
        let key = if keys.contains("sku") { KEYS[random.below(2)] } else { "id" };
        let key_field = if key == "id" { "id: ID!" } else { "sku: String!" };
        let key = format!("@key(fields: \"{key}\")");
        if random.chance(50) {
            let stock = format!("stock{number}(of: Color = RED): Int");
            sketch.object("Media", "", &format!("{key} @interfaceObject"), &[key_field, &stock]);
            continue;
        }
        for (name, own) in objects.iter().filter(|_| random.chance(60)) {
            let (field, _) = own.split_once([':', '(']).expect("a field");
            let stars = format!("stars{number}: Int");
            let sequel = format!("sequel{number}(in: Filter): [{name}]");
            let length = format!("length{number}: String @requires(fields: \"{field}\")");
            sketch.object(
                name,
                "",
                &key,
                &[key_field, &stars, &sequel, &length, &format!("{own} @external")],
            );
        }
    }
}

fn draw_last(last: &mut Sketch, label: &str, random: &mut Random) {
    let mut fields = vec!["id: ID!".to_owned(), "views(since: Int): Int".to_owned()];
    if random.chance(50) {
        fields.push(format!("{label} @external"));
        let required =
            if label.contains('(') { ["label", "label(up: true)"][random.below(2)] } else { "label" };
        fields.push(format!("rank: String @requires(fields: \"{required}\")"));
    } else {
        fields.push("rank: String!".to_owned());
    }
    if random.chance(50) {
        fields.push("similar(first: Int): [Media!]".to_owned());
    }
    let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
    last.object("Media", "", "@key(fields: \"id\") @interfaceObject", &fields);
}
