//! Documents: configuration files of any format, as values and as text, with every untouched byte kept.
//!
//! Each format is one [`Syntax`]: it says which bytes belong to which value, and proposes how an edit can be written. No
//! proposal is trusted. The text is read again, and counts only if it then means exactly what was meant.

mod comments;
mod docker_env;
mod edit;
mod env;
mod format;
mod hcl;
mod json;
mod lines;
mod listed;
mod neighbours;
mod shell;
mod source;
mod text;
mod toml;
mod tree;
mod withheld;
mod yaml;

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use sternway_model::{
    Code, Error, Location, Manner, Result, SecretRef, Sensitive, looks_like_secret, refuse_marks, secrets_in,
};

pub(crate) use edit::Change;
pub use edit::Edit;
pub use format::Format;
pub use tree::{Kind, Step, written};

pub(crate) use source::Patch;
use source::location;
use tree::Node;
pub(crate) use tree::{Data, Meaning, Numbering};
pub use withheld::{Masked, unmasked, withheld_in};

/// A format of documents.
pub(crate) trait Syntax: Sync {
    /// Which bytes of a text belong to which value. A byte order mark is not part of the text.
    ///
    /// # Errors
    /// [`sternway_model::Code::InvalidInput`] with line and column.
    fn read(&self, path: &Path, text: &str) -> Result<Node>;

    /// How a mark is written in the place of a value that is written as `raw`: as a text that needs no escapes.
    fn marked(&self, raw: &str, mark: &str) -> String {
        if raw.starts_with('\'') { format!("'{mark}'") } else { format!("\"{mark}\"") }
    }

    /// Ways to give a value other data, the one to prefer first.
    ///
    /// # Errors
    /// If the format has no such values.
    fn set(&self, target: Target<'_>, data: &Data) -> Result<Vec<Patch>>;

    /// Ways to add a value at the end of an object (with a key) or of a list.
    ///
    /// # Errors
    /// If the format has no such values.
    fn insert(&self, target: Target<'_>, key: Option<&str>, data: &Data) -> Result<Vec<Patch>>;

    /// Ways to remove a value with its key.
    ///
    /// # Errors
    /// If the format cannot be without it.
    fn unset(&self, target: Target<'_>) -> Result<Vec<Patch>>;

    /// Ways to give a value's key another name.
    ///
    /// # Errors
    /// If the format has no such keys.
    fn rename(&self, target: Target<'_>, key: &str) -> Result<Vec<Patch>>;
}

/// The value that an edit is about, in its document.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    /// The document's path.
    pub(crate) path: &'a Path,
    /// The whole text.
    pub(crate) text: &'a str,
    /// The whole document.
    pub(crate) root: &'a Node,
    /// The nodes from the whole document to the value, both included, each with its place in the one before.
    pub(crate) chain: &'a [(usize, &'a Node)],
}

impl<'a> Target<'a> {
    /// The value itself.
    pub(crate) fn node(&self) -> &'a Node {
        self.chain.last().map_or(self.root, |(_, node)| node)
    }

    /// What holds the value, and the value's place in it.
    pub(crate) fn parent(&self) -> Option<(&'a Node, usize)> {
        let [.., (_, parent), (place, _)] = self.chain else { return None };
        Some((parent, *place))
    }

    /// The places of everything beside the value that has its key, itself included: formats in which the last one counts
    /// have several.
    pub(crate) fn alike(&self) -> Vec<usize> {
        let Some((parent, place)) = self.parent() else { return Vec::new() };
        let words = |node: &'a Node| node.key.as_ref().map(|key| &key.words);
        let wanted = words(self.node());
        let same = |(other, node): &(usize, &'a Node)| *other == place || (wanted.is_some() && words(node) == wanted);
        parent.content.children().iter().enumerate().filter(same).map(|(other, _)| other).collect()
    }
}

/// A document, read. What is not edited stays as it is, byte for byte.
#[derive(Clone)]
pub struct Document {
    path: PathBuf,
    format: Format,
    text: String,
    root: Node,
    /// Values and words of comments that are secrets, whatever they look like.
    known: Vec<Sensitive>,
}

/// A value of a document, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// The way to it.
    pub path: Vec<Step>,
    /// What it is.
    pub kind: Kind,
    /// Its text; `None` for objects, lists and nothing.
    pub text: Option<String>,
    /// The line on which its key begins, from 1.
    pub line: u32,
    /// The column, in characters, from 1.
    pub column: u32,
    /// How many objects and lists it stands in.
    pub depth: u32,
    /// The bytes of the value.
    pub span: Range<usize>,
    /// What stands beside it or above says that it is called: `DB_PASSWORD` in `{ name: DB_PASSWORD, value: … }`.
    called: Vec<String>,
    /// The document says that everything in this place is secret.
    declared: bool,
}

