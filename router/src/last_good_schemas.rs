//! The last schemas that composed, kept on disk for a start at which subgraphs do not answer.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::transport::Subgraph;

/// The file's name in the state folder.
const FILE: &str = "last-good-schemas.json";
/// How it is written; another one is not read.
const VERSION: u32 = 1;
/// Larger files are not ours, in bytes.
const BYTES_MAX: u64 = 256 * 1024 * 1024;

/// The schemas of one federation that composed, to tell whether others are the same and to be saved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Schemas {
    version: u32,
    /// The SDL of each subgraph, when it was composed here.
    pub subgraphs: BTreeMap<String, Arc<str>>,
    /// The supergraph's SDL, when it was composed elsewhere.
    pub supergraph: Option<Arc<str>>,
}

impl Schemas {
    /// The schemas of subgraphs.
    pub fn of_subgraphs(subgraphs: &[Subgraph]) -> Self {
        let pair = |subgraph: &Subgraph| (subgraph.name.clone(), subgraph.sdl.text());
        let subgraphs = subgraphs.iter().map(pair).collect();
        Self { version: VERSION, subgraphs, supergraph: None }
    }

    /// A supergraph as it is.
    pub fn of_supergraph(sdl: Arc<str>) -> Self {
        Self { version: VERSION, subgraphs: BTreeMap::new(), supergraph: Some(sdl) }
    }

    /// The schemas in a folder; none when there is nothing yet.
    ///
    /// # Errors
    /// When the folder cannot be made, or the file is there and cannot be read.
    pub fn load(folder: &Path) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join(FILE);
        match std::fs::metadata(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error),
            Ok(file) if file.len() > BYTES_MAX => return Err(std::io::Error::other("the file is too large")),
            Ok(_) => {}
        }
        let saved: Self = serde_json::from_slice(&std::fs::read(&path)?)?;
        if saved.version == VERSION { Ok(saved) } else { Ok(Self::default()) }
    }

    /// Saves them in a folder: whole or not at all, whatever happens meanwhile.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, folder: &Path) -> std::io::Result<()> {
        let bytes = serde_json::to_vec(self)?;
        let fresh = fresh_path(folder);
        let write = || {
            let mut file = std::fs::File::create(&fresh)?;
            file.write_all(&bytes)?;
            // On disk before it takes the old one's place: a machine that stops in between leaves the old one.
            file.sync_all()?;
            std::fs::rename(&fresh, folder.join(FILE))
        };
        write().inspect_err(|_| {
            let _ = std::fs::remove_file(&fresh);
        })
    }
}

/// A name that no other process writes to.
fn fresh_path(folder: &Path) -> PathBuf {
    folder.join(format!("{FILE}.{}.new", std::process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Self {
            Self(std::env::temp_dir().join(format!("last-good-schemas-{}", uuid::Uuid::now_v7().simple())))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn schemas_that_are_saved_are_found_again() {
        let folder = Folder::new();
        assert_eq!(Schemas::load(&folder.0).expect("a new folder"), Schemas::default());
        let sdl: Arc<str> = "type Query { me: ID }".into();
        let composed =
            Schemas { subgraphs: [("user".to_owned(), sdl.clone())].into(), ..Schemas::of_subgraphs(&[]) };
        for schemas in [composed, Schemas::of_supergraph(sdl)] {
            schemas.save(&folder.0).expect("can be written");
            assert_eq!(Schemas::load(&folder.0).expect("can be read"), schemas);
        }
        let files = std::fs::read_dir(&folder.0).expect("a folder").count();
        assert_eq!(files, 1, "nothing half-written is left");
    }

    #[test]
    fn what_is_not_ours_is_not_taken() {
        let folder = Folder::new();
        std::fs::create_dir_all(&folder.0).expect("a folder");
        std::fs::write(folder.0.join(FILE), b"{").expect("can be written");
        assert!(Schemas::load(&folder.0).is_err());
        std::fs::write(
            folder.0.join(FILE),
            br#"{"version": 7, "subgraphs": {"a": "b"}, "supergraph": null}"#,
        )
        .expect("can be written");
        assert_eq!(Schemas::load(&folder.0).expect("can be read"), Schemas::default());
    }
}
