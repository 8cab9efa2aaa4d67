//! The connection to Redis, and the circuit around it: who was not answered in time asks no more, and neither does anybody
//! else, until somebody who waits for nothing has seen that Redis does everything that is asked of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ErrorKind, IntoConnectionInfo as _, ProtocolVersion, PushInfo, PushKind,
    RedisError, RedisResult, ServerErrorKind, Value,
};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use crate::commands::Commands;
use crate::ended::Ended;

/// How long a request waits for an answer; the first that waits in vain is the last.
const ANSWER_MAX: Duration = Duration::from_millis(200);
const CONNECT_MAX: Duration = Duration::from_secs(1);
/// How long to wait before asking whether Redis is back: twice as long each time that it is not, or was not for long.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(2);
/// A connection that lasted for so long was good.
const GOOD_AFTER: Duration = Duration::from_secs(10);

pub(crate) struct Link {
    live: Arc<ArcSwapOption<Live>>,
    _keeper: AbortOnDropHandle<()>,
}

/// A connection on which everything went well so far.
struct Live {
    connection: MultiplexedConnection,
    /// Cancelled when something did not.
    failed: CancellationToken,
}

impl Link {
    /// A link to the Redis at `url`, whether it is there or not.
    ///
    /// # Errors
    /// A sentence, when it is no such URL.
    pub fn open(url: &str, commands: Arc<Commands>, ended: Arc<Ended>) -> Result<Self, String> {
        let keeper = Keeper::new(url, commands, ended)?;
        let live = keeper.live.clone();
        Ok(Self { live, _keeper: AbortOnDropHandle::new(tokio::spawn(keeper.keep())) })
    }

    pub fn is_up(&self) -> bool {
        self.live.load().is_some()
    }

    /// Asks Redis; `None` at once when it is known not to answer, and within [`ANSWER_MAX`] when it turns out so.
    pub async fn run<T>(&self, ask: impl AsyncFnOnce(MultiplexedConnection) -> RedisResult<T>) -> Option<T> {
        let live = self.live.load_full()?;
        // On the heap: requests that need not ask do not carry it along.
        match in_time(Box::pin(ask(live.connection.clone()))).await {
            Ok(answer) => Some(answer),
            Err(error) => {
                live.fail(&error.to_string());
                None
            }
        }
    }
}

impl Live {
    fn fail(&self, reason: &str) {
        fail(&self.failed, reason);
    }
}

/// Whether the Redis at `url` does all that a store asks of it now.
///
/// # Errors
/// A sentence that says what it does not.
pub(crate) async fn probe(url: &str, commands: Commands) -> Result<(), String> {
    let keeper = Keeper::new(url, Arc::new(commands), Arc::default())?;
    keeper.connect().await.map(drop).map_err(|error| reason(&error))
}

/// Something did not go well on a connection: it is said once, and nobody uses it any more.
fn fail(failed: &CancellationToken, reason: &str) {
    if !failed.is_cancelled() {
        failed.cancel();
        tracing::warn!(
            reason,
            "Redis does not do as it is asked; until it does, each process counts by itself, against half of each \
             budget, and asks PostgreSQL"
        );
    }
}

async fn in_time<T>(asked: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    let late = || RedisError::from((ErrorKind::Io, "it did not answer in time"));
    tokio::time::timeout(ANSWER_MAX, asked).await.unwrap_or_else(|_| Err(late()))
}

/// Sees to it that there is a connection.
struct Keeper {
    client: Client,
    commands: Arc<Commands>,
    ended: Arc<Ended>,
    live: Arc<ArcSwapOption<Live>>,
}

impl Keeper {
    fn new(url: &str, commands: Arc<Commands>, ended: Arc<Ended>) -> Result<Self, String> {
        let refused = |_: RedisError| {
            // The library's own words may repeat what stands in it.
            "REDIS_URL is not of the form redis://user:password@host:port/number, or rediss:// for TLS"
                .to_owned()
        };
        let info = url.into_connection_info().map_err(refused)?;
        // The library takes whichever there is; somebody may have said so before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // One connection that answers, and on which others are heard.
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let client = Client::open(info.set_redis_settings(settings)).map_err(refused)?;
        Ok(Self { client, commands, ended, live: Arc::default() })
    }

    async fn keep(self) {
        let (mut pause, mut said) = (PAUSE_MIN, String::new());
        loop {
            match self.connect().await {
                Ok(live) => {
                    let begun = Instant::now();
                    said.clear();
                    self.serve(Arc::new(live)).await;
                    if begun.elapsed() >= GOOD_AFTER {
                        pause = PAUSE_MIN;
                    }
                }
                Err(error) => {
                    let reason = reason(&error);
                    if reason != said {
                        tracing::warn!(
                            reason,
                            "Redis cannot be used; until it can, each process counts by itself, against half of each \
                             budget, and asks PostgreSQL"
                        );
                        said = reason;
                    }
                }
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// Connects, listens for what others say, and tries everything.
    async fn connect(&self) -> RedisResult<Live> {
        let failed = CancellationToken::new();
        let (ended, disconnected) = (self.ended.clone(), failed.clone());
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_MAX))
            .set_response_timeout(Some(ANSWER_MAX))
            .set_push_sender(move |push: PushInfo| {
                if push.kind == PushKind::Disconnection {
                    fail(&disconnected, "it closed the connection");
                }
                if let Some(id) = ended_session(&push) {
                    ended.hear(id);
                }
                Ok::<_, std::convert::Infallible>(())
            });
        let connecting = self.client.get_multiplexed_async_connection_with_config(&config);
        let late = || RedisError::from((ErrorKind::Io, "no connection in time"));
        let connected = tokio::time::timeout(2 * CONNECT_MAX, connecting).await;
        let mut connection = connected.unwrap_or_else(|_| Err(late()))?;
        in_time(connection.subscribe(self.commands.channel())).await?;
        self.commands.try_all(&connection).await?;
        self.commands.tell(connection.clone(), &self.ended).await?;
        Ok(Live { connection, failed })
    }

    /// Lets everybody use a connection until somebody was not answered on it.
    async fn serve(&self, live: Arc<Live>) {
        self.live.store(Some(live.clone()));
        tracing::info!("Redis answers: budgets are those of all processes together");
        // Sessions that ended while it was not clear whether there is a connection.
        if let Err(error) = in_time(self.commands.tell(live.connection.clone(), &self.ended)).await {
            live.fail(&error.to_string());
        }
        live.failed.cancelled().await;
        self.live.store(None);
    }
}

/// The session that somebody else says has ended.
fn ended_session(push: &PushInfo) -> Option<Uuid> {
    match (&push.kind, push.data.as_slice()) {
        (PushKind::Message, [_, Value::BulkString(id)]) => Uuid::try_parse_ascii(id).ok(),
        _ => None,
    }
}

/// Why Redis cannot be used, for the operator.
fn reason(error: &RedisError) -> String {
    match error.kind() {
        ErrorKind::Server(ServerErrorKind::CrossSlot | ServerErrorKind::Moved | ServerErrorKind::Ask) => {
            "it is a cluster, and we need one server, or one with replicas behind one address".to_owned()
        }
        ErrorKind::RESP3NotSupported => "it is too old: we need Redis 6.2 or newer".to_owned(),
        _ => error.to_string(),
    }
}
