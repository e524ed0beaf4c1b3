//! The product's main job through the real window, with the sample.

use std::time::Duration;

use serde_json::json;
use sternway_e2e::{Result, Stage, Window, leaks, web};

const PASSWORD: &str = "planted-through-the-window-7f3a";
/// Building the sample's image and waiting for its database takes a while on a small machine.
const DEPLOYMENT: Duration = Duration::from_secs(150);
const SOON: Duration = Duration::from_secs(20);

/// Deploys what the folder says to development, and waits for the result.
async fn deploy(window: &Window, release: u32, picture: &str) -> Result<()> {
    window.click("link", "Overview").await?;
    window.click("button", "Deploy to development…").await?;
    window.find("button", "Deploy to development").await?;
    window.screenshot(&format!("{picture}-plan")).await?;
    window.click("button", "Deploy to development").await?;
    window.find("button", "Cancel #*").await?;
    window.screenshot(&format!("{picture}-running")).await?;
    window.see(&format!("Release #{release} runs"), DEPLOYMENT).await?;
    window.screenshot(&format!("{picture}-done")).await?;
    Ok(())
}

#[tokio::test]
async fn set_a_secret_deploy_change_deploy_go_back() -> Result<()> {
    let stage = Stage::shop()?;
    let page = stage.address("development", "/")?;
    let command_lines = leaks::CommandLines::watch(PASSWORD);
    let window = Window::open(&stage).await?;

    window.find("article", "production").await?;
    window.see("DB_PASSWORD", SOON).await?;
    window.screenshot("1-overview-before").await?;

    window.click("link", "Configuration").await?;
    window.click("gridcell", "DB_PASSWORD in development").await?;
    window.fill("Value of secret DB_PASSWORD in development", PASSWORD).await?;
    window.click("button", "Set secret DB_PASSWORD").await?;
    window.find("listitem", "v1*").await?;
    window.screenshot("2-configuration-secret").await?;

    deploy(&window, 1, "3-first").await?;
    assert!(web::body(&page).await?.contains("Hello from the workbench"), "the page greets as configured");

    window.click("link", "Configuration").await?;
    window.click("gridcell", "GREETING in development").await?;
    window.press(Window::ENTER).await?;
    window.fill("Value of GREETING in development", "Fair winds").await?;
    window.press(Window::ENTER).await?;
    window.see("Fair winds", SOON).await?;
    window.screenshot("4-configuration-changed").await?;

    deploy(&window, 2, "5-second").await?;
    assert!(web::body(&page).await?.contains("Fair winds"), "the page has the new value");

    // The deployment's page offers the way back, which is a plan to read like any other.
    window.click("button", "Go back to #1").await?;
    window.find("heading", "Go back to #1 in development").await?;
    window.screenshot("6-back-plan").await?;
    window.click("button", "Go back to #1").await?;
    window.see("Release #3 runs", DEPLOYMENT).await?;
    window.screenshot("6-back-done").await?;
    assert!(web::body(&page).await?.contains("Hello from the workbench"), "the page has the old value again");

    window.click("link", "History").await?;
    for number in 1..=3 {
        window.find("row", &format!("Deployment #{number}")).await?;
    }
    window.screenshot("7-history").await?;
    in_both_themes_and_small(&window).await?;

    let kept = window.script("return JSON.stringify(localStorage) + document.documentElement.outerHTML").await?;
    assert!(!kept.to_string().contains(PASSWORD), "the page forgets the value");
    window.close().await?;
    assert_eq!(leaks::in_files(&stage.home(), PASSWORD)?, Vec::<String>::new(), "files of Sternway");
    assert_eq!(leaks::in_files(&stage.project(), PASSWORD)?, Vec::<String>::new(), "files of the project");
    let project = stage.compose_project("development");
    assert_eq!(leaks::on_the_engine(&project, PASSWORD)?, Vec::<String>::new(), "labels, images and probes");
    assert!(command_lines.found()?.is_empty(), "command lines");
    Ok(())
}

/// Pictures of the pages to look at, and a check that the smallest size needs no sideways scrolling.
async fn in_both_themes_and_small(window: &Window) -> Result<()> {
    for theme in ["Light", "Dark"] {
        window.click("link", "Settings").await?;
        window.click("radio", theme).await?;
        for section in ["Overview", "Configuration", "History", "Settings"] {
            window.click("link", section).await?;
            window.find("heading", section).await?;
            for (width, height) in [(1280, 800), (1024, 700)] {
                window.resize(width, height).await?;
                let wider = "return document.documentElement.scrollWidth > window.innerWidth";
                assert_eq!(window.script(wider).await?, json!(false), "{section} fits {width} × {height}");
                window.screenshot(&format!("8-{section}-{theme}-{width}").to_lowercase()).await?;
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn opens_without_engine_and_keychain_and_says_what_to_do() -> Result<()> {
    let stage = Stage::shop()?;
    let nowhere =
        [("DOCKER_HOST", "unix:///nowhere/docker.sock"), ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus")];
    let window = Window::open_with(&stage, &nowhere).await?;

    // What does not need them works: configuration can be read and edited.
    window.click("link", "Configuration").await?;
    window.click("gridcell", "GREETING in staging").await?;
    window.press(Window::ENTER).await?;
    window.fill("Value of GREETING in staging", "edited without an engine").await?;
    window.press(Window::ENTER).await?;
    window.see("edited without an engine", SOON).await?;

    window.click("link", "Settings").await?;
    window.see("/nowhere/docker.sock", SOON).await?;
    window.see("keychain", SOON).await?;
    window.screenshot("9-settings-without-parts").await?;
    window.click("link", "Overview").await?;
    window.find("article", "staging").await?;
    window.screenshot("9-overview-without-parts").await?;
    window.close().await
}
