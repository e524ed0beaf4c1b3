//! HCL, as Terraform's `.tf` and `.tfvars` have it.

use std::path::Path;

use hcl_edit::Span;
use hcl_edit::expr::{Expression, ObjectKey, ObjectValue};
use hcl_edit::structure::{Block, BlockLabel, Body, Structure};
use sternway_model::{Error, Location, Result};

use super::lines::{self, lines_of};
use super::listed::Listed;
use super::source::{Patch, indent_unit, indentation, newline};
use super::tree::{Content, Data, Key, Kind, Meaning, Node, Numbering};
use super::{Syntax, Target};

/// HCL's native syntax.
pub(super) struct Hcl;

const LISTED: Listed = Listed { line_comments: &["#", "//"], block_comments: true, lines_separate: true, expand: true };

/// What marks a block in its note, so that it is not mistaken for a map.
const BLOCK: &str = "block";

impl Syntax for Hcl {
    fn read(&self, path: &Path, text: &str) -> Result<Node> {
        let body = hcl_edit::parser::parse_body(text).map_err(|error| {
            let place = error.location();
            let number = |number: usize| u32::try_from(number).ok();
            // Its own words may quote the line.
            Error::invalid("this is not valid HCL")
                .hint("Look at this place: a quote, a bracket or a value is missing, or a name stands twice.")
                .at(Location {
                    file: path.to_owned(),
                    line: number(place.line()),
                    column: number(place.column()),
                    key: None,
                })
        })?;
        Ok(Node::new(Content::Object(structures(&body, text)), 0..text.len()))
    }

    fn marked(&self, _: &str, mark: &str) -> String {
        format!("\"{mark}\"")
    }

    fn set(&self, target: Target<'_>, data: &Data) -> Result<Vec<Patch>> {
        if target.node().note == BLOCK {
            return Err(Error::invalid("a block cannot be replaced by a value").hint("Edit what stands in it."));
        }
        let span = target.node().span.clone();
        let indent = indentation(target.text, span.start);
        Ok(vec![Patch::one(span, Layout::of(target.text, indent).written(data)?)])
    }

    fn insert(&self, target: Target<'_>, key: Option<&str>, data: &Data) -> Result<Vec<Patch>> {
        let (text, node) = (target.text, target.node());
        let is_body = node.note == BLOCK || node.key.is_none() && target.parent().is_none();
        let entry = |indent: Option<&str>| -> Result<String> {
            let layout = indent.map_or_else(Layout::flat, |indent| Layout::of(text, indent));
            let value = layout.written(data)?;
            Ok(match key {
                Some(key) if is_body => format!("{key} = {value}"),
                Some(key) => format!("{} = {value}", written_key(key)),
                None => value,
            })
        };
        let flat = entry(None)?;
        let item = |indent: Option<&str>| entry(indent).unwrap_or_else(|_| flat.clone());
        if is_body {
            return Ok(vec![lines::insert(text, node, node.note == BLOCK, &item)]);
        }
        Ok(LISTED.insert(text, node, &item))
    }

    fn unset(&self, target: Target<'_>) -> Result<Vec<Patch>> {
        let Some((parent, place)) = target.parent() else { return Ok(Vec::new()) };
        let in_body = parent.note == BLOCK || std::ptr::eq(parent, target.root);
        if !in_body {
            return Ok(LISTED.remove(target.text, parent, &[place]));
        }
        let node = target.node();
        let span = node.start()..node.end();
        let lines = lines_of(target.text, &span, &LISTED);
        Ok(vec![Patch::one(lines.unwrap_or(span), "")])
    }

    fn rename(&self, target: Target<'_>, key: &str) -> Result<Vec<Patch>> {
        let Some(last) = target.node().key.as_ref().and_then(|key| key.spans.last().cloned()) else {
            return Ok(Vec::new());
        };
        let quoted = target.text[last.clone()].starts_with('"');
        let in_map =
            target.parent().is_some_and(|(parent, _)| parent.note != BLOCK && !std::ptr::eq(parent, target.root));
        let name = if quoted {
            string(key)
        } else if in_map {
            written_key(key)
        } else {
            key.to_owned()
        };
        Ok(vec![Patch::one(last, name)])
    }
}

fn structures(body: &Body, text: &str) -> Vec<Node> {
    let node = |structure: &Structure| match structure {
        Structure::Attribute(attribute) => {
            let span = attribute.key.span()?;
            let key = Key::one(attribute.key.as_str(), span);
            Some(expression(&attribute.value, text)?.under(key))
        }
        Structure::Block(found) => block(found, text),
    };
    body.iter().filter_map(node).collect()
}

