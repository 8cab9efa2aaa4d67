//! What a tenant sees: one composed schema for each distinct set of modules.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use common::ModuleSet;
use moka::future::Cache;
use moka::sync::Cache as SyncCache;

use crate::registry::{self, Snapshot};
use crate::supergraph::Supergraph;

/// A set of modules at one generation of the schemas.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    generation: u64,
    modules: Arc<ModuleSet>,
}

/// The views in use. Each is built once, however many requests wait for it, and off the threads that serve.
pub(crate) struct Views {
    /// By the modules that can be seen. `None` for a set that never composed, so that it is not tried again.
    built: Cache<Key, Option<Arc<Supergraph>>>,
    /// By the modules as the tenant has them, so that the usual request allocates nothing.
    given: SyncCache<Key, Arc<Supergraph>>,
    /// The last view of a set that composed, at whatever generation.
    last_good: SyncCache<Arc<ModuleSet>, Arc<Supergraph>>,
    /// The newest generation that was asked for.
    generation: AtomicU64,
}

impl Views {
    pub fn new(views_max: u64) -> Self {
        Self {
            built: Cache::new(views_max),
            given: SyncCache::new(views_max.saturating_mul(4)),
            last_good: SyncCache::new(views_max),
            generation: AtomicU64::new(0),
        }
    }

    /// The view for a set of modules; names without a subgraph are ignored.
    ///
    /// `None` when the set does not compose and never did.
    pub async fn get(&self, snapshot: &Arc<Snapshot>, modules: &Arc<ModuleSet>) -> Option<Arc<Supergraph>> {
        let key = Key { generation: snapshot.generation, modules: modules.clone() };
        if let Some(view) = self.given.get(&key) {
            return Some(view);
        }
        if self.generation.fetch_max(snapshot.generation, Ordering::Relaxed) < snapshot.generation {
            // Views of earlier schemas are never asked for again.
            self.built.invalidate_all();
            self.given.invalidate_all();
        }
        let seen: ModuleSet = snapshot.names.intersection(modules).cloned().collect();
        let view = if seen.len() == snapshot.names.len() {
            snapshot.full.clone()
        } else {
            let seen = Key { generation: snapshot.generation, modules: Arc::new(seen) };
            let build = self.build(snapshot.clone(), seen.modules.clone());
            self.built.get_with(seen, build).await?
        };
        self.given.insert(key, view.clone());
        Some(view)
    }

    async fn build(&self, snapshot: Arc<Snapshot>, modules: Arc<ModuleSet>) -> Option<Arc<Supergraph>> {
        let subgraphs =
            snapshot.subgraphs.iter().filter(|subgraph| modules.contains(&subgraph.name)).cloned().collect();
        match registry::compose(subgraphs).await {
            Ok(supergraph) => {
                let view = Arc::new(supergraph);
                self.last_good.insert(modules, view.clone());
                Some(view)
            }
            Err(error) => {
                let generation = snapshot.generation;
                tracing::error!(%error, ?modules, generation, "a set of modules does not compose");
                self.last_good.get(&modules)
            }
        }
    }
}
