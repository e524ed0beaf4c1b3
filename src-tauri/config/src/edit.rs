//! Edits of a project's variables: which file an edit goes to, and which environments it reaches.
//!
//! Each edit is tried on the files in memory first: the value has to come out as it was meant, and only then are files
//! written, if they still are what was read.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use sternway_model::{
    Code, EnvironmentName, Error, Origin, ProjectFile, Result, SecretName, SecretRef, Sensitive, Value, Variable,
};

use crate::env_file::{Assignment, EnvFile};
use crate::sources::Sources;
use crate::store;
use crate::variables::{Merged, Slot, slots};

/// What an edit did.
#[derive(Debug, Clone, PartialEq)]
pub struct Edited {
    /// The file, relative to the project.
    pub file: PathBuf,
    /// The line where the value stands now, or stood before it was removed.
    pub line: u32,
    /// What the value was.
    pub before: Option<Value>,
    /// What it is now; `None` if it is not set any more.
    pub after: Option<Value>,
    /// The environments in which some value is another one now; empty if there was nothing to write.
    pub environments: Vec<EnvironmentName>,
}

/// What several edits did together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditedFiles {
    /// The files that have other bytes now, relative to the project.
    pub files: Vec<PathBuf>,
    /// The environments in which some value is another one now.
    pub environments: Vec<EnvironmentName>,
}

/// One of several edits.
#[derive(Clone, Copy)]
pub struct VariableEdit<'a> {
    /// The environment whose line it is; without one it is a line of the files that all share.
    pub environment: Option<&'a EnvironmentName>,
    /// The variable.
    pub key: &'a str,
    /// What it is set to; nothing takes the line away.
    pub assignment: Option<Assignment<'a>>,
}

/// Sets a variable of one environment: in its own file if that sets it already, otherwise in a new line there (and a new
/// file if need be). If the environment has exactly this value from a shared file, nothing is written.
///
/// # Errors
/// [`Code::InvalidInput`] if the key or the value cannot stand in an env file, if the environment has no file of its own,
/// or if a later file overrides it; [`Code::FileChanged`] if the file changed meanwhile.
pub fn set_variable(
    project_dir: &Path,
    project: &ProjectFile,
    environment: &EnvironmentName,
    key: &str,
    assignment: Assignment<'_>,
) -> Result<Edited> {
    let edit = VariableEdit { environment: Some(environment), key, assignment: Some(assignment) };
    edit_one(project_dir, project, edit)
}

/// Sets a variable for all environments: in the shared file that sets it (the last of several), otherwise in a new line
/// of the first shared file. Environments that have a value of their own keep it.
///
/// # Errors
/// As [`set_variable`]; [`Code::InvalidInput`] if no file is shared.
pub fn set_shared(project_dir: &Path, project: &ProjectFile, key: &str, assignment: Assignment<'_>) -> Result<Edited> {
    edit_one(project_dir, project, VariableEdit { environment: None, key, assignment: Some(assignment) })
}

/// Removes a variable from the environment's own files; without an environment, from those that all share.
///
/// # Errors
/// [`Code::NotFound`] if no file sets it; [`Code::InvalidInput`] if only a shared file does and an environment was named,
/// with the environments that would lose it; [`Code::FileChanged`] if a file changed meanwhile.
pub fn unset_variable(
    project_dir: &Path,
    project: &ProjectFile,
    environment: Option<&EnvironmentName>,
    key: &str,
) -> Result<Edited> {
    edit_one(project_dir, project, VariableEdit { environment, key, assignment: None })
}

