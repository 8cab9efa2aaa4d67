//! Plans in stages what the library cannot plan at once.
//!
//! The library fails on operations that ask an entity within an entity of the same type for a field with `@requires`,
//! and on some others with requirements and several keys. Such an operation is cut at each entity: first comes what
//! leads to the entities, their keys in place of what is asked of them; then what is asked of each, planned as if its
//! keys had come from a subgraph of their own. What that requires of the entity is a stage before it. That takes more
//! calls than a plan at once.

use std::collections::BTreeSet;

use apollo_compiler::Name;
use apollo_compiler::ast::OperationType;
use apollo_compiler::executable::Operation;
use async_graphql::Name as Key;
use hive_router_query_planner::planner::Planner as Library;
use hive_router_query_planner::utils::cancellation::CancellationToken;

use super::asked::{Field, Set};
use super::document::{self, typename};
use super::planner::{failed, node, set_up};
use super::stand_ins::StandIns;
use super::supergraph::{is_entry, root_field, with_entries};
use super::{Fetch, Plan, PlanError, Planned, Selection, Step, Types, convert};

/// More entities within each other than this are not planned in stages.
const DEPTH_MAX: usize = 16;

/// The library with the entities' own subgraphs.
pub(super) struct Stages {
    library: Library,
    entities: BTreeSet<String>,
    stand_ins: StandIns,
}

/// What has to be known of an entity before something can be asked of it.
#[derive(Default)]
struct Known {
    keys: Set,
    required: Set,
}

/// One operation.
pub(super) struct Staging<'a> {
    pub stages: &'a Stages,
    pub types: &'a Types,
    pub operation: &'a Operation,
    pub token: &'a CancellationToken,
}

impl Stages {
    /// Sets them up for a supergraph.
    pub fn try_new(supergraph_sdl: &str) -> Result<Self, PlanError> {
        let (sdl, entities, stand_ins) = with_entries(supergraph_sdl).map_err(PlanError::Failed)?;
        Ok(Self { library: set_up(&sdl)?, entities, stand_ins })
    }
}

impl Staging<'_> {
    /// Plans what is asked of the root; `first` plans what leads to the entities.
    pub fn root(
        &self,
        mut asked: Set,
        first: impl FnOnce(&Set) -> Result<Planned, PlanError>,
    ) -> Result<Planned, PlanError> {
        let ty = &self.operation.selection_set.ty;
        let later = self.cut(&mut asked, ty, 0)?;
        asked.hoist(ty, self.types);
        let Planned { primary, rest } = first(&asked)?;
        Ok(Planned { primary, rest: sequence(rest, later) })
    }

    /// Replaces what is asked of entities by their keys, and plans it.
    fn cut(&self, asked: &mut Set, ty: &str, depth: usize) -> Result<Vec<Plan>, PlanError> {
        let mut plans = Vec::new();
        let is_entity = |ty: &str| self.stages.entities.contains(ty);
        asked.replace(ty, &mut Vec::new(), self.types, &is_entity, &mut |path, ty, set| {
            let (keys, mut plan) = self.entity(ty, set, depth + 1)?;
            plan.visit_mut(&mut |fetch| relocate(fetch, 0, path));
            plans.push(plan);
            Ok(keys)
        })?;
        Ok(plans)
    }

    /// Plans what is asked of an entity; what has to be known of it before, and a plan with paths from it on.
    fn entity(&self, ty: &str, mut asked: Set, depth: usize) -> Result<(Set, Plan), PlanError> {
        if depth > DEPTH_MAX {
            return Err(PlanError::Nested);
        }
        let later = self.cut(&mut asked, ty, depth)?;
        let (keys, plan) = self.fields(ty, asked, depth)?;
        Ok((keys, sequence(plan, later)))
    }

    /// Plans an entity's own fields: each alone when they cannot be planned together.
    fn fields(&self, ty: &str, asked: Set, depth: usize) -> Result<(Set, Plan), PlanError> {
        let together = match self.together(ty, &asked) {
            Err(PlanError::Failed(cause)) if asked.len() > 1 => {
                tracing::debug!(cause, "planning each field of an entity");
                None
            }
            together => together?,
        };
        let Some((Known { mut keys, required }, plan)) = together else {
            let each = asked.singles();
            if each.len() == 1 {
                return Err(failed("one field requires another in two ways"));
            }
            let (mut keys, mut plans) = (Set::default(), Vec::new());
            for one in each {
                let (known, plan) = self.fields(ty, one, depth)?;
                keys.merge(known);
                plans.push(plan);
            }
            return Ok((keys, Plan::Parallel(plans)));
        };
        if required.is_empty() {
            return Ok((keys, plan));
        }
        let (known, before) = self.entity(ty, required, depth + 1)?;
        keys.merge(known);
        Ok((keys, Plan::Sequence(vec![before, plan])))
    }

    /// Plans fields of an entity together; `None` when one representation has no room for what they require.
    fn together(&self, ty: &str, asked: &Set) -> Result<Option<(Known, Plan)>, PlanError> {
        let name = Name::new(&root_field(ty)).map_err(failed)?;
        let mut root = Set::default();
        let (head, data_key) = (name.to_string(), Key::new(name.as_str()));
        root.field(Field { name, head, data_key, is_leaf: false, set: asked.clone() });
        let text = document::operation(OperationType::Query, self.operation, &root);

        let planned = convert::plan(node(&self.stages.library, &text, self.token)?, self.types)?;
        let mut selections = Vec::new();
        let mut rest = without_entry(planned.rest, &mut selections)?;
        let mut has_room = true;
        rest.visit_mut(&mut |fetch| {
            relocate(fetch, 1, &[]);
            for entities in &mut fetch.entities {
                has_room &= self.stages.stand_ins.spell_out(&mut entities.requires, ty, self.types);
            }
        });
        let mut known = Known::default();
        self.known(&selections, ty, &mut known);
        known.keys.field(typename());
        Ok(has_room.then_some((known, rest)))
    }

    /// What the entities' own subgraphs were asked of an entity, to be asked of others.
    fn known(&self, selections: &[Selection], ty: &str, known: &mut Known) {
        for selection in selections {
            match selection {
                Selection::Type { selections, .. } => self.known(selections, ty, known),
                Selection::Field { name, .. } => match self.stages.stand_ins.asked(name, ty, self.types) {
                    Some(required) => known.required.field(required),
                    None => known.keys.merge(selected(std::slice::from_ref(selection))),
                },
            }
        }
    }
}

