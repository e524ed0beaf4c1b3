//! Checks one file against the table of keys, before anything is merged: what is unknown or of the wrong type is said
//! with its line and column.

use std::path::Path;

use sternway_model::yaml::{Content, Key, Node, Resolved, Scalar, join};
use sternway_model::{Error, Result, nearest};

use super::keys;
use super::places::Places;
use super::print::Printer;
use super::shape::{Field, Shape};

/// Checks a document of a Compose file.
///
/// # Errors
/// [`sternway_model::Code::InvalidInput`] for the first key that is unknown, or whose value is not what it takes.
pub(super) fn check(file: &Path, document: &Node) -> Result<()> {
    let check = Check { file };
    check.scalars(document, "")?;
    check.node(&keys::FILE, document, "")
}

struct Check<'a> {
    file: &'a Path,
}

impl Check<'_> {
    /// Keys have to be texts, and numbers such as can be printed.
    fn scalars(&self, node: &Node, path: &str) -> Result<()> {
        match &node.content {
            Content::Scalar(scalar) if matches!(scalar.resolve(), Resolved::Float(number) if !number.is_finite()) => {
                Err(Error::invalid(format!("`{}` is no number that a Compose file can have", scalar.text))
                    .hint("Write it in quotes if it is a text.")
                    .at(node.mark.location(self.file, path)))
            }
            Content::Scalar(_) => Ok(()),
            Content::Sequence(items) => {
                items.iter().enumerate().try_for_each(|(index, item)| self.scalars(item, &format!("{path}[{index}]")))
            }
            Content::Mapping(entries) => entries.iter().try_for_each(|(key, value)| {
                let path = join(path, &key.text);
                if key.plain && Scalar::plain(key.text.as_str()).resolve() != Resolved::Text {
                    return Err(Error::invalid(format!("the key `{}` is no text", key.text))
                        .hint("Write it in quotes.")
                        .at(key.mark.location(self.file, &path)));
                }
                self.scalars(value, &path)
            }),
        }
    }

    fn node(&self, shape: &Shape, node: &Node, path: &str) -> Result<()> {
        match (shape, &node.content) {
            // Nothing leaves what an earlier file says; what is nothing in the end is looked for then. Lists are not merged.
            _ if node.is_null() && !matches!(path, "" | "version" | "services") && !path.contains('[') => Ok(()),
            (Shape::Short(short, long), _) => {
                let shape = if admits(short, node) { short } else { long };
                if admits(shape, node) { self.node(shape, node, path) } else { self.wrong(node, path, &[short, long]) }
            }
            (Shape::Nullable(_), Content::Scalar(_)) if node.is_null() => Ok(()),
            (Shape::Nullable(shape), _) => self.node(shape, node, path),
            (_, _) if !admits(shape, node) => self.wrong(node, path, &[shape]),
            (Shape::Object(fields), Content::Mapping(entries)) => self.object(fields, entries, path),
            (Shape::Map(shape), Content::Mapping(entries)) => entries.iter().try_for_each(|(key, value)| {
                self.name(key, path)?;
                self.node(shape, value, &join(path, &key.text))
            }),
            (Shape::List(shape), Content::Sequence(items)) => self.items(shape, items, path),
            (
                Shape::Words
                | Shape::Test
                | Shape::Texts
                | Shape::Set
                | Shape::Command
                | Shape::Hosts
                | Shape::Pairs
                | Shape::Variables
                | Shape::Agents,
                Content::Sequence(items),
            ) => self.items(&Shape::Text, items, path),
            (Shape::Tokens, Content::Sequence(items)) => {
                self.items(&Shape::Short(&Shape::Number, &Shape::Text), items, path)
            }
            (Shape::Pairs | Shape::Variables | Shape::Agents, Content::Mapping(entries)) => {
                self.named(entries, path)?;
                self.values(entries, path, "a text, a number, a boolean or nothing", |value| {
                    matches!(value.content, Content::Scalar(_))
                })
            }
            (Shape::Options, Content::Mapping(entries)) => self.values(entries, path, "a text or a number", |value| {
                value.is_null() || is_text(value) || is_number(value)
            }),
            (Shape::DriverOptions, Content::Mapping(entries)) => {
                self.values(entries, path, "a text or a number", |value| is_text(value) || is_number(value))
            }
            (Shape::TextMap, Content::Mapping(entries)) => self.values(entries, path, "a text", is_text),
            (Shape::Hosts, Content::Mapping(entries)) => {
                self.named(entries, path)?;
                entries.iter().try_for_each(|(key, value)| {
                    let path = join(path, &key.text);
                    if value.is_null() {
                        return self.wrong(value, &path, &[&Shape::Text, &Shape::Texts]);
                    }
                    self.node(&Shape::Short(&Shape::Text, &Shape::Texts), value, &path)
                })
            }
            (Shape::OneOf(known), Content::Scalar(scalar)) if !known.contains(&scalar.text.as_str()) => {
                Err(unknown("value", &scalar.text, known).at(node.mark.location(self.file, path)))
            }
            _ => self.cast(shape, node, path),
        }
    }

    fn items(&self, shape: &Shape, items: &[Node], path: &str) -> Result<()> {
        items.iter().enumerate().try_for_each(|(index, item)| self.node(shape, item, &format!("{path}[{index}]")))
    }

    /// Refuses an empty key.
    fn named(&self, entries: &[(Key, Node)], path: &str) -> Result<()> {
        match entries.iter().find(|(key, _)| key.text.is_empty()) {
            None => Ok(()),
            Some((key, _)) => {
                Err(Error::invalid(format!("a key of `{path}` is empty")).at(key.mark.location(self.file, path)))
            }
        }
    }

    fn values(&self, entries: &[(Key, Node)], path: &str, expected: &str, fits: impl Fn(&Node) -> bool) -> Result<()> {
        for (key, value) in entries {
            if !fits(value) {
                let path = join(path, &key.text);
                return Err(Error::invalid(format!("`{path}` has to be {expected}, and is {}", value.kind()))
                    .hint(in_quotes(value))
                    .at(value.mark.location(self.file, &path)));
            }
        }
        Ok(())
    }

    fn object(&self, fields: &[Field], entries: &[(Key, Node)], path: &str) -> Result<()> {
        entries.iter().try_for_each(|(key, value)| {
            if key.text.starts_with("x-") {
                return Ok(());
            }
            let path = join(path, &key.text);
            match fields.iter().find(|field| field.name == key.text) {
                Some(field) => self.node(&field.shape, value, &path),
                None => {
                    let known: Vec<_> = fields.iter().map(|field| field.name).collect();
                    Err(unknown("key", &key.text, &known).at(key.mark.location(self.file, &path)))
                }
            }
        })
    }

    /// Names of services, networks and the like.
    fn name(&self, key: &Key, path: &str) -> Result<()> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if !key.text.is_empty() && key.text.chars().all(allowed) {
            return Ok(());
        }
        Err(Error::invalid(format!("`{}` is no name", key.text))
            .hint("Names have letters, digits, `.`, `_` and `-`.")
            .at(key.mark.location(self.file, &join(path, &key.text))))
    }

    fn wrong(&self, node: &Node, path: &str, expected: &[&Shape]) -> Result<()> {
        let mut kinds: Vec<&str> = expected.iter().flat_map(|shape| kinds(shape)).copied().collect();
        let mut seen = Vec::new();
        kinds.retain(|kind| {
            let new = !seen.contains(kind);
            seen.push(*kind);
            new
        });
        let what = if path.is_empty() { "the file".to_owned() } else { format!("`{path}`") };
        let within = match expected.iter().find_map(|shape| range(shape)) {
            Some((least, i64::MAX)) => format!("number from {least}"),
            Some((least, most)) => format!("number from {least} to {most}"),
            None => "number".to_owned(),
        };
        let wanted = kinds.join(" or ").replacen("number", &within, 1);
        // Where another number would do, its kind says nothing.
        let is = match node.text().filter(|_| is_number(node) && wanted.contains("number")) {
            Some(number) => format!("`{number}`"),
            None => node.kind().to_owned(),
        };
        let hint = if wanted.contains("text") { in_quotes(node) } else { "" };
        let error = Error::invalid(format!("{what} has to be {wanted}, and is {is}")).hint(hint);
        Err(error.at(node.mark.location(self.file, path)))
    }

    /// Refuses a text that is not the number or boolean that it stands for, even if a later file replaces it.
    fn cast(&self, shape: &Shape, node: &Node, path: &str) -> Result<()> {
        let cast = matches!(
            shape,
            Shape::Flag
                | Shape::Switch
                | Shape::Whole(..)
                | Shape::Count
                | Shape::Natural
                | Shape::HowMany
                | Shape::Integer
                | Shape::OptionalInteger
                | Shape::OptionalNatural
                | Shape::Real
        );
        match node.text().filter(|_| cast && is_text(node)) {
            Some(text) => Printer::new(&Places::default())
                .print(shape, &text.into(), path)
                .map(drop)
                .map_err(|error| error.at(node.mark.location(self.file, path))),
            None => Ok(()),
        }
    }
}

