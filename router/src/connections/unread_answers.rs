//! Answers on their way to clients, and clients of HTTP/2 that do not take theirs.
//!
//! Each stream of HTTP/2 has a window that only its client widens (RFC 9113, 5.2), and the HTTP library waits for that
//! for as long as the client answers pings. So that nobody makes the router keep answers for ever, they are handed over
//! piece by piece, and a stream of which no piece was written for as long as a client may idle is reset; the others of
//! its connection, which may be those of other people behind the same proxy, go on. Only what was handed over to its
//! end cannot be taken back: that is one piece at most, and ends the connection.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use bytes::{Buf, Bytes};
use futures::task::AtomicWaker;
use hyper::body::{Frame, SizeHint};
use tokio_util::sync::CancellationToken;

use super::head_timeout::Busy;

/// Bytes of an answer that are handed over at a time: as many as a frame takes by default (RFC 9113, 4.2).
const PIECE_BYTES: usize = 16 * 1024;

tokio::task_local! {
    /// Of the stream that is being served; there is none over HTTP/1.1.
    static TAKING: Arc<Taking>;
}

/// How much of its answer the client of a stream has taken.
#[derive(Default)]
struct Taking {
    handed_bytes: AtomicUsize,
    written_bytes: AtomicUsize,
    waiting: AtomicWaker,
}

impl Taking {
    fn written(&self, bytes: usize) {
        self.written_bytes.fetch_add(bytes, Ordering::Release);
        self.waiting.wake();
    }

    fn is_written(&self) -> bool {
        self.written_bytes.load(Ordering::Acquire) == self.handed_bytes.load(Ordering::Relaxed)
    }

    fn poll_written(&self, context: &Context<'_>) -> Poll<()> {
        self.waiting.register(context.waker());
        if self.is_written() { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Whether this much can be handed over to its end at once: more is worth a wait, so that it can be taken back.
    fn is_small(&self) -> bool {
        self.handed_bytes.load(Ordering::Relaxed) <= PIECE_BYTES
    }

    /// Until something has lain unwritten for so long, or for twice as long at the most.
    async fn stalls(&self, patience: Duration) {
        loop {
            let before = self.written_bytes.load(Ordering::Relaxed);
            let was_written = self.is_written();
            tokio::time::sleep(patience).await;
            if !was_written && self.written_bytes.load(Ordering::Relaxed) == before {
                return;
            }
        }
    }
}

/// Runs the streams of one connection of HTTP/2.
#[derive(Clone)]
pub(super) struct Streams {
    /// How long an answer may lie unread.
    pub patience: Duration,
    /// Ends the connection.
    pub ended: CancellationToken,
}

impl<F> hyper::rt::Executor<F> for Streams
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: F) {
        let Self { patience, ended } = self.clone();
        let taking = Arc::new(Taking::default());
        tokio::spawn(async move {
            tokio::select! {
                biased;
                () = TAKING.scope(taking.clone(), stream) => {}
                // Dropped before its end, the stream is reset.
                () = taking.stalls(patience) => {
                    return tracing::debug!("an answer is not read, and its stream was reset");
                }
            }
            tokio::select! {
                biased;
                () = poll_fn(|context| taking.poll_written(context)) => {}
                () = taking.stalls(patience) => {
                    tracing::debug!("the end of an answer is not read, and its connection was ended");
                    ended.cancel();
                }
            }
        });
    }
}

/// An answer's body.
pub(super) struct Held {
    body: Body,
    is_over: bool,
    /// What is still to be handed over of a part of the body.
    rest: Bytes,
    taking: Option<Arc<Taking>>,
    _busy: Busy,
}

impl Held {
    /// The body of an answer; `busy` is kept until all of it is handed over.
    pub fn new(body: Body, busy: Busy) -> Self {
        let taking = TAKING.try_with(Arc::clone).ok();
        Self { body, is_over: false, rest: Bytes::new(), taking, _busy: busy }
    }
}

impl hyper::body::Body for Held {
    type Data = Piece;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Piece>, axum::Error>>> {
        let held = &mut *self;
        if held.rest.is_empty() && !held.is_over {
            match ready!(Pin::new(&mut held.body).poll_frame(context)).transpose()? {
                None => held.is_over = true,
                Some(frame) => match (frame.into_data(), &held.taking) {
                    (Ok(bytes), Some(_)) if !bytes.is_empty() => held.rest = bytes,
                    (Ok(bytes), _) => return Poll::Ready(Some(Ok(Frame::data(Piece { bytes, of: None })))),
                    (Err(other), _) => {
                        let other = other.map_data(|bytes| Piece { bytes, of: None });
                        return Poll::Ready(Some(Ok(other)));
                    }
                },
            }
        }
        let Some(taking) = &held.taking else { return Poll::Ready(None) };
        if held.is_over {
            if !taking.is_small() {
                ready!(taking.poll_written(context));
            }
            return Poll::Ready(None);
        }
        let bytes = held.rest.split_to(held.rest.len().min(PIECE_BYTES));
        Poll::Ready(Some(Ok(Frame::data(Piece::of(bytes, taking)))))
    }

    fn is_end_stream(&self) -> bool {
        let is_over = self.is_over || self.body.is_end_stream();
        is_over && self.rest.is_empty() && self.taking.as_ref().is_none_or(|taking| taking.is_small())
    }

    fn size_hint(&self) -> SizeHint {
        let (of, rest) = (self.body.size_hint(), self.rest.len() as u64);
        let mut hint = SizeHint::new();
        if let Some(upper) = of.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint.set_lower(of.lower().saturating_add(rest));
        hint
    }
}

/// A part of an answer, which tells when it is written.
pub(super) struct Piece {
    bytes: Bytes,
    of: Option<(Arc<Taking>, usize)>,
}

impl Piece {
    fn of(bytes: Bytes, taking: &Arc<Taking>) -> Self {
        let length = bytes.len();
        taking.handed_bytes.fetch_add(length, Ordering::Relaxed);
        Self { bytes, of: Some((taking.clone(), length)) }
    }
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        if let Some((taking, length)) = self.of.take() {
            taking.written(length);
        }
    }
}
