//! Whether the file is the history that it was. What is refused here stays as it is, byte for byte.

use std::collections::BTreeSet;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use sternway_model::Result;

use crate::open::{number, step_up};
use crate::place::Place;
use crate::seen::{Found, Marks, Seen, salts};

/// Refuses what SQLite would take for a new file: it would begin an empty history there, and remove what is written beside it.
///
/// # Errors
/// [`Code::HistoryDamaged`](sternway_model::Code::HistoryDamaged).
pub(crate) fn not_lost(place: &Place, found: &Found, seen: &Seen) -> Result<()> {
    let what = match found {
        Found::File(_) => return Ok(()),
        Found::Folder => return Err(place.damaged("it is a folder")),
        Found::Nothing => "it is missing",
        Found::Empty => "it is empty",
    };
    if salts(&place.beside())?.is_some() {
        return Err(place.damaged(format!("{what}, and what was written to it last is still beside it")));
    }
    match Marks::default().lost(&seen.marks) {
        Some(lost) => Err(place.damaged(format!("{what}: {lost}"))),
        None => Ok(()),
    }
}

/// Reads the whole file: its structure, its tables, and how much it has. Nothing is written, by a connection that cannot.
///
/// # Errors
/// [`Code::HistoryDamaged`](sternway_model::Code::HistoryDamaged) with what is wrong,
/// [`Code::HistoryNewer`](sternway_model::Code::HistoryNewer).
pub(crate) async fn inspect(
    options: &SqliteConnectOptions,
    place: &Place,
    migrations: &[&'static str],
    seen: &Seen,
) -> Result<()> {
    let options = options.clone().read_only(true);
    let mut connection = options.connect().await.map_err(|error| place.fault(error))?;
    let version = number(&mut connection, place, "PRAGMA user_version").await?;
    let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    if version > known {
        return Err(place.newer(version, known));
    }
    quick_check(&mut connection, place).await?;
    if version == known {
        tables(&mut connection, place, migrations).await?;
        has_all(&mut connection, place, seen).await?;
    }
    connection.close().await.map_err(|error| place.fault(error))
}

/// Refuses a file that has less than it had, such as an earlier copy of it.
///
/// # Errors
/// [`Code::HistoryDamaged`](sternway_model::Code::HistoryDamaged) with what is gone.
pub(crate) async fn has_all(connection: &mut SqliteConnection, place: &Place, seen: &Seen) -> Result<Marks> {
    let marks = Marks::of(connection, place).await?;
    if let Some(lost) = marks.lost(&seen.marks) {
        return Err(place.damaged(lost));
    }
    if Marks::has_another(connection, place, &seen.marks).await? {
        return Err(place.damaged("what was written to it last is of another history"));
    }
    Ok(marks)
}

/// Reads the whole file and checks its structure.
///
/// # Errors
/// [`Code::HistoryDamaged`](sternway_model::Code::HistoryDamaged) with what is wrong.
pub(crate) async fn quick_check(connection: &mut SqliteConnection, place: &Place) -> Result<()> {
    let findings: Vec<String> =
        sqlx::query_scalar("PRAGMA quick_check(5)").fetch_all(connection).await.map_err(|error| place.fault(error))?;
    if findings == ["ok"] { Ok(()) } else { Err(place.damaged(findings.join("; "))) }
}

/// Refuses a file in which a table, a column, an index or a trigger is not as the migrations make it.
async fn tables(connection: &mut SqliteConnection, place: &Place, migrations: &[&'static str]) -> Result<()> {
    let mut new = SqliteConnectOptions::new()
        .in_memory(true)
        .disable_statement_logging()
        .connect()
        .await
        .map_err(|error| place.fault(error))?;
    step_up(&mut new, place, migrations).await?;
    let (wanted, there) = (objects(&mut new, place).await?, objects(connection, place).await?);
    // What is missing with its table is the table's.
    let mut differing = wanted.difference(&there);
    match wanted.difference(&there).find(|(kind, ..)| kind == "table").or_else(|| differing.next()) {
        None => Ok(()),
        Some((kind, name, _)) => {
            let same = there.iter().any(|(other, there, _)| (other, there) == (kind, name));
            let what = if same { "is not as it should be" } else { "is missing" };
            Err(place.damaged(format!("its {kind} `{name}` {what}")))
        }
    }
}

/// Each table, index and trigger, with its name and what made it.
async fn objects(
    connection: &mut SqliteConnection,
    place: &Place,
) -> Result<BTreeSet<(String, String, Option<String>)>> {
    let objects: Vec<(String, String, Option<String>)> = sqlx::query_as("SELECT type, name, sql FROM sqlite_schema")
        .fetch_all(connection)
        .await
        .map_err(|error| place.fault(error))?;
    Ok(objects.into_iter().collect())
}
