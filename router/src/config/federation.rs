//! Which subgraphs there are, as a file says it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use common::ModuleSet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Profile;
use super::problem::{ConfigError, no_file};
use super::subgraph::{SchemaSource, SubgraphConfig, SubgraphErrors};
use crate::federation::{Federation, ReadySupergraph};
use crate::registry::SubgraphSource;
use crate::transport::http::{Connections, Sign};

/// Which subgraphs there are: composed here from `subgraphs`, or elsewhere and ready in `supergraph`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FederationConfig {
    /// The subgraphs, composed here. Beside `supergraph`, what differs for some of those that it names. Default none;
    /// 1,000 at most.
    #[schemars(length(max = 1_000))]
    pub subgraphs: Vec<SubgraphConfig>,
    /// A file with a supergraph that was composed elsewhere: SDL with join directives. Default none.
    pub supergraph: Option<PathBuf>,
    /// What clients are told of the errors that subgraphs report.
    pub subgraph_errors: SubgraphErrors,
    /// How long a connection to a subgraph may take to be made. Default 1,000; 10–60,000.
    #[schemars(range(min = 10, max = 60_000))]
    pub connect_timeout_ms: u64,
}

impl Default for FederationConfig {
    fn default() -> Self {
        Self {
            subgraphs: Vec::new(),
            supergraph: None,
            subgraph_errors: SubgraphErrors::default(),
            connect_timeout_ms: 1_000,
        }
    }
}

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
        let mut problems = Vec::new();
        let mut names = BTreeSet::new();
        for (at, subgraph) in self.subgraphs.iter().enumerate() {
            let path = format!("subgraphs[{at}]");
            let is_new = names.insert(subgraph.name.as_str());
            problems.extend(subgraph.problems(&path, is_new, self.supergraph.is_some(), means));
        }
        match &self.supergraph {
            None if self.subgraphs.is_empty() => {
                let message = "the file names neither `subgraphs` nor a `supergraph`";
                problems.extend(ConfigError::one("", message).0);
            }
            Some(file) => {
                let refused = no_file(means.folder, file).map(|message| format!("`supergraph`: {message}"));
                problems.extend(
                    refused.into_iter().flat_map(|message| ConfigError::one("supergraph", message).0),
                );
            }
            None => {}
        }
        if !problems.is_empty() {
            return Err(ConfigError(problems));
        }
        let connections = Connections::new(Duration::from_millis(self.connect_timeout_ms));
        match &self.supergraph {
            Some(file) => Ok(self.over_supergraph(&means.folder.join(file), connections, means)),
            None => self.sources(&connections, means).map(Federation::Subgraphs),
        }
    }

    /// The module of each subgraph; `None` when each is the module of its own name, as the router assumes.
    #[must_use]
    pub fn modules(&self) -> Option<BTreeMap<String, String>> {
        let of = |subgraph: &SubgraphConfig| {
            (subgraph.name.clone(), subgraph.module.as_ref().unwrap_or(&subgraph.name).clone())
        };
        let modules: BTreeMap<_, _> = self.subgraphs.iter().map(of).collect();
        modules.iter().any(|(name, module)| name != module).then_some(modules)
    }

    /// The modules that there are.
    #[must_use]
    pub fn module_names(&self) -> ModuleSet {
        let name = |subgraph: &SubgraphConfig| subgraph.module.as_ref().unwrap_or(&subgraph.name).clone();
        self.subgraphs.iter().map(name).collect()
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