/// The error for a word that is not in a list of known ones.
pub(crate) fn unknown(what: &str, word: &str, known: &[&str]) -> Error {
    let hint = match nearest(word, known.iter().copied()) {
        Some(known) => format!("Did you mean `{known}`?"),
        None => format!("Known here: {}.", known.join(", ")),
    };
    Error::invalid(format!("unknown {what} `{word}`")).hint(hint)
}

/// What to do with a value where a text is wanted.
fn in_quotes(node: &Node) -> &'static str {
    match resolved(node) {
        Some(Resolved::Bool(_) | Resolved::Int(_) | Resolved::Float(_)) => "Put the value in quotes.",
        None if matches!(&node.content, Content::Mapping(entries) if entries.len() == 1) => {
            "A colon makes a key here: put the value in quotes if it is a text."
        }
        _ => "",
    }
}

fn resolved(node: &Node) -> Option<Resolved> {
    match &node.content {
        Content::Scalar(scalar) => Some(scalar.resolve()),
        _ => None,
    }
}

fn is_text(node: &Node) -> bool {
    resolved(node) == Some(Resolved::Text)
}

fn is_number(node: &Node) -> bool {
    matches!(resolved(node), Some(Resolved::Int(_) | Resolved::Float(_)))
}

/// Whether the node is of one of the kinds that the shape takes, and a number in its range.
fn admits(shape: &Shape, node: &Node) -> bool {
    let number = match (shape, resolved(node)) {
        (Shape::Short(short, long), _) => return admits(short, node) || admits(long, node),
        (Shape::Nullable(shape), _) => return node.is_null() || admits(shape, node),
        (Shape::Number, Some(Resolved::Float(_))) => return false,
        (_, Some(Resolved::Int(number))) => number as f64,
        (_, Some(Resolved::Float(number))) => number,
        _ => return kinds(shape).contains(&node.kind()),
    };
    let takes = |kind| kinds(shape).contains(&kind);
    let in_range = range(shape).is_none_or(|(least, most)| (least as f64..=most as f64).contains(&number));
    in_range && (takes("a number") || takes("a whole number") && number.fract() == 0.0)
}

