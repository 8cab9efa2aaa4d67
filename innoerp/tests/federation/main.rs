//! The router for any federation, as its operators meet it: the real program, over subgraphs that are not ours.
#![cfg(test)]

mod program;
mod shop;
mod supergraph;
