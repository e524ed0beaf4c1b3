//! The project that is opened.

use std::path::PathBuf;

use sternway_e2e::{Failure, Result, Stage};
use tokio::process::Command;

/// The sample project with a filled history.
pub struct Sample {
    /// Its folder and home.
    pub stage: Stage,
}

impl Sample {
    /// A copy of the sample with this many deployments, and lines in their logs.
    ///
    /// # Errors
    /// If the history cannot be filled.
    pub async fn with_history((deployments, lines): (u32, u32)) -> Result<Self> {
        let stage = Stage::shop()?;
        let seeded = Command::new(program("examples/seed")?)
            .args([stage.home(), stage.project()])
            .args([deployments.to_string(), lines.to_string()])
            .output()
            .await?;
        if !seeded.status.success() {
            let errors = String::from_utf8_lossy(&seeded.stderr);
            return Err(Failure::new(format!("the history is not filled: {errors}")));
        }
        Ok(Self { stage })
    }
}

/// A program that was built for this.
///
/// # Errors
/// If it is not there.
pub fn program(name: &str) -> Result<PathBuf> {
    let folder = std::env::var_os("STERNWAY_PROGRAMS").map(PathBuf::from);
    let program = folder.map(|folder| folder.join(name)).filter(|program| program.is_file());
    program.ok_or_else(|| Failure::new(format!("{name} is not built; run scripts/bench, which builds it")))
}
