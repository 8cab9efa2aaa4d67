//! The process that modules run in: its connections, its log of events.

use std::sync::Arc;

use database::{Access, Database};
use files::Files;
use kafka::{Changes, EventLog};
use tokio_util::sync::CancellationToken;

use crate::SecretKey;

/// What the modules of one process share. Cheap to clone.
#[derive(Clone)]
pub struct Runtime {
    /// The connections to PostgreSQL.
    pub database: Database,
    /// What organizations and sessions are at present.
    pub access: Access,
    /// Where events go and come from.
    pub log: Arc<dyn EventLog>,
    /// What has changed a moment ago, for subscriptions.
    pub changes: Changes,
    /// The secret that the router and the subgraphs share.
    pub secret_key: SecretKey,
    /// The files that are attached to things.
    pub files: Files,
    /// Whether whoever invites is shown the token of the invitation: for laptops, where there is no mail.
    pub shows_invitation_tokens: bool,
    /// Asks everything in the process to come to an end.
    pub cancel: CancellationToken,
}
