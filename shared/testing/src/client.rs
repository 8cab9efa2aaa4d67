//! Somebody who asks.

use common::Caller;
use serde_json::{Value, json};

use crate::Answer;
use crate::app::{App, Person, context};

/// Somebody who asks.
#[derive(Clone)]
pub struct Client<'a> {
    app: &'a App,
    caller: Caller,
    module: &'static str,
}

impl App {
    /// Somebody to ask as.
    #[must_use]
    pub fn as_(&self, person: &Person) -> Client<'_> {
        Client { app: self, caller: Caller::Member(person.0.clone()), module: self.first_module() }
    }

    /// Nobody, to ask as.
    #[must_use]
    pub fn as_nobody(&self) -> Client<'_> {
        Client { app: self, caller: Caller::Anonymous, module: self.first_module() }
    }
}

impl Client<'_> {
    /// Asks this module from now on.
    #[must_use]
    pub fn on(mut self, module: &'static str) -> Self {
        self.module = module;
        self
    }

    /// Runs an operation.
    pub async fn run(&self, query: &str) -> Answer {
        self.run_with(query, json!({})).await
    }

    /// Runs an operation with variables.
    pub async fn run_with(&self, query: &str, variables: Value) -> Answer {
        let request = async_graphql::Request::new(query)
            .variables(async_graphql::Variables::from_json(variables))
            .data(context(self.caller.clone()));
        let response = self.app.executable(self.module).execute(request).await;
        Answer(serde_json::to_value(response).unwrap())
    }

    /// Creates one of a noun, such as `department`, by the mutation that it has for that; answers its id.
    #[track_caller]
    pub fn create(&self, noun: &str, input: Value) -> impl Future<Output = String> {
        let mutation = format!("{noun}Create");
        async move {
            let created = self.mutate(&mutation, noun, json!({ "input": input })).await.ok();
            let id = &created[&mutation][noun]["id"];
            id.as_str().unwrap_or_else(|| panic!("no id: {created}")).to_owned()
        }
    }

    /// Tries to create one of a noun.
    pub async fn try_create(&self, noun: &str, input: Value) -> Answer {
        self.mutate(&format!("{noun}Create"), noun, json!({ "input": input })).await
    }

    /// Changes one of a noun from the version that it has now, unless `input` names another.
    pub async fn update(&self, noun: &str, id: &str, mut input: Value) -> Answer {
        if input.get("version").is_none() {
            let query = format!("query($id: ID!) {{ {noun}(id: $id) {{ version }} }}");
            let now = self.run_with(&query, json!({ "id": id })).await;
            // Of what is not there, or not to be seen, any version will do.
            input["version"] = json!(now.0["data"][noun]["version"].as_i64().unwrap_or(1));
        }
        self.mutate(&format!("{noun}Update"), noun, json!({ "id": id, "input": input })).await
    }

    /// Does something with one of a noun that takes its id alone, such as `Archive`.
    pub async fn act(&self, noun: &str, verb: &str, id: &str) -> Answer {
        self.mutate(&format!("{noun}{verb}"), noun, json!({ "id": id })).await
    }

    /// Runs a mutation with its arguments `id`, `input` and `idempotencyKey`, as far as they are given; answers the
    /// noun's id and the refusals.
    pub async fn mutate(&self, mutation: &str, noun: &str, arguments: Value) -> Answer {
        let input_type = format!("{}{}Input!", mutation[..1].to_uppercase(), &mutation[1..]);
        let kind = |argument: &str| match argument {
            "input" => input_type.clone(),
            "idempotencyKey" => "ID".to_owned(),
            _ => "ID!".to_owned(),
        };
        let names: Vec<&String> = arguments.as_object().unwrap().keys().collect();
        let declared: Vec<_> = names.iter().map(|name| format!("${name}: {}", kind(name))).collect();
        let passed: Vec<_> = names.iter().map(|name| format!("{name}: ${name}")).collect();
        let document = format!(
            "mutation({}) {{ {mutation}({}) {{ {noun} {{ id }} userErrors {{ field code message }} }} }}",
            declared.join(", "),
            passed.join(", ")
        );
        self.run_with(&document, arguments).await
    }

    /// Uploads a file, and answers its receipt. The tenant module must be running.
    #[track_caller]
    pub fn upload(&self, name: &str, bytes: &[u8]) -> impl Future<Output = String> {
        let (tenant, bytes) = (self.clone().on("tenant"), bytes.to_owned());
        let name = name.to_owned();
        async move {
            let url = tenant.begin_upload(&name, bytes.len()).await;
            let (status, _, body) = self.app.http("PUT", &url, bytes).await;
            assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
            let answer: Value = serde_json::from_slice(&body).unwrap();
            answer["receipt"].as_str().unwrap().to_owned()
        }
    }

    /// Begins an upload, and answers where the bytes are to be put.
    pub async fn begin_upload(&self, name: &str, size: usize) -> String {
        let document = "mutation($input: FileUploadInput!) { fileUpload(input: $input) { upload { url } userErrors { code } } }";
        let input = json!({ "input": { "name": name, "size": size } });
        let begun = self.clone().on("tenant").run_with(document, input).await.ok();
        let url = begun["fileUpload"]["upload"]["url"].as_str();
        url.unwrap_or_else(|| panic!("no upload: {begun}")).to_owned()
    }

    /// Subscribes; the stream yields an answer per event.
    #[must_use]
    pub fn subscribe(&self, query: &str) -> futures::stream::BoxStream<'static, Answer> {
        use futures::StreamExt as _;
        let request = async_graphql::Request::new(query).data(context(self.caller.clone()));
        let stream = self.app.executable(self.module).stream(request);
        stream.map(|response| Answer(serde_json::to_value(response).unwrap())).boxed()
    }
}
