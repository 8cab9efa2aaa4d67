//! Tests that make things up: what one of them failed with is made up again by its seed.

/// The seed that a test makes things up from: what the environment says by this name, or else another one each time. It is printed
/// with a test that fails.
#[must_use]
pub fn seed(name: &str) -> u64 {
    let given = std::env::var(name).ok().map(|seed| seed.parse().unwrap());
    let seed = given.unwrap_or_else(|| uuid::Uuid::now_v7().as_u64_pair().1);
    println!("{name}={seed}");
    seed
}
