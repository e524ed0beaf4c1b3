//! From staging to production: the same images and Compose files, the variables of production, and nothing copied by mistake.

use serde_json::{Value, json};
use sternway_e2e::{Answer, Remote, Result, Stage, engine, web};

const PROMOTE: [&str; 5] = ["promote", "staging", "production", "--confirm", "production"];

async fn ready() -> Result<Stage> {
    let stage = Stage::light()?;
    stage.call(["secret", "set", "staging", "TOKEN"]).input("the token of staging").done().await?;
    stage.call(["deploy", "staging", "--yes"]).done().await?;
    Ok(stage)
}

fn suspicious(answer: &Answer) -> Result<Vec<String>> {
    let list = answer.last()?["suspicious"].as_array().cloned().unwrap_or_default();
    let text = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
    Ok(list.iter().map(|one| format!("{} {}", text(one, "key"), text(one, "reason"))).collect())
}

#[tokio::test]
async fn a_release_is_promoted_with_the_variables_of_its_new_place() -> Result<()> {
    let stage = ready().await?;
    stage.call(["secret", "set", "production", "TOKEN"]).input("the token of production").done().await?;
    stage.call(["config", "set", "production", "MESSAGE", "for everybody"]).done().await?;

    let plan = stage.call(["promote", "staging", "production", "--dry-run"]).done().await?;
    let promotion = plan.last()?;
    assert_eq!((&promotion["release"], &promotion["plan"]["kind"]), (&json!(1), &json!("promote")));
    assert_eq!(promotion["plan"]["source"], "staging");
    let differences = promotion["differences"].to_string();
    assert!(differences.contains("variable MESSAGE") && differences.contains("for everybody"), "{differences}");
    assert!(engine::containers(&stage.compose_project("production"))?.is_empty(), "nothing was touched");

    let refused = stage.call(["promote", "staging", "production", "--yes"]).refused(3).await?;
    assert_eq!(refused["code"], "protected");
    let done = stage.call(PROMOTE).done().await?;
    let end = done.last()?;
    assert_eq!((&end["kind"], &end["result"]), (&json!("promote"), &json!("succeeded")), "{}", done.describe());
    assert_eq!(web::body(&stage.address("production", "/")?).await?, "for everybody");
    assert_eq!(web::body(&stage.address("staging", "/")?).await?, "first", "staging stays as it is");

    let history = stage.call(["history", "production"]).done().await?;
    let promoted = &history.last()?["deployments"][0];
    assert_eq!(promoted["target"], 1, "{}", history.describe());
    assert!(promoted["summary"].to_string().contains("#1 of staging promoted"), "{promoted}");
    let drift = stage.call(["drift", "production"]).done().await?;
    assert_eq!(drift.last()?["changes"], json!([]));

    // Going back from it is a rollback like any other.
    stage.call(["config", "set", "production", "MESSAGE", "a mistake"]).done().await?;
    stage.call(PROMOTE).done().await?;
    assert_eq!(web::body(&stage.address("production", "/")?).await?, "a mistake");
    stage.call(["rollback", "production", "--confirm", "production"]).done().await?;
    assert_eq!(web::body(&stage.address("production", "/")?).await?, "for everybody");
    Ok(())
}

