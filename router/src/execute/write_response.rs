//! Writes the client's answer from the store. Walks the client's operation, so that nothing else gets out, and lets nulls
//! propagate as the API schema says.

use apollo_compiler::ast::Type;
use async_graphql::Name as Key;

use super::State;
use super::explained_nulls::Explained;
use super::response::{ERRORS_MAX, START};
use super::response_shape::{FieldShape, Kind, ObjectShape, Output, Scalar, Shape};
use super::store::{Leaf, LeafKind, Node, ObjectId};
use crate::error::{GraphqlError, Path, PathSegment, code};
use crate::plan::TypeId;

/// Writes one answer.
pub(super) struct Writer<'a> {
    state: &'a State,
    out: Vec<u8>,
    path: Vec<Step<'a>>,
    /// Errors found on the way.
    errors: Vec<GraphqlError>,
    /// What has been told to be refused, by the address of its shape: once, where it is met first.
    refused: Vec<usize>,
    /// Made when the first null needs it, which is seldom.
    explained: Option<Explained>,
}

/// One step of the present path.
#[derive(Clone, Copy)]
enum Step<'a> {
    Field(&'a Key),
    Index(usize),
}

/// A value that must not be null is, and the parent becomes null instead.
enum Nulled {
    /// An error has been recorded.
    Told,
    /// The parent is an entity that is no longer there. Where there may be none, there is none, and that is no error:
    /// another subgraph names it still.
    Gone,
}

impl<'a> Writer<'a> {
    /// `expected` is how long the answer may well become, in bytes.
    pub fn new(state: &'a State, expected: usize) -> Self {
        let mut out = Vec::with_capacity(expected.max(state.store.bytes()) + 16);
        out.extend_from_slice(START);
        Self { state, out, path: Vec::new(), errors: Vec::new(), refused: Vec::new(), explained: None }
    }

    /// The whole answer's data, after [`START`], and the errors that were found on the way.
    pub fn root(mut self, shape: &'a Shape) -> (Vec<u8>, Vec<GraphqlError>) {
        // A root type is an object type: the shape has exactly one.
        let written = match shape.only() {
            Some(shape) => self.object(shape, self.state.root),
            None => Err(Nulled::Told),
        };
        if written.is_err() {
            self.out.truncate(START.len());
            self.null();
        }
        (self.out, self.errors)
    }

    fn object(&mut self, shape: &'a ObjectShape, object: ObjectId) -> Result<(), Nulled> {
        self.out.push(b'{');
        let start = self.out.len();
        for field in &shape.fields {
            self.member(start, shape, field, object)?;
        }
        self.out.push(b'}');
        Ok(())
    }

    /// One member of an object whose members begin at `start`.
    fn member(
        &mut self,
        start: usize,
        shape: &'a ObjectShape,
        field: &'a FieldShape,
        object: ObjectId,
    ) -> Result<(), Nulled> {
        if self.out.len() > start {
            self.out.push(b',');
        }
        self.out.extend_from_slice(field.key_json.as_bytes());
        match &field.output {
            Output::TypeName => self.out.extend_from_slice(shape.name_json.as_bytes()),
            Output::Introspection => match self.state.introspected.get(field.key.as_str()) {
                Some(json) => self.out.extend_from_slice(json),
                None => self.null(),
            },
            Output::Refused { is_non_null } => {
                let place = Place { shape, field, index: None };
                self.refuse(place, std::ptr::from_ref(field).addr());
                if *is_non_null {
                    return Err(Nulled::Told);
                }
                self.null();
            }
            Output::Field { ty, of, slot, .. } => {
                let node = slot.map_or(Node::Missing, |slot| self.state.store.slot(object, slot));
                if matches!(node, Node::Missing) && ty.is_non_null() && self.state.gone.contains(&object) {
                    return Err(Nulled::Gone);
                }
                self.value(node, ty, of, Place { shape, field, index: None })?;
            }
        }
        Ok(())
    }

    fn value(&mut self, node: Node, ty: &'a Type, of: &'a Kind, place: Place<'a>) -> Result<(), Nulled> {
        let start = self.out.len();
        let written = match (node, ty) {
            (Node::Null | Node::Missing, _) if !ty.is_non_null() => {
                self.null();
                Ok(())
            }
            (Node::Null | Node::Missing, _) => self.must_not_be_null(place),
            (Node::List(list), Type::List(inner) | Type::NonNullList(inner)) => {
                place.enter(&mut self.path);
                let state = self.state;
                let written = self.list(state.store.elements(list), inner, of, place);
                self.path.pop();
                written
            }
            (Node::Object(object), Type::Named(_) | Type::NonNullNamed(_)) => {
                match of.shape().and_then(|shape| shape.of(self.state.store.ty(object))) {
                    Some(shape) if shape.is_refused => {
                        self.refuse(place, std::ptr::from_ref(shape).addr());
                        Err(Nulled::Told)
                    }
                    Some(shape) => {
                        place.enter(&mut self.path);
                        let written = self.object(shape, object);
                        self.path.pop();
                        written
                    }
                    None => self.invalid(place),
                }
            }
            (Node::Leaf(leaf), Type::Named(_) | Type::NonNullNamed(_)) => self.leaf(leaf, of, place),
            _ => self.invalid(place),
        };
        match written {
            Err(_) if !ty.is_non_null() => {
                self.out.truncate(start);
                self.null();
                Ok(())
            }
            Err(Nulled::Gone) => self.must_not_be_null(place),
            other => other,
        }
    }

