//! A prepared operation: validated, planned and shaped once, run many times.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use apollo_compiler::Node;
use apollo_compiler::executable::{ExecutableDocument, Operation as Definition};
use apollo_compiler::validation::Valid;
use common::RequestContext;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt};

use super::response_shape::Shape;
use super::subscription_events::{self, Asked};
use super::variables::Variables;
use super::{Engine, Layout, Response, Run, SizeHints, State, fetch, introspect};
use crate::access::Judged;
use crate::compose::CostVariables;
use crate::error::GraphqlError;
use crate::optional_variables::Given;
use crate::plan::{Fetch, Planned};
use crate::skip_and_include::Decided;

/// What kind of operation a client sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OperationKind {
    /// Reads.
    Query,
    /// Changes, then reads.
    Mutation,
    /// Answers once per event.
    Subscription,
}

/// An operation that is ready to run.
pub struct Operation {
    pub(crate) engine: Arc<Engine>,
    pub(crate) document: Valid<ExecutableDocument>,
    pub(crate) definition: Node<Definition>,
    /// What its conditions came to.
    pub(crate) decided: Decided,
    /// Which of the variables that need not be given are.
    pub(crate) given: Given,
    /// Which of its demands were met.
    pub(crate) judged: Judged,
    /// The answer is null whatever the subgraphs say.
    pub(crate) is_lost: bool,
    pub(crate) is_refused_something: bool,
    /// The variables that its cost depends on.
    pub(crate) cost_variables: CostVariables,
    pub(crate) kind: OperationKind,
    pub(crate) introspects: bool,
    /// How long it took to plan.
    pub(crate) planning: std::time::Duration,
    pub(crate) planned: Planned,
    pub(crate) layout: Layout,
    pub(crate) shape: Arc<Shape>,
    pub(crate) size_hints: SizeHints,
    /// How often it was asked for again: what is worth planning for the next schema before that is used.
    pub(crate) hits: AtomicU64,
}

impl Operation {
    /// What kind of operation it is.
    #[must_use]
    pub fn kind(&self) -> OperationKind {
        self.kind
    }

    /// Its name, if the document gives it one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.definition.name.as_ref().map(|name| name.as_str())
    }

    /// Whether it asks for `__schema` or `__type`.
    #[must_use]
    pub fn introspects(&self) -> bool {
        self.introspects
    }

    /// The subgraphs that its plan touches, each once.
    pub fn subgraphs(&self) -> impl Iterator<Item = &str> {
        let mut names = BTreeSet::new();
        self.planned.visit(&mut |fetch: &Fetch| {
            names.insert(fetch.subgraph.as_str());
        });
        names.into_iter()
    }

    /// The validated document, without what is left out, for limits and telemetry.
    #[must_use]
    pub fn document(&self) -> &Valid<ExecutableDocument> {
        &self.document
    }

    /// The plan, printed.
    #[must_use]
    pub fn plan(&self) -> String {
        self.planned.to_string()
    }

    /// The plan as JSON.
    #[must_use]
    pub fn plan_json(&self) -> serde_json::Value {
        self.planned.to_json()
    }

    /// Runs a query or a mutation.
    pub async fn execute(
        self: &Arc<Self>,
        context: Arc<RequestContext>,
        variables: serde_json::Map<String, serde_json::Value>,
    ) -> Response {
        if self.kind == OperationKind::Subscription {
            let message = "a subscription must be sent over a connection that streams";
            return GraphqlError::new(crate::error::code::BAD_USER_INPUT, message).into();
        }
        let variables = match Variables::coerce(&self.engine, self, variables, &context.request_id) {
            Ok(variables) => variables,
            Err(errors) => return Response::refused(errors),
        };
        let mut state = State::new(self);
        introspect::answer(&self.engine, self, &variables, &context.request_id, &mut state);
        let run = Run::new(self, &context, &variables, state);
        // Where nothing can be left of the answer, nobody is asked: above all, nothing is changed.
        if !self.is_lost {
            run.plan(&self.planned.rest).await;
        }
        run.finish()
    }

    /// Whether a field is refused to the caller.
    #[must_use]
    pub fn is_refused_something(&self) -> bool {
        self.is_refused_something
    }

    /// Runs an operation as a stream: a subscription answers once per event, anything else once. Dropping the
    /// stream ends the subscription at its subgraph.
    pub fn subscribe(
        self: &Arc<Self>,
        context: Arc<RequestContext>,
        variables: serde_json::Map<String, serde_json::Value>,
    ) -> BoxStream<'static, Response> {
        let operation = self.clone();
        let Some(primary) = &self.planned.primary else {
            return async move { operation.execute(context, variables).await }.into_stream().boxed();
        };
        let variables = match Variables::coerce(&self.engine, self, variables, &context.request_id) {
            Ok(variables) => Arc::new(variables),
            Err(errors) => return stream::iter([Response::refused(errors)]).boxed(),
        };
        let Some(transport) = self.engine.transports.get(&primary.subgraph) else {
            return stream::iter([GraphqlError::unavailable().into()]).boxed();
        };
        let call = fetch::call(primary, fetch::variables(primary, &variables), &context);
        subscription_events::results(transport.stream(call), Asked { operation, context, variables })
    }
}
