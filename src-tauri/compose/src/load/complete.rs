//! Checks what files are together: what has to be there is there, no key is left with nothing in it, and nothing stands twice
//! in a list in which each has its place once.

use std::collections::HashSet;

use serde_json::Value;
use sternway_model::yaml::join;
use sternway_model::{Error, Result};

use super::numbers::text;
use super::places::Places;
use super::shape::{Presence, Shape};

/// Checks a merged model, before short forms are made long.
///
/// # Errors
/// [`sternway_model::Code::InvalidInput`], with its place, for the first key that is missing or has nothing in it.
pub(super) fn check(shape: &Shape, value: &Value, path: &str, places: &Places) -> Result<()> {
    match (shape, value) {
        (Shape::Nullable(_) | Shape::Command | Shape::TextOrNothing, Value::Null) => Ok(()),
        (_, Value::Null) => Err(places
            .locate(Error::invalid(format!("`{path}` has nothing in it")), path)
            .hint("Give it a value, or remove the key.")),
        (Shape::Nullable(shape), value) => check(shape, value, path, places),
        (Shape::Short(short, long), value) => {
            let shape =
                if matches!(long, Shape::Object(_) | Shape::Map(_)) == value.is_object() { long } else { short };
            check(shape, value, path, places)
        }
        (Shape::Object(fields), Value::Object(entries)) => fields.iter().try_for_each(|field| {
            let path = join(path, field.name);
            match entries.get(field.name) {
                Some(value) => check(&field.shape, value, &path, places),
                None if field.presence == Presence::Required => {
                    Err(places.locate(Error::invalid(format!("the key `{path}` is missing")), &path))
                }
                None => Ok(()),
            }
        }),
        (Shape::Map(shape), Value::Object(entries)) => {
            entries.iter().try_for_each(|(key, value)| check(shape, value, &join(path, key), places))
        }
        (Shape::List(shape), Value::Array(items)) => {
            let mut items = items.iter().enumerate();
            items.try_for_each(|(index, item)| check(shape, item, &format!("{path}[{index}]"), places))
        }
        (
            Shape::Set | Shape::Tokens | Shape::Words | Shape::Pairs | Shape::Variables | Shape::Hosts | Shape::Agents,
            Value::Array(items),
        ) => {
            let mut seen = HashSet::new();
            match items.iter().enumerate().find(|(_, item)| !seen.insert(item.to_string())) {
                None => Ok(()),
                Some((index, item)) => {
                    let twice = Error::invalid(format!("`{}` stands twice in `{path}`", text(item)));
                    Err(places.locate(twice, &format!("{path}[{index}]")).hint("Remove one of both."))
                }
            }
        }
        _ => Ok(()),
    }
}
