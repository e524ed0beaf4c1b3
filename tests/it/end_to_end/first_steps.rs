//! What somebody sees who works with it for the first time, and makes the usual mistakes.

use std::fs;

use serde_json::{Value, json};
use sternway_e2e::{Result, Stage, engine};

async fn staging(stage: &Stage) -> Result<Value> {
    let status = stage.call(["status", "staging"]).done().await?;
    Ok(status.last()?["environments"][0].clone())
}

#[tokio::test]
async fn status_says_what_became_of_the_last_deployment_and_what_waits() -> Result<()> {
    let stage = Stage::light()?;
    let before = staging(&stage).await?;
    assert!(before["waiting"]["blockers"].to_string().contains("TOKEN"), "what is missing is said: {before}");

    stage.call(["secret", "set", "staging", "TOKEN"]).input("a token").done().await?;
    stage.call(["deploy", "staging", "--yes"]).done().await?;
    let deployed = staging(&stage).await?;
    assert_eq!(deployed["waiting"]["changes"], 0, "{deployed}");
    assert_eq!(deployed.get("last"), None, "the last deployment is the one that runs: {deployed}");

    stage.call(["config", "set", "staging", "BROKEN", "yes"]).done().await?;
    let waiting = staging(&stage).await?;
    assert_ne!(waiting["waiting"]["changes"], 0, "{waiting}");
    stage.call(["deploy", "staging", "--yes"]).answer().await?;
    let after = staging(&stage).await?;
    assert_eq!((&after["last"]["number"], &after["last"]["result"]), (&json!(2), &json!("went_back")), "{after}");
    assert_eq!(after["health"], "healthy", "{after}");

    // Going back names the release that it leads to, not lines of files that say something else.
    let plan = stage.call(["rollback", "staging", "--to", "1"]).answer().await?;
    assert_eq!(plan.exit, Some(0), "{}", plan.describe());
    let shown = stage.call(["show", "4"]).done().await?;
    assert!(!shown.last()?["changes"].to_string().contains("changed in"), "{}", shown.describe());
    Ok(())
}

#[tokio::test]
async fn a_value_that_looks_like_a_secret_is_not_shown() -> Result<()> {
    const VALUE: &str = "correct-horse-battery";
    let stage = Stage::light()?;
    stage.call(["secret", "set", "staging", "TOKEN"]).input("a token").done().await?;
    stage.call(["config", "set", "staging", "REDIS_PASSWORD", VALUE]).done().await?;

    for command in [&["plan", "staging"][..], &["config", "matrix"], &["config", "diff", "staging", "production"]] {
        let answer = stage.call(command.iter().copied()).done().await?;
        assert!(answer.last()?.to_string().contains("REDIS_PASSWORD"), "{}", answer.describe());
        assert!(!answer.last()?.to_string().contains(VALUE), "{}", answer.describe());
    }
    let matrix = stage.call(["config", "matrix"]).done().await?;
    assert!(
        matrix.last()?.to_string().contains("is named like a password"),
        "and why it is not: {}",
        matrix.describe()
    );
    stage.call(["deploy", "staging", "--yes"]).done().await?;
    let shown = stage.call(["show", "1"]).done().await?;
    assert!(!shown.last()?.to_string().contains(VALUE), "{}", shown.describe());
    // Who asks for it by its name gets it.
    let value = stage.call(["config", "get", "staging", "REDIS_PASSWORD"]).done().await?;
    assert_eq!(value.last()?["value"], VALUE);
    Ok(())
}

#[tokio::test]
async fn a_secret_is_not_put_into_a_file_by_mistake() -> Result<()> {
    let stage = Stage::light()?;
    let files = || -> Result<String> {
        let file = |name| fs::read_to_string(stage.project().join(name));
        Ok(file(".env")? + &file(".env.staging")?)
    };
    let before = files()?;
    let error = stage.call(["config", "set", "staging", "TOKEN", "a new token"]).refused(1).await?;
    assert!(error["hint"].to_string().contains("secret set staging TOKEN"), "{error}");
    assert_eq!(files()?, before, "the file is as it was");
    assert!(!error.to_string().contains("a new token"), "{error}");
    stage.call(["config", "set", "staging", "TOKEN", "a new token", "--force"]).done().await?;
    assert!(files()?.contains("a new token"), "whoever means it can");
    Ok(())
}

#[tokio::test]
async fn mistakes_in_files_are_said_in_words() -> Result<()> {
    let stage = Stage::light()?;
    let error = stage.call(["status", "stagin"]).refused(1).await?;
    assert!(error["hint"].to_string().contains("Did you mean `staging`"), "{error}");

    let image = |line: &str| line.contains("image:").then(|| line.replace("busybox:1.36", "$WEB_IMAGE"));
    stage.edit("docker-compose.yml", image)?;
    let error = stage.call(["plan", "staging"]).refused(1).await?;
    assert!(error["message"].to_string().contains("`WEB_IMAGE` is not set"), "{error}");
    assert!(error["at"]["line"].is_number(), "{error}");

    stage.edit("sternway.yaml", |line| line.contains("environments:").then(|| "environments".to_owned()))?;
    let error = stage.call(["plan", "staging"]).refused(1).await?;
    assert!(error["message"].to_string().contains("colon"), "{error}");
    assert!(engine::containers(&stage.compose_project("staging"))?.is_empty(), "nothing was touched");
    Ok(())
}
