//! Modules: what there is, what an organization has on, and switching it.

use async_graphql::{ID, InputObject, SimpleObject};
use common::{ADMINISTRATION, Permission, Refusal, Result};
use database::{Ctx, Tx};

use crate::events::{ModuleDisabled, ModuleEnabled};
use crate::organization::{Organization, own_id};

/// A module, and whether an organization has it on.
#[derive(Clone, Debug, SimpleObject)]
pub struct OrganizationModule {
    /// The id of the module: a short word in lower case, such as leave.
    pub id: ID,
    /// The name that people know the module by.
    pub name: String,
    /// What the module is for, in one sentence.
    pub description: String,
    /// Whether the module is part of the core, and always on.
    pub is_core: bool,
    /// The ids of the modules that must be on for this one to be on; core modules aside.
    pub requires: Vec<ID>,
    /// Whether the organization has the module on.
    pub enabled: bool,
}

pub(crate) const MANAGE: Permission =
    Permission::new("tenant.module.manage", "Switch modules on and off.", ADMINISTRATION);

const NOT_FOUND: Refusal = Refusal::of("moduleId", "MODULE_NOT_FOUND", "there is no such module");
const IS_CORE: Refusal =
    Refusal::of("moduleId", "MODULE_IS_CORE", "this module is part of the core and always on");

fn requirement_missing(id: &str) -> Refusal {
    let message = format!("it requires {id}, which this installation does not have");
    Refusal::of("moduleId", "MODULE_REQUIREMENT_MISSING", "").saying(message)
}

fn required_by(names: &str) -> Refusal {
    let message = format!("still needed by {names}; switch those off first, or all together with force");
    Refusal::of("moduleId", "MODULE_REQUIRED_BY_OTHERS", "").saying(message)
}

// Use-cases. The organization is locked, so that of two switches at once one sees what the other did.

/// Switches a module on, with everything that it requires. On already, it stays so.
pub async fn enable(ctx: &Ctx, input: OrganizationModuleEnableInput) -> Result<Organization> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let organization: Organization = tx.lock(own_id(ctx)?).await?;
    let module_ids = to_enable(&select(&mut tx).await?, &input.module_id)?;
    save(&mut tx, &module_ids, true).await?;
    for module_id in module_ids {
        tx.emit(&ModuleEnabled { organization_id: organization.id, module_id }).await?;
    }
    tx.commit(organization).await
}

/// Switches a module off; with `force`, what requires it as well. Off already, it stays so. No data goes.
pub async fn disable(ctx: &Ctx, input: OrganizationModuleDisableInput) -> Result<Organization> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let organization: Organization = tx.lock(own_id(ctx)?).await?;
    let modules = select(&mut tx).await?;
    let module_ids = to_disable(&modules, &input.module_id, input.force.unwrap_or(false))?;
    save(&mut tx, &module_ids, false).await?;
    for module_id in module_ids {
        tx.emit(&ModuleDisabled { organization_id: organization.id, module_id }).await?;
    }
    tx.commit(organization).await
}

// Rules.

fn find<'m>(modules: &'m [OrganizationModule], id: &str) -> Option<&'m OrganizationModule> {
    modules.iter().find(|module| *module.id == id)
}

/// What is switched on with a module: it and what it requires that is off, requirements first.
fn to_enable(modules: &[OrganizationModule], id: &str) -> Result<Vec<String>, Refusal> {
    let (mut seen, mut order) = (Vec::new(), Vec::new());
    enable_after_requirements(modules, id, &mut seen, &mut order)?;
    Ok(order)
}

fn enable_after_requirements<'m>(
    modules: &'m [OrganizationModule],
    id: &'m str,
    seen: &mut Vec<&'m str>,
    order: &mut Vec<String>,
) -> Result<(), Refusal> {
    let module = find(modules, id).ok_or(NOT_FOUND)?;
    if module.enabled || seen.contains(&id) {
        return Ok(());
    }
    seen.push(id);
    for required in &module.requires {
        find(modules, required).ok_or_else(|| requirement_missing(required))?;
        enable_after_requirements(modules, required, seen, order)?;
    }
    order.push(id.to_owned());
    Ok(())
}

/// What is switched off with a module: it and, with `force`, what requires it and is on, dependents first.
fn to_disable(modules: &[OrganizationModule], id: &str, force: bool) -> Result<Vec<String>, Refusal> {
    let module = find(modules, id).ok_or(NOT_FOUND)?;
    if module.is_core {
        return Err(IS_CORE);
    }
    let (mut seen, mut order) = (Vec::new(), Vec::new());
    disable_after_dependents(modules, module, &mut seen, &mut order);
    // The last one is the module itself.
    if let ([dependents @ .., _], false) = (order.as_slice(), force)
        && !dependents.is_empty()
    {
        let names: Vec<&str> = dependents.iter().map(|module| module.name.as_str()).collect();
        return Err(required_by(&names.join(", ")));
    }
    Ok(order.iter().map(|module| module.id.to_string()).collect())
}

fn disable_after_dependents<'m>(
    modules: &'m [OrganizationModule],
    module: &'m OrganizationModule,
    seen: &mut Vec<&'m str>,
    order: &mut Vec<&'m OrganizationModule>,
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

/// Every module that there is, core modules first, and whether the caller's organization has it on.
pub(crate) async fn select(tx: &mut Tx) -> Result<Vec<OrganizationModule>> {
    let rows = sqlx::query!(
        r#"select m.id, m.name, m.description, m.is_core, m.requires,
               m.is_core or coalesce(o.is_enabled, false) as "enabled!"
           from core.module m left join tenant.organization_module o on o.module_id = m.id
           order by m.is_core desc, m.id"#
    )
    .fetch_all(tx.conn())
    .await?;
    let modules = rows.into_iter().map(|row| OrganizationModule {
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

/// The module to switch on.
#[derive(Clone, Debug, InputObject)]
pub struct OrganizationModuleEnableInput {
    /// The id of the module to switch on.
    pub module_id: ID,
}

/// The module to switch off.
#[derive(Clone, Debug, InputObject)]
pub struct OrganizationModuleDisableInput {
    /// The id of the module to switch off.
    pub module_id: ID,
    /// Whether to switch off the modules that require it as well; false when absent.
    pub force: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// employee ← leave, employee ← payroll, leave ← payroll; tenant is core; broken requires what is not there.
    fn modules(enabled: &[&str]) -> Vec<OrganizationModule> {
        let module = |id: &str, is_core: bool, requires: &[&str]| OrganizationModule {
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
        assert!(refused.message.contains("LEAVE") && refused.message.contains("PAYROLL"), "{refused:?}");
        assert_eq!(to_disable(&all, "employee", true).unwrap(), ["payroll", "leave", "employee"]);
        assert_eq!(to_disable(&all, "payroll", false).unwrap(), ["payroll"]);
    }

    #[test]
    fn core_unknown_and_incomplete_modules_are_refused() {
        assert_eq!(to_disable(&modules(&[]), "tenant", true), Err(IS_CORE));
        assert_eq!(to_disable(&modules(&[]), "nothing", true), Err(NOT_FOUND));
        assert_eq!(to_enable(&modules(&[]), "nothing"), Err(NOT_FOUND));
        assert_eq!(to_enable(&modules(&[]), "broken"), Err(requirement_missing("nothing")));
    }
}
