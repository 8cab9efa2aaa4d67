//! What development keeps between its runs.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rand::distr::{Alphanumeric, SampleString as _};

use crate::Failure;

/// Where development keeps its database, its files and its secrets.
pub(crate) const FOLDER: &str = ".innoerp";
/// Where it keeps attached files.
pub(crate) const FILES: &str = ".innoerp/files";

/// A secret that was made before, if it was.
pub(crate) fn kept_before(name: &str) -> Option<String> {
    let text = fs::read_to_string(Path::new(FOLDER).join(name)).ok()?;
    Some(text.trim().to_owned())
}

/// A secret of 43 letters and digits (256 bits), made when first asked for and kept under `.innoerp/`.
///
/// # Errors
/// A sentence, when the folder cannot be written.
pub(crate) fn kept_secret(name: &str) -> Result<String, Failure> {
    if let Some(secret) = kept_before(name) {
        return Ok(secret);
    }
    let path = Path::new(FOLDER).join(name);
    let keeping =
        |error: std::io::Error| Failure::of(&format!("keeping a secret in {}", path.display()), error);
    fs::create_dir_all(FOLDER).map_err(keeping)?;
    let secret = Alphanumeric.sample_string(&mut rand::rng(), 43);
    let mut file =
        fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(keeping)?;
    file.write_all(secret.as_bytes()).map_err(keeping)?;
    Ok(secret)
}
