//! innoerp
fn main() {}
