//! Order within a crate: the modules of its first level do not use each other in circles.
//!
//! Read from the sources: a module uses another when a path says so that begins with `crate::`, or with as many
//! `super::` as lead to the crate's root. A name that the root re-exports stands for the module that it comes from.
//! Tests may use what they like.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::tidy::{root, rust_files};

/// The crates that the law holds for, by their folders.
const CRATES: [&str; 24] = [
    "innoerp",
    "router",
    "shared/approval",
    "shared/common",
    "shared/custom",
    "shared/exchange",
    "shared/files",
    "shared/graphql",
    "shared/kafka",
    "shared/people",
    "shared/phone",
    "shared/service",
    "shared/telemetry",
    "shared/testing",
    "shared/words",
    "subgraphs/auth",
    "subgraphs/contact",
    "subgraphs/crm",
    "subgraphs/employee",
    "subgraphs/leave",
    "subgraphs/notification",
    "subgraphs/products",
    "subgraphs/tenant",
    "subgraphs/user",
];
/// The node of what the root file itself defines.
const ROOT: &str = "the crate's root";

/// For each module, the modules that it uses, and a file in which it does.
type Graph = BTreeMap<String, BTreeMap<String, PathBuf>>;

/// Where a crate's modules use each other in a circle, told with the files; `None` where they do not.
pub fn circle(src: &Path) -> Option<String> {
    let graph = graph(src);
    let mut done = BTreeSet::new();
    let found = graph.keys().find_map(|module| follow(&graph, module, &mut Vec::new(), &mut done))?;
    let step = |pair: &[String]| {
        let file = graph[&pair[0]][&pair[1]].display();
        format!("{} uses {} in {file}", pair[0], pair[1])
    };
    Some(found.windows(2).map(step).collect::<Vec<_>>().join(", "))
}

/// Follows what a module uses until it is met again. Each module is followed once.
fn follow(
    graph: &Graph,
    module: &str,
    path: &mut Vec<String>,
    done: &mut BTreeSet<String>,
) -> Option<Vec<String>> {
    if let Some(first) = path.iter().position(|earlier| earlier == module) {
        return Some(path[first..].iter().cloned().chain([module.to_owned()]).collect());
    }
    if !done.insert(module.to_owned()) {
        return None;
    }
    path.push(module.to_owned());
    let used = graph.get(module).into_iter().flatten();
    let found = used.into_iter().find_map(|(other, _)| follow(graph, other, path, done));
    path.pop();
    found
}

fn graph(src: &Path) -> Graph {
    let name = if src.join("lib.rs").is_file() { "lib.rs" } else { "main.rs" };
    let tokens = without_tests(tokens(&std::fs::read_to_string(src.join(name)).unwrap()));
    let modules: BTreeSet<String> = tokens.windows(3).filter_map(declared).collect();
    let mut graph = Graph::new();
    let origins = origins(&tokens, &modules);
    let own = used_by_root(&tokens, &modules).into_iter().map(|module| (module, PathBuf::from(name)));
    graph.insert(ROOT.to_owned(), own.collect());
    rust_files(src, &mut |path, text| {
        let inner = path.strip_prefix(src).unwrap().with_extension("");
        let names: Vec<_> = inner.iter().map(|name| name.to_str().unwrap()).collect();
        let Some(module) = names.first().filter(|module| modules.contains(**module)) else { return };
        if names.iter().any(|name| name.ends_with("tests")) {
            return;
        }
        let depth = names.len() - usize::from(names.last() == Some(&"mod"));
        for name in from_root(&without_tests(self::tokens(text)), depth) {
            let origin = if modules.contains(&name) { Some(&name) } else { origins.get(&name) };
            let used = origin.map_or(ROOT, String::as_str);
            if used != *module {
                let uses = graph.entry((*module).to_owned()).or_default();
                uses.entry(used.to_owned()).or_insert_with(|| path.strip_prefix(src).unwrap().to_owned());
            }
        }
    });
    graph
}

