//! One fetch: ask, then merge what came.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::join_all;
use serde::Deserialize;
use tracing::Instrument;

use super::layout::Reading;
use super::read_in_process::adopt;
use super::read_json::{self, Data, Expected};
use super::representations::{self, Batch, Chunk};
use super::store::{Node, ObjectId};
use super::variables::{Variables, write_member};
use super::{Run, State, error_paths};
use crate::error::{GraphqlError, code};
use crate::plan::{Fetch, FetchKind, Types};
use crate::telemetry;
use crate::transport::{Answer, Call, RawError, Transport, TransportError};

/// What came, in the store.
struct Received {
    data: Option<Data>,
    errors: Vec<GraphqlError>,
}

impl Run<'_> {
    pub(super) async fn fetch(&self, fetch: &Fetch) {
        if fetch.entities.is_empty() {
            self.fetch_root(fetch).await;
            return;
        }
        let batches = {
            let mut state = self.state();
            let batches = representations::collect(fetch, &self.operation.layout, self.types(), &mut state);
            self.explain_unasked(&mut state, fetch, &batches);
            batches
        };
        let chunks = representations::chunks(&batches);
        let calls = chunks.iter().map(|chunk| {
            let mut variables = vec![b'{'];
            self.variables.write(&fetch.variables, &mut variables);
            for (batch, range) in batches.iter().zip(chunk) {
                let list = |out: &mut Vec<u8>| batch.representations.write(range.clone(), out);
                write_member(batch.variable, &mut variables, list);
            }
            variables.push(b'}');
            self.call(fetch, variables)
        });
        let answers = join_all(calls).await;
        let (mut failed, mut why) = (Vec::new(), None);
        let mut state = self.state();
        state.clean[fetch.id] = true;
        for (chunk, answer) in chunks.iter().zip(answers) {
            let merged =
                answer.and_then(|answer| self.merge_entities(&mut state, fetch, &batches, chunk, answer));
            if let Err(error) = merged {
                self.log(fetch, &error);
                state.clean[fetch.id] = false;
                failed.extend(self.places(&state, fetch, &batches, chunk).into_iter().map(|(path, _)| path));
                why.get_or_insert(error);
            }
        }
        // However many calls it took, to the client it is one thing that failed.
        if let (Some(first), Some(why)) = (failed.first(), why) {
            let path = self.first_output(fetch, first);
            self.record(&mut state, GraphqlError::from(&why).of(&fetch.subgraph).at(path), failed);
        }
    }

    async fn fetch_root(&self, fetch: &Fetch) {
        if !self.roots(&self.state(), fetch).is_empty() {
            let answer = self.call(fetch, variables(fetch, self.variables)).await;
            self.merge_root(fetch, answer);
        }
    }

    /// The objects where root fields are wanted: as a rule the root alone.
    fn roots(&self, state: &State, fetch: &Fetch) -> Vec<ObjectId> {
        let mut roots = Vec::new();
        let path = &self.operation.layout.fetch(fetch).path;
        representations::visit(&state.store, state.root, path, &mut |object| roots.push(object));
        roots
    }

    async fn call(&self, fetch: &Fetch, variables: Vec<u8>) -> Result<Answer, TransportError> {
        let Some(transport) = self.operation.engine.transports.get(&fetch.subgraph) else {
            return Err(TransportError::Connect("no such subgraph".to_owned()));
        };
        let asked = telemetry::SubgraphCall::begin(&fetch.subgraph, self.context);
        let answer = transport.call(call(fetch, variables, asked.context())).instrument(asked.span()).await;
        asked.ended(&answer);
        answer
    }

    /// Merges what root fields brought; also the event that a subscription's answer begins with.
    pub(super) fn merge_root(&self, fetch: &Fetch, answer: Result<Answer, TransportError>) {
        let mut state = self.state();
        let reading = &self.operation.layout.fetch(fetch).root;
        let received =
            answer.and_then(|answer| state.receive(self.types(), fetch, answer, Expected::Root(reading)));
        let received = received.and_then(|received| match received.data {
            Some(Data::Root(object)) => Ok((Some(object), received.errors)),
            None if !received.errors.is_empty() => Ok((None, received.errors)),
            _ => Err(TransportError::Rubbish("data is not an object".to_owned())),
        });
        let (data, mut errors) = match received {
            Ok(received) => received,
            Err(error) => {
                self.log(fetch, &error);
                return self.lose_root(&mut state, fetch, &GraphqlError::from(&error).of(&fetch.subgraph));
            }
        };
        state.clean[fetch.id] = errors.is_empty();
        if let Some(data) = data {
            for root in self.roots(&state, fetch) {
                state.store.merge(&self.operation.layout, self.types(), root, data);
            }
        }
        if !errors.is_empty() {
            self.reported(fetch, &mut errors);
        }
        // Where nothing came, the first error about the whole stands at all that is lost.
        let about_all = errors.iter().position(|error| error.path.is_empty());
        if let Some(whole) = about_all.filter(|_| data.is_none()) {
            self.lose_root(&mut state, fetch, &errors.remove(whole));
        }
        for error in errors {
            self.map_root_error(&mut state, fetch, error, data);
        }
    }

    /// Counts errors that a subgraph reported, and masks those that clients may not see.
    fn reported(&self, fetch: &Fetch, errors: &mut [GraphqlError]) {
        telemetry::subgraph_errors(&fetch.subgraph);
        if let Some(Transport::Http(endpoint)) = self.operation.engine.transports.get(&fetch.subgraph) {
            endpoint.errors_shown.mask(&fetch.subgraph, &self.context.request_id, errors);
        }
        let subgraph: Arc<str> = fetch.subgraph.as_str().into();
        errors.iter_mut().for_each(|error| error.subgraph = Some(subgraph.clone()));
    }

    fn log(&self, fetch: &Fetch, error: &TransportError) {
        let request_id = &*self.context.request_id;
        tracing::warn!(subgraph = fetch.subgraph, request_id, %error, "a subgraph did not answer");
    }

    fn merge_entities(
        &self,
        state: &mut State,
        fetch: &Fetch,
        batches: &[Batch<'_>],
        chunk: &Chunk,
        answer: Answer,
    ) -> Result<(), TransportError> {
        let layout = &self.operation.layout;
        let entities = &layout.fetch(fetch).entities;
        let fields: Vec<(&str, &Reading)> = fetch
            .entities
            .iter()
            .zip(entities)
            .map(|(field, layout)| (field.key.as_str(), &layout.reading))
            .collect();
        let received = state.receive(self.types(), fetch, answer, Expected::Entities(&fields))?;
        let mut errors = received.errors;
        let found = match received.data {
            Some(Data::Entities(found)) => found,
            None if !errors.is_empty() => vec![Node::Missing; fields.len()],
            _ => return Err(TransportError::Rubbish("data is not an object".to_owned())),
        };
        // One more or one less, and nobody knows which entity is whose (federation's subgraph specification,
        // "Entity type resolution").
        for (batch, range) in batches.iter().zip(chunk) {
            for &field in &batch.fields {
                if let Node::List(list) = found[field]
                    && state.store.elements(list).len() != range.len()
                {
                    let (told, asked) = (state.store.elements(list).len(), range.len());
                    let what = format!("{told} entities for {asked} representations");
                    return Err(TransportError::Rubbish(what));
                }
            }
        }
        error_paths::infer_positions(&mut errors, &state.store, &fields, &found);
        for (batch, range) in batches.iter().zip(chunk) {
            for &field in &batch.fields {
                match found[field] {
                    Node::List(list) => {
                        for &(target, position) in &batch.targets {
                            let Some(position) = position.checked_sub(range.start) else { continue };
                            let element = state.store.elements(list).get(position).copied();
                            match element.filter(|_| position < range.len()) {
                                Some(Node::Object(entity)) => {
                                    state.store.merge(layout, self.types(), target, entity);
                                }
                                Some(Node::Null)
                                    if errors.is_empty()
                                        && self.types().has_one_resolver(state.store.ty(target)) =>
                                {
                                    state.gone.insert(target);
                                }
                                _ => {}
                            }
                        }
                    }
                    _ if range.is_empty() => {}
                    // The errors say why.
                    Node::Missing | Node::Null if !errors.is_empty() => {}
                    _ => return Err(TransportError::Rubbish("entities are not a list".to_owned())),
                }
            }
        }
        state.clean[fetch.id] &= errors.is_empty();
        if !errors.is_empty() {
            self.reported(fetch, &mut errors);
            let places = self.places(state, fetch, batches, chunk);
            for error in errors {
                self.map_error(state, fetch, (batches, chunk), (&found, &places), error);
            }
        }
        Ok(())
    }
}