#[tokio::test]
async fn what_looks_copied_stops_it_until_somebody_says_that_it_is_meant() -> Result<()> {
    let stage = ready().await?;
    let missing = stage.call(["promote", "staging", "production", "--dry-run"]).ends(3).await?;
    let blockers = missing.last()?["plan"]["blockers"].to_string();
    assert!(blockers.contains("TOKEN has no value in production"), "{blockers}");

    stage.call(["secret", "copy", "staging", "production", "TOKEN"]).done().await?;
    stage.call(["config", "set", "production", "API_URL", "https://api.staging.example.com"]).done().await?;
    let plan = stage.call(["promote", "staging", "production", "--dry-run"]).ends(3).await?;
    assert_eq!(
        suspicious(&plan)?,
        [
            "TOKEN has the same value as the secret TOKEN of staging",
            "API_URL leads to api.staging.example.com, which is named like staging",
        ]
    );
    let error = stage.call(PROMOTE).refused(3).await?;
    assert!(error["message"].to_string().contains("TOKEN has the same value"), "{error}");
    let error = stage.call(PROMOTE.iter().copied().chain(["--allow", "TOKEN"])).refused(3).await?;
    assert!(error["message"].to_string().contains("API_URL leads to"), "{error}");
    assert!(engine::containers(&stage.compose_project("production"))?.is_empty(), "nothing was touched");
    stage.call(PROMOTE.iter().copied().chain(["--allow", "TOKEN,API_URL"])).done().await?;

    // The folder has gone on: what would be promoted is not what staging runs.
    stage.edit("docker-compose.yml", |line| line.contains("timeout: 2s").then(|| line.replace("2s", "3s")))?;
    let error = stage.call(PROMOTE.iter().copied().chain(["--allow", "TOKEN,API_URL"])).refused(3).await?;
    let message = error["message"].to_string();
    assert!(message.contains("not those that #1 of staging was made from (service web: "), "{error}");
    Ok(())
}

/// An image that no registry has is built in staging; production is on another engine.
#[tokio::test]
async fn images_go_along_to_another_engine() -> Result<()> {
    const BUILT: &str = "  built:\n    command: [\"sleep\", \"3600\"]\n    stop_signal: SIGKILL\n    build:\n      context: .\n      \
                         dockerfile_inline: |\n        FROM busybox:1.36\n        RUN echo built once >/made\n  web:";
    let Some(remote) = Remote::start()? else { return Ok(()) };
    let stage = Stage::light()?;
    stage.edit("docker-compose.yml", |line| (line == "  web:").then(|| BUILT.to_owned()))?;
    stage.edit("sternway.yaml", |line| {
        let production = line.starts_with("  production:") && line.contains("docker: local");
        production.then(|| line.replace("local", &format!("\"{}\"", remote.tls())))
    })?;
    let call = |arguments: &[&'static str]| remote.with_keys(stage.call(arguments.iter().copied()));
    for environment in ["staging", "production"] {
        call(&["secret", "set", environment, "TOKEN"]).input(&format!("the token of {environment}")).done().await?;
    }
    call(&["deploy", "staging", "--yes"]).done().await?;
    let containers = engine::containers(&stage.compose_project("staging"))?;
    let of_built =
        |container: &&Value| container["Config"]["Labels"]["com.docker.compose.service"].as_str() == Some("built");
    let built = containers.iter().find(of_built).and_then(|container| container["Image"].as_str()).unwrap_or_default();
    assert!(built.starts_with("sha256:"), "{containers:?}");

    let plan = call(&["promote", "staging", "production", "--dry-run"]).done().await?;
    let changes = plan.last()?["plan"]["changes"].to_string();
    assert!(changes.contains("is brought from the engine of staging"), "{}", plan.describe());
    let there = || remote.docker(&["images", "--quiet", "--no-trunc"]);
    assert!(!there()?.contains(built), "planning brings nothing");

    let done = call(&PROMOTE).done().await?;
    assert_eq!(done.last()?["result"], "succeeded", "{}", done.describe());
    assert!(done.lines.iter().any(|line| line.to_string().contains(" MB")), "how far it was: {}", done.describe());
    assert!(there()?.contains(built), "the same image by content");
    let container = format!("{}-built-1", stage.compose_project("production"));
    assert_eq!(remote.docker(&["exec", &container, "cat", "/made"])?.trim(), "built once");
    assert_eq!(web::body(&stage.address("production", "/")?).await?, "first");

    let again = call(&["promote", "staging", "production", "--dry-run"]).done().await?;
    assert_eq!(again.last()?["plan"]["changes"], json!([]), "nothing is brought twice");
    Ok(())
}
