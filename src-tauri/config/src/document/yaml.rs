//! YAML, read with the parser that reads Compose files and `sternway.yaml`, so that an edit means here what it means there.

mod read;
mod write;

use std::path::Path;

use sternway_model::{Error, Result};

use super::listed::Listed;
use super::source::{Patch, line_end, line_start, newline};
use super::tree::{Content, Data, Node};
use super::{Syntax, Target};

use read::behind_colon;
use write::{Place, Spelled, key_spelling, spellings};

/// YAML 1.2.
pub(super) struct Yaml;

const LISTED: Listed = Listed { line_comments: &["#"], block_comments: false, lines_separate: false, expand: false };

/// What marks a text of several documents in its note.
const DOCUMENTS: &str = "documents";

impl Syntax for Yaml {
    fn read(&self, path: &Path, text: &str) -> Result<Node> {
        // What this says about a mistake is what a deployment would say.
        sternway_model::yaml::parse_strictly(path, text)?;
        read::read(path, text)
    }

    fn marked(&self, raw: &str, mark: &str) -> String {
        match raw.chars().next() {
            Some(quote @ ('"' | '\'')) => format!("{quote}{mark}{quote}"),
            _ => mark.to_owned(),
        }
    }

    fn set(&self, target: Target<'_>, data: &Data) -> Result<Vec<Patch>> {
        let (text, node) = (target.text, target.node());
        let whole = target.parent().is_none();
        let place = Place {
            column: column(text, node.start()),
            in_list: node.key.is_none(),
            whole,
            flow: in_flow(target),
            ..Place::of(text)
        };
        let style = text[node.span.clone()].chars().next();
        // Where a value on lines of its own begins: behind the colon, unless an anchor or a tag stands there.
        let colon = node.key.as_ref().filter(|_| node.note.is_empty()).and_then(|key| behind_colon(text, key.end()));
        let patch = |spelled: Spelled| match spelled {
            Spelled::Here(value) if !node.span.is_empty() => Patch::one(node.span.clone(), value),
            Spelled::Here(value) if whole => {
                let lead =
                    if text[..node.span.start].ends_with('\n') || node.span.start == 0 { "" } else { newline(text) };
                Patch::one(node.span.clone(), format!("{lead}{value}{}", newline(text)))
            }
            // Nothing stands there: not even the blank.
            Spelled::Here(value) => Patch::one(node.span.clone(), format!(" {value}")),
            Spelled::Below(value) => Patch::one(colon.unwrap_or(node.span.start)..node.span.end, value),
        };
        Ok(spellings(data, &place, style)?.into_iter().map(patch).collect())
    }

    fn insert(&self, target: Target<'_>, key: Option<&str>, data: &Data) -> Result<Vec<Patch>> {
        let (text, node) = (target.text, target.node());
        if node.note == DOCUMENTS {
            return Err(Error::invalid("a file of several documents gets no further value").hint("Edit the text."));
        }
        if is_flow(text, node) {
            let value = write::flow(data)?;
            let entry = key.map_or_else(|| value.clone(), |key| format!("{}: {value}", key_spelling(key)));
            return Ok(LISTED.insert(text, node, &|_| entry.clone()));
        }
        let Some(last) = node.content.children().last() else { return Ok(Vec::new()) };
        let column = column(text, last.start());
        let indent = " ".repeat(column);
        let place = Place { column, in_list: key.is_none(), ..Place::of(text) };
        let end = line_end(text, last_end(last));
        let (lead, tail) = if text[..end].ends_with('\n') { ("", newline(text)) } else { (newline(text), "") };
        let front = key.map_or_else(|| "-".to_owned(), |key| format!("{}:", key_spelling(key)));
        let patch = |spelled: Spelled| {
            let value = match spelled {
                Spelled::Here(value) => format!(" {value}"),
                Spelled::Below(value) => value,
            };
            Patch::one(end..end, format!("{lead}{indent}{front}{value}{tail}"))
        };
        Ok(spellings(data, &place, None)?.into_iter().map(patch).collect())
    }

    fn unset(&self, target: Target<'_>) -> Result<Vec<Patch>> {
        let (text, node) = (target.text, target.node());
        let Some((parent, place)) = target.parent() else { return Ok(Vec::new()) };
        if parent.note == DOCUMENTS {
            return Err(Error::invalid("a document of several is not removed here").hint("Edit the text."));
        }
        if is_flow(text, parent) {
            return Ok(LISTED.remove(text, parent, &[place]));
        }
        let children = parent.content.children();
        let (start, end) = (node.start(), last_end(node));
        if children.len() == 1 {
            // Without its last value a block would be nothing; empty brackets say what it is.
            let empty = if matches!(parent.content, Content::Object(_)) { "{}" } else { "[]" };
            let holder = target.chain.len().checked_sub(2).and_then(|above| target.chain.get(above));
            let begin = holder.and_then(|(_, holder)| {
                let key = holder.key.as_ref().filter(|_| holder.note.is_empty())?;
                behind_colon(text, key.end())
            });
            return Ok(match begin {
                Some(begin) => vec![Patch::one(begin..end, format!(" {empty}"))],
                None => vec![Patch::one(start..end, empty)],
            });
        }
        let from = line_start(text, start);
        if text[from..start].trim().is_empty() {
            return Ok(vec![Patch::one(from..line_end(text, end), "")]);
        }
        // The first key behind a dash: the next one takes its place.
        let next = children.get(place + 1).map(Node::start);
        Ok(next.map(|next| Patch::one(start..next, "")).into_iter().collect())
    }

    fn rename(&self, target: Target<'_>, key: &str) -> Result<Vec<Patch>> {
        let span = target.node().key.as_ref().and_then(|key| key.spans.last().cloned());
        Ok(span.map(|span| Patch::one(span, key_spelling(key))).into_iter().collect())
    }
}

/// Where a value ends, with all that it holds.
fn last_end(node: &Node) -> usize {
    node.end().max(node.content.children().last().map_or(0, last_end))
}

/// Whether a value is written in brackets.
fn is_flow(text: &str, node: &Node) -> bool {
    !matches!(node.content, Content::Scalar(..)) && text[node.span.clone()].starts_with(['{', '['])
}

/// Whether a value stands between brackets.
fn in_flow(target: Target<'_>) -> bool {
    let above = target.chain.len().saturating_sub(1);
    target.chain[..above].iter().any(|(_, node)| is_flow(target.text, node))
}

/// How many characters stand in front of a byte on its line.
fn column(text: &str, offset: usize) -> usize {
    text[line_start(text, offset)..offset].chars().count()
}
