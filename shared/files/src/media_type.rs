//! What bytes are, whatever their name and whoever sent them say.

use infer::MatcherType;

/// Text that a browser does not act on.
const TEXT: &str = "text/plain; charset=utf-8";
/// What nobody knows.
const BYTES: &str = "application/octet-stream";

/// The media type of a file. Text is plain text, also where it is a web page, a drawing or a script: nobody's browser
/// runs what somebody else has attached. `None` for programs, which are not taken.
pub(crate) fn of(name: &str, bytes: &[u8]) -> Option<&'static str> {
    // A script begins so (execve(2)).
    if bytes.starts_with(b"#!") {
        return None;
    }
    match infer::get(bytes) {
        Some(kind) => match kind.matcher_type() {
            MatcherType::App => None,
            MatcherType::Text => Some(TEXT),
            _ => Some(kind.mime_type()),
        },
        None if is_text(bytes) => Some(if is_csv(name) { "text/csv; charset=utf-8" } else { TEXT }),
        None => Some(BYTES),
    }
}

fn is_csv(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("csv"))
}

fn is_text(bytes: &[u8]) -> bool {
    let may_stand = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t' | '\u{c}');
    std::str::from_utf8(bytes).is_ok_and(|text| text.chars().all(may_stand))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_what_they_begin_with_and_not_what_they_are_called() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        assert_eq!(of("contract.pdf", png), Some("image/png"));
        assert_eq!(of("a.txt", b"%PDF-1.7\n"), Some("application/pdf"));
        assert_eq!(of("people.CSV", "name\nJosé\n".as_bytes()), Some("text/csv; charset=utf-8"));
        assert_eq!(of("people", b"\xff\xfe\x00\x01"), Some(BYTES));
    }

    #[test]
    fn what_a_browser_would_run_is_plain_text() {
        let pages = [
            "<!DOCTYPE html><script>alert(1)</script>",
            "<html><body onload=alert(1)>",
            "<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"/>",
            "<svg onload=\"alert(1)\"/>",
            "alert(1)",
        ];
        for page in pages {
            assert_eq!(of("a.html", page.as_bytes()), Some(TEXT), "{page}");
        }
    }

    #[test]
    fn programs_are_not_taken() {
        let mut windows = vec![0_u8; 256];
        windows[..2].copy_from_slice(b"MZ");
        let linux = [b"\x7fELF\x02\x01\x01".as_slice(), &[0; 64]].concat();
        for program in [windows.as_slice(), &linux, b"#!/bin/sh\nrm -r /\n", b"\0asm\x01\0\0\0"] {
            assert_eq!(of("invoice.pdf", program), None);
        }
    }
}
