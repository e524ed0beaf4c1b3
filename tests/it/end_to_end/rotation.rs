//! Secrets that are rotated, looked at and looked for.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use sternway_e2e::{Answer, Result, Stage, engine, leaks};

const OLD: &str = "the 0ld planted \"token\"";
const NEW: &str = "the n3w planted $token";

async fn versions(stage: &Stage) -> Result<Vec<u64>> {
    let listed = stage.call(["secret", "list", "staging"]).done().await?;
    let versions = listed.last()?["secrets"][0]["versions"].as_array().cloned().unwrap_or_default();
    Ok(versions.iter().filter_map(|version| version["version"].as_u64()).collect())
}

/// What the running container has.
fn token(stage: &Stage) -> Result<String> {
    let containers = engine::containers(&stage.compose_project("staging"))?;
    let variables = containers.iter().flat_map(|container| container["Config"]["Env"].as_array().into_iter().flatten());
    let token = variables.filter_map(Value::as_str).find_map(|line| line.strip_prefix("TOKEN="));
    Ok(token.unwrap_or_default().to_owned())
}

fn state(answer: &Answer) -> Result<&Value> {
    Ok(&answer.last()?["state"])
}

#[tokio::test]
async fn the_old_value_goes_only_when_the_new_one_runs() -> Result<()> {
    let stage = Stage::light()?;
    let command_lines = leaks::CommandLines::watch(NEW);
    stage.call(["secret", "set", "staging", "TOKEN"]).input(OLD).done().await?;
    stage.call(["deploy", "staging", "--yes"]).done().await?;

    // The first attempt fails: what runs is moved back to the old value, which therefore has to be there still.
    stage.call(["config", "set", "staging", "BROKEN", "yes"]).done().await?;
    let failed = stage.call(["secret", "rotate", "staging", "TOKEN", "--yes"]).input(NEW).answer().await?;
    assert_eq!((failed.exit, state(&failed)?), (Some(1), &json!("set")), "{}", failed.describe());
    assert_eq!((versions(&stage).await?, token(&stage)?.as_str()), (vec![2, 1], OLD));

    // Called again it needs no value: it goes on where it stopped.
    stage.call(["config", "set", "staging", "BROKEN", "no"]).done().await?;
    let plan = stage.call(["plan", "staging"]).done().await?;
    assert!(plan.last()?["notes"].to_string().contains("v1 is dropped when this has succeeded"), "{}", plan.describe());
    assert_eq!(plan.last()?["ready_to_go_back"]["proven"], false, "#1 needs v1: {}", plan.describe());
    let done = stage.call(["secret", "rotate", "staging", "TOKEN", "--yes"]).done().await?;
    assert_eq!(state(&done)?, &json!("done"), "{}", done.describe());
    assert_eq!((versions(&stage).await?, token(&stage)?.as_str()), (vec![2], NEW));

    let stories = stage.call(["config", "versions", "staging", "TOKEN"]).done().await?;
    let notes = stories.last()?.to_string();
    assert!(notes.contains("rotation: new value"), "{}", stories.describe());
    let refused = stage.call(["rollback", "staging", "--yes"]).answer().await?;
    assert_eq!(refused.exit, Some(3), "the first release cannot come back without its secret: {}", refused.describe());
    assert!(refused.errors.contains("needs version 1 of the secret TOKEN"), "{}", refused.describe());

    for value in [OLD, NEW] {
        assert_eq!(leaks::in_files(&stage.home(), value)?, Vec::<String>::new());
        assert_eq!(leaks::in_files(&stage.project(), value)?, Vec::<String>::new());
        assert_eq!(leaks::on_the_engine(&stage.compose_project("staging"), value)?, Vec::<String>::new());
    }
    assert!(command_lines.found()?.is_empty(), "command lines");
    Ok(())
}

