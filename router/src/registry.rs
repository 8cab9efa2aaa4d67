//! The subgraphs as they are now: where they come from, and the last set of schemas that composed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use arc_swap::ArcSwapOption;
use common::ModuleSet;
use futures::future::join_all;

use crate::alarms::{Alarm, Alarms};
use crate::compose::{self, ComposeError, Scope, Sdl, listed};
use crate::federation::{Federation, ReadySupergraph, SubgraphSource};
use crate::last_good_schemas::Schemas;
use crate::setup_error::SetupError;
use crate::supergraph::Supergraph;
use crate::telemetry::Metrics;
use crate::transport::Subgraph;

/// How many subgraphs that do not answer an alarm names.
const SILENT_MAX: usize = 20;

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
    /// The supergraph's text, when it came as a whole.
    pub ready: Option<Arc<str>>,
}

impl Snapshot {
    /// What it was made of.
    pub fn schemas(&self) -> Schemas {
        match &self.ready {
            Some(sdl) => Schemas::of_supergraph(sdl.clone()),
            None => Schemas::of_subgraphs(&self.subgraphs),
        }
    }

    /// The schema of one of its subgraphs, with what was found out about it.
    fn sdl(&self, name: &str) -> Option<&Sdl> {
        self.subgraphs.iter().find(|subgraph| subgraph.name == name).map(|subgraph| &subgraph.sdl)
    }
}

/// What came of reading the schemas.
pub(crate) struct Reading {
    /// The subgraphs that have no schema yet.
    pub missing: Vec<String>,
    /// A new set, when there is one that composed.
    pub snapshot: Option<Snapshot>,
}

/// Holds the snapshot that requests use, and reads the one that may replace it.
pub(crate) struct Registry {
    federation: Federation,
    current: ArcSwapOption<Snapshot>,
    /// Schemas of earlier, for subgraphs that do not answer: of the settings before, or of the disk.
    recalled: Schemas,
    /// The generation of the first snapshot.
    first_generation: u64,
    /// The schemas that did not compose when last tried, and why: they are not tried again.
    refused: Mutex<Option<(Schemas, String)>>,
    alarms: Arc<Alarms>,
    metrics: Arc<Metrics>,
}

impl Registry {
    pub fn new(
        federation: Federation,
        recalled: Schemas,
        first_generation: u64,
        alarms: Arc<Alarms>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let (current, refused) = (ArcSwapOption::empty(), Mutex::default());
        Self { federation, current, recalled, first_generation, refused, alarms, metrics }
    }

    /// What requests use; `None` until the first set has composed.
    pub fn current(&self) -> Option<Arc<Snapshot>> {
        self.current.load_full()
    }

    /// Lets requests use a snapshot.
    pub fn store(&self, snapshot: Arc<Snapshot>) {
        self.metrics.schema.generation.set(i64::try_from(snapshot.generation).unwrap_or(i64::MAX));
        self.current.store(Some(snapshot));
    }

    /// Where the subgraphs come from.
    pub fn federation(&self) -> &Federation {
        &self.federation
    }

    /// Reads every schema once and composes what is new. Whoever does not answer keeps the schema it had.
    ///
    /// # Errors
    /// When what was read is new and cannot be used.
    pub async fn read(&self, is_partial_allowed: bool) -> Result<Reading, SetupError> {
        let reading = match &self.federation {
            Federation::Subgraphs(sources) => self.read_subgraphs(sources, is_partial_allowed).await,
            Federation::Supergraph(ready) => self.read_supergraph(ready).await,
        };
        match reading {
            Ok(reading) => {
                self.alarms.settle(Alarm::SchemaRefused);
                Ok(reading)
            }
            Err(error) => {
                let Some(reading) = self.recall().await else { return Err(error) };
                self.alarms.raise(Alarm::SchemaRefused, error.to_string());
                Ok(reading)
            }
        }
    }

