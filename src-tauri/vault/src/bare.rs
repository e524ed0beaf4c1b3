//! Texts without the ways in which shells, programming languages, JSON, SQL, URLs and HTML write what is special to them.
//!
//! There are too many spellings of a value to list them, and they are nested: JSON inside of JSON, a URL inside of a shell's quotes.
//! So a text is stripped of all of them at once, the secrets are stripped in the same way, and what is equal then was the same.

use std::ops::Range;

use zeroize::Zeroizing;

/// A stripped text, and where each of its bytes stood in the original.
pub(crate) struct Bare {
    bytes: Zeroizing<Vec<u8>>,
    places: Vec<Range<usize>>,
}

impl Bare {
    /// Strips a text.
    pub(crate) fn of(text: &[u8]) -> Self {
        let (mut bytes, mut places) = (Zeroizing::new(Vec::with_capacity(text.len())), Vec::with_capacity(text.len()));
        strip(text, |byte, place| {
            bytes.push(byte);
            places.push(place);
        });
        Self { bytes, places }
    }

    /// The stripped text.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How much of the stripped text stood before this place.
    pub(crate) fn until(&self, place: usize) -> usize {
        self.places.partition_point(|byte| byte.end <= place)
    }

    /// Where a piece of the stripped text stood.
    pub(crate) fn place(&self, piece: Range<usize>) -> Range<usize> {
        let first = self.places.get(piece.start).map_or(0, |place| place.start);
        let last = piece.end.checked_sub(1).and_then(|last| self.places.get(last));
        first..last.map_or(first, |place| place.end)
    }
}

/// A text stripped, without its places.
pub(crate) fn bare(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    strip(text, |byte, _| bytes.push(byte));
    bytes
}

/// Hands on each byte that is left, with the place of what stood for it.
fn strip(text: &[u8], mut each: impl FnMut(u8, Range<usize>)) {
    let mut at = 0;
    while let Some(&first) = text.get(at) {
        let rest = &text[at..];
        let Meant { length, bytes } = match first {
            b'\\' => escaped(rest),
            b'%' => percent(rest),
            b'&' => entity(rest),
            byte => Meant::byte(1, byte),
        };
        for byte in bytes.into_iter().flatten() {
            match byte {
                // Quotes come and go with the writer, and so does what escapes them.
                b'\'' | b'"' | b'\\' => {}
                // A form's blank.
                b'+' => each(b' ', at..at + length),
                byte => each(byte, at..at + length),
            }
        }
        at += length;
    }
}

/// What so many bytes stand for: at most a character.
struct Meant {
    length: usize,
    bytes: [Option<u8>; 4],
}

impl Meant {
    fn byte(length: usize, byte: u8) -> Self {
        Self { length, bytes: [Some(byte), None, None, None] }
    }

    fn nothing(length: usize) -> Self {
        Self { length, bytes: [None; 4] }
    }

    fn character(length: usize, code: u32) -> Option<Self> {
        let mut bytes = [None; 4];
        for (place, byte) in bytes.iter_mut().zip(char::from_u32(code)?.encode_utf8(&mut [0; 4]).bytes()) {
            *place = Some(byte);
        }
        Some(Self { length, bytes })
    }
}

/// Backslashes, as many as there are (each writer doubles them), and what they escape: JSON's and Python's letters and numbers, C's and
/// bash's octal ones (`$'\047'`).
fn escaped(text: &[u8]) -> Meant {
    let run = text.iter().take_while(|byte| **byte == b'\\').count();
    let rest = &text[run..];
    let number = |from: usize, digits: usize, radix: u32| number(rest.get(from..from + digits)?, radix);
    let meant = match rest.first() {
        Some(b'n') => Some(Meant::byte(run + 1, b'\n')),
        Some(b'r') => Some(Meant::byte(run + 1, b'\r')),
        Some(b't') => Some(Meant::byte(run + 1, b'\t')),
        Some(b'b') => Some(Meant::byte(run + 1, 8)),
        Some(b'f') => Some(Meant::byte(run + 1, 12)),
        Some(b'x') => number(1, 2, 16).and_then(|byte| Some(Meant::byte(run + 3, u8::try_from(byte).ok()?))),
        Some(b'0'..=b'3') => number(0, 3, 8).and_then(|byte| Some(Meant::byte(run + 3, u8::try_from(byte).ok()?))),
        Some(b'U') => number(1, 8, 16).and_then(|code| Meant::character(run + 9, code)),
        Some(b'u') => number(1, 4, 16).and_then(|unit| unicode(unit, run, &rest[5..])),
        _ => None,
    };
    meant.unwrap_or(Meant::nothing(run))
}

/// A character by one UTF-16 unit or by two (RFC 8259 §7).
fn unicode(unit: u32, run: usize, rest: &[u8]) -> Option<Meant> {
    if !(0xd800..0xdc00).contains(&unit) {
        return Meant::character(run + 5, unit);
    }
    let second = rest.get(run).filter(|byte| **byte == b'u' && rest[..run].iter().all(|byte| *byte == b'\\'));
    let low =
        second.and_then(|_| number(rest.get(run + 1..run + 5)?, 16)).filter(|low| (0xdc00..0xe000).contains(low))?;
    Meant::character(2 * (run + 5), 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00))
}

