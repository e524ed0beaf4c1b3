//! What a page could do that somebody else has taken over: only what it is there for.

use std::fs;

use serde_json::json;
use sternway_e2e::{Failure, Result, Stage, Window};

#[tokio::test]
async fn the_page_reaches_no_folder_that_nobody_chose() -> Result<()> {
    let (stage, other) = (Stage::light()?, Stage::light()?);
    let window = Window::open(&stage).await?;
    let mine = stage.project();
    let answer = window.invoke("documents", &json!({ "project": mine })).await?;
    assert!(answer.get("answer").is_some(), "the project of the command line is there: {answer}");

    let bare = stage.home().join("bare");
    fs::create_dir(&bare)?;
    fs::write(bare.join("compose.yaml"), "services: {}\n")?;
    let theirs = other.project();
    for (command, arguments) in [
        ("open_project", json!({ "path": theirs })),
        ("init_project", json!({ "path": bare })),
        ("documents", json!({ "project": theirs })),
        ("open_document", json!({ "project": theirs, "path": ".env", "reveal": true })),
        ("trust_project", json!({ "project": theirs })),
        ("secrets", json!({ "project": theirs })),
        ("relocate_project", json!({ "from": mine, "to": theirs })),
        ("documents", json!({ "project": mine.join("../../../../../../etc") })),
    ] {
        let answer = window.invoke(command, &arguments).await?;
        let said = answer["refused"]["message"].as_str().unwrap_or_default();
        if !said.starts_with("nobody has chosen the folder") {
            return Err(Failure::new(format!("{command} {arguments} answers {answer}")));
        }
    }
    assert!(!bare.join("sternway.yaml").exists());

    // Nothing of the system, and no dialog that the page would open itself.
    for command in [
        "plugin:dialog|open",
        "plugin:notification|notify",
        "plugin:fs|read_file",
        "plugin:shell|open",
        "plugin:event|emit",
    ] {
        let answer = window.invoke(command, &json!({})).await?;
        assert!(answer.get("refused").is_some(), "{command} answers {answer}");
    }
    window.close().await
}

#[tokio::test]
async fn a_person_reads_the_commands_of_a_new_project_and_trusts_it() -> Result<()> {
    let stage = Stage::light()?;
    stage.edit("sternway.yaml", |line| {
        line.starts_with("pipeline:").then(|| "pipeline:\n  checks: [{ name: look, run: touch checked }]".to_owned())
    })?;
    stage.call(["trust", "--revoke"]).done().await?;
    let window = Window::open(&stage).await?;
    window.resize(1024, 700).await?;
    window.click("button", "Look at 1 command…").await?;
    window.find("dialog", "Trust *").await?;
    window.click("button", "Trust this project").await?;
    window.see("Latest deployments", std::time::Duration::from_secs(10)).await?;
    let trusted = stage.call(["trust"]).done().await?;
    assert!(trusted.last()?["at"].is_string(), "the window wrote it down");
    assert!(window.all("button", "Look at 1 command…").await?.is_empty(), "there is nothing more to say");
    window.close().await
}
