//! Who is asked for what: for every selection the choice that takes the fewest calls.
//!
//! Each leaf is looked for on its own until somebody has it, so that what can be answered is found; what fits into a
//! call that is made anyway goes there, so that few calls are made. Solutions are found once for the same question
//! about the same objects, however often it comes up; nothing is asked before all of it is solved.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Instant;

use apollo_compiler::Name;
use apollo_compiler::ast::Type;
use indexmap::IndexMap;

use super::asked_fields::{Ask, Asked, Item, Shared};
use super::assignment::Assignment;
use super::entity_jumps::{Jump, Map, View};
use super::{PlanError, TypeSet, failed};

/// More solutions than this are not looked for.
const SOLUTIONS_MAX: usize = 100_000;
/// Questions nested deeper than this are not solved.
const DEPTH_MAX: usize = 64;

/// How something is asked of the objects of a view.
#[derive(Debug, Default)]
pub(super) struct Solution {
    pub parts: Vec<Part>,
    /// What nobody answers.
    pub left: Ask,
    /// How many calls it takes, about.
    pub calls: usize,
}

/// A part of a solution.
#[derive(Debug)]
pub(super) enum Part {
    /// A field that the objects' own subgraph answers.
    Field(Field),
    /// What is asked only of some of the objects.
    Narrow { view: View, solution: Rc<Solution> },
    /// What another subgraph is asked.
    Hop { jump: Rc<Jump>, solution: Rc<Solution> },
    /// A field that a subgraph answers when it is told what the field requires.
    Require { jump: Rc<Jump>, required: Shared<Ask>, known: Rc<Solution>, field: Field },
}

/// A field, and how what it returns is asked.
#[derive(Debug)]
pub(super) struct Field {
    pub asked: Asked,
    /// Its type, as its subgraph has it; `None` of `__typename`.
    pub ty: Option<Type>,
    pub below: Option<(View, Rc<Solution>)>,
}

/// What tells a question from another: the objects, what is asked, and the requirements that are being looked for.
type Question = (View, Shared<Ask>, Vec<Requiring>);

/// Subgraph, type and field.
pub(super) type Requiring = (usize, Name, Name);

/// Solves one operation.
pub(super) struct Solver<'a> {
    pub map: Map<'a>,
    deadline: Instant,
    known: HashMap<Question, Rc<Solution>>,
    jumps: HashMap<View, Rc<[Rc<Jump>]>>,
    pub requiring: Vec<Requiring>,
    depth: usize,
    /// How many keys are being looked for: what is not found meanwhile may be found later.
    seeking: usize,
}

impl<'a> Solver<'a> {
    pub fn new(map: Map<'a>, deadline: Instant) -> Self {
        Self {
            map,
            deadline,
            known: HashMap::new(),
            jumps: HashMap::new(),
            requiring: Vec::new(),
            depth: 0,
            seeking: 0,
        }
    }

    /// Solves what is asked of the root.
    pub fn root(&mut self, ty: &Name, ask: Ask) -> Result<Rc<Solution>, PlanError> {
        let solution = self.solve(&self.map.nowhere(ty), &Shared::new(ask))?;
        if solution.left.is_empty() {
            return Ok(solution);
        }
        Err(failed(format!("nobody answers {ty}{}", solution.left)))
    }

    /// Solves what is asked of the objects of a view.
    pub fn solve(&mut self, view: &View, ask: &Shared<Ask>) -> Result<Rc<Solution>, PlanError> {
        if Instant::now() > self.deadline {
            return Err(PlanError::Deadline);
        }
        let question = (view.clone(), ask.clone(), self.requiring.clone());
        if let Some(known) = self.known.get(&question) {
            return Ok(known.clone());
        }
        if self.known.len() > SOLUTIONS_MAX {
            return Err(PlanError::Large);
        }
        if self.depth > DEPTH_MAX {
            return Err(PlanError::Nested);
        }
        self.depth += 1;
        let solution = self.solve_new(view, ask);
        self.depth -= 1;
        let solution = Rc::new(solution?);
        if self.seeking == 0 || solution.left.is_empty() {
            self.known.insert(question, solution.clone());
        }
        Ok(solution)
    }

    fn solve_new(&mut self, view: &View, ask: &Ask) -> Result<Solution, PlanError> {
        let mut classes: IndexMap<TypeSet, Vec<Item>> = IndexMap::new();
        for (asked, below) in ask.items() {
            let of = asked.of.intersection(&view.objects);
            if !of.is_empty() {
                classes.entry(of.clone()).or_default().push((Asked { of, ..asked.clone() }, below.clone()));
            }
        }
        let here = classes.shift_remove(&view.objects).unwrap_or_default();
        let mut assign = self.assign(view, here)?;
        let mut solution = Solution::default();
        if self.map.is_interface_object(view) {
            let left = std::mem::take(&mut assign.left).into_items();
            let rest: Ask = left.chain(classes.into_values().flatten()).collect();
            self.by_type(view, rest, &mut assign, &mut solution)?;
        } else {
            let split = std::mem::take(&mut assign.split);
            if !split.is_empty() {
                classes.entry(view.objects.clone()).or_default().extend(split);
            }
            for (objects, items) in classes {
                self.narrow(view, objects, items, &mut solution)?;
            }
        }
        solution.left.merge(&assign.left);
        solution.calls += assign.calls;
        solution.parts.splice(0..0, assign.here);
        for (jump, parts) in assign.by_jump.into_values() {
            let inner = Solution { parts, ..Solution::default() };
            solution.parts.push(Part::Hop { jump, solution: Rc::new(inner) });
        }
        solution.parts.extend(assign.requiring);
        Ok(solution)
    }

