//! What the configuration is at this moment, in the form in which versions are kept.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use sternway_config::{EnvFile, store};
use sternway_history::{Held, Place};
use sternway_model::{Code, EnvironmentName, Error, Result, SecretRef, Sensitive, looks_like_secret};

use crate::configure::blocking;
use crate::machine::Core;
use crate::project::Project;

/// What there is.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    /// For each place what it has.
    pub now: BTreeMap<Place, Held>,
    /// Files that cannot be read.
    pub unread: BTreeSet<PathBuf>,
    /// Texts of documents by their hashes.
    pub texts: BTreeMap<String, String>,
    /// Values that look like secrets.
    suspects: Vec<(Place, Sensitive)>,
}

impl Snapshot {
    pub(crate) async fn take(core: &Core, project: &Project) -> Result<Self> {
        let reading = project.clone();
        let mut snapshot = blocking(move || Ok(Self::of_files(&reading))).await?;
        let known = core.known_secrets(project).await?;
        for secret in &known {
            let place = Place::Secret { environment: secret.environment.clone(), name: secret.name.clone() };
            match snapshot.now.get(&place) {
                Some(Held::Version(newer)) if *newer > secret.version => {}
                _ => drop(snapshot.now.insert(place, Held::Version(secret.version))),
            }
        }
        let prints: BTreeSet<String> = known.into_iter().map(|secret| secret.fingerprint).collect();
        snapshot.withhold(core, project, &prints).await?;
        Ok(snapshot)
    }

    /// What the env files say.
    fn of_files(project: &Project) -> Self {
        let mut snapshot = Self::default();
        let files: BTreeSet<PathBuf> =
            project.file.environments.keys().flat_map(|environment| env_files(project, environment)).collect();
        for file in files {
            let parsed = store::read(&project.folder.join(&file)).and_then(|(bytes, _)| EnvFile::parse(&file, &bytes));
            match parsed {
                Ok(parsed) => snapshot.add(&file, &parsed),
                Err(_) => drop(snapshot.unread.insert(file)),
            }
        }
        snapshot
    }

    /// A key that is set twice has what its last line says.
    fn add(&mut self, file: &Path, parsed: &EnvFile) {
        let entries: HashMap<&str, _> =
            parsed.entries().filter(|entry| !entry.is_bare()).map(|entry| (entry.key(), entry)).collect();
        for (key, entry) in entries {
            let place = Place::Variable { file: file.to_owned(), key: key.to_owned() };
            let template = entry.template();
            let held = match entry.fill(&|_| None) {
                Ok(value) if !entry.has_variables() => match SecretRef::parse(&value) {
                    Some(Ok(reference)) => Held::Secret(reference.name),
                    _ => Held::Value(value),
                },
                _ => Held::Template(template.clone().into_owned()),
            };
            let text = match &held {
                Held::Value(text) | Held::Template(text) => text,
                _ => "",
            };
            if looks_like_secret(key, text).is_some() {
                self.suspects.push((place.clone(), Sensitive::new(text.to_owned())));
                self.now.insert(place, Held::Withheld { fingerprint: None });
            } else {
                self.now.insert(place, held);
            }
        }
    }

    /// Gives what looks like a secret its fingerprint, and does the same with new values that are equal to a secret, whatever
    /// their names are.
    async fn withhold(&mut self, core: &Core, project: &Project, secrets: &BTreeSet<String>) -> Result<()> {
        let mut asked = std::mem::take(&mut self.suspects);
        let certain = asked.len();
        if !secrets.is_empty() {
            asked.extend(self.new_values(core, project).await?);
        }
        if asked.is_empty() {
            return Ok(());
        }
        let prints = core.vault().fingerprints(asked.iter().map(|(_, value)| value.clone()).collect()).await;
        let prints = match prints {
            Ok(prints) => prints,
            // Without a single secret nothing can be equal to one, and the keychain may never have been there.
            Err(Error { code: Code::KeychainUnavailable, .. }) if secrets.is_empty() => return Ok(()),
            Err(error) => return Err(error),
        };
        for (index, ((place, _), print)) in asked.into_iter().zip(prints).enumerate() {
            if index < certain || secrets.contains(&print) {
                self.now.insert(place, Held::Withheld { fingerprint: Some(print) });
            }
        }
        Ok(())
    }

    /// Plain values that are not in the newest version: those that are were looked at then. A value that became equal to a
    /// secret afterwards is looked at too, because setting the secret is a version of its own.
    async fn new_values(&self, core: &Core, project: &Project) -> Result<Vec<(Place, Sensitive)>> {
        let id = core.project_id(project).await?;
        let newest = core.history().await?.configuration_at(id, None).await?;
        let known = |place: &Place, held: &Held| newest.get(place).and_then(|entry| entry.held.as_ref()) == Some(held);
        let secrets_moved =
            self.now.iter().any(|(place, held)| matches!(held, Held::Version(_)) && !known(place, held));
        let plain = self.now.iter().filter_map(|(place, held)| match held {
            Held::Value(text) | Held::Template(text) => Some((place, held, text)),
            _ => None,
        });
        let new = plain.filter(|(place, held, _)| secrets_moved || !known(place, held));
        Ok(new.map(|(place, _, text)| (place.clone(), Sensitive::new(text.clone()))).collect())
    }
}

/// The env files of an environment, in the order in which they are read.
pub(crate) fn env_files(project: &Project, environment: &EnvironmentName) -> Vec<PathBuf> {
    let patterns = project.file.configuration.variables.iter();
    patterns.map(|pattern| PathBuf::from(pattern.replace("{environment}", environment.as_str()))).collect()
}