/// Makes several edits, all of them or none: each is tried in memory first, and a file that cannot be written brings back
/// those that were.
///
/// # Errors
/// As the single edits; [`Code::InvalidInput`] if a line is edited twice. The error says so if something could not be
/// brought back.
pub fn edit_variables(project_dir: &Path, project: &ProjectFile, edits: &[VariableEdit<'_>]) -> Result<EditedFiles> {
    let mut seen = HashSet::new();
    if let Some(twice) = edits.iter().find(|edit| !seen.insert((edit.environment, edit.key))) {
        return Err(Error::invalid(format!("{} is edited twice at once", twice.key)).hint("Nothing was written."));
    }
    let mut draft = Draft::new(project_dir, project)?;
    let mut placed = Vec::new();
    for edit in edits {
        placed.push(draft.make(*edit)?);
    }
    draft.check(edits, &placed)?;
    let environments = reached(&draft.before, &draft.after, project);
    Ok(EditedFiles { files: draft.save()?, environments })
}

fn edit_one(project_dir: &Path, project: &ProjectFile, edit: VariableEdit<'_>) -> Result<Edited> {
    let mut draft = Draft::new(project_dir, project)?;
    let placed = draft.make(edit)?;
    let variables = draft.check(&[edit], std::slice::from_ref(&placed))?;
    let value = |sources: &Sources<'_>| {
        let mut merged = match edit.environment {
            Some(environment) => sources.merged(environment),
            None => sources.shared(),
        };
        merged.variables.swap_remove(edit.key).map(|variable| variable.value)
    };
    let (before, after) = (value(&draft.before), value(&draft.after));
    let environments = reached(&draft.before, &draft.after, project);
    draft.save()?;
    let set_at = variables.into_iter().next().map(|variable| (variable.source.file, variable.source.line));
    let (file, line) = set_at.unwrap_or((placed.file, placed.line));
    Ok(Edited { file, line, before, after, environments })
}

/// Where an edit went.
struct Placed {
    file: PathBuf,
    line: u32,
}

/// Files as they are, and as they would be after the edits so far.
struct Draft<'a> {
    project: &'a ProjectFile,
    /// Nobody else writes the files between reading and saving.
    lock: store::Lock,
    before: Sources<'a>,
    after: Sources<'a>,
    /// What environments have, as long as nothing that they read is edited: it takes a while to find out.
    merged: HashMap<EnvironmentName, Merged<'static>>,
}

impl<'a> Draft<'a> {
    fn new(project_dir: &'a Path, project: &'a ProjectFile) -> Result<Self> {
        let lock = Sources::lock(project_dir, project)?;
        let before = Sources::open(project_dir, project)?;
        let after = before.with(&[]);
        Ok(Self { project, lock, before, after, merged: HashMap::new() })
    }

    fn make(&mut self, edit: VariableEdit<'_>) -> Result<Placed> {
        let VariableEdit { environment, key, assignment } = edit;
        if let Some(environment) = environment {
            self.project.environment(environment)?;
        }
        match (environment, assignment) {
            (Some(environment), Some(assignment)) => self.set(environment, key, assignment),
            (None, Some(assignment)) => self.set_shared(key, assignment),
            (environment, None) => self.unset(environment, key),
        }
    }

    fn set(&mut self, environment: &EnvironmentName, key: &str, assignment: Assignment<'_>) -> Result<Placed> {
        check_reference(key, assignment)?;
        let sets_it =
            |slot: &Slot| self.after.of(environment).any(|(found, file)| found == *slot && file.get(key).is_some());
        let own: Vec<Slot> = slots(self.project, environment).into_iter().filter(|slot| slot.own).collect();
        let set_already = own.iter().rfind(|slot| sets_it(slot));
        if set_already.is_none() {
            let after = &self.after;
            let merged = self.merged.entry(environment.clone()).or_insert_with(|| after.merged(environment));
            if let Some(variable) = merged.variables.get(key)
                && means_the_same(variable, assignment, &self.after, environment)
            {
                return Ok(Placed { file: variable.source.file.clone(), line: variable.source.line });
            }
        }
        let slot = set_already.or(own.last()).ok_or_else(|| {
            Error::invalid(format!("{environment} has no env file of its own"))
                .hint("Add `.env.{environment}` to `configuration.variables`, or set the value for all environments.")
        })?;
        self.write(slot, key, assignment)
    }

