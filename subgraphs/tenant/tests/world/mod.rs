//! An organization, and some modules that do not exist.

use common::{Permission, Role};
use sqlx::Connection as _;
use testing::{App, Person};

/// An organization that was made while the catalogue had employee, leave, payroll and a module that cannot be on.
pub async fn world(subdomain: &str) -> (App, Person) {
    let app = App::start(vec![tenant::subgraph()]).await;
    let mut admin = sqlx::PgConnection::connect(&app.admin_url).await.unwrap();
    sqlx::raw_sql(
        "insert into core.module (id, name, description, is_core, requires) values
             ('employee', 'People', '', false, '{}'), ('leave', 'Leave', '', false, '{employee}'),
             ('payroll', 'Payroll', '', false, '{leave,employee}'), ('broken', 'Broken', '', false, '{nothing}')",
    )
    .execute(&mut admin)
    .await
    .unwrap();
    let owner = Person::new(&[Role::Owner]);
    create(&app, &owner, subdomain).await.unwrap();
    (app, owner)
}

/// Makes a person's organization, as signing up does.
pub async fn create(app: &App, person: &Person, subdomain: &str) -> Result<(), sqlx::Error> {
    let mut tx = app.ctx(person, "tenant").begin(&Permission::PUBLIC).await.unwrap();
    sqlx::query("select tenant.organization_create($1, 'Acme', $2, 'software')")
        .bind(person.member().organization_id)
        .bind(subdomain)
        .execute(tx.conn())
        .await?;
    tx.commit(()).await.unwrap();
    Ok(())
}
