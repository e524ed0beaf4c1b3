//! Fills in the variables of a document, and turns it into the tree that everything after works on.

use std::path::Path;

use serde_json::{Map, Value};
use sternway_model::yaml::{Content, Node, Resolved, Scalar, join};
use sternway_model::{Location, Result, template};

use super::numbers;
use super::places::Places;

/// Where a variable's value comes from.
pub(super) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Fills in the variables of all values; keys stay as they are. What was filled in is a text, whatever it looks like.
///
/// Variables without a value are added to `unset`, with the place of the text that they stand in.
///
/// # Errors
/// As [`template::fill`], with the place of the value.
pub(super) fn fill_in(
    node: &mut Node,
    file: &Path,
    path: &str,
    lookup: Lookup<'_>,
    unset: &mut Vec<(String, Location)>,
) -> Result<()> {
    match &mut node.content {
        Content::Scalar(scalar) if scalar.text.contains('$') && scalar.resolve() == Resolved::Text => {
            let filled =
                template::fill(&scalar.text, lookup).map_err(|error| error.at(node.mark.location(file, path)))?;
            unset.extend(filled.unset.into_iter().map(|name| (name, node.mark.location(file, path))));
            *scalar = Scalar::quoted(filled.text);
            Ok(())
        }
        Content::Scalar(_) => Ok(()),
        Content::Sequence(items) => items
            .iter_mut()
            .enumerate()
            .try_for_each(|(index, item)| fill_in(item, file, &format!("{path}[{index}]"), lookup, unset)),
        Content::Mapping(entries) => {
            entries.iter_mut().try_for_each(|(key, value)| fill_in(value, file, &join(path, &key.text), lookup, unset))
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
            Resolved::Float(value) => {
                if value.is_finite() {
                    numbers::real(value)
                } else {
                    Value::String(scalar.text.clone())
                }
            }
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
