//! The nouns that every module speaks: ids, callers, rights, refusals, forms, money, events, pages, time.
//!
//! No I/O happens here. A type enters this crate only when three modules need it.

// `id!` names this crate as its users do; inside, the same path must work.
extern crate self as common;

mod caller;
mod clock;
mod error;
mod event;
mod form;
mod id;
mod money;
mod network;
mod page;
mod permission;
pub mod text;

pub use caller::{Caller, ClientAddress, Granted, HostOrganization, Member, ModuleSet, RequestContext};
pub use clock::Clock;
pub use error::{Error, Refusal, Result};
pub use event::{Envelope, Event, EventActor, event_alias};
pub use form::{Form, given};
pub use id::{EmployeeId, GIVEN, IdentityId, MembershipId, OrganizationId, SessionId};
pub use money::{Currency, decimals_of};
pub use network::{neighbourhood_of, network_of};
#[cfg(feature = "sqlx")]
pub use page::page_of;
pub use page::{Page, Place, Slice, Sort};
pub use permission::{
    ADMINISTRATION, EVERYBODY, EVERYBODY_OWN, Grants, OWN_OR_OFFICE, PEOPLE_MATTERS, PEOPLE_OFFICE,
    Permission, Role, STAFF, Scope,
};

/// What the macros of the shared crates expand to needs these; not for direct use.
#[doc(hidden)]
pub mod reexport {
    #[cfg(feature = "sqlx")]
    pub use sqlx;
    pub use {async_graphql, chrono, schemars, serde, serde_json, uuid};
}
