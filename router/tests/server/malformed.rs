//! Requests that are none: each is told what is wrong with it, in our words, by a code of its own.

use serde_json::Value;

use crate::raw;
use crate::toys::{App, code};

const NEW: &str = "application/graphql-response+json";
const OLD: &str = "application/json";

/// Words of the libraries that read requests; no client is to depend on them.
const WORDS_OF_LIBRARIES: [&str; 7] =
    ["expected value", "EOF", "invalid type", "serde", "recursion limit", "trailing", "duplicate field"];

fn message(body: &Value) -> &str {
    body["errors"][0]["message"].as_str().unwrap_or("none")
}

/// Bodies, their codes, and what the message must name.
fn bodies() -> Vec<(Vec<u8>, &'static str, &'static str)> {
    let deep = format!("{{\"query\":\"{{ hello }}\",\"variables\":{{\"a\":{}", "[".repeat(100_000));
    let deep = format!("{deep}{}}}}}", "]".repeat(100_000));
    let fixed: [(&[u8], _, _); 25] = [
        (b"", "BODY_EMPTY", "empty"),
        (b" \r\n", "BODY_EMPTY", "empty"),
        (b"\xff\xfe{", "BODY_NOT_UTF8", "byte 0"),
        (b"{\"query\": \"\xff\"}", "BODY_NOT_UTF8", "byte 11"),
        (b"{\"query\": \"{ hello }\", \"other\": \"\xff\"}", "BODY_NOT_UTF8", "byte 33"),
        (b"{\"query\": \"{ hello }\"} \xc3", "BODY_NOT_UTF8", "byte 23"),
        (b"{", "BODY_NOT_JSON", "line 1, column 1"),
        (b"{\n \"query\": }", "BODY_NOT_JSON", "line 2, column 11"),
        (b"query=%7Bhello%7D", "BODY_NOT_JSON", "line 1, column 1"),
        (b"{\"query\":\"{ hello }\"} {", "BODY_NOT_JSON", "line 1, column 23"),
        (br#"{"query": "\ud800"}"#, "BODY_NOT_JSON", "line 1"),
        (b"null", "BODY_NOT_OBJECT", "object"),
        (b"7", "BODY_NOT_OBJECT", "object"),
        (br#""{ hello }""#, "BODY_NOT_OBJECT", "object"),
        (b"[]", "BATCHING_OFF", "batching is off"),
        (br#"[{"query": "{ hello }"}]"#, "BATCHING_OFF", "batching is off"),
        (br#"["{ hello }", null, null, null, null]"#, "BATCHING_OFF", "batching is off"),
        (br#"{"query": 1}"#, "PARAMETER_INVALID", "`query` must be a text"),
        (br#"{"documentId": []}"#, "PARAMETER_INVALID", "`documentId` must be a text"),
        (br#"{"query": "{ hello }", "operationName": {}}"#, "PARAMETER_INVALID", "`operationName`"),
        (
            br#"{"query": "{ hello }", "variables": "x"}"#,
            "PARAMETER_INVALID",
            "`variables` must be an object",
        ),
        (
            br#"{"query": "{ hello }", "variables": [1]}"#,
            "PARAMETER_INVALID",
            "`variables` must be an object",
        ),
        (
            br#"{"query": "{ hello }", "extensions": 7}"#,
            "PARAMETER_INVALID",
            "`extensions` must be an object",
        ),
        (br#"{"query": "{ hello }", "query": "{ boom }"}"#, "PARAMETER_DUPLICATE", "`query`"),
        (br#"{"quer": "{ hello }"}"#, "QUERY_MISSING", "`query`"),
    ];
    let fixed = fixed.map(|(body, code, named)| (body.to_vec(), code, named));
    fixed.into_iter().chain([(deep.into_bytes(), "BODY_TOO_DEEP", "127 deep")]).collect()
}

#[tokio::test]
async fn each_kind_of_bad_body_has_its_own_code_and_our_words() {
    let app = App::start().await;
    for (body, expected, named) in bodies() {
        for accept in [NEW, OLD, "*/*"] {
            let request = app.client.post(app.url("/graphql")).header("content-type", OLD);
            let (status, answer) = app.send(request.header("accept", accept).body(body.clone())).await;
            let sent = String::from_utf8_lossy(&body[..body.len().min(100)]).into_owned();
            assert_eq!((status, code(&answer)), (400, expected), "{sent}: {answer}");
            assert!(message(&answer).contains(named), "{sent}: {answer}");
            let repeats = WORDS_OF_LIBRARIES.iter().find(|words| message(&answer).contains(**words));
            assert_eq!(repeats, None, "{sent}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_query_string_is_taken_byte_for_byte_or_not_at_all() {
    let app = App::start().await;
    let get = async |query: &str| {
        let url = app.url(&format!("/graphql?{query}"));
        app.send(app.client.get(url).header("x-innoerp-csrf", "1").header("accept", NEW)).await
    };
    assert_eq!(get("query=%7B+hello%20%7D&operationName=&x=%FF").await.0, 200);
    // A replacement character that was sent is a character like another.
    assert_eq!(get("query=%7B+hello%7D%23%EF%BF%BD").await.0, 200);
    for (query, expected, named) in [
        ("query=%7Bhello%7D%23%FF", "URI_NOT_UTF8", "UTF-8"),
        ("query=%7Bhello%7D&variables=%7B%22a%22:%22%C3%28%22%7D", "URI_NOT_UTF8", "UTF-8"),
        ("query=%7Bhello%7D&query=%7Bboom%7D", "PARAMETER_DUPLICATE", "`query`"),
        ("query=%7Bhello%7D&variables=%7B", "PARAMETER_INVALID", "`variables` must be a JSON object"),
        ("query=%7Bhello%7D&variables=%5B%5D", "PARAMETER_INVALID", "`variables` must be a JSON object"),
        ("query=%7Bhello%7D&extensions=1", "PARAMETER_INVALID", "`extensions` must be a JSON object"),
        ("query=", "QUERY_MISSING", "`query`"),
        ("", "QUERY_MISSING", "`query`"),
    ] {
        let (status, answer) = get(query).await;
        assert_eq!((status, code(&answer)), (400, expected), "{query}");
        assert!(message(&answer).contains(named), "{query}: {answer}");
    }
}

#[tokio::test]
async fn a_request_of_http_1_1_says_once_whom_it_is_for() {
    let app = App::start().await;
    let body = br#"{"query":"{ hello }"}"#;
    let ask = async |version: &str, hosts: &str| {
        let head = format!(
            "POST /graphql {version}\r\n{hosts}content-type: application/json\r\ncontent-length: {}\r\n",
            body.len()
        );
        let (status, answer) = raw::send(app.address, &head, body).await;
        (status, code(&answer).to_owned())
    };
    let refused = (400, "HOST_INVALID".to_owned());
    let hosts = ["", "host: a\r\nhost: a\r\n", "host: a\r\nhost: b\r\n"];
    for hosts in
        hosts.into_iter().chain(["host: a b\r\n", "host: a/b\r\n", "host: me@a\r\n", "host: \u{e9}\r\n"])
    {
        assert_eq!(ask("HTTP/1.1", hosts).await, refused, "{hosts}");
    }
    for hosts in ["host: a\r\n", "host: a.example:8080\r\n", "host: [::1]:80\r\n", "host:\r\n"] {
        assert_eq!(ask("HTTP/1.1", hosts).await.0, 200, "{hosts}");
    }
    assert_eq!(ask("HTTP/1.0", "").await.0, 200);
    assert_eq!(ask("HTTP/1.0", "host: a\r\nhost: b\r\n").await, refused);
}
