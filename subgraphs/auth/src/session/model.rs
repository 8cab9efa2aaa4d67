//! What a session is, how long it lasts, and its tokens.

use async_graphql::SimpleObject;
use chrono::{DateTime, Duration, Utc};
use common::{IdentityId, MembershipId, OrganizationId, Refusal, Result, SessionId};
use database::Record;
use service::token::{AUDIENCE, Claims, ISSUER, LIFETIME_S, TYPE};
use uuid::Uuid;

use super::READ;
use super::refresh_token::{Presented, RefreshToken};
use crate::organization::{Membership, OrganizationSummary};
use crate::signing_key::Signer;

/// A session that is not used ends after this.
const IDLE_MAX: Duration = Duration::days(14);
/// Every session ends after this.
const AGE_MAX: Duration = Duration::days(90);
/// The most characters that are kept of a `user-agent`.
const USER_AGENT_CHARS_MAX: usize = 300;

// Row-level security leaves only one's own in sight. Written in `repo.rs` alone: the hash of its refresh token, without
// which there is none, is shown to nobody who reads one.
/// One log-in of the caller on one device.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("session", table = "auth.session", read = READ)]
pub struct Session {
    /// The id of the session; opaque to clients.
    pub id: SessionId,
    /// When they logged in.
    pub created_at: DateTime<Utc>,
    /// When the session was last renewed.
    pub last_used_at: DateTime<Utc>,
    /// When the session ends unless it is used before.
    pub expires_at: DateTime<Utc>,
    /// When the session was ended before its time; null when it was not.
    pub revoked_at: Option<DateTime<Utc>>,
    /// The address that they logged in from; null when it is unknown.
    pub address: Option<String>,
    /// The program that they logged in with, as it called itself; null when it did not.
    pub user_agent: Option<String>,
    #[graphql(skip)]
    pub(crate) identity_id: IdentityId,
    #[graphql(skip)]
    pub(crate) membership_id: MembershipId,
    #[graphql(skip)]
    pub(crate) membership_period: i32,
    #[graphql(skip)]
    #[record(column = "organization")]
    pub(crate) organization_id: Option<OrganizationId>,
}

/// What logging in led to.
pub struct LoggedIn {
    /// A session, if it was clear where.
    pub session: Option<SessionTokens>,
    /// The organizations to choose from, if it was not.
    pub organizations: Vec<OrganizationSummary>,
    /// What this device is known by next time.
    pub device_token: String,
}

/// What going on with a session led to.
pub enum GoneOn {
    /// The next tokens.
    With(SessionTokens),
    /// Nothing: the session is in another organization than whoever asks believes it to be.
    Moved(Option<OrganizationSummary>),
}

/// What whoever goes on with a session wants.
#[derive(Clone, Copy, Debug)]
pub(super) enum Aim {
    /// To stay where the session is, which is here, if they say so.
    Stay(Option<OrganizationId>),
    /// To go to another organization.
    Switch(OrganizationId),
}

/// Whether a session goes on as somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stand {
    /// It does.
    Goes,
    /// It was moved to another organization meanwhile.
    Moved,
    /// It went on where it is meanwhile, so that another token is the one to move it with.
    Exchanged,
}

/// The tokens of a session, for the client to keep. Never printed.
#[derive(SimpleObject)]
pub struct SessionTokens {
    /// The token to send with every request as `authorization: Bearer …`; good until `expiresAt`.
    pub access_token: String,
    /// The token to exchange by `sessionRefresh` for the next pair. Good once; for 30 seconds more it answers the same
    /// successor again, and after that its use ends the session.
    pub refresh_token: String,
    /// When the access token ends.
    pub expires_at: DateTime<Utc>,
}

impl std::fmt::Debug for SessionTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionTokens").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// Said only to whoever has proved who they are.
const MEMBERSHIP_SUSPENDED: Refusal = Refusal::whole(
    "MEMBERSHIP_SUSPENDED",
    "your membership is suspended; ask an administrator of your organization to let you in again",
);
const NO_ORGANIZATION: Refusal = Refusal::whole(
    "NO_ORGANIZATION",
    "you do not belong to any organization at present; ask for an invitation, or sign up with a new one",
);
/// Whether there is such an organization is not said.
pub(super) const NOT_A_MEMBER: Refusal =
    Refusal::of("organizationId", "NOT_A_MEMBER", "you do not belong to this organization");

/// Told beside the organization that the session is in.
pub(super) const SESSION_MOVED: Refusal = Refusal::whole(
    "SESSION_MOVED",
    "this session is in another organization now, since another window or device changed it; go on there, or \
     change the organization again",
);
pub(super) const TOKEN_EXCHANGED: Refusal = Refusal::of(
    "refreshToken",
    "TOKEN_EXCHANGED",
    "this session has gone on meanwhile; change the organization with the token that it has now",
);

