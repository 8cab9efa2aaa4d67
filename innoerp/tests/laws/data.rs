//! Tenancy, asked of PostgreSQL's own catalogue: what a migration forgot, this finds.

use innoerp::modules;
use sqlx::PgPool;

async fn database() -> PgPool {
    PgPool::connect(&testing::fresh_database(&modules::all()).await).await.unwrap()
}

/// Runs a catalogue query that lists what is wrong.
async fn nothing_wrong(query: &'static str) {
    let wrong: Vec<String> =
        sqlx::query_scalar(query).bind(schemas()).fetch_all(&database().await).await.unwrap();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn schemas() -> Vec<String> {
    let modules = modules::all();
    modules.iter().map(|module| module.id).chain(super::SHARED_SCHEMAS).map(str::to_owned).collect()
}

/// Tables that belong to no tenant, each with its reason.
const GLOBAL: [&str; 9] = [
    // One person, many organizations.
    "auth.identity",
    "auth.device",
    "auth.password_reset",
    "user.user",
    // A session begins before an organization is chosen, and ends for all of them.
    "auth.session",
    // What can be asked for is the same everywhere.
    "approval.kind",
    // The system's own.
    "auth.signing_key",
    "auth.login_attempt",
    "auth.login_waiting",
];

#[tokio::test]
async fn every_table_belongs_to_a_tenant_or_says_why_not() {
    let tables: Vec<String> = sqlx::query_scalar(
        "select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = any($1) and c.relkind in ('r', 'p') and c.relname <> '_migration'
           and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'organization_id' and a.attnotnull)",
    )
    .bind(schemas())
    .fetch_all(&database().await)
    .await
    .unwrap();
    let unexplained: Vec<_> = tables.iter().filter(|table| !GLOBAL.contains(&table.as_str())).collect();
    assert!(unexplained.is_empty(), "{unexplained:#?}");
}

#[tokio::test]
async fn row_level_security_is_on_and_forced_and_checks_what_is_written() {
    nothing_wrong(
        "select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = any($1) and c.relkind in ('r', 'p')
           and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'organization_id')
           and not (c.relrowsecurity and c.relforcerowsecurity and exists (
               select from pg_policy p where p.polrelid = c.oid and p.polwithcheck is not null and p.polcmd = '*'
                 and p.polpermissive and pg_get_expr(p.polqual, p.polrelid) like '%organization_id%'))",
    )
    .await;
}

#[tokio::test]
async fn no_policy_opens_a_tenants_rows_to_the_application() {
    nothing_wrong(
        "select schemaname || '.' || tablename || ': ' || policyname from pg_policies
         where schemaname = any($1) and permissive = 'PERMISSIVE'
           and exists (select from information_schema.columns c
               where c.table_schema = schemaname and c.table_name = tablename and c.column_name = 'organization_id')
           and (roles && array['innoerp_app', 'public']::name[])
           and qual not like '%organization_id%' and coalesce(with_check, '') not like '%organization_id%'",
    )
    .await;
}

#[tokio::test]
async fn keys_between_tenant_tables_carry_the_tenant() {
    nothing_wrong(
        "select con.conrelid::regclass || ': ' || con.conname from pg_constraint con
         join pg_class target on target.oid = con.confrelid join pg_namespace n on n.oid = target.relnamespace
         where con.contype = 'f' and n.nspname = any($1)
           and exists (select from pg_attribute a where a.attrelid = con.confrelid and a.attname = 'organization_id')
           and not exists (select from unnest(con.conkey) k join pg_attribute a on a.attrelid = con.conrelid and a.attnum = k
               where a.attname = 'organization_id')",
    )
    .await;
}

#[tokio::test]
async fn unique_indexes_of_tenant_tables_begin_with_the_tenant() {
    nothing_wrong(
        "select i.indexrelid::regclass::text from pg_index i join pg_class c on c.oid = i.indrelid
         join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = any($1) and i.indisunique
           and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'organization_id')
           and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attnum = i.indkey[0] and a.attname = 'organization_id')
           -- Names that are unique in the whole world, and rows that only the relay and the trail number.
           and i.indexrelid::regclass::text not in ('tenant.organization_subdomain_key', 'tenant.organization_pkey')
           and c.relname not in ('outbox', 'audit_log')",
    )
    .await;
}

#[tokio::test]
async fn a_plain_dump_can_be_read_back_by_psql() {
    // It counts these words in whatever creates a function (PostgreSQL's `psqlscan.l`).
    nothing_wrong(
        "select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
         where n.nspname = any($1 || 'core'::text)
           and array_append(coalesce(p.proargnames, '{}'), p.proname::text) && array['begin', 'case', 'end']",
    )
    .await;
}

#[tokio::test]
async fn the_application_owns_nothing_and_bypasses_nothing() {
    nothing_wrong(
        "select 'role ' || rolname from pg_roles where rolname in ('innoerp_app', 'innoerp_relay', 'innoerp_owner')
           and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolcanlogin)
         union all select 'owns ' || c.relname from pg_class c join pg_roles r on r.oid = c.relowner
           where r.rolname in ('innoerp_app', 'innoerp_relay') and $1::text[] is not null
         union all select 'is a member of ' || g.rolname from pg_auth_members m join pg_roles g on g.oid = m.roleid
           join pg_roles r on r.oid = m.member where r.rolname in ('innoerp_app', 'innoerp_relay')",
    )
    .await;
}

#[tokio::test]
async fn definers_fix_their_search_path_and_views_ask_as_their_reader() {
    nothing_wrong(
        "select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
         where n.nspname = any($1 || 'core'::text) and p.prosecdef
           and not exists (select from unnest(coalesce(p.proconfig, '{}')) c where c like 'search_path=%')
         union all
         select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = any($1) and c.relkind in ('v', 'm')
           and not coalesce(c.reloptions, '{}') @> array['security_invoker=true']",
    )
    .await;
}

#[tokio::test]
async fn every_change_of_a_tenants_row_leaves_a_trail() {
    nothing_wrong(
        "select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = any($1) and c.relkind = 'r'
           and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'organization_id')
           and c.relname not in ('audit_log', 'outbox', 'inbox', 'idempotency')
           -- What the directory says follows from what its owners change, and they leave the trail.
           and n.nspname <> 'people'
           -- Inserts, deletions and updates, as pg_trigger.tgtype has them.
           and (select coalesce(bit_or(t.tgtype::integer), 0) & 28 from pg_trigger t
                where t.tgrelid = c.oid and t.tgfoid in ('core.audit'::regproc, 'core.audit_inserted'::regproc)) <> 28",
    )
    .await;
}

#[tokio::test]
async fn everything_that_constrains_has_a_name_of_its_own() {
    nothing_wrong(
        "select con.conrelid::regclass || ': ' || con.conname from pg_constraint con
         join pg_namespace n on n.oid = con.connamespace where n.nspname = any($1) and con.conname ~ '_(fkey|check|key)[0-9]+$'",
    )
    .await;
}
