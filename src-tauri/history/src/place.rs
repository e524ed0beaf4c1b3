//! Where the history lies, and how a failure of its file is told to a person.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use sternway_model::{At, Code, Error, Location};

/// How names of copies begin.
const COPY: &str = "history-backup-";

/// The folder with the history's file and its copies.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    dir: PathBuf,
}

impl Place {
    pub(crate) fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.dir.join("history.sqlite")
    }

    /// What is written and not brought into the file yet.
    pub(crate) fn beside(&self) -> PathBuf {
        self.dir.join("history.sqlite-wal")
    }

    /// What was seen of the file.
    pub(crate) fn seen(&self) -> PathBuf {
        self.dir.join("history.sqlite-seen")
    }

    /// Where that is written until it is complete: each time another, of all programs.
    pub(crate) fn unfinished_seen(&self) -> PathBuf {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        self.dir.join(format!("history.sqlite-seen-{}-{number}", std::process::id()))
    }

    /// Where the copy from before a migration away from `version` is kept.
    pub(crate) fn backup(&self, version: i64) -> PathBuf {
        self.dir.join(format!("{COPY}v{version}.sqlite"))
    }

    /// Where a day's copy is kept.
    pub(crate) fn daily(&self, at: At) -> PathBuf {
        self.dir.join(format!("{COPY}{}.sqlite", at.0.strftime("%Y-%m-%d")))
    }

    /// The days' copies, the oldest first.
    pub(crate) fn dailies(&self) -> Vec<PathBuf> {
        let mut days = self.copies();
        days.retain(|file| {
            !file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("history-backup-v"))
        });
        days.sort();
        days
    }

    fn copies(&self) -> Vec<PathBuf> {
        // What cannot be listed has none that could be named.
        let Ok(entries) = std::fs::read_dir(&self.dir) else { return Vec::new() };
        let is_copy = |name: &str| name.starts_with(COPY) && name.ends_with(".sqlite");
        entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|file| file.file_name().and_then(|name| name.to_str()).is_some_and(is_copy))
            .collect()
    }

    /// The copy that was written last and is whole, as far as its header says.
    pub(crate) fn newest_good_copy(&self) -> Option<PathBuf> {
        let written = |file: PathBuf| Some((std::fs::metadata(&file).ok()?.modified().ok()?, file));
        let mut copies: Vec<_> = self.copies().into_iter().filter(|file| is_whole(file)).filter_map(written).collect();
        copies.sort();
        copies.pop().map(|(_, file)| file)
    }

    fn at(&self) -> Location {
        Location { file: self.database(), line: None, column: None, key: None }
    }

    /// The file holds something that it should not.
    pub(crate) fn damaged(&self, what: impl std::fmt::Display) -> Error {
        // SQLite would lay what is beside the file over a copy that is put in its place.
        let away = "Move away every file whose name begins with `history.sqlite`, to begin a new history";
        let copy = self.newest_good_copy();
        let way_out = match copy.as_deref().and_then(Path::file_name) {
            Some(copy) => format!(
                "{away} or to put a copy in its place, under the name `history.sqlite`: the newest good one is {}.",
                copy.to_string_lossy()
            ),
            None => format!("{away}; there is no good copy of it in its folder."),
        };
        Error::new(Code::HistoryDamaged, format!("the history {} is damaged: {what}", self.database().display()))
            .hint(way_out)
            .at(self.at())
    }

    pub(crate) fn newer(&self, found: i64, known: i64) -> Error {
        Error::new(
            Code::HistoryNewer,
            format!(
                "the history {} has the form of version {found}, and this Sternway knows up to version {known}",
                self.database().display()
            ),
        )
        .hint("Install the newer Sternway that wrote it. Nothing was changed.")
        .at(self.at())
    }

    /// A failure of the database, by SQLite's primary result code (<https://www.sqlite.org/rescode.html>).
    pub(crate) fn fault(&self, error: sqlx::Error) -> Error {
        let database = self.database();
        let failed = |what: &str, hint: &str| {
            Error::failed(format!("{what}: {}: {error}", database.display())).hint(hint).at(self.at())
        };
        match &error {
            sqlx::Error::Database(cause) => {
                let code = cause.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or_default();
                match code & 0xff {
                    // SQLITE_ERROR: the statements are ours and fixed, so that a table or a column is not there; SQLITE_CORRUPT,
                    // SQLITE_NOTADB
                    1 | 11 | 26 => self.damaged(cause),
                    // SQLITE_BUSY, SQLITE_LOCKED
                    5 | 6 => Error {
                        code: Code::TimedOut,
                        ..failed(
                            "another program kept the history busy for too long",
                            "Try again; if it stays so, look for another Sternway that hangs.",
                        )
                    },
                    // SQLITE_PERM, SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_AUTH
                    3 | 8 | 14 | 23 => failed(
                        "the history cannot be opened for writing",
                        "Check that you own the folder and may write in it.",
                    ),
                    // SQLITE_IOERR, SQLITE_FULL
                    10 | 13 => failed("the history cannot be written", "Check the disk's free space and health."),
                    _ => Error::internal(format!("the history refused a statement: {cause}")),
                }
            }
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::ColumnNotFound(_) => {
                self.damaged(&error)
            }
            sqlx::Error::PoolClosed => Error::internal("the history is closed already"),
            _ => failed("the history does not answer", "Try again."),
        }
    }
}

/// Whether a file is a history and has all the pages that its header speaks of
/// (<https://www.sqlite.org/fileformat2.html>, section 1.3).
fn is_whole(file: &Path) -> bool {
    use std::io::Read;
    let mut header = [0; 100];
    let read = || -> std::io::Result<u64> {
        let mut file = std::fs::File::open(file)?;
        file.read_exact(&mut header)?;
        Ok(file.metadata()?.len())
    };
    let Ok(length) = { read }() else { return false };
    let number = |place: usize, bytes: usize| {
        header[place..place + bytes].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
    };
    // A page of 65536 bytes is written as 1.
    let page = match number(16, 2) {
        1 => 65_536,
        page => page,
    };
    header.starts_with(b"SQLite format 3\0")
        && number(68, 4) == u64::from(crate::open::APPLICATION_ID)
        && page * number(28, 4) == length
}
