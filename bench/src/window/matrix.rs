//! A configuration of 10,000 variables in five environments.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use sternway_config::grid;
use sternway_e2e::{Failure, Result, Stage};
use sternway_model::ProjectFile;
use tokio::time::Instant;

use crate::sample::Sample;

const KEYS: usize = 10_000;
const ENVIRONMENTS: [&str; 5] = ["development", "test", "staging", "canary", "production"];

/// The sample project with that configuration instead of its own.
///
/// # Errors
/// If its files cannot be written.
pub fn sample() -> Result<Sample> {
    let stage = Stage::shop()?;
    let folder = stage.project();
    let mut shared = String::new();
    for key in 0..KEYS {
        // A group of ten, one value in ten made of another, one in twenty a secret.
        let line = match key % 20 {
            0 | 10 => format!("\n# Group {}\nKEY_{key}=value {key} # note\n", key / 10),
            3 | 13 => format!("KEY_{key}=http://${{KEY_{}}}:80/\n", key - 1),
            7 => format!("KEY_{key}=keychain:KEY_{key}\n"),
            _ => format!("KEY_{key}={key}\n"),
        };
        shared.push_str(&line);
    }
    fs::write(folder.join(".env"), shared)?;
    let mut list = String::new();
    for (place, name) in ENVIRONMENTS.iter().enumerate() {
        let mut own = String::new();
        for key in (0..KEYS).filter(|key| key % 5 == place) {
            writeln!(own, "KEY_{key}=own {name}")?;
        }
        fs::write(folder.join(format!(".env.{name}")), own)?;
        writeln!(list, "  {name}: {{ target: {{ docker: local }} }}")?;
    }
    let types = "configuration: { types: { KEY_1: number, KEY_2: number } }\n";
    let application = "application: { compose: [docker-compose.yml] }\n";
    let text = format!("project: {}\nenvironments:\n{list}{types}{application}", stage.name());
    fs::write(folder.join("sternway.yaml"), text)?;
    Ok(Sample { stage })
}

/// How many milliseconds it takes to read the files and to put them side by side, each time.
///
/// # Errors
/// If the result is not the whole matrix.
pub fn compute(sample: &Sample, times: usize) -> Result<Vec<f64>> {
    let folder = sample.stage.project();
    let text = fs::read_to_string(folder.join("sternway.yaml"))?;
    let wrong = |error: sternway_model::Error| Failure::new(error.to_string());
    let project = ProjectFile::load(Path::new("sternway.yaml"), &text).map_err(wrong)?;
    let mut took = Vec::new();
    for _ in 0..times {
        let begun = Instant::now();
        let grid = grid(&folder, &project).map_err(wrong)?;
        took.push(begun.elapsed().as_secs_f64() * 1000.0);
        if grid.rows.len() != KEYS || !grid.problems.is_empty() {
            return Err(Failure::new(format!("{} rows, {} problems", grid.rows.len(), grid.problems.len())));
        }
    }
    Ok(took)
}
