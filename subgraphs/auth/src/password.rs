//! Passwords: which ones are accepted, and bcrypt in a bounded number of threads.

use std::sync::Arc;
use std::time::Duration;

use common::{Error, Refusal, Result};
use tokio::sync::Semaphore;

/// What bcrypt costs: 2^12 rounds, about a quarter of a second.
const COST: u32 = 12;
/// The fewest characters.
const CHARS_MIN: usize = 10;
/// The most bytes: bcrypt would not look at more.
const BYTES_MAX: usize = 72;
/// The fewest different characters.
const DISTINCT_MIN: usize = 5;
/// How long to wait for a thread before giving up.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// A hash at the same cost that no password is known for: what an unknown account is checked against, so that
/// it takes as long as a known one.
const NOBODY: &str = "$2b$12$innoERPinnoERPinnoERPuinnoERPinnoERPinnoERPinnoERPin.";

/// The passwords that everybody tries first, lower case, those under ten characters left out.
const COMMON: &str = include_str!("common_passwords.txt");

// Rules.

const TOO_SHORT: Refusal = Refusal::whole("PASSWORD_TOO_SHORT", "use 10 characters or more");
/// Bcrypt would ignore the rest.
const TOO_LONG: Refusal = Refusal::whole("PASSWORD_TOO_LONG", "use 72 bytes or fewer");
/// On the list of common ones, too regular, or the mail address.
const TOO_COMMON: Refusal =
    Refusal::whole("PASSWORD_TOO_COMMON", "this is one of the first that somebody would guess; use another");

/// Whether a password may be chosen by the person with this mail address.
pub(crate) fn check(field: &'static str, password: &str, email: &str) -> Result<(), Refusal> {
    if password.chars().count() < CHARS_MIN {
        return Err(TOO_SHORT.at(field));
    }
    if password.len() > BYTES_MAX {
        return Err(TOO_LONG.at(field));
    }
    let lower = password.to_lowercase();
    let distinct = lower.chars().collect::<std::collections::BTreeSet<_>>().len();
    if distinct < DISTINCT_MIN || lower == email || COMMON.lines().any(|common| common == lower) {
        return Err(TOO_COMMON.at(field));
    }
    Ok(())
}

/// Runs bcrypt, in as many threads at once as there are processors but one.
#[derive(Clone, Debug)]
pub(crate) struct Hasher(Arc<Semaphore>);

impl Hasher {
    pub(crate) fn new() -> Self {
        let processors = std::thread::available_parallelism().map_or(2, usize::from);
        Self(Arc::new(Semaphore::new(processors.saturating_sub(1).max(1))))
    }

    /// The hash to store of a password that [`check`] has passed.
    pub(crate) async fn hash(&self, password: String) -> Result<String> {
        self.run(move || bcrypt::hash(password, COST)).await
    }

    /// Whether a password is the one of a stored hash. Without a hash it takes as long to say no.
    pub(crate) async fn verify(&self, password: String, hash: Option<String>) -> Result<bool> {
        let can_be_right = hash.is_some() && password.len() <= BYTES_MAX;
        let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
        Ok(self.run(move || bcrypt::verify(password, &hash)).await? && can_be_right)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> bcrypt::BcryptResult<T> + Send + 'static,
    ) -> Result<T> {
        let permit = match tokio::time::timeout(WAIT_MAX, self.0.clone().acquire_owned()).await {
            Ok(Ok(permit)) => permit,
            Ok(Err(closed)) => return Err(Error::internal(closed)),
            Err(_) => return Err(Error::Unavailable),
        };
        let done = tokio::task::spawn_blocking(move || {
            // Held by the thread and not by the request: a client that hangs up frees no processor.
            let _permit = permit;
            work()
        });
        done.await.map_err(Error::internal)?.map_err(Error::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMAIL: &str = "ada.lovelace@example.org";

    #[test]
    fn short_long_and_common_passwords_are_refused() {
        assert_eq!(check("p", "short-one", EMAIL), Err(TOO_SHORT.at("p")));
        assert_eq!(check("p", &"ä-b2C".repeat(13), EMAIL), Err(TOO_LONG.at("p")));
        for password in
            ["Password123", "qwertyuiop", "1212121212", "aaaaaaaaaaaaaaaa", "Ada.Lovelace@example.org"]
        {
            assert_eq!(check("p", password, EMAIL), Err(TOO_COMMON.at("p")), "{password}");
        }
        assert_eq!(check("p", "heron-basket-42", EMAIL), Ok(()));
        assert_eq!(check("p", &"abcdefgh9".repeat(8), EMAIL), Ok(()), "72 bytes exactly");
    }

    #[test]
    fn the_list_is_of_passwords_that_nothing_else_refuses() {
        for line in COMMON.lines() {
            assert_eq!(line, line.to_lowercase());
            assert!(line.chars().count() >= CHARS_MIN, "{line}");
        }
    }

    #[tokio::test]
    async fn the_password_is_right_or_not_and_nobodys_never_is() {
        let hasher = Hasher::new();
        let hash = hasher.hash("heron-basket-42".into()).await.unwrap();
        assert!(hash.starts_with("$2b$12$"));
        assert!(hasher.verify("heron-basket-42".into(), Some(hash.clone())).await.unwrap());
        assert!(!hasher.verify("heron-basket-43".into(), Some(hash)).await.unwrap());
        assert!(!hasher.verify("heron-basket-42".into(), None).await.unwrap());
    }

    #[tokio::test]
    async fn what_is_too_long_is_not_cut_to_fit() {
        let hasher = Hasher::new();
        let longest = "abcdefgh9".repeat(8);
        let hash = hasher.hash(longest.clone()).await.unwrap();
        assert!(!hasher.verify(format!("{longest}x"), Some(hash.clone())).await.unwrap());
        assert!(hasher.verify(longest, Some(hash)).await.unwrap());
    }
}
