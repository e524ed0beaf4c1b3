//! Compose files to the canonical model: the JSON that `docker compose config --format json` prints.
//!
//! The order is Compose's own: each document of each file is parsed, its variables are filled in, it is checked, what it
//! includes and extends is put in, and it is merged over what came before. Then, once: paths, defaults, names, profiles,
//! consistency, env files.

mod absolute;
mod assemble;
mod canonical;
pub(crate) mod check;
mod complete;
mod consistency;
mod document;
mod dotenv;
mod environment;
mod extends;
mod include;
mod keys;
mod merge;
mod mounts;
mod normalize;
mod numbers;
mod path;
mod places;
mod ports;
mod print;
mod sealed;
mod shape;
mod shell;
mod sizes;
mod text;
mod unique;
mod variables;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use sternway_model::template::Budget;
use sternway_model::yaml::Node;
use sternway_model::{Error, Origin, Result, Seal, nearest};

use absolute::Base;
pub use absolute::{absolute_in, relative_to};
use consistency::Whole;
use document::Scope;
use environment::Files;
pub use environment::FromFile;
pub use places::Places;
use print::Printer;
pub use text::to_yaml;
use variables::{Filling, Used};

/// What to load, and with what.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The folder that relative paths begin in.
    pub project_dir: PathBuf,
    /// Compose files, relative to the folder or absolute; each is merged over the ones before.
    pub files: Vec<PathBuf>,
    /// The project's name; otherwise it is `COMPOSE_PROJECT_NAME`, the files' `name`, or the folder's.
    pub project_name: Option<String>,
    /// Values of variables. Pins in them are secrets, and stay as they are; a pin that a file writes is refused.
    pub environment: BTreeMap<String, String>,
    /// Where variables are set, as far as it is known: for errors about what they make of a text.
    pub origins: BTreeMap<String, Origin>,
    /// Profiles whose services are active; otherwise `COMPOSE_PROFILES`, separated by commas.
    pub profiles: Vec<String>,
}

/// What was loaded.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The canonical model. Every dollar sign is doubled, as Compose prints it, so that it could be loaded again. Two keys
    /// that Compose reads and does not print are in it: see [`as_compose_prints`].
    pub model: Value,
    /// What a person should know: variables without a value, keys without a meaning.
    pub warnings: Vec<String>,
    /// Where each key was written.
    pub places: Places,
    /// Variables of services that come from their `env_file`.
    pub from_files: Vec<FromFile>,
}

/// Loads Compose files.
///
/// # Errors
/// [`sternway_model::Code::InvalidInput`] with file, line, column and key for whatever Compose would not take, [`sternway_model::Code::NotFound`]
/// for a file that is not there, [`sternway_model::Code::Unsupported`] for files that are not on this machine.
pub fn load(sources: &Sources) -> Result<Loaded> {
    let dir = std::path::absolute(sources.project_dir.join("."))
        .map_err(|error| Error::io("find the project's folder", &sources.project_dir, &error))?;
    let dir = PathBuf::from(absolute::clean(&dir));
    let used = RefCell::default();
    let seal = Seal::draw()?;
    let close = |(name, value): (&String, &String)| (name.clone(), seal.close(value));
    let sealed = Sources { environment: sources.environment.iter().map(close).collect(), ..sources.clone() };
    match load_noting(&sealed, &dir, &used).and_then(|loaded| sealed::open(loaded, &seal)) {
        Ok(loaded) => Ok(Loaded { places: loaded.places.seen_from(&dir), ..loaded }),
        Err(error) => {
            let error = variables::explain(error, &used.into_inner(), &sources.origins, &seal);
            let at = error.at.map(|at| places::seen_from(at, &dir));
            Err(Error { message: seal.shown(&error.message), hint: seal.shown(&error.hint), at, ..error })
        }
    }
}

