//! Which bytes of a YAML text belong to which value.

use std::ops::Range;
use std::path::Path;

use granit_parser::{Event, Parser, ScalarStyle, Tag};
use sternway_model::yaml::{Resolved, Scalar, reading};
use sternway_model::{Error, Result};

use super::super::tree::{Content, Key, Kind, Node};
use super::{DOCUMENTS, LISTED};

/// Reads a text that is known to be valid.
pub(super) fn read(path: &Path, text: &str) -> Result<Node> {
    let places = Places::of(text);
    let mut reader = Reader { text, open: Vec::new(), documents: Vec::new(), seen: 0 };
    for event in Parser::new_from_str_with_options(text, reading()) {
        let Ok((event, span)) = event else {
            return Err(Error::internal(format!("{} was valid YAML a moment ago", path.display())));
        };
        reader.event(event, places.byte(span.start.index())..places.byte(span.end.index()));
    }
    let mut documents = reader.documents;
    let end = text.trim_end().len();
    Ok(match documents.len() {
        0 => {
            let end = if text.is_empty() { 0 } else { text.len() };
            Node::new(Content::Scalar(Kind::Null, String::new()), end..end)
        }
        1 => documents.remove(0),
        _ => {
            let mut root = Node::new(Content::Array(documents), 0..end);
            DOCUMENTS.clone_into(&mut root.note);
            root
        }
    })
}

/// Bytes of the parser's places, which count characters.
struct Places(Option<Vec<usize>>);

impl Places {
    fn of(text: &str) -> Self {
        let bytes = || text.char_indices().map(|(byte, _)| byte).chain([text.len()]).collect();
        Self((!text.is_ascii()).then(bytes))
    }

    fn byte(&self, index: usize) -> usize {
        match &self.0 {
            None => index,
            Some(bytes) => bytes.get(index).or(bytes.last()).copied().unwrap_or(index),
        }
    }
}

/// Where the colon behind a key ends.
pub(super) fn behind_colon(text: &str, key_end: usize) -> Option<usize> {
    let colon = LISTED.next(text, key_end);
    text[colon..].starts_with(':').then_some(colon + 1)
}

/// A collection that is not closed yet.
struct Open {
    is_mapping: bool,
    start: usize,
    note: String,
    /// Behind what the next value stands.
    floor: usize,
    key: Option<Key>,
    children: Vec<Node>,
}

struct Reader<'a> {
    text: &'a str,
    open: Vec<Open>,
    documents: Vec<Node>,
    /// Behind what the next document stands.
    seen: usize,
}

