//! Nothing that prints itself prints a secret.

use crate::tidy::{root, rust_files};

/// How fields with secrets are called, and types that carry one.
const NAMES: [&str; 6] = ["password", "token", "secret", "private_key", "database_url", "owner_url"];
/// Fields whose names say so and that hold none, each with what it is.
const NO_SECRETS: [(&str, &str); 2] =
    [("token_type", "the kind of a token"), ("tokens", "how many there are")];
/// Types that hold text as it is. Other types print themselves by their own rule.
const TEXTS: [&str; 5] = ["String", "Arc<str>", "Vec<u8>", "&str", "Bytes"];
/// Types of others that print the secret in them.
const PRINTING: [&str; 1] = ["PgConnectOptions"];

/// The structs that derive `Debug`, each with its fields.
fn printed(text: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut found = Vec::new();
    let mut derives_debug = false;
    let mut lines = text.lines().map(str::trim);
    while let Some(line) = lines.next() {
        if line.starts_with("#[derive(") {
            let rest: String = std::iter::once(line)
                .chain(
                    (!line.contains(")]"))
                        .then(|| lines.by_ref().take_while(|line| !line.contains(")]")))
                        .into_iter()
                        .flatten(),
                )
                .collect();
            derives_debug = rest.contains("Debug");
        } else if let Some(name) = line.split("struct ").nth(1).filter(|_| !line.starts_with("//")) {
            let fields: Vec<(String, String)> = if line.ends_with('{') {
                let field = |line: &str| {
                    let line = line.split("//").next()?.trim().trim_end_matches(',');
                    let (name, ty) = line.split_once(": ")?;
                    Some((name.rsplit(' ').next()?.to_owned(), ty.to_owned()))
                };
                lines.by_ref().take_while(|line| *line != "}").filter_map(field).collect()
            } else {
                let inside = name.split_once('(').map_or("", |(_, inside)| inside);
                vec![(String::new(), inside.trim_end_matches([')', ';']).to_owned())]
            };
            if std::mem::take(&mut derives_debug) {
                let name: String = name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                found.push((name, fields));
            }
        } else if !line.starts_with("#[") && !line.starts_with("///") && !line.is_empty() {
            derives_debug = false;
        }
    }
    found
}

fn is_secret(name: &str, ty: &str) -> bool {
    let is_text = TEXTS.iter().any(|text| ty.replace("'static ", "").contains(text));
    let is_known = NO_SECRETS.iter().any(|(known, _)| name == *known) || name.ends_with("_hash");
    let is_named = NAMES.iter().any(|secret| name.contains(secret)) && !is_known;
    (is_named && is_text) || PRINTING.iter().any(|printing| ty.contains(printing))
}

#[test]
fn nothing_that_derives_debug_has_a_secret_in_it() {
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for folder in ["innoerp/src", "router/src", "shared", "subgraphs", "bench/src"] {
        rust_files(&root().join(folder), &mut |path, text| {
            for (name, fields) in printed(text) {
                seen += 1;
                for (field, ty) in fields.iter().filter(|(field, ty)| is_secret(field, ty)) {
                    wrong.push(format!("{}: {name}.{field}: {ty}", path.display()));
                }
            }
        });
    }
    assert!(seen > 200, "only {seen} structs");
    assert!(wrong.is_empty(), "{wrong:#?}\nWrite `impl Debug` that leaves it out, or derive none.");
}

#[test]
fn a_struct_is_read_with_its_fields() {
    let text = "#[derive(Clone, Debug)]\n/// One.\npub struct A {\n    /// It.\n    pub token: Option<Arc<str>>,\n}\n\
                #[derive(Clone)]\nstruct B {\n    password: String,\n}\n#[derive(Debug)]\nstruct C(PgConnectOptions);\n";
    let printed = printed(text);
    let names: Vec<_> = printed.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["A", "C"]);
    assert!(
        printed.iter().flat_map(|(_, fields)| fields).all(|(name, ty)| is_secret(name, ty)),
        "{printed:?}"
    );
}
