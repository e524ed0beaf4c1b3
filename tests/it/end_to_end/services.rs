//! What runs: looking at it, starting it anew, commands in it and beside it, and taking it down.

use serde_json::{Value, json};
use sternway_e2e::{Result, Stage, engine, web};

const TOKEN: &str = "a-pl4nted-token";

#[tokio::test]
async fn what_runs_can_be_looked_at_and_started_anew() -> Result<()> {
    let stage = Stage::light()?;
    stage.call(["secret", "set", "staging", "TOKEN"]).input(TOKEN).done().await?;
    stage.call(["deploy", "staging", "--yes"]).done().await?;

    let log = stage.call(["logs", "staging", "job"]).done().await?;
    let line = log.last()?;
    assert_eq!((&line["service"], &line["text"]), (&json!("job"), &json!("prepared for first")), "{}", log.describe());
    let done = stage.call(["logs", "1"]).done().await?;
    assert!(done.lines.iter().any(|line| line["text"] == "prepared for first"), "what a job did: {}", done.describe());
    let all = stage.call(["logs", "staging", "--tail", "1", "--since", "1h"]).done().await?;
    assert!(all.lines.iter().all(|line| line["at"].is_string()), "{}", all.describe());
    let unknown = stage.call(["logs", "staging", "nobody"]).refused(1).await?;
    assert_eq!(unknown["code"], "not_found");
    stage.call(["logs", "1", "--follow"]).refused(2).await?;

    let stats = stage.call(["stats", "staging"]).done().await?;
    let web = &stats.last()?["containers"][0];
    assert_eq!(web["service"], "web", "the job has ended: {}", stats.describe());
    assert!(web["memory"].as_f64().is_some_and(|bytes| bytes > 10_000.0), "{web}");

    // The exit code is the command's, and its output passes through as it is.
    let exec =
        stage.call(["exec", "staging", "web", "--", "sh", "-c", "read n; exit $n"]).input("7\n").answer().await?;
    assert_eq!(exec.exit, Some(7), "{}", exec.describe());
    // It has the service's variables, what is piped in, and two outputs.
    let line = "read n; echo \"[\\\"$MESSAGE\\\",$n]\"; echo careful >&2; exit 5";
    let once = stage.call(["run", "staging", "--service", "job", "--", "sh", "-c", line]).input("7\n").answer().await?;
    assert_eq!((once.exit, once.last()?), (Some(5), &json!(["first", 7])), "{}", once.describe());
    assert!(once.errors.contains("careful"), "{}", once.describe());

    let project = stage.compose_project("staging");
    let before = engine::ids(&project)?;
    let restarted = stage.call(["restart", "staging"]).done().await?;
    assert_eq!(restarted.last()?["restarted"].as_array().map(Vec::len), Some(1), "jobs stay: {}", restarted.describe());
    assert_eq!(engine::ids(&project)?, before, "the same containers");
    web::body(&stage.address("staging", "/")?).await?;
    Ok(())
}

#[tokio::test]
async fn a_secret_in_the_output_is_redacted() -> Result<()> {
    let stage = Stage::light()?;
    stage.call(["secret", "set", "staging", "TOKEN"]).input(TOKEN).done().await?;
    stage.edit("docker-compose.yml", |line| {
        line.contains("exec httpd").then(|| format!("        echo the token is \"$$TOKEN\"\n{line}"))
    })?;
    stage.call(["deploy", "staging", "--yes"]).done().await?;
    let log = stage.call(["logs", "staging", "web"]).done().await?;
    let line = log.lines.iter().find(|line| line["text"].to_string().contains("the token is"));
    assert!(line.is_some_and(|line| !line.to_string().contains(TOKEN)), "{}", log.describe());
    assert!(!log.errors.contains("masked"), "{}", log.describe());

    // A value that is gone cannot be looked for: what is printed is shown, and that is said.
    let removed = stage.call(["secret", "rm", "staging", "TOKEN", "--confirm", "staging"]).done().await?;
    assert_eq!((&removed.last()?["removed"], &removed.last()?["running"]), (&json!([1]), &json!(true)));
    let log = stage.call(["logs", "staging", "web"]).done().await?;
    assert!(log.errors.contains("the value of TOKEN@1"), "{}", log.describe());
    assert!(!log.lines.is_empty(), "{}", log.describe());
    // Only what needs it misses it.
    stage.call(["restart", "staging", "web"]).done().await?;
    stage.call(["down", "staging", "--yes"]).done().await?;
    Ok(())
}

