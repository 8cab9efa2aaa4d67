//! Redis over TLS, by the machine's own list of authorities: this program runs itself with another list.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use store::Store;
use store::server::Redis;

const TEST: &str = "a_server_is_believed_by_the_machines_authorities_and_not_otherwise";
/// Where the server is that this program's copy is to be let in to, or not.
const URL: &str = "STORE_TEST_TLS_URL";

/// Makes a key and a certificate of `localhost`; false where there is no OpenSSL.
fn make(certificate: &Path, key: &Path) -> bool {
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]);
    command.args(["-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]);
    command.args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout"]).arg(key);
    let made = command.arg("-out").arg(certificate).stderr(Stdio::null()).status();
    made.is_ok_and(|status| status.success())
}

/// Whether this program's copy gets to the server, with these authorities.
async fn is_let_in(url: &str, authorities: Option<&Path>) -> bool {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([TEST, "--exact"]).env(URL, url).stdout(Stdio::null()).stderr(Stdio::null());
    match authorities {
        Some(authorities) => command.env("SSL_CERT_FILE", authorities),
        None => command.env_remove("SSL_CERT_FILE"),
    };
    let ran = tokio::task::spawn_blocking(move || command.status()).await;
    ran.unwrap().unwrap().success()
}

async fn is_up(store: &Store, patience: Duration) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < patience {
        if store.is_up() == Some(true) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}

#[tokio::test]
async fn a_server_is_believed_by_the_machines_authorities_and_not_otherwise() {
    if let Ok(url) = std::env::var(URL) {
        let patience = if std::env::var_os("SSL_CERT_FILE").is_some() { 30 } else { 3 };
        assert!(is_up(&Store::shared(&url, &[7; 32]).unwrap(), Duration::from_secs(patience)).await);
        return;
    }
    let folder: PathBuf = std::env::temp_dir().join(format!("redis-{}", uuid::Uuid::now_v7().simple()));
    std::fs::create_dir_all(&folder).unwrap();
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    if !make(&certificate, &key) {
        println!("NOT TESTED: Redis over TLS, for there is no openssl");
        return;
    }
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let [file, key_file] = [&certificate, &key].map(|path| path.to_str().unwrap());
    let arguments = ["--tls-port", &port, "--tls-auth-clients", "no", "--tls-cert-file", file];
    let arguments = [&arguments[..], &["--tls-key-file", key_file, "--tls-ca-cert-file", file]].concat();
    let Some(server) =
        Redis::start("Redis over TLS", &[&arguments[..], &["--requirepass", "right"]].concat()).await
    else {
        return;
    };
    let url = |password: &str| format!("rediss://:{password}@localhost:{port}");
    assert!(is_let_in(&url("right"), Some(&certificate)).await);
    assert!(!is_let_in(&url("right"), None).await, "nobody vouches for it");
    drop(server);
    std::fs::remove_dir_all(folder).unwrap();
}
