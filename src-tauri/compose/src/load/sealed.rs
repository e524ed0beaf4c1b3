//! Pins in what was loaded. While files are read and merged they are sealed, so that none can come from what a file says.

use serde_json::{Map, Value};
use sternway_model::yaml::join;
use sternway_model::{Error, Result, Seal};

use super::Loaded;
use super::places::Places;
use crate::model;

/// Opens the seal of everything that was loaded.
///
/// # Errors
/// As [`Seal::open`], with the place of the text.
pub(super) fn open(loaded: Loaded, seal: &Seal) -> Result<Loaded> {
    let model = opened(loaded.model, "", &loaded.places, seal)?;
    let warnings = loaded.warnings.iter().map(|warning| seal.shown(warning)).collect();
    Ok(Loaded { model, warnings, ..loaded })
}

fn opened(value: Value, path: &str, places: &Places, seal: &Seal) -> Result<Value> {
    Ok(match value {
        Value::String(text) => Value::String(seal.open(text).map_err(|error| at(error, path, places))?),
        Value::Array(items) => {
            let items = items.into_iter().enumerate();
            items.map(|(index, item)| opened(item, &format!("{path}[{index}]"), places, seal)).collect::<Result<_>>()?
        }
        Value::Object(entries) => {
            let mut open = Map::with_capacity(entries.len());
            for (key, value) in entries {
                let path = join(path, &key);
                let key = seal.open(key).map_err(|error| at(error, &path, places))?;
                open.insert(key, opened(value, &path, places, seal)?);
            }
            Value::Object(open)
        }
        other => other,
    })
}

/// The error at the key; one that is in no Compose file was read from a file that the nearest key above names.
fn at(error: Error, path: &str, places: &Places) -> Error {
    let located = places.locate(error, path);
    if located.at.is_some() { located } else { located.at(model::at(path)) }
}
