//! Where a value stands that an input type of ours has refused: async-graphql's own sentence names the types that it was
//! reading, and not the arguments and fields.

use std::collections::HashMap;
use std::sync::OnceLock;

use async_graphql::parser::types::{BaseType, ExecutableDocument, Selection, SelectionSet, Type};
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use async_graphql::{Pos, Response, ScalarType, ServerError, Value, Variables};
use chrono::{DateTime, Utc};
use common::GIVEN;
use rust_decimal::Decimal;

/// The extension that names the argument, and the field within it, whose value was refused.
const ARGUMENT: &str = "argument";

/// The most characters of a refused value that its refusal repeats.
const SHOWN_MAX: usize = 100;

/// A scalar that is read by others' code, which keeps to itself what it was given.
struct Foreign {
    name: &'static str,
    is_readable: fn(Value) -> bool,
    refusal: &'static str,
}

const FOREIGN: &[Foreign] = &[
    Foreign {
        name: "Decimal",
        is_readable: |value| <Decimal as ScalarType>::parse(value).is_ok(),
        refusal: "give a decimal number, such as 12.5",
    },
    Foreign {
        name: "DateTime",
        is_readable: |value| <DateTime<Utc> as ScalarType>::parse(value).is_ok(),
        refusal: "give an instant with its time zone, such as 2026-12-31T09:00:00Z",
    },
];

/// The input types of a schema. They are read off it when the first value is refused.
#[derive(Debug)]
pub struct InputTypes {
    sdl: String,
    fields: OnceLock<Fields>,
}

/// The fields of each input type, and the name of what each field holds, or a list of it.
type Fields = HashMap<String, HashMap<String, String>>;

impl InputTypes {
    /// Those of a schema in the schema definition language; none of what cannot be read.
    #[must_use]
    pub fn of(sdl: impl Into<String>) -> Self {
        Self { sdl: sdl.into(), fields: OnceLock::new() }
    }

    fn fields(&self, of: &str) -> Option<&HashMap<String, String>> {
        self.fields.get_or_init(|| read(&self.sdl)).get(of)
    }

    /// The first value of a foreign scalar within a value of a type that cannot be read, and its path.
    fn unreadable(&self, of: &Foreign, of_type: &str, value: &Value, path: &str) -> Option<(String, Value)> {
        match value {
            Value::Null => None,
            Value::List(each) => each
                .iter()
                .enumerate()
                .find_map(|(at, value)| self.unreadable(of, of_type, value, &format!("{path}.{at}"))),
            value if of_type == of.name => {
                (!(of.is_readable)(value.clone())).then(|| (path.to_owned(), value.clone()))
            }
            Value::Object(fields) => {
                let types = self.fields(of_type)?;
                fields.iter().find_map(|(name, value)| {
                    self.unreadable(of, types.get(name.as_str())?, value, &format!("{path}.{name}"))
                })
            }
            _ => None,
        }
    }
}

fn read(sdl: &str) -> Fields {
    let document = async_graphql::parser::parse_schema(sdl).ok();
    let definitions = document.into_iter().flat_map(|document| document.definitions);
    let inputs = definitions.filter_map(|definition| {
        let TypeSystemDefinition::Type(definition) = definition else { return None };
        let TypeKind::InputObject(input) = definition.node.kind else { return None };
        let fields = input.fields.into_iter();
        let fields =
            fields.map(|field| (field.node.name.node.to_string(), named(&field.node.ty.node).to_owned()));
        Some((definition.node.name.node.to_string(), fields.collect()))
    });
    inputs.collect()
}

fn named(of: &Type) -> &str {
    match &of.base {
        BaseType::Named(name) => name,
        BaseType::List(of) => named(of),
    }
}

/// Says of values that an input type has refused in which argument of the request they stand, in the sentence and as
/// `extensions.argument`. To be called before [`crate::error::finish`].
pub fn name_places(response: &mut Response, query: &str, variables: &Variables, types: &InputTypes) {
    for error in &mut response.errors {
        if let Some(foreign) = FOREIGN.iter().find(|foreign| is_of(error, foreign.name)) {
            name_foreign(error, foreign, query, variables, types);
            continue;
        }
        let Some(extensions) = &mut error.extensions else { continue };
        let Some(given) = extensions.get(GIVEN).cloned() else { continue };
        extensions.unset(GIVEN);
        let place = place_in_request(error, &given, query, variables);
        let own = error.message.split_once(": ").map_or(error.message.as_str(), |(_, own)| own);
        let own = own.split(" (occurred while").next().unwrap_or_default();
        let said = format!("{own}, not {}", shown(&given));
        let Some(place) = place else {
            error.message = said;
            continue;
        };
        error.message = format!("{place}: {said}");
        if let Some(extensions) = &mut error.extensions {
            extensions.set(ARGUMENT, place);
        }
    }
}

