//! The relay, where every module of a process has something to tell at once.
#![cfg(test)]

use std::time::{Duration, Instant};

use common::{IdentityId, OrganizationId, Permission};
use database::Ctx;
use futures::future::try_join_all;
use innoerp::modules;
use kafka::PostgresLog;
use testing::App;

#[tokio::test]
async fn all_modules_tell_at_once_and_none_waits_for_the_others_connection() {
    let app = App::start(modules::all()).await;
    let names: Vec<_> = modules::all().iter().map(|module| module.id).collect();
    for module in &names {
        let ctx = Ctx::system(app.database.clone(), module, OrganizationId::new(), "test");
        let mut tx = ctx.begin(&Permission::SYSTEM).await.unwrap();
        tx.emit(&user::events::UserCreated { user_id: IdentityId::new() }).await.unwrap();
        tx.commit(()).await.unwrap();
    }
    let (log, begun) = (PostgresLog::new(app.database.clone()), Instant::now());
    let relayed = names.iter().map(|module| kafka::relay_once(&app.database, module, &log));
    assert_eq!(try_join_all(relayed).await.unwrap(), vec![1; names.len()]);
    assert!(begun.elapsed() < Duration::from_secs(2), "it took {:?}", begun.elapsed());
}
