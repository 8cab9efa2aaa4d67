//! Processes that are measured: started, waited for, and ended.

use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::Failure;

const START_AT_MOST: Duration = Duration::from_secs(60);
const STOP_AT_MOST: Duration = Duration::from_secs(20);
/// Much less than a start takes.
const TICK: Duration = Duration::from_millis(2);

/// One process.
pub struct Process {
    /// What it is called in the table.
    pub name: String,
    child: Child,
}

impl Process {
    /// Starts it.
    pub fn spawn(name: &str, command: &mut Command) -> Result<Self, Failure> {
        let child = command.spawn().map_err(|error| format!("{name} cannot be started: {error}"))?;
        Ok(Self { name: name.to_owned(), child })
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Only what still runs when something went wrong; an error means that it has just ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until somebody says that it is ready, as long as all processes run.
pub async fn until(is_ready: impl AsyncFn() -> bool, processes: &mut [Process]) -> Result<(), Failure> {
    let begun = Instant::now();
    while !is_ready().await {
        for process in &mut *processes {
            if let Some(status) = process.child.try_wait()? {
                return Err(format!("{} ended with {status} before it was ready", process.name).into());
            }
        }
        if begun.elapsed() > START_AT_MOST {
            let names: Vec<_> = processes.iter().map(|process| process.name.as_str()).collect();
            let names = names.join(", ");
            return Err(
                format!("after {} s, one of these is not ready: {names}", START_AT_MOST.as_secs()).into()
            );
        }
        tokio::time::sleep(TICK).await;
    }
    Ok(())
}

/// Asks processes to end, and waits until they have.
pub async fn stop(mut processes: Vec<Process>) -> Result<(), Failure> {
    for process in &processes {
        let pid = Pid::from_raw(process.pid().try_into()?).ok_or("no process has the number 0")?;
        kill_process(pid, Signal::TERM)?;
    }
    let deadline = Instant::now() + STOP_AT_MOST;
    for process in &mut processes {
        while process.child.try_wait()?.is_none() {
            if Instant::now() > deadline {
                return Err(format!("{} does not end when asked to", process.name).into());
            }
            tokio::time::sleep(TICK).await;
        }
    }
    Ok(())
}

/// Ports of this machine that nobody listens on.
pub fn free_ports(count: usize) -> Result<Vec<u16>, Failure> {
    // All at once, so that no two are the same.
    let listeners: Vec<_> =
        (0..count).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).collect::<Result<_, _>>()?;
    listeners.iter().map(|listener| Ok(listener.local_addr()?.port())).collect()
}
