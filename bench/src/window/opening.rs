//! Starting a program, until its first screen can be used.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use sternway_e2e::{Failure, Result, Window};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use super::screen::{Area, Picture, Screen};
use crate::host::{self, Watch};
use crate::processes;
use crate::sample::{Sample, program};

/// After so long a program has done all that it does by itself.
pub const IDLE: Duration = Duration::from_secs(10);
/// Where the last environment's name is on the page.
const LAST_HEADING: &str =
    "return [...document.querySelectorAll('article h2')].at(-1).getBoundingClientRect().toJSON()";

/// A program that is measured.
pub struct Subject {
    program: PathBuf,
    arguments: Vec<PathBuf>,
    home: PathBuf,
    /// Whether its picture has to be more than a colour.
    drawn: bool,
}

impl Subject {
    /// A window of the same size with a word in it.
    ///
    /// # Errors
    /// If it is not built.
    pub fn empty_window() -> Result<Self> {
        let program = program("examples/empty-window")?;
        Ok(Self { program, arguments: Vec::new(), home: std::env::temp_dir(), drawn: false })
    }

    /// Sternway, with a project to open.
    ///
    /// # Errors
    /// If it is not built.
    pub fn sternway(sample: &Sample) -> Result<Self> {
        let arguments = vec!["--project".into(), sample.stage.project()];
        Ok(Self { program: program("sternway-desktop")?, arguments, home: sample.stage.home(), drawn: true })
    }

    fn start(&self) -> Result<Child> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).env("STERNWAY_HOME", &self.home);
        Ok(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn()?)
    }

    /// What it shows in this area when it is done.
    async fn final_picture(&self, screen: &Screen, area: Area, before: &Picture) -> Result<Picture> {
        let process = self.start()?;
        let picture = screen.settled(area, before).await?;
        end(process, screen, area, before).await?;
        if self.drawn && !picture.has_content() {
            return Err(Failure::new(format!(
                "{area:?} of the display has nothing on it; the window is somewhere else"
            )));
        }
        Ok(picture)
    }
}

/// Ends a program, and waits until the display is as it was before.
async fn end(mut process: Child, screen: &Screen, area: Area, before: &Picture) -> Result<()> {
    process.kill().await?;
    screen.shows(area, before).await.map(drop)
}

/// Where on the display Sternway shows the name of the last environment: when it is there, so are the others.
/// Asked once and through the driver; when time is measured there is none.
///
/// # Errors
/// If the window does not open.
pub async fn place_of_environments(sample: &Sample) -> Result<Area> {
    let window = Window::open(&sample.stage).await?;
    window.find("heading", "production").await?;
    let rectangle = window.script(LAST_HEADING).await?;
    let side = |name: &str| {
        rectangle[name].as_f64().ok_or_else(|| Failure::new(format!("the page does not say where it is: {rectangle}")))
    };
    let (x, y, width, height) = (side("x")?, side("y")?, side("width")?, side("height")?);
    // The pointer, put into the page's corner, says where that is on the display (the geometry that the window manager
    // gives counts its frame twice); then it is put out of the way.
    let search = ["search", "--onlyvisible", "--name", "^Sternway$", "mousemove", "--window", "%1", "0", "0"];
    let tell = ["getmouselocation", "--shell", "mousemove", "0", "0"];
    let output = Command::new("xdotool").args(search).args(tell).output().await?;
    let location = String::from_utf8(output.stdout)?;
    let value = |name: &str| {
        let found = location.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')?.parse::<u32>().ok());
        found.ok_or_else(|| Failure::new(format!("xdotool does not say {name} of the page: {location}")))
    };
    let (left, top) = (f64::from(value("X")?), f64::from(value("Y")?));
    window.close().await?;
    // Whole pixels; none of these is negative or beyond the display.
    let whole = |pixels: f64| pixels.round() as u64;
    Ok(Area { left: whole(left + x), top: whole(top + y), width: whole(width), height: whole(height) })
}

/// What a program's starts cost.
#[derive(Default)]
pub struct Openings {
    /// Milliseconds from the start to the first usable screen.
    pub first: Vec<f64>,
    /// Megabytes, some time after it.
    pub memory: Vec<f64>,
}

impl Openings {
    /// Starts each of the programs in turn, so that whatever else the machine does meets all of them. A start from which the
    /// host took time is done again.
    ///
    /// # Errors
    /// If one does not show what it showed when it was tried.
    pub async fn alternating<const N: usize>(
        subjects: &[Subject; N],
        screen: &Screen,
        area: &Area,
        starts: usize,
        with_memory: usize,
    ) -> Result<[Self; N]> {
        let before = screen.bare(*area)?;
        // The window of the search may still be closing.
        screen.shows(*area, &before).await?;
        let mut pictures = Vec::new();
        for subject in subjects {
            pictures.push(subject.final_picture(screen, *area, &before).await?);
        }
        let mut openings = [const { Self { first: Vec::new(), memory: Vec::new() } }; N];
        for round in 0..starts {
            for ((subject, picture), found) in subjects.iter().zip(&pictures).zip(&mut openings) {
                let opened = host::undisturbed(async || {
                    let (host, begun) = (Watch::begin()?, Instant::now());
                    let process = subject.start()?;
                    let first = screen.shows(*area, picture).await? - begun;
                    let taken = host.taken()?;
                    let mut memory = None;
                    if round < with_memory {
                        sleep(IDLE).await;
                        let id = process.id().ok_or_else(|| Failure::new("the program has ended by itself"))?;
                        memory = Some(megabytes(processes::memory(id)?));
                    }
                    end(process, screen, *area, &before).await?;
                    Ok(((first, memory), taken))
                });
                let (first, memory) = opened.await?;
                found.first.push(first.as_secs_f64() * 1000.0);
                found.memory.extend(memory);
            }
        }
        Ok(openings)
    }
}

/// Bytes in the unit of the report.
pub fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
