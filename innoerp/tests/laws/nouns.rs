//! Nouns: what each of them can do, read off the schemas, the records and PostgreSQL's catalogue.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::parser::types::{FieldDefinition, TypeKind};
use common::Scope;
use innoerp::modules;
use service::Noun;
use sqlx::PgPool;
use testing::{Documents, type_name};

/// Nouns that are parts of another one, and come and go with it.
const PARTS: [(&str, &str); 13] = [
    ("Holiday", "a day of its calendar"),
    ("LeavePolicyLine", "a line of its policy"),
    ("PolicyAssignment", "who has a policy, from when on; no type of the graph"),
    ("ContactExternalId", "what its contact is called elsewhere"),
    ("ContactRelation", "how its contact stands to another"),
    ("ContactConsent", "an entry of what its contact has allowed"),
    ("ContactMerge", "how its contact became one of two"),
    ("ProductBundleItem", "what its bundle is made of"),
    ("PriceListCustomer", "whose its price list is"),
    ("StockCountLine", "what its count has found of one thing"),
    ("DealLine", "what its deal is about"),
    ("DealContact", "who has to do with its deal"),
    ("DealStageChange", "what became of its deal"),
];

/// Nouns that are not looked for among many, each with its reason.
const ALONE: [(&str, &str); 1] = [("Organization", "there is one, the caller's")];

/// Columns that no record has, each with its reason.
const BY_SQL: [(&str, &str); 7] = [
    (
        r#""user".invitation.accepted_by"#,
        "written where the invitation is accepted, by a function for other modules",
    ),
    (
        r#""user".invitation.sent_at"#,
        "written where an operator makes a link, and asked where it is accepted",
    ),
    (r#""user".membership.period"#, "follows from the status, by a trigger"),
    ("approval.delegation.is_in_force", "follows from the days and the clock"),
    ("crm.assignment_rule.last_member_id", "whose turn it was, noted as a lead is given"),
    ("products.stock_level.on_hand", "follows from the moves, by a trigger"),
    ("products.stock_level.value", "follows from the moves, by a trigger"),
];

/// Nouns without an update, each with its reason.
const NEVER_CHANGED: [(&str, &str); 11] = [
    ("LeaveRequest", "it goes from state to state"),
    ("LeaveAdjustment", "one is put right by another"),
    ("Notification", "what was told stays as it was told"),
    ("ContactExport", "what was taken out stays taken out"),
    ("Invitation", "a wrong one is revoked"),
    ("Membership", "it is changed by what is done to a member, each with its own rules"),
    ("Delegation", "it is ended, and another one begun"),
    ("Operation", "it goes from step to step"),
    ("StockLevel", "it follows from its moves"),
    ("StockMove", "one is put right by another"),
    ("StockReservation", "it is handed out, or let go"),
];

fn is_one_of(list: &[(&str, &str)], noun: &Noun) -> bool {
    list.iter().any(|(name, _)| *name == noun.graphql)
}

/// Each noun that stands for itself, with its module's schema.
fn each(mut check: impl FnMut(&'static str, &Noun, &Documents)) {
    for module in modules::all() {
        let schema = Documents::new(&(module.sdl)());
        for noun in module.nouns.iter().filter(|noun| !is_one_of(&PARTS, noun)) {
            check(module.id, noun, &schema);
        }
    }
}

/// Collects what is missing, and fails with all of it.
fn nothing_missing(check: impl Fn(&Noun, &Documents, &mut Vec<String>)) {
    let mut missing = Vec::new();
    let mut count = 0;
    each(|_, noun, schema| {
        count += 1;
        check(noun, schema, &mut missing);
    });
    assert!(count >= 12, "only {count} nouns");
    assert!(
        missing.is_empty(),
        "{missing:#?}\nA noun that is a part of another one, such as a line, stands in PARTS of this file."
    );
}

/// The fields of a root type that answer a type.
fn answering<'s>(schema: &'s Documents, root: &str, ty: &str) -> Vec<&'s FieldDefinition> {
    schema.fields(root).into_iter().filter(|field| type_name(&field.ty.node) == ty).collect()
}

