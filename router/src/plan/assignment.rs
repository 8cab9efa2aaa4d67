//! Assigns each field that is asked of the objects of a view to a subgraph that can answer it.

use std::collections::HashSet;
use std::rc::Rc;

use apollo_compiler::ast::Type;
use async_graphql::Name as Key;
use indexmap::IndexMap;

use super::PlanError;
use super::asked_fields::{Ask, Item, Shared};
use super::entity_jumps::{Jump, NOWHERE, View};
use super::solver::{Field, Part, Solution, Solver};

/// How many calls it takes to get what cannot be got.
const UNANSWERED: usize = 1_000;

/// Who is asked for what.
#[derive(Default)]
pub(super) struct Assignment {
    /// The objects' own subgraph.
    pub here: Vec<Part>,
    /// Another one.
    pub by_jump: IndexMap<usize, (Rc<Jump>, Vec<Part>)>,
    /// One that has to be told something.
    pub requiring: Vec<Part>,
    /// Whoever answers for each of the types.
    pub split: Vec<Item>,
    /// Nobody.
    pub left: Ask,
    /// How many calls it takes, about.
    pub calls: usize,
    opened: HashSet<usize>,
}

/// How one field can be asked for at one place.
struct Candidate {
    found: Found,
    /// What nobody answers there.
    left: usize,
    /// The field with what is left of it.
    rest: Option<Item>,
    /// How many calls it takes besides those that lead to the place.
    calls: usize,
}

enum Found {
    Field(Field),
    Require {
        required: Shared<Ask>,
        known: Rc<Solution>,
        field: Field,
    },
    /// Of each of the types on its own.
    Split,
}

impl Candidate {
    /// Whether it costs nothing more.
    fn is_free(&self) -> bool {
        self.left == 0 && self.calls == 0
    }
}

impl Assignment {
    /// How many calls it takes to make a jump.
    pub fn entry(&self, jump: &Rc<Jump>) -> usize {
        jump.calls(&self.opened)
    }

    /// Makes a jump: what it leads to costs no further call.
    pub fn open(&mut self, jump: &Rc<Jump>) {
        jump.open(&mut self.opened);
    }

    /// Asks in the order that the client asked in: mutations run in that order.
    fn restore(&mut self, order: &[Key]) {
        let position = |part: &Part| match part {
            Part::Field(field) => order.iter().position(|key| *key == field.asked.key),
            _ => None,
        };
        self.by_jump.values_mut().for_each(|(_, parts)| parts.sort_by_key(position));
    }

    fn take(&mut self, jump: Option<&Rc<Jump>>, item: Item, candidate: Candidate) {
        self.calls += candidate.calls;
        if let Some(jump) = jump {
            self.calls += self.entry(jump);
            self.open(jump);
        }
        match (candidate.found, jump) {
            (Found::Split, _) => self.split.push(item),
            (Found::Require { required, known, field }, Some(jump)) => {
                self.requiring.push(Part::Require { jump: jump.clone(), required, known, field });
            }
            (Found::Field(field) | Found::Require { field, .. }, None) => self.here.push(Part::Field(field)),
            (Found::Field(field), Some(jump)) => {
                let (_, parts) =
                    self.by_jump.entry(jump.address()).or_insert_with(|| (jump.clone(), Vec::new()));
                parts.push(Part::Field(field));
            }
        }
    }
}