fn load_noting(sources: &Sources, dir: &Path, used: &RefCell<Vec<Used>>) -> Result<Loaded> {
    let outside = std::env::var("HOME").ok();
    let home = sources.environment.get("HOME").or(outside.as_ref()).map(String::as_str);
    let base = Base { dir, home };
    let files: Vec<PathBuf> = sources.files.iter().map(|file| base.path(&file.to_string_lossy()).into()).collect();
    if files.is_empty() {
        return Err(Error::invalid("no Compose file is given").hint("Name one under `application.compose`."));
    }
    let parsed = files.iter().map(|file| Ok((file.clone(), document::parse(file)?))).collect::<Result<Vec<_>>>()?;

    let name = project_name(sources, &parsed, dir, used)?;
    let mut environment = sources.environment.clone();
    environment.insert("COMPOSE_PROJECT_NAME".to_owned(), name.clone());
    let warnings = RefCell::new(BTreeSet::new());
    let (spent, budget) = (Cell::new(0), RefCell::new(Budget::default()));
    let scope = Scope {
        dir,
        environment: &environment,
        home,
        road: &files,
        warnings: &warnings,
        used,
        spent: &spent,
        budget: &budget,
    };
    let lookup = |name: &str| scope.lookup(name);

    let (mut model, places) = assemble::assemble_parsed(parsed, &scope)?;
    normalize::normalize(&mut model, &name, &lookup, &budget)?;
    // What is wrong is said also where it is not used now.
    printed(&model, &name, &places)?;
    unknown_profiles(&model, &sources.profiles, &scope);
    let inactive = deactivate(&mut model, &profiles(sources));
    Whole { model: &model, inactive: &inactive, places: &places }.check()?;
    let mut files = Files { scope: &scope, places: &places, noted: Vec::new() };
    for (name, service) in model.get_mut("services").and_then(Value::as_object_mut).into_iter().flatten() {
        if let Value::Object(service) = service {
            files.resolve(name, service)?;
        }
    }
    let from_files = files.noted;
    normalize::drop_unused(&mut model);
    let model = printed(&model, &name, &places)?;
    Ok(Loaded { model, warnings: warnings.into_inner().into_iter().collect(), places, from_files })
}

fn printed(model: &Map<String, Value>, name: &str, places: &Places) -> Result<Value> {
    let printer = Printer::new(places);
    let mut whole = Map::new();
    if let Some(Value::Object(printed)) = printer.print(&keys::FILE, &Value::Object(model.clone()), "")? {
        whole.extend(printed);
    }
    whole.insert("name".to_owned(), Value::String(name.to_owned()));
    whole.entry("services").or_insert_with(|| Value::Object(Map::new()));
    let extensions = model.iter().filter(|(key, _)| key.starts_with("x-"));
    whole.extend(extensions.map(|(key, value)| (key.clone(), extension(value))));
    Ok(double_dollars(Value::Object(whole)))
}

/// An extension as Compose prints it: nothing for empty lists, and whole numbers without a point.
fn extension(value: &Value) -> Value {
    match value {
        Value::Array(items) if items.is_empty() => Value::Null,
        Value::Array(items) => items.iter().map(extension).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), extension(value))).collect(),
        Value::Number(number) => {
            number.as_f64().filter(|_| number.is_f64()).map_or_else(|| value.clone(), numbers::real)
        }
        other => other.clone(),
    }
}

/// The canonical model without what this version of Compose reads and does not print.
#[must_use]
pub fn as_compose_prints(model: &Value) -> Value {
    let mut model = model.clone();
    let take = |from: Option<&mut Value>, key: &str| {
        if let Some(Value::Object(entries)) = from {
            entries.remove(key);
        }
    };
    for service in model.get_mut("services").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
        let uses = service.get_mut("networks").and_then(Value::as_object_mut);
        uses.into_iter().flat_map(Map::values_mut).for_each(|network| take(Some(network), "gw_priority"));
    }
    for network in model.get_mut("networks").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
        take(network.get_mut("ipam"), "options");
    }
    model
}

fn double_dollars(value: Value) -> Value {
    match value {
        Value::String(text) if text.contains('$') => Value::String(text.replace('$', "$$")),
        Value::Array(items) => items.into_iter().map(double_dollars).collect(),
        Value::Object(map) => {
            map.into_iter().map(|(key, value)| (key.replace('$', "$$"), double_dollars(value))).collect()
        }
        other => other,
    }
}

