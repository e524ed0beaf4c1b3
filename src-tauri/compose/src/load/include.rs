//! `include`: whole Compose files of other folders, each read with its own folder and env files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use sternway_model::{Code, Error, MOST_OF_VALUES, Result, read_file, text_of};

use super::absolute;
use super::assemble::assemble;
use super::document::{Document, Scope};
use super::dotenv::Known;
use super::environment;
use super::places::Places;

/// More files in a row than anybody includes.
const MOST_STEPS: usize = 50;

/// Reads what a document includes, and adds it to the document.
///
/// # Errors
/// If a file cannot be read or is wrong, if files include each other, or if both define the same thing differently.
pub(super) fn apply(document: &mut Document, scope: &Scope<'_>) -> Result<()> {
    let Some(Value::Array(includes)) = document.model.shift_remove("include") else { return Ok(()) };
    for (index, include) in includes.iter().enumerate() {
        let key = format!("include[{index}]");
        let included = Included::of(include, scope).and_then(|included| included.read(scope));
        let (model, places) = included.map_err(|error| document.places.locate(error, &key))?;
        import(document, model, &places).map_err(|error| document.places.locate(error, &key))?;
        document.places.absorb(places);
    }
    Ok(())
}

struct Included {
    files: Vec<PathBuf>,
    dir: PathBuf,
    env_files: Vec<PathBuf>,
}

impl Included {
    fn of(include: &Value, scope: &Scope<'_>) -> Result<Self> {
        let long = match include {
            Value::String(path) => json!({"path": path.as_str()}),
            long => long.clone(),
        };
        let paths = |key: &str| -> Vec<String> {
            match long.get(key) {
                Some(Value::String(one)) => vec![one.clone()],
                Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
                _ => Vec::new(),
            }
        };
        let base = scope.base();
        if let Some(remote) = paths("path").iter().find(|path| path.contains("://") || path.starts_with("git@")) {
            return Err(Error::new(Code::Unsupported, format!("`{remote}` is not on this machine"))
                .hint("Copy the file into the project and include the copy."));
        }
        let files: Vec<PathBuf> = paths("path").iter().map(|path| PathBuf::from(base.path(path))).collect();
        let Some(main) = files.first() else {
            return Err(Error::invalid("an include names no file").hint("Say with `path` which file it is."));
        };
        let dir = match long.get("project_directory").and_then(Value::as_str) {
            Some(dir) if !dir.is_empty() => PathBuf::from(base.path(dir)),
            _ => main.parent().map_or_else(PathBuf::new, Path::to_owned),
        };
        let mut env_files: Vec<PathBuf> = paths("env_file").iter().map(|path| PathBuf::from(base.path(path))).collect();
        if env_files.is_empty() && dir.join(".env").exists() {
            env_files.push(dir.join(".env"));
        }
        Ok(Self { files, dir: PathBuf::from(absolute::clean(&dir)), env_files })
    }

    fn read(&self, scope: &Scope<'_>) -> Result<(Map<String, Value>, Places)> {
        if self.files.iter().any(|file| scope.road.contains(file)) || scope.road.len() >= MOST_STEPS {
            let road: Vec<_> =
                scope.road.iter().chain(self.files.first()).map(|file| file.display().to_string()).collect();
            return Err(Error::invalid(format!("files include each other: {}", road.join(" → ")))
                .hint("Remove one of the includes."));
        }
        self.files.iter().try_for_each(|_| scope.spend_file())?;
        let mut variables = scope.environment.clone();
        let mut own: BTreeMap<String, String> = BTreeMap::new();
        for file in &self.env_files {
            let text = text_of(file, read_file("read", file, MOST_OF_VALUES)?)?;
            let known = Known { outside: &|name| scope.lookup(name), before: &|name| own.get(name).cloned() };
            let read = scope.variables_of(file, &text, known)?;
            own.extend(read);
        }
        for (name, value) in own {
            variables.entry(name).or_insert(value);
        }
        let road = [scope.road, &self.files].concat();
        let inner = Scope { dir: &self.dir, environment: &variables, road: &road, ..*scope };
        let (mut model, places) = assemble(&self.files, &inner)?;
        for service in model.get_mut("services").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
            if let Value::Object(service) = service {
                environment::pass_on_included(service, &|name| inner.lookup(name), scope.budget)?;
            }
        }
        Ok((model, places))
    }
}

fn import(document: &mut Document, mut from: Map<String, Value>, places: &Places) -> Result<()> {
    for kind in ["services", "volumes", "networks", "secrets", "configs"] {
        let Some(Value::Object(resources)) = from.shift_remove(kind) else { continue };
        let known = document.model.entry(kind).or_insert_with(|| json!({}));
        let Value::Object(known) = known else { continue };
        for (name, resource) in resources {
            match known.get(&name) {
                Some(same) if *same == resource => {}
                Some(_) => {
                    let key = format!("{kind}.{name}");
                    let error = Error::invalid(format!("`{key}` is also defined by the file that includes this one"))
                        .hint("Rename one of both, or change it in a file that is loaded after.");
                    return Err(places.locate(error, &key));
                }
                None => {
                    known.insert(name, resource);
                }
            }
        }
    }
    Ok(())
}
