//! The History page, and the query behind it.

use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};
use sternway_e2e::{Failure, Result, Window, web};
use tokio::time::{Instant, sleep};

use super::opening::{IDLE, megabytes};
use crate::processes;
use crate::sample::Sample;

const FIRST_ROWS: &str = include_str!("first_rows.js");
/// Puts the page back to Overview with nothing in its memory.
const AGAIN: &str = "
    window.before = true;
    location.hash = document.querySelector('nav a[href^=\"#/overview\"]').getAttribute('href');
    // After the answer to this, which would not come from a page that is gone.
    setTimeout(() => location.reload());";
const RELOADED: &str = "return !window.before && document.readyState === 'complete'";
/// Whether nothing on the page has changed for a second.
const QUIET: &str = "
    if (window.changed === undefined) {
        const note = () => { window.changed = performance.now(); };
        note();
        new MutationObserver(note).observe(document.body, { childList: true, subtree: true, characterData: true });
    }
    return performance.now() - window.changed > 1000;";
const PATIENCE: Duration = Duration::from_secs(20);
/// Longer than the page needs, so that no question disturbs it.
const UNDISTURBED: Duration = Duration::from_millis(500);

/// The two statements that a page of the history needs: its rows, and how many there are in all.
const ROWS: &str = "
    SELECT d.number, d.kind, d.environment, d.result, d.target, d.started_by, d.owner, d.started, d.ended, d.summary,
           d.message, (SELECT r.number FROM release AS r WHERE r.project = d.project AND r.number = d.number) AS release
    FROM deployment AS d WHERE d.project = 1 ORDER BY d.number DESC LIMIT 100";
const TOTAL: &str = "SELECT count(*) FROM deployment AS d WHERE d.project = 1";

/// What visits of the History page cost.
pub struct Visits {
    /// Milliseconds from the click on History to the first rows, of each visit.
    pub rows: Vec<f64>,
    /// Megabytes of the program after the last of them.
    pub memory: f64,
}

impl Visits {
    /// Goes from Overview to History so many times, each time as if it were the first.
    ///
    /// # Errors
    /// If the page does not show rows.
    pub async fn of(sample: &Sample, times: usize) -> Result<Self> {
        let window = Window::open(&sample.stage).await?;
        let mut rows = Vec::new();
        for _ in 0..times {
            window.script(AGAIN).await?;
            holds(&window, RELOADED).await?;
            window.find("article", "production").await?;
            holds(&window, QUIET).await?;
            window.script(FIRST_ROWS).await?;
            sleep(UNDISTURBED).await;
            let took = web::until(PATIENCE, async || {
                let took = window.script("return window.firstRows ?? null").await?;
                took.as_f64().ok_or_else(|| Failure::new("History shows no rows"))
            });
            rows.push(took.await?);
        }
        sleep(IDLE).await;
        let memory = megabytes(processes::memory(processes::started_with(&sample.stage.project())?)?);
        window.close().await?;
        Ok(Self { rows, memory })
    }
}

/// Waits until a script gives `true`.
async fn holds(window: &Window, script: &str) -> Result<()> {
    let waited = web::until(PATIENCE, async || match window.script(script).await?.as_bool() {
        Some(true) => Ok(()),
        _ => Err(Failure::new(format!("the page does not get there: {script}"))),
    });
    waited.await
}

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
