//! The client's operation, compiled to what its answer looks like: for each concrete type the response keys in
//! order, fragments merged, with the schema's nullability.

use std::collections::HashMap;
use std::sync::Arc;

use apollo_compiler::Name;
use apollo_compiler::ast::Type;
use apollo_compiler::collections::IndexMap;
use apollo_compiler::executable::{ExecutableDocument, Field, Operation, Selection, SelectionSet};
use apollo_compiler::schema::ExtendedType;
use async_graphql::Name as Key;

use super::Engine;
use super::layout::{Layout, ROOT};
use crate::access::{Judged, is_refused};
use crate::error::{Path, PathSegment};
use crate::plan::TypeId;

/// More fields than this, over all concrete types, are not compiled.
const FIELDS_MAX: usize = 100_000;

/// What an object looks like, by its concrete type.
#[derive(Default)]
pub(crate) struct Shape {
    pub objects: Vec<(TypeId, Arc<ObjectShape>)>,
    /// Whether the data has to say which of them an object is.
    pub is_abstract: bool,
    /// What any object of an interface looks like, where nothing depends on what exactly it is: a subgraph may know
    /// objects by the interface alone.
    pub any: Option<Any>,
}

impl Shape {
    /// Whether the answer is null whatever the subgraphs say: a root field that is refused may not be null.
    pub fn is_lost(&self) -> bool {
        let fields = self.objects.iter().flat_map(|(_, object)| &object.fields);
        fields
            .map(|field| &field.output)
            .any(|output| matches!(output, Output::Refused { is_non_null: true }))
    }
}

/// What an object looks like of which no more is known than an interface.
pub(crate) struct Any {
    /// The interface, and those that imply it.
    pub types: Vec<TypeId>,
    pub object: Arc<ObjectShape>,
}

/// What an object of one type looks like.
pub(crate) struct ObjectShape {
    /// The type's name, as `__typename` gives it.
    pub name: Key,
    /// The same, as JSON.
    pub name_json: String,
    /// Its fields, in order.
    pub fields: Vec<FieldShape>,
    /// The caller may not see objects of this type.
    pub is_refused: bool,
}

/// One response key.
pub(crate) struct FieldShape {
    pub key: Key,
    /// The key and the colon, as JSON.
    pub key_json: String,
    /// The key that the gathered data has it under.
    pub data_key: Key,
    pub output: Output,
}

impl FieldShape {
    fn new(key: &Name, data_key: Key, output: Output) -> Self {
        Self { key: Key::new(key.as_str()), key_json: format!("\"{key}\":"), data_key, output }
    }

    /// The field's name, for messages.
    pub(super) fn name(&self) -> &str {
        match &self.output {
            Output::Field { name, .. } => name,
            Output::TypeName | Output::Introspection | Output::Refused { .. } => &self.key,
        }
    }
}

/// What stands at a response key.
pub(crate) enum Output {
    /// The concrete type's name.
    TypeName,
    /// The router's own answer, ready as it is.
    Introspection,
    /// Nothing: the caller may not see it.
    Refused { is_non_null: bool },
    /// A field, and where the data has it; nowhere if no fetch brings it.
    Field { name: Name, ty: Type, of: Kind, slot: Option<usize> },
}

/// What a field's innermost values are.
pub(crate) enum Kind {
    Scalar(Scalar),
    /// Its values, as JSON.
    Enum(Vec<String>),
    Composite(Arc<Shape>),
}

impl Kind {
    /// What objects look like.
    pub(super) fn shape(&self) -> Option<&Shape> {
        match self {
            Self::Composite(shape) => Some(shape),
            Self::Scalar(_) | Self::Enum(_) => None,
        }
    }
}

/// Which values a scalar may have.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scalar {
    Int,
    Float,
    String,
    Boolean,
    Id,
    /// Any: only its subgraph knows.
    Custom,
}

/// The operation is too large to be compiled.
#[derive(Debug)]
pub(crate) struct ShapeError;

/// Compiles an operation.
pub(crate) fn shape(
    engine: &Engine,
    document: &ExecutableDocument,
    operation: &Operation,
    layout: &Layout,
    judged: &Judged,
) -> Result<Arc<Shape>, ShapeError> {
    let mut builder = Builder { engine, document, layout, judged, known: HashMap::new(), fields: 0 };
    let root = &operation.selection_set;
    builder.shape(&root.ty, vec![root], Some(ROOT))
}

