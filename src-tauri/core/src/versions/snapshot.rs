//! What the configuration is at this moment, in the form in which versions are kept.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use sternway_config::document::{Document, Format, Masked};
use sternway_config::{EnvFile, store};
use sternway_history::{Held, Place};
use sternway_model::template::Filled;
use sternway_model::{
    Code, EnvironmentName, Error, Manner, Result, SecretRef, Sensitive, looks_like_secret, secrets_in,
};

use crate::configure::blocking;
use crate::documents::{Listed, listed};
use crate::machine::Core;
use crate::project::Project;
use crate::view::DocumentRole;

/// Larger files are no configuration; versions of them would fill the disk.
const LARGEST: usize = 1024 * 1024;

/// What there is.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    /// For each place what it has.
    pub now: BTreeMap<Place, Held>,
    /// Files that cannot be read.
    pub unread: BTreeSet<PathBuf>,
    /// Texts of documents by their hashes.
    pub texts: BTreeMap<String, String>,
    /// Values that look like secrets, and whole texts in which something does.
    suspects: Vec<(Place, Sensitive)>,
    /// The values in documents, and the words of their comments.
    inside: BTreeMap<Place, Vec<Sensitive>>,
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
        for Listed { path: file, role, format } in listed(project) {
            if role == DocumentRole::Variables {
                continue;
            }
            match store::read(&project.folder.join(&file)) {
                Ok((_, stamp)) if stamp.is_absent() => {}
                Ok((bytes, _)) if bytes.len() <= LARGEST => match String::from_utf8(bytes) {
                    Ok(text) => snapshot.add_document(file, format, text),
                    Err(_) => drop(snapshot.unread.insert(file)),
                },
                _ => drop(snapshot.unread.insert(file)),
            }
        }
        snapshot
    }

    /// A document as its text, with marks in the place of what looks like a secret.
    fn add_document(&mut self, file: PathBuf, format: Format, text: String) {
        let document = Document::parse(&file, format, &text).ok();
        let masked = Masked::of(&text, document.as_ref());
        let hash = self.keep(masked.text.unwrap_or_default());
        let place = Place::Document { file };
        let inside = document.map(|document| document.candidates()).unwrap_or_default();
        self.inside.insert(place.clone(), inside);
        if !masked.keys.is_empty() {
            self.suspects.push((place.clone(), Sensitive::new(text)));
        }
        self.now.insert(place, Held::Text { hash, withheld: masked.keys, fingerprint: None });
    }

    /// Keeps a text, and gives its hash.
    fn keep(&mut self, text: String) -> String {
        let hash = hex::encode(Sha256::digest(&text));
        self.texts.insert(hash.clone(), text);
        hash
    }

    /// A key that is set twice has what its last line says.
    fn add(&mut self, file: &Path, parsed: &EnvFile) {
        let entries: HashMap<&str, _> =
            parsed.entries().filter(|entry| !entry.is_bare()).map(|entry| (entry.key(), entry)).collect();
        for (key, entry) in entries {
            let place = Place::Variable { file: file.to_owned(), key: key.to_owned() };
            let template = entry.template();
            let held = match entry.fill(&|_| None) {
                Ok(Filled { text: value, .. }) if !entry.has_variables() => match SecretRef::parse(&value) {
                    Some(Ok(reference)) => Held::Secret(reference.name),
                    _ => Held::Value(value),
                },
                _ => Held::Template(template.clone().into_owned()),
            };
            let text = match &held {
                Held::Value(text) | Held::Template(text) => text,
                _ => "",
            };
            if looks_like_secret(key, text).is_some() || !secrets_in(text, Manner::Prose).is_empty() {
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
            let is_secret = index >= certain && secrets.contains(&print);
            match self.now.get_mut(&place) {
                Some(Held::Text { fingerprint, .. }) if index < certain => *fingerprint = Some(print),
                Some(Held::Text { .. }) if is_secret => self.drop_text(place),
                Some(_) if index < certain || is_secret => {
                    self.now.insert(place, Held::Withheld { fingerprint: Some(print) });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Of a text that has a secret in plain sight nothing is kept: where else it is in there cannot be known.
    fn drop_text(&mut self, place: Place) {
        let hash = self.keep(String::new());
        if let Some(Held::Text { hash: kept, withheld, .. }) = self.now.get_mut(&place) {
            *kept = hash;
            *withheld = vec!["a value that is a secret".to_owned()];
        }
    }

    /// Plain values that are not in the newest version: those that are were looked at then. A value that became equal to a
    /// secret afterwards is looked at too, because setting the secret is a version of its own.
    async fn new_values(&self, core: &Core, project: &Project) -> Result<Vec<(Place, Sensitive)>> {
        let id = core.project_id(project).await?;
        let newest = core.history().await?.configuration_at(id, None).await?;
        let known = |place: &Place, held: &Held| {
            newest.get(place).and_then(|entry| entry.held.as_ref()).is_some_and(|newest| newest.same(held))
        };
        let secrets_moved =
            self.now.iter().any(|(place, held)| matches!(held, Held::Version(_)) && !known(place, held));
        let new = self.now.iter().filter(|(place, held)| secrets_moved || !known(place, held));
        let values = new.flat_map(|(place, held)| {
            let values = match held {
                Held::Value(text) | Held::Template(text) => vec![Sensitive::new(text.clone())],
                Held::Text { .. } => self.inside.get(place).cloned().unwrap_or_default(),
                _ => Vec::new(),
            };
            values.into_iter().map(|value| (place.clone(), value))
        });
        Ok(values.collect())
    }
}

/// The env files of an environment, in the order in which they are read.
pub(crate) fn env_files(project: &Project, environment: &EnvironmentName) -> Vec<PathBuf> {
    let patterns = project.file.configuration.variables.iter();
    patterns.map(|pattern| PathBuf::from(pattern.replace("{environment}", environment.as_str()))).collect()
}
