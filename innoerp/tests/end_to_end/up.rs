//! `innoerp up`: from nothing to a system with demo data, and down again.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use crate::TURN;
use crate::system::free_ports;

/// A folder and ports for one development system.
pub struct Place {
    pub folder: PathBuf,
    pub router: u16,
    pub ports: Vec<(String, u16)>,
}

impl Place {
    pub fn new() -> Self {
        let folder =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("up-{}", uuid::Uuid::now_v7().simple()));
        std::fs::create_dir_all(&folder).unwrap();
        let names: Vec<_> =
            innoerp::modules::all().iter().map(|module| module.id).chain(["router"]).collect();
        let ports = free_ports(&names);
        let router = ports["router"];
        Self {
            folder,
            router,
            ports: ports.into_iter().map(|(name, port)| (name.to_owned(), port)).collect(),
        }
    }

    fn up(&self) -> Command {
        self.command(&["up"])
    }

    fn command(&self, verb: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_innoerp"));
        command
            .args(verb)
            .current_dir(&self.folder)
            // Whoever reads and writes as fast as they can would meet their own budget.
            .env("INNOERP_RATE_LIMITS", "false")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        for name in [
            "DATABASE_URL",
            "DATABASE_RELAY_URL",
            "DATABASE_OWNER_URL",
            "SECRET_KEY",
            "JWKS_URL",
            "INNOERP_PROFILE",
        ] {
            command.env_remove(name);
        }
        for (name, port) in &self.ports {
            command.env(format!("{}_PORT", name.to_uppercase()), port.to_string());
        }
        command
    }

    /// Logs in as one of the demo's people.
    pub async fn log_in(&self, email: &str) -> Value {
        let log_in = json!({ "query": format!(
            r#"mutation {{ logIn(input: {{ email: "{email}", password: "{}" }}) {{ session {{ accessToken }} }} }}"#,
            innoerp::seed::PASSWORD
        ) });
        let url = format!("http://127.0.0.1:{}/graphql", self.router);
        reqwest::Client::new().post(&url).json(&log_in).send().await.unwrap().json().await.unwrap()
    }

    /// What its router says of its readiness, once it listens.
    pub async fn readiness(&self) -> Option<(u16, Value)> {
        let url = format!("http://127.0.0.1:{}/health/ready", self.router);
        let answer = reqwest::get(&url).await.ok()?;
        Some((answer.status().as_u16(), answer.json().await.unwrap()))
    }

    pub fn remove(self) {
        let _ = database::cluster::Cluster::remove_if_unused(&self.folder.join(".innoerp/postgres"));
        std::fs::remove_dir_all(&self.folder).unwrap();
    }

    /// Starts it, and waits until it says that it is ready.
    pub async fn start(&self) -> Running {
        self.start_by(&["up"]).await
    }

    /// The same, by another verb.
    pub async fn start_by(&self, verb: &[&str]) -> Running {
        let mut running = Running::of(self.command(verb).spawn().unwrap());
        let mut lines = BufReader::new(running.child.stdout.take().unwrap()).lines();
        let mut said = String::new();
        let until_ready = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                said.push_str(&line);
                said.push('\n');
                if line.contains("Ctrl-C stops everything") {
                    return true;
                }
            }
            false
        };
        let is_ready = tokio::time::timeout(Duration::from_secs(300), until_ready).await.unwrap();
        if !is_ready {
            panic!("it ended by itself: {}", running.end().await.1);
        }
        Running { said, ..running }
    }
}

/// A system that said it is ready, and what else it said.
pub struct Running {
    child: Child,
    said: String,
    /// Read all the time: who complains must not have to wait until somebody listens.
    complaint: JoinHandle<String>,
}

impl Running {
    fn of(mut child: Child) -> Self {
        let mut stderr = child.stderr.take().unwrap();
        let complaint = tokio::spawn(async move {
            let mut complaint = String::new();
            stderr.read_to_string(&mut complaint).await.unwrap();
            complaint
        });
        Self { child, said: String::new(), complaint }
    }

    /// Presses Ctrl-C, and waits for a clean end.
    pub async fn interrupt(mut self) {
        let id = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().await.unwrap().success());
        let (is_success, complaint) = self.end().await;
        assert!(is_success, "{complaint}");
    }

    /// Waits until it ends; answers whether it did so well, and what it complained of.
    pub async fn end(&mut self) -> (bool, String) {
        let ended = self.child.wait().await.unwrap();
        (ended.success(), (&mut self.complaint).await.unwrap())
    }
}