/// Whether a value of a scalar was refused, as async-graphql says it.
fn is_of(error: &ServerError, scalar: &str) -> bool {
    ["Failed to parse", "Expected input type"].iter().any(|said| error.message.starts_with(said))
        && error.message.contains(&format!("\"{scalar}\""))
}

/// The same of a value whose refusal says neither what was given nor where: the types that it was read within lead there.
fn name_foreign(
    error: &mut ServerError,
    foreign: &Foreign,
    query: &str,
    variables: &Variables,
    types: &InputTypes,
) {
    const WITHIN: &str = "(occurred while parsing \"";
    let outermost = error.message.rsplit_once(WITHIN).and_then(|(_, rest)| rest.split('"').next());
    let outermost = outermost.map_or(foreign.name, |name| name.trim_matches(['[', ']', '!'])).to_owned();
    let found = argument_in_request(error, query, variables)
        .and_then(|(name, value)| types.unreadable(foreign, &outermost, &value, &name));
    error.message = match found {
        Some((place, given)) => {
            error.extensions.get_or_insert_default().set(ARGUMENT, place.as_str());
            format!("{place}: {}, not {}", foreign.refusal, shown(&given))
        }
        None => foreign.refusal.to_owned(),
    };
}

/// The argument at which an error stands, and its value.
fn argument_in_request(error: &ServerError, query: &str, variables: &Variables) -> Option<(String, Value)> {
    let at = error.locations.first().copied().unwrap_or_default();
    let document = async_graphql::parser::parse_query(query).ok()?;
    let (name, value) = argument_at(&document, at)?;
    let value = value.into_const_with(|name| Ok::<_, ()>(variables.get(&name).cloned().unwrap_or_default()));
    Some((name, value.ok()?))
}

/// The path to a refused value: the argument's name, and then the fields and the places in lists.
fn place_in_request(
    error: &ServerError,
    given: &Value,
    query: &str,
    variables: &Variables,
) -> Option<String> {
    let is_of_id = error.message.contains("\"ID\"");
    let mut found = Vec::new();
    match argument_in_request(error, query, variables) {
        Some((name, value)) => find(given, &value, name, &mut found),
        None => variables.iter().for_each(|(name, value)| find(given, value, name.to_string(), &mut found)),
    }
    // A text may read the same as what is no id.
    let of_id = found.iter().position(|path| is_of_id && names_id(path));
    (!found.is_empty()).then(|| found.swap_remove(of_id.unwrap_or(0)))
}

/// The argument whose value stands at a position of the document.
fn argument_at(document: &ExecutableDocument, at: Pos) -> Option<(String, async_graphql_value::Value)> {
    let operations = document.operations.iter().map(|(_, operation)| &operation.node.selection_set.node);
    let fragments = document.fragments.values().map(|fragment| &fragment.node.selection_set.node);
    let mut open: Vec<&SelectionSet> = operations.chain(fragments).collect();
    while let Some(set) = open.pop() {
        for selection in &set.items {
            let field = match &selection.node {
                Selection::Field(field) => &field.node,
                Selection::InlineFragment(fragment) => {
                    open.push(&fragment.node.selection_set.node);
                    continue;
                }
                Selection::FragmentSpread(_) => continue,
            };
            if let Some((name, value)) = field.arguments.iter().find(|(_, value)| value.pos == at) {
                return Some((name.node.to_string(), value.node.clone()));
            }
            open.push(&field.selection_set.node);
        }
    }
    None
}

/// The paths to all such values.
fn find(given: &Value, value: &Value, path: String, found: &mut Vec<String>) {
    match value {
        value if value == given => found.push(path),
        Value::List(each) => {
            for (at, value) in each.iter().enumerate() {
                find(given, value, format!("{path}.{at}"), found);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                find(given, value, format!("{path}.{name}"), found);
            }
        }
        _ => {}
    }
}

/// Whether the last name of a path is that of an id: `id`, `employeeId`, `employeeIds.3`.
fn names_id(path: &str) -> bool {
    let is_index = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let name = path.rsplit('.').find(|part| !is_index(part)).unwrap_or_default();
    ["id", "ids"].contains(&name) || name.ends_with("Id") || name.ends_with("Ids")
}

fn shown(given: &Value) -> String {
    let text = given.to_string();
    match text.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(all(test, feature = "subgraph"))]
mod tests {
    use super::*;
    use async_graphql::{EmptyMutation, EmptySubscription, InputObject, Object, SDLExportOptions, Schema};
    use common::EmployeeId;
    use serde_json::{Value as Json, json};

    #[derive(InputObject)]
    struct Row {
        note: String,
        employee_id: EmployeeId,
        day: Option<crate::Date>,
        amounts: Option<Vec<Decimal>>,
        at: Option<DateTime<Utc>>,
    }