fn takes(field: &FieldDefinition, argument: &str) -> bool {
    field.arguments.iter().any(|known| known.node.name.node == argument)
}

#[test]
fn a_noun_is_found_by_id_as_an_entity_and_in_a_list() {
    nothing_missing(|noun, schema, missing| {
        let name = noun.graphql;
        if is_one_of(&ALONE, noun) {
            return;
        }
        let by_id = answering(schema, "Query", name);
        if !by_id.iter().any(|field| takes(field, "id") && field.arguments.len() == 1) {
            missing.push(format!("{name}: by its id"));
        }
        if !schema.entities().contains(&name) {
            missing.push(format!("{name}: as an entity"));
        }
        let connection = format!("{name}Connection");
        let lists = answering(schema, "Query", &connection);
        if lists.is_empty() {
            missing.push(format!("{name}: in a list"));
        }
        for list in lists {
            for argument in ["first", "after", "filter", "sort"] {
                if !takes(list, argument) {
                    missing.push(format!("{}: {argument}", list.name.node));
                }
            }
        }
        if !schema.fields(&connection).iter().any(|field| field.name.node == "totalCount") {
            missing.push(format!("{connection}: totalCount"));
        }
    });
}

#[test]
fn a_noun_tells_its_history_and_what_may_be_done_with_it() {
    nothing_missing(|noun, schema, missing| {
        for wanted in ["history", "viewerPermissions"] {
            if !schema.fields(noun.graphql).iter().any(|field| field.name.node == wanted) {
                missing.push(format!("{}: {wanted}", noun.graphql));
            }
        }
    });
}

#[test]
fn an_update_names_the_version_that_it_was_made_from() {
    nothing_missing(|noun, schema, missing| {
        let input = format!("{}UpdateInput", noun.graphql);
        let Some(definition) = schema.types().get(&input) else {
            if !is_one_of(&NEVER_CHANGED, noun) {
                missing.push(format!("{input}: there is none"));
            }
            return;
        };
        let TypeKind::InputObject(definition) = &definition.kind else { return };
        let version = definition.fields.iter().find(|field| field.node.name.node == "version");
        if version.is_none_or(|field| field.node.ty.node.nullable) {
            missing.push(format!("{input}: version"));
        }
        if !schema.fields(noun.graphql).iter().any(|field| field.name.node == "version") {
            missing.push(format!("{}: version", noun.graphql));
        }
    });
}

#[test]
fn what_can_be_archived_can_be_restored() {
    nothing_missing(|noun, schema, missing| {
        let lower = noun.graphql[..1].to_lowercase() + &noun.graphql[1..];
        let mutations: BTreeSet<_> =
            schema.fields("Mutation").iter().map(|field| field.name.node.to_string()).collect();
        let shows = schema.fields(noun.graphql).iter().any(|field| field.name.node == "archivedAt");
        if shows != noun.is_archivable {
            missing.push(format!("{}: archivedAt", noun.graphql));
        }
        let has = |verb: &str| mutations.contains(&format!("{lower}{verb}"));
        if has("Archive") != noun.is_archivable || has("Restore") != noun.is_archivable {
            missing.push(format!("{lower}Archive, {lower}Restore"));
        }
        if has("ArchiveBulk") != has("RestoreBulk") {
            missing.push(format!("{lower}ArchiveBulk or {lower}RestoreBulk"));
        }
    });
}

#[test]
fn every_change_can_be_sent_again() {
    // Those that nobody is logged in for, and one whose request nobody may keep a hash of.
    const WITHOUT: [&str; 7] = [
        "signUp",
        "logIn",
        "sessionRefresh",
        "sessionSwitch",
        "invitationAccept",
        "passwordChange",
        "passwordReset",
    ];
    for module in modules::all() {
        let schema = Documents::new(&(module.sdl)());
        for field in schema.fields("Mutation") {
            let name = field.name.node.as_str();
            assert_eq!(takes(field, "idempotencyKey"), !WITHOUT.contains(&name), "{}: {name}", module.id);
        }
    }
}

