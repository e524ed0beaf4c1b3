//! Compose `configs` that are files: a release has its own copy of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sternway_e2e::{Failure, Result, Stage, web};
use walkdir::WalkDir;

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

#[tokio::test]
async fn the_way_back_stays_when_the_data_folder_moves() -> Result<()> {
    let stage = stage()?;
    let page = stage.address("staging", "/page")?;
    stage.call(["secret", "set", "staging", "TOKEN"]).input("a token").done().await?;
    let mut releases = Vec::new();
    for text in ["first", "second"] {
        write(&stage, text)?;
        let deployed = stage.call(["deploy", "staging", "--yes"]).done().await?;
        releases.push((deployed.last()?["release"].to_string(), text));
    }

    let moved = stage.home().with_file_name("moved");
    fs::rename(stage.home(), &moved)?;
    let moved = moved.to_string_lossy().into_owned();
    let plan = stage.call(["plan", "staging"]).environment("STERNWAY_HOME", &moved).done().await?;
    assert_eq!(plan.last()?["changes"].as_array().map(Vec::len), Some(0), "nothing is made anew: {}", plan.describe());
    assert_eq!(plan.last()?["ready_to_go_back"]["proven"], true, "{}", plan.describe());
    for (release, text) in releases.iter().chain(releases.iter().rev()) {
        let back = ["rollback", "staging", "--to", release.as_str(), "--yes"];
        stage.call(back).environment("STERNWAY_HOME", &moved).done().await?;
        answers(&page, text).await?;
    }
    Ok(())
}

/// Each file below a folder with its length and when it was written, but for the history's own.
fn listed(folder: &Path) -> Result<Vec<(PathBuf, u64, SystemTime)>> {
    let mut files = Vec::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry?;
        let about = entry.metadata()?;
        let of_history = entry.file_name().to_string_lossy().starts_with("history.sqlite");
        // A folder's time says that a file was made in it and removed, as locks are.
        if about.is_file() && !of_history {
            files.push((entry.into_path(), about.len(), about.modified()?));
        }
    }
    Ok(files)
}

#[tokio::test]
async fn a_plan_writes_nothing_and_what_holds_a_secret_is_copied_by_nobody() -> Result<()> {
    let stage = stage()?;
    let page = stage.address("staging", "/page")?;
    stage.call(["secret", "set", "staging", "TOKEN"]).input("a very long token").done().await?;
    write(&stage, "the page says a very long token")?;
    let before = (listed(&stage.home())?, listed(&stage.project())?);
    stage.call(["plan", "staging"]).done().await?;
    stage.call(["status"]).done().await?;
    assert_eq!((listed(&stage.home())?, listed(&stage.project())?), before, "a plan is no deployment");

    stage.call(["deploy", "staging", "--yes"]).done().await?;
    answers(&page, "the page says a very long token").await?;
    assert!(!stage.home().join("kept").exists(), "the value of a secret is in no file of ours");
    let plan = stage.call(["plan", "staging"]).done().await?;
    assert_eq!(plan.last()?["changes"].as_array().map(Vec::len), Some(0), "{}", plan.describe());
    let reasons = plan.last()?["ready_to_go_back"]["reasons"].to_string();
    assert!(reasons.contains("the file of config page"), "its release has no copy of it: {reasons}");

    // Then going back needs the file.
    write(&stage, "second")?;
    stage.call(["deploy", "staging", "--yes"]).done().await?;
    fs::remove_file(stage.project().join(PAGE))?;
    let plan = stage.call(["rollback", "staging"]).answer().await?;
    assert_ne!(plan.exit, Some(0), "{}", plan.describe());
    assert!(
        plan.describe().contains("the file of config page is not there: ./pages/index.html"),
        "{}",
        plan.describe()
    );
    answers(&page, "second").await
}

#[tokio::test]
async fn going_back_is_not_proven_where_a_mount_is_gone() -> Result<()> {
    let stage = Stage::light()?;
    fs::create_dir(stage.project().join("html"))?;
    stage.edit("docker-compose.yml", |line| {
        (line.trim() == "stop_signal: SIGKILL").then(|| format!("{line}\n    volumes: [\"./html:/html:ro\"]"))
    })?;
    stage.call(["secret", "set", "staging", "TOKEN"]).input("a token").done().await?;
    stage.call(["deploy", "staging", "--yes"]).done().await?;
    let plan = stage.call(["plan", "staging"]).done().await?;
    assert_eq!(plan.last()?["ready_to_go_back"]["proven"], true, "{}", plan.describe());
    stage.edit("docker-compose.yml", |line| line.contains("./html:/html").then(String::new))?;
    stage.call(["deploy", "staging", "--yes"]).done().await?;

    fs::remove_dir(stage.project().join("html"))?;
    let shown = stage.call(["show", "1"]).done().await?;
    assert_eq!(shown.last()?["reachable"]["possible"], false, "{}", shown.describe());
    let back = stage.call(["rollback", "staging", "--yes"]).answer().await?;
    assert_ne!(back.exit, Some(0), "{}", back.describe());
    assert!(back.describe().contains("./html, which web mounts, is not there"), "{}", back.describe());
    assert!(!stage.project().join("html").exists(), "nobody made an empty folder of it");
    fs::create_dir(stage.project().join("html"))?;
    stage.call(["rollback", "staging", "--yes"]).done().await?;
    Ok(())
}
