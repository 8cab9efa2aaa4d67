//! The file changes, or SIGHUP comes, while the router runs.

use std::time::Duration;

use serde_json::{Value, json};

use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr};

use crate::program::{Folder, Router, command, free_port, signal};
use crate::shop::{self, Served};

fn file(subgraphs: &[&Served], rest: &str) -> String {
    let entry = |(at, served): (usize, &&Served)| format!("- name: s{at}\n  url: {}\n", served.url());
    let entries: String = subgraphs.iter().enumerate().map(entry).collect();
    format!("profile: development\nsubgraph_poll_ms: 100\n{rest}\nsubgraphs:\n{entries}")
}

async fn ready(router: &Router) -> Value {
    let url = router.url().replace("/graphql", "/health/ready");
    reqwest::get(url).await.unwrap().json().await.unwrap()
}

fn alarms(ready: &Value) -> Vec<&str> {
    ready["alarms"].as_array().unwrap().iter().map(|alarm| alarm["code"].as_str().unwrap()).collect()
}

/// Waits until a question is answered as wanted.
async fn until(router: &Router, query: &str, is_wanted: impl Fn(&Value) -> bool) {
    for _ in 0..400 {
        if is_wanted(&router.ask(query).await) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("never: {}", router.ask(query).await);
}

async fn until_alarms(router: &Router, wanted: &[&str]) {
    for _ in 0..400 {
        if alarms(&ready(router).await) == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("never: {}", ready(router).await);
}

#[tokio::test]
async fn the_file_is_followed_and_a_bad_one_changes_nothing() {
    let (folder, products, reviews) = (Folder::new(), shop::products().await, shop::reviews().await);
    folder.write("router.yaml", &file(&[&products], ""));
    let router = Router::start(&folder, &["--config", "router.yaml"]).await;
    let question = "{ products { name stars } }";
    assert!(router.ask("{ products { name } }").await["data"].is_object());
    assert!(router.ask(question).await["errors"].is_array());

    // Another subgraph, without a pause for anybody.
    folder.write("router.yaml", &file(&[&products, &reviews], ""));
    until(&router, question, |answer| answer["data"]["products"][0]["stars"] == 5).await;

    for bad in ["limits: { depth: 3 }", "limits: { depth_max: 1000 }", "subgraphs: ["] {
        folder.write("router.yaml", &file(&[&products], bad));
        until_alarms(&router, &["CONFIG_REFUSED"]).await;
        assert_eq!(router.ask(question).await["data"]["products"][0]["stars"], 5);
        folder.write("router.yaml", &file(&[&products, &reviews], ""));
        until_alarms(&router, &[]).await;
    }

    folder.write("router.yaml", &file(&[&products, &reviews], "limits: { depth_max: 1 }"));
    until(&router, question, |answer| answer["errors"][0]["extensions"]["code"] == "QUERY_TOO_DEEP").await;
    router.stop().await;
}

#[tokio::test]
async fn a_new_subgraph_that_does_not_answer_is_waited_for() {
    let (folder, products, reviews) = (Folder::new(), shop::products().await, shop::reviews().await);
    folder.write("router.yaml", &file(&[&products], ""));
    let router = Router::start(&folder, &["--config", "router.yaml"]).await;
    reviews.go_silent(true);
    folder.write("router.yaml", &file(&[&products, &reviews], ""));
    until_alarms(&router, &["CONFIG_REFUSED", "SUBGRAPH_SILENT"]).await;
    assert!(router.ask("{ products { name } }").await["data"].is_object());
    reviews.go_silent(false);
    until(&router, "{ products { stars } }", |answer| answer["data"]["products"][0]["stars"] == 5).await;
    until_alarms(&router, &[]).await;
    router.stop().await;
}

#[tokio::test]
async fn a_start_says_whom_it_waits_for_and_how_long() {
    let (folder, products, reviews) = (Folder::new(), shop::products().await, shop::reviews().await);
    reviews.go_silent(true);
    folder.write("router.yaml", &file(&[&products, &reviews], "startup_grace_ms: 1500"));
    let (mut starting, mut log) = starting(&folder, "info");
    let wanted = [
        ("asking subgraphs for their schemas", "s0, s1"),
        ("nothing is served yet", "s1"),
        ("serving without these subgraphs", "s1"),
    ];
    for (message, subgraphs) in wanted {
        let line = logged(&mut log, message).await;
        assert!(line.contains(&format!("subgraphs=\"{subgraphs}\"")), "{line}");
        if message.starts_with("asking") {
            assert!(line.contains("startup_grace_ms=1500"), "{line}");
        }
    }
    reviews.go_silent(false);
    logged(&mut log, "all subgraphs have told").await;
    starting.kill().await.unwrap();

    // One that takes a call and never answers it, with the log as development has it.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("- name: silent\n  url: http://{}\n", silent.local_addr().unwrap());
    folder.write("router.yaml", &(file(&[&products], "") + &silent));
    let (mut starting, mut log) = self::starting(&folder, "warn");
    let line = logged(&mut log, "").await;
    assert!(line.contains("nothing is served yet") && line.contains("subgraphs=\"s0, silent\""), "{line}");
    starting.kill().await.unwrap();
}

type Log = Lines<BufReader<ChildStderr>>;

/// A router that starts, and what it logs at this level.
fn starting(folder: &Folder, level: &str) -> (Child, Log) {
    let listen = format!("127.0.0.1:{}", free_port());
    let mut command = command(folder, &["--config", "router.yaml", "--listen", &listen]);
    let mut starting = command.env("RUST_LOG", level).spawn().unwrap();
    let log = BufReader::new(starting.stderr.take().unwrap()).lines();
    (starting, log)
}

/// The next line of a log that says this.
async fn logged(log: &mut Log, message: &str) -> String {
    loop {
        let line = tokio::time::timeout(Duration::from_secs(20), log.next_line()).await.expect(message);
        let line = line.unwrap().expect(message);
        if line.contains(message) {
            return line;
        }
    }
}

#[tokio::test]
async fn sighup_reads_everything_again_and_ends_nothing() {
    let (folder, products, reviews) = (Folder::new(), shop::products().await, shop::reviews().await);
    let slow_poll = |subgraphs: &[&Served]| {
        file(subgraphs, "").replace("subgraph_poll_ms: 100", "subgraph_poll_ms: 3600000")
    };
    folder.write("router.yaml", &slow_poll(&[&products]));
    let router = Router::start(&folder, &["--config", "router.yaml"]).await;
    folder.write("router.yaml", &slow_poll(&[&products, &reviews]));
    signal(&router.child, "-HUP").await;
    until(&router, "{ products { stars } }", |answer| answer["data"]["products"][0]["stars"] == 5).await;
    router.stop().await;

    // A ready supergraph, too, and without a file of settings.
    folder.write("supergraph.graphql", &shop::supergraph(&products.url(), &reviews.url()));
    let router = Router::start(&folder, &["--supergraph", "supergraph.graphql"]).await;
    let without_stars = shop::supergraph(&products.url(), &reviews.url())
        .replace("  stars: Int! @join__field(graph: REVIEWS)\n", "");
    folder.write("supergraph.graphql", &without_stars);
    signal(&router.child, "-HUP").await;
    until(&router, "{ products { stars } }", |answer| answer["errors"].is_array()).await;
    router.stop().await;
}

#[tokio::test]
async fn a_router_that_starts_while_a_subgraph_is_down_has_its_schema_from_before() {
    let (folder, products, reviews) = (Folder::new(), shop::products().await, shop::reviews().await);
    folder.write("router.yaml", &file(&[&products, &reviews], "state_folder: state"));
    Router::start(&folder, &["--config", "router.yaml"]).await.stop().await;
    assert!(folder.path("state/last-good-schemas.json").is_file());

    reviews.go_silent(true);
    let router = Router::start(&folder, &["--config", "router.yaml"]).await;
    assert_eq!(alarms(&ready(&router).await), ["SUBGRAPH_SILENT"]);
    let schema = router.ask(r#"{ __type(name: "Product") { fields { name } } }"#).await;
    assert!(schema.to_string().contains("stars"), "{schema}");
    let answer = router.ask("{ products { name } }").await;
    assert_eq!(answer["data"]["products"][1], json!({ "name": "The couch" }));
    reviews.go_silent(false);
    until(&router, "{ products { stars } }", |answer| answer["data"]["products"][0]["stars"] == 5).await;
    until_alarms(&router, &[]).await;
    router.stop().await;
}
