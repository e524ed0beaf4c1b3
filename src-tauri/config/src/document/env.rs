//! Env files as documents: the edits are those of [`EnvFile`].

use std::path::Path;

use sternway_model::{Error, Result, SecretRef};

use super::source::Patch;
use super::tree::{Content, Data, Key, Kind, Node};
use super::{Syntax, Target, split_mark};
use crate::env_file::{Assignment, Entry, EnvFile};

/// Env files as Compose reads them.
pub(super) struct Env;

impl Syntax for Env {
    fn read(&self, path: &Path, text: &str) -> Result<Node> {
        let file = EnvFile::parse(path, text.as_bytes())?;
        let entries = file.entries().map(node).collect();
        Ok(Node::new(Content::Object(entries), 0..text.len()))
    }

    fn marked(&self, raw: &str, mark: &str) -> String {
        if raw.starts_with('"') { format!("\"{mark}\"") } else { format!("'{mark}'") }
    }

    fn set(&self, target: Target<'_>, data: &Data) -> Result<Vec<Patch>> {
        // The root's children are the file's assignments.
        let place = target.parent().map(|(_, place)| place);
        with(target, |file, _| {
            assign(data, |assignment| place.map_or(Ok(()), |place| file.set_entry(place, assignment)))
        })
    }

    fn insert(&self, target: Target<'_>, key: Option<&str>, data: &Data) -> Result<Vec<Patch>> {
        let key = key.unwrap_or_default();
        with(target, |file, _| assign(data, |assignment| file.set(key, assignment)))
    }

    fn unset(&self, target: Target<'_>) -> Result<Vec<Patch>> {
        with(target, |file, key| file.unset(key).map(drop))
    }

    fn rename(&self, target: Target<'_>, new_key: &str) -> Result<Vec<Patch>> {
        with(target, |file, key| file.rename(key, new_key).map(drop))
    }
}

fn node(entry: Entry<'_>) -> Node {
    let content = if entry.is_bare() {
        Content::Scalar(Kind::Null, String::new())
    } else {
        match entry.fill(&|_| None) {
            Ok(filled) if !entry.has_variables() => Content::Scalar(Kind::String, filled.text),
            _ => Content::Scalar(Kind::Expression, entry.template().into_owned()),
        }
    };
    let key = Key::one(entry.key(), entry.key_span());
    let mut node = Node::new(content, entry.value_span()).under(key);
    if entry.exported() {
        "export".clone_into(&mut node.note);
    }
    node
}

fn assign(data: &Data, write: impl FnOnce(Assignment<'_>) -> Result<()>) -> Result<()> {
    let name = match data {
        Data::Scalar(Kind::String, text) => SecretRef::parse(text).transpose()?.map(|reference| reference.name),
        _ => None,
    };
    let assignment = match (data, &name) {
        (_, Some(name)) => Assignment::Secret(name),
        (Data::Scalar(Kind::String, text), None) => Assignment::Value(text),
        (Data::Scalar(Kind::Expression, text), None) => Assignment::Template(text),
        _ => return Err(Error::invalid("an env file holds texts only").hint("Write the value as a text.")),
    };
    write(assignment)
}

/// Edits the file in memory; what then differs is the edit.
fn with(target: Target<'_>, edit: impl FnOnce(&mut EnvFile, &str) -> Result<()>) -> Result<Vec<Patch>> {
    let (mark, body) = split_mark(target.text);
    let mut file = EnvFile::parse(target.path, body.as_bytes())?;
    let key = target.node().key.as_ref().and_then(|key| key.words.first().cloned()).unwrap_or_default();
    edit(&mut file, &key)?;
    let text = format!("{mark}{}", file.text());
    Ok(vec![Patch::between(target.text, &text)])
}
