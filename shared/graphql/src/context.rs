//! What resolvers reach through their context: the caller, and the batched look-ups.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::Context;
use async_graphql::dataloader::{DataLoader, Loader};
use common::{Error, Result};
use database::Ctx;

/// A look-up of many keys at once, so that a list of parents costs one query and not one each.
///
/// Implemented by an empty struct beside the fields that use it; `load` calls a function in `repo.rs`.
pub trait Batch: Send + Sync + 'static {
    /// What is looked up.
    type Key: Clone + Eq + Hash + Send + Sync + 'static;
    /// What is found. A key without an entry in the answer is missing, or foreign: the same thing.
    type Value: Clone + Send + Sync + 'static;

    /// Looks `keys` up, each once, 1,000 at most.
    fn load(
        ctx: &Ctx,
        keys: &[Self::Key],
    ) -> impl Future<Output = Result<HashMap<Self::Key, Self::Value>>> + Send;
}

/// The way from a resolver to the application.
pub trait App {
    /// The caller, in this module.
    fn app(&self) -> &Ctx;

    /// Looks one key up, together with all the others that are asked for at the same time.
    fn load<B: Batch>(&self, key: B::Key) -> impl Future<Output = Result<Option<B::Value>>> + Send;
}

impl App for Context<'_> {
    fn app(&self) -> &Ctx {
        self.data_unchecked::<Ctx>()
    }

    async fn load<B: Batch>(&self, key: B::Key) -> Result<Option<B::Value>> {
        let loader = self.data_unchecked::<Loaders>().get::<B>(self.app());
        loader.load_one(key).await
    }
}

/// The loaders of one request, each made when it is first used.
#[derive(Default)]
pub struct Loaders(Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl Loaders {
    fn get<B: Batch>(&self, ctx: &Ctx) -> Arc<DataLoader<BatchLoader<B>>> {
        let mut loaders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let loader = loaders.entry(TypeId::of::<B>()).or_insert_with(|| {
            let loader = BatchLoader::<B> { ctx: ctx.clone(), batch: std::marker::PhantomData };
            Arc::new(DataLoader::new(loader, tokio::spawn))
        });
        match loader.clone().downcast() {
            Ok(loader) => loader,
            Err(_) => unreachable!("the key is the loader's type"),
        }
    }
}

struct BatchLoader<B> {
    ctx: Ctx,
    batch: std::marker::PhantomData<fn() -> B>,
}

impl<B: Batch> Loader<B::Key> for BatchLoader<B> {
    type Value = B::Value;
    type Error = Error;

    async fn load(&self, keys: &[B::Key]) -> Result<HashMap<B::Key, B::Value>> {
        B::load(&self.ctx, keys).await
    }
}
