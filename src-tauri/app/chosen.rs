//! Folders that a person chose: in the system's dialog, on the command line, or earlier. The page acts on these and on no other, so that
//! whatever gets into the page cannot read, write and run what it likes.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use sternway_model::{Code, Error, Result};

/// A folder that a person chose. Only [`Folders`] gives one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen(PathBuf);

impl Chosen {
    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

/// What was chosen since the window opened. What was chosen before is in the list of projects, into which nothing else gets.
#[derive(Default)]
pub struct Folders(Mutex<HashSet<PathBuf>>);

impl Folders {
    /// A person has just chosen this one.
    pub fn choose(&self, folder: &Path) -> Chosen {
        let folder = real(folder);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.clone());
        Chosen(folder)
    }

    /// The folder that the page names, if a person chose it now, or before and it is `listed`.
    ///
    /// # Errors
    /// [`Code::InvalidInput`] if nobody did.
    pub async fn chosen(&self, folder: &Path, listed: impl AsyncFnOnce() -> Vec<PathBuf>) -> Result<Chosen> {
        let folder = real(folder);
        if self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&folder) {
            return Ok(Chosen(folder));
        }
        if listed().await.contains(&folder) {
            return Ok(self.choose(&folder));
        }
        Err(Error::new(Code::InvalidInput, format!("nobody has chosen the folder {}", folder.display()))
            .hint("Choose it under Projects: Open a folder."))
    }
}

/// The folder without links and detours; one that is gone is meant as it is named.
fn real(folder: &Path) -> PathBuf {
    let Ok(real) = folder.canonicalize() else { return folder.to_owned() };
    match real.to_str().and_then(|text| text.strip_prefix(r"\\?\")) {
        Some(plain) => PathBuf::from(plain),
        None => real,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_what_was_chosen_is_acted_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().canonicalize().expect("there").join(name);
        for name in ["dialog", "listed", "neither"] {
            std::fs::create_dir(at(name)).expect("made");
        }
        let folders = Folders::default();
        let listed = async || vec![at("listed"), at("gone")];
        assert_eq!(folders.choose(&at("dialog")).path(), at("dialog"));
        for (name, allowed) in
            [("dialog", true), ("listed", true), ("gone", true), ("neither", false), ("absent", false)]
        {
            let chosen = folders.chosen(&at(name), listed).await;
            assert_eq!(chosen.is_ok(), allowed, "{name}: {chosen:?}");
        }
        let around = folders.chosen(&at("dialog/../neither"), listed).await.expect_err("it is the other one");
        assert!(around.message.ends_with("neither"), "{around}");
        let above = folders.chosen(folder.path(), listed).await.expect_err("what is above was not chosen");
        assert_eq!(above.code, Code::InvalidInput);
        let below = folders.chosen(&at("dialog/sub"), listed).await;
        assert!(below.is_err(), "a folder in it is another folder");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_link_is_what_it_leads_to() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("real")).expect("made");
        std::fs::create_dir(at("other")).expect("made");
        std::os::unix::fs::symlink(at("real"), at("link")).expect("linked");
        let (folders, none) = (Folders::default(), async || Vec::new());
        let chosen = folders.choose(&at("link"));
        assert_eq!(folders.chosen(&at("real"), none).await.expect("the same folder"), chosen);
        std::fs::remove_file(at("link")).expect("removed");
        std::os::unix::fs::symlink(at("other"), at("link")).expect("linked");
        folders.chosen(&at("link"), none).await.expect_err("it leads elsewhere now");
    }
}
