//! Which subgraphs there are, as a file says it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use common::ModuleSet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problem::{ConfigError, no_file};
use super::subgraph::{SubgraphConfig, SubgraphErrors};

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

impl FederationConfig {
    /// Refuses settings that name no federation, or that are wrong in themselves. Paths are relative to `folder`;
    /// `is_signing` says whether there is a credential for subgraphs that are `signed`.
    ///
    /// # Errors
    /// Everything that is wrong with them, by path.
    pub(crate) fn check(&self, folder: &Path, is_signing: bool) -> Result<(), ConfigError> {
        let mut problems = Vec::new();
        let mut names = BTreeSet::new();
        for (at, subgraph) in self.subgraphs.iter().enumerate() {
            let path = format!("subgraphs[{at}]");
            let is_new = names.insert(subgraph.name.as_str());
            problems.extend(subgraph.problems(&path, is_new, self.supergraph.is_some(), folder, is_signing));
        }
        match &self.supergraph {
            None if self.subgraphs.is_empty() => {
                let message = "the file names neither `subgraphs` nor a `supergraph`";
                problems.extend(ConfigError::one("", message).0);
            }
            Some(file) => {
                let refused = no_file(folder, file).map(|message| format!("`supergraph`: {message}"));
                problems.extend(
                    refused.into_iter().flat_map(|message| ConfigError::one("supergraph", message).0),
                );
            }
            None => {}
        }
        if problems.is_empty() { Ok(()) } else { Err(ConfigError(problems)) }
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
}
