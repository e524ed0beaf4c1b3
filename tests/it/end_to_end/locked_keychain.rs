//! A keychain that is locked while nobody is there to unlock it.

use std::process::Stdio;

use serde_json::Value;
use sternway_e2e::{Failure, Result, Stage, repository};
use tokio::process::Command;

/// In a session of its own, because the others need theirs: sets a secret, locks the keychain, and prints what is asked for after it,
/// each with its exit code and how many seconds it took.
const SCRIPT: &str = r#"
sternway() { "$PROGRAM" --project "$PROJECT" --json "$@" </dev/null; }
printf token | "$PROGRAM" --project "$PROJECT" --json secret set staging TOKEN >/dev/null || exit 1
dbus-send --session --dest=org.freedesktop.secrets --print-reply /org/freedesktop/secrets \
  org.freedesktop.Secret.Service.Lock array:objpath:/org/freedesktop/secrets/collection/login >/dev/null || exit 1
for words in "plan staging" "deploy staging --yes"; do
  begin=$(date +%s)
  # shellcheck disable=SC2086
  told=$(sternway $words 2>&1)
  echo "{\"exit\": $?, \"seconds\": $(($(date +%s) - begin)), \"told\": $(echo "$told" | tail -n 1)}"
done
"#;

#[tokio::test]
async fn it_is_asked_once_and_not_for_long_and_what_needs_no_value_goes_on() -> Result<()> {
    let stage = Stage::light()?;
    let output = Command::new(repository()?.join("scripts/session"))
        .args(["--here", "bash", "-c", SCRIPT])
        .env("PROGRAM", sternway_e2e::program("sternway")?)
        .env("PROJECT", stage.project())
        .env("STERNWAY_HOME", stage.home())
        .stdin(Stdio::null())
        .output()
        .await?;
    let text = String::from_utf8(output.stdout)?;
    let answers: Vec<Value> = text.lines().map(serde_json::from_str).collect::<std::result::Result<_, _>>()?;
    let [plan, deploy] = answers.as_slice() else {
        return Err(Failure::new(format!("{text}\n{}", String::from_utf8_lossy(&output.stderr))));
    };
    assert_eq!(plan["exit"], 0, "{plan}");
    let notes = plan["told"]["notes"].to_string();
    assert!(notes.contains("whether the keychain has the values of its secrets is not known"), "{plan}");
    assert_eq!(deploy["exit"], 1, "{deploy}");
    assert_eq!(deploy["told"]["error"]["code"], "keychain_unavailable", "{deploy}");
    for answer in [plan, deploy] {
        // Eight seconds for the keychain, and whatever this machine needs for the rest. A person would have two minutes.
        assert!(answer["seconds"].as_u64().is_some_and(|seconds| seconds < 60), "{answer}");
    }
    Ok(())
}