#[tokio::test]
async fn what_was_taken_down_can_be_brought_back() -> Result<()> {
    let stage = Stage::light()?;
    let project = stage.compose_project("production");
    stage.edit("docker-compose.yml", |line| {
        (line == "  web:").then(|| "  web:\n    volumes: [\"kept:/kept\"]".to_owned())
    })?;
    let file = stage.project().join("docker-compose.yml");
    std::fs::write(&file, std::fs::read_to_string(&file)? + "volumes:\n  kept:\n")?;
    stage.call(["secret", "set", "production", "TOKEN"]).input(TOKEN).done().await?;
    stage.call(["deploy", "production", "--confirm", "production"]).done().await?;
    stage
        .call(["exec", "production", "web", "--confirm", "production", "--", "sh", "-c", "echo 41 >/kept/number"])
        .done()
        .await?;

    let refused = stage.call(["down", "production", "--yes"]).refused(3).await?;
    assert_eq!(refused["code"], "protected", "its name was not typed");
    assert_eq!(engine::containers(&project)?.len(), 2, "nothing was touched");

    let down = stage.call(["down", "production", "--confirm", "production"]).done().await?;
    assert_eq!((&down.last()?["kind"], &down.last()?["result"]), (&json!("down"), &json!("succeeded")));
    assert!(engine::containers(&project)?.is_empty());
    let status = stage.call(["status", "production"]).done().await?;
    assert_eq!(status.last()?["environments"][0]["health"], "empty", "{}", status.describe());

    stage.call(["rollback", "production", "--confirm", "production"]).done().await?;
    let number = stage
        .call(["exec", "production", "web", "--confirm", "production", "--", "cat", "/kept/number"])
        .done()
        .await?;
    assert_eq!(number.last()?, &json!(41), "the volume was kept");

    let all = ["down", "production", "--volumes", "--images", "--confirm", "production"];
    let gone = stage.call(all).done().await?;
    let steps: Vec<&Value> = gone.lines.iter().filter(|line| line["step"]["state"] == "done").collect();
    assert!(steps.iter().any(|step| step["step"]["name"] == "remove volume kept"), "{}", gone.describe());
    let back = stage.call(["rollback", "production", "--confirm", "production"]).done().await?;
    assert_eq!(back.last()?["result"], "succeeded", "busybox has a name of its own, and stays");
    let number =
        stage.call(["exec", "production", "web", "--confirm", "production", "--", "ls", "/kept"]).done().await?;
    assert!(number.lines.is_empty(), "the volume is a new one");
    Ok(())
}

#[tokio::test]
async fn a_stack_that_runs_under_the_names_of_the_files_is_told() -> Result<()> {
    let stage = Stage::light()?;
    stage.call(["secret", "set", "staging", "TOKEN"]).input(TOKEN).done().await?;
    stage.call(["deploy", "staging", "--yes"]).done().await?;
    let running = stage.compose_project("staging");
    stage.edit("docker-compose.yml", |line| (line == "services:").then(|| format!("name: {running}\nservices:")))?;
    let plan = stage.call(["plan", "production"]).answer().await?;
    assert!(!plan.last()?["notes"].to_string().contains(&running), "it is another environment: {}", plan.describe());

    stage.edit("sternway.yaml", |line| line.starts_with("project:").then(|| "project: renamed".to_owned()))?;
    let plan = stage.call(["plan", "production"]).answer().await?;
    let notes = plan.last()?["notes"].to_string();
    assert!(notes.contains(&format!("the Compose project {running} has 2 containers on this engine")), "{notes}");
    assert!(notes.contains(&format!("compose_project: {running}")), "{notes}");
    Ok(())
}

#[tokio::test]
async fn a_one_off_command_that_was_killed_leaves_nothing_behind() -> Result<()> {
    let stage = Stage::light()?;
    stage.call(["secret", "set", "staging", "TOKEN"]).input(TOKEN).done().await?;
    stage.call(["deploy", "staging", "--yes"]).done().await?;
    let project = stage.compose_project("staging");
    let one_offs = || -> Result<usize> {
        let all = engine::containers(&project)?;
        let label = "com.docker.compose.oneoff";
        Ok(all.iter().filter(|one| one["Config"]["Labels"][label] == "True" && one["State"]["Running"] == true).count())
    };
    let mut killed = stage.call(["run", "staging", "--service", "web", "--", "sleep", "3600"]).start()?;
    for _ in 0..600 {
        if one_offs()? == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let status = stage.call(["status", "staging"]).done().await?;
    let seen = &status.last()?["environments"][0]["one_offs"][0];
    assert_eq!((&seen["service"], &seen["left_over"]), (&json!("web"), &json!(false)), "{}", status.describe());
    let plan = stage.call(["plan", "staging"]).answer().await?;
    assert!(plan.last()?["notes"].to_string().contains("one-off"), "{}", plan.describe());

    killed.kill().await?;
    assert_eq!(one_offs()?, 1, "nobody could tell it");
    let status = stage.call(["status", "staging"]).done().await?;
    assert_eq!(status.last()?["environments"][0]["one_offs"][0]["left_over"], true, "{}", status.describe());
    let next = stage.call(["run", "staging", "--service", "web", "--", "true"]).answer().await?;
    assert!(next.exit == Some(0) && next.errors.contains("it was removed"), "{}", next.describe());
    assert_eq!(engine::containers(&project)?.len(), 2, "the two of the services");
    Ok(())
}
