//! Who is told how a deployment ended, and what commands get to see before it begins.

use std::fs;

use sternway_e2e::{Result, Stage, leaks};

const TOKEN: &str = "planted-t0ken-that-nobody-prints";

/// A stage whose commands write down what they were given.
fn telling() -> Result<Stage> {
    let stage = Stage::light()?;
    stage.edit("sternway.yaml", |line| {
        let before = "  checks: [{ name: looks, run: 'env >before' }]";
        let notify = "  notify:\n    - { name: deaf, run: 'echo nobody hears >&2; exit 3' }\n    \
                      - { name: chat, run: 'echo \"$STERNWAY_KIND $STERNWAY_ENVIRONMENT $STERNWAY_RESULT ${#TOKEN}\" >>told; echo \"said $TOKEN\"' }";
        line.starts_with("pipeline:").then(|| format!("{line}\n{before}\n{notify}"))
    })?;
    stage.edit(".env", |line| line.starts_with("TOKEN=").then(|| format!("{line}\nADDRESS=redis://x:${{TOKEN}}@y")))?;
    Ok(stage)
}

#[tokio::test]
async fn people_are_told_of_every_end_and_a_deaf_one_changes_nothing() -> Result<()> {
    let stage = telling()?;
    stage.call(["secret", "set", "staging", "TOKEN"]).input(TOKEN).done().await?;
    stage.call(["deploy", "staging", "--yes"]).done().await?;

    let shown = stage.call(["show", "1"]).done().await?;
    let steps = shown.last()?["steps"].as_array().cloned().unwrap_or_default();
    let told: Vec<_> = steps.iter().filter(|step| step["stage"] == "notification").collect();
    let states: Vec<_> = told.iter().map(|step| (step["name"].as_str(), step["state"].as_str())).collect();
    assert_eq!(states, [(Some("deaf"), Some("failed")), (Some("chat"), Some("done"))], "{}", shown.describe());
    let log = stage.call(["logs", "1"]).done().await?;
    assert!(log.lines.iter().any(|line| line.to_string().contains("nobody hears")), "{}", log.describe());

    // The failure and the way back are one story: it is told once.
    stage.call(["config", "set", "staging", "BROKEN", "yes"]).done().await?;
    let failed = stage.call(["deploy", "staging", "--yes"]).answer().await?;
    assert_eq!(failed.exit, Some(1), "{}", failed.describe());
    let length = TOKEN.len();
    let told = fs::read_to_string(stage.project().join("told"))?;
    assert_eq!(told, format!("deploy staging succeeded {length}\ndeploy staging went_back {length}\n"));

    let before = fs::read_to_string(stage.project().join("before"))?;
    assert!(before.contains("MESSAGE=first"), "checks get the variables");
    assert!(!before.contains(TOKEN), "but neither the secrets nor what has one inside");
    assert_eq!(leaks::in_files(&stage.home(), TOKEN)?, Vec::<String>::new(), "what a command printed is redacted");
    Ok(())
}
