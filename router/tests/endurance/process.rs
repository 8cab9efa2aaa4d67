//! What the process holds.

use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};

/// One test at a time: what is counted belongs to the process.
static TURN: Mutex<()> = Mutex::const_new(());

pub async fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().await
}

/// What the process holds at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Open files, sockets among them.
    pub files: usize,
    /// Tasks of this test's runtime.
    pub tasks: usize,
}

impl Held {
    pub fn now() -> Self {
        Self {
            files: std::fs::read_dir("/dev/fd").unwrap().count(),
            tasks: tokio::runtime::Handle::current().metrics().num_alive_tasks(),
        }
    }

    /// What is held once nothing more is let go of.
    pub async fn settled() -> Self {
        let (mut before, mut same) = (Self::now(), 0);
        while same < 10 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let now = Self::now();
            same = if now == before { same + 1 } else { 0 };
            before = now;
        }
        before
    }

    /// Waits until no more is held than before.
    pub async fn returns_to(before: Self, patience: Duration) {
        let begun = std::time::Instant::now();
        loop {
            let now = Self::now();
            if now.files <= before.files && now.tasks <= before.tasks {
                return;
            }
            assert!(begun.elapsed() < patience, "{now:?} is held after {patience:?}, {before:?} was before");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Memory of the process that is in RAM, in MiB. Linux tells; elsewhere it is always the same.
pub fn resident_mib() -> usize {
    if !cfg!(target_os = "linux") {
        return 0;
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<usize>().unwrap() / 1024
}
