//! What this module announces. Fields are only ever added.

use common::event;

use crate::ids::OrganizationId;

event! {
    /// An organization was made. Written by the SQL function `tenant.organization_create`.
    OrganizationCreated = "tenant.organization.created", of organization_id {
        /// The organization.
        organization_id: OrganizationId,
        /// Its line of business, as chosen at sign-up.
        industry_code: Option<String>,
        /// The optional modules that it begins with, each after those that it requires.
        modules: Vec<String>,
    }

    /// What others go by of an organization changed: its time zone.
    OrganizationUpdated = "tenant.organization.updated", of organization_id {
        /// The organization.
        organization_id: OrganizationId,
        /// Its IANA time zone; null for none. The directory has it in the same transaction.
        timezone: Option<String>,
    }

    /// A module was switched on.
    ModuleEnabled = "tenant.module.enabled", of organization_id {
        /// The organization.
        organization_id: OrganizationId,
        /// The module.
        module_id: String,
    }

    /// A module was switched off. Its data stays.
    ModuleDisabled = "tenant.module.disabled", of organization_id {
        /// The organization.
        organization_id: OrganizationId,
        /// The module.
        module_id: String,
    }
}
