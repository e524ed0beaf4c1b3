//! The query behind the History page.

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};
use sternway_e2e::{Failure, Result};
use tokio::time::Instant;

use crate::sample::Sample;

/// The two statements that a page of the history needs: its rows, and how many there are in all.
const ROWS: &str = "
    SELECT d.number, d.kind, d.environment, d.result, d.target, d.started_by, d.owner, d.started, d.ended, d.summary,
           d.message, (SELECT r.number FROM release AS r WHERE r.project = d.project AND r.number = d.number) AS release
    FROM deployment AS d WHERE d.project = 1 ORDER BY d.number DESC LIMIT 100";
const TOTAL: &str = "SELECT count(*) FROM deployment AS d WHERE d.project = 1";

/// How many milliseconds the bare query takes on the same file, each time.
///
/// # Errors
/// If the file cannot be read, or is not the one that was filled.
pub async fn bare_query(sample: &Sample, times: usize) -> Result<Vec<f64>> {
    let file = sample.stage.home().join("history.sqlite");
    let mut connection: SqliteConnection = SqliteConnectOptions::new().filename(file).read_only(true).connect().await?;
    let mut took = Vec::new();
    for _ in 0..times {
        let begun = Instant::now();
        let rows = sqlx::query(ROWS).fetch_all(&mut connection).await?;
        let total: u32 = sqlx::query_scalar(TOTAL).fetch_one(&mut connection).await?;
        took.push(begun.elapsed().as_secs_f64() * 1000.0);
        if rows.len() != 100 || total < 100 {
            return Err(Failure::new(format!("{} rows of {total} are not the first page", rows.len())));
        }
    }
    Ok(took)
}
