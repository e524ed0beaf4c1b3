//! A copy of a project's folder: the same names, and nothing of the first one's.

use std::fs;

use sternway_e2e::{Result, Stage, engine};

const TOKEN: &str = "a-pl4nted-token";

#[tokio::test]
async fn a_copy_reaches_neither_the_secrets_nor_the_containers_of_the_first() -> Result<()> {
    let stage = Stage::light()?;
    stage.call(["secret", "set", "staging", "TOKEN"]).input(TOKEN).done().await?;
    stage.call(["deploy", "staging", "--yes"]).done().await?;
    let project = stage.compose_project("staging");
    let before = engine::ids(&project)?;

    let copy = tempfile::tempdir()?;
    for entry in fs::read_dir(stage.project())? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), copy.path().join(entry.file_name()))?;
        }
    }
    let call = |arguments: &'static [&'static str]| stage.call_in(copy.path(), arguments.iter().copied());
    call(&["trust", "--yes"]).done().await?;

    let error = call(&["down", "staging", "--yes"]).refused(3).await?;
    assert!(error["message"].to_string().contains("made from another folder"), "{error}");
    for looks in [&["exec", "staging", "web", "--", "env"][..], &["logs", "staging"]] {
        let error = call(looks).refused(1).await?;
        assert!(error["message"].to_string().contains("nothing was deployed to staging from this folder"), "{error}");
    }
    let environment = call(&["run", "staging", "--", "env"]).answer().await?;
    assert!(environment.exit != Some(0) && !environment.describe().contains(TOKEN), "{}", environment.describe());
    assert_eq!(engine::ids(&project)?, before, "nothing was touched");
    Ok(())
}
