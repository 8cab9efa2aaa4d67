//! Drafts of fetches: what is selected and told so far, while more is added.

use std::collections::BTreeSet;

use apollo_compiler::Name;
use apollo_compiler::ast::Type;
use async_graphql::Name as Key;
use indexmap::IndexMap;

use super::asked_fields::Asked;
use super::{FetchKind, Requirement, Selection, Step};

/// A fetch.
#[derive(Debug)]
pub(super) struct Draft {
    /// The subgraph.
    pub graph: usize,
    pub kind: FetchKind,
    /// Where its objects are.
    pub path: Vec<Step>,
    /// How they are told to the subgraph; `None` for root fields.
    pub entry: Option<Entry>,
    /// What is asked for.
    pub node: Node,
    /// The fetches that it needs something of.
    pub after: BTreeSet<usize>,
}

/// How objects are told to a subgraph.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    /// What the subgraph takes them for.
    pub ty: Name,
    /// For the objects of each type, what they are told by.
    pub requires: IndexMap<String, Vec<Requirement>>,
    /// The types that the subgraph knows by that name alone.
    pub retyped: Vec<String>,
}

/// What is asked of objects.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Node {
    fields: IndexMap<Key, Leaf>,
    fragments: IndexMap<Name, Node>,
}

/// A field, and what is asked of what it returns.
#[derive(Clone, Debug, PartialEq)]
struct Leaf {
    name: Name,
    arguments: String,
    variables: Vec<Key>,
    /// What it returns, as far as it matters to whether two fields can share a key.
    shape: String,
    /// What it is called in the answer, where its own key is taken.
    alias: Option<Key>,
    below: Option<Node>,
}

/// A step into what is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Segment {
    Field(Key),
    On(Name),
}

impl Node {
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.fragments.values().all(Self::is_empty)
    }

    /// What is asked at a place.
    pub fn at(&mut self, segments: &[Segment]) -> &mut Self {
        let Some((first, rest)) = segments.split_first() else { return self };
        let next = match first {
            Segment::On(ty) => self.fragments.entry(ty.clone()).or_default(),
            Segment::Field(key) => {
                let leaf = self.fields.entry(key.clone()).or_insert_with(Leaf::typename);
                leaf.below.get_or_insert_with(Self::default)
            }
        };
        next.at(rest)
    }

    /// Asks what the objects are.
    pub fn ask_typename(&mut self) {
        let key = Key::new("__typename");
        if !self.fields.contains_key(&key) {
            self.fields.shift_insert(0, key, Leaf::typename());
        }
    }

    /// Asks for a field.
    pub fn ask(&mut self, asked: &Asked, ty: Option<&Type>, is_composite: bool) {
        let (Some(ty), false) = (ty, asked.is_typename()) else { return self.ask_typename() };
        let leaf = self.fields.entry(asked.key.clone()).or_insert_with(|| Leaf {
            name: asked.name.clone(),
            arguments: asked.arguments.clone(),
            variables: asked.variables.clone(),
            shape: shape(ty, is_composite),
            alias: None,
            below: None,
        });
        if is_composite {
            leaf.below.get_or_insert_with(Self::default);
        }
    }

    /// Adds what another asks for.
    pub fn merge(&mut self, other: Self) {
        for (key, leaf) in other.fields {
            match self.fields.get_mut(&key) {
                None if key == "__typename" => self.ask_typename(),
                None => {
                    self.fields.insert(key, leaf);
                }
                Some(known) => {
                    if let Some(below) = leaf.below {
                        known.below.get_or_insert_with(Self::default).merge(below);
                    }
                }
            }
        }
        for (ty, node) in other.fragments {
            self.fragments.entry(ty).or_default().merge(node);
        }
    }

    /// The variables that are used.
    pub fn variables(&self, found: &mut BTreeSet<Key>) {
        for leaf in self.fields.values() {
            found.extend(leaf.variables.iter().cloned());
            leaf.below.iter().for_each(|below| below.variables(found));
        }
        self.fragments.values().for_each(|node| node.variables(found));
    }

    /// The keys of the data that it brings, whatever the type.
    pub fn keys(&self, found: &mut Vec<Key>) {
        for key in self.fields.keys().filter(|key| *key != "__typename") {
            if !found.contains(key) {
                found.push(key.clone());
            }
        }
        self.fragments.values().for_each(|node| node.keys(found));
    }

    pub fn selections(&self) -> Vec<Selection> {
        let field = |(key, leaf): (&Key, &Leaf)| Selection::Field {
            key: leaf.alias.clone().unwrap_or_else(|| key.clone()),
            name: leaf.name.to_string(),
            arguments: leaf.arguments.clone(),
            selections: leaf.below.as_ref().map(Self::selections_or_typename).unwrap_or_default(),
        };
        let fragment = |(ty, node): (&Name, &Self)| Selection::Type {
            condition: ty.to_string(),
            selections: node.selections_or_typename(),
        };
        let fragments = self.fragments.iter().filter(|(_, node)| !node.is_empty());
        self.fields.iter().map(field).chain(fragments.map(fragment)).collect()
    }

    /// The grammar knows no empty selection.
    fn selections_or_typename(&self) -> Vec<Selection> {
        let found = self.selections();
        if !found.is_empty() {
            return found;
        }
        let (key, name) = (Key::new("__typename"), "__typename".to_owned());
        vec![Selection::Field { key, name, arguments: String::new(), selections: Vec::new() }]
    }

    /// Gives fields other names in the answer where two of one key do not fit together (GraphQL, section 5.3.2): what
    /// does not matter in the supergraph may matter in a subgraph, whose types differ. `renamed` gets each with its
    /// place in the answer and the key of the data.
    pub fn tell_apart(&mut self, renamed: &mut Vec<(Vec<Key>, Key)>) {
        tell_apart(vec![self], &mut Vec::new(), renamed);
    }
}

