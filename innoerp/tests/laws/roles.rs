//! Who may do what in the database, asked of PostgreSQL's own catalogue: a module with its own tables, the relay with
//! events, nobody with the trail.

use innoerp::modules;
use sqlx::PgPool;

/// What a module may do with another one's tables, each with its reason.
const ACROSS: [(&str, &str, &str); 6] = [
    ("innoerp_auth", "tenant.organization", "signing up makes one"),
    ("innoerp_auth", "tenant.organization_module", "with its modules"),
    ("innoerp_auth", "tenant.outbox", "and says so"),
    ("innoerp_auth", "\"user\".membership", "signing up and accepting an invitation make one"),
    ("innoerp_auth", "\"user\".outbox", "and say so"),
    ("innoerp_auth", "\"user\".invitation", "it is used up"),
];
/// A person has one profile in all organizations, made with the first membership.
const PROFILE: (&str, &str) = ("innoerp_auth", "\"user\".\"user\"");

async fn database() -> PgPool {
    PgPool::connect(&testing::fresh_database(&modules::all()).await).await.unwrap()
}

/// Runs a catalogue query over the roles in `$1` and the schemas in `$2`.
async fn listed(query: &'static str) -> Vec<(String, String)> {
    let own: Vec<String> = modules::ids().iter().map(|module| format!("innoerp_{module}")).collect();
    let schemas: Vec<String> = modules::ids().into_iter().map(str::to_owned).collect();
    sqlx::query_as(query).bind(own).bind(schemas).fetch_all(&database().await).await.unwrap()
}

/// Every table and view of the schemas that a role can do anything with.
const REACHED: &str = "
    select distinct r.rolname::text, c.oid::regclass::text from pg_roles r
    cross join pg_class c join pg_namespace n on n.oid = c.relnamespace
    where r.rolname = any($1 || array['innoerp_app', 'innoerp_relay']) and n.nspname = any($2)
      and c.relkind in ('r', 'p', 'v', 'm') and 'innoerp_' || n.nspname <> r.rolname
      and not (r.rolname = 'innoerp_relay' and c.relname = 'outbox')
      and (has_table_privilege(r.oid, c.oid, 'select, insert, update, delete, truncate, references, trigger')
           or has_any_column_privilege(r.oid, c.oid, 'select, insert, update, references'))";

#[tokio::test]
async fn a_module_reaches_its_own_tables_and_no_others() {
    let reached = listed(REACHED).await;
    let is_known = |(role, table): &(String, String)| {
        ACROSS.iter().any(|(known, of, _)| role == known && table == of)
            || (role.as_str(), table.as_str()) == PROFILE
    };
    let wrong: Vec<_> = reached.iter().filter(|one| !is_known(one)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(reached.len(), ACROSS.len() + 1, "one that is listed is not there: {reached:#?}");
}

#[tokio::test]
async fn secrets_are_auths_alone() {
    let readers = listed(
        "select r.rolname::text, t from pg_roles r
         cross join unnest(array['auth.identity', 'auth.session', 'auth.signing_key', 'auth.login_attempt']) t
         where r.rolname like 'innoerp\\_%' and r.rolname not in ('innoerp_owner', 'innoerp_auth', 'innoerp_modules')
           and not r.rolcanlogin and $1::text[] is not null and $2::text[] is not null
           and (has_any_column_privilege(r.oid, t, 'select') or has_any_column_privilege(r.oid, t, 'update')
                or has_table_privilege(r.oid, t, 'insert') or has_table_privilege(r.oid, t, 'delete'))",
    )
    .await;
    assert!(readers.is_empty(), "{readers:#?}");
}

#[tokio::test]
async fn nobody_writes_the_trail_by_hand_and_nobody_rewrites_what_happened() {
    let writers = listed(
        "select r.rolname::text, c.oid::regclass::text from pg_roles r
         cross join pg_class c join pg_namespace n on n.oid = c.relnamespace
         where r.rolname = any($1 || array['innoerp_app', 'innoerp_relay', 'innoerp_modules']) and $2::text[] is not null
           and (c.relname = 'audit_log' and has_table_privilege(r.oid, c.oid, 'insert, update, delete, truncate')
                or n.nspname = 'core' and c.relname = 'event_log'
                   and (has_table_privilege(r.oid, c.oid, 'update, delete, truncate')
                        or r.rolname <> 'innoerp_relay' and has_table_privilege(r.oid, c.oid, 'select, insert'))
                or c.relname = 'outbox' and has_table_privilege(r.oid, c.oid, 'update, truncate'))",
    )
    .await;
    assert!(writers.is_empty(), "{writers:#?}");
}

#[tokio::test]
async fn a_module_is_no_other_module_and_whoever_serves_modules_is_not_the_relay() {
    let members = listed(
        "select m.rolname::text, g.rolname::text from pg_roles m cross join pg_roles g
         where m.rolname = any($1 || array['innoerp_app', 'innoerp_relay', 'innoerp_modules']) and m.oid <> g.oid
           and $2::text[] is not null and pg_has_role(m.oid, g.oid, 'member')
           and not (m.rolname = any($1) and g.rolname = 'innoerp_app')
           -- Roles belong to the cluster: modules of other tests have theirs in it as well.
           and not (m.rolname = 'innoerp_modules' and (g.rolname = any($1) or g.rolname = 'innoerp_app'
                    or g.rolname not in ('innoerp_owner', 'innoerp_relay') and g.rolname like 'innoerp\\_%' and not g.rolcanlogin))",
    )
    .await;
    assert!(members.is_empty(), "{members:#?}");
}
