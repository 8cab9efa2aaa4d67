//! What a router serves: subgraphs that it composes itself, or a supergraph that was composed elsewhere.

use std::sync::Arc;

use url::Url;

use crate::compose::{self, ComposeError};
use crate::registry::SubgraphSource;
use crate::transport::http::Endpoint;
use crate::transport::{Subgraph, Transport};

/// What a router serves.
pub enum Federation {
    /// Subgraphs, composed here and again whenever one of them changes.
    Subgraphs(Vec<SubgraphSource>),
    /// A supergraph as it is.
    Supergraph(ReadySupergraph),
}

impl From<Vec<SubgraphSource>> for Federation {
    fn from(sources: Vec<SubgraphSource>) -> Self {
        Self::Subgraphs(sources)
    }
}

/// A supergraph that was composed elsewhere, and the ways to its subgraphs.
///
/// What composed it says which subgraph owns what (the join specification,
/// <https://specs.apollo.dev/join/v0.3/>). Everybody sees all of it: a part for some callers would have to be
/// composed from the subgraphs' own schemas, which it does not hold.
#[derive(Clone)]
pub struct ReadySupergraph {
    pub(crate) sdl: Arc<str>,
    pub(crate) subgraphs: Vec<Subgraph>,
}

impl ReadySupergraph {
    /// Reads which subgraphs a supergraph has; `endpoint` gives the way to each, by its name and the URL that the
    /// supergraph states, which may be empty.
    ///
    /// # Errors
    /// When the text cannot be read, names no subgraph, or `endpoint` knows no way to one.
    pub fn try_new(
        sdl: &str,
        mut endpoint: impl FnMut(&str, &str) -> Result<Endpoint, String>,
    ) -> Result<Self, ComposeError> {
        let graphs = compose::graphs(sdl)?;
        let subgraphs = graphs.into_iter().map(|(name, url)| {
            let endpoint = endpoint(&name, &url)
                .map_err(|message| ComposeError::NoWay { subgraph: name.clone(), message })?;
            Ok(Subgraph { name, sdl: "".into(), transport: Transport::Http(endpoint.into()) })
        });
        Ok(Self { sdl: sdl.into(), subgraphs: subgraphs.collect::<Result<_, ComposeError>>()? })
    }
}

/// Where a subgraph at this URL takes subscriptions when nobody says otherwise: the same place, over a WebSocket.
///
/// `None` for a URL that is neither `http` nor `https`.
#[must_use]
pub fn websocket_url(url: &Url) -> Option<Url> {
    let scheme = match url.scheme() {
        "http" => "ws",
        "https" => "wss",
        _ => return None,
    };
    let mut url = url.clone();
    url.set_scheme(scheme).ok()?;
    Some(url)
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

    fn endpoint(_: &str, url: &str) -> Result<Endpoint, String> {
        let url: Url = url.parse().map_err(|_| format!("{url:?} is no URL"))?;
        Ok(Endpoint::new(&url, Connections::default()))
    }

    #[test]
    fn a_supergraph_names_its_subgraphs_and_where_they_are() {
        let mut seen = Vec::new();
        let ready = ReadySupergraph::try_new(SDL, |name, url| {
            seen.push((name.to_owned(), url.to_owned()));
            endpoint(name, "http://127.0.0.1:1/")
        });
        assert_eq!(ready.map(|ready| ready.subgraphs.len()).ok(), Some(2));
        let expected = [("users", "http://127.0.0.1:1/users"), ("Later-On", "")];
        assert_eq!(seen, expected.map(|(name, url)| (name.to_owned(), url.to_owned())));
    }

    #[test]
    fn a_subgraph_without_a_way_to_it_is_named() {
        let refused = ReadySupergraph::try_new(SDL, endpoint).err().map(|error| error.to_string());
        assert_eq!(refused.as_deref(), Some("subgraph Later-On: \"\" is no URL"));
    }

    #[test]
    fn what_is_no_supergraph_is_refused() {
        for text in ["type Query { me: ID }", "enum join__Graph", "{", ""] {
            assert!(ReadySupergraph::try_new(text, endpoint).is_err(), "{text}");
        }
    }

    #[test]
    fn subscriptions_are_found_beside_queries() {
        let beside = |url: &str| websocket_url(&url.parse().expect("a URL")).map(String::from);
        assert_eq!(beside("http://a:1/graphql?x=1").as_deref(), Some("ws://a:1/graphql?x=1"));
        assert_eq!(beside("https://a/graphql").as_deref(), Some("wss://a/graphql"));
        assert_eq!(beside("ftp://a/"), None);
    }
}
