//! Why subgraphs do not compose: one entry for each conflict, with a code that never changes.

use std::fmt;

use super::diagnostics::listed;

/// The codes, named as Apollo documents them, so that what is known about them helps:
/// <https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/errors>.
pub(super) mod code {
    pub const DEFAULT_VALUE_USES_INACCESSIBLE: &str = "DEFAULT_VALUE_USES_INACCESSIBLE";
    pub const DIRECTIVE_COMPOSITION_ERROR: &str = "DIRECTIVE_COMPOSITION_ERROR";
    pub const EMPTY_MERGED_ENUM_TYPE: &str = "EMPTY_MERGED_ENUM_TYPE";
    pub const EMPTY_MERGED_INPUT_TYPE: &str = "EMPTY_MERGED_INPUT_TYPE";
    pub const ENUM_VALUE_MISMATCH: &str = "ENUM_VALUE_MISMATCH";
    pub const EXTENSION_WITH_NO_BASE: &str = "EXTENSION_WITH_NO_BASE";
    pub const EXTERNAL_ARGUMENT_DEFAULT_MISMATCH: &str = "EXTERNAL_ARGUMENT_DEFAULT_MISMATCH";
    pub const EXTERNAL_ARGUMENT_MISSING: &str = "EXTERNAL_ARGUMENT_MISSING";
    pub const EXTERNAL_ARGUMENT_TYPE_MISMATCH: &str = "EXTERNAL_ARGUMENT_TYPE_MISMATCH";
    pub const EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE: &str = "EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE";
    pub const EXTERNAL_MISSING_ON_BASE: &str = "EXTERNAL_MISSING_ON_BASE";
    pub const EXTERNAL_ON_INTERFACE: &str = "EXTERNAL_ON_INTERFACE";
    pub const EXTERNAL_TYPE_MISMATCH: &str = "EXTERNAL_TYPE_MISMATCH";
    pub const EXTERNAL_UNUSED: &str = "EXTERNAL_UNUSED";
    pub const FIELD_ARGUMENT_DEFAULT_MISMATCH: &str = "FIELD_ARGUMENT_DEFAULT_MISMATCH";
    pub const FIELD_ARGUMENT_TYPE_MISMATCH: &str = "FIELD_ARGUMENT_TYPE_MISMATCH";
    pub const FIELD_TYPE_MISMATCH: &str = "FIELD_TYPE_MISMATCH";
    pub const IMPLEMENTED_BY_INACCESSIBLE: &str = "IMPLEMENTED_BY_INACCESSIBLE";
    pub const INPUT_FIELD_DEFAULT_MISMATCH: &str = "INPUT_FIELD_DEFAULT_MISMATCH";
    pub const INTERFACE_FIELD_NO_IMPLEM: &str = "INTERFACE_FIELD_NO_IMPLEM";
    pub const INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE: &str = "INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE";
    pub const INTERFACE_KEY_NOT_ON_IMPLEMENTATION: &str = "INTERFACE_KEY_NOT_ON_IMPLEMENTATION";
    pub const INTERFACE_OBJECT_USAGE_ERROR: &str = "INTERFACE_OBJECT_USAGE_ERROR";
    pub const INVALID_FIELD_SHARING: &str = "INVALID_FIELD_SHARING";
    pub const INVALID_GRAPHQL: &str = "INVALID_GRAPHQL";
    pub const INVALID_LINK_DIRECTIVE_USAGE: &str = "INVALID_LINK_DIRECTIVE_USAGE";
    pub const INVALID_SHAREABLE_USAGE: &str = "INVALID_SHAREABLE_USAGE";
    pub const INVALID_SUBGRAPH_NAME: &str = "INVALID_SUBGRAPH_NAME";
    pub const KEY_FIELDS_SELECT_INVALID_TYPE: &str = "KEY_FIELDS_SELECT_INVALID_TYPE";
    pub const MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL: &str = "MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL";
    pub const NO_QUERIES: &str = "NO_QUERIES";
    pub const ONLY_INACCESSIBLE_CHILDREN: &str = "ONLY_INACCESSIBLE_CHILDREN";
    pub const OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE: &str = "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE";
    pub const OVERRIDE_FROM_SELF_ERROR: &str = "OVERRIDE_FROM_SELF_ERROR";
    pub const OVERRIDE_ON_INTERFACE: &str = "OVERRIDE_ON_INTERFACE";
    pub const OVERRIDE_SOURCE_HAS_OVERRIDE: &str = "OVERRIDE_SOURCE_HAS_OVERRIDE";
    pub const PROVIDES_ON_NON_OBJECT_FIELD: &str = "PROVIDES_ON_NON_OBJECT_FIELD";
    pub const QUERY_ROOT_TYPE_INACCESSIBLE: &str = "QUERY_ROOT_TYPE_INACCESSIBLE";
    pub const REFERENCED_INACCESSIBLE: &str = "REFERENCED_INACCESSIBLE";
    pub const REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH: &str = "REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH";
    pub const REQUIRED_INACCESSIBLE: &str = "REQUIRED_INACCESSIBLE";
    pub const REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH: &str =
        "REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH";
    pub const REQUIRES_INVALID_FIELDS: &str = "REQUIRES_INVALID_FIELDS";
    pub const ROOT_MUTATION_USED: &str = "ROOT_MUTATION_USED";
    pub const ROOT_QUERY_USED: &str = "ROOT_QUERY_USED";
    pub const ROOT_SUBSCRIPTION_USED: &str = "ROOT_SUBSCRIPTION_USED";
    pub const SATISFIABILITY_ERROR: &str = "SATISFIABILITY_ERROR";
    pub const SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES: &str = "SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES";
    pub const TYPE_KIND_MISMATCH: &str = "TYPE_KIND_MISMATCH";
    pub const UNKNOWN_FEDERATION_LINK_VERSION: &str = "UNKNOWN_FEDERATION_LINK_VERSION";
    pub const UNSUPPORTED_FEATURE: &str = "UNSUPPORTED_FEATURE";
}

