//! Texts without the sequences that colour them on a terminal.

use std::borrow::Cow;

const ESCAPE: char = '\u{1b}';

/// A text without its terminal sequences, and where each of its bytes stood.
pub(crate) struct Plain<'a> {
    text: Cow<'a, str>,
    /// The place of each byte in the original, and the original's end; empty if nothing was taken out.
    places: Vec<usize>,
}

impl<'a> Plain<'a> {
    /// Takes out what ECMA-48 calls control sequences, control strings and escapes.
    pub(crate) fn of(original: &'a str) -> Self {
        if !original.contains(ESCAPE) {
            return Self { text: Cow::Borrowed(original), places: Vec::new() };
        }
        let (mut text, mut places) = (String::with_capacity(original.len()), Vec::with_capacity(original.len()));
        let mut at = 0;
        while let Some(c) = original[at..].chars().next() {
            if c == ESCAPE {
                at += sequence(&original[at..]);
            } else {
                text.push(c);
                places.extend(at..at + c.len_utf8());
                at += c.len_utf8();
            }
        }
        places.push(original.len());
        Self { text: Cow::Owned(text), places }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Where the byte at this place stood in the original; for the end, the original's end.
    pub(crate) fn start(&self, at: usize) -> usize {
        self.places.get(at).copied().unwrap_or(at)
    }

    /// Where a piece that ends before this place ended in the original.
    pub(crate) fn end(&self, at: usize) -> usize {
        at.checked_sub(1).map_or(0, |last| self.start(last) + 1)
    }
}

/// The longest control string that is believed to be one, in bytes.
const LONGEST_STRING: usize = 4096;

/// The length in bytes of the sequence with which the text begins. Of one that does not end, only the beginning counts.
fn sequence(text: &str) -> usize {
    let Some(kind) = text[ESCAPE.len_utf8()..].chars().next() else { return ESCAPE.len_utf8() };
    let begin = ESCAPE.len_utf8() + kind.len_utf8();
    let rest = &text[begin..];
    let end = match kind {
        // Control sequence: parameters and a final character.
        '[' => rest
            .find(|c| !(' '..='?').contains(&c))
            .filter(|end| rest[*end..].starts_with(|c| ('@'..='~').contains(&c)))
            .map(|end| end + 1),
        // Control strings, such as a window title or a link: until BEL or ESC \.
        ']' | 'P' | 'X' | '^' | '_' => {
            let near = &rest[..rest.floor_char_boundary(LONGEST_STRING)];
            near.find(['\u{7}', ESCAPE]).map(|end| if near[end..].starts_with("\u{1b}\\") { end + 2 } else { end + 1 })
        }
        // One character more, such as the name of a character set.
        ' '..='/' => rest.chars().next().map(char::len_utf8),
        _ => None,
    };
    begin + end.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_of_every_kind_are_taken_out() {
        let text =
            "a\u{1b}[1;31mb\u{1b}[0mc\u{1b}]8;;http://x\u{1b}\\d\u{1b}]0;title\u{7}é\u{1b}(Bf\u{1b}7g\u{1b}]open";
        let plain = Plain::of(text);
        assert_eq!(plain.text(), "abcdéfgopen");
        for (at, c) in plain.text().char_indices() {
            assert_eq!(text[plain.start(at)..].chars().next(), Some(c), "places lead back to the original");
        }
    }
}
