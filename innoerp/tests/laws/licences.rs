//! Licences: whatever is compiled here is under one that `deny.toml` allows. Advisories are news, which only
//! `cargo deny check` brings.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use spdx::{Expression, Licensee, ParseMode};

use crate::tidy::root;

/// The licences that are allowed.
fn allowed(deny: &str) -> Vec<Licensee> {
    let (_, section) = deny.split_once("\n[licenses]\n").unwrap();
    let (_, list) = section.split_once("allow = [").unwrap();
    let (list, _) = list.split_once(']').unwrap();
    let names = list.lines().filter_map(|line| line.split('"').nth(1));
    names.map(|name| Licensee::parse(name).unwrap()).collect()
}

/// What is known of crates that name a file in place of a licence.
fn clarified(deny: &str) -> BTreeMap<&str, &str> {
    let of_block = |block| (value(block, "crate"), value(block, "expression"));
    deny.split("[[licenses.clarify]]").skip(1).map(of_block).collect()
}

/// The text that a key has in a block.
fn value<'a>(block: &'a str, key: &str) -> &'a str {
    let of_line = |line: &'a str| line.strip_prefix(key)?.trim_start().strip_prefix('=');
    block.lines().find_map(of_line).unwrap().trim().trim_matches('"')
}

/// Why a crate may not be used under what it says of its licence; `None` when it may.
fn refusal(licence: &str, allowed: &[Licensee]) -> Option<String> {
    if licence.is_empty() {
        return Some("names no licence".to_owned());
    }
    match Expression::parse_mode(licence, ParseMode::LAX) {
        Err(_) => Some(format!("is under {licence:?}, which nobody knows")),
        Ok(expression) => {
            let may_be_used =
                expression.evaluate(|wanted| allowed.iter().any(|licence| licence.satisfies(wanted)));
            (!may_be_used).then(|| format!("is under {licence}"))
        }
    }
}

#[test]
fn everything_that_is_compiled_is_under_a_licence_that_is_allowed() {
    let deny = std::fs::read_to_string(root().join("deny.toml")).unwrap();
    let (allowed, clarified) = (allowed(&deny), clarified(&deny));
    assert!(allowed.len() > 5 && !clarified.is_empty());
    // Of this machine's platform: what only others compile may not be there to be looked at.
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--workspace", "--edges", "normal,build,dev", "--prefix", "none", "--locked"])
        .args(["--format", "{p}|{l}"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8(tree.stdout).unwrap();
    let crates: BTreeSet<(&str, &str)> =
        tree.lines().filter_map(|line| line.trim_end_matches(" (*)").split_once('|')).collect();
    assert!(crates.len() > 300, "only {} crates", crates.len());
    let (mut refused, mut silent) = (Vec::new(), BTreeSet::new());
    for (package, licence) in crates {
        let name = package.split(' ').next().unwrap_or_default();
        if licence.is_empty() {
            silent.insert(name);
        }
        let licence =
            if licence.is_empty() { clarified.get(name).copied().unwrap_or_default() } else { licence };
        refused.extend(refusal(licence, &allowed).map(|why| format!("{package} {why}")));
    }
    assert!(refused.is_empty(), "{refused:#?}");
    let needless: Vec<_> = clarified.keys().filter(|name| !silent.contains(**name)).collect();
    assert!(needless.is_empty(), "say what their licence is, or are not there: {needless:?}");
}

#[test]
fn of_a_choice_one_licence_must_be_allowed_and_of_a_combination_all() {
    let allowed = ["MIT", "Apache-2.0 WITH LLVM-exception"].map(|name| Licensee::parse(name).unwrap());
    for fine in ["MIT", "MIT/GPL-3.0", "GPL-3.0-only OR (MIT AND Apache-2.0 WITH LLVM-exception)"] {
        assert_eq!(refusal(fine, &allowed), None, "{fine}");
    }
    for wrong in ["", "GPL-3.0-only", "MIT AND GPL-3.0-only", "Apache-2.0", "Proprietary", "MIT AND"] {
        assert!(refusal(wrong, &allowed).is_some(), "{wrong}");
    }
}
