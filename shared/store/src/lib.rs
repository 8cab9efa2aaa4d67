//! What the processes of an installation share for a moment: how often somebody asked, which sessions have just ended,
//! and what PostgreSQL said a moment ago. In Redis where there is one, and else in each process.
//!
//! Nothing here is the only copy of anything. When Redis is stopped, hangs, is flushed or refuses us, signatures are
//! checked as ever, PostgreSQL says which sessions stand, and each process counts by itself, against half the budgets. A
//! request waits for Redis once, for a fifth of a second at most, and after that no request does until Redis answers again.
//!
//! One server, or one with replicas behind one address: scripts touch several keys, so a Redis Cluster refuses them, and
//! is treated as a server that does not work.

mod background;
mod budget;
mod commands;
mod ended;
mod key;
mod link;
mod sealed;
#[cfg(feature = "server")]
pub mod server;
mod tries;

use std::sync::Arc;
use std::time::Duration;

use common::SessionId;

pub use budget::{Rate, Refused};
pub use commands::Asked;
pub use ended::ENDED_FOR;
pub use key::Key;

use background::Background;
use budget::{Budgets, Share};
use commands::Commands;
use ended::Ended;
use link::Link;
use sealed::Sealer;
use tries::Tries;

/// The longest that somebody who ends a session waits until the other processes are told.
const TELL_MAX: Duration = Duration::from_millis(400);

/// What the processes share. Cheap to clone; clones are one store.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    budgets: Budgets,
    tries: Tries,
    ended: Arc<Ended>,
    shared: Option<Shared>,
}

/// What it takes to share.
struct Shared {
    link: Link,
    commands: Arc<Commands>,
    background: Background,
}

/// What Redis knows of something that PostgreSQL says.
pub enum Found {
    /// The session that it is of has ended.
    Ended,
    /// It was asked for by somebody a moment ago.
    Value {
        /// What was kept.
        value: Vec<u8>,
        /// How long it may still be believed, from before it was looked for.
        left: Duration,
    },
    /// Nothing; PostgreSQL is to be asked now. `None` where nothing is shared.
    Nothing(Option<Asked>),
}

impl Store {
    /// A store of this process alone.
    #[must_use]
    pub fn in_process() -> Self {
        Self(Arc::new(Inner {
            budgets: Budgets::default(),
            tries: Tries::default(),
            ended: Arc::default(),
            shared: None,
        }))
    }

    /// A store in the Redis at `url`, `redis://` or `rediss://`, whether it is there yet or not. `key` is the
    /// installation's: its processes share what they keep, and believe nobody else. Needs a Tokio runtime.
    ///
    /// # Errors
    /// A sentence, when it is no such URL.
    pub fn shared(url: &str, key: &[u8; 32]) -> Result<Self, String> {
        let commands = Arc::new(Commands::new(Sealer::new(key)));
        let ended = Arc::<Ended>::default();
        let link = Link::open(url, commands.clone(), ended.clone())?;
        let shared = Some(Shared { link, commands, background: Background::default() });
        Ok(Self(Arc::new(Inner { budgets: Budgets::default(), tries: Tries::default(), ended, shared })))
    }

