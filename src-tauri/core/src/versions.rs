//! Use cases: versions of the configuration. Each save is one, and so is each change from outside once it is noticed.
//!
//! What is written down are the files: for each variable of each env file what it is set to, for each secret its newest
//! version. Values that look like secrets, or are equal to one, are told by keyed fingerprints and not kept.

mod earlier;
mod snapshot;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use sternway_history::{Held, NewVersion, Place, ProjectId, StoredChange, StoredVersion, VersionFilter};
use sternway_model::{Action, Cause, Code, EnvironmentName, Error, MASK, Result, SecretName, Value, shown};

use crate::machine::Core;
use crate::project::Project;
use crate::view::{
    Blame, BlameLine, VersionChange, VersionDifference, VersionHead, VersionView, VersionsFilter, VersionsPage,
};

use snapshot::Snapshot;
pub(crate) use snapshot::env_files;

/// Who is named for a change that Sternway did not make.
const OUTSIDE: &str = "changed outside";
/// How many versions a page has unless it is said.
const PAGE: u32 = 50;
/// How many changes of a version a page shows.
const SHOWN: usize = 100;

/// What became of writing down a version.
#[derive(Debug)]
pub(crate) struct Noted {
    /// The newest version.
    pub version: Option<u32>,
    /// Why it could not be written down. What was edited stays edited, and is noticed later.
    pub problem: Option<Error>,
}

impl Core {
    /// Does an edit of the configuration and writes down the version that it makes. What was changed outside before it
    /// becomes a version of its own, so that nobody gets the blame for somebody else's change.
    pub(crate) async fn saving<T>(
        &self,
        project: &Project,
        cause: Cause,
        note: Option<&str>,
        edit: impl Future<Output = Result<T>>,
    ) -> Result<(T, Noted)> {
        let before = self.notice(project).await;
        let edited = edit.await?;
        let noted = match before {
            Ok(_) => self.note(project, cause, &self.parts.person, note).await,
            Err(error) => Err(error),
        };
        Ok(match noted {
            Ok(version) => (edited, Noted { version, problem: None }),
            Err(error) => {
                let problem = error.context("the change is made, and could not be written down as a version");
                (edited, Noted { version: None, problem: Some(problem) })
            }
        })
    }

    /// Writes down what was changed outside since the newest version. Gives the newest version then.
    ///
    /// # Errors
    /// If history cannot be written, or the keychain does not tell values from secrets.
    pub async fn notice(&self, project: &Project) -> Result<Option<u32>> {
        self.note(project, Cause::Outside, OUTSIDE, None).await
    }

    async fn note(&self, project: &Project, cause: Cause, by: &str, note: Option<&str>) -> Result<Option<u32>> {
        let snapshot = Snapshot::take(self, project).await?;
        let new = NewVersion {
            project: self.project_id(project).await?,
            cause,
            by,
            created: self.parts.clock.now(),
            note: note.map(str::trim).filter(|note| !note.is_empty()),
            now: &snapshot.now,
            unread: &snapshot.unread,
            texts: &snapshot.texts,
        };
        self.history().await?.record_version(&new).await
    }

    /// A page of versions, newest first, with what each changed.
    ///
    /// # Errors
    /// If history cannot be read.
    pub async fn config_versions(&self, project: &Project, wanted: VersionsFilter) -> Result<VersionsPage> {
        self.notice(project).await?;
        let (id, history) = (self.project_id(project).await?, self.history().await?);
        let filter = self.version_filter(project, &wanted)?;
        let (stored, total) = history.versions(id, &filter).await?;
        let mut versions = Vec::new();
        for version in stored {
            let changes = history.version_changes(id, version.number, &filter).await?;
            let more = u32::try_from(changes.len().saturating_sub(SHOWN)).unwrap_or(u32::MAX);
            let changes = changes.into_iter().take(SHOWN).map(|change| change_view(project, &change));
            versions.push(VersionView { head: head(version), changes: changes.collect(), more });
        }
        Ok(VersionsPage { versions, total })
    }

    fn version_filter(&self, project: &Project, wanted: &VersionsFilter) -> Result<VersionFilter> {
        let environment = match &wanted.environment {
            Some(name) => {
                project.file.environment(name)?;
                Some((name.clone(), env_files(project, name)))
            }
            None => None,
        };
        let key = wanted.key.as_ref().map(|key| {
            let environments = project.file.environments.keys();
            let names: BTreeSet<SecretName> = environments
                .filter(|name| wanted.environment.as_ref().is_none_or(|only| only == *name))
                .flat_map(|name| sternway_config::load(&project.folder, &project.file, name).unwrap_or_default())
                .filter(|variable| &variable.key == key)
                .filter_map(|variable| match variable.value {
                    Value::Secret { name, .. } => Some(name),
                    Value::Plain(_) => None,
                })
                .collect();
            (key.clone(), names.into_iter().collect())
        });
        Ok(VersionFilter { environment, key, offset: wanted.offset, limit: wanted.limit.unwrap_or(PAGE) })
    }

