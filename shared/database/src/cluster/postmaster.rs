//! What `postmaster.pid` says of a server, and whether it is true.

use std::path::Path;
use std::process::Command;

use rustix::process::{Pid, Signal};

/// A server as its own file describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Postmaster {
    pub(super) pid: Pid,
    pub(super) port: u16,
    /// Accepts connections, and is not on its way up or down.
    pub(super) ready: bool,
}

impl Postmaster {
    /// Reads the file in a data folder; nothing, if there is none or it is only half written.
    pub(super) fn read(data: &Path) -> Option<Self> {
        Self::parse(&std::fs::read_to_string(data.join("postmaster.pid")).ok()?)
    }

    /// The lines are: process, data folder, start, port, socket folder, address, memory key, state.
    fn parse(text: &str) -> Option<Self> {
        let lines = text.lines().map(str::trim).collect::<Vec<_>>();
        let pid = Pid::from_raw(lines.first()?.parse().ok()?)?;
        let port = lines.get(3).and_then(|line| line.parse().ok()).unwrap_or_default();
        Some(Self { pid, port, ready: lines.get(7) == Some(&"ready") })
    }

    /// Whether that process is still a server of this data folder.
    ///
    /// After a crash the number may belong to another program, most of all in a container, where
    /// numbers are low; so its command line must name the folder. One that ended but was not
    /// collected by its parent has no command line.
    pub(super) fn is_alive(&self, data: &Path) -> bool {
        command_line(self.pid).contains(&*data.to_string_lossy())
    }

    /// Asks the server to stop: it ends its connections and saves what is open.
    pub(super) fn interrupt(&self) {
        // An error means that it is gone already, which the caller waits for anyway.
        let _ = rustix::process::kill_process(self.pid, Signal::INT);
    }

    /// Ends the server at once; it repairs itself at the next start.
    pub(super) fn quit(&self) {
        let _ = rustix::process::kill_process(self.pid, Signal::QUIT);
    }
}

/// Ends the processes of a data folder whose server was killed: they go on with what they do, and no other server can
/// start while they are there. Where the system does not say who they are, they end by themselves.
pub(super) fn quit_orphans(data: &Path) {
    let (Ok(data), Ok(processes)) = (data.canonicalize(), std::fs::read_dir("/proc")) else { return };
    for process in processes.flatten() {
        let pid = process.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw);
        // Every process of a server works in its data folder.
        let is_of_it = || std::fs::read_link(process.path().join("cwd")).is_ok_and(|folder| folder == data);
        if let Some(pid) = pid.filter(|pid| *pid != rustix::process::getpid() && is_of_it()) {
            let _ = rustix::process::kill_process(pid, Signal::QUIT);
        }
    }
}

fn command_line(pid: Pid) -> String {
    let number = pid.as_raw_nonzero().to_string();
    if Path::new("/proc/self").exists() {
        let bytes = std::fs::read(Path::new("/proc").join(number).join("cmdline")).unwrap_or_default();
        return String::from_utf8_lossy(&bytes).into_owned();
    }
    let asked = Command::new("ps").args(["-ww", "-o", "command=", "-p", &number]).output();
    asked.map(|asked| String::from_utf8_lossy(&asked.stdout).into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_and_port_are_read() {
        let text = "4711\n/x/data\n1700000000\n5433\n\n127.0.0.1\n  123 0\nready   \n";
        let found = Postmaster::parse(text).unwrap();
        assert_eq!((found.pid.as_raw_nonzero().get(), found.port, found.ready), (4711, 5433, true));
    }

    #[test]
    fn a_half_written_file_is_not_ready() {
        assert!(!Postmaster::parse("4711\n/x/data\n17").unwrap().ready);
        assert_eq!(Postmaster::parse(""), None);
        assert_eq!(Postmaster::parse("0\n"), None);
    }

    #[test]
    fn a_process_that_is_no_server_of_the_folder_does_not_count() {
        let me = Postmaster { pid: rustix::process::getpid(), port: 0, ready: true };
        assert!(!me.is_alive(Path::new("/no/such/data")));
    }
}
