//! Where a cluster lives on disk, who may see it, and the lock that says whose it is.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::ClusterError;
use super::account::Account;

/// The folder of one cluster: `data`, `log`, `lock`, `password` and `port` are in it.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// The folder that was asked for.
    pub(super) asked: PathBuf,
    /// The folder used: another one when the server's user cannot reach the one asked for.
    pub(super) folder: PathBuf,
    /// Who runs the server, when it cannot be us.
    pub(super) account: Option<Account>,
}

impl Place {
    /// Decides where the cluster is to live and makes the folder, ours alone.
    pub(super) fn settle(asked: &Path) -> Result<Self, ClusterError> {
        let place = Self::choose(asked)?;
        if place.folder != place.asked {
            let note = format!("{}\n", place.folder.display());
            fs::write(place.pointer(), note).map_err(ClusterError::io("write", &place.pointer()))?;
        }
        // The server's user passes through to its data, and can neither list nor change the rest.
        let mode = if place.account.is_some() { 0o711 } else { 0o700 };
        make_folder(&place.folder, mode)?;
        Ok(place)
    }

    /// The place of a cluster that may exist or not, without making anything but the folder above.
    pub(super) fn choose(asked: &Path) -> Result<Self, ClusterError> {
        let asked = std::path::absolute(asked).map_err(ClusterError::io("find", asked))?;
        let parent = asked.parent().unwrap_or(&asked);
        fs::create_dir_all(parent).map_err(ClusterError::io("make the folder", parent))?;
        let account = Account::for_server()?;
        let mut place = Self { folder: asked.clone(), asked, account };
        let unreachable = account.is_some_and(|account| !account.reaches(place.parent()));
        // Once moved it stays there, or a change of rights on a parent would lose the data from sight.
        if unreachable || place.pointer().exists() {
            place.folder = elsewhere(&place.asked);
        }
        Ok(place)
    }

    fn parent(&self) -> &Path {
        self.asked.parent().unwrap_or(&self.asked)
    }

    /// Says where the data went, beside the folder that was asked for.
    pub(super) fn pointer(&self) -> PathBuf {
        self.asked.with_extension("moved")
    }

    pub(super) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// The file whose lock is held by the process that answers for the server.
    pub(super) fn lock_file(&self) -> Result<File, ClusterError> {
        let path = self.folder.join("lock");
        let opened = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
        opened.map_err(ClusterError::io("open", &path))
    }

    /// The superuser's password, made at the first call.
    pub(super) fn password(&self) -> Result<String, ClusterError> {
        let path = self.password_file();
        match fs::read_to_string(&path) {
            Ok(password) => return Ok(password.trim().to_owned()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(ClusterError::io("read", &path)(error)),
        }
        let password = random_hex().map_err(ClusterError::io("read", Path::new("/dev/urandom")))?;
        let mut file = new_file(&path)?;
        file.write_all(password.as_bytes()).map_err(ClusterError::io("write", &path))?;
        self.give(&path)?;
        Ok(password)
    }

    pub(super) fn password_file(&self) -> PathBuf {
        self.folder.join("password")
    }

    /// The port of the last start, so that saved connections go on working.
    pub(super) fn saved_port(&self) -> Option<u16> {
        fs::read_to_string(self.folder.join("port")).ok()?.trim().parse().ok()
    }

    pub(super) fn save_port(&self, port: u16) -> Result<(), ClusterError> {
        let path = self.folder.join("port");
        fs::write(&path, format!("{port}\n")).map_err(ClusterError::io("write", &path))
    }

    /// An empty folder for `initdb` to fill. It is renamed when done, so half a cluster is never started.
    pub(super) fn fresh_data(&self) -> Result<PathBuf, ClusterError> {
        let path = self.folder.join("data.new");
        if path.exists() {
            fs::remove_dir_all(&path).map_err(ClusterError::io("remove", &path))?;
        }
        make_folder(&path, 0o700)?;
        self.give(&path)?;
        Ok(path)
    }

    /// A new, empty log: it tells of the latest start only, so it cannot grow for ever.
    pub(super) fn new_log(&self) -> Result<File, ClusterError> {
        let path = self.log();
        if path.exists() {
            fs::remove_file(&path).map_err(ClusterError::io("remove", &path))?;
        }
        new_file(&path)
    }

    /// The last lines of the log, in one.
    pub(super) fn end_of_log(&self) -> String {
        let bytes = fs::read(self.log()).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        last_lines(&text)
    }

    /// Removes the cluster from disk.
    pub(super) fn remove(&self) -> Result<(), ClusterError> {
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder).map_err(ClusterError::io("remove", &self.folder))?;
        }
        if self.pointer().exists() {
            fs::remove_file(self.pointer()).map_err(ClusterError::io("remove", &self.pointer()))?;
        }
        Ok(())
    }

    fn give(&self, path: &Path) -> Result<(), ClusterError> {
        let Some(account) = self.account else { return Ok(()) };
        std::os::unix::fs::chown(path, Some(account.uid), Some(account.gid))
            .map_err(ClusterError::io("change the owner of", path))
    }
}

/// The last three lines of a text in one, for an error of one sentence.
pub(super) fn last_lines(text: &str) -> String {
    let mut lines = text.trim().lines().rev().take(3).map(str::trim).collect::<Vec<_>>();
    lines.reverse();
    lines.join("; ")
}

/// A folder that the server's user reaches, named after the one that it does not.
fn elsewhere(asked: &Path) -> PathBuf {
    let digest = Sha256::digest(asked.as_os_str().as_encoded_bytes());
    let name = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>();
    PathBuf::from("/var/tmp").join(format!("innoerp-{name}"))
}

fn make_folder(path: &Path, mode: u32) -> Result<(), ClusterError> {
    match DirBuilder::new().mode(mode).create(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            // `/var/tmp` is open to all: somebody else may have made the folder, or a link, before us.
            let found = fs::symlink_metadata(path).map_err(ClusterError::io("read", path))?;
            let ours = found.is_dir() && found.uid() == rustix::process::geteuid().as_raw();
            if ours { Ok(()) } else { Err(ClusterError::NotOurs { folder: path.to_owned() }) }
        }
        Err(error) => Err(ClusterError::io("make the folder", path)(error)),
    }
}

fn new_file(path: &Path) -> Result<File, ClusterError> {
    let opened = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path);
    opened.map_err(ClusterError::io("write", path))
}

fn random_hex() -> std::io::Result<String> {
    let mut bytes = [0_u8; 24];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_always_moves_to_the_same_place_and_no_other_path_does() {
        assert_eq!(elsewhere(Path::new("/root/a")), elsewhere(Path::new("/root/a")));
        assert_ne!(elsewhere(Path::new("/root/a")), elsewhere(Path::new("/root/b")));
    }

    #[test]
    fn errors_carry_the_end_of_the_log_only() {
        assert_eq!(last_lines("one\ntwo\n three\nfour\n"), "two; three; four");
        assert_eq!(last_lines(""), "");
    }
}
