//! Host names: which tenant a request is for, by the name that it was sent to.

/// Whether nothing is missing between the dots of a host name, with a port or without: labels have a character at
/// least (RFC 1034, 3.1). One dot at the end stands for the root. A request for no host at all is another matter.
pub(super) fn has_whole_labels(authority: &str) -> bool {
    let name = without_port(authority);
    name.is_empty() || name.strip_suffix('.').unwrap_or(name).split('.').all(|label| !label.is_empty())
}

/// The subdomain of the base domain in the name that a request was sent to, with a port or without, in lower case; `None`
/// for the domain itself, and for names that are not below it.
pub(super) fn subdomain(authority: &str, base_domain: &str) -> Option<String> {
    let name = without_port(authority);
    // With a dot at its end it is the same name (RFC 3986, 3.2.2).
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let below = name.strip_suffix(base_domain)?.strip_suffix('.')?;
    (!below.is_empty()).then(|| below.to_owned())
}

fn without_port(authority: &str) -> &str {
    authority.rsplit_once(':').map_or(authority, |(name, port)| {
        if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { authority }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_nothing_between_two_dots_is_no_host() {
        for host in ["a.b", "a.b.", "localhost:80", "a.b.:80", "[::1]", "[::ffff:192.0.2.1]:80", ""] {
            assert!(has_whole_labels(host), "{host}");
        }
        for host in ["a..b", "a..", ".a", ".", "..", "a..b:80", "a...", ".:80"] {
            assert!(!has_whole_labels(host), "{host}");
        }
    }

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
