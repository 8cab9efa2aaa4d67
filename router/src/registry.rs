//! The subgraphs as they are now: where they come from, and the last set of schemas that composed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use common::ModuleSet;
use futures::future::join_all;
use tokio_util::sync::CancellationToken;

use crate::compose::{ComposeError, Scope};
use crate::federation::{Federation, ReadySupergraph};
use crate::supergraph::Supergraph;
use crate::telemetry::Metrics;
use crate::transport::http::{self, Endpoint};
use crate::transport::{Subgraph, Transport};

/// Where a subgraph comes from.
#[derive(Clone)]
pub enum SubgraphSource {
    /// It runs in this process; its schema is known.
    InProcess {
        /// The module's id.
        name: String,
        /// The schema, ready to run.
        executable: graphql::Executable,
    },
    /// It is another process, asked for its schema until it answers, and every so often from then on.
    Http {
        /// The module's id.
        name: String,
        /// The way to it.
        endpoint: Arc<Endpoint>,
    },
}

impl SubgraphSource {
    fn name(&self) -> &str {
        match self {
            Self::InProcess { name, .. } | Self::Http { name, .. } => name,
        }
    }

    /// The subgraph as it is now; `None` when it does not answer.
    async fn read(&self) -> Option<Subgraph> {
        match self {
            Self::InProcess { name, executable } => Some(Subgraph {
                name: name.clone(),
                sdl: executable.sdl.clone().into(),
                transport: Transport::InProcess(executable.clone()),
            }),
            Self::Http { name, endpoint } => match http::fetch_sdl(endpoint).await {
                Ok(sdl) => Some(Subgraph {
                    name: name.clone(),
                    sdl: sdl.into(),
                    transport: Transport::Http(endpoint.clone()),
                }),
                Err(error) => {
                    tracing::warn!(subgraph = name, %error, "the schema of a subgraph could not be read");
                    None
                }
            },
        }
    }
}

/// A set of subgraphs that composed as a whole.
pub(crate) struct Snapshot {
    /// Grows with each change; part of every cache key.
    pub generation: u64,
    /// When it was composed.
    pub composed_at: Instant,
    /// The subgraphs, in the order of their sources.
    pub subgraphs: Vec<Subgraph>,
    /// Their names.
    pub names: ModuleSet,
    /// The view of somebody who sees all of them.
    pub full: Arc<Supergraph>,
}

/// Holds the snapshot that requests use, and replaces it when schemas change.
pub(crate) struct Registry {
    federation: Federation,
    current: ArcSwapOption<Snapshot>,
    metrics: Arc<Metrics>,
}

impl Registry {
    pub fn new(federation: Federation, metrics: Arc<Metrics>) -> Self {
        Self { federation, current: ArcSwapOption::empty(), metrics }
    }

    /// What requests use; `None` until the first set has composed.
    pub fn current(&self) -> Option<Arc<Snapshot>> {
        self.current.load_full()
    }

    /// Whether all schemas are known without asking another process.
    pub fn is_local(&self) -> bool {
        match &self.federation {
            Federation::Supergraph(_) => true,
            Federation::Subgraphs(sources) => {
                sources.iter().all(|source| matches!(source, SubgraphSource::InProcess { .. }))
            }
        }
    }

    /// Whether any subgraph runs in this process.
    pub fn has_local(&self) -> bool {
        match &self.federation {
            Federation::Supergraph(_) => false,
            Federation::Subgraphs(sources) => {
                sources.iter().any(|source| matches!(source, SubgraphSource::InProcess { .. }))
            }
        }
    }

