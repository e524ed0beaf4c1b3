//! Use cases: secrets. Values go into the keychain and nowhere else; history keeps names, versions and fingerprints.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sternway_config::EnvFile;
use sternway_history::{BegunSecret, StoredSecret};
use sternway_model::{
    Cause, Code, EnvironmentName, Error, Origin, Recipe, Result, SecretName, SecretPin, Sensitive, Value,
    looks_like_secret, nearest,
};
use sternway_vault::Put;

use crate::configure::blocking;
use crate::machine::Core;
use crate::project::Project;
use crate::rotation::services_with;
use crate::run::confirm;
use crate::values::Use;
use crate::view::{Import, ImportCandidate, SecretEntry, SecretRemoval, SecretVersion, Secrets};
use crate::want::{Want, loaded};

/// A line of an env file whose value looks like a secret.
struct Suspect {
    candidate: ImportCandidate,
    value: Sensitive,
}

impl Core {
    /// Names, versions and fingerprints of the project's secrets.
    pub(crate) async fn known_secrets(&self, project: &Project) -> Result<Vec<StoredSecret>> {
        let (id, history) = (self.project_id(project).await?, self.history().await?);
        self.settle_secrets(project).await?;
        history.secrets(id).await
    }

    /// Finds out about versions whose process ended between the keychain and the note about it: what the keychain has is
    /// listed from now on.
    async fn settle_secrets(&self, project: &Project) -> Result<()> {
        let (id, history) = (self.project_id(project).await?, self.history().await?);
        for begun in history.begun_secrets(id).await? {
            let BegunSecret { environment, name, version, fingerprint, by, by_name } = begun;
            if by_name {
                // It is looked for when what is kept under the name is taken over.
                continue;
            }
            let pin = SecretPin { name: name.clone(), version };
            let print = match self.vault().kept_fingerprint(&self.scope(project, &environment).await?, &pin).await {
                Ok(print) => print,
                // What is listed can be looked at without a keychain; the next look finds out.
                Err(error) if error.code == Code::KeychainUnavailable => return Ok(()),
                Err(error) => return Err(error),
            };
            if print.as_ref() == Some(&fingerprint) {
                let created = self.parts.clock.now();
                let stored = StoredSecret { environment, name, version, fingerprint, created, by, by_name };
                history.add_secret_version(id, &stored).await?;
            } else {
                history.drop_secret_version(id, &environment, &name, version).await?;
            }
        }
        Ok(())
    }

    /// The project's secrets, of all environments or of one.
    ///
    /// # Errors
    /// If history cannot be read.
    pub async fn secrets(&self, project: &Project, only: Option<&EnvironmentName>) -> Result<Secrets> {
        if let Some(name) = only {
            project.file.environment(name)?;
        }
        let id = self.project_id(project).await?;
        let history = self.history().await?;
        let known = self.known_secrets(project).await?;
        let mut secrets = Vec::new();
        for environment in project.file.environments.keys().filter(|name| only.is_none_or(|only| only == *name)) {
            let release = history.current_release(id, environment).await?;
            let deployed = release.as_ref().map(|release| Want::from_release(release).secrets()).transpose()?;
            let deployed = deployed.unwrap_or_default();
            // A broken env file must not hide the secrets.
            let variables = sternway_config::load(&project.folder, &project.file, environment).unwrap_or_default();
            let mut names: Vec<&SecretName> =
                known.iter().filter(|s| &s.environment == environment).map(|s| &s.name).collect();
            names.extend(variables.iter().filter_map(|variable| secret_name(&variable.value)));
            names.sort();
            names.dedup();
            for name in names {
                let mut versions: Vec<SecretVersion> = known
                    .iter()
                    .filter(|stored| &stored.environment == environment && &stored.name == name)
                    .map(|stored| SecretVersion {
                        version: stored.version,
                        created: stored.created,
                        by: stored.by.clone(),
                        deployed: deployed.iter().any(|pin| pin.name == stored.name && pin.version == stored.version),
                    })
                    .collect();
                versions.sort_by_key(|version| std::cmp::Reverse(version.version));
                let users = variables.iter().filter(|variable| secret_name(&variable.value) == Some(name));
                secrets.push(SecretEntry {
                    environment: environment.clone(),
                    name: name.clone(),
                    versions,
                    used_by: users.map(|variable| variable.key.clone()).collect(),
                    services: release.as_ref().map(|release| services_with(release, name)).unwrap_or_default(),
                });
            }
        }
        Ok(Secrets { secrets })
    }

