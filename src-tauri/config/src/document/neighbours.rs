//! What stands beside a value and above it, and says what the value is.

use std::collections::HashSet;

use sternway_model::{is_name_of_name, is_name_of_value};

use super::tree::{Content, Node, Step};

/// The names that a value has besides its own key: `name: DB_PASSWORD` beside `value:`, the key above a `default:`, and the option
/// before it in a list of arguments.
pub(super) fn called(parent: &Node, place: usize, path: &[Step]) -> Vec<String> {
    let children = parent.content.children();
    let Some(child) = children.get(place) else { return Vec::new() };
    let Some(key) = last_word(child) else {
        let option = place.checked_sub(1).and_then(|before| text(children.get(before)?));
        return option
            .filter(|option| option.starts_with('-'))
            .map(|option| vec![option.to_owned()])
            .unwrap_or_default();
    };
    if !is_name_of_value(key) {
        return Vec::new();
    }
    // Few have more: a table with very many keys is no such pair.
    const MOST: usize = 50;
    let near = children.len() <= MOST;
    let named = |child: &&Node| near && last_word(child).is_some_and(is_name_of_name);
    let mut names: Vec<String> =
        children.iter().filter(named).filter_map(|child| Some(text(child)?.to_owned())).collect();
    let above = path.iter().rev().skip(1).find_map(|step| match step {
        Step::Key(key) => Some(key.clone()),
        Step::Index(_) => None,
    });
    names.extend(above);
    names
}

fn last_word(node: &Node) -> Option<&str> {
    node.key.as_ref()?.words.last().map(String::as_str)
}

fn text(node: &Node) -> Option<&str> {
    match &node.content {
        Content::Scalar(_, text) => Some(text),
        _ => None,
    }
}

/// Documents that say of themselves that they are secrets: Kubernetes' `kind: Secret`.
pub(super) struct Secrets {
    /// The document itself is one.
    whole: bool,
    /// Those of several documents, or of a list, that are.
    several: HashSet<usize>,
}

impl Secrets {
    pub(super) fn of(root: &Node) -> Self {
        let is_secret = |node: &Node| {
            let kind = |child: &&Node| last_word(child) == Some("kind");
            matches!(node.content, Content::Object(_))
                && node.content.children().iter().find(kind).and_then(text) == Some("Secret")
        };
        let several = match &root.content {
            Content::Array(documents) => {
                documents.iter().enumerate().filter(|(_, node)| is_secret(node)).map(|(place, _)| place).collect()
            }
            _ => HashSet::new(),
        };
        Self { whole: is_secret(root), several }
    }

    /// Whether what is at the end of a path is the value of a secret.
    pub(super) fn contain(&self, path: &[Step]) -> bool {
        let (is_secret, path) = match path.split_first() {
            Some((Step::Index(place), rest)) => {
                (usize::try_from(*place).is_ok_and(|place| self.several.contains(&place)), rest)
            }
            _ => (self.whole, path),
        };
        is_secret && matches!(path.first(), Some(Step::Key(key)) if key == "data" || key == "stringData")
    }
}
