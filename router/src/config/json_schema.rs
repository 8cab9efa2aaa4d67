//! Holds values against their JSON Schema, so that names, types and ranges stand in one place: the declarations.
//!
//! Understands as much of JSON Schema (<https://json-schema.org/draft/2020-12>) as `schemars` prints of them.

use serde_json::{Map, Value};

use super::problem::Problem;
use super::tree::{Content, Entry, Node};
use super::yaml;

/// The value as plain JSON, or everything that is wrong with it.
pub(super) fn check(schema: &Value, node: &Node) -> Result<Value, Vec<Problem>> {
    let mut check = Check { root: schema, problems: Vec::new() };
    let value = check.value(schema, node, "");
    if check.problems.is_empty() {
        return Ok(value);
    }
    let shown = |problem: Problem| {
        let message = node.without_values(&problem.path, problem.message);
        Problem { message, ..problem }
    };
    Err(check.problems.into_iter().map(shown).collect())
}

struct Check<'s> {
    root: &'s Value,
    problems: Vec<Problem>,
}

impl<'s> Check<'s> {
    fn refuse(&mut self, node: &Node, path: &str, message: String) -> Value {
        let line = Some(node.line).filter(|line| *line > 0);
        self.problems.push(Problem { line, path: path.to_owned(), message });
        Value::Null
    }

    fn resolve(&self, schema: &'s Value) -> &'s Value {
        let name = schema.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix("#/"));
        match name.and_then(|name| self.root.pointer(&format!("/{name}"))) {
            Some(named) => named,
            None => schema,
        }
    }

