//! Use case: bring back an earlier version of the configuration: one variable, a file, what an environment reads, or all.
//!
//! Nothing is rewound: the files are edited like by hand, byte for byte where nothing differs, and that is the next version.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use sternway_config::document::{Document, unmasked};
use sternway_config::{Assignment, EnvFile, store};
use sternway_history::{Held, Place, StoredChange, StoredEntry, StoredSecret};
use sternway_model::{Cause, Code, Error, Result, SecretName, SecretPin};

use crate::configure::blocking;
use crate::documents::format_of;
use crate::machine::Core;
use crate::project::Project;
use crate::values::Use;
use crate::versions::{change_view, env_files, is_among};
use crate::view::{Left, RestorePlan, RestoreScope, Restored};

/// What would be done.
struct Steps {
    changes: Vec<StoredChange>,
    left: Vec<Left>,
    /// Texts of documents that are written, whole: what was withheld has the values that the files have now.
    texts: BTreeMap<PathBuf, String>,
}

type State = BTreeMap<Place, StoredEntry>;

fn held<'a>(state: &'a State, place: &Place) -> Option<&'a Held> {
    state.get(place).and_then(|entry| entry.held.as_ref())
}

impl Core {
    /// What bringing a version back would change. Changes nothing.
    ///
    /// # Errors
    /// [`Code::NotFound`] if there is no such version.
    pub async fn plan_restore(&self, project: &Project, version: u32, scope: &RestoreScope) -> Result<RestorePlan> {
        self.notice(project).await?;
        let steps = self.steps(project, version, scope).await?;
        let id = self.project_id(project).await?;
        Ok(RestorePlan {
            version: self.version(id, version).await?,
            stamp: stamp(version, scope, &steps),
            changes: steps.changes.iter().map(|change| change_view(project, change)).collect(),
            left: steps.left,
        })
    }

    /// Brings a version back, as a new version. With a plan's stamp, only if it would still do the same.
    ///
    /// # Errors
    /// [`Code::PlanMoved`] if it would not; [`Code::FileChanged`] if a file changed meanwhile; if nothing of what differs
    /// can be brought back.
    pub async fn restore(
        &self,
        project: &Project,
        version: u32,
        scope: &RestoreScope,
        stamp_seen: Option<&str>,
        note: Option<&str>,
    ) -> Result<Restored> {
        self.notice(project).await?;
        let steps = self.steps(project, version, scope).await?;
        if stamp_seen.is_some_and(|seen| seen != stamp(version, scope, &steps)) {
            return Err(crate::planning::moved());
        }
        if let ([], [left, ..]) = (steps.changes.as_slice(), steps.left.as_slice()) {
            return Err(Error::failed(format!("{} cannot be brought back: {}", left.subject, left.reason)));
        }
        let because = format!("version {version} brought back");
        let note = note.map_or_else(|| because.clone(), |note| format!("{because}: {note}"));
        let edit = self.carry_back(project, &steps);
        let ((), noted) = self.saving(project, Cause::Restored, Some(&note), edit).await?;
        if let Some(problem) = noted.problem {
            return Err(problem);
        }
        Ok(Restored {
            version: noted.version.filter(|_| !steps.changes.is_empty()),
            changes: steps.changes.iter().map(|change| change_view(project, change)).collect(),
            left: steps.left,
        })
    }

