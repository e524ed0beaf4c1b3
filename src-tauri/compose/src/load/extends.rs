//! `extends`: a service that begins as a copy of another one, of the same file or of another.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use sternway_model::yaml::join;
use sternway_model::{Error, Result};

use super::absolute::{self, Base};
use super::canonical;
use super::document::{self, Document, Scope};
use super::merge;
use super::path;
use super::places::Places;

/// More services in a row than anybody extends.
const MOST_STEPS: usize = 100;

/// Replaces every service that extends another one by the two merged.
///
/// # Errors
/// [`sternway_model::Code::InvalidInput`] if the other service is not there, or they extend each other.
pub(super) fn apply(document: &mut Document, file: &Path, scope: &Scope<'_>) -> Result<()> {
    let Some(Value::Object(mut services)) = document.model.shift_remove("services") else { return Ok(()) };
    let mut extending =
        Extending { file, dir: scope.dir, resets: &document.resets, places: &mut document.places, scope };
    let names: Vec<String> = services.keys().cloned().collect();
    for name in names {
        extending.service(&name, &mut services, &mut Vec::new())?;
    }
    document.model.insert("services".to_owned(), Value::Object(services));
    Ok(())
}

/// The file whose services are looked at.
struct Extending<'a> {
    file: &'a Path,
    dir: &'a Path,
    resets: &'a [Vec<String>],
    places: &'a mut Places,
    scope: &'a Scope<'a>,
}

impl Extending<'_> {
    fn service(
        &mut self,
        name: &str,
        services: &mut Map<String, Value>,
        road: &mut Vec<(PathBuf, String)>,
    ) -> Result<()> {
        let Some(Value::Object(service)) = services.get(name) else { return Ok(()) };
        let Some(extends) = service.get("extends").cloned() else { return Ok(()) };
        let key = format!("services.{name}.extends");
        let step = (self.file.to_owned(), name.to_owned());
        if road.len() >= MOST_STEPS {
            let error = Error::invalid(format!("more than {MOST_STEPS} services extend one another in a row"));
            return Err(self.places.locate(error, &key).hint("Extend the last one directly."));
        }
        if let Some(start) = road.iter().position(|before| *before == step) {
            let names: Vec<_> = road.iter().skip(start).map(|(_, name)| name.as_str()).chain([name]).collect();
            let error = Error::invalid(format!("services extend each other: {}", names.join(" → ")));
            return Err(self.places.locate(error, &key).hint("Remove one of the `extends`."));
        }
        road.push(step);
        let (base, file) = match &extends {
            Value::String(base) => (base.clone(), None),
            long => {
                let text = |key: &str| long.get(key).and_then(Value::as_str).map(str::to_owned);
                let base = text("service").ok_or_else(|| {
                    self.places.locate(Error::invalid(format!("the key `{key}.service` is missing")), &key)
                })?;
                (base, text("file"))
            }
        };
        let base = match file {
            Some(file) => self.base_of_file(&file, &base, name, &key, road)?,
            None => {
                if !services.contains_key(&base) {
                    return Err(self.missing(&base, self.file, &key));
                }
                if base == name {
                    let error = Error::invalid(format!("the service `{name}` extends itself"));
                    return Err(self.places.locate(error, &key).hint("Remove the `extends`."));
                }
                self.service(&base, services, road)?;
                let below = self.places.below(&join("services", &base));
                self.places.inherit(below, &join("services", name));
                let base = services.get(&base).unwrap_or(&Value::Null);
                self.scope.spend(base).map_err(|error| self.places.locate(error, &key))?;
                base.clone()
            }
        };
        road.pop();
        let mut own = services.get_mut(name).map(Value::take).unwrap_or_default();
        // Only now: while its base is looked for, the service has to be seen to extend something.
        if let Value::Object(own) = &mut own {
            own.shift_remove("extends");
        }
        let merged = self.merged(name, base, own, &key)?;
        services.insert(name.to_owned(), merged);
        Ok(())
    }

    fn merged(&self, name: &str, base: Value, own: Value, key: &str) -> Result<Value> {
        let mut whole =
            Map::from_iter([("services".to_owned(), Value::Object(Map::from_iter([(name.to_owned(), base)])))]);
        document::reset(&mut whole, self.resets);
        let base = whole.get_mut("services").and_then(|services| services.get_mut(name)).map(Value::take);
        let services = path::Path::Top.key("services");
        merge::merge(base.unwrap_or_else(|| Value::Object(Map::new())), own, &services.key(name))
            .map_err(|error| self.places.locate(error, key))
    }

    /// The service of another file, with its paths relative to that one.
    fn base_of_file(
        &mut self,
        file: &str,
        base: &str,
        name: &str,
        key: &str,
        road: &mut Vec<(PathBuf, String)>,
    ) -> Result<Value> {
        if file.contains("://") || file.starts_with("git@") {
            return Err(self.places.locate(
                Error::new(sternway_model::Code::Unsupported, format!("`{file}` is not on this machine"))
                    .hint("Copy the file into the project and extend the copy."),
                key,
            ));
        }
        let file = PathBuf::from(Base { dir: self.dir, home: self.scope.home }.path(file));
        let dir = file.parent().map_or_else(PathBuf::new, |dir| PathBuf::from(absolute::clean(dir)));
        let mut model = Value::Object(Map::new());
        let mut places = Places::default();
        let mut resets = Vec::new();
        self.scope.spend_file().map_err(|error| self.places.locate(error, key))?;
        for node in document::parse(&file).map_err(|error| self.places.locate(error, key))? {
            let document = Document::prepare(node, &file, self.scope)?;
            model = merge::merge(model, Value::Object(document.model), &path::Path::Top)?;
            places.absorb(document.places);
            resets.extend(document.resets);
        }
        let services = model.get_mut("services").map(Value::take);
        let Some(Value::Object(mut services)) = services else { return Err(self.missing(base, &file, key)) };
        if !services.contains_key(base) {
            return Err(self.missing(base, &file, key));
        }
        let mut other = Extending { file: &file, dir: &dir, resets: &resets, places: &mut places, scope: self.scope };
        other.service(base, &mut services, road)?;
        let mut service = services.get_mut(base).map(Value::take).unwrap_or_default();
        let path = join("services", base);
        canonical::service(&path, &mut service, &places)?;
        Base { dir: &dir, home: self.scope.home }.service(&path, &mut service, &places)?;
        self.places.inherit(places.below(&path), &join("services", name));
        Ok(service)
    }

    fn missing(&self, base: &str, file: &Path, key: &str) -> Error {
        self.places
            .locate(Error::invalid(format!("there is no service `{base}` in {}", file.display())), key)
            .hint("Name a service of that file.")
    }
}
