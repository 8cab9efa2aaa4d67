//! A folder for logs and inputs of one run.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use crate::Failure;

/// A folder that goes with the run, unless the run failed: then its logs tell why.
pub struct Scratch(PathBuf);

impl Scratch {
    /// Makes the folder; nobody else may look into it.
    pub fn new() -> Result<Self, Failure> {
        let path = std::env::temp_dir().join(format!("innoerp-bench-{}", std::process::id()));
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file into it.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> Result<PathBuf, Failure> {
        let path = self.0.join(name);
        std::fs::write(&path, text)?;
        Ok(path)
    }

    /// Removes it.
    pub fn remove(self) -> Result<(), Failure> {
        Ok(std::fs::remove_dir_all(&self.0)?)
    }
}
