//! The file that configures a router: its own settings, which subgraphs there are, and who may ask.

use std::path::{Path, PathBuf};

use router::{Config, ConfigError, ConfigFile, FederationConfig, Layout};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service::Profile;

use super::jwt::JwtConfig;
use crate::Failure;
use crate::process::router_profile;

/// Who may ask.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Access {
    /// Who callers are, and which modules they see. Default `open`.
    pub tenancy: TenancyConfig,
}

/// Who callers are, and which modules they see.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TenancyConfig {
    /// Everybody is anonymous and sees every subgraph. Tokens are passed on, and the subgraphs judge them.
    #[default]
    Open,
    /// As innoERP's own router: tokens by auth's keys, sessions and modules by the database of DATABASE_URL.
    Innoerp,
    /// By the tokens of other issuers, and their public keys.
    Jwt(JwtConfig),
}

/// What a file says, as a whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RouterFile {
    /// The router's own settings.
    pub config: Config,
    /// Which subgraphs there are.
    pub federation: FederationConfig,
    /// Who may ask.
    pub access: Access,
}

/// A file that was read, and what it takes to say where in it something stands.
pub struct Read {
    path: PathBuf,
    file: ConfigFile,
}

/// The JSON Schema of such files.
#[must_use]
pub fn schema() -> Value {
    let layout = Layout::default().with::<FederationConfig>().with::<Access>().with::<Config>();
    layout.schema(
        "innoerp router",
        "What `innoerp router --config FILE` reads, as YAML or JSON. In texts, ${NAME} stands for an environment \
         variable, and ${NAME:-default} for one that may be absent or empty.",
    )
}

impl RouterFile {
    /// Checks the text of a file.
    ///
    /// # Errors
    /// A line for everything that is wrong with it.
    pub fn read(path: &Path, text: &str) -> Result<(Self, Read), Failure> {
        let lookup = |name: &str| std::env::var(name).ok();
        let file = ConfigFile::read(text, &schema(), &lookup).map_err(|error| failure(path, &error))?;
        let read = Read { path: path.to_owned(), file };
        let router = Self {
            config: read.file.part().map_err(|error| failure(path, &error))?,
            federation: read.file.part().map_err(|error| failure(path, &error))?,
            access: read.file.part().map_err(|error| failure(path, &error))?,
        };
        router.config.check().map_err(|error| read.failure(error))?;
        Ok((router, read))
    }
}

impl Read {
    /// The profile that holds: what the file says (`here`), else what flags and environment say, else production.
    ///
    /// # Errors
    /// When the two say different things: either could be the one that is meant.
    pub fn profile(&self, here: router::Profile, said: Option<Profile>) -> Result<router::Profile, Failure> {
        let said = said.map(router_profile);
        match said {
            Some(said) if !self.file.says("profile") => Ok(said),
            Some(said) if said != here => {
                let message = "`profile` differs from --profile, or INNOERP_PROFILE; say it in one place";
                Err(self.failure(ConfigError::one("profile", message)))
            }
            _ => Ok(here),
        }
    }

    /// What is wrong, with the lines on which it stands.
    #[must_use]
    pub fn failure(&self, error: ConfigError) -> Failure {
        failure(&self.path, &self.file.located(error))
    }
}

fn failure(path: &Path, error: &ConfigError) -> Failure {
    let lines = error.0.iter().map(|problem| format!("{}: {problem}", path.display()));
    Failure(lines.collect::<Vec<_>>().join("\n"))
}
