//! What a token allows, where a schema asks for it.

use serde_json::{Value, json};

use crate::program::{Folder, Router};
use crate::shop;
use crate::tokens::{Keys, Pair, claims};

const ISSUER: &str = "https://id.example.com/";
const QUESTION: &str = "{ products { name stars } }";

#[tokio::test]
async fn scopes_and_policies_come_from_the_claims_that_the_file_names() {
    let (folder, keys, pair) = (Folder::new(), Keys::default(), Pair::new("a"));
    keys.publish([pair.jwk()]);
    let (products, reviews) = (shop::products().await, shop::reviews().await);
    let supergraph = shop::supergraph(&products.url(), &reviews.url())
        .replace("stars: Int! ", "stars: Int @requiresScopes(scopes: [[\"read:stars\", \"all\"]]) ")
        .replace("name: String! ", "name: String @policy(policies: [[\"names\"]]) ");
    folder.write("shop.graphql", &supergraph);
    let file = |claims: &str, url: &str| {
        format!(
            "profile: development\nsupergraph: shop.graphql\ntenancy:\n  jwt:\n    anonymous: true\n    issuers:\n\
             \x20   - issuer: {ISSUER}\n      audience: shop\n      jwks_url: {url}\n{claims}"
        )
    };
    let url = keys.serve().await;
    let seen = async |router: &Router, besides: Option<Value>| {
        let token = besides.map(|besides| pair.sign(&claims(ISSUER, besides)));
        let question = router.question(QUESTION);
        let question = match token {
            Some(token) => question.bearer_auth(token),
            None => question,
        };
        let answer = question.send().await.unwrap();
        let (status, body) = (answer.status().as_u16(), answer.json::<Value>().await.unwrap());
        assert_eq!(status, 200, "{body}");
        let first = &body["data"]["products"][0];
        let codes =
            body["errors"].as_array().into_iter().flatten().map(|error| error["extensions"]["code"].clone());
        (!first["name"].is_null(), !first["stars"].is_null(), codes.collect::<Vec<_>>())
    };
    let refused = json!("UNAUTHORIZED_FIELD_OR_TYPE");

    folder.write("router.yaml", &file("", &url));
    let router = Router::start(&folder, &["--config", "router.yaml"]).await;
    let (no_name, none) = (vec![refused.clone()], vec![refused.clone(), refused.clone()]);
    assert_eq!(seen(&router, None).await, (false, false, none.clone()));
    for (scope, is_granted) in [
        (json!("all read:stars"), true),
        (json!(["read:stars", "all"]), true),
        (json!("read:stars"), false),
        (json!("all  read:stars"), true),
        (json!("all,read:stars"), false),
        (json!("all\u{a0}read:stars"), false),
        (json!("all\tread:stars"), false),
        (json!("all\u{2003}read:stars"), false),
        (json!({ "read:stars": true, "all": true }), false),
        (json!(["read:stars", "all", 7]), false),
    ] {
        let errors = if is_granted { &no_name } else { &none };
        let expected = (false, is_granted, errors.clone());
        assert_eq!(seen(&router, Some(json!({ "scope": scope }))).await, expected, "{scope}");
    }
    let all = json!({ "scope": "read:stars all", "policies": "names" });
    assert_eq!(seen(&router, Some(all)).await, (true, true, vec![]));
    router.stop().await;

    folder.write("router.yaml", &file("      scopes_claim: scp\n      policies_claim: roles\n", &url));
    let router = Router::start(&folder, &["--config", "router.yaml"]).await;
    let usual = json!({ "scope": "read:stars all", "policies": "names" });
    assert_eq!(seen(&router, Some(usual)).await, (false, false, none));
    let named = json!({ "scp": ["read:stars", "all"], "roles": ["names"] });
    assert_eq!(seen(&router, Some(named)).await, (true, true, vec![]));
    router.stop().await;
}