/// One reason why subgraphs do not compose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// What kind of conflict: upper case, never changes, e.g. `FIELD_TYPE_MISMATCH`.
    pub code: &'static str,
    /// A sentence that names the type, the field and the subgraphs.
    pub message: String,
}

impl Conflict {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// The same, said of one subgraph.
    pub(super) fn in_subgraph(&self, name: &str) -> Self {
        Self::new(self.code, format!("[{name}] {}", self.message))
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

/// Why a set of subgraphs makes no supergraph.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// A subgraph is not valid in itself, or the subgraphs contradict each other.
    #[error("the subgraphs do not compose: {}", told(.0))]
    Conflict(Vec<Conflict>),
    /// A supergraph that was composed elsewhere names a subgraph that nobody says how to call.
    #[error("subgraph {subgraph}: {message}")]
    NoWay {
        /// The subgraph's name.
        subgraph: String,
        /// Why there is no way to it.
        message: String,
    },
    /// A supergraph that was composed elsewhere is none.
    #[error("the supergraph is not valid: {0}")]
    Schema(String),
    /// A supergraph that was composed elsewhere needs what this router does not have: one sentence each.
    #[error("the supergraph cannot be served: {}", listed(.0.iter().cloned(), CONFLICTS_MAX))]
    Unsupported(Vec<String>),
    /// No planner can be made for the composed schema.
    #[error("no planner for the composed schema: {0}")]
    Planner(String),
}

impl ComposeError {
    /// Whether all that is wrong is that there is nothing to ask for.
    pub(crate) fn is_nothing_to_ask(&self) -> bool {
        let conflicts = self.conflicts();
        !conflicts.is_empty() && conflicts.iter().all(|conflict| conflict.code == code::NO_QUERIES)
    }

    /// Every conflict by itself; none when something else is the trouble.
    #[must_use]
    pub fn conflicts(&self) -> &[Conflict] {
        match self {
            Self::Conflict(conflicts) => conflicts,
            Self::NoWay { .. } | Self::Schema(_) | Self::Unsupported(_) | Self::Planner(_) => &[],
        }
    }
}

/// How many conflicts are told in one line.
const CONFLICTS_MAX: usize = 20;

fn told(conflicts: &[Conflict]) -> String {
    listed(conflicts.iter().map(Conflict::to_string), CONFLICTS_MAX)
}
