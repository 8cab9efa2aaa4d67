//! Typed identifiers: a UUID v7 each, so that they sort by the time of their making (RFC 9562).

/// Declares a typed identifier: `id!(/// One employee. EmployeeId)`.
///
/// In GraphQL it is an `ID`, in PostgreSQL a `uuid`, in JSON a string. Two kinds of id never mix.
#[macro_export]
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            $crate::reexport::serde::Serialize, $crate::reexport::serde::Deserialize,
            $crate::reexport::schemars::JsonSchema, $crate::reexport::sqlx::Type,
        )]
        #[serde(transparent, crate = "::common::reexport::serde")]
        #[schemars(crate = "::common::reexport::schemars")]
        #[sqlx(transparent)]
        pub struct $name(pub $crate::reexport::uuid::Uuid);

        impl $name {
            /// A fresh id, later than every id made before it on this machine.
            #[must_use]
            #[expect(clippy::new_without_default, reason = "a default id would be a random one")]
            pub fn new() -> Self {
                Self($crate::reexport::uuid::Uuid::now_v7())
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&self.0, f)
            }
        }

        impl From<$crate::reexport::uuid::Uuid> for $name {
            fn from(id: $crate::reexport::uuid::Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for $crate::reexport::uuid::Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::reexport::uuid::Error;
            fn from_str(text: &str) -> ::std::result::Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        // GraphQL's `ID`, by delegation: a scalar of our own would not be allowed that name.
        impl $crate::reexport::async_graphql::InputType for $name {
            type RawValueType = Self;
            fn type_name() -> ::std::borrow::Cow<'static, str> {
                "ID".into()
            }
            fn create_type_info(registry: &mut $crate::reexport::async_graphql::registry::Registry) -> String {
                <$crate::reexport::async_graphql::ID as $crate::reexport::async_graphql::InputType>::create_type_info(registry)
            }
            fn parse(
                value: Option<$crate::reexport::async_graphql::Value>,
            ) -> $crate::reexport::async_graphql::InputValueResult<Self> {
                match value {
                    Some($crate::reexport::async_graphql::Value::String(text)) => text
                        .parse()
                        .map_err(|_| $crate::reexport::async_graphql::InputValueError::custom("not an id")),
                    other => Err($crate::reexport::async_graphql::InputValueError::expected_type(
                        other.unwrap_or_default(),
                    )),
                }
            }
            fn to_value(&self) -> $crate::reexport::async_graphql::Value {
                $crate::reexport::async_graphql::Value::String(self.0.to_string())
            }
            fn as_raw_value(&self) -> Option<&Self::RawValueType> {
                Some(self)
            }
        }

        impl $crate::reexport::async_graphql::OutputType for $name {
            fn type_name() -> ::std::borrow::Cow<'static, str> {
                "ID".into()
            }
            fn create_type_info(registry: &mut $crate::reexport::async_graphql::registry::Registry) -> String {
                <$crate::reexport::async_graphql::ID as $crate::reexport::async_graphql::OutputType>::create_type_info(registry)
            }
            async fn resolve(
                &self,
                _: &$crate::reexport::async_graphql::ContextSelectionSet<'_>,
                _: &$crate::reexport::async_graphql::Positioned<
                    $crate::reexport::async_graphql::parser::types::Field,
                >,
            ) -> $crate::reexport::async_graphql::ServerResult<$crate::reexport::async_graphql::Value> {
                Ok($crate::reexport::async_graphql::Value::String(self.0.to_string()))
            }
        }
    };
}

id!(
    /// One organization: the tenant.
    OrganizationId
);
id!(
    /// One person or machine that can log in; belongs to no tenant.
    IdentityId
);
id!(
    /// One identity's place in one organization.
    MembershipId
);
id!(
    /// One log-in on one device.
    SessionId
);
