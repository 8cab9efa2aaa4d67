//! Order: sizes, and who depends on whom.

use std::path::Path;

use innoerp::modules;

/// Shows every Rust file below a folder.
pub fn rust_files(folder: &Path, show: &mut impl FnMut(&Path, &str)) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, show);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            show(&path, &std::fs::read_to_string(&path).unwrap());
        }
    }
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

#[test]
fn files_stay_small_enough_to_read() {
    let mut large = Vec::new();
    for folder in ["innoerp", "router", "shared", "subgraphs"] {
        rust_files(&root().join(folder), &mut |path, text| {
            if text.lines().count() > 400 {
                large.push(format!("{} has {} lines", path.display(), text.lines().count()));
            }
        });
    }
    assert!(large.is_empty(), "{large:#?}");
}

#[test]
fn nothing_is_left_undone_in_silence() {
    let mut found = Vec::new();
    for folder in ["innoerp/src", "router/src", "shared", "subgraphs"] {
        rust_files(&root().join(folder), &mut |path, text| {
            for word in ["todo!(", "unimplemented!(", "TODO", "FIXME", "#[ignore", "#[allow("] {
                if text.contains(word) {
                    found.push(format!("{}: {word}", path.display()));
                }
            }
        });
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn subgraphs_know_the_shared_crates_and_never_each_other() {
    let ids: Vec<_> = modules::all().iter().map(|module| module.id).collect();
    for id in &ids {
        let manifest = std::fs::read_to_string(root().join("subgraphs").join(id).join("Cargo.toml")).unwrap();
        // Tests may run several modules together.
        let (dependencies, _) = manifest.split_once("[dev-dependencies]").unwrap_or((&manifest, ""));
        for other in ids.iter().chain(&["router", "innoerp"]).filter(|other| *other != id) {
            assert!(!dependencies.contains(&format!("\n{other}.workspace")), "{id} depends on {other}");
        }
    }
}

#[test]
fn every_module_explains_itself() {
    for module in modules::all() {
        let readme = root().join("subgraphs").join(module.id).join("README.md");
        let text = std::fs::read_to_string(&readme).unwrap_or_default();
        assert!(text.lines().count() > 10, "{} says too little", readme.display());
    }
}