#[tokio::test]
async fn a_rotation_can_be_given_up_and_values_can_be_made_up() -> Result<()> {
    let stage = Stage::light()?;
    stage.call(["secret", "set", "staging", "TOKEN"]).input(OLD).done().await?;
    stage.call(["deploy", "staging", "--yes"]).done().await?;
    stage.call(["config", "set", "staging", "BROKEN", "yes"]).done().await?;
    let generate =
        ["secret", "rotate", "staging", "TOKEN", "--generate", "--length", "20", "--alphabet", "hex", "--yes"];
    assert_eq!(stage.call(generate).answer().await?.exit, Some(1));
    let given_up = stage.call(["secret", "rotate", "staging", "TOKEN", "--give-up"]).done().await?;
    assert_eq!(state(&given_up)?, &json!("given_up"));
    assert_eq!((versions(&stage).await?, token(&stage)?.as_str()), (vec![1], OLD));

    stage.call(["config", "set", "staging", "BROKEN", "no"]).done().await?;
    let done = stage.call(generate).done().await?;
    assert_eq!(state(&done)?, &json!("done"), "{}", done.describe());
    let made = token(&stage)?;
    assert!(made.len() == 20 && made.bytes().all(|byte| byte.is_ascii_hexdigit()), "{made}");
    assert_eq!(leaks::in_files(&stage.home(), &made)?, Vec::<String>::new());
    Ok(())
}

/// A rotation whose process ends at this place; before it the old value runs.
async fn crashed(at: &str) -> Result<Stage> {
    let stage = Stage::light()?;
    stage.call(["secret", "set", "staging", "TOKEN"]).input(OLD).done().await?;
    stage.call(["deploy", "staging", "--yes"]).done().await?;
    let rotate = stage.call(["secret", "rotate", "staging", "TOKEN", "--yes"]).input(NEW);
    let crashed = rotate.environment("STERNWAY_ABORT_AT_BOUNDARY", at).answer().await?;
    assert_eq!(crashed.exit, None, "{}", crashed.describe());
    assert!(crashed.errors.contains(at), "{}", crashed.describe());
    Ok(stage)
}

