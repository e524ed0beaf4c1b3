//! Measures the matrix of 10,000 keys in five environments: `cargo run --release -p sternway-config --example matrix`.
//!
//! The files lie in a temporary folder, and are read in every round, as they are when the window asks.

use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use sternway_config::grid;
use sternway_model::{Error, ProjectFile, Result};

const KEYS: usize = 10_000;
const ENVIRONMENTS: [&str; 5] = ["development", "test", "staging", "canary", "production"];
const ROUNDS: usize = 20;

fn main() -> Result<()> {
    let folder = tempfile::tempdir().map_err(|error| Error::failed(error.to_string()))?;
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
    write(&folder.path().join(".env"), &shared)?;
    let mut list = String::new();
    for (place, name) in ENVIRONMENTS.iter().enumerate() {
        let own: String = (0..KEYS).filter(|key| key % 5 == place).fold(String::new(), |mut text, key| {
            writeln!(text, "KEY_{key}=own {name}").ok();
            text
        });
        write(&folder.path().join(format!(".env.{name}")), &own)?;
        list.push_str(&format!("  {name}: {{ target: {{ docker: local }} }}\n"));
    }
    let types = "configuration: { types: { KEY_1: number, KEY_2: number } }\n";
    let text = format!("project: large\nenvironments:\n{list}{types}");
    let project = ProjectFile::load(Path::new("sternway.yaml"), &text)?;

    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let grid = grid(folder.path(), &project);
        times.push(begun.elapsed());
        if grid.rows.len() != KEYS || !grid.problems.is_empty() {
            return Err(Error::failed(format!("{} rows, {} problems", grid.rows.len(), grid.problems.len())));
        }
    }
    times.sort_unstable();
    println!("{KEYS} keys × {} environments", ENVIRONMENTS.len());
    println!("median {:.1?}, fastest {:.1?}, slowest {:.1?}", times[ROUNDS / 2], times[0], times[ROUNDS - 1]);
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).map_err(|error| Error::io("write", path, &error))
}
