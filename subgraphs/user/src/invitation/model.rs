//! Invitations: rules.

use async_graphql::{Enum, SimpleObject};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use common::{MembershipId, Refuse, Role, id};
use sha2::{Digest as _, Sha256};

id!(
    /// One invitation.
    InvitationId
);

/// How long an invitation can be accepted.
pub(super) const LIFETIME: Duration = Duration::days(7);

/// An invitation to become a member.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Invitation {
    /// Opaque.
    pub id: InvitationId,
    /// Who is invited; only an identity with this address can accept.
    pub email: String,
    /// The roles that they will hold, highest first.
    pub roles: Vec<Role>,
    /// What became of it.
    pub status: InvitationStatus,
    /// Until when it can be accepted.
    pub expires_at: DateTime<Utc>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    #[graphql(skip)]
    pub(crate) invited_by_id: Option<MembershipId>,
}

/// Why there is no such invitation.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The mail address is none.
    #[error("give a mail address, such as ada@example.org")]
    Email,
    /// A member has this address.
    #[error("somebody with this mail address is a member already")]
    AlreadyMember,
    /// An invitation for this address is waiting.
    #[error("this mail address has been invited already; revoke that invitation first")]
    AlreadyInvited,
    /// It was accepted before.
    #[error("the invitation has been accepted already; remove the member instead")]
    Accepted,
}

impl Refuse for Refused {
    fn code(&self) -> &'static str {
        match self {
            Self::Email => "EMAIL_INVALID",
            Self::AlreadyMember => "ALREADY_MEMBER",
            Self::AlreadyInvited => "ALREADY_INVITED",
            Self::Accepted => "INVALID_TRANSITION",
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::Accepted => None,
            _ => Some("email"),
        }
    }
}

/// The address as it is stored: lower case, and of ASCII only, as auth has it.
pub(super) fn email_address(text: &str) -> Result<String, Refused> {
    let email = text.trim().to_ascii_lowercase();
    let is_address = email.len() <= 254
        && email.chars().all(|c| c.is_ascii_graphic())
        && email
            .split_once('@')
            .is_some_and(|(local, host)| !local.is_empty() && !host.is_empty() && !host.contains('@'));
    if is_address { Ok(email) } else { Err(Refused::Email) }
}

/// What an invited person shows to join: 256 random bits, known to nobody else.
pub struct Token(String);

impl Token {
    /// A fresh token, and the hash that is stored of it.
    pub(super) fn new() -> (Self, Vec<u8>) {
        let text = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
        let hash = Sha256::digest(text.as_bytes()).to_vec();
        (Self(text), hash)
    }

    /// The token, to be passed on to the invited person.
    #[must_use]
    pub fn reveal(self) -> String {
        self.0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

/// What became of an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InvitationStatus {
    /// It can be accepted.
    Pending,
    /// It was, and cannot be again.
    Accepted,
    /// It was taken back.
    Revoked,
    /// Its week is over.
    Expired,
}

impl Invitation {
    pub(super) fn revoke(&mut self) -> Result<(), Refused> {
        if self.status == InvitationStatus::Accepted {
            return Err(Refused::Accepted);
        }
        self.status = InvitationStatus::Revoked;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_lowered_and_must_be_one() {
        assert_eq!(email_address(" Ada@Example.ORG "), Ok("ada@example.org".into()));
        for text in [
            "",
            "ada",
            "@",
            "ada@",
            "@x",
            "a@b@c",
            "a b@c",
            "a\u{0}@c",
            "ä@c",
            &format!("{}@c", "a".repeat(254)),
        ] {
            assert_eq!(email_address(text), Err(Refused::Email), "{text:?}");
        }
    }

    #[test]
    fn a_token_is_never_printed() {
        let (token, hash) = Token::new();
        assert_eq!(format!("{token:?}"), "Token(…)");
        assert_eq!(hash, Sha256::digest(token.reveal().as_bytes()).to_vec());
    }
}
