//! One fetch: ask, then merge what came.

use std::sync::Arc;

use async_graphql::Value;
use futures::future::join_all;
use tracing::Instrument;

use super::entities::{self, Batch, Chunk};
use super::{Object, Run, State, merge, place, rewrite};
use crate::error::{GraphqlError, PathSegment};
use crate::plan::{Fetch, FetchKind};
use crate::transport::{Answer, Call, TransportError};

impl Run<'_> {
    pub(super) async fn fetch(&self, fetch: &Fetch) {
        if fetch.entities.is_empty() {
            if fetch.is_conditional() && !self.wants_any(fetch) {
                return;
            }
            let answer = self.call(fetch, self.variables.pick(&fetch.variables)).await;
            self.merge_root(fetch, answer);
            return;
        }
        let schema = &self.operation.engine.schema;
        let mut batches = entities::collect(fetch, &self.state().data, schema);
        let chunks = entities::chunks(&batches);
        let mut calls = Vec::with_capacity(chunks.len());
        for chunk in &chunks {
            let mut variables = self.variables.pick(&fetch.variables);
            for (batch, range) in batches.iter_mut().zip(chunk) {
                let list = batch.representations[range.clone()].iter_mut();
                let list = list.map(|representation| std::mem::take(&mut representation.value)).collect();
                variables.insert(batch.variable.clone(), Value::List(list));
            }
            calls.push(self.call(fetch, variables));
        }
        let answers = join_all(calls).await;
        let mut failed = Vec::new();
        let mut state = self.state();
        for (chunk, answer) in chunks.iter().zip(answers) {
            let merged =
                answer.and_then(|answer| self.merge_entities(&mut state, fetch, &batches, chunk, answer));
            if let Err(error) = merged {
                log(fetch, &error);
                failed.extend(place::all(&batches, chunk).cloned());
            }
        }
        // However many calls it took, to the client it is one thing that failed.
        if let Some(first) = failed.first() {
            let path = self.first_output(fetch, first);
            self.record(&mut state, GraphqlError::unavailable().at(path), failed);
        }
    }

    /// Whether the client's variables leave any of a fetch's root fields in.
    fn wants_any(&self, fetch: &Fetch) -> bool {
        let Some(root) = self.operation.shape.values().next() else { return false };
        let wanted = root.fields.iter().filter(|field| field.is_wanted(self.variables));
        wanted.into_iter().any(|field| fetch.outputs.contains(&field.data_key))
    }

    async fn call(&self, fetch: &Fetch, variables: Object) -> Result<Answer, TransportError> {
        let Some(transport) = self.operation.engine.transports.get(&fetch.subgraph) else {
            return Err(TransportError::Connect("no such subgraph".to_owned()));
        };
        let span = tracing::info_span!("subgraph", name = fetch.subgraph);
        transport.call(call(fetch, variables, self.context)).instrument(span).await
    }

    /// Merges what root fields brought; also the event that a subscription's answer begins with.
    pub(super) fn merge_root(&self, fetch: &Fetch, answer: Result<Answer, TransportError>) {
        let mut state = self.state();
        let covers = || fetch.outputs.iter().map(|key| vec![PathSegment::Field(key.clone())]).collect();
        let answer = answer.and_then(|mut answer| {
            rewrite::apply(&fetch.output_rewrites, &mut answer.data, &self.operation.engine.schema);
            match answer.data {
                Value::Object(data) => Ok((Some(data), answer.errors)),
                Value::Null if !answer.errors.is_empty() || fetch.is_conditional() => {
                    Ok((None, answer.errors))
                }
                _ => Err(TransportError::Rubbish("data is not an object".to_owned())),
            }
        });
        let (data, errors) = match answer {
            Ok(answer) => answer,
            Err(error) => {
                log(fetch, &error);
                let path = self.first_output(fetch, &Vec::new());
                self.record(&mut state, GraphqlError::unavailable().at(path), covers());
                return;
            }
        };
        let nothing = data.is_none();
        if let Some(data) = data {
            merge::objects(&mut state.data, data);
        }
        for mut error in errors {
            rewrite::rename(&fetch.output_rewrites, &mut error.path);
            let about_all = error.path.is_empty();
            if about_all {
                error.path = self.first_output(fetch, &Vec::new());
            }
            let covers = if about_all || nothing { covers() } else { Vec::new() };
            self.record(&mut state, error, covers);
        }
    }

    /// Merges the entities of one call. Moves them where it can: only an entity that is wanted at several places
    /// is copied.
    fn merge_entities(
        &self,
        state: &mut State,
        fetch: &Fetch,
        batches: &[Batch<'_>],
        chunk: &Chunk,
        answer: Answer,
    ) -> Result<(), TransportError> {
        let mut errors = answer.errors;
        let mut data = match answer.data {
            Value::Object(data) => data,
            Value::Null if !errors.is_empty() => Object::new(),
            _ => return Err(TransportError::Rubbish("data is not an object".to_owned())),
        };
        place::infer_positions(&mut errors, &data);
        for (batch, range) in batches.iter().zip(chunk) {
            for field in &batch.fields {
                let list = match data.swap_remove(&field.key) {
                    Some(Value::List(list)) => list,
                    _ if range.is_empty() => continue,
                    // The errors say why.
                    None | Some(Value::Null) if !errors.is_empty() => continue,
                    _ => return Err(TransportError::Rubbish("entities are not a list".to_owned())),
                };
                for (mut entity, representation) in
                    list.into_iter().zip(&batch.representations[range.clone()])
                {
                    rewrite::apply(&field.output_rewrites, &mut entity, &self.operation.engine.schema);
                    let Value::Object(entity) = entity else { continue };
                    let Some((last, others)) = representation.places.split_last() else { continue };
                    for place in others {
                        merge::at(&mut state.data, place, entity.clone());
                    }
                    merge::at(&mut state.data, last, entity);
                }
            }
        }
        for error in errors {
            self.map_error(state, fetch, batches, chunk, error);
        }
        Ok(())
    }
}

fn log(fetch: &Fetch, error: &TransportError) {
    tracing::warn!(subgraph = fetch.subgraph, %error, "a subgraph did not answer");
}

/// The call that a fetch makes.
pub(super) fn call<'a>(
    fetch: &'a Fetch,
    variables: Object,
    context: &'a Arc<common::RequestContext>,
) -> Call<'a> {
    Call {
        text: &fetch.text,
        fetch: Some(fetch),
        variables,
        is_mutation: fetch.kind == FetchKind::Mutation,
        context,
    }
}
