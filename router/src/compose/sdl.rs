//! A subgraph's SDL, read at most once however often it is composed.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use super::error::Conflict;
use super::subgraph::SubgraphSchema;

/// A subgraph's federation SDL. Cheap to clone; clones share what was read from it.
#[derive(Clone)]
pub struct Sdl(Arc<Inner>);

struct Inner {
    text: Arc<str>,
    schema: OnceLock<Result<SubgraphSchema, Conflict>>,
}

impl Sdl {
    /// The text, shared.
    pub(crate) fn text(&self) -> Arc<str> {
        self.0.text.clone()
    }

    /// What it says. Heavy on the CPU the first time.
    pub(super) fn schema(&self) -> Result<&SubgraphSchema, &Conflict> {
        self.0.schema.get_or_init(|| SubgraphSchema::read(&self.0.text)).as_ref()
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
        Self(Arc::new(Inner { text, schema: OnceLock::new() }))
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
