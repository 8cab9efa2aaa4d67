//! Subgraphs made of data: a schema, and what each field answers. A GraphQL server like any other executes them, so
//! that a question which their schema does not allow is refused, and a null where none may be is an error.

use std::sync::{Arc, Mutex};

use apollo_compiler::resolvers::{Execution, FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use apollo_compiler::response::JsonMap;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use futures::StreamExt;
use graphql::Executable;
use serde_json::{Map, Value, json};

/// What every call asked: subgraph, document, variables.
pub type Log = Arc<Mutex<Vec<(String, String, Value)>>>;

/// The directives of subgraphs, as a GraphQL parser has to know them.
const DIRECTIVES: &str = "
    directive @key(fields: String!, resolvable: Boolean) repeatable on OBJECT | INTERFACE
    directive @external on FIELD_DEFINITION | OBJECT
    directive @requires(fields: String!) on FIELD_DEFINITION
    directive @provides(fields: String!) on FIELD_DEFINITION
    directive @shareable on FIELD_DEFINITION | OBJECT
    directive @override(from: String!) on FIELD_DEFINITION
    directive @inaccessible on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ENUM | ENUM_VALUE
    directive @interfaceObject on OBJECT
    directive @authenticated on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
    directive @requiresScopes(scopes: [[String!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
    directive @policy(policies: [[String!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
    scalar _Any ";

/// Says which of them a subgraph uses.
const LINK: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.6", import: ["@key",
    "@external", "@requires", "@provides", "@shareable", "@override", "@inaccessible", "@interfaceObject",
    "@authenticated", "@requiresScopes", "@policy"]) "#;

/// A subgraph of a test.
#[derive(Clone)]
pub struct Toy {
    /// Its name.
    pub name: &'static str,
    /// Its schema, without what every subgraph has.
    pub sdl: &'static str,
    /// By type: of `Query` and `Mutation` the root's fields, of entities a list of all there are.
    ///
    /// A field's value stands under its name, or, where it depends on arguments, under its name and their JSON, as in
    /// `price{"in":"EUR"}`. A value `{"error": "why"}` fails. A text `=name` stands for what the representation said
    /// of the field `name`, as JSON text.
    pub data: Value,
}

impl Toy {
    /// The schema as composition wants it.
    pub fn federation_sdl(&self) -> String {
        format!("{LINK}{}", self.sdl)
    }

    /// The subgraph, ready to be asked.
    pub fn executable(&self, log: &Log) -> Executable {
        let served = Arc::new(Served { schema: self.schema(), data: self.data.clone() });
        let (name, log) = (self.name, log.clone());
        Executable::new(
            self.federation_sdl(),
            move |request| {
                let variables = serde_json::to_value(&request.variables).unwrap();
                log.lock().unwrap().push((name.to_owned(), request.query.clone(), variables.clone()));
                let answer = served.answer(&request.query, variables);
                Box::pin(async move { serde_json::from_value(answer).unwrap() })
            },
            |_| futures::stream::empty().boxed(),
        )
    }

    fn schema(&self) -> Valid<Schema> {
        let parse = |text: &str| {
            let text = format!("{DIRECTIVES}{}{text}", self.sdl);
            let built = Schema::builder().adopt_orphan_extensions().parse(text, self.name).build();
            built.unwrap_or_else(|error| panic!("{}: {error}", self.name))
        };
        let types = parse("").types;
        // A key that others may not use (`resolvable: false`) is one that the subgraph itself may come back by.
        let is_entity = |ty: &&ExtendedType| ty.is_object() && ty.directives().has("key");
        let entities: Vec<&str> = types.values().filter(is_entity).map(|ty| ty.name().as_str()).collect();
        let query = if types.contains_key("Query") { "extend type Query" } else { "type Query" };
        let field = "_entities(representations: [_Any!]!): [_Entity]!";
        let schema = match entities.as_slice() {
            [] => parse(""),
            all => parse(&format!(" union _Entity = {} {query} {{ {field} }}", all.join(" | "))),
        };
        schema.validate().unwrap_or_else(|error| panic!("{}: {}", self.name, error.errors))
    }
}

struct Served {
    schema: Valid<Schema>,
    data: Value,
}

impl Served {
    fn answer(&self, query: &str, variables: Value) -> Value {
        let refused = |message: String| json!({ "data": null, "errors": [{ "message": message }] });
        let document = match ExecutableDocument::parse_and_validate(&self.schema, query, "query") {
            Ok(document) => document,
            Err(error) => return refused(error.errors.to_string()),
        };
        let operation = document.operations.iter().next().unwrap();
        let Value::Object(variables) = variables else { panic!("variables are an object") };
        let variables: JsonMap =
            variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        let name = operation.object_type().to_string();
        let fields = self.data.get(&name).and_then(Value::as_object).cloned().unwrap_or_default();
        let root = Object { served: self, name, fields, representation: Map::new() };
        let execution = Execution::new(&self.schema, &document).raw_variable_values(&variables);
        match execution.execute_sync(&root) {
            Ok(response) => serde_json::to_value(response).unwrap(),
            Err(error) => refused(error.message().to_string()),
        }
    }

    /// The entity that a representation stands for.
    fn entity(&self, representation: &Map<String, Value>) -> Option<Object<'_>> {
        let name = representation["__typename"].as_str()?;
        let is_one = |of: &str| of == name || self.schema.is_subtype(name, of);
        let lists = self.data.as_object()?.iter().filter(|(of, _)| is_one(of));
        let known =
            lists.flat_map(|(of, list)| list.as_array().into_iter().flatten().map(move |one| (of, one)));
        let (of, found) = known.into_iter().find(|(_, one)| {
            let same = |(key, value): (&String, &Value)| one.get(key).map(|known| known == value);
            let mut compared = representation.iter().filter_map(same).peekable();
            compared.peek().is_some() && compared.all(|is_same| is_same)
        })?;
        let fields = found.as_object()?.clone();
        let name = fields.get("__typename").and_then(Value::as_str).unwrap_or(of).to_owned();
        Some(Object { served: self, name, fields, representation: representation.clone() })
    }
}

struct Object<'a> {
    served: &'a Served,
    name: String,
    fields: Map<String, Value>,
    representation: Map<String, Value>,
}

impl ObjectValue for Object<'_> {
    fn type_name(&self) -> &str {
        &self.name
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        if info.field_name() == "_entities" {
            let arguments = serde_json::to_value(info.arguments()).unwrap();
            let list = arguments["representations"].as_array().cloned().unwrap_or_default();
            let entities = list.into_iter().map(|one| {
                Ok(ResolvedValue::nullable_object(one.as_object().and_then(|one| self.served.entity(one))))
            });
            return Ok(ResolvedValue::List(Box::new(entities)));
        }
        let name = info.field_name();
        let with_arguments = format!("{name}{}", serde_json::to_string(info.arguments()).unwrap());
        let value = self.fields.get(&with_arguments).or_else(|| self.fields.get(name));
        let value = value.or_else(|| self.representation.get(name)).cloned().unwrap_or_default();
        self.resolve(value, info)
    }
}

impl Object<'_> {
    fn resolve<'a>(
        &'a self,
        value: Value,
        info: &'a ResolveInfo<'a>,
    ) -> Result<ResolvedValue<'a>, FieldError> {
        let declared = info.field_definition().ty.inner_named_type();
        match value {
            Value::Object(map) if map.contains_key("error") => {
                Err(FieldError { message: map["error"].as_str().unwrap_or_default().to_owned() })
            }
            Value::Object(fields) => {
                let said = fields.get("__typename").and_then(Value::as_str);
                let name = said.unwrap_or(declared).to_owned();
                let (served, representation) = (self.served, Map::new());
                Ok(ResolvedValue::object(Object { served, name, fields, representation }))
            }
            Value::Array(list) => {
                let elements = list.into_iter().map(|element| self.resolve(element, info));
                Ok(ResolvedValue::List(Box::new(elements)))
            }
            Value::String(text) if text.starts_with('=') => {
                let required = self.representation.get(&text[1..]).cloned().unwrap_or_default();
                Ok(ResolvedValue::leaf(required.to_string()))
            }
            leaf => Ok(ResolvedValue::leaf(leaf)),
        }
    }
}
