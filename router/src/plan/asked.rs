//! Selections as the planner gets them: what is the same stands once.

use std::fmt::{self, Display, Formatter};
use std::mem;

use apollo_compiler::Name;
use async_graphql::Name as Key;
use indexmap::IndexMap;

use super::document::typename;
use super::{PlanError, Step, Types};

/// A selection set, in the order in which things were first met.
#[derive(Clone, Default)]
pub(super) struct Set(IndexMap<Asked, Below>);

/// What is asked instead: given the place, the type and what is asked of it.
pub(super) type Replacement<'a> = dyn FnMut(&[Step], &str, Set) -> Result<Set, PlanError> + 'a;

/// What is asked for.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Asked {
    /// A field: alias, name and arguments.
    Field { name: Name, head: String, key: Key },
    /// Parts of objects of a type.
    Fragment { ty: Name },
}

/// What is asked for below it.
#[derive(Clone)]
struct Below {
    set: Set,
    is_leaf: bool,
}

/// A field.
#[derive(Clone)]
pub(super) struct Field {
    pub name: Name,
    /// Alias, name and arguments.
    pub head: String,
    /// The key that the data has.
    pub data_key: Key,
    /// Whether it returns a scalar or an enum.
    pub is_leaf: bool,
    /// What is selected of it.
    pub set: Set,
}

impl Set {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many fields and fragments stand right here.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds a field.
    pub fn field(&mut self, field: Field) {
        let Field { name, head, data_key, is_leaf, set } = field;
        self.add(Asked::Field { name, head, key: data_key }, Below { set, is_leaf });
    }

    /// Adds a fragment.
    pub fn fragment(&mut self, ty: Name, set: Self) {
        self.add(Asked::Fragment { ty }, Below { set, is_leaf: false });
    }

    /// Adds all of another set.
    pub fn merge(&mut self, other: Self) {
        for (asked, below) in other.0 {
            self.add(asked, below);
        }
    }

    /// Each field, and each fragment, alone.
    pub fn singles(self) -> impl ExactSizeIterator<Item = Self> {
        self.0.into_iter().map(|one| Self(IndexMap::from([one])))
    }

    /// Asks for what is asked of each of the objects of an interface at the interface itself, wherever some subgraph
    /// knows objects by the interface alone. To be called once everything has been added: what is asked of the one
    /// object may stand far from what is asked of the other.
    pub fn hoist(&mut self, ty: &str, types: &Types) {
        self.hoist_inside(ty, &types.objects(ty).collect::<Vec<_>>(), types);
    }

    /// The other way round: what is asked of such an interface, asked of each of its objects instead.
    pub fn spread(&self, ty: &str, types: &Types) -> Self {
        let mut spread = self.clone();
        for (asked, below) in &mut spread.0 {
            match asked {
                Asked::Field { .. } if below.set.is_empty() => {}
                Asked::Field { name, .. } => {
                    if let Some(returns) = types.returns(ty, name) {
                        below.set = below.set.spread(returns.name, types);
                    }
                }
                Asked::Fragment { ty } => below.set = below.set.spread(ty, types),
            }
        }
        // Of an interface without objects, there is nobody else to ask.
        if !types.is_vague(ty) || types.objects(ty).next().is_none() {
            return spread;
        }
        let mut each = Self::default();
        for object in types.objects(ty) {
            let mut own = Self::default();
            spread.collect(object, types, &mut own);
            if !own.is_empty() {
                each.fragment(Name::new_unchecked(object), own);
            }
        }
        each
    }

    /// Collects what is asked of objects of one type.
    fn collect(&self, object: &Key, types: &Types, own: &mut Self) {
        for (asked, below) in &self.0 {
            match asked {
                Asked::Field { .. } => own.add(asked.clone(), below.clone()),
                Asked::Fragment { ty } if types.objects(ty).any(|one| one == object) => {
                    below.set.collect(object, types, own);
                }
                Asked::Fragment { .. } => {}
            }
        }
    }

    /// Hoists what is asked of `objects` of a type.
    fn hoist_inside(&mut self, ty: &str, objects: &[&Key], types: &Types) {
        for (asked, below) in &mut self.0 {
            match asked {
                Asked::Field { .. } if below.set.is_empty() => {}
                Asked::Field { name, .. } => {
                    if let Some(returns) = types.returns(ty, name) {
                        below.set.hoist(returns.name, types);
                    }
                }
                Asked::Fragment { ty } => {
                    let is_left = |object: &&Key| objects.contains(object);
                    let left: Vec<_> = types.objects(ty).filter(is_left).collect();
                    below.set.hoist_inside(ty, &left, types);
                }
            }
        }
        if types.is_vague(ty) && self.hoist_own(ty, objects, types) {
            // Which fields there are in the answer still depends on what an object is.
            self.field(typename());
        }
    }

