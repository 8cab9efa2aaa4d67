//! Where one subgraph comes from: this process, or another one, with or without a file for its schema.

use std::path::PathBuf;
use std::sync::Arc;

use super::read_file;
use crate::compose::Sdl;
use crate::transport::http::{self, Endpoint};
use crate::transport::{Subgraph, Transport};

/// Where a subgraph comes from.
#[derive(Clone)]
pub enum SubgraphSource {
    /// It runs in this process; its schema is known.
    InProcess {
        /// The module's id.
        name: String,
        /// The schema, ready to run.
        executable: graphql::Executable,
    },
    /// It is another process, whose schema is in a file, which is read again every so often.
    File {
        /// The module's id.
        name: String,
        /// The SDL.
        file: PathBuf,
        /// The way to it.
        endpoint: Arc<Endpoint>,
    },
    /// It is another process, asked for its schema until it answers, and every so often from then on.
    Http {
        /// The module's id.
        name: String,
        /// The way to it.
        endpoint: Arc<Endpoint>,
    },
}

impl SubgraphSource {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::InProcess { name, .. } | Self::File { name, .. } | Self::Http { name, .. } => name,
        }
    }

    /// Whether only it knows its schema, and has to be asked for it.
    pub(crate) fn is_asked(&self) -> bool {
        matches!(self, Self::Http { .. })
    }

    /// The way to it, when it is another process.
    pub(crate) fn endpoint(&self) -> Option<&Arc<Endpoint>> {
        match self {
            Self::InProcess { .. } => None,
            Self::File { endpoint, .. } | Self::Http { endpoint, .. } => Some(endpoint),
        }
    }

    /// A schema that was read from it.
    pub(crate) fn sdl(&self, text: Arc<str>) -> Sdl {
        match self {
            Self::File { file, .. } => Sdl::in_file(text, file),
            Self::InProcess { .. } | Self::Http { .. } => text.into(),
        }
    }

    /// The subgraph with this schema.
    pub(crate) fn with(&self, sdl: Sdl) -> Subgraph {
        let transport = match self {
            Self::InProcess { executable, .. } => Transport::InProcess(executable.clone()),
            Self::File { endpoint, .. } | Self::Http { endpoint, .. } => Transport::Http(endpoint.clone()),
        };
        Subgraph { name: self.name().to_owned(), sdl, transport }
    }

    /// The schema as it is now; a sentence when it cannot be read.
    pub(crate) async fn read(&self) -> Result<Arc<str>, String> {
        match self {
            Self::InProcess { executable, .. } => Ok(executable.sdl.clone()),
            Self::File { file, .. } => read_file(file).await.map_err(|error| error.to_string()),
            Self::Http { endpoint, .. } => {
                let sdl = http::fetch_sdl(endpoint).await;
                sdl.map(Into::into).map_err(|error| error.to_string())
            }
        }
    }
}
