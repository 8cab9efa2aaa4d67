//! One WebSocket that speaks `graphql-transport-ws`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::ws::{Message, WebSocket};
use common::Error;
use graphql::Limit;
use serde_json::{Map, Value};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_stream::{StreamExt, StreamMap};

use super::Running;
use super::protocol::{self, Close, FromClient, ToClient, module_disabled};
use super::recheck::Access;
use super::running_operation::Delivery;
use crate::error::GraphqlError;
use crate::limits::Socket;
use crate::pipeline;
use crate::request::{Allowed, Client, bearer_token};
use crate::shared_state::Core;
use crate::telemetry::{Reason, transport};

/// How long a client may leave what we write unread before we give up on it.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a socket on which nothing more can be read stays open, for what was said last to arrive.
const UNREADABLE_WAIT: Duration = Duration::from_millis(250);

/// Serves a socket until either side closes it.
pub(crate) async fn websocket(core: Arc<Core>, client: Client, socket: WebSocket) {
    let mut connection = Connection { core, client, socket, heard_at: Instant::now() };
    let close = match connection.begin().await {
        Ok((access, count)) => connection.run(access, count).await,
        Err(close) => close,
    };
    connection.close(close).await;
}

/// Why a connection ends: with a close frame, or without when the client is gone.
type End = Option<Close>;

struct Connection {
    core: Arc<Core>,
    client: Client,
    socket: WebSocket,
    heard_at: Instant,
}

impl Connection {
    /// Waits for `connection_init` and acknowledges it.
    async fn begin(&mut self) -> Result<(Access, Socket), End> {
        if self.socket.protocol().is_none() {
            return Err(Some(Close::Subprotocol));
        }
        let core = self.core.clone();
        let wait = Duration::from_millis(core.config.subscriptions.init_timeout_ms);
        let init = tokio::select! {
            init = timeout(wait, self.init()) => init.map_err(|_| Some(Close::InitTimeout))?,
            () = core.stopping.cancelled() => return Err(Some(Close::Restart)),
        }?;
        if let Some(authorization) = authorization(init.as_ref()) {
            let token = authorization.and_then(bearer_token).ok_or(Some(Close::Unauthorized))?;
            self.client.token = Some(token.into());
        }
        let access = Access::begin(core, self.client.token.clone()).await.map_err(|error| match error {
            Error::Unauthenticated => Some(Close::Unauthorized),
            Error::Unavailable | Error::Internal(_) => Some(Close::TryAgainLater),
            _ => Some(Close::Forbidden),
        })?;
        let opened = self.core.sockets.open(access.caller(), self.client.address);
        let count = opened.ok_or(Some(Close::TooManySockets))?;
        self.send(&ToClient::ConnectionAck).await?;
        Ok((access, count))
    }

    async fn init(&mut self) -> Result<Option<Map<String, Value>>, End> {
        loop {
            match self.receive().await? {
                Some(FromClient::ConnectionInit { payload }) => return Ok(payload),
                Some(FromClient::Subscribe { .. }) => return Err(Some(Close::Unauthorized)),
                Some(FromClient::Ping {}) => self.send(&ToClient::Pong).await?,
                Some(FromClient::Pong {} | FromClient::Complete { .. }) | None => {}
            }
        }
    }

    async fn run(&mut self, mut access: Access, _count: Socket) -> End {
        let core = self.core.clone();
        let settings = &core.config.subscriptions;
        let mut recheck = every(settings.recheck_ms);
        let mut ping = every(settings.ping_ms);
        let mut running = StreamMap::new();
        loop {
            let step = tokio::select! {
                () = core.stopping.cancelled() => Err(Some(Close::Restart)),
                message = self.receive() => match message {
                    Ok(Some(message)) => self.heard(message, &mut running).await,
                    Ok(None) => Ok(()),
                    Err(end) => Err(end),
                },
                Some((id, delivery)) = running.next(), if !running.is_empty() => {
                    self.deliver(&id, delivery, &mut access, &mut running).await
                }
                _ = recheck.tick() => self.confirm(&mut access, &mut running).await,
                _ = ping.tick() => self.ping(Duration::from_millis(settings.ping_ms)).await,
            };
            if let Err(end) = step {
                let why = why(end.as_ref());
                running.iter().for_each(|(_, running): &(String, Running)| running.ends(why));
                return end;
            }
        }
    }

    async fn heard(
        &mut self,
        message: FromClient,
        running: &mut StreamMap<String, Running>,
    ) -> Result<(), End> {
        match message {
            FromClient::ConnectionInit { .. } => Err(Some(Close::TooManyInits)),
            FromClient::Ping {} => self.send(&ToClient::Pong).await,
            FromClient::Pong {} => Ok(()),
            FromClient::Complete { id } => {
                running.remove(&id);
                Ok(())
            }
            FromClient::Subscribe { id, .. } if running.contains_key(&id) => Err(Some(Close::Duplicate(id))),
            FromClient::Subscribe { id, .. }
                if running.len() >= self.core.config.subscriptions.per_socket_max
                    && self.core.guard.refuses(Limit::PerSocket) =>
            {
                let max = self.core.config.subscriptions.per_socket_max;
                let message = format!("a socket carries at most {max} operations at a time");
                let errors = [GraphqlError::new("TOO_MANY_SUBSCRIPTIONS", message)];
                self.send(&ToClient::Error { id: &id, payload: &errors }).await
            }
            FromClient::Subscribe { id, payload } => {
                // A socket may outlive many schemas; what begins on it begins with the present one.
                self.core = self.core.latest();
                let record = self.core.observe(transport::WEBSOCKET, &self.client);
                let (core, mut client) = (self.core.clone(), self.client.clone());
                client.traceparent = record.traceparent().or(client.traceparent);
                let admission =
                    async move { pipeline::admit(&core, client, payload, Allowed::Everything).await };
                running.insert(id, Running::start(&self.core, record, admission));
                Ok(())
            }
        }
    }

