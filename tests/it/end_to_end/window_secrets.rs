//! Secrets through the real window: rotated, on the clipboard, and in no message that the page gets.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use sternway_e2e::{Failure, Result, Stage, Window, engine, leaks, web};

const SOON: Duration = Duration::from_secs(20);
const DEPLOYMENT: Duration = Duration::from_secs(60);
const OLD: &str = "the old planted t0ken";
const NEW: &str = "the n3w planted token";

async fn deployed() -> Result<Stage> {
    let stage = Stage::light()?;
    stage.call(["secret", "set", "staging", "TOKEN"]).input(OLD).done().await?;
    stage.call(["deploy", "staging", "--yes"]).done().await?;
    Ok(stage)
}

/// What the running container has.
fn token(stage: &Stage) -> Result<String> {
    let containers = engine::containers(&stage.compose_project("staging"))?;
    let variables = containers.iter().flat_map(|container| container["Config"]["Env"].as_array().into_iter().flatten());
    let token = variables.filter_map(Value::as_str).find_map(|line| line.strip_prefix("TOKEN="));
    Ok(token.unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_secret_is_rotated_from_where_it_is_used_to_the_old_value_gone() -> Result<()> {
    let stage = deployed().await?;
    let window = Window::open(&stage).await?;
    window.click("link", "Configuration").await?;
    window.click("gridcell", "TOKEN in staging").await?;
    window.click("button", "Rotate TOKEN…").await?;
    window.see("Used by TOKEN, in web.", SOON).await?;
    window.screenshot("15-rotate").await?;
    window.click("radio", "Type it").await?;
    window.fill("New value of TOKEN", NEW).await?;
    window.click("button", "Begin to rotate TOKEN").await?;
    window.see("v2 waits to be deployed; v1 is dropped once a release runs with it.", SOON).await?;
    window.screenshot("15-rotation-set").await?;
    assert_eq!(token(&stage)?, OLD, "what runs still has the old one");

    window.click("button", "Deploy to staging…").await?;
    window.see("v1 is dropped when this has succeeded", SOON).await?;
    window.screenshot("15-rotation-plan").await?;
    window.click("button", "Deploy to staging").await?;
    window.see("Release #2 runs", DEPLOYMENT).await?;
    assert_eq!(token(&stage)?, NEW);

    window.click("link", "Configuration").await?;
    window.click("gridcell", "TOKEN in staging").await?;
    window.find("listitem", "v2*").await?;
    window.find("button", "Rotate TOKEN…").await?;
    assert!(window.all("listitem", "v1*").await?.is_empty(), "the old version is dropped");
    window.screenshot("15-rotated").await?;
    window.close().await?;
    for value in [OLD, NEW] {
        assert_eq!(leaks::in_files(&stage.home(), value)?, Vec::<String>::new(), "files of Sternway");
    }
    Ok(())
}

/// Goes through everything that a person can open, and waits until each has what it shows.
async fn look_around(window: &Window) -> Result<()> {
    window.click("link", "Overview").await?;
    window.find("article", "staging").await?;
    window.see("no drift", SOON).await?;
    window.click("link", "Environment staging").await?;
    window.see("prepared for first", SOON).await?;
    window.see(" %", SOON).await?;
    window.click("button", "More for web").await?;
    window.click("menuitem", "Run a command…").await?;
    window.fill("Command line", "echo \"said: $TOKEN.\"").await?;
    window.click("button", "Run in web").await?;
    window.see("said: ", SOON).await?;
    window.see("ended", SOON).await?;
    window.screenshot("17-command-redacted").await?;
    window.click("button", "Close").await?;
    window.click("link", "Configuration").await?;
    // What was read when the window opened may still be fresh.
    window.click("button", "More for the configuration").await?;
    window.click("menuitem", "Read the files again").await?;
    window.click("gridcell", "TOKEN in staging").await?;
    window.find("region", "History of TOKEN").await?;
    window.click("link", "Documents").await?;
    for document in [".env", "docker-compose.yml", "sternway.yaml"] {
        window.click("link", &format!("Document {document}")).await?;
        window.find("textbox", &format!("Text of {document}")).await?;
        window.click("link", "Documents").await?;
    }
    window.click("link", "Versions").await?;
    window.click("link", "Version 1").await?;
    window.find("complementary", "Version 1").await?;
    window.click("link", "Secrets").await?;
    window.click("button", "Look for leaks").await?;
    window.see("Nothing was found", SOON).await?;
    window.click("link", "History").await?;
    window.click("row", "Deployment #1").await?;
    window.see("Release #1", SOON).await?;
    window.click("link", "Overview").await?;
    window.click("button", "Deploy to staging…").await?;
    window.see("1 change", SOON).await?;
    window.click("button", "Deploy to staging").await?;
    window.see("Release #2 runs", DEPLOYMENT).await?;
    window.click("link", "Settings").await?;
    window.see("Keychain", SOON).await
}

/// What a program that pastes would get; nothing if there is no text.
fn clipboard() -> Result<Option<String>> {
    let pasted = Command::new("timeout").args(["5", "xclip", "-out", "-selection", "clipboard"]).output()?;
    Ok(pasted.status.success().then(|| String::from_utf8_lossy(&pasted.stdout).into_owned()))
}

#[tokio::test]
async fn the_clipboard_gets_a_value_for_a_while_and_the_page_only_one_that_is_shown() -> Result<()> {
    let stage = deployed().await?;
    stage.call(["config", "set", "staging", "MESSAGE", "first of all"]).done().await?;
    let window = Window::open(&stage).await?;
    window.record_messages().await?;
    window.click("link", "Configuration").await?;
    window.click("gridcell", "TOKEN in staging").await?;
    window.click("button", "Copy to the clipboard").await?;
    window.see("On the clipboard for 30 s; the page has not seen it.", SOON).await?;
    let copied = Instant::now();
    assert_eq!(clipboard()?.as_deref(), Some(OLD));

    look_around(&window).await?;
    let messages = window.messages().await?;
    assert!(messages.len() > 60, "only {} messages were recorded", messages.len());
    for wanted in ["matrix", "open_document", "run", "services", "service_logs", "copy_secret_value", "scan_leaks"] {
        assert!(messages.iter().any(|message| message.command == wanted), "no message of {wanted}");
    }
    let holding: Vec<_> = messages.iter().filter(|message| leaks::in_text(&message.text, OLD)).collect();
    assert!(holding.is_empty(), "messages that hold the value: {holding:?}");

    web::until(Duration::from_secs(60), async || match clipboard()? {
        None => Ok(()),
        Some(text) if text.is_empty() => Ok(()),
        Some(text) => Err(Failure::new(format!("the clipboard still holds `{text}`"))),
    })
    .await?;
    assert!(copied.elapsed() > Duration::from_secs(25), "it stays for a while");

    // The one way to see it, after a question, and with an entry in the audit.
    window.click("link", "Configuration").await?;
    window.click("gridcell", "TOKEN in staging").await?;
    window.click("button", "Show TOKEN…").await?;
    assert!(!window.text().await?.contains(OLD), "it asks first");
    window.click("button", "Show TOKEN").await?;
    window.see(OLD, SOON).await?;
    let messages = window.messages().await?;
    let holding: Vec<_> = messages.iter().filter(|message| leaks::in_text(&message.text, OLD)).collect();
    let ways: Vec<_> = holding.iter().map(|message| (message.command.as_str(), message.sent)).collect();
    assert_eq!(ways, [("reveal_secret", false)], "{holding:?}");
    window.click("button", "Hide it now").await?;
    window.click("link", "Secrets").await?;
    window.see("copied to the clipboard TOKEN v1", SOON).await?;
    window.see("revealed TOKEN v1", SOON).await?;
    window.screenshot("17-audit").await?;
    window.close().await
}
