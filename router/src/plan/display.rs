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
        Plan::Condition { variable, then, otherwise } => {
            if let Some(then) = then {
                writeln!(f, "{indent}If ${variable}")?;
                plan(then, depth + 1, f)?;
            }
            if let Some(otherwise) = otherwise {
                writeln!(f, "{indent}Unless ${variable}")?;
                plan(otherwise, depth + 1, f)?;
            }
            return Ok(());
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
        write!(f, "{indent}  at ")?;
        for (position, step) in path.iter().enumerate() {
            let dot = if position == 0 { "" } else { "." };
            match step {
                Step::Field(name) => write!(f, "{dot}{name}")?,
                Step::List => write!(f, "{dot}@")?,
                Step::Type(names) => write!(f, "|{}", names.join("|"))?,
            }
        }
        writeln!(f)?;
    }
    write!(f, "{indent}  with ")?;
    requirements(&entities.requires, f)?;
    writeln!(f, " as ${}", entities.variable)
}

fn requirements(list: &[Requirement], f: &mut Formatter<'_>) -> fmt::Result {
    f.write_str("{ ")?;
    for requirement in list {
        match requirement {
            Requirement::Field { name, key, selections } => {
                if name == key {
                    write!(f, "{key} ")?;
                } else {
                    write!(f, "{key}: {name} ")?;
                }
                if !selections.is_empty() {
                    requirements(selections, f)?;
                    f.write_str(" ")?;
                }
            }
            Requirement::Type { condition, selections } => {
                write!(f, "... on {condition} ")?;
                requirements(selections, f)?;
                f.write_str(" ")?;
            }
        }
    }
    f.write_str("}")
}
