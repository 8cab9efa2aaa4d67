//! Reads a subgraph's answer, as JSON, into the store: in one pass, without a copy.
//!
//! What the plan asked for is expected in the order in which it was asked for, as most servers answer; whatever else
//! an answer holds is checked to be JSON and passed over. Leaves stay slices of the answer and go to the client as
//! they are, so everything that passes is checked as strictly as a parser would (RFC 8259).

mod scan;

use std::ops::Range;

use bytes::Bytes;

use super::layout::{Entry, Reading, TYPENAME};
use super::store::{Full, Leaf, LeafKind, Node, ObjectId, Store};
use crate::plan::{TypeId, Types};
use scan::{escape_end, is_finite, plain};

/// Deeper nesting than this is rubbish.
const DEPTH_MAX: usize = 256;

/// Why an answer cannot be read, and where.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error("not JSON at byte {0}")]
    Syntax(usize),
    #[error("nested too deeply at byte {0}")]
    Depth(usize),
    #[error("not UTF-8")]
    Encoding,
    #[error("more than can be kept")]
    Full,
}

impl From<Full> for ReadError {
    fn from(_: Full) -> Self {
        Self::Full
    }
}

/// What an answer's `data` is read with.
#[derive(Clone, Copy)]
pub(super) enum Expected<'a> {
    /// Root fields.
    Root(&'a Reading),
    /// Lists of entities, by response key.
    Entities(&'a [(&'a str, &'a Reading)]),
}

/// An answer, read.
#[derive(Default)]
pub(super) struct Read {
    /// Whether there is `data` other than null.
    pub data: Option<Data>,
    /// Whether `data` is there at all, be it null.
    pub has_data: bool,
    /// Where the errors are, unless they are null or empty.
    pub errors: Option<Range<usize>>,
}

/// The data of an answer.
pub(super) enum Data {
    /// Root fields.
    Root(ObjectId),
    /// What stands at each of the expected keys.
    Entities(Vec<Node>),
    /// Something other than an object.
    Rubbish,
}

/// Reads a whole answer. Whatever was put in the store by an answer that cannot be read is never looked at.
pub(super) fn read(
    store: &mut Store,
    types: &Types,
    answer: &Bytes,
    expected: Expected<'_>,
) -> Result<Read, ReadError> {
    simdutf8::basic::from_utf8(answer).map_err(|_| ReadError::Encoding)?;
    let number = store.keep(answer.clone())?;
    let mut reader =
        Reader { bytes: answer, at: 0, depth: 0, number, store, types, elements: Vec::new(), broken: 0 };
    let mut read = Read::default();
    reader.space();
    reader.members(|reader| {
        match reader.key()? {
            b"data" => {
                (read.has_data, read.data) = (true, reader.data(expected)?);
            }
            b"errors" => {
                let start = reader.at;
                reader.skip()?;
                let range = start..reader.at;
                let is_empty = matches!(reader.text(&range), b"null" | b"[]");
                read.errors = (!is_empty).then_some(range);
            }
            _ => reader.skip()?,
        }
        Ok(())
    })?;
    reader.space();
    if reader.at != answer.len() {
        return Err(ReadError::Syntax(reader.at));
    }
    Ok(read)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: usize,
    number: u16,
    store: &'a mut Store,
    types: &'a Types,
    /// Elements of the lists that are being read.
    elements: Vec<Node>,
    /// How much was passed that others could not read.
    broken: usize,
}

impl<'a> Reader<'a> {
    fn data(&mut self, expected: Expected<'_>) -> Result<Option<Data>, ReadError> {
        match (self.peek(), expected) {
            (Some(b'n'), _) => self.literal(b"null").map(|()| None),
            (Some(b'{'), Expected::Root(reading)) => {
                self.object(reading).map(|object| Some(Data::Root(object)))
            }
            (Some(b'{'), Expected::Entities(fields)) => {
                let mut found = vec![Node::Missing; fields.len()];
                self.members(|reader| {
                    let key = reader.key()?;
                    match fields.iter().position(|(name, _)| name.as_bytes() == key) {
                        Some(position) => found[position] = reader.value(1, Some(fields[position].1))?,
                        None => reader.skip()?,
                    }
                    Ok(())
                })?;
                Ok(Some(Data::Entities(found)))
            }
            _ => self.skip().map(|()| Some(Data::Rubbish)),
        }
    }

    /// Calls a function at each key of an object.
    fn members(
        &mut self,
        mut member: impl FnMut(&mut Self) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        self.enter()?;
        self.expect(b'{')?;
        self.space();
        if self.take(b'}') {
            self.depth -= 1;
            return Ok(());
        }
        loop {
            self.space();
            member(self)?;
            self.space();
            if self.take(b'}') {
                self.depth -= 1;
                return Ok(());
            }
            self.expect(b',')?;
        }
    }

    /// Passes over a key and what separates it from its value.
    fn key(&mut self) -> Result<&'a [u8], ReadError> {
        let key = self.string()?;
        self.space();
        self.expect(b':')?;
        self.space();
        Ok(&self.bytes[key.start + 1..key.end - 1])
    }

    /// Passes over a key: most likely that of what was asked for next, and written as most servers do.
    fn entry<'r>(&mut self, reading: &'r Reading, next: &mut usize) -> Result<Option<&'r Entry>, ReadError> {
        if let Some(entry) = reading.entries.get(*next)
            && self.bytes[self.at..].starts_with(&entry.key_json)
        {
            self.at += entry.key_json.len();
            self.space();
            *next += 1;
            return Ok(Some(entry));
        }
        Ok(reading.entry(next, self.key()?))
    }

    fn object(&mut self, reading: &Reading) -> Result<ObjectId, ReadError> {
        let object = self.store.object(reading)?;
        let mut next = 0;
        self.members(|reader| {
            let Some(entry) = reader.entry(reading, &mut next)? else { return reader.skip() };
            let node = reader.value(entry.lists, entry.of.as_ref())?;
            if let (TYPENAME, Node::Leaf(leaf)) = (entry.slot, node) {
                let ty = type_named(reader.store.json(leaf), reading, reader.types);
                reader.store.say(object, ty);
            }
            reader.store.set(object, entry.slot, node);
            Ok(())
        })?;
        Ok(object)
    }

    fn value(&mut self, lists: u8, of: Option<&Reading>) -> Result<Node, ReadError> {
        let (start, broken) = (self.at, self.broken);
        match (self.peek(), of) {
            (Some(b'n'), _) => self.literal(b"null").map(|()| Node::Null),
            (Some(b'{'), Some(reading)) => self.object(reading).map(Node::Object),
            (Some(b'['), _) if lists > 0 => self.list(lists - 1, of),
            (Some(b'"'), _) => {
                let range = self.string()?;
                let kind = if self.broken == broken { LeafKind::String } else { LeafKind::Broken };
                Ok(Node::Leaf(self.leaf(kind, range)?))
            }
            (Some(b'{' | b'['), _) => {
                self.skip()?;
                let kind = if self.broken == broken { LeafKind::Composite } else { LeafKind::Broken };
                Ok(Node::Leaf(self.leaf(kind, start..self.at)?))
            }
            (Some(b't'), _) => {
                self.literal(b"true")?;
                Ok(Node::Leaf(self.leaf(LeafKind::Boolean, start..self.at)?))
            }
            (Some(b'f'), _) => {
                self.literal(b"false")?;
                Ok(Node::Leaf(self.leaf(LeafKind::Boolean, start..self.at)?))
            }
            _ => {
                let kind = self.number()?;
                Ok(Node::Leaf(self.leaf(kind, start..self.at)?))
            }
        }
    }

    fn leaf(&self, kind: LeafKind, range: Range<usize>) -> Result<Leaf, ReadError> {
        Ok(self.store.leaf(kind, self.number, range)?)
    }

    fn list(&mut self, lists: u8, of: Option<&Reading>) -> Result<Node, ReadError> {
        let from = self.elements.len();
        self.elements(|reader| {
            let node = reader.value(lists, of)?;
            reader.elements.push(node);
            Ok(())
        })?;
        Ok(Node::List(self.store.list(&mut self.elements, from)?))
    }

    /// Calls a function at each element of a list.
    fn elements(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        self.enter()?;
        self.expect(b'[')?;
        self.space();
        if !self.take(b']') {
            loop {
                self.space();
                element(self)?;
                self.space();
                if self.take(b']') {
                    break;
                }
                self.expect(b',')?;
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// Passes over a value.
    fn skip(&mut self) -> Result<(), ReadError> {
        match self.peek() {
            Some(b'{') => self.members(|reader| {
                reader.key()?;
                reader.skip()
            }),
            Some(b'[') => self.elements(Self::skip),
            _ => self.value(0, None).map(|_| ()),
        }
    }

    /// Passes over a string; the range has its quotes.
    fn string(&mut self) -> Result<Range<usize>, ReadError> {
        let start = self.at;
        self.expect(b'"')?;
        loop {
            self.at += plain(&self.bytes[self.at..]);
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(start..self.at);
                }
                Some(b'\\') => self.escape()?,
                _ => return Err(ReadError::Syntax(self.at)),
            }
        }
    }

    fn escape(&mut self) -> Result<(), ReadError> {
        let (end, is_whole) = escape_end(self.bytes, self.at).ok_or(ReadError::Syntax(self.at))?;
        self.at = end;
        self.broken += usize::from(!is_whole);
        Ok(())
    }

    fn number(&mut self) -> Result<LeafKind, ReadError> {
        let (start, mut kind) = (self.at, LeafKind::Integer);
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            kind = LeafKind::Number;
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            kind = LeafKind::Number;
            if !self.take(b'+') {
                self.take(b'-');
            }
            self.digits()?;
        }
        let number = &self.bytes[start..self.at];
        // Short ones without an exponent are.
        if (kind == LeafKind::Number || number.len() > 300) && !is_finite(number) {
            self.broken += 1;
            return Ok(LeafKind::Broken);
        }
        Ok(kind)
    }

    fn digits(&mut self) -> Result<(), ReadError> {
        let count = self.bytes[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        if count == 0 { Err(ReadError::Syntax(self.at)) } else { Ok(()) }
    }

    fn literal(&mut self, literal: &[u8]) -> Result<(), ReadError> {
        if !self.bytes[self.at..].starts_with(literal) {
            return Err(ReadError::Syntax(self.at));
        }
        self.at += literal.len();
        Ok(())
    }

    fn enter(&mut self) -> Result<(), ReadError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX { Err(ReadError::Depth(self.at)) } else { Ok(()) }
    }

    fn text(&self, range: &Range<usize>) -> &'a [u8] {
        &self.bytes[range.clone()]
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    fn expect(&mut self, byte: u8) -> Result<(), ReadError> {
        if self.take(byte) { Ok(()) } else { Err(ReadError::Syntax(self.at)) }
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }
}

/// What a `__typename`, given with its quotes, says.
fn type_named(json: &[u8], reading: &Reading, types: &Types) -> TypeId {
    let name = json.strip_prefix(b"\"").and_then(|json| json.strip_suffix(b"\"")).unwrap_or_default();
    std::str::from_utf8(name).map_or(TypeId::UNKNOWN, |name| reading.type_named(name, types))
}

#[cfg(test)]
mod tests;
