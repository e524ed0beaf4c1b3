//! The window against an empty one of the same make, and its longest list against the bare query behind it.

mod history;
mod matrix;
mod opening;
mod screen;
mod visits;

use sternway_e2e::Result;

use crate::processes;
use crate::report::{Comparison, Report, Unit, Wanted};
use crate::sample::Sample;
use opening::{Openings, Subject};
use screen::Screen;
use visits::{HISTORY, MATRIX, Visits, When};

/// A history as some weeks leave it behind.
const SMALL: (u32, u32) = (100, 20_000);
/// A history as years leave it behind: deployments, and lines of their logs.
const LARGE: (u32, u32) = (10_000, 2_000_000);
const STARTS: usize = 10;
/// In how many of the starts the memory is looked at, each ten seconds after the first screen.
const MEMORY_STARTS: usize = 3;
const VISITS: usize = 10;

/// Measures everything.
///
/// # Errors
/// If a program or the session is not there, or does not do what it was asked for.
pub async fn measure() -> Result<Report> {
    let mut report = Report::of_this_machine()?;
    eprintln!("· filling the histories");
    let (small, large) = (Sample::with_history(SMALL).await?, Sample::with_history(LARGE).await?);

    let screen = Screen::of_session()?;
    let subjects = [Subject::empty_window()?, Subject::sternway(&small)?, Subject::sternway(&large)?];
    let place = opening::place_of_environments(&small).await?;
    eprintln!("· starting the programs {STARTS} times");
    let [empty, ours, ours_large] = Openings::alternating(&subjects, &screen, &place, STARTS, MEMORY_STARTS).await?;
    eprintln!("· opening History {VISITS} times");
    let visits = Visits::of(&large, &HISTORY, When::Quiet, VISITS).await?;
    let few_rows = Visits::of(&small, &HISTORY, When::Quiet, VISITS).await?;
    let query = history::bare_query(&large, VISITS).await?;
    eprintln!("· opening the matrix twice {VISITS} times");
    let many = matrix::sample()?;
    let computed = matrix::compute(&many, VISITS)?;
    let later = Visits::of(&many, &MATRIX, When::Quiet, VISITS).await?;
    let at_once = Visits::of(&many, &MATRIX, When::AtOnce, VISITS).await?;

    let opening = Wanted::at_most(2.0);
    let memory = Wanted::at_most(1.5);
    let same = Wanted::at_most(1.1);
    let rows = Wanted::at_most(1.5).and(50.0);
    report.add(Comparison::new("first usable screen", Unit::Milliseconds, &ours.first, &empty.first, opening));
    report.add(Comparison::new(
        "… with 10,000 deployments",
        Unit::Milliseconds,
        &ours_large.first,
        &empty.first,
        opening,
    ));
    report.add(Comparison::new("idle memory", Unit::Megabytes, &ours.memory, &empty.memory, memory));
    report.add(Comparison::new(
        "… with 10,000 deployments",
        Unit::Megabytes,
        &ours_large.memory,
        &empty.memory,
        memory,
    ));
    report.add(Comparison::new("first rows of History (query)", Unit::Milliseconds, &visits.sight, &query, rows));
    report.add(Comparison::new(
        "memory on History (100 deployments)",
        Unit::Megabytes,
        &[visits.memory],
        &[few_rows.memory],
        same,
    ));
    // Nobody else shows such a matrix: these have a time to keep.
    let alone = |name, figures: &[f64], limit| {
        Comparison::new(name, Unit::Milliseconds, figures, &[0.0], Wanted::at_most(0.0).and(limit))
    };
    report.add(alone("matrix of 10,000 × 5, the core alone", &computed, 50.0));
    report.add(alone("… usable after the click", &later.sight, 300.0));
    report.add(alone("… right after the start", &at_once.sight, 300.0));
    report.note_others(processes::other_webviews()?);
    Ok(report)
}
