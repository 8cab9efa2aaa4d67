//! Writes the representations of entities in the store, which a subgraph is asked about: each once,
//! for all the objects that it stands for.

use std::hash::BuildHasher;
use std::ops::Range;

use async_graphql::Name;
use hashbrown::{DefaultHashBuilder, HashTable};

use super::State;
use super::layout::{EntitiesLayout, Hop, Layout, Part, Source, TYPENAME, Template};
use super::store::{LeafKind, Node, ObjectId, Store};
use crate::plan::{Fetch, TypeId, Types};

/// How many representations one call may carry.
const PER_CALL_MAX: usize = 1_000;

/// All representations of one variable, and the `_entities` fields that use it.
pub(super) struct Batch<'a> {
    pub variable: &'a Name,
    /// Positions among the fetch's entities.
    pub fields: Vec<usize>,
    pub representations: Representations,
    /// Which object is completed by which representation.
    pub targets: Vec<(ObjectId, usize)>,
}

/// A part of each batch, together small enough for one call.
pub(super) type Chunk = Vec<Range<usize>>;

/// Finds out what a fetch has to ask for. What is known already from an earlier fetch is copied, not asked for.
pub(super) fn collect<'a>(
    fetch: &'a Fetch,
    layout: &Layout,
    types: &Types,
    state: &mut State,
) -> Vec<Batch<'a>> {
    let layout = layout.fetch(fetch);
    let mut batches: Vec<Batch<'a>> = Vec::new();
    for (index, entities) in fetch.entities.iter().enumerate() {
        if let Some(batch) = batches.iter_mut().find(|batch| *batch.variable == entities.variable) {
            batch.fields.push(index);
            continue;
        }
        let (representations, targets) = represent_all(&layout.entities[index], types, state);
        let fields = vec![index];
        batches.push(Batch { variable: &entities.variable, fields, representations, targets });
    }
    batches
}

fn represent_all(
    entities: &EntitiesLayout,
    types: &Types,
    state: &mut State,
) -> (Representations, Vec<(ObjectId, usize)>) {
    let mut representations = Representations::default();
    let known = known(&entities.sources, &entities.template, &mut representations, types, state);
    let mut targets = Vec::new();
    for path in &entities.paths {
        visit(&state.store, state.root, path, &mut |object| {
            let added =
                representations.add(|text| represent(&state.store, types, &entities.template, object, text));
            targets.extend(added.map(|(position, _)| (object, position)));
        });
    }
    targets.retain(|&(target, position)| {
        let Some(&(source, slots)) = known.get(position) else { return true };
        for &slot in slots {
            if matches!(state.store.slot(target, slot), Node::Missing) {
                state.store.set(target, slot, state.store.slot(source, slot));
            }
        }
        false
    });
    representations.forget(known.len());
    for (_, position) in &mut targets {
        *position -= known.len();
    }
    (representations, targets)
}

/// Objects of which everything that is wanted is known, in the order of their representations.
fn known<'a>(
    sources: &'a [Source],
    template: &Template,
    representations: &mut Representations,
    types: &Types,
    state: &State,
) -> Vec<(ObjectId, &'a [usize])> {
    let mut known = Vec::new();
    for source in sources.iter().filter(|source| state.clean[source.fetch]) {
        visit(&state.store, state.root, &source.path, &mut |object| {
            let is_whole =
                source.slots.iter().all(|&slot| !matches!(state.store.slot(object, slot), Node::Missing));
            if is_whole
                && let Some((_, true)) =
                    representations.add(|text| represent(&state.store, types, template, object, text))
            {
                known.push((object, source.slots.as_slice()));
            }
        });
    }
    known
}

