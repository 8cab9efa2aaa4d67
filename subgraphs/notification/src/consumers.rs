//! The events that we react to: those that the catalogue tells of.

use common::{Envelope, Result};
use database::Tx;
use futures::future::BoxFuture;
use kafka::Consumer;

use crate::notification::{self, CATALOGUE};

pub(crate) const CONSUMER: Consumer = Consumer {
    name: "notification",
    module: "notification",
    types: &TYPES,
    handle: |tx, envelope| handle(tx, envelope),
};

const TYPES: [&str; CATALOGUE.len()] = {
    let mut types = [""; CATALOGUE.len()];
    let mut index = 0;
    while index < types.len() {
        types[index] = CATALOGUE[index].key;
        index += 1;
    }
    types
};

fn handle<'a>(tx: &'a mut Tx, envelope: &'a Envelope) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        match notification::type_of(&envelope.event_type) {
            Some(kind) => notification::tell(tx, kind, envelope).await,
            None => Ok(()),
        }
    })
}
