//! Stories about leave, through the graph.
#![cfg(test)]

mod agreement;
mod balances;
mod company;
mod corrections;
mod days;
mod decisions;
mod defaults;
mod leave_types;
mod office;
mod own_matters;
mod requests;
mod second_thoughts;
mod year_ends;
