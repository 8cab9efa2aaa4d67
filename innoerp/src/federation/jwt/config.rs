//! Whose tokens count, as a file says it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use common::ModuleSet;
use jsonwebtoken::Algorithm;
use router::{ConfigError, Problem, Profile, no_file};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use service::jwks;

/// Tokens of other issuers (JSON Web Tokens, RFC 7519), verified by their public keys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JwtConfig {
    /// Who makes the tokens; 1 to 50.
    #[schemars(length(min = 1, max = 50))]
    pub issuers: Vec<IssuerConfig>,
    /// Whether callers without a token may ask. Default false.
    #[serde(default)]
    pub anonymous: bool,
    /// The modules that everybody sees, callers without a token too. Default all, or none for callers whose issuer
    /// says which modules they have.
    #[serde(default)]
    pub core_modules: Option<Vec<String>>,
}

/// One issuer of tokens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IssuerConfig {
    /// What its tokens say in `iss`, to the letter.
    pub issuer: String,
    /// What its tokens must say in `aud`, alone or among others.
    pub audience: String,
    /// Where it publishes its keys (RFC 7517), over HTTPS.
    #[serde(default)]
    pub jwks_url: Option<String>,
    /// A file with its keys, in place of an address.
    #[serde(default)]
    pub jwks_file: Option<PathBuf>,
    /// How old the keys may get before they are read again, in seconds. Default 600; 10–86,400.
    #[serde(default = "usual_jwks_refresh_s")]
    #[schemars(range(min = 10, max = 86_400))]
    pub jwks_refresh_s: u64,
    /// The algorithms of signature that are accepted. Default EdDSA, ES256 and RS256.
    #[serde(default = "usual_algorithms")]
    #[schemars(length(min = 1, max = 9))]
    pub algorithms: BTreeSet<SignatureAlgorithm>,
    /// What its tokens must say in the header's `typ`, as `at+jwt` (RFC 9068). Default anything, or nothing.
    #[serde(default)]
    pub token_type: Option<String>,
    /// Claims that must be there besides `iss`, `aud`, `sub`, `iat` and `exp`. Default none.
    #[serde(default)]
    #[schemars(length(max = 50))]
    pub required_claims: Vec<String>,
    /// How long its tokens may be good for, in seconds. Default 86,400; 60–2,592,000.
    #[serde(default = "usual_lifetime_max_s")]
    #[schemars(range(min = 60, max = 2_592_000))]
    pub lifetime_max_s: i64,
    /// The claim that names the caller's organization. Default none: all its callers are of one.
    #[serde(default)]
    pub organization_claim: Option<String>,
    /// The claim that lists the caller's modules: a list of texts, or one text with spaces between. Default none.
    #[serde(default)]
    pub modules_claim: Option<String>,
    /// The claim with the scopes that `@requiresScopes` asks for: a list of texts, or one text with spaces between
    /// (RFC 8693, section 4.2; RFC 9068, section 2.2.3). Without it, a token grants none. Default `scope`.
    #[serde(default = "usual_scopes_claim")]
    pub scopes_claim: String,
    /// The claim with the policies that `@policy` asks for, as in `scopes_claim`. What it does not name does not hold.
    /// Default `policies`.
    #[serde(default = "usual_policies_claim")]
    pub policies_claim: String,
    /// The modules of organizations, by what `organization_claim` says. Default none.
    #[serde(default)]
    pub organizations: BTreeMap<String, Vec<String>>,
}

/// An algorithm whose public key cannot sign (RFC 7518, RFC 8037).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum SignatureAlgorithm {
    /// Edwards curve 25519.
    EdDSA,
    /// Elliptic curve P-256.
    ES256,
    /// Elliptic curve P-384.
    ES384,
    /// RSA as in PKCS #1 v1.5, SHA-256.
    RS256,
    /// RSA as in PKCS #1 v1.5, SHA-384.
    RS384,
    /// RSA as in PKCS #1 v1.5, SHA-512.
    RS512,
    /// RSA-PSS, SHA-256.
    PS256,
    /// RSA-PSS, SHA-384.
    PS384,
    /// RSA-PSS, SHA-512.
    PS512,
}

fn usual_jwks_refresh_s() -> u64 {
    600
}

fn usual_lifetime_max_s() -> i64 {
    86_400
}

fn usual_scopes_claim() -> String {
    "scope".to_owned()
}

fn usual_policies_claim() -> String {
    "policies".to_owned()
}

fn usual_algorithms() -> BTreeSet<SignatureAlgorithm> {
    [SignatureAlgorithm::EdDSA, SignatureAlgorithm::ES256, SignatureAlgorithm::RS256].into()
}

