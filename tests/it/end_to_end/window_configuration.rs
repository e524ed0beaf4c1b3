//! Configuration through the real window: the matrix as a spreadsheet, documents, versions, secrets.

use std::fs;
use std::time::Duration;

use sternway_e2e::{Failure, Result, Stage, Window, leaks, web};

const SOON: Duration = Duration::from_secs(20);
const APP: &str = "config/app.json";
const BEFORE: &str =
    "{\n  \"name\": \"shop\",\n  \"server\": { \"port\": 8080, \"host\": \"0.0.0.0\" },\n  \"debug\": false\n}\n";

/// The sample, with a document of its own.
fn shop() -> Result<Stage> {
    let stage = Stage::shop()?;
    fs::create_dir(stage.project().join("config"))?;
    fs::write(stage.project().join(APP), BEFORE)?;
    stage.edit("sternway.yaml", |line| {
        line.starts_with("  required:").then(|| format!("  files: [\"{APP}\"]\n{line}"))
    })?;
    Ok(stage)
}

/// What a file of the project says.
fn said(stage: &Stage, file: &str) -> Result<String> {
    Ok(fs::read_to_string(stage.project().join(file))?)
}

/// Waits until a file of the project says this.
async fn says(stage: &Stage, file: &str, wanted: &str) -> Result<()> {
    web::until(SOON, async || {
        let text = said(stage, file)?;
        let there = text.contains(wanted);
        there.then_some(()).ok_or_else(|| Failure::new(format!("{file} has no `{wanted}`:\n{text}")))
    })
    .await
}

#[tokio::test]
async fn the_matrix_is_worked_like_a_spreadsheet() -> Result<()> {
    let stage = shop()?;
    let before = said(&stage, ".env.staging")?;
    let window = Window::open(&stage).await?;
    window.click("link", "Configuration").await?;

    // Two cells of development are copied next to each other into staging, and taken back.
    window.click("gridcell", "GREETING in development").await?;
    window.press_together(&[Window::SHIFT, Window::DOWN]).await?;
    window.find("complementary", "About 2 selected values").await?;
    window.press_together(&[Window::CONTROL, 'c']).await?;
    window.see("Copied 2 values.", SOON).await?;
    window.click("gridcell", "GREETING in staging").await?;
    window.press_together(&[Window::CONTROL, 'v']).await?;
    says(&stage, ".env.staging", "GREETING='Hello from the workbench'").await?;
    assert!(!said(&stage, ".env.staging")?.contains("CURRENCY"), "what is the same already needs no line of its own");
    window.screenshot("11-matrix-pasted").await?;
    window.click("button", "Undo").await?;
    window.see("Undone: Paste 1 value.", SOON).await?;
    assert_eq!(said(&stage, ".env.staging")?, before, "an undo leaves the file as it was");

    // Delete asks, and says what holds afterwards.
    window.click("gridcell", "LOG_LEVEL in development").await?;
    window.press(Window::DELETE).await?;
    window.see("becomes the shared info", SOON).await?;
    window.screenshot("11-matrix-delete").await?;
    window.click("button", "Remove LOG_LEVEL").await?;
    web::until(SOON, async || {
        let text = said(&stage, ".env.development")?;
        if text.contains("LOG_LEVEL") { Err(Failure::new("the line is there")) } else { Ok(()) }
    })
    .await?;

    // A key gets another name in every file that has it; the other bytes stay.
    let shared = said(&stage, ".env")?;
    window.click("gridcell", "GREETING in staging").await?;
    window.click("button", "Rename GREETING everywhere…").await?;
    window.fill("New name", "WELCOME").await?;
    window.press(Window::ENTER).await?;
    window.find("gridcell", "WELCOME in staging").await?;
    assert_eq!(said(&stage, ".env")?, shared.replace("GREETING=", "WELCOME="), "one line differs");
    says(&stage, ".env.development", "WELCOME=Hello from the workbench").await?;
    window.close().await
}

