//! Measures Sternway against what people would compare it with. Run it as `scripts/bench` does: in a session of its own, with the
//! programs built.
//!
//! - `window`: the window against an empty one
//! - `compose`: the terminal front against Docker Compose
//!
//! The other words are for the containers that the second one runs this program in.

mod compose;
mod host;
mod processes;
mod report;
mod sample;
mod window;

use std::process::ExitCode;

use sternway_e2e::{Failure, Result};

use compose::servers;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("✗ {failure}");
            ExitCode::from(2)
        }
    }
}

async fn run() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (words, json) = match arguments.split_last() {
        Some((last, words)) if last == "--json" => (words, true),
        _ => (arguments.as_slice(), false),
    };
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut report = match words.as_slice() {
        ["window"] => window::measure().await?,
        ["compose"] => compose::measure().await?,
        ["serve"] => return servers::serve().await.map(|()| ExitCode::SUCCESS),
        ["forward", host] => return servers::forward((*host).to_owned()).await.map(|()| ExitCode::SUCCESS),
        ["probe"] => return servers::probe().await.map(|()| ExitCode::SUCCESS),
        _ => return Err(Failure::new("usage: sternway-bench window|compose [--json]")),
    };
    report.note_host()?;
    if json {
        println!("{:#}", report.json());
    } else {
        print!("{report}");
    }
    Ok(if report.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
