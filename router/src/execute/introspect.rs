//! `__schema` and `__type`, answered from the API schema: what a view does not have, it does not show.

use apollo_compiler::introspection::partial_execute;

use super::variables::Variables;
use super::{Engine, Operation, Recorded, State};
use crate::error::GraphqlError;

/// Puts the answers into the state that execution begins with.
pub(super) fn answer(
    engine: &Engine,
    operation: &Operation,
    variables: &Variables,
    request_id: &str,
    state: &mut State,
) {
    let Some(json) = &variables.json else { return };
    let answer = partial_execute(
        &engine.schema,
        &engine.implementers,
        &operation.document,
        &operation.definition,
        json,
    );
    let written = answer.map_err(|error| error.message().to_string()).and_then(|answer| {
        let members = answer.data.into_iter().flatten();
        let write = |(key, value): (_, _)| Ok((key, serde_json::to_vec(&value)?));
        members.map(write).collect::<Result<Vec<_>, serde_json::Error>>().map_err(|error| error.to_string())
    });
    match written {
        Ok(members) => {
            state.introspected.extend(members.into_iter().map(|(key, json)| (key.as_str().to_owned(), json)));
        }
        Err(error) => {
            tracing::error!(error, request_id, "introspection failed");
            state.errors.push(Recorded { error: GraphqlError::internal(), covers: Vec::new() });
        }
    }
}