/// `mod name;`
fn declared(tokens: &[String]) -> Option<String> {
    (tokens[0] == "mod" && tokens[2] == ";").then(|| tokens[1].clone())
}

/// The module that each name comes from that the root imports or re-exports.
fn origins(tokens: &[String], modules: &BTreeSet<String>) -> BTreeMap<String, String> {
    let mut origins = BTreeMap::new();
    for (at, _) in tokens.iter().enumerate().filter(|(_, token)| *token == "use") {
        let path = tokens[at + 1..].iter().position(|token| !["crate", "self", "::"].contains(&&**token));
        let tree = &tokens[at + 1 + path.unwrap_or_default()..];
        let Some(module) = tree.first().filter(|first| modules.contains(*first)) else { continue };
        let end = tree.iter().position(|token| token == ";").unwrap_or(tree.len());
        let is_last = |next: &str| matches!(next, "," | "}" | ";");
        let pairs = tree[..=end.min(tree.len() - 1)].windows(2);
        let names = pairs.filter(|pair| is_name(&pair[0]) && is_last(&pair[1])).map(|pair| pair[0].clone());
        origins.extend(names.map(|name| (name, module.clone())));
    }
    origins
}

/// The modules that the root uses for what it defines itself; what it only re-exports aside.
fn used_by_root(tokens: &[String], modules: &BTreeSet<String>) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    let mut is_exported = false;
    for at in 0..tokens.len() {
        let before = at.checked_sub(1).map_or("", |before| &tokens[before]);
        match &*tokens[at] {
            // `pub use …;` or `pub(crate) use …;`
            "use" => is_exported = matches!(before, "pub" | ")"),
            ";" => is_exported = false,
            name => {
                let is_path = tokens.get(at + 1).is_some_and(|next| next == "::");
                if is_path && !is_exported && modules.contains(name) {
                    used.insert(name.to_owned());
                }
            }
        }
    }
    used
}

