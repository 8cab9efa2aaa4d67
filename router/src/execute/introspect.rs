//! `__schema` and `__type`, answered from the API schema: what a view does not have, it does not show.

use apollo_compiler::introspection::partial_execute;
use async_graphql::Name;

use super::variables::{Variables, value_of};
use super::{Engine, Operation, Recorded, State};
use crate::error::GraphqlError;

/// The state that execution begins with.
pub(super) fn state(engine: &Engine, operation: &Operation, variables: &Variables) -> State {
    let mut state = State::default();
    let Some(json) = &variables.json else { return state };
    let answer = partial_execute(
        &engine.schema,
        &engine.implementers,
        &operation.document,
        &operation.definition,
        json,
    );
    match answer {
        Ok(answer) => {
            let data = answer.data.into_iter().flatten();
            state.data = data.map(|(key, value)| (Name::new(key.as_str()), value_of(&value))).collect();
        }
        Err(error) => {
            tracing::error!(error = %error.message(), "introspection failed");
            state.errors.push(Recorded { error: GraphqlError::internal(), covers: Vec::new() });
        }
    }
    state
}