/// Selection sets are told apart by their address: they live as long as the document.
type Known = HashMap<(Name, Vec<usize>, Option<usize>), Arc<Shape>>;

struct Builder<'a> {
    engine: &'a Engine,
    document: &'a ExecutableDocument,
    layout: &'a Layout,
    judged: &'a Judged,
    known: Known,
    fields: usize,
}

impl<'a> Builder<'a> {
    /// `place` is where the layout has the objects; nowhere if no fetch brings them.
    fn shape(
        &mut self,
        ty: &Name,
        sets: Vec<&'a SelectionSet>,
        place: Option<usize>,
    ) -> Result<Arc<Shape>, ShapeError> {
        let addresses = sets.iter().map(|set| std::ptr::from_ref(*set).addr());
        let key = (ty.clone(), addresses.collect(), place);
        if let Some(shape) = self.known.get(&key) {
            return Ok(shape.clone());
        }
        let is_abstract = !matches!(self.engine.schema.types.get(ty), Some(ExtendedType::Object(_)));
        let mut shape = Shape { is_abstract, any: self.any(ty, &sets, place)?, ..Shape::default() };
        for name in self.concrete(ty) {
            let object = self.object(&name, &sets, place)?;
            shape.objects.push((self.engine.planner.types().id(&name), Arc::new(object)));
        }
        let shape = Arc::new(shape);
        self.known.insert(key, shape.clone());
        Ok(shape)
    }