    /// What is asked of some of the objects: by a type that stands for just them, or each on its own.
    pub fn narrow(
        &mut self,
        view: &View,
        objects: TypeSet,
        items: Vec<Item>,
        solution: &mut Solution,
    ) -> Result<(), PlanError> {
        let graph = self.map.graphs.graph(view.graph);
        let common = graph.filter(|_| objects != view.objects && objects.len() > 1);
        let common = common.and_then(|graph| {
            let fits =
                graph.interfaces().filter(|(_, known)| known.objects.intersection(&view.objects) == objects);
            fits.map(|(name, _)| name).min()
        });
        let ask = Shared::new(items.into_iter().collect::<Ask>());
        let names: Vec<Name> = match common {
            Some(interface) => vec![interface.clone()],
            None => self.map.types.names_of(&objects).map(|name| Name::new_unchecked(name)).collect(),
        };
        for name in names {
            if name == view.ty {
                // An interface that nothing implements.
                solution.left.merge(&ask);
                continue;
            }
            let own = objects.intersection(&self.map.types.object_set(&name));
            let view = self.map.narrowed(view, &name, own);
            let inner = self.solve(&view, &ask)?;
            solution.calls += inner.calls;
            solution.left.merge(&inner.left);
            if !inner.parts.is_empty() {
                solution.parts.push(Part::Narrow { view, solution: inner });
            }
        }
        Ok(())
    }

    /// What depends on what an object is, where its subgraph cannot say: somebody who can takes over.
    fn by_type(
        &mut self,
        view: &View,
        mut rest: Ask,
        assign: &mut Assignment,
        solution: &mut Solution,
    ) -> Result<(), PlanError> {
        let jumps = self.jumps(view)?;
        let mut jumps: Vec<_> =
            jumps.iter().filter(|jump| !self.map.is_interface_object(&jump.target)).collect();
        while !rest.is_empty() {
            let ask = Shared::new(std::mem::take(&mut rest));
            let mut best: Option<(usize, usize, usize, Rc<Solution>)> = None;
            for (position, jump) in jumps.iter().enumerate() {
                let inner = self.solve(&jump.target, &ask)?;
                let left = inner.left.leaves();
                let calls = inner.calls + assign.entry(jump);
                let is_better = |best: &(usize, usize, usize, _)| (left, calls) < (best.1, best.2);
                if !inner.parts.is_empty() && best.as_ref().is_none_or(is_better) {
                    best = Some((position, left, calls, inner));
                }
            }
            let Some((position, _, calls, inner)) = best else {
                rest = Ask::clone(&ask);
                break;
            };
            let jump = jumps.remove(position);
            assign.open(jump);
            solution.calls += calls;
            rest.merge(&inner.left);
            solution.parts.push(Part::Hop { jump: jump.clone(), solution: inner });
        }
        solution.left.merge(&rest);
        Ok(())
    }

    /// All jumps from a view.
    pub fn jumps(&mut self, view: &View) -> Result<Rc<[Rc<Jump>]>, PlanError> {
        if let Some(known) = self.jumps.get(view) {
            return Ok(known.clone());
        }
        let mut rest = Vec::new();
        let mut found = self.map.jumps(view, &mut rest);
        self.jumps.insert(view.clone(), found.as_slice().into());
        // As long as others lead to more. What is looked for meanwhile makes the jumps that are known.
        self.seeking += 1;
        while let Some((position, jump)) = self.sought(view, &found, &rest)? {
            rest.remove(position);
            found.push(Rc::new(jump));
            self.map.follow(view, &mut found, &mut rest);
            self.jumps.insert(view.clone(), found.as_slice().into());
        }
        self.seeking -= 1;
        Ok(found.into())
    }

    fn sought(
        &mut self,
        view: &View,
        found: &[Rc<Jump>],
        rest: &[View],
    ) -> Result<Option<(usize, Jump)>, PlanError> {
        let map = self.map;
        for (position, target) in rest.iter().enumerate() {
            let mut seek = |part: &Shared<Ask>| {
                let solution = self.solve(view, part)?;
                Ok(solution.left.is_empty().then_some(solution))
            };
            if let Some(jump) = map.sought(view, target, found, &mut seek)? {
                return Ok(Some((position, jump)));
            }
        }
        Ok(None)
    }
}
