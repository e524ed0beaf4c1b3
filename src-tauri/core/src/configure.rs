//! Use cases: variables.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;
use sternway_config::{Assignment, Edited, Grid, GridCell, GridRow};
use sternway_history::StoredSecret;
use sternway_model::{
    Cause, Change, Code, EnvironmentName, Error, Release, Result, SecretName, SecretRef, Sensitive, Value, Variable,
    expand, looks_like_secret, mentions,
};

use crate::layers::configuration_difference;
use crate::machine::Core;
use crate::project::Project;
use crate::versions::Noted;
use crate::view::{Cell, Matrix, MatrixRow, SecretCell, Variables};
use crate::want::newest;

/// An edit as both fronts tell it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EditedView {
    /// The file, relative to the project.
    pub file: PathBuf,
    /// The line.
    pub line: u32,
    /// The environments in which a value is another one now.
    pub environments: Vec<EnvironmentName>,
    /// The version of the configuration that it is in.
    pub version: Option<u32>,
    /// Why there is no version of it, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Error>,
}

impl From<(Edited, Noted)> for EditedView {
    fn from((edited, noted): (Edited, Noted)) -> Self {
        let Edited { file, line, environments, .. } = edited;
        Self { file, line, environments, version: noted.version, problem: noted.problem }
    }
}

impl Core {
    /// The variables of an environment, secrets by their newest version.
    ///
    /// # Errors
    /// If an env file is wrong.
    pub async fn variables(&self, project: &Project, environment: &EnvironmentName) -> Result<Variables> {
        let versions = newest(&self.known_secrets(project).await?, environment);
        let variables = sternway_config::load_pinned(&project.folder, &project.file, environment, &|name| {
            versions.get(name).copied()
        })?;
        let missing = sternway_config::required_missing(&project.file, &variables);
        Ok(Variables { environment: environment.clone(), variables, missing })
    }

    /// The variables of an environment as a command gets them, secrets with their values.
    ///
    /// # Errors
    /// If an env file is wrong, or a secret has no value.
    pub async fn environment_of(
        &self,
        project: &Project,
        environment: &EnvironmentName,
    ) -> Result<BTreeMap<String, Sensitive>> {
        let variables = self.variables(project, environment).await?.variables;
        let mut texts = Vec::new();
        let mut pins = Vec::new();
        for variable in variables {
            let text = variable.value.pinned().ok_or_else(|| {
                Error::new(Code::SecretMissing, format!("{} refers to a secret that has no value", variable.key))
                    .hint(format!("Set it with `sternway secret set {environment} …`."))
            })?;
            pins.extend(mentions(&text)?);
            texts.push((variable.key, text));
        }
        if pins.is_empty() {
            return Ok(texts.into_iter().map(|(key, text)| (key, Sensitive::new(text))).collect());
        }
        let secrets = self.vault().fetch(&Self::scope(project, environment), &pins).await?;
        texts.into_iter().map(|(key, text)| Ok((key, expand(&text, &secrets)?))).collect()
    }

    /// Sets a variable: of one environment, or of all that share a file.
    ///
    /// A value that is written with variables inside stays a template; everything else is taken literally. A reference to
    /// the keychain gives way to a plain value only if `replace_reference` says so.
    ///
    /// # Errors
    /// If the value cannot stand in an env file, the file was changed meanwhile, or a reference would be lost.
    pub async fn set_variable(
        &self,
        project: &Project,
        environment: Option<&EnvironmentName>,
        key: &str,
        value: &str,
        replace_reference: bool,
        note: Option<&str>,
    ) -> Result<EditedView> {
        let saved = project;
        let project = project.clone();
        let (environment, key, value) = (environment.cloned(), key.to_owned(), value.to_owned());
        let edited = blocking(move || {
            let name = SecretRef::parse(&value).transpose()?.map(|reference| reference.name);
            let now = Now::of(&project, environment.as_ref(), &key);
            let assignment = match (&name, now) {
                (Some(name), _) => Assignment::Secret(name),
                (None, Now { secret: Some((environment, name)), .. }) if !replace_reference => {
                    return Err(in_plain_text(&key, &environment, &name));
                }
                (None, Now { template: true, .. }) => Assignment::Template(&value),
                (None, _) => Assignment::Value(&value),
            };
            match &environment {
                Some(environment) => {
                    sternway_config::set_variable(&project.folder, &project.file, environment, &key, assignment)
                }
                None => sternway_config::set_shared(&project.folder, &project.file, &key, assignment),
            }
        });
        self.saving(saved, Cause::Saved, note, edited).await.map(EditedView::from)
    }