    fn object(
        &mut self,
        name: &Name,
        sets: &[&'a SelectionSet],
        place: Option<usize>,
    ) -> Result<ObjectShape, ShapeError> {
        let mut collected = IndexMap::default();
        for set in sets {
            self.collect(set, name, &mut collected);
        }
        let mut fields = Vec::with_capacity(collected.len());
        for (key, found) in &collected {
            fields.extend(self.field(name, key, found, place)?);
        }
        self.fields += fields.len();
        if self.fields > FIELDS_MAX {
            return Err(ShapeError);
        }
        let is_refused = self.refuses(name);
        Ok(ObjectShape {
            name: Key::new(name.as_str()),
            name_json: format!("\"{name}\""),
            fields,
            is_refused,
        })
    }

    /// Whether the caller may not see objects of a type, or one of those that an interface stands for.
    fn refuses(&self, name: &Name) -> bool {
        let access = &self.engine.access;
        self.judged.refuses(access.object(name))
            || access.members(name).any(|demand| !self.judged.is_met(demand))
    }

    /// What any object of an interface looks like, unless that depends on what it is.
    fn any(
        &mut self,
        ty: &Name,
        sets: &[&'a SelectionSet],
        place: Option<usize>,
    ) -> Result<Option<Any>, ShapeError> {
        let types = self.engine.planner.types();
        if !types.is_vague(ty) || sets.iter().any(|set| self.is_particular(set, ty)) {
            return Ok(None);
        }
        let implied = self.engine.implementers.get(ty).into_iter().flat_map(|found| &found.interfaces);
        let types = implied.chain([ty]).map(|name| types.id(name)).collect();
        Ok(Some(Any { types, object: Arc::new(self.object(ty, sets, place)?) }))
    }

    /// Whether a selection on an interface differs from one of its objects to another.
    fn is_particular(&self, set: &SelectionSet, ty: &Name) -> bool {
        set.selections.iter().any(|selection| {
            let inner = match selection {
                Selection::Field(field) => return field.name == "__typename",
                Selection::InlineFragment(fragment) => Some(&fragment.selection_set),
                Selection::FragmentSpread(spread) => {
                    self.document.fragments.get(&spread.fragment_name).map(|found| &found.selection_set)
                }
            };
            inner.is_some_and(|inner| {
                (inner.ty != *ty && !self.engine.schema.is_subtype(&inner.ty, ty))
                    || self.is_particular(inner, ty)
            })
        })
    }

    fn concrete(&self, ty: &Name) -> Vec<Name> {
        match self.engine.schema.types.get(ty) {
            Some(ExtendedType::Union(union)) => {
                union.members.iter().map(|member| member.name.clone()).collect()
            }
            Some(ExtendedType::Interface(_)) => {
                let implementers = self.engine.implementers.get(ty);
                implementers.iter().flat_map(|found| found.objects.iter().cloned()).collect()
            }
            _ => vec![ty.clone()],
        }
    }

    fn collect(
        &self,
        set: &'a SelectionSet,
        concrete: &Name,
        collected: &mut IndexMap<Name, Vec<&'a Field>>,
    ) {
        for selection in &set.selections {
            let inner = match selection {
                Selection::Field(field) => {
                    collected.entry(field.response_key().clone()).or_default().push(field);
                    continue;
                }
                Selection::InlineFragment(fragment) => &fragment.selection_set,
                Selection::FragmentSpread(spread) => {
                    match self.document.fragments.get(&spread.fragment_name) {
                        Some(fragment) => &fragment.selection_set,
                        None => continue,
                    }
                }
            };
            if inner.ty == *concrete || self.engine.schema.is_subtype(&inner.ty, concrete) {
                self.collect(inner, concrete, collected);
            }
        }
    }

    fn field(
        &mut self,
        on: &Name,
        key: &Name,
        found: &[&'a Field],
        place: Option<usize>,
    ) -> Result<Option<FieldShape>, ShapeError> {
        let Some(first) = found.first() else { return Ok(None) };
        let name = first.name.clone();
        let data_key = self.engine.aliases.data_key(first);
        let output = match name.as_str() {
            "__typename" => Output::TypeName,
            "__schema" | "__type" => Output::Introspection,
            _ => {
                let Ok(definition) = self.engine.schema.type_field(on, &name) else { return Ok(None) };
                // Refused as the client asked for it in one place, it is not shown because of another.
                if found.iter().any(|field| is_refused(field)) {
                    let is_non_null = definition.ty.is_non_null();
                    return Ok(Some(FieldShape::new(key, data_key, Output::Refused { is_non_null })));
                }
                let ty = definition.ty.clone();
                let at = place.and_then(|place| self.layout.slot(place, &data_key));
                let of = self.kind(ty.inner_named_type(), found, at.and_then(|(_, below)| below))?;
                Output::Field { name, ty, of, slot: at.map(|(slot, _)| slot) }
            }
        };
        Ok(Some(FieldShape::new(key, data_key, output)))
    }

    fn kind(&mut self, ty: &Name, found: &[&'a Field], place: Option<usize>) -> Result<Kind, ShapeError> {
        Ok(match self.engine.schema.types.get(ty) {
            Some(ExtendedType::Enum(definition)) => {
                Kind::Enum(definition.values.keys().map(|name| format!("\"{name}\"")).collect())
            }
            Some(ExtendedType::Object(_) | ExtendedType::Interface(_) | ExtendedType::Union(_)) => {
                let sets = found.iter().map(|field| &field.selection_set);
                Kind::Composite(self.shape(ty, sets.collect(), place)?)
            }
            _ => Kind::Scalar(match ty.as_str() {
                "Int" => Scalar::Int,
                "Float" => Scalar::Float,
                "String" => Scalar::String,
                "Boolean" => Scalar::Boolean,
                "ID" => Scalar::Id,
                _ => Scalar::Custom,
            }),
        })
    }
}

/// A path in the gathered data as the client knows it: with its own keys, and only as far as it asked.
pub(super) fn client_path(shape: &Shape, path: &Path) -> Path {
    let mut found = Path::with_capacity(path.len());
    let mut shapes = vec![shape];
    for segment in path {
        let PathSegment::Field(name) = segment else {
            found.push(segment.clone());
            continue;
        };
        let objects = shapes.iter().flat_map(|shape| &shape.objects).map(|(_, object)| object);
        let fields: Vec<&FieldShape> =
            objects.filter_map(|object| object.fields.iter().find(|field| field.data_key == *name)).collect();
        let Some(first) = fields.first() else { break };
        found.push(PathSegment::Field(first.key.clone()));
        shapes = fields
            .iter()
            .filter_map(|field| match &field.output {
                Output::Field { of: Kind::Composite(shape), .. } => Some(shape.as_ref()),
                _ => None,
            })
            .collect();
    }
    found
}
