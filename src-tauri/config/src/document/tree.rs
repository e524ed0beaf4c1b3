//! What a document says, each part with its bytes; and the same without the bytes, to compare before and after an edit.

use std::collections::HashMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use specta::Type;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename = "ValueKind")]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Keys and values.
    Object,
    /// A list.
    Array,
    /// A text.
    String,
    /// A number, as it is written.
    Number,
    /// True or false.
    Boolean,
    /// Nothing.
    Null,
    /// A text that the document's reader works out, such as `${HOST}:80` or `var.region`.
    Expression,
    /// Something that only this format has, such as a date in TOML or an alias in YAML.
    Other,
}

/// A step on the way to a value: a key, or a place in a list (from 0).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Type)]
#[serde(rename = "PathStep")]
#[serde(untagged)]
pub enum Step {
    /// A place in a list, or among blocks of the same name.
    Index(u32),
    /// A key.
    Key(String),
}

impl Step {
    /// The step to a place in a list.
    pub(crate) fn index(index: usize) -> Self {
        Self::Index(u32::try_from(index).unwrap_or(u32::MAX))
    }
}

/// Whether a path has a number behind a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numbering {
    /// Of several with the same key the last one counts.
    Never,
    /// All of them count; they have numbers if there are several.
    OfSeveral,
    /// All of them count; even a single one has a number.
    Always,
}

/// A path as people read it: `alerts.rules[0].name`.
#[must_use]
pub fn written(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Index(index) => text.push_str(&format!("[{index}]")),
            Step::Key(key) => {
                text.push_str(if text.is_empty() { "" } else { "." });
                text.push_str(key);
            }
        }
    }
    text
}

/// A value and where it stands.
#[derive(Clone)]
pub(crate) struct Node {
    /// Its key, unless it stands in a list or is the whole document.
    pub(crate) key: Option<Key>,
    /// What it holds.
    pub(crate) content: Content,
    /// The value's bytes.
    pub(crate) span: Range<usize>,
    /// All its bytes, key included, without what separates it from others. A table of several sections has several.
    pub(crate) parts: Vec<Range<usize>>,
    /// What else counts about it: an anchor, a tag, a keyword in front.
    pub(crate) note: String,
    /// Whether several with its key all count.
    pub(crate) numbering: Numbering,
}

/// The key of a node.
#[derive(Clone)]
pub(crate) struct Key {
    /// Its words: more than one for `[a.b]` in TOML, and for a block with labels in HCL.
    pub(crate) words: Vec<String>,
    /// The bytes of each word.
    pub(crate) spans: Vec<Range<usize>>,
}

impl Key {
    /// A key of one word.
    pub(crate) fn one(word: &str, span: Range<usize>) -> Self {
        Self { words: vec![word.to_owned()], spans: Vec::from([span]) }
    }

    /// Where its first word begins.
    pub(crate) fn start(&self) -> usize {
        self.spans.first().map_or(0, |span| span.start)
    }

    /// Where its last word ends.
    pub(crate) fn end(&self) -> usize {
        self.spans.last().map_or(0, |span| span.end)
    }
}

/// What a node holds.
#[derive(Clone)]
pub(crate) enum Content {
    /// A value without parts, as text.
    Scalar(Kind, String),
    /// Keys and values, in the document's order.
    Object(Vec<Node>),
    /// A list.
    Array(Vec<Node>),
}

impl Content {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Scalar(kind, _) => *kind,
            Self::Object(_) => Kind::Object,
            Self::Array(_) => Kind::Array,
        }
    }

    pub(crate) fn children(&self) -> &[Node] {
        match self {
            Self::Scalar(..) => &[],
            Self::Object(children) | Self::Array(children) => children,
        }
    }
}

impl Node {
    /// A value without a key.
    pub(crate) fn new(content: Content, span: Range<usize>) -> Self {
        Self { key: None, content, parts: vec![span.clone()], span, note: String::new(), numbering: Numbering::Never }
    }

    /// The same under a key; both together are what it consists of.
    pub(crate) fn under(mut self, key: Key) -> Self {
        let whole = key.start()..self.span.end.max(key.end());
        self.parts = vec![whole];
        self.key = Some(key);
        self
    }

    /// Where it begins.
    pub(crate) fn start(&self) -> usize {
        self.parts.first().map_or(self.span.start, |part| part.start)
    }

    /// Where its last part ends.
    pub(crate) fn end(&self) -> usize {
        self.parts.last().map_or(self.span.end, |part| part.end)
    }

