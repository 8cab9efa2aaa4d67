//! A private PostgreSQL cluster, so that a laptop and a test run need nobody to set one up.
//!
//! It listens on 127.0.0.1 only, at a port of its own, and lets in who knows the password that lies
//! beside the data. Whoever holds the lock of its folder answers for the server and stops it; others
//! may join meanwhile. A server whose owner was killed stops by itself, and if it is still there it
//! is taken over by the next owner. One that ends though nobody told it to is started again, once
//! somebody has said that it is to be kept.

mod account;
mod binaries;
mod error;
mod keeper;
mod place;
mod postmaster;
mod server;

use std::fmt;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use binaries::Binaries;
pub use error::ClusterError;
use place::Place;
use postmaster::Postmaster;
use server::Server;

/// Where the harness and `cluster run` say which server tests are to use: the URL of a superuser.
pub const TEST_DATABASE_URL: &str = "INNOERP_TEST_DATABASE_URL";

const TICK: Duration = Duration::from_millis(50);
const JOIN_AT_MOST: Duration = Duration::from_secs(90);

/// Whether the data must survive a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Data somebody would miss.
    Kept,
    /// Data of one test run: faster, and lost if the machine stops.
    Throwaway,
}

impl Durability {
    fn settings(self) -> Vec<&'static str> {
        let mut settings = vec![
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=200",
            "timezone=UTC",
            "log_timezone=UTC",
            "logging_collector=off",
        ];
        if self == Self::Throwaway {
            settings.extend([
                "fsync=off",
                "synchronous_commit=off",
                "full_page_writes=off",
                "wal_level=minimal",
                "max_wal_senders=0",
                "autovacuum=off",
            ]);
        }
        settings
    }
}

/// The server that we answer for: none when another process does, and none once it was told to stop. Whoever has the
/// lock may start it again or stop it.
type Held = Arc<Mutex<Option<Server>>>;

/// A running private cluster; it is stopped when this is dropped, unless another process owns it.
pub struct Cluster {
    server: Held,
    is_owner: bool,
    port: u16,
    password: String,
    place: Place,
    // Held for as long as we answer for the server; dropped after it.
    _lock: Option<File>,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("folder", &self.folder()).finish_non_exhaustive()
    }
}

impl Cluster {
    /// Starts the cluster in a folder, making it first if need be, and waits until it is ready.
    ///
    /// If another process has started it, joins that one; then stopping is left to the other.
    pub fn start(folder: &Path, durability: Durability) -> Result<Self, ClusterError> {
        let place = Place::settle(folder)?;
        let lock = place.lock_file()?;
        let deadline = Instant::now() + JOIN_AT_MOST;
        loop {
            match lock.try_lock() {
                Ok(()) => return Self::own(place, lock, durability),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => {
                    return Err(ClusterError::io("lock", &place.folder)(error));
                }
            }
            if let Some(postmaster) = running(&place) {
                return Self::join(place, postmaster.port);
            }
            if Instant::now() > deadline {
                return Err(ClusterError::Held { folder: place.folder });
            }
            sleep(TICK);
        }
    }

    /// The cluster of a folder, if another process has started it and it answers: joined, and left to the other to stop.
    pub fn running(folder: &Path) -> Result<Option<Self>, ClusterError> {
        let place = Place::choose(folder)?;
        running(&place).map(|postmaster| Self::join(place, postmaster.port)).transpose()
    }

    /// A cluster that another process answers for.
    fn join(place: Place, port: u16) -> Result<Self, ClusterError> {
        let password = place.password()?;
        Ok(Self { server: Held::default(), is_owner: false, port, password, place, _lock: None })
    }

    /// [`Cluster::start`] for asynchronous callers.
    pub async fn start_async(folder: PathBuf, durability: Durability) -> Result<Self, ClusterError> {
        let task = tokio::task::spawn_blocking(move || Self::start(&folder, durability));
        task.await.map_err(|error| ClusterError::io("wait for", Path::new("PostgreSQL"))(error.into()))?
    }

    fn own(place: Place, lock: File, durability: Durability) -> Result<Self, ClusterError> {
        let mut server = Server::obtain(&place, durability)?;
        let watched = server.watch();
        let (password, port) = (place.password()?, server.postmaster.port);
        let server = Arc::new(Mutex::new(Some(server)));
        let cluster = Self { server, is_owner: true, port, password, place, _lock: Some(lock) };
        // Only now, so that dropping the cluster stops the server if it cannot be watched.
        watched.map(|()| cluster)
    }

    /// The URL of the superuser `postgres`, for the database `postgres`.
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// The URL of the superuser `postgres`, for a database by name.
    pub fn url_of(&self, database: &str) -> String {
        url(&self.password, self.port, database)
    }

    /// One of PostgreSQL's own programs, such as `pg_dump`, of the newest version that is installed.
    pub fn program(name: &str) -> Option<PathBuf> {
        let binaries = Binaries::find(Path::new("."), Path::new("no data"), None).ok()?;
        Some(binaries.program(name)).filter(|program| program.is_file())
    }

    /// Where data and log are: not always the folder asked for, see the note beside that one.
    pub fn folder(&self) -> &Path {
        &self.place.folder
    }

    /// Whether this process answers for the server, or joined one that another process started.
    pub fn is_owner(&self) -> bool {
        self.is_owner
    }

