//! Where everything that a plan brings is kept, worked out once per operation.
//!
//! A *place* is where objects stand in the data: the root, `products`, `products.reviews.author`. What can ever be
//! known of an object there is one *slot* each, so that at run time an object is a row of slots: answers are read
//! straight into slots, representations and the client's answer are written straight from them, and nobody looks up
//! a name. Places that one fetch completes together share their slots, so that an entity is read once, wherever it is
//! wanted.

mod places;
mod representation_template;
mod reuse;
mod selection_slots;

use async_graphql::Name;
use indexmap::IndexMap;

pub(super) use representation_template::{Part, Template};
pub(super) use selection_slots::{Entry, Reading};

use crate::plan::{Fetch, Planned, Step, TypeSet, Types};
use places::Places;
use reuse::Sources;

/// The slot of `__typename`, the same at every place.
pub(super) const TYPENAME: usize = 0;

/// Where data is kept, and how each fetch reads and writes it.
pub(crate) struct Layout {
    places: Vec<Place>,
    fetches: Vec<FetchLayout>,
}

/// The slots of the objects at one place, or at several alike: the data's key of each, and the place below it.
pub(super) type Place = IndexMap<Name, Option<usize>>;

/// How one fetch reads and writes the data.
pub(super) struct FetchLayout {
    /// How root fields are read.
    pub root: Reading,
    /// Where root fields belong; the root itself when empty.
    pub path: Vec<Hop>,
    /// One for each of the fetch's `_entities` fields.
    pub entities: Vec<EntitiesLayout>,
}

/// How entities are found, asked for and read.
pub(super) struct EntitiesLayout {
    /// Where they are.
    pub paths: Vec<Vec<Hop>>,
    /// How a representation is written.
    pub template: Template,
    /// How the answer is read.
    pub reading: Reading,
    /// Objects of which everything may be known already.
    pub sources: Vec<Source>,
}

/// Objects which an earlier fetch from the same subgraph brought with all that is wanted now.
pub(super) struct Source {
    /// The earlier fetch.
    pub fetch: usize,
    /// Where they are.
    pub path: Vec<Hop>,
    /// The slots that are wanted.
    pub slots: Vec<usize>,
}

/// One step on the way to objects. Lists are entered silently.
pub(super) enum Hop {
    /// Into a slot.
    Slot(usize),
    /// Only objects of these types.
    Type(TypeSet),
}

impl Layout {
    /// Lays out a plan. `may_reuse` says whether what was read once stays true: not while a mutation runs.
    pub fn new(planned: &Planned, types: &Types, may_reuse: bool) -> Self {
        let mut found = Places::default();
        planned.visit(&mut |fetch| found.fetch(fetch));
        let sources = if may_reuse { reuse::sources(planned, types, &mut found) } else { Sources::default() };
        let (places, place_of) = found.finish();
        let mut compiler = Compiler { places: &places, place_of: &place_of, types, sources };
        let mut fetches = Vec::new();
        planned.visit(&mut |fetch| fetches.push(compiler.fetch(fetch)));
        Self { places, fetches }
    }

    /// The layout of a fetch of the same plan.
    pub(super) fn fetch(&self, fetch: &Fetch) -> &FetchLayout {
        // Fetches are numbered in the order in which they were laid out.
        &self.fetches[fetch.id]
    }

    /// A place's slots.
    pub fn place(&self, place: usize) -> &Place {
        &self.places[place]
    }

    /// How many fetches there are.
    pub fn fetch_count(&self) -> usize {
        self.fetches.len()
    }

    /// The slot of a key at a place, and the place below it.
    pub fn slot(&self, place: usize, key: &str) -> Option<(usize, Option<usize>)> {
        let (slot, _, below) = self.places.get(place)?.get_full(key)?;
        Some((slot, *below))
    }
}

/// What compiling needs to know.
struct Compiler<'a> {
    places: &'a [Place],
    /// The place that each draft of [`Places`] has become.
    place_of: &'a [usize],
    types: &'a Types,
    sources: Sources,
}

/// The place of the answer's root.
pub(super) const ROOT: usize = 0;

impl Compiler<'_> {
    fn fetch(&mut self, fetch: &Fetch) -> FetchLayout {
        let (path, at) = self.path(&fetch.path);
        let root = self.reading(at, &fetch.selection, Some(self.types.root(fetch.kind)), &fetch.renames);
        let mut sources = self.sources.remove(&fetch.id).unwrap_or_default();
        let entities = fetch.entities.iter().enumerate().map(|(index, entities)| {
            let paths: Vec<_> = entities.paths.iter().map(|path| self.path(path)).collect();
            let place = paths.first().map_or(ROOT, |(_, place)| *place);
            EntitiesLayout {
                template: self.template(place, entities),
                reading: self.reading(place, &entities.selection, None, &entities.renames),
                sources: sources
                    .remove(&index)
                    .into_iter()
                    .flatten()
                    .map(|found| self.source(&found))
                    .collect(),
                paths: paths.into_iter().map(|(hops, _)| hops).collect(),
            }
        });
        let entities = entities.collect();
        FetchLayout { root, path, entities }
    }

    fn source(&self, found: &reuse::Found) -> Source {
        let (path, place) = self.path(&found.path);
        let slots = found.keys.iter().filter_map(|key| self.places[place].get_index_of(key)).collect();
        Source { fetch: found.fetch, path, slots }
    }

    /// A path in slots, and the place that it leads to.
    fn path(&self, steps: &[Step]) -> (Vec<Hop>, usize) {
        let mut place = self.place_of[ROOT];
        let mut hops = Vec::with_capacity(steps.len());
        for step in steps {
            match step {
                Step::Field(name) => {
                    let Some((slot, _, below)) = self.places[place].get_full(name) else { continue };
                    hops.push(Hop::Slot(slot));
                    place = below.unwrap_or(place);
                }
                Step::Type(names) => {
                    hops.push(Hop::Type(self.types.satisfying(names.iter().map(String::as_str))));
                }
                Step::List => {}
            }
        }
        (hops, place)
    }
}