    /// Reads every schema once and composes. Whoever does not answer keeps the schema it had.
    ///
    /// Answers how many subgraphs have no schema yet. The snapshot changes only when the new set composes.
    pub async fn refresh(&self, is_partial_allowed: bool) -> Result<usize, ComposeError> {
        let sources = match &self.federation {
            Federation::Subgraphs(sources) => sources,
            Federation::Supergraph(ready) => return self.take(ready.clone()).await,
        };
        let before = self.current();
        let known = before.as_deref().map(|snapshot| snapshot.subgraphs.as_slice()).unwrap_or_default();
        let read = join_all(sources.iter().map(SubgraphSource::read)).await;
        let is_whole = read.iter().all(Option::is_some);
        let subgraphs: Vec<Subgraph> = read
            .into_iter()
            .zip(sources)
            .filter_map(|(now, source)| {
                now.or_else(|| known.iter().find(|subgraph| subgraph.name == source.name()).cloned())
            })
            .collect();
        let missing = sources.len() - subgraphs.len();
        let unchanged = subgraphs.len() == known.len()
            && subgraphs.iter().zip(known).all(|(now, then)| now.name == then.name && now.sdl == then.sdl);
        let must_wait = missing > 0 && before.is_none() && !is_partial_allowed;
        if subgraphs.is_empty() || must_wait || (unchanged && before.is_some()) {
            self.metrics.schema.read(if is_whole { "unchanged" } else { "incomplete" });
            return Ok(missing);
        }
        let generation = before.map_or(1, |snapshot| snapshot.generation + 1);
        let is_all = missing == 0;
        let composed = compose(subgraphs.clone(), if is_all { Scope::Whole } else { Scope::View });
        let supergraph = self.measured(composed, is_whole).await?;
        tracing::info!(generation, subgraphs = subgraphs.len(), missing, "composed the supergraph");
        self.store(generation, subgraphs, supergraph);
        Ok(missing)
    }

    /// Takes a supergraph as it is. None of its subgraphs is missing.
    async fn take(&self, ready: ReadySupergraph) -> Result<usize, ComposeError> {
        let subgraphs = ready.subgraphs.clone();
        let build = move || Supergraph::from_supergraph_sdl(&ready.sdl, &ready.subgraphs);
        let supergraph = self.measured(off_the_io_threads(build), true).await?;
        self.store(1, subgraphs, supergraph);
        Ok(0)
    }

    /// Counts a composition of everything, and how long it took.
    async fn measured(
        &self,
        composed: impl Future<Output = Result<Supergraph, ComposeError>>,
        is_whole: bool,
    ) -> Result<Supergraph, ComposeError> {
        let started_at = Instant::now();
        let composed = composed.await;
        self.metrics.views.composed(started_at.elapsed(), composed.is_ok());
        self.metrics.schema.read(match composed {
            Ok(_) if is_whole => "changed",
            Ok(_) => "incomplete",
            Err(_) => "failed",
        });
        composed
    }

    fn store(&self, generation: u64, subgraphs: Vec<Subgraph>, supergraph: Supergraph) {
        let names: ModuleSet = subgraphs.iter().map(|subgraph| subgraph.name.clone()).collect();
        let full = Arc::new(supergraph);
        self.metrics.schema.generation.set(i64::try_from(generation).unwrap_or(i64::MAX));
        self.current.store(Some(Arc::new(Snapshot {
            generation,
            composed_at: Instant::now(),
            subgraphs,
            names,
            full,
        })));
    }

    /// Keeps the snapshot up to date until cancelled.
    pub async fn watch(&self, poll: Duration, startup_grace: Duration, cancel: &CancellationToken) {
        if self.is_local() {
            return;
        }
        let started_at = Instant::now();
        loop {
            let missing = match self.refresh(started_at.elapsed() >= startup_grace).await {
                Ok(missing) => missing,
                Err(error) => {
                    tracing::error!(%error, "the subgraphs do not compose; the last good schema stays");
                    0
                }
            };
            // While somebody is missing at start, a poll per half second finds them soon.
            let is_starting = self.current().is_none() || missing > 0;
            let pause = if is_starting { poll.min(Duration::from_millis(500)) } else { poll };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = cancel.cancelled() => return,
            }
        }
    }
}

/// Composes where it does not hold up other requests.
pub(crate) async fn compose(subgraphs: Vec<Subgraph>, scope: Scope) -> Result<Supergraph, ComposeError> {
    off_the_io_threads(move || Supergraph::compose_in(&subgraphs, scope)).await
}

async fn off_the_io_threads(
    build: impl FnOnce() -> Result<Supergraph, ComposeError> + Send + 'static,
) -> Result<Supergraph, ComposeError> {
    let built = tokio::task::spawn_blocking(build).await;
    built.unwrap_or_else(|error| Err(ComposeError::Planner(error.to_string())))
}