#[tokio::test]
async fn one_command_starts_everything_and_ctrl_c_stops_it() {
    let _turn = TURN.lock().await;
    let place = Place::new();
    let first = place.start().await;
    assert!(first.said.contains("manager@alpine.example"), "{}", first.said);
    let answer = place.log_in("member@alpine.example").await;
    assert!(answer["data"]["logIn"]["session"]["accessToken"].is_string(), "{answer}");

    // Whoever starts it twice is told in one sentence, and the first goes on.
    let second = place.up().output().await.unwrap();
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(!second.status.success() && said.lines().count() == 1 && said.contains("_PORT"), "{said}");
    first.interrupt().await;

    // What was there is there again, and is not made twice.
    let again = place.start().await;
    assert!(!again.said.contains("Making two demo organizations"), "{}", again.said);
    again.interrupt().await;
    place.remove();
}

#[tokio::test]
async fn whoever_interrupts_it_while_it_makes_the_demo_can_start_it_again() {
    let _turn = TURN.lock().await;
    let place = Place::new();
    let mut child = place.up().spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let until_begun = async {
        while !lines.next_line().await.unwrap().unwrap().contains("Making two demo organizations") {}
    };
    tokio::time::timeout(Duration::from_secs(300), until_begun).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    Running::of(child).interrupt().await;

    let again = place.start().await;
    let is_made_now = again.said.contains("Making two demo organizations");
    assert!(is_made_now || again.said.contains("Beware"), "{}", again.said);
    again.interrupt().await;
    place.remove();
}

#[tokio::test]
async fn whoever_waits_until_it_is_ready_can_log_in() {
    let _turn = TURN.lock().await;
    let place = Place::new();
    let running = Running::of(place.up().spawn().unwrap());
    let until_ready = async {
        let mut said = Vec::new();
        loop {
            match place.readiness().await {
                Some((200, _)) => return said,
                Some((_, answer)) => said.push(answer["status"].clone()),
                None => {}
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let said = tokio::time::timeout(Duration::from_secs(300), until_ready).await.unwrap();
    let answer = place.log_in("manager@alpine.example").await;
    assert!(answer["data"]["logIn"]["session"]["accessToken"].is_string(), "{answer}");
    // It could be asked meanwhile, and said why nobody should come yet.
    assert!(!said.is_empty() && said.iter().all(|status| status == "starting"), "{said:?}");
    running.interrupt().await;
    place.remove();
}

#[tokio::test]
async fn what_is_missing_is_said_in_one_sentence() {
    let innoerp = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_innoerp"));
        command
            .args(arguments)
            .current_dir(env!("CARGO_TARGET_TMPDIR"))
            .env_remove("DATABASE_URL")
            .env_remove("DATABASE_RELAY_URL")
            .env_remove("SECRET_KEY");
        // Any port: on the usual ones, this machine may run the product.
        for service in innoerp::modules::all().iter().map(|module| module.id).chain(["router"]) {
            command.env(format!("{}_PORT", service.to_uppercase()), "0");
        }
        command
    };
    let nowhere = "postgres://nobody:nothing@127.0.0.1:1/nothing";
    let cases = [
        (
            innoerp(&["serve", "leave"]).env("SECRET_KEY", "4f1c6a0b9d8e7f6a5b4c3d2e1f0a9b8c").output().await,
            "DATABASE_URL",
        ),
        (
            innoerp(&["serve", "all"]).env("DATABASE_URL", nowhere).env("SECRET_KEY", "short").output().await,
            "32",
        ),
        (
            innoerp(&["serve", "leave"])
                .env("DATABASE_URL", nowhere)
                .env("INNOERP_PROFILE", "production")
                .output()
                .await,
            "SECRET_KEY",
        ),
        (
            innoerp(&["serve", "leave"])
                .env("DATABASE_URL", nowhere)
                .env("SECRET_KEY", "4f1c6a0b9d8e7f6a5b4c3d2e1f0a9b8c")
                .output()
                .await,
            "DATABASE_RELAY_URL",
        ),
        (innoerp(&["serve", "nothing"]).env("DATABASE_URL", nowhere).output().await, "nothing"),
        (innoerp(&["migrate"]).env("DATABASE_URL", nowhere).output().await, "127.0.0.1:1"),
    ];
    for (output, word) in cases {
        let output = output.unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(word), "{word}: {said}");
    }
}

#[tokio::test]
async fn the_example_of_settings_names_every_one() {
    let output = Command::new(env!("CARGO_BIN_EXE_innoerp")).arg("--help").output().await.unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let example = include_str!("../../../.env.example");
    let variables: Vec<_> =
        help.split("[env: ").skip(1).filter_map(|rest| rest.split(['=', ']', ' ']).next()).collect();
    assert!(variables.len() > 8, "{help}");
    for variable in variables {
        assert!(example.contains(&format!("{variable}=")), "{variable} is not in .env.example");
    }
}
