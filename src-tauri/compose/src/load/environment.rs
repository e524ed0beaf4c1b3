//! Variables and labels of a service that stand in files of their own.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde_json::{Map, Value};
use sternway_model::template::Budget;
use sternway_model::yaml::join;
use sternway_model::{Code, Error, Location, MOST_OF_VALUES, Result, read_file, refuse_marks, text_of};

use super::document::Scope;
use super::dotenv::{self, Known};
use super::numbers::{flag, text};
use super::places::Places;
use super::variables::Lookup;

/// A variable of a service that comes from an `env_file`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FromFile {
    /// The service.
    pub service: String,
    /// The variable.
    pub key: String,
    /// The file, relative to the project's folder if it is in it.
    pub file: PathBuf,
}

/// Reads the files that services name.
pub(super) struct Files<'a> {
    pub scope: &'a Scope<'a>,
    pub places: &'a Places,
    /// The variables that were taken from them.
    pub noted: Vec<FromFile>,
}

impl Files<'_> {
    /// Puts the files of `env_file` under `environment` and those of `label_file` under `labels`; the keys of the files go.
    ///
    /// # Errors
    /// [`Code::NotFound`] if a file that is required is not there, otherwise as [`dotenv::parse`].
    pub fn resolve(&mut self, name: &str, service: &mut Map<String, Value>) -> Result<()> {
        let path = join("services", name);
        self.environment(name, &path, service)?;
        self.labels(&path, service)
    }

    fn environment(&mut self, service_name: &str, path: &str, service: &mut Map<String, Value>) -> Result<()> {
        let own = taken(service.get("environment"));
        let mut environment: IndexMap<String, (PathBuf, Value)> = IndexMap::new();
        for (index, file) in list(service.shift_remove("env_file")).iter().enumerate() {
            let path = format!("{path}.env_file[{index}]");
            let required = file.get("required").map_or(Ok(true), flag)?;
            let name = file.get("path").map(text).unwrap_or_default();
            let raw = match file.get("format").map(text).as_deref() {
                None | Some("") => false,
                Some("raw") => true,
                Some(other) => {
                    let error = Error::invalid(format!("`{other}` is no format of an env file"));
                    return Err(self.places.locate(error, &path).hint("Leave `format` out, or write `raw`."));
                }
            };
            let located = |error| self.places.locate(error, &path);
            let Some(content) = read(&name, required).map_err(located)? else { continue };
            self.scope.budget.borrow_mut().spend(content.len()).map_err(located)?;
            let before = |name: &str| environment.get(name).map(|(_, value)| text(value));
            let known = Known { outside: &|name| self.scope.lookup(name), before: &before };
            let file = Path::new(&name);
            let variables = if raw {
                dotenv::parse_raw(file, &content, known)?
            } else {
                self.scope.variables_of(file, &content, known)?
            };
            for (key, value) in &variables {
                let here = || Location { file: file.to_owned(), line: None, column: None, key: Some(key.clone()) };
                refuse_marks(key).and_then(|()| refuse_marks(value)).map_err(|error| error.at(here()))?;
            }
            let file = self.scope.shown(file);
            let variables = variables.into_iter();
            environment.extend(variables.map(|(name, value)| (name, (file.to_owned(), Value::String(value)))));
        }
        let files = environment.iter().filter(|(key, _)| !own.contains_key(*key));
        self.noted.extend(files.map(|(key, (file, _))| FromFile {
            service: service_name.to_owned(),
            key: key.clone(),
            file: file.clone(),
        }));
        let mut environment: Map<String, Value> =
            environment.into_iter().map(|(key, (_, value))| (key, value)).collect();
        environment.extend(own);
        if !environment.is_empty() {
            service.insert("environment".to_owned(), Value::Object(environment));
        }
        Ok(())
    }

    fn labels(&self, path: &str, service: &mut Map<String, Value>) -> Result<()> {
        let mut labels: IndexMap<String, Value> = IndexMap::new();
        for (index, file) in list(service.shift_remove("label_file")).iter().enumerate() {
            let name = text(file);
            let located = |error| self.places.locate(error, &format!("{path}.label_file[{index}]"));
            let content = read(&name, true).map_err(located)?.unwrap_or_default();
            self.scope.budget.borrow_mut().spend(content.len()).map_err(located)?;
            // Only the files before are looked at, not the environment.
            let known = Known { outside: &|_| None, before: &|name| labels.get(name).map(text) };
            let read = self.scope.variables_of(Path::new(&name), &content, known)?;
            labels.extend(read.into_iter().map(|(name, value)| (name, Value::String(value))));
        }
        if !labels.is_empty() {
            labels.extend(taken(service.get("labels")));
            service.insert("labels".to_owned(), Value::Object(labels.into_iter().collect()));
        }
        Ok(())
    }
}

/// A key without a value gets the one that the variable has outside; a build argument that has none goes.
///
/// # Errors
/// If the budget is spent.
pub(super) fn pass_on(service: &mut Map<String, Value>, lookup: Lookup<'_>, budget: &RefCell<Budget>) -> Result<()> {
    if service.contains_key("environment") {
        let environment = passed_on(service.get("environment"), lookup, budget)?;
        service.insert("environment".to_owned(), Value::Object(environment.into_iter().collect()));
    }
    if let Some(Value::Object(build)) = service.get_mut("build")
        && build.contains_key("args")
    {
        let mut arguments = passed_on(build.get("args"), lookup, budget)?;
        arguments.retain(|_, value| !value.is_null());
        build.insert("args".to_owned(), Value::Object(arguments.into_iter().collect()));
    }
    Ok(())
}

/// As [`pass_on`], for a service that is included: Compose looks at lists of variables only, and leaves the rest to the project.
///
/// # Errors
/// As [`pass_on`].
pub(super) fn pass_on_included(
    service: &mut Map<String, Value>,
    lookup: Lookup<'_>,
    budget: &RefCell<Budget>,
) -> Result<()> {
    if service.get("environment").is_some_and(Value::is_array) {
        let environment = passed_on(service.get("environment"), lookup, budget)?;
        service.insert("environment".to_owned(), Value::Object(environment.into_iter().collect()));
    }
    Ok(())
}

fn passed_on(
    variables: Option<&Value>,
    lookup: Lookup<'_>,
    budget: &RefCell<Budget>,
) -> Result<IndexMap<String, Value>> {
    let mut variables = taken(variables);
    for (name, value) in &mut variables {
        if value.is_null()
            && let Some(outside) = lookup(name)
        {
            budget.borrow_mut().spend(outside.len())?;
            *value = Value::String(outside);
        }
    }
    Ok(variables)
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
    if path.is_empty() && required {
        return Err(Error::invalid("this names no file").hint("Write the file's path, or remove the entry."));
    }
    let path = Path::new(path);
    match read_file("read", path, MOST_OF_VALUES) {
        Ok(content) => text_of(path, content).map(Some),
        Err(error) if error.code == Code::NotFound && !required => Ok(None),
        Err(error) if error.code == Code::NotFound => Err(error.hint("Write the file, or mark it `required: false`.")),
        Err(error) => Err(error),
    }
}
