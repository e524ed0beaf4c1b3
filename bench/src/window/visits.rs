//! Visits of a screen: how long after the click it can be seen.

use std::time::Duration;

use sternway_e2e::{Failure, Result, Window, web};
use tokio::time::sleep;

use super::opening::{IDLE, megabytes};
use crate::host::{self, Watch};
use crate::processes;
use crate::sample::Sample;

const FIRST_SIGHT: &str = include_str!("first_sight.js");
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
const UNDISTURBED: Duration = Duration::from_millis(1500);

/// A screen that the sidebar leads to.
pub struct Screen {
    /// Its word in the address.
    pub section: &'static str,
    /// What a person came for, as a selector.
    pub wanted: &'static str,
}

pub const HISTORY: Screen = Screen { section: "history", wanted: "[role=row][aria-label^=\"Deployment #\"]" };
pub const MATRIX: Screen = Screen { section: "configuration", wanted: "[data-cell]" };

/// When the screen is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// When the page has done all that it does by itself, as after a look at Overview.
    Quiet,
    /// As soon as Overview shows the environments.
    AtOnce,
}

/// What visits of a screen cost.
pub struct Visits {
    /// Milliseconds from the click to the first sight, of each visit.
    pub sight: Vec<f64>,
    /// Megabytes of the program after the last of them.
    pub memory: f64,
}

impl Visits {
    /// Goes from Overview to a screen so many times, each time as if it were the first. A visit from which the host took time is
    /// done again.
    ///
    /// # Errors
    /// If the page does not show what is wanted.
    pub async fn of(sample: &Sample, screen: &Screen, when: When, times: usize) -> Result<Self> {
        let script = FIRST_SIGHT.replace("SECTION", screen.section).replace("WANTED", screen.wanted);
        let window = Window::open(&sample.stage).await?;
        let mut sight = Vec::new();
        for _ in 0..times {
            let visit = host::undisturbed(async || {
                window.script(AGAIN).await?;
                holds(&window, RELOADED).await?;
                window.find("article", "production").await?;
                if when == When::Quiet {
                    holds(&window, QUIET).await?;
                }
                let host = Watch::begin()?;
                window.script(&script).await?;
                sleep(UNDISTURBED).await;
                let took = web::until(PATIENCE, async || {
                    let took = window.script("return window.firstSight ?? null").await?;
                    took.as_f64().ok_or_else(|| Failure::new(format!("{} shows nothing", screen.section)))
                });
                Ok((took.await?, host.taken()?))
            });
            sight.push(visit.await?);
        }
        sleep(IDLE).await;
        let memory = megabytes(processes::memory(processes::started_with(&sample.stage.project())?)?);
        window.close().await?;
        Ok(Self { sight, memory })
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
