//! The server process: made, started, taken over, stopped.

use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgConnection};

use super::binaries::Binaries;
use super::place::{Place, last_lines};
use super::postmaster::{self, Postmaster};
use super::{ClusterError, Durability};

const TICK: Duration = Duration::from_millis(20);
const START_AT_MOST: Duration = Duration::from_secs(60);
const STOP_AT_MOST: Duration = Duration::from_secs(30);

/// Stops the server when our end of its input closes, which is when we end in whatever way. Only a
/// line on the input sends it away in peace. The number is compared with the server's own file, lest
/// another program has it by then.
const WATCH: &str = r#"read -r _ || { read -r pid < "$2" && [ "$pid" = "$1" ] && kill -INT "$1"; }"#;

/// A running server.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) postmaster: Postmaster,
    place: Place,
    durability: Durability,
    child: Option<Child>,
    watchman: Option<Child>,
}

impl Server {
    /// Takes over a server left running, or starts one. The caller holds the lock of the place.
    pub(super) fn obtain(place: &Place, durability: Durability) -> Result<Self, ClusterError> {
        match Self::left_running(place)? {
            Some(postmaster) => {
                Ok(Self { postmaster, place: place.clone(), durability, child: None, watchman: None })
            }
            None => Self::launch(place, durability),
        }
    }

    /// The server that an earlier process left running, once it answers; a stale file is cleared away.
    fn left_running(place: &Place) -> Result<Option<Postmaster>, ClusterError> {
        let data = place.data();
        let deadline = Instant::now() + STOP_AT_MOST;
        loop {
            let Some(postmaster) = Postmaster::read(&data) else { return Ok(None) };
            if !postmaster.is_alive(&data) {
                let file = data.join("postmaster.pid");
                std::fs::remove_file(&file).map_err(ClusterError::io("remove", &file))?;
                return Ok(None);
            }
            if answers(place, &postmaster) {
                return Ok(Some(postmaster));
            }
            if Instant::now() > deadline {
                let pid = postmaster.pid.as_raw_nonzero().get();
                return Err(ClusterError::Silent { pid, folder: data });
            }
            sleep(TICK);
        }
    }

    fn launch(place: &Place, durability: Durability) -> Result<Self, ClusterError> {
        let binaries = Binaries::find(&place.asked, &place.data(), place.account.as_ref())?;
        if !place.data().exists() {
            initialise(place, &binaries, durability)?;
        }
        let mut tries_left = 3;
        loop {
            let port = free_port(place)?;
            match start(place, &binaries, durability, port) {
                // Another program may take the port between our look and the server's.
                Err(_) if tries_left > 1 && !is_free(port) => tries_left -= 1,
                Err(error) => return Err(error),
                Ok(server) => {
                    place.save_port(port)?;
                    return Ok(server);
                }
            }
        }
    }

    /// Whether it has ended, untold. One that was started here is collected, so that it does not stay as a zombie.
    pub(super) fn has_ended(&mut self) -> bool {
        match &mut self.child {
            Some(child) => !matches!(child.try_wait(), Ok(None)),
            None => !self.postmaster.is_alive(&self.place.data()),
        }
    }

    /// Starts it once more after it has ended, at the port where everybody looks for it.
    ///
    /// It replays what it had acknowledged, and only once nothing of the one before is left: PostgreSQL sees to that.
    pub(super) fn start_again(&mut self) -> Result<(), ClusterError> {
        self.dismiss_watchman();
        let (place, port, durability) = (self.place.clone(), self.postmaster.port, self.durability);
        *self = match Self::left_running(&place)? {
            // Somebody was quicker.
            Some(postmaster) if postmaster.port == port => {
                Self { postmaster, place, durability, child: None, watchman: None }
            }
            Some(other) => {
                let pid = other.pid.as_raw_nonzero().get();
                return Err(ClusterError::Silent { pid, folder: place.data() });
            }
            None => {
                // Those that serve a connection notice only when they are done that nobody is above them any more.
                postmaster::quit_orphans(&place.data());
                let binaries = Binaries::find(&place.asked, &place.data(), place.account.as_ref())?;
                start(&place, &binaries, durability, port)?
            }
        };
        self.watch()
    }

    /// Ties the server's life to ours, even if we are killed.
    pub(super) fn watch(&mut self) -> Result<(), ClusterError> {
        let file = self.place.data().join("postmaster.pid");
        let pid = self.postmaster.pid.as_raw_nonzero().to_string();
        let mut command = Command::new("/bin/sh");
        command.args(["-c", WATCH, "watch", &pid]).arg(file);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // Ctrl-C reaches the whole group of a terminal; who is told to stop when is for us to say.
        command.process_group(0).current_dir("/");
        let started = command.spawn().map_err(ClusterError::io("run", Path::new("/bin/sh")));
        self.watchman = Some(started?);
        Ok(())
    }

    /// Stops the server and waits until it has.
    pub(super) fn stop(mut self) -> Result<(), ClusterError> {
        self.postmaster.interrupt();
        let stopped = self.wait_until_gone(STOP_AT_MOST) || {
            self.postmaster.quit();
            self.wait_until_gone(STOP_AT_MOST)
        };
        self.dismiss_watchman();
        let pid = self.postmaster.pid.as_raw_nonzero().get();
        if stopped { Ok(()) } else { Err(ClusterError::Silent { pid, folder: self.place.data() }) }
    }