    async fn steps(&self, project: &Project, version: u32, scope: &RestoreScope) -> Result<Steps> {
        let (id, history) = (self.project_id(project).await?, self.history().await?);
        self.version(id, version).await?;
        let (now, then) =
            (history.configuration_at(id, None).await?, history.configuration_at(id, Some(version)).await?);
        let wanted = Wanted::new(project, scope, &then)?;
        let known = self.known_secrets(project).await?;
        let mut steps = Steps { changes: Vec::new(), left: Vec::new(), texts: BTreeMap::new() };
        let places: BTreeSet<&Place> = now.keys().chain(then.keys()).filter(|place| wanted.has(place)).collect();
        for place in places {
            let (before, after) = (held(&now, place), held(&then, place));
            let same = match (before, after) {
                // The same value under another number.
                (Some(Held::Version(before)), Some(Held::Version(after))) => {
                    before == after
                        || print(&known, place, *before).is_some_and(|it| Some(it) == print(&known, place, *after))
                }
                (Some(before), Some(after)) => before.same(after),
                (before, after) => before.is_none() && after.is_none(),
            };
            if same {
                continue;
            }
            let has_value = |version: u32| print(&known, place, version).is_some();
            let reason = match (place, after) {
                (Place::Document { file }, Some(Held::Text { hash, withheld, .. })) => {
                    let kept = history.configuration_text(id, hash).await?;
                    match whole_text(project, file, kept, withheld).await {
                        Ok(text) => {
                            steps.texts.insert(file.clone(), text);
                            None
                        }
                        Err(error) => Some(error.message),
                    }
                }
                _ => reason_to_leave(place, after, &has_value),
            };
            match reason {
                Some(reason) => steps.left.push(Left { subject: subject(place), reason }),
                None => {
                    let change = StoredChange { place: place.clone(), before: before.cloned(), after: after.cloned() };
                    steps.changes.push(change);
                }
            }
        }
        Ok(steps)
    }

    /// Edits the files and gives secrets their earlier values as new versions.
    async fn carry_back(&self, project: &Project, steps: &Steps) -> Result<()> {
        let (folder, changes, texts) = (project.folder.clone(), steps.changes.clone(), steps.texts.clone());
        blocking(move || {
            let variables = changes.iter().filter_map(|change| match &change.place {
                Place::Variable { file, .. } => Some(file),
                _ => None,
            });
            let paths: Vec<PathBuf> = variables.chain(texts.keys()).map(|file| folder.join(file)).collect();
            let lock = store::Lock::of(paths.iter().map(PathBuf::as_path))?;
            let mut files: BTreeMap<PathBuf, (EnvFile, store::Stamp)> = BTreeMap::new();
            for StoredChange { place, after, .. } in &changes {
                let Place::Variable { file, key } = place else { continue };
                if !files.contains_key(file) {
                    let (bytes, stamp) = store::read(&folder.join(file))?;
                    files.insert(file.clone(), (EnvFile::parse(file, &bytes)?, stamp));
                }
                let Some((edited, _)) = files.get_mut(file) else { continue };
                match after {
                    Some(Held::Value(text)) => edited.set(key, Assignment::Value(text))?,
                    Some(Held::Template(text)) => edited.set(key, Assignment::Template(text))?,
                    Some(Held::Secret(name)) => edited.set(key, Assignment::Secret(name))?,
                    None => drop(edited.unset(key)?),
                    Some(other) => return Err(Error::internal(format!("{key} cannot become {other:?}"))),
                }
            }
            let mut written = Vec::new();
            for (file, (edited, expected)) in files {
                let bytes = edited.bytes().to_vec();
                written.push(store::Replacement { path: folder.join(file), expected, bytes });
            }
            for (file, text) in texts {
                let path = folder.join(file);
                let (_, expected) = store::read(&path)?;
                written.push(store::Replacement { path, expected, bytes: text.into_bytes() });
            }
            lock.save_all(&written)
        })
        .await?;
        for StoredChange { place, after, .. } in &steps.changes {
            if let (Place::Secret { environment, name }, Some(Held::Version(version))) = (place, after) {
                let pin = SecretPin { name: name.clone(), version: *version };
                let value = self.value(project, environment, &pin, Use::Restore).await?;
                self.put_secret(project, environment, name, &value).await?;
            }
        }
        Ok(())
    }
}

