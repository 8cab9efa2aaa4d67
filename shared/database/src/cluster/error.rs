//! What can go wrong with the private cluster: one sentence each, saying what to do.

use std::path::{Path, PathBuf};

/// Why the private PostgreSQL cluster cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// No PostgreSQL server is installed.
    #[error(
        "PostgreSQL 15 or newer was not found; install it with `apt-get install postgresql` \
         (Debian, Ubuntu) or `brew install postgresql@17` (macOS), or set DATABASE_URL"
    )]
    NotInstalled,

    /// The data was made by a version that is not installed (any more).
    #[error(
        "the data in {} was made by PostgreSQL {made_by}, which is not installed; install that version, \
         or remove the folder to begin anew", folder.display()
    )]
    OtherVersion {
        /// Where the data is.
        folder: PathBuf,
        /// The major version that made it.
        made_by: String,
    },

    /// PostgreSQL refuses to run as root, and there is nobody else to run it.
    #[error(
        "PostgreSQL refuses to run as root, and this machine has neither a user `postgres` nor `nobody`; \
         add one with `useradd --system postgres`, or run this as an ordinary user"
    )]
    NoAccount,

    /// The folder belongs to another user, who could read or change the data.
    #[error("the folder {} belongs to another user; remove it and try again", folder.display())]
    NotOurs {
        /// The folder found.
        folder: PathBuf,
    },

    /// A server holds the data but does not answer us.
    #[error(
        "PostgreSQL (process {pid}) is running on {} but does not answer; stop it with `kill -INT {pid}` \
         and try again", folder.display()
    )]
    Silent {
        /// Its process id.
        pid: i32,
        /// The data folder that it holds.
        folder: PathBuf,
    },

    /// Another process is starting or stopping the same cluster and does not finish.
    #[error("another process has been holding {} for too long; end it and try again", folder.display())]
    Held {
        /// The folder of the cluster.
        folder: PathBuf,
    },

    /// `initdb` failed.
    #[error("PostgreSQL could not create its data in {}: {output}", folder.display())]
    Initdb {
        /// Where the data was to be.
        folder: PathBuf,
        /// What `initdb` said last.
        output: String,
    },

    /// The server ended, or was not ready in time.
    #[error("PostgreSQL did not start: {reason} (the whole log: {})", log.display())]
    NotStarted {
        /// The last lines of its log.
        reason: String,
        /// The log file.
        log: PathBuf,
    },

    /// The server ended again and again, or could not be started again.
    #[error("PostgreSQL has ended and cannot be kept running: {reason} (the whole log: {})", log.display())]
    NotKept {
        /// What was wrong the last time.
        reason: String,
        /// The log file.
        log: PathBuf,
    },

    /// The server of another process is gone, and so is that process.
    #[error("PostgreSQL in {} is gone, and so is the process that had started it", folder.display())]
    Gone {
        /// The folder of the cluster.
        folder: PathBuf,
    },

    /// The operating system refused something.
    #[error("cannot {doing}: {source}")]
    Io {
        /// What was being done, as in "cannot …".
        doing: String,
        /// What the operating system said.
        source: std::io::Error,
    },
}

impl ClusterError {
    /// For `map_err`: says which step on which path the operating system refused.
    pub(super) fn io(doing: &str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let doing = format!("{doing} {}", path.display());
        move |source| Self::Io { doing, source }
    }
}