impl IssuerConfig {
    /// Whether its tokens, or its organizations, say which modules a caller has.
    #[must_use]
    pub fn grants_modules(&self) -> bool {
        self.modules_claim.is_some() || !self.organizations.is_empty()
    }
}

impl JwtConfig {
    /// Whether some callers see less than others.
    #[must_use]
    pub fn is_by_module(&self) -> bool {
        self.core_modules.is_some() || self.issuers.iter().any(IssuerConfig::grants_modules)
    }

    /// Everything that is wrong with it. `known` are the modules that there are; `None` with a ready supergraph, which
    /// is shown as a whole.
    #[must_use]
    pub fn problems(&self, folder: &Path, profile: Profile, known: Option<&ModuleSet>) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut refuse = |path: String, message: String| {
            problems.extend(ConfigError::one(&path, format!("`{path}`: {message}")).0);
        };
        if known.is_none() && self.is_by_module() {
            let message = "a ready supergraph is shown as a whole; modules need `subgraphs`";
            refuse("tenancy.jwt".to_owned(), message.to_owned());
        }
        let mut unknown = |path: String, modules: &[String]| {
            for module in modules.iter().filter(|module| known.is_some_and(|known| !known.contains(*module)))
            {
                refuse(path.clone(), format!("there is no subgraph of the module `{module}`"));
            }
        };
        unknown("tenancy.jwt.core_modules".to_owned(), self.core_modules.as_deref().unwrap_or_default());
        for (at, issuer) in self.issuers.iter().enumerate() {
            for modules in issuer.organizations.values() {
                unknown(format!("tenancy.jwt.issuers[{at}].organizations"), modules);
            }
        }
        for (at, issuer) in self.issuers.iter().enumerate() {
            let is_new = self.issuers[..at].iter().all(|other| other.issuer != issuer.issuer);
            for (key, message) in issuer.refused(is_new, folder, profile) {
                refuse(format!("tenancy.jwt.issuers[{at}].{key}"), message);
            }
        }
        problems
    }

    /// What is wrong with the keys of issuers that have them in a file. Nobody is asked for keys at an address.
    pub async fn key_problems(&self, folder: &Path) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (at, issuer) in self.issuers.iter().enumerate() {
            let Some(file) = &issuer.jwks_file else { continue };
            if let Err(wrong) = jwks::check_file(&folder.join(file), &issuer.accepted()).await {
                let (named, of) = (file.display(), &issuer.issuer);
                // It is about all of the issuer: whatever of it came from a variable must not be told.
                let path = format!("tenancy.jwt.issuers[{at}]");
                let message =
                    format!("`{path}.jwks_file`: {named}, with the keys of the issuer `{of}`, {wrong}");
                problems.extend(ConfigError::one(&path, message).0);
            }
        }
        problems
    }
}

impl IssuerConfig {
    /// The algorithms of signature that are accepted.
    pub(super) fn accepted(&self) -> Vec<Algorithm> {
        self.algorithms.iter().map(|one| (*one).into()).collect()
    }

    fn refused(&self, is_new: bool, folder: &Path, profile: Profile) -> Vec<(&'static str, String)> {
        let mut refused = Vec::new();
        let mut refuse = |key, message: &str| refused.push((key, message.to_owned()));
        if !is_new {
            refuse("issuer", "it stands here twice");
        }
        if self.issuer.is_empty() {
            refuse("issuer", "it is empty");
        }
        if self.audience.is_empty() {
            refuse("audience", "it is empty");
        }
        match (&self.jwks_url, &self.jwks_file) {
            (Some(url), None) if !is_safe(url, profile) => {
                refuse(
                    "jwks_url",
                    "it must be an address of https: whoever answers it decides who callers are",
                );
            }
            (Some(_), None) => {}
            (None, Some(file)) => {
                no_file(folder, file).into_iter().for_each(|message| refuse("jwks_file", &message));
            }
            _ => refuse("issuer", "say either `jwks_url` or `jwks_file`"),
        }
        if !self.organizations.is_empty() && self.organization_claim.is_none() {
            refuse("organizations", "without an `organization_claim`, callers are of no organization");
        }
        refused
    }
}

/// Keys over plain HTTP could be anybody's; on this machine, and in development, they may be.
fn is_safe(url: &str, profile: Profile) -> bool {
    let Ok(url) = url.parse::<reqwest::Url>() else { return false };
    let is_here = url.host_str().is_some_and(|host| matches!(host, "127.0.0.1" | "localhost" | "[::1]"));
    match url.scheme() {
        "https" => true,
        "http" => is_here || profile == Profile::Development,
        _ => false,
    }
}
