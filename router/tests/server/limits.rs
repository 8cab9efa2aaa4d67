//! Every limit with a mode, at its number and one past it, in each mode.

use graphql::{Limit, Mode};
use router::Config;
use serde_json::{Value, json};

use crate::raw;
use crate::toys::{App, code, config, sources_saying};
use crate::websocket::Socket;

/// What refuses a request that is past a limit.
fn refusal(limit: Limit) -> &'static str {
    match limit {
        Limit::BodyBytes => "BODY_TOO_LARGE",
        Limit::BodyRatio => "BODY_RATIO_TOO_HIGH",
        Limit::HeaderBytes | Limit::Headers => "HEADERS_TOO_LARGE",
        Limit::UriBytes => "URI_TOO_LONG",
        Limit::Tokens => "TOO_MANY_TOKENS",
        Limit::Nesting => "NESTED_TOO_DEEP",
        Limit::Depth => "QUERY_TOO_DEEP",
        Limit::IntrospectionDepth => "INTROSPECTION_TOO_DEEP",
        Limit::Aliases => "TOO_MANY_ALIASES",
        Limit::RootFields => "TOO_MANY_ROOT_FIELDS",
        Limit::Directives => "TOO_MANY_DIRECTIVES",
        Limit::Selections => "TOO_MANY_SELECTIONS",
        Limit::Cost => "QUERY_TOO_COSTLY",
        Limit::VariablesBytes => "VARIABLES_TOO_LARGE",
        Limit::VariablesDepth => "VARIABLES_TOO_DEEP",
        Limit::VariablesItems => "VARIABLES_LIST_TOO_LONG",
        Limit::Planning => "PLANNING_TIMEOUT",
        Limit::RequestTimeout => "TIMEOUT",
        Limit::Errors => "too many errors are left out",
        Limit::RateUser | Limit::RateOrganization | Limit::RateAnonymous => "RATE_LIMITED",
        Limit::PerSocket => "TOO_MANY_SUBSCRIPTIONS",
        Limit::SocketsPerUser => "closed with 4429",
    }
}

/// Makes a limit small enough to be met.
fn set(config: &mut Config, limit: Limit) {
    let limits = &mut config.limits;
    match limit {
        Limit::BodyBytes => limits.body_bytes_max = 2_000,
        Limit::BodyRatio => limits.body_ratio_max = 5,
        Limit::HeaderBytes => config.header_bytes_max = 1_024,
        Limit::Headers => config.headers_max = 10,
        Limit::UriBytes => config.uri_bytes_max = 256,
        Limit::Tokens => limits.tokens_max = 100,
        Limit::Nesting => limits.nesting_max = 8,
        Limit::Depth => limits.depth_max = 1,
        Limit::IntrospectionDepth => limits.introspection_depth_max = 2,
        Limit::Aliases => limits.aliases_max = 1,
        Limit::RootFields => limits.root_fields_max = 2,
        Limit::Directives => limits.directives_max = 1,
        Limit::Selections => limits.selections_max = 10,
        Limit::Cost => (limits.cost_max, limits.list_size_assumed) = (10, 1),
        Limit::VariablesBytes => limits.variables_bytes_max = 100,
        Limit::VariablesDepth => limits.variables_depth_max = 1,
        Limit::VariablesItems => limits.variables_items_max = 2,
        Limit::Planning => config.planning_timeout_ms = 1,
        Limit::RequestTimeout => config.request_timeout_ms = 500,
        Limit::Errors => limits.errors_max = 2,
        Limit::RateUser => (config.rate.user_per_s, config.rate.user_burst) = (1, 1),
        Limit::RateOrganization => (config.rate.organization_per_s, config.rate.organization_burst) = (1, 1),
        Limit::RateAnonymous => (config.rate.anonymous_per_s, config.rate.anonymous_burst) = (1, 1),
        Limit::PerSocket => config.subscriptions.per_socket_max = 1,
        Limit::SocketsPerUser => config.subscriptions.sockets_per_user_max = 1,
    }
}

