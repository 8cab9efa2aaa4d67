//! Texts that cannot be seen, or that read otherwise than they look: no input of any mutation takes one.

use std::collections::HashMap;

use async_graphql::parser::types::{BaseType, FieldDefinition, InputValueDefinition, Type, TypeKind};
use innoerp::modules;
use serde_json::{Value, json};
use service::Noun;
use sqlx::AssertSqlSafe;
use testing::{Documents, type_name};

use super::Tenants;

/// A name that turns the direction of what follows, the end of a string in C, nothing to see, a bell.
const HOSTILE: [&str; 4] = ["a\u{202E}b", "a\0b", "\u{200B}", "a\u{7}b"];

/// Texts that are compared with what is there and not kept, each with the rule that it has instead.
const COMPARED: [(&str, &str); 6] = [
    ("logIn.email", "an address that is none is nobody's, and the answer is the same"),
    ("password", "a password is whatever somebody can type; its own rules say what"),
    ("currentPassword", "as it was chosen"),
    ("newPassword", "as password"),
    ("token", "it is known or not"),
    ("refreshToken", "it is known or not"),
];

/// What else must be said so that there may be a text at a place: there, what, as.
const SETTINGS: [(&str, &str, &str); 2] =
    [("options.0", "kind", "SELECT"), ("customFields.0.value", "key", "shirt")];

/// The places for texts below a type.
fn places(schema: &Documents, ty: &Type, path: &[String], found: &mut Vec<Vec<String>>) {
    const DEPTH_MAX: usize = 6;
    let mut path = path.to_vec();
    if matches!(ty.base, BaseType::List(_)) {
        path.push("0".to_owned());
    }
    let name = type_name(ty);
    if name == "String" {
        found.push(path);
    } else if let Some(TypeKind::InputObject(input)) = schema.types().get(name).map(|found| &found.kind)
        && path.len() < DEPTH_MAX
    {
        for field in &input.fields {
            let below = [path.as_slice(), &[field.node.name.node.to_string()]].concat();
            places(schema, &field.node.ty.node, &below, found);
        }
    }
}

/// Arguments for a mutation: what is required, and a text at one place.
struct Filling<'f> {
    schema: &'f Documents,
    path: &'f [String],
    text: &'f str,
    /// One id and version of each noun of the module.
    there: &'f HashMap<String, (String, i64)>,
    /// The mutation's name.
    mutation: &'f str,
}

impl Filling<'_> {
    /// What an argument names: `id` what the mutation is about, `calendarId` a calendar.
    fn of(&self, argument: &str) -> Option<&(String, i64)> {
        let lower = |noun: &String| noun[..1].to_lowercase() + &noun[1..];
        let is_named = |noun: &String| match argument {
            "id" => self.mutation.starts_with(&lower(noun)),
            _ => noun.to_lowercase().ends_with(&argument.trim_end_matches("Id").to_lowercase()),
        };
        let named = self.there.keys().filter(|noun| is_named(noun)).max_by_key(|noun| noun.len());
        named.and_then(|noun| self.there.get(noun))
    }

    fn object<'i>(&self, inputs: impl Iterator<Item = &'i InputValueDefinition>, at: Option<usize>) -> Value {
        let mut object = serde_json::Map::new();
        for input in inputs {
            let name = input.name.node.as_str();
            let next = at.filter(|at| self.path.get(*at).is_some_and(|step| step == name)).map(|at| at + 1);
            let is_optional = input.ty.node.nullable || input.default_value.is_some();
            if next.is_some() || !is_optional {
                object.insert(name.to_owned(), self.value(name, &input.ty.node, next));
            }
        }
        Value::Object(object)
    }

    /// A value of a type; `at` is where on the path to the text it is, if it is on it.
    fn value(&self, name: &str, ty: &Type, at: Option<usize>) -> Value {
        let BaseType::Named(ty) = &ty.base else {
            let BaseType::List(inner) = &ty.base else { unreachable!() };
            return json!([self.value(name, inner, at.map(|at| at + 1))]);
        };
        if at == Some(self.path.len()) {
            return self.text.into();
        }
        let place = self.path.join(".");
        if let Some((_, _, value)) = SETTINGS.iter().find(|(at, set, _)| place.ends_with(at) && *set == name)
        {
            return (*value).into();
        }
        match (ty.as_str(), name) {
            ("ID", name) => {
                self.of(name).map_or_else(|| uuid::Uuid::now_v7().to_string(), |of| of.0.clone()).into()
            }
            (_, "version") => self.of("id").map_or(1, |of| of.1).into(),
            ("Int" | "Float", _) => 1.into(),
            ("Boolean", _) => true.into(),
            ("Date", _) => "2026-03-09".into(),
            ("DateTime", _) => "2026-03-09T09:00:00Z".into(),
            ("Decimal", _) => "1".into(),
            (ty, _) => match self.schema.types().get(ty).map(|found| &found.kind) {
                Some(TypeKind::Enum(choices)) => choices.values[0].node.value.node.as_str().into(),
                Some(TypeKind::InputObject(input)) => {
                    self.object(input.fields.iter().map(|field| &field.node), at)
                }
                _ => "X".into(),
            },
        }
    }
}

