//! From staging to production through the real window: what looks copied or is missing stops it, and is mended from there.

use std::time::Duration;

use sternway_e2e::{Failure, Result, Stage, Window, engine, web};

const SOON: Duration = Duration::from_secs(20);
const DEPLOYMENT: Duration = Duration::from_secs(60);

/// Opens the promotion's plan, and waits until it is made.
async fn promote(window: &Window) -> Result<()> {
    window.click("link", "Overview").await?;
    window.click("button", "Promote #1…").await?;
    window.find("heading", "Promote #1 to production").await?;
    window.see("Variables of staging and production", SOON).await
}

/// Whether the one button that runs the plan can be clicked.
async fn can_run(window: &Window) -> Result<bool> {
    let enabled = "return [...document.querySelectorAll('button[type=submit]')].some((button) =>
        button.innerText === 'Promote #1 to production' && !button.disabled)";
    Ok(window.script(enabled).await?.as_bool().unwrap_or_default())
}

#[tokio::test]
async fn what_is_missing_or_looks_copied_is_mended_before_anything_is_promoted() -> Result<()> {
    let stage = Stage::light()?;
    stage.call(["secret", "set", "staging", "TOKEN"]).input("the token of staging").done().await?;
    stage.call(["deploy", "staging", "--yes"]).done().await?;
    stage.call(["config", "set", "production", "MESSAGE", "for everybody"]).done().await?;
    stage.call(["config", "set", "production", "API_URL", "https://api.staging.example.com"]).done().await?;
    let window = Window::open(&stage).await?;

    promote(&window).await?;
    window.see("TOKEN has no value in production", SOON).await?;
    window.see("API_URL leads to api.staging.example.com", SOON).await?;
    window.find("list", "How the variables of staging and production differ").await?;
    window.see("for everybody", SOON).await?;
    assert!(!can_run(&window).await?, "a required value is missing");
    window.screenshot("14-promote-missing").await?;

    // The same value as in staging is a value, but hardly the right one.
    window.click("button", "Open Configuration").await?;
    window.click("gridcell", "TOKEN in production").await?;
    window.click("button", "Copy from staging").await?;
    window.find("listitem", "v1*").await?;
    promote(&window).await?;
    window.see("TOKEN has the same value as the secret TOKEN of staging", SOON).await?;
    assert!(!can_run(&window).await?, "two values look copied");
    window.screenshot("14-promote-copied").await?;

    // One is meant like that, one is mended.
    window.click("checkbox", "API_URL leads to*").await?;
    window.see("1 value of production may belong to another environment", SOON).await?;
    assert!(!can_run(&window).await?, "one value still looks copied");
    window.click("link", "Configuration").await?;
    window.click("gridcell", "API_URL in production").await?;
    window.press(Window::ENTER).await?;
    window.fill("Value of API_URL in production", "https://api.example.com").await?;
    window.press(Window::ENTER).await?;
    window.see("https://api.example.com", SOON).await?;
    window.click("gridcell", "TOKEN in production").await?;
    window.click("button", "Generate…").await?;
    window.click("button", "Generate TOKEN").await?;
    window.find("listitem", "v2*").await?;
    assert!(engine::containers(&stage.compose_project("production"))?.is_empty(), "nothing was touched so far");

    promote(&window).await?;
    web::until(SOON, async || match window.text().await? {
        text if text.contains("may belong to another environment") => Err(Failure::new("something looks copied")),
        _ => Ok(()),
    })
    .await?;
    window.screenshot("14-promote-ready").await?;
    assert!(!can_run(&window).await?, "production is protected: its name has to be typed");
    window.fill("Type production to confirm", "production").await?;
    window.click("button", "Promote #1 to production").await?;
    window.see("Release #2 runs", DEPLOYMENT).await?;
    window.screenshot("14-promoted").await?;
    assert_eq!(web::body(&stage.address("production", "/")?).await?, "for everybody");
    assert_eq!(web::body(&stage.address("staging", "/")?).await?, "first", "staging stays as it is");
    window.close().await
}
