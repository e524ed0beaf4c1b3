//! The two programs, and what a run of one costs.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sternway_e2e::{Failure, Result, engine};

use crate::sample;

/// How often it is looked how much memory a program has. What it had at most is kept by the system.
const LOOK: Duration = Duration::from_millis(2);

/// What carries a project out.
pub enum Tool {
    /// Ours.
    Sternway {
        /// The terminal front.
        program: PathBuf,
    },
    /// Docker Compose.
    Compose {
        /// Its program.
        program: PathBuf,
        /// It is told to wait until what it started runs or is healthy, as ours always does.
        waits: bool,
    },
}

/// What a run took.
pub struct Measured {
    /// From its start to its end.
    pub time: Duration,
    /// The most memory that it had, in bytes.
    pub peak: u64,
}

impl Tool {
    /// Ours.
    ///
    /// # Errors
    /// If it is not built.
    pub fn sternway() -> Result<Self> {
        Ok(Self::Sternway { program: sample::program("sternway")? })
    }

    /// Docker Compose.
    ///
    /// # Errors
    /// If it is not there.
    pub fn compose() -> Result<Self> {
        Ok(Self::Compose { program: engine::compose_program()?, waits: false })
    }

    /// Docker Compose, told to wait.
    ///
    /// # Errors
    /// If it is not there.
    pub fn waiting_compose() -> Result<Self> {
        Ok(Self::Compose { program: engine::compose_program()?, waits: true })
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sternway { .. } => "Sternway",
            Self::Compose { .. } => "Docker Compose",
        }
    }

    /// The program.
    pub fn program(&self) -> &PathBuf {
        match self {
            Self::Sternway { program } | Self::Compose { program, .. } => program,
        }
    }
}

/// Runs a program to its end, and measures it.
///
/// # Errors
/// If it fails.
pub fn run(command: &mut Command) -> Result<Measured> {
    // What it prints goes to files' end: a pipe that nobody reads would stop it.
    let errors = tempfile::tempfile()?;
    let begin = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors.try_clone()?).spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let ended = loop {
        peak = fs::read_to_string(&status).ok().and_then(|status| high_water(&status)).unwrap_or(peak);
        if let Some(ended) = child.try_wait()? {
            break ended;
        }
        std::thread::sleep(LOOK);
    };
    let time = begin.elapsed();
    if ended.success() {
        return Ok(Measured { time, peak });
    }
    let mut said = String::new();
    let mut errors = errors;
    std::io::Seek::rewind(&mut errors)?;
    std::io::Read::read_to_string(&mut errors, &mut said)?;
    Err(Failure::new(format!("{command:?} ended with {ended}: {said}")))
}

/// The most memory that a process had, in bytes. One that has ended has none.
fn high_water(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}
