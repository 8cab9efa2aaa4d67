//! Accounts: what somebody has of one leave type. It follows from facts, whenever they were entered, by one function
//! ([`Account::entries`]); the ledger is what followed from them, noted when it did.

mod account;
mod book;
mod entry;
mod posting;

#[cfg(test)]
pub use account::Adjusted;
pub use account::{Account, Taken};
pub(crate) use book::{account_of, accounts};
pub use entry::{Entry, Kind};
pub(crate) use posting::{lock, lock_many, lock_of_requests, post};
