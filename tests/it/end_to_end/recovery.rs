//! Kill -9 at every boundary of a deployment: whatever was half done, one command leads to a named state.

use std::time::Duration;

use serde_json::Value;
use sternway_e2e::{Answer, Failure, Result, Stage, web};

const ENVIRONMENT: &str = "staging";
/// Far more boundaries than a deployment has: a crash test that never ends is a bug of its own.
const TOO_MANY: u32 = 400;

/// A stage with a first release, which answers `first`.
async fn deployed() -> Result<Stage> {
    let stage = Stage::light()?;
    stage.call(["secret", "set", ENVIRONMENT, "TOKEN"]).input("a token").done().await?;
    stage.call(["deploy", ENVIRONMENT, "--yes"]).done().await?;
    assert_eq!(answer(&stage).await?, "first");
    Ok(stage)
}

/// What the application answers with.
async fn answer(stage: &Stage) -> Result<String> {
    let address = stage.address(ENVIRONMENT, "/")?;
    web::until(Duration::from_secs(5), async || web::body(&address).await).await
}

/// A deployment of another message whose process ends at a boundary. `None` if there are fewer boundaries.
async fn crash(stage: &Stage, boundary: u32, message: &str) -> Result<Option<Answer>> {
    stage.call(["config", "set", ENVIRONMENT, "MESSAGE", message]).done().await?;
    let crashed = stage
        .call(["deploy", ENVIRONMENT, "--yes"])
        .environment("STERNWAY_ABORT_AT_BOUNDARY", &boundary.to_string())
        .answer()
        .await?;
    match crashed.exit {
        None => Ok(Some(crashed)),
        Some(0) => Ok(None),
        Some(_) => Err(Failure::new(crashed.describe())),
    }
}

async fn environment(stage: &Stage) -> Result<Value> {
    Ok(stage.call(["status", ENVIRONMENT]).done().await?.last()?["environments"][0].clone())
}

/// The message that the environment's release has, by the record.
async fn recorded(stage: &Stage) -> Result<Value> {
    let release = environment(stage).await?["release"].to_string();
    let shown = stage.call(["show", &release]).done().await?;
    let variables = shown.last()?["release"]["variables"].as_array().cloned().unwrap_or_default();
    let message = variables.into_iter().find(|variable| variable["key"] == "MESSAGE");
    message.map(|mut variable| variable["value"].take()).ok_or_else(|| Failure::new(shown.describe()))
}

/// Nothing is left open: what runs is what the record says, nothing waits, and every deployment has a result.
async fn settled(stage: &Stage, at: &str) -> Result<String> {
    let runs = answer(stage).await?;
    assert_eq!(recorded(stage).await?, runs, "what runs is what is recorded, after {at}");
    let status = environment(stage).await?;
    assert_eq!(status["health"], "healthy", "after {at}: {status}");
    let drift = stage.call(["drift", ENVIRONMENT]).done().await?;
    assert_eq!(drift.last()?["changes"], Value::Array(Vec::new()), "nothing is half done after {at}");
    let history = stage.call(["history", ENVIRONMENT]).done().await?;
    let open = history.last()?["deployments"].as_array().into_iter().flatten().find(|one| one["result"].is_null());
    assert!(open.is_none(), "after {at} a deployment has no result: {open:?}");
    Ok(runs)
}

fn boundary_name(crashed: &Answer) -> String {
    crashed.errors.lines().find(|line| line.starts_with("aborted at")).unwrap_or("a crash").to_owned()
}

#[tokio::test]
async fn resume_after_a_crash_at_every_boundary() -> Result<()> {
    let stage = deployed().await?;
    for boundary in 1..TOO_MANY {
        let message = format!("message-{boundary}");
        let Some(crashed) = crash(&stage, boundary, &message).await? else {
            assert!(boundary > 5, "a deployment has more boundaries than {boundary}");
            return Ok(());
        };
        let at = boundary_name(&crashed);
        if environment(&stage).await?["health"] == "interrupted" {
            // Nothing else is begun before this is settled.
            stage.call(["deploy", ENVIRONMENT, "--yes"]).refused(3).await?;
            let resumed = stage.call(["resume", ENVIRONMENT, "--yes"]).done().await?;
            assert_eq!(resumed.last()?["result"], "succeeded", "{at}: {}", resumed.describe());
        }
        assert_eq!(settled(&stage, &at).await?, message, "the deployment was finished after {at}");
    }
    Err(Failure::new(format!("more than {TOO_MANY} boundaries")))
}

#[tokio::test]
async fn go_back_after_a_crash_at_every_boundary() -> Result<()> {
    let stage = deployed().await?;
    for boundary in 1..TOO_MANY {
        let Some(crashed) = crash(&stage, boundary, &format!("message-{boundary}")).await? else {
            assert!(boundary > 5, "a deployment has more boundaries than {boundary}");
            return Ok(());
        };
        let at = boundary_name(&crashed);
        let back = stage.call(["rollback", ENVIRONMENT, "--yes"]).done().await?;
        assert_eq!(back.last()?["result"], "succeeded", "{at}: {}", back.describe());
        assert_eq!(settled(&stage, &at).await?, "first", "what ran before runs again after {at}");
    }
    Err(Failure::new(format!("more than {TOO_MANY} boundaries")))
}
