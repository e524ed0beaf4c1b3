//! JSON, and JSON with comments.

use std::ops::Range;
use std::path::Path;

use jsonc_parser::ast::{ObjectPropName, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use sternway_model::{Error, Result};

use super::listed::Listed;
use super::source::{Patch, indent_unit, indentation, location, newline};
use super::tree::{Content, Data, Key, Kind, Meaning, Node};
use super::{Syntax, Target};

/// JSON (RFC 8259); with comments, also what editors accept in their own files.
pub(super) struct Json {
    /// Whether comments, commas at the end, and the spellings of JSON5 are accepted.
    pub(super) comments: bool,
}

const LISTED: Listed = Listed { line_comments: &["//"], block_comments: true, lines_separate: false, expand: true };

impl Syntax for Json {
    fn read(&self, path: &Path, text: &str) -> Result<Node> {
        let options = ParseOptions {
            allow_comments: self.comments,
            allow_loose_object_property_names: self.comments,
            allow_trailing_commas: self.comments,
            allow_missing_commas: false,
            allow_single_quoted_strings: self.comments,
            allow_hexadecimal_numbers: self.comments,
            allow_unary_plus_numbers: self.comments,
            allow_bare_decimal_point_numbers: self.comments,
            allow_non_finite_numbers: self.comments,
            allow_extended_string_escapes: self.comments,
        };
        let read = parse_to_ast(text, &CollectOptions::default(), &options).map_err(|error| {
            // The words of an error name a mistake, and never quote the text.
            Error::invalid(format!("this is not valid JSON: {}", lower(&error.kind().to_string())))
                .hint(hint(self.comments))
                .at(location(path, text, error.range().start, None))
        })?;
        let end = text.trim_end().len();
        Ok(read.value.as_ref().map_or_else(|| nothing(end), |value| node(value, text)))
    }

    fn marked(&self, _: &str, mark: &str) -> String {
        format!("\"{mark}\"")
    }

    fn set(&self, target: Target<'_>, data: &Data) -> Result<Vec<Patch>> {
        let span = target.node().span.clone();
        let layout = Layout::of(target.text, indentation(target.text, span.start));
        Ok(vec![Patch::one(span, layout.written(data)?)])
    }

    fn insert(&self, target: Target<'_>, key: Option<&str>, data: &Data) -> Result<Vec<Patch>> {
        let text = target.text;
        // Both ways are tried before anything is written, so that what cannot be written is said.
        let flat = entry(key, &Layout::flat().written(data)?);
        let item = |indent: Option<&str>| {
            let layout = indent.map_or_else(Layout::flat, |indent| Layout::of(text, indent));
            layout.written(data).map_or_else(|_| flat.clone(), |value| entry(key, &value))
        };
        Ok(LISTED.insert(text, target.node(), &item))
    }

    fn unset(&self, target: Target<'_>) -> Result<Vec<Patch>> {
        let Some((parent, _)) = target.parent() else { return Ok(Vec::new()) };
        Ok(LISTED.remove(target.text, parent, &target.alike()))
    }

    fn rename(&self, target: Target<'_>, key: &str) -> Result<Vec<Patch>> {
        let Some((parent, _)) = target.parent() else { return Ok(Vec::new()) };
        let children = parent.content.children();
        let keys = target.alike().into_iter().filter_map(|place| children.get(place)?.key.as_ref()?.spans.last());
        Ok(vec![Patch::of(keys.map(|old| (old.clone(), quoted(key))).collect())])
    }
}

fn hint(comments: bool) -> &'static str {
    if comments { "" } else { "JSON has no comments and no comma behind the last value; a .jsonc file may have both." }
}

fn lower(message: &str) -> String {
    let mut letters = message.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// A text without a value.
fn nothing(end: usize) -> Node {
    Node::new(Content::Scalar(Kind::Null, String::new()), end..end)
}

fn node(value: &Value<'_>, text: &str) -> Node {
    let range = value.range();
    let span = range.start..range.end;
    let raw = |span: &Range<usize>| text[span.clone()].to_owned();
    let content = match value {
        Value::StringLit(string) => Content::Scalar(Kind::String, string.value.to_string()),
        Value::NumberLit(_) => Content::Scalar(Kind::Number, raw(&span)),
        Value::BooleanLit(_) => Content::Scalar(Kind::Boolean, raw(&span)),
        Value::NullKeyword(_) => Content::Scalar(Kind::Null, String::new()),
        Value::Array(array) => Content::Array(array.elements.iter().map(|element| node(element, text)).collect()),
        Value::Object(object) => {
            let entry = |property: &jsonc_parser::ast::ObjectProp<'_>| {
                let name = property.name.range();
                let word = match &property.name {
                    ObjectPropName::String(name) => name.value.to_string(),
                    ObjectPropName::Word(name) => name.value.to_owned(),
                };
                node(&property.value, text).under(Key::one(&word, name.start..name.end))
            };
            Content::Object(object.properties.iter().map(entry).collect())
        }
    };
    Node::new(content, span)
}

fn entry(key: Option<&str>, value: &str) -> String {
    key.map_or_else(|| value.to_owned(), |key| format!("{}: {value}", quoted(key)))
}

pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

/// How new objects and lists are laid out.
struct Layout {
    /// The indentation of the line they begin on, one level, and what ends a line; `None` for one line.
    lines: Option<(String, String, &'static str)>,
}

impl Layout {
    fn flat() -> Self {
        Self { lines: None }
    }

    fn of(text: &str, indent: &str) -> Self {
        // A document of one line stays one.
        let one_line = !text.trim().contains('\n') && text.len() > 2;
        Self { lines: (!one_line).then(|| (indent.to_owned(), indent_unit(text), newline(text))) }
    }

    fn written(&self, data: &Data) -> Result<String> {
        let mut out = String::new();
        self.write(data, 0, &mut out)?;
        Ok(out)
    }

    fn write(&self, data: &Data, depth: usize, out: &mut String) -> Result<()> {
        match data {
            Data::Scalar(Kind::Null, _) => out.push_str("null"),
            Data::Scalar(Kind::Number | Kind::Boolean, text) => out.push_str(text),
            Data::Scalar(Kind::String, text) => out.push_str(&quoted(text)),
            Data::Scalar(..) => {
                return Err(Error::invalid("JSON has no expressions").hint("Write the value as a text."));
            }
            Data::Object(children) => self.write_all(children, ['{', '}'], depth, out)?,
            Data::Array(children) => self.write_all(children, ['[', ']'], depth, out)?,
        }
        Ok(())
    }

    fn write_all(&self, children: &[Meaning], [open, close]: [char; 2], depth: usize, out: &mut String) -> Result<()> {
        out.push(open);
        for (place, child) in children.iter().enumerate() {
            out.push_str(if place > 0 { "," } else { "" });
            self.line_break(depth + 1, place > 0, out);
            if let Some(key) = child.words.first() {
                out.push_str(&format!("{}: ", quoted(key)));
            }
            self.write(&child.value, depth + 1, out)?;
        }
        if !children.is_empty() {
            self.line_break(depth, false, out);
        }
        out.push(close);
        Ok(())
    }

    fn line_break(&self, depth: usize, behind_comma: bool, out: &mut String) {
        match &self.lines {
            Some((indent, unit, newline)) => {
                out.push_str(newline);
                out.push_str(indent);
                out.push_str(&unit.repeat(depth));
            }
            None if behind_comma => out.push(' '),
            None => {}
        }
    }
}