    /// Removes a variable: from the files of one environment, or from those that all share.
    ///
    /// # Errors
    /// If it is not set there, or the file was changed meanwhile.
    pub async fn unset_variable(
        &self,
        project: &Project,
        environment: Option<&EnvironmentName>,
        key: &str,
        note: Option<&str>,
    ) -> Result<EditedView> {
        let saved = project;
        let shared = environment.is_none();
        let first = project.file.environments.keys().next();
        let environment = environment.or(first).ok_or_else(|| Error::internal("a project has an environment"))?;
        let (project, environment, key) = (project.clone(), environment.clone(), key.to_owned());
        let edited = blocking(move || {
            sternway_config::unset_variable(&project.folder, &project.file, &environment, &key, shared)
        });
        self.saving(saved, Cause::Saved, note, edited).await.map(EditedView::from)
    }

    /// How an environment's variables differ from its release, or from another environment's.
    ///
    /// # Errors
    /// If an env file is wrong, or nothing was deployed to compare with.
    pub async fn configuration_diff(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        other: Option<&EnvironmentName>,
    ) -> Result<Vec<Change>> {
        let here = self.variables(project, environment).await?.variables;
        if let Some(other) = other {
            return Ok(configuration_difference(&here, &self.variables(project, other).await?.variables));
        }
        let id = self.project_id(project).await?;
        let release = self.history().await?.current_release(id, environment).await?.ok_or_else(|| {
            Error::new(Code::NotFound, format!("nothing was deployed to {environment} yet"))
                .hint("Name another environment to compare with.")
        })?;
        Ok(configuration_difference(&release.configuration, &here))
    }

    /// All environments side by side. Works without a history, except for the versions of secrets and for what changed.
    ///
    /// # Errors
    /// None of its own; files that cannot be read are part of the answer.
    pub async fn matrix(&self, project: &Project) -> Result<Matrix> {
        let reading = project.clone();
        let grid = blocking(move || Ok(sternway_config::grid(&reading.folder, &reading.file))).await?;
        let mut problems = grid.problems.clone();
        let (secrets, releases) = match self.deployed(project, &grid).await {
            Ok(known) => known,
            Err(error) => {
                problems.push(error);
                (Vec::new(), vec![None; grid.environments.len()])
            }
        };
        let mut rows: Vec<MatrixRow> =
            grid.rows.iter().map(|row| matrix_row(row, &grid.environments, &secrets, &releases)).collect();
        gather(&mut rows);
        Ok(Matrix { environments: grid.environments, rows, problems })
    }

    async fn deployed(&self, project: &Project, grid: &Grid) -> Result<(Vec<StoredSecret>, Vec<Option<Release>>)> {
        let history = self.history().await?;
        let id = self.project_id(project).await?;
        let mut releases = Vec::new();
        for environment in &grid.environments {
            releases.push(history.current_release(id, environment).await?);
        }
        Ok((history.secrets(id).await?, releases))
    }
}

/// Runs what reads or writes files away from the asynchronous threads.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::internal(format!("a file operation did not end: {error}")))?
}

/// What a variable is at the moment, in one environment or in any that reads a shared file.
#[derive(Default)]
struct Now {
    /// It is written with variables inside.
    template: bool,
    /// It refers to a secret, in this environment.
    secret: Option<(EnvironmentName, SecretName)>,
}

impl Now {
    fn of(project: &Project, environment: Option<&EnvironmentName>, key: &str) -> Self {
        let grid = sternway_config::grid(&project.folder, &project.file);
        let Some(row) = grid.rows.iter().find(|row| row.key == key) else { return Self::default() };
        let cells = grid.environments.iter().zip(&row.cells);
        let mut now = Self::default();
        for (name, cell) in cells.filter(|(name, _)| environment.is_none_or(|wanted| wanted == *name)) {
            now.template |= cell.template.is_some();
            if let Some(Value::Secret { name: secret, .. }) = &cell.value {
                now.secret.get_or_insert_with(|| (name.clone(), secret.clone()));
            }
        }
        now
    }
}

