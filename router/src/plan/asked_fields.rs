//! The fields that are asked of objects, as the planner works with them: for each field the objects that it is asked
//! of. Fragments and introspection are resolved, and equal fields merged.

use std::fmt::{self, Display, Formatter};
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use apollo_compiler::Name;
use async_graphql::Name as Key;
use indexmap::IndexMap;

use super::{TypeSet, Types};

/// What is asked of an object, whatever its type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ask(IndexMap<Asked, Option<Shared<Ask>>>);

/// A field that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Asked {
    /// The key that the data has.
    pub key: Key,
    /// Its name.
    pub name: Name,
    /// Its arguments, printed; empty without any.
    pub arguments: String,
    /// The client's variables that its arguments use.
    pub variables: Vec<Key>,
    /// The object types of which it is asked.
    pub of: TypeSet,
}

/// A field, and what is asked of the objects that it returns: `None` for a leaf.
pub(super) type Item = (Asked, Option<Shared<Ask>>);

/// Shared, and the same as another only if it is one with it.
#[derive(Debug)]
pub(super) struct Shared<T>(Arc<T>);

impl<T> Shared<T> {
    pub fn new(inner: T) -> Self {
        Self(Arc::new(inner))
    }

    /// Equal for what is one.
    pub fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<T> Eq for Shared<T> {}

impl<T> Hash for Shared<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.address().hash(state);
    }
}

impl Asked {
    /// The question what an object is.
    pub fn typename(of: TypeSet) -> Self {
        const NAME: Name = apollo_compiler::name!("__typename");
        Self { key: Key::new(&NAME), name: NAME, arguments: String::new(), variables: Vec::new(), of }
    }

    /// Whether it is the question what an object is.
    pub fn is_typename(&self) -> bool {
        self.name == "__typename"
    }
}

impl Ask {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn items(&self) -> impl Iterator<Item = (&Asked, &Option<Shared<Self>>)> {
        self.0.iter()
    }

    pub fn into_items(self) -> impl Iterator<Item = Item> {
        self.0.into_iter()
    }

    /// Adds a field; what is asked twice below it is asked once.
    pub fn add(&mut self, asked: Asked, below: Option<Shared<Self>>) {
        match self.0.get_mut(&asked) {
            Some(Some(known)) => {
                let Some(below) = below else { return };
                let mut merged = Self::clone(known);
                merged.merge(&below);
                *known = Shared::new(merged);
            }
            Some(None) => {}
            None => {
                self.0.insert(asked, below);
            }
        }
    }

    pub fn merge(&mut self, other: &Self) {
        for (asked, below) in other.items() {
            self.add(asked.clone(), below.clone());
        }
    }

    /// Asks once what is asked alike of several types.
    pub fn unite(self) -> Self {
        type Alike = Vec<(Asked, Option<Shared<Ask>>)>;
        let mut found: IndexMap<(Key, Name, String), Alike> = IndexMap::new();
        for (asked, below) in self.0 {
            let alike =
                found.entry((asked.key.clone(), asked.name.clone(), asked.arguments.clone())).or_default();
            let is_same = |known: &Option<Shared<Self>>| match (known, &below) {
                (None, None) => true,
                (Some(one), Some(other)) => one == other || **one == **other,
                _ => false,
            };
            match alike.iter_mut().find(|(_, known)| is_same(known)) {
                Some((known, _)) => known.of = known.of.union(&asked.of),
                None => alike.push((asked, below)),
            }
        }
        let mut united = Self::default();
        found.into_values().flatten().for_each(|(asked, below)| united.add(asked, below));
        united
    }

    /// How many leaves there are; an object of which nothing is asked is one.
    pub fn leaves(&self) -> usize {
        self.0.values().map(|below| below.as_ref().map_or(1, |below| below.leaves().max(1))).sum()
    }

    /// Each leaf with what leads to it.
    pub fn paths(&self) -> Vec<Self> {
        let mut paths = Vec::new();
        for (asked, below) in &self.0 {
            match below {
                None => paths.push(Self(IndexMap::from([(asked.clone(), None)]))),
                Some(below) => paths.extend(
                    below
                        .paths()
                        .into_iter()
                        .map(|path| Self(IndexMap::from([(asked.clone(), Some(Shared::new(path)))]))),
                ),
            }
        }
        paths
    }
}

impl Display for Ask {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(" {")?;
        for (asked, below) in &self.0 {
            write!(f, " {}", asked.name)?;
            below.as_ref().map_or(Ok(()), |below| below.fmt(f))?;
        }
        f.write_str(" }")
    }
}

impl FromIterator<Item> for Ask {
    fn from_iter<I: IntoIterator<Item = Item>>(items: I) -> Self {
        let mut ask = Self::default();
        items.into_iter().for_each(|(asked, below)| ask.add(asked, below));
        ask
    }
}

/// The objects of a type that a fragment's condition leaves.
pub(super) fn inside(objects: &TypeSet, condition: Option<&Name>, types: &Types) -> TypeSet {
    condition.map_or_else(|| objects.clone(), |condition| objects.intersection(&types.object_set(condition)))
}
