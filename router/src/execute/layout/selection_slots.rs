//! Which slot each field of a selection's answer is read into.

use async_graphql::Name;

use super::places::Renames;
use super::{Compiler, TYPENAME};
use crate::plan::{Rename, Selection, TypeId, Types};

/// How objects of one selection are read.
pub(in crate::execute) struct Reading {
    /// The place that they belong to.
    pub place: usize,
    /// How many slots they have.
    pub slots: usize,
    /// What they are, where that is known without being told.
    pub ty: TypeId,
    /// What they may say to be.
    pub types: Vec<(Name, TypeId)>,
    /// What is expected of them, in the order in which it was asked for.
    pub entries: Vec<Entry>,
}

impl Reading {
    /// What comes next in an answer: most likely what was asked for next.
    pub fn entry(&self, next: &mut usize, key: &[u8]) -> Option<&Entry> {
        let is_it = |entry: &Entry| entry.key.as_bytes() == key;
        let position = match self.entries.get(*next) {
            Some(entry) if is_it(entry) => *next,
            _ => self.entries.iter().position(is_it)?,
        };
        *next = position + 1;
        self.entries.get(position)
    }

    /// The type of a name that an object says to be.
    pub fn type_named(&self, name: &str, types: &Types) -> TypeId {
        let expected = self.types.iter().find(|(expected, _)| expected == name);
        expected.map_or_else(|| types.id(name), |(_, ty)| *ty)
    }
}

/// One key of an answer.
pub(in crate::execute) struct Entry {
    /// The key.
    pub key: Name,
    /// The key as most answers have it: in quotes, with a colon.
    pub key_json: Box<[u8]>,
    /// Where its value belongs.
    pub slot: usize,
    /// How many lists its type has around it; more are part of a scalar.
    pub lists: u8,
    /// How its objects are read, when it has any.
    pub of: Option<Reading>,
}

impl Entry {
    /// Of a key without objects.
    pub fn new(key: Name, slot: usize, lists: u8) -> Self {
        let key_json = format!("\"{key}\":").into_bytes().into();
        Self { key, key_json, slot, lists, of: None }
    }
}

impl Compiler<'_> {
    /// `ty` is the type that the selection is on; `None` for entities, whose type conditions say so.
    pub(super) fn reading(
        &self,
        place: usize,
        selections: &[Selection],
        ty: Option<&str>,
        renames: &[Rename],
    ) -> Reading {
        let condition = match selections {
            [Selection::Type { condition, .. }] => Some(condition.as_str()),
            _ => None,
        };
        let mut reading = self.empty(place, ty.or(condition));
        self.read(&mut reading, selections, ty.unwrap_or_default(), &Renames::new(renames));
        reading
    }

    fn empty(&self, place: usize, ty: Option<&str>) -> Reading {
        let object = ty.filter(|ty| self.types.is_object(ty));
        let objects = ty.into_iter().flat_map(|ty| self.types.objects(ty));
        Reading {
            place,
            slots: self.places[place].len(),
            ty: object.map_or(TypeId::UNSAID, |ty| self.types.id(ty)),
            types: objects.map(|name| (name.clone(), self.types.id(name))).collect(),
            entries: Vec::new(),
        }
    }

    fn read(&self, reading: &mut Reading, selections: &[Selection], ty: &str, renames: &Renames<'_>) {
        for selection in selections {
            match selection {
                Selection::Type { condition, selections, .. } => {
                    self.read(reading, selections, condition, renames);
                }
                Selection::Field { key, name, selections, .. } => {
                    let (data_key, renames) = renames.enter(key);
                    let Some((slot, _, below)) = self.places[reading.place].get_full(data_key) else {
                        continue;
                    };
                    let returns = self.types.returns(ty, name);
                    let lists = match &returns {
                        _ if slot == TYPENAME => 0,
                        Some(returns) => returns.lists,
                        None => u8::MAX,
                    };
                    let returned = returns.map(|returns| returns.name);
                    let position = match reading.entries.iter().position(|entry| entry.key == *key) {
                        Some(known) => known,
                        None => {
                            reading.entries.push(Entry::new(key.clone(), slot, lists));
                            reading.entries.len() - 1
                        }
                    };
                    let Some(below) = below.filter(|_| !selections.is_empty()) else { continue };
                    let entry = &mut reading.entries[position];
                    let of = entry.of.get_or_insert_with(|| self.empty(below, returned));
                    if returned.is_none_or(|name| self.types.id(name) != of.ty) {
                        // The same key of several types: only the answer says which.
                        of.ty = TypeId::UNSAID;
                    }
                    self.read(of, selections, returned.unwrap_or_default(), &renames);
                }
            }
        }
    }
}