impl Value {
    /// The nearest key on the way to it, which is what tells a password from a port.
    #[must_use]
    pub fn key(&self) -> &str {
        let key = self.path.iter().rev().find_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Index(_) => None,
        });
        key.unwrap_or_default()
    }

    /// Why it looks like a secret that should not stand in a file, in words that follow "it".
    #[must_use]
    pub fn looks_like_secret(&self) -> Option<&'static str> {
        let text = self.text.as_deref()?;
        // Compose's lists of variables: `- DB_PASSWORD=…`.
        let assigned = text.split_once('=').filter(|(key, _)| {
            matches!(self.path.last(), Some(Step::Index(_)))
                && !key.is_empty()
                && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
        });
        let by_key = match assigned {
            Some((key, value)) => looks_like_secret(key, value),
            None => looks_like_secret(self.key(), text),
        };
        let by_neighbours = || self.called.iter().find_map(|name| looks_like_secret(name, text));
        let inside = || (!secrets_in(text, Manner::Prose).is_empty()).then_some("holds what looks like a secret");
        by_key.or_else(by_neighbours).or_else(inside).or_else(|| self.declared.then_some("is the value of a secret"))
    }

    /// The secret that it names: `keychain:NAME`.
    #[must_use]
    pub fn secret(&self) -> Option<Result<SecretRef>> {
        self.text.as_deref().filter(|_| self.kind == Kind::String).and_then(SecretRef::parse)
    }
}

impl Document {
    /// Reads a text; `path` is what errors name.
    ///
    /// # Errors
    /// [`sternway_model::Code::InvalidInput`] with line and column if it is not what its format wants. Messages never
    /// quote the text, because it may hold a secret.
    pub fn parse(path: &Path, format: Format, text: &str) -> Result<Self> {
        let (mark, body) = split_mark(text);
        let mut root = format.syntax().read(path, body)?;
        if !mark.is_empty() {
            source::shift(&mut root, mark.len());
        }
        let document = Self { path: path.to_owned(), format, text: text.to_owned(), root, known: Vec::new() };
        // The mark of a secret's version begins with U+27E6, which formats write as it is or by its number.
        if text.contains('\u{27e6}') || text.contains("27e6") || text.contains("27E6") {
            for value in document.values() {
                let at = || Location {
                    file: path.to_owned(),
                    line: Some(value.line),
                    column: Some(value.column),
                    key: None,
                };
                value.text.as_deref().map_or(Ok(()), refuse_marks).map_err(|error| error.at(at()))?;
            }
        }
        Ok(document)
    }

    /// The same document, of which these values and words of comments are secrets, whatever they look like.
    #[must_use]
    pub fn knowing(self, known: Vec<Sensitive>) -> Self {
        Self { known, ..self }
    }

    /// The values and the words of comments that may turn out to be secrets, each once.
    #[must_use]
    pub fn candidates(&self) -> Vec<Sensitive> {
        /// Shorter ones stand in every other line.
        const SHORTEST: usize = 4;
        let values = self.values().into_iter().filter_map(|value| value.text);
        let words = comments::words_of(self).into_iter().map(|span| self.text[span].to_owned());
        let words = words.flat_map(|word| {
            let pieces: Vec<String> = comments::pieces(&word).map(str::to_owned).collect();
            pieces.into_iter().chain([word])
        });
        let all: BTreeSet<String> = values.chain(words).filter(|text| text.chars().count() >= SHORTEST).collect();
        all.into_iter().map(Sensitive::new).collect()
    }

    /// Whether a value is to be withheld: it looks like a secret, or is known to be one.
    #[must_use]
    pub fn is_secret(&self, value: &Value) -> bool {
        value.looks_like_secret().is_some() || value.text.as_deref().is_some_and(|text| self.knows(text))
    }

    fn knows(&self, text: &str) -> bool {
        self.known.iter().any(|known| known.reveal() == text)
    }