/// The project's name: the one that is asked for as it stands, any other made one that is allowed.
fn project_name(
    sources: &Sources,
    parsed: &[(PathBuf, Vec<Node>)],
    dir: &Path,
    used: &RefCell<Vec<Used>>,
) -> Result<String> {
    let asked = sources.project_name.as_ref().or_else(|| sources.environment.get("COMPOSE_PROJECT_NAME"));
    if let Some(name) = asked.filter(|name| !name.is_empty()) {
        if *name != allowed_name(name) {
            return Err(Error::invalid(format!("`{name}` is no name of a project"))
                .hint("It has lower-case letters, digits, `-` and `_`, and begins with a letter or digit."));
        }
        return Ok(name.clone());
    }
    // A name in the first document of a file takes the place of the folder's, also where nothing is left of it.
    let named = |document: &Node| {
        let name = document.get("name").filter(|name| !name.is_null());
        name.filter(|name| name.text().is_some_and(|name| !name.is_empty())).cloned()
    };
    let instead = parsed.iter().any(|(_, documents)| documents.first().and_then(named).is_some());
    let last = parsed.iter().rev().find_map(|(file, documents)| Some((file, documents.iter().rev().find_map(named)?)));
    let mut name = String::new();
    let mut place = None;
    if let Some((file, mut node)) = last {
        let lookup = |name: &str| sources.environment.get(name).cloned();
        let budget = RefCell::default();
        variables::fill_in(&mut node, file, "name", Filling { lookup: &lookup, used, budget: &budget })?;
        name = allowed_name(node.text().unwrap_or_default());
        place = Some(node.mark.location(file, "name"));
    }
    if name.is_empty() && !instead {
        name = allowed_name(&dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default());
    }
    if name.is_empty() {
        let error = Error::invalid("the project has no name")
            .hint("Add `name:` to the Compose file, with a letter or digit in it.");
        return Err(match place {
            Some(place) => error.at(place),
            None => error,
        });
    }
    Ok(name)
}

/// What Compose makes of a folder's or a file's name for a project; empty if nothing of it is allowed.
#[must_use]
pub fn allowed_name(name: &str) -> String {
    let lower = name.to_lowercase();
    let allowed: String =
        lower.chars().filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_')).collect();
    allowed.trim_start_matches(['-', '_']).to_owned()
}

/// Where none is asked for, the empty one is active, which a variable without a value may name.
fn profiles(sources: &Sources) -> Vec<String> {
    if !sources.profiles.is_empty() {
        return sources.profiles.clone();
    }
    let list = sources.environment.get("COMPOSE_PROFILES").map_or("", String::as_str);
    list.split(',').map(|name| name.trim().to_owned()).collect()
}

/// Says which profiles no service has: a slip of the pen would leave services out without a word.
fn unknown_profiles(model: &Map<String, Value>, asked: &[String], scope: &Scope<'_>) {
    let services = model.get("services").and_then(Value::as_object).into_iter().flat_map(Map::values);
    let lists = services.filter_map(|service| service.get("profiles").and_then(Value::as_array));
    let known: BTreeSet<&str> = lists.flatten().filter_map(Value::as_str).collect();
    for name in asked.iter().filter(|name| *name != "*" && !known.contains(name.as_str())) {
        let near = nearest(name, known.iter().copied()).map(|near| format!("; did you mean `{near}`?"));
        scope.warn(format!("no service has the profile `{name}`{}", near.unwrap_or_default()));
    }
}

/// Takes the services out of whose profiles none is active, and returns their names.
fn deactivate(model: &mut Map<String, Value>, active: &[String]) -> HashSet<String> {
    let Some(Value::Object(services)) = model.get_mut("services") else { return HashSet::new() };
    let everything = active.iter().any(|profile| profile == "*");
    let mut inactive = HashSet::new();
    services.retain(|name, service| {
        let profiles = service.get("profiles").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut names = profiles.iter().filter_map(Value::as_str);
        let kept = everything || profiles.is_empty() || names.any(|profile| active.iter().any(|name| name == profile));
        if !kept {
            inactive.insert(name.clone());
        }
        kept
    });
    inactive
}
