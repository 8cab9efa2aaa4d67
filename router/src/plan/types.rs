//! The types of a supergraph by number, so that what an object is can be compared while data passes through.

use std::collections::{HashMap, HashSet};

use async_graphql::Name;
use hive_router_query_planner::state::supergraph_state::{SupergraphDefinition, SupergraphState, TypeNode};

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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TypeSet(Box<[u64]>);

impl TypeSet {
    /// Whether a type is one of them.
    pub fn contains(&self, ty: TypeId) -> bool {
        let word = self.0.get(usize::from(ty.0 / 64));
        word.is_some_and(|word| word & (1 << (ty.0 % 64)) != 0)
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
}

impl Types {
    /// Reads the planner library's state.
    pub(super) fn new(supergraph: &SupergraphState) -> Self {
        let root = |name: &Option<String>| name.as_ref().map(Name::new);
        let mut types = Self {
            ids: HashMap::new(),
            names: vec![Name::new(""); 2],
            members: HashMap::new(),
            vague: HashSet::new(),
            returns: HashMap::new(),
            roots: [
                Some(Name::new(&supergraph.query_type)),
                root(&supergraph.mutation_type),
                root(&supergraph.subscription_type),
            ],
        };
        let mut interface_objects = Vec::new();
        for (name, definition) in &supergraph.definitions {
            if definition.join_types().iter().any(|join| join.is_interface_object) {
                interface_objects.push(name.as_str());
            }
            let name = Name::new(name);
            match definition {
                SupergraphDefinition::Interface(_) => {
                    let objects = supergraph.interface_members(&name).into_iter().flatten();
                    types.members.insert(name.clone(), objects.map(Name::new).collect());
                }
                SupergraphDefinition::Union(union) => {
                    types.members.insert(name.clone(), union.types.iter().map(Name::new).collect());
                }
                SupergraphDefinition::Object(_) => {}
                _ => continue,
            }
            let fields = definition.fields().iter().map(|(field, definition)| {
                let ty = &definition.field_type;
                (Name::new(field), (Name::new(ty.inner_type()), lists(ty)))
            });
            types.returns.insert(name.clone(), fields.collect());
            // What does not fit is unknown: then nothing is compared by number, and fewer things are reused.
            if let Ok(id) = u16::try_from(types.names.len()) {
                types.ids.insert(name.clone(), TypeId(id));
                types.names.push(name);
            }
        }
        for known_as in interface_objects {
            let Some(objects) = types.members.get(known_as) else { continue };
            let shares = |(_, members): &(&Name, &Vec<Name>)| members.iter().any(|one| objects.contains(one));
            let vague = types.members.iter().filter(shares).map(|(name, _)| name.clone());
            types.vague.extend(vague);
            types.vague.insert(Name::new(known_as));
        }
        types
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

    /// The types that satisfy any of some type conditions: the named ones and their members.
    pub fn satisfying<'a>(&self, conditions: impl IntoIterator<Item = &'a str>) -> TypeSet {
        let mut set = TypeSet(vec![0; self.names.len().div_ceil(64)].into());
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

fn lists(ty: &TypeNode) -> u8 {
    match ty {
        TypeNode::List(inner) => lists(inner).saturating_add(1),
        TypeNode::NonNull(inner) => lists(inner),
        TypeNode::Named(_) => 0,
    }
}
