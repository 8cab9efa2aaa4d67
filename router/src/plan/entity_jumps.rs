//! Entity jumps, from subgraph to subgraph by keys: who else can be asked about an object, and what has to be known
//! for it.

use std::collections::HashSet;
use std::rc::Rc;

use apollo_compiler::Name;

use super::asked_fields::{Ask, Shared};
use super::solver::Solution;
use super::subgraphs::{Graphs, Known, Own};
use super::{PlanError, TypeSet, Types};

/// The number of no subgraph: where every operation begins.
pub(super) const NOWHERE: usize = usize::MAX;

/// Objects as a subgraph knows them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct View {
    /// The subgraph.
    pub graph: usize,
    /// What it takes them for.
    pub ty: Name,
    /// What they may be.
    pub objects: TypeSet,
    /// What those who led to them provide.
    pub provided: Vec<Shared<Ask>>,
}

/// A jump: how another subgraph is asked about the objects of a view.
#[derive(Debug)]
pub(super) struct Jump {
    /// The objects as that subgraph knows them.
    pub target: View,
    /// The parts of the key that it is told; none for root types.
    pub sources: Vec<Source>,
    /// Whether it is the subgraph that is left.
    pub is_back: bool,
}

/// Looks for a part of a key where no subgraph alone has it.
pub(super) type Seek<'s> = dyn FnMut(&Shared<Ask>) -> Result<Option<Rc<Solution>>, PlanError> + 's;

/// Where a part of a key comes from.
#[derive(Debug)]
pub(super) struct Source {
    /// The jump to the subgraph that tells it; `None` for the one that has the objects.
    pub jump: Option<Rc<Jump>>,
    /// The part.
    pub part: Shared<Ask>,
    /// How it is put together, where no subgraph alone has it.
    pub found: Option<Rc<Solution>>,
}

impl Jump {
    fn new(view: &View, target: &View, sources: Vec<Source>) -> Self {
        Self { target: target.clone(), sources, is_back: is_back(view, target) }
    }

    pub fn address(self: &Rc<Self>) -> usize {
        Rc::as_ptr(self).addr()
    }

    /// All jumps that have to be made, this one included, without those made already.
    fn unopened<'a>(self: &'a Rc<Self>, opened: &HashSet<usize>, found: &mut Vec<&'a Rc<Self>>) {
        if opened.contains(&self.address()) || found.iter().any(|known| Rc::ptr_eq(known, self)) {
            return;
        }
        found.push(self);
        self.sources
            .iter()
            .filter_map(|source| source.jump.as_ref())
            .for_each(|jump| jump.unopened(opened, found));
    }

    /// How many calls it takes.
    pub fn calls(self: &Rc<Self>, opened: &HashSet<usize>) -> usize {
        let mut found = Vec::new();
        self.unopened(opened, &mut found);
        let known = found.iter().flat_map(|jump| &jump.sources).filter_map(|source| source.found.as_ref());
        found.len() + known.map(|found| found.calls).sum::<usize>()
    }

    /// Makes it, with those that it needs.
    pub fn open(self: &Rc<Self>, opened: &mut HashSet<usize>) {
        let mut found = Vec::new();
        self.unopened(opened, &mut found);
        opened.extend(found.into_iter().map(Self::address));
    }
}

/// What can be asked where.
#[derive(Clone, Copy)]
pub(super) struct Map<'a> {
    pub graphs: &'a Graphs,
    pub types: &'a Types,
}

impl<'a> Map<'a> {
    /// The root, before anybody is asked.
    pub fn nowhere(self, ty: &Name) -> View {
        let objects = self.types.object_set(ty);
        View { graph: NOWHERE, ty: ty.clone(), objects, provided: Vec::new() }
    }

    /// Where an operation may begin.
    pub fn beginnings(self, ty: &Name) -> Vec<View> {
        self.jumps(&self.nowhere(ty), &mut Vec::new()).iter().map(|jump| jump.target.clone()).collect()
    }

