//! Runs a plan: asks the subgraphs, merges what they say, and shapes it as the client asked.

mod entities;
mod explained;
mod fetch;
mod introspect;
mod merge;
mod operation;
mod place;
mod project;
mod response;
mod rewrite;
mod shape;
mod variables;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use apollo_compiler::Name as TypeName;
use apollo_compiler::collections::HashMap as TypeMap;
use apollo_compiler::schema::{Implementers, Schema};
use apollo_compiler::validation::Valid;
use async_graphql::Value;
use async_graphql::indexmap::IndexMap;
use common::RequestContext;
use futures::FutureExt;
use futures::future::{BoxFuture, join_all};

pub use operation::{Operation, OperationKind};
pub use response::Response;
pub(crate) use shape::shape;

use crate::error::{GraphqlError, Path};
use crate::plan::{Aliases, Plan};
use crate::transport::Transport;
use project::Projector;
use variables::Variables;

/// A response object: keys in order.
pub(crate) type Object = IndexMap<async_graphql::Name, Value>;

/// What all operations of one supergraph share.
pub(crate) struct Engine {
    /// What clients see.
    pub schema: Valid<Schema>,
    /// Interfaces and who implements them.
    pub implementers: TypeMap<TypeName, Implementers>,
    /// Which keys the gathered data has.
    pub aliases: Aliases,
    /// The ways to the subgraphs.
    pub transports: HashMap<String, Transport>,
}

/// One run of an operation.
struct Run<'a> {
    operation: &'a Operation,
    context: &'a Arc<RequestContext>,
    variables: &'a Variables,
    /// Locked only between two awaits, never across one.
    state: Mutex<State>,
}

/// What is known so far.
#[derive(Default)]
struct State {
    data: Object,
    errors: Vec<Recorded>,
}

/// An error, and what it explains.
struct Recorded {
    error: GraphqlError,
    /// Places, besides the error's own path, below which nothing needs another error.
    covers: Vec<Path>,
}

impl<'a> Run<'a> {
    fn new(
        operation: &'a Operation,
        context: &'a Arc<RequestContext>,
        variables: &'a Variables,
        state: State,
    ) -> Self {
        Self { operation, context, variables, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic while it was held can have left out a merge, nothing worse.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records an error at the client's path. `covers` are places below which it explains everything.
    fn record(&self, state: &mut State, error: GraphqlError, covers: Vec<Path>) {
        let shape = &self.operation.shape;
        let path = shape::client_path(shape, &error.path);
        let covers = covers.iter().map(|place| shape::client_path(shape, place)).collect();
        state.errors.push(Recorded { error: error.at(path), covers });
    }

    fn plan<'b>(&'b self, plan: &'b Plan) -> BoxFuture<'b, ()> {
        async move {
            match plan {
                Plan::Nothing => {}
                Plan::Fetch(fetch) => self.fetch(fetch).await,
                Plan::Sequence(plans) => {
                    for plan in plans {
                        self.plan(plan).await;
                    }
                }
                Plan::Parallel(plans) => {
                    join_all(plans.iter().map(|plan| self.plan(plan))).await;
                }
                Plan::Condition { variable, then, otherwise } => {
                    let branch = if self.variables.is_true(variable) { then } else { otherwise };
                    if let Some(plan) = branch {
                        self.plan(plan).await;
                    }
                }
            }
        }
        .boxed()
    }

    /// Shapes what was gathered.
    fn finish(self) -> Response {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut projector = Projector::new(self.variables, state.errors);
        let data = projector.root(&self.operation.shape, state.data);
        Response::new(data, projector.into_errors())
    }
}
