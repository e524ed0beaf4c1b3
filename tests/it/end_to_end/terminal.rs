//! The product's main job on the terminal, with the sample.

use std::time::Duration;

use serde_json::{Value, json};
use sternway_e2e::{Result, Stage, engine, leaks, web};

/// With everything in it that has been mangled somewhere: quotes, dollar signs, percent signs, letters beyond ASCII.
const PASSWORD: &str = r#"pl4nted "q'$HOME ${X} %41 ü\n/+="#;

fn subjects(plan: &Value) -> Vec<String> {
    let changes = plan["changes"].as_array().cloned().unwrap_or_default();
    let word = |change: &Value, key: &str| change[key].as_str().unwrap_or_default().to_owned();
    changes.iter().map(|change| format!("{} {}", word(change, "action"), word(change, "subject"))).collect()
}

async fn deploy(stage: &Stage) -> Result<Value> {
    let answer = stage.call(["deploy", "development", "--yes"]).done().await?;
    let end = answer.last()?.clone();
    assert_eq!((&end["event"], &end["result"]), (&json!("end"), &json!("succeeded")), "{}", answer.describe());
    Ok(end)
}

#[tokio::test]
async fn set_a_secret_deploy_change_deploy_go_back() -> Result<()> {
    let stage = Stage::shop()?;
    let project = stage.compose_project("development");
    let page = stage.address("development", "/")?;
    let command_lines = leaks::CommandLines::watch(PASSWORD);

    // Without its secret the environment is not deployed, and the plan says so.
    let plan = stage.call(["plan", "development"]).ends(3).await?;
    assert!(plan.last()?["blockers"].to_string().contains("DB_PASSWORD"), "{}", plan.describe());

    stage.call(["secret", "set", "development", "DB_PASSWORD"]).input(PASSWORD).done().await?;
    let plan = stage.call(["plan", "development"]).done().await?;
    let wanted = subjects(plan.last()?);
    for change in ["create service db", "create service web", "create variable GREETING"] {
        assert!(wanted.iter().any(|subject| subject == change), "{change} is in {wanted:?}");
    }
    assert!(engine::containers(&project)?.is_empty(), "a plan changes nothing");

    let first = deploy(&stage).await?;
    assert!(web::body(&page).await?.contains("Hello from the workbench"), "the page greets as configured");
    assert!(
        web::body(&stage.address("development", "/health")?).await?.contains("ok"),
        "the database took the password"
    );

    // Nothing changed: nothing is planned, nothing is touched.
    let before = engine::ids(&project)?;
    let plan = stage.call(["plan", "development"]).done().await?;
    assert_eq!(plan.last()?["changes"], json!([]), "{}", plan.describe());
    deploy(&stage).await?;
    assert_eq!(engine::ids(&project)?, before, "a deployment without changes recreates nothing");
    let drift = stage.call(["drift", "development"]).done().await?;
    assert_eq!(drift.last()?["changes"], json!([]));

    // One value changed: one service is replaced, and says why.
    stage.call(["config", "set", "development", "GREETING", "Fair winds"]).done().await?;
    let plan = stage.call(["plan", "development"]).done().await?;
    assert_eq!(subjects(plan.last()?), ["update variable GREETING", "recreate service web"]);
    assert!(plan.last()?["changes"][1]["reason"].to_string().contains("GREETING"), "{}", plan.describe());
    let second = deploy(&stage).await?;
    assert!(web::body(&page).await?.contains("Fair winds"), "the page has the new value");
    let after = engine::ids(&project)?;
    let replaced: Vec<&str> =
        before.iter().filter(|container| !after.contains(container)).map(|(name, _)| name.as_str()).collect();
    assert_eq!(replaced, [format!("/{project}-web-1")], "only what had to be replaced was");

    let back = stage.call(["rollback", "development", "--yes"]).done().await?;
    assert_eq!((&back.last()?["kind"], &back.last()?["result"]), (&json!("rollback"), &json!("succeeded")));
    assert!(web::body(&page).await?.contains("Hello from the workbench"), "the page has the old value again");

    the_record_is_complete(&stage, &first["release"], &second["release"]).await?;
    compose_sees_it(&stage, &project).await?;

    // The database has its password from its environment; nobody else has.
    deploy(&stage).await?;
    assert_eq!(leaks::in_files(&stage.home(), PASSWORD)?, Vec::<String>::new(), "files of Sternway");
    assert_eq!(leaks::in_files(&stage.project(), PASSWORD)?, Vec::<String>::new(), "files of the project");
    assert_eq!(leaks::on_the_engine(&project, PASSWORD)?, Vec::<String>::new(), "labels, images and probes");
    assert!(command_lines.found()?.is_empty(), "command lines");
    Ok(())
}

