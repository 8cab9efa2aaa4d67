//! What modules say of each other's things: whoever asks for one that is gone gets nothing, and not an error.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::parser::types::{BaseType, Type, TypeKind};
use innoerp::modules;
use sqlx::PgPool;
use testing::{Documents, type_name};

/// Who owns each entity.
fn owners() -> BTreeMap<&'static str, &'static str> {
    let modules = modules::all();
    let owned = modules.iter().flat_map(|module| module.nouns.iter().map(|noun| (noun.graphql, module.id)));
    owned.chain([("User", "user")]).collect()
}

/// Fields with another module's thing that is always there: it was looked up when it was written, and nobody can delete
/// one. Each with its reason.
const ALWAYS_THERE: [(&str, &str); 5] = [
    ("LeaveRequest.employee", "asked for somebody in the directory of employees"),
    ("LeaveAdjustment.employee", "entered for somebody in the directory of employees"),
    ("LeaveRequest.waitsFor", "from the directory of members"),
    ("LeaveRequestApprovalStep.approvers", "from the directory of members"),
    ("Me.organization", "the caller's, by their token"),
];

/// Whether a value of the type may be absent, one by one in a list.
fn may_be_absent(ty: &Type) -> bool {
    match &ty.base {
        BaseType::Named(_) => ty.nullable,
        BaseType::List(each) => may_be_absent(each),
    }
}

#[test]
fn a_field_with_another_modules_thing_may_be_null() {
    let owners = owners();
    let (mut wrong, mut seen) = (BTreeSet::new(), 0);
    for module in modules::all() {
        let schema = Documents::new(&(module.sdl)());
        for (name, definition) in schema.types() {
            let TypeKind::Object(object) = &definition.kind else { continue };
            for field in object.fields.iter().map(|field| &field.node) {
                let ty = type_name(&field.ty.node);
                if owners.get(ty).is_none_or(|owner| *owner == module.id) {
                    continue;
                }
                seen += 1;
                let place = format!("{name}.{}", field.name.node);
                let is_explained = ALWAYS_THERE.iter().any(|(known, _)| *known == place);
                if !may_be_absent(&field.ty.node) && !is_explained {
                    wrong.insert(format!("{}: {place}: {}", module.id, field.ty.node));
                }
            }
        }
    }
    assert!(seen > 10, "only {seen} fields");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn whoever_adds_fields_to_another_modules_thing_extends_it_so_that_the_router_knows_who_has_it() {
    let owners = owners();
    let (mut wrong, mut extended) = (Vec::new(), 0);
    for module in modules::all() {
        let schema = Documents::new(&(module.sdl)());
        for entity in schema.entities() {
            let Some(owner) = owners.get(entity) else { continue };
            let is_own = *owner == module.id;
            let is_extension = schema.types()[entity].extend;
            extended += usize::from(is_extension);
            if is_own == is_extension {
                wrong.push(format!("{}: {entity}", module.id));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "`#[graphql(extends)]` says it of others' things, and of them alone: {wrong:#?}"
    );
    assert!(extended >= 5, "only {extended} are extended");
}

#[tokio::test]
async fn what_is_always_there_cannot_be_deleted() {
    let database = PgPool::connect(&testing::fresh_database(&modules::all()).await).await.unwrap();
    let deletable: Vec<String> = sqlx::query_scalar(
        "select r.rolname || ' deletes from ' || t from pg_roles r,
             unnest(array['employee.employee', '\"user\".membership', 'tenant.organization']) as t
         where r.rolname like 'innoerp\\_%' and r.rolname <> 'innoerp_owner' and not r.rolsuper
           and has_table_privilege(r.oid, t, 'delete')",
    )
    .fetch_all(&database)
    .await
    .unwrap();
    assert!(deletable.is_empty(), "{deletable:#?}");
}
