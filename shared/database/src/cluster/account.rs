//! The user that runs the server. PostgreSQL refuses root, so root hands it to somebody else.

use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::ClusterError;

/// A user of this machine, by its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl Account {
    /// Who is to run the server instead of us: nobody else, unless we are root.
    pub(super) fn for_server() -> Result<Option<Self>, ClusterError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let found = ["postgres", "nobody"].into_iter().find_map(Self::named);
        found.map(Some).ok_or(ClusterError::NoAccount)
    }

    /// Looks a user up with `id`, which asks the same sources as the rest of the system.
    fn named(name: &str) -> Option<Self> {
        let number = |which: &str| -> Option<u32> {
            let asked = Command::new("id").args([which, name]).stderr(Stdio::null()).output().ok()?;
            String::from_utf8_lossy(&asked.stdout).trim().parse().ok()
        };
        Some(Self { uid: number("-u")?, gid: number("-g")? })
    }

    /// Makes a command run as this user; the standard library drops root's other groups as well.
    pub(super) fn run(self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }

    /// Whether this user may enter a folder and every one above it.
    ///
    /// Only the permission bits are read; what access lists add or take away is not seen.
    pub(super) fn reaches(&self, folder: &Path) -> bool {
        // The file system's own view of the path: a link may lead through a closed folder.
        let Ok(folder) = folder.canonicalize() else { return false };
        folder.ancestors().all(|step| {
            std::fs::metadata(step).is_ok_and(|found| self.may_enter(found.uid(), found.gid(), found.mode()))
        })
    }

    fn may_enter(self, owner: u32, group: u32, mode: u32) -> bool {
        let bit = if owner == self.uid {
            0o100
        } else if group == self.gid {
            0o010
        } else {
            0o001
        };
        mode & bit != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: Account = Account { uid: 101, gid: 104 };

    #[test]
    fn a_home_of_mode_700_is_closed_to_others_and_open_to_its_owner() {
        assert!(!SERVER.may_enter(0, 0, 0o40700));
        assert!(SERVER.may_enter(101, 0, 0o40700));
    }

    #[test]
    fn the_group_counts_before_the_rest_of_the_world() {
        assert!(SERVER.may_enter(0, 104, 0o40710));
        assert!(!SERVER.may_enter(0, 104, 0o40701));
        assert!(SERVER.may_enter(0, 0, 0o40755));
    }

    #[test]
    fn everybody_reaches_the_root_folder_and_nobody_a_missing_one() {
        assert!(SERVER.reaches(Path::new("/")));
        assert!(!SERVER.reaches(Path::new("/no/such/folder")));
    }
}
