//! What no input of any mutation takes: texts that cannot be seen or read otherwise than they look, ids of what is not
//! there.

use std::collections::HashMap;

use async_graphql::parser::types::{BaseType, FieldDefinition, InputValueDefinition, Type, TypeKind};
use innoerp::modules;
use serde_json::{Value, json};
use service::Noun;
use sqlx::AssertSqlSafe;
use testing::{Documents, type_name};

use super::Tenants;

/// A name that turns the direction of what follows, the end of a string in C, nothing to see, a bell; a mark that stands on
/// nothing, what is private to a font, what stands for something that is not there.
const HOSTILE: [&str; 7] = ["a\u{202E}b", "a\0b", "\u{200B}", "a\u{7}b", "\u{301}", "\u{E000}", "\u{FFFC}"];

/// Texts that are compared with what is there and not kept, each with the rule that it has instead.
const COMPARED: [(&str, &str); 8] = [
    ("logIn.input.email", "an address that is none is nobody's, and the answer is the same"),
    ("password", "a password is whatever somebody can type; its own rules say what"),
    ("currentPassword", "as it was chosen"),
    ("newPassword", "as password"),
    ("token", "it is known or not"),
    ("refreshToken", "it is known or not"),
    ("deviceToken", "it is known or not"),
    (
        "pipelineCreate.input.stages.0.name",
        "there are three stages at least; stageCreate takes names as it does",
    ),
];

/// Ids that name nothing that is stored, each with what they are.
const NO_REFERENCES: [(&str, &str); 5] = [
    (
        "logIn.input.organizationId",
        "refused like a wrong password: who belongs where is nobody's to find out",
    ),
    ("sessionSwitch.input.organizationId", "refused like a session that has ended, for the same reason"),
    ("sessionRefresh.input.organizationId", "as sessionSwitch"),
    ("idempotencyKey", "the client's own name for a request"),
    (
        "priceListUpdate.input.segmentId",
        "the list is for customers, and refused first; priceListCreate looks for it",
    ),
];

/// What else must be said so that there may be a text at a place: there, what, as.
const SETTINGS: [(&str, &str, &str); 6] = [
    ("steps.0.memberId", "who", "MEMBER"),
    ("steps.0.memberId", "kind", "leave.request"),
    ("options.0", "kind", "SELECT"),
    ("customFields.0.value", "key", "shirt"),
    ("customerIds.0", "audience", "CUSTOMER"),
    ("segmentId", "audience", "SEGMENT"),
];

/// What a mutation asks for though no type says so, before it looks at anything else.
const NEEDED: [(&str, &str); 3] =
    [("contactCreate", "lastName"), ("leadCreate", "lastName"), ("activityCreate", "dealId")];

/// Mutations that are about what is in some state, which the latest one of its kind is not.
const ABOUT: [(&str, &str); 2] =
    [("employeeRehire", "last_working_day < '2026-03-02'"), ("stageArchive", "category = 'OPEN'")];

