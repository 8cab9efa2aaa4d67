//! The router for any federation, as its operators meet it: the real program, over subgraphs that are not ours.
#![cfg(test)]

mod check;
mod config;
mod errors;
mod jwt;
mod limits;
mod profile;
mod program;
mod reload;
mod scopes;
mod shop;
mod supergraph;
mod tokens;
