//! Edits, and what a document has to mean after them.

use serde::{Deserialize, Serialize};
use specta::Type;
use sternway_model::{Error, Result, SecretRef};

use super::Document;
use super::tree::{Content, Data, Kind, Meaning, Node, Numbering, Step};

/// One edit of a document's values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename = "DocumentEdit")]
#[serde(rename_all = "snake_case")]
pub enum Edit {
    /// Gives a value other data.
    Set {
        /// The way to the value.
        path: Vec<Step>,
        /// The data as text; JSON for objects and lists.
        value: String,
        /// What it shall be; what it is already, unless given.
        #[serde(default)]
        #[specta(optional)]
        kind: Option<Kind>,
    },
    /// Removes a value with its key.
    Unset {
        /// The way to the value.
        path: Vec<Step>,
    },
    /// Gives a value's key another name.
    Rename {
        /// The way to the value.
        path: Vec<Step>,
        /// The new name.
        key: String,
    },
    /// Adds a value at the end of an object or a list.
    Insert {
        /// The way to the object or the list; empty for the document itself.
        path: Vec<Step>,
        /// The new value's key; none in a list.
        #[serde(default)]
        #[specta(optional)]
        key: Option<String>,
        /// The data as text; JSON for objects and lists.
        value: String,
        /// What it shall be.
        kind: Kind,
    },
}

impl Edit {
    /// The way to the value that the edit is about.
    #[must_use]
    pub fn path(&self) -> &[Step] {
        match self {
            Self::Set { path, .. } | Self::Unset { path } | Self::Rename { path, .. } | Self::Insert { path, .. } => {
                path
            }
        }
    }
}

/// What is done to a value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Change {
    /// It gets other data.
    Set(Data),
    /// It gets a further value at its end.
    Insert(Option<String>, Data),
    /// It is removed with its key.
    Unset,
    /// Its key gets another name.
    Rename(String),
}

/// The change that an edit asks for.
pub(super) fn change<'a>(document: &Document, edit: &'a Edit) -> Result<(&'a [Step], Change)> {
    let change = match edit {
        Edit::Set { path, value, kind } => {
            let node = document.root.route(path).and_then(|route| document.root.at(&route));
            let node = node.ok_or_else(|| document.not_found(path))?;
            Change::Set(set_data(node, value, *kind)?)
        }
        Edit::Insert { key, value, kind, .. } => Change::Insert(key.clone(), checked(*kind, value)?),
        Edit::Unset { .. } => Change::Unset,
        Edit::Rename { key, .. } => Change::Rename(key.clone()),
    };
    Ok((edit.path(), change))
}

/// What a document has to mean after a change.
pub(super) fn meaning(document: &Document, route: &[usize], change: &Change) -> Result<Meaning> {
    let root = &document.root;
    let mut meaning = root.meaning();
    let gone = || Error::internal("a value of a document went missing");
    match change {
        Change::Set(data) => meaning.at_mut(route).ok_or_else(gone)?.value = data.clone(),
        Change::Insert(key, data) => {
            check_place(document, root.at(route).ok_or_else(gone)?, key.as_deref())?;
            let added = Meaning::new(key.as_deref(), data.clone());
            let holder = meaning.at_mut(route).ok_or_else(gone)?;
            match holder.value.children_mut() {
                Some(children) => children.push(added),
                // Nothing gives way to the first value.
                None if key.is_some() => holder.value = Data::Object(vec![added]),
                None => holder.value = Data::Array(vec![added]),
            }
        }
        Change::Unset => remove(&mut meaning, root, route)?,
        Change::Rename(key) => rename(&mut meaning, root, route, key, document)?,
    }
    Ok(meaning)
}

/// The data that a value is set to: of the kind that it has, unless another one is asked for.
fn set_data(node: &Node, value: &str, kind: Option<Kind>) -> Result<Data> {
    let kind = kind.unwrap_or_else(|| match node.content.kind() {
        // A new value in the place of nothing is what it looks like.
        Kind::Null => {
            let looks_like = [Kind::Number, Kind::Boolean].into_iter().find(|kind| Data::of(*kind, value).is_some());
            looks_like.unwrap_or(Kind::String)
        }
        // A reference to a secret is a text, whatever stood there.
        Kind::Number | Kind::Boolean | Kind::Expression if SecretRef::parse(value).is_some() => Kind::String,
        kind => kind,
    });
    checked(kind, value)
}

