//! Commands after the start and before the stop of containers.

use serde_json::{Value, json};

use crate::stage::{IMAGE, SECRET, Stage, idle, on_stage, refused};

fn app(version: &str, post_start: &str, pre_stop: &str) -> Value {
    let hook = |command: &str| json!([{"command": ["sh", "-c", command], "environment": {"PW": "⟦keychain:PW@1⟧", "GONE": null}}]);
    let mut app = idle(version);
    app["post_start"] = hook(post_start);
    app["pre_stop"] = hook(pre_stop);
    app["volumes"] = json!([{"type": "volume", "source": "notes", "target": "/notes"}]);
    app
}

fn model(stage: &Stage, app: &Value) -> sternway_compose::Model {
    stage.model(json!({"services": {"app": app}, "volumes": {"notes": {"name": format!("{}_notes", stage.project)}}}))
}

fn said(stage: &Stage, part: &str) -> usize {
    stage.lines.0.lock().expect("lines").iter().filter(|line| line.contains(part)).count()
}

#[tokio::test]
async fn hooks_run_in_the_container_after_its_start_and_before_its_stop() {
    on_stage("hooks", |stage| async move {
        let first =
            model(&stage, &app("1", "echo $PW >/notes/a; echo ready $VERSION", "echo bye $VERSION; cat /notes/a"));
        let doings = std::sync::Mutex::new(Vec::new());
        let note = |doing: &str| doings.lock().expect("not poisoned").push(doing.to_owned());
        stage.deploy_with(&first, &std::collections::BTreeMap::new(), &note).await.expect("deployed");
        assert_eq!(said(&stage, "post_start: ready 1"), 1);
        let doings = doings.into_inner().expect("not poisoned");
        let journalled = |word: &str| doings.iter().any(|doing| doing.starts_with(&format!("{word}: run post_start")));
        assert!(journalled("before") && journalled("after"), "{doings:?}");
        assert!(!doings.concat().contains(SECRET), "the command is told, its variables are not");
        assert_eq!(stage.plan(&first).await.work, []);

        let second = model(&stage, &app("2", "echo ready $VERSION", "echo farewell $VERSION"));
        let plan = stage.deploy(&second).await.expect("deployed");
        assert!(plan.contains("post_start changed; pre_stop changed"), "{plan}");
        assert_eq!((said(&stage, "pre_stop: bye 1"), said(&stage, "farewell")), (1, 0), "the old one's own words");
        assert_eq!(said(&stage, &format!("pre_stop: {SECRET}-v1")), 1, "it got the secret");

        stage.deploy(&stage.model(json!({"services": {"other": idle("1")}}))).await.expect("deployed");
        assert_eq!(said(&stage, "pre_stop: farewell 2"), 1, "also when the service goes");
    })
    .await;
}

#[tokio::test]
async fn a_hook_that_fails_leaves_the_old_container_in_its_place() {
    on_stage("bad-hooks", |stage| async move {
        stage.deploy(&model(&stage, &app("1", "true", "true"))).await.expect("deployed");
        let before = stage.containers().await;
        let error = refused(stage.deploy(&model(&stage, &app("2", "echo no licence; exit 4", "true"))).await);
        for part in ["post_start", "ended with code 4", "no licence", "the old container of service app answers again"]
        {
            assert!(error.message.contains(part), "`{part}` is missing in: {}", error.message);
        }
        assert_eq!(stage.containers().await, before, "the same container");
        assert_eq!(said(&stage, "post_start: no licence"), 1);

        let stubborn = model(&stage, &app("3", "true", "echo still busy; exit 5"));
        stage.deploy(&stubborn).await.expect("deployed");
        let before = stage.containers().await;
        let mut next = app("4", "true", "true");
        // Without the volume both can run, so that the old one is asked to stop when the new one has proved itself.
        next.as_object_mut().expect("a service").remove("volumes");
        let beside = stage.model(json!({"services": {"app": next}}));
        let error = refused(stage.deploy(&beside).await);
        for part in ["pre_stop", "ended with code 5", "still busy", "the old container of service app was not stopped"]
        {
            assert!(error.message.contains(part), "`{part}` is missing in: {}", error.message);
        }
        assert_eq!(stage.containers().await, before, "the same container, and no other");
        let gone = refused(
            stage
                .deploy(&stage.model(json!({"services": {"new": {"image": IMAGE, "command": ["sleep", "3600"]}}})))
                .await,
        );
        assert!(gone.message.contains("still busy"), "{}", gone.message);
    })
    .await;
}