/// A mutation, with its arguments as variables.
fn document(field: &FieldDefinition, arguments: &Value) -> String {
    let given = |argument: &&InputValueDefinition| arguments.get(argument.name.node.as_str()).is_some();
    let arguments: Vec<_> = field.arguments.iter().map(|argument| &argument.node).filter(given).collect();
    let declared: Vec<_> = arguments.iter().map(|a| format!("${}: {}", a.name.node, a.ty.node)).collect();
    let passed: Vec<_> = arguments.iter().map(|a| format!("{0}: ${0}", a.name.node)).collect();
    let (declared, passed, name) = (declared.join(", "), passed.join(", "), &field.name.node);
    let result = if name.ends_with("Bulk") { " results { userErrors { field code } }" } else { "" };
    format!("mutation({declared}) {{ {name}({passed}) {{ userErrors {{ field code }}{result} }} }}")
}

impl Tenants {
    /// The latest of each noun that the victim has, with its version.
    async fn one_of_each(&self, nouns: &[Noun]) -> HashMap<String, (String, i64)> {
        let mut there = HashMap::new();
        for noun in nouns {
            let sql = format!(
                "select id::text, coalesce((to_jsonb(t) ->> 'version')::bigint, 1) from {} t
                 where organization_id = $1 order by id desc limit 1",
                noun.table
            );
            let found = sqlx::query_as(AssertSqlSafe(sql)).bind(self.victim.member().organization_id);
            if let Ok(Some(found)) = found.fetch_optional(&self.behind).await {
                there.insert(noun.graphql.to_owned(), found);
            }
        }
        there
    }

    /// Whether an answer says no to the text at a place, and says so at that place.
    async fn is_refused_at(
        &self,
        module: &'static str,
        field: &FieldDefinition,
        filling: &Filling<'_>,
    ) -> bool {
        let arguments = filling.object(field.arguments.iter().map(|a| &a.node), Some(0));
        let client = self.app.as_(&self.victim).on(module);
        let answer = client.run_with(&document(field, &arguments), arguments).await.0;
        let place =
            filling.path.iter().filter(|step| *step != "input").cloned().collect::<Vec<_>>().join(".");
        let name = filling.path.last().unwrap();
        let payload = &answer["data"][field.name.node.as_str()];
        let of_rows =
            payload["results"].as_array().into_iter().flatten().flat_map(|row| row["userErrors"].as_array());
        let refusals = payload["userErrors"].as_array().into_iter().chain(of_rows).flatten();
        let is_told = |told: &str| told == place || place.ends_with(&format!(".{told}"));
        let is_at = refusals.filter_map(|refusal| refusal["field"].as_str()).any(is_told);
        let mut errors = answer["errors"].as_array().into_iter().flatten();
        is_at
            || errors.any(|error| {
                error["extensions"]["code"] == "VALIDATION_FAILED"
                    && error["message"].as_str().unwrap_or_default().contains(name.as_str())
            })
    }
}

#[tokio::test]
async fn no_text_of_any_mutation_may_be_unseen_or_read_otherwise_than_it_looks() {
    let tenants = Tenants::new().await;
    let field =
        json!({ "noun": "Employee", "key": "size", "label": "Size", "kind": "SELECT", "options": ["S"] });
    tenants.create("tenant", "customField", field).await;
    let (mut taken, mut tried) = (Vec::new(), 0);
    for module in modules::all() {
        let schema = Documents::new(&(module.sdl)());
        for field in schema.fields("Mutation") {
            let mutation = field.name.node.as_str();
            let mut found = Vec::new();
            for argument in &field.arguments {
                let name = argument.node.name.node.to_string();
                places(&schema, &argument.node.ty.node, &[name], &mut found);
            }
            found.retain(|path| {
                let name = path.last().unwrap();
                let full = format!("{mutation}.{name}");
                !COMPARED.iter().any(|(compared, _)| [name, &full].contains(&&compared.to_string()))
            });
            for (path, text) in found.iter().flat_map(|path| HOSTILE.map(|text| (path, text))) {
                let there = &tenants.one_of_each(&module.nouns).await;
                let filling = Filling { schema: &schema, path, text, there, mutation };
                tried += 1;
                if !tenants.is_refused_at(module.id, field, &filling).await {
                    taken.push(format!("{mutation}: {} {text:?}", path.join(".")));
                }
            }
        }
    }
    assert!(taken.is_empty(), "{taken:#?}");
    assert!(tried > 200, "only {tried} tries");
    for table in tenants.tables().await {
        let sql = format!("select count(*) from {table} t where t::text ~ '[\\u202E\\u200B\\u0007]'");
        let kept: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&tenants.behind).await.unwrap();
        assert_eq!(kept, 0, "{table}");
    }
}
