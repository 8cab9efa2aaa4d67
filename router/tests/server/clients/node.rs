//! Scripts of `tests/npm`, run by Node.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// How long a script may take to say something.
const PATIENCE: Duration = Duration::from_secs(30);
const HINT: &str = "run `scripts/setup --test`, which installs what the tests need";

/// A script that runs, and says one line of JSON after another. Dropped, it ends.
pub struct Script {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// What it was started with, and all that it has said: what a failure is explained by.
    log: String,
}

impl Script {
    pub fn start(name: &str, arguments: &[&str]) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/npm");
        assert!(folder.join("node_modules").is_dir(), "the packages of router/tests/npm are missing; {HINT}");
        let mut command = Command::new(node());
        command.arg(folder.join(name)).args(arguments).current_dir(folder);
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines, log: format!("{name} {arguments:?}") }
    }

    /// The next that it says; `None` once it has ended, which it must do in good order.
    pub async fn hear(&mut self) -> Option<Value> {
        let line = tokio::time::timeout(PATIENCE, self.lines.next_line()).await;
        let line = line.unwrap_or_else(|_| panic!("nothing more comes from {}", self.log)).unwrap();
        if let Some(line) = line {
            self.log = format!("{}\n{line}", self.log);
            return Some(serde_json::from_str(&line).unwrap_or_else(|_| panic!("not JSON: {line}")));
        }
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("in time").unwrap();
        assert!(status.success(), "{status}, and said why above: {}", self.log);
        None
    }

    /// Everything that it says.
    pub async fn hear_all(mut self) -> Vec<Value> {
        let mut heard = Vec::new();
        while let Some(line) = self.hear().await {
            heard.push(line);
        }
        heard
    }
}

/// Node: the one that the set-up has fetched, where the machine's own is missing or too old.
fn node() -> PathBuf {
    let fetched = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.innoerp/node/node_modules");
    let fetched = std::fs::read_dir(fetched).into_iter().flatten().flatten();
    let mut fetched = fetched.map(|entry| entry.path().join("bin/node"));
    if let Some(node) = fetched.find(|path| path.is_file()) {
        return node;
    }
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&on_path).map(|folder| folder.join("node")).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("Node is missing; {HINT}"))
}
