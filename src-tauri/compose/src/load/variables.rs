//! Fills in the variables of a document, and turns it into the tree that everything after works on.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Map, Value};
use sternway_model::yaml::{Content, Node, Resolved, Scalar, join};
use sternway_model::{Error, Location, Origin, Result, Seal, looks_like_secret, template};

use sternway_model::template::Budget;

use super::places::Places;

/// Where a variable's value comes from.
pub(super) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What variables are filled in with.
#[derive(Clone, Copy)]
pub(super) struct Filling<'a> {
    /// The values.
    pub lookup: Lookup<'a>,
    /// Those that were filled in.
    pub used: &'a RefCell<Vec<Used>>,
    /// How much they may still make.
    pub budget: &'a RefCell<Budget>,
}

/// A variable that was filled in.
#[derive(Debug)]
pub(super) struct Used {
    /// Its name.
    pub name: String,
    /// What stands for it now; nothing if it has no value, and nothing is written for that case.
    pub value: Option<String>,
    /// The place of the text that it stands in.
    pub place: Location,
}

/// Adds to an error about a text the variables that made it what it is, and where they are set: the text's own place is not where
/// it has to be mended. Values that may be secrets are not repeated.
pub(super) fn explain(mut error: Error, used: &[Used], origins: &BTreeMap<String, Origin>, seal: &Seal) -> Error {
    let Some(at) = &error.at else { return error };
    let key = |location: &Location| location.key.clone().unwrap_or_default();
    let about = |place: &Location| {
        // Of a list that several files have parts of, only the list's own place is known.
        place.file == at.file && (place.line == at.line || key(place).starts_with(&key(at)))
    };
    // An empty text is in no message, so the key decides: that of the text, or one that the text was made to.
    let of_key = |place: &Location| {
        let (text, wrong) = (key(place), key(at));
        let below = |outer: &str, inner: &str| {
            inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        let list = text.rfind('[').map_or(text.as_str(), |end| &text[..end]);
        below(&text, &wrong) || wrong == list || (list != text && place.line == at.line && below(list, &wrong))
    };
    let mut reasons = BTreeSet::new();
    let mut unset = BTreeSet::new();
    for Used { name, value, place } in used.iter().filter(|used| about(&used.place)) {
        let Some(value) = value else {
            if of_key(place) {
                unset.insert(name.as_str());
            }
            continue;
        };
        let Some(Origin { file, line }) = origins.get(name) else { continue };
        if value.is_empty() || !error.message.contains(value.as_str()) || seal.is_in(value) {
            continue;
        }
        let is = if looks_like_secret(name, value).is_some() { String::new() } else { format!("is `{value}`, ") };
        reasons.insert(format!("`{name}` {is}set in {}:{line}", file.display()));
    }
    if let Some(first) = unset.first() {
        let hint = format!("Set {first} in one of the environment's env files, or write a default: `${{{first}:-…}}`.");
        error.hint = if error.hint.is_empty() { hint } else { format!("{} {hint}", error.hint) };
        reasons.extend(unset.iter().map(|name| format!("the variable `{name}` is not set")));
    }
    if !reasons.is_empty() {
        let reasons: Vec<String> = reasons.into_iter().collect();
        error.message.push_str(&format!(" ({})", reasons.join("; ")));
    }
    error
}

/// Fills in the variables of all values; keys stay as they are. What was filled in is a text, whatever it looks like.
///
/// The variables are added to `used`.
///
/// # Errors
/// As [`template::fill`], with the place of the value.
pub(super) fn fill_in(node: &mut Node, file: &Path, path: &str, with: Filling<'_>) -> Result<()> {
    let Filling { lookup, used, budget } = with;
    match &mut node.content {
        Content::Scalar(scalar) if scalar.text.contains('$') && scalar.resolve() == Resolved::Text => {
            let place = || node.mark.location(file, path);
            let note =
                |name: &str, value| used.borrow_mut().push(Used { name: name.to_owned(), value, place: place() });
            let noting = |name: &str| {
                let value = lookup(name)?;
                note(name, Some(value.clone()));
                Some(value)
            };
            let filled = template::fill_within(&scalar.text, &noting, &mut budget.borrow_mut())
                .map_err(|error| error.at(place()))?;
            filled.unset.iter().for_each(|name| note(name, None));
            *scalar = Scalar::quoted(filled.text);
            Ok(())
        }
        Content::Scalar(_) => Ok(()),
        Content::Sequence(items) => items
            .iter_mut()
            .enumerate()
            .try_for_each(|(index, item)| fill_in(item, file, &format!("{path}[{index}]"), with)),
        Content::Mapping(entries) => {
            entries.iter_mut().try_for_each(|(key, value)| fill_in(value, file, &join(path, &key.text), with))
        }
    }
}

/// The node as a JSON value. The place of each key and item is added to `places`.
pub(super) fn value(node: &Node, file: &Path, path: &str, places: &mut Places) -> Value {
    if !path.is_empty() {
        places.insert(path.to_owned(), node.mark.location(file, path));
    }
    match &node.content {
        Content::Scalar(scalar) => match scalar.resolve() {
            Resolved::Null => Value::Null,
            Resolved::Bool(value) => Value::Bool(value),
            Resolved::Int(value) => Value::Number(value.into()),
            // Whole numbers that are too large for `Int`.
            Resolved::Float(value) => scalar.text.parse::<u64>().map_or_else(|_| Value::from(value), Value::from),
            Resolved::Text => Value::String(scalar.text.clone()),
        },
        Content::Sequence(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| value(item, file, &format!("{path}[{index}]"), places))
            .collect(),
        Content::Mapping(entries) => {
            let entries = entries
                .iter()
                .map(|(key, item)| (key.text.clone(), value(item, file, &join(path, &key.text), places)))
                .collect::<Map<_, _>>();
            Value::Object(entries)
        }
    }
}
