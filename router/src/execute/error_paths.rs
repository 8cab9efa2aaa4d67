//! Error paths: where in the client's answer an error of a subgraph belongs. Only looked at when there is one.

use std::collections::{HashMap, HashSet};

use super::layout::{Hop, Reading};
use super::representations::{Batch, Chunk};
use super::response_shape::client_path;
use super::store::{Node, ObjectId, Store};
use super::{Run, State};
use crate::error::{GraphqlError, Path, PathSegment};
use crate::plan::{Fetch, Rename, TypeId};

/// A place that a call was to serve, and by which representation of which batch.
pub(super) type Served = (Path, (usize, usize));

impl Run<'_> {
    /// An error of a fetch of root fields; `data` is what it brought all the same.
    pub(super) fn map_root_error(
        &self,
        state: &mut State,
        fetch: &Fetch,
        mut error: GraphqlError,
        data: Option<ObjectId>,
    ) {
        let mut path = self.place_of_root(state, fetch);
        let mut covers = Vec::new();
        if error.path.is_empty() {
            covers = self.covers_root(state, fetch);
            path = match data {
                None => self.first_output(fetch, &path),
                Some(data) => {
                    covers.retain(|path| self.is_missing(state, Node::Object(data), path.last()));
                    self.only(&covers)
                }
            };
        } else {
            rename(&fetch.renames, &mut error.path);
            match data {
                None => covers = self.covers_root(state, fetch),
                Some(data) => {
                    let null = self.null_at(state, Node::Object(data), &error.path);
                    covers.push(path.iter().chain(&error.path[..null]).cloned().collect());
                }
            }
            path.append(&mut error.path);
        }
        self.record(state, error.at(path), covers);
    }

    /// How much of a path leads to a null: what an error at the path took with it.
    fn null_at(&self, state: &State, node: Node, path: &[PathSegment]) -> usize {
        let below = match (node, path.split_first()) {
            (Node::Object(object), Some((PathSegment::Field(key), rest))) => {
                let place = self.operation.layout.place(state.store.place(object));
                place.get_index_of(key).map(|slot| (state.store.slot(object, slot), rest))
            }
            (Node::List(list), Some((PathSegment::Index(index), rest))) => {
                state.store.elements(list).get(*index).map(|element| (*element, rest))
            }
            _ => None,
        };
        below.map_or(0, |(node, rest)| 1 + self.null_at(state, node, rest))
    }

    /// Where an error belongs whose subgraph does not say: at what is lost, if that is one thing. Whatever has data went
    /// well, and of several nulls nobody knows which it explains.
    fn only(&self, lost: &[Path]) -> Path {
        let shape = &self.operation.shape;
        let mut asked = lost.iter().filter(|path| client_path(shape, path).len() == path.len());
        asked.next().filter(|_| asked.next().is_none()).cloned().unwrap_or_default()
    }

    /// Whether a key of an object has no data. What is no object has none at all.
    fn is_missing(&self, state: &State, object: Node, key: Option<&PathSegment>) -> bool {
        let (Node::Object(object), Some(PathSegment::Field(key))) = (object, key) else { return true };
        let place = self.operation.layout.place(state.store.place(object));
        let node = place.get_index_of(key).map(|slot| state.store.slot(object, slot));
        matches!(node, Some(Node::Null | Node::Missing))
    }

    /// Records an error that took with it all that a fetch of root fields was to bring: at each field, so that a
    /// client can tell what is lost.
    pub(super) fn lose_root(&self, state: &mut State, fetch: &Fetch, error: &GraphqlError) {
        let mut covers = self.covers_root(state, fetch);
        let is_asked = |path: &&Path| client_path(&self.operation.shape, path).len() == path.len();
        let mut lost: Vec<Path> = covers.iter().filter(is_asked).cloned().collect();
        if lost.is_empty() {
            lost.push(self.first_output(fetch, &self.place_of_root(state, fetch)));
        }
        for path in lost {
            self.record(state, error.clone().at(path), std::mem::take(&mut covers));
        }
    }

    /// The first place where a fetch of root fields belongs.
    pub(super) fn place_of_root(&self, state: &State, fetch: &Fetch) -> Path {
        let mut places = self.walk(state, &self.operation.layout.fetch(fetch).path);
        if places.is_empty() { Path::new() } else { places.swap_remove(0).0 }
    }

    /// What a fetch of root fields was to bring.
    pub(super) fn covers_root(&self, state: &State, fetch: &Fetch) -> Vec<Path> {
        let places = self.walk(state, &self.operation.layout.fetch(fetch).path);
        let below = |(path, _): (Path, ObjectId)| {
            fetch.outputs.iter().map(move |key| {
                let mut path = path.clone();
                path.push(PathSegment::Field(key.clone()));
                path
            })
        };
        places.into_iter().flat_map(below).collect()
    }

    /// `_entities.i.rest` → every place that representation i serves.
    pub(super) fn map_error(
        &self,
        state: &mut State,
        fetch: &Fetch,
        (batches, chunk): (&[Batch<'_>], &Chunk),
        (found, places): (&[Node], &[Served]),
        mut error: GraphqlError,
    ) {
        let mut path = std::mem::take(&mut error.path).into_iter();
        let about = match (path.next(), path.next()) {
            (Some(PathSegment::Field(key)), Some(PathSegment::Index(index))) => {
                batches.iter().zip(chunk).enumerate().find_map(|(batch, (of_batch, range))| {
                    let mut fields = of_batch.fields.iter().copied();
                    let field = fields.find(|&field| fetch.entities[field].key == key)?;
                    (index < range.len()).then_some((field, index, (batch, range.start + index)))
                })
            }
            _ => None,
        };
        let Some((field, index, representation)) = about else {
            return self.map_whole_error(state, fetch, (batches, chunk), (found, places), error);
        };
        let mut rest: Path = path.collect();
        rename(&fetch.entities[field].renames, &mut rest);
        let entity = match found[field] {
            Node::List(list) => state.store.elements(list).get(index).copied(),
            _ => None,
        };
        let null = self.null_at(state, entity.unwrap_or(Node::Missing), &rest);
        for (place, _) in places.iter().filter(|(_, served_by)| *served_by == representation) {
            let path = if rest.is_empty() {
                self.first_output(fetch, place)
            } else {
                place.iter().chain(&rest).cloned().collect()
            };
            let covered = place.iter().chain(&rest[..null]).cloned().collect();
            self.record(state, error.clone().at(path), vec![covered]);
        }
    }

    /// An error about a call for entities as a whole, or about none of them that can be told.
    fn map_whole_error(
        &self,
        state: &mut State,
        fetch: &Fetch,
        (batches, chunk): (&[Batch<'_>], &Chunk),
        (found, places): (&[Node], &[Served]),
        error: GraphqlError,
    ) {
        if found.iter().all(|node| !matches!(node, Node::List(_))) {
            // Nothing came: however many places it took, it is one thing that failed.
            let covers: Vec<Path> = places.iter().map(|(path, _)| path.clone()).collect();
            if let Some(first) = covers.first() {
                let path = self.first_output(fetch, first);
                self.record(state, error.at(path), covers);
            }
            return;
        }
        let mut lost = Vec::new();
        for (place, (batch, position)) in places {
            let (Some(of_batch), Some(range)) = (batches.get(*batch), chunk.get(*batch)) else { continue };
            for &field in &of_batch.fields {
                let entity = match found[field] {
                    Node::List(list) => {
                        let index = position.checked_sub(range.start);
                        index.and_then(|index| state.store.elements(list).get(index).copied())
                    }
                    _ => None,
                };
                let Some(entity @ Node::Object(_)) = entity else {
                    lost.push(self.first_output(fetch, place));
                    continue;
                };
                let outputs = fetch.outputs.iter().map(|key| PathSegment::Field(key.clone()));
                let missing = outputs.filter(|key| self.is_missing(state, entity, Some(key)));
                lost.extend(missing.map(|key| place.iter().cloned().chain([key]).collect::<Path>()));
            }
        }
        let path = self.only(&lost);
        self.record(state, error.at(path), lost);
    }

    /// What of an object could not be asked for, since an error took what has to be told for it, needs no error of its
    /// own: that one explains it.
    pub(super) fn explain_unasked(&self, state: &mut State, fetch: &Fetch, batches: &[Batch<'_>]) {
        if state.errors.is_empty() {
            return;
        }
        let shape = &self.operation.shape;
        let entities = &self.operation.layout.fetch(fetch).entities;
        for batch in batches {
            let asked: HashSet<ObjectId> = batch.targets.iter().map(|(object, _)| *object).collect();
            let paths = batch.fields.first().map(|&field| &entities[field].paths);
            let found: Vec<_> = paths.into_iter().flatten().flat_map(|path| self.walk(state, path)).collect();
            for (path, _) in found.into_iter().filter(|(_, object)| !asked.contains(object)) {
                let at = client_path(shape, &path);
                let Some(known) = state.errors.iter_mut().find(|known| known.error.path.starts_with(&at))
                else {
                    continue;
                };
                let unasked = fetch.outputs.iter().map(|key| {
                    let output = path.iter().cloned().chain([PathSegment::Field(key.clone())]);
                    client_path(shape, &output.collect())
                });
                known.covers.extend(unasked.filter(|output| output.len() == path.len() + 1));
            }
        }
    }

    /// Every place that a call was to serve.
    pub(super) fn places(
        &self,
        state: &State,
        fetch: &Fetch,
        batches: &[Batch<'_>],
        chunk: &Chunk,
    ) -> Vec<Served> {
        let entities = &self.operation.layout.fetch(fetch).entities;
        let mut places = Vec::new();
        for (number, (batch, range)) in batches.iter().zip(chunk).enumerate() {
            let positions: HashMap<ObjectId, usize> = batch.targets.iter().copied().collect();
            let Some(&field) = batch.fields.first() else { continue };
            for path in &entities[field].paths {
                for (path, object) in self.walk(state, path) {
                    if let Some(&position) = positions.get(&object).filter(|one| range.contains(one)) {
                        places.push((path, (number, position)));
                    }
                }
            }
        }
        places
    }

    /// Every object at a path of the layout, with its path in the data.
    fn walk(&self, state: &State, hops: &[Hop]) -> Vec<(Path, ObjectId)> {
        let mut found = Vec::new();
        self.walk_object(&state.store, state.root, hops, &mut Path::new(), &mut found);
        found
    }

    fn walk_object(
        &self,
        store: &Store,
        object: ObjectId,
        hops: &[Hop],
        path: &mut Path,
        found: &mut Vec<(Path, ObjectId)>,
    ) {
        match hops.split_first() {
            None => found.push((path.clone(), object)),
            Some((Hop::Slot(slot), rest)) => {
                let place = self.operation.layout.place(store.place(object));
                let Some((key, _)) = place.get_index(*slot) else { return };
                path.push(PathSegment::Field(key.clone()));
                self.walk_node(store, store.slot(object, *slot), rest, path, found);
                path.pop();
            }
            Some((Hop::Type(types), rest)) => {
                let ty = store.ty(object);
                if ty == TypeId::UNSAID || types.contains(ty) {
                    self.walk_object(store, object, rest, path, found);
                }
            }
        }
    }

    fn walk_node(
        &self,
        store: &Store,
        node: Node,
        hops: &[Hop],
        path: &mut Path,
        found: &mut Vec<(Path, ObjectId)>,
    ) {
        match node {
            Node::Object(object) => self.walk_object(store, object, hops, path, found),
            Node::List(list) => {
                for (index, element) in store.elements(list).iter().enumerate() {
                    path.push(PathSegment::Index(index));
                    self.walk_node(store, *element, hops, path, found);
                    path.pop();
                }
            }
            Node::Missing | Node::Null | Node::Leaf(_) => {}
        }
    }

    /// The first field that a fetch was to bring at a place, of those that the client asked for.
    pub(super) fn first_output(&self, fetch: &Fetch, place: &Path) -> Path {
        let mut path = place.clone();
        for key in &fetch.outputs {
            path.push(PathSegment::Field(key.clone()));
            if client_path(&self.operation.shape, &path).len() == path.len() {
                return path;
            }
            path.pop();
        }
        path
    }
}

/// Gives an error's path the names that the data has.
fn rename(renames: &[Rename], path: &mut Path) {
    for rename in renames {
        let fields = path.iter().enumerate().filter_map(|(position, segment)| match segment {
            PathSegment::Field(name) => Some((position, name)),
            PathSegment::Index(_) => None,
        });
        let matched: Vec<usize> = rename
            .path
            .iter()
            .zip(fields)
            .take_while(|(key, (_, name))| key == name)
            .map(|(_, (position, _))| position)
            .collect();
        if matched.len() == rename.path.len()
            && let Some(&last) = matched.last()
        {
            path[last] = PathSegment::Field(rename.to.clone());
        }
    }
}

/// Some servers, async-graphql among them, leave the position out: `_entities.rest`. Each such error is taken to be
/// about the next entity with a null there.
pub(super) fn infer_positions(
    errors: &mut [GraphqlError],
    store: &Store,
    fields: &[(&str, &Reading)],
    found: &[Node],
) {
    let mut next: HashMap<Path, usize> = HashMap::new();
    for error in errors {
        let [PathSegment::Field(key), PathSegment::Field(_), ..] = error.path.as_slice() else { continue };
        let Some(field) = fields.iter().position(|(name, _)| key == name) else { continue };
        let (reading, Node::List(list)) = (fields[field].1, found[field]) else { continue };
        let start = next.get(&error.path).copied().unwrap_or(0);
        let rest = &error.path[1..];
        let mut entities = store.elements(list).iter().enumerate().skip(start);
        if let Some((position, _)) = entities.find(|(_, entity)| is_null_at(store, reading, **entity, rest)) {
            next.insert(error.path.clone(), position + 1);
            error.path.insert(1, PathSegment::Index(position));
        }
    }
}

/// Whether a path ends in a null, at its end or before.
fn is_null_at(store: &Store, reading: &Reading, node: Node, path: &[PathSegment]) -> bool {
    match (node, path.split_first()) {
        (Node::Null, _) => true,
        (Node::Object(object), Some((PathSegment::Field(name), rest))) => {
            let entry = reading.entries.iter().find(|entry| entry.key == *name);
            entry.is_some_and(|entry| {
                let below = entry.of.as_ref().unwrap_or(reading);
                is_null_at(store, below, store.slot(object, entry.slot), rest)
            })
        }
        (Node::List(list), Some((PathSegment::Index(index), rest))) => {
            store.elements(list).get(*index).is_some_and(|inner| is_null_at(store, reading, *inner, rest))
        }
        _ => false,
    }
}
