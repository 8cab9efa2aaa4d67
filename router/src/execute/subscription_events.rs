//! Turns the events of a subscription at its subgraph into the results that its client gets.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::Value;
use bytes::Bytes;
use common::RequestContext;
use futures::StreamExt;
use futures::stream::{self, BoxStream, Peekable};
use serde_json::value::RawValue;

use super::variables::Variables;
use super::{Operation, Response, Run, State};
use crate::error::GraphqlError;
use crate::transport::{Answer, TransportError};

/// How long a first event that is null and has errors waits for the end of the stream, which would explain it.
const END_WAIT: Duration = Duration::from_millis(100);

type Event = Result<Answer, TransportError>;

/// What the results of a subscription need besides its events.
#[derive(Clone)]
pub(super) struct Asked {
    pub operation: Arc<Operation>,
    pub context: Arc<RequestContext>,
    pub variables: Arc<Variables>,
}

/// One result for each event. What is no event, for the subgraph refuses or ends the subscription, is a result without
/// data, and the last.
pub(super) fn results(events: BoxStream<'static, Event>, asked: Asked) -> BoxStream<'static, Response> {
    stream::unfold(Some((events.peekable(), true)), move |open| {
        let asked = asked.clone();
        async move {
            let (mut events, is_first) = open?;
            let event = events.next().await?;
            let (is_broken, said) = (event.is_err(), Said::of(&event));
            let response = asked.complete(event).await;
            let is_over = is_broken
                || !response.errors.is_empty()
                    && match said.data() {
                        Data::Absent => true,
                        Data::Null => is_first && ends(&mut events).await,
                        Data::Some => false,
                    };
            match is_over {
                true => Some((Response::refused(response.errors), None)),
                false => Some((response, Some((events, false)))),
            }
        }
    })
    .boxed()
}

/// Whether there are no more events.
async fn ends(events: &mut Peekable<BoxStream<'static, Event>>) -> bool {
    let next = Pin::new(events).peek();
    tokio::time::timeout(END_WAIT, next).await.is_ok_and(|next| next.is_none())
}

/// What was said, for a second look.
enum Said {
    Json(Bytes),
    Known(Data),
}

/// The data of an answer, as far as there is any. An answer without such a member says that nothing was executed
/// (<https://spec.graphql.org/October2021/#sec-Data>); some servers say `null` then, as of an event that failed.
#[derive(Clone, Copy)]
enum Data {
    Absent,
    Null,
    Some,
}

impl Said {
    fn of(event: &Event) -> Self {
        match event {
            Ok(Answer::Json(bytes)) => Self::Json(bytes.clone()),
            Ok(Answer::Response(response)) if response.data == Value::Null => Self::Known(Data::Null),
            Ok(Answer::Response(_)) | Err(_) => Self::Known(Data::Some),
        }
    }

    fn data(&self) -> Data {
        let bytes = match self {
            Self::Json(bytes) => bytes,
            Self::Known(data) => return *data,
        };
        let Ok(members) = serde_json::from_slice::<HashMap<String, &RawValue>>(bytes) else {
            return Data::Some;
        };
        match members.get("data").map(|data| data.get()) {
            None => Data::Absent,
            Some("null") => Data::Null,
            Some(_) => Data::Some,
        }
    }
}

impl Asked {
    /// Takes one event through the rest of the plan.
    async fn complete(self, event: Event) -> Response {
        let Some(primary) = &self.operation.planned.primary else {
            return GraphqlError::internal().into();
        };
        let state = State::new(&self.operation);
        let run = Run::new(&self.operation, &self.context, &self.variables, state);
        match event {
            Ok(answer) => run.merge_root(primary, Ok(answer)),
            Err(error) => {
                let request_id = &*self.context.request_id;
                tracing::warn!(subgraph = primary.subgraph, request_id, %error, "a subscription broke");
                return GraphqlError::from(&error).of(&primary.subgraph).into();
            }
        }
        run.plan(&self.operation.planned.rest).await;
        run.finish()
    }
}
