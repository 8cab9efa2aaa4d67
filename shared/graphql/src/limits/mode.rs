//! Which limits there are, and how strictly each is held.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What becomes of a request that is past a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It passes, and nobody hears of it.
    Off,
    /// It passes, and is counted: to find out what a limit would refuse.
    Measure,
    /// It is refused, and counted.
    #[default]
    Enforce,
}

impl Mode {
    /// As settings and metrics spell it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Measure => "measure",
            Self::Enforce => "enforce",
        }
    }
}

/// A limit whose mode can be set, by the name of the setting that holds its number.
///
/// Limits that keep the process alive have no mode: times to read a request, connections, queues. Some of these
/// here have a bound behind them that holds in every mode; each says which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum Limit {
    /// Bytes of a body, unpacked. 100 MB hold always.
    BodyBytes,
    /// How much larger a packed body becomes. [`Limit::BodyBytes`] holds all the same.
    BodyRatio,
    /// Bytes of all headers. The HTTP library's bound, about 400 KB, holds always.
    HeaderBytes,
    /// Headers. 100 hold always.
    Headers,
    /// Bytes of the URI. The HTTP library's bound, 64 KB, holds always.
    UriBytes,
    /// Lexical tokens. 20,000 hold always.
    Tokens,
    /// Brackets within brackets. [`super::NESTING_HARD_MAX`] holds always: beyond, parsers overflow the stack.
    Nesting,
    /// Fields within fields.
    Depth,
    /// Fields, and lists of types, within each other below `__schema`. Three lists of types hold always.
    IntrospectionDepth,
    /// Aliases.
    Aliases,
    /// Fields of the operation's root.
    RootFields,
    /// Directives.
    Directives,
    /// Fields and spreads. 10,000 hold always.
    Selections,
    /// Objects that may have to be found.
    Cost,
    /// Bytes of the variables.
    VariablesBytes,
    /// Lists and objects within each other in the variables. 127 hold always.
    VariablesDepth,
    /// Items in one list in the variables.
    VariablesItems,
    /// How long an operation may take to plan. Ten seconds hold always.
    Planning,
    /// How long an answer may take. Two minutes hold always.
    RequestTimeout,
    /// Errors in an answer. 1,000 hold always.
    Errors,
    /// Requests of a user.
    RateUser,
    /// Requests of an organization.
    RateOrganization,
    /// Requests of an anonymous address.
    RateAnonymous,
    /// Operations on a socket.
    PerSocket,
    /// Sockets of a user.
    SocketsPerUser,
}

impl Limit {
    /// All of them, each with the name of its setting.
    pub const ALL: [(Self, &'static str); 25] = [
        (Self::BodyBytes, "body_bytes_max"),
        (Self::BodyRatio, "body_ratio_max"),
        (Self::HeaderBytes, "header_bytes_max"),
        (Self::Headers, "headers_max"),
        (Self::UriBytes, "uri_bytes_max"),
        (Self::Tokens, "tokens_max"),
        (Self::Nesting, "nesting_max"),
        (Self::Depth, "depth_max"),
        (Self::IntrospectionDepth, "introspection_depth_max"),
        (Self::Aliases, "aliases_max"),
        (Self::RootFields, "root_fields_max"),
        (Self::Directives, "directives_max"),
        (Self::Selections, "selections_max"),
        (Self::Cost, "cost_max"),
        (Self::VariablesBytes, "variables_bytes_max"),
        (Self::VariablesDepth, "variables_depth_max"),
        (Self::VariablesItems, "variables_items_max"),
        (Self::Planning, "planning_timeout_ms"),
        (Self::RequestTimeout, "request_timeout_ms"),
        (Self::Errors, "errors_max"),
        (Self::RateUser, "user_per_s"),
        (Self::RateOrganization, "organization_per_s"),
        (Self::RateAnonymous, "anonymous_per_s"),
        (Self::PerSocket, "per_socket_max"),
        (Self::SocketsPerUser, "sockets_per_user_max"),
    ];

    /// The name of its setting.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(limit, _)| *limit == self).map_or("unknown", |(_, name)| name)
    }
}

impl From<Limit> for &'static str {
    fn from(limit: Limit) -> Self {
        limit.name()
    }
}

impl TryFrom<String> for Limit {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(_, known)| *known == name);
        found.map(|(limit, _)| *limit).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|(_, name)| *name).collect();
            format!("`{name}` is no limit with a mode; these are: {}", known.join(", "))
        })
    }
}

/// The modes that are not `enforce`, as in `{ "depth_max": "measure" }`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Modes(BTreeMap<Limit, Mode>);

impl JsonSchema for Modes {
    fn schema_name() -> Cow<'static, str> {
        "Modes".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mode = generator.subschema_for::<Mode>();
        let modes: Map<String, Value> =
            Limit::ALL.iter().map(|(_, name)| ((*name).to_owned(), mode.clone().into())).collect();
        json_schema!({ "type": "object", "properties": modes, "additionalProperties": false })
    }
}

impl Modes {
    /// How strictly a limit is held.
    #[must_use]
    pub fn of(&self, limit: Limit) -> Mode {
        self.0.get(&limit).copied().unwrap_or_default()
    }

    /// Sets how strictly a limit is held.
    pub fn set(&mut self, limit: Limit, mode: Mode) {
        self.0.insert(limit, mode);
    }
}

/// What is past a limit and passes all the same, since the limit is only measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hits(u32);

impl Hits {
    pub(super) fn add(&mut self, limit: Limit) {
        self.0 |= 1 << limit as u32;
    }

    /// The limits, each once.
    pub fn iter(self) -> impl Iterator<Item = Limit> {
        Limit::ALL.into_iter().map(|(limit, _)| limit).filter(move |limit| self.0 & (1 << *limit as u32) != 0)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_limit_has_a_name_of_its_own_and_is_found_by_it() {
        for (limit, name) in Limit::ALL {
            assert_eq!(Limit::try_from(name.to_owned()), Ok(limit));
            assert_eq!(limit.name(), name);
            let mut hits = Hits::default();
            hits.add(limit);
            assert_eq!(hits.iter().collect::<Vec<_>>(), [limit]);
        }
    }

    #[test]
    fn modes_are_set_by_name_and_unknown_names_are_refused() {
        let modes: Modes =
            serde_json::from_value(json!({"depth_max": "measure", "cost_max": "off"})).unwrap();
        assert_eq!((modes.of(Limit::Depth), modes.of(Limit::Cost)), (Mode::Measure, Mode::Off));
        assert_eq!(modes.of(Limit::Tokens), Mode::Enforce);
        assert_eq!(serde_json::to_value(&modes).unwrap(), json!({"depth_max": "measure", "cost_max": "off"}));
        let unknown = serde_json::from_value::<Modes>(json!({"depht_max": "off"})).unwrap_err().to_string();
        assert!(unknown.contains("depht_max") && unknown.contains("depth_max"), "{unknown}");
        assert!(serde_json::from_value::<Modes>(json!({"depth_max": "lenient"})).is_err());
    }
}