async fn database() -> PgPool {
    PgPool::connect(&testing::fresh_database(&modules::all()).await).await.unwrap()
}

#[tokio::test]
async fn what_not_everybody_sees_all_of_is_kept_apart_by_the_database() {
    let database = database().await;
    let scoped: Vec<String> = sqlx::query_scalar(
        "select format('%I.%I', schemaname, tablename) from pg_policies
         where policyname = 'scope' and permissive = 'RESTRICTIVE' and 'innoerp_app' = any(roles)",
    )
    .fetch_all(&database)
    .await
    .unwrap();
    let mut open = Vec::new();
    let mut narrow = 0;
    for noun in modules::all().into_iter().flat_map(|module| module.nouns) {
        if noun.read.grants.iter().all(|(_, scope)| *scope == Scope::All) {
            continue;
        }
        narrow += 1;
        if !scoped.contains(&noun.table.to_owned()) {
            open.push(noun.table);
        }
    }
    assert!(narrow > 0, "no noun is seen in part");
    assert!(open.is_empty(), "without a policy by core.scope_by_employee in their migration: {open:?}");
}

#[tokio::test]
async fn every_column_is_told_by_its_record() {
    // What every table has, and what follows from other columns.
    const KEPT: [&str; 8] = [
        "id",
        "organization_id",
        "version",
        "archived_at",
        "created_at",
        "updated_at",
        "created_by",
        "search_text",
    ];
    let database = database().await;
    let mut columns: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let all: Vec<(String, String)> = sqlx::query_as(
        "select format('%I.%I', table_schema, table_name), column_name from information_schema.columns
         where is_generated = 'NEVER'",
    )
    .fetch_all(&database)
    .await
    .unwrap();
    for (table, column) in all {
        columns.entry(table).or_default().insert(column);
    }
    let mut unknown = Vec::new();
    for noun in modules::all().into_iter().flat_map(|module| module.nouns) {
        let known: BTreeSet<_> = noun.columns.iter().map(|column| column.name).collect();
        for column in columns.get(noun.table).unwrap_or_else(|| panic!("no table {}", noun.table)) {
            let path = format!("{}.{column}", noun.table);
            let is_by_sql = BY_SQL.iter().any(|(name, _)| *name == path);
            if known.contains(column.as_str()) == is_by_sql && !KEPT.contains(&column.as_str()) {
                unknown.push(path);
            }
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
}

#[tokio::test]
async fn what_is_searched_has_an_index_that_begins_with_the_tenant() {
    let without: Vec<String> = sqlx::query_scalar(
        "select c.oid::regclass::text from pg_class c join pg_attribute a on a.attrelid = c.oid
         where a.attname = 'search_text' and c.relkind = 'r' and not exists (
             select from pg_index i join pg_class ic on ic.oid = i.indexrelid join pg_am am on am.oid = ic.relam
             where i.indrelid = c.oid and am.amname = 'gin' and a.attnum = any(i.indkey)
               and exists (select from pg_attribute t where t.attrelid = c.oid and t.attnum = i.indkey[0]
                   and t.attname = 'organization_id'))",
    )
    .fetch_all(&database().await)
    .await
    .unwrap();
    assert!(without.is_empty(), "{without:?}");
}

#[tokio::test]
async fn what_is_decided_on_and_what_sorts_it_are_nouns() {
    let pool = sqlx::PgPool::connect(&testing::fresh_database(&modules::all()).await).await.unwrap();
    let registered: Vec<(String, Option<String>)> =
        sqlx::query_as("select name, category_table::text from approval.kind")
            .fetch_all(&pool)
            .await
            .unwrap();
    let tables: Vec<_> =
        modules::all().iter().flat_map(|module| &module.nouns).map(|noun| noun.table).collect();
    assert!(!registered.is_empty());
    for table in registered.into_iter().flat_map(|(kind, sorts)| std::iter::once(kind).chain(sorts)) {
        assert!(tables.contains(&table.as_str()), "{table} is no noun's table");
    }
}
