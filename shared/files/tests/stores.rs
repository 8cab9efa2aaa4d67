//! The same promises of a folder and of an object store that speaks S3.
#![cfg(test)]

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use common::Clock;
use files::Files;
use serde_json::Value;
use tower::ServiceExt as _;

const KEY: &[u8; 32] = &[7; 32];

/// A token as `fileUpload` signs one: the format is a promise between processes of different versions.
fn address(organization: &str, file: &str, size: usize) -> String {
    let claims = serde_json::json!({ "aud": "files:put", "exp": 4_102_444_800_i64,
        "organization": organization, "file": file, "name": "a.txt", "size": size });
    sign(&claims)
}

fn get_address(organization: &str, file: &str) -> String {
    let claims = serde_json::json!({ "aud": "files:get", "exp": 4_102_444_800_i64, "organization": organization,
        "file": file, "name": "a.txt", "media_type": "text/plain" });
    sign(&claims)
}

fn sign(claims: &Value) -> String {
    let key = jsonwebtoken::EncodingKey::from_secret(KEY);
    format!("/files/{}", jsonwebtoken::encode(&jsonwebtoken::Header::default(), claims, &key).unwrap())
}

async fn ask(files: &Files, method: &str, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
    let request = Request::builder().method(method).uri(path).body(Body::from(body.to_vec())).unwrap();
    let response = files::routes(files.clone()).oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    (status, axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec())
}

/// What every place of files must do.
async fn keeps_its_promises(files: &Files) {
    let (organization, file) = (uuid::Uuid::now_v7().to_string(), uuid::Uuid::now_v7().to_string());
    let large = vec![b'a'; 12 * 1024 * 1024];
    let put = address(&organization, &file, large.len());
    let get = get_address(&organization, &file);
    assert_eq!(ask(files, "GET", &get, b"").await.0, 404);
    assert_eq!(ask(files, "PUT", &put, &large).await.0, 200);
    assert_eq!(ask(files, "PUT", &put, &large).await.0, 200, "the same again");
    assert_eq!(ask(files, "PUT", &put, &vec![b'b'; large.len()]).await.0, 409, "others");
    let (status, bytes) = ask(files, "GET", &get, b"").await;
    assert!(status == 200 && bytes == large);
    // Two at the same time: one content, whoever was first.
    let file = uuid::Uuid::now_v7().to_string();
    let (put, get) = (address(&organization, &file, 5), get_address(&organization, &file));
    let (one, other) = tokio::join!(ask(files, "PUT", &put, b"aaaaa"), ask(files, "PUT", &put, b"bbbbb"));
    let mut statuses = [one.0, other.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    let winner = if one.0 == 200 { b"aaaaa" } else { b"bbbbb" };
    assert_eq!(ask(files, "GET", &get, b"").await.1, winner);
}

fn temporary(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("innoerp-{name}-{}", uuid::Uuid::now_v7()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[tokio::test]
async fn a_folder_keeps_files() {
    let folder = temporary("files");
    let files = Files::open(folder.to_str().unwrap(), KEY, Clock::default()).unwrap();
    keeps_its_promises(&files).await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_place_that_cannot_be_is_said_in_a_sentence() {
    for (place, word) in [("ftp://a/b", "s3://"), ("/proc/files", "/proc/files")] {
        let said = Files::open(place, KEY, Clock::default()).unwrap_err();
        assert!(said.contains(word), "{said}");
    }
}

/// A gateway that speaks S3 over a folder.
struct Gateway {
    child: Child,
    folder: PathBuf,
    port: u16,
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Gateway {
    /// `None` where there is none: scripts/setup says why.
    async fn start() -> Option<Self> {
        let binary = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../.innoerp/tools/versitygw");
        if !binary.exists() {
            return None;
        }
        let folder = temporary("s3");
        std::fs::create_dir_all(folder.join("root/bucket")).unwrap();
        std::fs::create_dir_all(folder.join("meta")).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new(binary)
            .env("ROOT_ACCESS_KEY", "access")
            .env("ROOT_SECRET_KEY", "secret-of-the-gateway")
            .arg("--port")
            .arg(format!("127.0.0.1:{port}"))
            .args(["posix", "--sidecar"])
            .args([folder.join("meta"), folder.join("root")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let gateway = Self { child, folder, port };
        for _ in 0..200 {
            if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return Some(gateway);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the gateway does not listen");
    }
}

#[tokio::test]
async fn an_object_store_keeps_files_and_its_absence_is_said() {
    let Some(gateway) = Gateway::start().await else {
        println!("NOT TESTED: files at S3, for there is no versitygw in .innoerp/tools");
        return;
    };
    let settings = [
        ("aws_endpoint", format!("http://127.0.0.1:{}", gateway.port)),
        ("aws_access_key_id", "access".to_owned()),
        ("aws_secret_access_key", "secret-of-the-gateway".to_owned()),
        ("aws_region", "us-east-1".to_owned()),
    ];
    let files = Files::open_with("s3://bucket/files", KEY, Clock::default(), &settings).unwrap();
    keeps_its_promises(&files).await;
    drop(gateway);
    let organization = uuid::Uuid::now_v7().to_string();
    let put = address(&organization, &uuid::Uuid::now_v7().to_string(), 5);
    let (status, body) = ask(&files, "PUT", &put, b"aaaaa").await;
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((status, &body["errors"][0]["extensions"]["code"]), (503, &"DEPENDENCY_UNAVAILABLE".into()));
}
