//! The variables of an environment: which files they come from, and which line wins.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use sternway_model::template::{Budget, Filled};
use sternway_model::{
    Configuration, EnvironmentName, Error, FILE_NAME, Location, Origin, ProjectFile, Result, Seal, SecretName,
    SecretPin, SecretRef, Value, Variable, mentions, yaml,
};

use crate::env_file::{Entry, EnvFile};
use crate::store::{self, Stamp};

/// Stands for the environment's name in `configuration.variables`.
pub(crate) const PLACEHOLDER: &str = "{environment}";

/// The version in a pin whose secret the keychain does not have yet; versions count from 1.
pub const NO_VERSION: u32 = 0;

/// Says which version of a secret is its newest one, if the keychain has any.
pub type Newest<'a> = &'a (dyn Fn(&SecretName) -> Option<u32> + Sync);

/// The variables of an environment, without looking for the versions of its secrets; see [`load_pinned`].
///
/// # Errors
/// As [`load_pinned`].
pub fn load(project_dir: &Path, project: &ProjectFile, environment: &EnvironmentName) -> Result<Vec<Variable>> {
    load_pinned(project_dir, project, environment, &|_| None).map(|read| read.variables)
}

/// The variables of an environment, in the order in which its files first name them.
///
/// The files of `configuration.variables` are read one after the other, and later lines win. Variables inside values are
/// filled in as Compose does (`--env-file a --env-file b`): from the lines above, then from earlier files; the shell's
/// environment is not asked, so that a deployment depends on the folder alone. `keychain:NAME` becomes
/// [`Value::Secret`] with its newest version. A value that only contains a secret, such as
/// `postgres://app:${DB_PASSWORD}@db`, becomes a plain text with a [`SecretPin`] in it, whose version is [`NO_VERSION`]
/// while the keychain has none.
///
/// # Errors
/// [`sternway_model::Code::NotFound`] for an environment that `sternway.yaml` does not have; [`sternway_model::Code::InvalidInput`] with the place for a
/// file that is listed by its name and missing (one whose name has `{environment}`, or of the default list, may be), that
/// cannot be parsed, or that has a value which cannot be filled in.
pub fn load_pinned(
    project_dir: &Path,
    project: &ProjectFile,
    environment: &EnvironmentName,
    newest: Newest<'_>,
) -> Result<Read> {
    project.environment(environment)?;
    let mut files = Vec::new();
    for slot in slots(project, environment) {
        files.extend(slot.read(project_dir)?.0);
    }
    let mut merged = Merged::new(newest, Seal::draw()?);
    for file in &files {
        merged.add(file);
    }
    merged.read()
}

/// The variables of an environment, and what is odd about them.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// The variables.
    pub variables: Vec<Variable>,
    /// Variables whose values mention one that has no value, with their lines; see [`sternway_model::template::unset_in`].
    pub unset: Vec<(String, Origin)>,
}

/// The required keys that have no value, in the order of `configuration.required`. A secret counts as a value.
#[must_use]
pub fn required_missing(project: &ProjectFile, variables: &[Variable]) -> Vec<String> {
    let has_value = |key: &str| {
        variables.iter().any(|variable| match &variable.value {
            Value::Plain(text) => variable.key == key && !text.is_empty(),
            Value::Secret { .. } => variable.key == key,
        })
    };
    project.configuration.required.iter().filter(|key| !has_value(key)).cloned().collect()
}

/// A file of `configuration.variables`, for one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slot {
    /// The file, relative to the project.
    pub(crate) path: PathBuf,
    /// It belongs to this environment alone: its name has the placeholder.
    pub(crate) own: bool,
    /// It is shared, although the environment has files of its own.
    pub(crate) inherited: bool,
    /// It may be missing.
    optional: bool,
    /// Its place in the list.
    index: usize,
}

