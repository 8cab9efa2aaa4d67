//! `innoerp router --config FILE`.

use std::path::Path;

use serde_json::{Value, json};

use crate::program::{Folder, Router, command, complaint};
use crate::shop;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

#[tokio::test]
async fn subgraphs_are_composed_as_the_file_says() {
    let (folder, products, reviews) = (Folder::new(), shop::products().await, shop::reviews().await);
    folder.write("reviews.graphql", &reviews.sdl);
    let file = format!(
        "profile: development\n\
         subgraphs:\n\
         - name: products\n\
        \x20 url: {}\n\
        \x20 forward_headers: [accept-language]\n\
         - name: reviews\n\
        \x20 url: {}\n\
        \x20 schema: {{ file: reviews.graphql }}\n\
        \x20 headers: {{ x-api-key: 'key-${{REVIEWS_KEY:-7}}' }}\n",
        products.url(),
        reviews.url(),
    );
    folder.write("router.yaml", &file);
    let router = Router::start(&folder, &["--config", "router.yaml"]).await;
    let asked = router.question("{ products { name stars } }").bearer_auth("a.b.c");
    let asked = asked.header("accept-language", "de").header("x-request-id", "request-7");
    let answer: Value = asked.send().await.unwrap().json().await.unwrap();
    let table = json!({ "name": "The table", "stars": 5 });
    assert_eq!(answer["data"]["products"][0], table, "{answer}");

    let seen = products.last_headers();
    assert_eq!(seen["accept-language"], "de");
    assert!(!seen.contains_key("authorization") && !seen.contains_key("x-request-id"), "{seen:?}");
    let seen = reviews.last_headers();
    assert_eq!(
        (&seen["x-api-key"], &seen["authorization"]),
        (&"key-7".parse().unwrap(), &"Bearer a.b.c".parse().unwrap())
    );
    assert_eq!(seen["x-request-id"], "request-7");
    assert!(seen.keys().all(|name| !name.as_str().starts_with("x-innoerp")), "{seen:?}");
    let events = router.subscribe("subscription { priceChanged { upc stars } }").await;
    assert_eq!(events[0], json!({ "data": { "priceChanged": { "upc": "couch", "stars": 3 } } }));
    router.stop().await;
}

#[tokio::test]
async fn a_ready_supergraph_takes_settings_for_some_of_its_subgraphs() {
    let (folder, products, reviews) = (Folder::new(), shop::products().await, shop::reviews().await);
    folder.write("supergraph.graphql", &shop::supergraph(&products.url(), "http://127.0.0.1:1/"));
    let file = format!(
        "profile: development\nsupergraph: supergraph.graphql\nsubgraphs:\n- name: reviews\n  url: {}\n\
         - name: Products-1\n  subscription_protocol: none\n",
        reviews.url()
    );
    folder.write("router.yaml", &file);
    let router = Router::start(&folder, &["--config", "router.yaml"]).await;
    assert_eq!(router.ask("{ bestReviewed { name stars } }").await["data"]["bestReviewed"]["stars"], 5);
    let events = router.subscribe("subscription { priceChanged { upc } }").await;
    assert_eq!(events[0]["errors"][0]["extensions"]["code"], "DEPENDENCY_UNAVAILABLE", "{events:?}");
    router.stop().await;
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_with_its_line() {
    let folder = Folder::new();
    folder.write(
        "router.yaml",
        "subgraph:\n- name: a\nsubgraphs:\n- name: products\n  url: ${NOWHERE:-http://127.0.0.1:1}\n  timeout: 5\n\
         limits:\n  depth_max: 1000\ntenancy: opn\n",
    );
    let said = complaint(&folder, &["--config", "router.yaml"]).await;
    let expected = "innoerp: router.yaml: line 1: unknown key `subgraph`; did you mean `subgraphs`?\n\
                    router.yaml: line 6: unknown key `timeout` in `subgraphs[0]`; did you mean `timeout_ms`?\n\
                    router.yaml: line 8: `limits.depth_max` is 1000; it must lie between 1 and 64\n\
                    router.yaml: line 9: `tenancy` is `opn`; it must be `open` or `innoerp` or a section `jwt`; \
                    did you mean `open`?";
    assert_eq!(said, expected);
    for (file, expected) in [
        ("subgraphs: ${MISSING}", "line 1: the environment variable MISSING is not set"),
        ("listen: 127.0.0.1:0", "the file names neither `subgraphs` nor a `supergraph`"),
        ("supergraph: gone.graphql", "line 1: `supergraph`: there is no file gone.graphql"),
        (
            "subgraphs:\n- {name: a, url: 'ftp://a'}",
            "line 2: `subgraphs[0].url`: it must be one of http or https",
        ),
        ("subgraphs:\n- {name: a}", "line 2: `subgraphs[0].url`: the subgraph `a` lacks one"),
        (
            "subgraphs:\n- {name: a-1, url: 'http://a'}\n- {name: a-1, url: 'http://a'}",
            "line 3: `subgraphs[1].name`: there are two subgraphs `a-1`",
        ),
        ("subgraphs:\n- {name: 1a, url: 'http://a'}", "line 2: `subgraphs[0].name`: `1a` is no name"),
        (
            "subgraphs:\n- {name: a, url: 'http://a', forward_headers: [host]}",
            "`host` belongs to each connection",
        ),
        (
            "subgraphs:\n- {name: a, url: 'http://a', forward_headers: [x-innoerp-user]}",
            "`x-innoerp-user` is dropped",
        ),
        ("subgraphs:\n- {name: a, url: 'http://a', headers: {'a b': c}}", "`a b` is no header's name"),
        ("subgraphs:\n- {name: a, url: 'http://a', schema: {file: b.graphql}}", "there is no file b.graphql"),
        (
            "subgraphs:\n- {name: a, url: 'http://a', subscription_protocol: sse, websocket_url: 'ws://a'}",
            "`subscription_protocol` says that it takes no WebSockets",
        ),
        (
            "subgraphs:\n- {name: a, url: 'http://a', websocket_url: 'http://a'}",
            "it must be one of ws or wss",
        ),
    ] {
        folder.write("router.yaml", file);
        let said = complaint(&folder, &["--config", "router.yaml"]).await;
        assert!(said.contains(expected) && said.starts_with("innoerp: router.yaml: "), "{file}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[tokio::test]
async fn the_example_is_right_and_the_schema_is_printed() {
    let folder = Folder::new();
    let example = root().join("examples/router.yaml");
    let check = ["--config", example.to_str().unwrap(), "--check"];
    let checked = command(&folder, &check).stdout(std::process::Stdio::piped()).output().await.unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    let said = String::from_utf8(checked.stdout).unwrap();
    assert!(
        said.starts_with("Nothing is wrong with it.") && said.ends_with(": products, reviews.\n"),
        "{said}"
    );

    let printed =
        command(&folder, &["--print-schema"]).stdout(std::process::Stdio::piped()).output().await.unwrap();
    let committed = std::fs::read(root().join("schema/router.schema.json")).unwrap();
    assert!(printed.stdout == committed, "run `make sdl` and commit schema/");
}
