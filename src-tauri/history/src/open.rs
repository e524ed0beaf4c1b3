//! Opening the file: who may read it, which form it has, and bringing an older form up to date.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Sqlite, SqliteConnection, SqlitePool, Transaction};
use sternway_model::{Code, Error, Result};

use crate::copies::back_up;
use crate::place::Place;
use crate::seen::{Found, Look, Marks, Seen};
use crate::sound::{has_all, inspect, not_lost, quick_check};

/// The steps from an empty file to the form of today: the n-th leads to version n. A step
/// that was released is never edited; a new form is a new step.
pub(crate) const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_history.sql"),
    include_str!("../migrations/0002_versions.sql"),
    include_str!("../migrations/0003_identity.sql"),
    include_str!("../migrations/0004_trust.sql"),
];

/// Marks the file as a history of Sternway (`PRAGMA application_id`): "Stwy".
pub(crate) const APPLICATION_ID: u32 = 0x5374_7779;

/// How long a statement waits for another process that writes.
const BUSY: Duration = Duration::from_secs(15);

/// What each connection keeps of the file in memory, as SQLite wants it: kibibytes, below zero. The system has the file in its own
/// memory anyway; SQLite's 2 MiB a connection add up in a program that stays open all day.
const CACHE: &str = "-512";

/// Pages that are written beside the file until they are brought into it. The first program to open the file reads all of them: with
/// SQLite's own 1000 that is 10 ms of each command on the terminal, which ends without waiting for the disk once more.
const WRITTEN_BESIDE: &str = "100";

/// The pause before the file is opened again after it was busy.
const AGAIN: Duration = Duration::from_millis(20);

/// The history's open file. A clone is another handle to the same one.
#[derive(Debug, Clone)]
pub struct History {
    pool: SqlitePool,
    /// Does not wait until the disk has what it writes.
    hasty: SqlitePool,
    pub(crate) place: Arc<Place>,
    /// The file that was opened.
    opened: Arc<Look>,
    /// The day's copy was looked for.
    pub(crate) copied: Arc<AtomicBool>,
    /// What was last written down as seen.
    marks: Arc<Mutex<Marks>>,
    /// Whether its writes wait for the disk.
    waits: bool,
}

impl History {
    /// Opens `history.sqlite` in this folder, and makes both if they are not there; only their owner may read them.
    ///
    /// A file of an older form is checked, copied to `history-backup-v<N>.sqlite` beside it, and then migrated. One that was written to
    /// since it was last opened is read as a whole, and compared with what was seen of it.
    ///
    /// # Errors
    /// [`Code::HistoryNewer`](sternway_model::Code::HistoryNewer) if a newer Sternway wrote it,
    /// [`Code::HistoryDamaged`](sternway_model::Code::HistoryDamaged) if it is no history, or not all of the one that it was. In both
    /// cases the file and what is beside it are left as they are.
    pub async fn open(dir: &Path) -> Result<Self> {
        Self::open_with(dir, MIGRATIONS).await
    }

