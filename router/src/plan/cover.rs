//! What is asked of all objects of a view, divided among those who can answer.

use std::collections::HashSet;
use std::rc::Rc;

use apollo_compiler::ast::Type;
use async_graphql::Name as Key;
use indexmap::IndexMap;

use super::PlanError;
use super::ask::{Ask, Item, Shared};
use super::solve::{Field, Part, Solution, Solver};
use super::ways::{NOWHERE, View, Way};

/// How many calls it takes to get what cannot be got.
const UNANSWERED: usize = 1_000;

/// Who is asked for what.
#[derive(Default)]
pub(super) struct Cover {
    /// The objects' own subgraph.
    pub here: Vec<Part>,
    /// Another one.
    pub by_way: IndexMap<usize, (Rc<Way>, Vec<Part>)>,
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

impl Cover {
    /// How many calls it takes to go a way.
    pub fn entry(&self, way: &Rc<Way>) -> usize {
        way.calls(&self.opened)
    }

    /// Goes a way.
    pub fn open(&mut self, way: &Rc<Way>) {
        way.open(&mut self.opened);
    }

    /// Asks in the order that the client asked in: mutations run in that order.
    fn restore(&mut self, order: &[Key]) {
        let position = |part: &Part| match part {
            Part::Field(field) => order.iter().position(|key| *key == field.asked.key),
            _ => None,
        };
        self.by_way.values_mut().for_each(|(_, parts)| parts.sort_by_key(position));
    }

    fn take(&mut self, way: Option<&Rc<Way>>, item: Item, candidate: Candidate) {
        self.calls += candidate.calls;
        if let Some(way) = way {
            self.calls += self.entry(way);
            self.open(way);
        }
        match (candidate.found, way) {
            (Found::Split, _) => self.split.push(item),
            (Found::Require { required, known, field }, Some(way)) => {
                self.requiring.push(Part::Require { way: way.clone(), required, known, field });
            }
            (Found::Field(field) | Found::Require { field, .. }, None) => self.here.push(Part::Field(field)),
            (Found::Field(field), Some(way)) => {
                let (_, parts) =
                    self.by_way.entry(way.address()).or_insert_with(|| (way.clone(), Vec::new()));
                parts.push(Part::Field(field));
            }
        }
    }
}

impl Solver<'_> {
    /// Solves what is asked of all objects of a view.
    pub(super) fn cover(&mut self, view: &View, items: Vec<Item>) -> Result<Cover, PlanError> {
        let mut cover = Cover::default();
        let mut wishes = Vec::new();
        let order: Vec<Key> = items.iter().map(|(asked, _)| asked.key.clone()).collect();
        for item in items {
            match self.candidate(view, None, &item)? {
                Some(found) if found.is_free() => cover.take(None, item, found),
                Some(found) if found.left == 0 => wishes.push((item, found.calls)),
                _ => wishes.push((item, UNANSWERED)),
            }
        }
        if wishes.is_empty() {
            return Ok(cover);
        }
        let ways = self.ways(view)?;
        let wishes = self.together(view, &ways, wishes, &mut cover)?;
        self.each(view, &ways, wishes, &mut cover)?;
        if view.graph == NOWHERE {
            cover.restore(&order);
        }
        Ok(cover)
    }

    /// As long as a call saves others. With each field comes how many calls it takes from where the objects are. What
    /// is left after that needs more.
    fn together(
        &mut self,
        view: &View,
        ways: &[Rc<Way>],
        wishes: Vec<(Item, usize)>,
        cover: &mut Cover,
    ) -> Result<Vec<Item>, PlanError> {
        let mut free = Vec::with_capacity(wishes.len());
        for (item, calls) in wishes {
            let mut places = Vec::new();
            for (place, way) in ways.iter().enumerate() {
                if self.candidate(view, Some(way), &item)?.is_some_and(|found| found.is_free()) {
                    places.push(place);
                }
            }
            free.push((item, calls, places));
        }
        loop {
            let worth = |(place, way): (usize, &Rc<Way>)| {
                let answered = free.iter().filter(|(.., places)| places.contains(&place));
                let (count, saved) =
                    answered.fold((0, 0), |(count, saved), (_, calls, _)| (count + 1, saved + calls));
                let entry = cover.entry(way);
                (saved > entry).then_some((place, (entry == 0, count, std::cmp::Reverse((entry, place)))))
            };
            let best = ways.iter().enumerate().filter_map(worth).max_by_key(|(_, worth)| *worth);
            let Some((best, _)) = best else { break };
            let (taken, rest): (Vec<_>, _) =
                free.into_iter().partition(|(.., places): &(_, _, Vec<usize>)| places.contains(&best));
            free = rest;
            for (item, ..) in taken {
                if let Some(found) = self.candidate(view, Some(&ways[best]), &item)? {
                    cover.take(Some(&ways[best]), item, found);
                }
            }
        }
        Ok(free.into_iter().map(|(item, ..)| item).collect())
    }

    /// Each where it takes the fewest calls, and what is left of it elsewhere.
    fn each(
        &mut self,
        view: &View,
        ways: &[Rc<Way>],
        wishes: Vec<Item>,
        cover: &mut Cover,
    ) -> Result<(), PlanError> {
        let mut wishes: Vec<(Item, Vec<usize>)> =
            wishes.into_iter().rev().map(|item| (item, Vec::new())).collect();
        while let Some((item, mut tried)) = wishes.pop() {
            let mut best: Option<((usize, usize), usize, Candidate)> = None;
            for place in (0..=ways.len()).filter(|place| !tried.contains(place)) {
                let way = place.checked_sub(1).map(|way| &ways[way]);
                let Some(found) = self.candidate(view, way, &item)? else { continue };
                let cost = (found.left, found.calls + way.map_or(0, |way| cover.entry(way)));
                if best.as_ref().is_none_or(|(least, ..)| cost < *least) {
                    best = Some((cost, place, found));
                }
            }
            let Some((_, place, mut found)) = best else {
                cover.left.add(item.0, item.1);
                continue;
            };
            if let Some(rest) = found.rest.take() {
                tried.push(place);
                wishes.push((rest, tried));
            }
            cover.take(place.checked_sub(1).map(|way| &ways[way]), item, found);
        }
        Ok(())
    }

    /// How a field can be asked for: by a way, or right where the objects are. `None` where that brings nothing.
    fn candidate(
        &mut self,
        view: &View,
        way: Option<&Rc<Way>>,
        item: &Item,
    ) -> Result<Option<Candidate>, PlanError> {
        let (asked, _) = item;
        let target = way.map_or(view, |way| &way.target);
        if !view.objects.is_within(&target.objects) {
            return Ok(None);
        }
        if asked.is_typename() {
            let is_said = target.graph != NOWHERE && !self.map.is_interface_object(target);
            let field = Field { asked: asked.clone(), ty: None, below: None };
            let found = Candidate { found: Found::Field(field), left: 0, rest: None, calls: 0 };
            return Ok(is_said.then_some(found));
        }
        let is_new = way.is_none_or(|way| !way.is_back);
        if let Some((own, returned)) = self.map.local(target, &asked.name).filter(|_| is_new) {
            return self.field(item, &own.ty, returned, 0, Found::Field);
        }
        if way.is_some() {
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