    /// Gives a secret a new version.
    ///
    /// # Errors
    /// [`Code::KeychainUnavailable`] if the keychain cannot take it; then nothing is recorded either.
    pub async fn set_secret(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        name: &SecretName,
        value: &Sensitive,
        note: Option<&str>,
    ) -> Result<u32> {
        let (version, noted) =
            self.saving(project, Cause::Saved, note, self.put_secret(project, environment, name, value)).await?;
        noted.problem.map_or(Ok(version), Err)
    }

    /// What to say of a secret that nothing in an environment refers to, such as one whose name is misspelt.
    ///
    /// # Errors
    /// None of its own; what is wrong with the project's files is said where they are read for a plan.
    pub async fn unused_secret(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        name: &SecretName,
    ) -> Result<Option<String>> {
        let Ok(wanted) = self.wanted_of_folder(project, environment).await else { return Ok(None) };
        let used: BTreeSet<SecretName> = wanted.want.secrets()?.into_iter().map(|pin| pin.name).collect();
        let near = nearest(name.as_str(), used.iter().map(SecretName::as_str));
        let near = near.map(|near| format!(" Did you mean `{near}`?")).unwrap_or_default();
        let say =
            || format!("nothing in {environment} uses {name}; a variable does whose value is `keychain:{name}`.{near}");
        Ok((!used.contains(name)).then(say))
    }

    /// A random value, for [`Core::set_secret`] and rotations.
    ///
    /// # Errors
    /// If the length is out of bounds.
    pub fn generate(&self, recipe: &Recipe) -> Result<Sensitive> {
        sternway_vault::generate(recipe)
    }

    /// Gives a secret a random value, which nobody but the keychain gets.
    ///
    /// # Errors
    /// As [`Core::set_secret`], and if the length is out of bounds.
    pub async fn generate_secret(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        name: &SecretName,
        recipe: &Recipe,
    ) -> Result<u32> {
        self.set_secret(project, environment, name, &self.generate(recipe)?, Some("generated")).await
    }

    /// As [`Core::set_secret`], without a version of the configuration.
    pub(crate) async fn put_secret(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        name: &SecretName,
        value: &Sensitive,
    ) -> Result<u32> {
        project.file.environment(environment)?;
        if value.reveal().contains('\0') {
            return Err(Error::invalid(format!("the value of {name} has a NUL in it, which no variable can have"))
                .hint("Give binary data in another form, such as base64, and decode it where it is used."));
        }
        let vault = self.vault();
        let history = self.history().await?;
        let id = self.project_id(project).await?;
        let fingerprint = vault.fingerprint(value).await?;
        let scope = self.scope(project, environment).await?;
        // A version is taken when history was put back to an earlier state; versions never change, so the next one is ours.
        let version = loop {
            let by = &self.parts.person;
            let version = history.next_secret_version(id, environment, name, &fingerprint, by).await?;
            let pin = SecretPin { name: name.clone(), version };
            (self.parts.boundary)("secret begun");
            if vault.put(&scope, &pin, value).await? == Put::Stored {
                break version;
            }
            history.drop_secret_version(id, environment, name, version).await?;
        };
        (self.parts.boundary)("secret in keychain");
        let stored = StoredSecret {
            environment: environment.clone(),
            name: name.clone(),
            version,
            fingerprint,
            created: self.parts.clock.now(),
            by: self.parts.person.clone(),
            by_name: false,
        };
        history.add_secret_version(id, &stored).await?;
        Ok(version)
    }

    /// Gives a secret of one environment the newest value that it has in another.
    ///
    /// # Errors
    /// [`Code::SecretMissing`] if it has none there; [`Code::NotFound`] if there is no such environment.
    pub async fn copy_secret(
        &self,
        project: &Project,
        name: &SecretName,
        from: &EnvironmentName,
        to: &EnvironmentName,
    ) -> Result<u32> {
        project.file.environment(from)?;
        let known = self.known_secrets(project).await?;
        let version = crate::want::newest(&known, from).get(name).copied().ok_or_else(|| {
            Error::new(Code::SecretMissing, format!("{name} has no value in {from}"))
                .hint(format!("Set it with `sternway secret set {from} {name}`."))
        })?;
        let pin = SecretPin { name: name.clone(), version };
        let value = self.value(project, from, &pin, Use::Environment(to)).await?;
        self.set_secret(project, to, name, &value, Some(&format!("the value of {from}"))).await
    }