#[tokio::test]
async fn a_document_is_edited_from_both_sides_and_merged_with_what_others_wrote() -> Result<()> {
    let stage = shop()?;
    let window = Window::open(&stage).await?;
    window.click("link", "Configuration").await?;
    window.click("link", "Documents").await?;
    window.screenshot("12-documents").await?;
    window.click("link", &format!("Document {APP}")).await?;
    window.find("textbox", &format!("Text of {APP}")).await?;

    window.fill("server.port", "9090").await?;
    window.press(Window::ENTER).await?;
    window.see("not saved", SOON).await?;
    window.screenshot("12-document-form").await?;
    window.fill("Why it is changed", "another port").await?;
    window.click("button", &format!("Save {APP}")).await?;
    says(&stage, APP, "9090").await?;
    assert_eq!(said(&stage, APP)?, BEFORE.replace("8080", "9090"), "nothing but the value is different");

    // Both sides change the same value: nothing is written before it is chosen, and what only they changed is kept.
    window.fill("server.port", "9091").await?;
    window.press(Window::ENTER).await?;
    window.see("not saved", SOON).await?;
    fs::write(stage.project().join(APP), BEFORE.replace("8080", "7070").replace("false", "true"))?;
    window.see("was changed outside", SOON).await?;
    window.click("button", &format!("Save {APP}")).await?;
    window.see("was changed here and outside", SOON).await?;
    window.screenshot("12-document-conflict").await?;
    assert!(said(&stage, APP)?.contains("7070"), "nothing is overwritten");
    window.click("radio", "Keep mine").await?;
    window.click("button", "Save what was chosen").await?;
    says(&stage, APP, "9091").await?;
    assert_eq!(said(&stage, APP)?, BEFORE.replace("8080", "9091").replace("false", "true"), "both changes are there");

    // Each save is a version, and an earlier one can be brought back.
    window.click("link", "Versions").await?;
    window.see("another port", SOON).await?;
    window.screenshot("12-versions").await?;
    window.close().await
}

#[tokio::test]
async fn a_secret_is_generated_shown_once_and_looked_for() -> Result<()> {
    const PLANTED: &str = "planted-in-a-script-5c1e9";
    let stage = shop()?;
    let window = Window::open(&stage).await?;
    window.click("link", "Configuration").await?;
    window.click("gridcell", "DB_PASSWORD in staging").await?;
    window.click("button", "Generate…").await?;
    window.click("button", "Generate DB_PASSWORD").await?;
    window.find("listitem", "v1*").await?;

    window.fill("Value of secret DB_PASSWORD in staging", PLANTED).await?;
    window.click("button", "Set secret DB_PASSWORD").await?;
    window.find("listitem", "v2*").await?;
    window.click("button", "Show DB_PASSWORD…").await?;
    window.fill("Why (optional)", "to see that it works").await?;
    window.click("button", "Show DB_PASSWORD").await?;
    window.see(PLANTED, SOON).await?;
    window.screenshot("13-secret-shown").await?;
    window.click("button", "Hide it now").await?;
    let page = "return document.documentElement.outerHTML";
    assert!(!window.script(page).await?.to_string().contains(PLANTED), "the page forgets the value");

    fs::write(stage.project().join("seed.sh"), format!("psql postgres://shop:{PLANTED}@db/shop\n"))?;
    window.click("link", "Secrets").await?;
    window.see("to see that it works", SOON).await?;
    window.click("button", "Look for leaks").await?;
    window.see("seed.sh:1", SOON).await?;
    window.screenshot("13-leaks").await?;
    assert!(!window.text().await?.contains(PLANTED), "what was found is not shown");
    window.close().await?;
    assert_eq!(leaks::in_files(&stage.home(), PLANTED)?, Vec::<String>::new(), "files of Sternway");
    Ok(())
}
