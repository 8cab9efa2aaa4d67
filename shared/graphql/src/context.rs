//! What resolvers reach through their context: the caller, and the batched look-ups.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::hash::Hash;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use async_graphql::Context;
use common::{Error, Permission, Result};
use database::{Ctx, Record, Tx};
use futures::future::BoxFuture;
use futures::stream::{BoxStream, Stream};
use futures::{FutureExt as _, StreamExt as _};
use tokio::sync::oneshot;

/// A look-up of many keys at once, so that a list of parents costs one query and not one each.
///
/// Implemented by an empty struct beside the fields that use it.
pub trait Batch: Send + Sync + 'static {
    /// What is looked up.
    type Key: Clone + Eq + Hash + Send + Sync + 'static;
    /// What is found. A key without an entry in the answer is missing, or foreign: the same thing.
    type Value: Clone + Send + Sync + 'static;
    /// The right to look.
    const READ: &'static Permission;

    /// Looks `keys` up, each once, 1,000 at most.
    fn load(
        tx: &mut Tx,
        keys: &[Self::Key],
    ) -> impl Future<Output = Result<HashMap<Self::Key, Self::Value>>> + Send;
}

/// The way from a resolver to the application.
pub trait App {
    /// The caller, in this module.
    fn app(&self) -> &Ctx;

    /// Looks one key up, together with all the others that are asked for at the same time.
    fn load<B: Batch>(&self, key: B::Key) -> impl Future<Output = Result<Option<B::Value>>> + Send;

    /// The record with this id, looked up together with all the others; none for no id.
    fn find<R: Record>(
        &self,
        id: impl Into<Option<R::Id>> + Send,
    ) -> impl Future<Output = Result<Option<R>>> + Send;
}

impl App for Context<'_> {
    fn app(&self) -> &Ctx {
        self.data_unchecked::<Ctx>()
    }

    async fn load<B: Batch>(&self, key: B::Key) -> Result<Option<B::Value>> {
        self.data_unchecked::<Arc<Loaders>>().load::<B>(key).await
    }

    async fn find<R: Record>(&self, id: impl Into<Option<R::Id>> + Send) -> Result<Option<R>> {
        match id.into() {
            Some(id) => self.load::<ById<R>>(id).await,
            None => Ok(None),
        }
    }
}

/// Records by their ids.
struct ById<R>(std::marker::PhantomData<fn() -> R>);

impl<R: Record> Batch for ById<R> {
    type Key = R::Id;
    type Value = R;
    const READ: &'static Permission = R::READ;

    async fn load(tx: &mut Tx, keys: &[R::Id]) -> Result<HashMap<R::Id, R>> {
        tx.find_many::<R>(keys).await
    }
}

/// How many keys are looked up by one query.
const KEYS_MAX: usize = 1_000;

/// The look-ups of one operation. What is asked for waits until nothing else of the operation can go on; then
/// everything that waits is looked up at once, in the transaction that the operation's reads share. So batches are
/// as large as they can be, and no timer decides it.
pub struct Loaders {
    ctx: Ctx,
    batches: Mutex<HashMap<TypeId, Box<dyn Waiting>>>,
}

/// The keys of one kind that wait.
trait Waiting: Any + Send {
    /// Takes the keys that wait; answers their look-up, or `None` when none do.
    fn start(&mut self, ctx: &Ctx) -> Option<BoxFuture<'static, ()>>;
}

/// Whoever waits for the value of a key.
type Waiter<V> = oneshot::Sender<Result<Option<V>>>;

/// The look-ups of one kind: who waits for which key, and what is known already.
struct Queue<B: Batch> {
    waiting: HashMap<B::Key, Vec<Waiter<B::Value>>>,
    known: Arc<Mutex<Known<B>>>,
}

/// What was found, as of a number of writes: after another one it is looked up again.
struct Known<B: Batch> {
    writes: u64,
    values: HashMap<B::Key, Option<B::Value>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Loaders {
    /// The look-ups of one operation.
    #[must_use]
    pub fn new(ctx: Ctx) -> Self {
        Self { ctx, batches: Mutex::default() }
    }

    async fn load<B: Batch>(&self, key: B::Key) -> Result<Option<B::Value>> {
        let answer = {
            let mut batches = lock(&self.batches);
            let queue = batches.entry(TypeId::of::<B>()).or_insert_with(|| Box::new(Queue::<B>::new()));
            let queue: &mut dyn Any = queue.as_mut();
            let Some(queue) = queue.downcast_mut::<Queue<B>>() else {
                unreachable!("the key is the queue's type")
            };
            if let Some(known) = queue.known(&key, self.ctx.writes()) {
                return Ok(known);
            }
            let (waiting, answer) = oneshot::channel();
            queue.waiting.entry(key).or_default().push(waiting);
            answer
        };
        // Whoever drives the operation answers, unless it ends before.
        answer.await.unwrap_or_else(|_| Err(Error::internal("a look-up was abandoned")))
    }

    /// Takes everything that waits; answers its look-up.
    fn start(&self) -> Option<BoxFuture<'static, ()>> {
        let mut batches = lock(&self.batches);
        let started: Vec<_> = batches.values_mut().filter_map(|queue| queue.start(&self.ctx)).collect();
        // They share one connection: at the same time they would only wait for each other.
        (!started.is_empty()).then(|| {
            async move {
                for one in started {
                    one.await
                }
            }
            .boxed()
        })
    }

