//! A subgraph's SDL, read at most once however often it is composed.

use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::error::Conflict;
use super::subgraph::SubgraphSchema;

/// A subgraph's federation SDL. Cheap to clone; clones share what was read from it.
#[derive(Clone)]
pub struct Sdl(Arc<Inner>);

struct Inner {
    text: Arc<str>,
    /// Where it is, when it is in a file.
    file: Option<PathBuf>,
    schema: OnceLock<Result<SubgraphSchema, Conflict>>,
}

impl Sdl {
    /// The text of a file, which is named when it cannot be understood.
    pub(crate) fn in_file(text: Arc<str>, file: &Path) -> Self {
        Self(Arc::new(Inner { text, file: Some(file.to_owned()), schema: OnceLock::new() }))
    }

    /// The text, shared.
    pub(crate) fn text(&self) -> Arc<str> {
        self.0.text.clone()
    }

    /// What it says. Heavy on the CPU the first time.
    pub(super) fn schema(&self) -> Result<&SubgraphSchema, &Conflict> {
        let read = || {
            SubgraphSchema::read(&self.0.text).map_err(|conflict| match &self.0.file {
                Some(file) => {
                    Conflict::new(conflict.code, format!("{}: {}", file.display(), conflict.message))
                }
                None => conflict,
            })
        };
        self.0.schema.get_or_init(read).as_ref()
    }
}

impl Deref for Sdl {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0.text
    }
}

impl PartialEq for Sdl {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.text == other.0.text
    }
}

impl Eq for Sdl {}

impl fmt::Debug for Sdl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl From<Arc<str>> for Sdl {
    fn from(text: Arc<str>) -> Self {
        Self(Arc::new(Inner { text, file: None, schema: OnceLock::new() }))
    }
}

impl From<&str> for Sdl {
    fn from(text: &str) -> Self {
        Self::from(Arc::<str>::from(text))
    }
}

impl From<String> for Sdl {
    fn from(text: String) -> Self {
        Self::from(Arc::<str>::from(text))
    }
}