    /// The path that errors name.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The document's format.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Every value in the document's order, objects and lists before what they hold. Of several with the same path the
    /// last one counts.
    #[must_use]
    pub fn values(&self) -> Vec<Value> {
        let mut values = Vec::new();
        let mut lines = source::Lines::new(&self.text);
        let secrets = neighbours::Secrets::of(&self.root);
        let mut visit = |parent: Option<(&Node, usize)>, node: &Node, path: &[Step], depth: u32| {
            let text = match &node.content {
                tree::Content::Scalar(Kind::Null, _) | tree::Content::Object(_) | tree::Content::Array(_) => None,
                tree::Content::Scalar(_, text) => Some(text.clone()),
            };
            let (line, column) = lines.place(node.start());
            let (kind, span) = (node.content.kind(), node.span.clone());
            let called = parent.map_or_else(Vec::new, |(parent, place)| neighbours::called(parent, place, path));
            let (path, declared) = (path.to_vec(), secrets.contain(path));
            values.push(Value { path, kind, text, line, column, depth, span, called, declared });
        };
        if matches!(self.root.content, tree::Content::Scalar(..)) && !self.root.span.is_empty() {
            visit(None, &self.root, &[], 0);
        }
        self.root.walk(&mut Vec::new(), 0, &mut visit);
        values
    }

    /// The value at the end of a path.
    #[must_use]
    pub fn get(&self, path: &[Step]) -> Option<Value> {
        self.values().into_iter().rfind(|value| value.path == path)
    }

    /// The document after an edit. Only what the edit is about is another byte.
    ///
    /// # Errors
    /// [`sternway_model::Code::NotFound`] if there is no such value, [`sternway_model::Code::InvalidInput`] if the edit
    /// cannot be written in this format so that it is read back as it was meant.
    pub fn edited(&self, edit: &Edit) -> Result<Self> {
        let (path, change) = edit::change(self, edit)?;
        self.changed(path, &change)
    }

    /// The document after a change of the value at a path.
    ///
    /// # Errors
    /// As [`Document::edited`].
    pub(crate) fn changed(&self, path: &[Step], change: &Change) -> Result<Self> {
        let syntax = self.format.syntax();
        let route = self.root.route(path).ok_or_else(|| self.not_found(path))?;
        let wanted = edit::meaning(self, &route, change)?.in_order();
        let chain = self.chain(&route)?;
        let target = Target { path: &self.path, text: &self.text, root: &self.root, chain: &chain };
        let patches = match change {
            Change::Set(data) => syntax.set(target, data),
            // Nothing gives way to the first value.
            Change::Insert(key, data) if target.node().content.kind() == Kind::Null => {
                let first = vec![Meaning::new(key.as_deref(), data.clone())];
                syntax.set(target, &if key.is_some() { Data::Object(first) } else { Data::Array(first) })
            }
            Change::Insert(key, data) => syntax.insert(target, key.as_deref(), data),
            Change::Unset => syntax.unset(target),
            Change::Rename(key) => syntax.rename(target, key),
        };
        for patch in patches.map_err(|error| self.place(error, target.node(), path))? {
            let text = patch.apply(&self.text);
            if let Ok(document) = Self::parse(&self.path, self.format, &text)
                && document.root.meaning().in_order() == wanted
            {
                return Ok(document);
            }
        }
        let refused =
            Error::invalid(format!("this cannot be written in {} without changing more", self.path.display()))
                .hint("Nothing was changed. Edit the text instead.");
        Err(self.place(refused, target.node(), path))
    }

    /// What the whole document means.
    pub(crate) fn meaning(&self) -> Meaning {
        self.root.meaning()
    }

    /// The data at the end of a path.
    pub(crate) fn data(&self, path: &[Step]) -> Option<Data> {
        Some(self.root.at(&self.root.route(path)?)?.meaning().value)
    }

    /// The nodes on the way to a value, each with its place in the one before.
    fn chain(&self, route: &[usize]) -> Result<Vec<(usize, &Node)>> {
        let mut chain = vec![(0, &self.root)];
        for place in route {
            let parent = chain.last().map_or(&self.root, |(_, node)| *node);
            let child = parent.content.children().get(*place);
            chain.push((*place, child.ok_or_else(|| Error::internal("a value of a document went missing"))?));
        }
        Ok(chain)
    }

    fn not_found(&self, path: &[Step]) -> Error {
        Error::new(Code::NotFound, format!("{} has no value {}", self.path.display(), written(path)))
            .hint("The document has changed; look at it again.")
    }

    fn place(&self, error: Error, node: &Node, path: &[Step]) -> Error {
        if error.at.is_some() {
            return error;
        }
        let path = written(path);
        error.at(location(&self.path, &self.text, node.start(), (!path.is_empty()).then_some(path)))
    }
}

impl fmt::Debug for Document {
    /// Without the text: it may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("path", &self.path).field("format", &self.format).finish_non_exhaustive()
    }
}

/// The byte order mark that a text may begin with, and the rest.
fn split_mark(text: &str) -> (&str, &str) {
    let length = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    text.split_at(length)
}