/// The names in paths from the crate's root, in a file whose module lies `depth` levels below that.
fn from_root(tokens: &[String], depth: usize) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    // The modules within the file that are open, each by the level of braces around it.
    let (mut level, mut inner) = (0_usize, Vec::new());
    let mut at = 0;
    while at < tokens.len() {
        match &*tokens[at] {
            "{" => level += 1,
            "}" => {
                level = level.saturating_sub(1);
                inner.pop_if(|opened| *opened == level);
            }
            "mod" if tokens.get(at + 2).is_some_and(|next| next == "{") => inner.push(level),
            "crate" | "super" if at == 0 || tokens[at - 1] != "::" => {
                let mut supers = 0;
                while tokens.get(at).is_some_and(|token| token == "super") {
                    (supers, at) = (supers + 1, at + 2);
                }
                let is_from_root = supers == 0 || supers == depth + inner.len();
                at = if supers == 0 { at + 1 } else { at - 1 };
                if is_from_root && tokens.get(at).is_some_and(|token| token == "::") {
                    found.extend(heads(&tokens[at + 1..]));
                }
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// The first names of a path's end, which may be a list of paths in braces.
fn heads(tokens: &[String]) -> Vec<String> {
    if tokens.first().is_none_or(|token| token != "{") {
        return tokens.first().cloned().into_iter().collect();
    }
    let (mut level, mut is_first, mut found) = (0, false, Vec::new());
    for token in tokens {
        match &**token {
            "{" => (level, is_first) = (level + 1, level == 0),
            "}" => level -= 1,
            "," => is_first = level == 1,
            name => {
                if is_first {
                    found.push(name.to_owned());
                }
                is_first = false;
            }
        }
        if level == 0 {
            break;
        }
    }
    found
}

/// Leaves out what is marked `#[cfg(test)]`.
fn without_tests(tokens: Vec<String>) -> Vec<String> {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let (mut kept, mut at) = (Vec::new(), 0);
    while at < tokens.len() {
        if !tokens[at..].iter().take(MARK.len()).eq(MARK.iter()) {
            kept.push(tokens[at].clone());
            at += 1;
            continue;
        }
        at += MARK.len();
        let mut level = 0_usize;
        while let Some(token) = tokens.get(at).filter(|token| level > 0 || *token != "}") {
            at += 1;
            match &**token {
                "{" | "(" | "[" => level += 1,
                "}" if level == 1 => break,
                "}" | ")" | "]" => level = level.saturating_sub(1),
                ";" if level == 0 => break,
                _ => {}
            }
        }
    }
    kept
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// The names and signs of a source; its comments and literals are left out.
fn tokens(text: &str) -> Vec<String> {
    let (mut found, mut rest) = (Vec::new(), text);
    while let Some(first) = rest.chars().next() {
        let length = match first {
            _ if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            _ if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '"' => quoted(rest),
            '\'' => character(rest),
            _ if first.is_alphanumeric() || first == '_' => {
                let end =
                    rest.find(|char: char| !char.is_alphanumeric() && char != '_').unwrap_or(rest.len());
                let (word, after) = rest.split_at(end);
                match word {
                    "r" | "br" | "cr" if after.starts_with(['"', '#']) => end + raw(after),
                    _ => {
                        found.push(word.to_owned());
                        end
                    }
                }
            }
            _ if rest.starts_with("::") => {
                found.push("::".to_owned());
                2
            }
            _ => {
                found.extend((!first.is_whitespace()).then(|| first.to_string()));
                first.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    found
}

/// The length of the text in quotes that something begins with.
fn quoted(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.char_indices().skip(1).find(|(_, char)| {
        let is_end = *char == '"' && !is_escaped;
        is_escaped = *char == '\\' && !is_escaped;
        is_end
    });
    end.map_or(text.len(), |(end, _)| end + 1)
}

/// The length of the rest of a raw text, from behind its `r`. A raw name, such as `r#type`, has one sign of it.
fn raw(text: &str) -> usize {
    let hashes = text.chars().take_while(|char| *char == '#').count();
    if !text[hashes..].starts_with('"') {
        return hashes;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    text[hashes + 1..].find(&end).map_or(text.len(), |at| hashes + 1 + at + end.len())
}

/// The length of the character that something begins with; of a lifetime, that of its quote.
fn character(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), _) => text[3..].find('\'').map_or(text.len(), |end| end + 4),
        (Some(_), Some((end, '\''))) => end + 1,
        _ => 1,
    }
}

#[test]
fn the_modules_of_a_crate_do_not_use_each_other_in_circles() {
    let circles = CRATES.into_iter().filter_map(|folder| {
        let circle = circle(&root().join(folder).join("src"))?;
        Some(format!("{folder}: {circle}"))
    });
    let circles: Vec<_> = circles.collect();
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn a_circle_is_found_however_its_paths_are_written() {
    let folder = std::env::temp_dir().join(format!("circles-{}", std::process::id()));
    let circle_of = |sources: &[(&str, &str)]| {
        for (file, text) in sources {
            let file = folder.join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        let found = circle(&folder);
        std::fs::remove_dir_all(&folder).unwrap();
        found
    };
    let lib = ("lib.rs", "mod a;\nmod b;\npub use a::{One, Two as Other};\n");
    let uses_b = ("a/deep.rs", "fn f() { super::super::b::g() }");
    for back in [
        "use crate::{a::X};",
        "use crate::Other;",
        "fn f(_: super::One) {}",
        "fn f() { '\"'; crate::a::f() }",
    ] {
        assert!(circle_of(&[lib, ("a.rs", ""), uses_b, ("b.rs", back)]).is_some(), "{back}");
    }
    for fine in [
        "// crate::a",
        "const A: &str = r#\"crate::a\"#;",
        "#[cfg(test)]\nmod tests { use crate::a; }",
        "mod inner { fn f() { super::a::g() } }",
    ] {
        assert_eq!(circle_of(&[lib, ("a.rs", ""), uses_b, ("b.rs", fine)]), None, "{fine}");
    }
    let own = ("lib.rs", "mod a;\nmod b;\npub struct Own(a::One);");
    assert!(circle_of(&[own, ("a.rs", "use crate::Own;"), ("b.rs", "")]).is_some());
}