    fn dismiss_watchman(&mut self) {
        use std::io::Write;
        let Some(mut watchman) = self.watchman.take() else { return };
        let told = watchman.stdin.take().map(|mut input| input.write_all(b"\n"));
        // If the line cannot be written the watchman is gone already, and that is all we want.
        drop(told);
        let _ = watchman.wait();
    }

    fn wait_until_gone(&mut self, at_most: Duration) -> bool {
        let deadline = Instant::now() + at_most;
        loop {
            let gone = self.has_ended();
            if gone || Instant::now() > deadline {
                return gone;
            }
            sleep(TICK);
        }
    }
}

/// The server of a place, if it lets us in with the password that we keep.
///
/// Connecting needs an asynchronous runtime; a thread of its own works whether or not the caller is in one.
pub(super) fn answers(place: &Place, postmaster: &Postmaster) -> bool {
    let Ok(password) = place.password() else { return false };
    if !postmaster.ready {
        return false;
    }
    let options = PgConnectOptions::new_without_pgpass()
        .host("127.0.0.1")
        .port(postmaster.port)
        .username("postgres")
        .password(&password)
        .database("postgres");
    let connect = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
        runtime.block_on(async {
            let attempt = tokio::time::timeout(Duration::from_secs(5), PgConnection::connect_with(&options));
            attempt.await.ok()?.ok()?.close().await.ok()
        })
    };
    std::thread::spawn(connect).join().is_ok_and(|answer| answer.is_some())
}

/// Makes the data folder.
fn initialise(place: &Place, binaries: &Binaries, durability: Durability) -> Result<(), ClusterError> {
    place.password()?;
    let mut output = String::new();
    // Not every system has C.UTF-8; plain C also sorts by code point, but knows letters of ASCII only.
    for locale in ["C.UTF-8", "C"] {
        let fresh = place.fresh_data()?;
        let program = binaries.program("initdb");
        let mut command = plain(place, &program);
        command.arg("-D").arg(&fresh).arg("--pwfile").arg(place.password_file());
        command.args(["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--data-checksums"]);
        command.arg(format!("--locale={locale}"));
        if durability == Durability::Throwaway {
            command.arg("--no-sync");
        }
        let ran = command.output().map_err(ClusterError::io("run", &program))?;
        if ran.status.success() {
            let data = place.data();
            return std::fs::rename(&fresh, &data).map_err(ClusterError::io("make", &data));
        }
        output = last_lines(&String::from_utf8_lossy(&ran.stderr));
    }
    Err(ClusterError::Initdb { folder: place.folder.clone(), output })
}

fn start(
    place: &Place,
    binaries: &Binaries,
    durability: Durability,
    port: u16,
) -> Result<Server, ClusterError> {
    let child = spawn(place, binaries, durability, port)?;
    let (postmaster, child) = wait_until_ready(place, child)?;
    Ok(Server { postmaster, place: place.clone(), durability, child: Some(child), watchman: None })
}

fn spawn(
    place: &Place,
    binaries: &Binaries,
    durability: Durability,
    port: u16,
) -> Result<Child, ClusterError> {
    let program = binaries.program("postgres");
    let log = place.new_log()?;
    let also_log = log.try_clone().map_err(ClusterError::io("open", &place.log()))?;
    let mut command = plain(place, &program);
    command.arg("-D").arg(place.data()).arg("-p").arg(port.to_string());
    for setting in durability.settings() {
        command.args(["-c", setting]);
    }
    // Its own group: Ctrl-C must not stop it while requests are still being finished.
    command.stdin(Stdio::null()).stdout(log).stderr(also_log).process_group(0);
    command.spawn().map_err(ClusterError::io("run", &program))
}

/// A command as the server's user, with an environment that is the same everywhere.
fn plain(place: &Place, program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("LC_ALL", "C").current_dir("/");
    command.env("PATH", "/usr/bin:/bin");
    if let Some(account) = place.account {
        account.run(&mut command);
    }
    command
}

fn wait_until_ready(place: &Place, mut child: Child) -> Result<(Postmaster, Child), ClusterError> {
    let deadline = Instant::now() + START_AT_MOST;
    let reason = loop {
        if child.try_wait().map_err(ClusterError::io("wait for", &place.data()))?.is_some() {
            break place.end_of_log();
        }
        let found = Postmaster::read(&place.data());
        let ours = found.filter(|found| found.pid.as_raw_nonzero().get().unsigned_abs() == child.id());
        if let Some(postmaster) = ours.filter(|found| found.ready) {
            return Ok((postmaster, child));
        }
        if Instant::now() > deadline {
            // It is of no use to anyone now, and would hold the data against the next try.
            let _ = child.kill();
            let _ = child.wait();
            break format!("it was not ready within {} s", START_AT_MOST.as_secs());
        }
        sleep(TICK);
    };
    Err(ClusterError::NotStarted { reason, log: place.log() })
}

fn free_port(place: &Place) -> Result<u16, ClusterError> {
    if let Some(port) = place.saved_port().filter(|port| is_free(*port)) {
        return Ok(port);
    }
    let any = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    let any = any.map_err(ClusterError::io("find a free port on", Path::new("127.0.0.1")))?;
    Ok(any.port())
}

fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}