fn block(block: &Block, text: &str) -> Option<Node> {
    let ident = block.ident.span()?;
    let mut key = Key::one(block.ident.as_str(), ident.clone());
    for label in &block.labels {
        let span = match label {
            BlockLabel::Ident(label) => label.span(),
            BlockLabel::String(label) => label.span(),
        };
        key.words.push(label.as_str().to_owned());
        key.spans.push(span?);
    }
    // From the brace on, so that an edit of the block's inside knows where that is.
    let brace = LISTED.next(text, key.end());
    let end = ident.start + text[ident.start..block.span()?.end].trim_end().len();
    let mut node = Node::new(Content::Object(structures(&block.body, text)), brace..end).under(key);
    BLOCK.clone_into(&mut node.note);
    node.numbering = Numbering::OfSeveral;
    Some(node)
}

fn expression(value: &Expression, text: &str) -> Option<Node> {
    let span = value.span()?;
    let raw = || text[span.clone()].to_owned();
    let content = match value {
        Expression::Null(_) => Content::Scalar(Kind::Null, String::new()),
        Expression::Bool(value) => Content::Scalar(Kind::Boolean, value.to_string()),
        Expression::Number(_) => Content::Scalar(Kind::Number, raw()),
        Expression::String(value) => Content::Scalar(Kind::String, value.to_string()),
        Expression::Array(array) => {
            Content::Array(array.iter().map(|item| expression(item, text)).collect::<Option<_>>()?)
        }
        Expression::Object(object) => {
            let entry = |(key, value): (&ObjectKey, &ObjectValue)| {
                let key = object_key(key, text)?;
                Some(expression(value.expr(), text)?.under(key))
            };
            Content::Object(object.iter().map(entry).collect::<Option<_>>()?)
        }
        _ => Content::Scalar(Kind::Expression, raw()),
    };
    Some(Node::new(content, span))
}

fn object_key(key: &ObjectKey, text: &str) -> Option<Key> {
    match key {
        ObjectKey::Ident(name) => Some(Key::one(name.as_str(), name.span()?)),
        ObjectKey::Expression(expression) => {
            let span = expression.span()?;
            let word = expression.as_str().map_or_else(|| text[span.clone()].to_owned(), ToOwned::to_owned);
            Some(Key::one(&word, span))
        }
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

fn written_key(key: &str) -> String {
    if is_name(key) && !matches!(key, "true" | "false" | "null" | "for") { key.to_owned() } else { string(key) }
}

/// A text in double quotes; `${` and `%{` in it are doubled, so that they stay what they are.
fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for (place, c) in text.char_indices() {
        let opens = text[place + c.len_utf8()..].starts_with('{');
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '$' | '%' if opens => out.extend([c, c]),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// How new maps and lists are laid out.
struct Layout {
    lines: Option<(String, String, &'static str)>,
}

impl Layout {
    fn flat() -> Self {
        Self { lines: None }
    }

    fn of(text: &str, indent: &str) -> Self {
        Self { lines: Some((indent.to_owned(), indent_unit(text), newline(text))) }
    }

    fn written(&self, data: &Data) -> Result<String> {
        let mut out = String::new();
        self.write(data, 0, &mut out);
        Ok(out)
    }

    fn write(&self, data: &Data, depth: usize, out: &mut String) {
        match data {
            Data::Scalar(Kind::Null, _) => out.push_str("null"),
            Data::Scalar(Kind::String, text) => out.push_str(&string(text)),
            Data::Scalar(_, text) => out.push_str(text),
            Data::Array(items) => {
                out.push('[');
                for (place, item) in items.iter().enumerate() {
                    out.push_str(if place > 0 { ", " } else { "" });
                    self.write(&item.value, depth, out);
                }
                out.push(']');
            }
            Data::Object(entries) => self.write_map(entries, depth, out),
        }
    }

    fn write_map(&self, entries: &[Meaning], depth: usize, out: &mut String) {
        if entries.is_empty() {
            return out.push_str("{}");
        }
        out.push('{');
        for (place, entry) in entries.iter().enumerate() {
            match &self.lines {
                Some((indent, unit, newline)) => out.push_str(&format!("{newline}{indent}{}", unit.repeat(depth + 1))),
                None => out.push_str(if place > 0 { ", " } else { " " }),
            }
            let key = entry.words.first().map(|key| written_key(key)).unwrap_or_default();
            out.push_str(&format!("{key} = "));
            self.write(&entry.value, depth + 1, out);
        }
        match &self.lines {
            Some((indent, unit, newline)) => out.push_str(&format!("{newline}{indent}{}", unit.repeat(depth))),
            None => out.push(' '),
        }
        out.push('}');
    }
}
