//! Opens a subscription at a subgraph in another process as server-sent events: `graphql-sse`'s distinct connections
//! mode (<https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md>).

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures::stream::BoxStream;
use futures::{StreamExt, stream};
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::client::{causes, read_body};
use super::http::Endpoint;
use super::{Answer, Call, TransportError};

type Event = Result<Answer, TransportError>;

/// Dropping the stream closes the connection, which ends the subscription.
pub(super) fn stream(endpoint: &Arc<Endpoint>, call: Call<'_>) -> BoxStream<'static, Event> {
    let open = endpoint.clone().open_event_stream(Bytes::from(call.body()), endpoint.headers(call.context));
    stream::once(open)
        .flat_map(|opened| match opened {
            Ok(body) => events(body).boxed(),
            Err(error) => stream::iter([Err(error)]).boxed(),
        })
        .boxed()
}

/// The events of a body, until it completes. A body that ends before is broken.
fn events(body: Body) -> impl futures::Stream<Item = Event> + Send {
    stream::unfold(Some(body), |body| async {
        let mut body = body?;
        match body.next().await {
            Ok(Some(answer)) => Some((Ok(Answer::Json(answer)), Some(body))),
            Ok(None) => None,
            Err(error) => Some((Err(error), None)),
        }
    })
}

/// An answer that streams.
pub(super) struct Body {
    body: Incoming,
    parser: Parser,
    bytes_max: usize,
}

impl Body {
    /// Reads the head of an answer, which is a stream of events or says why it is none.
    pub async fn try_new(
        response: http::Response<Incoming>,
        bytes_max: usize,
    ) -> Result<Self, TransportError> {
        let content_type = response.headers().get(http::header::CONTENT_TYPE);
        let is_stream = content_type
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.to_ascii_lowercase().starts_with("text/event-stream"));
        let status = response.status();
        if is_stream && status.is_success() {
            return Ok(Self { body: response.into_body(), parser: Parser::default(), bytes_max });
        }
        read_body(response.into_body(), bytes_max).await?;
        Err(TransportError::Status(status.as_u16()))
    }

    /// The next result; `None` once the subgraph has said that there are no more.
    async fn next(&mut self) -> Result<Option<Bytes>, TransportError> {
        loop {
            match self.parser.next() {
                Some(Message::Next(data)) => return Ok(Some(data)),
                Some(Message::Complete) => return Ok(None),
                None => {}
            }
            if self.parser.waiting() > self.bytes_max {
                return Err(TransportError::TooLarge(self.bytes_max));
            }
            let Some(frame) = self.body.frame().await else {
                return Err(TransportError::Broken("ended before it was complete".to_owned()));
            };
            let frame = frame.map_err(|error| TransportError::Broken(causes(&error)))?;
            if let Ok(data) = frame.into_data() {
                self.parser.push(&data);
            }
        }
    }
}

/// What an event says. Others, and comments that keep a connection open, say nothing.
#[derive(Debug, PartialEq)]
enum Message {
    Next(Bytes),
    Complete,
}

/// Reads `text/event-stream` (<https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream>).
#[derive(Default)]
struct Parser {
    received: BytesMut,
    /// How much of it is known to hold no end of a line.
    searched: usize,
    event: String,
    data: Vec<u8>,
}

impl Parser {
    fn push(&mut self, bytes: &[u8]) {
        self.received.extend_from_slice(bytes);
    }

    /// How much has come of an event that is not whole yet.
    fn waiting(&self) -> usize {
        self.received.len() + self.data.len()
    }

    fn next(&mut self) -> Option<Message> {
        while let Some(line) = self.line() {
            if line.is_empty() {
                let (event, data) = (std::mem::take(&mut self.event), std::mem::take(&mut self.data));
                match event.as_str() {
                    "next" => return Some(Message::Next(data.into())),
                    "complete" => return Some(Message::Complete),
                    _ => continue,
                }
            }
            let (field, value) = match line.iter().position(|byte| *byte == b':') {
                Some(colon) => (&line[..colon], &line[colon + 1..]),
                None => (&line[..], &[][..]),
            };
            let value = value.strip_prefix(b" ").unwrap_or(value);
            match field {
                b"event" => self.event = String::from_utf8_lossy(value).into_owned(),
                b"data" => {
                    if !self.data.is_empty() {
                        self.data.push(b'\n');
                    }
                    self.data.extend_from_slice(value);
                }
                _ => {}
            }
        }
        None
    }

    /// The next whole line, without its end: `\n`, `\r\n` or `\r`.
    fn line(&mut self) -> Option<Bytes> {
        let is_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
        let Some(end) = self.received[self.searched..].iter().position(is_end) else {
            self.searched = self.received.len();
            return None;
        };
        let end = self.searched + end;
        self.searched = end;
        let length = match (self.received[end], self.received.get(end + 1)) {
            // Whether a line feed follows will be seen when more has come.
            (b'\r', None) => return None,
            (b'\r', Some(b'\n')) => 2,
            _ => 1,
        };
        let mut line = self.received.split_to(end + length);
        self.searched = 0;
        line.truncate(end);
        Some(line.freeze())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a stream says, however it is cut to pieces.
    fn read(text: &str) -> Vec<Message> {
        let whole: Vec<Message> = {
            let mut parser = Parser::default();
            parser.push(text.as_bytes());
            std::iter::from_fn(|| parser.next()).collect()
        };
        let mut parser = Parser::default();
        let mut pieces = Vec::new();
        for byte in text.bytes() {
            parser.push(&[byte]);
            pieces.extend(std::iter::from_fn(|| parser.next()));
        }
        assert_eq!(whole, pieces);
        whole
    }

    fn next(data: &'static str) -> Message {
        Message::Next(Bytes::from_static(data.as_bytes()))
    }

    #[test]
    fn events_are_read_whatever_their_lines_end_with() {
        for end in ["\n", "\r\n", "\r"] {
            let text =
                "event: next\ndata: {\"data\":1}\n\nevent:complete\ndata\n\n: later\n".replace('\n', end);
            assert_eq!(read(&text), [next("{\"data\":1}"), Message::Complete], "{end:?}");
        }
    }

    #[test]
    fn comments_and_unknown_events_say_nothing() {
        assert_eq!(read(":\n\n: ping\n\nevent: other\ndata: x\n\ndata: y\n\nid: 7\nretry: 1\n\n"), []);
    }

    #[test]
    fn data_of_several_lines_is_joined() {
        assert_eq!(read("event: next\ndata: {\ndata: }\n\n"), [next("{\n}")]);
    }

    #[test]
    fn what_is_not_whole_is_waited_for() {
        assert_eq!(read("event: next\ndata: {}\n"), []);
        assert_eq!(read("event: next\ndata: {}"), []);
    }
}
