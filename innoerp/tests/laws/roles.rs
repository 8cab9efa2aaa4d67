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

/// Who writes what belongs to no module; `innoerp_app` is every module. tenant and user write the directory by triggers that
/// run as the owner, and so does the engine of approvals.
const WRITERS: [(&str, &str); 10] = [
    ("innoerp_app", "common.file INSERT, UPDATE"),
    ("innoerp_app", "common.file_usage INSERT, UPDATE"),
    ("innoerp_app", "common.number_series INSERT, UPDATE"),
    ("innoerp_employee", "people.employee INSERT, UPDATE"),
    ("innoerp_employee", "people.holiday DELETE, INSERT"),
    ("innoerp_employee", "people.work_schedule INSERT, UPDATE"),
    ("innoerp_tenant", "common.custom_field INSERT, UPDATE"),
    ("innoerp_user", "approval.delegation INSERT, UPDATE"),
    ("innoerp_user", "approval.rule INSERT, UPDATE"),
    ("innoerp_user", "approval.rule_step DELETE, INSERT, UPDATE"),
];
/// The triggers that write the directory as the owner, each on the table of whoever owns the fact.
const DIRECTORY_TRIGGERS: [(&str, &str); 4] = [
    ("\"user\".membership", "\"user\".tell_directory()"),
    ("employee.department", "employee.tell_department()"),
    ("people.organization", "employee.follow_organization()"),
    ("tenant.organization", "tenant.tell_directory()"),
];

async fn database() -> PgPool {
    PgPool::connect(&testing::fresh_database(&modules::all()).await).await.unwrap()
}

/// Runs a catalogue query over the roles in `$1` and the schemas in `$2`.
async fn listed(query: &'static str) -> Vec<(String, String)> {
    let own: Vec<String> = modules::ids().iter().map(|module| format!("innoerp_{module}")).collect();
    let schemas: Vec<String> = modules::ids().into_iter().map(str::to_owned).collect();
    sqlx::query_as(query).bind(own).bind(schemas).fetch_all(&database().await).await.unwrap()
}

fn sorted(pairs: &[(String, String)]) -> Vec<(&str, &str)> {
    let mut pairs: Vec<_> = pairs.iter().map(|(one, other)| (one.as_str(), other.as_str())).collect();
    pairs.sort_unstable();
    pairs
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

#[tokio::test]
async fn what_belongs_to_no_module_is_written_by_those_whose_matter_it_is() {
    let writers = listed(
        "select r.rolname::text, c.oid::regclass || ' ' || string_agg(p, ', ' order by p) from pg_roles r
         cross join pg_class c join pg_namespace n on n.oid = c.relnamespace
         cross join unnest(array['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) p
         cross join lateral (select
             case when p in ('DELETE', 'TRUNCATE', 'TRIGGER') then has_table_privilege(r.oid, c.oid, p)
                 else has_any_column_privilege(r.oid, c.oid, p) end as here,
             case when p in ('DELETE', 'TRUNCATE', 'TRIGGER') then has_table_privilege('innoerp_app', c.oid, p)
                 else has_any_column_privilege('innoerp_app', c.oid, p) end as everywhere) may
         where r.rolname = any($1 || array['innoerp_app', 'innoerp_relay', 'innoerp_modules']) and $2::text[] is not null
           and n.nspname in ('people', 'common', 'approval') and c.relkind in ('r', 'p', 'v', 'm')
           and c.relname not in ('audit_log', 'outbox', 'inbox', 'idempotency')
           and may.here and (r.rolname = 'innoerp_app' or not may.everywhere)
         group by r.rolname, c.oid",
    )
    .await;
    assert_eq!(sorted(&writers), WRITERS);
}

#[tokio::test]
async fn the_directory_is_written_by_its_owners_and_by_nobody_else() {
    let triggers = listed(
        "select t.tgrelid::regclass::text, p.oid::regprocedure::text from pg_trigger t join pg_proc p on p.oid = t.tgfoid
         where p.prosecdef and p.prosrc ~* '(insert into|update|delete from) people\\.'
           and $1::text[] is not null and $2::text[] is not null",
    )
    .await;
    assert_eq!(sorted(&triggers), DIRECTORY_TRIGGERS);
    let functions = listed(
        "select p.oid::regprocedure::text, r.rolname::text from pg_proc p cross join pg_roles r
         where p.prosecdef and p.prosrc ~* '(insert into|update|delete from) people\\.'
           and p.prorettype <> 'trigger'::regtype and r.rolname = any($1) and $2::text[] is not null
           and has_function_privilege(r.oid, p.oid, 'execute')",
    )
    .await;
    assert!(functions.is_empty(), "whoever calls one writes the directory: {functions:#?}");
}

#[tokio::test]
async fn whoever_serves_all_modules_has_nothing_before_becoming_one_of_them() {
    let inherited = listed(
        "select m.rolname::text, g.rolname::text from pg_roles m cross join pg_roles g
         where m.rolname = 'innoerp_modules' and g.rolname = any($1) and $2::text[] is not null
           and (pg_has_role(m.oid, g.oid, 'usage') or not pg_has_role(m.oid, g.oid, 'member'))",
    )
    .await;
    assert!(inherited.is_empty(), "{inherited:#?}");
}

#[tokio::test]
async fn in_one_process_a_module_reads_no_tables_of_another_but_those_that_are_listed() {
    let app = testing::App::start(modules::all()).await;
    let person = testing::Person::new(&[common::Role::Owner]);
    let tables = listed(
        "select n.nspname::text, c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = any($2) and c.relkind in ('r', 'p', 'v', 'm') and c.relname <> '_migration'
           and $1::text[] is not null",
    )
    .await;
    assert!(tables.len() > 50, "{}", tables.len());
    for module in modules::ids() {
        for (of, table) in tables.iter().filter(|(of, _)| of != module) {
            let role = format!("innoerp_{module}");
            let pair = (role.as_str(), table.as_str());
            if pair == PROFILE || ACROSS.iter().any(|(known, its, _)| (*known, *its) == pair) {
                continue;
            }
            let mut tx = app.system(&person, module).await;
            let query = sqlx::AssertSqlSafe(format!("select 1 from {table}"));
            match sqlx::raw_sql(query).execute(tx.conn()).await {
                Ok(_) => panic!("{module} read {table} of {of}"),
                Err(error) => {
                    assert!(error.to_string().contains("permission denied"), "{module}, {table}: {error}")
                }
            }
        }
    }
}