async fn the_record_is_complete(stage: &Stage, first: &Value, second: &Value) -> Result<()> {
    let history = stage.call(["history", "development"]).done().await?;
    let deployments = history.last()?["deployments"].as_array().cloned().unwrap_or_default();
    let kinds: Vec<&Value> = deployments.iter().map(|deployment| &deployment["kind"]).collect();
    assert_eq!(kinds[0], "rollback", "the newest comes first: {}", history.describe());
    assert!(deployments.iter().all(|deployment| deployment["result"] == "succeeded"), "{}", history.describe());

    let (first, second) = (first.to_string(), second.to_string());
    let comparison = stage.call(["compare", &first, &second]).done().await?;
    let greeting = comparison.last()?["changes"]
        .as_array()
        .and_then(|changes| changes.iter().find(|change| change["subject"] == "variable GREETING").cloned());
    let greeting = greeting.unwrap_or_default();
    assert_eq!((&greeting["before"], &greeting["after"]), (&json!("Hello from the workbench"), &json!("Fair winds")));

    let shown = stage.call(["show", &second]).done().await?;
    let release = &shown.last()?["release"];
    assert!(release["compose"].to_string().contains("keychain:DB_PASSWORD@1"), "secrets by version: {release}");
    assert!(release["images"][0]["id"].to_string().contains("sha256:"), "images by content: {release}");
    assert!(!release["evidence"].as_array().is_none_or(Vec::is_empty), "what verification saw: {release}");
    let steps = shown.last()?["steps"].as_array().cloned().unwrap_or_default();
    assert!(!steps.is_empty() && steps.iter().all(|step| step["state"] == "done"), "{}", shown.describe());
    let log = stage.call(["logs", &first]).done().await?;
    assert!(log.lines.iter().any(|line| line.to_string().contains("migrations")), "{}", log.describe());
    Ok(())
}

/// What Sternway started is an ordinary Compose project; what Compose took down, Sternway notices and brings back.
async fn compose_sees_it(stage: &Stage, project: &str) -> Result<()> {
    let listed = engine::compose(project, &["ps", "--all", "--format", "{{.Service}} {{.State}} {{.Health}}"])?;
    let mut listed: Vec<&str> = listed.lines().map(str::trim).collect();
    listed.sort_unstable();
    assert_eq!(listed, ["db running healthy", "db-migrate exited", "web running healthy"]);

    engine::compose(project, &["down"])?;
    assert!(engine::containers(project)?.is_empty(), "down removes what Sternway started");
    let status = stage.call(["status", "development"]).done().await?;
    assert_eq!(status.last()?["environments"][0]["health"], "failing", "{}", status.describe());
    let drift = stage.call(["drift", "development"]).done().await?;
    assert!(subjects(drift.last()?).iter().any(|change| change == "create service web"), "{}", drift.describe());
    // The data was in the volume, which down leaves alone.
    deploy(stage).await?;
    web::until(Duration::from_secs(5), async || web::body(&stage.address("development", "/")?).await).await?;
    Ok(())
}