    fn value(&mut self, schema: &'s Value, node: &Node, path: &str) -> Value {
        let schema = self.resolve(schema);
        if let Some(branches) = schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array)
        {
            return self.branch(branches, node, path);
        }
        if !names(schema).is_empty() {
            return self.branch(std::slice::from_ref(schema), node, path);
        }
        match (&node.content, types(schema).as_slice()) {
            (Content::Substituted { text, .. }, types) if !types.contains(&"string") => {
                let content = if types.contains(&"boolean") {
                    text.parse().ok().map(Content::Bool)
                } else {
                    yaml::number(text.trim()).map(Content::Number)
                };
                let Some(content) = content else { return self.wrong_type(schema, node, path) };
                self.value(schema, &Node { line: node.line, content }, path)
            }
            (Content::Substituted { text, .. } | Content::Text(text), types) if types.contains(&"string") => {
                Value::String(text.clone())
            }
            (Content::Bool(value), types) if types.contains(&"boolean") => Value::Bool(*value),
            (Content::Number(number), types) => {
                let is_whole = number.is_u64() || number.is_i64();
                if !(types.contains(&"number") || types.contains(&"integer") && is_whole) {
                    return self.wrong_type(schema, node, path);
                }
                self.range(schema, node, path, Value::Number(number.clone()))
            }
            (Content::List(items), types) if types.contains(&"array") => self.list(schema, node, items, path),
            (Content::Map(entries), types) if types.contains(&"object") => {
                self.map(schema, node, entries, path)
            }
            (Content::Null, types) if types.contains(&"null") => Value::Null,
            _ => self.wrong_type(schema, node, path),
        }
    }

    fn wrong_type(&mut self, schema: &Value, node: &Node, path: &str) -> Value {
        let wanted: Vec<_> = types(schema).into_iter().filter(|name| *name != "null").map(spoken).collect();
        let message = format!("{} is {}; it must be {}", called(path), node.kind(), wanted.join(" or "));
        self.refuse(node, path, message)
    }

    fn range(&mut self, schema: &Value, node: &Node, path: &str, value: Value) -> Value {
        let bound = |name| schema.get(name).and_then(Value::as_f64);
        let (min, max) = (bound("minimum"), bound("maximum"));
        let is_within = value
            .as_f64()
            .is_some_and(|value| min.is_none_or(|min| value >= min) && max.is_none_or(|max| value <= max));
        if is_within {
            return value;
        }
        let must = match (min, max) {
            (Some(min), Some(max)) => format!("must lie between {min} and {max}"),
            (Some(min), None) => format!("must be {min} or more"),
            (_, max) => format!("must be {} or less", max.unwrap_or_default()),
        };
        self.refuse(node, path, format!("{} is {value}; it {must}", called(path)))
    }

    fn list(&mut self, schema: &'s Value, node: &Node, items: &[Node], path: &str) -> Value {
        let bound = |name| schema.get(name).and_then(Value::as_u64);
        let (count, min, max) = (items.len() as u64, bound("minItems"), bound("maxItems"));
        if min.is_some_and(|min| count < min) || max.is_some_and(|max| count > max) {
            let must = match (min, max) {
                (Some(min), Some(max)) => format!("between {min} and {max}"),
                (Some(min), None) => format!("{min} or more"),
                (_, max) => format!("{} or fewer", max.unwrap_or_default()),
            };
            return self.refuse(node, path, format!("{} has {count} entries; it takes {must}", called(path)));
        }
        let Some(of) = schema.get("items") else { return Value::Null };
        let items = items.iter().enumerate().map(|(at, item)| self.value(of, item, &format!("{path}[{at}]")));
        Value::Array(items.collect())
    }

    fn map(&mut self, schema: &'s Value, node: &Node, entries: &[Entry], path: &str) -> Value {
        let known = schema.get("properties").and_then(Value::as_object);
        let others = schema.get("additionalProperties").filter(|schema| schema.is_object());
        let (mut checked, mut is_known) = (Map::new(), true);
        for entry in entries {
            let within = if path.is_empty() { entry.key.clone() } else { format!("{path}.{}", entry.key) };
            match known.and_then(|known| known.get(&entry.key)).or(others) {
                Some(schema) if is_nothing(&entry.value, self.resolve(schema)) => {}
                Some(schema) => {
                    let value = self.value(schema, &entry.value, &within);
                    checked.insert(entry.key.clone(), value);
                }
                None => {
                    let known = known.into_iter().flat_map(Map::keys).map(String::as_str);
                    let message = unknown(&entry.key, path, &known.collect::<Vec<_>>());
                    let place = Node { line: entry.line, content: Content::Null };
                    self.refuse(&place, &within, message);
                    is_known = false;
                }
            }
        }
        // What lacks is most likely what was misspelt.
        for name in required(schema).into_iter().filter(|name| is_known && !checked.contains_key(*name)) {
            self.refuse(node, path, format!("{} lacks `{name}`", called(path)));
        }
        Value::Object(checked)
    }

    /// One of several forms: a name of a list, a section with one of several keys, or nothing.
    fn branch(&mut self, branches: &'s [Value], node: &Node, path: &str) -> Value {
        let branches: Vec<&'s Value> = branches.iter().map(|branch| self.resolve(branch)).collect();
        let names: Vec<&str> = branches.iter().flat_map(|branch| names(branch)).collect();
        match &node.content {
            Content::Text(text) | Content::Substituted { text, .. } if names.contains(&text.as_str()) => {
                return Value::String(text.clone());
            }
            Content::Map(entries) => {
                let sections = branches.iter().filter(|branch| types(branch).contains(&"object"));
                let keys = |branch: &'s Value| {
                    branch.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::keys)
                };
                let named = sections
                    .clone()
                    .find(|branch| entries.iter().any(|entry| keys(branch).any(|key| *key == entry.key)));
                let only = sections.clone().next().filter(|_| sections.clone().count() == 1);
                if let Some(branch) = named.or(only) {
                    return self.value(branch, node, path);
                }
            }
            _ => {
                let is_free = |branch: &&&'s Value| {
                    self::names(branch).is_empty() && !types(branch).contains(&"object") && fits(branch, node)
                };
                if let Some(branch) = branches.iter().find(is_free) {
                    return self.value(branch, node, path);
                }
            }
        }
        let sections =
            branches.iter().flat_map(|branch| required(branch)).map(|key| format!("a section `{key}`"));
        let others = branches
            .iter()
            .filter(|branch| self::names(branch).is_empty() && required(branch).is_empty())
            .flat_map(|branch| types(branch))
            .filter(|name| *name != "null")
            .map(|name| spoken(name).to_owned());
        let choices: Vec<String> =
            names.iter().map(|name| format!("`{name}`")).chain(sections).chain(others).collect();
        let is = match &node.content {
            Content::Text(text) => format!("`{text}`"),
            _ => node.kind().to_owned(),
        };
        let hint = match &node.content {
            Content::Text(text) => nearest(text, &names).map(|name| format!("; did you mean `{name}`?")),
            _ => None,
        };
        let message = format!("{} is {is}; it must be {}", called(path), choices.join(" or "));
        self.refuse(node, path, message + &hint.unwrap_or_default())
    }
}

