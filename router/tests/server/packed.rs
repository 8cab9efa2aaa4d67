//! Bodies that come packed.

use std::io::Write;

use serde_json::{Value, json};

use crate::toys::{App, code, config};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    brotli::CompressorWriter::new(&mut packed, 4096, 9, 22).write_all(bytes).unwrap();
    packed
}

async fn post(app: &App, coding: &str, body: Vec<u8>) -> (u16, Value) {
    let request = app.client.post(app.url("/graphql")).header("content-type", "application/json");
    app.send(request.header("content-encoding", coding).body(body)).await
}

#[tokio::test]
async fn gzip_and_brotli_are_unpacked() {
    let app = App::start().await;
    let body = br#"{"query": "{ hello }"}"#;
    for (coding, packed) in [
        ("gzip", gzip(body)),
        ("x-gzip", gzip(body)),
        ("GZIP", gzip(body)),
        ("br", brotli(body)),
        ("identity", body.to_vec()),
        ("", body.to_vec()),
    ] {
        assert_eq!(post(&app, coding, packed).await, (200, json!({"data": {"hello": "world"}})), "{coding}");
    }
}

#[tokio::test]
async fn what_is_packed_otherwise_or_badly_is_refused() {
    let app = App::start().await;
    let body = br#"{"query": "{ hello }"}"#;
    for coding in ["deflate", "zstd", "gzip, gzip", "gzip, br", "compress"] {
        let (status, answer) = post(&app, coding, gzip(body)).await;
        assert_eq!((status, code(&answer)), (415, "UNSUPPORTED_MEDIA_TYPE"), "{coding}");
    }
    let twice = app.client.post(app.url("/graphql")).header("content-type", "application/json");
    let twice = twice.header("content-encoding", "gzip").header("content-encoding", "gzip");
    assert_eq!(app.send(twice.body(gzip(&gzip(body)))).await.0, 415);
    let mut cut = gzip(body);
    cut.truncate(cut.len() - 6);
    let mut trailed = gzip(body);
    trailed.extend_from_slice(b"more");
    for (coding, broken) in [
        ("gzip", body.to_vec()),
        ("gzip", cut),
        ("gzip", trailed),
        ("gzip", brotli(body)),
        ("br", vec![255; 40]),
    ] {
        let (status, answer) = post(&app, coding, broken).await;
        assert_eq!((status, code(&answer)), (400, "BODY_BADLY_PACKED"), "{coding}");
    }
}

#[tokio::test]
async fn a_bomb_is_refused_before_it_bursts() {
    let app = App::start().await;
    let zeros = vec![b' '; 50_000_000];
    for (coding, bomb) in [("gzip", gzip(&zeros)), ("br", brotli(&zeros))] {
        assert!(bomb.len() < 1_000_000);
        let (status, answer) = post(&app, coding, bomb).await;
        assert_eq!(status, 413, "{coding}");
        assert!(matches!(code(&answer), "BODY_RATIO_TOO_HIGH" | "BODY_TOO_LARGE"), "{answer}");
    }
}

#[tokio::test]
async fn a_body_is_measured_as_it_is_unpacked() {
    let mut settings = config();
    settings.limits.body_bytes_max = 10_000;
    settings.limits.body_ratio_max = 1_000;
    let app = App::start_with(settings).await;
    let body = |bytes: usize| format!("{{\"query\":\"{{ hello }}#{}\"}}", "x".repeat(bytes - 22));
    assert_eq!(post(&app, "gzip", gzip(body(10_000).as_bytes())).await.0, 200);
    let (status, answer) = post(&app, "gzip", gzip(body(10_001).as_bytes())).await;
    assert_eq!((status, code(&answer)), (413, "BODY_TOO_LARGE"));
}
