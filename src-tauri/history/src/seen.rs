//! What was seen of the history, in a small file beside it: a history that lost records, or whose file was taken away, must not
//! pass for a new one.

use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sqlx::{Row, SqliteConnection};
use sternway_model::{Error, Result};

use crate::place::Place;

/// What was seen of the history.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// How much it had. None of it ever becomes less.
    pub marks: Marks,
    /// The file when it was last checked as a whole.
    pub file: Option<Look>,
}

/// How many records there are of each kind of which none may be lost. Projects are not among them: that a folder was opened need not have
/// reached the disk when the power is cut.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Marks {
    /// The identity of the first project, once there are records: it tells one history from another.
    first: Option<String>,
    /// Who began the newest deployment, and when: it tells whether what is beside the file belongs to it.
    newest: Option<String>,
    deployments: i64,
    releases: i64,
    secrets: i64,
    audit: i64,
}

/// A file as far as it can be told without reading it: another one has another look, and so has one that was written to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Look {
    length: u64,
    /// In nanoseconds since 1970.
    modified: u128,
    /// Its device and its number there, where the system has such.
    node: Option<(u64, u64)>,
    /// The salts of what is written beside it, which are new each time that this begins anew
    /// (<https://www.sqlite.org/fileformat2.html>, section 4.1).
    beside: Option<u64>,
}

/// What is at the place of the history's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    Nothing,
    Folder,
    /// A file without a byte in it.
    Empty,
    File(Look),
}

impl Seen {
    /// What was seen of it before; nothing if that cannot be read, and then the file is checked as a whole.
    ///
    /// # Errors
    /// If the file is there and cannot be opened.
    pub fn read(place: &Place) -> Result<Self> {
        let file = place.seen();
        match std::fs::read(&file) {
            Ok(text) => Ok(serde_json::from_slice(&text).unwrap_or_default()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(Error::io("read", &file, &error)),
        }
    }

    /// Writes it down, complete or not at all. It is not waited for until the disk has it, and where it cannot be written, as on a full
    /// disk, nothing fails: what was seen then is less than what there is, and never more.
    pub fn write(&self, place: &Place) {
        let Ok(text) = serde_json::to_vec(self) else { return };
        let unfinished = place.unfinished_seen();
        let written = || -> std::io::Result<()> {
            private(&unfinished)?.write_all(&text)?;
            std::fs::rename(&unfinished, place.seen())
        };
        if written().is_err() {
            drop(std::fs::remove_file(&unfinished));
        }
    }
}

impl Marks {
    /// Counts.
    pub async fn of(connection: &mut SqliteConnection, place: &Place) -> Result<Self> {
        let row = sqlx::query(
            "SELECT (SELECT coalesce(max(id), 0) FROM deployment), (SELECT count(*) FROM release),
                    (SELECT count(*) FROM secret_version), (SELECT coalesce(max(id), 0) FROM audit),
                    (SELECT identity FROM project ORDER BY id LIMIT 1),
                    (SELECT owner || ' ' || started FROM deployment ORDER BY id DESC LIMIT 1)",
        )
        .fetch_one(connection)
        .await
        .map_err(|error| place.fault(error))?;
        let number = |column: usize| row.try_get::<i64, _>(column).map_err(|error| place.fault(error));
        let text = |column: usize| row.try_get(column).map_err(|error| place.fault(error));
        let marks = Self {
            first: text(4)?,
            newest: text(5)?,
            deployments: number(0)?,
            releases: number(1)?,
            secrets: number(2)?,
            audit: number(3)?,
        };
        let is_new = marks.deployments + marks.secrets + marks.audit == 0;
        Ok(if is_new { Self::default() } else { marks })
    }

    /// What of it is less than it was, in words.
    pub fn lost(&self, before: &Self) -> Option<String> {
        let kinds = [
            ("deployments", self.deployments, before.deployments),
            ("releases", self.releases, before.releases),
            ("versions of secrets", self.secrets, before.secrets),
            ("entries of the audit", self.audit, before.audit),
        ];
        let lost = kinds.into_iter().find(|(_, now, then)| now < then);
        let lost = lost.map(|(what, now, then)| format!("it had {then} {what} and has {now}"));
        let is_other = before.first.is_some() && self.first != before.first;
        lost.or_else(|| is_other.then(|| "it is another history than the one that was here".to_owned()))
    }

    /// Whether the deployment that was the newest is not that one any more.
    pub async fn has_another(connection: &mut SqliteConnection, place: &Place, before: &Self) -> Result<bool> {
        let Some(newest) = &before.newest else { return Ok(false) };
        let now: Option<String> = sqlx::query_scalar("SELECT owner || ' ' || started FROM deployment WHERE id = ?")
            .bind(before.deployments)
            .fetch_optional(connection)
            .await
            .map_err(|error| place.fault(error))?;
        Ok(now.as_ref() != Some(newest))
    }

    /// With what of the other is more.
    pub fn at_least(self, other: &Self) -> Self {
        Self {
            first: self.first,
            newest: if other.deployments > self.deployments { other.newest.clone() } else { self.newest },
            deployments: self.deployments.max(other.deployments),
            releases: self.releases.max(other.releases),
            secrets: self.secrets.max(other.secrets),
            audit: self.audit.max(other.audit),
        }
    }
}

impl Found {
    /// Looks, and opens nothing but what is written beside the file.
    ///
    /// # Errors
    /// If it cannot be looked at.
    pub fn at(place: &Place) -> Result<Self> {
        let file = place.database();
        let about = match std::fs::metadata(&file) {
            Ok(about) => about,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::Nothing),
            Err(error) => return Err(Error::io("look at", &file, &error)),
        };
        if about.is_dir() {
            return Ok(Self::Folder);
        }
        if about.len() == 0 {
            return Ok(Self::Empty);
        }
        let since = |time: std::time::SystemTime| time.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let modified = about.modified().map_err(|error| Error::io("look at", &file, &error))?;
        Ok(Self::File(Look {
            length: about.len(),
            modified: since(modified).as_nanos(),
            node: node(&about),
            beside: salts(&place.beside())?,
        }))
    }
}

impl Look {
    /// Whether it is the same file, whatever was written to it.
    pub fn is_file_of(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

/// The salts of what is written beside the history; none if nothing is.
///
/// # Errors
/// If the file is there and cannot be read.
pub(crate) fn salts(file: &Path) -> Result<Option<u64>> {
    use std::io::Read;
    const PLACE: usize = 16;
    let mut header = [0; 32];
    let read = || std::fs::File::open(file)?.read_exact(&mut header);
    match { read }() {
        Ok(()) => {}
        Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::UnexpectedEof) => {
            return Ok(None);
        }
        Err(error) => return Err(Error::io("read", file, &error)),
    }
    Ok(Some(header[PLACE..PLACE + 8].iter().fold(0, |salts, byte| salts << 8 | u64::from(*byte))))
}

#[cfg(unix)]
fn node(about: &std::fs::Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((about.dev(), about.ino()))
}

#[cfg(not(unix))]
fn node(_: &std::fs::Metadata) -> Option<(u64, u64)> {
    None
}

/// A new or emptied file that its owner alone may read.
fn private(file: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)
}
