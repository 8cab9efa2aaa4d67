//! `innoerp router … --check`, and what the program says of files that it cannot use.

use std::process::Stdio;

use serde_json::json;

use crate::program::{Folder, command, complaint};
use crate::shop;
use crate::tokens::Pair;

/// What a check says that finds nothing wrong.
async fn checked(folder: &Folder, arguments: &[&str]) -> String {
    let arguments = [arguments, &["--check"]].concat();
    let ended = command(folder, &arguments).stdout(Stdio::piped()).output().await.unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    String::from_utf8(ended.stdout).unwrap()
}

const PRODUCTS: &str =
    "type Query { products: [Product!]! }\ntype Product @key(fields: \"upc\") { upc: ID! }\n";
const REVIEWS: &str = "extend type Product @key(fields: \"upc\") { upc: ID! @external stars: Int }\n";

/// A file with two subgraphs, whose schemas are in files unless they are to be asked.
fn two(reviews_schema: &str) -> String {
    format!(
        "subgraphs:\n- {{ name: products, url: 'http://127.0.0.1:1', schema: {{ file: products.graphql }} }}\n\
         - {{ name: reviews, url: 'http://127.0.0.1:1', schema: {reviews_schema} }}\n"
    )
}

#[tokio::test]
async fn a_check_reads_and_composes_what_is_in_files() {
    let folder = Folder::new();
    folder.write("products.graphql", PRODUCTS);
    folder.write("reviews.graphql", REVIEWS);
    folder.write("router.yaml", &two("{ file: reviews.graphql }"));
    assert_eq!(checked(&folder, &["--config", "router.yaml"]).await, "Nothing is wrong with it.\n");

    for (file, sdl, expected) in [
        ("reviews.graphql", "extend type Product {", "reviews.graphql: line 1, column 22: syntax error"),
        ("reviews.graphql", "type Product { upc: Int }", "FIELD_TYPE_MISMATCH: "),
        ("products.graphql", "type Product { upc: ID! }", "NO_QUERIES: "),
    ] {
        folder.write("products.graphql", PRODUCTS);
        folder.write("reviews.graphql", REVIEWS);
        folder.write(file, sdl);
        let said = complaint(&folder, &["--config", "router.yaml", "--check"]).await;
        assert!(said.contains("the subgraphs do not compose") && said.contains(expected), "{sdl}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    folder.write("products.graphql", PRODUCTS);
    folder.write(
        "router.yaml",
        "persisted: { trusted: only, manifest: products.graphql }\nsupergraph: a.graphql",
    );
    folder.write("a.graphql", &shop::supergraph("http://127.0.0.1:1/", "http://127.0.0.1:1/"));
    let said = complaint(&folder, &["--config", "router.yaml", "--check"]).await;
    assert!(said.contains("the trusted documents cannot be read"), "{said}");
}

#[tokio::test]
async fn a_check_says_which_schemas_it_did_not_look_at_and_still_reads_the_others() {
    let folder = Folder::new();
    folder.write("products.graphql", PRODUCTS);
    folder.write("router.yaml", &two("service"));
    let said = checked(&folder, &["--config", "router.yaml"]).await;
    assert!(said.starts_with("Nothing is wrong with it. --check asks no subgraph"), "{said}");
    assert!(said.ends_with(": reviews.\n"), "{said}");
    folder.write("products.graphql", "type Query { products: [Product!]! ");
    let said = complaint(&folder, &["--config", "router.yaml", "--check"]).await;
    assert!(said.contains("[products] ") && said.contains("products.graphql: line 1, column "), "{said}");
}

#[tokio::test]
async fn a_ready_supergraph_is_checked_with_and_without_settings() {
    let folder = Folder::new();
    folder.write("shop.graphql", &shop::supergraph("http://127.0.0.1:1/", "http://127.0.0.1:1/"));
    folder.write("router.yaml", "supergraph: shop.graphql\n");
    for arguments in [["--supergraph", "shop.graphql"], ["--config", "router.yaml"]] {
        assert_eq!(checked(&folder, &arguments).await, "Nothing is wrong with it.\n");
    }
    let good = std::fs::read_to_string(folder.path("shop.graphql")).unwrap();
    for (sdl, expected) in [
        ("nonsense\n".repeat(5_000), "line 1, column 1: syntax error"),
        (format!("type Query {{ {}", "?".repeat(100_000)), "line 1, column 14: syntax error"),
        (good.replace("stars: Int!", "stars: Stars!"), "line "),
        ("type Query { me: ID }".to_owned(), "it names no subgraph by @join__graph"),
    ] {
        folder.write("shop.graphql", &sdl);
        for arguments in [["--supergraph", "shop.graphql"], ["--config", "router.yaml"]] {
            // The same is said by a check and by a start.
            let said = complaint(&folder, &[&arguments[..], &["--check"]].concat()).await;
            assert_eq!(said, complaint(&folder, &arguments).await);
            assert!(said.contains("shop.graphql: the supergraph is not valid: "), "{said}");
            assert!(said.contains(expected) && !said.contains("supergraph.graphql"), "{said}");
            assert!(said.len() < 2_500 && said.lines().count() == 1, "{said}");
        }
    }
}

#[tokio::test]
async fn a_check_reads_the_keys_that_are_in_files() {
    let folder = Folder::new();
    folder.write("products.graphql", PRODUCTS);
    folder.write("reviews.graphql", REVIEWS);
    let tenancy = "tenancy:\n  jwt:\n    issuers:\n\
                   \x20   - { issuer: 'https://a.example', audience: shop, jwks_url: 'https://127.0.0.1:1/' }\n\
                   \x20   - { issuer: 'https://b.example', audience: shop, jwks_file: keys.json, algorithms: [EdDSA, ES256] }\n";
    folder.write("router.yaml", &(two("{ file: reviews.graphql }") + tenancy));
    let (good, mut encrypts, mut nameless) =
        (Pair::new("a").jwk(), Pair::new("b").jwk(), Pair::new("c").jwk());
    encrypts["use"] = "enc".into();
    nameless.as_object_mut().unwrap().remove("kid");
    let symmetric = json!({ "kty": "oct", "kid": "d", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQ" });
    let coordinate = "A".repeat(64);
    let p384 = json!({ "kty": "EC", "crv": "P-384", "kid": "e", "x": coordinate, "y": coordinate });
    folder.write("keys.json", &json!({ "keys": [&encrypts, &good] }).to_string());
    assert_eq!(checked(&folder, &["--config", "router.yaml"]).await, "Nothing is wrong with it.\n");

    let none = "holds no public key with a `kid`, for signatures by one of the algorithms EdDSA, ES256";
    for (keys, expected) in [
        ("-----BEGIN PUBLIC KEY-----".to_owned(), "is no set of keys as in RFC 7517: "),
        (good.to_string(), "is no set of keys as in RFC 7517: missing field `keys`"),
        (json!({ "keys": [] }).to_string(), none),
        (json!({ "keys": [encrypts, nameless, symmetric, p384] }).to_string(), none),
    ] {
        folder.write("keys.json", &keys);
        let said = complaint(&folder, &["--config", "router.yaml", "--check"]).await;
        let place = "router.yaml: line 8: `tenancy.jwt.issuers[1].jwks_file`: keys.json, with the keys of the issuer \
                     `https://b.example`, ";
        assert!(said.contains(&format!("{place}{expected}")), "{keys}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    let text = std::fs::read_to_string(folder.path("router.yaml")).unwrap();
    folder
        .write("router.yaml", &text.replace("https://b.example", "${X}").replace("keys.json", "'${Y}.json'"));
    folder.write("published.json", r#"{ "keys": [] }"#);
    let mut command = command(&folder, &["--config", "router.yaml", "--check"]);
    let ended = command.env("X", "s3cret-issuer").env("Y", "published").output().await.unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(said.contains("${Y}.json, with the keys of the issuer `${X}`, holds no"), "{said}");
    assert!(!said.contains("s3cret"), "{said}");
}

#[tokio::test]
async fn values_of_variables_are_not_told() {
    let folder = Folder::new();
    for (file, expected) in [
        ("supergraph: ${X}", "line 1: `supergraph`: there is no file ${X}"),
        ("subgraphs:\n- {name: a, url: 'http://a', schema: {file: '${X}'}}", "there is no file ${X}"),
        ("subgraphs:\n- {name: '${X}', url: 'http://a'}", "`${X}` is no name"),
        ("listen: ${X}", "`listen`: ${X} is no address to listen on"),
        ("trusted_proxies: [10.0.0.1, '${X}']", "`trusted_proxies[1]`: ${X} is neither"),
        ("cors_origins: ['${X}']", "`cors_origins` holds ${X};"),
        ("limits: {depth_max: '${N}'}", "`limits.depth_max` is ${N}; it must lie between 1 and 64"),
    ] {
        folder.write("router.yaml", file);
        let mut command = command(&folder, &["--config", "router.yaml", "--check"]);
        let ended = command.env("X", "-s3cret/value").env("N", "987654").output().await.unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert!(!ended.status.success() && said.contains(expected), "{file}: {said}");
        assert!(!said.contains("s3cret") && !said.contains("987654"), "{file}: {said}");
    }
}

#[tokio::test]
async fn each_fault_is_told_by_its_own_name_and_line() {
    let folder = Folder::new();
    for (file, expected) in [
        (
            "cors_origins:\n- https://a.example/\n- https://b.example\n- '*'\nsupergraph: a.graphql",
            &["line 2: `cors_origins` holds https://a.example/;", "line 4: `cors_origins` holds *;"][..],
        ),
        (
            "subgraphs:\n- name: a\n  url: http://a\n  forward_headers: [x-a, host, a b, x-innoerp-a]\n  headers: { te: b }",
            &[
                "line 5: `subgraphs[0].headers`: `te` belongs",
                "line 4: `subgraphs[0].forward_headers`: `host` belongs",
                "line 4: `subgraphs[0].forward_headers`: `a b` is no header's name",
                "line 4: `subgraphs[0].forward_headers`: `x-innoerp-a` is dropped",
            ],
        ),
        (
            "drain_ms: 1\n\nlisten:\n  port: 4000\n",
            &["line 3: `listen` is a section with keys; it must be text"],
        ),
        (
            "drain_ms: 1\nlimits:\n  - depth_max\n",
            &["line 2: `limits` is a list; it must be a section with keys"],
        ),
        ("drain_ms: 1\nprofile:production\nlisten: 127.0.0.1:1\n", &["line 2: a key needs a colon"]),
    ] {
        folder.write("router.yaml", file);
        let said = complaint(&folder, &["--config", "router.yaml"]).await;
        assert_eq!(said.lines().count(), expected.len(), "{said}");
        for expected in expected {
            assert!(said.contains(expected), "{expected}: {said}");
        }
    }
}

#[tokio::test]
async fn what_is_malformed_is_told_apart_from_what_is_not_there() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("folder")).unwrap();
    for (file, expected) in [
        ("supergraph: folder", "line 1: `supergraph`: folder is a directory, not a file"),
        ("subgraphs:\n- {name: a, url: 'http://a', schema: {file: folder}}", "folder is a directory"),
        ("listen: localhost:4000", "line 1: `listen`: localhost:4000 is no address to listen on"),
        (
            "telemetry: {metrics_listen: '9090'}",
            "`telemetry.metrics_listen`: 9090 is no address to listen on",
        ),
        (
            "subgraphs:\n- {name: a, url: 'http://[::1/graphql'}",
            "`subgraphs[0].url`: it is no URL (invalid IPv6 address)",
        ),
        (
            "subgraphs:\n- {name: a, url: 'http://a:port/'}",
            "`subgraphs[0].url`: it is no URL (invalid port number)",
        ),
    ] {
        folder.write("router.yaml", file);
        let said = complaint(&folder, &["--config", "router.yaml"]).await;
        assert!(said.contains(expected), "{file}: {said}");
    }
    let said = complaint(&folder, &["--supergraph", "folder"]).await;
    assert!(said.contains("folder is a directory, not a file"), "{said}");
    let mut command = command(&folder, &["--supergraph", "folder"]);
    let ended = command.env("INNOERP_HOST", "localhost").output().await.unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(said.contains("INNOERP_HOST, or --host, is an IP address"), "{said}");
}