/// Where logging in leads.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Choice<'m> {
    One(&'m Membership),
    Several,
}

/// Leads somebody with these memberships to the one that they named, or to the only one. `suspended` are the
/// organizations that they may not enter for the time being.
pub(super) fn choose<'m>(
    memberships: &'m [Membership],
    suspended: &[OrganizationId],
    named: Option<OrganizationId>,
) -> Result<Choice<'m>, Refusal> {
    match (named, memberships) {
        (Some(id), _) => match memberships.iter().find(|membership| membership.organization_id == id) {
            Some(found) => Ok(Choice::One(found)),
            None if suspended.contains(&id) => Err(MEMBERSHIP_SUSPENDED.at("organizationId")),
            None => Err(NOT_A_MEMBER),
        },
        (None, []) if !suspended.is_empty() => Err(MEMBERSHIP_SUSPENDED),
        (None, []) => Err(NO_ORGANIZATION),
        (None, [only]) => Ok(Choice::One(only)),
        (None, _) => Ok(Choice::Several),
    }
}

/// A `user-agent` as it is kept: of bounded length, and nothing that could move a cursor.
pub(super) fn user_agent(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(USER_AGENT_CHARS_MAX).collect()
}

impl Session {
    pub(super) fn new(
        identity_id: IdentityId,
        membership: &Membership,
        address: Option<String>,
        user_agent: Option<String>,
        now: DateTime<Utc>,
    ) -> Self {
        let blank = Self::blank(now, identity_id, membership.id);
        let mut session =
            Self { last_used_at: now, expires_at: now + IDLE_MAX, address, user_agent, ..blank };
        session.enter(membership);
        session
    }

    /// Is from now on in the organization of this membership.
    pub(super) fn enter(&mut self, membership: &Membership) {
        self.membership_id = membership.id;
        self.membership_period = membership.period;
        self.organization_id = Some(membership.organization_id);
    }

