//! Collects the refusals that are written in the sources, for `schema/refusals.json`.
//!
//! A refusal is a constant, or is made where it is said; either way by `Refusal::of(field, code, sentence)` or
//! `Refusal::whole(code, sentence)`. What is no literal there is not known before the program runs, and left out.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = BTreeSet::new();
    for parent in ["shared", "subgraphs"] {
        let folder = root.join(parent);
        println!("cargo::rerun-if-changed={}", folder.display());
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let module = entry.file_name().to_string_lossy().into_owned();
            for file in rust_files(&entry.path().join("src")) {
                let text = std::fs::read_to_string(file).unwrap_or_default();
                let (text, _) = text.split_once("#[cfg(test)]").unwrap_or((&text, ""));
                found.extend(refusals(text).into_iter().map(|refusal| (refusal, module.clone())));
            }
        }
    }
    let row = |((code, field, message), module): ((String, Option<String>, Option<String>), String)| {
        format!("    ({code:?}, {field:?}, {message:?}, {module:?}),\n")
    };
    let rows: String = found.into_iter().map(row).collect();
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default()).join("refusals.rs");
    if let Err(error) = std::fs::write(&out, format!("&[\n{rows}]")) {
        println!("cargo::error=the refusals cannot be written to {}: {error}", out.display());
    }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// Code, field and sentence of each refusal in a source.
fn refusals(text: &str) -> Vec<(String, Option<String>, Option<String>)> {
    let mut found = Vec::new();
    for (start, has_field) in [("Refusal::of(", true), ("Refusal::whole(", false)] {
        for (at, _) in text.match_indices(start) {
            let mut rest = &text[at + start.len()..];
            let field = if has_field { argument(&mut rest) } else { None };
            if let Some(code) = argument(&mut rest) {
                found.push((code, field, argument(&mut rest).filter(|message| !message.is_empty())));
            }
        }
    }
    found
}

/// The next argument of a call, and what comes after it; `None` when it is no literal.
fn argument(rest: &mut &str) -> Option<String> {
    let text = rest.trim_start();
    let Some(literal) = text.strip_prefix('"') else {
        *rest = text.split_once(',').map_or("", |(_, after)| after);
        return None;
    };
    let mut value = String::new();
    let mut letters = literal.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => {
                *rest = literal[at + 1..].trim_start().trim_start_matches(',');
                return Some(value);
            }
            '\\' => match letters.next() {
                // A line that goes on is one with the next, without the blanks that it begins with.
                Some((_, '\n')) => {
                    let blanks = letters.as_str().len() - letters.as_str().trim_start().len();
                    letters.by_ref().take(blanks).for_each(drop);
                }
                Some((_, escaped)) => value.push(escaped),
                None => break,
            },
            letter => value.push(letter),
        }
    }
    None
}
