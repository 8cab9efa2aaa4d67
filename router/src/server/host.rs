//! Host names: which tenant a request is for, by the name that it was sent to.

/// The subdomain of the base domain in the name that a request was sent to, with a port or without, in lower case; `None`
/// for the domain itself, and for names that are not below it.
pub(super) fn subdomain(authority: &str, base_domain: &str) -> Option<String> {
    let name = authority.rsplit_once(':').map_or(authority, |(name, port)| {
        if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { authority }
    });
    // With a dot at its end it is the same name (RFC 3986, 3.2.2).
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let below = name.strip_suffix(base_domain)?.strip_suffix('.')?;
    (!below.is_empty()).then(|| below.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subdomain_is_what_stands_before_the_base_domain_however_it_is_spelt() {
        for host in [
            "acme.example.com",
            "ACME.Example.com",
            "acme.example.com:443",
            "acme.example.com.",
            "acme.example.com.:8000",
        ] {
            assert_eq!(subdomain(host, "example.com").as_deref(), Some("acme"), "{host}");
        }
        assert_eq!(
            subdomain("a.b.example.com", "example.com").as_deref(),
            Some("a.b"),
            "nobody's, and not b's"
        );
        for host in [
            "example.com",
            ".example.com",
            "acmeexample.com",
            "acme.example.org",
            "localhost:8000",
            "[::1]:80",
            "",
        ] {
            assert_eq!(subdomain(host, "example.com"), None, "{host}");
        }
    }
}
