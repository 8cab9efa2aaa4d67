//! Order: sizes, and who depends on whom.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use innoerp::{addresses, modules};

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

pub fn root() -> &'static Path {
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
fn every_file_of_a_source_folder_is_compiled() {
    let mut files = BTreeMap::new();
    for folder in ["bench", "innoerp", "router", "shared", "subgraphs"] {
        rust_files(&root().join(folder), &mut |path, text| {
            files.insert(path.to_owned(), text.to_owned());
        });
    }
    let says = |path: PathBuf, what: &str| files.get(&path).is_some_and(|text| text.contains(what));
    // What begins a crate is named by Cargo, all else by `mod name;` one step above, or by `#[path = "name.rs"]` beside it.
    let is_named = |path: &Path| {
        let (mut folder, mut name) = (path.parent().unwrap(), path.file_stem().unwrap().to_str().unwrap());
        let here = format!("#[path = \"{name}.rs\"]");
        let beside = files.iter().any(|(other, text)| other.parent() == Some(folder) && text.contains(&here));
        if name == "mod" {
            name = folder.file_name().unwrap().to_str().unwrap();
            folder = folder.parent().unwrap();
        }
        let above = [
            folder.join("mod.rs"),
            folder.join("lib.rs"),
            folder.join("main.rs"),
            folder.with_extension("rs"),
        ];
        beside || above.into_iter().any(|file| says(file, &format!("mod {name};")))
    };
    let is_module = |path: &&PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let in_source = path.components().any(|part| part.as_os_str() == "src");
        in_source && !["lib", "main"].contains(&name) && path.parent().unwrap().file_name().unwrap() != "bin"
    };
    let unnamed: Vec<_> = files.keys().filter(is_module).filter(|path| !is_named(path)).collect();
    assert!(unnamed.is_empty(), "{unnamed:#?}");
}

#[test]
fn no_test_names_a_port_of_the_product() {
    let modules = modules::all();
    let ports = modules.iter().map(|module| module.port).chain([addresses::ROUTER_PORT]);
    let ports: Vec<_> = ports.map(|port| port.to_string()).collect();
    // As a word of its own; ids have hyphens.
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let mut named = Vec::new();
    for folder in ["innoerp", "router", "shared", "subgraphs", "bench"] {
        rust_files(&root().join(folder), &mut |path, text| {
            let is_test =
                path.components().any(|part| part.as_os_str() == "tests") || path.ends_with("tests.rs");
            let names = |line: &str| {
                line.split(|letter| !is_part(letter)).any(|word| ports.contains(&word.to_owned()))
            };
            for line in text.lines().filter(|line| is_test && names(line)) {
                named.push(format!("{}: {}", path.display(), line.trim()));
            }
        });
    }
    assert!(named.is_empty(), "the product may be running on this machine: {named:#?}");
}