impl Solver<'_> {
    /// Solves what is asked of all objects of a view.
    pub(super) fn assign(&mut self, view: &View, items: Vec<Item>) -> Result<Assignment, PlanError> {
        let mut assign = Assignment::default();
        let mut wishes = Vec::new();
        let order: Vec<Key> = items.iter().map(|(asked, _)| asked.key.clone()).collect();
        for item in items {
            match self.candidate(view, None, &item)? {
                Some(found) if found.is_free() => assign.take(None, item, found),
                Some(found) if found.left == 0 => wishes.push((item, found.calls)),
                _ => wishes.push((item, UNANSWERED)),
            }
        }
        if wishes.is_empty() {
            return Ok(assign);
        }
        let jumps = self.jumps(view)?;
        let wishes = self.together(view, &jumps, wishes, &mut assign)?;
        self.each(view, &jumps, wishes, &mut assign)?;
        if view.graph == NOWHERE {
            assign.restore(&order);
        }
        Ok(assign)
    }

    /// As long as a call saves others. With each field comes how many calls it takes from where the objects are. What
    /// is left after that needs more.
    fn together(
        &mut self,
        view: &View,
        jumps: &[Rc<Jump>],
        wishes: Vec<(Item, usize)>,
        assign: &mut Assignment,
    ) -> Result<Vec<Item>, PlanError> {
        let mut free = Vec::with_capacity(wishes.len());
        for (item, calls) in wishes {
            let mut places = Vec::new();
            for (place, jump) in jumps.iter().enumerate() {
                if self.candidate(view, Some(jump), &item)?.is_some_and(|found| found.is_free()) {
                    places.push(place);
                }
            }
            free.push((item, calls, places));
        }
        loop {
            let worth = |(place, jump): (usize, &Rc<Jump>)| {
                let answered = free.iter().filter(|(.., places)| places.contains(&place));
                let (count, saved) =
                    answered.fold((0, 0), |(count, saved), (_, calls, _)| (count + 1, saved + calls));
                let entry = assign.entry(jump);
                (saved > entry).then_some((place, (entry == 0, count, std::cmp::Reverse((entry, place)))))
            };
            let best = jumps.iter().enumerate().filter_map(worth).max_by_key(|(_, worth)| *worth);
            let Some((best, _)) = best else { break };
            let (taken, rest): (Vec<_>, _) =
                free.into_iter().partition(|(.., places): &(_, _, Vec<usize>)| places.contains(&best));
            free = rest;
            for (item, ..) in taken {
                if let Some(found) = self.candidate(view, Some(&jumps[best]), &item)? {
                    assign.take(Some(&jumps[best]), item, found);
                }
            }
        }
        Ok(free.into_iter().map(|(item, ..)| item).collect())
    }

    /// Each where it takes the fewest calls, and what is left of it elsewhere.
    fn each(
        &mut self,
        view: &View,
        jumps: &[Rc<Jump>],
        wishes: Vec<Item>,
        assign: &mut Assignment,
    ) -> Result<(), PlanError> {
        let mut wishes: Vec<(Item, Vec<usize>)> =
            wishes.into_iter().rev().map(|item| (item, Vec::new())).collect();
        while let Some((item, mut tried)) = wishes.pop() {
            let mut best: Option<((usize, usize), usize, Candidate)> = None;
            for place in (0..=jumps.len()).filter(|place| !tried.contains(place)) {
                let jump = place.checked_sub(1).map(|jump| &jumps[jump]);
                let Some(found) = self.candidate(view, jump, &item)? else { continue };
                let cost = (found.left, found.calls + jump.map_or(0, |jump| assign.entry(jump)));
                if best.as_ref().is_none_or(|(least, ..)| cost < *least) {
                    best = Some((cost, place, found));
                }
            }
            let Some((_, place, mut found)) = best else {
                assign.left.add(item.0, item.1);
                continue;
            };
            if let Some(rest) = found.rest.take() {
                tried.push(place);
                wishes.push((rest, tried));
            }
            assign.take(place.checked_sub(1).map(|jump| &jumps[jump]), item, found);
        }
        Ok(())
    }

    /// How a field can be asked for: by a jump, or right where the objects are. `None` where that brings nothing.
    fn candidate(
        &mut self,
        view: &View,
        jump: Option<&Rc<Jump>>,
        item: &Item,
    ) -> Result<Option<Candidate>, PlanError> {
        let (asked, _) = item;
        let target = jump.map_or(view, |jump| &jump.target);
        if !view.objects.is_within(&target.objects) {
            return Ok(None);
        }
        if asked.is_typename() {
            let is_said = target.graph != NOWHERE && !self.map.is_interface_object(target);
            let field = Field { asked: asked.clone(), ty: None, below: None };
            let found = Candidate { found: Found::Field(field), left: 0, rest: None, calls: 0 };
            return Ok(is_said.then_some(found));
        }
        let is_new = jump.is_none_or(|jump| !jump.is_back);
        if let Some((own, returned)) = self.map.local(target, &asked.name).filter(|_| is_new) {
            return self.field(item, &own.ty, returned, 0, Found::Field);
        }
        if jump.is_some() {
            return self.require(view, target, item);
        }
        if !self.map.known(view).is_some_and(|known| known.is_abstract) {
            return Ok(None);
        }
        let mut split = Solution::default();
        self.narrow(view, view.objects.clone(), vec![item.clone()], &mut split)?;
        // A field that is asked of all types is not pieced together by type: of what type an object is to whoever would
        // answer for the others is not known.
        let found = Candidate { found: Found::Split, left: 0, rest: None, calls: split.calls };
        Ok(split.left.is_empty().then_some(found))
    }

    fn field(
        &mut self,
        (asked, below): &Item,
        ty: &Type,
        returned: Option<View>,
        calls: usize,
        found: impl FnOnce(Field) -> Found,
    ) -> Result<Option<Candidate>, PlanError> {
        let mut field = Field { asked: asked.clone(), ty: Some(ty.clone()), below: None };
        let (Some(returned), Some(below)) = (returned, below) else {
            return Ok(Some(Candidate { found: found(field), left: 0, rest: None, calls }));
        };
        let solution = self.solve(&returned, below)?;
        let left = solution.left.leaves();
        if left > 0 && solution.parts.is_empty() {
            return Ok(None);
        }
        let rest = (left > 0).then(|| (asked.clone(), Some(Shared::new(solution.left.clone()))));
        let calls = calls + solution.calls;
        field.below = Some((returned, solution));
        Ok(Some(Candidate { found: found(field), left, rest, calls }))
    }

    /// A field that its subgraph answers when it is told what the field requires.
    fn require(&mut self, view: &View, target: &View, item: &Item) -> Result<Option<Candidate>, PlanError> {
        let own = self.map.known(target).and_then(|known| known.fields.get(&item.0.name));
        let Some((own, required)) = own.and_then(|own| Some((own, own.requires.clone()?))) else {
            return Ok(None);
        };
        let this = (target.graph, target.ty.clone(), item.0.name.clone());
        if own.is_external || self.requiring.contains(&this) {
            return Ok(None);
        }
        self.requiring.push(this);
        let known = self.solve(view, &required);
        self.requiring.pop();
        let known = known?;
        if !known.left.is_empty() {
            return Ok(None);
        }
        let returned = self.map.returned(target.graph, own, Vec::new());
        let calls = known.calls + 1;
        self.field(item, &own.ty, returned, calls, |field| Found::Require { required, known, field })
    }
}
