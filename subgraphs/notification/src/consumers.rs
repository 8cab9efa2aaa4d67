//! Events that we react to: what the catalogue tells of, and what happens to members.

use common::{Envelope, Result};
use database::Tx;
use futures::future::BoxFuture;
use kafka::Consumer;

use crate::member;
use crate::notification::{self, CATALOGUE};

pub(crate) const CONSUMER: Consumer = Consumer {
    name: "notification",
    module: "notification",
    types: &TYPES,
    handle: |tx, envelope| handle(tx, envelope),
};

const TYPES: [&str; CATALOGUE.len() + member::EVENTS.len()] = {
    let mut types = [""; CATALOGUE.len() + member::EVENTS.len()];
    let mut index = 0;
    while index < types.len() {
        types[index] = match index < CATALOGUE.len() {
            true => CATALOGUE[index].key,
            false => member::EVENTS[index - CATALOGUE.len()],
        };
        index += 1;
    }
    types
};

fn handle<'a>(tx: &'a mut Tx, envelope: &'a Envelope) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        match notification::type_of(&envelope.event_type) {
            Some(kind) => notification::tell(tx, kind, envelope).await,
            None => member::follow(tx, envelope).await,
        }
    })
}
