//! Copies of the history: one of each day on which something was written, and one from before each migration.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::SqliteConnection;
use sternway_model::{At, Code, Error, Result};

use crate::History;
use crate::open::make_private_file;
use crate::sound::quick_check;

/// How many days' copies there are.
const DAYS: usize = 7;

impl History {
    /// Makes the day's copy, unless there is one. Called before the first thing of a day is written. A copy that cannot be written is in
    /// nobody's way: the next program tries again.
    ///
    /// # Errors
    /// [`Code::HistoryDamaged`] if the file is: a copy of it would take the place of a good one.
    pub(crate) async fn copy_of_the_day(&self, at: At) -> Result<()> {
        if self.copied.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        let copy = self.place.daily(at);
        if copy.exists() {
            return Ok(());
        }
        let made = async {
            let mut connection = self.pool().acquire().await.map_err(|error| self.fault(error))?;
            quick_check(&mut connection, &self.place).await?;
            back_up(&mut connection, &copy).await?;
            let copies = self.place.dailies();
            for old in &copies[..copies.len().saturating_sub(DAYS)] {
                tokio::fs::remove_file(old).await.map_err(|error| Error::io("remove", old, &error))?;
            }
            Ok::<(), Error>(())
        };
        match made.await {
            Err(error) if error.code != Code::HistoryDamaged => Ok(()),
            made => made,
        }
    }

    /// The newest copy of the file, if there is a good one.
    #[must_use]
    pub fn newest_copy(&self) -> Option<PathBuf> {
        self.place.newest_good_copy()
    }
}

/// Copies the file as it is now. The copy gets its name only when it is complete.
///
/// # Errors
/// If the copy cannot be written.
pub(crate) async fn back_up(connection: &mut SqliteConnection, copy: &Path) -> Result<()> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    // Two that copy the same file at once must not write into one another's copy.
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let incomplete = copy.with_extension(format!("incomplete-{}-{number}", std::process::id()));
    match tokio::fs::remove_file(&incomplete).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(Error::io("remove", &incomplete, &error));
        }
        _ => {}
    }
    // VACUUM INTO accepts a file that is there if it is empty.
    make_private_file(&incomplete).await?;
    let name = incomplete.to_str().ok_or_else(|| Error::invalid("the data folder's path is not UTF-8"))?;
    let copied = sqlx::query("VACUUM INTO ?").bind(name).execute(connection).await;
    if let Err(error) = copied {
        // The file was checked just before: it is the copy that cannot be written.
        let error = Error::failed(format!("cannot write {}: {error}", incomplete.display()))
            .hint("Check the disk's free space and health.");
        return match tokio::fs::remove_file(&incomplete).await {
            Ok(()) => Err(error),
            Err(left) => Err(error.context(Error::io("remove", &incomplete, &left))),
        };
    }
    let written = async { tokio::fs::File::open(&incomplete).await?.sync_all().await };
    written.await.map_err(|error| Error::io("write", &incomplete, &error))?;
    tokio::fs::rename(&incomplete, copy).await.map_err(|error| Error::io("rename", &incomplete, &error))
}
