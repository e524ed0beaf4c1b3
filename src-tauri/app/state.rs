//! What the commands share.

use std::path::Path;
use std::sync::Arc;

use sternway_core::{Parts, Patience, Project, Sternway};
use sternway_model::Result;

use crate::chosen::{Chosen, Folders};
use crate::clipboard::Clipboard;
use crate::desktop::Desktop;
use crate::keychain::Waiting;
use crate::launch::{Launch, Launches};
use crate::services::Followed;

/// The core, built completely before the window opens.
pub struct Shared {
    /// The use cases.
    pub core: Arc<Sternway>,
    /// Tells the person of what ended while they looked elsewhere.
    pub desktop: Arc<Desktop>,
    /// What the command lines ask for.
    pub launches: Launches,
    /// Where secrets are copied to.
    pub clipboard: Clipboard,
    /// Whether the keychain is waited for.
    pub keychain: Arc<Waiting>,
    /// The folders that the page may act on.
    pub folders: Folders,
    /// What the page follows.
    pub followed: Followed,
}

impl Shared {
    /// From the machine and the command line.
    ///
    /// # Errors
    /// If there is no folder for Sternway's data.
    pub fn new() -> Result<Self> {
        let launch = Launch::read(std::env::args_os().skip(1), &std::env::current_dir().unwrap_or_default());
        let desktop = Arc::new(Desktop::default());
        let keychain = Arc::new(Waiting::default());
        let told = keychain.clone();
        let mut parts = Parts::system(Patience::of_a_person().told(move |waits| told.is(waits)))?;
        parts.channels.push(desktop.clone());
        Ok(Self {
            core: Arc::new(Sternway::new(parts)),
            desktop,
            launches: Launches::new(launch),
            clipboard: Clipboard::system()?,
            keychain,
            folders: Folders::default(),
            followed: Followed::default(),
        })
    }

    /// A folder that the page names.
    ///
    /// # Errors
    /// If no person chose it.
    pub async fn chosen(&self, folder: &Path) -> Result<Chosen> {
        // A list that cannot be read has nothing in it: what is wrong with it is said elsewhere.
        let listed =
            async || self.core.projects().await.unwrap_or_default().into_iter().map(|entry| entry.path).collect();
        self.folders.chosen(folder, listed).await
    }

    /// Reads a project anew: its files are other tools' too, so they may have changed since the last command.
    ///
    /// # Errors
    /// If no person chose the folder, or it is no project.
    pub async fn project(&self, folder: &Path) -> Result<Project> {
        Project::open(self.chosen(folder).await?.path())
    }
}
