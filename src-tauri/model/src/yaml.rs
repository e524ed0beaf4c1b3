//! A YAML tree in which every node knows where it stands, and serde on top of it.
//!
//! Libraries either keep positions and lose serde's types, or the other way round; both are needed here, because an error
//! in a file has to say its line, column and key. The grammar itself is `granit-parser`'s.
//!
//! Scalars resolve by YAML 1.2's core schema, as in Compose (go-yaml v3).

mod decode;
mod grammar;
mod lenient;
mod parse;
mod scalar;

use crate::Location;
use std::path::Path;

pub use decode::decode;
pub use parse::{parse, parse_strictly, reading};
pub use scalar::{Resolved, Scalar};

/// A position in a file; both count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mark {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl Mark {
    /// With the file and the key's path, as errors want it.
    #[must_use]
    pub fn location(self, file: &Path, key: &str) -> Location {
        Location {
            file: file.to_owned(),
            line: Some(self.line),
            column: Some(self.column),
            key: (!key.is_empty()).then(|| key.to_owned()),
        }
    }
}

/// One node of a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it holds.
    pub content: Content,
    /// A local tag without its `!`, such as `reset` or `override`.
    pub tag: Option<String>,
    /// Where it begins.
    pub mark: Mark,
}

/// What a node holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// A text, number, boolean or null.
    Scalar(Scalar),
    /// A list.
    Sequence(Vec<Node>),
    /// A mapping in the file's order, merge keys resolved. Keys are unique, but for those that are marked `!reset`.
    Mapping(Vec<(Key, Node)>),
}

/// A mapping's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its text.
    pub text: String,
    /// Written without quotes: then it may look like a number, a boolean or nothing.
    pub plain: bool,
    /// Where it begins.
    pub mark: Mark,
}

impl Node {
    /// An empty value, such as that of an empty file.
    #[must_use]
    pub fn null(mark: Mark) -> Self {
        Self { content: Content::Scalar(Scalar::plain("")), tag: None, mark }
    }

    /// The value under a key, if this is a mapping that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.content {
            Content::Mapping(entries) => entries.iter().find(|(k, _)| k.text == key).map(|(_, v)| v),
            _ => None,
        }
    }

    /// Whether the node is null.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(&self.content, Content::Scalar(scalar) if scalar.resolve() == Resolved::Null)
    }

    /// The text of a scalar, whatever its type.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Scalar(scalar) => Some(&scalar.text),
            _ => None,
        }
    }

    /// What it is, for messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match &self.content {
            Content::Mapping(_) => "a mapping",
            Content::Sequence(_) => "a list",
            Content::Scalar(scalar) => match scalar.resolve() {
                Resolved::Null => "nothing",
                Resolved::Bool(_) => "a boolean",
                Resolved::Int(_) | Resolved::Float(_) => "a number",
                Resolved::Text => "a text",
            },
        }
    }
}

/// Joins a key to the path of its parent: `services.web`, `ports[0]`.
#[must_use]
pub fn join(parent: &str, key: &str) -> String {
    if parent.is_empty() { key.to_owned() } else { format!("{parent}.{key}") }
}
