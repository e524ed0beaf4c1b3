//! Use cases: variables.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use specta::Type;
use sternway_config::{Assignment, Edited, EditedFiles, GridRow};
use sternway_model::{
    Cause, Change, Code, EnvironmentName, Error, Result, SecretName, SecretRef, Sensitive, Value, expand, mentions,
};

use crate::layers::configuration_difference;
use crate::machine::Core;
use crate::project::Project;
use crate::values::Use;
use crate::versions::Noted;
use crate::view::Variables;
use crate::want::{newest, pinned};

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

/// One of several edits of variables.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Type)]
pub struct VariableEdit {
    /// The environment whose line it is; without one it is a line of the files that all share.
    pub environment: Option<EnvironmentName>,
    /// The variable.
    pub key: String,
    /// What it is set to: a text, or `keychain:NAME`. `null` takes the line away.
    pub value: Option<String>,
}

/// What several edits did together.
#[derive(Debug, Clone, PartialEq)]
pub struct BulkEdit {
    /// The files that have other bytes now, relative to the project.
    pub files: Vec<PathBuf>,
    /// The environments in which a value is another one now.
    pub environments: Vec<EnvironmentName>,
    /// The version of the configuration that they are in.
    pub version: Option<u32>,
    /// Why there is no version of them, if so.
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
        })?
        .variables;
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
            let text = pinned(&variable, environment)?;
            pins.extend(mentions(&text)?);
            texts.push((variable.key, text));
        }
        if pins.is_empty() {
            return Ok(texts.into_iter().map(|(key, text)| (key, Sensitive::new(text))).collect());
        }
        let secrets = self.values(project, environment, &pins, Use::Command).await?;
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
            let said = Said::parse(&value)?;
            let assignment = Rows::of(&project)?.assignment(environment.as_ref(), &key, &said, replace_reference)?;
            match &environment {
                Some(environment) => {
                    sternway_config::set_variable(&project.folder, &project.file, environment, &key, assignment)
                }
                None => sternway_config::set_shared(&project.folder, &project.file, &key, assignment),
            }
        });
        self.saving(saved, Cause::Saved, note, edited).await.map(EditedView::from)
    }

    /// Sets and removes several variables at once: all of them or none, as one version of the configuration.
    ///
    /// # Errors
    /// As [`Core::set_variable`] and [`Core::unset_variable`]; nothing is written then. If a file could not be brought back
    /// after another one could not be written, the error names it.
    pub async fn set_variables(
        &self,
        project: &Project,
        edits: Vec<VariableEdit>,
        replace_references: bool,
        note: Option<&str>,
    ) -> Result<BulkEdit> {
        let saved = project;
        let project = project.clone();
        let edited = blocking(move || {
            let rows = Rows::of(&project)?;
            let said: Vec<Option<Said>> = edits
                .iter()
                .map(|edit| {
                    edit.value.as_deref().map(Said::parse).transpose().map_err(|error| error.context(&edit.key))
                })
                .collect::<Result<_>>()?;
            let mut wanted = Vec::new();
            for (VariableEdit { environment, key, .. }, said) in edits.iter().zip(&said) {
                let environment = environment.as_ref();
                let assignment = match said {
                    Some(said) => Some(rows.assignment(environment, key, said, replace_references)?),
                    None => None,
                };
                wanted.push(sternway_config::VariableEdit { environment, key, assignment });
            }
            sternway_config::edit_variables(&project.folder, &project.file, &wanted)
        });
        let (edited, noted) = self.saving(saved, Cause::Saved, note, edited).await?;
        let EditedFiles { files, environments } = edited;
        Ok(BulkEdit { files, environments, version: noted.version, problem: noted.problem })
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
        let (project, environment, key) = (project.clone(), environment.cloned(), key.to_owned());
        let edited = blocking(move || {
            sternway_config::unset_variable(&project.folder, &project.file, environment.as_ref(), &key)
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
}

/// Runs what reads or writes files away from the asynchronous threads.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::internal(format!("a file operation did not end: {error}")))?
}

/// A value as a person says it: a reference to a secret, or a text.
enum Said {
    Secret(SecretName),
    Text(String),
}

impl Said {
    fn parse(value: &str) -> Result<Self> {
        Ok(match SecretRef::parse(value).transpose()? {
            Some(reference) => Self::Secret(reference.name),
            None => Self::Text(value.to_owned()),
        })
    }
}

/// What the variables are at the moment, to be looked up for each edit.
struct Rows {
    environments: Vec<EnvironmentName>,
    rows: HashMap<String, GridRow>,
}

impl Rows {
    fn of(project: &Project) -> Result<Self> {
        let grid = sternway_config::grid(&project.folder, &project.file)?;
        let rows = grid.rows.into_iter().map(|row| (row.key.clone(), row)).collect();
        Ok(Self { environments: grid.environments, rows })
    }

    /// How a value is written: as a template where one stands. In one environment, or in any that reads a shared file.
    fn assignment<'a>(
        &self,
        environment: Option<&EnvironmentName>,
        key: &str,
        said: &'a Said,
        replace_reference: bool,
    ) -> Result<Assignment<'a>> {
        let text = match said {
            Said::Secret(name) => return Ok(Assignment::Secret(name)),
            Said::Text(text) => text,
        };
        let Some(row) = self.rows.get(key) else { return Ok(Assignment::Value(text)) };
        let mut template = false;
        let cells = self.environments.iter().zip(&row.cells);
        for (name, cell) in cells.filter(|(name, _)| environment.is_none_or(|wanted| wanted == *name)) {
            template |= cell.template.is_some();
            if let (Some(Value::Secret { name: secret, .. }), false) = (&cell.value, replace_reference) {
                return Err(in_plain_text(key, name, secret));
            }
        }
        Ok(if template { Assignment::Template(text) } else { Assignment::Value(text) })
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
