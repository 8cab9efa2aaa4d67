//! What a router is to serve, put together from the file and the command line.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use router::{ByModule, ConfigError, Federation, Means, Open, SetupError, Tenancy};
use service::{Profile, Settings};

use super::Choice;
use super::file::{Read, RouterFile, TenancyConfig};
use super::jwt::{JwtConfig, JwtTenancy};
use crate::Failure;
use crate::addresses::{Addresses, ROUTER_PORT};
use crate::process::{Process, router_config, router_profile, secret_key, sign};

/// What to serve.
pub(super) struct Plan {
    pub file: RouterFile,
    /// The file as it was read.
    pub text: String,
    /// Says where in the file something stands, when there is one.
    read: Option<Read>,
    /// What paths in the file are relative to.
    folder: PathBuf,
    /// What messages are about.
    name: String,
}

impl Plan {
    pub fn read(settings: &Settings, addresses: &Addresses, choice: &Choice) -> Result<Self, Failure> {
        let (mut file, text, read) = match &choice.config {
            Some(path) => {
                let text = text(path)?;
                let (mut file, read) = RouterFile::read(path, &text)?;
                file.config.profile = read.profile(file.config.profile, settings.profile)?;
                (file, text, Some(read))
            }
            None => {
                let mut config = router_config(settings)?;
                config.profile = settings.profile.map(router_profile).unwrap_or_default();
                config.listen = (settings.host, addresses.port("router", ROUTER_PORT)?).into();
                (RouterFile { config, ..RouterFile::default() }, String::new(), None)
            }
        };
        if let Some(supergraph) = &choice.supergraph {
            // Relative to where the command is given, unlike one that the file names.
            let path = std::path::absolute(supergraph);
            file.federation.supergraph =
                Some(path.map_err(|error| Failure::of("finding the supergraph", error))?);
        }
        if let Some(listen) = choice.listen {
            file.config.listen = listen;
        }
        let folder = choice.config.as_deref().and_then(Path::parent).map(Path::to_owned).unwrap_or_default();
        // As every path in the file.
        for path in [&mut file.config.state_folder, &mut file.config.persisted.manifest].into_iter().flatten()
        {
            *path = folder.join(&path);
        }
        let named = choice.config.as_ref().or(choice.supergraph.as_ref());
        let name = named.map(|path| path.display().to_string()).unwrap_or_default();
        Ok(Self { file, text, read, folder, name })
    }

    /// How careful the process is.
    pub fn profile(&self) -> Profile {
        match self.file.config.profile {
            router::Profile::Development => Profile::Development,
            router::Profile::Production => Profile::Production,
        }
    }

    /// The settings of the process, as careful as the router.
    pub fn settings(&self, settings: &Settings) -> Settings {
        Settings { profile: Some(self.profile()), ..settings.clone() }
    }

    pub fn federation(&self, settings: &Settings) -> Result<Federation, Failure> {
        let is_signed = self.file.federation.subgraphs.iter().any(|subgraph| subgraph.signed);
        let key = if is_signed { Some(secret_key(&self.settings(settings))?) } else { None };
        let profile = self.file.config.profile;
        let means = Means { folder: &self.folder, sign: key.as_ref().map(sign), profile };
        self.file.federation.federation(&means).map_err(|error| match &self.read {
            Some(read) => read.failure(error),
            None => Failure::of(&self.name, error),
        })
    }

    /// Refuses keys in files by which no token could be verified.
    pub async fn check_keys(&self) -> Result<(), Failure> {
        let Some((jwt, read)) = self.jwt() else { return Ok(()) };
        let problems = jwt.key_problems(&self.folder).await;
        if problems.is_empty() { Ok(()) } else { Err(read.failure(ConfigError(problems))) }
    }

    /// Other issuers whose tokens count, and the file that says so.
    fn jwt(&self) -> Option<(&JwtConfig, &Read)> {
        match &self.file.access.tenancy {
            TenancyConfig::Jwt(jwt) => Some((jwt, self.read.as_ref()?)),
            TenancyConfig::Open | TenancyConfig::Innoerp => None,
        }
    }

    /// Refuses what cannot be of who may ask.
    pub fn check_access(&self) -> Result<(), Failure> {
        let Some((jwt, read)) = self.jwt() else { return Ok(()) };
        let federation = &self.file.federation;
        let known = federation.supergraph.is_none().then(|| federation.module_names());
        let problems = jwt.problems(&self.folder, self.file.config.profile, known.as_ref());
        if problems.is_empty() { Ok(()) } else { Err(read.failure(ConfigError(problems))) }
    }

    /// Who callers are, as the file says it.
    pub fn tenancy(&self, process: Option<&Process>) -> Result<Arc<dyn Tenancy>, Failure> {
        let tenancy: Arc<dyn Tenancy> = match (&self.file.access.tenancy, process) {
            (TenancyConfig::Open, _) => Arc::new(Open),
            (TenancyConfig::Jwt(jwt), _) => {
                self.check_access()?;
                Arc::new(JwtTenancy::new(jwt, &self.folder, self.file.federation.module_names()))
            }
            (TenancyConfig::Innoerp, Some(process)) => Arc::new(process.tenancy()),
            (TenancyConfig::Innoerp, None) => {
                return Err(Failure(format!("{}: `tenancy: innoerp` needs a restart", self.name)));
            }
        };
        Ok(match self.file.federation.modules() {
            Some(modules) => Arc::new(ByModule::new(tenancy, modules)),
            None => tenancy,
        })
    }

    pub fn failure(&self, error: &SetupError) -> Failure {
        match (&self.read, error) {
            (Some(read), SetupError::Config(error)) => read.failure(error.clone()),
            (Some(_), error) => Failure(format!("{}: {error}", self.name)),
            // It names the supergraph's file, and there is no other.
            (None, error) => Failure(error.to_string()),
        }
    }
}

/// The text of a configuration file.
pub(super) fn text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| Failure::of(&format!("reading {}", path.display()), error))
}
