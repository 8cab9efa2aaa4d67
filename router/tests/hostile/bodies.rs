//! Hostile bodies: what carries the document, and what stands beside it.

use serde_json::{Value, json};

use crate::Maker;
use crate::documents::deep;
use crate::random::Random;

const HONEST: &str = r#"{"query":"query ($of: [[Int]!]!) { sum(of: $of) }","variables":{"of":[[1]]},"operationName":null,"extensions":{}}"#;

/// Every kind of hostile body.
pub const MAKERS: &[(&str, Maker)] = &[
    ("variables that nest", |r| variables(deep(r))),
    ("variables that are many", |r| variables(wide(r))),
    ("variables of other types", |r| variables(odd(r))),
    ("JSON that nests", nesting),
    ("JSON that is broken", broken),
    ("bytes that are flipped", flipped),
    ("bytes that mean nothing", |r| {
        (0..r.size(10_000)).map(|_| u8::try_from(r.below(256)).unwrap()).collect()
    }),
    ("keys that come twice", twice),
    ("values of other types", types),
    ("batches", batch),
    ("surrogates and control characters", surrogates),
    ("extensions", extensions),
    ("numbers", numbers),
];

fn variables(value: Value) -> Vec<u8> {
    let query = "query ($of: [[Int]!]!, $tree: Tree, $text: String) { sum(of: $of) echo(text: $text) }";
    let variables = json!({ "of": value, "tree": value, "text": value, "unused": value });
    json!({ "query": query, "variables": variables }).to_string().into_bytes()
}

fn wide(r: &mut Random) -> Value {
    let count = r.size(30_000);
    match r.below(4) {
        0 => json!(vec![vec![1]; count]),
        1 => json!([vec![Value::Null; count]]),
        2 => Value::Object((0..count).map(|i| (format!("k{i}"), json!(i))).collect()),
        _ => json!("x".repeat(count * 5)),
    }
}

fn odd(r: &mut Random) -> Value {
    match r.below(8) {
        0 => json!(null),
        1 => json!(-1),
        2 => json!(1e300),
        3 => json!([["1"]]),
        4 => json!([[1], 2, [[3]]]),
        5 => json!({ "value": 1.5 }),
        6 => json!([[u64::MAX]]),
        _ => json!("[[1]]"),
    }
}

fn nesting(r: &mut Random) -> Vec<u8> {
    let open = r.pick(&["[", "{\"a\":", "[{\"a\":[", "{\"variables\":", "{\"query\":"]);
    let before =
        r.pick(&["", "{\"query\":\"{ hello }\",\"variables\":{\"a\":", "{\"extensions\":", "{\"query\":"]);
    let count = r.size(900_000 / open.len());
    format!("{before}{}", open.repeat(count)).into_bytes()
}

fn broken(r: &mut Random) -> Vec<u8> {
    let mut body = HONEST.as_bytes().to_vec();
    match r.below(4) {
        0 => body.truncate(r.below(body.len())),
        1 => body.extend_from_slice(HONEST.as_bytes()),
        2 => body.splice(0..0, [0xef, 0xbb, 0xbf]).for_each(drop),
        _ => body.push(*r.pick(&[&b'}', &b',', &0, &b'"', &0xff])),
    }
    body
}

fn flipped(r: &mut Random) -> Vec<u8> {
    let mut body = HONEST.as_bytes().to_vec();
    for _ in 0..=r.below(8) {
        let at = r.below(body.len());
        body[at] ^= 1 << r.below(8);
    }
    body
}

fn twice(r: &mut Random) -> Vec<u8> {
    let key = r.pick(&["query", "variables", "operationName", "extensions", "documentId"]);
    let count = 2 + r.size(10_000);
    let pairs: Vec<String> = (0..count).map(|_| format!("\"{key}\":null")).collect();
    format!("{{\"query\":\"{{ hello }}\",{}}}", pairs.join(",")).into_bytes()
}

fn types(r: &mut Random) -> Vec<u8> {
    let mut body: Value = serde_json::from_str(HONEST).unwrap();
    let key = r.pick(&["query", "variables", "operationName", "extensions", "documentId"]);
    let values = [
        json!(1),
        json!(true),
        json!([]),
        json!(["{ hello }"]),
        json!({}),
        json!(""),
        json!(null),
        json!(1.5),
    ];
    body[key] = values[r.below(values.len())].clone();
    body.to_string().into_bytes()
}

fn batch(r: &mut Random) -> Vec<u8> {
    let count = r.size(5_000);
    format!("[{}]", vec![HONEST; count].join(",")).into_bytes()
}

fn surrogates(r: &mut Random) -> Vec<u8> {
    let text = r.pick(&[
        "\\ud800",
        "\\udfff\\ud800",
        "\\u0000",
        "\\ud83d\\ude00",
        "\\uFEFF",
        "\u{0}",
        "\u{1}",
        "\\x",
        "\\u12",
        "\u{2028}",
        "\\\"",
        "\\\\\\\"",
    ]);
    let place =
        r.pick(&["{ hello }@", "@{ hello }", "{ echo(text: \\\"@\\\") }", "{ hel@lo }", "#@\\n{ hello }"]);
    let mut body = format!("{{\"query\":\"{}\"}}", place.replace('@', text)).into_bytes();
    if r.coin() {
        // Overlong, cut short, or beyond Unicode.
        let bytes: &[u8] =
            r.pick(&[&[0xc0, 0x80][..], &[0xe2, 0x82], &[0xf5, 0x80, 0x80, 0x80], &[0xed, 0xa0, 0x80]]);
        let at = 10 + r.below(4);
        body.splice(at..at, bytes.iter().copied()).for_each(drop);
    }
    body
}

fn extensions(r: &mut Random) -> Vec<u8> {
    let hash = "0".repeat(r.size(100_000));
    let extension = match r.below(5) {
        0 => json!({"persistedQuery": {"version": 1, "sha256Hash": hash}}),
        1 => json!({"persistedQuery": {"version": -1, "sha256Hash": "é".repeat(32)}}),
        2 => json!({"persistedQuery": deep(r)}),
        3 => json!({"queryPlan": true, "tracing": {"version": 1}}),
        _ => json!({ "x": wide(r) }),
    };
    let query = if r.coin() { json!("{ hello }") } else { json!(null) };
    json!({"query": query, "extensions": extension, "documentId": if r.coin() { json!(null) } else { json!(hash) }})
        .to_string()
        .into_bytes()
}

fn numbers(r: &mut Random) -> Vec<u8> {
    let digits = "9".repeat(r.size(400_000));
    let number = match r.below(6) {
        0 => digits,
        1 => format!("-{digits}"),
        2 => format!("0.{digits}"),
        3 => format!("1e{digits}"),
        4 => format!("1e-{digits}"),
        _ => r.pick(&["NaN", "Infinity", "-", "01", "1.", ".1", "1e", "+1", "0x10"]).to_owned(),
    };
    let query = "query ($of: [[Int]!]!) { sum(of: $of) }";
    format!("{{\"query\":\"{query}\",\"variables\":{{\"of\":[[{number}]]}}}}").into_bytes()
}