    /// The membership that it is of, among those that still stand and were not interrupted since.
    pub(super) fn membership<'m>(&self, memberships: &'m [Membership]) -> Option<&'m Membership> {
        let is_its = |one: &&Membership| (one.id, one.period) == (self.membership_id, self.membership_period);
        memberships.iter().find(is_its)
    }

    /// Whether it goes on as somebody wants who presented a good token, or the one before it. That one changes nothing any
    /// more: it is answered what was done with it, if that is what is wanted.
    pub(super) fn stands(&self, presented: &Presented, aim: Aim) -> Stand {
        let is_here = |id: OrganizationId| self.organization_id == Some(id);
        let (is_spent, is_move) = match presented {
            Presented::JustExchanged { is_move, .. } => (true, *is_move),
            _ => (false, false),
        };
        match aim {
            Aim::Stay(Some(id)) if !is_here(id) => Stand::Moved,
            Aim::Stay(None) if is_move => Stand::Moved,
            Aim::Switch(id) if is_spent && !is_here(id) && is_move => Stand::Moved,
            Aim::Switch(id) if is_spent && !is_here(id) => Stand::Exchanged,
            _ => Stand::Goes,
        }
    }

    /// Whether it can go on.
    pub(super) fn is_open(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && self.expires_at > now
    }

    /// Use keeps a session open, up to its greatest age.
    pub(super) fn prolong(&mut self, now: DateTime<Utc>) {
        self.last_used_at = now;
        self.expires_at = (now + IDLE_MAX).min(self.created_at + AGE_MAX);
    }

    /// What the client keeps: an access token with the membership's roles of now, and the refresh token.
    pub(super) fn tokens(
        &self,
        signer: &Signer,
        membership: &Membership,
        refresh_token: &RefreshToken,
        now: DateTime<Utc>,
    ) -> Result<SessionTokens> {
        let expires_at = now + Duration::seconds(LIFETIME_S);
        let access_token = signer.sign(&Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: self.identity_id.0,
            exp: expires_at.timestamp(),
            nbf: now.timestamp(),
            iat: now.timestamp(),
            jti: Uuid::now_v7(),
            typ: TYPE.to_owned(),
            org: membership.organization_id.0,
            mid: membership.id.0,
            sid: self.id.0,
            roles: membership.roles.clone(),
            pv: membership.version,
        })?;
        Ok(SessionTokens { access_token, refresh_token: refresh_token.encode(), expires_at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::Vault;

    fn vault(secret: &str) -> Vault {
        Vault::new(&secret.parse().unwrap())
    }

    fn membership() -> Membership {
        Membership {
            id: MembershipId::new(),
            organization_id: OrganizationId::new(),
            roles: vec!["MEMBER".into()],
            version: 1,
            period: 1,
        }
    }

    #[test]
    fn logging_in_leads_to_the_named_or_the_only_organization_or_to_a_choice() {
        let (one, two) = (membership(), membership());
        let both = [one.clone(), two.clone()];
        assert_eq!(choose(&[], &[], None), Err(NO_ORGANIZATION));
        assert_eq!(choose(&both[..1], &[], None), Ok(Choice::One(&one)));
        assert_eq!(choose(&both, &[], None), Ok(Choice::Several));
        assert_eq!(choose(&both, &[], Some(two.organization_id)), Ok(Choice::One(&two)));
        assert_eq!(choose(&both, &[], Some(OrganizationId::new())), Err(NOT_A_MEMBER));
        assert_eq!(choose(&[], &[], Some(OrganizationId::new())), Err(NOT_A_MEMBER));
    }

    #[test]
    fn who_is_suspended_is_told_so() {
        let (one, suspended) = (membership(), OrganizationId::new());
        let told = MEMBERSHIP_SUSPENDED.at("organizationId");
        assert_eq!(choose(&[], &[suspended], None), Err(MEMBERSHIP_SUSPENDED));
        assert_eq!(choose(&[], &[suspended], Some(suspended)), Err(told.clone()));
        let only = std::slice::from_ref(&one);
        assert_eq!(choose(only, &[suspended], Some(suspended)), Err(told));
        assert_eq!(choose(only, &[suspended], None), Ok(Choice::One(&one)));
        assert_eq!(choose(&[], &[suspended], Some(OrganizationId::new())), Err(NOT_A_MEMBER));
    }

    #[test]
    fn a_session_is_of_one_stretch_of_a_membership() {
        let membership = membership();
        let start = DateTime::UNIX_EPOCH;
        let session = Session::new(IdentityId::new(), &membership, None, None, start);
        assert_eq!(session.membership(std::slice::from_ref(&membership)), Some(&membership));
        assert_eq!(session.membership(&[Membership { period: 2, ..membership }]), None);
        assert_eq!(session.membership(&[]), None);
    }

    #[test]
    fn a_token_that_was_exchanged_repeats_what_it_did_and_does_nothing_else() {
        let (here, elsewhere) = (membership(), OrganizationId::new());
        let session = Session::new(IdentityId::new(), &here, None, None, DateTime::UNIX_EPOCH);
        let here = here.organization_id;
        let just = |is_move| Presented::JustExchanged { salt: Vec::new(), is_move };
        for (presented, aim, expected) in [
            (Presented::Current, Aim::Stay(None), Stand::Goes),
            (Presented::Current, Aim::Stay(Some(here)), Stand::Goes),
            (Presented::Current, Aim::Stay(Some(elsewhere)), Stand::Moved),
            (Presented::Current, Aim::Switch(elsewhere), Stand::Goes),
            (just(false), Aim::Stay(None), Stand::Goes),
            (just(false), Aim::Stay(Some(elsewhere)), Stand::Moved),
            (just(false), Aim::Switch(here), Stand::Goes),
            (just(false), Aim::Switch(elsewhere), Stand::Exchanged),
            (just(true), Aim::Stay(None), Stand::Moved),
            (just(true), Aim::Stay(Some(here)), Stand::Goes),
            (just(true), Aim::Switch(here), Stand::Goes),
            (just(true), Aim::Switch(elsewhere), Stand::Moved),
        ] {
            assert_eq!(session.stands(&presented, aim), expected, "{presented:?} {aim:?}");
        }
    }

    #[test]
    fn a_session_lives_two_weeks_from_its_last_use_and_ninety_days_at_most() {
        let start = DateTime::UNIX_EPOCH;
        let mut session = Session::new(IdentityId::new(), &membership(), None, None, start);
        assert_eq!(session.expires_at, start + Duration::days(14));
        session.prolong(start + Duration::days(13));
        assert_eq!(session.expires_at, start + Duration::days(27));
        session.prolong(start + Duration::days(80));
        assert_eq!(session.expires_at, start + Duration::days(90));
        assert!(session.is_open(start + Duration::days(89)) && !session.is_open(start + Duration::days(90)));
    }

    #[test]
    fn tokens_are_never_printed() {
        let tokens = SessionTokens {
            access_token: "access-secret".into(),
            refresh_token: "refresh-secret".into(),
            expires_at: DateTime::UNIX_EPOCH,
        };
        assert!(!format!("{tokens:?}").contains("secret"));
        assert_eq!(format!("{:?}", vault("4f1c6a0b9d8e7f6a5b4c3d2e1f0a9b8c")), "Vault(…)");
    }

    #[test]
    fn a_user_agent_is_cut_and_cleaned() {
        assert_eq!(user_agent("a\u{0}\nb"), "ab");
        assert_eq!(user_agent(&"x".repeat(1000)).len(), 300);
    }
}