    fn set_shared(&mut self, key: &str, assignment: Assignment<'_>) -> Result<Placed> {
        check_reference(key, assignment)?;
        let shared: Vec<Slot> = self.project.environments.keys().next().map_or_else(Vec::new, |environment| {
            slots(self.project, environment).into_iter().filter(|slot| !slot.own).collect()
        });
        let mut slot = shared.first().ok_or_else(|| {
            Error::invalid("no env file is shared by all environments").hint("Add `.env` to `configuration.variables`.")
        })?;
        for candidate in &shared {
            if self.after.edit(candidate)?.get(key).is_some() {
                slot = candidate;
            }
        }
        self.write(slot, key, assignment)
    }

    fn write(&mut self, slot: &Slot, key: &str, assignment: Assignment<'_>) -> Result<Placed> {
        let mut file = self.after.edit(slot)?;
        file.set(key, assignment)?;
        let line = file.get(key).map_or(0, |entry| entry.line());
        self.take(file);
        Ok(Placed { file: slot.path.clone(), line })
    }

    fn unset(&mut self, environment: Option<&EnvironmentName>, key: &str) -> Result<Placed> {
        let first = self.project.environments.keys().next();
        let reader = environment.or(first).ok_or_else(|| Error::internal("a project has an environment"))?;
        let (mut edited, mut elsewhere, mut stood_at) = (Vec::new(), None, None);
        for (slot, file) in self.after.of(reader) {
            let Some(entry) = file.get(key) else { continue };
            if slot.own == environment.is_some() {
                stood_at = Some(Placed { file: slot.path, line: entry.line() });
                let mut file = file.clone();
                file.unset(key)?;
                edited.push(file);
            } else {
                elsewhere = Some((slot, entry.line()));
            }
        }
        for file in edited {
            self.take(file);
        }
        stood_at.ok_or_else(|| match (environment, elsewhere) {
            (Some(environment), Some((slot, line))) => {
                let readers: Vec<_> = readers(self.project, &slot.path).iter().map(ToString::to_string).collect();
                let (file, readers) = (slot.path.display(), readers.join(", "));
                Error::invalid(format!("{key} is set in {file}, which is shared by {readers}")).hint(format!(
                    "Delete line {line} of {file} to remove it for all of them, or give {environment} a value of its own \
                     (`sternway config set {environment} {key} VALUE`)."
                ))
            }
            (Some(environment), None) => Error::new(Code::NotFound, format!("no env file of {environment} sets {key}")),
            (None, _) => Error::new(Code::NotFound, format!("no env file that all environments share sets {key}")),
        })
    }

    /// A file as it is after an edit.
    fn take(&mut self, file: EnvFile) {
        self.merged
            .retain(|environment, _| !slots(self.project, environment).iter().any(|slot| slot.path == file.path()));
        self.after.replace(file);
    }

