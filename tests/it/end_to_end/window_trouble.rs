//! The window on a bad day: it opens, says what is wrong and what to do, and what does not need the missing part works.

use std::fs;
use std::os::unix::fs::FileExt;
use std::time::Duration;

use sternway_e2e::{Result, Stage, Window};

const SOON: Duration = Duration::from_secs(20);
/// Where SQLite keeps the number that Sternway counts its forms of the history with (`PRAGMA user_version`).
const USER_VERSION: u64 = 60;

/// Configuration can be read and edited, and Settings says what to do about the history.
async fn works_without_a_history(window: &Window, advice: &str) -> Result<()> {
    window.click("link", "Configuration").await?;
    window.click("gridcell", "MESSAGE in staging").await?;
    window.press(Window::ENTER).await?;
    window.fill("Value of MESSAGE in staging", "edited without a history").await?;
    window.press(Window::ENTER).await?;
    window.see("edited without a history", SOON).await?;

    window.click("link", "History").await?;
    window.find("button", "Open Settings").await?;
    window.click("button", "Open Settings").await?;
    window.see(advice, SOON).await
}

#[tokio::test]
async fn a_moved_folder_is_opened_at_its_new_place_with_its_history() -> Result<()> {
    let stage = Stage::light()?;
    stage.call(["secret", "set", "staging", "TOKEN"]).input("a token").done().await?;
    stage.call(["deploy", "staging", "--yes"]).done().await?;
    let window = Window::open(&stage).await?;
    window.find("link", "Deployment #1").await?;

    let moved = stage.home().with_file_name("moved");
    fs::rename(stage.project(), &moved)?;
    window.see("the project is not there", SOON).await?;
    window.see("If it was moved, open it at its new place", SOON).await?;
    window.screenshot("10-folder-moved").await?;

    window.start_again(&["--project", &moved.to_string_lossy()]).await?;
    window.click("button", "Bring its history along").await?;
    window.find("link", "Deployment #1").await?;
    window.see("no drift", SOON).await?;
    window.close().await
}

#[tokio::test]
async fn a_damaged_history_is_left_alone_and_the_rest_works() -> Result<()> {
    let stage = Stage::light()?;
    let file = stage.home().join("history.sqlite");
    fs::write(&file, "this is no database")?;
    let window = Window::open(&stage).await?;
    window.see("The history cannot be read", SOON).await?;
    works_without_a_history(&window, "history.sqlite").await?;
    window.screenshot("10-history-damaged").await?;
    window.close().await?;
    assert_eq!(fs::read_to_string(&file)?, "this is no database", "nothing was overwritten");
    Ok(())
}

#[tokio::test]
async fn a_newer_history_is_left_alone_and_the_rest_works() -> Result<()> {
    let stage = Stage::light()?;
    stage.call(["history"]).done().await?;
    let file = stage.home().join("history.sqlite");
    fs::OpenOptions::new().write(true).open(&file)?.write_all_at(&999_u32.to_be_bytes(), USER_VERSION)?;
    let window = Window::open(&stage).await?;
    window.see("The history is from a newer Sternway", SOON).await?;
    works_without_a_history(&window, "newer").await?;
    window.screenshot("10-history-newer").await?;
    window.close().await
}
