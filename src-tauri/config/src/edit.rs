//! Edits of a project's variables: which file an edit goes to, and which environments it reaches.
//!
//! Each edit is tried on the files in memory first: the value has to come out as it was meant, and only then are files
//! written, if they still are what was read.

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
    project.environment(environment)?;
    check_reference(key, assignment)?;
    let sources = Sources::open(project_dir, project);
    let mut before = sources.merged(environment);
    let sets_it = |slot: &Slot| sources.of(environment).any(|(found, file)| found == *slot && file.get(key).is_some());
    let own: Vec<Slot> = slots(project, environment).into_iter().filter(|slot| slot.own).collect();
    let set_already = own.iter().rfind(|slot| sets_it(slot));
    if set_already.is_none()
        && let Some(variable) = before.variables.get(key)
        && means_the_same(variable, assignment, &sources, environment)
    {
        let (file, line) = (variable.source.file.clone(), variable.source.line);
        let value = Some(variable.value.clone());
        return Ok(Edited { file, line, before: value.clone(), after: value, environments: Vec::new() });
    }
    let slot = set_already.or(own.last()).ok_or_else(|| {
        Error::invalid(format!("{environment} has no env file of its own"))
            .hint("Add `.env.{environment}` to `configuration.variables`, or set the value for all environments.")
    })?;
    let mut file = sources.edit(slot)?;
    file.set(key, assignment)?;
    let edited = [file];
    let after = sources.with(&edited);
    let variable = take(&mut after.merged(environment), key, &slot.path)?;
    finish(&sources, &after, project, &edited, before.variables.swap_remove(key).map(|old| old.value), variable)
}

/// Sets a variable for all environments: in the shared file that sets it (the last of several), otherwise in a new line
/// of the first shared file. Environments that have a value of their own keep it.
///
/// # Errors
/// As [`set_variable`]; [`Code::InvalidInput`] if no file is shared.
pub fn set_shared(project_dir: &Path, project: &ProjectFile, key: &str, assignment: Assignment<'_>) -> Result<Edited> {
    check_reference(key, assignment)?;
    let sources = Sources::open(project_dir, project);
    let shared: Vec<Slot> = project.environments.keys().next().map_or_else(Vec::new, |environment| {
        slots(project, environment).into_iter().filter(|slot| !slot.own).collect()
    });
    let mut slot = shared.first().ok_or_else(|| {
        Error::invalid("no env file is shared by all environments").hint("Add `.env` to `configuration.variables`.")
    })?;
    for candidate in &shared {
        if sources.edit(candidate)?.get(key).is_some() {
            slot = candidate;
        }
    }
    let mut file = sources.edit(slot)?;
    file.set(key, assignment)?;
    let edited = [file];
    let after = sources.with(&edited);
    let before = sources.shared().variables.swap_remove(key).map(|old| old.value);
    let variable = take(&mut after.shared(), key, &slot.path)?;
    finish(&sources, &after, project, &edited, before, variable)
}

/// Removes a variable from the environment's own files, and with `shared` from the files that it shares with other
/// environments too.
///
/// # Errors
/// [`Code::NotFound`] if no file sets it; [`Code::InvalidInput`] if only a shared file does and `shared` was not asked
/// for, with the environments that would lose it; [`Code::FileChanged`] if a file changed meanwhile.
pub fn unset_variable(
    project_dir: &Path,
    project: &ProjectFile,
    environment: &EnvironmentName,
    key: &str,
    shared: bool,
) -> Result<Edited> {
    project.environment(environment)?;
    let sources = Sources::open(project_dir, project);
    let mut edited = Vec::new();
    let mut only_shared = None;
    let mut stood_at = None;
    for (slot, file) in sources.of(environment) {
        let Some(entry) = file.get(key) else { continue };
        if slot.own || shared {
            stood_at = Some((slot.path, entry.line()));
            let mut file = file.clone();
            file.unset(key)?;
            edited.push(file);
        } else {
            only_shared = Some(slot);
        }
    }
    let Some((file, line)) = stood_at else {
        return Err(match only_shared {
            Some(slot) => {
                let readers: Vec<_> = readers(project, &slot.path).iter().map(ToString::to_string).collect();
                let (file, readers) = (slot.path.display(), readers.join(", "));
                Error::invalid(format!("{key} is set in {file}, which is shared by {readers}"))
                    .hint("Remove it for all of them, or give this environment a value of its own.")
            }
            None => Error::new(Code::NotFound, format!("no env file of {environment} sets {key}")),
        });
    };
    let after = sources.with(&edited);
    let before = sources.merged(environment).variables.swap_remove(key);
    let environments = reached(&sources, &after, project);
    sources.save(&edited)?;
    Ok(Edited {
        file,
        line,
        before: before.map(|variable| variable.value),
        after: after.merged(environment).variables.swap_remove(key).map(|variable| variable.value),
        environments,
    })
}

/// Puts `keychain:NAME` in the place of the value at this line, every other byte untouched, if the value there still is
/// the one that was put into the keychain.
///
/// # Errors
/// [`Code::NotFound`] if the line does not set the key, [`Code::FileChanged`] if it has another value,
/// [`Code::Unsupported`] if the value is made of other variables.
pub fn refer(project_dir: &Path, origin: &Origin, key: &str, expected: &Sensitive, name: &SecretName) -> Result<()> {
    let path = project_dir.join(&origin.file);
    let (bytes, stamp) = store::read(&path)?;
    let mut file = EnvFile::parse(&origin.file, &bytes)?;
    let found = file.entries().find(|entry| entry.line() == origin.line && entry.key() == key);
    if let Some(entry) = found {
        if entry.has_variables() {
            return Err(Error::new(Code::Unsupported, format!("the value of {key} is made of other variables"))
                .hint("Make the secret part a variable of its own, and import that.")
                .at(entry.location()));
        }
        if Sensitive::new(entry.fill(&|_| None)?) != *expected {
            return Err(Error::new(Code::FileChanged, format!("{key} has another value now"))
                .hint("Nothing was written. Load the file again.")
                .at(entry.location()));
        }
    }
    file.set_at(origin.line, key, Assignment::Secret(name))?;
    store::save(&path, &stamp, file.bytes())?;
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
fn take(merged: &mut Merged<'_>, key: &str, edited: &Path) -> Result<Variable> {
    let of_key =
        |problem: &&Error| problem.at.as_ref().is_some_and(|at| at.key.as_deref() == Some(key) && at.file == edited);
    if let Some(problem) = merged.problems.iter().find(of_key) {
        return Err(problem.clone());
    }
    let variable = merged.variables.swap_remove(key);
    let variable = variable.ok_or_else(|| Error::internal(format!("{key} was set and has no value")))?;
    if variable.source.file != edited {
        let winner = variable.source.file.display().to_string();
        return Err(Error::invalid(format!("{winner} sets {key} after {}", edited.display()))
            .hint(format!("Change it in {winner}, or list that file earlier in `configuration.variables`.")));
    }
    Ok(variable)
}

fn finish(
    before: &Sources<'_>,
    after: &Sources<'_>,
    project: &ProjectFile,
    edited: &[EnvFile],
    old: Option<Value>,
    variable: Variable,
) -> Result<Edited> {
    let environments = reached(before, after, project);
    before.save(edited)?;
    let Origin { file, line } = variable.source;
    Ok(Edited { file, line, before: old, after: Some(variable.value), environments })
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
