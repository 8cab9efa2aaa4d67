//! The recheck of an open connection, whether it may still be served: its token, and the modules behind its operations.

use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{Caller, Clock, Error, ModuleSet};

use crate::shared_state::Core;

/// How long a connection lives on when its state cannot be read.
const UNKNOWN_MAX: Duration = Duration::from_secs(5);

/// Why a connection must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The token ran out, was revoked, or never counted.
    Unauthenticated,
    /// The organization is suspended.
    Suspended,
    /// The token's state could not be read for too long.
    Unavailable,
}

/// The right of one connection to be served, looked at again and again.
pub(super) struct Access {
    core: Arc<Core>,
    token: Option<Arc<str>>,
    caller: Caller,
    modules: Option<Arc<ModuleSet>>,
    confirmed_at: Instant,
}

impl Access {
    /// Authenticates for the first time.
    pub async fn begin(core: Arc<Core>, token: Option<Arc<str>>) -> Result<Self, Error> {
        let caller = core.authenticate(token.as_deref()).await?;
        Ok(Self { core, token, caller, modules: None, confirmed_at: Instant::now() })
    }

    /// Who it was at first, and still is.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Looks again at the token and the modules.
    pub async fn confirm(&mut self) -> Result<(), Ended> {
        if self.caller.member().is_some_and(|member| member.expires_at <= Clock::default().now()) {
            return Err(Ended::Unauthenticated);
        }
        match self.read().await {
            Ok(()) => {
                self.confirmed_at = Instant::now();
                Ok(())
            }
            Err(Error::Unauthenticated) => Err(Ended::Unauthenticated),
            Err(Error::TenantSuspended) => Err(Ended::Suspended),
            Err(_) if self.confirmed_at.elapsed() < UNKNOWN_MAX => Ok(()),
            Err(_) => Err(Ended::Unavailable),
        }
    }

    async fn read(&mut self) -> Result<(), Error> {
        // Whoever says now who callers are: it may be another than when the connection began.
        self.core = self.core.latest();
        let caller = self.core.authenticate(self.token.as_deref()).await?;
        let session = |caller: &Caller| {
            caller.member().map(|member| (member.organization_id, member.membership_id, member.session_id))
        };
        if session(&caller) != session(&self.caller) {
            // Somebody else under the same token: nothing that began may go on.
            return Err(Error::Unauthenticated);
        }
        let tenancy = &self.core.tenancy;
        if !tenancy.shows_everything() {
            self.modules = Some(tenancy.modules(&caller).await?);
        }
        Ok(())
    }

    /// Whether all of these modules were enabled when last looked at.
    pub fn shows(&self, modules: &[String]) -> bool {
        self.modules.as_ref().is_none_or(|enabled| modules.iter().all(|module| enabled.contains(module)))
    }
}
