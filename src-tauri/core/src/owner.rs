//! Which process runs a deployment, and whether it still lives.
//!
//! A process holds an operating system's lock on a file of its own for as long as it runs. The system drops the lock when
//! the process ends in whatever way, so a lock that can be taken proves that its owner is gone. Process numbers, which
//! are used again, cannot prove that.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use sternway_model::{Error, Result};

/// This process, as long as the value lives.
#[derive(Debug)]
pub struct Owner {
    token: String,
    path: PathBuf,
    _lock: File,
}

impl Owner {
    /// Takes a new lock in `folder`.
    ///
    /// # Errors
    /// If the file cannot be made or locked.
    pub fn register(folder: &Path, token: String) -> Result<Self> {
        let path = folder.join(format!("{token}.lock"));
        let file = File::create(&path).map_err(|error| Error::io("make", &path, &error))?;
        file.try_lock().map_err(|error| Error::failed(format!("cannot lock {}: {error}", path.display())))?;
        Ok(Self { token, path, _lock: file })
    }

    /// Names the process in history and on the target.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Whether the process with that token still lives, as far as this machine can tell. A token without a file belonged to
    /// a process that ended in order.
    ///
    /// # Errors
    /// If the file is there and cannot be opened.
    pub fn lives(folder: &Path, token: &str) -> Result<bool> {
        let path = folder.join(format!("{token}.lock"));
        let file = match OpenOptions::new().read(true).write(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(Error::io("open", &path, &error)),
        };
        match file.try_lock() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(Error::io("lock", &path, &error)),
        }
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        // A file that stays behind is harmless: its lock is free, so its owner counts as gone.
        drop(std::fs::remove_file(&self.path));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_lives_until_it_is_dropped() {
        let folder = tempfile::tempdir().expect("a folder");
        let owner = Owner::register(folder.path(), "a".to_owned()).expect("registered");
        assert_eq!(Owner::lives(folder.path(), "a"), Ok(true));
        drop(owner);
        assert_eq!(Owner::lives(folder.path(), "a"), Ok(false));
    }

    #[test]
    fn a_file_that_a_dead_process_left_is_no_owner() {
        let folder = tempfile::tempdir().expect("a folder");
        File::create(folder.path().join("b.lock")).expect("a file");
        assert_eq!(Owner::lives(folder.path(), "b"), Ok(false));
    }
}
