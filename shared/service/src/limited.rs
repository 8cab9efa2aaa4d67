//! A schema as a server offers it: what comes from outside this process is measured before it is run.

use std::any::TypeId;
use std::sync::Arc;

use async_graphql::{Data, Executor, Request, Response};
use common::RequestContext;
use futures::stream::{self, BoxStream, StreamExt as _};
use graphql::{Executable, Hits, LimitExceeded, Limits};

/// An [`Executable`] behind limits.
#[derive(Clone)]
pub struct Limited {
    executable: Executable,
    limits: Limits,
}

impl Limited {
    /// Limits for what the router sends: it counted its client's document by the same rules already, and adds
    /// to it what joins entities.
    #[must_use]
    pub fn behind_router(executable: Executable) -> Self {
        let usual = Limits::default();
        let limits = Limits {
            depth_max: 2 * usual.depth_max,
            aliases_max: usual.selections_max,
            root_fields_max: 10 * usual.root_fields_max,
            directives_max: 10 * usual.directives_max,
            cost_max: 2 * usual.cost_max,
            variables_bytes_max: usual.body_bytes_max,
            ..usual
        };
        Self { executable, limits }
    }

    /// The largest body, in bytes.
    #[must_use]
    pub fn body_bytes_max(&self) -> usize {
        self.limits.body_bytes_max
    }

    fn measure(&self, request: &mut Request) -> Result<(), Box<Response>> {
        let exceeded =
            |exceeded: LimitExceeded| Box::new(graphql::error::refuse_with(exceeded.code, exceeded.message));
        // Nothing is only measured here: the hits stay empty.
        let hits = &mut Hits::default();
        self.limits.scan(&request.query, hits).map_err(exceeded)?;
        let document = request.parsed_query();
        let document = document
            .map_err(|error| Box::new(graphql::error::refuse_with("GRAPHQL_PARSE_FAILED", error.message)))?;
        self.limits.check(document, hits).map(drop).map_err(exceeded)
    }
}

impl Executor for Limited {
    async fn execute(&self, mut request: Request) -> Response {
        match self.measure(&mut request) {
            Ok(()) => self.executable.execute(request).await,
            Err(refused) => *refused,
        }
    }

    /// The session's [`RequestContext`] becomes the request's: the guard looks for it there.
    fn execute_stream(
        &self,
        mut request: Request,
        session: Option<Arc<Data>>,
    ) -> BoxStream<'static, Response> {
        if let Err(refused) = self.measure(&mut request) {
            return stream::iter([*refused]).boxed();
        }
        let context = session
            .as_ref()
            .and_then(|data| data.get(&TypeId::of::<RequestContext>()))
            .and_then(|context| context.downcast_ref::<RequestContext>());
        if let Some(context) = context {
            request = request.data(context.clone());
        }
        self.executable.stream(request)
    }
}
