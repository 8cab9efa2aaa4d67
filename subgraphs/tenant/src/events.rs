//! What tenant announces. Fields are only ever added.

use common::{Event, OrganizationId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An organization was made. Written by the SQL function `tenant.organization_create`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrganizationCreated {
    /// The organization.
    pub organization_id: OrganizationId,
    /// Its line of business, as chosen at sign-up.
    pub industry_code: Option<String>,
    /// The optional modules that it begins with, each after those that it requires.
    pub modules: Vec<String>,
}

impl Event for OrganizationCreated {
    const TYPE: &'static str = "tenant.organization.created";
    fn aggregate_id(&self) -> Uuid {
        self.organization_id.0
    }
}

/// A module was switched on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModuleEnabled {
    /// The organization.
    pub organization_id: OrganizationId,
    /// The module.
    pub module_id: String,
}

impl Event for ModuleEnabled {
    const TYPE: &'static str = "tenant.module.enabled";
    fn aggregate_id(&self) -> Uuid {
        self.organization_id.0
    }
}

/// A module was switched off. Its data stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModuleDisabled {
    /// The organization.
    pub organization_id: OrganizationId,
    /// The module.
    pub module_id: String,
}

impl Event for ModuleDisabled {
    const TYPE: &'static str = "tenant.module.disabled";
    fn aggregate_id(&self) -> Uuid {
        self.organization_id.0
    }
}
