//! Use cases: variables.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;
use sternway_config::{Assignment, Edited};
use sternway_model::{
    Cause, Change, Code, EnvironmentName, Error, Result, SecretName, SecretRef, Sensitive, Value, expand, mentions,
};

use crate::layers::configuration_difference;
use crate::machine::Core;
use crate::project::Project;
use crate::versions::Noted;
use crate::view::Variables;
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
