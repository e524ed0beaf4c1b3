//! Texts of others on a terminal: what would steer it, or turn the order of the letters round, is shown and not sent.

use std::borrow::Cow;
use std::fmt::Write;

/// Whether a character does something on a terminal, or to the text around it, instead of standing for itself: controls of C0 and C1
/// (ECMA-48), marks and embeddings of direction (Unicode UAX #9), and separators that begin a line.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text in which such characters are written by their numbers, as in `\x1b` and `\u{202e}`. Line ends and tabs stay.
///
/// ```
/// assert_eq!(sternway_model::visible("a\u{1b}[31mb\n"), "a\\x1b[31mb\n");
/// ```
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    escaped(text, |_| 0)
}

/// As [`visible`], for what a program printed: colours (ECMA-48 §8.3.117, SGR) stay, and end with the line.
#[must_use]
pub fn visible_output(text: &str) -> Cow<'_, str> {
    let coloured = escaped(text, colour);
    if coloured.contains('\u{1b}') { Cow::Owned(coloured.into_owned() + "\u{1b}[0m") } else { coloured }
}

/// The length of a sequence that sets colours, with which the text begins; 0 if it does not.
fn colour(text: &str) -> usize {
    let Some(rest) = text.strip_prefix("\u{1b}[") else { return 0 };
    let parameters = rest.bytes().take_while(|byte| byte.is_ascii_digit() || matches!(byte, b';' | b':')).count();
    if rest[parameters..].starts_with('m') { text.len() - rest.len() + parameters + 1 } else { 0 }
}

fn escaped(text: &str, kept: fn(&str) -> usize) -> Cow<'_, str> {
    let harmless = |c: char| !steers(c) || matches!(c, '\n' | '\t');
    if text.chars().all(harmless) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let whole = kept(rest);
        if whole > 0 {
            shown.push_str(&rest[..whole]);
            rest = &rest[whole..];
            continue;
        }
        if harmless(c) {
            shown.push(c);
        } else {
            let code = u32::from(c);
            let written = if code < 0x100 { write!(shown, "\\x{code:02x}") } else { write!(shown, "\\u{{{code:x}}}") };
            debug_assert!(written.is_ok(), "a String takes every text");
        }
        rest = &rest[c.len_utf8()..];
    }
    Cow::Owned(shown)
}

/// JSON in which such characters are JSON's own escapes; a writer of JSON leaves those above U+001F as they are.
#[must_use]
pub fn visible_json(json: &str) -> Cow<'_, str> {
    if !json.chars().any(steers) {
        return Cow::Borrowed(json);
    }
    let mut shown = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        // Line ends and tabs can only stand between values here.
        if steers(c) && c >= ' ' {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let written = write!(shown, "\\u{unit:04x}");
                debug_assert!(written.is_ok(), "a String takes every text");
            }
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_shown() {
        for (text, expected) in [
            ("plain ü 🦀\tx\n", "plain ü 🦀\tx\n"),
            ("\u{1b}]0;title\u{7}", "\\x1b]0;title\\x07"),
            ("\u{1b}]52;c;aGk=\u{1b}\\", "\\x1b]52;c;aGk=\\x1b\\"),
            ("\u{9b}31m", "\\x9b31m"),
            ("over\rwritten\u{0}\u{7f}\u{8}", "over\\x0dwritten\\x00\\x7f\\x08"),
            ("user\u{202e}drowssap\u{2066}", "user\\u{202e}drowssap\\u{2066}"),
            ("a\u{2028}b", "a\\u{2028}b"),
        ] {
            assert_eq!(visible(text), expected);
        }
    }

    #[test]
    fn colours_of_output_stay_and_end_with_it() {
        assert_eq!(visible_output("\u{1b}[1;31mred"), "\u{1b}[1;31mred\u{1b}[0m");
        assert_eq!(visible_output("plain"), "plain");
        assert_eq!(
            visible_output("\u{1b}[31mred\u{1b}[2J\u{1b}]52;c;x\u{7}"),
            "\u{1b}[31mred\\x1b[2J\\x1b]52;c;x\\x07\u{1b}[0m"
        );
        assert_eq!(visible_output("\u{1b}[31"), "\\x1b[31");
    }

    #[test]
    fn json_means_the_same() {
        let value = serde_json::json!({ "a\u{202e}": "\u{9b}31m\u{7f}\u{1b}🦀\n" });
        let text = serde_json::to_string(&value).expect("JSON");
        let shown = visible_json(&text);
        assert!(shown.chars().all(|c| !steers(c)), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).expect("JSON"), value);
    }
}
