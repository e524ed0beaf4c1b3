//! Writers of the same files wait for each other: between reading a file and putting another in its place nobody else does.

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use sternway_model::{Error, Result};

use super::{Replacement, Stamp, behind_links, place, publish_all, staged};

/// How long a writer waits for the others. Each takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it looks.
const PAUSE: Duration = Duration::from_millis(5);

/// The folders of some files, held against every other writer, in this process and in others. The operating system lets go of
/// them when the process ends, however it does.
#[derive(Debug)]
pub struct Lock {
    _held: Vec<File>,
}

impl Lock {
    /// Holds the folders in which these files are, behind links. Files that are read and then written in its presence are not
    /// changed in between by anybody who asks for it too.
    ///
    /// # Errors
    /// [`sternway_model::Code::Failed`] if another writer does not come to an end.
    pub fn of<'p>(paths: impl IntoIterator<Item = &'p Path>) -> Result<Self> {
        let mut folders = BTreeSet::new();
        for path in paths {
            let target = behind_links(path)?;
            // What does not exist yet will be made below the first folder that does.
            let real = target.ancestors().skip(1).find_map(|folder| {
                if folder.as_os_str().is_empty() { Path::new(".") } else { folder }.canonicalize().ok()
            });
            folders.extend(real);
        }
        let until = Instant::now() + PATIENCE;
        let mut held = Vec::new();
        // In one order for everybody, so that no two wait for each other.
        for folder in folders {
            // Where a folder cannot be locked, such as on some network file systems, stamps still tell what was changed.
            let Ok(file) = handle(&folder) else { continue };
            held.extend(lock(file, &folder, until)?);
        }
        Ok(Self { _held: held })
    }

    /// As [`super::save`], of a file in one of the folders that are held.
    ///
    /// # Errors
    /// As [`super::save`].
    pub fn save(&self, path: &Path, expected: &Stamp, bytes: &[u8]) -> Result<Stamp> {
        super::save_held(path, expected, bytes)
    }

    /// As [`super::save_all`], of files in the folders that are held.
    ///
    /// # Errors
    /// As [`super::save_all`].
    pub fn save_all(&self, replacements: &[Replacement]) -> Result<()> {
        publish_all(staged(replacements)?)
    }
}

fn lock(file: File, folder: &Path, until: Instant) -> Result<Option<File>> {
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::Error(_)) => return Ok(None),
            Err(TryLockError::WouldBlock) if Instant::now() < until => std::thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => {
                return Err(Error::failed(format!("another program is writing files in {}", folder.display()))
                    .hint("Nothing was written. Try again when it has ended.")
                    .at(place(folder)));
            }
        }
    }
}

/// The folder itself: nothing is left behind in it.
#[cfg(unix)]
fn handle(folder: &Path) -> std::io::Result<File> {
    File::open(folder)
}

/// A folder cannot be locked there, so a file stands for it.
#[cfg(not(unix))]
fn handle(folder: &Path) -> std::io::Result<File> {
    use sha2::{Digest, Sha256};
    let name = hex::encode(Sha256::digest(folder.to_string_lossy().as_bytes()));
    let path = std::env::temp_dir().join(format!("sternway-{name}.lock"));
    File::options().create(true).truncate(false).write(true).open(path)
}
