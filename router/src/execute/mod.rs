//! Runs a plan: asks the subgraphs, merges what they say, and shapes it as the client asked.

mod error_paths;
mod explained_nulls;
mod fetch;
mod introspect;
mod layout;
mod operation;
mod read_in_process;
mod read_json;
mod representations;
mod response;
mod response_shape;
mod size_hints;
mod store;
mod subscription_events;
mod variables;
mod write_response;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use apollo_compiler::Name as TypeName;
use apollo_compiler::collections::HashMap as TypeMap;
use apollo_compiler::schema::{Implementers, Schema};
use apollo_compiler::validation::Valid;
use common::RequestContext;
use futures::FutureExt;
use futures::future::{BoxFuture, join_all};

pub(crate) use layout::Layout;
pub use operation::{Operation, OperationKind};
pub use response::Response;
pub(crate) use response_shape::shape;

use crate::access::Rules;
use crate::error::{GraphqlError, Path};
use crate::input_objects::OneOf;
use crate::plan::{Aliases, Plan, Planner, Types};
use crate::transport::Transport;
pub(crate) use size_hints::SizeHints;
use store::{ObjectId, Store};
use variables::Variables;
use write_response::Writer;

/// What all operations of one supergraph share.
pub(crate) struct Engine {
    /// What clients see.
    pub schema: Valid<Schema>,
    /// Interfaces and who implements them.
    pub implementers: TypeMap<TypeName, Implementers>,
    /// Who may see what.
    pub access: Rules,
    /// Which input objects take exactly one field.
    pub one_of: OneOf,
    /// Makes plans, and knows the types of the supergraph.
    pub planner: Planner,
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
struct State {
    store: Store,
    /// The object of the answer's root.
    root: ObjectId,
    /// Which fetches have answered without an error.
    clean: Vec<bool>,
    /// What the router answers itself: JSON by response key.
    introspected: HashMap<String, Vec<u8>>,
    errors: Vec<Recorded>,
    /// Entities of which the one subgraph that would have them said that they are not there.
    gone: HashSet<ObjectId>,
}

impl State {
    fn new(operation: &Operation) -> Self {
        let layout = &operation.layout;
        let (store, root) = Store::new(layout, operation.size_hints.extent());
        Self {
            store,
            root,
            clean: vec![false; layout.fetch_count()],
            introspected: HashMap::new(),
            errors: Vec::new(),
            gone: HashSet::new(),
        }
    }
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

    fn types(&self) -> &Types {
        self.operation.engine.planner.types()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic while it was held can have left out a merge, nothing worse.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records an error at the client's path. `covers` are places below which it explains everything.
    fn record(&self, state: &mut State, error: GraphqlError, covers: Vec<Path>) {
        let shape = &self.operation.shape;
        let path = response_shape::client_path(shape, &error.path);
        let covers = covers.iter().map(|place| response_shape::client_path(shape, place)).collect();
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
            }
        }
        .boxed()
    }

    /// Shapes what was gathered.
    fn finish(self) -> Response {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let hints = &self.operation.size_hints;
        let writer = Writer::new(&state, hints.body());
        let (body, found) = writer.root(&self.operation.shape);
        hints.note(body.len(), state.store.extent());
        let recorded = state.errors.into_iter().map(|recorded| recorded.error);
        Response::executed(body, recorded.chain(found).collect())
    }
}