    async fn read_subgraphs(
        &self,
        sources: &[SubgraphSource],
        is_partial_allowed: bool,
    ) -> Result<Reading, SetupError> {
        let before = self.current();
        let read = join_all(sources.iter().map(SubgraphSource::read)).await;
        let (mut subgraphs, mut silent, mut missing) = (Vec::new(), Vec::new(), Vec::new());
        for (source, read) in sources.iter().zip(read) {
            let known = match &before {
                Some(before) => before.sdl(source.name()).cloned(),
                None => self.recalled.subgraphs.get(source.name()).map(|sdl| Sdl::from(sdl.clone())),
            };
            let sdl = match read {
                Ok(sdl) => Some(known.filter(|known| **known == *sdl).unwrap_or_else(|| source.sdl(sdl))),
                Err(error) => {
                    silent.push(format!("{}: {error}", source.name()));
                    known
                }
            };
            match sdl {
                Some(sdl) => subgraphs.push(source.with(sdl)),
                None => missing.push(source.name().to_owned()),
            }
        }
        let is_complete = silent.is_empty();
        if is_complete {
            self.alarms.settle(Alarm::SubgraphSilent);
        } else {
            self.alarms.raise(Alarm::SubgraphSilent, listed(silent.into_iter(), SILENT_MAX));
        }
        let schemas = Schemas::of_subgraphs(&subgraphs);
        let is_known = before.as_deref().is_some_and(|before| before.schemas() == schemas);
        let must_wait = !missing.is_empty() && before.is_none() && !is_partial_allowed;
        if subgraphs.is_empty() || must_wait || is_known {
            self.metrics.schema.read(if is_complete { "unchanged" } else { "incomplete" });
            return Ok(Reading { missing, snapshot: None });
        }
        let scope = if missing.is_empty() { Scope::Whole } else { Scope::View };
        let full = self.build(&schemas, is_complete, composing(&subgraphs, scope)).await?;
        Ok(Reading { missing, snapshot: Some(self.snapshot(subgraphs, full, None)) })
    }

    async fn read_supergraph(&self, ready: &ReadySupergraph) -> Result<Reading, SetupError> {
        let sdl = ready.read().await?;
        if self.current().is_some_and(|before| before.ready.as_ref() == Some(&sdl)) {
            self.metrics.schema.read("unchanged");
            return Ok(Reading { missing: Vec::new(), snapshot: None });
        }
        let snapshot = self.supergraph(ready, sdl).await?;
        Ok(Reading { missing: Vec::new(), snapshot: Some(snapshot) })
    }

    async fn supergraph(&self, ready: &ReadySupergraph, sdl: Arc<str>) -> Result<Snapshot, SetupError> {
        let subgraphs = ready.subgraphs(&sdl).map_err(|error| ready.located(error.into()))?;
        let build = reading(&sdl, &subgraphs);
        let full = self.build(&Schemas::of_supergraph(sdl.clone()), true, build).await;
        let full = full.map_err(|error| ready.located(error))?;
        Ok(self.snapshot(subgraphs, full, Some(sdl)))
    }

    /// At the start, what composed at an earlier one is better than nothing.
    async fn recall(&self) -> Option<Reading> {
        if self.current().is_some() {
            return None;
        }
        let recalled = &self.recalled;
        let snapshot = match &self.federation {
            Federation::Supergraph(ready) => {
                self.supergraph(ready, recalled.supergraph.clone()?).await.ok()?
            }
            Federation::Subgraphs(sources) => {
                let sdl = |source: &SubgraphSource| recalled.subgraphs.get(source.name()).cloned();
                let recall = |source: &SubgraphSource| Some(source.with(sdl(source)?.into()));
                let subgraphs: Vec<Subgraph> = sources.iter().map(recall).collect::<Option<_>>()?;
                let schemas = Schemas::of_subgraphs(&subgraphs);
                let full = self.build(&schemas, true, composing(&subgraphs, Scope::Whole)).await.ok()?;
                self.snapshot(subgraphs, full, None)
            }
        };
        tracing::warn!("serving the schemas that were kept when they last composed");
        Some(Reading { missing: Vec::new(), snapshot: Some(snapshot) })
    }

