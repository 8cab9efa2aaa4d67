//! What the system says of itself, as files: `schema/`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use graphql::Executable;
use router::{Scope, Subgraph, Supergraph, Transport};
use serde_json::json;

use crate::{Failure, evolution, federation, modules};

/// Code, field, sentence and crate of every refusal that is written in the sources.
const REFUSALS: &[(&str, Option<&str>, Option<&str>, &str)] =
    include!(concat!(env!("OUT_DIR"), "/refusals.rs"));

/// Why something may be refused in `userErrors`: each code once, with the sentences and fields that it comes with where
/// they are known before, and the parts of the system that say it.
fn refusals() -> String {
    let mut codes: BTreeMap<String, [BTreeSet<&str>; 3]> = BTreeMap::new();
    for (code, field, message, part) in REFUSALS {
        let [fields, messages, parts] = codes.entry((*code).to_owned()).or_default();
        fields.extend(field);
        messages.extend(message);
        parts.insert(part);
    }
    for module in modules::all() {
        for noun in &module.nouns {
            let code = format!("{}_NOT_FOUND", noun.name.to_uppercase().replace(' ', "_"));
            codes.entry(code).or_default()[2].insert(module.id);
        }
    }
    let row = |(code, [fields, messages, parts]): (String, [BTreeSet<&str>; 3])| json!({ "code": code, "fields": fields, "messages": messages, "saidBy": parts });
    let rows: Vec<_> = codes.into_iter().map(row).collect();
    serde_json::to_string_pretty(&rows).unwrap_or_default() + "\n"
}

/// Every file of `schema/`, by its path in it: an SDL for each module, the supergraph, a JSON Schema for each
/// event, one for what configures a router, and every refusal.
///
/// # Errors
/// A sentence, when the modules do not compose.
pub fn files() -> Result<BTreeMap<String, String>, Failure> {
    let mut files = BTreeMap::new();
    for module in modules::all() {
        files.insert(format!("{}.graphql", module.id), (module.sdl)());
        for event in &module.events {
            let schema = serde_json::to_string_pretty(&event.schema).unwrap_or_default() + "\n";
            files.insert(format!("events/{}.json", event.name), schema);
        }
    }
    let ids: Vec<_> = modules::all().iter().map(|module| module.id).collect();
    files.insert("refusals.json".to_owned(), refusals());
    files.insert("router.schema.json".to_owned(), federation::pretty_schema());
    files.insert("supergraph.graphql".to_owned(), compose(&ids)?.supergraph_sdl().to_owned());
    Ok(files)
}

/// The supergraph of some modules, to be looked at and not to be asked.
///
/// # Errors
/// A sentence, when they do not compose.
pub fn compose(ids: &[&str]) -> Result<Supergraph, Failure> {
    let chosen = modules::all().into_iter().filter(|module| ids.contains(&module.id));
    let subgraphs: Vec<_> = chosen
        .map(|module| {
            let sdl: Arc<str> = (module.sdl)().into();
            Subgraph {
                name: module.id.to_owned(),
                sdl: sdl.clone().into(),
                transport: Transport::InProcess(silent(sdl)),
            }
        })
        .collect();
    // A part of the modules is a view: it leaves out what only the others could answer.
    let is_whole = subgraphs.len() == modules::all().len();
    let scope = if is_whole { Scope::Whole } else { Scope::View };
    Supergraph::compose_in(&subgraphs, scope)
        .map_err(|error| Failure::of("the modules do not compose", error))
}

fn silent(sdl: Arc<str>) -> Executable {
    Executable::new(
        sdl,
        |_| Box::pin(async { graphql::error::refuse(common::Error::Unavailable) }),
        |_| Box::pin(futures::stream::empty()),
    )
}

/// Writes `schema/`, and removes what no longer belongs there. Events only ever get more fields: a schema that would take
/// away from those that are there is not written.
///
/// # Errors
/// A sentence with the file that cannot be written, or with what consumers of an event would miss.
pub fn write(folder: &Path) -> Result<(), Failure> {
    let files = files()?;
    check_events(folder, &files)?;
    let writing = |error: std::io::Error| Failure::of(&format!("writing {}", folder.display()), error);
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(writing)?;
    }
    std::fs::create_dir_all(folder.join("events")).map_err(writing)?;
    for (path, text) in files {
        std::fs::write(folder.join(path), text).map_err(writing)?;
    }
    Ok(())
}

/// Compares the schemas of events with those that are there.
fn check_events(folder: &Path, files: &BTreeMap<String, String>) -> Result<(), Failure> {
    let mut broken = Vec::new();
    for entry in std::fs::read_dir(folder.join("events")).into_iter().flatten().flatten() {
        let event =
            entry.path().file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let old =
            std::fs::read_to_string(entry.path()).ok().and_then(|text| serde_json::from_str(&text).ok());
        let Some(old) = old else { continue };
        match files.get(&format!("events/{event}.json")).and_then(|text| serde_json::from_str(text).ok()) {
            Some(new) => broken.extend(evolution::broken(&event, &old, &new)),
            None => broken.push(format!("{event}: it is announced no longer")),
        }
    }
    if broken.is_empty() {
        return Ok(());
    }
    let how = "events only ever get more fields; announce another event beside this one, or delete its file if nobody \
               hears it and none is in a log";
    Err(Failure(format!("{}\n{how}", broken.join("\n"))))
}