/// Asks for just what a limit allows, or for one more, and tells what it was refused with.
async fn probe(app: &App, limit: Limit, is_past: bool) -> Option<String> {
    let more = usize::from(is_past);
    let refused = |answer: (u16, Value)| answer.1["errors"].is_array().then(|| code(&answer.1).to_owned());
    let ask = async |document: String| refused(app.send(app.post(&document)).await);
    let with = async |variables: Value| {
        let body = json!({"query": "query ($of: [Int!]!) { sum(of: $of) }", "variables": variables});
        refused(app.send(app.client.post(app.url("/graphql")).json(&body)).await)
    };
    match limit {
        Limit::BodyBytes | Limit::BodyRatio | Limit::HeaderBytes | Limit::Headers | Limit::UriBytes => {
            refused(probe_http(app, limit, more).await)
        }
        Limit::Tokens => ask(format!("{{ {} }}", "hello ".repeat(98 + more))).await,
        Limit::Nesting => {
            ask(format!("{{ sum(of: {}1{}) }}", "[".repeat(6 + more), "]".repeat(6 + more))).await
        }
        Limit::Depth => ask(if is_past { "{ faults(count: 0) { id } }" } else { "{ hello }" }.into()).await,
        Limit::IntrospectionDepth => {
            let deeper = if is_past { "{ types { name } }" } else { "{ __typename }" };
            ask(format!("{{ __schema {deeper} }}")).await
        }
        Limit::Aliases => ask(format!("{{ a: hello {} }}", "b: hello ".repeat(more))).await,
        Limit::RootFields => ask(format!("{{ {} }}", "hello ".repeat(2 + more))).await,
        Limit::Directives => ask(format!("{{ hello {} }}", "@skip(if: false) hello ".repeat(1 + more))).await,
        Limit::Selections => ask(format!("{{ {} }}", "hello ".repeat(10 + more))).await,
        Limit::Cost => ask(format!("{{ {} }}", "faults(count: 0) { id } ".repeat(10 + more))).await,
        Limit::VariablesBytes => {
            with(json!({"of": [], "x": "x".repeat(100 - r#"{"of":[],"x":""}"#.len() + more)})).await
        }
        Limit::VariablesDepth => {
            with(if is_past { json!({"of": [], "x": [[]]}) } else { json!({"of": []}) }).await
        }
        Limit::VariablesItems => with(json!({"of": vec![1; 2 + more]})).await,
        // What needs no subgraph is not planned; two thousand fields take long, and nothing else about them counts.
        Limit::Planning if !is_past => ask("{ __typename }".into()).await,
        Limit::Planning => {
            ask(format!("{{ {} }}", (0..2_000).map(|i| format!("a{i}: hello ")).collect::<String>())).await
        }
        Limit::RequestTimeout => ask(if is_past { "{ slow }" } else { "{ hello }" }.into()).await,
        Limit::Errors => {
            let (_, answer) =
                app.send(app.post(&format!("{{ faults(count: {}) {{ told }} }}", 2 + more))).await;
            let is_short = answer["errors"].as_array().unwrap().len() < 2 + more;
            is_short.then(|| refusal(limit).to_owned())
        }
        Limit::RateUser | Limit::RateOrganization | Limit::RateAnonymous => {
            let token = app.tenants.log_in();
            let post = || match limit {
                Limit::RateAnonymous => app.post("{ hello }"),
                _ => app.post("{ hello }").bearer_auth(&token),
            };
            let first = refused(app.send(post()).await);
            if is_past { refused(app.send(post()).await) } else { first }
        }
        Limit::PerSocket | Limit::SocketsPerUser => probe_socket(app, limit, more).await,
    }
}

async fn probe_http(app: &App, limit: Limit, more: usize) -> (u16, Value) {
    let body = br#"{"query":"{ hello }"}"#;
    let head = raw::post(body.len());
    match limit {
        Limit::Headers => {
            let more: String = (0..7 + more).map(|i| format!("x-{i}: 1\r\n")).collect();
            raw::send(app.address, &format!("{head}{more}"), body).await
        }
        Limit::HeaderBytes => {
            let so_far = head.lines().skip(1).map(|line| line.len() + 2).sum::<usize>();
            let pad = "x".repeat(1_024 - so_far - "x-pad: \r\n".len() + more);
            raw::send(app.address, &format!("{head}x-pad: {pad}\r\n"), body).await
        }
        Limit::UriBytes => {
            let pad = "x".repeat(256 - "/graphql?a=".len() + more);
            raw::send(app.address, &head.replace("/graphql", &format!("/graphql?a={pad}")), body).await
        }
        _ => {
            // 2,000 bytes, or as many as five times the packed length.
            let text = |bytes: usize| format!("{{\"query\":\"{{ hello }}#{}\"}}", "x".repeat(bytes - 22));
            if limit == Limit::BodyBytes {
                let body = text(2_000 + more);
                return raw::send(app.address, &raw::post(body.len()), body.as_bytes()).await;
            }
            let packed = |bytes| {
                use std::io::Write;
                let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
                packer.write_all(text(bytes).as_bytes()).unwrap();
                packer.finish().unwrap()
            };
            let fits = (100..400).rev().find(|bytes| *bytes <= 5 * packed(*bytes).len()).unwrap();
            let body = packed(fits + more);
            let head = format!("{}content-encoding: gzip\r\n", raw::post(body.len()));
            raw::send(app.address, &head, &body).await
        }
    }
}

async fn probe_socket(app: &App, limit: Limit, more: usize) -> Option<String> {
    let mut first = Socket::begin(app, json!({})).await;
    if limit == Limit::PerSocket {
        for id in 0..=more {
            first.subscribe(&id.to_string(), "subscription { silence }").await;
        }
        first.say(json!({"type": "ping"})).await;
        let heard = first.hear().await;
        return (heard["type"] != "pong")
            .then(|| heard["payload"][0]["extensions"]["code"].as_str().unwrap().to_owned());
    }
    if more == 0 {
        return None;
    }
    let mut second = Socket::connect(app).await;
    second.say(json!({"type": "connection_init"})).await;
    second.closes().await.map(|code| format!("closed with {code}"))
}

fn hits(app: &App, limit: Limit, mode: Mode) -> bool {
    let sample = format!("router_limit_hits_total{{limit=\"{}\",mode=\"{}\"}}", limit.name(), mode.name());
    app.router.metrics().contains(&sample)
}

#[tokio::test]
async fn each_limit_is_held_as_strictly_as_its_mode_says() {
    for (limit, _) in Limit::ALL {
        for mode in [Mode::Off, Mode::Measure, Mode::Enforce] {
            let mut settings = config();
            set(&mut settings, limit);
            // What else a probe of this limit would run into.
            for other in [
                Limit::RootFields,
                Limit::Directives,
                Limit::Cost,
                Limit::Nesting,
                Limit::Aliases,
                Limit::Tokens,
            ] {
                settings.limits.modes.set(other, Mode::Off);
            }
            settings.limits.modes.set(limit, mode);
            let app = App::start_with(settings).await;
            let context = format!("{limit:?} in mode {mode:?}");
            let at = probe(&app, limit, false).await;
            assert_ne!(at.as_deref(), Some(refusal(limit)), "{context}");
            assert!(!hits(&app, limit, Mode::Measure) && !hits(&app, limit, Mode::Enforce), "{context}");
            let past = probe(&app, limit, true).await;
            let is_refused = past.as_deref() == Some(refusal(limit));
            assert_eq!(is_refused, mode == Mode::Enforce, "{context}: {past:?}");
            assert_eq!(hits(&app, limit, Mode::Measure), mode == Mode::Measure, "{context}");
            assert_eq!(hits(&app, limit, Mode::Enforce), mode == Mode::Enforce, "{context}");
        }
    }
}

#[tokio::test]
async fn a_mode_of_an_unknown_limit_is_a_mistake_in_the_settings() {
    let with = |name: &str| serde_json::from_value::<Config>(json!({"limits": {"modes": {name: "measure"}}}));
    assert!(with("depth_max").is_ok());
    assert!(with("depht_max").unwrap_err().to_string().contains("depht_max"));
}

/// One that is asked again is not measured again, unless a variable asks for more than it was measured for.
#[tokio::test]
async fn what_the_schema_says_of_cost_holds_for_literals_variables_and_what_was_asked_before() {
    let said = [
        (
            "numbers(count: Int!): [Int!]!",
            "@federation__listSize(slicingArguments: [\"count\"]) @federation__cost(weight: 2)",
        ),
        ("leaveDays: Int!", "@federation__cost(weight: 6000)"),
    ];
    let app = App::serve(config(), sources_saying(&said)).await;
    let token = app.tenants.log_in();
    let asked = async |query: &str, count: Option<u64>| {
        let body = json!({ "query": query, "variables": { "n": count } });
        let request = app.client.post(app.url("/graphql")).bearer_auth(&token).json(&body);
        let (_, body) = app.send(request).await;
        code(&body).to_owned()
    };
    assert_eq!(asked("{ leaveDays }", None).await, "QUERY_TOO_COSTLY");
    assert_eq!(asked("{ numbers(count: 2500) }", None).await, "none");
    assert_eq!(asked("{ numbers(count: 2501) }", None).await, "QUERY_TOO_COSTLY");
    let by_variable = "query ($n: Int!) { numbers(count: $n) }";
    for (count, expected) in [
        (2_501, "QUERY_TOO_COSTLY"),
        (5, "none"),
        (2_500, "none"),
        (2_501, "QUERY_TOO_COSTLY"),
        (1_000_000, "QUERY_TOO_COSTLY"),
    ] {
        assert_eq!(asked(by_variable, Some(count)).await, expected, "{count}");
    }
    let by_default = "query ($n: Int = 1000000) { numbers(count: $n) }";
    assert_eq!(asked(by_default, None).await, "QUERY_TOO_COSTLY");
}

/// What is asked for by variables is known once they are: how many of something there are, and that there are none.
#[tokio::test]
async fn what_variables_say_of_cost_holds_for_lists_and_for_what_they_leave_out() {
    let said = r#"
        found(by: [Filter!]): Int
        needed(page: Page): [Int!]! @federation__listSize(slicingArguments: ["page.first"]) @federation__cost(weight: 2)
        usual(count: Int = 3000): [Int!]! @federation__listSize(slicingArguments: ["count"]) @federation__cost(weight: 2)
      }
      input Filter { text: String @federation__cost(weight: 1000) or: [Filter!] }
      input Page { first: Int after: String }
      extend type Query { nothing: Int"#;
    let app = App::serve(config(), sources_saying(&[("leaveDays: Int!", said)])).await;
    let token = app.tenants.log_in();
    let asked = async |query: &str, variables: Value| {
        let body = json!({ "query": query, "variables": variables });
        let request = app.client.post(app.url("/graphql")).bearer_auth(&token).json(&body);
        let (_, body) = app.send(request).await;
        code(&body).to_owned()
    };
    let filters = |count: usize| vec![json!({ "text": "a" }); count];
    let (costly, needed) = ("QUERY_TOO_COSTLY", "SLICING_ARGUMENT_NEEDED");
    let found = "query ($by: [Filter!]) { found(by: $by) }";
    let usual = "query ($n: Int) { usual(count: $n) }";
    let by_page = "query ($page: Page) { needed(page: $page) }";
    let by_first = "query ($n: Int) { needed(page: { first: $n }) }";
    for (query, variables, refused) in [
        (found, json!({ "by": filters(5) }), None),
        (found, json!({ "by": filters(6) }), Some(costly)),
        (found, json!({ "by": [{ "or": filters(6) }] }), Some(costly)),
        (found, json!({ "by": { "text": "a", "or": { "or": filters(5) } } }), Some(costly)),
        (found, json!({ "by": filters(5) }), None),
        (by_page, json!({ "page": { "first": 2_500 } }), None),
        (by_page, json!({ "page": { "first": 2_501 } }), Some(costly)),
        (by_page, json!({ "page": { "after": "a" } }), Some(needed)),
        (by_page, json!({ "page": { "first": null } }), Some(needed)),
        (by_page, json!({ "page": null }), Some(needed)),
        (by_page, json!({}), Some(needed)),
        (by_first, json!({ "n": 5 }), None),
        (by_first, json!({ "n": null }), Some(needed)),
        (by_first, json!({}), Some(needed)),
        // Then the default of the schema holds, which is more than is allowed.
        (usual, json!({ "n": 5 }), None),
        (usual, json!({}), Some(costly)),
        ("{ usual }", json!({}), Some(costly)),
    ] {
        let code = asked(query, variables.clone()).await;
        let seen = Some(&*code).filter(|code| [costly, needed].contains(code));
        assert_eq!(seen, refused, "{query} {variables}: {code}");
    }
}