/// A document's text as it is written: what was withheld has the value that the file has now.
async fn whole_text(project: &Project, file: &Path, kept: String, withheld: &[String]) -> Result<String> {
    if withheld.is_empty() {
        return Ok(kept);
    }
    let gone = || Error::failed(format!("values in it were not kept: {}", withheld.join(", ")));
    if kept.is_empty() {
        return Err(gone());
    }
    let (path, format, file) = (project.folder.join(file), format_of(project, file), file.to_owned());
    blocking(move || {
        let (bytes, _) = store::read(&path)?;
        let now = String::from_utf8(bytes).ok().and_then(|text| Document::parse(&file, format, &text).ok());
        unmasked(&file, format, &kept, now.as_ref())
    })
    .await
    .map_err(|_| gone())
}

/// The fingerprint of a secret's version, if it has a value.
fn print<'a>(known: &'a [StoredSecret], place: &Place, version: u32) -> Option<&'a str> {
    let Place::Secret { environment, name } = place else { return None };
    let found =
        known.iter().find(|known| &known.environment == environment && &known.name == name && known.version == version);
    found.map(|known| known.fingerprint.as_str())
}

/// Which places are meant.
struct Wanted {
    scope: RestoreScope,
    files: Option<Vec<PathBuf>>,
    /// The secrets to which the variable referred.
    secrets: BTreeSet<SecretName>,
}

impl Wanted {
    fn new(project: &Project, scope: &RestoreScope, then: &State) -> Result<Self> {
        let files = match &scope.environment {
            Some(environment) => {
                project.file.environment(environment)?;
                Some(env_files(project, environment))
            }
            None => None,
        };
        let mut wanted = Self { scope: scope.clone(), files, secrets: BTreeSet::new() };
        let Some(key) = &scope.key else { return Ok(wanted) };
        let named = then.iter().filter(|(place, _)| wanted.has(place)).filter_map(|(_, entry)| match &entry.held {
            Some(Held::Secret(name)) => Some(name.clone()),
            _ => None,
        });
        wanted.secrets = named.collect();
        let known = |place: &Place| matches!(place, Place::Variable { key: known, .. } if known == key);
        if !then.keys().any(known) && wanted.files.is_none() {
            return Err(Error::new(Code::NotFound, format!("no file set {key} in that version")));
        }
        Ok(wanted)
    }

    fn has(&self, place: &Place) -> bool {
        let RestoreScope { environment, file, key } = &self.scope;
        let in_file = file.as_ref().is_none_or(|file| place.file() == Some(file));
        in_file
            && match place {
                Place::Variable { file, key: variable } => {
                    self.files.as_ref().is_none_or(|files| is_among(file, files))
                        && key.as_ref().is_none_or(|key| key == variable)
                }
                Place::Secret { environment: of, name } => {
                    environment.as_ref().is_none_or(|environment| environment == of)
                        && (key.is_none() || self.secrets.contains(name))
                }
                // All environments read documents: they are brought back by their names, or with everything.
                Place::Document { .. } => environment.is_none() && key.is_none(),
            }
    }
}

fn reason_to_leave(place: &Place, after: Option<&Held>, has_value: &dyn Fn(u32) -> bool) -> Option<String> {
    let reason = match (place, after) {
        (_, Some(Held::Withheld { .. })) => "its value looked like a secret, so that it was not kept",
        (Place::Secret { .. }, None) => "it had no value then; remove it with `sternway secret rm` if it must go",
        (Place::Secret { .. }, Some(Held::Version(version))) if !has_value(*version) => {
            return Some(format!("the keychain does not have version {version} any more"));
        }
        (Place::Document { .. }, None) => "it was not there then; remove the file if it must go",
        _ => return None,
    };
    Some(reason.to_owned())
}

fn subject(place: &Place) -> String {
    match place {
        Place::Variable { file, key } => format!("variable {key} in {}", file.display()),
        Place::Secret { environment, name } => format!("secret {name} of {environment}"),
        Place::Document { file } => format!("document {}", file.display()),
    }
}

/// Identifies what would be done.
fn stamp(version: u32, scope: &RestoreScope, steps: &Steps) -> String {
    let mut digest = Sha256::new();
    digest.update(format!("{version} {scope:?} {:?}", steps.changes));
    hex::encode(digest.finalize())
}
