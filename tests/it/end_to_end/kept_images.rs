//! Images that releases keep, and giving up those of old ones.

use std::time::Duration;

use serde_json::json;
use sternway_e2e::{Result, Stage, Window, engine};

const SOON: Duration = Duration::from_secs(30);

#[tokio::test]
async fn images_of_old_releases_go_when_a_person_says_so() -> Result<()> {
    let stage = Stage::light()?;
    let project = stage.compose_project("staging");
    stage.call(["secret", "set", "staging", "TOKEN"]).input("a-pl4nted-token").done().await?;
    let file = stage.project().join("docker-compose.yml");
    let built =
        "    build:\n      context: .\n      dockerfile_inline: |\n        FROM busybox:1.36\n        LABEL number=0\n";
    let text = std::fs::read_to_string(&file)?;
    std::fs::write(
        &file,
        text.replacen("    image: busybox:1.36\n    command:\n", &format!("{built}    command:\n"), 1),
    )?;
    for number in 1..=3 {
        stage.edit("docker-compose.yml", |line| {
            line.contains("LABEL number=").then(|| format!("        LABEL number={number}"))
        })?;
        stage.call(["deploy", "staging", "--yes"]).done().await?;
    }
    let all = engine::kept(&project, "web")?;
    assert_eq!(all.len(), 3, "each release has its own: {all:?}");

    let plan = stage.call(["prune", "staging", "--keep", "2", "--dry-run"]).done().await?;
    let plan = plan.last()?;
    assert_eq!(
        (&plan["releases"], &plan["images"][0]["release"], &plan["unknown"]),
        (&json!([1]), &json!(1), &json!(0))
    );
    assert_eq!(
        plan["images"].as_array().map(Vec::len),
        Some(1),
        "what has another name is not ours to give up: {plan}"
    );
    let two = stage.call(["prune", "staging", "--keep", "1", "--dry-run"]).done().await?;
    let two = &two.last()?["images"];
    assert_eq!((&two[0]["release"], &two[1]["release"]), (&json!(2), &json!(1)), "the newest first");
    let nobody = stage.call(["prune", "staging", "--keep", "2"]).refused(2).await?;
    assert_eq!(nobody["code"], "usage");
    assert_eq!(engine::kept(&project, "web")?, all, "nothing has gone yet");

    let gone = plan["images"][0]["name"].clone();
    let window = Window::open(&stage).await?;
    window.click("link", "Environment staging").await?;
    window.click("button", "More for staging").await?;
    window.click("menuitem", "Images kept for staging…").await?;
    window.click("combobox", "Keep the images of").await?;
    window.click("option", "the newest 2 releases whose images differ").await?;
    window.see("go back to #1 any more", SOON).await?;
    window.screenshot("12-kept-images").await?;
    window.click("button", "Give up 1 image").await?;
    window.see("1 image given up", SOON).await?;
    window.close().await?;
    let left = engine::kept(&project, "web")?;
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(!left.iter().any(|name| gone == **name), "{gone} of {left:?}");
    let audit = stage.call(["audit", "staging"]).done().await?;
    let audit = audit.last()?.to_string();
    assert!(audit.contains("1 kept image: web of #1"), "{audit}");
    let again = stage.call(["prune", "staging", "--keep", "2", "--yes"]).done().await?;
    assert_eq!(again.last()?["images"], json!([]));

    let lost = stage.call(["rollback", "staging", "--to", "1", "--yes"]).refused(1).await?;
    assert!(lost["message"].to_string().contains("not on the engine any more"), "{lost}");
    stage.call(["rollback", "staging", "--to", "2", "--yes"]).done().await?;
    Ok(())
}
