//! Builds fetches from a solution, and what each needs of the others.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use indexmap::IndexMap;

use super::asked_fields::{Ask, Shared};
use super::entity_jumps::{Jump, Map, NOWHERE, View};
use super::fetch_draft::{Draft, Entry, Node, Segment};
use super::solver::{Field, Part, Solution};
use super::{FetchKind, PlanError, Requirement, Step, TypeSet};

/// More selections than this, over all fetches, are not asked for: they grow with the types of an interface by each
/// level at which these have to be asked one by one.
const SELECTIONS_MAX: usize = 20_000;
/// More fetches than this are not made.
const FETCHES_MAX: usize = 1_000;

/// Puts fetches together.
pub(super) struct FetchBuilder<'a> {
    map: Map<'a>,
    kind: FetchKind,
    pub drafts: Vec<Draft>,
    /// The fetch that makes a jump from a place, being told something besides.
    opened: HashMap<(usize, Vec<Segment>, usize, Option<usize>), usize>,
    selections: usize,
}

/// A place in what a fetch asks for.
#[derive(Clone)]
struct Spot {
    draft: usize,
    segments: Vec<Segment>,
    /// Where its objects are in the data.
    path: Vec<Step>,
    /// Whether the schema says what its objects are: then they are not asked.
    is_certain: bool,
}

impl Spot {
    fn below(&self, field: &Field, lists: u8) -> Self {
        let mut path = self.path.clone();
        path.push(Step::Field(field.asked.key.clone()));
        path.extend((0..lists).map(|_| Step::List));
        Self { path, ..self.into(Segment::Field(field.asked.key.clone())) }
    }

    fn into(&self, segment: Segment) -> Self {
        let mut segments = self.segments.clone();
        segments.push(segment);
        Self { draft: self.draft, segments, path: self.path.clone(), is_certain: self.is_certain }
    }
}

impl<'a> FetchBuilder<'a> {
    pub fn new(map: Map<'a>, kind: FetchKind) -> Self {
        Self { map, kind, drafts: Vec::new(), opened: HashMap::new(), selections: 0 }
    }

    /// The fetches of what is asked of the root.
    pub fn root(&mut self, view: &View, solution: &Solution) -> Result<(), PlanError> {
        let root = Spot { draft: NOWHERE, segments: Vec::new(), path: Vec::new(), is_certain: true };
        self.solution(solution, view, &root, &mut BTreeSet::new())
    }

    /// `by` gets the fetches that bring what is asked.
    fn solution(
        &mut self,
        solution: &Solution,
        view: &View,
        at: &Spot,
        by: &mut BTreeSet<usize>,
    ) -> Result<(), PlanError> {
        self.selections += solution.parts.len();
        if self.selections > SELECTIONS_MAX || self.drafts.len() > FETCHES_MAX {
            return Err(PlanError::Large);
        }
        for part in &solution.parts {
            match part {
                Part::Field(field) => self.field(field, view, at, by)?,
                Part::Narrow { view, solution } => {
                    let mut inside = at.into(Segment::On(view.ty.clone()));
                    inside.path.push(Step::Type(self.names(&view.objects)));
                    inside.is_certain = false;
                    self.solution(solution, view, &inside, by)?;
                }
                Part::Hop { jump, solution } => {
                    let draft = self.open(view, at, jump)?;
                    self.solution(solution, &jump.target, &self.inside(draft, at, jump), by)?;
                }
                Part::Require { jump, required, known, field } => {
                    let mut after = BTreeSet::new();
                    self.solution(known, view, at, &mut after)?;
                    let draft = self.require(view, at, jump, required, after)?;
                    self.field(field, &jump.target, &self.inside(draft, at, jump), by)?;
                }
            }
        }
        Ok(())
    }

    fn field(
        &mut self,
        field: &Field,
        view: &View,
        at: &Spot,
        by: &mut BTreeSet<usize>,
    ) -> Result<(), PlanError> {
        by.insert(at.draft);
        self.node(at).ask(&field.asked, field.ty.as_ref(), field.below.is_some());
        let Some((returned, solution)) = &field.below else { return Ok(()) };
        let known = self.map.types.returns(&view.ty, &field.asked.name);
        let lists = known.as_ref().map_or(0, |returns| returns.lists);
        let is_abstract = known.is_some_and(|returns| self.map.types.is_abstract(returns.name))
            || self.map.known(returned).is_some_and(|known| known.is_abstract);
        let mut below = at.below(field, lists);
        below.is_certain &= !is_abstract;
        if is_abstract {
            self.node(&below).ask_typename();
        }
        self.solution(solution, returned, &below, by)
    }

    /// The fetch that makes a jump.
    fn open(&mut self, view: &View, at: &Spot, jump: &Rc<Jump>) -> Result<usize, PlanError> {
        let place = (at.draft, at.segments.clone(), jump.address(), None);
        if let Some(draft) = self.opened.get(&place) {
            return Ok(*draft);
        }
        let draft = self.enter(view, at, jump, Vec::new(), BTreeSet::new())?;
        self.opened.insert(place, draft);
        Ok(draft)
    }

    /// The fetch that makes a jump and tells what is required.
    fn require(
        &mut self,
        view: &View,
        at: &Spot,
        jump: &Rc<Jump>,
        required: &Shared<Ask>,
        after: BTreeSet<usize>,
    ) -> Result<usize, PlanError> {
        let place = (at.draft, at.segments.clone(), jump.address(), Some(required.address()));
        if let Some(draft) = self.opened.get(&place) {
            return Ok(*draft);
        }
        let told = self.requirements(required, &view.objects);
        let draft = self.enter(view, at, jump, told, after)?;
        self.opened.insert(place, draft);
        Ok(draft)
    }

