//! Stories about leave, through the graph.
#![cfg(test)]

mod agreement;
mod balances;
mod company;
mod corrections;
mod decisions;
mod leave_types;
mod office;
mod requests;
mod second_thoughts;