    /// Whether what was set is what comes out, in the place where it was set. Gives the variables that were set.
    fn check(&self, edits: &[VariableEdit<'_>], placed: &[Placed]) -> Result<Vec<Variable>> {
        let mut outcomes: HashMap<Option<&EnvironmentName>, Merged<'static>> = HashMap::new();
        let mut variables = Vec::new();
        for (edit, placed) in edits.iter().zip(placed).filter(|(edit, _)| edit.assignment.is_some()) {
            let merged = outcomes.entry(edit.environment).or_insert_with(|| match edit.environment {
                Some(environment) => self.after.merged(environment),
                None => self.after.shared(),
            });
            variables.push(outcome(merged, edit.key, &placed.file)?);
        }
        Ok(variables)
    }

    /// Writes what has other bytes now, all of it or nothing.
    fn save(&self) -> Result<Vec<PathBuf>> {
        self.before.save(&self.after, &self.lock)
    }
}

/// Puts `keychain:NAME` in the place of the value at this line, every other byte untouched, if the value there still is
/// the one that was put into the keychain.
///
/// # Errors
/// [`Code::NotFound`] if the line does not set the key, [`Code::FileChanged`] if it has another value,
/// [`Code::Unsupported`] if the value is made of other variables.
pub fn refer(project_dir: &Path, origin: &Origin, key: &str, expected: &Sensitive, name: &SecretName) -> Result<()> {
    let path = project_dir.join(&origin.file);
    let lock = store::Lock::of([path.as_path()])?;
    let (bytes, stamp) = store::read(&path)?;
    let mut file = EnvFile::parse(&origin.file, &bytes)?;
    let found = file.entries().find(|entry| entry.line() == origin.line && entry.key() == key);
    if let Some(entry) = found {
        if entry.has_variables() {
            return Err(Error::new(Code::Unsupported, format!("the value of {key} is made of other variables"))
                .hint("Make the secret part a variable of its own, and import that.")
                .at(entry.location()));
        }
        if Sensitive::new(entry.fill(&|_| None)?.text) != *expected {
            return Err(Error::new(Code::FileChanged, format!("{key} has another value now"))
                .hint("Nothing was written. Load the file again.")
                .at(entry.location()));
        }
    }
    file.set_at(origin.line, key, Assignment::Secret(name))?;
    lock.save(&path, &stamp, file.bytes())?;
    Ok(())
}

/// The environments that read a file of `configuration.variables`, in the order of `sternway.yaml`.
#[must_use]
pub fn readers(project: &ProjectFile, file: &Path) -> Vec<EnvironmentName> {
    let reads = |environment: &&EnvironmentName| slots(project, environment).iter().any(|slot| slot.path == file);
    project.environments.keys().filter(reads).cloned().collect()
}

/// A text that looks like a reference has to be one.
fn check_reference(key: &str, assignment: Assignment<'_>) -> Result<()> {
    match assignment {
        Assignment::Value(text) | Assignment::Template(text) => match SecretRef::parse(text) {
            Some(Err(error)) => Err(error.context(key)),
            _ => Ok(()),
        },
        Assignment::Secret(_) => Ok(()),
    }
}

/// Whether a variable already is what it shall be set to.
fn means_the_same(
    variable: &Variable,
    assignment: Assignment<'_>,
    sources: &Sources<'_>,
    environment: &EnvironmentName,
) -> bool {
    match (assignment, &variable.value) {
        (Assignment::Value(text), Value::Plain(current)) => text == current,
        (Assignment::Secret(name), Value::Secret { name: current, .. }) => name == current,
        (Assignment::Template(text), _) => {
            let file = sources.of(environment).find(|(slot, _)| slot.path == variable.source.file);
            file.and_then(|(_, file)| file.get(&variable.key)).is_some_and(|entry| entry.template() == text)
        }
        _ => false,
    }
}

/// The variable after an edit of this file, if the edit is what counts.
fn outcome(merged: &Merged<'_>, key: &str, edited: &Path) -> Result<Variable> {
    let of_key =
        |problem: &&Error| problem.at.as_ref().is_some_and(|at| at.key.as_deref() == Some(key) && at.file == edited);
    if let Some(problem) = merged.problems.iter().find(of_key) {
        return Err(problem.clone());
    }
    let variable = merged.variables.get(key);
    let variable = variable.ok_or_else(|| Error::internal(format!("{key} was set and has no value")))?;
    if variable.source.file != edited {
        let winner = variable.source.file.display().to_string();
        return Err(Error::invalid(format!("{winner} sets {key} after {}", edited.display()))
            .hint(format!("Change it in {winner}, or list that file earlier in `configuration.variables`.")));
    }
    Ok(variable.clone())
}

/// The environments in which some value is another one afterwards.
fn reached(before: &Sources<'_>, after: &Sources<'_>, project: &ProjectFile) -> Vec<EnvironmentName> {
    let values = |sources: &Sources<'_>, environment: &EnvironmentName| -> Vec<(String, Value)> {
        let mut values: Vec<_> = sources
            .merged(environment)
            .variables
            .into_values()
            .map(|variable| (variable.key, variable.value))
            .collect();
        values.sort_by(|(a, _), (b, _)| a.cmp(b));
        values
    };
    let changed = |environment: &&EnvironmentName| values(before, environment) != values(after, environment);
    project.environments.keys().filter(changed).cloned().collect()
}
