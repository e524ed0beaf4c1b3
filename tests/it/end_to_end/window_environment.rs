//! An environment's page: what runs, what it prints, where it answers; starting it anew and taking it down.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use sternway_e2e::{Failure, Result, Stage, Window, engine, web};

const SOON: Duration = Duration::from_secs(30);

/// When the containers of an environment were started, by their ids.
fn started(stage: &Stage) -> Result<Vec<(String, String)>> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let containers = engine::containers(&stage.compose_project("staging"))?;
    Ok(containers.iter().map(|one| (text(&one["Id"]), text(&one["State"]["StartedAt"]))).collect())
}

#[tokio::test]
async fn what_runs_is_looked_at_started_anew_and_taken_down() -> Result<()> {
    let stage = Stage::light()?;
    stage.call(["secret", "set", "staging", "TOKEN"]).input("a token").done().await?;
    stage.call(["deploy", "staging", "--yes"]).done().await?;

    // In place of a browser: it writes down where it was sent.
    let programs = stage.home().join("programs");
    let opened = stage.home().join("opened");
    fs::create_dir(&programs)?;
    let browser = programs.join("xdg-open");
    fs::write(&browser, format!("#!/bin/sh\necho \"$1\" >'{}'\n", opened.display()))?;
    fs::set_permissions(&browser, fs::Permissions::from_mode(0o755))?;
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap_or_default());
    let window = Window::open_with(&stage, &[("PATH", &path)]).await?;

    window.click("link", "Environment staging").await?;
    window.find("row", "web").await?;
    window.see("prepared for first", SOON).await?;
    window.see(" %", SOON).await?;
    window.screenshot("11-environment").await?;

    let port = stage.address("staging", "")?.rsplit(':').next().unwrap_or_default().to_owned();
    window.click("button", &format!("Open web of staging on port {port}")).await?;
    let address = web::until(SOON, async || Ok(fs::read_to_string(&opened)?)).await?;
    assert_eq!(address.trim().trim_end_matches('/'), format!("http://localhost:{port}"));

    let before = started(&stage)?;
    window.click("button", "Restart web").await?;
    window.click("button", "Restart web in staging").await?;
    let after = web::until(SOON, async || match started(&stage)? {
        after if after != before => Ok(after),
        _ => Err(Failure::new("web was not started anew")),
    })
    .await?;
    let ids = |containers: &[(String, String)]| containers.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&after), ids(&before), "the containers are the same");

    // The dialog stands until the new start was seen to be healthy.
    web::until(SOON, async || match window.all("dialog", "*").await?.len() {
        0 => Ok(()),
        _ => Err(Failure::new("the restart is not over")),
    })
    .await?;

    // The answer is not what was typed, so that only a shell can have said it.
    window.click("button", "More for web").await?;
    window.click("menuitem", "Run a command…").await?;
    window.fill("Command line", "echo \"$((6 * 7)) loaves\"; exit 3").await?;
    window.click("button", "Run in web").await?;
    window.see("42 loaves", SOON).await?;
    window.see("ended with code 3", SOON).await?;
    window.screenshot("11-command").await?;
    window.click("button", "Close").await?;

    window.click("button", "More for staging").await?;
    window.click("menuitem", "Take staging down…").await?;
    window.find("heading", "Take staging down").await?;
    window.find("button", "Take staging down").await?;
    window.screenshot("11-take-down").await?;
    window.click("button", "Take staging down").await?;
    web::until(SOON, async || match engine::containers(&stage.compose_project("staging"))?.len() {
        0 => Ok(()),
        left => Err(Failure::new(format!("{left} containers are left"))),
    })
    .await?;
    window.close().await
}