/// A key with nothing after it is as good as none, and so is an empty variable where there may be nothing.
fn is_nothing(node: &Node, schema: &Value) -> bool {
    match &node.content {
        Content::Null => true,
        Content::Substituted { text, .. } => text.is_empty() && types(schema).contains(&"null"),
        _ => false,
    }
}

fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The texts that are accepted here when only some are.
fn names(schema: &Value) -> Vec<&str> {
    let several = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
    several.chain(schema.get("const")).filter_map(Value::as_str).collect()
}

fn required(schema: &Value) -> Vec<&str> {
    let keys = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    keys.filter_map(Value::as_str).collect()
}

fn fits(schema: &Value, node: &Node) -> bool {
    let types = types(schema);
    match &node.content {
        Content::Null => types.contains(&"null"),
        Content::Bool(_) => types.contains(&"boolean"),
        Content::Number(_) => types.contains(&"integer") || types.contains(&"number"),
        Content::Text(_) => types.contains(&"string"),
        Content::Substituted { .. } => !types.contains(&"array"),
        Content::List(_) => types.contains(&"array"),
        Content::Map(_) => types.contains(&"object"),
    }
}

fn spoken(name: &str) -> &'static str {
    match name {
        "boolean" => "true or false",
        "integer" => "a whole number",
        "number" => "a number",
        "string" => "text",
        "array" => "a list",
        _ => "a section with keys",
    }
}

fn called(path: &str) -> String {
    if path.is_empty() { "the file".to_owned() } else { format!("`{path}`") }
}

fn unknown(key: &str, path: &str, known: &[&str]) -> String {
    let place = if path.is_empty() { String::new() } else { format!(" in `{path}`") };
    let hint = match nearest(key, known) {
        Some(name) => format!("did you mean `{name}`?"),
        None if known.is_empty() => "there are none".to_owned(),
        None => format!("known are {}", known.join(", ")),
    };
    format!("unknown key `{key}`{place}; {hint}")
}

