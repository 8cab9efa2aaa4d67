//! Why a router cannot be made, or cannot take other settings or schemas.

use crate::compose::{self, ComposeError};
use crate::config::ConfigError;
use crate::persisted_documents::ManifestError;

/// Why a router cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A setting is out of its range.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The subgraphs do not compose, or the supergraph cannot be used.
    #[error(transparent)]
    Compose(#[from] ComposeError),
    /// A file cannot be read, or the supergraph in it cannot be used.
    #[error("{0}")]
    File(String),
    /// The trusted documents cannot be read.
    #[error("the trusted documents cannot be read: {0}")]
    Manifest(#[from] ManifestError),
    /// The same schemas were refused before.
    #[error("{0}")]
    Refused(String),
    /// Subgraphs that are new do not say what their schemas are.
    #[error("the schemas are not known of subgraphs that did not answer: {}", compose::names(.0))]
    Silent(Vec<String>),
}
