//! A release that never becomes healthy does not replace one that is.

use std::time::Duration;

use serde_json::json;
use sternway_e2e::{Result, Stage, web};

#[tokio::test]
async fn the_old_release_answers_again_and_history_says_why() -> Result<()> {
    let stage = Stage::light()?;
    let address = stage.address("staging", "/")?;
    stage.call(["secret", "set", "staging", "TOKEN"]).input("a token").done().await?;
    stage.call(["config", "set", "staging", "MESSAGE", "before"]).done().await?;
    let before = stage.call(["deploy", "staging", "--yes"]).done().await?;
    let before = before.last()?["release"].clone();
    stage.call(["config", "set", "staging", "MESSAGE", "first"]).done().await?;
    let first = stage.call(["deploy", "staging", "--yes"]).done().await?;
    let first = first.last()?["release"].to_string();

    stage.call(["config", "set", "staging", "BROKEN", "yes"]).done().await?;
    stage.call(["config", "set", "staging", "MESSAGE", "broken"]).done().await?;
    let failed = stage.call(["deploy", "staging", "--yes"]).answer().await?;
    assert_eq!(failed.exit, Some(1), "{}", failed.describe());

    let answers = web::until(Duration::from_secs(5), async || web::body(&address).await).await?;
    assert_eq!(answers, "first", "the old release answers");
    let status = stage.call(["status", "staging"]).done().await?;
    let runs = &status.last()?["environments"][0];
    assert_eq!(runs["health"], "healthy", "{runs}");
    let same = stage.call(["compare", &first, &runs["release"].to_string()]).done().await?;
    assert_eq!(same.last()?["changes"], json!([]), "what is on record is what ran before");
    let drift = stage.call(["drift", "staging"]).done().await?;
    assert_eq!(drift.last()?["changes"], json!([]), "nothing of the new one is left");

    // The failure and the way back are two entries, and the failure's own says why.
    let history = stage.call(["history", "staging"]).done().await?;
    let deployments = history.last()?["deployments"].as_array().cloned().unwrap_or_default();
    let story: Vec<_> = deployments.iter().map(|one| (one["kind"].as_str(), one["result"].as_str())).collect();
    let told = [
        (Some("rollback"), Some("succeeded")),
        (Some("deploy"), Some("went_back")),
        (Some("deploy"), Some("succeeded")),
        (Some("deploy"), Some("succeeded")),
    ];
    assert_eq!(story, told, "{}", history.describe());
    let failed = deployments[1]["number"].to_string();
    let shown = stage.call(["show", &failed]).done().await?;
    let record = shown.last()?.to_string();
    assert!(record.contains("no health here"), "the probe's output is on record: {record}");
    assert!(record.contains("the shelf is empty"), "the last log lines are on record: {record}");

    // Going back from there leads to what ran before that, not to what runs.
    let back = stage.call(["rollback", "staging", "--yes"]).done().await?;
    let made = stage.call(["history", "staging"]).done().await?;
    assert_eq!(made.last()?["deployments"][0]["target"], before, "{}", back.describe());
    assert_eq!(web::body(&address).await?, "before");
    Ok(())
}

#[tokio::test]
async fn a_first_deployment_that_failed_leaves_nothing_healthy() -> Result<()> {
    let stage = Stage::light()?;
    stage.call(["secret", "set", "staging", "TOKEN"]).input("a token").done().await?;
    stage.call(["config", "set", "staging", "BROKEN", "yes"]).done().await?;
    let failed = stage.call(["deploy", "staging", "--yes"]).answer().await?;
    assert_eq!(failed.exit, Some(1), "{}", failed.describe());

    let status = stage.call(["status", "staging"]).done().await?;
    let left = &status.last()?["environments"][0];
    assert_eq!(left["health"], "degraded", "{left}");
    let services = left["services"].as_array().cloned().unwrap_or_default();
    let states: Vec<_> = services.iter().map(|one| (one["name"].as_str(), one["state"].as_str())).collect();
    assert_eq!(states, [(Some("job"), Some("done")), (Some("web"), Some("missing"))], "{left}");
    Ok(())
}

#[tokio::test]
async fn what_ends_while_it_is_verified_is_no_success() -> Result<()> {
    let stage = Stage::light()?;
    let project = stage.compose_project("staging");
    stage.call(["secret", "set", "staging", "TOKEN"]).input("a token").done().await?;
    // As an engine does that is being stopped: the last verification was still answered.
    stage.edit("sternway.yaml", |line| {
        let ending = format!("    - {{ name: ends it, run: \"docker rm --force {project}-web-1\" }}");
        line.contains("name: answers").then(|| format!("{line}\n{ending}"))
    })?;
    let failed = stage.call(["deploy", "staging", "--yes"]).answer().await?;
    assert_eq!(failed.last()?["result"], "failed", "{}", failed.describe());
    let why = failed.last()?["message"].to_string();
    assert!(why.contains("ends it") && why.contains("service web still differs"), "{why}");
    Ok(())
}