    fn snapshot(&self, subgraphs: Vec<Subgraph>, full: Supergraph, ready: Option<Arc<str>>) -> Snapshot {
        let generation = self.current().map_or(self.first_generation, |before| before.generation + 1);
        let names: ModuleSet = subgraphs.iter().map(|subgraph| subgraph.name.clone()).collect();
        tracing::info!(generation, subgraphs = names.len(), "a new schema");
        Snapshot { generation, composed_at: Instant::now(), subgraphs, names, full: Arc::new(full), ready }
    }

    /// Builds a supergraph off the threads that serve, unless the same was refused before.
    async fn build(
        &self,
        schemas: &Schemas,
        is_whole: bool,
        build: impl FnOnce() -> Result<Supergraph, ComposeError> + Send + 'static,
    ) -> Result<Supergraph, SetupError> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, message)) = refused.filter(|(refused, _)| refused == schemas) {
            return Err(SetupError::Refused(message));
        }
        let started_at = Instant::now();
        let built = off_the_io_threads(build).await;
        self.metrics.views.composed(started_at.elapsed(), built.is_ok());
        self.metrics.schema.read(match built {
            Ok(_) if is_whole => "changed",
            Ok(_) => "incomplete",
            Err(_) => "failed",
        });
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        *refused = built.as_ref().err().map(|error| (schemas.clone(), error.to_string()));
        Ok(built?)
    }
}

/// Composes a part of the subgraphs where it does not hold up other requests.
pub(crate) async fn compose_view(subgraphs: &[Subgraph]) -> Result<Supergraph, ComposeError> {
    off_the_io_threads(composing(subgraphs, Scope::View)).await
}

/// Reads and composes the schemas that are at hand, as a check: nobody is asked, and nothing is kept.
///
/// Answers the subgraphs that would have to be asked. While there are some, the others are not composed, but each
/// must be valid in itself.
///
/// # Errors
/// When a file cannot be read, or what is in it cannot be used.
pub(crate) async fn check(federation: &Federation) -> Result<Vec<String>, SetupError> {
    let sources = match federation {
        Federation::Subgraphs(sources) => sources,
        Federation::Supergraph(ready) => {
            let sdl = ready.read().await?;
            let subgraphs = ready.subgraphs(&sdl).map_err(|error| ready.located(error.into()))?;
            let read = off_the_io_threads(reading(&sdl, &subgraphs)).await;
            return read.map(|_| Vec::new()).map_err(|error| ready.located(error.into()));
        }
    };
    let unasked = federation.asked();
    let mut subgraphs = Vec::new();
    for source in sources.iter().filter(|source| !source.is_asked()) {
        let text = source.read().await.map_err(SetupError::File)?;
        subgraphs.push(source.with(source.sdl(text)));
    }
    if unasked.is_empty() {
        off_the_io_threads(composing(&subgraphs, Scope::Whole)).await?;
    } else {
        compose::check(subgraphs.iter().map(|subgraph| (subgraph.name.as_str(), &subgraph.sdl)))?;
    }
    Ok(unasked)
}

fn reading(
    sdl: &Arc<str>,
    subgraphs: &[Subgraph],
) -> impl FnOnce() -> Result<Supergraph, ComposeError> + Send + 'static {
    let (sdl, subgraphs) = (sdl.clone(), subgraphs.to_vec());
    move || Supergraph::from_supergraph_sdl(&sdl, &subgraphs)
}

fn composing(
    subgraphs: &[Subgraph],
    scope: Scope,
) -> impl FnOnce() -> Result<Supergraph, ComposeError> + Send + 'static {
    let subgraphs = subgraphs.to_vec();
    move || Supergraph::compose_in(&subgraphs, scope)
}

async fn off_the_io_threads(
    build: impl FnOnce() -> Result<Supergraph, ComposeError> + Send + 'static,
) -> Result<Supergraph, ComposeError> {
    let built = tokio::task::spawn_blocking(build).await;
    built.unwrap_or_else(|error| Err(ComposeError::Planner(error.to_string())))
}
