//! The env files of all environments of a project, each read once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sternway_model::{EnvironmentName, Error, ProjectFile, Result, Seal};

use crate::env_file::EnvFile;
use crate::store::{self, Stamp};
use crate::variables::{Merged, Slot, slots};

/// A file as it was read.
struct Source {
    /// `None` if there is no such file and need not be one.
    file: Result<Option<EnvFile>>,
    stamp: Stamp,
}

/// The files of all environments.
pub(crate) struct Sources<'a> {
    project_dir: &'a Path,
    project: &'a ProjectFile,
    files: BTreeMap<PathBuf, Source>,
    /// Of everything that is made of these files.
    seal: Seal,
}

impl<'a> Sources<'a> {
    /// Holds the folders of all files against other writers, until they are saved.
    ///
    /// # Errors
    /// As [`store::Lock::of`].
    pub(crate) fn lock(project_dir: &Path, project: &ProjectFile) -> Result<store::Lock> {
        let slots = project.environments.keys().flat_map(|environment| slots(project, environment));
        let paths: BTreeSet<PathBuf> = slots.map(|slot| project_dir.join(slot.path)).collect();
        store::Lock::of(paths.iter().map(PathBuf::as_path))
    }

    /// Reads every file once. One that cannot be read is a problem of the environments that have it, and of no other.
    ///
    /// # Errors
    /// If the system gives no random numbers.
    pub(crate) fn open(project_dir: &'a Path, project: &'a ProjectFile) -> Result<Self> {
        let mut different: BTreeMap<PathBuf, Slot> = BTreeMap::new();
        for slot in project.environments.keys().flat_map(|environment| slots(project, environment)) {
            different.entry(slot.path.clone()).or_insert(slot);
        }
        let read = |slot: &Slot| match slot.read(project_dir) {
            Ok((file, stamp)) => Source { file: Ok(file), stamp },
            Err(error) => Source { file: Err(error), stamp: Stamp::ABSENT },
        };
        let files = different.into_par_iter().map(|(path, slot)| (path, read(&slot))).collect();
        Ok(Self { project_dir, project, files, seal: Seal::draw()? })
    }

    /// The files of an environment that are there and can be read, in their order.
    pub(crate) fn of(&self, environment: &EnvironmentName) -> impl Iterator<Item = (Slot, &EnvFile)> {
        slots(self.project, environment).into_iter().filter_map(|slot| {
            let file = self.files.get(&slot.path)?.file.as_ref().ok()?.as_ref()?;
            Some((slot, file))
        })
    }

    /// The files of some environment: what is said of shared ones is the same for all.
    pub(crate) fn of_any(&self) -> impl Iterator<Item = (Slot, &EnvFile)> {
        self.project.environments.keys().next().into_iter().flat_map(|environment| self.of(environment))
    }

    /// Why files cannot be read.
    pub(crate) fn problems(&self) -> impl Iterator<Item = &Error> {
        self.files.values().filter_map(|source| source.file.as_ref().err())
    }

    /// An environment's variables; secrets without versions.
    pub(crate) fn merged(&self, environment: &EnvironmentName) -> Merged<'static> {
        Merged::new(&|_| None, self.seal.clone()).with(self.of(environment))
    }

    /// The files with which every environment begins.
    pub(crate) fn common(&self) -> Merged<'static> {
        Merged::new(&|_| None, self.seal.clone()).with(self.of_any().take_while(|(slot, _)| !slot.own))
    }

    /// The files of an environment that come behind the [common](Self::common) ones, laid over those.
    pub(crate) fn own<'b>(&self, environment: &EnvironmentName, common: &'b Merged<'b>) -> Merged<'b> {
        Merged::over(common).with(self.of(environment).skip_while(|(slot, _)| !slot.own))
    }

    /// What the shared files alone give to every environment.
    pub(crate) fn shared(&self) -> Merged<'static> {
        Merged::new(&|_| None, self.seal.clone()).with(self.of_any().filter(|(slot, _)| !slot.own))
    }

    /// The file in a slot, to be edited; an empty one if it is not there yet.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn edit(&self, slot: &Slot) -> Result<EnvFile> {
        match self.files.get(&slot.path).map(|source| &source.file) {
            Some(Ok(Some(file))) => Ok(file.clone()),
            Some(Err(error)) => Err(error.clone()),
            Some(Ok(None)) | None => EnvFile::parse(&slot.path, b""),
        }
    }

    /// These files as they would be after an edit; nothing is written.
    pub(crate) fn with(&self, edited: &[EnvFile]) -> Self {
        let copy = |(path, source): (&PathBuf, &Source)| {
            let file = match edited.iter().find(|file| file.path() == path) {
                Some(file) => Ok(Some(file.clone())),
                None => source.file.clone(),
            };
            (path.clone(), Source { file, stamp: source.stamp.clone() })
        };
        let files = self.files.iter().map(copy).collect();
        Self { project_dir: self.project_dir, project: self.project, files, seal: self.seal.clone() }
    }

    /// Puts a file in the place of the one that was read; nothing is written.
    pub(crate) fn replace(&mut self, file: EnvFile) {
        let stamp = self.files.get(file.path()).map_or(Stamp::ABSENT, |source| source.stamp.clone());
        self.files.insert(file.path().to_owned(), Source { file: Ok(Some(file)), stamp });
    }

    /// Writes the files that are others in `edited`, if they still are what was read: all of them, or none. Gives their
    /// names. `lock` was there before they were read.
    ///
    /// # Errors
    /// As [`store::save_all`].
    pub(crate) fn save(&self, edited: &Self, lock: &store::Lock) -> Result<Vec<PathBuf>> {
        let mut changes = Vec::new();
        for (path, source) in &edited.files {
            let Ok(Some(file)) = &source.file else { continue };
            let current = self.files.get(path).and_then(|source| source.file.as_ref().ok()?.as_ref());
            if current.is_none_or(|current| current.bytes() != file.bytes()) {
                changes.push(store::Replacement {
                    path: self.project_dir.join(path),
                    expected: source.stamp.clone(),
                    bytes: file.bytes().to_vec(),
                });
            }
        }
        lock.save_all(&changes)?;
        let names = changes.iter().map(|change| change.path.strip_prefix(self.project_dir).unwrap_or(&change.path));
        Ok(names.map(Path::to_owned).collect())
    }
}
