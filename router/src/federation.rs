//! What a router serves: subgraphs that it composes itself, or a supergraph that was composed elsewhere.

mod from_config;
mod subgraph_source;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::HeaderName;

use crate::setup_error::SetupError;
pub use from_config::Means;
pub use subgraph_source::SubgraphSource;

use crate::compose::{self, ComposeError};
use crate::transport::headers::FORWARDED;
use crate::transport::http::Endpoint;
use crate::transport::{Subgraph, Transport};

/// What a router serves.
#[derive(Clone)]
pub enum Federation {
    /// Subgraphs, composed here and again whenever one of them changes.
    Subgraphs(Vec<SubgraphSource>),
    /// A supergraph as it is, read again whenever its file changes, if it is in one.
    Supergraph(ReadySupergraph),
}

impl Federation {
    /// Whether no schema can change.
    pub(crate) fn is_fixed(&self) -> bool {
        match self {
            Self::Supergraph(ready) => matches!(ready.text, Text::Here(_)),
            Self::Subgraphs(sources) => {
                sources.iter().all(|source| matches!(source, SubgraphSource::InProcess { .. }))
            }
        }
    }

    /// Whether all schemas are known without asking another process.
    pub(crate) fn is_local(&self) -> bool {
        match self {
            Self::Supergraph(_) => true,
            Self::Subgraphs(sources) => !sources.iter().any(SubgraphSource::is_asked),
        }
    }

    /// Whether any subgraph runs in this process.
    pub(crate) fn has_local(&self) -> bool {
        match self {
            Self::Supergraph(_) => false,
            Self::Subgraphs(sources) => {
                sources.iter().any(|source| matches!(source, SubgraphSource::InProcess { .. }))
            }
        }
    }

    /// The subgraphs that are asked for their schemas.
    pub(crate) fn asked(&self) -> Vec<String> {
        match self {
            Self::Supergraph(_) => Vec::new(),
            Self::Subgraphs(sources) => {
                let asked = sources.iter().filter(|source| source.is_asked());
                asked.map(|source| source.name().to_owned()).collect()
            }
        }
    }

    /// The headers that some subgraph gets and that are not kept of every request anyway.
    pub(crate) fn forwarded(&self) -> Arc<[HeaderName]> {
        let names: Vec<&HeaderName> = match self {
            Self::Supergraph(ready) => ready.forwarded.iter().collect(),
            Self::Subgraphs(sources) => sources
                .iter()
                .filter_map(SubgraphSource::endpoint)
                .flat_map(|way| way.forwarded.iter())
                .collect(),
        };
        let mut forwarded: Vec<HeaderName> = Vec::new();
        for name in names {
            if !FORWARDED.contains(name) && !forwarded.contains(name) {
                forwarded.push(name.clone());
            }
        }
        forwarded.into()
    }
}

impl From<Vec<SubgraphSource>> for Federation {
    fn from(sources: Vec<SubgraphSource>) -> Self {
        Self::Subgraphs(sources)
    }
}

impl From<ReadySupergraph> for Federation {
    fn from(ready: ReadySupergraph) -> Self {
        Self::Supergraph(ready)
    }
}

/// Gives the way to a subgraph, by its name and the URL that the supergraph states, which may be empty; a sentence
/// when there is none.
pub type FindEndpoint = Arc<dyn Fn(&str, &str) -> Result<Endpoint, String> + Send + Sync>;

/// A supergraph that was composed elsewhere, and the ways to its subgraphs.
///
/// Its composer has said in it which subgraph owns what (the join specification,
/// <https://specs.apollo.dev/join/v0.3/>). Everybody sees all of it: a part for some callers would have to be
/// composed from the subgraphs' own schemas, which it does not hold.
#[derive(Clone)]
pub struct ReadySupergraph {
    text: Text,
    endpoint: FindEndpoint,
    forwarded: Vec<HeaderName>,
}

/// Where the SDL is.
#[derive(Clone)]
enum Text {
    Here(Arc<str>),
    File(PathBuf),
}

impl ReadySupergraph {
    /// The supergraph in a file of SDL. `forwarded` are headers of clients' requests that its subgraphs may get.
    pub fn in_file(path: impl Into<PathBuf>, endpoint: FindEndpoint, forwarded: Vec<HeaderName>) -> Self {
        Self { text: Text::File(path.into()), endpoint, forwarded }
    }

    /// A supergraph that does not change. Its subgraphs get the headers that are usual.
    #[must_use]
    pub fn of_sdl(sdl: &str, endpoint: FindEndpoint) -> Self {
        Self { text: Text::Here(sdl.into()), endpoint, forwarded: Vec::new() }
    }

    /// The text as it is now.
    pub(crate) async fn read(&self) -> Result<Arc<str>, SetupError> {
        match &self.text {
            Text::Here(sdl) => Ok(sdl.clone()),
            Text::File(path) => read_file(path).await,
        }
    }

    /// An error about the text, with the file that it is in.
    pub(crate) fn located(&self, error: SetupError) -> SetupError {
        match &self.text {
            Text::Here(_) => error,
            Text::File(path) => SetupError::File(format!("{}: {error}", path.display())),
        }
    }

    /// The subgraphs that a text names. They have no schemas of their own.
    pub(crate) fn subgraphs(&self, sdl: &str) -> Result<Vec<Subgraph>, ComposeError> {
        let subgraph = |(name, url): (String, String)| {
            let endpoint = (self.endpoint)(&name, &url)
                .map_err(|message| ComposeError::NoWay { subgraph: name.clone(), message })?;
            Ok(Subgraph { name, sdl: "".into(), transport: Transport::Http(endpoint.into()) })
        };
        compose::graphs(sdl)?.into_iter().map(subgraph).collect()
    }
}

/// Reads a schema from a file.
async fn read_file(path: &Path) -> Result<Arc<str>, SetupError> {
    let text = tokio::fs::read_to_string(path).await;
    text.map(Into::into).map_err(|error| SetupError::File(format!("reading {}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::http::Connections;

    const SDL: &str = r#"
        enum join__Graph {
            USERS @join__graph(name: "users", url: "http://127.0.0.1:1/users")
            LATER @join__graph(name: "Later-On", url: "")
        }
        type Query { me: ID @join__field(graph: USERS) }
    "#;

    fn subgraphs(sdl: &str) -> Result<Vec<String>, String> {
        let endpoint: FindEndpoint = Arc::new(|name, url| {
            let usual = if name == "Later-On" { "http://127.0.0.1:1/later" } else { url };
            let url = usual.parse().map_err(|_| format!("{usual:?} is no URL"))?;
            Ok(Endpoint::new(&url, Connections::default()))
        });
        let found = ReadySupergraph::of_sdl(sdl, endpoint).subgraphs(sdl);
        found
            .map(|found| found.into_iter().map(|subgraph| subgraph.name).collect())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_supergraph_names_its_subgraphs() {
        assert_eq!(subgraphs(SDL), Ok(vec!["users".to_owned(), "Later-On".to_owned()]));
    }

    #[test]
    fn a_subgraph_without_a_way_to_it_is_named() {
        let refused = subgraphs(&SDL.replace("http://127.0.0.1:1/users", "nowhere"));
        assert_eq!(refused, Err("subgraph users: \"nowhere\" is no URL".to_owned()));
    }

    #[test]
    fn what_is_no_supergraph_is_refused() {
        for text in ["type Query { me: ID }", "enum join__Graph", "{", ""] {
            assert!(subgraphs(text).is_err(), "{text}");
        }
    }
}