    /// What removing a version of a secret, or all of them, would take along.
    ///
    /// # Errors
    /// [`Code::NotFound`] if there is none.
    pub async fn plan_secret_removal(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        name: &SecretName,
        version: Option<u32>,
    ) -> Result<SecretRemoval> {
        let known = self.known_secrets(project).await?;
        let versions: Vec<u32> = known
            .iter()
            .filter(|stored| &stored.environment == environment && &stored.name == name)
            .map(|stored| stored.version)
            .filter(|stored| version.is_none_or(|version| version == *stored))
            .collect();
        if versions.is_empty() {
            let which = version.map(|version| format!(" version {version}")).unwrap_or_default();
            return Err(Error::new(Code::NotFound, format!("{name} has no{which} value in {environment}")));
        }
        let (releases, running) = self.releases_with(project, environment, name, &versions).await?;
        let guarded = running || project.file.environment(environment)?.protected;
        Ok(SecretRemoval { environment: environment.clone(), name: name.clone(), versions, releases, running, guarded })
    }

    /// Removes a version of a secret, or all of them, from the keychain and from the list. The answer is what it took along.
    ///
    /// # Errors
    /// [`Code::NotFound`] if there is none; [`Code::Protected`] if the environment's name has to be typed, because it is protected
    /// or what runs there needs the version.
    pub async fn remove_secret(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        name: &SecretName,
        version: Option<u32>,
        typed: Option<&str>,
    ) -> Result<SecretRemoval> {
        let planned = self.plan_secret_removal(project, environment, name, version).await?;
        confirm(environment, planned.guarded, typed)?;
        let versions: Vec<String> = planned.versions.iter().map(|version| format!("v{version}")).collect();
        self.audited(project, environment, "removed", &format!("{name} {}", versions.join(", ")), None).await?;
        let removal = async {
            for version in &planned.versions {
                self.drop_secret(project, environment, name, *version).await?;
            }
            Ok(())
        };
        let ((), noted) = self.saving(project, Cause::Saved, None, removal).await?;
        noted.problem.map_or(Ok(planned), Err)
    }

    /// Removes a version of a secret. The keychain first: a version that is listed and gone is found out, one that is there
    /// and unlisted is not.
    pub(crate) async fn drop_secret(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        name: &SecretName,
        version: u32,
    ) -> Result<()> {
        let id = self.project_id(project).await?;
        self.take_over_for_removal(project, environment, name, version).await?;
        let pin = SecretPin { name: name.clone(), version };
        self.vault().remove(&self.scope(project, environment).await?, &pin).await?;
        self.history().await?.drop_secret_version(id, environment, name, version).await
    }

    /// Values in an environment's env files that look like secrets.
    ///
    /// # Errors
    /// If an env file is wrong.
    pub async fn import_candidates(&self, project: &Project, environment: &EnvironmentName) -> Result<Import> {
        let found = self.suspects(project, environment).await?.into_iter().map(|suspect| suspect.candidate);
        Ok(Import { environment: environment.clone(), found: found.collect() })
    }

    /// Moves values that look like secrets into the keychain and leaves references behind. A line that several environments
    /// read becomes a secret in each of them, with the same value.
    ///
    /// # Errors
    /// If the keychain cannot take a value; the file then still has it.
    pub async fn import_secrets(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        keys: &[String],
    ) -> Result<Import> {
        let import = async {
            let mut moved = Vec::new();
            for suspect in self.suspects(project, environment).await? {
                let Suspect { candidate, value } = suspect;
                if !keys.contains(&candidate.key) {
                    continue;
                }
                let name: SecretName = candidate.key.parse()?;
                for reader in &candidate.environments {
                    self.put_secret(project, reader, &name, &value).await?;
                }
                let (folder, origin, key) = (project.folder.clone(), candidate.source.clone(), candidate.key.clone());
                blocking(move || sternway_config::refer(&folder, &origin, &key, &value, &name)).await?;
                moved.push(candidate);
            }
            Ok(moved)
        };
        let note = Some("moved into the keychain");
        let (found, noted) = self.saving(project, Cause::Saved, note, import).await?;
        noted.problem.map_or(Ok(Import { environment: environment.clone(), found }), Err)
    }

