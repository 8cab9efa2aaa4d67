//! Reads the answer of a subgraph in this process into the store. Leaves are written as JSON once, which the
//! client's answer would need anyway; everything else is moved into slots.

use async_graphql::indexmap::IndexMap;
use async_graphql::{Name, Value};
use bytes::Bytes;

use super::layout::{Reading, TYPENAME};
use super::read_json::{Data, Expected};
use super::store::{Full, LeafKind, Node, ObjectId, Store};
use crate::plan::Types;

/// Puts the data of an answer into the store; `None` when it is null.
pub(super) fn adopt(
    store: &mut Store,
    types: &Types,
    data: &Value,
    expected: Expected<'_>,
) -> Result<Option<Data>, Full> {
    let number = store.keep(Bytes::new())?;
    let mut adopter = Adopter { store, types, number, text: Vec::new(), elements: Vec::new() };
    let data = match (data, expected) {
        (Value::Null, _) => None,
        (Value::Object(_), Expected::Root(reading)) => match adopter.value(data, 0, Some(reading))? {
            Node::Object(object) => Some(Data::Root(object)),
            _ => Some(Data::Rubbish),
        },
        (Value::Object(map), Expected::Entities(fields)) => {
            let mut found = Vec::with_capacity(fields.len());
            for (name, reading) in fields {
                let value = map.get(*name).unwrap_or(&Value::Null);
                found.push(adopter.value(value, 1, Some(reading))?);
            }
            Some(Data::Entities(found))
        }
        _ => Some(Data::Rubbish),
    };
    let text = adopter.text;
    store.replace(number, text.into())?;
    Ok(data)
}

struct Adopter<'a> {
    store: &'a mut Store,
    types: &'a Types,
    number: u16,
    text: Vec<u8>,
    elements: Vec<Node>,
}

impl Adopter<'_> {
    fn value(&mut self, value: &Value, lists: u8, of: Option<&Reading>) -> Result<Node, Full> {
        let kind = match value {
            Value::Null => return Ok(Node::Null),
            Value::Object(map) => match of {
                Some(reading) => return self.object(map, reading).map(Node::Object),
                None => LeafKind::Composite,
            },
            Value::List(list) if lists > 0 => {
                let from = self.elements.len();
                for element in list {
                    let node = self.value(element, lists - 1, of)?;
                    self.elements.push(node);
                }
                return Ok(Node::List(self.store.list(&mut self.elements, from)?));
            }
            Value::List(_) | Value::Binary(_) => LeafKind::Composite,
            Value::String(_) | Value::Enum(_) => LeafKind::String,
            Value::Boolean(_) => LeafKind::Boolean,
            Value::Number(number) if number.is_f64() => LeafKind::Number,
            Value::Number(_) => LeafKind::Integer,
        };
        let start = self.text.len();
        // Writing to memory cannot fail.
        let _ = serde_json::to_writer(&mut self.text, value);
        Ok(Node::Leaf(self.store.leaf(kind, self.number, start..self.text.len())?))
    }

    fn object(&mut self, map: &IndexMap<Name, Value>, reading: &Reading) -> Result<ObjectId, Full> {
        let object = self.store.object(reading)?;
        let mut next = 0;
        for (key, value) in map {
            let Some(entry) = reading.entry(&mut next, key.as_bytes()) else { continue };
            let node = self.value(value, entry.lists, entry.of.as_ref())?;
            self.store.set(object, entry.slot, node);
            if entry.slot == TYPENAME
                && let Value::String(name) = value
            {
                self.store.say(object, reading.type_named(name, self.types));
            }
        }
        Ok(object)
    }
}