/// Somebody who wants to change a password must not put it into a file by mistake.
fn in_plain_text(key: &str, environment: &EnvironmentName, secret: &SecretName) -> Error {
    Error::invalid(format!("{key} is the secret {secret} in {environment}: its value would stand in a file for all to read"))
        .hint(format!(
            "Change the secret with `sternway secret set {environment} {secret}`. To replace the reference by a plain value all the \
             same: `sternway config set --force`."
        ))
}

/// Puts rows of the same group together, at the place of the group's first row: an environment's own file often repeats the
/// titles of the shared one.
fn gather(rows: &mut [MatrixRow]) {
    let mut groups: Vec<String> = Vec::new();
    for row in &*rows {
        if !groups.contains(&row.group) {
            groups.push(row.group.clone());
        }
    }
    rows.sort_by_key(|row| groups.iter().position(|group| *group == row.group));
}

fn matrix_row(
    row: &GridRow,
    environments: &[EnvironmentName],
    secrets: &[StoredSecret],
    releases: &[Option<Release>],
) -> MatrixRow {
    let mut fingerprints: Vec<&str> = Vec::new();
    let cells = row.cells.iter().zip(environments).zip(releases);
    let cells = cells.map(|((cell, environment), release)| {
        let secret = match &cell.value {
            Some(Value::Secret { name, .. }) => Some(secret_cell(name, environment, secrets, &mut fingerprints)),
            _ => None,
        };
        let masked = match &cell.value {
            Some(Value::Plain(text)) => {
                looks_like_secret(&row.key, cell.template.as_ref().unwrap_or(text)).map(str::to_owned)
            }
            _ => None,
        };
        Cell {
            value: match &cell.value {
                Some(Value::Plain(text)) if masked.is_none() => {
                    Some(cell.template.clone().unwrap_or_else(|| text.clone()))
                }
                _ => None,
            },
            masked,
            changed: release.as_ref().is_some_and(|release| changed(&row.key, cell, secret.as_ref(), release)),
            secret,
            source: cell.source.clone(),
            overridden: cell.overridden.clone(),
            inherited: cell.inherited,
        }
    });
    MatrixRow { key: row.key.clone(), group: row.group.clone(), required: row.required, cells: cells.collect() }
}

/// A secret's newest version, and a number that equal values of the row share.
fn secret_cell<'a>(
    name: &SecretName,
    environment: &EnvironmentName,
    secrets: &'a [StoredSecret],
    fingerprints: &mut Vec<&'a str>,
) -> SecretCell {
    let known = secrets.iter().filter(|known| &known.name == name && &known.environment == environment);
    let newest = known.max_by_key(|known| known.version);
    let same = newest.map(|newest| {
        let place = fingerprints.iter().position(|known| *known == newest.fingerprint).unwrap_or_else(|| {
            fingerprints.push(&newest.fingerprint);
            fingerprints.len() - 1
        });
        u32::try_from(place).unwrap_or(u32::MAX)
    });
    SecretCell { name: name.clone(), version: newest.map(|newest| newest.version), same }
}

fn changed(key: &str, cell: &GridCell, secret: Option<&SecretCell>, release: &Release) -> bool {
    let deployed: Option<&Variable> = release.configuration.iter().find(|variable| variable.key == key);
    match (deployed.map(|variable| &variable.value), &cell.value) {
        (None, None) => false,
        (Some(Value::Plain(was)), Some(Value::Plain(is))) => {
            // A text with a secret inside is stored with the version, which the file does not have.
            mentions(was).is_ok_and(|pins| pins.is_empty()) && was != is
        }
        (Some(Value::Secret { name, version }), Some(Value::Secret { .. })) => {
            secret.is_none_or(|secret| &secret.name != name || secret.version != *version)
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_group_stand_together() {
        let row = |key: &str, group: &str| MatrixRow {
            key: key.to_owned(),
            group: group.to_owned(),
            required: false,
            cells: Vec::new(),
        };
        let mut rows = [row("A", "application"), row("B", "database"), row("C", "application"), row("D", "")];
        gather(&mut rows);
        let keys: Vec<&str> = rows.iter().map(|row| row.key.as_str()).collect();
        assert_eq!(keys, ["A", "C", "B", "D"]);
    }
}