/// Advisories need `cargo deny check` itself, which is not part of the toolchain.
#[test]
fn no_dependency_is_banned_or_from_elsewhere_than_the_registry() {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let deny = std::fs::read_to_string(root().join("deny.toml")).unwrap();
    let value = |line: &str| line.split('"').nth(1).unwrap_or_default().to_owned();
    let banned: Vec<_> = deny
        .lines()
        .filter(|line| line.trim().starts_with("{ crate = ") && !line.contains("wrappers = "))
        .map(value)
        .collect();
    assert!(!banned.is_empty());
    let names: Vec<_> = lock.lines().filter(|line| line.starts_with("name = ")).map(value).collect();
    assert!(names.len() > 100 && !names.iter().any(|name| banned.contains(name)), "{banned:?}");
    let sources = lock.lines().filter(|line| line.starts_with("source = ")).map(value);
    for source in sources {
        assert_eq!(source, "registry+https://github.com/rust-lang/crates.io-index");
    }
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

/// What may be depended on without being named: a crate, its dependency, and why.
const UNNAMED: &[(&str, &str, &str)] =
    &[("shared/words", "icu_provider", "its feature lets threads share formatters")];

#[test]
fn every_dependency_is_named_by_code() {
    let mut unnamed = Vec::new();
    for member in members() {
        let source = source(&member, &["src"]);
        // What is built for tests alone may be named by them alone.
        let with_tests = source.clone() + &self::source(&member, &["tests", "benches", "examples"]);
        for (section, name) in dependencies(&member) {
            let text = if section == "[dependencies]" { &source } else { &with_tests };
            let excepted = UNNAMED.iter().any(|(of, what, _)| *of == member && *what == name);
            if names_crate(text, &name.replace('-', "_")) == excepted {
                unnamed.push(format!("{member}: {name} in {section}"));
            }
        }
    }
    assert!(unnamed.is_empty(), "no code names these, or an exception is not needed: {unnamed:#?}");
}

#[test]
fn the_router_compiles_no_database() {
    let tree = std::process::Command::new(env!("CARGO"))
        .args(["tree", "--package", "router", "--edges", "normal", "--prefix", "none", "--frozen"])
        .current_dir(root())
        .output()
        .unwrap();
    let tree = String::from_utf8(tree.stdout).unwrap();
    assert!(tree.starts_with("router "), "{tree}");
    let found: Vec<_> =
        tree.lines().filter(|line| line.starts_with("database ") || line.starts_with("sqlx")).collect();
    assert!(found.is_empty(), "{found:?}");
}

/// The folders of all crates of the workspace.
fn members() -> Vec<String> {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let (_, rest) = manifest.split_once("members = [").unwrap();
    let (list, _) = rest.split_once(']').unwrap();
    let mut members = Vec::new();
    for member in list.split(',').map(|member| member.trim().trim_matches('"')) {
        let Some(parent) = member.strip_suffix("/*") else {
            members.push(member.to_owned());
            continue;
        };
        for entry in std::fs::read_dir(root().join(parent)).unwrap() {
            let member = format!("{parent}/{}", entry.unwrap().file_name().to_string_lossy());
            members.extend(Some(member).filter(|member| root().join(member).join("Cargo.toml").is_file()));
        }
    }
    members
}

/// What a crate depends on, each with the section of its manifest.
fn dependencies(member: &str) -> Vec<(String, String)> {
    let manifest = std::fs::read_to_string(root().join(member).join("Cargo.toml")).unwrap();
    let (mut section, mut found) = ("", Vec::new());
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        } else if section.ends_with("dependencies]")
            && let Some((name, _)) = line.split_once(['.', ' ', '='])
            && !line.starts_with('#')
        {
            found.push((section.to_owned(), name.to_owned()));
        }
    }
    found
}

/// The code in folders of a crate, without its comments.
fn source(member: &str, folders: &[&str]) -> String {
    let mut source = String::new();
    for folder in
        folders.iter().map(|folder| root().join(member).join(folder)).filter(|folder| folder.exists())
    {
        rust_files(&folder, &mut |_, text| {
            for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
                source.push_str(line);
                source.push('\n');
            }
        });
    }
    source
}

/// Whether a path begins with a crate, as in `tokio::spawn`, and not in the middle, as in `crate::tokio::spawn`.
fn names_crate(source: &str, name: &str) -> bool {
    let path = format!("{name}::");
    let continues = |before: char| before.is_alphanumeric() || matches!(before, '_' | ':');
    source.match_indices(&path).any(|(at, _)| {
        let before = &source[..at];
        // `::name::`, where a module of the same name is nearer.
        let from_root = before.strip_suffix("::").filter(|before| !before.ends_with(continues));
        from_root.is_some() || !before.ends_with(continues)
    })
}

#[test]
fn every_module_explains_itself() {
    for module in modules::all() {
        let readme = root().join("subgraphs").join(module.id).join("README.md");
        let text = std::fs::read_to_string(&readme).unwrap_or_default();
        assert!(text.lines().count() > 10, "{} says too little", readme.display());
    }
}
