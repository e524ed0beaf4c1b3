//! Where the history lies, and how a failure of its file is told to a person.

use std::path::{Path, PathBuf};

use sternway_model::{Code, Error, Location};

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

    /// Where the copy from before a migration away from `version` is kept.
    pub(crate) fn backup(&self, version: i64) -> PathBuf {
        self.dir.join(format!("history-backup-v{version}.sqlite"))
    }

    /// The copies that are there, by name.
    fn backups(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(&self.dir) else { return Vec::new() };
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.starts_with("history-backup-v") && name.ends_with(".sqlite"))
            .collect();
        names.sort();
        names
    }

    fn at(&self) -> Location {
        Location { file: self.database(), line: None, column: None, key: None }
    }

    /// The file holds something that it should not.
    pub(crate) fn damaged(&self, what: impl std::fmt::Display) -> Error {
        let copies = self.backups();
        // SQLite would lay a left-over `-wal` file over a copy that is put in the place.
        let away = "Move it away, with `history.sqlite-wal` and `history.sqlite-shm` if they are there";
        let way_out = if copies.is_empty() {
            format!("{away}, to begin a new history; there is no copy of it in its folder.")
        } else {
            format!("{away}, to begin a new history or to put a copy in its place: {}.", copies.join(", "))
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
                    // SQLITE_CORRUPT, SQLITE_NOTADB
                    11 | 26 => self.damaged(cause),
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