    pub(crate) async fn open_with(dir: &Path, migrations: &[&'static str]) -> Result<Self> {
        let place = Place::new(dir);
        make_private_dir(place.dir()).await?;
        let begin = Instant::now();
        loop {
            // Switching a new file to WAL, and being the last to close it, want the file alone for a moment; SQLite's own
            // busy timeout does not cover these (<https://www.sqlite.org/wal.html>, section 9).
            match Self::connect(place.clone(), migrations).await {
                Err(error) if error.code == Code::TimedOut && begin.elapsed() < BUSY => {
                    tokio::time::sleep(AGAIN).await;
                }
                opened => return opened,
            }
        }
    }

    async fn connect(place: Place, migrations: &[&'static str]) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(place.database())
            .foreign_keys(true)
            .busy_timeout(BUSY)
            .disable_statement_logging();
        let known = i64::try_from(migrations.len()).map_err(|error| Error::internal(error.to_string()))?;
        // In this order: what was seen was there when the file is looked at.
        let seen = Seen::read(&place)?;
        let found = Found::at(&place)?;
        not_lost(&place, &found, &seen)?;
        make_private_file(&place.database()).await?;
        let today = is_of_today(&place.database(), known).await;
        let checked = match found {
            Found::File(look) if today => {
                if seen.file.as_ref() != Some(&look) {
                    inspect(&options, &place, migrations, &seen).await?;
                }
                Some(look)
            }
            _ => None,
        };
        let connection = if today {
            None
        } else {
            // Looked at through a connection that sets nothing, so that a file which is refused stays as it is.
            let mut connection = options.connect().await.map_err(|error| place.fault(error))?;
            migrate(&mut connection, &place, migrations, &seen).await?;
            Some(connection)
        };
        // FULL: what the journal says must survive a power cut, too, because the containers do.
        let options = options
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("cache_size", CACHE)
            .pragma("wal_autocheckpoint", WRITTEN_BESIDE);
        let pool = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(options.clone())
            .await
            .map_err(|error| place.fault(error))?;
        if let Some(connection) = connection {
            // Only now: the last one to close the file has to tidy it up.
            connection.close().await.map_err(|error| place.fault(error))?;
        }
        let mut connection = pool.acquire().await.map_err(|error| place.fault(error))?;
        // A newer program may have changed the form, and the file does not know it yet.
        let version = number(&mut connection, &place, "PRAGMA user_version").await?;
        if version > known {
            return Err(place.newer(version, known));
        }
        let marks = has_all(&mut connection, &place, &seen).await?;
        drop(connection);
        let Found::File(opened) = Found::at(&place)? else {
            return Err(place.damaged("it was taken away while it was opened"));
        };
        // What a hasty program wrote may not be on the disk yet: it is counted with the next write that waits for it.
        let marks = if seen.marks == Marks::default() { marks } else { seen.marks.clone() };
        let now = Seen { marks, file: checked };
        if now != seen {
            now.write(&place);
        }
        let hasty = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_lazy_with(options.synchronous(SqliteSynchronous::Normal));
        Ok(Self {
            pool,
            hasty,
            place: Arc::new(place),
            opened: Arc::new(opened),
            copied: Arc::default(),
            marks: Arc::new(Mutex::new(now.marks)),
            waits: true,
        })
    }

    /// The same history for what may be lost when the power is cut, such as a plan that can be made again: its writes do not
    /// wait for the disk. The next write that does takes them along, so the order stays.
    #[must_use]
    pub fn hasty(&self) -> Self {
        Self { pool: self.hasty.clone(), waits: false, ..self.clone() }
    }

    /// Reads the whole file and checks its structure. Takes seconds for a large history.
    ///
    /// # Errors
    /// [`Code::HistoryDamaged`](sternway_model::Code::HistoryDamaged) with what is wrong.
    pub async fn check(&self) -> Result<()> {
        let mut connection = self.pool.acquire().await.map_err(|error| self.fault(error))?;
        quick_check(&mut connection, &self.place).await
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> std::path::PathBuf {
        self.place.database()
    }

    /// Waits for what is being written and closes the file, for all clones.
    pub async fn close(&self) {
        self.hasty.close().await;
        self.pool.close().await;
    }

    pub(crate) fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// Begins a transaction that may write. It waits for other writers here, and never fails for them later.
    pub(crate) async fn write(&self) -> Result<Transaction<'static, Sqlite>> {
        self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(|error| self.fault(error))
    }

    /// Begins a transaction that sees one state of the file throughout.
    pub(crate) async fn read(&self) -> Result<Transaction<'static, Sqlite>> {
        self.pool.begin().await.map_err(|error| self.fault(error))
    }

    pub(crate) async fn commit(&self, transaction: Transaction<'static, Sqlite>) -> Result<()> {
        transaction.commit().await.map_err(|error| self.fault(error))
    }

    /// Refuses to write into a file that nobody will find again.
    ///
    /// # Errors
    /// [`Code::HistoryDamaged`](sternway_model::Code::HistoryDamaged) if the file was removed or replaced since it was opened.
    pub(crate) fn still_there(&self) -> Result<()> {
        let there = matches!(Found::at(&self.place)?, Found::File(look) if look.is_file_of(&self.opened));
        if there { Ok(()) } else { Err(self.damaged("it was removed or replaced while it was in use")) }
    }

    /// Writes down how much the file has, now that something was added that must not be lost. It is added whatever comes of this.
    pub(crate) async fn count(&self) {
        if !self.waits {
            return;
        }
        let counted = async {
            let mut connection = self.pool.acquire().await.map_err(|error| self.fault(error))?;
            let now = Marks::of(&mut connection, &self.place).await?;
            if *self.marks.lock().unwrap_or_else(PoisonError::into_inner) == now {
                return Ok(());
            }
            let before = Seen::read(&self.place)?;
            Seen { marks: now.clone().at_least(&before.marks), ..before }.write(&self.place);
            *self.marks.lock().unwrap_or_else(PoisonError::into_inner) = now;
            Ok::<(), Error>(())
        };
        drop(counted.await);
    }

    pub(crate) fn fault(&self, error: sqlx::Error) -> Error {
        self.place.fault(error)
    }

    pub(crate) fn damaged(&self, what: impl std::fmt::Display) -> Error {
        self.place.damaged(what)
    }
}

/// Whether the file itself says that it has the form of today, so that nothing has to be found out about it first. Its header says
/// so at fixed places (<https://www.sqlite.org/fileformat2.html>, section 1.3).
async fn is_of_today(file: &Path, known: i64) -> bool {
    const USER_VERSION: usize = 60;
    const APPLICATION: usize = 68;
    let mut header = [0; 100];
    let read = async {
        let mut file = tokio::fs::File::open(file).await?;
        tokio::io::AsyncReadExt::read_exact(&mut file, &mut header).await
    };
    let is_read = read.await.is_ok();
    let number =
        |place: usize| header[place..place + 4].iter().fold(0_i64, |number, byte| number << 8 | i64::from(*byte));
    is_read && number(APPLICATION) == i64::from(APPLICATION_ID) && number(USER_VERSION) == known
}

async fn make_private_dir(dir: &Path) -> Result<()> {
    let mut builder = tokio::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    builder.mode(0o700);
    builder.create(dir).await.map_err(|error| Error::io("make the folder", dir, &error))
}

/// Made before SQLite opens it, so that there is no moment in which others may read it. SQLite gives the files beside it
/// (`-wal`, `-shm`) the same permissions.
pub(crate) async fn make_private_file(file: &Path) -> Result<()> {
    let mut options = tokio::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    options.mode(0o600);
    options.open(file).await.map(drop).map_err(|error| Error::io("open", file, &error))
}

pub(crate) async fn number(connection: &mut SqliteConnection, place: &Place, query: &'static str) -> Result<i64> {
    sqlx::query_scalar(query).fetch_one(connection).await.map_err(|error| place.fault(error))
}

async fn migrate(
    connection: &mut SqliteConnection,
    place: &Place,
    migrations: &[&'static str],
    seen: &Seen,
) -> Result<()> {
    let known = i64::try_from(migrations.len()).map_err(|error| Error::internal(error.to_string()))?;
    let tables = number(connection, place, "SELECT count(*) FROM sqlite_schema").await?;
    let version = number(connection, place, "PRAGMA user_version").await?;
    let application = number(connection, place, "PRAGMA application_id").await?;
    if tables > 0 && application != i64::from(APPLICATION_ID) {
        return Err(place.damaged("it is a database of another program"));
    }
    if let Some(lost) = Marks::default().lost(&seen.marks).filter(|_| tables == 0) {
        return Err(place.damaged(format!("nothing is in it: {lost}")));
    }
    if version > known {
        return Err(place.newer(version, known));
    }
    if version == known {
        return Ok(());
    }
    if tables > 0 {
        quick_check(connection, place).await?;
        let copied = back_up(connection, &place.backup(version)).await;
        copied.map_err(|error| error.context("the history was not migrated, because its copy could not be written"))?;
    }
    step_up(connection, place, migrations).await
}

/// Runs the steps that the file lacks, all in one transaction: nobody who opens it meanwhile sees a form between two.
pub(crate) async fn step_up(
    connection: &mut SqliteConnection,
    place: &Place,
    migrations: &[&'static str],
) -> Result<()> {
    let fault = |error| place.fault(error);
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(fault)?;
    // Another process may have been faster.
    let version = number(&mut transaction, place, "PRAGMA user_version").await?;
    for (step, statements) in (1_i64..).zip(migrations).filter(|(step, _)| *step > version) {
        sqlx::raw_sql(*statements).execute(&mut *transaction).await.map_err(fault)?;
        // Pragmas take no parameters; both values are numbers.
        let marks = format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {step};");
        sqlx::raw_sql(AssertSqlSafe(marks)).execute(&mut *transaction).await.map_err(fault)?;
    }
    transaction.commit().await.map_err(fault)
}

/// A file of an older form, as the program of that time left it after these statements.
#[cfg(test)]
pub(crate) async fn old_file(dir: &Path, known: usize, statements: &'static str) {
    let place = Place::new(dir);
    let options = SqliteConnectOptions::new().filename(place.database()).create_if_missing(true);
    let mut old = options.connect().await.unwrap();
    step_up(&mut old, &place, &MIGRATIONS[..known]).await.unwrap();
    sqlx::raw_sql(statements).execute(&mut old).await.unwrap();
    old.close().await.unwrap();
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A form after the newest.
    fn next(migration: &'static str) -> Vec<&'static str> {
        [MIGRATIONS, &[migration]].concat()
    }

    const NOTE: &str = "ALTER TABLE project ADD COLUMN note TEXT; UPDATE project SET note = 'kept';";

    async fn scalar(history: &History, query: &'static str) -> String {
        sqlx::query_scalar(query).fetch_one(history.pool()).await.unwrap()
    }

    #[tokio::test]
    async fn an_older_file_is_copied_and_then_migrated() {
        let home = tempfile::tempdir().unwrap();
        let old = History::open(home.path()).await.unwrap();
        old.remember_project("/shop".as_ref(), &"shop".parse().unwrap(), sternway_model::At::from_millis(1).unwrap())
            .await
            .unwrap();
        old.close().await;

        let new = History::open_with(home.path(), &next(NOTE)).await.unwrap();
        assert_eq!(scalar(&new, "SELECT path || ' ' || note FROM project").await, "/shop kept");
        new.close().await;

        let copy = home.path().join(format!("history-backup-v{}.sqlite", MIGRATIONS.len()));
        fs::rename(&copy, home.path().join("history.sqlite")).unwrap();
        let back = History::open(home.path()).await.expect("the copy is a whole history of the old form");
        assert_eq!(scalar(&back, "SELECT path FROM project").await, "/shop");
    }

    #[tokio::test]
    async fn each_form_that_was_released_becomes_the_newest() {
        for known in 1..MIGRATIONS.len() {
            let home = tempfile::tempdir().unwrap();
            old_file(home.path(), known, "INSERT INTO project (path, name, opened) VALUES ('/shop', 'shop', 1)").await;
            let new = History::open(home.path()).await.expect("it is migrated");
            let project = new.projects().await.unwrap()[0].id;
            assert_eq!(new.newest_version(project).await.unwrap(), None);
            new.check().await.unwrap();
        }
    }

    #[tokio::test]
    async fn projects_that_were_deployed_before_are_trusted() {
        let home = tempfile::tempdir().unwrap();
        let old = History::open_with(home.path(), &MIGRATIONS[..3]).await.unwrap();
        let at = |second: i64| sternway_model::At::from_millis(second * 1000).unwrap();
        let name = || "shop".parse().unwrap();
        let deployed = old.remember_project("/deployed".as_ref(), &name(), at(1)).await.unwrap();
        let looked_at = old.remember_project("/looked-at".as_ref(), &name(), at(1)).await.unwrap();
        sqlx::query(
            "INSERT INTO deployment (project, number, environment, kind, started_by, owner, started, summary)
             VALUES (?1, 1, 'a', 'deploy', 'ann', 'x', 2000, ''), (?1, 2, 'b', 'deploy', 'ben', 'x', 3000, '')",
        )
        .bind(deployed.0)
        .execute(old.pool())
        .await
        .unwrap();
        old.close().await;
        let new = History::open(home.path()).await.unwrap();
        let trust = new.trust(deployed).await.unwrap().expect("commands were run for it");
        assert_eq!((trust.at, trust.person.as_str()), (at(2), "ann"));
        assert_eq!(new.trust(looked_at).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_migration_that_fails_changes_nothing() {
        let home = tempfile::tempdir().unwrap();
        History::open(home.path()).await.unwrap().close().await;
        let broken = next("CREATE TABLE half (x); INSERT INTO nowhere VALUES (1);");
        History::open_with(home.path(), &broken).await.expect_err("the second statement cannot run");
        let same = History::open(home.path()).await.expect("the form is still the old one");
        assert_eq!(scalar(&same, "SELECT count(*) || '' FROM sqlite_schema WHERE name = 'half'").await, "0");
    }

    #[tokio::test]
    async fn a_newer_file_is_refused_and_left_alone() {
        let home = tempfile::tempdir().unwrap();
        History::open_with(home.path(), &next(NOTE)).await.unwrap().close().await;
        let before = fs::read(home.path().join("history.sqlite")).unwrap();
        let error = History::open(home.path()).await.expect_err("that version is not known");
        assert_eq!(error.code, Code::HistoryNewer);
        let version = |known: usize| error.message.contains(&format!("version {known}"));
        assert!(version(MIGRATIONS.len() + 1) && version(MIGRATIONS.len()), "{}", error.message);
        assert_eq!(fs::read(home.path().join("history.sqlite")).unwrap(), before);
    }

    #[tokio::test]
    async fn many_may_open_a_new_file_at_once() {
        let home = tempfile::tempdir().unwrap();
        let opened = tokio::join!(
            History::open(home.path()),
            History::open(home.path()),
            History::open(home.path()),
            History::open(home.path())
        );
        for history in [opened.0, opened.1, opened.2, opened.3] {
            history.expect("each finds or makes the form").check().await.unwrap();
        }
    }
}
