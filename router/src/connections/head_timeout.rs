//! The head of a request must come at once when it has begun to come; between requests a client may idle.
//!
//! The HTTP library has one clock for both. This one runs from the first byte of a request until its head is whole,
//! so that nobody holds a connection by sending a header a minute, and before that for as long as a client may idle:
//! the library does not look at the time until it knows which HTTP is spoken. HTTP/2 and WebSockets, which have their own ways
//! to notice a silent client, are left alone from their first request on. A connection on which nothing can be written
//! for as long as a client may idle is ended, whatever it carries.

use std::future::Future;
use std::io::{Error, ErrorKind, Result};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use http::{Request, Response, StatusCode, Version};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use super::unread_answers::Held;

/// What a connection's stream and its requests tell each other.
#[derive(Default)]
pub(super) struct Heads {
    begun: AtomicU64,
    done: AtomicU64,
    /// The stream carries something other than HTTP/1.1's requests.
    is_free: AtomicBool,
}

/// A request in progress: its head has come. Dropped with the last byte of its answer.
pub(super) struct Busy(Arc<Heads>);

impl Heads {
    /// A request's head has come.
    pub fn begin<B>(self: &Arc<Self>, request: &Request<B>) -> Busy {
        if request.version() == Version::HTTP_2 {
            self.is_free.store(true, Ordering::Relaxed);
        }
        self.begun.fetch_add(1, Ordering::Relaxed);
        Busy(self.clone())
    }

    fn is_busy(&self) -> bool {
        self.is_free.load(Ordering::Relaxed)
            || self.begun.load(Ordering::Relaxed) != self.done.load(Ordering::Relaxed)
    }
}

impl Busy {
    /// The answer, which keeps the request in progress until it is sent.
    pub fn with(self, response: Response<Body>) -> Response<Held> {
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            self.0.is_free.store(true, Ordering::Relaxed);
        }
        response.map(|body| Held::new(body, self))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.done.fetch_add(1, Ordering::Relaxed);
    }
}

/// A stream that fails when a request's head takes too long, or when nobody reads what is written.
pub(super) struct Timed<S> {
    stream: S,
    heads: Arc<Heads>,
    patience: Duration,
    has_begun: bool,
    /// When the head that is coming must be whole, or must have begun to come, and which request it belongs to.
    deadline: Option<(u64, Pin<Box<Sleep>>)>,
    idle_patience: Duration,
    /// When what is to be written must have been taken on; `None` while it is.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<S> Timed<S> {
    pub fn new(stream: S, heads: Arc<Heads>, patience: Duration, idle_patience: Duration) -> Self {
        let deadline = Some((0, Box::pin(tokio::time::sleep(idle_patience))));
        Self { stream, heads, patience, has_begun: false, deadline, idle_patience, stalled: None }
    }

    /// Passes on what became of a write, unless none has got on for too long.
    fn written(&mut self, context: &mut Context<'_>, write: Poll<Result<usize>>) -> Poll<Result<usize>> {
        if write.is_ready() {
            self.stalled = None;
            return write;
        }
        let patience = self.idle_patience;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        match stalled.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(Error::new(ErrorKind::TimedOut, "an answer is not read"))),
            Poll::Pending => Poll::Pending,
        }
    }

    /// Starts the clock when what came is the beginning of a request.
    fn bytes_came(&mut self) {
        let begun = self.heads.begun.load(Ordering::Relaxed);
        let runs = self.has_begun && self.deadline.as_ref().is_some_and(|(of, _)| *of == begun);
        self.has_begun = true;
        if !runs && !self.heads.is_busy() {
            self.deadline = Some((begun, Box::pin(tokio::time::sleep(self.patience))));
        }
    }

    fn poll_deadline(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let begun = self.heads.begun.load(Ordering::Relaxed);
        match &mut self.deadline {
            Some((of, deadline)) if *of == begun && !self.heads.is_busy() => deadline.as_mut().poll(context),
            _ => {
                self.deadline = None;
                Poll::Pending
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Timed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        match read {
            Poll::Pending if self.poll_deadline(context).is_ready() => Poll::Ready(Err(Error::new(
                ErrorKind::TimedOut,
                "the head of a request did not come in time",
            ))),
            Poll::Ready(Ok(())) if buffer.filled().len() > before => {
                self.bytes_came();
                read
            }
            _ => read,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Timed<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let write = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(context, write)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[std::io::IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let write = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.written(context, write)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