/// Nothing is left open: this version runs, it is the only one, and there is nothing to do.
async fn settled(stage: &Stage, version: u64, value: &str) -> Result<()> {
    assert_eq!((versions(stage).await?, token(stage)?.as_str()), (vec![version], value));
    let plan = stage.call(["plan", "staging"]).done().await?;
    assert_eq!(plan.last()?["changes"], json!([]), "{}", plan.describe());
    assert!(!plan.last()?["notes"].to_string().contains("being rotated"), "{}", plan.describe());
    let status = stage.call(["status", "staging"]).done().await?;
    assert_eq!(status.last()?["environments"][0]["health"], "healthy", "{}", status.describe());
    assert_eq!(leaks::in_files(&stage.home(), NEW)?, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn a_rotation_that_was_killed_goes_on() -> Result<()> {
    // What is left to do, from the first place to the last.
    for at in [
        "rotation begun",
        "secret in keychain",
        "rotation value set",
        "intent recreate service web",
        "released",
        "rotation old value dropped",
    ] {
        let stage = crashed(at).await?;
        let health = stage.call(["status", "staging"]).done().await?.last()?["environments"][0]["health"].clone();
        if health == "interrupted" {
            let resumed = stage.call(["resume", "staging", "--yes"]).done().await?;
            assert_eq!(resumed.last()?["result"], "succeeded", "{at}: {}", resumed.describe());
        } else {
            assert_eq!(health, "healthy", "{at}");
            let done = stage.call(["secret", "rotate", "staging", "TOKEN", "--yes"]).input(NEW).done().await?;
            assert_eq!(state(&done)?, &json!("done"), "{at}: {}", done.describe());
        }
        println!("went on after {at}");
        settled(&stage, 2, NEW).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_rotation_that_was_killed_can_be_given_up_until_the_new_value_runs() -> Result<()> {
    for at in ["rotation begun", "rotation value set", "intent recreate service web"] {
        let stage = crashed(at).await?;
        if at.starts_with("intent") {
            stage.call(["rollback", "staging", "--yes"]).done().await?;
        }
        let given_up = stage.call(["secret", "rotate", "staging", "TOKEN", "--give-up"]).done().await?;
        assert_eq!(state(&given_up)?, &json!("given_up"), "{at}: {}", given_up.describe());
        println!("gave up after {at}");
        settled(&stage, 1, OLD).await?;
    }
    for at in ["released", "rotation old value dropped"] {
        let stage = crashed(at).await?;
        let refused = stage.call(["secret", "rotate", "staging", "TOKEN", "--give-up"]).refused(1).await?;
        assert!(refused["message"].to_string().contains("runs with the new value"), "{at}: {refused}");
        // The next deployment that succeeds finishes it, even one that has nothing to change.
        stage.call(["deploy", "staging", "--yes"]).done().await?;
        settled(&stage, 2, NEW).await?;
    }
    Ok(())
}

#[tokio::test]
async fn whoever_looks_at_a_value_is_in_the_audit() -> Result<()> {
    let stage = Stage::light()?;
    let file = stage.home().join("value");
    fs::write(&file, NEW)?;
    let path = file.to_string_lossy().into_owned();
    stage.call(["secret", "set", "staging", "TOKEN", "--file", &path]).done().await?;
    fs::remove_file(&file)?;
    let reveal = ["secret", "reveal", "staging", "TOKEN", "--why", "the provider asked"];
    stage.call(reveal).answer().await?;
    let audit = stage.call(["audit"]).done().await?;
    assert_eq!(audit.last()?["entries"], json!([]), "nobody said yes, so nothing was seen");

    let revealed = stage.call(reveal.iter().copied().chain(["--yes"])).done().await?;
    assert_eq!((&revealed.last()?["value"], &revealed.last()?["version"]), (&json!(NEW), &json!(1)));
    let audit = stage.call(["audit"]).done().await?;
    let entry = &audit.last()?["entries"][0];
    assert_eq!(
        (&entry["action"], &entry["subject"], &entry["why"]),
        (&json!("revealed"), &json!("TOKEN v1"), &json!("the provider asked"))
    );
    assert!(entry["by"].as_str().is_some_and(|by| !by.is_empty()), "{entry}");
    assert_eq!(leaks::in_files(&stage.home(), NEW)?, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn the_scan_finds_a_secret_that_was_committed_once() -> Result<()> {
    let stage = Stage::light()?;
    stage.call(["secret", "set", "staging", "TOKEN"]).input(NEW).done().await?;
    let clean = stage.call(["secret", "scan"]).done().await?;
    assert_eq!(clean.last()?["leaks"], json!([]), "{}", clean.describe());

    let git = |arguments: &[&str]| -> Result<()> {
        let set = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-c", "commit.gpgsign=false"];
        let done = Command::new("git").args(set).args(arguments).current_dir(stage.project()).output()?;
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        Ok(())
    };
    let notes = stage.project().join("notes.md");
    fs::write(&notes, format!("# Notes\n\nThe token is {NEW}.\n"))?;
    git(&["init", "-q"])?;
    git(&["add", "-A"])?;
    git(&["commit", "-q", "-m", "Begin"])?;
    fs::write(&notes, "# Notes\n")?;
    git(&["commit", "-q", "-a", "-m", "Oh no"])?;

    let found = stage.call(["secret", "scan"]).answer().await?;
    assert_eq!(found.exit, Some(1), "{}", found.describe());
    let leak = &found.last()?["leaks"][0];
    assert_eq!((&leak["file"], &leak["line"]), (&json!("notes.md"), &json!(3)), "{leak}");
    assert_eq!(leak["secret"], json!({ "environment": "staging", "name": "TOKEN", "version": 1 }));
    assert_eq!(leak["commit"].as_str().map(str::len), Some(40));
    assert!(!found.last()?.to_string().contains("n3w planted"), "the value is not shown");
    let files = stage.call(["secret", "scan", "--no-history"]).done().await?;
    assert_eq!(files.last()?["leaks"], json!([]), "the files are clean");
    Ok(())
}