impl State {
    /// Reads an answer into the store.
    fn receive(
        &mut self,
        types: &Types,
        fetch: &Fetch,
        answer: Answer,
        expected: Expected<'_>,
    ) -> Result<Received, TransportError> {
        match answer {
            Answer::Json(bytes) => self.read(types, fetch, &bytes, expected),
            Answer::Response(response) => {
                let data = adopt(&mut self.store, types, &response.data, expected)
                    .map_err(|_| TransportError::TooLarge(u32::MAX as usize))?;
                let errors = response.errors.into_iter().map(GraphqlError::from).collect();
                Ok(Received { data, errors })
            }
        }
    }

    fn read(
        &mut self,
        types: &Types,
        fetch: &Fetch,
        bytes: &Bytes,
        expected: Expected<'_>,
    ) -> Result<Received, TransportError> {
        let rubbish = |error: &dyn std::fmt::Display| TransportError::Rubbish(error.to_string());
        let read =
            read_json::read(&mut self.store, types, bytes, expected).map_err(|error| rubbish(&error))?;
        let errors = match &read.errors {
            None => Vec::new(),
            Some(range) => {
                Vec::<RawError>::deserialize(&mut serde_json::Deserializer::from_slice(&bytes[range.clone()]))
                    .map_err(|error| rubbish(&error))?
            }
        };
        if !read.has_data && errors.is_empty() {
            return Err(TransportError::Rubbish("neither data nor errors".to_owned()));
        }
        let is_whole_refused = read.data.is_none();
        let error =
            |raw: RawError| match is_whole_refused && raw.refuses_document(!fetch.variables.is_empty()) {
                true => GraphqlError { code: code::SCHEMA_MISMATCH.into(), ..raw.into() },
                false => raw.into(),
            };
        Ok(Received { data: read.data, errors: errors.into_iter().map(error).collect() })
    }
}

/// The variables of a fetch of root fields; empty when it has none.
pub(super) fn variables(fetch: &Fetch, variables: &Variables) -> Vec<u8> {
    if fetch.variables.is_empty() {
        return Vec::new();
    }
    let mut out = vec![b'{'];
    variables.write(&fetch.variables, &mut out);
    out.push(b'}');
    out
}

/// The call that a fetch makes.
pub(super) fn call<'a>(
    fetch: &'a Fetch,
    variables: Vec<u8>,
    context: &'a Arc<common::RequestContext>,
) -> Call<'a> {
    Call { fetch, variables, is_mutation: fetch.kind == FetchKind::Mutation, context }
}
