//! Access tokens: what they say. Made by auth, verified by everybody (RFC 7519, RFC 8725).

use common::Error;
use jsonwebtoken::errors::ErrorKind;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Who makes the tokens.
pub const ISSUER: &str = "innoerp";
/// Whom they are for.
pub const AUDIENCE: &str = "innoerp-api";
/// What kind of token it is, in `typ`: a refresh token or another kind never passes for one.
pub const TYPE: &str = "access";
/// How long one is good for, in seconds.
pub const LIFETIME_S: i64 = 600;
/// How far clocks may be apart, in seconds.
pub const SKEW_S: u64 = 30;

/// The claims of an access token. Every one is required, and checked by its type.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// [`ISSUER`].
    pub iss: String,
    /// [`AUDIENCE`].
    pub aud: String,
    /// The identity.
    pub sub: Uuid,
    /// The end, in Unix seconds.
    pub exp: i64,
    /// Not before, in Unix seconds.
    pub nbf: i64,
    /// When it was made, in Unix seconds.
    pub iat: i64,
    /// This token's own id.
    pub jti: Uuid,
    /// [`TYPE`].
    pub typ: String,
    /// The organization: the tenant.
    pub org: Uuid,
    /// The membership.
    pub mid: Uuid,
    /// The session.
    pub sid: Uuid,
    /// The roles, upper snake.
    pub roles: Vec<String>,
    /// The version of the membership that the roles are of.
    pub pv: i64,
}

/// Refuses a token. Whoever sent it is never told why; the log says it, without the token or what stands in it.
#[must_use]
pub fn refused(reason: &'static str) -> Error {
    tracing::info!(reason, "a token does not count");
    Error::Unauthenticated
}

/// Refuses a token that the library refuses. Its own words may repeat what stands in the token.
#[must_use]
pub fn refused_as(error: &jsonwebtoken::errors::Error) -> Error {
    refused(match error.kind() {
        ErrorKind::ExpiredSignature => "it has expired",
        ErrorKind::ImmatureSignature => "it is not valid yet",
        ErrorKind::InvalidIssuer => "it is of another issuer",
        ErrorKind::InvalidAudience => "it is for another audience",
        ErrorKind::InvalidSignature => "its signature does not hold",
        ErrorKind::InvalidAlgorithm => "its algorithm is not accepted",
        ErrorKind::MissingRequiredClaim(_) => "a claim that must be there is not",
        _ => "it is no token of the form that is expected",
    })
}
