//! Callers by the tokens of other issuers: no session, no database, nothing but keys and claims.

mod config;
mod issuer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{Caller, Error, Granted, Member, ModuleSet, Result};
use moka::sync::Cache;
use serde_json::{Map, Value};
use service::token::refused;
use sha2::{Digest, Sha256};
use uuid::Uuid;

pub use config::{IssuerConfig, JwtConfig, SignatureAlgorithm};
use issuer::{Issuer, Issuers, SKEW_S, Verified};

/// How long a verified token is believed without checking its signature again.
const VERIFIED_FOR: Duration = Duration::from_secs(60);

/// Says who callers are by the tokens of the issuers that a file names.
///
/// The router asks for ids; these are made from what the token says, so that the same subject of the same issuer is
/// the same caller to it, and two issuers never mean the same one.
pub struct JwtTenancy {
    issuers: Issuers,
    is_anonymous_allowed: bool,
    is_by_module: bool,
    /// What callers see of whom nothing says which modules they have.
    all: Arc<ModuleSet>,
    /// What everybody sees.
    core: Arc<ModuleSet>,
    /// What callers without a token see.
    anonymous: Arc<ModuleSet>,
    /// By token: whose it is, and the version of the keys that said so.
    verified: Cache<Arc<str>, (Arc<Member>, u64)>,
}

impl JwtTenancy {
    /// `modules` are all that there are. Paths are relative to `folder`.
    #[must_use]
    pub fn new(config: &JwtConfig, folder: &Path, modules: ModuleSet) -> Self {
        let all = Arc::new(modules);
        let core: Option<ModuleSet> = config.core_modules.clone().map(|core| core.into_iter().collect());
        Self {
            issuers: Issuers::new(config, folder),
            is_anonymous_allowed: config.anonymous,
            is_by_module: config.is_by_module(),
            anonymous: core.clone().map_or_else(|| all.clone(), Arc::new),
            core: core.unwrap_or_default().into(),
            all,
            verified: Cache::builder().max_capacity(50_000).time_to_live(VERIFIED_FOR).build(),
        }
    }

    async fn member(&self, token: &str) -> Result<Arc<Member>> {
        let issuer = self.issuers.of(token)?;
        if let Some((member, keys)) = self.verified.get(token)
            && keys == issuer.keys_version()
        {
            let is_alive = member.expires_at > Utc::now() - chrono::Duration::seconds(SKEW_S);
            return if is_alive { Ok(member) } else { Err(refused("it has expired")) };
        }
        let verified = issuer.verify(token).await?;
        let member = self.read(issuer, token, &verified);
        let member = member.ok_or_else(|| refused("its organization, modules or end cannot be read"))?;
        let member = Arc::new(member);
        self.verified.insert(token.into(), (member.clone(), verified.keys));
        Ok(member)
    }

    fn read(&self, issuer: &Issuer, token: &str, verified: &Verified) -> Option<Member> {
        let name = &issuer.config.issuer;
        let organization = match &issuer.config.organization_claim {
            None => "",
            Some(claim) => {
                verified.claims.get(claim)?.as_str().filter(|organization| !organization.is_empty())?
            }
        };
        let modules = if issuer.config.grants_modules() {
            let mut modules = ModuleSet::clone(&self.core);
            if let Some(claim) = &issuer.config.modules_claim {
                modules.extend(listed(verified.claims.get(claim)?)?);
            }
            modules.extend(issuer.config.organizations.get(organization).into_iter().flatten().cloned());
            Arc::new(modules)
        } else {
            self.all.clone()
        };
        Some(Member {
            organization_id: id(&["organization", name, organization]).into(),
            identity_id: id(&["identity", name, &verified.subject]).into(),
            membership_id: id(&["membership", name, organization, &verified.subject]).into(),
            session_id: id(&["session", token]).into(),
            roles: Vec::new(),
            expires_at: DateTime::from_timestamp(verified.expires_at_s, 0)?,
            modules: Some(modules),
            granted: Arc::new(granted(&issuer.config, &verified.claims)),
        })
    }
}

/// What a token allows. A claim that is not there, or cannot be read, grants nothing.
fn granted(issuer: &IssuerConfig, claims: &Map<String, Value>) -> Granted {
    let named = |claim: &str| claims.get(claim).and_then(listed).unwrap_or_default().into_iter().collect();
    Granted { scopes: named(&issuer.scopes_claim), policies: named(&issuer.policies_claim) }
}

/// A list of texts, or one text with spaces between, as `scope` has it (RFC 8693, section 4.2). No other white space
/// separates: whoever issues tokens may not have meant two (RFC 6749, section 3.3).
fn listed(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => {
            Some(text.split(' ').filter(|name| !name.is_empty()).map(str::to_owned).collect())
        }
        Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

/// An id made of texts: the same for the same ones (UUID version 8, RFC 9562, of SHA-256).
fn id(parts: &[&str]) -> Uuid {
    let mut hash = Sha256::new();
    for part in parts {
        // With its length, so that no two lists of texts are the same bytes.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

#[async_trait]
impl router::Tenancy for JwtTenancy {
    async fn authenticate(&self, token: Option<&str>) -> Result<Caller> {
        match token {
            Some(token) => Ok(Caller::Member(self.member(token).await?)),
            None if self.is_anonymous_allowed => Ok(Caller::Anonymous),
            None => Err(Error::Unauthenticated),
        }
    }

    async fn modules(&self, caller: &Caller) -> Result<Arc<ModuleSet>> {
        let member = caller.member();
        Ok(match member {
            None => self.anonymous.clone(),
            Some(member) => member.modules.clone().unwrap_or_else(|| self.core.clone()),
        })
    }

    fn shows_everything(&self) -> bool {
        !self.is_by_module
    }
}
