//! A GraphQL schema with its types erased, so that a list of subgraphs can be held and run alike.

use std::sync::Arc;

use async_graphql::{Request, Response};
use futures::future::BoxFuture;
use futures::stream::BoxStream;

type Execute = dyn Fn(Request) -> BoxFuture<'static, Response> + Send + Sync;
type Stream = dyn Fn(Request) -> BoxStream<'static, Response> + Send + Sync;

/// A schema ready to run: its federation SDL, and its two ways to answer.
///
/// Requests carry a [`common::RequestContext`] in their data. The subgraph's own guard (module enabled,
/// organization active) runs inside.
#[derive(Clone)]
pub struct Executable {
    /// The federation SDL, as `_service { sdl }` answers it.
    pub sdl: Arc<str>,
    execute: Arc<Execute>,
    stream: Arc<Stream>,
}

impl Executable {
    /// An executable from its SDL and its two functions.
    pub fn new(
        sdl: impl Into<Arc<str>>,
        execute: impl Fn(Request) -> BoxFuture<'static, Response> + Send + Sync + 'static,
        stream: impl Fn(Request) -> BoxStream<'static, Response> + Send + Sync + 'static,
    ) -> Self {
        Self { sdl: sdl.into(), execute: Arc::new(execute), stream: Arc::new(stream) }
    }

    /// Runs a query or a mutation.
    pub async fn execute(&self, request: Request) -> Response {
        (self.execute)(request).await
    }

    /// Runs any operation as a stream; a subscription answers once per event.
    #[must_use]
    pub fn stream(&self, request: Request) -> BoxStream<'static, Response> {
        (self.stream)(request)
    }
}