/// The least and the largest number that a shape takes, where it does not take all.
fn range(shape: &Shape) -> Option<(i64, i64)> {
    match *shape {
        Shape::Whole(least, most) => Some((least, most)),
        Shape::Weight => Some((0, 65_535)),
        Shape::Natural | Shape::OptionalNatural | Shape::Size => Some((0, i64::MAX)),
        Shape::Figure(least) => Some((least, i64::MAX)),
        _ => None,
    }
    .filter(|(least, _)| *least > i64::MIN)
}

/// The kinds of nodes that a shape takes, as [`Node::kind`] names them.
fn kinds(shape: &Shape) -> &'static [&'static str] {
    match shape {
        Shape::Text | Shape::OneOf(_) | Shape::ByteText => &["a text"],
        Shape::Duration | Shape::OptionalDuration => &["a text"],
        Shape::TextOrNothing => &["a text", "nothing"],
        Shape::Flag | Shape::Switch => &["a boolean", "a text"],
        Shape::Boolean => &["a boolean"],
        Shape::Whole(..) | Shape::Count | Shape::Natural | Shape::HowMany => &["a whole number", "a text"],
        Shape::Bytes | Shape::Size | Shape::Rate => &["a whole number", "a text"],
        Shape::Integer | Shape::OptionalInteger | Shape::OptionalNatural => &["a number", "a text"],
        Shape::Real | Shape::Mode => &["a number", "a text"],
        Shape::Command => &["nothing", "a text", "a list"],
        Shape::Words | Shape::Test => &["a text", "a list"],
        Shape::Texts | Shape::Set | Shape::Tokens | Shape::List(_) => &["a list"],
        Shape::Pairs | Shape::Variables | Shape::Hosts | Shape::Agents => &["a mapping", "a list"],
        Shape::Options | Shape::DriverOptions | Shape::TextMap | Shape::Object(_) | Shape::Map(_) => &["a mapping"],
        Shape::Number | Shape::Weight => &["a whole number"],
        Shape::Figure(_) => &["a number"],
        Shape::Short(short, _) => kinds(short),
        Shape::Nullable(shape) => kinds(shape),
    }
}
