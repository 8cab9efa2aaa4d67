//! Proving who one is: form, then a turn, then counting, then looking, then hashing. In this order, so that nothing is
//! told before it is counted, and nothing is counted that is not checked.

use std::time::Duration;

use common::{IdentityId, Permission, Result};
use database::{Ctx, OnConstraint as _, Tx};

use crate::account::Account;
use crate::device::{self, DeviceToken};
use crate::identity::{self, CREDENTIALS_INVALID, Identity};
use crate::line::{Knocker, Source, Turn};
use crate::password::Password;
use crate::session_end;
use crate::throttle::{self, Attempt, Knock};
use crate::vault::Vault;

/// Somebody whose turn it is to have a password checked, and whose attempt is counted.
pub(crate) struct Admitted {
    account: Account,
    device: Option<DeviceToken>,
    attempt: Attempt,
    turn: Turn,
}

/// Waits for a turn and counts the attempt; answers the transaction in which to look who it is.
///
/// # Errors
/// `RATE_LIMITED`, whether there is such an account or not.
pub(crate) async fn admit(
    ctx: &Ctx,
    vault: &Vault,
    account: Account,
    device_token: Option<&str>,
) -> Result<(Tx, Admitted)> {
    let address = ctx.request().client_address;
    let shown = device_token.and_then(|text| DeviceToken::parse(vault, &account, text));
    let source = match (&shown, ctx.member()) {
        (_, Ok(member)) => Source::Member(member.identity_id),
        (Some(device), _) => Source::Device(device.id()),
        (None, _) => Source::network(address),
    };
    let network = address.map(common::network_of);
    let turn = vault.line.turn(Knocker { source, network, account: account.clone() }).await?;
    let mut tx = ctx.begin(&Permission::PUBLIC).await?;
    let device = match shown {
        Some(token) if device::is_known(&mut tx, &token).await? => Some(token),
        _ => None,
    };
    let network = network.map(|network| network.to_string());
    let knock = Knock {
        account: &account,
        network: network.as_deref(),
        device_id: device.as_ref().map(DeviceToken::id),
        tries: turn.tries_before(),
    };
    match throttle::admit(&mut tx, &knock).await? {
        Ok(attempt) => Ok((tx, Admitted { account, device, attempt, turn })),
        Err(wait) => {
            // Given back first: nobody else need wait until this is kept.
            turn.put_off(Duration::from_secs(wait.seconds()));
            tx.commit(()).await?;
            Err(wait.into())
        }
    }
}

/// What becomes of an address that the password does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Otherwise {
    /// It is refused.
    Refused,
    /// Nobody's becomes an identity with this password; somebody's is refused.
    New,
    /// Nobody's becomes one, and one that was never proved gets this password: whoever asks has just proved it.
    Proved,
}

/// Somebody who may go on, and what it takes to make it true.
pub(crate) struct Proof {
    who: Who,
    proves: bool,
    account: Account,
    device: Option<DeviceToken>,
    attempt: Attempt,
}

enum Who {
    /// The password was right.
    Known(Identity),
    /// There was nobody; this is to be stored.
    New { id: IdentityId, password_hash: String },
    /// There was somebody who had never proved the address; this takes the place of their password.
    Yielded { identity: Identity, password_hash: String },
}

