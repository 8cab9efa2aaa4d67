//! What stands before every operation of a subgraph, however it was reached.

use std::any::TypeId;
use std::sync::Arc;

use async_graphql::{
    ObjectType, Request, Response, SDLExportOptions, Schema, SchemaBuilder, SubscriptionType, Variables,
};
use common::{Caller, Error, RequestContext, Result};
use database::{Access, Ctx, Permissions};
use files::Files;
use futures::stream::{self, StreamExt as _};
use graphql::{Executable, Loaders};
use tracing::{Instrument as _, Span};

use crate::Runtime;

/// A schema as every subgraph has it: federation on, suggestions off, limits set.
pub fn schema<Q, M, S>(query: Q, mutation: M, subscription: S) -> SchemaBuilder<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    let limits = graphql::Limits::default();
    Schema::build(query, mutation, subscription)
        .enable_federation()
        .enable_subscription_in_federation()
        .disable_suggestions()
        .limit_depth(limits.introspection_depth_max)
        .limit_recursive_depth(limits.nesting_max)
        .limit_directives(limits.directives_max)
}

/// The federation SDL that a schema prints for the router.
#[must_use]
pub fn sdl<Q, M, S>(schema: &Schema<Q, M, S>) -> String
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    schema.sdl_with_options(SDLExportOptions::new().federation().compose_directive())
}

/// The schema of `module`, which declares `permissions`, with its guard: a tenant that has the module off, or may not
/// work, gets no further.
pub fn guard<Q, M, S>(
    module: &'static str,
    permissions: Permissions,
    schema: Schema<Q, M, S>,
    runtime: &Runtime,
) -> Executable
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    let sdl = sdl(&schema);
    let (access, database) = (runtime.access.clone(), runtime.database.clone());
    let files = runtime.files.clone();
    let input_types = graphql::InputTypes::of(sdl.as_str());
    let guard = Arc::new(Guard { module, permissions, input_types, access, database, files });
    let (streamed, stream_guard) = (schema.clone(), guard.clone());
    Executable::new(
        sdl,
        move |request| {
            let (schema, guard) = (schema.clone(), guard.clone());
            let span = guard.span(&request);
            let answered = async move {
                let (operation, request) = match guard.admit(request).await {
                    Ok(admitted) => admitted,
                    Err(error) => return graphql::error::refuse(error),
                };
                let (query, variables) = (request.query.clone(), request.variables.clone());
                let mut response = operation.loaders.drive(schema.execute(request)).await;
                operation.ctx.end_reading().await;
                guard.finish(&mut response, &query, &variables);
                response
            };
            Box::pin(answered.instrument(span))
        },
        move |request| {
            let (schema, guard) = (streamed.clone(), stream_guard.clone());
            let span = guard.span(&request);
            let mut answers = stream::once(async move {
                match guard.admit(request).await {
                    Ok((operation, request)) => {
                        let asked = (request.query.clone(), request.variables.clone());
                        let responses =
                            operation.loaders.clone().drive_stream(schema.execute_stream(request));
                        guard.watch(operation, asked, responses).boxed()
                    }
                    Err(error) => stream::iter([graphql::error::refuse(error)]).boxed(),
                }
            })
            .flatten()
            .boxed();
            stream::poll_fn(move |context| span.in_scope(|| answers.poll_next_unpin(context))).boxed()
        },
    )
}

struct Guard {
    module: &'static str,
    permissions: Permissions,
    input_types: graphql::InputTypes,
    access: Access,
    database: database::Database,
    files: Files,
}

/// An operation that was let in: who asks, and what it looks up.
struct Operation {
    ctx: Ctx,
    loaders: Arc<Loaders>,
}

/// Who asks, and how; whoever runs a request has said so.
fn context(request: &Request) -> Option<&RequestContext> {
    request.data.get(&TypeId::of::<RequestContext>()).and_then(|context| context.downcast_ref())
}

impl Guard {
    /// What the log says of the request in every line that is written for it: ids alone.
    fn span(&self, request: &Request) -> Span {
        let Some(context) = context(request) else { return Span::none() };
        let member = context.caller.member();
        // `00-<trace id>-…`, as the router has checked it.
        let trace = context.traceparent.as_deref().and_then(|trace| trace.split('-').nth(1));
        tracing::error_span!(
            target: telemetry::REQUEST,
            "request",
            module = self.module,
            request_id = &*context.request_id,
            trace_id = trace,
            organization_id = member.map(|member| display(member.organization_id)),
            user_id = member.map(|member| display(member.identity_id)),
        )
    }

    async fn admit(&self, mut request: Request) -> Result<(Operation, Request)> {
        let context =
            context(&request).ok_or_else(|| Error::internal("a request came without its context"))?;
        let context = Arc::new(context.clone());
        self.check(&context.caller).await?;
        let ctx = Ctx::new(self.database.clone(), self.module, self.permissions, context);
        let loaders = Arc::new(Loaders::new(ctx.clone()));
        graphql::leave_out_what_is_not_given(&mut request);
        let request = request.data(ctx.clone()).data(loaders.clone()).data(self.files.clone());
        Ok((Operation { ctx, loaders }, request))
    }

    /// Says of what went wrong where, and with which code.
    fn finish(&self, response: &mut Response, query: &str, variables: &Variables) {
        graphql::name_places(response, query, variables, &self.input_types);
        graphql::error::finish(response);
    }

    async fn check(&self, caller: &Caller) -> Result<()> {
        let Some(member) = caller.member() else { return Ok(()) };
        let organization = self.access.organization(member.organization_id).await?;
        if !organization.is_active {
            return Err(Error::TenantSuspended);
        }
        if !organization.modules.contains(self.module) {
            return Err(Error::ModuleDisabled);
        }
        Ok(())
    }

    /// Checks again before every event, and ends the stream with the reason once the answer is no.
    fn watch(
        self: Arc<Self>,
        operation: Operation,
        (query, variables): (String, Variables),
        responses: impl stream::Stream<Item = Response> + Send + 'static,
    ) -> impl stream::Stream<Item = Response> + Send {
        let (operation, asked) = (Arc::new(operation), Arc::new((query, variables)));
        responses
            .then(move |mut response| {
                let (guard, operation, asked) = (self.clone(), operation.clone(), asked.clone());
                async move {
                    // Until the next event comes nothing is read, and then it is another moment.
                    operation.ctx.end_reading().await;
                    operation.loaders.forget();
                    match guard.check(&operation.ctx.request().caller).await {
                        Ok(()) => {
                            guard.finish(&mut response, &asked.0, &asked.1);
                            Ok(response)
                        }
                        Err(error) => Err(graphql::error::refuse(error)),
                    }
                }
            })
            .scan(false, |ended, item| {
                let next = match item {
                    _ if *ended => None,
                    Ok(response) => Some(response),
                    Err(refusal) => {
                        *ended = true;
                        Some(refusal)
                    }
                };
                std::future::ready(next)
            })
    }
}
