//! The window comes and goes; what it was asked to do does not.

use std::fs;
use std::time::Duration;

use sternway_e2e::{Notifications, Result, Stage, Window};

const SOON: Duration = Duration::from_secs(20);

/// A stage whose deployments wait at a check until a file `gate` is there.
fn gated() -> Result<Stage> {
    let stage = Stage::light()?;
    stage.edit("sternway.yaml", |line| {
        let gate = "  checks:\n    - { name: gate, run: \"until [ -e gate ]; do sleep 0.1; done\" }";
        line.starts_with("pipeline:").then(|| format!("{line}\n{gate}"))
    })?;
    Ok(stage)
}

#[tokio::test]
async fn closed_during_a_run_it_goes_to_the_tray_and_tells_the_end() -> Result<()> {
    let stage = gated()?;
    stage.call(["secret", "set", "staging", "TOKEN"]).input("a token").done().await?;
    let window = Window::open(&stage).await?;
    // From here on: another window's deployment of an earlier test cannot be taken for this one's.
    let mut notifications = Notifications::take()?;

    window.click("link", "Environment staging").await?;
    window.click("button", "Deploy to staging…").await?;
    window.click("button", "Deploy to staging").await?;
    window.find("button", "Cancel #1").await?;
    window.press_close()?;
    window.wait_shown(false).await?;
    let status = stage.call(["status", "staging"]).done().await?;
    assert_eq!(status.last()?["environments"][0]["health"], "deploying", "it goes on without a window");

    fs::write(stage.project().join("gate"), "")?;
    let notification = notifications.next(Duration::from_secs(60)).await?;
    assert_eq!(notification.title, format!("{}: deploy #1 of staging succeeded", stage.name()));
    assert!(!notification.body.is_empty(), "it says more than that");

    // Another start brings the window back, to the page where the person left it.
    window.start_again(&[]).await?;
    window.wait_shown(true).await?;
    window.see("Release #1 runs", SOON).await?;
    window.close().await
}

#[tokio::test]
async fn a_second_start_opens_its_project_in_the_same_window() -> Result<()> {
    let (first, second) = (Stage::light()?, Stage::light()?);
    let window = Window::open(&first).await?;
    window.find("button", &format!("Project: {}", first.name())).await?;
    window.start_again(&["--project", &second.project().to_string_lossy()]).await?;
    window.find("button", &format!("Project: {}", second.name())).await?;
    window.find("article", "staging").await?;
    window.close().await
}