/// Takes the entities' own subgraphs out of a plan; `asked` gets what they were asked of the entity.
fn without_entry(plan: Plan, asked: &mut Vec<Selection>) -> Result<Plan, PlanError> {
    let all = |plans: Vec<Plan>, asked: &mut _| {
        let plans = plans.into_iter().map(|plan| without_entry(plan, asked));
        plans.filter(|plan| !matches!(plan, Ok(Plan::Nothing))).collect::<Result<Vec<_>, _>>()
    };
    let fetch = match plan {
        Plan::Nothing => return Ok(Plan::Nothing),
        Plan::Sequence(plans) => return Ok(Plan::Sequence(all(plans, asked)?)),
        Plan::Parallel(plans) => return Ok(Plan::Parallel(all(plans, asked)?)),
        Plan::Fetch(fetch) if !is_entry(&fetch.subgraph) => return Ok(Plan::Fetch(fetch)),
        Plan::Fetch(fetch) => fetch,
    };
    let is_own = |path: &Vec<Step>| matches!(path.as_slice(), [Step::Field(_)]);
    let is_known = fetch.renames.is_empty()
        && fetch.entities.iter().all(|one| one.renames.is_empty() && one.paths.iter().all(is_own));
    if !is_known {
        return Err(failed("a stage asks for more than its entity"));
    }
    for selection in fetch.selection {
        // The field that gives the entity.
        if let Selection::Field { selections, .. } = selection {
            asked.extend(selections);
        }
    }
    asked.extend(fetch.entities.into_iter().flat_map(|entities| entities.selection));
    Ok(Plan::Nothing)
}

/// What a subgraph was asked, to be asked of another one.
fn selected(selections: &[Selection]) -> Set {
    let mut set = Set::default();
    for selection in selections {
        match selection {
            Selection::Field { name, .. } if name == "__typename" => {}
            Selection::Field { key, name, arguments, selections } => {
                let alias = if key == name { String::new() } else { format!("{key}:") };
                let arguments = if arguments.is_empty() { String::new() } else { format!("({arguments})") };
                let Ok(known) = Name::new(name) else { continue };
                let inner = selected(selections);
                set.field(Field {
                    name: known,
                    head: format!("{alias}{name}{arguments}"),
                    data_key: key.clone(),
                    is_leaf: selections.is_empty(),
                    set: inner,
                });
            }
            Selection::Type { selections, .. } => set.merge(selected(selections)),
        }
    }
    set
}

/// Puts a fetch where its entity stands: without the first steps of its paths, and with others before.
fn relocate(fetch: &mut Fetch, without: usize, path: &[Step]) {
    let own = (!fetch.path.is_empty()).then_some(&mut fetch.path).into_iter();
    let paths = fetch.entities.iter_mut().flat_map(|entities| &mut entities.paths);
    for place in own.chain(paths) {
        let rest = place.split_off(without.min(place.len()));
        *place = path.iter().cloned().chain(rest).collect();
    }
}

fn sequence(first: Plan, later: Vec<Plan>) -> Plan {
    match (first, later.len()) {
        (first, 0) => first,
        (Plan::Nothing, _) => Plan::Parallel(later),
        (first, _) => Plan::Sequence(vec![first, Plan::Parallel(later)]),
    }
}
