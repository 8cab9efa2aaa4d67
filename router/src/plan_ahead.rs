//! Planning ahead: operations are planned before a new schema is used, so that its first requests do not wait for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use graphql::Limits;

use crate::config::Config;
use crate::limits;
use crate::registry::Snapshot;
use crate::supergraph::{Asking, Supergraph};
use crate::view::Views;

/// How long planning ahead may hold up a new schema.
const TIME_MAX: Duration = Duration::from_secs(10);
/// Views that are built beforehand; tenants with other modules wait for theirs.
const VIEWS_MAX: usize = 32;

/// The schema and views in use so far: their operations say what to plan.
pub(crate) struct InUse<'b> {
    pub snapshot: Arc<Snapshot>,
    pub views: &'b Views,
}

/// Builds the views that are in use, and plans the most used operations of each, over a new snapshot.
pub(crate) async fn plan_ahead(config: &Config, views: &Views, before: &InUse<'_>, snapshot: &Arc<Snapshot>) {
    let until = Instant::now() + TIME_MAX;
    let work = Work { operations_max: config.warm_operations_max, limits: config.limits.clone(), until };
    let mut count = work.clone().run(before.snapshot.full.clone(), snapshot.full.clone()).await;
    for (modules, old) in before.views.of(before.snapshot.generation).into_iter().take(VIEWS_MAX) {
        if Instant::now() >= until {
            tracing::warn!(
                seconds = TIME_MAX.as_secs(),
                "not everything could be prepared for the new schema"
            );
            break;
        }
        if let Ok(new) = views.get(snapshot, &modules).await {
            count += work.clone().run(old, new).await;
        }
    }
    tracing::info!(operations = count, generation = snapshot.generation, "prepared for the new schema");
}

#[derive(Clone)]
struct Work {
    operations_max: usize,
    limits: Limits,
    until: Instant,
}

impl Work {
    /// Prepares what was used most of one supergraph in another; answers how many operations.
    async fn run(self, old: Arc<Supergraph>, new: Arc<Supergraph>) -> usize {
        let prepare = move || {
            let hottest = old.hottest(self.operations_max).into_iter();
            let planned = hottest.take_while(|_| Instant::now() < self.until).filter(|hot| {
                // Whatever is in the cache is never measured again, so that it must be small enough now.
                let asking = Asking {
                    variables: &hot.variables,
                    is_met: &|demand| hot.judged.is_met(demand),
                    request_id: "",
                };
                limits::fits(&self.limits, &new, &hot.document)
                    && new.prepare_as(&hot.document, hot.name.as_deref(), asking).is_ok()
            });
            planned.count()
        };
        // A panic of the planner is no reason to keep the old schema.
        tokio::task::spawn_blocking(prepare).await.unwrap_or_default()
    }
}
