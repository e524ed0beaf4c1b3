//! A deployment on a terminal that is closed, or that the system ends.

use serde_json::json;
use sternway_e2e::{Result, Stage};

/// A project whose verification sends a signal to the program that runs it.
async fn signalled(signal: &str) -> Result<Stage> {
    let stage = Stage::light()?;
    let step = format!("    - {{ name: signalled, run: \"kill -{signal} $PPID; sleep 2\" }}");
    stage.edit("sternway.yaml", |line| line.contains("name: answers").then(|| format!("{line}\n{step}")))?;
    stage.call(["secret", "set", "staging", "TOKEN"]).input("a token").done().await?;
    Ok(stage)
}

#[tokio::test]
async fn a_terminal_that_is_closed_does_not_end_a_deployment() -> Result<()> {
    let stage = signalled("HUP").await?;
    let deployed = stage.call(["deploy", "staging", "--yes"]).done().await?;
    assert_eq!(deployed.last()?["result"], json!("succeeded"), "{}", deployed.describe());
    Ok(())
}

#[tokio::test]
async fn the_systems_request_to_end_cancels_it() -> Result<()> {
    let stage = signalled("TERM").await?;
    let cancelled = stage.call(["deploy", "staging", "--yes"]).ends(1).await?;
    assert_eq!(cancelled.last()?["result"], json!("cancelled"), "{}", cancelled.describe());
    let status = stage.call(["status", "staging"]).done().await?;
    assert_eq!(status.last()?["environments"][0]["last"]["result"], json!("cancelled"), "{}", status.describe());
    Ok(())
}
