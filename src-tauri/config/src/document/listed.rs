//! Values between brackets, with commas between them: JSON, and the parts of YAML, TOML and HCL that look like it.

use std::ops::Range;

use super::lines::lines_of;
use super::source::{Patch, indent_unit, indentation, line_end, line_start, newline};
use super::tree::Node;

/// How a format writes what stands between brackets.
#[derive(Clone, Copy)]
pub(super) struct Listed {
    /// What a comment that ends with its line begins with.
    pub(super) line_comments: &'static [&'static str],
    /// Whether `/* … */` is a comment.
    pub(super) block_comments: bool,
    /// Whether the end of a line separates as well as a comma does.
    pub(super) lines_separate: bool,
    /// Whether a first value gets a line of its own.
    pub(super) expand: bool,
}

impl Listed {
    /// The next byte at or after `at` that is neither white space nor comment.
    pub(super) fn next(&self, text: &str, mut at: usize) -> usize {
        loop {
            let rest = &text[at..];
            let blank = rest.len() - rest.trim_start().len();
            let rest = &rest[blank..];
            at += blank;
            if self.line_comments.iter().any(|begin| rest.starts_with(begin)) {
                at += rest.find('\n').unwrap_or(rest.len());
            } else if self.block_comments && rest.starts_with("/*") {
                at += rest.find("*/").map_or(rest.len(), |end| end + 2);
            } else {
                return at;
            }
        }
    }

    /// Where the comma behind a value is, if there is one before anything else.
    fn comma(&self, text: &str, end: usize) -> Option<usize> {
        let next = self.next(text, end);
        text[next..].starts_with(',').then_some(next)
    }

    /// Adds a value behind the others.
    pub(super) fn insert(&self, text: &str, holder: &Node, item: &dyn Fn(Option<&str>) -> String) -> Vec<Patch> {
        let children = holder.content.children();
        let Some(last) = children.last() else { return vec![self.first(text, holder, item)] };
        let comma = self.comma(text, last.end());
        let own_line = line_start(text, last.start()) > holder.span.start;
        if !own_line {
            let item = item(None);
            return vec![match comma {
                Some(comma) => Patch::one(comma + 1..comma + 1, format!(" {item},")),
                None => Patch::one(last.end()..last.end(), format!(", {item}")),
            }];
        }
        let indent = indentation(text, last.start());
        let item = item(Some(indent));
        // HCL's maps mostly have no commas; then the new line has none either.
        let without = self.lines_separate
            && comma.is_none()
            && children.iter().rev().skip(1).all(|child| self.comma(text, child.end()).is_none());
        let newline = newline(text);
        let after = comma.map_or(last.end(), |comma| comma + 1);
        // A comment behind the last value belongs to it, so the new value comes behind that.
        let line = text[after..line_end(text, after)].trim_end_matches(['\r', '\n']);
        let closes = self.next(text, after) < after + line.len();
        let end = if closes { after } else { after + line.len() };
        let (separator, trailing) = match comma {
            Some(_) => ("", ","),
            None if without => ("", ""),
            None => (",", ""),
        };
        vec![Patch::of(vec![
            (last.end()..last.end(), separator.to_owned()),
            (end..end, format!("{newline}{indent}{item}{trailing}")),
        ])]
    }

    /// Puts the first value between brackets.
    fn first(&self, text: &str, holder: &Node, item: &dyn Fn(Option<&str>) -> String) -> Patch {
        let inside = holder.span.start + 1..holder.span.end.saturating_sub(1);
        let outer = indentation(text, holder.span.start);
        let inner = format!("{outer}{}", indent_unit(text));
        let newline = newline(text);
        let commented = !text[inside.clone()].trim().is_empty();
        if commented {
            // What stands there is comments; they stay in front.
            let end = inside.start + text[inside.clone()].trim_end().len();
            return Patch::one(end..inside.end, format!("{newline}{inner}{}{newline}{outer}", item(Some(&inner))));
        }
        if self.expand {
            return Patch::one(inside, format!("{newline}{inner}{}{newline}{outer}", item(Some(&inner))));
        }
        let space = if text[holder.span.clone()].starts_with('{') { " " } else { "" };
        Patch::one(inside, format!("{space}{}{space}", item(None)))
    }

    /// Removes values, each with its comma, and with its lines where it has them to itself.
    pub(super) fn remove(&self, text: &str, holder: &Node, places: &[usize]) -> Vec<Patch> {
        let children = holder.content.children();
        let mut parts: Vec<(Range<usize>, String)> = Vec::new();
        for place in places {
            let Some(child) = children.get(*place) else { continue };
            let (start, end) = (child.start(), child.end());
            let comma = self.comma(text, end);
            let mut span = start..comma.map_or(end, |comma| comma + 1);
            let lines = lines_of(text, &span, self).filter(|lines| lines.start > holder.span.start);
            if let Some(lines) = lines {
                span = lines;
            } else if comma.is_some() {
                // Up to the next value on the line.
                let rest = &text[span.end..];
                span.end += rest.len() - rest.trim_start_matches([' ', '\t']).len();
            } else if *place == 0 {
                // The only one: the brackets close around nothing.
                let inside = holder.span.start + 1..holder.span.end.saturating_sub(1);
                let alone = text[inside.start..start].trim().is_empty() && text[end..inside.end].trim().is_empty();
                span = if alone { inside } else { start..end };
            } else {
                // Blanks in front of the last one.
                span.start -= text[..start].len() - text[..start].trim_end_matches([' ', '\t']).len();
            }
            parts.push((span, String::new()));
        }
        // What is last then has no comma, unless the last one had one.
        let left = (0..children.len()).rev().find(|place| !places.contains(place));
        let last_had = children.last().is_some_and(|last| self.comma(text, last.end()).is_some());
        if let Some(comma) = left.and_then(|left| self.comma(text, children.get(left)?.end()))
            && left.is_some_and(|left| left + 1 < children.len())
            && !last_had
        {
            parts.push((comma..comma + 1, String::new()));
        }
        vec![Patch::of(parts)]
    }
}
