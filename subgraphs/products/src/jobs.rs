//! What this module does by the clock.

use std::time::Duration;

use futures::future::BoxFuture;
use service::Job;

use crate::stock;

/// The jobs of this module.
pub static JOBS: &[Job] = &[Job {
    name: "products: reservations",
    every: Duration::from_secs(900),
    run: |runtime| Box::pin(async move { stock::lapse(&runtime.database).await }) as BoxFuture<_>,
}];
