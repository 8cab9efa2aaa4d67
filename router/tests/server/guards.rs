//! What keeps harm out: CSRF, CORS, bounds, rates, headers of the inside.

use serde_json::{Value, json};

use crate::raw;
use crate::toys::{App, code, config};

#[tokio::test]
async fn a_get_needs_what_a_page_of_another_site_cannot_send_unasked() {
    let app = App::start().await;
    let get = || app.client.get(app.url("/graphql")).query(&[("query", "{ hello }")]);
    // What the Fetch standard lets a page set without asking: <https://fetch.spec.whatwg.org/#cors-safelisted-request-header>
    for (name, value) in [
        ("accept", "*/*"),
        ("accept", "application/graphql-response+json"),
        ("accept", "text/event-stream"),
        ("content-type", "text/plain;application/json"),
        ("content-language", "x-innoerp-csrf"),
    ] {
        let (status, body) = app.send(get().header(name, value)).await;
        assert_eq!((status, code(&body)), (403, "CSRF_BLOCKED"), "{name}: {value}");
    }
    for (name, value) in [
        ("x-innoerp-csrf", "1"),
        ("apollo-require-preflight", "true"),
        ("x-apollo-operation-name", "Hello"),
        ("x-graphql-yoga-csrf", "1"),
        ("content-type", "application/json"),
        ("content-type", "Application/JSON; charset=utf-8"),
    ] {
        assert_eq!(app.send(get().header(name, value)).await.0, 200, "{name}: {value}");
    }
    // A page may set a type that need not be asked about; what stands beside it proves nothing.
    let two = get().header("content-type", "text/plain").header("content-type", "application/json");
    assert_eq!(app.send(two).await.0, 403);
}

