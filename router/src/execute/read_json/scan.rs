//! What is looked at byte by byte while JSON is read: strings, escapes and numbers.

/// How many bytes of a string come before a quote, a backslash, or what may not stand in a string.
///
/// Eight at a time: a byte below n has its high bit set by subtracting n from each byte, unless it was set before
/// (Mycroft's test for a zero byte, 1987); the lowest byte found is exact, and that is the one that counts.
pub(super) fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES * 0x80;
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word & HIGH;
    let mut at = 0;
    let (words, _) = bytes.as_chunks::<8>();
    for word in words {
        let word = u64::from_le_bytes(*word);
        let special = below(word, 0x20)
            | below(word ^ (ONES * u64::from(b'"')), 1)
            | below(word ^ (ONES * u64::from(b'\\')), 1);
        if special != 0 {
            return at + special.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let is_special = |byte: &u8| *byte < 0x20 || matches!(byte, b'"' | b'\\');
    at + bytes[at..].iter().position(is_special).unwrap_or(bytes.len() - at)
}

/// Where the escape at a backslash ends, and whether it stands for whole characters: UTF-16 writes some in two halves,
/// and one half alone is a character to nobody (RFC 8259, section 8.2). `None` for what is no escape.
pub(super) fn escape_end(bytes: &[u8], at: usize) -> Option<(usize, bool)> {
    match bytes.get(at + 1..)? {
        [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => Some((at + 2, true)),
        [b'u', rest @ ..] => Some(match unit(rest)? {
            0xd800..=0xdbff => match rest.get(4..) {
                Some([b'\\', b'u', low @ ..]) if matches!(unit(low), Some(0xdc00..=0xdfff)) => {
                    (at + 12, true)
                }
                _ => (at + 6, false),
            },
            0xdc00..=0xdfff => (at + 6, false),
            _ => (at + 6, true),
        }),
        _ => None,
    }
}

/// Four hexadecimal digits.
fn unit(digits: &[u8]) -> Option<u32> {
    let digits = digits.get(..4)?;
    let digit = |sum: u32, digit: &u8| Some(sum * 16 + char::from(*digit).to_digit(16)?);
    digits.iter().try_fold(0, digit)
}

/// Whether a number is one to readers who keep numbers in 64 bits of floating point, as most do (RFC 8259, section 6).
pub(super) fn is_finite(number: &[u8]) -> bool {
    let text = std::str::from_utf8(number).unwrap_or_default();
    text.parse::<f64>().is_ok_and(f64::is_finite)
}
