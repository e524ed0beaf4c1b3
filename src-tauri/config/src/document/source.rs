//! Bytes, lines and places of a text.

use std::ops::Range;
use std::path::Path;

use sternway_model::Location;

use super::tree::{Content, Node};

/// Parts of a text and what stands there afterwards, in the text's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Patch(Vec<(Range<usize>, String)>);

impl Patch {
    /// One part.
    pub(crate) fn one(span: Range<usize>, text: impl Into<String>) -> Self {
        Self(vec![(span, text.into())])
    }

    /// Several parts, none of which overlaps another.
    pub(crate) fn of(mut parts: Vec<(Range<usize>, String)>) -> Self {
        parts.sort_by_key(|(span, _)| span.start);
        Self(parts)
    }

    /// The parts of several patches.
    pub(crate) fn all(patches: Vec<Self>) -> Self {
        Self::of(patches.into_iter().flat_map(|patch| patch.0).collect())
    }

    /// What makes one text of another: everything between what they begin and end with alike.
    pub(crate) fn between(before: &str, after: &str) -> Self {
        let (start, end) = difference(before, after);
        Self::one(start..before.len() - end, &after[start..after.len() - end])
    }

    /// The text with its parts replaced.
    pub(crate) fn apply(&self, text: &str) -> String {
        let mut whole = String::with_capacity(text.len());
        let mut from = 0;
        for (span, replacement) in &self.0 {
            whole.push_str(&text[from..span.start]);
            whole.push_str(replacement);
            from = span.end;
        }
        whole.push_str(&text[from..]);
        whole
    }
}

/// How many bytes two texts have in common at their beginnings, and after that at their ends; never within a character.
fn difference(before: &str, after: &str) -> (usize, usize) {
    let alike = |(a, b): &(u8, u8)| a == b;
    let mut start = before.bytes().zip(after.bytes()).take_while(alike).count();
    while !before.is_char_boundary(start) {
        start -= 1;
    }
    let rest = before[start..].bytes().rev().zip(after[start..].bytes().rev());
    let mut end = rest.take_while(alike).count();
    while !before.is_char_boundary(before.len() - end) {
        end -= 1;
    }
    (start, end)
}

/// Line and column of a byte, both from 1; a line ends with LF, CRLF or a lone CR.
pub(crate) fn location(path: &Path, text: &str, offset: usize, key: Option<String>) -> Location {
    let (line, column) = Lines::new(text).place(offset);
    Location { file: path.to_owned(), line: Some(line), column: Some(column), key }
}

/// Finds lines and columns, quickly if asked in the text's order.
pub(crate) struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    line_start: usize,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0, line: 1, line_start: 0 }
    }

    /// Line and column of a byte, both from 1. A byte order mark is no column.
    pub(crate) fn place(&mut self, offset: usize) -> (u32, u32) {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        if offset < self.line_start {
            *self = Self::new(self.text);
        }
        let bytes = self.text.as_bytes();
        let mut at = self.at.min(offset);
        while at < offset {
            let ends = bytes[at] == b'\n' || (bytes[at] == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
            at += 1;
            if ends {
                self.line = self.line.saturating_add(1);
                self.line_start = at;
            }
        }
        self.at = at;
        let column = self.text[self.line_start..offset].trim_start_matches('\u{feff}').chars().count() + 1;
        (self.line, u32::try_from(column).unwrap_or(u32::MAX))
    }
}

/// Moves every place of a document.
pub(crate) fn shift(node: &mut Node, by: usize) {
    let moved = |span: &Range<usize>| span.start + by..span.end + by;
    node.span = moved(&node.span);
    for part in &mut node.parts {
        *part = moved(part);
    }
    if let Some(key) = &mut node.key {
        for span in &mut key.spans {
            *span = moved(span);
        }
    }
    match &mut node.content {
        Content::Scalar(..) => {}
        Content::Object(children) | Content::Array(children) => {
            for child in children {
                shift(child, by);
            }
        }
    }
}

/// What ends the lines of a text: CRLF if most do.
pub(crate) fn newline(text: &str) -> &'static str {
    let crlf = text.matches("\r\n").count();
    if crlf > text.matches('\n').count() - crlf { "\r\n" } else { "\n" }
}

/// Where the line of a byte begins.
pub(crate) fn line_start(text: &str, offset: usize) -> usize {
    let start = text[..offset].rfind('\n').map_or(0, |end| end + 1);
    // A byte order mark stays in front of whatever comes first.
    if start == 0 && text.starts_with('\u{feff}') { '\u{feff}'.len_utf8().min(offset) } else { start }
}

/// Where the line of a byte ends, its line break included.
pub(crate) fn line_end(text: &str, offset: usize) -> usize {
    text[offset..].find('\n').map_or(text.len(), |end| offset + end + 1)
}

/// The white space at the beginning of a byte's line.
pub(crate) fn indentation(text: &str, offset: usize) -> &str {
    let line = &text[line_start(text, offset)..];
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// One level of a text's indentation, as most of its lines have it.
pub(crate) fn indent_unit(text: &str) -> String {
    let mut previous = 0;
    let mut steps = [0_u32; 9];
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        if line.starts_with('\t') {
            return "\t".to_owned();
        }
        let depth = line.len() - line.trim_start_matches(' ').len();
        if let Some(count) = depth.checked_sub(previous).and_then(|step| steps.get_mut(step)) {
            *count += 1;
        }
        previous = depth;
    }
    let most = (1..steps.len()).rev().max_by_key(|step| steps[*step]).filter(|step| steps[*step] > 0);
    " ".repeat(most.unwrap_or(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_difference_of_two_texts_is_as_small_as_it_can_be() {
        let patch = Patch::between("port = 80\n", "port = 8080\n");
        assert_eq!(patch.apply("port = 80\n"), "port = 8080\n");
        // é and è share their first byte.
        assert_eq!(Patch::between("aé", "aè"), Patch::one(1..3, "è"));
        assert_eq!(Patch::between("aa", "aaa"), Patch::one(2..2, "a"));
    }

    #[test]
    fn places_are_found_in_any_order() {
        let text = "\u{feff}a\r\nbé\rc\n";
        let mut lines = Lines::new(text);
        let places: Vec<_> = ["c", "b", "é", "a"].map(|c| lines.place(text.find(c).expect("there"))).to_vec();
        assert_eq!(places, [(3, 1), (2, 1), (2, 2), (1, 1)]);
    }

    #[test]
    fn indentation_is_what_most_lines_have() {
        assert_eq!(indent_unit("a:\n    b:\n        c: 1\n"), "    ");
        assert_eq!(indent_unit("{\n\t\"a\": 1\n}"), "\t");
        assert_eq!(indent_unit("a: 1\n"), "  ");
    }
}