    /// What it means, without its bytes.
    pub(crate) fn meaning(&self) -> Meaning {
        let value = match &self.content {
            Content::Scalar(kind, text) => Data::Scalar(*kind, text.clone()),
            Content::Object(children) => Data::Object(children.iter().map(Node::meaning).collect()),
            Content::Array(children) => Data::Array(children.iter().map(Node::meaning).collect()),
        };
        let words = self.key.as_ref().map(|key| key.words.clone()).unwrap_or_default();
        Meaning { words, value, note: self.note.clone(), numbering: self.numbering }
    }

    /// The way to a value, as places among the children. Of several with the same key the last one counts.
    pub(crate) fn route(&self, path: &[Step]) -> Option<Vec<usize>> {
        let Some(first) = path.first() else { return Some(Vec::new()) };
        if let Content::Array(children) = &self.content {
            let Step::Index(index) = first else { return None };
            let index = usize::try_from(*index).ok()?;
            return through(index, children.get(index)?, &path[1..]);
        }
        let children = self.content.children();
        let numbers = numbers(children);
        children.iter().enumerate().rev().find_map(|(place, child)| {
            let words = &child.key.as_ref()?.words;
            let after = starts_with(path, words)?;
            let Some(number) = numbers.get(&place) else { return through(place, child, after) };
            let (wanted, rest) = after.split_first()?;
            (wanted == number).then(|| through(place, child, rest)).flatten()
        })
    }

    /// The node at the end of a way.
    pub(crate) fn at(&self, route: &[usize]) -> Option<&Self> {
        match route.split_first() {
            None => Some(self),
            Some((place, rest)) => self.content.children().get(*place)?.at(rest),
        }
    }

    /// Calls back with every node below this one, what holds it and its place there, its path and its depth, in the document's order.
    pub(crate) fn walk<'a>(
        &'a self,
        path: &mut Vec<Step>,
        depth: u32,
        visit: &mut impl FnMut(Option<(&'a Self, usize)>, &'a Self, &[Step], u32),
    ) {
        let list = matches!(self.content, Content::Array(_));
        let children = self.content.children();
        let numbers = numbers(children);
        for (place, child) in children.iter().enumerate() {
            let length = path.len();
            match &child.key {
                Some(key) => path.extend(key.words.iter().cloned().map(Step::Key)),
                None if list => path.push(Step::index(place)),
                None => {}
            }
            path.extend(numbers.get(&place).cloned());
            visit(Some((self, place)), child, path, depth);
            child.walk(path, depth + 1, visit);
            path.truncate(length);
        }
    }
}

/// The numbers behind the keys of those children that have one, by their places.
fn numbers(children: &[Node]) -> HashMap<usize, Step> {
    if children.iter().all(|child| child.numbering == Numbering::Never) {
        return HashMap::new();
    }
    let words = |child: &Node| child.key.as_ref().map(|key| key.words.clone());
    let mut alike: HashMap<Vec<String>, usize> = HashMap::new();
    for words in children.iter().filter_map(words) {
        *alike.entry(words).or_default() += 1;
    }
    let mut before: HashMap<Vec<String>, usize> = HashMap::new();
    let mut numbers = HashMap::new();
    for (place, child) in children.iter().enumerate() {
        let Some(words) = words(child) else { continue };
        let several = alike.get(&words).is_some_and(|number| *number > 1);
        let before = before.entry(words).or_default();
        if child.numbering == Numbering::Always || (several && child.numbering == Numbering::OfSeveral) {
            numbers.insert(place, Step::index(*before));
        }
        *before += 1;
    }
    numbers
}

/// The way to a value through a child.
fn through(place: usize, child: &Node, rest: &[Step]) -> Option<Vec<usize>> {
    let mut route = vec![place];
    route.extend(child.route(rest)?);
    Some(route)
}

/// What follows these words in a path that begins with them.
fn starts_with<'a>(path: &'a [Step], words: &[String]) -> Option<&'a [Step]> {
    let (begin, rest) = path.split_at_checked(words.len())?;
    let same = begin.iter().zip(words).all(|(step, word)| matches!(step, Step::Key(key) if key == word));
    same.then_some(rest)
}

/// What a part of a document means. Two documents that mean the same are equal here, however they are written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Meaning {
    /// The words of its key; empty in a list.
    pub(crate) words: Vec<String>,
    /// Its value.
    pub(crate) value: Data,
    /// What else counts about it.
    pub(crate) note: String,
    /// Whether several with its key all count.
    pub(crate) numbering: Numbering,
}

/// A value without its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Data {
    /// A value without parts, as text.
    Scalar(Kind, String),
    /// Keys and values.
    Object(Vec<Meaning>),
    /// A list.
    Array(Vec<Meaning>),
}

