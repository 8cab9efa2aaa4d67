//! When each fetch is made, and which are made in one call.
//!
//! Fetches run in waves: each as early as what it needs is there, or as late as nobody waits for it, where that saves a
//! call. What is asked of one subgraph in one wave is one call.

use std::collections::BTreeSet;

use super::fetch_draft::{Draft, Entry};
use super::{FetchKind, Requirement, fetch_builder};

/// The fetches of each wave, each as its parts.
pub(super) type Waves = Vec<Vec<Vec<Draft>>>;

/// Puts fetches in order.
pub(super) fn waves(drafts: Vec<Draft>) -> Waves {
    let mut waves = when(&drafts);
    gather(&drafts, &mut waves);
    let count = waves.iter().max().map_or(0, |last| last + 1);
    let mut found: Waves = (0..count).map(|_| Vec::new()).collect();
    for (draft, wave) in drafts.into_iter().zip(waves) {
        let calls = &mut found[wave];
        match calls.iter_mut().find(|call| is_one_call(call, &draft)) {
            Some(call) => unite(call, draft),
            None => calls.push(vec![draft]),
        }
    }
    found.retain(|wave| !wave.is_empty());
    found
}

/// The earliest wave of each fetch. What a fetch needs stands before it.
fn when(drafts: &[Draft]) -> Vec<usize> {
    let mut waves: Vec<usize> = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let earlier = draft.after.iter().filter_map(|before| waves.get(*before));
        waves.push(earlier.max().map_or(0, |last| last + 1));
    }
    waves
}

/// Lets fetches wait for a later call to the same subgraph, when that leaves one call fewer and nobody waits longer.
fn gather(drafts: &[Draft], waves: &mut [usize]) {
    let last = waves.iter().max().copied().unwrap_or_default();
    for wave in (1..=last).rev() {
        let graphs: BTreeSet<usize> = drafts
            .iter()
            .zip(&*waves)
            .filter(|(_, own)| **own == wave)
            .map(|(draft, _)| draft.graph)
            .collect();
        for graph in graphs {
            let members: Vec<usize> =
                (0..drafts.len()).filter(|one| waves[*one] == wave && drafts[*one].graph == graph).collect();
            let is_needed = |one: &usize| {
                drafts
                    .iter()
                    .zip(&*waves)
                    .filter(|(draft, _)| draft.after.contains(one))
                    .map(|(_, wave)| *wave)
                    .min()
            };
            let latest = members.iter().filter_map(is_needed).min().unwrap_or(last + 1);
            let is_entities = |one: &usize| drafts[*one].entry.is_some();
            let later = (wave + 1..latest).find(|later| {
                (0..drafts.len())
                    .any(|one| waves[one] == *later && drafts[one].graph == graph && is_entities(&one))
            });
            if let Some(later) = later.filter(|_| members.iter().all(is_entities)) {
                members.into_iter().for_each(|one| waves[one] = later);
            }
        }
    }
}

/// Whether a fetch can be made by the same call as others.
fn is_one_call(call: &[Draft], draft: &Draft) -> bool {
    call.first().is_some_and(|first| {
        let is_same = first.graph == draft.graph && first.kind == draft.kind;
        // Root fields of two places are different questions.
        is_same
            && draft.entry.is_some() == first.entry.is_some()
            && (draft.entry.is_some() || draft.path == first.path)
    })
}

/// Adds a fetch to a call: to what is asked about the same objects already, where there is room.
fn unite(call: &mut Vec<Draft>, draft: Draft) {
    for known in call.iter_mut() {
        if known.path != draft.path || known.kind != FetchKind::Query && known.entry.is_some() {
            continue;
        }
        let entry = match (&known.entry, &draft.entry) {
            (None, None) => {
                known.node.merge(draft.node);
                return;
            }
            (Some(one), Some(other)) => united(one, other, known.node == draft.node),
            _ => None,
        };
        if let Some(entry) = entry {
            known.entry = Some(entry);
            known.node.merge(draft.node);
            return;
        }
    }
    call.push(draft);
}

/// How objects of either kind are told, when one question will do for both.
fn united(one: &Entry, other: &Entry, is_same_question: bool) -> Option<Entry> {
    let mut united = one.clone();
    let (mut is_apart, mut is_same) = (true, one.requires.len() == other.requires.len());
    for (condition, told) in &other.requires {
        let known = united.requires.entry(condition.clone()).or_default();
        is_apart &= known.is_empty();
        is_same &= one.requires.contains_key(condition);
        for requirement in told {
            if clashes(known, requirement) {
                return None;
            }
            fetch_builder::add(known, requirement.clone());
        }
    }
    let is_object =
        |entry: &Entry| entry.retyped.is_empty() && entry.requires.keys().all(|of| *of == entry.ty.as_str());
    // Whoever is asked, is asked for nothing else than before.
    let fits = if one.ty == other.ty {
        is_same || is_same_question && is_apart
    } else {
        is_object(one) && is_object(other)
    };
    fits.then_some(united)
}

/// Whether a field is told already, as something else.
fn clashes(known: &[Requirement], new: &Requirement) -> bool {
    known.iter().any(|known| match (known, new) {
        (
            Requirement::Field { name, key, selections },
            Requirement::Field { name: n, key: k, selections: s },
        ) => key == k && (name != n || s.iter().any(|inner| clashes(selections, inner))),
        (Requirement::Type { condition, selections }, Requirement::Type { condition: c, selections: s }) => {
            condition == c && s.iter().any(|inner| clashes(selections, inner))
        }
        (Requirement::Field { .. }, Requirement::Type { selections, .. }) => {
            selections.iter().any(|inner| clashes(std::slice::from_ref(known), inner))
        }
        (Requirement::Type { selections, .. }, Requirement::Field { .. }) => clashes(selections, new),
    })
}
