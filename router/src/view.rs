//! What a tenant sees: one composed schema for each distinct set of modules.

use std::sync::Arc;
use std::time::Instant;

use common::ModuleSet;
use moka::future::Cache;
use moka::notification::RemovalCause;
use moka::policy::EvictionPolicy;
use moka::sync::Cache as SyncCache;
use tokio::sync::Semaphore;

use crate::registry::{self, Snapshot};
use crate::supergraph::Supergraph;
use crate::telemetry::Metrics;

/// Why a set of modules has no view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoView {
    /// There is nothing in it to ask for: no module, or none with a query.
    Empty,
    /// It does not compose, and never did.
    Broken,
}

/// A set of modules at one generation of the schemas.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    generation: u64,
    modules: Arc<ModuleSet>,
}

/// The views in use. Each is built once, however many requests wait for it, and off the threads that serve.
pub(crate) struct Views {
    /// By the modules that can be seen; those used least recently go first. A set without a view is not tried again.
    built: Cache<Key, Result<Arc<Supergraph>, NoView>>,
    /// The last view of a set that composed, at whatever generation. It goes when its set is evicted above.
    last_good: SyncCache<Arc<ModuleSet>, Arc<Supergraph>>,
    /// As many are composed at a time as there are processors: more would take memory, and be no sooner.
    composing: Semaphore,
    metrics: Arc<Metrics>,
}

impl Views {
    pub fn new(views_max: u64, metrics: Arc<Metrics>) -> Self {
        let last_good: SyncCache<Arc<ModuleSet>, Arc<Supergraph>> = SyncCache::new(views_max);
        let (evicted, kept) = (metrics.views.evicted.clone(), last_good.clone());
        let evict = move |key: Arc<Key>, view: Result<Arc<Supergraph>, NoView>, cause| {
            // Views of earlier schemas go as well, and are no loss.
            if cause != RemovalCause::Size {
                return;
            }
            evicted.inc();
            let last = kept.get(&key.modules);
            if last.zip(view.ok()).is_some_and(|(last, view)| Arc::ptr_eq(&last, &view)) {
                kept.invalidate(&key.modules);
            }
        };
        // A view is costly to make, so a new one must stay: a policy that prefers what was asked for often may refuse it
        // again and again.
        let built = Cache::builder().max_capacity(views_max).eviction_policy(EvictionPolicy::lru());
        let built = built.eviction_listener(evict).build();
        let composing = Semaphore::new(std::thread::available_parallelism().map_or(1, usize::from));
        Self { built, last_good, composing, metrics }
    }

    /// Shows every view that is kept for less than all modules.
    pub fn each(&self, mut show: impl FnMut(&Supergraph)) {
        self.built.iter().filter_map(|(_, view)| view.ok()).for_each(|view| show(&view));
    }

    /// The views of a generation, for less than all modules.
    pub fn of(&self, generation: u64) -> Vec<(Arc<ModuleSet>, Arc<Supergraph>)> {
        let kept = self.built.iter().filter(|(key, _)| key.generation == generation);
        kept.filter_map(|(key, view)| Some((key.modules.clone(), view.ok()?))).collect()
    }

    /// Drops the views of earlier schemas, which are not asked for again.
    pub async fn forget_before(&self, generation: u64) {
        let is_old = |key: &Key| key.generation < generation;
        for key in self.built.iter().map(|(key, _)| key).filter(|key| is_old(key)) {
            self.built.invalidate(&*key).await;
        }
    }

    /// The view for a set of modules; names without a subgraph are ignored.
    ///
    /// # Errors
    /// When there is nothing to ask for, or the set does not compose and never did.
    pub async fn get(
        &self,
        snapshot: &Arc<Snapshot>,
        modules: &Arc<ModuleSet>,
    ) -> Result<Arc<Supergraph>, NoView> {
        let modules = match modules.is_subset(&snapshot.names) {
            true => modules.clone(),
            false => Arc::new(snapshot.names.intersection(modules).cloned().collect()),
        };
        if modules.len() == snapshot.names.len() {
            return Ok(snapshot.full.clone());
        }
        if modules.is_empty() {
            return Err(NoView::Empty);
        }
        let key = Key { generation: snapshot.generation, modules };
        if let Some(view) = self.built.get(&key).await {
            return view;
        }
        // In a box: what nearly every request does without would make each of them larger.
        let build = Box::pin(async {
            let build = self.build(snapshot.clone(), key.modules.clone());
            let view = self.built.get_with(key, build).await;
            self.tidy().await;
            view
        });
        build.await
    }

    /// Lets go of what is one too many. Left to the caches' own upkeep, views would be made faster than that.
    async fn tidy(&self) {
        self.built.run_pending_tasks().await;
        self.last_good.run_pending_tasks();
    }