    /// Sends a result, if the client may still have it.
    async fn deliver(
        &mut self,
        id: &str,
        delivery: Delivery,
        access: &mut Access,
        running: &mut StreamMap<String, Running>,
    ) -> Result<(), End> {
        access.confirm().await.map_err(|ended| Some(ended.into()))?;
        let one = running.iter().find(|(other, _)| other == id).map(|(_, running)| running);
        let is_shown = one.is_none_or(|running| access.shows(running.modules()));
        match delivery {
            Delivery::Next(_) if !is_shown => self.end_disabled(id, running).await,
            Delivery::Next(response) => {
                let frame = protocol::next(id, &response);
                if let (Some(running), Message::Text(text)) = (one, &frame) {
                    running.sent(text.len());
                }
                self.write(frame).await
            }
            Delivery::Failed(errors) => {
                running.remove(id);
                self.send(&ToClient::Error { id, payload: &errors }).await
            }
            Delivery::Complete => {
                running.remove(id);
                self.send(&ToClient::Complete { id }).await
            }
        }
    }

    /// Looks at the token and the modules while nothing happens.
    async fn confirm(
        &mut self,
        access: &mut Access,
        running: &mut StreamMap<String, Running>,
    ) -> Result<(), End> {
        access.confirm().await.map_err(|ended| Some(ended.into()))?;
        let hidden: Vec<String> = running
            .iter()
            .filter(|(_, running)| !access.shows(running.modules()))
            .map(|(id, _)| id.clone())
            .collect();
        for id in hidden {
            self.end_disabled(&id, running).await?;
        }
        Ok(())
    }

    async fn end_disabled(&mut self, id: &str, running: &mut StreamMap<String, Running>) -> Result<(), End> {
        if let Some(running) = running.remove(id) {
            running.ends(Reason::ModuleDisabled);
        }
        self.write(protocol::next(id, &module_disabled())).await?;
        self.send(&ToClient::Complete { id }).await
    }

    async fn ping(&mut self, period: Duration) -> Result<(), End> {
        if self.heard_at.elapsed() > period * 3 {
            return Err(Some(Close::GoingAway));
        }
        self.write(Message::Ping(Default::default())).await
    }

    /// The next message; `None` for frames that carry none.
    async fn receive(&mut self) -> Result<Option<FromClient>, End> {
        let received = self.socket.recv().await;
        self.heard_at = Instant::now();
        match received {
            Some(Ok(Message::Text(text))) => {
                if text.len() > self.core.config.limits.body_bytes_max {
                    // Not enforced, or the library had refused it.
                    self.core.guard.refuses(Limit::BodyBytes);
                }
                FromClient::parse(&text).map(Some).ok_or(Some(Close::Invalid))
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(None),
            Some(Ok(Message::Binary(_))) => Err(Some(Close::Invalid)),
            Some(Err(error)) => {
                let close = Close::of(error);
                if close == Some(Close::TooBig) {
                    self.core.guard.refuses(Limit::BodyBytes);
                }
                Err(close)
            }
            Some(Ok(Message::Close(_))) | None => Err(None),
        }
    }

    /// Says why, unless the client has closed, and reads until it has no more to say: only then is its own close frame
    /// answered, and closing on unread input may lose what was said last.
    async fn close(&mut self, close: End) {
        let is_unreadable = matches!(close, Some(Close::BrokenFrame | Close::NotUtf8 | Close::TooBig));
        if let Some(close) = close
            && self.write(close.frame()).await.is_err()
        {
            return;
        }
        if is_unreadable {
            // The library reads no further. Time is all that can be given to the frame to arrive.
            return tokio::time::sleep(UNREADABLE_WAIT).await;
        }
        let rest = async { while let Some(Ok(_)) = self.socket.recv().await {} };
        // A client that goes on talking is left.
        let _ = timeout(Duration::from_secs(1), rest).await;
    }

    async fn send(&mut self, message: &ToClient<'_>) -> Result<(), End> {
        self.write(message.frame()).await
    }

    async fn write(&mut self, frame: Message) -> Result<(), End> {
        match timeout(WRITE_TIMEOUT, self.socket.send(frame)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(None),
        }
    }
}

/// Why the operations of a socket end with it.
fn why(close: Option<&Close>) -> Reason {
    match close {
        Some(Close::Restart) => Reason::Restart,
        Some(Close::Unauthorized | Close::Forbidden | Close::TryAgainLater) => Reason::NoLongerAllowed,
        _ => Reason::Client,
    }
}

/// What `connection_init` says as `authorization`; the inner `None` when it is not even text.
fn authorization(payload: Option<&Map<String, Value>>) -> Option<Option<&str>> {
    let (_, value) = payload?.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"))?;
    (!value.is_null()).then(|| value.as_str())
}

fn every(period_ms: u64) -> tokio::time::Interval {
    let mut ticks = interval(Duration::from_millis(period_ms));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick is due at once, when there is nothing to look at yet.
    ticks.reset();
    ticks
}
