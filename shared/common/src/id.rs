//! Typed identifiers: a UUID v7 each, so that they sort by the time of their making (RFC 9562).

/// Under this name an input type of ours adds to its refusal what it was given, so that whoever shows the refusal can say
/// where that stands.
pub const GIVEN: &str = "given";

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
            $crate::reexport::schemars::JsonSchema,
        )]
        #[serde(transparent, crate = "::common::reexport::serde")]
        #[schemars(crate = "::common::reexport::schemars")]
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

        $crate::id_in_sql!($name);

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
                let value = value.unwrap_or_default();
                let id = match &value {
                    $crate::reexport::async_graphql::Value::String(text) => text.parse().ok(),
                    _ => None,
                };
                id.ok_or_else(|| {
                    $crate::reexport::async_graphql::InputValueError::custom("give an id")
                        .with_extension($crate::GIVEN, value)
                })
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

/// What [`id!`] expands to in PostgreSQL: a `uuid`, by delegation.
#[doc(hidden)]
#[cfg(feature = "sqlx")]
#[macro_export]
macro_rules! id_in_sql {
    ($name:ident) => {
        impl $crate::reexport::sqlx::Type<$crate::reexport::sqlx::Postgres> for $name {
            fn type_info() -> $crate::reexport::sqlx::postgres::PgTypeInfo {
                <$crate::reexport::uuid::Uuid as $crate::reexport::sqlx::Type<$crate::reexport::sqlx::Postgres>>::type_info()
            }
        }

        impl $crate::reexport::sqlx::postgres::PgHasArrayType for $name {
            fn array_type_info() -> $crate::reexport::sqlx::postgres::PgTypeInfo {
                <$crate::reexport::uuid::Uuid as $crate::reexport::sqlx::postgres::PgHasArrayType>::array_type_info()
            }
        }

        impl $crate::reexport::sqlx::Encode<'_, $crate::reexport::sqlx::Postgres> for $name {
            fn encode_by_ref(
                &self,
                buffer: &mut $crate::reexport::sqlx::postgres::PgArgumentBuffer,
            ) -> ::std::result::Result<$crate::reexport::sqlx::encode::IsNull, $crate::reexport::sqlx::error::BoxDynError>
            {
                $crate::reexport::sqlx::Encode::<'_, $crate::reexport::sqlx::Postgres>::encode_by_ref(&self.0, buffer)
            }
        }

        impl $crate::reexport::sqlx::Decode<'_, $crate::reexport::sqlx::Postgres> for $name {
            fn decode(
                value: $crate::reexport::sqlx::postgres::PgValueRef<'_>,
            ) -> ::std::result::Result<Self, $crate::reexport::sqlx::error::BoxDynError> {
                <$crate::reexport::uuid::Uuid as $crate::reexport::sqlx::Decode<$crate::reexport::sqlx::Postgres>>::decode(value)
                    .map(Self)
            }
        }
    };
}

/// Without PostgreSQL, an id is nothing in it.
#[doc(hidden)]
#[cfg(not(feature = "sqlx"))]
#[macro_export]
macro_rules! id_in_sql {
    ($name:ident) => {};
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
id!(
    /// One person who works, or worked, for an organization.
    EmployeeId
);
