//! Which process runs a deployment, and whether it still lives.
//!
//! A process holds an operating system's lock on a file of its own for as long as it runs. The system drops the lock when
//! the process ends in whatever way, so a lock that can be taken proves that its owner is gone. Process numbers, which
//! are used again, cannot prove that. A second file is locked by whatever watches over a command that the process has started: the
//! commands may take some seconds longer to end than the process.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use sternway_model::{Error, Result};

/// How long commands of a process that is gone are waited for: twice as long as they are given to end.
const ENDING: Duration = Duration::from_secs(10);
/// How often they are looked at meanwhile.
const LOOK: Duration = Duration::from_millis(50);

/// This process, as long as the value lives.
#[derive(Debug)]
pub struct Owner {
    token: String,
    path: PathBuf,
    commands: PathBuf,
    _lock: File,
}

impl Owner {
    /// Takes a new lock in `folder`.
    ///
    /// # Errors
    /// If the file cannot be made or locked.
    pub fn register(folder: &Path, token: String) -> Result<Self> {
        let path = folder.join(format!("{token}.lock"));
        let file = private(OpenOptions::new().write(true).truncate(true)).open(&path);
        let file = file.map_err(|error| Error::io("make", &path, &error))?;
        file.try_lock().map_err(|error| Error::failed(format!("cannot lock {}: {error}", path.display())))?;
        let commands = commands(folder, &token);
        Ok(Self { token, path, commands, _lock: file })
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
        is_locked(&folder.join(format!("{token}.lock")))
    }

    /// What a watch over a command has open while the command may run.
    ///
    /// # Errors
    /// If the file cannot be made or locked.
    pub fn mark(&self) -> Result<Stdio> {
        let file = private(OpenOptions::new().append(true)).open(&self.commands);
        let file = file.map_err(|error| Error::io("make", &self.commands, &error))?;
        file.try_lock_shared()
            .map_err(|error| Error::failed(format!("cannot lock {}: {error}", self.commands.display())))?;
        Ok(Stdio::from(file))
    }

    /// Waits until the commands of a process that is gone have ended, too; whether they have.
    ///
    /// # Errors
    /// If the file is there and cannot be opened.
    pub async fn left_nothing(folder: &Path, token: &str) -> Result<bool> {
        let commands = commands(folder, token);
        let begin = tokio::time::Instant::now();
        while is_locked(&commands)? {
            if begin.elapsed() > ENDING {
                return Ok(false);
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(true)
    }
}

fn commands(folder: &Path, token: &str) -> PathBuf {
    folder.join(format!("{token}.commands"))
}

fn is_locked(path: &Path) -> Result<bool> {
    let file = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(Error::io("open", path, &error)),
    };
    match file.try_lock() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(Error::io("lock", path, &error)),
    }
}

/// A file that is made if it is missing, for its owner alone.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.create(true)
}

impl Drop for Owner {
    fn drop(&mut self) {
        // A file that stays behind is harmless: its lock is free, so its owner counts as gone.
        drop(std::fs::remove_file(&self.path));
        drop(std::fs::remove_file(&self.commands));
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