    /// Looks after the server until it is stopped: one that ends though nobody told it to is started again at the same
    /// port, with all that it had acknowledged. Completes when that is of no use, with the reason.
    ///
    /// What another process owns is looked after by that one; should both be gone, this completes too.
    pub fn keep(&self) -> impl Future<Output = ClusterError> + Send + use<> {
        let (tell, told) = tokio::sync::oneshot::channel();
        let (server, place, is_owner) = (Arc::downgrade(&self.server), self.place.clone(), self.is_owner);
        // Starting a server takes time, and has to go on to its end when nobody waits for it any more.
        std::thread::spawn(move || {
            let lost = if is_owner { keeper::keep(&server, &place) } else { keeper::watch(&server, &place) };
            // Whoever does not listen has no use for it.
            let _ = lost.map(|error| tell.send(error));
        });
        async move {
            match told.await {
                Ok(error) => error,
                Err(_) => std::future::pending().await,
            }
        }
    }

    /// What the server said last, if it has ended although nobody told it to: a full disk, for one.
    pub fn untimely_end(&self) -> Option<String> {
        let data = self.place.data();
        let ended = !Postmaster::read(&data).is_some_and(|found| found.is_alive(&data));
        ended.then(|| self.place.end_of_log())
    }

    fn take(&self) -> Option<Server> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Stops the server and waits until it has saved everything; does nothing if another process owns it.
    pub fn stop(self) -> Result<(), ClusterError> {
        self.take().map_or(Ok(()), Server::stop)
    }

    /// [`Cluster::stop`] for asynchronous callers.
    pub async fn stop_async(self) -> Result<(), ClusterError> {
        let task = tokio::task::spawn_blocking(move || self.stop());
        task.await.map_err(|error| ClusterError::io("wait for", Path::new("PostgreSQL"))(error.into()))?
    }

    /// Stops the server and removes all its data.
    pub fn remove(self) -> Result<(), ClusterError> {
        let Some(server) = self.take() else { return Ok(()) };
        server.stop()?;
        self.place.remove()
    }

    /// The superuser's URL of the one server that all test binaries share.
    ///
    /// It is the one named by [`TEST_DATABASE_URL`]; else a throwaway one under the target folder, which
    /// is started by whoever comes first and left running, since each test binary is its own process.
    /// `cluster stop` ends it.
    pub fn shared_for_tests() -> Result<String, ClusterError> {
        if let Ok(url) = std::env::var(TEST_DATABASE_URL) {
            return Ok(url);
        }
        static URL: Mutex<Option<String>> = Mutex::new(None);
        let mut known = URL.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(url) = &*known {
            return Ok(url.clone());
        }
        let url = Self::start_detached(&test_folder()?)?;
        *known = Some(url.clone());
        Ok(url)
    }

    /// Starts a throwaway server, or finds it running, and lets go of it; gives the superuser's URL.
    fn start_detached(folder: &Path) -> Result<String, ClusterError> {
        let place = Place::settle(folder)?;
        let _lock = locked(&place)?;
        let server = Server::obtain(&place, Durability::Throwaway)?;
        Ok(url(&place.password()?, server.postmaster.port, "postgres"))
    }

    /// The URL of the server that [`Cluster::shared_for_tests`] left running, if there is one.
    pub fn shared_for_tests_url() -> Result<Option<String>, ClusterError> {
        let place = Place::choose(&test_folder()?)?;
        let Some(postmaster) = running(&place) else { return Ok(None) };
        Ok(Some(url(&place.password()?, postmaster.port, "postgres")))
    }

    /// Stops the server that [`Cluster::shared_for_tests`] left running, and removes its data.
    pub fn stop_shared_for_tests() -> Result<(), ClusterError> {
        Self::remove_if_unused(&test_folder()?)
    }

    /// Stops and removes the cluster of a folder, unless a living process answers for it.
    pub fn remove_if_unused(folder: &Path) -> Result<(), ClusterError> {
        let place = Place::choose(folder)?;
        if !place.folder.exists() {
            return Ok(());
        }
        let lock = place.lock_file()?;
        if lock.try_lock().is_err() {
            return Ok(());
        }
        let data = place.data();
        if Postmaster::read(&data).is_some_and(|found| found.is_alive(&data)) {
            Server::obtain(&place, Durability::Throwaway)?.stop()?;
        }
        place.remove()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(server) = self.take()
            && let Err(error) = server.stop()
        {
            tracing::warn!(%error, "the private PostgreSQL cluster did not stop");
        }
    }
}

/// The folder for throwaway clusters: the target folder, found from where the running program lies.
pub fn target_folder() -> Result<PathBuf, ClusterError> {
    let program = std::env::current_exe().map_err(ClusterError::io("find", Path::new("this program")))?;
    // Programs are in `target/debug`, tests in `target/debug/deps`, examples in `target/debug/examples`.
    let folder =
        program.ancestors().skip(1).find(|folder| !folder.ends_with("deps") && !folder.ends_with("examples"));
    let target = folder.and_then(Path::parent);
    Ok(target.unwrap_or(Path::new("/tmp")).to_owned())
}

fn test_folder() -> Result<PathBuf, ClusterError> {
    Ok(target_folder()?.join("test-postgres"))
}

fn running(place: &Place) -> Option<Postmaster> {
    let data = place.data();
    Postmaster::read(&data).filter(|found| found.is_alive(&data) && server::answers(place, found))
}

fn locked(place: &Place) -> Result<File, ClusterError> {
    let lock = place.lock_file()?;
    lock.lock().map_err(ClusterError::io("lock", &place.folder))?;
    Ok(lock)
}

fn url(password: &str, port: u16, database: &str) -> String {
    format!("postgres://postgres:{password}@127.0.0.1:{port}/{database}")
}

#[cfg(test)]
mod tests;
