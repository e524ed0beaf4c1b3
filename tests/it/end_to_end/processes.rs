//! What the program starts on this machine lives as long as the program, and knows no more than it should.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::json;
use sternway_e2e::{Failure, Result, Stage, web};
use tokio::io::{AsyncBufReadExt, BufReader};

/// Only the busiest machine takes as long as this.
const SOON: Duration = Duration::from_secs(60);

fn runs(pid: &str) -> Result<bool> {
    let state = std::process::Command::new("ps").args(["-o", "stat=", "-p", pid]).output()?;
    let state = String::from_utf8_lossy(&state.stdout).trim().to_owned();
    // One that has ended, and that nobody has asked how, is none.
    Ok(!state.is_empty() && !state.starts_with('Z'))
}

async fn read(file: &Path) -> Result<String> {
    web::until(SOON, async || Ok(fs::read_to_string(file)?)).await
}

#[tokio::test]
async fn a_check_ends_with_a_program_that_is_killed() -> Result<()> {
    let stage = Stage::light()?;
    stage.call(["secret", "set", "staging", "TOKEN"]).input("a token").done().await?;
    let run = "test -e mended || { sleep 1000 & echo $$ $! > begun; mv begun pids; wait; }";
    let checks = format!("pipeline:\n  checks:\n    - {{ name: sleeps, run: \"{run}\" }}");
    stage.edit("sternway.yaml", |line| (line == "pipeline:").then(|| checks.clone()))?;

    let mut deploying = stage.call(["deploy", "staging", "--yes"]).start()?;
    let pids = read(&stage.project().join("pids")).await?;
    deploying.kill().await?;

    // Whoever looks at it waits until nothing of it runs any more.
    let status = stage.call(["status", "staging"]).done().await?;
    assert_eq!(status.last()?["environments"][0]["health"], json!("interrupted"), "{}", status.describe());
    for pid in pids.split_whitespace() {
        assert!(!runs(pid)?, "process {pid} of the check is still there");
    }
    fs::write(stage.project().join("mended"), "")?;
    let resumed = stage.call(["resume", "staging", "--yes"]).done().await?;
    assert_eq!(resumed.last()?["result"], json!("succeeded"), "{}", resumed.describe());
    Ok(())
}

#[tokio::test]
async fn a_command_with_the_environment_is_the_same_process_and_dumps_no_core() -> Result<()> {
    let stage = Stage::light()?;
    stage.call(["secret", "set", "staging", "TOKEN"]).input("a token").done().await?;
    let command = "echo $$ $MESSAGE; ulimit -S -c; exec sleep 1000";
    let mut running = stage.call(["run", "staging", "--", "sh", "-c", command]).start()?;
    let pid = running.id().ok_or_else(|| Failure::new("it has ended"))?;
    let output = running.stdout.take().ok_or_else(|| Failure::new("it has no output"))?;
    let mut lines = BufReader::new(output).lines();
    assert_eq!(lines.next_line().await?, Some(format!("{pid} first")));
    assert_eq!(lines.next_line().await?.as_deref(), Some("0"));
    running.kill().await?;
    assert!(!runs(&pid.to_string())?, "what is killed is the command");
    Ok(())
}
