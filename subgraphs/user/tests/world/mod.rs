//! Organizations with people in them, made by the functions that signing up and joining use.

use common::Role;
use testing::{App, Person};

/// An organization and its owner, Olivia.
pub async fn world() -> (App, Person) {
    let app = App::start(vec![user::subgraph(), tenant::subgraph()]).await;
    let owner = Person::new(&[Role::Owner]);
    found(&app, &owner, "acme", "Olivia").await;
    (app, owner)
}

/// Makes a person's organization, and makes them its owner.
pub async fn found(app: &App, owner: &Person, subdomain: &str, name: &str) {
    let member = owner.member();
    let mut tx = app.published(owner, "user").await;
    sqlx::query("select tenant.organization_create($1, 'Acme', $2, null)")
        .bind(member.organization_id)
        .bind(subdomain)
        .execute(tx.conn())
        .await
        .unwrap();
    sqlx::query(r#"select "user".owner_create($1, $2, $3, $4, $5)"#)
        .bind(member.membership_id)
        .bind(member.organization_id)
        .bind(member.identity_id)
        .bind(name)
        .bind(format!("{}@example.org", name.to_lowercase()))
        .execute(tx.conn())
        .await
        .unwrap();
    tx.commit(()).await.unwrap();
}

/// A colleague who has joined with these roles.
pub async fn join(app: &App, colleague_of: &Person, name: &str, roles: &[Role]) -> Person {
    let person = colleague_of.colleague(roles);
    let mut tx = app.published(&person, "user").await;
    sqlx::query(r#"select "user".join_organization($1, $2, $3, $4, $5)"#)
        .bind(person.member().membership_id)
        .bind(person.member().identity_id)
        .bind(name)
        .bind(format!("{}@example.org", name.to_lowercase()))
        .bind(roles.iter().map(|role| role.as_str()).collect::<Vec<_>>())
        .execute(tx.conn())
        .await
        .unwrap();
    tx.commit(()).await.unwrap();
    person
}