    /// Whether the Redis at `url` does now all that [`Store::shared`] would ask of it. Nothing of it is kept.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub async fn probe(url: &str, key: &[u8; 32]) -> Result<(), String> {
        link::probe(url, Commands::new(Sealer::new(key))).await
    }

    /// Whether Redis is to be had now; `None` for a store that has none.
    #[must_use]
    pub fn is_up(&self) -> Option<bool> {
        self.0.shared.as_ref().map(|shared| shared.link.is_up())
    }

    /// Takes one from each of these budgets, or none from any.
    ///
    /// # Errors
    /// Which of them is used up, and until when.
    pub async fn take(&self, budgets: &[(Key, Rate)]) -> Result<(), Refused> {
        let Some(Shared { link, commands, .. }) = &self.0.shared else {
            return self.0.budgets.take(budgets, Share::Whole);
        };
        match link.run(async |connection| commands.take(connection, budgets).await).await {
            Some(taken) => {
                // Counted here as well: should Redis fall silent, nobody begins with a fresh budget.
                if taken.is_ok() {
                    self.0.budgets.note(budgets, Share::Half);
                }
                taken
            }
            None => self.0.budgets.take(budgets, Share::Half),
        }
    }

    /// Counts a try, and answers how many there were of late, this one included, as far as this process knows: of those
    /// in other processes it hears from Redis meanwhile, and has heard when the next one comes.
    pub fn count(&self, key: Key) -> u32 {
        let tries = self.0.tries.count(key);
        self.in_background(move |shared| async move {
            let Shared { link, commands, .. } = shared.0.shared.as_ref()?;
            let everywhere = link.run(async |connection| commands.count(connection, key).await).await?;
            shared.0.tries.hear(key, everywhere);
            Some(())
        });
        tries
    }

    /// How often was tried of late, as far as this process knows.
    #[must_use]
    pub fn tries(&self, key: Key) -> u32 {
        self.0.tries.of(key)
    }

    /// Takes back one that was counted. Nobody waits for it.
    pub fn count_less(&self, key: Key) {
        self.0.tries.count_less(key);
        self.in_background(move |shared| async move {
            let Shared { link, commands, .. } = shared.0.shared.as_ref()?;
            link.run(async |connection| commands.count_less(connection, key).await).await
        });
    }

    /// Says that sessions have ended: to this process at once, and to all others before this is answered, if Redis does
    /// within a moment. Those that it could not be told are told when it is back.
    pub async fn end_sessions(&self, ids: &[SessionId]) {
        self.0.ended.begin(ids.iter().map(|id| id.0), self.0.shared.is_some());
        let Some(shared) = &self.0.shared else { return };
        if !shared.link.is_up() {
            return;
        }
        let store = self.clone();
        // Whoever hangs up meanwhile has ended them all the same.
        let told = tokio::spawn(async move {
            if let Some(Shared { link, commands, .. }) = &store.0.shared {
                link.run(async |connection| commands.tell(connection, &store.0.ended).await).await;
            }
        });
        if tokio::time::timeout(TELL_MAX, told).await.is_err() {
            tracing::warn!("Redis is slow to hear of sessions that have ended");
        }
    }

    /// Whether a session is known to have ended.
    #[must_use]
    pub fn has_ended(&self, id: SessionId) -> bool {
        self.0.ended.has(id.0)
    }

    /// Looks for what PostgreSQL said, in Redis alone: `name` is what [`Store::keep`] was told, and `session` whose it is.
    pub async fn find(&self, name: &str, session: Option<SessionId>) -> Found {
        let Some(Shared { link, commands, .. }) = &self.0.shared else { return Found::Nothing(None) };
        let found = link.run(async |connection| commands.find(connection, name, session).await).await;
        if let (Some(Found::Ended), Some(session)) = (&found, session) {
            self.0.ended.hear(session.0);
        }
        found.unwrap_or(Found::Nothing(None))
    }

    /// Keeps what PostgreSQL said for the other processes, until it is `age_max` old by Redis's own clock: counted from
    /// when it was about to be asked, so that a Redis that carries this out late keeps nothing. Nobody waits for it.
    pub fn keep(&self, name: String, asked: Asked, age_max: Duration, value: Vec<u8>) {
        self.in_background(move |shared| async move {
            let Shared { link, commands, .. } = shared.0.shared.as_ref()?;
            link.run(async |connection| commands.keep(connection, &name, asked, age_max, &value).await).await
        });
    }

    /// Runs something that nobody need wait for; `None` where nothing is shared, Redis is not to be had, or too much runs
    /// already.
    fn in_background<T, F>(&self, run: impl FnOnce(Self) -> F) -> Option<tokio::task::JoinHandle<Option<T>>>
    where
        T: Send + 'static,
        F: Future<Output = Option<T>> + Send + 'static,
    {
        let shared = self.0.shared.as_ref().filter(|shared| shared.link.is_up())?;
        shared.background.run(run(self.clone()))
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("is_up", &self.is_up()).finish_non_exhaustive()
    }
}
