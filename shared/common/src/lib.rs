//! The nouns that every module speaks: ids, callers, rights, refusals, events, pages, time.
//!
//! No I/O happens here. A type enters this crate only when three modules need it.

// `id!` names this crate as its users do; inside, the same path must work.
extern crate self as common;

mod caller;
mod clock;
mod error;
mod event;
mod id;
mod page;
mod permission;

pub use caller::{Caller, Member, ModuleSet, RequestContext};
pub use clock::Clock;
pub use error::{Error, Refusal, Refuse, Result};
pub use event::{Envelope, Event, EventActor};
pub use id::{IdentityId, MembershipId, OrganizationId, SessionId};
pub use page::{Cursor, Page, Slice};
pub use permission::{Permission, Role, Scope};

/// What [`id!`] expands to needs these; not for direct use.
#[doc(hidden)]
pub mod reexport {
    pub use {async_graphql, schemars, serde, sqlx, uuid};
}
