//! What is wrong with a configuration, in sentences that say where.

use std::fmt;
use std::path::Path;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line of the file, from 1; `None` when it was not read from one.
    pub line: Option<usize>,
    /// The setting, as in `subgraphs[2].url`; empty when it is about the whole.
    pub path: String,
    /// A sentence that names the setting and says what would be right.
    pub message: String,
}

impl Problem {
    pub(super) fn at(line: usize, message: String) -> Self {
        Self { line: Some(line).filter(|line| *line > 0), path: String::new(), message }
    }

    pub(super) fn of(path: &str, message: String) -> Self {
        Self { line: None, path: path.to_owned(), message }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        f.write_str(&self.message)
    }
}

/// Settings that cannot be used: everything that is wrong with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(pub Vec<Problem>);

impl ConfigError {
    /// Settings with one thing wrong, named by its path.
    #[must_use]
    pub fn one(path: &str, message: impl Into<String>) -> Self {
        Self(vec![Problem::of(path, message.into())])
    }
}

/// Why there is no file to read where a setting says; `None` when there is one. Paths are relative to `folder`.
#[must_use]
pub fn no_file(folder: &Path, file: &Path) -> Option<String> {
    let (path, named) = (folder.join(file), file.display());
    if path.is_file() {
        return None;
    }
    Some(match (path.is_dir(), path.exists()) {
        (true, _) => format!("{named} is a directory, not a file"),
        (false, true) => format!("{named} is not a file that can be read again and again"),
        (false, false) => format!("there is no file {named}"),
    })
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            let separator = if at == 0 { "" } else { "\n" };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}