    async fn suspects(&self, project: &Project, environment: &EnvironmentName) -> Result<Vec<Suspect>> {
        let taken: BTreeSet<String> =
            self.known_secrets(project).await?.into_iter().map(|secret| secret.name.to_string()).collect();
        let project = project.clone();
        let environment = environment.clone();
        blocking(move || {
            let variables = sternway_config::load(&project.folder, &project.file, &environment)?;
            // What another file overrides is on the disk all the same.
            let mut lines: Vec<(String, Origin)> = Vec::new();
            for variable in variables {
                // The line that wins comes last, so that its value is the newest version.
                lines.extend(variable.overridden.into_iter().rev().map(|origin| (variable.key.clone(), origin)));
                lines.push((variable.key, variable.source));
            }
            // A secret has the name of its variable: one that means something else already cannot be had twice.
            let taken = taken.into_iter().chain(lines.iter().map(|(key, _)| key.clone())).collect();
            let mut suspects = of_services(&project, &environment, &taken)?;
            for (key, source) in lines {
                let path = project.folder.join(&source.file);
                let (bytes, _) = sternway_config::store::read(&path)?;
                let file = EnvFile::parse(&source.file, &bytes)?;
                let Some(entry) = file.entries().find(|entry| entry.line() == source.line) else { continue };
                suspects
                    .extend(suspect(&key, entry.value(), source, |file| sternway_config::readers(&project.file, file)));
            }
            Ok(suspects)
        })
        .await
    }
}

/// A line whose value looks like a secret, with the environments that read its file.
fn suspect(
    key: &str,
    value: &str,
    source: Origin,
    readers: impl FnOnce(&Path) -> Vec<EnvironmentName>,
) -> Option<Suspect> {
    let reason = looks_like_secret(key, value)?.to_owned();
    let environments = readers(&source.file);
    let candidate = ImportCandidate { environments, reason, key: key.to_owned(), source };
    Some(Suspect { value: Sensitive::new(value.to_owned()), candidate })
}

/// What looks like a secret in the files that services name as their `env_file`; without the names that are taken, and those
/// to which two files give different values.
fn of_services(project: &Project, environment: &EnvironmentName, taken: &BTreeSet<String>) -> Result<Vec<Suspect>> {
    let read_in = |environment: &EnvironmentName| -> BTreeSet<PathBuf> {
        let variables = sternway_config::load(&project.folder, &project.file, environment).unwrap_or_default();
        // A Compose file that is wrong is told by plans; the other files can be tidied all the same.
        let loaded = loaded(project, environment, &variables).map(|loaded| loaded.from_files).unwrap_or_default();
        loaded.into_iter().map(|from| from.file).collect()
    };
    // Those that are env files of the project as well are read there.
    let files = read_in(environment).into_iter();
    let files: Vec<PathBuf> =
        files.filter(|file| sternway_config::readers(&project.file, file).is_empty() && file.is_relative()).collect();
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let readers: Vec<_> = project.file.environments.keys().map(|name| (name, read_in(name))).collect();
    let mut suspects: Vec<Suspect> = Vec::new();
    for file in files {
        let (bytes, _) = sternway_config::store::read(&project.folder.join(&file))?;
        let parsed = EnvFile::parse(&file, &bytes)?;
        let environments = readers.iter().filter(|(_, files)| files.contains(&file)).map(|(name, _)| (*name).clone());
        let environments: Vec<EnvironmentName> = environments.collect();
        for entry in parsed.entries() {
            let source = Origin { file: file.clone(), line: entry.line() };
            suspects.extend(suspect(entry.key(), entry.value(), source, |_| environments.clone()));
        }
    }
    let values: Vec<(String, Sensitive)> =
        suspects.iter().map(|suspect| (suspect.candidate.key.clone(), suspect.value.clone())).collect();
    suspects.retain(|Suspect { candidate, value }| {
        let same = |(key, other): &(String, Sensitive)| *key != candidate.key || other == value;
        !taken.contains(&candidate.key) && values.iter().all(same)
    });
    Ok(suspects)
}

fn secret_name(value: &Value) -> Option<&SecretName> {
    match value {
        Value::Secret { name, .. } => Some(name),
        Value::Plain(_) => None,
    }
}