    fn enter(
        &mut self,
        view: &View,
        at: &Spot,
        jump: &Rc<Jump>,
        mut told: Vec<Requirement>,
        mut after: BTreeSet<usize>,
    ) -> Result<usize, PlanError> {
        let is_root = self.map.types.root_of(&view.ty).is_some();
        if at.draft != NOWHERE {
            after.insert(at.draft);
        }
        if !is_root && !at.is_certain {
            self.node(at).ask_typename();
        }
        for source in &jump.sources {
            match (&source.found, &source.jump) {
                (Some(found), _) => self.solution(found, view, at, &mut after)?,
                (None, None) => {
                    after.insert(at.draft);
                    self.bring(&source.part, view, at);
                }
                (None, Some(jump)) => {
                    let draft = self.open(view, at, jump)?;
                    after.insert(draft);
                    self.bring(&source.part, &jump.target, &self.inside(draft, at, jump));
                }
            }
            for requirement in self.requirements(&source.part, &view.objects) {
                add(&mut told, requirement);
            }
        }
        let mut node = Node::default();
        let known = self.map.known(&jump.target);
        if known.is_some_and(|known| known.is_abstract) {
            node.at(&[Segment::On(jump.target.ty.clone())]).ask_typename();
        }
        let entry = (!is_root).then(|| self.entry(view, jump, told));
        let mut path = at.path.clone();
        // What an entity is, is told by what it is told by.
        while entry.is_some() && matches!(path.last(), Some(Step::Type(_))) {
            path.pop();
        }
        let kind = if at.draft == NOWHERE { self.kind } else { FetchKind::Query };
        self.drafts.push(Draft { graph: jump.target.graph, kind, path, entry, node, after });
        Ok(self.drafts.len() - 1)
    }

    fn entry(&self, view: &View, jump: &Jump, told: Vec<Requirement>) -> Entry {
        let ty = jump.target.ty.clone();
        let mut requires = IndexMap::new();
        if self.map.is_interface_object(view) {
            // As long as nobody said more.
            requires.insert(view.ty.to_string(), told);
        } else {
            for name in self.names(&view.objects) {
                requires.insert(name, told.clone());
            }
        }
        let is_interface_object = self.map.is_interface_object(&jump.target);
        let retyped = if is_interface_object {
            self.names(&self.map.types.object_set(&jump.target.ty))
        } else {
            Vec::new()
        };
        Entry { ty, requires, retyped }
    }

    /// Asks for what others need to be told.
    fn bring(&mut self, ask: &Ask, view: &View, at: &Spot) {
        for (asked, below) in ask.items() {
            let Some((own, returned)) = self.map.local(view, &asked.name) else { continue };
            self.node(at).ask(asked, Some(&own.ty), below.is_some());
            if let (Some(returned), Some(below)) = (returned, below) {
                let field = Field { asked: asked.clone(), ty: None, below: None };
                self.bring(below, &returned, &at.below(&field, 0));
            }
        }
    }

    /// What objects are told by; `all` is what they may be.
    fn requirements(&self, ask: &Ask, all: &TypeSet) -> Vec<Requirement> {
        let mut found = Vec::new();
        for (asked, below) in ask.items() {
            let selections = below.as_ref().map(|below| {
                let types = self.map.types;
                let returned = types.names_of(&asked.of).filter_map(|name| types.returns(name, &asked.name));
                let all = returned.map(|returns| types.object_set(returns.name));
                self.requirements(below, &all.fold(TypeSet::default(), |all, some| all.union(&some)))
            });
            let field = Requirement::Field {
                name: asked.key.clone(),
                key: async_graphql::Name::new(&asked.name),
                selections: selections.unwrap_or_default(),
            };
            if all.is_within(&asked.of) {
                found.push(field);
                continue;
            }
            for condition in self.names(&all.intersection(&asked.of)) {
                let own = found.iter_mut().find_map(|known| match known {
                    Requirement::Type { condition: known, selections } if *known == condition => {
                        Some(selections)
                    }
                    _ => None,
                });
                match own {
                    Some(selections) => selections.push(field.clone()),
                    None => found.push(Requirement::Type { condition, selections: vec![field.clone()] }),
                }
            }
        }
        found
    }

    fn inside(&self, draft: usize, at: &Spot, jump: &Jump) -> Spot {
        let is_root = self.drafts.get(draft).is_some_and(|draft| draft.entry.is_none());
        let segments = if is_root { Vec::new() } else { vec![Segment::On(jump.target.ty.clone())] };
        Spot { draft, segments, path: at.path.clone(), is_certain: at.is_certain }
    }

    fn node(&mut self, at: &Spot) -> &mut Node {
        // Every spot is of a fetch that was put here before.
        self.drafts[at.draft].node.at(&at.segments)
    }

    fn names(&self, objects: &TypeSet) -> Vec<String> {
        self.map.types.names_of(objects).map(ToString::to_string).collect()
    }
}

/// Adds a requirement to others, each once.
pub(super) fn add(told: &mut Vec<Requirement>, requirement: Requirement) {
    let same = told.iter_mut().find_map(|known| match (known, &requirement) {
        (Requirement::Field { name, key, selections }, Requirement::Field { name: n, key: k, .. })
            if name == n && key == k =>
        {
            Some(selections)
        }
        (Requirement::Type { condition, selections }, Requirement::Type { condition: c, .. })
            if condition == c =>
        {
            Some(selections)
        }
        _ => None,
    });
    match same {
        None => told.push(requirement),
        Some(known) => {
            let (Requirement::Field { selections, .. } | Requirement::Type { selections, .. }) = requirement;
            selections.into_iter().for_each(|inner| add(known, inner));
        }
    }
}
