//! What is asked of a subgraph in one call, as it is sent.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::OnceLock;

use apollo_compiler::executable::Operation;
use async_graphql::Name as Key;

use super::fetch_draft::{Draft, Entry};
use super::schedule::Waves;
use super::subgraphs::Graphs;
use super::{Entities, Fetch, FetchKind, Plan, Planned, Rename, Requirement, Retype, Selection};

/// Writes fetches for one operation of a client's.
pub(super) struct Writer<'a> {
    pub graphs: &'a Graphs,
    pub operation: &'a Operation,
}

impl Writer<'_> {
    /// The plan that makes fetches wave by wave.
    pub fn plan(&self, waves: Waves) -> Planned {
        let mut primary = None;
        let mut steps = Vec::new();
        for wave in waves {
            let mut calls = Vec::new();
            for call in wave {
                let fetch = Box::new(self.fetch(call));
                if fetch.kind == FetchKind::Subscription {
                    primary = Some(fetch);
                } else {
                    calls.push(Plan::Fetch(fetch));
                }
            }
            if let Some(plan) = joined(calls, Plan::Parallel) {
                steps.push(plan);
            }
        }
        Planned { primary, rest: joined(steps, Plan::Sequence).unwrap_or(Plan::Nothing) }
    }

    fn fetch(&self, mut drafts: Vec<Draft>) -> Fetch {
        let mut outputs = Vec::new();
        let mut variables = BTreeSet::new();
        for draft in &drafts {
            draft.node.keys(&mut outputs);
            draft.node.variables(&mut variables);
        }
        let subgraph = drafts.first().and_then(|draft| self.graphs.graph(draft.graph));
        let mut fetch = Fetch {
            id: 0,
            subgraph: subgraph.map(|graph| graph.name.clone()).unwrap_or_default(),
            kind: drafts.first().map_or(FetchKind::Query, |draft| draft.kind),
            text: String::new(),
            text_json: String::new(),
            document: OnceLock::new(),
            variables: variables.into_iter().collect(),
            outputs,
            selection: Vec::new(),
            path: Vec::new(),
            entities: Vec::new(),
            renames: Vec::new(),
        };
        if drafts.first().is_some_and(|draft| draft.entry.is_none()) {
            let mut root = drafts.swap_remove(0);
            fetch.renames = renames(&mut root);
            fetch.selection = root.node.selections();
            fetch.path = root.path;
        } else {
            fetch.entities = self.entities(drafts);
        }
        fetch.text = self.text(&fetch);
        fetch.text_json = serde_json::Value::from(fetch.text.as_str()).to_string();
        fetch
    }

    /// Questions that are the same are asked once, for all the places.
    fn entities(&self, drafts: Vec<Draft>) -> Vec<Entities> {
        let mut same: Vec<(Draft, Vec<Vec<super::Step>>)> = Vec::new();
        for draft in drafts {
            let is_it = |(known, _): &&mut (Draft, _)| {
                let known: &Draft = known;
                known.entry == draft.entry && known.node == draft.node
            };
            match same.iter_mut().find(is_it) {
                Some((_, paths)) => paths.push(draft.path),
                None => {
                    let path = draft.path.clone();
                    same.push((draft, vec![path]));
                }
            }
        }
        let is_alone = same.len() == 1;
        let variable = self.free_name("representations");
        let mut found = Vec::new();
        for (number, (mut draft, paths)) in same.into_iter().enumerate() {
            let renames = renames(&mut draft);
            let Some(Entry { ty, requires, retyped }) = draft.entry else { continue };
            let (key, variable) = if is_alone {
                ("_entities".to_owned(), variable.clone())
            } else {
                (format!("_e{number}"), format!("{variable}{number}"))
            };
            let is_retyped = !retyped.is_empty();
            let requires = requires
                .into_iter()
                .map(|(condition, selections)| Requirement::Type { condition, selections });
            found.push(Entities {
                key: Key::new(key),
                variable: Key::new(variable),
                paths,
                requires: requires.collect(),
                selection: draft.node.selections(),
                retypes: is_retyped
                    .then(|| Retype { from: retyped, to: ty.to_string() })
                    .into_iter()
                    .collect(),
                renames,
            });
        }
        found
    }

    /// A name for a variable that none of the client's begins with.
    fn free_name(&self, name: &str) -> String {
        let mut name = name.to_owned();
        while self.operation.variables.iter().any(|variable| variable.name.starts_with(name.as_str())) {
            name.insert(0, '_');
        }
        name
    }

    fn text(&self, fetch: &Fetch) -> String {
        let mut declared: Vec<String> =
            fetch.entities.iter().map(|entities| format!("${}:[_Any!]!", entities.variable)).collect();
        for variable in self.operation.variables.iter() {
            if fetch.variables.iter().any(|used| used == variable.name.as_str()) {
                let default = variable.default_value.as_ref();
                let default =
                    default.map(|value| format!("={}", value.serialize().no_indent())).unwrap_or_default();
                declared.push(format!("${}:{}{default}", variable.name, variable.ty));
            }
        }
        let mut text = match fetch.kind {
            FetchKind::Query if declared.is_empty() => "",
            FetchKind::Query => "query",
            FetchKind::Mutation => "mutation",
            FetchKind::Subscription => "subscription",
        }
        .to_owned();
        if !declared.is_empty() {
            // Writing to a string cannot fail.
            let _ = write!(text, "({})", declared.join(","));
        }
        if fetch.entities.is_empty() {
            write_selections(&fetch.selection, &mut text);
            return text;
        }
        text.push('{');
        for (number, entities) in fetch.entities.iter().enumerate() {
            let between = if number > 0 { " " } else { "" };
            let alias =
                if entities.key == "_entities" { String::new() } else { format!("{}:", entities.key) };
            let _ = write!(text, "{between}{alias}_entities(representations: ${})", entities.variable);
            write_selections(&entities.selection, &mut text);
        }
        text.push('}');
        text
    }
}

fn joined(mut plans: Vec<Plan>, join: impl FnOnce(Vec<Plan>) -> Plan) -> Option<Plan> {
    match plans.len() {
        0 => None,
        1 => plans.pop(),
        _ => Some(join(plans)),
    }
}

fn renames(draft: &mut Draft) -> Vec<Rename> {
    let mut renamed = Vec::new();
    draft.node.tell_apart(&mut renamed);
    renamed.into_iter().map(|(path, to)| Rename { path, to }).collect()
}

fn write_selections(selections: &[Selection], text: &mut String) {
    text.push('{');
    for (number, selection) in selections.iter().enumerate() {
        if number > 0 {
            text.push(' ');
        }
        match selection {
            Selection::Field { key, name, arguments, selections } => {
                if key != name.as_str() {
                    text.push_str(key);
                    text.push(':');
                }
                text.push_str(name);
                if !arguments.is_empty() {
                    let _ = write!(text, "({arguments})");
                }
                if !selections.is_empty() {
                    write_selections(selections, text);
                }
            }
            Selection::Type { condition, selections } => {
                let _ = write!(text, "...on {condition}");
                write_selections(selections, text);
            }
        }
    }
    text.push('}');
}
