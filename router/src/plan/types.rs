//! The types of a supergraph by number, so that what an object is can be compared while data passes through.

use std::collections::{HashMap, HashSet};

use apollo_compiler::ast::{
    Definition, Directive, Document, FieldDefinition, ObjectTypeDefinition, OperationType, Type,
};
use apollo_compiler::{Name as TypeName, Node};
use async_graphql::Name;

use super::subgraphs::flag;

/// A composite type of the supergraph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TypeId(u16);

impl TypeId {
    /// Nobody said.
    pub const UNSAID: Self = Self(0);
    /// Of a name that the supergraph does not have.
    pub const UNKNOWN: Self = Self(1);
}

/// Some types.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct TypeSet(Box<[u64]>);

impl TypeSet {
    /// Whether a type is one of them.
    pub fn contains(&self, ty: TypeId) -> bool {
        let word = self.0.get(usize::from(ty.0 / 64));
        word.is_some_and(|word| word & (1 << (ty.0 % 64)) != 0)
    }

    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// How many they are.
    pub fn len(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    /// Those that are in another set as well.
    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(one, other)| one & other).collect())
    }

    /// With those of another set.
    pub fn union(&self, other: &Self) -> Self {
        let (long, short) = if self.0.len() < other.0.len() { (other, self) } else { (self, other) };
        let rest = short.0.iter().copied().chain(std::iter::repeat(0));
        Self(long.0.iter().zip(rest).map(|(one, other)| one | other).collect())
    }

    /// Whether all of them are in another set.
    pub fn is_within(&self, other: &Self) -> bool {
        let others = other.0.iter().copied().chain(std::iter::repeat(0));
        self.0.iter().zip(others).all(|(one, other)| one & !other == 0)
    }

    fn ids(&self) -> impl Iterator<Item = TypeId> {
        let bits = |(number, word): (usize, &u64)| {
            let word = *word;
            (0..64).filter(move |bit| word & (1 << bit) != 0).map(move |bit| number * 64 + bit)
        };
        self.0.iter().enumerate().flat_map(bits).filter_map(|id| u16::try_from(id).ok().map(TypeId))
    }

    fn insert(&mut self, ty: TypeId) {
        if let Some(word) = self.0.get_mut(usize::from(ty.0 / 64)) {
            *word |= 1 << (ty.0 % 64);
        }
    }
}

/// What a field of the supergraph returns.
pub(crate) struct Returns<'a> {
    /// The named type.
    pub name: &'a str,
    /// How many lists are around it.
    pub lists: u8,
}

/// Whether one subgraph answers for objects of a type by a key, and all others only name them by one, or extend what that one
/// defines: who has the type without a key has objects of its own.
fn has_one_resolver(ty: &Node<ObjectTypeDefinition>) -> bool {
    let joins = || ty.directives.get_all("join__type");
    let resolves = |join: &&Node<Directive>| {
        let said = |name: &str| join.specified_argument_by_name(name).and_then(|given| given.to_bool());
        said("resolvable") != Some(false) && said("extension") != Some(true)
    };
    let graph = |join: &Node<Directive>| Some(join.specified_argument_by_name("graph")?.to_string());
    let graphs: HashSet<String> = joins().filter(resolves).filter_map(graph).collect();
    graphs.len() == 1 && joins().all(|join| join.specified_argument_by_name("key").is_some())
}

/// All composite types of a supergraph, those that clients do not see included.
#[derive(Default)]
pub(crate) struct Types {
    ids: HashMap<Name, TypeId>,
    names: Vec<Name>,
    /// Interface or union → its objects, by name.
    members: HashMap<Name, Vec<Name>>,
    /// Interfaces and unions whose objects some subgraph knows by the interface alone.
    vague: HashSet<Name>,
    returns: HashMap<Name, HashMap<Name, (Name, u8)>>,
    roots: [Option<Name>; 3],
    /// Object types that one subgraph answers for by a key, while all others only name their objects by one, or extend them.
    of_one: HashSet<Name>,
}

impl Types {
    /// Whether one subgraph alone answers for objects of a type by a key: what that one does not have, nobody has.
    pub fn has_one_resolver(&self, ty: TypeId) -> bool {
        self.names.get(usize::from(ty.0)).is_some_and(|name| self.of_one.contains(name))
    }

    /// Reads a supergraph.
    pub(super) fn new(supergraph: &Document) -> Self {
        let mut types = Self {
            names: vec![Name::new(""); 2],
            roots: [Some(Name::new("Query")), None, None],
            ..Self::default()
        };
        let schemas = supergraph.definitions.iter().filter_map(Definition::as_schema_definition);
        for root in schemas.flat_map(|schema| &schema.root_operations) {
            let position = match root.0 {
                OperationType::Query => 0,
                OperationType::Mutation => 1,
                OperationType::Subscription => 2,
            };
            types.roots[position] = Some(Name::new(&root.1));
        }
        let mut interface_objects = Vec::new();
        for definition in &supergraph.definitions {
            match definition {
                Definition::ObjectTypeDefinition(ty) => {
                    types.add(&ty.name, &ty.fields);
                    if has_one_resolver(ty) {
                        types.of_one.insert(Name::new(&ty.name));
                    }
                    for interface in &ty.implements_interfaces {
                        let members = types.members.entry(Name::new(interface)).or_default();
                        members.push(Name::new(&ty.name));
                    }
                }
                Definition::InterfaceTypeDefinition(ty) => {
                    types.add(&ty.name, &ty.fields);
                    types.members.entry(Name::new(&ty.name)).or_default();
                    let mut joins = ty.directives.get_all("join__type");
                    if joins.any(|join| flag(join, "isInterfaceObject")) {
                        interface_objects.push(Name::new(&ty.name));
                    }
                }
                Definition::UnionTypeDefinition(ty) => {
                    types.add(&ty.name, &[]);
                    types.members.insert(Name::new(&ty.name), ty.members.iter().map(Name::new).collect());
                }
                _ => {}
            }
        }
        for known_as in interface_objects {
            let Some(objects) = types.members.get(&known_as) else { continue };
            let shares = |(_, members): &(&Name, &Vec<Name>)| members.iter().any(|one| objects.contains(one));
            let vague = types.members.iter().filter(shares).map(|(name, _)| name.clone());
            types.vague.extend(vague);
            types.vague.insert(known_as);
        }
        types
    }

