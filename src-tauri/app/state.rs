//! What the commands share.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sternway_core::{Parts, Project, Sternway};
use sternway_model::Result;

use crate::services::Followed;

/// The core, built completely before the window opens.
pub struct Shared {
    /// The use cases.
    pub core: Arc<Sternway>,
    /// What the command line asks for.
    pub launch: Launch,
    /// What the page follows.
    pub followed: Followed,
}

/// Which project the window opens with.
pub enum Launch {
    /// The one that was opened last, or none.
    Last,
    /// A copy of the sample: `--sample`.
    Sample,
    /// This one: `--project DIR`, relative to where the program was started.
    Project(PathBuf),
}

impl Shared {
    /// From the machine and the command line.
    ///
    /// # Errors
    /// If there is no folder for Sternway's data.
    pub fn new() -> Result<Self> {
        Ok(Self {
            core: Arc::new(Sternway::new(Parts::system()?)),
            launch: Launch::from_arguments(),
            followed: Followed::default(),
        })
    }

    /// Reads a project anew: its files are other tools' too, so they may have changed since the last command.
    pub fn project(&self, folder: &Path) -> Result<Project> {
        Project::open(folder)
    }
}

impl Launch {
    fn from_arguments() -> Self {
        let mut arguments = std::env::args_os().skip(1);
        while let Some(argument) = arguments.next() {
            if argument == "--sample" {
                return Self::Sample;
            }
            if argument == "--project"
                && let Some(folder) = arguments.next()
            {
                return Self::Project(std::path::absolute(&folder).unwrap_or_else(|_| folder.into()));
            }
        }
        Self::Last
    }
}