    fn list(
        &mut self,
        elements: &'a [Node],
        inner: &'a Type,
        of: &'a Kind,
        place: Place<'a>,
    ) -> Result<(), Nulled> {
        self.out.push(b'[');
        for (index, element) in elements.iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            self.value(*element, inner, of, Place { index: Some(index), ..place })?;
        }
        self.out.push(b']');
        Ok(())
    }

    fn leaf(&mut self, leaf: Leaf, of: &'a Kind, place: Place<'a>) -> Result<(), Nulled> {
        let json = self.state.store.json(leaf);
        let fits = match of {
            _ if leaf.kind == LeafKind::Broken => false,
            Kind::Composite(_) => false,
            Kind::Enum(values) => values.iter().any(|value| value.as_bytes() == json),
            Kind::Scalar(Scalar::Custom) => true,
            Kind::Scalar(Scalar::Int) if leaf.kind == LeafKind::Number => {
                let Some(whole) = whole(json) else { return self.invalid(place) };
                self.out.extend_from_slice(whole.to_string().as_bytes());
                return Ok(());
            }
            Kind::Scalar(Scalar::Int) => leaf.kind == LeafKind::Integer && is_int(json),
            Kind::Scalar(Scalar::Float) => matches!(leaf.kind, LeafKind::Integer | LeafKind::Number),
            Kind::Scalar(Scalar::Boolean) => leaf.kind == LeafKind::Boolean,
            Kind::Scalar(Scalar::String) => leaf.kind == LeafKind::String,
            Kind::Scalar(Scalar::Id) if leaf.kind == LeafKind::Integer => {
                self.out.push(b'"');
                self.out.extend_from_slice(json);
                self.out.push(b'"');
                return Ok(());
            }
            Kind::Scalar(Scalar::Id) => leaf.kind == LeafKind::String,
        };
        if !fits {
            return self.invalid(place);
        }
        self.out.extend_from_slice(json);
        Ok(())
    }

    fn null(&mut self) {
        self.out.extend_from_slice(b"null");
    }

    /// Says that the caller may not see what stands at a place.
    fn refuse(&mut self, place: Place<'a>, what: usize) {
        if self.refused.contains(&what) {
            return;
        }
        self.refused.push(what);
        place.enter(&mut self.path);
        let path = self.path.iter().map(|step| step.segment()).collect();
        self.path.pop();
        self.errors.push(GraphqlError::unauthorized().at(path));
    }

    fn must_not_be_null(&mut self, place: Place<'a>) -> Result<(), Nulled> {
        self.report(place, "Cannot return null for non-nullable field")
    }

    fn invalid(&mut self, place: Place<'a>) -> Result<(), Nulled> {
        self.report(place, "Invalid value found for field")
    }

    /// Adds an error for a place, unless one explains it already.
    fn report(&mut self, place: Place<'a>, what: &str) -> Result<(), Nulled> {
        place.enter(&mut self.path);
        let path: Path = self.path.iter().map(|step| step.segment()).collect();
        self.path.pop();
        let explained = self.explained.get_or_insert_with(|| Explained::new(&self.state.errors));
        if self.state.errors.len() + self.errors.len() < ERRORS_MAX && !explained.has(&path) {
            explained.add(&path);
            let message = format!("{what} {}.{}.", place.shape.name, place.field.name());
            self.errors.push(GraphqlError::new(code::INTERNAL, message).at(path));
        }
        Err(Nulled::Told)
    }
}

/// Where a value stands, to be said only when something is wrong with it or when it has something inside.
#[derive(Clone, Copy)]
struct Place<'a> {
    shape: &'a ObjectShape,
    field: &'a FieldShape,
    /// Its position, when it is an element of the field's list.
    index: Option<usize>,
}

impl<'a> Place<'a> {
    fn enter(self, path: &mut Vec<Step<'a>>) {
        path.push(self.index.map_or(Step::Field(&self.field.key), Step::Index));
    }
}

impl Step<'_> {
    fn segment(self) -> PathSegment {
        match self {
            Self::Field(key) => PathSegment::Field(key.clone()),
            Self::Index(index) => PathSegment::Index(index),
        }
    }
}

/// Whether a whole number is an `Int`: of 32 bits (GraphQL, section 3.5.1).
fn is_int(json: &[u8]) -> bool {
    json.len() < 10 || std::str::from_utf8(json).is_ok_and(|text| text.parse::<i32>().is_ok())
}

/// The `Int` that a number is which is written with a point or an exponent: clients get it as a whole number.
fn whole(json: &[u8]) -> Option<i32> {
    let number: f64 = std::str::from_utf8(json).ok()?.parse().ok()?;
    let is_int = number.fract() == 0.0 && (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&number);
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and within the bounds")]
    is_int.then_some(number as i32)
}

impl Shape {
    /// What an object of some type looks like.
    fn of(&self, ty: TypeId) -> Option<&ObjectShape> {
        let found = self.objects.iter().find(|(known, _)| *known == ty).map(|(_, shape)| shape.as_ref());
        match found {
            // An object type is what it is; of an abstract one the data says which.
            None if !self.is_abstract => self.only(),
            None => match &self.any {
                Some(any) if ty == TypeId::UNSAID || any.types.contains(&ty) => Some(&any.object),
                _ if ty == TypeId::UNSAID => self.only(),
                _ => None,
            },
            found => found,
        }
    }

    /// What every object looks like, where there is one type only.
    fn only(&self) -> Option<&ObjectShape> {
        match self.objects.as_slice() {
            [(_, shape)] => Some(shape),
            _ => None,
        }
    }
}
