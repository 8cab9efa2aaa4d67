//! The places where objects stand in the data: which keys each has, and which places are one.

use async_graphql::Name;
use indexmap::IndexMap;

use super::Place;
use crate::plan::{Fetch, Rename, Selection, Step};

/// Places while they are found: drafts, each with a number. Those that turn out to be one place are united, with
/// everything below them.
pub(super) struct Places {
    /// For each draft, the one that it has become part of, or itself.
    united: Vec<usize>,
    keys: Vec<IndexMap<Name, Option<usize>>>,
}

impl Default for Places {
    /// With the root.
    fn default() -> Self {
        Self { united: vec![0], keys: vec![IndexMap::new()] }
    }
}

impl Places {
    /// Adds what a fetch brings.
    pub fn fetch(&mut self, fetch: &Fetch) {
        if fetch.entities.is_empty() {
            let at = self.path(&fetch.path);
            self.selections(at, &fetch.selection, &Renames::new(&fetch.renames));
            return;
        }
        let mut shared: Vec<(&Name, usize)> = Vec::new();
        for entities in &fetch.entities {
            let Some((first, others)) = entities.paths.split_first() else { continue };
            let place = self.path(first);
            for other in others {
                let other = self.path(other);
                self.unite(place, other);
            }
            // Several fields may be about the same representations.
            match shared.iter().find(|(variable, _)| **variable == entities.variable) {
                Some(&(_, other)) => self.unite(place, other),
                None => shared.push((&entities.variable, place)),
            }
            self.selections(place, &entities.selection, &Renames::new(&entities.renames));
        }
    }

    /// The draft that a path leads to.
    pub fn path(&mut self, path: &[Step]) -> usize {
        path.iter().fold(0, |place, step| match step {
            Step::Field(name) => self.below(place, name),
            Step::List | Step::Type(_) => place,
        })
    }

    fn find(&self, mut place: usize) -> usize {
        while self.united[place] != place {
            place = self.united[place];
        }
        place
    }

    fn below(&mut self, place: usize, key: &Name) -> usize {
        let place = self.find(place);
        if let Some(Some(below)) = self.keys[place].get(key) {
            return *below;
        }
        let below = self.keys.len();
        self.keys.push(IndexMap::new());
        self.united.push(below);
        self.keys[place].insert(key.clone(), Some(below));
        below
    }

    fn selections(&mut self, place: usize, selections: &[Selection], renames: &Renames<'_>) {
        for selection in selections {
            match selection {
                Selection::Type { selections, .. } => self.selections(place, selections, renames),
                Selection::Field { key, selections, .. } => {
                    let (key, renames) = renames.enter(key);
                    if selections.is_empty() {
                        let place = self.find(place);
                        self.keys[place].entry(key.clone()).or_default();
                    } else {
                        let below = self.below(place, key);
                        self.selections(below, selections, &renames);
                    }
                }
            }
        }
    }

    /// Makes two places one.
    pub fn unite(&mut self, one: usize, other: usize) {
        let mut pairs = vec![(one, other)];
        while let Some((one, other)) = pairs.pop() {
            // The older stays, so that the root keeps its number.
            let (a, b) = (self.find(one), self.find(other));
            let (into, from) = (a.min(b), a.max(b));
            if into == from {
                continue;
            }
            self.united[from] = into;
            for (key, below) in std::mem::take(&mut self.keys[from]) {
                match self.keys[into].get_mut(&key) {
                    Some(known) => match (*known, below) {
                        (Some(known), Some(below)) => pairs.push((known, below)),
                        (None, Some(_)) => *known = below,
                        (_, None) => {}
                    },
                    None => {
                        self.keys[into].insert(key, below);
                    }
                }
            }
        }
    }

    /// The places, and which of them each draft has become.
    pub fn finish(mut self) -> (Vec<Place>, Vec<usize>) {
        let mut places = Vec::new();
        let mut place_of = Vec::with_capacity(self.united.len());
        for (draft, keys) in self.keys.iter_mut().enumerate() {
            // Whatever a draft was united with is older, and has its place already.
            let into = self.united[draft];
            place_of.push(if into == draft { places.len() } else { place_of[into] });
            if into == draft {
                let mut place = Place::from_iter([(Name::new("__typename"), None)]);
                place.extend(std::mem::take(keys));
                places.push(place);
            }
        }
        for below in places.iter_mut().flat_map(IndexMap::values_mut).flatten() {
            *below = place_of[*below];
        }
        (places, place_of)
    }
}

/// The renames that are still to come below some field.
pub(super) struct Renames<'a>(Vec<(&'a [Name], &'a Name)>);

impl<'a> Renames<'a> {
    pub fn new(renames: &'a [Rename]) -> Self {
        Self(renames.iter().map(|rename| (rename.path.as_slice(), &rename.to)).collect())
    }

    /// The data's key for an answer's, and the renames below it.
    pub fn enter<'b>(&self, key: &'b Name) -> (&'b Name, Self)
    where
        'a: 'b,
    {
        let mut renamed = key;
        let mut below = Vec::new();
        for (path, to) in &self.0 {
            match path {
                [last] if last == key => renamed = to,
                [first, rest @ ..] if first == key && !rest.is_empty() => below.push((rest, *to)),
                _ => {}
            }
        }
        (renamed, Self(below))
    }
}
