//! What is refused, with the exit code that scripts rely on, and words that help.

use sternway_e2e::{Result, Stage, engine};

#[tokio::test]
async fn nothing_is_touched_without_consent() -> Result<()> {
    let stage = Stage::light()?;
    stage.call(["secret", "set", "production", "TOKEN"]).input("a token").done().await?;

    let error = stage.call(["deploy", "production", "--yes"]).refused(3).await?;
    assert_eq!(error["code"], "protected");
    let error = stage.call(["deploy", "production", "--yes", "--confirm", "staging"]).refused(3).await?;
    assert_eq!(error["code"], "protected");

    // A plan that was looked at is run only as long as it is still the plan.
    let plan = stage.call(["plan", "production"]).done().await?;
    let hash = plan.last()?["hash"].as_str().unwrap_or_default().to_owned();
    stage.call(["config", "set", "production", "MESSAGE", "moved"]).done().await?;
    let error =
        stage.call(["deploy", "production", "--yes", "--confirm", "production", "--plan", &hash]).refused(3).await?;
    assert_eq!(error["code"], "plan_moved");

    assert!(engine::containers(&stage.compose_project("production"))?.is_empty(), "nothing was touched");
    Ok(())
}

#[tokio::test]
async fn mistakes_are_named_with_their_place() -> Result<()> {
    let stage = Stage::light()?;
    let error = stage.call(["plan", "stagging"]).refused(1).await?;
    assert_eq!(error["code"], "not_found");
    assert!(error["hint"].to_string().contains("staging"), "the environments are listed: {error}");

    stage.call(["deploy"]).refused(2).await?;

    stage.edit("docker-compose.yml", |line| {
        line.contains("stop_signal").then(|| "    stop_signl: SIGKILL".to_owned())
    })?;
    let error = stage.call(["plan", "staging"]).refused(1).await?;
    assert_eq!(error["code"], "invalid_input");
    assert!(error["at"]["key"].to_string().contains("services.web.stop_signl"), "{error}");
    assert!(error["at"]["line"].is_number(), "{error}");
    assert!(error["hint"].to_string().contains("stop_signal"), "the nearest key is named: {error}");

    stage.edit("sternway.yaml", |line| line.starts_with("pipeline").then(|| "pipelin:".to_owned()))?;
    let error = stage.call(["plan", "staging"]).refused(1).await?;
    assert!(error["hint"].to_string().contains("pipeline"), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_port_that_somebody_has_is_foreseen() -> Result<()> {
    let stage = Stage::light()?;
    for environment in ["staging", "production"] {
        stage.call(["secret", "set", environment, "TOKEN"]).input("a token").done().await?;
    }
    stage.call(["deploy", "staging", "--yes"]).done().await?;
    let port = stage.port("staging")?;
    stage.call(["config", "set", "production", "WEB_PORT", &port.to_string()]).done().await?;
    let blockers = |plan: &serde_json::Value| plan["blockers"].to_string();

    let plan = stage.call(["plan", "production"]).ends(3).await?;
    let said = blockers(plan.last()?);
    let holder = format!("{}-web-1", stage.compose_project("staging"));
    assert!(said.contains(&port.to_string()) && said.contains(&holder), "the port and who has it: {said}");
    stage.call(["deploy", "production", "--yes", "--confirm", "production"]).refused(3).await?;
    assert!(engine::containers(&stage.compose_project("production"))?.is_empty(), "nothing was touched");

    // Its own port is no obstacle, although the container that has it is replaced.
    stage.call(["config", "set", "staging", "MESSAGE", "second"]).done().await?;
    let plan = stage.call(["plan", "staging"]).done().await?;
    assert_eq!(plan.last()?["blockers"], serde_json::json!([]), "{}", plan.describe());

    let listener = std::net::TcpListener::bind(("0.0.0.0", 0))?;
    let port = listener.local_addr()?.port().to_string();
    stage.call(["config", "set", "production", "WEB_PORT", &port]).done().await?;
    let plan = stage.call(["plan", "production"]).ends(3).await?;
    let said = blockers(plan.last()?);
    assert!(said.contains(&port) && said.contains("program"), "a program has it: {said}");
    Ok(())
}

#[tokio::test]
async fn a_port_that_is_taken_meanwhile_is_explained() -> Result<()> {
    let stage = Stage::light()?;
    stage.call(["secret", "set", "staging", "TOKEN"]).input("a token").done().await?;
    let port = stage.port("staging")?;
    let thief = format!("{}-thief", stage.name());
    // Checks run after the plan was made and before anything is touched: then the port is still free to take.
    let label = format!("--label com.docker.compose.project={thief}");
    let take = format!(
        "docker network create {label} {thief} && docker run --detach --name {thief} {label} --network {thief} \
         --publish {port}:80 busybox:1.36 sleep 600"
    );
    stage.edit("sternway.yaml", |line| {
        line.starts_with("pipeline:")
            .then(|| format!("pipeline:\n  checks: [{{ name: take the port, run: \"{take}\" }}]"))
    })?;
    let failed = stage.call(["deploy", "staging", "--yes"]).answer().await?;
    assert_eq!(failed.exit, Some(1), "{}", failed.describe());
    let why = failed.last()?["message"].to_string();
    assert!(why.contains(&format!("port {port} is taken by the container {thief}")), "{why}");
    assert!(why.contains("stop it, or publish another port"), "{why}");
    Ok(())
}

#[tokio::test]
async fn what_only_a_swarm_would_do_is_told_with_its_place() -> Result<()> {
    let stage = Stage::light()?;
    stage.edit("docker-compose.yml", |line| {
        line.contains("stop_signal")
            .then(|| format!("{line}\n    deploy:\n      placement: {{ constraints: [node.role==manager] }}"))
    })?;
    // Its secret has no value, either.
    let plan = stage.call(["plan", "staging"]).ends(3).await?;
    let notes = plan.last()?["notes"].to_string();
    let note = notes.split('"').find(|note| note.contains("services.web.deploy.placement")).unwrap_or_default();
    let (place, why) = note.split_once(": ").unwrap_or_default();
    assert!(place.contains("docker-compose.yml:") && why.contains("Swarm"), "the line and the reason: {notes}");
    Ok(())
}
