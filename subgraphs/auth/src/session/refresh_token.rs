//! Refresh tokens: what they are made of, and what one that is presented turns out to be.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use common::SessionId;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::vault::Vault;

/// For how long whoever exchanged a refresh token may have its successor once more: an answer is lost on the way, or two
/// windows of one client ask at once.
const EXCHANGED_AGAIN_FOR: Duration = Duration::seconds(30);

/// The session's id, 256 random bits, and a mark that this installation gave it out. Never printed.
///
/// By the mark, a token that was exchanged however long ago is told from one that somebody made up: the first
/// ends the session, the second must not.
pub(super) struct RefreshToken([u8; Self::BYTES]);

/// What is stored of a session's refresh tokens: the hash of the good one, and what became of the one before.
pub(super) struct Stored {
    pub(super) refresh_hash: Vec<u8>,
    pub(super) exchanged: Option<Exchanged>,
}

/// The refresh token that was exchanged last.
pub(super) struct Exchanged {
    /// Its hash.
    pub(super) hash: Vec<u8>,
    /// When it was exchanged.
    pub(super) at: DateTime<Utc>,
    /// What its successor was made with.
    pub(super) salt: Vec<u8>,
    /// Whether the session went to another organization with it.
    pub(super) is_move: bool,
}

/// What a presented refresh token turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Presented {
    /// The one that is good.
    Current,
    /// The one before, a moment ago.
    JustExchanged {
        /// What its successor was made with.
        salt: Vec<u8>,
        /// Whether the session went to another organization with it.
        is_move: bool,
    },
    /// One that was good once.
    Spent,
    /// None of ours.
    Foreign,
}

impl RefreshToken {
    const BYTES: usize = 64;
    const ID_BYTES: usize = 16;
    const UNMARKED_BYTES: usize = 48;

    pub(super) fn new(vault: &Vault, session_id: SessionId) -> Self {
        Self::of(vault, session_id, &rand::random::<[u8; 32]>())
    }

    /// The token that follows this one in its session: the same whenever it is made with the same salt, which is stored
    /// until the next exchange. Without `SECRET_KEY`, nobody who has one token and the database knows the next.
    pub(super) fn successor(&self, vault: &Vault, salt: &[u8]) -> Self {
        Self::of(vault, self.session_id(), &vault.successor(&self.0, salt))
    }

    fn of(vault: &Vault, session_id: SessionId, secret: &[u8]) -> Self {
        let mut bytes = [0; Self::BYTES];
        bytes[..Self::ID_BYTES].copy_from_slice(session_id.0.as_bytes());
        bytes[Self::ID_BYTES..Self::UNMARKED_BYTES].copy_from_slice(secret);
        let tag = vault.refresh_tag(&bytes[..Self::UNMARKED_BYTES]);
        bytes[Self::UNMARKED_BYTES..].copy_from_slice(&tag[..Self::BYTES - Self::UNMARKED_BYTES]);
        Self(bytes)
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.len() > 2 * Self::BYTES {
            return None;
        }
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    pub(super) fn session_id(&self) -> SessionId {
        let mut id = [0; Self::ID_BYTES];
        id.copy_from_slice(&self.0[..Self::ID_BYTES]);
        SessionId(Uuid::from_bytes(id))
    }

    pub(super) fn hash(&self) -> Vec<u8> {
        Sha256::digest(self.0).to_vec()
    }

    pub(super) fn presented(&self, vault: &Vault, stored: &Stored, now: DateTime<Utc>) -> Presented {
        let (unmarked, tag) = self.0.split_at(Self::UNMARKED_BYTES);
        let hash = self.hash();
        if hash == stored.refresh_hash {
            return Presented::Current;
        }
        if !vault.is_refresh_tag(unmarked, tag) {
            return Presented::Foreign;
        }
        match &stored.exchanged {
            Some(last) if last.hash == hash && now < last.at + EXCHANGED_AGAIN_FOR => {
                Presented::JustExchanged { salt: last.salt.clone(), is_move: last.is_move }
            }
            _ => Presented::Spent,
        }
    }

    pub(super) fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(secret: &str) -> Vault {
        Vault::new(&secret.parse().unwrap())
    }

    fn stored(token: &RefreshToken, exchanged: Option<(&RefreshToken, DateTime<Utc>)>) -> Stored {
        let exchanged = exchanged.map(|(token, at)| {
            let (hash, salt) = (token.hash(), vec![7; 16]);
            Exchanged { hash, at, salt, is_move: true }
        });
        Stored { refresh_hash: token.hash(), exchanged }
    }

    #[test]
    fn a_token_is_good_exchanged_or_made_up() {
        let vault_a = vault("4f1c6a0b9d8e7f6a5b4c3d2e1f0a9b8c");
        let (id, now) = (SessionId::new(), DateTime::UNIX_EPOCH);
        let (first, second) = (RefreshToken::new(&vault_a, id), RefreshToken::new(&vault_a, id));
        let again = RefreshToken::parse(&second.encode()).unwrap();
        assert_eq!(again.session_id(), id);
        let stored = stored(&second, None);
        assert_eq!(again.presented(&vault_a, &stored, now), Presented::Current);
        assert_eq!(first.presented(&vault_a, &stored, now), Presented::Spent);
        let made_up = RefreshToken::new(&vault("0f1c6a0b9d8e7f6a5b4c3d2e1f0a9b8d"), id);
        assert_eq!(made_up.presented(&vault_a, &stored, now), Presented::Foreign);
    }

    #[test]
    fn the_token_before_is_good_for_half_a_minute_and_for_the_same_successor() {
        let vault = vault("4f1c6a0b9d8e7f6a5b4c3d2e1f0a9b8c");
        let start = DateTime::UNIX_EPOCH;
        let oldest = RefreshToken::new(&vault, SessionId::new());
        let before = oldest.successor(&vault, &[1; 16]);
        let current = before.successor(&vault, &[7; 16]);
        let stored = stored(&current, Some((&before, start)));
        let presented = |token: &RefreshToken, after_s: i64| {
            token.presented(&vault, &stored, start + Duration::seconds(after_s))
        };
        let just = Presented::JustExchanged { salt: vec![7; 16], is_move: true };
        assert_eq!(presented(&before, 29), just);
        assert_eq!(before.successor(&vault, &[7; 16]).encode(), current.encode());
        assert_ne!(before.successor(&vault, &[8; 16]).encode(), current.encode());
        assert_eq!(presented(&before, 30), Presented::Spent);
        assert_eq!(presented(&oldest, 0), Presented::Spent);
    }

    #[test]
    fn what_is_no_token_is_not_taken_for_one() {
        for text in ["", "A", "****", &"A".repeat(85), &"A".repeat(87), &"A".repeat(10_000)] {
            assert!(RefreshToken::parse(text).is_none(), "{text}");
        }
    }
}
