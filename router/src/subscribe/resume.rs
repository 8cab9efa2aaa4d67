//! Where a stream of events goes on for a client that comes back to it.
//!
//! A client says which event it saw last by `Last-Event-ID`
//! (<https://html.spec.whatwg.org/multipage/server-sent-events.html#the-last-event-id-header>), if events have ids. A
//! subscription gives its events ids by its shape: its field takes `after`, the last event that was seen, from a
//! variable, and the `id` of what it answers is selected. Others go on with whatever comes next.

use apollo_compiler::ast::Value as Given;
use serde_json::Value;

use crate::pipeline::Admitted;
use crate::supergraph::{Operation, OperationKind, Response};

/// The argument that continues a subscription, and the field that it continues by.
const ARGUMENT: &str = "after";
const FIELD: &str = "id";
/// Longer ids are not given to clients, who would have to send them in a header.
const ID_BYTES_MAX: usize = 256;

/// How a subscription is resumed.
pub(super) struct Resume {
    /// The variable that `after` is.
    variable: String,
    /// Where an event's id stands: below the field's key, then its own.
    keys: [String; 2],
}

impl Resume {
    /// `None` when the subscription is not shaped for it.
    pub fn of(operation: &Operation) -> Option<Self> {
        if operation.kind() != OperationKind::Subscription {
            return None;
        }
        let document = operation.document();
        let field = operation.definition.root_fields(document).next()?;
        let after = field.arguments.iter().find(|argument| argument.name == ARGUMENT)?;
        let Given::Variable(variable) = &*after.value else { return None };
        let mut selected = field.selection_set.root_fields(document);
        let id = selected.find(|field| field.name == FIELD)?;
        let keys = [field.response_key().to_string(), id.response_key().to_string()];
        Some(Self { variable: variable.to_string(), keys })
    }

    /// Lets a subscription that has not begun go on after an event.
    pub fn after(&self, id: &str, admitted: &mut Admitted) {
        admitted.variables.insert(self.variable.clone(), id.into());
    }

    /// The id of an event, if it has one that can stand in a header.
    pub fn id_of(&self, event: &Response) -> Option<String> {
        let data: Value = serde_json::from_slice(event.data()?).ok()?;
        let [field, id] = &self.keys;
        let id = match &data[field][id] {
            Value::String(id) => id.clone(),
            Value::Number(id) => id.to_string(),
            _ => return None,
        };
        let is_plain = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_graphic());
        (is_plain && id.len() <= ID_BYTES_MAX).then_some(id)
    }
}