    /// Hoists what stands right here; whether there is any.
    fn hoist_own(&mut self, interface: &str, objects: &[&Key], types: &Types) -> bool {
        let asked_of = |set: &Self, object: &Key, field: &Asked| {
            set.0.iter().any(|(asked, below)| match asked {
                Asked::Fragment { ty } => {
                    types.objects(ty).any(|one| one == object) && below.set.0.contains_key(field)
                }
                Asked::Field { .. } => false,
            })
        };
        let is_common = |asked: &Asked| {
            let Asked::Field { name, .. } = asked else { return false };
            let Some(returned) = types.returns(interface, name) else { return false };
            objects.iter().all(|object| {
                let own = types.returns(object, name);
                own.is_some_and(|own| own.name == returned.name) && asked_of(self, object, asked)
            })
        };
        let fragments = self.0.values().flat_map(|below| below.set.0.keys());
        let common: Vec<Asked> = fragments.filter(|asked| is_common(asked)).cloned().collect();
        for asked in &common {
            let fragments = self.0.iter_mut().filter(|(around, _)| matches!(around, Asked::Fragment { .. }));
            let found: Vec<Below> =
                fragments.filter_map(|(_, below)| below.set.0.shift_remove(asked)).collect();
            found.into_iter().for_each(|below| self.add(asked.clone(), below));
        }
        self.0.retain(|asked, below| !matches!(asked, Asked::Fragment { .. }) || !below.set.is_empty());
        !common.is_empty()
    }

    /// Replaces what is asked of some types, wherever they stand. `with` is given their place, their type and what is
    /// asked of them.
    pub fn replace(
        &mut self,
        ty: &str,
        path: &mut Vec<Step>,
        types: &Types,
        is_meant: &dyn Fn(&str) -> bool,
        with: &mut Replacement<'_>,
    ) -> Result<(), PlanError> {
        for (asked, below) in &mut self.0 {
            let outside = path.len();
            let inner = match asked {
                Asked::Field { .. } if below.set.is_empty() => continue,
                Asked::Field { name, key, .. } => {
                    let Some(returns) = types.returns(ty, name) else { continue };
                    path.push(Step::Field(key.clone()));
                    path.extend((0..returns.lists).map(|_| Step::List));
                    returns.name
                }
                Asked::Fragment { ty } => {
                    path.push(Step::Type(vec![ty.to_string()]));
                    ty.as_str()
                }
            };
            if is_meant(inner) {
                below.set = with(path, inner, mem::take(&mut below.set))?;
            } else {
                below.set.replace(inner, path, types, is_meant, with)?;
            }
            path.truncate(outside);
        }
        Ok(())
    }

    /// Whether objects of a type have any of some keys at a path.
    pub fn has(&self, path: &[Step], keys: &[&Key], ty: &Key, types: &Types) -> bool {
        let silent = path.iter().take_while(|step| !matches!(step, Step::Field(_))).count();
        let path = &path[silent..];
        self.0.iter().any(|(asked, below)| match (asked, path) {
            (Asked::Field { key, .. }, []) => keys.contains(&key),
            (Asked::Field { key, .. }, [Step::Field(name), rest @ ..]) => {
                key == name && below.set.has(rest, keys, ty, types)
            }
            (Asked::Fragment { ty: condition }, _) => {
                let applies = !path.is_empty() || types.objects(condition).any(|object| object == ty);
                applies && below.set.has(path, keys, ty, types)
            }
            (Asked::Field { .. }, _) => false,
        })
    }

    fn add(&mut self, asked: Asked, below: Below) {
        match self.0.get_mut(&asked) {
            Some(known) => known.set.merge(below.set),
            None => {
                self.0.insert(asked, below);
            }
        }
    }
}

impl Display for Set {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (asked, below) in &self.0 {
            match asked {
                Asked::Field { head, .. } => write!(f, "{head}{below} ")?,
                Asked::Fragment { ty } => write!(f, "... on {ty}{below} ")?,
            }
        }
        Ok(())
    }
}

impl Display for Below {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self { is_leaf: true, .. } => Ok(()),
            // The grammar knows no empty selection.
            Self { set, .. } if set.is_empty() => f.write_str("{__typename}"),
            Self { set, .. } => write!(f, "{{{set}}}"),
        }
    }
}
