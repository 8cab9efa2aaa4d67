//! `tenancy: jwt`: callers by the tokens of other issuers.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};

use crate::program::{Folder, Router, complaint};
use crate::shop;
use crate::tokens::{Keys, Pair, claims, unsigned, without};

const ISSUER: &str = "https://id.example.com/";

/// A router over the shop whose callers come from one issuer, with more said of it.
async fn start(folder: &Folder, keys: &Keys, issuer: &str, jwt: &str) -> Router {
    write(folder, keys, issuer, jwt).await;
    Router::start(folder, &["--config", "router.yaml"]).await
}

async fn write(folder: &Folder, keys: &Keys, issuer: &str, jwt: &str) {
    let (products, reviews, url) = (shop::products().await, shop::reviews().await, keys.serve().await);
    let file = format!(
        "profile: production\nsubgraphs:\n- {{ name: products, url: '{}' }}\n\
         - {{ name: reviews, url: '{}', module: opinions }}\n\
         tenancy:\n  jwt:\n    issuers:\n    - issuer: {ISSUER}\n      audience: shop\n      jwks_url: {url}\n{issuer}{jwt}",
        products.url(),
        reviews.url()
    );
    folder.write("router.yaml", &file);
}

/// Status and body of a question under a token.
async fn ask(router: &Router, token: Option<&str>, query: &str) -> (u16, Value) {
    let question = router.question(query);
    let question = match token {
        Some(token) => question.bearer_auth(token),
        None => question,
    };
    let answer = question.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

const QUESTION: &str = "{ products { name stars } }";

#[tokio::test]
async fn a_good_token_is_a_caller_and_every_bad_one_is_the_same_401() {
    let (folder, keys) = (Folder::new(), Keys::default());
    let (pair, stranger) = (Pair::new("a"), Pair::new("a"));
    keys.publish([pair.jwk()]);
    let router =
        start(&folder, &keys, "      token_type: at+jwt\n      required_claims: [scope]\n", "").await;
    let now = chrono::Utc::now().timestamp();
    let good = |besides: Value| {
        let mut claims = claims(ISSUER, json!({ "scope": "all" }));
        for (name, value) in besides.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
    };
    let header = || jsonwebtoken::Header { typ: Some("at+jwt".to_owned()), ..pair.header() };
    let sign = |claims: &Value| pair.sign_as(&header(), claims);

    for claims in [
        good(json!({})),
        good(json!({ "aud": "shop", "nbf": now })),
        // Clocks may be half a minute apart.
        good(json!({ "iat": now - 100, "exp": now - 20 })),
        good(json!({ "iat": now + 20, "nbf": now + 20 })),
    ] {
        let (status, body) = ask(&router, Some(&sign(&claims)), QUESTION).await;
        assert_eq!((status, &body["data"]["products"][0]["stars"]), (200, &json!(5)), "{claims}: {body}");
    }
    // A caller may read the schema in production, somebody anonymous may not even ask.
    assert_eq!(
        ask(&router, Some(&sign(&good(json!({})))), "{ __schema { queryType { name } } }").await.0,
        200
    );

    let typed = jsonwebtoken::Header { typ: Some("JWT".to_owned()), ..pair.header() };
    let no_kid = jsonwebtoken::Header { kid: None, ..header() };
    let other_kid = jsonwebtoken::Header { kid: Some("b".to_owned()), ..header() };
    let critical = jsonwebtoken::Header { crit: Some(vec!["exp".to_owned()]), ..header() };
    let public_key = pair.jwk()["x"].as_str().unwrap().to_owned();
    let hs256 = {
        let header = json!({ "alg": "HS256", "kid": "a", "typ": "at+jwt" });
        hmac_signed(&header, &good(json!({})), public_key.as_bytes())
    };
    let mut tampered = sign(&good(json!({})));
    let at = tampered.find('.').unwrap() + 10;
    tampered.replace_range(at..=at, if &tampered[at..=at] == "A" { "B" } else { "A" });
    let bad = [
        stranger.sign_as(&header(), &good(json!({}))),
        pair.sign_as(&typed, &good(json!({}))),
        pair.sign_as(&no_kid, &good(json!({}))),
        pair.sign_as(&other_kid, &good(json!({}))),
        pair.sign_as(&critical, &good(json!({}))),
        unsigned(&json!({ "alg": "none", "kid": "a", "typ": "at+jwt" }), &good(json!({})), b""),
        hs256,
        tampered,
        sign(&good(json!({ "iss": "https://id.example.com" }))),
        sign(&good(json!({ "iss": 7 }))),
        sign(&good(json!({ "aud": "shops" }))),
        sign(&good(json!({ "aud": [] }))),
        sign(&good(json!({ "sub": "" }))),
        sign(&good(json!({ "sub": 7 }))),
        sign(&good(json!({ "iat": now - 100, "exp": now - 40 }))),
        sign(&good(json!({ "exp": (now + 300).to_string() }))),
        sign(&good(json!({ "exp": now + 90_000 }))),
        sign(&good(json!({ "iat": now + 100 }))),
        sign(&good(json!({ "iat": "now" }))),
        sign(&good(json!({ "nbf": now + 100 }))),
        sign(&good(json!({ "nbf": "later" }))),
        sign(&good(json!({ "scope": null }))),
        sign(&without(good(json!({})), "scope")),
        sign(&without(good(json!({})), "iat")),
        sign(&without(good(json!({})), "exp")),
        sign(&without(good(json!({})), "aud")),
        sign(&without(good(json!({})), "sub")),
        sign(&without(good(json!({})), "iss")),
        "a.b.c".to_owned(),
        "x".repeat(20_000),
    ];
    let mut bodies: Vec<String> = Vec::new();
    for token in bad.iter().map(|token| Some(token.as_str())).chain([None]) {
        let (status, body) = ask(&router, token, QUESTION).await;
        assert_eq!(status, 401, "{token:?}: {body}");
        bodies.push(body.to_string());
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert!(bodies[0].contains("UNAUTHENTICATED"));
    router.stop().await;
}

/// A token whose signature is an HMAC.
fn hmac_signed(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let text = unsigned(header, claims, b"");
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret).unwrap();
    mac.update(text.trim_end_matches('.').as_bytes());
    unsigned(header, claims, &mac.finalize().into_bytes())
}

/// The modulus of an RSA key of 2,048 bits whose private half nobody has; its exponent is 65,537.
const RSA_MODULUS: &str = "\
    xSg_0KLo7BUEM2cFNqCFLHR7Pb-J9uKw9uM_Xvqov-vJk2p7RNr9lnrkcAwvH_VxHSAjVe0GHTfT7pqP6gC_P3VgCmEmI_9p-uK8\
    DLKQuPdgUSZZgHq80ufNHrkH-deXqwtMdXfxF6B4uPKF04Ts6hDNEseWRnv_CG4TpTfqVW5u3zEaRFJO_gFmWmYGTMh1lSDuuvjh\
    N9GBx-dO8z38WQkdOqHJZNL9K0ght1nj4ioBSSZJbOP1hQjyE13AWjK32MbQgMa4ExUuhvMH8xJJbc5u01vQmuPlLoVWmUxakZhn\
    QnCbp2Hv0wF6OHra-SONFLKdaGayTMY0U2cuIMw9Dw";

/// How RSA keys of 2,048 bits begin in DER (RFC 5280, section 4.1): what they are, and how long the modulus is.
const RSA_DER_START: [u8; 33] = [
    0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01,
    0x05, 0x00, 0x03, 0x82, 0x01, 0x0f, 0x00, 0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01, 0x00,
];

#[tokio::test]
async fn a_public_key_is_no_secret_to_sign_with() {
    let (folder, keys, pair) = (Folder::new(), Keys::default(), Pair::new("a"));
    let rsa = json!({ "kty": "RSA", "kid": "rsa", "n": RSA_MODULUS, "e": "AQAB" });
    keys.publish([pair.jwk(), rsa]);
    let router = start(&folder, &keys, "", "").await;
    let claims = claims(ISSUER, json!({}));
    assert_eq!(ask(&router, Some(&pair.sign(&claims)), QUESTION).await.0, 200);
    let (_, refused) = ask(&router, Some("a.b.c"), QUESTION).await;

    let modulus = URL_SAFE_NO_PAD.decode(RSA_MODULUS).unwrap();
    let der = [&RSA_DER_START[..], &modulus, &[0x02, 0x03, 0x01, 0x00, 0x01]].concat();
    let text = STANDARD.encode(&der).into_bytes();
    let lines: String =
        text.chunks(64).map(|line| String::from_utf8_lossy(line).into_owned() + "\n").collect();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{lines}-----END PUBLIC KEY-----\n");
    for secret in [pem.as_bytes(), pem.trim_end().as_bytes(), &der, &modulus, RSA_MODULUS.as_bytes(), b""] {
        for algorithm in ["HS256", "RS256"] {
            let header = json!({ "alg": algorithm, "kid": "rsa" });
            let (status, body) = ask(&router, Some(&hmac_signed(&header, &claims, secret)), QUESTION).await;
            assert_eq!((status, &body), (401, &refused), "{algorithm}");
        }
    }
    router.stop().await;
}

#[tokio::test]
async fn tokens_and_organizations_say_which_modules_a_caller_sees() {
    let (folder, keys, pair) = (Folder::new(), Keys::default(), Pair::new("a"));
    keys.publish([pair.jwk()]);
    let issuer = "      organization_claim: tenant\n      modules_claim: modules\n\
                  \x20     organizations: { big: [opinions] }\n";
    let jwt = "    anonymous: true\n    core_modules: [products]\n";
    let router = start(&folder, &keys, issuer, jwt).await;
    let token = |tenant: &str, modules: Value| {
        pair.sign(&claims(ISSUER, json!({ "tenant": tenant, "modules": modules })))
    };
    let stars = "{ products { stars } }";
    for (token, sees_stars) in [
        (Some(token("small", json!([]))), false),
        (Some(token("small", json!(["opinions"]))), true),
        (Some(token("small", json!("read opinions"))), true),
        (Some(token("big", json!([]))), true),
        (None, false),
    ] {
        let (status, body) = ask(&router, token.as_deref(), "{ products { name } }").await;
        assert_eq!(
            (status, body["data"]["products"][0]["name"].as_str()),
            (200, Some("The table")),
            "{body}"
        );
        let (_, body) = ask(&router, token.as_deref(), stars).await;
        assert_eq!(body["data"].is_object(), sees_stars, "{token:?}: {body}");
        if !sees_stars {
            let (_, made_up) = ask(&router, token.as_deref(), "{ products { stirs } }").await;
            assert_eq!(body.to_string().replace("stars", "stirs"), made_up.to_string());
        }
    }
    for bad in [
        pair.sign(&claims(ISSUER, json!({ "tenant": "big" }))),
        pair.sign(&claims(ISSUER, json!({ "modules": [] }))),
        token("", json!([])),
        token("big", json!([7])),
    ] {
        assert_eq!(ask(&router, Some(&bad), stars).await.0, 401);
    }
    router.stop().await;
}

#[tokio::test]
async fn a_caller_without_any_module_is_refused_for_good() {
    let (folder, keys, pair) = (Folder::new(), Keys::default(), Pair::new("a"));
    keys.publish([pair.jwk()]);
    let jwt = "    anonymous: true\n    core_modules: []\n";
    let router = start(&folder, &keys, "      modules_claim: modules\n", jwt).await;
    for modules in [json!([]), json!(["none-of-ours"])] {
        let token = pair.sign(&claims(ISSUER, json!({ "modules": modules })));
        let (status, body) = ask(&router, Some(&token), QUESTION).await;
        let refused = json!({ "errors": [{
            "message": "no module of this API is enabled for you", "extensions": { "code": "MODULE_DISABLED" },
        }] });
        assert_eq!((status, body), (403, refused));
    }
    // Somebody without a token may have one that shows more.
    let (status, body) = ask(&router, None, QUESTION).await;
    assert_eq!((status, &body["errors"][0]["extensions"]["code"]), (401, &json!("UNAUTHENTICATED")));
    router.stop().await;
}

#[tokio::test]
async fn keys_change_and_made_up_ones_are_not_asked_for_again_and_again() {
    let (folder, keys) = (Folder::new(), Keys::default());
    let (old, new) = (Pair::new("old"), Pair::new("new"));
    keys.publish([old.jwk()]);
    let router = start(&folder, &keys, "", "").await;
    let by = |pair: &Pair| pair.sign(&claims(ISSUER, json!({})));
    assert_eq!(ask(&router, Some(&by(&old)), QUESTION).await.0, 200);
    keys.publish([new.jwk()]);
    assert_eq!(ask(&router, Some(&by(&new)), QUESTION).await.0, 200);
    assert_eq!(ask(&router, Some(&by(&old)), QUESTION).await.0, 401, "it was withdrawn");
    let reads = keys.reads();
    assert!(reads <= 3, "{reads}");
    for number in 0..50 {
        let header = jsonwebtoken::Header { kid: Some(format!("made-up-{number}")), ..new.header() };
        let token = new.sign_as(&header, &claims(ISSUER, json!({})));
        assert_eq!(ask(&router, Some(&token), QUESTION).await.0, 401);
    }
    assert!(keys.reads() <= reads + 5, "{} after {reads}", keys.reads());
    assert_eq!(ask(&router, Some(&by(&new)), QUESTION).await.0, 200);
    router.stop().await;
}

#[tokio::test]
async fn each_issuer_speaks_for_its_own_keys_only() {
    let (folder, keys) = (Folder::new(), Keys::default());
    let (one, other) = (Pair::new("same-id"), Pair::new("same-id"));
    keys.publish([one.jwk()]);
    folder.write("other.json", &json!({ "keys": [other.jwk()] }).to_string());
    let second =
        "    - issuer: other\n      audience: shop\n      jwks_file: other.json\n      algorithms: [EdDSA]\n";
    let router = start(&folder, &keys, second, "").await;
    for (pair, issuer, status) in
        [(&one, ISSUER, 200), (&other, "other", 200), (&one, "other", 401), (&other, ISSUER, 401)]
    {
        let token = pair.sign(&claims(issuer, json!({})));
        assert_eq!(ask(&router, Some(&token), QUESTION).await.0, status, "{issuer}");
    }
    router.stop().await;
}

#[tokio::test]
async fn what_would_let_anybody_in_is_refused() {
    let folder = Folder::new();
    for (jwt, expected) in [
        ("issuers: []", "`tenancy.jwt.issuers` has 0 entries; it takes between 1 and 50"),
        ("anonymous: true", "`tenancy.jwt` lacks `issuers`"),
        ("issuers: [{issuer: a, jwks_url: 'https://a'}]", "`tenancy.jwt.issuers[0]` lacks `audience`"),
        ("issuers: [{issuer: a, audience: ''}]", "`tenancy.jwt.issuers[0].audience`: it is empty"),
        ("issuers: [{issuer: a, audience: b}]", "say either `jwks_url` or `jwks_file`"),
        (
            "issuers: [{issuer: a, audience: b, jwks_url: 'http://a.example'}]",
            "it must be an address of https",
        ),
        ("issuers: [{issuer: a, audience: b, jwks_file: gone.json}]", "there is no file gone.json"),
        (
            "issuers: [{issuer: a, audience: b, jwks_url: 'https://a', algorithms: [HS256]}]",
            "`tenancy.jwt.issuers[0].algorithms[0]` is `HS256`; it must be `EdDSA` or",
        ),
        (
            "issuers: [{issuer: a, audience: b, jwks_url: 'https://a', algorithms: [none]}]",
            "is `none`; it must be",
        ),
        (
            "issuers: [{issuer: a, audience: b, jwks_url: 'https://a'}, {issuer: a, audience: c, jwks_url: 'https://a'}]",
            "`tenancy.jwt.issuers[1].issuer`: it stands here twice",
        ),
        (
            "{issuers: [{issuer: a, audience: b, jwks_url: 'https://a'}], core_modules: [prodcts]}",
            "there is no subgraph of the module `prodcts`",
        ),
        (
            "issuers: [{issuer: a, audience: b, jwks_url: 'https://a', organizations: {x: [products]}}]",
            "without an `organization_claim`",
        ),
    ] {
        let file = format!(
            "profile: production\nsubgraphs: [{{name: products, url: 'http://127.0.0.1:1'}}]\ntenancy: {{jwt: {}}}",
            if jwt.starts_with('{') { jwt.to_owned() } else { format!("{{{jwt}}}") }
        );
        folder.write("router.yaml", &file);
        let said = complaint(&folder, &["--config", "router.yaml"]).await;
        assert!(said.contains(expected), "{jwt}: {said}");
    }
}

#[tokio::test]
async fn the_log_says_why_a_token_does_not_count_and_nothing_of_what_it_says() {
    let (folder, keys) = (Folder::new(), Keys::default());
    let (pair, stranger) = (Pair::new("a"), Pair::new("a"));
    keys.publish([pair.jwk()]);
    write(&folder, &keys, "", "").await;
    let log = std::fs::File::create(folder.path("log")).unwrap();
    let router = Router::start_logging(&folder, &["--config", "router.yaml"], log).await;
    let now = chrono::Utc::now().timestamp();
    let of = |besides: Value| claims(ISSUER, besides);
    let bad = [
        ("it has expired", pair.sign(&of(json!({ "iat": now - 900, "exp": now - 600 })))),
        ("it is of another issuer", pair.sign(&claims("https://elsewhere.example/", json!({})))),
        ("it is for another audience", pair.sign(&of(json!({ "aud": "elsewhere" })))),
        ("its signature does not hold", stranger.sign(&of(json!({})))),
        ("it is no token of the form that is expected", "elsewhere.elsewhere.elsewhere".to_owned()),
        ("it lives longer than", pair.sign(&of(json!({ "exp": now + 1_000_000 })))),
    ];
    for (_, token) in &bad {
        assert_eq!(ask(&router, Some(token), QUESTION).await.0, 401);
    }
    router.stop().await;
    let log = std::fs::read_to_string(folder.path("log")).unwrap();
    let said: Vec<_> = log.lines().filter(|line| line.contains("a token does not count")).collect();
    assert_eq!(said.len(), bad.len(), "{log}");
    for ((reason, _), said) in bad.iter().zip(said) {
        assert!(said.contains(reason) && !said.contains("elsewhere"), "{reason}: {said}");
    }
}