    /// The type of a view's objects.
    pub fn known(self, view: &View) -> Option<&'a Known> {
        self.graphs.known(view.graph, &view.ty)
    }

    /// Whether a view is of objects whose subgraph cannot say what they are.
    pub fn is_interface_object(self, view: &View) -> bool {
        self.known(view).is_some_and(|known| known.is_interface_object)
    }

    /// A field that a view's subgraph answers without being told anything, and the objects that it returns.
    pub fn local(self, view: &View, name: &str) -> Option<(&'a Own, Option<View>)> {
        let known = self.known(view)?;
        let own = known.fields.get(name)?;
        let is_own = |own: &Own| !own.is_external && own.requires.is_none();
        let (mut is_provided, mut provided) = (false, Vec::new());
        for (asked, below) in view.provided.iter().flat_map(|provided| provided.items()) {
            if asked.name == name && view.objects.is_within(&asked.of) {
                is_provided = true;
                provided.extend(below.clone());
            }
        }
        let is_own_of = |object: &str| {
            let known = self.graphs.known(view.graph, object);
            known.and_then(|known| known.fields.get(name)).is_some_and(is_own)
        };
        let is_local = is_provided
            || is_own(own)
                && (!known.is_abstract || self.types.names_of(&view.objects).all(|object| is_own_of(object)));
        is_local.then(|| (own, self.returned(view.graph, own, provided)))
    }

    /// The objects that a field returns.
    pub fn returned(self, graph: usize, own: &Own, mut provided: Vec<Shared<Ask>>) -> Option<View> {
        let ty = own.ty.inner_named_type();
        let known = self.graphs.known(graph, ty)?;
        provided.extend(own.provides.clone());
        Some(View { graph, ty: ty.clone(), objects: known.objects.clone(), provided })
    }

    /// The view of some of the objects only.
    pub fn narrowed(self, view: &View, ty: &str, objects: TypeSet) -> View {
        View { ty: Name::new_unchecked(ty), objects, ..view.clone() }
    }

    /// All jumps from a view by keys whose parts each are known to one subgraph. Those that take fewer calls come
    /// first. `rest` gets what no such jump leads to.
    pub fn jumps(self, view: &View, rest: &mut Vec<View>) -> Vec<Rc<Jump>> {
        if let Some(is_query) = self.types.root_of(&view.ty) {
            return self.jumps_to_root(view, is_query);
        }
        *rest = self.entries(view);
        let mut found = Vec::new();
        self.follow(view, &mut found, rest);
        found
    }

    /// Adds the jumps that others make possible.
    pub fn follow(self, view: &View, found: &mut Vec<Rc<Jump>>, rest: &mut Vec<View>) {
        loop {
            let known = found.clone();
            rest.retain(|target| match self.jump(view, target, &known) {
                Some(jump) => {
                    found.push(Rc::new(jump));
                    false
                }
                None => true,
            });
            if found.len() == known.len() {
                return;
            }
        }
    }

    /// A jump by a key whose parts have to be put together.
    pub fn sought(
        self,
        view: &View,
        target: &View,
        known: &[Rc<Jump>],
        seek: &mut Seek<'_>,
    ) -> Result<Option<Jump>, PlanError> {
        for key in self.keys(view, target) {
            let mut sources = Vec::new();
            for part in key {
                let source = match self.source(view, part, known) {
                    Some(source) => Some(source),
                    None => {
                        seek(part)?.map(|found| Source { jump: None, part: part.clone(), found: Some(found) })
                    }
                };
                sources.extend(source);
            }
            if sources.len() == key.len() {
                return Ok(Some(Jump::new(view, target, sources)));
            }
        }
        Ok(None)
    }

    fn jumps_to_root(self, view: &View, is_query: bool) -> Vec<Rc<Jump>> {
        if !is_query && view.graph != NOWHERE {
            return Vec::new();
        }
        let others = self.graphs.knowing(&view.ty).iter().filter(|graph| **graph != view.graph);
        let jump = |graph: &usize| {
            let target = View { graph: *graph, provided: Vec::new(), ..view.clone() };
            Rc::new(Jump { target, sources: Vec::new(), is_back: false })
        };
        others.map(jump).collect()
    }

    /// The types with keys by which subgraphs may know the objects of a view.
    fn entries(self, view: &View) -> Vec<View> {
        let is_interface_object = self.is_interface_object(view);
        let mut found = Vec::new();
        let mut add = |graph: usize, ty: &Name, objects: TypeSet| {
            let target = View { graph, ty: ty.clone(), objects, provided: Vec::new() };
            if self.keys(view, &target).next().is_some() {
                found.push(target);
            }
        };
        let is_object =
            self.known(view).is_some_and(|known| !known.is_abstract && !known.is_interface_object);
        if is_object {
            self.graphs
                .knowing(&view.ty)
                .iter()
                .for_each(|graph| add(*graph, &view.ty, view.objects.clone()));
        }
        for (graph, interface) in self.graphs.interfaces() {
            let Some(known) = self.graphs.known(*graph, interface) else { continue };
            let fits = if known.is_interface_object {
                // Objects that are known by one interface alone are only told by that.
                view.objects.is_within(&known.objects) && (!is_interface_object || *interface == view.ty)
            } else if is_interface_object {
                *interface == view.ty
            } else {
                !is_object && view.objects.is_within(&known.objects)
            };
            if fits {
                let of = if is_interface_object { &known.objects } else { &view.objects };
                add(*graph, interface, of.clone());
            }
        }
        found
    }

    /// By what the objects of a view can be asked for. Those that are known by an interface alone are no objects of a type
    /// yet. Whoever has given objects and needs to be told something of them takes them back by any of their keys, as
    /// one that may be entered by none (`resolvable: false`) still has to answer what it requires.
    fn keys(self, view: &View, target: &View) -> impl Iterator<Item = &'a Vec<Shared<Ask>>> {
        let (is_interface_object, is_back) = (self.is_interface_object(view), is_back(view, target));
        self.known(target).into_iter().flat_map(move |known| {
            let of_objects = known.object_keys.iter().filter(move |_| !is_interface_object);
            let for_return = known.closed_keys.iter().filter(move |_| is_back);
            known.keys.iter().chain(of_objects).chain(for_return)
        })
    }

    fn jump(self, view: &View, target: &View, known: &[Rc<Jump>]) -> Option<Jump> {
        let keys = self.keys(view, target);
        let none = HashSet::new();
        let calls = |sources: &[Source]| -> usize {
            sources.iter().filter_map(|one| one.jump.as_ref()).map(|jump| jump.calls(&none)).sum()
        };
        let sources = keys.filter_map(|key| {
            let sources = key.iter().map(|part| self.source(view, part, known));
            sources.collect::<Option<Vec<Source>>>()
        });
        let sources = sources.min_by_key(|sources| calls(sources))?;
        Some(Jump::new(view, target, sources))
    }

    fn source(self, view: &View, part: &Shared<Ask>, known: &[Rc<Jump>]) -> Option<Source> {
        if self.has(view, part) {
            return Some(Source { jump: None, part: part.clone(), found: None });
        }
        let jump = known.iter().find(|jump| self.has(&jump.target, part))?;
        Some(Source { jump: Some(jump.clone()), part: part.clone(), found: None })
    }

    /// Whether a view's subgraph has all of something.
    fn has(self, view: &View, ask: &Ask) -> bool {
        ask.items().all(|(asked, below)| match (self.local(view, &asked.name), below) {
            (Some((_, None)), None) => true,
            (Some((_, Some(returned))), Some(below)) => self.has(&returned, below),
            _ => false,
        })
    }

    /// What a field of some objects may return, and everybody who may be asked about that; `views` is who may be asked
    /// about the objects. Who shares a field answers alike: what one of them never returns, none does.
    pub fn returned_by_all(self, views: &[View], objects: &TypeSet, name: &str) -> (TypeSet, Vec<View>) {
        let (mut all, mut found) = (TypeSet::default(), Vec::new());
        for object in self.types.names_of(objects) {
            let mut own: Vec<View> = views.iter().filter_map(|view| self.of_object(view, object)).collect();
            for view in own.clone() {
                let others = self.jumps(&view, &mut Vec::new());
                let others = others.iter().filter_map(|jump| self.of_object(&jump.target, object));
                own.extend(others);
            }
            let returned: Vec<View> = own.iter().filter_map(|view| self.told(view, name)).collect();
            let common = returned.iter().map(|view| view.objects.clone());
            let common = common.reduce(|common, next| common.intersection(&next));
            all = all.union(&common.unwrap_or_default());
            for view in returned {
                if !found.contains(&view) {
                    found.push(view);
                }
            }
        }
        (all, found)
    }

    /// The view of objects of one type, as far as the subgraph knows it.
    fn of_object(self, view: &View, object: &str) -> Option<View> {
        let known = self.known(view)?;
        let own = view.objects.intersection(&self.types.object_set(object));
        let view = if known.is_abstract { self.narrowed(view, object, own.clone()) } else { view.clone() };
        (!own.is_empty()).then_some(view)
    }

    /// What a field returns, once its subgraph is told what it requires.
    fn told(self, view: &View, name: &str) -> Option<View> {
        if let Some((_, returned)) = self.local(view, name) {
            return returned;
        }
        let own =
            self.known(view)?.fields.get(name).filter(|own| !own.is_external && own.requires.is_some())?;
        self.returned(view.graph, own, Vec::new())
    }
}

/// Whether the objects are asked of the subgraph again that has given them.
fn is_back(view: &View, target: &View) -> bool {
    target.graph == view.graph && target.ty == view.ty
}
