//! Names, read off the SDL.

use async_graphql::parser::types::{FieldDefinition, TypeKind};
use innoerp::modules;
use testing::{Documents, type_name};

/// What async-graphql and the federation specification bring along, described or named by them.
fn is_foreign(name: &str) -> bool {
    name.starts_with('_') || name.starts_with("federation__") || name.starts_with("link__")
}

fn each(check: impl Fn(&str, &Documents)) {
    for module in modules::all() {
        check(module.id, &Documents::new(&(module.sdl)()));
    }
}

#[test]
fn mutations_are_noun_and_verb_and_answer_a_payload() {
    const ALONE: [&str; 3] = ["signUp", "logIn", "logOut"];
    each(|module, schema| {
        let prefixes = ["organization", "session", "member", "invitation", "password", "profile"];
        for field in schema.fields("Mutation") {
            let name = field.name.node.as_str();
            let is_by_noun = prefixes.iter().any(|noun| name.starts_with(noun))
                || schema.types().keys().any(|ty| name.to_lowercase().starts_with(&ty.to_lowercase()));
            assert!(ALONE.contains(&name) || is_by_noun, "{module}: {name} does not begin with a noun");
            let payload = type_name(&field.ty.node);
            let mut expected = format!("{name}Payload");
            expected[..1].make_ascii_uppercase();
            assert_eq!(payload, expected, "{module}: {name}");
            // What one of several mutations of a request could not do does not hide what the others did.
            assert!(field.ty.node.nullable, "{module}: {name} takes other answers with it when it fails");
            let has_user_errors = schema.fields(payload).iter().any(|field| field.name.node == "userErrors");
            assert!(has_user_errors, "{module}: {payload} has no userErrors");
            for argument in &field.arguments {
                let argument = argument.node.name.node.as_str();
                let known = [
                    "id",
                    "ids",
                    "rows",
                    "input",
                    "note",
                    "days",
                    "upTo",
                    "receipt",
                    "attachmentId",
                    "idempotencyKey",
                ];
                assert!(known.contains(&argument), "{module}: {name} takes {argument}");
            }
        }
    });
}

#[test]
fn lists_that_grow_are_connections() {
    each(|module, schema| {
        for field in schema.fields("Query").into_iter().filter(|field| !is_foreign(&field.name.node)) {
            let pages = field.arguments.iter().any(|argument| argument.node.name.node == "first");
            // A file comes in pages as well, without nodes.
            let is_paged = ["Connection", "Page"].iter().any(|end| type_name(&field.ty.node).ends_with(end));
            assert_eq!(pages, is_paged, "{module}: {}", field.name.node);
        }
    });
}

#[test]
fn enums_are_upper_snake() {
    each(|module, schema| {
        for (name, definition) in schema.types() {
            if let (TypeKind::Enum(choices), false) = (&definition.kind, is_foreign(name)) {
                for choice in &choices.values {
                    let value = choice.node.value.node.as_str();
                    let is_upper =
                        value.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
                    assert!(is_upper, "{module}: {name}.{value}");
                }
            }
        }
    });
}

#[test]
fn everything_says_what_it_is() {
    let mut silent = Vec::new();
    for module in modules::all() {
        let schema = Documents::new(&(module.sdl)());
        for (name, definition) in schema.types() {
            // async-graphql makes connections and edges without a description of the type itself.
            let is_made = name.ends_with("Connection") || name.ends_with("Edge");
            let is_root = ["Query", "Mutation", "Subscription"].contains(&name.as_str());
            if is_foreign(name) || matches!(definition.kind, TypeKind::Scalar) {
                continue;
            }
            // An extension has none: whoever defines the type says what it is.
            if definition.description.is_none() && !is_made && !is_root && !definition.extend {
                silent.push(format!("{}: {name}", module.id));
            }
            silent.extend(
                silent_parts(&definition.kind)
                    .into_iter()
                    .map(|part| format!("{}: {name}.{part}", module.id)),
            );
        }
    }
    assert!(silent.is_empty(), "without a description: {silent:#?}");
}

fn silent_parts(kind: &TypeKind) -> Vec<String> {
    let mut silent = Vec::new();
    match kind {
        TypeKind::Object(object) => {
            for field in
                object.fields.iter().map(|field| &field.node).filter(|field| !is_foreign(&field.name.node))
            {
                silent.extend(silent_field(field));
            }
        }
        TypeKind::Enum(choices) => {
            let silent_values = choices.values.iter().filter(|choice| choice.node.description.is_none());
            silent.extend(silent_values.map(|choice| choice.node.value.node.to_string()));
        }
        TypeKind::InputObject(input) => {
            let silent_fields = input.fields.iter().filter(|field| field.node.description.is_none());
            silent.extend(silent_fields.map(|field| field.node.name.node.to_string()));
        }
        _ => {}
    }
    silent
}

fn silent_field(field: &FieldDefinition) -> Vec<String> {
    let name = &field.name.node;
    let arguments = field.arguments.iter().filter(|argument| argument.node.description.is_none());
    let mut silent: Vec<_> =
        arguments.map(|argument| format!("{name}({})", argument.node.name.node)).collect();
    if field.description.is_none() {
        silent.push(name.to_string());
    }
    silent
}
