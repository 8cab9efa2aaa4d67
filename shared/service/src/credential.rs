//! The router's credential: proof, on every call to a subgraph, that it came through the router.
//!
//! HMAC-SHA-256 (RFC 2104) over method, path, time and the hash of the body, under the shared secret key. It
//! says nothing of the caller: the forwarded token does, and the subgraph verifies that by itself.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use crate::SecretKey;

/// The header that carries it: `t=<unix seconds>,v1=<hex>`.
pub const HEADER: &str = "x-innoerp-credential";

/// How far the clocks of router and subgraph may be apart, and how long a captured call could be replayed.
const AGE_MAX: Duration = Duration::from_secs(30);

/// The header's value for a call.
#[must_use]
pub fn sign(key: &SecretKey, method: &str, path: &str, body: &[u8]) -> String {
    sign_at(key, method, path, body, unix_seconds())
}

/// Whether `value` proves that the holder of the key made this call, now.
#[must_use]
pub fn verify(key: &SecretKey, method: &str, path: &str, body: &[u8], value: &str) -> bool {
    let Some((time, tag)) = value.strip_prefix("t=").and_then(|rest| rest.split_once(",v1=")) else {
        return false;
    };
    let Ok(time) = time.parse::<u64>() else { return false };
    if time.abs_diff(unix_seconds()) > AGE_MAX.as_secs() {
        return false;
    }
    let Some(tag) = unhex(tag) else { return false };
    mac(key, method, path, body, time).verify_slice(&tag).is_ok()
}

fn sign_at(key: &SecretKey, method: &str, path: &str, body: &[u8], time: u64) -> String {
    let tag = mac(key, method, path, body, time).finalize().into_bytes();
    let tag: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={time},v1={tag}")
}

fn mac(key: &SecretKey, method: &str, path: &str, body: &[u8], time: u64) -> Hmac<Sha256> {
    let mut mac = key.hmac("router-credential");
    mac.update(format!("{method}\n{path}\n{time}\n").as_bytes());
    mac.update(&Sha256::digest(body));
    mac
}

fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    (0..64).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SecretKey {
        "a secret key of thirty-two bytes, at least".parse().unwrap()
    }

    #[test]
    fn a_signed_call_is_believed_and_any_change_is_not() {
        let value = sign(&key(), "POST", "/graphql", b"{}");
        assert!(verify(&key(), "POST", "/graphql", b"{}", &value));
        assert!(!verify(&key(), "GET", "/graphql", b"{}", &value));
        assert!(!verify(&key(), "POST", "/other", b"{}", &value));
        assert!(!verify(&key(), "POST", "/graphql", b"{ }", &value));
        let other: SecretKey = "another secret key of thirty-two bytes".parse().unwrap();
        assert!(!verify(&other, "POST", "/graphql", b"{}", &value));
    }

    #[test]
    fn an_old_call_and_rubbish_are_refused() {
        let old = sign_at(&key(), "POST", "/graphql", b"{}", unix_seconds() - 31);
        assert!(!verify(&key(), "POST", "/graphql", b"{}", &old));
        for value in ["", "t=,v1=", "t=1", "t=99999999999999999999,v1=00", "t=1,v1=zz"] {
            assert!(!verify(&key(), "POST", "/graphql", b"{}", value), "{value}");
        }
    }
}
