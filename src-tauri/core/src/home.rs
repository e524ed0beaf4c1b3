//! Where Sternway keeps its data.

use std::fs;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use sternway_model::{Code, Error, Result};

/// The folder below which everything lives that Sternway writes outside a project. Nothing is made before it is needed.
#[derive(Debug, Clone)]
pub struct Home {
    root: PathBuf,
}

impl Home {
    /// `STERNWAY_HOME` if it is set, else the platform's data folder.
    ///
    /// # Errors
    /// If the platform has no such folder.
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
        Ok(Self::at(root))
    }

    /// A given folder.
    #[must_use]
    pub fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// Makes the folders that are missing, and closes to others those that are there.
    ///
    /// # Errors
    /// If one cannot be made or closed.
    pub fn make(&self) -> Result<()> {
        let make = |path: &Path| {
            private_folder(path).map_err(|error| {
                Error::io("make the folder", path, &error).hint(
                    "Sternway keeps its data there: see that you own it and may write in it, or set STERNWAY_HOME.",
                )
            })
        };
        make(&self.root)?;
        make(&self.owners())?;
        if self.kept().exists() { make(&self.kept()) } else { Ok(()) }
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

/// Makes a folder that its owner alone may read. One that is there becomes such a folder.
#[cfg(unix)]
pub(crate) fn private_folder(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    match fs::metadata(path)?.permissions().mode() & 0o777 {
        0o700 => Ok(()),
        _ => fs::set_permissions(path, fs::Permissions::from_mode(0o700)),
    }
}

/// Makes a folder. Below a person's profile nobody else may read it.
#[cfg(not(unix))]
pub(crate) fn private_folder(path: &Path) -> std::io::Result<()> {
    fs::create_dir_all(path)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn folders_of_earlier_versions_are_closed_to_others() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = Home::at(folder.path().join("home"));
        let folders = [home.root().to_owned(), home.owners(), home.kept()];
        for path in &folders {
            fs::create_dir_all(path).expect("made");
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("opened");
        }
        home.make().expect("there");
        for path in &folders {
            assert_eq!(fs::metadata(path).expect("there").permissions().mode() & 0o777, 0o700, "{}", path.display());
        }
    }

    #[test]
    fn a_folder_that_cannot_be_made_says_so() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let home = Home::at(file.path().join("home"));
        let error = home.make().expect_err("that is no folder");
        assert!(error.message.contains("home") && error.hint.contains("STERNWAY_HOME"), "{error}");
    }
}