impl Admitted {
    /// Checks the password of a known identity, or hashes it for a new one. Takes as long either way.
    ///
    /// # Errors
    /// Refuses a wrong password, and counts it.
    pub(crate) async fn prove(
        self,
        ctx: &Ctx,
        known: Option<Identity>,
        password: Password,
        otherwise: Otherwise,
    ) -> Result<Proof> {
        let Self { account, device, attempt, turn } = self;
        let (who, turn) = match known {
            None if otherwise != Otherwise::Refused => {
                let (password_hash, turn) = password.hash(turn).await?;
                (Some(Who::New { id: IdentityId::new(), password_hash }), turn)
            }
            known => {
                let hash = known.as_ref().map(|identity| identity.password_hash.clone());
                let (is_right, turn) = password.clone().verify(hash, turn).await?;
                match known.filter(|identity| identity.is_active) {
                    Some(identity) if is_right => (Some(Who::Known(identity)), turn),
                    Some(identity) if !identity.is_proved && otherwise == Otherwise::Proved => {
                        let (password_hash, turn) = password.hash(turn).await?;
                        (Some(Who::Yielded { identity, password_hash }), turn)
                    }
                    _ => (None, turn),
                }
            }
        };
        let proves = otherwise == Otherwise::Proved;
        if let Some(who) = who {
            turn.succeeded();
            return Ok(Proof { who, proves, account, device, attempt });
        }
        drop(turn);
        count(ctx, &attempt).await?;
        Err(CREDENTIALS_INVALID.into())
    }

    /// Hashes a password that takes the place of whatever there was.
    pub(crate) async fn hash(self, password: Password) -> Result<(String, Attempt)> {
        let (password_hash, turn) = password.hash(self.turn).await?;
        turn.succeeded();
        Ok((password_hash, self.attempt))
    }

    /// Checks the password of somebody who is known already, and goes on with the turn; `None` when it is wrong, which
    /// is counted.
    pub(crate) async fn verify(
        self,
        ctx: &Ctx,
        identity: &Identity,
        password: Password,
    ) -> Result<Option<(Attempt, Turn)>> {
        let (is_right, turn) = password.verify(Some(identity.password_hash.clone()), self.turn).await?;
        if is_right {
            turn.succeeded();
            return Ok(Some((self.attempt, turn)));
        }
        count(ctx, &self.attempt).await?;
        Ok(None)
    }
}

/// Counts a wrong password.
async fn count(ctx: &Ctx, attempt: &Attempt) -> Result<()> {
    let mut tx = ctx.begin(&Permission::PUBLIC).await?;
    attempt.failed(&mut tx).await?;
    tx.commit(()).await
}

impl Proof {
    pub(crate) fn identity_id(&self) -> IdentityId {
        match &self.who {
            Who::Known(identity) | Who::Yielded { identity, .. } => identity.id,
            Who::New { id, .. } => *id,
        }
    }

    /// Makes it true in the transaction that relies on it.
    ///
    /// # Errors
    /// Refuses when password or address were changed or taken since it was looked at.
    pub(crate) async fn settle(&self, tx: &mut Tx, email: &str) -> Result<()> {
        self.attempt.succeeded(tx).await?;
        match &self.who {
            Who::New { id, password_hash } => {
                let inserted = identity::insert(tx, *id, email, password_hash).await;
                inserted.on_constraint("identity_email_key", CREDENTIALS_INVALID)?;
            }
            Who::Known(identity) | Who::Yielded { identity, .. } => {
                if !identity::is_unchanged(tx, identity).await? {
                    return Err(CREDENTIALS_INVALID.into());
                }
            }
        }
        if let Who::Yielded { identity, password_hash } = &self.who {
            yield_to(tx, identity.id, password_hash).await?;
        }
        if self.proves {
            identity::prove(tx, self.identity_id()).await?;
        }
        Ok(())
    }

    /// Keeps the device that they use; answers the token that it is known by.
    pub(crate) async fn keep_device(self, tx: &mut Tx, vault: &Vault) -> Result<String> {
        let identity_id = self.identity_id();
        device::keep(tx, vault, &self.account, identity_id, self.device).await
    }
}

/// Gives an identity to whoever has proved its address: with a new password, and nothing of what was open before.
pub(crate) async fn yield_to(tx: &mut Tx, identity_id: IdentityId, password_hash: &str) -> Result<()> {
    identity::save_password(tx, identity_id, password_hash).await?;
    session_end::end_all(tx, identity_id, None, "ADDRESS_PROVED").await?;
    device::forget_all(tx, identity_id).await
}
