//! The forms in which a secret's value turns up in other programs' output.

use base64::Engine;
use base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use zeroize::Zeroizing;

use crate::redactor::SHORTEST;

/// The widths at which tools wrap base64: PEM (RFC 7468 §2) and `base64` of coreutils.
const WRAPPED_AT: [usize; 2] = [64, 76];

/// A set of texts that wipes them.
pub(crate) type Forms = Vec<Zeroizing<String>>;

/// Everything that must be masked for this value: as it is, JSON-escaped, URL-encoded, base64, and each line of its own.
/// Nothing that is shorter than [`SHORTEST`], nothing twice.
pub(crate) fn forms(value: &str) -> Forms {
    let mut forms = Forms::new();
    // Programs read a value from a file and drop the line end, or print it without the blanks around it.
    for value in [value, value.trim()] {
        forms.push(Zeroizing::new(value.to_owned()));
        json(value, &mut forms);
        url(value, &mut forms);
        base64(value.as_bytes(), &mut forms);
    }
    forms.extend(value.lines().map(|line| Zeroizing::new(line.trim().to_owned())));
    forms.retain(|form| form.chars().count() >= SHORTEST);
    forms.sort_by(|a, b| a.as_str().cmp(b));
    forms.dedup();
    forms
}

/// RFC 8259 §7: what must be escaped, and what some writers escape besides (`/` in PHP, `<>&` in Go, everything beyond
/// ASCII in Python).
fn json(value: &str, forms: &mut Forms) {
    let also: [fn(char) -> bool; 3] = [|_| false, |c| matches!(c, '<' | '>' | '&'), |c| !c.is_ascii()];
    for also in also {
        let mut escaped = Zeroizing::new(String::new());
        for c in value.chars() {
            match c {
                '"' | '\\' => escaped.extend(['\\', c]),
                '\n' => escaped.push_str("\\n"),
                '\r' => escaped.push_str("\\r"),
                '\t' => escaped.push_str("\\t"),
                '\u{8}' => escaped.push_str("\\b"),
                '\u{c}' => escaped.push_str("\\f"),
                c if c < ' ' || also(c) => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        escaped.push_str(&format!("\\u{unit:04x}"));
                    }
                }
                c => escaped.push(c),
            }
        }
        forms.push(Zeroizing::new(escaped.replace('/', "\\/")));
        forms.push(escaped);
    }
}

/// RFC 3986 §2, with upper and lower case digits; JavaScript's `encodeURIComponent`; and HTML forms.
fn url(value: &str, forms: &mut Forms) {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let script = |byte: u8| unreserved(byte) || b"!'()*".contains(&byte);
    let form = |byte: u8| byte.is_ascii_alphanumeric() || b"-._*".contains(&byte);
    let encode = |keep: &dyn Fn(u8) -> bool, digits: &[u8; 16]| {
        let mut encoded = Zeroizing::new(String::new());
        for byte in value.bytes() {
            if keep(byte) {
                encoded.push(char::from(byte));
            } else {
                let digit = |half: u8| char::from(digits[usize::from(half)]);
                encoded.extend(['%', digit(byte >> 4), digit(byte & 0xf)]);
            }
        }
        encoded
    };
    let (upper, lower) = (b"0123456789ABCDEF", b"0123456789abcdef");
    forms.push(encode(&unreserved, upper));
    forms.push(encode(&unreserved, lower));
    forms.push(encode(&script, upper));
    forms.push(Zeroizing::new(encode(&form, upper).replace("%20", "+")));
}

/// RFC 4648 §4 and §5, wherever the value stands in what was encoded: three bytes become four characters, so that there
/// are three alignments. Characters that also hold bits of a neighbour are left out, or taken with the end of the data.
fn base64(value: &[u8], forms: &mut Forms) {
    let alphabets: [&Alphabet; 2] = [&STANDARD, &URL_SAFE];
    for alphabet in alphabets {
        let engine = GeneralPurpose::new(alphabet, NO_PAD);
        for before in 0..3 {
            let mut bytes = Zeroizing::new(vec![0; before]);
            bytes.extend_from_slice(value);
            let encoded = Zeroizing::new(engine.encode(bytes.as_slice()));
            // The characters that hold bits of the `before` bytes; the others are the value's alone.
            let own = encoded.get((before * 8).div_ceil(6)..).unwrap_or_default();
            let ends_with_neighbour = bytes.len() % 3 != 0;
            let alone = if ends_with_neighbour { &own[..own.len().saturating_sub(1)] } else { own };
            forms.push(Zeroizing::new(alone.to_owned()));
            forms.push(Zeroizing::new(own.to_owned()));
            forms.push(Zeroizing::new(format!("{own}{}", "=".repeat((3 - bytes.len() % 3) % 3))));
            if before == 0 {
                for width in WRAPPED_AT {
                    forms.extend(pieces(&encoded, width));
                }
            }
        }
    }
}

/// The lines of a text of ASCII characters that was wrapped.
fn pieces(text: &str, width: usize) -> impl Iterator<Item = Zeroizing<String>> + '_ {
    text.as_bytes().chunks(width).map(|piece| Zeroizing::new(String::from_utf8_lossy(piece).into_owned()))
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    use super::*;

    fn has(value: &str, form: &str) -> bool {
        forms(value).iter().any(|known| known.as_str() == form)
    }

    #[test]
    fn each_writers_escapes_are_known() {
        let value = "a\"b/c\n<é🦀 +*";
        for form in [
            "a\\\"b/c\\n<é🦀 +*",
            "a\\\"b\\/c\\n<é🦀 +*",
            "a\\\"b/c\\n\\u003cé🦀 +*",
            "a\\\"b/c\\n<\\u00e9\\ud83e\\udd80 +*",
            "a%22b%2Fc%0A%3C%C3%A9%F0%9F%A6%80%20%2B%2A",
            "a%22b%2fc%0a%3c%c3%a9%f0%9f%a6%80%20%2b%2a",
            "a%22b%2Fc%0A%3C%C3%A9%F0%9F%A6%80%20%2B*",
            "a%22b%2Fc%0A%3C%C3%A9%F0%9F%A6%80+%2B*",
        ] {
            assert!(has(value, form), "{form}");
        }
    }

    #[test]
    fn base64_is_known_wherever_the_value_stands() {
        let value = "pa?ss>wörd";
        let known = forms(value);
        for before in 0..7 {
            for after in 0..4 {
                let text = format!("{}{value}{}", "u".repeat(before), "v".repeat(after));
                for encoded in [STANDARD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
                    let longest =
                        known.iter().filter(|form| encoded.contains(form.as_str())).map(|form| form.len()).max();
                    // At most one character at each side, which shares its bits with a neighbour, stays.
                    assert!(longest.unwrap_or(0) + 2 >= value.len() * 8 / 6, "{before} {after} {encoded}");
                }
            }
        }
    }

    #[test]
    fn wrapped_base64_and_lines_are_known_by_their_lines() {
        let value = (0..12).map(|line| format!("line {line} of a private key\n")).collect::<String>();
        assert!(has(&value, "line 7 of a private key"));
        let encoded = STANDARD.encode(&value);
        for line in encoded.as_bytes().chunks(76) {
            let line = std::str::from_utf8(line).unwrap().trim_end_matches('=');
            assert!(has(&value, line), "each line that `base64` prints: {line}");
        }
    }
}