#[tokio::test]
async fn which_headers_let_a_get_in_is_a_setting_and_so_is_whether_it_needs_one() {
    let mut settings = config();
    settings.csrf.headers = vec!["X-Token-Of-Ours".to_owned()];
    settings.cors_origins = vec!["https://app.example.com".to_owned()];
    let app = App::start_with(settings.clone()).await;
    let get = |app: &App| app.client.get(app.url("/graphql")).query(&[("query", "{ hello }")]);
    let (status, body) = app.send(get(&app).header("x-innoerp-csrf", "1")).await;
    assert_eq!((status, code(&body)), (403, "CSRF_BLOCKED"));
    assert!(body["errors"][0]["message"].as_str().unwrap().contains("X-Token-Of-Ours"), "{body}");
    assert_eq!(app.send(get(&app).header("x-token-of-ours", "1")).await.0, 200);
    // Pages of known origins may send it.
    let preflight = app.client.request(reqwest::Method::OPTIONS, app.url("/graphql"));
    let preflight = preflight.header("origin", "https://app.example.com");
    let preflight = preflight.header("access-control-request-method", "GET").send().await.unwrap();
    let allowed = preflight.headers()["access-control-allow-headers"].to_str().unwrap();
    assert!(allowed.contains("x-token-of-ours"), "{allowed}");

    settings.csrf.guard_reads = false;
    let app = App::start_with(settings).await;
    assert_eq!(app.send(get(&app)).await.0, 200);
    // It is about reading.
    let mutation =
        app.client.get(app.url("/graphql")).query(&[("query", "mutation { rename(name: \"a\") }")]);
    assert_eq!(app.send(mutation).await.0, 405);
    let post = app.client.post(app.url("/graphql")).header("content-type", "text/plain");
    assert_eq!(app.send(post.body(r#"{"query":"{ hello }"}"#)).await.0, 415);
}

#[tokio::test]
async fn a_method_that_is_not_allowed_is_answered_with_those_that_are() {
    let app = App::start().await;
    let allow = async |request: reqwest::RequestBuilder| {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 405);
        response.headers()["allow"].to_str().unwrap().replace(' ', "")
    };
    let mutation = app.client.get(app.url("/graphql")).header("x-innoerp-csrf", "1");
    let mutation = mutation.query(&[("query", "mutation { rename(name: \"a\") }")]);
    assert_eq!(allow(mutation).await, "GET,HEAD,POST");
    assert_eq!(allow(app.client.delete(app.url("/graphql"))).await, "GET,HEAD,POST");
    assert_eq!(allow(app.client.post(app.url("/health/live"))).await, "GET,HEAD");
}

#[tokio::test]
async fn a_post_is_json_or_nothing() {
    let app = App::start().await;
    for content_type in [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=a",
        "application/graphql",
        "application/json; charset=iso-8859-1",
        "application/json; charset = utf-16",
        "application/json; Charset=utf-16",
        "application/json;charset=utf-8;charset=utf-7",
        "text/plain;application/json",
        "text/plain, application/json",
        "application/json, text/plain",
    ] {
        let request = app.client.post(app.url("/graphql")).body(r#"{"query":"{ hello }"}"#);
        let request =
            if content_type.is_empty() { request } else { request.header("content-type", content_type) };
        let (status, body) = app.send(request).await;
        assert_eq!((status, code(&body)), (415, "UNSUPPORTED_MEDIA_TYPE"), "{content_type}");
    }
    let request =
        app.client.post(app.url("/graphql")).header("content-type", "application/json; charset=utf-8");
    assert_eq!(app.send(request.body(r#"{"query":"{ hello }"}"#)).await.0, 200);
    let twice = app.post("{ hello }").header("content-type", "text/plain");
    assert_eq!(app.send(twice).await.0, 415);
}

#[tokio::test]
async fn a_body_that_was_changed_on_the_way_in_an_unknown_manner_is_501() {
    let app = App::start().await;
    let ask = async |coding: &str| {
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: {coding}\r\n"
        );
        let body = b"15\r\n{\"query\":\"{ hello }\"}\r\n0\r\n\r\n";
        let (status, answer) = raw::send(app.address, &head, body).await;
        (status, code(&answer).to_owned())
    };
    assert_eq!(ask("Chunked").await.0, 200);
    assert_eq!(ask("gzip, chunked").await, (501, "TRANSFER_CODING_UNKNOWN".to_owned()));
}

#[tokio::test]
async fn only_listed_origins_are_allowed_by_cors() {
    let mut settings = config();
    settings.cors_origins = vec!["https://app.example.com".to_owned()];
    let app = App::start_with(settings).await;
    let preflight = |origin: &str| {
        app.client
            .request(reqwest::Method::OPTIONS, app.url("/graphql"))
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,content-type")
            .send()
    };
    let listed = preflight("https://app.example.com").await.unwrap();
    assert_eq!(listed.headers()["access-control-allow-origin"], "https://app.example.com");
    for origin in
        ["https://evil.example.com", "null", "https://app.example.com.evil", "http://app.example.com"]
    {
        let other = preflight(origin).await.unwrap();
        assert!(!other.headers().contains_key("access-control-allow-origin"), "{origin}");
    }
}

#[tokio::test]
async fn bodies_headers_and_uris_are_bounded() {
    let mut settings = config();
    settings.limits.body_bytes_max = 10_000;
    let app = App::start_with(settings).await;
    let body = |bytes: usize| format!("{{\"query\":\"{{ hello }}#{}\"}}", "x".repeat(bytes - 22));
    let post = |body: reqwest::Body| {
        app.send(app.client.post(app.url("/graphql")).header("content-type", "application/json").body(body))
    };
    assert_eq!(post(body(10_000).into()).await.0, 200);
    let (status, answer) = post(body(10_001).into()).await;
    assert_eq!((status, code(&answer)), (413, "BODY_TOO_LARGE"));
    let chunks = futures::stream::iter(vec![Ok::<_, std::io::Error>(body(10_001))]);
    let (status, answer) = post(reqwest::Body::wrap_stream(chunks)).await;
    assert_eq!((status, code(&answer)), (413, "BODY_TOO_LARGE"));
    let oversized = app.client.post(app.url("/graphql")).header("content-type", "application/json");
    let refused = oversized.body(body(10_001)).send().await.unwrap();
    assert_eq!(refused.headers()["connection"], "close", "what was not read is on the connection still");
    let (status, answer) = app.send(app.post("{ hello }").header("x-long", "x".repeat(33_000))).await;
    assert_eq!((status, code(&answer)), (431, "HEADERS_TOO_LARGE"));
    let many = (0..65).fold(app.post("{ hello }"), |request, i| request.header(format!("x-{i}"), "1"));
    assert_eq!(app.send(many).await.0, 431);
    let (status, answer) =
        app.send(app.client.get(app.url(&format!("/graphql?query={}", "x".repeat(8_192))))).await;
    assert_eq!((status, code(&answer)), (414, "URI_TOO_LONG"));
}

#[tokio::test]
async fn limits_hold_at_the_edge() {
    let app = App::start().await;
    for (document, expected) in [
        ("[".repeat(4_096), "NESTED_TOO_DEEP"),
        ("{a".repeat(2_048), "NESTED_TOO_DEEP"),
        (format!("{{ {} }}", "hello ".repeat(5_000)), "TOO_MANY_TOKENS"),
        (format!("{{ {} }}", "hello ".repeat(21)), "TOO_MANY_ROOT_FIELDS"),
        (format!("{{ hello {} }}", "@skip(if: false) ".repeat(51)), "TOO_MANY_DIRECTIVES"),
    ] {
        let (_, body) = app.send(app.post(&document)).await;
        assert_eq!(code(&body), expected);
    }
    let variables =
        json!({"query": "query ($n: [Int!]!) { sum(of: $n) }", "variables": {"n": vec![1; 1_001]}});
    let (_, body) = app.send(app.client.post(app.url("/graphql")).json(&variables)).await;
    assert_eq!(code(&body), "VARIABLES_LIST_TOO_LONG");
}

#[tokio::test]
async fn an_error_repeats_little_of_what_was_sent() {
    let app = App::start().await;
    let (name, comment) = ("é".repeat(100_000), format!("#{}", "{".repeat(400_000)));
    for document in [comment, format!("{{ {} }}", "a".repeat(400_000)), format!("{{ hello(x: \"{name}\") }}")]
    {
        let (_, body) = app.send(app.post(&document)).await;
        assert!(body["errors"][0]["message"].as_str().is_some_and(|text| text.len() < 1_010), "{document}");
        assert!(body.to_string().len() < 5_000, "{} bytes", body.to_string().len());
    }
}

#[tokio::test]
async fn nobody_can_pose_as_another_tenant_by_headers() {
    let app = App::start().await;
    let token = app.tenants.log_in();
    let request = app
        .post("{ sender }")
        .bearer_auth(&token)
        .header("x-organization-id", "evil")
        .header("x-user-id", "evil")
        .header("x-innoerp-organization-id", "evil")
        .header("x-forwarded-for", "6.6.6.6")
        .header("user-agent", "test")
        .header("x-request-id", "an id that is not safe")
        .header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    let response = request.send().await.unwrap();
    let request_id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    let body: Value = response.json().await.unwrap();
    let sender: Value = serde_json::from_str(body["data"]["sender"].as_str().unwrap()).unwrap();
    assert_eq!(sender["organization"], app.tenants.organization(&token).to_string());
    assert_eq!(sender["address"], "127.0.0.1");
    assert_eq!(sender["agent"], "test");
    assert_eq!(sender["token"], token);
    assert_eq!(sender["request"], request_id);
    assert_eq!(request_id.len(), 32);
    assert!(sender["trace"].as_str().unwrap().starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
    assert!(!sender.to_string().contains("evil"));
}

#[tokio::test]
async fn a_trusted_proxy_says_whom_it_speaks_for() {
    let mut settings = config();
    settings.trusted_proxies = vec!["127.0.0.0/8".to_owned().try_into().unwrap()];
    let app = App::start_with(settings).await;
    let (_, body) = app.send(app.post("{ sender }").header("x-forwarded-for", "6.6.6.6, 198.51.100.7")).await;
    assert!(body["data"]["sender"].as_str().unwrap().contains("198.51.100.7"));
}

#[tokio::test]
async fn whoever_asks_too_often_waits() {
    let mut settings = config();
    (settings.rate.anonymous_per_s, settings.rate.anonymous_burst) = (1, 2);
    (settings.rate.user_per_s, settings.rate.user_burst) = (1, 3);
    let app = App::start_with(settings).await;
    for _ in 0..2 {
        assert_eq!(app.send(app.post("{ hello }")).await.0, 200);
    }
    let refused = app.post("{ hello }").send().await.unwrap();
    assert_eq!((refused.status().as_u16(), &refused.headers()["retry-after"]), (429, &"1".parse().unwrap()));
    assert_eq!(code(&refused.json().await.unwrap()), "RATE_LIMITED");
    let (one, other) = (app.tenants.log_in(), app.tenants.log_in());
    for _ in 0..3 {
        assert_eq!(app.send(app.post("{ hello }").bearer_auth(&one)).await.0, 200);
    }
    assert_eq!(app.send(app.post("{ hello }").bearer_auth(&one)).await.0, 429);
    assert_eq!(app.send(app.post("{ hello }").bearer_auth(&other)).await.0, 200);
}

#[tokio::test]
async fn in_production_strangers_see_neither_schema_nor_graphiql() {
    let app = App::start_with(router::Config { profile: router::Profile::Production, ..config() }).await;
    let introspection = "{ __schema { queryType { name } } }";
    let (_, body) = app.send(app.post(introspection)).await;
    assert_eq!(code(&body), "INTROSPECTION_DISABLED");
    let (_, body) =
        app.send(app.post("{ ...F } fragment F on Query { __type(name: \"Query\") { name } }")).await;
    assert_eq!(code(&body), "INTROSPECTION_DISABLED");
    assert_eq!(app.send(app.client.get(app.url("/"))).await.0, 404);
    let token = app.tenants.log_in();
    assert!(app.run_as(&token, introspection).await.contains("queryType"));
}