impl Meaning {
    /// A value under a key, or in a list.
    pub(crate) fn new(key: Option<&str>, value: Data) -> Self {
        let words = key.map(|key| vec![key.to_owned()]).unwrap_or_default();
        Self { words, value, note: String::new(), numbering: Numbering::Never }
    }

    /// The same, whatever the order of keys: those of one name stay in theirs.
    pub(crate) fn in_order(mut self) -> Self {
        match &mut self.value {
            Data::Scalar(..) => {}
            Data::Array(children) => *children = std::mem::take(children).into_iter().map(Self::in_order).collect(),
            Data::Object(children) => {
                *children = std::mem::take(children).into_iter().map(Self::in_order).collect();
                children.sort_by(|a, b| a.words.cmp(&b.words));
            }
        }
        self
    }

    /// The part at the end of a way.
    pub(crate) fn at_mut(&mut self, route: &[usize]) -> Option<&mut Self> {
        match route.split_first() {
            None => Some(self),
            Some((place, rest)) => self.value.children_mut()?.get_mut(*place)?.at_mut(rest),
        }
    }
}

impl Data {
    pub(crate) fn children_mut(&mut self) -> Option<&mut Vec<Meaning>> {
        match self {
            Self::Scalar(..) => None,
            Self::Object(children) | Self::Array(children) => Some(children),
        }
    }

    /// Reads what a form gives: text of a kind. An object and a list are JSON; an empty text stands for an empty one.
    pub(crate) fn of(kind: Kind, text: &str) -> Option<Self> {
        let valid = match kind {
            Kind::String | Kind::Expression | Kind::Other => true,
            Kind::Number => is_number(text),
            Kind::Boolean => matches!(text, "true" | "false"),
            Kind::Null => matches!(text, "" | "null"),
            Kind::Object | Kind::Array => {
                let empty = if kind == Kind::Object { "{}" } else { "[]" };
                let text = if text.trim().is_empty() { empty } else { text };
                let value = serde_json::from_str::<serde_json::Value>(text).ok()?;
                return match (kind, Self::of_json(value)) {
                    (Kind::Object, data @ Self::Object(_)) | (Kind::Array, data @ Self::Array(_)) => Some(data),
                    _ => None,
                };
            }
        };
        let text = if kind == Kind::Null { "" } else { text };
        valid.then(|| Self::Scalar(kind, text.to_owned()))
    }

    /// As text: that of a scalar, and JSON for objects and lists.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Scalar(_, text) => text.clone(),
            Self::Object(_) | Self::Array(_) => self.json().to_string(),
        }
    }

    fn json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Self::Scalar(Kind::Null, _) => Json::Null,
            Self::Scalar(Kind::Boolean, text) => Json::Bool(text == "true"),
            Self::Scalar(Kind::Number, text) => {
                serde_json::from_str(text).unwrap_or_else(|_| Json::String(text.clone()))
            }
            Self::Scalar(_, text) => Json::String(text.clone()),
            Self::Array(items) => items.iter().map(|item| item.value.json()).collect(),
            Self::Object(entries) => entries.iter().map(|entry| (entry.words.join("."), entry.value.json())).collect(),
        }
    }

    fn of_json(value: serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match value {
            Json::Null => Self::Scalar(Kind::Null, String::new()),
            Json::Bool(value) => Self::Scalar(Kind::Boolean, value.to_string()),
            Json::Number(number) => Self::Scalar(Kind::Number, number.to_string()),
            Json::String(text) => Self::Scalar(Kind::String, text),
            Json::Array(items) => {
                Self::Array(items.into_iter().map(|item| Meaning::new(None, Self::of_json(item))).collect())
            }
            Json::Object(entries) => {
                let entry = |(key, value): (String, Json)| Meaning::new(Some(&key), Self::of_json(value));
                Self::Object(entries.into_iter().map(entry).collect())
            }
        }
    }
}

/// A number as JSON, TOML, YAML and HCL all read it (RFC 8259 §6).
fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_that_every_format_reads() {
        for text in ["0", "-1", "80", "1.5", "0.25", "1e9", "2.5E-3", "-0"] {
            assert!(is_number(text), "{text}");
        }
        for text in ["", "-", "01", ".5", "5.", "1e", "0x1f", "1_000", "+1", "inf", " 1", "1 "] {
            assert!(!is_number(text), "{text}");
        }
    }

    #[test]
    fn paths_are_written_as_people_read_them() {
        let path = [Step::Key("rules".into()), Step::Index(0), Step::Key("name".into())];
        assert_eq!(written(&path), "rules[0].name");
        assert_eq!(written(&[]), "");
    }
}
