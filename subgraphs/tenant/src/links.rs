//! The organization in GraphQL, with its modules. It stands above both, so that neither needs one that needs it.

use std::collections::HashMap;

use async_graphql::{Context, Object};
use common::{Error, Permission, Result};
use database::Tx;
use graphql::{App as _, Batch, mutations, noun};

use crate::ids::OrganizationId;
use crate::organization::{self, Organization, OrganizationUpdateInput};
use crate::organization_module::{
    self, OrganizationModule, OrganizationModuleDisableInput, OrganizationModuleEnableInput,
};

#[noun]
impl Organization {
    /// Every module that there is, core modules first, and whether the organization has it on.
    async fn modules(&self, gql: &Context<'_>) -> Result<Vec<OrganizationModule>> {
        Ok(gql.load::<ModulesOf>(self.id).await?.unwrap_or_default())
    }
}

/// The modules of the organization; of every other one, nobody is shown any.
struct ModulesOf;

impl Batch for ModulesOf {
    type Key = OrganizationId;
    type Value = Vec<OrganizationModule>;
    const READ: &'static Permission = &organization::READ;

    async fn load(
        tx: &mut Tx,
        keys: &[OrganizationId],
    ) -> Result<HashMap<OrganizationId, Vec<OrganizationModule>>> {
        let modules = organization_module::select(tx).await?;
        Ok(keys.iter().map(|id| (*id, modules.clone())).collect())
    }
}

/// Queries about the organization.
#[derive(Default)]
pub struct OrganizationQuery;

#[Object]
impl OrganizationQuery {
    /// The organization that the caller is logged in to.
    async fn organization(&self, gql: &Context<'_>) -> Result<Organization> {
        let found = gql.find(organization::own_id(gql.app())?).await?;
        found.ok_or(Error::NotFound("organization"))
    }

    /// One organization, for other subgraphs: the caller's, and no other.
    #[graphql(entity)]
    async fn organization_by_id(
        &self,
        gql: &Context<'_>,
        id: OrganizationId,
    ) -> Result<Option<Organization>> {
        gql.find(id).await
    }
}

mutations! {
    Organization as organization;
    /// Changes the organization's name or time zone.
    organization_update(input: OrganizationUpdateInput) = organization::update for organization::MANAGE
        if |organization| organization.is_active();
    /// Switches a module on, with all modules that it requires. A module that is on already stays on.
    organization_module_enable(
        /// The module to switch on.
        input: OrganizationModuleEnableInput
    ) = organization_module::enable for organization_module::MANAGE if |organization| organization.is_active();
    /// Switches a module off; its data stays. A module that is off already stays off.
    organization_module_disable(
        /// The module to switch off, and whether with all modules that require it.
        input: OrganizationModuleDisableInput
    ) = organization_module::disable for organization_module::MANAGE if |organization| organization.is_active();
}
