//! Prints plans, for snapshots and for people.

use std::fmt::{self, Display, Formatter};

use super::{Entities, Fetch, Plan, Planned, Requirement, Step};

impl Display for Planned {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(primary) = &self.primary {
            writeln!(f, "Subscribe")?;
            fetch(primary, 1, f)?;
        }
        plan(&self.rest, 0, f)
    }
}

impl Display for Plan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        plan(self, 0, f)
    }
}

fn plan(node: &Plan, depth: usize, f: &mut Formatter<'_>) -> fmt::Result {
    let indent = "  ".repeat(depth);
    let children: Box<dyn Iterator<Item = &Plan>> = match node {
        Plan::Nothing => return Ok(()),
        Plan::Fetch(node) => return fetch(node, depth, f),
        Plan::Sequence(nodes) => {
            writeln!(f, "{indent}Sequence")?;
            Box::new(nodes.iter())
        }
        Plan::Parallel(nodes) => {
            writeln!(f, "{indent}Parallel")?;
            Box::new(nodes.iter())
        }
    };
    for child in children {
        plan(child, depth + 1, f)?;
    }
    Ok(())
}

fn fetch(fetch: &Fetch, depth: usize, f: &mut Formatter<'_>) -> fmt::Result {
    let indent = "  ".repeat(depth);
    writeln!(f, "{indent}Fetch {}", fetch.subgraph)?;
    for entities in &fetch.entities {
        self::entities(entities, &indent, f)?;
    }
    writeln!(f, "{indent}  {}", fetch.text.trim())
}

fn entities(entities: &Entities, indent: &str, f: &mut Formatter<'_>) -> fmt::Result {
    for path in &entities.paths {
        writeln!(f, "{indent}  at {}", at(path))?;
    }
    writeln!(f, "{indent}  with {} as ${}", requires(&entities.requires), entities.variable)
}

/// A place in the answer.
pub(super) fn at(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        let dot = if text.is_empty() { "" } else { "." };
        text += &match step {
            Step::Field(name) => format!("{dot}{name}"),
            Step::List => format!("{dot}@"),
            Step::Type(names) => format!("|{}", names.join("|")),
        };
    }
    text
}

/// What a representation consists of.
pub(super) fn requires(list: &[Requirement]) -> String {
    let mut text = "{ ".to_owned();
    for requirement in list {
        match requirement {
            Requirement::Field { name, key, selections } => {
                text += &if name == key { format!("{key} ") } else { format!("{key}: {name} ") };
                if !selections.is_empty() {
                    text += &format!("{} ", requires(selections));
                }
            }
            Requirement::Type { condition, selections } => {
                text += &format!("... on {condition} {} ", requires(selections));
            }
        }
    }
    text + "}"
}
