//! What the commands share.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sternway_core::{Parts, Project, Sternway};
use sternway_model::Result;

/// The core, built completely before the window opens.
pub struct Shared {
    /// The use cases.
    pub core: Arc<Sternway>,
    /// The project that the command line names.
    pub launch: Option<PathBuf>,
}

impl Shared {
    /// From the machine and the command line.
    ///
    /// # Errors
    /// If there is no folder for Sternway's data.
    pub fn new() -> Result<Self> {
        Ok(Self { core: Arc::new(Sternway::new(Parts::system()?)), launch: launch_project() })
    }

    /// Reads a project anew: its files are other tools' too, so they may have changed since the last command.
    pub fn project(&self, folder: &Path) -> Result<Project> {
        Project::open(folder)
    }
}

/// `--project DIR`; relative to where the program was started.
fn launch_project() -> Option<PathBuf> {
    let mut arguments = std::env::args_os().skip_while(|argument| argument != "--project").skip(1);
    arguments.next().map(|folder| std::path::absolute(&folder).unwrap_or_else(|_| folder.into()))
}