/// Divides batches into calls.
pub(super) fn chunks(batches: &[Batch<'_>]) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut next = vec![0; batches.len()];
    loop {
        let mut room = PER_CALL_MAX;
        let mut chunk = Vec::with_capacity(batches.len());
        for (batch, next) in batches.iter().zip(&mut next) {
            let take = room.min(batch.representations.len() - *next);
            chunk.push(*next..*next + take);
            *next += take;
            room -= take;
        }
        if room == PER_CALL_MAX {
            return chunks;
        }
        chunks.push(chunk);
    }
}

/// Calls a function with every object at a path.
pub(super) fn visit(store: &Store, object: ObjectId, path: &[Hop], visitor: &mut impl FnMut(ObjectId)) {
    match path.split_first() {
        None => visitor(object),
        Some((Hop::Slot(slot), rest)) => visit_node(store, store.slot(object, *slot), rest, visitor),
        Some((Hop::Type(types), rest)) => {
            let ty = store.ty(object);
            if ty == TypeId::UNSAID || types.contains(ty) {
                visit(store, object, rest, visitor);
            }
        }
    }
}

fn visit_node(store: &Store, node: Node, path: &[Hop], visitor: &mut impl FnMut(ObjectId)) {
    match node {
        Node::Object(object) => visit(store, object, path, visitor),
        Node::List(list) => {
            for element in store.elements(list) {
                visit_node(store, *element, path, visitor);
            }
        }
        Node::Missing | Node::Null | Node::Leaf(_) => {}
    }
}

/// Representations as JSON, each once.
#[derive(Default)]
pub(super) struct Representations {
    text: Vec<u8>,
    ranges: Vec<Range<usize>>,
    positions: HashTable<usize>,
    hasher: DefaultHashBuilder,
    /// How many of the first are not to be asked for.
    forgotten: usize,
}

impl Representations {
    /// Adds what a function writes. Answers its position, and whether it is new; `None` when nothing was written.
    fn add(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Option<()>) -> Option<(usize, bool)> {
        let start = self.text.len();
        if write(&mut self.text).is_none() {
            self.text.truncate(start);
            return None;
        }
        let written = &self.text[start..];
        let hash = self.hasher.hash_one(written);
        let is_same = |&position: &usize| self.text[self.ranges[position].clone()] == *written;
        if let Some(&position) = self.positions.find(hash, is_same) {
            self.text.truncate(start);
            return Some((position, false));
        }
        let position = self.ranges.len();
        self.ranges.push(start..self.text.len());
        let (text, ranges, hasher) = (&self.text, &self.ranges, &self.hasher);
        self.positions
            .insert_unique(hash, position, |&position| hasher.hash_one(&text[ranges[position].clone()]));
        Some((position, true))
    }

    fn forget(&mut self, count: usize) {
        self.forgotten = count;
    }

    /// How many are to be asked for.
    pub fn len(&self) -> usize {
        self.ranges.len() - self.forgotten
    }

    /// Writes some of them as a JSON list.
    pub fn write(&self, range: Range<usize>, out: &mut Vec<u8>) {
        out.push(b'[');
        for (count, position) in range.enumerate() {
            if count > 0 {
                out.push(b',');
            }
            out.extend_from_slice(&self.text[self.ranges[self.forgotten + position].clone()]);
        }
        out.push(b']');
    }
}

/// Writes an object's representation. `None` when something that is required was not brought: then the subgraph
/// could not answer either.
fn represent(
    store: &Store,
    types: &Types,
    template: &Template,
    object: ObjectId,
    out: &mut Vec<u8>,
) -> Option<()> {
    let mut writer = Writer { store, types, out, has_value: false, has_field: false };
    writer.out.push(b'{');
    let ty = store.ty(object);
    let retyped = template.retypes.iter().find(|(from, _)| from.contains(ty));
    match retyped {
        Some((_, name)) => writer.typename(name),
        None => writer.typename_of(object, &template.parts),
    }
    if !template.parts.is_empty() && !template.parts.iter().any(|part| part.applies(ty)) {
        // It is none of the types that are asked for.
        return None;
    }
    writer.parts(object, &template.parts)?;
    writer.out.push(b'}');
    // Nobody is found by a key that is null; and some servers would fail the whole call for it.
    (writer.has_value || !writer.has_field).then_some(())
}

struct Writer<'a> {
    store: &'a Store,
    types: &'a Types,
    out: &'a mut Vec<u8>,
    has_field: bool,
    has_value: bool,
}

impl Writer<'_> {
    fn typename(&mut self, name: &str) {
        self.out.extend_from_slice(b"\"__typename\":\"");
        self.out.extend_from_slice(name.as_bytes());
        self.out.push(b'"');
    }

    /// What the object says to be, what it is known to be, or what the first type condition takes it for.
    fn typename_of(&mut self, object: ObjectId, parts: &[Part]) {
        if let Node::Leaf(leaf) = self.store.slot(object, TYPENAME)
            && leaf.kind != LeafKind::Broken
        {
            self.out.extend_from_slice(b"\"__typename\":");
            self.out.extend_from_slice(self.store.json(leaf));
            return;
        }
        let assumed = parts.iter().find_map(|part| match part {
            Part::Type { name, .. } => Some(name),
            Part::Field { .. } => None,
        });
        let name = self.types.name(self.store.ty(object));
        match assumed {
            Some(_) if !name.is_empty() => self.typename(name),
            Some(assumed) => self.typename(assumed),
            None => {}
        }
    }

    fn parts(&mut self, object: ObjectId, parts: &[Part]) -> Option<()> {
        for part in parts {
            match part {
                Part::Field { key, slot, parts } => {
                    let node = self.store.slot(object, (*slot)?);
                    self.separate();
                    self.out.extend_from_slice(key.as_bytes());
                    self.has_field = true;
                    self.has_value |= !matches!(node, Node::Null);
                    // What was not brought ends it.
                    self.value(node, parts)?;
                }
                Part::Type { parts, .. } => {
                    if part.applies(self.store.ty(object)) {
                        self.parts(object, parts)?;
                    }
                }
            }
        }
        Some(())
    }

    fn value(&mut self, node: Node, parts: &[Part]) -> Option<()> {
        match node {
            Node::Missing => return None,
            Node::Leaf(leaf) if leaf.kind == LeafKind::Broken => return None,
            Node::Null => self.out.extend_from_slice(b"null"),
            Node::Leaf(leaf) => self.out.extend_from_slice(self.store.json(leaf)),
            Node::List(list) => {
                self.out.push(b'[');
                for element in self.store.elements(list) {
                    self.separate();
                    self.value(*element, parts)?;
                }
                self.out.push(b']');
            }
            Node::Object(object) => {
                self.out.push(b'{');
                self.typename_of(object, parts);
                self.parts(object, parts)?;
                self.out.push(b'}');
            }
        }
        Some(())
    }

    /// A comma, unless something has just begun.
    fn separate(&mut self) {
        if !matches!(self.out.last(), None | Some(b'{' | b'[' | b':')) {
            self.out.push(b',');
        }
    }
}