    /// Runs an operation, and what it looks up whenever nothing else of it can go on.
    pub async fn drive<T>(&self, operation: impl Future<Output = T>) -> T {
        let mut operation = pin!(operation);
        let mut running: Option<BoxFuture<'static, ()>> = None;
        std::future::poll_fn(|context| {
            loop {
                if let Poll::Ready(done) = operation.as_mut().poll(context) {
                    return Poll::Ready(done);
                }
                match self.go_on(&mut running, context) {
                    Poll::Ready(()) => {}
                    Poll::Pending => return Poll::Pending,
                }
            }
        })
        .await
    }

    /// As [`Loaders::drive`], for an operation that answers many times.
    pub fn drive_stream<T: Send + 'static>(
        self: Arc<Self>,
        operation: impl Stream<Item = T> + Send + 'static,
    ) -> BoxStream<'static, T> {
        let mut operation = operation.boxed();
        let mut running: Option<BoxFuture<'static, ()>> = None;
        futures::stream::poll_fn(move |context| {
            loop {
                if let Poll::Ready(item) = operation.poll_next_unpin(context) {
                    return Poll::Ready(item);
                }
                match self.go_on(&mut running, context) {
                    Poll::Ready(()) => {}
                    Poll::Pending => return Poll::Pending,
                }
            }
        })
        .boxed()
    }

    /// Goes on with what is being looked up, or begins with what waits; ready when somebody was answered.
    fn go_on(
        &self,
        running: &mut Option<BoxFuture<'static, ()>>,
        context: &mut std::task::Context<'_>,
    ) -> Poll<()> {
        if running.is_none() {
            *running = self.start();
        }
        let Some(load) = running else { return Poll::Pending };
        std::task::ready!(load.poll_unpin(context));
        *running = None;
        Poll::Ready(())
    }

    /// Forgets what is known: the next answer of a subscription is another moment.
    pub fn forget(&self) {
        lock(&self.batches).clear();
    }
}

impl<B: Batch> Queue<B> {
    fn new() -> Self {
        let known = Known { writes: 0, values: HashMap::new() };
        Self { waiting: HashMap::new(), known: Arc::new(Mutex::new(known)) }
    }

    fn known(&self, key: &B::Key, writes: u64) -> Option<Option<B::Value>> {
        let known = lock(&self.known);
        known.values.get(key).filter(|_| known.writes == writes).cloned()
    }
}

impl<B: Batch> Waiting for Queue<B> {
    fn start(&mut self, ctx: &Ctx) -> Option<BoxFuture<'static, ()>> {
        if self.waiting.is_empty() {
            return None;
        }
        let mut waiting = std::mem::take(&mut self.waiting);
        let (ctx, known) = (ctx.clone(), self.known.clone());
        Some(Box::pin(async move {
            let keys: Vec<B::Key> = waiting.keys().cloned().collect();
            for keys in keys.chunks(KEYS_MAX) {
                let writes = ctx.writes();
                let loaded = load::<B>(&ctx, keys).await;
                for key in keys {
                    let value = loaded.as_ref().map(|found| found.get(key).cloned()).map_err(Clone::clone);
                    if let Ok(value) = &value {
                        let mut known = lock(&known);
                        if known.writes != writes {
                            *known = Known { writes, values: HashMap::new() };
                        }
                        known.values.insert(key.clone(), value.clone());
                    }
                    for waiting in waiting.remove(key).into_iter().flatten() {
                        // Who does not wait any more was dropped with its part of the operation.
                        let _ = waiting.send(value.clone());
                    }
                }
            }
        }))
    }
}

async fn load<B: Batch>(ctx: &Ctx, keys: &[B::Key]) -> Result<HashMap<B::Key, B::Value>> {
    let mut tx = ctx.read(B::READ).await?;
    let loaded = B::load(&mut tx, keys).await;
    drop(tx);
    if loaded.is_err() {
        // After a failed statement the transaction answers nothing more; other fields begin another one.
        ctx.end_reading().await;
    }
    loaded
}
