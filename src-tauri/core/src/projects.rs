//! Use cases: which projects there are.

use std::path::{Path, PathBuf};

use sternway_model::{Code, Error, FILE_NAME, Result};

use crate::machine::Core;
use crate::project::Project;
use crate::view::{ImportCandidate, Initialised, ProjectEntry};

impl Core {
    /// Opens a project and remembers it. Without a history it opens all the same.
    ///
    /// # Errors
    /// As [`Project::open`].
    pub async fn open(&self, folder: &Path) -> Result<Project> {
        let project = Project::open(folder)?;
        // What is wrong with the history says whoever needs it, and `doctor`; files can be looked at without it.
        drop(self.remember(&project).await);
        Ok(project)
    }

    /// The projects that were opened, the latest first.
    ///
    /// # Errors
    /// If history cannot be read.
    pub async fn projects(&self) -> Result<Vec<ProjectEntry>> {
        let stored = self.history().await?.projects().await?;
        let entries = stored.into_iter().map(|stored| ProjectEntry {
            problem: Project::open(&stored.path).err(),
            path: stored.path,
            name: stored.name,
            opened: stored.opened,
        });
        Ok(entries.collect())
    }

    /// Opens a project whose folder was moved, with the history that it has.
    ///
    /// # Errors
    /// [`Code::InvalidInput`] if the old folder still has it, if the new one is another project or has a history of its own;
    /// else as [`Project::open`].
    pub async fn relocate(&self, from: &Path, to: &Path) -> Result<Project> {
        let project = Project::open(to)?;
        if Project::open(from).is_ok() {
            return Err(Error::invalid(format!("the project is still in {}", from.display()))
                .hint("A copy is a project of its own: open it."));
        }
        let history = self.history().await?;
        let known = history.projects().await?.into_iter().find(|known| known.path == from);
        if let Some(known) = known.filter(|known| known.name != project.file.project) {
            let (this, that) = (&project.file.project, known.name);
            return Err(Error::invalid(format!("{} is the project {this}, not {that}", project.folder.display()))
                .hint(format!("Choose the folder to which {that} was moved.")));
        }
        history.move_project(from, &project.folder).await?;
        self.forget_known();
        self.open(to).await
    }

    /// Takes a project off the list. Its history stays.
    ///
    /// # Errors
    /// If history cannot be written.
    pub async fn forget(&self, folder: &Path) -> Result<()> {
        self.history().await?.forget_project(folder).await
    }

    /// Writes a `sternway.yaml` from what a folder has. Nothing is overwritten.
    ///
    /// # Errors
    /// If there is one already, or the folder cannot be read or written.
    pub async fn init(&self, folder: &Path) -> Result<Initialised> {
        let made = sternway_config::scaffold(folder)?;
        let file = folder.join(FILE_NAME);
        let absent = sternway_config::store::Stamp::ABSENT;
        sternway_config::store::save(&file, &absent, made.text.as_bytes())?;
        let project = self.open(folder).await?;
        // Whoever made a folder a project knows what is in it.
        self.trust_own(&project).await?;
        let mut suspicious: Vec<ImportCandidate> = Vec::new();
        let mut problems = Vec::new();
        for environment in &made.environments {
            match self.import_candidates(&project, environment).await {
                Ok(import) => {
                    let new = import.found.into_iter().filter(|one| !suspicious.iter().any(|known| known == one));
                    suspicious.extend(new.collect::<Vec<_>>());
                }
                // The file is written; what is wrong with the others is part of what was found.
                Err(error) if problems.contains(&error) => {}
                Err(error) => problems.push(error),
            }
        }
        Ok(Initialised {
            file,
            project: made.project,
            environments: made.environments,
            compose: made.compose,
            variables: made.variables,
            suspicious,
            problems,
        })
    }

    /// Trusts what Sternway made itself. Where history is out of order the person is asked later.
    async fn trust_own(&self, project: &Project) -> Result<()> {
        match self.trust(project).await {
            Err(error) if !matches!(error.code, Code::HistoryDamaged | Code::HistoryNewer) => Err(error),
            _ => Ok(()),
        }
    }

    /// Copies the sample project to where it can be edited, unless it is there already.
    ///
    /// # Errors
    /// If it cannot be copied, or history cannot be written.
    pub async fn sample(&self, from: &Path) -> Result<PathBuf> {
        self.parts.home.make()?;
        let to = self.sample_folder();
        if !to.join(FILE_NAME).is_file() {
            copy(from, &to)?;
            // What it runs came with Sternway.
            self.trust_own(&Project::open(&to)?).await?;
        }
        Ok(to)
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to).map_err(|error| Error::io("make the folder", to, &error))?;
    let entries = std::fs::read_dir(from).map_err(|error| Error::io("read", from, &error))?;
    for entry in entries {
        let entry = entry.map_err(|error| Error::io("read", from, &error))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy(&source, &target)?;
        } else {
            std::fs::copy(&source, &target).map_err(|error| Error::io("copy", &source, &error))?;
        }
    }
    Ok(())
}
