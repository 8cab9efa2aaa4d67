//! What clients are told of the errors that subgraphs of somebody else report.

use serde_json::{Value, json};

use crate::program::{Folder, Router};
use crate::shop::{self, Served};

const MESSAGE: &str = "no row in orders at db.internal";

/// The error that a failure with this code becomes.
async fn told(router: &Router, code: Option<&str>) -> Value {
    let code = code.map(|code| format!("(code: {code:?})")).unwrap_or_default();
    let mut answer = router.ask(&format!("{{ failing{code} }}")).await;
    assert_eq!(answer["errors"][0]["path"], json!(["failing"]), "{answer}");
    answer["errors"][0].take()
}

async fn start(folder: &Folder, products: &Served, file: &str) -> Router {
    folder.write("router.yaml", &file.replace("URL", &products.url()));
    Router::start(folder, &["--config", "router.yaml"]).await
}

fn as_it_was(code: &str) -> Value {
    let extensions = json!({ "code": code, "stacktrace": "at pay (/srv/pay.js:7)" });
    json!({ "message": MESSAGE, "path": ["failing"], "extensions": extensions })
}

/// In its own words, without what only its subgraph knows the meaning of.
fn known(code: &str) -> Value {
    json!({ "message": MESSAGE, "path": ["failing"], "extensions": { "code": code } })
}

fn masked(code: &str) -> Value {
    let message = if code == "INTERNAL" { "internal error" } else { "a service reported an error" };
    json!({ "message": message, "path": ["failing"], "extensions": { "code": code } })
}

/// What developers are told besides: whose it is.
fn named(mut error: Value, subgraph: &str) -> Value {
    error["extensions"]["serviceName"] = subgraph.into();
    error
}

#[tokio::test]
async fn in_production_only_errors_with_a_known_code_keep_their_words() {
    let (folder, products) = (Folder::new(), shop::products().await);
    let file = "profile: production\nsubgraph_poll_ms: 100\nrate: { anonymous_per_s: 0 }\nsubgraphs: [{ name: products, url: 'URL' }]\n";
    let router = start(&folder, &products, file).await;
    assert_eq!(told(&router, None).await, masked("INTERNAL"));
    assert_eq!(told(&router, Some("OUT_OF_STOCK")).await, masked("OUT_OF_STOCK"));
    assert_eq!(told(&router, Some("INTERNAL_SERVER_ERROR")).await, masked("INTERNAL_SERVER_ERROR"));
    assert_eq!(told(&router, Some("FORBIDDEN")).await, known("FORBIDDEN"));

    // The profile decides while it runs, too.
    folder.write("router.yaml", &file.replace("production", "development").replace("URL", &products.url()));
    for _ in 0..400 {
        if told(&router, None).await == named(as_it_was("INTERNAL"), "products") {
            return router.stop().await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("never: {}", told(&router, None).await);
}

#[tokio::test]
async fn settings_say_for_all_subgraphs_or_one_what_is_shown() {
    let (folder, products) = (Folder::new(), shop::products().await);
    let listed = "subgraph_errors: { known_codes: [OUT_OF_STOCK] }\n";
    let one = |errors: &str| format!("subgraphs: [{{ name: products, url: 'URL'{errors} }}]\n");
    for (file, shown, hidden) in [
        (format!("profile: production\n{listed}{}", one("")), Some("OUT_OF_STOCK"), Some("SOLD_OUT")),
        (format!("profile: production\n{listed}{}", one(", errors: {}")), None, Some("OUT_OF_STOCK")),
        (
            format!("profile: production\n{listed}{}", one(", errors: { masked: false }")),
            Some("SOLD_OUT"),
            None,
        ),
        (
            "profile: production\nsubgraph_errors: { known_codes: [SOLD_OUT], known_extensions: [stacktrace] }\n"
                .to_owned()
                + &one(""),
            Some("SOLD_OUT"),
            None,
        ),
        (format!("profile: development\n{}", one("")), Some("SOLD_OUT"), None),
        (format!("profile: development\n{}", one(", errors: { masked: true }")), None, Some("SOLD_OUT")),
    ] {
        let router = start(&folder, &products, &file).await;
        let is_named = file.contains("development");
        let seen = |error: Value| if is_named { named(error, "products") } else { error };
        if let Some(code) = shown {
            let expected = if code == "OUT_OF_STOCK" { known(code) } else { as_it_was(code) };
            assert_eq!(told(&router, Some(code)).await, seen(expected), "{file}");
        }
        if let Some(code) = hidden {
            assert_eq!(told(&router, Some(code)).await, seen(masked(code)), "{file}");
        }
        router.stop().await;
    }
    // A supergraph that is ready, without a file of settings.
    let supergraph = shop::supergraph(&products.url(), "http://127.0.0.1:1/").replace(
        "  bestReviewed",
        "  failing(code: String): Int @join__field(graph: PRODUCTS)\n  bestReviewed",
    );
    folder.write("supergraph.graphql", &supergraph);
    let to_developers = named(as_it_was("SOLD_OUT"), "Products-1");
    for (profile, expected) in [("production", masked("SOLD_OUT")), ("development", to_developers)] {
        let router =
            Router::start(&folder, &["--supergraph", "supergraph.graphql", "--profile", profile]).await;
        assert_eq!(told(&router, Some("SOLD_OUT")).await, expected);
        router.stop().await;
    }
}
