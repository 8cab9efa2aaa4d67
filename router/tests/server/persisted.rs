//! Documents that are named instead of sent.

use std::path::{Path, PathBuf};
use std::time::Duration;

use router::{Config, TrustedDocuments};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::toys::{App, code, config};
use crate::websocket::Socket;

const NEW: &str = "application/graphql-response+json";

pub fn sha256(document: &str) -> String {
    Sha256::digest(document).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The extension that names a hash.
fn named(hash: &str) -> Value {
    json!({"persistedQuery": {"version": 1, "sha256Hash": hash}})
}

async fn post(app: &App, body: Value) -> (u16, Value) {
    app.send(app.client.post(app.url("/graphql")).json(&body).header("accept", NEW)).await
}

/// A folder of one test, removed with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("router-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    /// Writes a file as tools do that replace it at once.
    fn write(&self, text: &str) -> PathBuf {
        let (new, file) = (self.0.join("new"), self.0.join("manifest.json"));
        std::fs::write(&new, text).unwrap();
        std::fs::rename(new, &file).unwrap();
        file
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn trusting(mode: TrustedDocuments, manifest: &Path) -> Config {
    let mut settings = config();
    settings.persisted.trusted = mode;
    settings.persisted.manifest = Some(manifest.to_owned());
    settings.persisted.manifest_poll_ms = 100;
    settings
}

#[tokio::test]
async fn a_document_is_sent_once_and_named_from_then_on() {
    let app = App::start().await;
    let document = "query Sum($of: [Int!]!) { sum(of: $of) }";
    let hash = sha256(document);
    let variables = json!({"of": [1, 2]});
    let (status, answer) = post(&app, json!({"extensions": named(&hash), "variables": variables})).await;
    assert_eq!((status, code(&answer)), (400, "PERSISTED_QUERY_NOT_FOUND"));
    assert_eq!(answer["errors"][0]["message"], "PersistedQueryNotFound");
    let sum = (200, json!({"data": {"sum": 3}}));
    let with_text = json!({"query": document, "extensions": named(&hash), "variables": variables});
    assert_eq!(post(&app, with_text).await, sum);
    for without in [
        json!({"extensions": named(&hash), "variables": variables}),
        json!({"query": null, "extensions": named(&hash.to_uppercase()), "variables": variables}),
        json!({"query": "", "extensions": named(&hash), "variables": variables}),
    ] {
        assert_eq!(post(&app, without).await, sum);
    }
    let by_get = app.client.get(app.url("/graphql")).header("accept", NEW).header("x-innoerp-csrf", "1");
    let (extensions, variables) = (named(&hash).to_string(), variables.to_string());
    assert_eq!(app.send(by_get.query(&[("extensions", extensions), ("variables", variables)])).await, sum);
}

#[tokio::test]
async fn the_old_media_type_is_told_with_200_as_its_clients_expect() {
    let app = App::start().await;
    let body = json!({"extensions": named(&sha256("{ hello }"))});
    let (status, answer) = app.send(app.client.post(app.url("/graphql")).json(&body)).await;
    assert_eq!((status, code(&answer)), (200, "PERSISTED_QUERY_NOT_FOUND"));
}

#[tokio::test]
async fn nobody_can_put_another_text_under_a_hash() {
    let app = App::start().await;
    let hash = sha256("{ hello }");
    let body = json!({"query": "{ __typename }", "extensions": named(&hash)});
    let (status, answer) = post(&app, body).await;
    assert_eq!((status, code(&answer)), (400, "PERSISTED_QUERY_HASH_MISMATCH"));
    let (_, answer) = post(&app, json!({"extensions": named(&hash)})).await;
    assert_eq!(code(&answer), "PERSISTED_QUERY_NOT_FOUND");
}

#[tokio::test]
async fn what_cannot_run_is_not_kept() {
    let app = App::start().await;
    for (document, expected) in
        [("{ helo }".to_owned(), "GRAPHQL_VALIDATION_FAILED"), ("{a".repeat(100), "NESTED_TOO_DEEP")]
    {
        let body = json!({"query": document, "extensions": named(&sha256(&document))});
        assert_eq!(code(&post(&app, body).await.1), expected);
        let (_, answer) = post(&app, json!({"extensions": named(&sha256(&document))})).await;
        assert_eq!(code(&answer), "PERSISTED_QUERY_NOT_FOUND");
    }
}

#[tokio::test]
async fn a_named_document_is_held_to_the_view_of_whoever_names_it() {
    let app = App::start().await;
    let (one, other) = (app.tenants.log_in(), app.tenants.log_in());
    app.tenants.enable(&other, &["user"]);
    let hash = sha256("{ leaveDays }");
    let ask = async |token: &str, body: Value| {
        app.send(app.client.post(app.url("/graphql")).json(&body).bearer_auth(token)).await.1
    };
    let full = json!({"query": "{ leaveDays }", "extensions": named(&hash)});
    assert_eq!(ask(&one, full).await["data"]["leaveDays"], 20);
    assert_eq!(ask(&one, json!({"extensions": named(&hash)})).await["data"]["leaveDays"], 20);
    assert_eq!(code(&ask(&other, json!({"extensions": named(&hash)})).await), "GRAPHQL_VALIDATION_FAILED");
}

#[tokio::test]
async fn malformed_names_are_bad_requests() {
    let app = App::start().await;
    for extensions in [
        json!({"persistedQuery": null}),
        json!({"persistedQuery": 1}),
        json!({"persistedQuery": {"version": 2, "sha256Hash": sha256("")}}),
        json!({"persistedQuery": {"version": 1}}),
        json!({"persistedQuery": {"version": 1, "sha256Hash": "abc"}}),
        json!({"persistedQuery": {"version": 1, "sha256Hash": "../../etc/passwd"}}),
    ] {
        let (status, answer) = post(&app, json!({"extensions": extensions})).await;
        assert_eq!((status, code(&answer)), (400, "BAD_REQUEST"), "{extensions}");
    }
    let both = json!({"query": "{ hello }", "documentId": "a"});
    assert_eq!(post(&app, both).await.0, 400);
}

#[tokio::test]
async fn where_nothing_is_kept_clients_are_told_so() {
    let mut settings = config();
    settings.persisted.automatic = false;
    let app = App::start_with(settings).await;
    let hash = sha256("{ hello }");
    assert_eq!(post(&app, json!({"query": "{ hello }", "extensions": named(&hash)})).await.0, 200);
    let (_, answer) = post(&app, json!({"extensions": named(&hash)})).await;
    assert_eq!(code(&answer), "PERSISTED_QUERY_NOT_SUPPORTED");
}

#[tokio::test]
async fn what_is_kept_is_bounded() {
    let mut settings = config();
    settings.persisted.automatic_bytes_max = 65_536;
    let app = App::start_with(settings).await;
    let document = |i: usize| format!("{{ hello }} # {i} {}", "x".repeat(4_000));
    for i in 0..40 {
        let document = document(i);
        let body = json!({"query": document, "extensions": named(&sha256(&document))});
        assert_eq!(post(&app, body).await.0, 200);
    }
    let mut kept = 0;
    for i in 0..40 {
        kept += usize::from(post(&app, json!({"extensions": named(&sha256(&document(i)))})).await.0 == 200);
    }
    assert!((1..=16).contains(&kept), "{kept}");
}

#[tokio::test]
async fn trusted_documents_are_named_by_their_id() {
    let folder = Folder::new();
    let hash = sha256("{ hello }");
    let manifest = folder.write(&json!({"greet": "{ hello }", hash.as_str(): "{ hello }"}).to_string());
    let app = App::start_with(trusting(TrustedDocuments::Allow, &manifest)).await;
    let greeting = (200, json!({"data": {"hello": "world"}}));
    for named in [
        json!({"documentId": "greet"}),
        json!({"documentId": format!("sha256:{hash}")}),
        json!({"extensions": named(&hash)}),
        json!({"query": "{ hello }"}),
    ] {
        assert_eq!(post(&app, named.clone()).await, greeting, "{named}");
    }
    let by_get = app.client.get(app.url("/graphql")).header("accept", NEW).header("x-innoerp-csrf", "1");
    assert_eq!(app.send(by_get.query(&[("documentId", "greet")])).await, greeting);
    let (status, answer) = post(&app, json!({"documentId": "other"})).await;
    assert_eq!((status, code(&answer)), (400, "PERSISTED_QUERY_NOT_IN_LIST"));
    let mut socket = Socket::begin(&app, json!({})).await;
    socket.say(json!({"type": "subscribe", "id": "1", "payload": {"documentId": "greet"}})).await;
    assert_eq!(socket.hear().await["payload"], greeting.1);
}

#[tokio::test]
async fn only_trusted_documents_means_no_others() {
    let folder = Folder::new();
    let manifest = json!({"format": "apollo-persisted-query-manifest", "version": 1, "operations": [
        {"id": "greet", "name": "Greet", "type": "query", "body": "query Greet { hello }"},
    ]});
    let manifest = folder.write(&manifest.to_string());
    let app = App::start_with(trusting(TrustedDocuments::Only, &manifest)).await;
    let (status, answer) = post(&app, json!({"documentId": "greet"})).await;
    assert_eq!((status, answer), (200, json!({"data": {"hello": "world"}})));
    let (text, hash) = ("{ hello }", sha256("{ hello }"));
    for refused in [
        json!({"query": text}),
        json!({"query": text, "extensions": named(&hash)}),
        json!({"extensions": named(&hash)}),
        json!({"query": "{ __schema { queryType { name } } }"}),
    ] {
        let (status, answer) = post(&app, refused.clone()).await;
        assert_eq!((status, code(&answer)), (400, "QUERY_NOT_IN_SAFELIST"), "{refused}");
    }
    let mut socket = Socket::begin(&app, json!({})).await;
    socket.subscribe("1", "{ hello }").await;
    assert_eq!(socket.hear().await["payload"][0]["extensions"]["code"], "QUERY_NOT_IN_SAFELIST");
    let samples = app.router.metrics();
    assert!(samples.contains("router_trusted_documents 1"), "{samples}");
}

#[tokio::test]
async fn the_list_is_read_again_when_it_changes_and_a_bad_one_changes_nothing() {
    let folder = Folder::new();
    let manifest = folder.write(r#"{"a": "{ hello }"}"#);
    let app = App::start_with(trusting(TrustedDocuments::Only, &manifest)).await;
    let answers = async |id: &str| post(&app, json!({"documentId": id})).await.0 == 200;
    assert!(answers("a").await && !answers("b").await);
    folder.write(r#"{"b": "{ hello }"}"#);
    until(async || answers("b").await).await;
    assert!(!answers("a").await);
    folder.write("nonsense");
    let failed = "router_trusted_documents_reloads_total{result=\"failed\"} 1";
    until(async || app.router.metrics().contains(failed)).await;
    assert!(answers("b").await);
    std::fs::remove_file(&manifest).unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(answers("b").await);
    folder.write(r#"{"c": "{ hello }"}"#);
    until(async || answers("c").await).await;
}

async fn until(is_so: impl AsyncFn() -> bool) {
    for _ in 0..200 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("it never was so");
}

#[tokio::test]
async fn a_router_does_not_start_without_the_list_that_it_is_to_trust() {
    let folder = Folder::new();
    let start = async |settings: Config| {
        let started =
            router::Router::new(settings, crate::toys::sources(), std::sync::Arc::new(router::Open)).await;
        started.err().map(|error| error.to_string()).unwrap_or_default()
    };
    let missing = start(trusting(TrustedDocuments::Only, &folder.0.join("none.json"))).await;
    assert!(missing.contains("none.json"), "{missing}");
    let malformed = start(trusting(TrustedDocuments::Only, &folder.write("[1]"))).await;
    assert!(malformed.contains("manifest.json: neither"), "{malformed}");
    let mut settings = config();
    settings.persisted.trusted = TrustedDocuments::Allow;
    assert!(start(settings).await.contains("persisted.manifest"));
}
