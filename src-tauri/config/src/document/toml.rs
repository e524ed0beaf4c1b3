//! TOML. The grammar's events give the places, and `toml_edit` says what is wrong, duplicate keys included.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use sternway_model::{Error, Result};
use toml_parser::decoder::ScalarKind;
use toml_parser::parser::{Event, EventKind, parse_document};
use toml_parser::{Raw, Source, Span};

use super::json::quoted;
use super::lines::{self, lines_of};
use super::listed::Listed;
use super::source::{Patch, line_start, location, newline};
use super::tree::{Content, Data, Key, Kind, Meaning, Node, Numbering};
use super::{Syntax, Target};

/// TOML 1.0, and what 1.1 allows on top.
pub(super) struct Toml;

const LISTED: Listed = Listed { line_comments: &["#"], block_comments: false, lines_separate: false, expand: false };

/// What marks a `[table]` in its note, so that it is not mistaken for an inline one.
const TABLE: &str = "table";

impl Syntax for Toml {
    fn read(&self, path: &Path, text: &str) -> Result<Node> {
        if let Err(error) = text.parse::<toml_edit::DocumentMut>() {
            let place = error.span().map_or(0, |span| span.start);
            return Err(Error::invalid(format!("this is not valid TOML: {}", error.message()))
                .hint("Look at this place: texts stand in quotes, and a key stands once.")
                .at(location(path, text, place, None)));
        }
        let source = Source::new(text);
        let tokens = source.lex().into_vec();
        let mut reader = Reader::new(source, text);
        parse_document(&tokens, &mut |event: Event| reader.event(&event), &mut ());
        Ok(reader.finish())
    }

    fn set(&self, target: Target<'_>, data: &Data) -> Result<Vec<Patch>> {
        let node = target.node();
        if is_table(node) {
            return Err(Error::invalid("a table cannot be replaced by a value").hint("Edit what stands in it."));
        }
        let mut spellings = Vec::new();
        let literal = target.text[node.span.clone()].starts_with('\'');
        if let (true, Data::Scalar(Kind::String, text)) = (literal, data)
            && !text.contains(|c: char| c == '\'' || c.is_control())
        {
            spellings.push(format!("'{text}'"));
        }
        spellings.push(written(data)?);
        Ok(spellings.into_iter().map(|value| Patch::one(node.span.clone(), value)).collect())
    }

    fn insert(&self, target: Target<'_>, key: Option<&str>, data: &Data) -> Result<Vec<Patch>> {
        let (text, node) = (target.text, target.node());
        let value = written(data)?;
        let entry = key.map_or_else(|| value.clone(), |key| format!("{} = {value}", written_key(key)));
        let is_root = target.parent().is_none();
        if !is_root && !is_table(node) {
            return Ok(LISTED.insert(text, node, &|_| entry.clone()));
        }
        let (children, newline) = (node.content.children(), newline(text));
        if let Some(last) = children.iter().rfind(|child| !is_table(child)) {
            return Ok(vec![lines::behind(text, last, &|_| entry.clone())]);
        }
        let at = match children.iter().find(|_| is_root) {
            // Behind a table's header it would belong to the table.
            Some(first) => above_comments(text, first.start()),
            None if is_root => text.len(),
            None => super::source::line_end(text, header_end(text, node)),
        };
        let lead = if at == 0 || text[..at].ends_with(['\n', '\u{feff}']) { "" } else { newline };
        let gap = if is_root && at < text.len() { newline } else { "" };
        Ok(vec![Patch::one(at..at, format!("{lead}{entry}{newline}{gap}"))])
    }

    fn unset(&self, target: Target<'_>) -> Result<Vec<Patch>> {
        let Some((parent, place)) = target.parent() else { return Ok(Vec::new()) };
        let text = target.text;
        if target.chain.len() > 2 && !is_table(parent) {
            return Ok(LISTED.remove(text, parent, &[place]));
        }
        let mut spans = Vec::new();
        if target.node().numbering == Numbering::Always {
            sections(target.node(), &mut spans);
        } else if let Some(key) = &target.node().key {
            for child in parent.content.children() {
                if child.key.as_ref().is_some_and(|other| other.words.starts_with(&key.words)) {
                    sections(child, &mut spans);
                }
            }
        }
        let lines = spans.into_iter().map(|span| (lines_of(text, &span, &LISTED).unwrap_or(span), String::new()));
        Ok(vec![Patch::of(lines.collect())])
    }

