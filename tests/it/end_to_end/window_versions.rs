//! Versions of the configuration through the real window: who changed what, where it first ran, and the ways back.

use std::fs;
use std::time::Duration;

use sternway_e2e::{Failure, Result, Stage, Window, web};

const SOON: Duration = Duration::from_secs(20);
const APP: &str = "app.json";

/// Waits until a file of the project has these bytes.
async fn is(stage: &Stage, file: &str, wanted: &str) -> Result<()> {
    web::until(SOON, async || match fs::read_to_string(stage.project().join(file))? {
        text if text == wanted => Ok(()),
        text => Err(Failure::new(format!("{file} is not `{wanted}`:\n{text}"))),
    })
    .await
}

/// Changes a value in its cell.
async fn set(window: &Window, key: &str, value: &str) -> Result<()> {
    window.click("gridcell", &format!("{key} in staging")).await?;
    window.press(Window::ENTER).await?;
    window.fill(&format!("Value of {key} in staging"), value).await?;
    window.press(Window::ENTER).await?;
    window.see(value, SOON).await
}

#[tokio::test]
async fn one_key_one_file_or_everything_is_brought_back() -> Result<()> {
    let stage = Stage::light()?;
    fs::write(stage.project().join(APP), "{ \"port\": 80 }\n")?;
    stage.edit("sternway.yaml", |line| line.starts_with("  required:").then(|| format!("  files: [{APP}]\n{line}")))?;
    let begin = |file| fs::read_to_string(stage.project().join(file));
    let (shared, staging) = (begin(".env")?, begin(".env.staging")?);
    stage.call(["secret", "set", "staging", "TOKEN"]).input("a token").done().await?;
    stage.call(["config", "set", "staging", "MESSAGE", "one"]).done().await?;
    stage.call(["deploy", "staging", "--yes"]).done().await?;

    let window = Window::open(&stage).await?;
    window.click("link", "Configuration").await?;
    window.click("gridcell", "MESSAGE in staging").await?;
    window.find("link", "deployment #1").await?;
    window.screenshot("16-first-ran").await?;
    window.press(Window::ESCAPE).await?;
    set(&window, "MESSAGE", "two").await?;
    window.click("gridcell", "MESSAGE in staging").await?;
    window.see("Nothing was deployed to staging since version", SOON).await?;
    set(&window, "BROKEN", "never").await?;
    let two = begin(".env.staging")?;
    window.click("link", "Documents").await?;
    window.click("link", &format!("Document {APP}")).await?;
    window.fill("port", "8080").await?;
    window.press(Window::ENTER).await?;
    window.click("button", &format!("Save {APP}")).await?;
    is(&stage, APP, "{ \"port\": 8080 }\n").await?;

    // One key: the other change of the same file stays.
    window.click("link", "Variables").await?;
    window.click("gridcell", "MESSAGE in staging").await?;
    let back = window.names("button", "Bring MESSAGE back to version *").await?;
    window.click("button", back.first().ok_or_else(|| Failure::new("no version to bring back"))?).await?;
    window.find("list", "What would change").await?;
    window.screenshot("16-restore-key").await?;
    window.click("button", "Bring back 1 change").await?;
    is(&stage, ".env.staging", &two.replace("MESSAGE=two", "MESSAGE=one")).await?;

    // One file: the document is as it was, the variables stay.
    window.click("link", "Versions").await?;
    window.find("link", "Version 1").await?;
    let versions = window.names("link", "Version *").await?;
    let document = versions.get(1).ok_or_else(|| Failure::new("too few versions"))?;
    window.click("link", document).await?;
    window.see(APP, SOON).await?;
    window.screenshot("16-version").await?;
    // The first version has the files as they were.
    window.click("link", versions.last().ok_or_else(|| Failure::new("no version"))?).await?;
    window.click("button", "Bring back…").await?;
    window.screenshot("16-bring-back-menu").await?;
    window.click("menuitem", &format!("Only {APP}…")).await?;
    window.find("list", "What would change").await?;
    window.click("button", "Bring back 1 change").await?;
    is(&stage, APP, "{ \"port\": 80 }\n").await?;
    is(&stage, ".env.staging", &two.replace("MESSAGE=two", "MESSAGE=one")).await?;

    window.find("link", "Version 8").await?;

    // Everything, as it was before anybody changed something.
    window.click("link", "Version 1").await?;
    window.click("button", "Bring back…").await?;
    window.click("menuitem", "Everything, as it was in version 1…").await?;
    window.find("list", "What would change").await?;
    window.screenshot("16-restore-everything").await?;
    window.fill("Why it is brought back", "begin again").await?;
    window.click("button", "Bring back *").await?;
    window.see("begin again", SOON).await?;
    is(&stage, ".env", &shared).await?;
    is(&stage, ".env.staging", &staging).await?;
    window.screenshot("16-versions").await?;
    window.close().await
}
