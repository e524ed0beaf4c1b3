//! A project that is new to this machine: its commands are shown, and run only when a person trusts it.

use sternway_e2e::{Result, Stage, engine};

/// Lets every stage with commands leave a file behind.
fn with_commands(stage: &Stage) -> Result<()> {
    stage.edit("sternway.yaml", |line| {
        line.starts_with("pipeline:").then(|| {
            "pipeline:\n  checks: [{ name: look, run: touch checked }]\n  build: [{ run: touch built }]\n  \
             notify: [{ run: touch told }]"
                .to_owned()
        })
    })
}

fn left(stage: &Stage) -> Vec<&'static str> {
    ["checked", "built", "told"].into_iter().filter(|name| stage.project().join(name).exists()).collect()
}

#[tokio::test]
async fn commands_run_only_in_a_project_that_a_person_trusts() -> Result<()> {
    let stage = Stage::light()?;
    stage.call(["secret", "set", "staging", "TOKEN"]).input("a token").done().await?;
    with_commands(&stage)?;
    stage.call(["trust", "--revoke"]).done().await?;

    let plan = stage.call(["plan", "staging"]).ends(3).await?;
    let plan = plan.last()?;
    let commands: Vec<&str> =
        plan["untrusted"].as_array().into_iter().flatten().filter_map(|one| one["line"].as_str()).collect();
    assert_eq!(commands, ["touch checked", "touch built", "touch told"]);
    assert!(plan["blockers"].as_array().is_some_and(Vec::is_empty), "nothing else is in its way: {plan}");

    let error = stage.call(["deploy", "staging", "--yes"]).refused(3).await?;
    assert_eq!(error["code"], "untrusted");
    assert!(error["hint"].to_string().contains("sternway trust"), "{error}");
    assert!(engine::containers(&stage.compose_project("staging"))?.is_empty(), "nothing was touched");
    assert_eq!(left(&stage), [""; 0]);

    // Trusting changes nothing about the plan: it is still the one that was looked at.
    let hash = plan["hash"].as_str().unwrap_or_default().to_owned();
    stage.call(["trust", "--yes"]).done().await?;
    stage.call(["deploy", "staging", "--yes", "--plan", &hash]).done().await?;
    assert_eq!(left(&stage), ["checked", "built", "told"]);

    // Also the way back tells people by a command.
    stage.call(["trust", "--revoke"]).done().await?;
    stage.call(["down", "staging", "--yes", "--confirm", "staging"]).refused(3).await?;
    Ok(())
}

#[tokio::test]
async fn a_project_without_commands_needs_no_trust() -> Result<()> {
    let stage = Stage::light()?;
    stage.call(["secret", "set", "staging", "TOKEN"]).input("a token").done().await?;
    stage.call(["trust", "--revoke"]).done().await?;
    stage.call(["deploy", "staging", "--yes"]).done().await?;
    Ok(())
}
