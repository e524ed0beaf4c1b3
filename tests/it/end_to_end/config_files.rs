//! Compose `configs` that are files: a release has its own copy of them.

use std::fs;
use std::time::Duration;

use sternway_e2e::{Failure, Result, Stage, web};

const SOON: Duration = Duration::from_secs(10);
const PAGE: &str = "pages/index.html";

/// The light project, whose page is a config from a file; what the file says decides whether it is healthy.
fn stage() -> Result<Stage> {
    let stage = Stage::light()?;
    fs::create_dir(stage.project().join("pages"))?;
    stage.edit("docker-compose.yml", |line| match line.trim() {
        "mkdir -p /www && printf %s \"$$MESSAGE\" >/www/index.html" => Some(format!("{line}; cp /page /www/page")),
        "if [ \"$$BROKEN\" = yes ]; then echo \"the shelf is empty\" >&2; else echo fine >/www/health; fi" => {
            Some(line.replace("\"$$BROKEN\" = yes", "\"$$(cat /page)\" = broken"))
        }
        "stop_signal: SIGKILL" => Some(format!(
            "{line}\n    configs: [{{ source: page, target: /page }}]\nconfigs:\n  page: {{ file: ./{PAGE} }}"
        )),
        _ => None,
    })?;
    Ok(stage)
}

fn write(stage: &Stage, text: &str) -> Result<()> {
    Ok(fs::write(stage.project().join(PAGE), text)?)
}

async fn answers(address: &str, wanted: &str) -> Result<()> {
    web::until(SOON, async || {
        let page = web::body(address).await?;
        if page == wanted { Ok(()) } else { Err(Failure::new(format!("the page says {page}, not {wanted}"))) }
    })
    .await
}

#[tokio::test]
async fn going_back_brings_back_what_was_in_them() -> Result<()> {
    let stage = stage()?;
    let page = stage.address("staging", "/page")?;
    stage.call(["secret", "set", "staging", "TOKEN"]).input("a token").done().await?;
    write(&stage, "first")?;
    let first = stage.call(["deploy", "staging", "--yes"]).done().await?;
    let first = first.last()?["release"].to_string();
    answers(&page, "first").await?;

    // An edit is not a deployment: whatever restarts a container, it runs what was deployed.
    write(&stage, "second")?;
    stage.call(["restart", "staging", "web"]).done().await?;
    answers(&page, "first").await?;
    let drift = stage.call(["drift", "staging"]).done().await?;
    assert_eq!(drift.last()?["changes"].as_array().map(Vec::len), Some(0), "{}", drift.describe());

    stage.call(["deploy", "staging", "--yes"]).done().await?;
    answers(&page, "second").await?;

    // What breaks the new one does not break the old one that comes back.
    write(&stage, "broken")?;
    let failed = stage.call(["deploy", "staging", "--yes"]).answer().await?;
    assert_eq!(failed.exit, Some(1), "{}", failed.describe());
    answers(&page, "second").await?;

    // The file is not even there any more.
    fs::remove_file(stage.project().join(PAGE))?;
    let back = stage.call(["rollback", "staging", "--to", &first, "--yes"]).done().await?;
    assert!(!back.describe().contains("used as they are then"), "everything is kept: {}", back.describe());
    answers(&page, "first").await
}
