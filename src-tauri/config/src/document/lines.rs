//! Values that have lines of their own: HCL's and TOML's statements, and shell assignments.

use std::ops::Range;

use super::listed::Listed;
use super::source::{Patch, indent_unit, indentation, line_end, line_start, newline};
use super::tree::Node;

/// Adds a statement behind the others of a body. `braces` says that the body's span has brackets around it.
pub(super) fn insert(text: &str, body: &Node, braces: bool, item: &dyn Fn(Option<&str>) -> String) -> Patch {
    let newline = newline(text);
    if let Some(last) = body.content.children().last() {
        let own_line = text[line_start(text, last.start())..last.start()].trim().is_empty();
        if own_line {
            return behind(text, last, item);
        }
    }
    if !braces {
        let end = text.len();
        let lead = if text.is_empty() || text.ends_with('\n') { "" } else { newline };
        return Patch::one(end..end, format!("{lead}{}{newline}", item(Some(""))));
    }
    // A block of one line gets several.
    let outer = indentation(text, body.start());
    let inner = format!("{outer}{}", indent_unit(text));
    let inside = body.span.start + 1..body.span.end.saturating_sub(1);
    let before = text[inside.clone()].trim();
    let before = if before.is_empty() { String::new() } else { format!("{newline}{inner}{before}") };
    Patch::one(inside, format!("{before}{newline}{inner}{}{newline}{outer}", item(Some(&inner))))
}

/// Adds a statement on the line below another one.
pub(super) fn behind(text: &str, last: &Node, item: &dyn Fn(Option<&str>) -> String) -> Patch {
    let newline = newline(text);
    let indent = indentation(text, last.start());
    let end = line_end(text, last.end());
    let added = item(Some(indent));
    if text[..end].ends_with('\n') {
        Patch::one(end..end, format!("{indent}{added}{newline}"))
    } else {
        // A last line without its end stays so.
        Patch::one(end..end, format!("{newline}{indent}{added}"))
    }
}

/// The lines of a value, if nothing but its own comment stands on them beside it.
pub(super) fn lines_of(text: &str, span: &Range<usize>, listed: &Listed) -> Option<Range<usize>> {
    let start = line_start(text, span.start);
    let end = line_end(text, span.end);
    let alone = text[start..span.start].trim().is_empty() && listed.next(text, span.end) >= end.min(text.len());
    alone.then_some(start..end)
}
