//! What is published is what the code says, and every choice of modules composes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use innoerp::{catalogue, modules};
use testing::Documents;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema")
}

#[test]
fn the_committed_schemas_are_what_the_code_prints() {
    let printed = catalogue::files().unwrap();
    let mut committed = BTreeMap::new();
    for (part, prefix) in [(folder(), ""), (folder().join("events"), "events/")] {
        for entry in std::fs::read_dir(part).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
                committed.insert(name, std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(&printed), names(&committed), "run `make sdl` and commit schema/");
    for (name, text) in printed {
        assert!(committed[&name] == text, "schema/{name} is out of date: run `make sdl` and commit it");
    }
}

#[test]
fn every_choice_of_modules_composes() {
    let ids: Vec<_> = modules::all().iter().map(|module| module.id).collect();
    let core = modules::core();
    let optional: Vec<_> = ids.iter().copied().filter(|id| !core.contains(*id)).collect();
    let with_core = |chosen: &[&str]| -> Vec<&'static str> {
        ids.iter().copied().filter(|id| core.contains(*id) || chosen.contains(id)).collect()
    };
    let mut choices = vec![ids.clone(), with_core(&[])];
    for (at, one) in optional.iter().enumerate() {
        choices.push(with_core(&[one]));
        choices.push(ids.iter().copied().filter(|id| id != one).collect());
        choices.extend(optional[at + 1..].iter().map(|other| with_core(&[one, other])));
    }
    for choice in choices {
        catalogue::compose(&choice).unwrap_or_else(|failure| panic!("{choice:?}: {failure}"));
    }
}

#[test]
fn a_module_that_is_off_leaves_nothing_behind() {
    let ids: Vec<_> = modules::all().iter().map(|module| module.id).filter(|id| *id != "leave").collect();
    let without = catalogue::compose(&ids).unwrap();
    let without = Documents::new(without.api_sdl());
    for name in without.types().keys() {
        assert!(!name.starts_with("Leave"), "{name}");
        for field in without.fields(name) {
            assert!(!field.name.node.to_lowercase().contains("leave"), "{name}.{}", field.name.node);
        }
    }
}

#[test]
fn refusals_have_codes_in_one_spelling_and_sentences_that_a_form_can_show() {
    let refusals: serde_json::Value =
        serde_json::from_str(&catalogue::files().unwrap()["refusals.json"]).unwrap();
    let refusals = refusals.as_array().unwrap();
    assert!(refusals.len() > 60, "only {}", refusals.len());
    for refusal in refusals {
        let code = refusal["code"].as_str().unwrap();
        let is_upper_snake = code.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
        assert!(is_upper_snake, "{code}");
        // One word for each idea.
        // One word for each idea: REQUIRED, …_NOT_FOUND of a record, …_UNKNOWN of one value among few, …_TAKEN.
        for other in ["_DOES_NOT_EXIST", "_EXISTS", "_BLANK", "_NOT_UNIQUE", "_DUPLICATE", "_IN_USE"] {
            assert!(!code.ends_with(other), "{code}");
        }
        for message in refusal["messages"].as_array().unwrap() {
            let message = message.as_str().unwrap();
            assert!(!message.ends_with('.') && message.len() <= 200, "{code}: {message}");
        }
    }
}
