//! Removes the types that no root reaches: those of modules that are off, left behind by stubs.

use apollo_compiler::Name;
use apollo_compiler::collections::{HashMap, HashSet};

use super::Part;
use super::subgraph::{ROOTS, root_name};

/// Removes from every subgraph what cannot be reached from the roots of all of them together.
pub(super) fn drop_unreachable(parts: &mut [Part<'_>]) {
    let reached = reached(parts);
    for part in parts {
        if part.types.keys().any(|name| !reached.contains(name)) {
            part.types.retain(|name, _| reached.contains(name));
        }
    }
}

fn reached(parts: &[Part<'_>]) -> HashSet<Name> {
    // Whoever reaches an interface may get who implements it, and the other way round.
    let mut implementers: HashMap<&Name, Vec<&Name>> = HashMap::default();
    for ty in parts.iter().flat_map(|part| part.types.values()) {
        for interface in &ty.interfaces {
            implementers.entry(interface).or_default().push(&ty.name);
        }
    }
    let roots = ROOTS.map(root_name);
    let directives = parts.iter().flat_map(|part| part.composed).map(|composed| &composed.definition);
    let arguments = directives.flat_map(|definition| &definition.arguments);
    let mut queue: Vec<&Name> =
        roots.iter().chain(arguments.map(|argument| argument.ty.inner_named_type())).collect();
    let mut reached: HashSet<Name> = HashSet::default();
    while let Some(name) = queue.pop() {
        if !reached.insert(name.clone()) {
            continue;
        }
        for ty in parts.iter().filter_map(|part| part.types.get(name)) {
            queue.extend(ty.references().chain(&ty.interfaces));
        }
        queue.extend(implementers.get(name).into_iter().flatten());
    }
    reached
}