/// A byte of a URL (RFC 3986 §2.1), however often its percent sign was itself encoded.
fn percent(text: &[u8]) -> Meant {
    let pair = |at: usize| number(text.get(at..at + 2)?, 16).and_then(|byte| u8::try_from(byte).ok());
    let mut at = 1;
    while pair(at) == Some(b'%') && pair(at + 2).is_some() {
        at += 2;
    }
    pair(at).map_or(Meant::byte(1, b'%'), |byte| Meant::byte(at + 2, byte))
}

/// A character of HTML or XML, however often its ampersand was itself written so.
fn entity(text: &[u8]) -> Meant {
    const AMPERSAND: &[u8] = b"amp;";
    let mut at = 1;
    while text[at..].starts_with(AMPERSAND) && named(&text[at + AMPERSAND.len()..]).is_some() {
        at += AMPERSAND.len();
    }
    let meant = named(&text[at..]).and_then(|(length, code)| Meant::character(at + length, code));
    meant.unwrap_or(Meant::byte(1, b'&'))
}

/// The length of an entity behind its ampersand, and its character.
fn named(text: &[u8]) -> Option<(usize, u32)> {
    const NAMES: [(&[u8], char); 5] = [(b"amp;", '&'), (b"quot;", '"'), (b"apos;", '\''), (b"lt;", '<'), (b"gt;", '>')];
    if let Some((name, c)) = NAMES.iter().find(|(name, _)| text.starts_with(name)) {
        return Some((name.len(), u32::from(*c)));
    }
    let digits = text.strip_prefix(b"#")?;
    let (digits, radix, before) = match digits.strip_prefix(b"x").or_else(|| digits.strip_prefix(b"X")) {
        Some(digits) => (digits, 16, 2),
        None => (digits, 10, 1),
    };
    let end = digits.iter().take(8).position(|byte| *byte == b';')?;
    Some((before + end + 1, number(&digits[..end], radix)?))
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u32, |sum, digit| sum.checked_mul(radix)?.checked_add(char::from(*digit).to_digit(radix)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(text: &str) -> String {
        String::from_utf8(bare(text.as_bytes()).to_vec()).unwrap()
    }

    #[test]
    fn every_writers_spelling_of_a_value_is_stripped_to_the_same() {
        let value = "it's\"Gr8$Zk\\q/9+x é🦀\n<&%";
        for spelled in [
            // JSON (Go, PHP, Python; digits of either case), and JSON in JSON.
            r#"it's\"Gr8$Zk\\q/9+x é🦀\n\u003c\u0026%"#,
            r#"it's\"Gr8$Zk\\q\/9+x \u00e9\ud83e\udd80\n<&%"#,
            r#"it's\"Gr8$Zk\\q\/9+x \u00E9\uD83E\uDD80\n<&%"#,
            r#"it's\\\"Gr8$Zk\\\\q/9+x \\u00e9\\ud83e\\udd80\\n<&%"#,
            // sh and bash.
            "'it'\\''s\"Gr8$Zk\\q/9+x é🦀\n<&%'",
            "'it'\"'\"'s\"Gr8$Zk\\q/9+x é🦀\n<&%'",
            "it\\'s\\\"Gr8\\$Zk\\\\q/9+x\\ é🦀'\n'\\<\\&%",
            r#"$'it\'s"Gr8$Zk\\q/9+x \303\251\360\237\246\200\n<&%'"#.trim_start_matches('$'),
            r#"\x69t\x27s"Gr8$Zk\x5cq/9\x2bx \xc3\xa9\U0001f980\n<&%"#,
            // SQL, YAML.
            "it''s\"Gr8$Zk\\q/9+x é🦀\n<&%",
            // URLs: everything, all but the path, the userinfo, forms, twice.
            "it%27s%22Gr8%24Zk%5Cq%2F9%2Bx%20%C3%A9%F0%9F%A6%80%0A%3C%26%25",
            "it's%22Gr8$Zk%5cq/9+x%20%c3%a9%f0%9f%a6%80%0a%3c&%25",
            "it%27s%22Gr8%24Zk%5Cq%2F9%2Bx+%C3%A9%F0%9F%A6%80%0A%3C%26%25",
            "it%2527s%2522Gr8%2524Zk%255Cq%252F9%252Bx%2520%25C3%25A9%25F0%259F%25A6%2580%250A%253C%2526%2525",
            // HTML and XML.
            "it&#39;s&quot;Gr8$Zk\\q/9+x é🦀\n&lt;&amp;%",
            "it&apos;s&#x22;Gr8$Zk\\q/9+x &#233;&#x1F980;&#10;&lt;&amp;amp;%",
        ] {
            assert_eq!(stripped(spelled), stripped(value), "{spelled}");
        }
    }

    #[test]
    fn what_only_looks_like_a_spelling_stays() {
        for text in ["100% of it", "50%-off", "a & b", "&c; &#; &#xzz; &#99999999999;", "%", "&"] {
            assert_eq!(stripped(text), text);
        }
        assert_eq!(stripped("\\"), "");
        assert_eq!(stripped("\\u12 \\ud83e \\x4"), "u12 ud83e x4", "what is no number is not taken for one");
    }

    #[test]
    fn places_lead_back_to_what_stood_there() {
        let text = "a%2Fb\\u00e9\"c";
        let stripped = Bare::of(text.as_bytes());
        assert_eq!(stripped.bytes(), "a/béc".as_bytes());
        assert_eq!(&text[stripped.place(1..2)], "%2F");
        assert_eq!(&text[stripped.place(2..5)], "b\\u00e9", "the quote behind it is not part of it");
        assert_eq!(stripped.place(0..6), 0..text.len());
    }
}
