//! Where federations come from.

use std::path::Path;

use serde_json::Value;

/// The modules of this repository, as they publish themselves: name and SDL.
pub fn own() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema");
    let mut found: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "graphql"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).unwrap())
        })
        .filter(|(name, _)| name != "supergraph")
        .collect();
    found.sort();
    found
}

/// A federation of the audit.
pub struct Suite {
    pub name: String,
    pub supergraph: String,
    /// Names and SDLs.
    pub subgraphs: Vec<(String, String)>,
}

/// Federations of the audit with fields that cannot be reached on every path: in the first, neither subgraph has the
/// `id` of every `Node`; in the second, the only owner of a field of an interface finds none of its objects.
pub const WITH_GAPS: [&str; 2] = ["corrupted-supergraph-node-id", "non-resolvable-interface-object"];

/// The federations of the federation audit, from the folder that `INNOERP_CONFORMANCE` names.
pub fn audit() -> Vec<Suite> {
    let folder =
        std::env::var("INNOERP_CONFORMANCE").expect("INNOERP_CONFORMANCE names the folder with the data");
    let mut paths: Vec<_> = std::fs::read_dir(Path::new(&folder).join("federation-audit"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_stem().is_some_and(|name| name != "index"))
        .collect();
    paths.sort();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let suite = |path: &std::path::PathBuf| {
        let suite: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let subgraphs = suite["subgraphs"].as_array().expect("subgraphs").iter();
        Suite {
            name: text(&suite["suite"]),
            supergraph: text(&suite["supergraphSdl"]),
            subgraphs: subgraphs.map(|one| (text(&one["name"]), text(&one["sdl"]))).collect(),
        }
    };
    paths.iter().map(suite).collect()
}
