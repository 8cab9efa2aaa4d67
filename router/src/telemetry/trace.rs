//! The W3C trace that a request belongs to (<https://www.w3.org/TR/trace-context/>).

use std::sync::Arc;

/// The `traceparent` to send on: the same trace, with a span of our own. `None` for one that is malformed.
pub(crate) fn continue_trace(traceparent: &str) -> Option<Arc<str>> {
    let mut parts = traceparent.split('-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_hex = |text: &str, length| {
        text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let is_zero = |text: &str| text.bytes().all(|byte| byte == b'0');
    let is_whole = is_hex(version, 2) && is_hex(trace, 32) && is_hex(parent, 16) && is_hex(flags, 2);
    // Later versions may append fields, version 00 may not.
    if !is_whole || version == "ff" || is_zero(trace) || is_zero(parent) {
        return None;
    }
    if version == "00" && parts.next().is_some() {
        return None;
    }
    let (_, random) = uuid::Uuid::now_v7().as_u64_pair();
    Some(format!("00-{trace}-{random:016x}-{flags}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_goes_on_with_a_new_span() {
        let sent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let on = continue_trace(sent).expect("well-formed");
        assert_eq!(on[..36], sent[..36]);
        assert_eq!(on[52..], sent[52..]);
        assert_ne!(on[36..52], sent[36..52]);
    }

    #[test]
    fn a_malformed_trace_is_dropped() {
        for sent in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra",
        ] {
            assert_eq!(continue_trace(sent), None, "{sent}");
        }
    }
}
