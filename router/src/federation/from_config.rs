//! The federation that settings describe.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::{Federation, ReadySupergraph, SubgraphSource};
use crate::config::{
    ConfigError, FederationConfig, Profile, SchemaSource, SubgraphConfig, SubgraphErrors,
    SubscriptionProtocol,
};
use crate::error_masking::{ErrorsShown, KnownErrors};
use crate::transport::http::{Connections, Endpoint, Sign};
use crate::transport::websocket_url;

/// What the ways to subgraphs are made of.
pub struct Means<'m> {
    /// The folder that paths in the file are relative to.
    pub folder: &'m Path,
    /// Gives innoERP's credential, where there is one.
    pub sign: Option<Sign>,
    /// How careful the router is.
    pub profile: Profile,
}

impl FederationConfig {
    /// The federation that the settings describe.
    ///
    /// # Errors
    /// Everything that is wrong with them, by path.
    pub fn federation(&self, means: &Means<'_>) -> Result<Federation, ConfigError> {
        self.check(means.folder, means.sign.is_some())?;
        let connections = Connections::new(Duration::from_millis(self.connect_timeout_ms));
        match &self.supergraph {
            Some(file) => Ok(self.over_supergraph(&means.folder.join(file), connections, means)),
            None => self.sources(&connections, means).map(Federation::Subgraphs),
        }
    }

    fn sources(
        &self,
        connections: &Connections,
        means: &Means<'_>,
    ) -> Result<Vec<SubgraphSource>, ConfigError> {
        let source = |(at, subgraph): (usize, &SubgraphConfig)| {
            let stated = subgraph.url.as_deref().unwrap_or_default();
            let mut endpoint = subgraph
                .endpoint(stated, connections, means.sign.as_ref())
                .map_err(|message| ConfigError::one(&format!("subgraphs[{at}].url"), message))?;
            let errors = subgraph.errors.as_ref().unwrap_or(&self.subgraph_errors);
            endpoint.errors_shown = errors.shown(subgraph.signed, means.profile);
            let endpoint = Arc::new(endpoint);
            let name = subgraph.name.clone();
            Ok(match &subgraph.schema {
                SchemaSource::Service => SubgraphSource::Http { name, endpoint },
                SchemaSource::File(file) => {
                    SubgraphSource::File { name, file: means.folder.join(file), endpoint }
                }
            })
        };
        self.subgraphs.iter().enumerate().map(source).collect()
    }

    fn over_supergraph(&self, file: &Path, connections: Connections, means: &Means<'_>) -> Federation {
        let named: BTreeMap<String, SubgraphConfig> =
            self.subgraphs.iter().map(|subgraph| (subgraph.name.clone(), subgraph.clone())).collect();
        let (sign, profile, errors) = (means.sign.clone(), means.profile, self.subgraph_errors.clone());
        let endpoint = move |name: &str, stated: &str| {
            let usual = SubgraphConfig::named(name);
            let subgraph = named.get(name).unwrap_or(&usual);
            let url = subgraph.url.as_deref().unwrap_or(stated);
            let mut endpoint = subgraph.endpoint(url, &connections, sign.as_ref())?;
            let errors = subgraph.errors.as_ref().unwrap_or(&errors);
            endpoint.errors_shown = errors.shown(subgraph.signed, profile);
            Ok(endpoint)
        };
        let forwarded = self.subgraphs.iter().flat_map(|subgraph| &subgraph.forward_headers);
        let forwarded = forwarded.filter_map(|name| name.parse().ok()).collect();
        ReadySupergraph::in_file(file, Arc::new(endpoint), forwarded).into()
    }
}

impl SubgraphConfig {
    /// The way to it, when it is found at this URL; a sentence when there is none.
    ///
    /// # Errors
    /// The URL is none, or not one of HTTP.
    pub fn endpoint(
        &self,
        url: &str,
        connections: &Connections,
        sign: Option<&Sign>,
    ) -> Result<Endpoint, String> {
        let url: Url = url.parse().map_err(|_| format!("its URL {url:?} is none"))?;
        let beside = websocket_url(&url).ok_or_else(|| format!("{url} is neither http nor https"))?;
        let mut endpoint = Endpoint::new(&url, connections.clone())
            .with_faults(self.faults)
            .with_deduplication(self.deduplicate);
        endpoint.websocket = match (self.subscription_protocol, &self.websocket_url) {
            (SubscriptionProtocol::Websocket, None) => Some(beside),
            (SubscriptionProtocol::Websocket, Some(url)) => {
                Some(url.parse().map_err(|_| format!("its WebSocket URL {url:?} is none"))?)
            }
            (SubscriptionProtocol::Sse | SubscriptionProtocol::None, _) => None,
        };
        endpoint.event_stream = self.subscription_protocol == SubscriptionProtocol::Sse;
        endpoint.timeout = Duration::from_millis(self.timeout_ms);
        endpoint.mutation_timeout = endpoint.timeout;
        endpoint.answer_bytes_max = self.answer_bytes_max;
        endpoint.sign = sign.filter(|_| self.signed).cloned();
        let names = self.forward_headers.iter().filter_map(|name| name.parse().ok());
        endpoint.forwarded = names.collect::<Vec<HeaderName>>().into();
        endpoint.fixed = self.fixed_headers().into();
        Ok(endpoint)
    }

    fn fixed_headers(&self) -> HeaderMap {
        let header = |(name, value): (&String, &String)| {
            let mut value = HeaderValue::from_str(value).ok()?;
            // It may be a key: kept out of logs.
            value.set_sensitive(true);
            Some((name.parse::<HeaderName>().ok()?, value))
        };
        self.headers.iter().filter_map(header).collect()
    }
}

impl SubgraphErrors {
    /// Which errors are shown of a subgraph, innoERP's own or another.
    fn shown(&self, is_signed: bool, profile: Profile) -> ErrorsShown {
        match self.masked.unwrap_or(profile == Profile::Production) {
            false => ErrorsShown::All,
            true if is_signed => ErrorsShown::Coded,
            true => ErrorsShown::Known(Arc::new(KnownErrors {
                codes: self.known_codes.iter().cloned().collect(),
                extensions: self.known_extensions.iter().cloned().collect(),
            })),
        }
    }
}