/// The known name that was meant, most likely: one that begins alike, or differs in a letter of three at most.
fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let word = word.to_lowercase().replace('-', "_");
    let distance = |name: &str| strsim::damerau_levenshtein(&word, name);
    let closest = known
        .iter()
        .min_by_key(|name| distance(name))
        .filter(|name| distance(name) * 3 <= word.chars().count().max(3));
    let begins =
        || known.iter().find(|name| word.len() >= 3 && (name.starts_with(&word) || word.starts_with(**name)));
    closest.or_else(begins).copied()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema() -> Value {
        json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["name"],
            "properties": {
                "name": { "type": "string" },
                "depth": { "type": "integer", "minimum": 1, "maximum": 64 },
                "ratio": { "type": ["number", "null"] },
                "is_on": { "type": "boolean" },
                "profile": { "$ref": "#/$defs/Profile" },
                "kind": { "enum": ["websocket", "sse"], "type": "string" },
                "tags": { "type": "array", "items": { "type": "string" }, "maxItems": 2 },
                "people": { "type": "object", "additionalProperties": { "type": "integer" } },
                "who": { "oneOf": [
                    { "type": "string", "const": "open" },
                    { "type": "object", "required": ["jwt"], "additionalProperties": false,
                      "properties": { "jwt": { "$ref": "#/$defs/Jwt" } } },
                ] },
                "maybe": { "anyOf": [{ "$ref": "#/$defs/Jwt" }, { "type": "null" }] },
            },
            "$defs": {
                "Profile": { "oneOf": [
                    { "type": "string", "const": "development" }, { "type": "string", "const": "production" },
                ] },
                "Jwt": { "type": "object", "additionalProperties": false,
                         "properties": { "issuer": { "type": "string" } } },
            },
        })
    }

    fn checked(text: &str) -> Result<Value, Vec<String>> {
        let lookup = |name: &str| Some(if name == "N" { "77" } else { "s3cret" }.to_owned());
        let node = yaml::read(text, &lookup).expect("YAML");
        check(&schema(), &node).map_err(|problems| problems.iter().map(Problem::to_string).collect())
    }

    #[test]
    fn what_fits_becomes_json() {
        let text = "name: a\ndepth: 3\nratio: 0.5\nis_on: true\nprofile: production\nkind: sse\ntags: [x]\n\
                    people: {ann: 1}\nwho:\n  jwt: {issuer: b}\nmaybe:\n  issuer: c\n";
        let expected = json!({ "name": "a", "depth": 3, "ratio": 0.5, "is_on": true, "profile": "production",
            "kind": "sse", "tags": ["x"], "people": { "ann": 1 }, "who": { "jwt": { "issuer": "b" } },
            "maybe": { "issuer": "c" } });
        assert_eq!(checked(text), Ok(expected));
        assert_eq!(checked("name: a\nwho: open\ntags:\n"), Ok(json!({ "name": "a", "who": "open" })));
    }

    #[test]
    fn a_variable_becomes_what_its_place_asks_for() {
        assert_eq!(checked("name: ${N}\nratio: ${N}"), Ok(json!({ "name": "77", "ratio": 77 })));
        assert_eq!(checked("name: ${N}${N}\nratio: $${N}").map_err(|_| ()), Err(()));
        let lookup = |_: &str| Some(String::new());
        let node = yaml::read("name: ${N}\nratio: ${N}", &lookup).expect("YAML");
        assert_eq!(check(&schema(), &node).ok(), Some(json!({ "name": "" })));
        let refused = checked("name: a\ndepth: ${X}\nprofile: ${X}").expect_err("no number").join("\n");
        assert!(!refused.contains("s3cret"), "{refused}");
        let refused = checked("name: a\ndepth: ${N}").expect_err("too deep");
        assert_eq!(refused, ["line 2: `depth` is ${N}; it must lie between 1 and 64"]);
        let refused = checked("name: a\ndepth: ${X}\nprofile: ${X}").expect_err("no number").join("\n");
        assert!(refused.contains("line 2: `depth` is text; it must be a whole number"), "{refused}");
        assert!(
            refused.contains("line 3: `profile` is text; it must be `development` or `production`"),
            "{refused}"
        );
    }

    #[test]
    fn what_is_wrong_is_named_with_what_would_be_right() {
        for (text, expected) in [
            ("nam: a", "line 1: unknown key `nam`; did you mean `name`?"),
            (
                "name: a\nwho: {jwt: {isuer: x}}",
                "line 2: unknown key `isuer` in `who.jwt`; did you mean `issuer`?",
            ),
            ("name: a\nmaybe: {zebra: x}", "line 2: unknown key `zebra` in `maybe`; known are issuer"),
            ("depth: 3", "line 1: the file lacks `name`"),
            ("name: a\n\ndepth: 65", "line 3: `depth` is 65; it must lie between 1 and 64"),
            ("name: a\ndepth: 1.5", "line 2: `depth` is a number; it must be a whole number"),
            ("name: 1", "line 1: `name` is a number; it must be text"),
            ("name: a\ndepth: [1]", "line 2: `depth` is a list; it must be a whole number"),
            ("name: a\nis_on: on", "line 2: `is_on` is text; it must be true or false"),
            ("name: a\ntags:\n  - x\n  - 1", "line 4: `tags[1]` is a number; it must be text"),
            ("name: a\ntags: [a, b, c]", "line 2: `tags` has 3 entries; it takes 2 or fewer"),
            ("name: a\npeople: {ann: x}", "line 2: `people.ann` is text; it must be a whole number"),
            (
                "name: a\nwho: opn",
                "line 2: `who` is `opn`; it must be `open` or a section `jwt`; did you mean `open`?",
            ),
            ("name: a\nwho: {jtw: {}}", "line 2: unknown key `jtw` in `who`; did you mean `jwt`?"),
            ("name: a\nkind: 3", "line 2: `kind` is a number; it must be `websocket` or `sse`"),
            ("name: a\nmaybe: 3", "line 2: `maybe` is a number; it must be a section with keys"),
            ("- a", "line 1: the file is a list; it must be a section with keys"),
        ] {
            assert_eq!(checked(text), Err(vec![expected.to_owned()]), "{text}");
        }
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        assert_eq!(checked("depth: 0\nnam: 1\nis_on: 1").map_err(|problems| problems.len()), Err(3));
    }
}
