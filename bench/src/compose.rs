//! The terminal front against Docker Compose, on the same projects and the same engine, taking turns.

mod program;
mod project;
pub mod requests;
pub mod servers;

use std::time::Duration;

use sternway_e2e::{Failure, Result};

use crate::report::{Comparison, Report, Unit, Wanted};
use program::{Measured, Tool};
use project::Project;
use requests::{Load, Sent};

/// How often each is measured.
const TURNS: usize = 10;
/// How often a service is replaced under load; each takes some seconds.
const REPLACEMENTS: usize = 10;
/// The same where the port is published: what differs is less than chance in a few replacements.
const PUBLISHED_REPLACEMENTS: usize = 30;
/// Requests each second while a service is replaced.
const RATE: u32 = 200;

/// What both took, turn by turn.
#[derive(Default)]
struct Both {
    ours: Vec<Measured>,
    theirs: Vec<Measured>,
}

impl Both {
    fn push(&mut self, tool: &Tool, measured: Measured) {
        match tool {
            Tool::Sternway { .. } => self.ours.push(measured),
            Tool::Compose { .. } => self.theirs.push(measured),
        }
    }

    fn time(&self, name: &'static str, wanted: Wanted) -> Comparison {
        let millis = |all: &[Measured]| all.iter().map(|one| one.time.as_secs_f64() * 1000.0).collect::<Vec<_>>();
        Comparison::new(name, Unit::Milliseconds, &millis(&self.ours), &millis(&self.theirs), wanted)
    }

    fn memory(&self, name: &'static str, wanted: Wanted) -> Comparison {
        #[allow(clippy::cast_precision_loss, reason = "bytes of memory are far below 2^52")]
        let megabytes = |all: &[Measured]| all.iter().map(|one| one.peak as f64 / 1e6).collect::<Vec<_>>();
        Comparison::new(name, Unit::Megabytes, &megabytes(&self.ours), &megabytes(&self.theirs), wanted)
    }
}

/// Measures everything.
///
/// # Errors
/// If a program is not there, or does not do what it was asked for.
pub async fn measure() -> Result<Report> {
    let mut report = Report::of_this_machine()?;
    let half = Wanted::at_most(0.5);
    for (count, name) in [(2, "nothing to do, 2 services"), (20, "… 20 services"), (50, "… 50 services")] {
        eprintln!("· {name}");
        report.add(nothing_to_do(count)?.time(name, half));
    }
    eprintln!("· 20 services from zero");
    let from_zero = from_zero_against(Tool::compose()?, 20)?;
    report.add(from_zero.time("20 services from zero", Wanted::at_most(0.8)));
    eprintln!("· one of 20 changed");
    report.add(one_changed_against(Tool::compose()?, 20)?.time("one of 20 changed", Wanted::at_most(0.8)));
    eprintln!("· both again, with Docker Compose waiting as well");
    let not_slower = Wanted::at_most(1.0);
    report.add(from_zero_against(Tool::waiting_compose()?, 20)?.time("20 from zero, against up --wait", not_slower));
    report.add(one_changed_against(Tool::waiting_compose()?, 20)?.time("one changed, against up --wait", not_slower));
    report.add(from_zero.memory("peak memory, 20 from zero", half));
    eprintln!("· replacing a published service under load");
    let (ours, theirs) = replaced("front", false, PUBLISHED_REPLACEMENTS).await?;
    report.add(lost("lost, published port", &ours, &theirs, Wanted::less()));
    eprintln!("· replacing a service behind another one under load");
    let (ours, theirs) = replaced("back", true, REPLACEMENTS).await?;
    report.add(lost("lost, behind another", &ours, &theirs, Wanted::none()));
    report.add(late("late, behind another", &ours, &theirs));
    Ok(report)
}

/// Both tools on projects of their own, with so many services that run already.
fn running(theirs: Tool, count: usize) -> Result<[Project; 2]> {
    let projects = [Project::idle(Tool::sternway()?, count)?, Project::idle(theirs, count)?];
    for project in &projects {
        project.up()?;
    }
    Ok(projects)
}

/// Lets both tools deploy in turn: `before` prepares a project for the turn, `wrong` looks at its containers before and after.
fn alternating(
    theirs: Tool,
    count: usize,
    before: impl Fn(&Project, usize) -> Result<()>,
    wrong: impl Fn(&[String], &[String]) -> Option<&'static str>,
) -> Result<Both> {
    let projects = running(theirs, count)?;
    let mut both = Both::default();
    for turn in 0..TURNS {
        for project in &projects {
            let there = project.containers()?;
            before(project, turn)?;
            both.push(&project.tool, project.up()?);
            if let Some(wrong) = wrong(&there, &project.containers()?) {
                return Err(Failure::new(format!("{} {wrong}", project.tool.name())));
            }
        }
    }
    Ok(both)
}

fn nothing_to_do(count: usize) -> Result<Both> {
    alternating(
        Tool::compose()?,
        count,
        |_, _| Ok(()),
        |before, after| (before != after).then_some("touched something, and nothing had changed"),
    )
}

fn from_zero_against(theirs: Tool, count: usize) -> Result<Both> {
    alternating(
        theirs,
        count,
        |project, _| project.down().map(drop),
        |_, after| (after.len() != count).then_some("did not start everything"),
    )
}

fn one_changed_against(theirs: Tool, count: usize) -> Result<Both> {
    alternating(theirs, count, Project::change, |before, after| {
        let new = after.iter().filter(|container| !before.contains(container)).count();
        (new != 1).then_some("did not replace just one container")
    })
}

/// What becomes of requests while a service is replaced, by us and by them.
async fn replaced(service: &str, behind: bool, times: usize) -> Result<(Vec<Sent>, Vec<Sent>)> {
    let projects =
        [Project::served(Tool::sternway()?, service, behind)?, Project::served(Tool::compose()?, service, behind)?];
    for project in &projects {
        project.up()?;
    }
    let mut all = (Vec::new(), Vec::new());
    for turn in 0..times {
        for project in &projects {
            project.change(turn)?;
            let load = Load::begin(project.port, RATE).await?;
            let replaced = tokio::task::block_in_place(|| project.up())?;
            // What comes late belongs to it.
            tokio::time::sleep(Duration::from_secs(1)).await;
            let sent = load.end().await?;
            if sent.all < RATE as usize {
                return Err(Failure::new(format!("only {} requests were sent in {:?}", sent.all, replaced.time)));
            }
            match project.tool {
                Tool::Sternway { .. } => all.0.push(sent),
                Tool::Compose { .. } => all.1.push(sent),
            }
        }
    }
    Ok(all)
}

fn lost(name: &'static str, ours: &[Sent], theirs: &[Sent], wanted: Wanted) -> Comparison {
    let lost = |sent: &[Sent]| counts(sent, |sent| sent.lost);
    Comparison::new(name, Unit::Requests, &lost(ours), &lost(theirs), wanted)
}

/// Those that are lost are not late: who loses nothing may have more of these.
fn late(name: &'static str, ours: &[Sent], theirs: &[Sent]) -> Comparison {
    let late = |sent: &[Sent]| counts(sent, |sent| sent.late);
    Comparison::new(name, Unit::Requests, &late(ours), &late(theirs), Wanted::none())
}

#[allow(clippy::cast_precision_loss, reason = "some hundred requests")]
fn counts(sent: &[Sent], of: impl Fn(&Sent) -> usize) -> Vec<f64> {
    sent.iter().map(|sent| of(sent) as f64).collect()
}