impl Leaf {
    fn typename() -> Self {
        Self {
            name: apollo_compiler::name!("__typename"),
            arguments: String::new(),
            variables: Vec::new(),
            shape: String::new(),
            alias: None,
            below: None,
        }
    }

    fn is_alike(&self, other: &Self) -> bool {
        (&self.name, &self.arguments, &self.shape) == (&other.name, &other.arguments, &other.shape)
    }
}

fn tell_apart(nodes: Vec<&mut Node>, path: &mut Vec<Key>, renamed: &mut Vec<(Vec<Key>, Key)>) {
    let mut found: IndexMap<Key, Vec<Vec<&mut Leaf>>> = IndexMap::new();
    let mut nodes = nodes;
    while let Some(node) = nodes.pop() {
        for (key, leaf) in &mut node.fields {
            let variants = found.entry(key.clone()).or_default();
            match variants
                .iter_mut()
                .find(|variant| variant.first().is_some_and(|known| known.is_alike(leaf)))
            {
                Some(variant) => variant.push(leaf),
                None => variants.push(vec![leaf]),
            }
        }
        nodes.extend(node.fragments.values_mut());
    }
    for (key, variants) in found {
        for (number, variant) in variants.into_iter().enumerate() {
            let answer_key = if number == 0 { key.clone() } else { Key::new(format!("_{number}_{key}")) };
            path.push(answer_key.clone());
            if number > 0 {
                renamed.push((path.clone(), key.clone()));
            }
            let mut below = Vec::new();
            for leaf in variant {
                leaf.alias = (number > 0).then(|| answer_key.clone());
                below.extend(leaf.below.as_mut());
            }
            tell_apart(below, path, renamed);
            path.pop();
        }
    }
}

/// Lists and non-null around a leaf's type, or around any composite type.
fn shape(ty: &Type, is_composite: bool) -> String {
    let text = ty.to_string();
    if is_composite { text.replace(ty.inner_named_type().as_str(), "*") } else { text }
}
