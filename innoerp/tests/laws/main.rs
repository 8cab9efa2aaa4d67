//! The laws: what holds for every module, checked over the list of them.
#![cfg(test)]

mod data;
mod events;
mod names;
mod rights;
mod schema;
mod settings;
mod tidy;