    fn rename(&self, target: Target<'_>, new_key: &str) -> Result<Vec<Patch>> {
        let (Some((parent, _)), Some(key)) = (target.parent(), &target.node().key) else { return Ok(Vec::new()) };
        let Some(last) = key.words.len().checked_sub(1) else { return Ok(Vec::new()) };
        let keys = parent.content.children().iter().filter_map(|child| child.key.as_ref());
        let spans = keys.filter(|other| other.words.starts_with(&key.words)).filter_map(|other| other.spans.get(last));
        Ok(vec![Patch::of(spans.map(|span| (span.clone(), written_key(new_key))).collect())])
    }
}

fn is_table(node: &Node) -> bool {
    node.note == TABLE
}

/// The bytes of a table and of the tables in it, each section by itself.
fn sections(node: &Node, spans: &mut Vec<Range<usize>>) {
    spans.extend(node.parts.iter().cloned());
    for child in node.content.children().iter().filter(|child| is_table(child)) {
        sections(child, spans);
    }
}

/// Where the header of a table ends.
fn header_end(text: &str, table: &Node) -> usize {
    let key = table.key.as_ref().map_or(table.start(), Key::end);
    text[key..].find(']').map_or(key, |close| key + close)
}

/// The beginning of the comments that stand right above a place.
fn above_comments(text: &str, place: usize) -> usize {
    let mut start = line_start(text, place);
    while start > 0 {
        let above = line_start(text, start - 1);
        if above >= start || !text[above..start].trim_start().starts_with('#') {
            break;
        }
        start = above;
    }
    start
}

fn written_key(key: &str) -> String {
    let bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if bare { key.to_owned() } else { string(key) }
}

/// A basic string. JSON's escapes are TOML's too; TOML wants one more.
fn string(text: &str) -> String {
    quoted(text).replace('\u{7f}', "\\u007F")
}

fn written(data: &Data) -> Result<String> {
    let all = |children: &[Meaning], one: &dyn Fn(&Meaning) -> Result<String>| -> Result<String> {
        Ok(children.iter().map(one).collect::<Result<Vec<_>>>()?.join(", "))
    };
    Ok(match data {
        Data::Scalar(Kind::Null, _) => {
            return Err(Error::invalid("TOML has no null").hint("Remove the key instead."));
        }
        Data::Scalar(Kind::Expression, _) => {
            return Err(Error::invalid("TOML has no expressions").hint("Write the value as a text."));
        }
        Data::Scalar(Kind::String, text) => string(text),
        Data::Scalar(_, text) => text.clone(),
        Data::Array(items) => format!("[{}]", all(items, &|item| written(&item.value))?),
        Data::Object(entries) if entries.is_empty() => "{}".to_owned(),
        Data::Object(entries) => {
            let entry = |entry: &Meaning| {
                let key = entry.words.first().map(|key| written_key(key)).unwrap_or_default();
                Ok(format!("{key} = {}", written(&entry.value)?))
            };
            format!("{{ {} }}", all(entries, &entry)?)
        }
    })
}

/// Makes nodes of the grammar's events.
struct Reader<'a> {
    source: Source<'a>,
    text: &'a str,
    /// Values that are being read, from the outside in: arrays and inline tables.
    open: Vec<Open>,
    /// The key that is being read.
    words: Vec<String>,
    spans: Vec<Range<usize>>,
    /// A header that is being read: its first byte, and whether it is `[[…]]`.
    header: Option<(usize, bool)>,
    /// Keys of the document itself, and its tables in their order.
    root: Vec<Node>,
    /// The tables with their headers' words, in the document's order, not yet put into one another.
    tables: Vec<Node>,
}

struct Open {
    start: usize,
    key: Option<Key>,
    is_table: bool,
    children: Vec<Node>,
}

impl<'a> Reader<'a> {
    fn new(source: Source<'a>, text: &'a str) -> Self {
        Self {
            source,
            text,
            open: Vec::new(),
            words: Vec::new(),
            spans: Vec::new(),
            header: None,
            root: Vec::new(),
            tables: Vec::new(),
        }
    }