/// The files of an environment, in the order in which they are read.
pub(crate) fn slots(project: &ProjectFile, environment: &EnvironmentName) -> Vec<Slot> {
    let patterns = &project.configuration.variables;
    let default = *patterns == Configuration::default().variables;
    let any_own = patterns.iter().any(|pattern| pattern.contains(PLACEHOLDER));
    let slot = |(index, pattern): (usize, &String)| {
        let own = pattern.contains(PLACEHOLDER);
        let path = PathBuf::from(pattern.replace(PLACEHOLDER, environment.as_str()));
        Slot { path, own, inherited: any_own && !own, optional: own || default, index }
    };
    patterns.iter().enumerate().map(slot).collect()
}

impl Slot {
    /// The file, if it is there, and what it was.
    pub(crate) fn read(&self, project_dir: &Path) -> Result<(Option<EnvFile>, Stamp)> {
        let (bytes, stamp) = store::read(&project_dir.join(&self.path))?;
        if !stamp.is_absent() {
            return Ok((Some(EnvFile::parse(&self.path, &bytes)?), stamp));
        }
        if self.optional {
            return Ok((None, stamp));
        }
        Err(Error::invalid(format!("{} is listed and is not there", self.path.display()))
            .hint(format!("Create {}, or take it out of `configuration.variables`.", self.path.display()))
            .at(self.listed_at(project_dir)))
    }

    /// Where `sternway.yaml` lists it; without a line if that cannot be read again.
    fn listed_at(&self, project_dir: &Path) -> Location {
        let file = PathBuf::from(FILE_NAME);
        let key = format!("configuration.variables[{}]", self.index);
        let text = store::read(&project_dir.join(&file)).ok().and_then(|(bytes, _)| String::from_utf8(bytes).ok());
        let documents = text.and_then(|text| yaml::parse(&file, &text).ok()).unwrap_or_default();
        let list = documents.first().and_then(|root| root.get("configuration")?.get("variables"));
        match list.map(|list| &list.content) {
            Some(yaml::Content::Sequence(items)) if self.index < items.len() => {
                items[self.index].mark.location(&file, &key)
            }
            _ => Location { file, line: None, column: None, key: Some(key) },
        }
    }
}

/// Files laid over one another.
pub(crate) struct Merged<'a> {
    newest: Newest<'a>,
    /// Closes the pins of values that others are made of.
    seal: Seal,
    /// Files below these ones. What they set and these do not is only there.
    below: Option<&'a Merged<'a>>,
    /// The variables, in the order of their first appearance.
    pub(crate) variables: IndexMap<String, Variable>,
    /// How variables are written whose values are made of others.
    pub(crate) templates: HashMap<String, Template>,
    /// Values that could not be filled in; they are in `variables` as they are written.
    pub(crate) problems: Vec<Error>,
    /// As [`Read::unset`], overridden lines included.
    unset: Vec<(String, Origin)>,
    /// What variables may still make of all these values together.
    budget: Budget,
    /// Lines of the file that is being added which later ones of it overrode, by the variable's place, the first one first.
    repeated: HashMap<usize, Vec<Origin>>,
}

/// A value that is made of other variables, as it is written.
pub(crate) struct Template {
    /// Its text.
    pub(crate) text: String,
    /// The variables that it mentions.
    pub(crate) mentions: Vec<String>,
}

impl<'a> Merged<'a> {
    pub(crate) fn new(newest: Newest<'a>, seal: Seal) -> Self {
        Self {
            newest,
            seal,
            below: None,
            variables: IndexMap::new(),
            templates: HashMap::new(),
            problems: Vec::new(),
            unset: Vec::new(),
            budget: Budget::default(),
            repeated: HashMap::new(),
        }
    }

    /// Files that are laid over others, which stay as they are and may lie below several.
    pub(crate) fn over(below: &'a Self) -> Self {
        Self { below: Some(below), ..Self::new(below.newest, below.seal.clone()) }
    }