    /// What differs between two versions; without a second one, to the configuration as it is.
    ///
    /// # Errors
    /// [`Code::NotFound`] if there is no such version.
    pub async fn version_difference(&self, project: &Project, from: u32, to: Option<u32>) -> Result<VersionDifference> {
        let newest = self.notice(project).await?;
        let (id, history) = (self.project_id(project).await?, self.history().await?);
        let to = to.or(newest).unwrap_or(from);
        self.version(id, from).await?;
        self.version(id, to).await?;
        let (before, after) =
            (history.configuration_at(id, Some(from)).await?, history.configuration_at(id, Some(to)).await?);
        let places: BTreeSet<&Place> = before.keys().chain(after.keys()).collect();
        let changes = places.into_iter().filter_map(|place| {
            let [before, after] = [&before, &after].map(|state| state.get(place).and_then(|entry| entry.held.clone()));
            let same = match (&before, &after) {
                (Some(before), Some(after)) => before.same(after),
                (before, after) => before.is_none() && after.is_none(),
            };
            (!same).then(|| change_view(project, &StoredChange { place: place.clone(), before, after }))
        });
        Ok(VersionDifference { from, to, changes: changes.collect() })
    }

    /// Finds a version.
    ///
    /// # Errors
    /// [`Code::NotFound`] if there is none of this number.
    pub(crate) async fn version(&self, id: ProjectId, number: u32) -> Result<VersionHead> {
        let stored = self.history().await?.version(id, number).await?;
        stored.map(head).ok_or_else(|| {
            Error::new(Code::NotFound, format!("there is no version {number} of the configuration"))
                .hint("`sternway config versions` lists those that there are.")
        })
    }

    /// Who set each variable of an environment, when, and in which deployment it first ran.
    ///
    /// # Errors
    /// If an env file is wrong, or history cannot be read.
    pub async fn blame(&self, project: &Project, environment: &EnvironmentName) -> Result<Blame> {
        self.notice(project).await?;
        let variables = self.variables(project, environment).await?.variables;
        let (id, history) = (self.project_id(project).await?, self.history().await?);
        let state = history.configuration_at(id, None).await?;
        let released = history.released_versions(id, environment).await?;
        let files = env_files(project, environment);
        let (mut lines, mut heads) = (Vec::new(), BTreeMap::<u32, VersionHead>::new());
        for variable in variables {
            // Removing a line from a later file lets an earlier one win: that gave the value, too.
            let later = files.iter().skip_while(|file| **file != variable.source.file);
            let mut version = later
                .filter_map(|file| {
                    state.get(&Place::Variable { file: file.clone(), key: variable.key.clone() }).map(|e| e.version)
                })
                .max();
            let (value, secret, secret_version) = match variable.value {
                Value::Plain(text) => (Some(shown(&variable.key, &text).to_owned()), None, None),
                Value::Secret { name, version: of_secret } => {
                    let place = Place::Secret { environment: environment.clone(), name: name.clone() };
                    version = version.max(state.get(&place).map(|entry| entry.version));
                    (None, Some(name), of_secret)
                }
            };
            let first_ran = version.and_then(|version| {
                released.iter().find(|(_, made_from)| *made_from >= version).map(|(release, _)| *release)
            });
            let version = match version.map(|number| (number, heads.get(&number).cloned())) {
                None => None,
                Some((_, Some(known))) => Some(known),
                Some((number, None)) => {
                    let head = self.version(id, number).await?;
                    heads.insert(number, head.clone());
                    Some(head)
                }
            };
            lines.push(BlameLine {
                key: variable.key,
                value,
                secret,
                secret_version,
                source: variable.source,
                version,
                first_ran,
            });
        }
        Ok(Blame { environment: environment.clone(), variables: lines })
    }
}

pub(crate) fn head(version: StoredVersion) -> VersionHead {
    let StoredVersion { number, cause, by, created, note } = version;
    VersionHead { number, cause, by, created, note }
}

/// A change as people read it.
pub(crate) fn change_view(project: &Project, change: &StoredChange) -> VersionChange {
    let StoredChange { place, before, after } = change;
    let all = || project.file.environments.keys().cloned().collect();
    let (subject, file, key, environments) = match place {
        Place::Variable { file, key } => {
            let readers = sternway_config::readers(&project.file, file);
            (format!("variable {key}"), Some(file.clone()), Some(key.clone()), readers)
        }
        Place::Secret { environment, name } => {
            (format!("secret {name}"), None, Some(name.to_string()), vec![environment.clone()])
        }
        Place::Document { file } => (format!("document {}", file.display()), Some(file.clone()), None, all()),
    };
    let action = match (before, after) {
        (None, _) => Action::Create,
        (_, None) => Action::Remove,
        _ => Action::Update,
    };
    let name = key.clone().unwrap_or_default();
    let said = |held: &Option<Held>| held.as_ref().and_then(|held| said(&name, held));
    VersionChange { subject, action, before: said(before), after: said(after), file, key, environments }
}

/// What a place has, as it may be shown.
fn said(key: &str, held: &Held) -> Option<String> {
    match held {
        Held::Value(text) | Held::Template(text) => Some(shown(key, text).to_owned()),
        Held::Secret(name) => Some(format!("secret {name}")),
        Held::Withheld { .. } => Some(MASK.to_owned()),
        Held::Version(version) => Some(format!("v{version}")),
        Held::Text { .. } => None,
    }
}

/// Whether a file is one of these.
pub(crate) fn is_among(file: &Path, files: &[PathBuf]) -> bool {
    files.iter().any(|listed| listed == file)
}
