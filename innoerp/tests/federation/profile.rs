//! How careful a router is, and what it says of itself when it starts and ends.

use std::process::Stdio;

use crate::program::{Folder, Router, command, complaint, free_port, signal};
use crate::shop;

const SUPERGRAPH: [&str; 2] = ["--supergraph", "shop.graphql"];
const CONFIG: [&str; 2] = ["--config", "router.yaml"];

fn shop() -> Folder {
    let folder = Folder::new();
    folder.write("shop.graphql", &shop::supergraph("http://127.0.0.1:1/", "http://127.0.0.1:1/"));
    folder.write("router.yaml", "supergraph: shop.graphql\n");
    folder
}

/// Whether everybody may read the schema.
async fn is_open(folder: &Folder, arguments: &[&str]) -> bool {
    let router = Router::start(folder, arguments).await;
    let answer = router.ask("{ __schema { queryType { name } } }").await;
    router.stop().await;
    let is_refused = answer["errors"][0]["extensions"]["code"] == "INTROSPECTION_DISABLED";
    assert_ne!(is_refused, answer["data"].is_object(), "{answer}");
    !is_refused
}

#[tokio::test]
async fn a_router_over_any_federation_is_in_production_unless_it_is_told_otherwise() {
    let folder = shop();
    for arguments in [&SUPERGRAPH, &CONFIG] {
        assert!(!is_open(&folder, arguments).await, "{arguments:?}");
        assert!(is_open(&folder, &[&arguments[..], &["--profile", "development"]].concat()).await);
    }
    folder.write("router.yaml", "supergraph: shop.graphql\nprofile: development\n");
    assert!(is_open(&folder, &CONFIG).await);
}

#[tokio::test]
async fn a_file_and_a_flag_that_differ_are_refused() {
    let folder = shop();
    for (file, flag) in [("development", "production"), ("production", "development")] {
        folder.write("router.yaml", &format!("supergraph: shop.graphql\nprofile: {file}\n"));
        let said = complaint(&folder, &[&CONFIG[..], &["--profile", flag]].concat()).await;
        assert!(said.contains("router.yaml: line 2: `profile` differs from --profile"), "{said}");
    }
}

#[tokio::test]
async fn the_log_says_in_every_profile_how_a_router_starts_and_that_it_has_ended() {
    let folder = shop();
    for profile in ["development", "production"] {
        let listen = format!("127.0.0.1:{}", free_port());
        let arguments = [&SUPERGRAPH[..], &["--profile", profile, "--listen", &listen]].concat();
        let mut command = command(&folder, &arguments);
        let child = command.env_remove("RUST_LOG").stderr(Stdio::piped()).spawn().unwrap();
        let url = format!("http://{listen}/health/ready");
        while !reqwest::get(&url).await.is_ok_and(|answer| answer.status().is_success()) {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        signal(&child, "-TERM").await;
        let ended = child.wait_with_output().await.unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        let places: Vec<_> = ["the router listens", "ending: ", "ended"]
            .map(|word| said.lines().position(|line| line.contains(word)).expect(&said))
            .into();
        assert!(places.is_sorted() && ended.status.success(), "{said}");
        let first = said.lines().nth(places[0]).unwrap();
        assert!(first.contains(&listen) && first.contains(profile), "{said}");
    }
}