    struct Query;

    #[Object]
    impl Query {
        async fn one(&self, id: EmployeeId) -> String {
            id.to_string()
        }

        async fn rows(&self, rows: Vec<Row>) -> usize {
            let is_blank =
                |row: &&Row| row.note.is_empty() || row.day.is_none() || row.employee_id.0.is_nil();
            let others = rows.iter().filter(|row| row.amounts.is_some() || row.at.is_some()).count();
            rows.iter().filter(is_blank).count() + others
        }

        async fn paid(&self, amount: Decimal) -> Decimal {
            amount
        }
    }

    fn refused(query: &str, variables: Json) -> (String, Json) {
        let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
        let variables = Variables::from_json(variables);
        let request = async_graphql::Request::new(query).variables(variables.clone());
        let mut response = futures::executor::block_on(schema.execute(request));
        // As the router is told of it.
        let sdl = schema.sdl_with_options(SDLExportOptions::new().federation().compose_directive());
        name_places(&mut response, query, &variables, &InputTypes::of(sdl));
        crate::error::finish(&mut response);
        let error = json!(response)["errors"][0].clone();
        (error["message"].as_str().unwrap_or_default().to_owned(), error["extensions"].clone())
    }

    #[test]
    fn what_is_no_id_is_refused_with_the_argument_and_the_field_that_it_stands_in() {
        let extensions = |argument: &str| json!({ "code": "VALIDATION_FAILED", "argument": argument });
        let told = |argument: &str| (format!(r#"{argument}: give an id, not "abc""#), extensions(argument));
        assert_eq!(refused(r#"{ one(id: "abc") }"#, json!({})), told("id"));
        assert_eq!(refused("query($x: ID!) { one(id: $x) }", json!({ "x": "abc" })), told("id"));
        let literal = r#"{ ... on Query { rows(rows: [{ note: "abc", employeeId: "abc" }]) } }"#;
        assert_eq!(refused(literal, json!({})), told("rows.0.employeeId"));
        let other = EmployeeId::new();
        let rows = json!([{ "note": "", "employeeId": other }, { "note": "abc", "employeeId": "abc" }]);
        let query = "query($a: String, $rows: [Row!]!) { a: __typename @skip(if: false) rows(rows: $rows) }";
        let given = json!({ "a": "abc", "rows": rows });
        assert_eq!(refused(&query.replace("$a: String, ", ""), given), told("rows.1.employeeId"));
        let number = refused("{ one(id: 5) }", json!({}));
        assert_eq!(number, ("id: give an id, not 5".to_owned(), extensions("id")));
        let (message, _) = refused(&format!(r#"{{ one(id: "{}") }}"#, "x".repeat(5_000)), json!({}));
        assert!(message.len() < 200, "{message}");
    }

    #[test]
    fn what_is_no_day_is_refused_with_the_field_that_it_stands_in() {
        let rows = json!([{ "note": "", "employeeId": EmployeeId::new(), "day": "2026-02-30" }]);
        let (message, extensions) = refused("query($r: [Row!]!) { rows(rows: $r) }", json!({ "r": rows }));
        assert_eq!(extensions["argument"], "rows.0.day");
        assert!(message.starts_with("rows.0.day: give a day"), "{message}");
    }

    #[test]
    fn what_is_no_number_or_instant_is_refused_with_the_field_that_it_stands_in() {
        let row = |more: Json| {
            let mut row = json!({ "note": "1,5", "employeeId": EmployeeId::new() });
            for (name, value) in more.as_object().unwrap() {
                row[name] = value.clone();
            }
            row
        };
        let told = |row: Json| refused("query($r: [Row!]!) { rows(rows: $r) }", json!({ "r": [row] }));
        let extensions = |argument: &str| json!({ "code": "VALIDATION_FAILED", "argument": argument });
        assert_eq!(
            told(row(json!({ "amounts": ["1.5", "1,5"] }))),
            (
                "rows.0.amounts.1: give a decimal number, such as 12.5, not \"1,5\"".to_owned(),
                extensions("rows.0.amounts.1")
            )
        );
        let (message, given) = told(row(json!({ "at": "2026-01-01" })));
        assert_eq!(given, extensions("rows.0.at"));
        assert!(message.ends_with("such as 2026-12-31T09:00:00Z, not \"2026-01-01\""), "{message}");
        let alone = refused(r#"{ paid(amount: "a lot") }"#, json!({}));
        let message = "amount: give a decimal number, such as 12.5, not \"a lot\"";
        assert_eq!(alone, (message.to_owned(), extensions("amount")));
        let given = refused("query($a: Decimal!) { paid(amount: $a) }", json!({ "a": true }));
        assert_eq!(given.1, extensions("amount"));
    }
}
