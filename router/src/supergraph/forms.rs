//! What is kept of operations, and in which forms each of them is prepared.

use std::sync::Arc;

use apollo_compiler::executable::ExecutableDocument;
use apollo_compiler::validation::Valid;
use serde_json::{Map, Value};

use crate::access::{Demand, Demands, Judged};
use crate::execute::Operation;
use crate::optional_variables::{Given, Optional};
use crate::skip_and_include::{Decided, Switches};

/// What is known of a document and an operation's name.
#[derive(Clone)]
pub(super) enum Known {
    /// The operation, whatever the variables are, and whoever asks.
    Operation(Arc<Operation>),
    /// The variables decide what it leaves out or takes for unwritten, or the caller's rights what is refused.
    Varied(Arc<Varied>),
}

impl Known {
    pub fn operation(self) -> Option<Arc<Operation>> {
        match self {
            Self::Operation(operation) => Some(operation),
            Self::Varied(_) => None,
        }
    }
}

/// What is worth preparing elsewhere, too.
pub(crate) struct Hot {
    pub document: String,
    pub name: Option<String>,
    /// Those that decide what it leaves out and what it takes for unwritten.
    pub variables: Map<String, Value>,
    /// What whoever asked for it might see.
    pub judged: Judged,
}

/// An operation that is another one for other variables, or for callers with other rights.
pub(super) struct Varied {
    pub document: Valid<ExecutableDocument>,
    pub switches: Switches,
    pub optional: Optional,
    pub demands: Demands,
}

/// What decides which form of an operation runs.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub variables: &'a Map<String, Value>,
    /// Whether whoever asks may see what demands this.
    pub is_met: &'a dyn Fn(&Demand) -> bool,
    /// Names the request in the log; empty without one.
    pub request_id: &'a str,
}

/// Nobody in particular, who may see what everybody may.
pub(super) fn anybody(variables: &Map<String, Value>) -> Asking<'_> {
    Asking { variables, is_met: &|_| false, request_id: "" }
}

/// One form of an operation.
#[derive(Default)]
pub(super) struct Form {
    pub decided: Decided,
    pub given: Given,
    pub judged: Judged,
}

impl Varied {
    pub fn form(&self, asking: Asking<'_>) -> Form {
        Form {
            decided: self.switches.decide(asking.variables),
            given: self.optional.given(asking.variables),
            judged: self.demands.judge(asking.is_met),
        }
    }
}

impl Form {
    /// The key of this form of an operation. All forms of one operation have as many letters before it.
    pub fn key(&self, key: &str) -> Arc<str> {
        [&self.decided.key(), &self.given.key(), &self.judged.key(), key].concat().into()
    }
}

/// The key of a document's operation; `None` for what cannot be a name. A name has no line break, so that two
/// different pairs never make the same key.
pub(super) fn cache_key(document: &str, operation_name: Option<&str>) -> Option<Arc<str>> {
    let name = operation_name.unwrap_or_default();
    (!name.contains('\n')).then(|| ["=", name, "\n", document].concat().into())
}
