//! Where Sternway keeps its data.

use std::fs;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use sternway_model::{Code, Error, Result};

/// The folder below which everything lives that Sternway writes outside a project.
#[derive(Debug, Clone)]
pub struct Home {
    root: PathBuf,
}

impl Home {
    /// `STERNWAY_HOME` if it is set, else the platform's data folder. It is made if it is missing.
    ///
    /// # Errors
    /// If there is no such folder and it cannot be made.
    pub fn find() -> Result<Self> {
        let root = match std::env::var_os("STERNWAY_HOME") {
            Some(home) if !home.is_empty() => PathBuf::from(home),
            _ => etcetera::choose_base_strategy()
                .map_err(|error| {
                    Error::new(Code::Failed, format!("there is no home folder for Sternway's data: {error}"))
                        .hint("Set STERNWAY_HOME to a folder of your own.")
                })?
                .data_dir()
                .join("sternway"),
        };
        Self::at(root)
    }

    /// A given folder. It is made if it is missing, readable by its owner alone.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn at(root: PathBuf) -> Result<Self> {
        let make = |path: &Path| private_folder(path).map_err(|error| Error::io("make the folder", path, &error));
        make(&root)?;
        make(&root.join("owners"))?;
        Ok(Self { root })
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Locks that show which processes live, see [`crate::owner`].
    #[must_use]
    pub fn owners(&self) -> PathBuf {
        self.root.join("owners")
    }

    /// Contents of files that releases need, see [`crate::kept`].
    #[must_use]
    pub fn kept(&self) -> PathBuf {
        self.root.join("kept")
    }

    /// Where the sample project is copied to, so that it can be edited.
    #[must_use]
    pub fn sample(&self) -> PathBuf {
        self.root.join("sample").join("shop")
    }
}

#[cfg(unix)]
fn private_folder(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn private_folder(path: &Path) -> std::io::Result<()> {
    fs::create_dir_all(path)
}
