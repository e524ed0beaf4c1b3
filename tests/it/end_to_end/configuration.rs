//! Versions of the configuration on the terminal: who changed what, what was deployed with it, and the way back.

use std::fs;

use serde_json::{Value, json};
use sternway_e2e::{Result, Stage, leaks, web};

const TOKEN: &str = "a planted t0ken of staging";

fn subjects(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(|change| change["subject"].as_str()).collect()
}

#[tokio::test]
async fn a_value_has_a_story_and_a_way_back() -> Result<()> {
    let stage = Stage::light()?;
    stage.call(["secret", "set", "staging", "TOKEN"]).input(TOKEN).done().await?;
    stage.call(["deploy", "staging", "--yes"]).done().await?;
    let versions = stage.call(["config", "versions", "staging"]).done().await?;
    let begin = versions.last()?["versions"][0]["number"].to_string();

    stage.call(["config", "set", "staging", "MESSAGE", "second", "--note", "for the fair"]).done().await?;
    stage.edit(".env", |line| line.starts_with("BROKEN=").then(|| "BROKEN=never".to_owned()))?;
    stage.call(["deploy", "staging", "--yes"]).done().await?;
    stage.call(["config", "set", "staging", "MESSAGE", "third"]).done().await?;

    let versions = stage.call(["config", "versions"]).done().await?;
    let told: Vec<(&Value, &Value, &Value)> = versions.last()?["versions"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|version| (&version["cause"], &version["note"], &version["changes"][0]["subject"]))
        .collect();
    assert_eq!(
        told[..3],
        [
            (&json!("saved"), &Value::Null, &json!("variable MESSAGE")),
            (&json!("outside"), &Value::Null, &json!("variable BROKEN")),
            (&json!("saved"), &json!("for the fair"), &json!("variable MESSAGE")),
        ],
        "{}",
        versions.describe()
    );

    let blame = stage.call(["config", "blame", "staging"]).done().await?;
    let of = |key: &str| -> Result<Value> {
        let variables = blame.last()?["variables"].as_array().cloned().unwrap_or_default();
        Ok(variables.into_iter().find(|line| line["key"] == key).unwrap_or_default())
    };
    assert_eq!((&of("TOKEN")?["first_ran"], &of("TOKEN")?["secret_version"]), (&json!(1), &json!(1)));
    assert_eq!(of("BROKEN")?["first_ran"], json!(2), "what was changed outside ran, too");
    assert_eq!(of("MESSAGE")?["first_ran"], Value::Null, "the third message did not run yet");
    assert_eq!(of("MESSAGE")?["value"], "third");

    // A plan first; then exactly that.
    let before = fs::read_to_string(stage.project().join(".env.staging"))?;
    let restore = ["config", "restore", "staging", "MESSAGE", "--version", &begin];
    let plan = stage.call(restore.iter().copied().chain(["--dry-run"])).done().await?;
    assert_eq!(subjects(&plan.last()?["changes"]), ["variable MESSAGE"], "{}", plan.describe());
    assert_eq!(fs::read_to_string(stage.project().join(".env.staging"))?, before);
    stage.call(restore.iter().copied().chain(["--yes"])).done().await?;
    stage.call(["deploy", "staging", "--yes"]).done().await?;
    assert_eq!(web::body(&stage.address("staging", "/")?).await?, "first", "staging has no message of its own again");

    stage.call(["config", "restore", "--all", "--version", &begin, "--yes"]).done().await?;
    let difference = stage.call(["config", "compare", &begin]).done().await?;
    assert_eq!(difference.last()?["changes"], json!([]), "{}", difference.describe());
    assert_eq!(leaks::in_files(&stage.home(), TOKEN)?, Vec::<String>::new());
    assert_eq!(leaks::in_files(&stage.project(), TOKEN)?, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn an_export_is_what_other_programs_read() -> Result<()> {
    let stage = Stage::light()?;
    let awkward = "it's \"$HOME\" #1\nand more";
    stage.call(["secret", "set", "staging", "TOKEN"]).input(TOKEN).done().await?;
    stage.call(["config", "set", "staging", "AWKWARD"]).input(awkward).done().await?;
    let without = stage.call(["config", "export", "staging"]).done().await?;
    let text = without.last()?["text"].as_str().unwrap_or_default();
    assert!(text.contains("TOKEN=keychain:TOKEN") && !text.contains(TOKEN), "{text}");

    let shell = stage.call(["config", "export", "staging", "--format", "shell", "--secrets"]).done().await?;
    let text = shell.last()?["text"].as_str().unwrap_or_default();
    let printed = tokio::process::Command::new("sh")
        .args(["-c", &format!("{text}printf '%s|%s' \"$TOKEN\" \"$AWKWARD\"")])
        .output()
        .await?;
    assert_eq!(String::from_utf8_lossy(&printed.stdout), format!("{TOKEN}|{awkward}"));
    let audit = stage.call(["audit", "staging"]).done().await?;
    assert_eq!(audit.last()?["entries"][0]["action"], "exported", "{}", audit.describe());

    // Production asks for its name, and nothing is written down before.
    stage.call(["secret", "set", "production", "TOKEN"]).input("a token").done().await?;
    let refused =
        stage.call(["config", "export", "production", "--secrets", "--confirm", "staging"]).refused(3).await?;
    assert_eq!(refused["code"], "protected");
    Ok(())
}
