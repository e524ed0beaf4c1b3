//! Env files as `docker run --env-file` reads them, and Compose where it says `format: raw`: a line is a name, `=`, and
//! everything behind it. There are no quotes, no escapes, no variables, and no comments behind a value.

use std::path::Path;

use adotenv::{Dialect, Severity};
use sternway_model::{Error, Result};

use super::lines;
use super::source::{Patch, line_end, line_start, location};
use super::tree::{Content, Data, Key, Kind, Node};
use super::{Syntax, Target};

/// Plain env files.
pub(super) struct DockerEnv;

impl Syntax for DockerEnv {
    fn read(&self, path: &Path, text: &str) -> Result<Node> {
        let (document, found) = adotenv::parse_with(text, Dialect::DOCKER_RAW);
        if let Some(found) = found.iter().find(|found| found.severity() == Severity::Error) {
            return Err(Error::invalid("this line names no variable")
                .hint("Write KEY=value; put `#` in front of a comment.")
                .at(location(path, text, found.span().start, None)));
        }
        let entry = |entry: adotenv::Entry<'_>| {
            let key = Key::one(entry.key(), entry.key_span());
            let end = entry.key_span().end;
            match entry.value() {
                Some(value) => {
                    let span = entry.value_span().unwrap_or(end + 1..end + 1);
                    Node::new(Content::Scalar(Kind::String, value.to_owned()), span).under(key)
                }
                None => Node::new(Content::Scalar(Kind::Null, String::new()), end..end).under(key),
            }
        };
        Ok(Node::new(Content::Object(document.entries().map(entry).collect()), 0..text.len()))
    }

    fn marked(&self, _: &str, mark: &str) -> String {
        mark.to_owned()
    }

    fn set(&self, target: Target<'_>, data: &Data) -> Result<Vec<Patch>> {
        let node = target.node();
        let lead = if node.content.kind() == Kind::Null { "=" } else { "" };
        Ok(vec![Patch::one(node.span.clone(), format!("{lead}{}", value(data)?))])
    }

    fn insert(&self, target: Target<'_>, key: Option<&str>, data: &Data) -> Result<Vec<Patch>> {
        let entry = format!("{}={}", checked(key.unwrap_or_default())?, value(data)?);
        Ok(vec![lines::insert(target.text, target.root, false, &|_| entry.clone())])
    }

    fn unset(&self, target: Target<'_>) -> Result<Vec<Patch>> {
        let children = target.root.content.children();
        let nodes = target.alike().into_iter().filter_map(|place| children.get(place));
        let line = |node: &Node| line_start(target.text, node.start())..line_end(target.text, node.end());
        Ok(vec![Patch::of(nodes.map(|node| (line(node), String::new())).collect())])
    }

    fn rename(&self, target: Target<'_>, key: &str) -> Result<Vec<Patch>> {
        let new = checked(key)?;
        let children = target.root.content.children();
        let keys = target.alike().into_iter().filter_map(|place| children.get(place)?.key.as_ref()?.spans.first());
        Ok(vec![Patch::of(keys.map(|span| (span.clone(), new.to_owned())).collect())])
    }
}

fn checked(key: &str) -> Result<&str> {
    if key.is_empty() || key.starts_with('#') || key.contains(|c: char| c == '=' || c.is_whitespace() || c.is_control())
    {
        return Err(Error::invalid("this is no variable's name").hint("Use letters, digits and `_`."));
    }
    Ok(key)
}

fn value(data: &Data) -> Result<&str> {
    match data {
        Data::Scalar(Kind::String, text) if text.contains(['\n', '\r', '\0']) => {
            Err(Error::invalid("a plain env file has one line for each value")
                .hint("Without quotes a value cannot have line breaks; use a file of its own."))
        }
        Data::Scalar(Kind::String, text) => Ok(text),
        _ => Err(Error::invalid("an env file holds texts only").hint("Write the value as a text.")),
    }
}