    async fn build(
        &self,
        snapshot: Arc<Snapshot>,
        modules: Arc<ModuleSet>,
    ) -> Result<Arc<Supergraph>, NoView> {
        let subgraphs: Vec<_> =
            snapshot.subgraphs.iter().filter(|subgraph| modules.contains(&subgraph.name)).cloned().collect();
        // Never closed, so it is always given.
        let _turn = self.composing.acquire().await;
        self.tidy().await;
        let started_at = Instant::now();
        let composed = registry::compose_view(&subgraphs).await;
        self.metrics.views.composed(started_at.elapsed(), composed.is_ok());
        match composed {
            Ok(supergraph) => {
                let view = Arc::new(supergraph);
                self.last_good.insert(modules, view.clone());
                Ok(view)
            }
            Err(error) if error.is_nothing_to_ask() => Err(NoView::Empty),
            Err(error) => {
                let generation = snapshot.generation;
                tracing::error!(%error, ?modules, generation, "a set of modules does not compose");
                self.last_good.get(&modules).ok_or(NoView::Broken)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::http::{Connections, Endpoint};
    use crate::transport::{Subgraph, Transport};

    fn subgraph(name: &str, sdl: &str) -> Subgraph {
        let url = "http://127.0.0.1:1/graphql".parse().expect("a URL");
        let transport = Transport::Http(Endpoint::new(&url, Connections::default()).into());
        Subgraph { name: name.to_owned(), sdl: sdl.into(), transport }
    }

    fn snapshot(generation: u64, crm: &str) -> Arc<Snapshot> {
        let user = subgraph("user", "type Query { me: ID }");
        let full = Arc::new(Supergraph::compose(std::slice::from_ref(&user)).expect("composes"));
        let subgraphs = vec![user, subgraph("crm", crm)];
        let names = subgraphs.iter().map(|subgraph| subgraph.name.clone()).collect();
        Arc::new(Snapshot { generation, composed_at: Instant::now(), subgraphs, names, full, ready: None })
    }

    fn views() -> Views {
        Views::new(8, Arc::new(Metrics::new()))
    }

    fn set(names: &[&str]) -> Arc<ModuleSet> {
        Arc::new(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[tokio::test]
    async fn tenants_with_the_same_modules_share_a_view_whatever_else_they_have() {
        let (views, snapshot) = (views(), snapshot(1, "type Query { deal: ID }"));
        let (first, second) = (set(&["crm"]), set(&["crm", "gone"]));
        let (first, second) = tokio::join!(views.get(&snapshot, &first), views.get(&snapshot, &second));
        let (first, second) = (first.expect("composes"), second.expect("composes"));
        assert!(Arc::ptr_eq(&first, &second));
        assert!(first.api_sdl().contains("deal") && !first.api_sdl().contains("me"));
        let all = views.get(&snapshot, &set(&["crm", "user"])).await.expect("composes");
        assert!(Arc::ptr_eq(&all, &snapshot.full));
    }

    #[tokio::test]
    async fn a_set_that_no_longer_composes_keeps_its_last_good_view() {
        let views = views();
        let crm = set(&["crm"]);
        let good = views.get(&snapshot(1, "type Query { deal: ID }"), &crm).await.expect("composes");
        let kept = views.get(&snapshot(2, "type Query { deal: Missing }"), &crm).await.expect("is kept");
        assert!(Arc::ptr_eq(&good, &kept));
        let newer = views.get(&snapshot(3, "type Query { lead: ID }"), &crm).await.expect("composes");
        assert!(newer.api_sdl().contains("lead"));
    }

    #[tokio::test]
    async fn no_more_views_live_than_may_be_kept_and_the_last_used_stay() {
        let views = Views::new(2, Arc::new(Metrics::new()));
        let user = subgraph("user", "type Query { me: ID }");
        let full = Arc::new(Supergraph::compose(std::slice::from_ref(&user)).expect("composes"));
        let names: Vec<String> = (0..5).map(|index| format!("m{index}")).collect();
        let field = |name: &String| subgraph(name, &format!("type Query {{ {name}: ID }}"));
        let subgraphs = names.iter().map(field).collect();
        let names = names.into_iter().collect();
        let snapshot = Arc::new(Snapshot {
            generation: 1,
            composed_at: Instant::now(),
            subgraphs,
            names,
            full,
            ready: None,
        });
        let mut all = Vec::new();
        for name in &snapshot.names {
            let view = views.get(&snapshot, &set(&[name])).await.expect("composes");
            all.push(Arc::downgrade(&view));
            drop(view);
            // The first is used again and again.
            let first = views.get(&snapshot, &set(&["m0"])).await.expect("is kept");
            assert!(all[0].upgrade().is_some_and(|view| Arc::ptr_eq(&view, &first)));
        }
        let alive: Vec<bool> = all.iter().map(|view| view.strong_count() > 0).collect();
        assert_eq!(alive, [true, false, false, false, true]);
    }

    #[tokio::test]
    async fn views_of_earlier_schemas_are_forgotten_and_those_of_the_next_are_not() {
        let (views, crm) = (views(), set(&["crm"]));
        for generation in 1..=3 {
            views.get(&snapshot(generation, "type Query { deal: ID }"), &crm).await.expect("composes");
        }
        views.forget_before(2).await;
        assert_eq!([1, 2, 3].map(|generation| views.of(generation).len()), [0, 1, 1]);
    }

    #[tokio::test]
    async fn a_set_that_never_composed_has_no_view() {
        let bad = snapshot(1, "type Query { deal: Missing }");
        assert_eq!(views().get(&bad, &set(&["crm"])).await.err(), Some(NoView::Broken));
    }

    #[tokio::test]
    async fn a_set_with_nothing_to_ask_for_is_told_from_one_that_is_broken() {
        let (views, no_query) = (views(), snapshot(1, "type Deal @key(fields: \"id\") { id: ID }"));
        for names in [&["crm"][..], &["gone"], &[]] {
            assert_eq!(views.get(&no_query, &set(names)).await.err(), Some(NoView::Empty), "{names:?}");
        }
    }
}
