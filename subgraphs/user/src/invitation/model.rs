//! What an invitation may be, and its one-time token.

use async_graphql::{MaybeUndefined, SimpleObject};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use common::{Form, Permission, Refusal, Result, Role};
use database::Record;
use graphql::choices;
use serde::{Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use super::INVITE;
use super::graphql::MemberInviteInput;
use crate::ids::{InvitationId, MembershipId};
use crate::membership;

/// How long an invitation can be accepted.
pub(super) const LIFETIME: Duration = Duration::days(7);

choices! {
    /// What became of an invitation.
    InvitationStatus {
        /// The invitation can be accepted.
        Pending,
        /// The invitation was accepted, and cannot be again.
        Accepted,
        /// The invitation was taken back.
        Revoked,
        /// The week of the invitation is over.
        Expired,
    }
}

/// An invitation to become a member.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("invitation", table = "\"user\".invitation", read = INVITE)]
pub struct Invitation {
    /// The id of the invitation; opaque to clients.
    pub id: InvitationId,
    /// The mail address that is invited; only an identity with this address can accept.
    #[record(once)]
    pub email: String,
    /// The roles that the invited person will hold, highest first.
    #[record(once)]
    pub roles: Vec<Role>,
    /// Until when the invitation can be accepted.
    #[record(once)]
    pub expires_at: DateTime<Utc>,
    /// When the invitation was made.
    pub created_at: DateTime<Utc>,
    #[graphql(skip)]
    pub(crate) status: InvitationStatus,
    #[graphql(skip)]
    #[record(once, column = "invited_by")]
    pub(crate) invited_by_id: Option<MembershipId>,
    #[graphql(skip)]
    #[record(once, right = Permission::SYSTEM)]
    pub(crate) token_hash: TokenHash,
    /// There while the invitation is being made, and never read: it is stored nowhere.
    #[graphql(skip)]
    #[record(read, column = "null::text")]
    pub(crate) token: Option<Token>,
}

const ACCEPTED: Refusal = Refusal::whole(
    "INVALID_TRANSITION",
    "the invitation has been accepted already; remove the member instead",
);

impl Invitation {
    /// Fills a blank one in, with a fresh token.
    pub(super) fn fill_in(&mut self, input: MemberInviteInput, by: &[Role]) -> Result<()> {
        let mut form = Form::default();
        form.email("email", MaybeUndefined::Value(input.email), &mut self.email);
        let granted = |roles: Vec<Role>| membership::granted(by, &roles);
        form.checked("roles", MaybeUndefined::Value(input.roles), granted, &mut self.roles);
        self.expires_at = self.created_at + LIFETIME;
        let token = Token::new();
        self.token_hash = token.hash();
        self.token = Some(token);
        form.check()
    }

    /// What has become of it by an instant: nothing runs when its week ends.
    pub(super) fn status_at(&self, now: DateTime<Utc>) -> InvitationStatus {
        let is_over = self.status == InvitationStatus::Pending && self.expires_at <= now;
        if is_over { InvitationStatus::Expired } else { self.status }
    }

    pub(super) fn revoke(&mut self) -> Result<(), Refusal> {
        if self.status == InvitationStatus::Accepted {
            return Err(ACCEPTED);
        }
        self.status = InvitationStatus::Revoked;
        Ok(())
    }
}

/// What an invited person shows to join: 256 random bits, known to nobody else. Never printed.
#[derive(Clone, sqlx::Type)]
#[sqlx(transparent)]
pub(crate) struct Token(String);

impl Token {
    pub(super) fn new() -> Self {
        Self(URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()))
    }

    pub(super) fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.as_bytes()).to_vec())
    }

    /// The token, to be passed on to the invited person.
    pub(super) fn reveal(self) -> String {
        self.0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

/// The SHA-256 of a token, which is all that is stored of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, sqlx::Type)]
#[sqlx(transparent)]
pub(crate) struct TokenHash(Vec<u8>);

impl TokenHash {
    /// As it is stored.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Serialize for TokenHash {
    /// As PostgreSQL reads a `bytea` from text.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let digits: String = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
        serializer.serialize_str(&format!("\\x{digits}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_never_printed() {
        let token = Token::new();
        assert_eq!(format!("{token:?}"), "Token(…)");
        let text = serde_json::to_value(token.hash()).unwrap();
        let expected: String =
            Sha256::digest(token.reveal().as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(text, format!("\\x{expected}"));
    }

    #[test]
    fn everything_that_is_wrong_with_an_invitation_is_told_at_once() {
        let mut invitation = Invitation::blank(DateTime::UNIX_EPOCH);
        let input = MemberInviteInput { email: "nobody".into(), roles: vec![Role::Owner] };
        let common::Error::Refused(refusals) = invitation.fill_in(input, &[Role::Admin]).unwrap_err() else {
            panic!("it was taken")
        };
        let codes: Vec<_> = refusals.iter().map(|refusal| refusal.code.as_ref()).collect();
        assert_eq!(codes, ["EMAIL_INVALID", "ROLE_ABOVE_OWN"]);
    }

    #[test]
    fn an_invitation_that_was_accepted_is_not_taken_back() {
        use InvitationStatus::{Accepted, Expired, Pending, Revoked};
        for (status, is_refused) in [(Pending, false), (Revoked, false), (Expired, false), (Accepted, true)] {
            let mut invitation = Invitation { status, ..Invitation::blank(DateTime::UNIX_EPOCH) };
            assert_eq!(invitation.revoke().is_err(), is_refused, "{status:?}");
        }
    }
}
