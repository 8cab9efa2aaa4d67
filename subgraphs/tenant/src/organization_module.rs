//! Modules: what there is, what an organization has on, and switching it.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use common::{Permission, Refuse, Result, Role, Scope};
use database::{Ctx, Tx};
use graphql::{App as _, payload};

use crate::events::{ModuleDisabled, ModuleEnabled};
use crate::organization::{self, Organization, READ};

pub(crate) const MANAGE: Permission = Permission {
    key: "tenant.module.manage",
    description: "Switch modules on and off.",
    grants: &[(Role::Admin, Scope::All)],
};

// Use-cases.

/// Every module that there is, core modules first, and whether the caller's organization has it on.
///
/// # Errors
/// As [`Ctx::begin`].
pub async fn list(ctx: &Ctx) -> Result<Vec<Module>> {
    let mut tx = ctx.begin(&READ).await?;
    select(&mut tx).await
}

/// Switches a module on, with everything that it requires. On already, it stays so.
///
/// # Errors
/// Refuses a module that there is not.
pub async fn enable(ctx: &Ctx, input: OrganizationModuleEnableInput) -> Result<Organization> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let organization = organization::lock(&mut tx).await?;
    let module_ids = to_enable(&select(&mut tx).await?, &input.module_id)?;
    save(&mut tx, &module_ids, true).await?;
    for module_id in module_ids {
        tx.emit(&ModuleEnabled { organization_id: organization.id, module_id }).await?;
    }
    tx.commit().await?;
    Ok(organization)
}

/// Switches a module off; with `force`, what requires it as well. Off already, it stays so. No data goes.
///
/// # Errors
/// Refuses a core module, a module that there is not, and one that others still require.
pub async fn disable(ctx: &Ctx, input: OrganizationModuleDisableInput) -> Result<Organization> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let organization = organization::lock(&mut tx).await?;
    let modules = select(&mut tx).await?;
    let module_ids = to_disable(&modules, &input.module_id, input.force.unwrap_or(false))?;
    save(&mut tx, &module_ids, false).await?;
    for module_id in module_ids {
        tx.emit(&ModuleDisabled { organization_id: organization.id, module_id }).await?;
    }
    tx.commit().await?;
    Ok(organization)
}

// Rules.

/// Why a module cannot be switched.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// This version has no such module.
    #[error("there is no such module")]
    Unknown,
    /// Core modules are always on.
    #[error("this module is part of the core and always on")]
    Core,
    /// Something that it requires is not part of this version.
    #[error("it requires {0}, which this installation does not have")]
    RequirementMissing(String),
    /// Others that are on require it.
    #[error("still needed by {0}; switch those off first, or all together with force")]
    RequiredByOthers(String),
}

impl Refuse for Refused {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "MODULE_UNKNOWN",
            Self::Core => "MODULE_IS_CORE",
            Self::RequirementMissing(_) => "MODULE_REQUIREMENT_MISSING",
            Self::RequiredByOthers(_) => "MODULE_REQUIRED_BY_OTHERS",
        }
    }

    fn field(&self) -> Option<&'static str> {
        Some("moduleId")
    }
}

fn find<'m>(modules: &'m [Module], id: &str) -> Option<&'m Module> {
    modules.iter().find(|module| *module.id == id)
}

/// What is switched on with a module: it and what it requires that is off, requirements first.
fn to_enable(modules: &[Module], id: &str) -> Result<Vec<String>, Refused> {
    let (mut seen, mut order) = (Vec::new(), Vec::new());
    enable_after_requirements(modules, id, &mut seen, &mut order)?;
    Ok(order)
}

fn enable_after_requirements<'m>(
    modules: &'m [Module],
    id: &'m str,
    seen: &mut Vec<&'m str>,
    order: &mut Vec<String>,
) -> Result<(), Refused> {
    let module = find(modules, id).ok_or(Refused::Unknown)?;
    if module.enabled || seen.contains(&id) {
        return Ok(());
    }
    seen.push(id);
    for required in &module.requires {
        match enable_after_requirements(modules, required, seen, order) {
            Err(Refused::Unknown) => return Err(Refused::RequirementMissing(required.to_string())),
            other => other?,
        }
    }
    order.push(id.to_owned());
    Ok(())
}

/// What is switched off with a module: it and, with `force`, what requires it and is on, dependents first.
fn to_disable(modules: &[Module], id: &str, force: bool) -> Result<Vec<String>, Refused> {
    let module = find(modules, id).ok_or(Refused::Unknown)?;
    if module.is_core {
        return Err(Refused::Core);
    }
    let (mut seen, mut order) = (Vec::new(), Vec::new());
    disable_after_dependents(modules, module, &mut seen, &mut order);
    // The last one is the module itself.
    if let ([dependents @ .., _], false) = (order.as_slice(), force)
        && !dependents.is_empty()
    {
        let names: Vec<&str> = dependents.iter().map(|module| module.name.as_str()).collect();
        return Err(Refused::RequiredByOthers(names.join(", ")));
    }
    Ok(order.iter().map(|module| module.id.to_string()).collect())
}

fn disable_after_dependents<'m>(
    modules: &'m [Module],
    module: &'m Module,
    seen: &mut Vec<&'m str>,
    order: &mut Vec<&'m Module>,
) {
    if !module.enabled || seen.contains(&module.id.as_str()) {
        return;
    }
    seen.push(&module.id);
    for dependent in modules.iter().filter(|other| other.requires.contains(&module.id)) {
        disable_after_dependents(modules, dependent, seen, order);
    }
    order.push(module);
}

// SQL.