    fn add(&mut self, name: &TypeName, fields: &[Node<FieldDefinition>]) {
        let name = Name::new(name);
        let fields = fields.iter().map(|field| {
            (Name::new(&field.name), (Name::new(field.ty.inner_named_type()), lists(&field.ty)))
        });
        self.returns.insert(name.clone(), fields.collect());
        // What does not fit is unknown: then nothing is compared by number, and fewer things are reused.
        if let Ok(id) = u16::try_from(self.names.len()) {
            self.ids.insert(name.clone(), TypeId(id));
            self.names.push(name);
        }
    }

    /// The number of a type.
    pub fn id(&self, name: &str) -> TypeId {
        self.ids.get(name).copied().unwrap_or(TypeId::UNKNOWN)
    }

    /// The name of a type; empty for those without one.
    pub fn name(&self, ty: TypeId) -> &Name {
        // Every number comes from here.
        &self.names[usize::from(ty.0)]
    }

    /// Whether it is an object type: one that something can be.
    pub fn is_object(&self, name: &str) -> bool {
        self.ids.contains_key(name) && !self.members.contains_key(name)
    }

    /// As [`Types::is_object`], by number.
    pub fn is_object_id(&self, ty: TypeId) -> bool {
        self.is_object(self.name(ty))
    }

    /// Whether it is an interface or a union.
    pub fn is_abstract(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// Whether it is an interface or a union of which some subgraph gives objects without being able to say what
    /// they are: it takes an interface for an object type (`@interfaceObject`).
    pub fn is_vague(&self, name: &str) -> bool {
        self.vague.contains(name)
    }

    /// The object types that a name stands for: itself, or its members.
    pub fn objects<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Name> {
        let own = self.ids.get_key_value(name).map(|(own, _)| own);
        let members = self.members.get(name);
        members.into_iter().flatten().chain(own.filter(move |_| members.is_none()))
    }

    /// The object types that a name stands for, as a set; empty for what is no composite type. An interface that nothing
    /// implements stands for itself.
    pub fn object_set(&self, name: &str) -> TypeSet {
        let mut set = self.no_types();
        self.objects(name).for_each(|object| set.insert(self.id(object)));
        // Of an interface without objects no more can be said than its name.
        if let Some(own) = self.ids.get(name).filter(|_| set.is_empty()) {
            set.insert(*own);
        }
        set
    }

    /// The names of some types.
    pub fn names_of<'a>(&'a self, set: &'a TypeSet) -> impl Iterator<Item = &'a Name> {
        set.ids().map(|id| self.name(id))
    }

    /// The name of the only type of a set.
    pub fn only(&self, set: &TypeSet) -> Option<&Name> {
        let mut ids = set.ids();
        ids.next().filter(|_| ids.next().is_none()).map(|id| self.name(id))
    }

    fn no_types(&self) -> TypeSet {
        TypeSet(vec![0; self.names.len().div_ceil(64)].into())
    }

    /// The types that satisfy any of some type conditions: the named ones and their members.
    pub fn satisfying<'a>(&self, conditions: impl IntoIterator<Item = &'a str>) -> TypeSet {
        let mut set = self.no_types();
        for condition in conditions {
            for name in self.objects(condition) {
                set.insert(self.id(name));
            }
            if let Some(own) = self.ids.get(condition) {
                set.insert(*own);
            }
        }
        set
    }

    /// The types that satisfy a condition, and those that it satisfies.
    pub fn related(&self, condition: &str) -> TypeSet {
        let mut set = self.satisfying([condition]);
        for (name, members) in &self.members {
            if members.iter().any(|member| member == condition) {
                set.insert(self.id(name));
            }
        }
        set
    }

    /// What a field returns; `None` for fields that the supergraph does not have.
    pub fn returns(&self, ty: &str, field: &str) -> Option<Returns<'_>> {
        self.returns.get(ty)?.get(field).map(|(name, lists)| Returns { name, lists: *lists })
    }

    /// Of a root type, whether it is that of queries; `None` for others.
    pub fn root_of(&self, name: &str) -> Option<bool> {
        let position = self.roots.iter().position(|root| root.as_deref() == Some(name))?;
        Some(position == 0)
    }

    /// The root type of queries, mutations or subscriptions.
    pub fn root(&self, kind: super::FetchKind) -> &str {
        let name = match kind {
            super::FetchKind::Query => &self.roots[0],
            super::FetchKind::Mutation => &self.roots[1],
            super::FetchKind::Subscription => &self.roots[2],
        };
        name.as_ref().map_or("", Name::as_str)
    }
}

fn lists(ty: &Type) -> u8 {
    match ty {
        Type::List(inner) | Type::NonNullList(inner) => lists(inner).saturating_add(1),
        Type::Named(_) | Type::NonNullNamed(_) => 0,
    }
}