impl Reader<'_> {
    fn event(&mut self, event: Event<'_>, span: Range<usize>) {
        match event {
            Event::Scalar(text, style, _, tag) => self.scalar(&text, style, tag.as_deref(), span),
            Event::Alias(_) => {
                let content = Content::Scalar(Kind::Other, self.text[span.clone()].to_owned());
                self.value(Node::new(content, span));
            }
            Event::MappingStart(..) => self.begin(true, span),
            Event::SequenceStart(..) => self.begin(false, span),
            Event::MappingEnd | Event::SequenceEnd => {
                let Some(open) = self.open.pop() else { return };
                let inner = open.children.last().map_or(open.start, Node::end);
                let flow = self.text[open.start..].starts_with(['{', '[']);
                let end = if flow { span.end } else { inner };
                let content =
                    if open.is_mapping { Content::Object(open.children) } else { Content::Array(open.children) };
                let mut node = Node::new(content, open.start..end.max(open.start));
                node.note = open.note;
                self.value(node);
            }
            Event::DocumentStart(..) => self.seen = self.seen.max(span.end),
            _ => {}
        }
    }

    fn begin(&mut self, is_mapping: bool, span: Range<usize>) {
        let start = self.behind_properties(span.start);
        let note = self.note(start);
        let floor = start + usize::from(self.text[start..].starts_with(['{', '[']));
        self.open.push(Open { is_mapping, start, note, floor, key: None, children: Vec::new() });
    }

    /// Where the value itself begins: the parser counts anchor and tag to it.
    fn behind_properties(&self, mut start: usize) -> usize {
        while self.text[start..].starts_with(['&', '!']) {
            let rest = &self.text[start..];
            let word = rest.find(char::is_whitespace).unwrap_or(rest.len());
            start = LISTED.next(self.text, start + word);
        }
        start
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, span: Range<usize>) {
        let end = span.start + self.text[span.clone()].trim_end().len();
        let begin = match style {
            // The parser begins with the first line of the text; its header belongs to it too.
            ScalarStyle::Literal | ScalarStyle::Folded => LISTED.next(self.text, self.behind_dash()).min(span.start),
            _ => span.start,
        };
        let span = self.behind_properties(begin).min(end)..end;
        let empty = span.is_empty() && style == ScalarStyle::Plain;
        if let Some(open) = self.open.last_mut()
            && open.is_mapping
            && open.key.is_none()
        {
            open.floor = behind_colon(self.text, span.end).unwrap_or(span.end);
            open.key = Some(Key::one(text, span));
            return;
        }
        if empty {
            return self.nothing();
        }
        let plain = style == ScalarStyle::Plain;
        let is_text = tag.is_some_and(|tag| tag.is_yaml_core_schema_tag("str"));
        let resolved = if is_text { Resolved::Text } else { Scalar { text: text.to_owned(), plain }.resolve() };
        let raw = || self.text[span.clone()].to_owned();
        let content = match resolved {
            Resolved::Null => Content::Scalar(Kind::Null, String::new()),
            Resolved::Bool(_) => Content::Scalar(Kind::Boolean, raw()),
            Resolved::Int(_) | Resolved::Float(_) => Content::Scalar(Kind::Number, raw()),
            Resolved::Text => Content::Scalar(Kind::String, text.to_owned()),
        };
        let note = self.note(span.start);
        let mut node = Node::new(content, span);
        node.note = note;
        self.value(node);
    }

    /// Behind what the next value stands: a colon, a dash, a comma, or the beginning of a document.
    fn behind_dash(&self) -> usize {
        let Some(open) = self.open.last() else { return self.seen };
        let dash = LISTED.next(self.text, open.floor);
        if !open.is_mapping && self.text[dash..].starts_with('-') { dash + 1 } else { open.floor }
    }

    /// A value that is not written: it stands right behind what is in front of it.
    fn nothing(&mut self) {
        let place = self.behind_dash();
        // An anchor or a tag may stand alone.
        let rest = self.text[place..].split(['\n', '\r', ',', '}', ']']).next().unwrap_or_default();
        let before_comment = rest.split(" #").next().unwrap_or_default();
        let written = before_comment.trim();
        let (note, at) = if written.starts_with(['&', '!']) {
            (written.to_owned(), place + before_comment.trim_end().len())
        } else {
            (String::new(), place)
        };
        let mut node = Node::new(Content::Scalar(Kind::Null, String::new()), at..at);
        node.note = note;
        self.value(node);
    }

    /// Anchor and tag in front of a value.
    fn note(&self, start: usize) -> String {
        let floor = self.open.last().map_or(self.seen, |open| open.floor).min(start);
        let mut words = Vec::new();
        for line in self.text[floor..start].lines() {
            let line =
                if line.trim_start().starts_with('#') { "" } else { line.split(" #").next().unwrap_or_default() };
            words.extend(line.split_whitespace().filter(|word| word.starts_with(['&', '!'])));
        }
        words.join(" ")
    }

    fn value(&mut self, mut node: Node) {
        let Some(open) = self.open.last_mut() else {
            self.seen = node.end();
            return self.documents.push(node);
        };
        let end = node.end();
        if open.is_mapping {
            if let Some(key) = open.key.take() {
                node = node.under(key);
            }
        } else if !self.text[open.start..].starts_with('[') {
            let dash = LISTED.next(self.text, open.floor);
            if self.text[dash..].starts_with('-') && dash < node.span.start.max(dash + 1) {
                let whole = dash..end.max(dash + 1);
                node.parts = vec![whole];
            }
        }
        open.floor = open.floor.max(node.end());
        if open.is_mapping || self.text[open.start..].starts_with('[') {
            // A comma in front of the next one is no part of it.
            let next = LISTED.next(self.text, open.floor);
            if self.text[next..].starts_with(',') {
                open.floor = next + 1;
            }
        }
        open.children.push(node);
    }
}
