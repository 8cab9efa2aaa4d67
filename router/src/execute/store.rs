//! What has been gathered so far: rows of slots, whose leaves are slices of the subgraphs' answers.

use bytes::Bytes;

use super::layout::{Layout, ROOT, Reading, TYPENAME};
use crate::plan::{TypeId, Types};

/// An object of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ObjectId(u32);

/// A value of the store.
#[derive(Clone, Copy, Debug)]
pub(super) enum Node {
    /// Nobody has brought it.
    Missing,
    Null,
    Leaf(Leaf),
    List(List),
    Object(ObjectId),
}

/// A value that is kept as the JSON that it came as.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leaf {
    pub kind: LeafKind,
    answer: u16,
    start: u32,
    len: u32,
}

/// What a leaf is in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LeafKind {
    String,
    /// A number without fraction and exponent.
    Integer,
    Number,
    Boolean,
    /// An object or a list, which a custom scalar may be.
    Composite,
    /// What is JSON, and is or holds a number that no machine holds, or half of a character: others could not read it.
    Broken,
}

/// The elements of a list.
#[derive(Clone, Copy, Debug)]
pub(super) struct List {
    start: u32,
    len: u32,
}

struct Object {
    place: usize,
    ty: TypeId,
    slots: u32,
}

/// How much a store holds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Extent {
    pub nodes: usize,
    pub objects: usize,
}

/// All that one run has gathered.
#[derive(Default)]
pub(super) struct Store {
    answers: Vec<Bytes>,
    nodes: Vec<Node>,
    objects: Vec<Object>,
}

/// The store can hold no more: four thousand million values, or 65,536 answers.
#[derive(Debug)]
pub(super) struct Full;

impl From<std::num::TryFromIntError> for Full {
    fn from(_: std::num::TryFromIntError) -> Self {
        Self
    }
}

impl Store {
    /// Keeps an answer, so that leaves can be slices of it.
    pub fn keep(&mut self, answer: Bytes) -> Result<u16, Full> {
        let number = u16::try_from(self.answers.len())?;
        u32::try_from(answer.len())?;
        self.answers.push(answer);
        Ok(number)
    }

    /// Puts an answer in the place of one that was kept before.
    pub fn replace(&mut self, number: u16, answer: Bytes) -> Result<(), Full> {
        u32::try_from(answer.len())?;
        self.answers[usize::from(number)] = answer;
        Ok(())
    }

    /// A leaf of an answer that is kept.
    pub fn leaf(&self, kind: LeafKind, answer: u16, range: std::ops::Range<usize>) -> Result<Leaf, Full> {
        Ok(Leaf { kind, answer, start: u32::try_from(range.start)?, len: u32::try_from(range.len())? })
    }

    /// A leaf's JSON.
    pub fn json(&self, leaf: Leaf) -> &[u8] {
        let start = leaf.start as usize;
        // Leaves are only made for ranges of answers that are kept.
        &self.answers[usize::from(leaf.answer)][start..start + leaf.len as usize]
    }

    /// With the answer's root, of which nothing is known. Room is made for what an earlier run of the same
    /// operation came to.
    pub fn new(layout: &Layout, expected: Extent) -> (Self, ObjectId) {
        let mut nodes = Vec::with_capacity(expected.nodes.max(layout.place(ROOT).len()));
        nodes.resize(layout.place(ROOT).len(), Node::Missing);
        let mut objects = Vec::with_capacity(expected.objects.max(1));
        objects.push(Object { place: ROOT, ty: TypeId::UNSAID, slots: 0 });
        (Self { answers: Vec::new(), nodes, objects }, ObjectId(0))
    }

    /// How much there is in it.
    pub fn extent(&self) -> Extent {
        Extent { nodes: self.nodes.len(), objects: self.objects.len() }
    }

    /// An object of which nothing is known but what the plan says.
    pub fn object(&mut self, reading: &Reading) -> Result<ObjectId, Full> {
        let id = ObjectId(u32::try_from(self.objects.len())?);
        let slots = u32::try_from(self.nodes.len())?;
        self.nodes.resize(self.nodes.len() + reading.slots, Node::Missing);
        self.objects.push(Object { place: reading.place, ty: reading.ty, slots });
        Ok(id)
    }

    /// The size of the answers.
    pub fn bytes(&self) -> usize {
        self.answers.iter().map(Bytes::len).sum()
    }

    /// A list of what was pushed to `elements` since it was `from` long.
    pub fn list(&mut self, elements: &mut Vec<Node>, from: usize) -> Result<List, Full> {
        let start = u32::try_from(self.nodes.len())?;
        self.nodes.extend(elements.drain(from..));
        Ok(List { start, len: u32::try_from(self.nodes.len())? - start })
    }

    /// A list's elements.
    pub fn elements(&self, list: List) -> &[Node] {
        &self.nodes[list.start as usize..(list.start + list.len) as usize]
    }

    /// What is at a slot of an object.
    pub fn slot(&self, object: ObjectId, slot: usize) -> Node {
        // Slots are numbered by the layout that the object was made with.
        self.nodes[self.objects[object.0 as usize].slots as usize + slot]
    }

    /// Puts something at a slot of an object.
    pub fn set(&mut self, object: ObjectId, slot: usize, node: Node) {
        let position = self.objects[object.0 as usize].slots as usize + slot;
        self.nodes[position] = node;
    }

    /// What an object is, as far as anybody said.
    pub fn ty(&self, object: ObjectId) -> TypeId {
        self.objects[object.0 as usize].ty
    }

    /// Notes what an object says to be.
    pub fn say(&mut self, object: ObjectId, ty: TypeId) {
        self.objects[object.0 as usize].ty = ty;
    }

    /// The place of an object.
    pub fn place(&self, object: ObjectId) -> usize {
        self.objects[object.0 as usize].place
    }

    /// Merges what is known of an object into another at the same place.
    pub fn merge(&mut self, layout: &Layout, types: &Types, into: ObjectId, from: ObjectId) {
        if into == from || self.place(into) != self.place(from) {
            return;
        }
        let (known, said) = (self.ty(into), self.ty(from));
        // A subgraph may take an interface for an object: that says less than what is known.
        let is_news = said != TypeId::UNSAID && (types.is_object_id(said) || known == TypeId::UNSAID);
        if is_news {
            self.say(into, said);
        }
        for slot in 0..layout.place(self.place(into)).len() {
            if slot == TYPENAME && !is_news {
                continue;
            }
            let merged = self.merged(layout, types, self.slot(into, slot), self.slot(from, slot));
            self.set(into, slot, merged);
        }
    }

    /// Objects and lists deeply; and null never replaces something.
    fn merged(&mut self, layout: &Layout, types: &Types, into: Node, from: Node) -> Node {
        match (into, from) {
            (Node::Missing, from) => from,
            (into, Node::Missing | Node::Null) => into,
            (Node::Object(a), Node::Object(b)) if self.place(a) == self.place(b) => {
                self.merge(layout, types, a, b);
                into
            }
            (Node::List(a), Node::List(b)) if a.len == b.len => {
                for position in 0..a.len {
                    let (one, other) = ((a.start + position) as usize, (b.start + position) as usize);
                    self.nodes[one] = self.merged(layout, types, self.nodes[one], self.nodes[other]);
                }
                into
            }
            (_, from) => from,
        }
    }
}