    /// Lays files over the ones before, one after the other.
    pub(crate) fn with<'f>(mut self, files: impl Iterator<Item = (Slot, &'f EnvFile)>) -> Self {
        for (_, file) in files {
            self.add(file);
        }
        self
    }

    /// Lays a further file over the ones before.
    pub(crate) fn add(&mut self, file: &EnvFile) {
        for entry in file.entries() {
            // A key without `=` has what the files before gave it: nothing changes.
            if entry.is_bare() {
                continue;
            }
            let value = self.value(entry).unwrap_or_else(|problem| {
                self.problems.push(problem);
                Value::Plain(entry.template().into_owned())
            });
            match entry.mentions() {
                Some(mentions) => {
                    let template = Template { text: entry.template().into_owned(), mentions };
                    self.templates.insert(entry.key().to_owned(), template);
                }
                None if self.templates.is_empty() => {}
                None => drop(self.templates.remove(entry.key())),
            }
            self.place(entry, value);
        }
        for (place, mut lines) in self.repeated.drain() {
            if let Some((_, variable)) = self.variables.get_index_mut(place) {
                lines.reverse();
                lines.append(&mut variable.overridden);
                variable.overridden = lines;
            }
        }
    }

    /// What other values see of a variable: what stands above in the same file, else in the files before. Pins are sealed.
    fn look_up(&self, name: &str) -> Option<String> {
        let variable = self.variables.get(name).or_else(|| self.inherited(name))?;
        Some(self.seal.close(&text(&variable.value)))
    }

    /// What the files below say.
    fn inherited(&self, name: &str) -> Option<&'a Variable> {
        self.below?.variables.get(name)
    }

    /// What they say, or what is wrong first.
    fn read(self) -> Result<Read> {
        if let Some(problem) = self.problems.into_iter().next() {
            return Err(problem);
        }
        let variables = &self.variables;
        let counts = |(key, origin): &(String, Origin)| variables.get(key).is_some_and(|one| one.source == *origin);
        let unset = self.unset.into_iter().filter(counts).collect();
        Ok(Read { unset, variables: self.variables.into_values().collect() })
    }

    fn value(&mut self, entry: Entry<'_>) -> Result<Value> {
        let Filled { text: filled, unset } = self.filled(entry).map_err(|error| Error {
            message: self.seal.shown(&error.message),
            hint: self.seal.shown(&error.hint),
            ..error
        })?;
        let filled = self.seal.open(filled).map_err(|error| error.at(entry.location()))?;
        if !unset.is_empty() {
            self.unset.push((entry.key().to_owned(), entry.origin()));
        }
        if let Some(reference) = SecretRef::parse(&filled) {
            let name = reference.map_err(|error| error.at(entry.location()))?.name;
            let version = (self.newest)(&name);
            return Ok(Value::Secret { name, version });
        }
        // `A=${B}` where B is a secret: A is the same secret.
        match mentions(&filled)?.into_iter().next() {
            Some(pin) if pin.to_string() == filled => {
                let version = (pin.version != NO_VERSION).then_some(pin.version);
                Ok(Value::Secret { name: pin.name, version })
            }
            _ => Ok(Value::Plain(filled)),
        }
    }

    fn filled(&mut self, entry: Entry<'_>) -> Result<Filled> {
        let mut budget = std::mem::take(&mut self.budget);
        let filled = entry.fill_within(&|name| self.look_up(name), &mut budget);
        self.budget = budget;
        filled
    }

    /// Sets a variable.
    fn place(&mut self, entry: Entry<'_>, value: Value) {
        let source = entry.origin();
        match self.variables.get_full_mut(entry.key()) {
            Some((place, _, variable)) => {
                variable.value = value;
                self.repeated.entry(place).or_default().push(std::mem::replace(&mut variable.source, source));
            }
            None => {
                let key = entry.key().to_owned();
                let mut overridden = Vec::new();
                if let Some(inherited) = self.inherited(&key) {
                    overridden.push(inherited.source.clone());
                    overridden.extend(inherited.overridden.iter().cloned());
                }
                self.variables.insert(key.clone(), Variable { key, value, source, overridden });
            }
        }
    }
}

/// A value as text, a secret as a pin.
fn text(value: &Value) -> String {
    match value {
        Value::Plain(text) => text.clone(),
        Value::Secret { name, version } => {
            SecretPin { name: name.clone(), version: version.unwrap_or(NO_VERSION) }.to_string()
        }
    }
}