fn checked(kind: Kind, value: &str) -> Result<Data> {
    if kind == Kind::String
        && let Some(reference) = SecretRef::parse(value)
    {
        reference?;
    }
    Data::of(kind, value).ok_or_else(|| match kind {
        Kind::Number => Error::invalid("this is no number").hint("Write digits, such as 80 or 1.5."),
        Kind::Boolean => Error::invalid("this is neither true nor false"),
        Kind::Null => Error::invalid("nothing has no text"),
        _ => Error::invalid("this is no JSON of the kind that is wanted").hint("Write { … } or [ … ]."),
    })
}

/// Objects take keys, lists do not; and a key stands once.
fn check_place(document: &Document, node: &Node, key: Option<&str>) -> Result<()> {
    match (&node.content, key) {
        (Content::Object(children), Some(key)) => check_free(document, children, key),
        (Content::Array(_), None) => Ok(()),
        (Content::Scalar(Kind::Null, _), _) => Ok(()),
        (Content::Object(_), None) => Err(Error::invalid("a value in an object needs a key")),
        (Content::Array(_), Some(_)) => Err(Error::invalid("a value in a list has no key")),
        (Content::Scalar(..), _) => Err(Error::invalid("only an object or a list holds other values")),
    }
}

fn check_free(document: &Document, children: &[Node], key: &str) -> Result<()> {
    let taken = children.iter().any(|child| child.key.as_ref().is_some_and(|taken| taken.words == [key]));
    if taken {
        return Err(Error::invalid(format!("{} already has a {key} there", document.path.display())));
    }
    Ok(())
}

fn remove(meaning: &mut Meaning, root: &Node, route: &[usize]) -> Result<()> {
    let (place, above) =
        route.split_last().ok_or_else(|| Error::invalid("a document cannot be removed from itself"))?;
    let node = root.at(route);
    let Some(children) = meaning.at_mut(above).and_then(|parent| parent.value.children_mut()) else { return Ok(()) };
    match node.filter(|node| node.numbering == Numbering::Never).and_then(|node| node.key.as_ref()) {
        // Every one that sets the key goes, or an earlier one would count from now on; and so does what is below it.
        Some(key) => children.retain(|child| !child.words.starts_with(&key.words)),
        None => drop(children.remove(*place)),
    }
    Ok(())
}

fn rename(meaning: &mut Meaning, root: &Node, route: &[usize], key: &str, document: &Document) -> Result<()> {
    let no_key = || Error::invalid("only a value with a key of its own can be renamed");
    let (place, above) = route.split_last().ok_or_else(no_key)?;
    let parent = root.at(above).map(|parent| parent.content.children()).unwrap_or_default();
    let node = parent.get(*place).ok_or_else(no_key)?;
    let words = node.key.as_ref().map(|key| key.words.clone()).ok_or_else(no_key)?;
    let (last, front) = words.split_last().ok_or_else(no_key)?;
    if node.numbering != Numbering::Never {
        return Err(no_key());
    }
    if last == key {
        return Err(Error::invalid(format!("it is named {key} already")));
    }
    let renamed: Vec<String> = front.iter().cloned().chain([key.to_owned()]).collect();
    if parent.iter().any(|child| child.key.as_ref().is_some_and(|taken| taken.words.starts_with(&renamed))) {
        return Err(Error::invalid(format!("{} already has a {key} there", document.path.display())));
    }
    let Some(children) = meaning.at_mut(above).and_then(|parent| parent.value.children_mut()) else { return Ok(()) };
    for child in children.iter_mut().filter(|child| child.words.starts_with(&words)) {
        child.words.splice(..words.len(), renamed.iter().cloned());
    }
    Ok(())
}
