//! Variables and labels of a service that stand in files of their own.

use std::path::Path;

use indexmap::IndexMap;
use serde_json::{Map, Value};
use sternway_model::{Code, Error, Result, read_text};

use super::dotenv;
use super::numbers::{flag, text};
use super::places::Places;
use super::variables::Lookup;

/// Puts the files of `env_file` under `environment` and those of `label_file` under `labels`; the keys of the files go.
///
/// # Errors
/// [`Code::NotFound`] if a file that is required is not there, otherwise as [`dotenv::parse`].
pub(super) fn resolve(path: &str, service: &mut Map<String, Value>, lookup: Lookup<'_>, places: &Places) -> Result<()> {
    let own = taken(service.get("environment"));
    let mut environment: IndexMap<String, Value> = IndexMap::new();
    for (index, file) in list(service.shift_remove("env_file")).iter().enumerate() {
        let path = format!("{path}.env_file[{index}]");
        let required = file.get("required").map_or(Ok(true), flag)?;
        let name = file.get("path").map(text).unwrap_or_default();
        let raw = match file.get("format").map(text).as_deref() {
            None | Some("") => false,
            Some("raw") => true,
            Some(other) => {
                return Err(places
                    .locate(Error::invalid(format!("`{other}` is no format of an env file")), &path)
                    .hint("Leave `format` out, or write `raw`."));
            }
        };
        let Some(content) = read(&name, required).map_err(|error| places.locate(error, &path))? else { continue };
        let seen = |name: &str| {
            lookup(name)
                .or_else(|| own.get(name).filter(|value| !value.is_null()).map(text))
                .or_else(|| environment.get(name).map(text))
        };
        let parse = if raw { dotenv::parse_raw } else { dotenv::parse };
        let variables = parse(Path::new(&name), &content, &seen)?;
        environment.extend(variables.into_iter().map(|(name, value)| (name, Value::String(value))));
    }
    environment.extend(own);
    if !environment.is_empty() {
        service.insert("environment".to_owned(), Value::Object(environment.into_iter().collect()));
    }

    let mut labels: IndexMap<String, Value> = IndexMap::new();
    for (index, file) in list(service.shift_remove("label_file")).iter().enumerate() {
        let path = format!("{path}.label_file[{index}]");
        let name = text(file);
        let content = read(&name, true).map_err(|error| places.locate(error, &path))?.unwrap_or_default();
        let read = dotenv::parse(Path::new(&name), &content, lookup)?;
        labels.extend(read.into_iter().map(|(name, value)| (name, Value::String(value))));
    }
    if !labels.is_empty() {
        labels.extend(taken(service.get("labels")));
        service.insert("labels".to_owned(), Value::Object(labels.into_iter().collect()));
    }
    Ok(())
}

/// A key without a value gets the one that the variable has outside; a build argument that has none goes.
pub(super) fn pass_on(service: &mut Map<String, Value>, lookup: Lookup<'_>) {
    if service.contains_key("environment") {
        let mut variables = taken(service.get("environment"));
        for (name, value) in &mut variables {
            if value.is_null()
                && let Some(outside) = lookup(name)
            {
                *value = Value::String(outside);
            }
        }
        service.insert("environment".to_owned(), Value::Object(variables.into_iter().collect()));
    }
    if let Some(Value::Object(build)) = service.get_mut("build")
        && build.contains_key("args")
    {
        let mut arguments = taken(build.get("args"));
        arguments.retain(|name, value| {
            if value.is_null()
                && let Some(outside) = lookup(name)
            {
                *value = Value::String(outside);
            }
            !value.is_null()
        });
        build.insert("args".to_owned(), Value::Object(arguments.into_iter().collect()));
    }
}

/// A mapping or list of `KEY=value` as a mapping.
fn taken(value: Option<&Value>) -> IndexMap<String, Value> {
    match value {
        Some(Value::Object(map)) => map.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
        Some(Value::Array(items)) => {
            items.iter().map(|item| super::canonical::pair(&text(item), Value::Null)).collect()
        }
        _ => IndexMap::new(),
    }
}

fn list(value: Option<Value>) -> Vec<Value> {
    match value {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    }
}

fn read(path: &str, required: bool) -> Result<Option<String>> {
    let path = Path::new(path);
    match read_text("read", path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.code == Code::NotFound && !required => Ok(None),
        Err(error) if error.code == Code::NotFound => Err(error.hint("Write the file, or mark it `required: false`.")),
        Err(error) => Err(error),
    }
}