    fn event(&mut self, event: &Event) {
        let span = span(event.span());
        match event.kind() {
            EventKind::StdTableOpen => self.header = Some((span.start, false)),
            EventKind::ArrayTableOpen => self.header = Some((span.start, true)),
            EventKind::StdTableClose | EventKind::ArrayTableClose => self.table(span.end),
            EventKind::SimpleKey => {
                let mut word = String::new();
                self.raw(event).decode_key(&mut word, &mut ());
                self.words.push(word);
                self.spans.push(span);
            }
            EventKind::ArrayOpen | EventKind::InlineTableOpen => {
                let key = self.take_key();
                let is_table = event.kind() == EventKind::InlineTableOpen;
                self.open.push(Open { start: span.start, key, is_table, children: Vec::new() });
            }
            EventKind::ArrayClose | EventKind::InlineTableClose => {
                if let Some(open) = self.open.pop() {
                    let content =
                        if open.is_table { Content::Object(open.children) } else { Content::Array(open.children) };
                    self.place(open.key, Node::new(content, open.start..span.end));
                }
            }
            EventKind::Scalar => {
                let mut text = String::new();
                let kind = self.raw(event).decode_scalar(&mut text, &mut ());
                let raw = self.text[span.clone()].to_owned();
                let content = match kind {
                    ScalarKind::String => Content::Scalar(Kind::String, text),
                    ScalarKind::Boolean(value) => Content::Scalar(Kind::Boolean, value.to_string()),
                    ScalarKind::DateTime => Content::Scalar(Kind::Other, raw),
                    ScalarKind::Float | ScalarKind::Integer(_) => Content::Scalar(Kind::Number, raw),
                };
                let key = self.take_key();
                self.place(key, Node::new(content, span));
            }
            _ => {}
        }
    }

    fn raw(&self, event: &Event) -> Raw<'a> {
        let place = event.span();
        Raw::new_unchecked(&self.source.input()[place.start()..place.end()], event.encoding(), place)
    }

    fn take_key(&mut self) -> Option<Key> {
        // In a list the key belongs to the list.
        let words = std::mem::take(&mut self.words);
        let spans = std::mem::take(&mut self.spans);
        (!words.is_empty()).then_some(Key { words, spans })
    }

    fn place(&mut self, key: Option<Key>, node: Node) {
        let node = match key {
            Some(key) => node.under(key),
            None => node,
        };
        if let Some(open) = self.open.last_mut() {
            open.children.push(node);
        } else if let Some(table) = self.tables.last_mut() {
            let end = node.end();
            if let Content::Object(children) = &mut table.content {
                children.push(node);
            }
            table.span.end = end;
            if let Some(part) = table.parts.last_mut() {
                part.end = end;
            }
        } else {
            self.root.push(node);
        }
    }

    /// A header is complete: what follows belongs to its table.
    fn table(&mut self, end: usize) {
        let (Some((start, several)), Some(key)) = (self.header.take(), self.take_key()) else { return };
        let mut table = Node::new(Content::Object(Vec::new()), start..end);
        table.key = Some(key);
        TABLE.clone_into(&mut table.note);
        table.numbering = if several { Numbering::Always } else { Numbering::Never };
        self.tables.push(table);
    }

    fn finish(self) -> Node {
        let mut root = Node::new(Content::Object(self.root), 0..self.text.len());
        let mut arrays = Arrays::default();
        for table in self.tables {
            put(&mut root, &mut arrays, table);
        }
        root
    }
}

/// Where in a holder the last `[[table]]` of each name is, and the same for what is in it.
#[derive(Default)]
struct Arrays {
    last: HashMap<Vec<String>, usize>,
    inside: HashMap<usize, Arrays>,
}

/// Puts a table where it belongs: into the last `[[table]]` that its header names, else into the document.
fn put(holder: &mut Node, arrays: &mut Arrays, mut table: Node) {
    let Content::Object(children) = &mut holder.content else { return };
    let Some(key) = &mut table.key else { return };
    let outer = (1..key.words.len()).filter_map(|above| Some((*arrays.last.get(&key.words[..above])?, above))).max();
    if let Some((place, above)) = outer
        && let Some(outer) = children.get_mut(place)
    {
        key.words.drain(..above);
        key.spans.drain(..above);
        return put(outer, arrays.inside.entry(place).or_default(), table);
    }
    if table.numbering == Numbering::Always {
        arrays.last.insert(key.words.clone(), children.len());
    }
    children.push(table);
}

fn span(span: Span) -> Range<usize> {
    span.start()..span.end()
}