async fn select(tx: &mut Tx) -> Result<Vec<Module>> {
    let rows = sqlx::query!(
        r#"select m.id, m.name, m.description, m.is_core, m.requires,
               m.is_core or coalesce(o.is_enabled, false) as "enabled!"
           from core.module m left join tenant.organization_module o on o.module_id = m.id
           order by m.is_core desc, m.id"#
    )
    .fetch_all(tx.conn())
    .await?;
    let modules = rows.into_iter().map(|row| Module {
        id: ID(row.id),
        name: row.name,
        description: row.description,
        is_core: row.is_core,
        requires: row.requires.into_iter().map(ID).collect(),
        enabled: row.enabled,
    });
    Ok(modules.collect())
}

async fn save(tx: &mut Tx, module_ids: &[String], is_enabled: bool) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "insert into tenant.organization_module (module_id, is_enabled, enabled_at, disabled_at)
         select id, $2, $3, case when $2 then null else $3::timestamptz end from unnest($1::text[]) id
         on conflict (organization_id, module_id) do update set is_enabled = excluded.is_enabled,
             disabled_at = excluded.disabled_at,
             enabled_at = case when $2 then excluded.enabled_at else organization_module.enabled_at end",
        module_ids,
        is_enabled,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

// GraphQL.

/// A module, and whether an organization has it on.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(name = "OrganizationModule")]
pub struct Module {
    /// A short lower-case word, such as leave.
    pub id: ID,
    /// What people call it.
    pub name: String,
    /// What it is for, in one sentence.
    pub description: String,
    /// It is part of the core, and always on.
    pub is_core: bool,
    /// The modules that must be on for it to be on; core modules aside.
    pub requires: Vec<ID>,
    /// The organization has it on.
    pub enabled: bool,
}

/// Which module to switch on.
#[derive(Debug, InputObject)]
pub struct OrganizationModuleEnableInput {
    /// The module.
    pub module_id: ID,
}

/// Which module to switch off.
#[derive(Debug, InputObject)]
pub struct OrganizationModuleDisableInput {
    /// The module.
    pub module_id: ID,
    /// Switch off what requires it as well; false when not said.
    pub force: Option<bool>,
}

payload!(
    /// What switching a module on answers.
    OrganizationModuleEnablePayload {
        /// The organization, with its modules as they are now.
        organization: Organization
    }
);
payload!(
    /// What switching a module off answers.
    OrganizationModuleDisablePayload {
        /// The organization, with its modules as they are now.
        organization: Organization
    }
);

/// Modules: mutations.
#[derive(Default)]
pub struct OrganizationModuleMutation;

#[Object]
impl OrganizationModuleMutation {
    /// Switches a module on, with everything that it requires.
    async fn organization_module_enable(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "Which module.")] input: OrganizationModuleEnableInput,
    ) -> Result<OrganizationModuleEnablePayload> {
        OrganizationModuleEnablePayload::of(enable(gql.app(), input).await)
    }

    /// Switches a module off. Its data stays, and is there again when it is switched on.
    async fn organization_module_disable(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "Which module, and whether with all that requires it.")]
        input: OrganizationModuleDisableInput,
    ) -> Result<OrganizationModuleDisablePayload> {
        OrganizationModuleDisablePayload::of(disable(gql.app(), input).await)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// employee ← leave, employee ← payroll, leave ← payroll; tenant is core; broken requires what is not there.
    fn modules(enabled: &[&str]) -> Vec<Module> {
        let module = |id: &str, is_core: bool, requires: &[&str]| Module {
            id: id.into(),
            name: id.to_uppercase(),
            description: String::new(),
            is_core,
            requires: requires.iter().map(|id| ID::from(*id)).collect(),
            enabled: is_core || enabled.contains(&id),
        };
        vec![
            module("tenant", true, &[]),
            module("broken", false, &["nothing"]),
            module("employee", false, &[]),
            module("leave", false, &["employee"]),
            module("payroll", false, &["employee", "leave"]),
        ]
    }

    #[test]
    fn a_module_comes_on_after_what_it_requires() {
        assert_eq!(to_enable(&modules(&[]), "payroll").unwrap(), ["employee", "leave", "payroll"]);
        assert_eq!(to_enable(&modules(&["employee"]), "leave").unwrap(), ["leave"]);
    }

    #[test]
    fn a_module_that_is_on_stays_on_and_one_that_is_off_stays_off() {
        assert!(to_enable(&modules(&["employee"]), "employee").unwrap().is_empty());
        assert!(to_enable(&modules(&[]), "tenant").unwrap().is_empty());
        assert!(to_disable(&modules(&[]), "leave", false).unwrap().is_empty());
    }

    #[test]
    fn what_others_require_stays_on_unless_forced() {
        let all = modules(&["employee", "leave", "payroll"]);
        let refused = to_disable(&all, "employee", false).unwrap_err();
        assert!(
            refused.to_string().contains("LEAVE") && refused.to_string().contains("PAYROLL"),
            "{refused}"
        );
        assert_eq!(to_disable(&all, "employee", true).unwrap(), ["payroll", "leave", "employee"]);
        assert_eq!(to_disable(&all, "payroll", false).unwrap(), ["payroll"]);
    }

    #[test]
    fn core_unknown_and_incomplete_modules_are_refused() {
        assert_eq!(to_disable(&modules(&[]), "tenant", true), Err(Refused::Core));
        assert_eq!(to_disable(&modules(&[]), "nothing", true), Err(Refused::Unknown));
        assert_eq!(to_enable(&modules(&[]), "nothing"), Err(Refused::Unknown));
        assert_eq!(to_enable(&modules(&[]), "broken"), Err(Refused::RequirementMissing("nothing".into())));
    }
}