/// The places for values of a scalar below a type: `input.lines.0.name`.
fn places(schema: &Documents, scalar: &str, ty: &Type, path: &[String], found: &mut Vec<Vec<String>>) {
    const DEPTH_MAX: usize = 6;
    let mut path = path.to_vec();
    if matches!(ty.base, BaseType::List(_)) {
        path.push("0".to_owned());
    }
    let name = type_name(ty);
    if name == scalar {
        found.push(path);
    } else if let Some(TypeKind::InputObject(input)) = schema.types().get(name).map(|found| &found.kind)
        && path.len() < DEPTH_MAX
    {
        for field in &input.fields {
            let below = [path.as_slice(), &[field.node.name.node.to_string()]].concat();
            places(schema, scalar, &field.node.ty.node, &below, found);
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
            let is_optional = (input.ty.node.nullable || input.default_value.is_some())
                && !NEEDED.contains(&(self.mutation, name));
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
                _ if name.to_lowercase().ends_with("email") => "x@example.org".into(),
                _ if name.to_lowercase() == "timezone" => "Europe/Vienna".into(),
                _ if name == "currency" => "EUR".into(),
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
    /// The latest of each noun that the victim has, with its version; the one that a mutation is about in a state for it.
    async fn one_of_each(&self, nouns: &[Noun], mutation: &str) -> HashMap<String, (String, i64)> {
        let mut there = HashMap::new();
        let about = ABOUT.iter().find(|(name, _)| *name == mutation);
        for noun in nouns {
            let is_about = mutation.to_lowercase().starts_with(&noun.graphql.to_lowercase());
            let state = about.filter(|_| is_about).map_or("true", |(_, state)| state);
            let sql = format!(
                "select id::text, coalesce((to_jsonb(t) ->> 'version')::bigint, 1) from {} t
                 where organization_id = $1 and {state} order by id desc limit 1",
                noun.table
            );
            let found = sqlx::query_as(AssertSqlSafe(sql)).bind(self.victim.member().organization_id);
            if let Ok(Some(found)) = found.fetch_optional(&self.behind).await {
                there.insert(noun.graphql.to_owned(), found);
            }
        }
        there
    }

    /// Sends each value at each place for a scalar of each mutation, `but` those; answers how often, and which were not
    /// refused as `is_refusal` has it.
    async fn try_each<const N: usize>(
        &self,
        scalar: &str,
        values: [&str; N],
        but: &[(&str, &str)],
        is_refusal: fn(&Refused<'_>) -> bool,
    ) -> (usize, Vec<String>) {
        let (mut taken, mut tried) = (Vec::new(), 0);
        for module in modules::all() {
            let schema = Documents::new(&(module.sdl)());
            for field in schema.fields("Mutation") {
                let mutation = field.name.node.as_str();
                let mut found = Vec::new();
                for argument in field.arguments.iter().map(|argument| &argument.node) {
                    let name = argument.name.node.to_string();
                    places(&schema, scalar, &argument.ty.node, &[name], &mut found);
                }
                found.retain(|path| {
                    let (name, full) = (path.last().unwrap(), format!("{mutation}.{}", path.join(".")));
                    !but.iter().any(|(known, _)| name == known || full == *known)
                });
                for (path, text) in found.iter().flat_map(|path| values.map(|text| (path, text))) {
                    let there = &self.one_of_each(&module.nouns, mutation).await;
                    let filling = Filling { schema: &schema, path, text, there, mutation };
                    let arguments = filling.object(field.arguments.iter().map(|a| &a.node), Some(0));
                    let client = self.app.as_(&self.victim).on(module.id);
                    let answer = client.run_with(&document(field, &arguments), arguments).await.0;
                    tried += 1;
                    if !refused(&answer, mutation).iter().any(|refused| is_refusal(&refused.at(path))) {
                        taken.push(format!("{mutation}: {} {text:?}: {answer}", path.join(".")));
                    }
                }
            }
        }
        (tried, taken)
    }
}

/// One no to a mutation.
struct Refused<'a> {
    code: &'a str,
    /// What a refusal is about, or what an error says.
    about: &'a str,
    is_error: bool,
    path: &'a [String],
}

impl<'a> Refused<'a> {
    fn at(&self, path: &'a [String]) -> Self {
        Self { path, ..*self }
    }

    /// Whether it names the place that was tried.
    fn is_of_the_place(&self) -> bool {
        let place = self.path.iter().filter(|step| *step != "input").cloned().collect::<Vec<_>>().join(".");
        match self.is_error {
            true => self.code == "VALIDATION_FAILED" && self.about.contains(self.path.last().unwrap()),
            false => self.about == place || place.ends_with(&format!(".{}", self.about)),
        }
    }
}

/// Everything that a mutation said no with: errors, refusals of the whole, and of its rows.
fn refused<'a>(answer: &'a Value, mutation: &str) -> Vec<Refused<'a>> {
    let payload = &answer["data"][mutation];
    let rows = payload["results"].as_array().into_iter().flatten();
    let refusals = rows.chain([payload]).filter_map(|of| of["userErrors"].as_array()).flatten();
    let text = |value: &'a Value| value.as_str().unwrap_or_default();
    let refusals = refusals.map(|one| (text(&one["code"]), text(&one["field"]), false));
    let errors = answer["errors"].as_array().into_iter().flatten();
    let errors = errors.map(|one| (text(&one["extensions"]["code"]), text(&one["message"]), true));
    let all = refusals.chain(errors);
    all.map(|(code, about, is_error)| Refused { code, about, is_error, path: &[] }).collect()
}

#[tokio::test]
async fn no_text_of_any_mutation_may_be_unseen_or_read_otherwise_than_it_looks() {
    let tenants = Tenants::new().await;
    let field =
        json!({ "noun": "Employee", "key": "size", "label": "Size", "kind": "SELECT", "options": ["S"] });
    tenants.create("tenant", "customField", field).await;
    let (tried, taken) =
        tenants.try_each("String", HOSTILE, &COMPARED, |refused| refused.is_of_the_place()).await;
    assert!(taken.is_empty(), "{taken:#?}");
    assert!(tried > 200, "only {tried} tries");
    for table in tenants.tables().await {
        let sql = format!(
            "select count(*) from {table} t where t::text ~ '[\\u202E\\u200B\\u0007\\u0301\\uE000\\uFFFC]'"
        );
        let kept: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&tenants.behind).await.unwrap();
        assert_eq!(kept, 0, "{table}");
    }
}

#[tokio::test]
async fn no_mutation_takes_the_id_of_something_that_is_not_there() {
    let tenants = Tenants::new().await;
    let made_up = uuid::Uuid::now_v7().to_string();
    let is_not_there = |refused: &Refused<'_>| match refused.is_error {
        true => refused.code == "NOT_FOUND",
        false => refused.code.ends_with("NOT_FOUND"),
    };
    let (tried, taken) = tenants.try_each("ID", [&made_up], &NO_REFERENCES, is_not_there).await;
    assert!(taken.is_empty(), "{taken:#?}");
    assert!(tried > 80, "only {tried} tries");
}
