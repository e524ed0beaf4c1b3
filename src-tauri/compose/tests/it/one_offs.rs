//! One-off containers whose program is gone.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sternway_compose::{Model, Owner, Pipes, Removal, run_once};

use crate::stage::{IMAGE, Stage, on_stage};

/// A service that keeps data, and a command of it that does not end.
fn keeping(stage: &Stage) -> Model {
    stage.model(json!({
        "services": {"app": {"image": IMAGE, "command": ["sleep", "3600"], "stop_signal": "SIGKILL",
            "volumes": [{"type": "volume", "source": "data", "target": "/data"}]}},
        "volumes": {"data": {"name": format!("{}_data", stage.project)}},
    }))
}

/// Begins a command for an owner and leaves it alone, as a program does that is killed.
async fn abandoned(stage: Arc<Stage>, owner: Owner) {
    let model = keeping(&stage);
    let image = stage.observe(&model).await.images[IMAGE].clone();
    let images = BTreeMap::from([("app".parse().expect("a name"), image)]);
    let (begun, mut begins) = tokio::sync::mpsc::unbounded_channel();
    let task = tokio::spawn({
        let stage = stage.clone();
        async move {
            let (model, service) = (keeping(&stage), "app".parse().expect("a name"));
            let command = ["sh", "-c", "echo begun; exec sleep 3600"].map(str::to_owned).to_vec();
            let printed = |_| begun.send(()).unwrap_or_default();
            let pipes = Pipes { input: None, printed: &printed };
            stage
                .with_run(&model, &images, async |run| run_once(run, &service, Some(command), pipes, &owner).await)
                .await
        }
    });
    let heard = tokio::time::timeout(Duration::from_secs(60), begins.recv()).await;
    assert_eq!(heard.expect("it prints a word"), Some(()));
    task.abort();
}

fn gone() -> Owner {
    // No process of this machine with this number began then.
    Owner { started: Some(1), ..Owner::this_process("ann", "laptop", None) }
}

#[tokio::test]
async fn a_command_whose_program_was_killed_is_named_and_removed() {
    on_stage("orphan", |stage| async move {
        let model = keeping(&stage);
        stage.deploy(&model).await.expect("deployed");
        abandoned(stage.clone(), gone()).await;
        let plan = stage.plan(&model).await;
        let note = plan.notes.iter().find(|note| note.contains("one-off container")).expect("the plan names it");
        assert!(note.contains("who started it is gone: ann on laptop") && note.contains("it is removed"), "{note}");
        assert!(plan.work.is_empty(), "it is none of the services: {plan}");
        assert_eq!(stage.plan_down(&model).await.blockers, Vec::<String>::new(), "it is in nobody's way");

        let removed = stage.engine.remove_left_over(&stage.project).await.expect("removed");
        assert_eq!(removed.len(), 1);
        let observed = stage.observe(&model).await;
        assert!(observed.one_offs.is_empty() && observed.containers.len() == 1, "{observed:?}");
    })
    .await;
}

#[tokio::test]
async fn a_command_that_somebody_waits_for_stays_and_keeps_its_volume() {
    on_stage("owned", |stage| async move {
        let model = keeping(&stage);
        stage.deploy(&model).await.expect("deployed");
        abandoned(stage.clone(), Owner::this_process("ann", "laptop", None)).await;
        assert_eq!(stage.engine.remove_left_over(&stage.project).await.expect("looked"), []);
        let plan = stage.plan(&model).await;
        assert!(plan.notes.iter().any(|note| note.contains("runs for ann on laptop")), "{plan}");
        let blockers = stage.plan_down(&model).await.blockers;
        assert_eq!(blockers.len(), 1, "{blockers:?}");
        assert!(blockers[0].starts_with("the volume data cannot go") && blockers[0].contains("ann"), "{blockers:?}");

        // So does whatever else has it, on the whole engine.
        let name = format!("{}-foreign", stage.project);
        stage
            .foreign(&name, json!([{"Type": "volume", "Source": format!("{}_data", stage.project), "Target": "/d"}]))
            .await;
        let blockers = stage.plan_down(&model).await.blockers;
        assert!(blockers.iter().any(|blocker| blocker.contains(&name)), "{blockers:?}");
    })
    .await;
}

impl Stage {
    /// A plan to take everything down, volumes too.
    async fn plan_down(&self, model: &Model) -> sternway_compose::ComposePlan {
        let nothing = Model::decode(&json!({"name": model.name, "services": {}})).expect("nothing");
        self.plan_removing(&nothing, Removal { volumes: true, images: false }).await
    }

    /// A container of nobody's project, never started; it goes with the stage.
    async fn foreign(&self, name: &str, mounts: Value) {
        let body = json!({"Image": IMAGE, "HostConfig": {"Mounts": mounts}, "Labels": {"com.docker.compose.project": self.project}});
        let body = serde_json::from_value(body).expect("a container");
        let options = bollard::query_parameters::CreateContainerOptionsBuilder::new().name(name).build();
        self.docker.create_container(Some(options), body).await.expect("created");
    }
}
