//! Moving a project on the real engine.

use bollard::query_parameters::{RemoveContainerOptionsBuilder, RemoveVolumeOptions};
use serde_json::json;
use sternway_compose::images_after;

use crate::stage::{IMAGE, SECRET, fetch, free_port, idle, on_stage, page, web};

#[tokio::test]
async fn from_nothing_to_a_project_that_stays_as_it_is() {
    on_stage("up", |stage| async move {
        let port = free_port();
        let model = stage.model(json!({
            "services": {
                "web": web(port, "1"),
                "db": {"image": IMAGE, "command": ["sleep", "3600"], "stop_signal": "SIGKILL",
                    "volumes": [{"type": "volume", "source": "data", "target": "/data"}],
                    "healthcheck": {"test": ["CMD", "true"], "interval": "1s"}},
                "migrate": {"image": IMAGE, "command": ["sh", "-c", "echo done"],
                    "depends_on": {"db": {"condition": "service_healthy", "required": true}}},
                "worker": {"image": IMAGE, "command": ["sleep", "3600"], "stop_signal": "SIGKILL", "scale": 2,
                    "depends_on": {"migrate": {"condition": "service_completed_successfully", "required": true}}}},
            "volumes": {"data": {"name": format!("{}_data", stage.project)}},
            "configs": page("hello")}));
        let before = stage.plan(&model).await;
        assert!(stage.containers().await.is_empty(), "planning changes nothing");
        assert_eq!(stage.plan(&model).await, before, "equal plans from equal states");

        stage.deploy(&model).await.expect("deployed");
        assert_eq!(fetch(port).expect("an answer"), "hello");
        let containers = stage.containers().await;
        let names = stage.names().await;
        assert_eq!(names, ["db-1", "migrate-1", "web-1", "worker-1", "worker-2"]);

        let plan = stage.plan(&model).await;
        assert_eq!(plan.work, [], "nothing to do, the finished job included");
        assert_eq!(stage.deploy(&model).await.expect("deployed"), plan.to_string());
        assert_eq!(stage.containers().await, containers, "the same containers in the same states");
        assert_eq!(images_after(&stage.observe(&model).await).len(), 4, "a release has an image for each service");
    })
    .await;
}

#[tokio::test]
async fn a_migration_runs_again_where_its_data_was_lost() {
    on_stage("lost", |stage| async move {
        let volume = format!("{}_data", stage.project);
        let mut db = idle("1");
        db["volumes"] = json!([{"type": "volume", "source": "data", "target": "/data"}]);
        let model = stage.model(json!({
            "services": {
                "db": db,
                "migrate": {"image": IMAGE, "command": ["true"], "depends_on": {"db": {"condition": "service_started"}}},
                "web": {"image": IMAGE, "command": ["sleep", "3600"], "stop_signal": "SIGKILL",
                    "depends_on": {"migrate": {"condition": "service_completed_successfully"}}}},
            "volumes": {"data": {"name": volume}}}));
        stage.deploy(&model).await.expect("deployed");
        assert_eq!(stage.plan(&model).await.work, [], "it is done");
        let options = Some(RemoveContainerOptionsBuilder::new().force(true).build());
        stage.docker.remove_container(&format!("{}-db-1", stage.project), options).await.expect("removed");
        stage.docker.remove_volume(&volume, None::<RemoveVolumeOptions>).await.expect("removed");

        let plan = stage.deploy(&model).await.expect("deployed");
        let again = format!("recreate service migrate: what it did is not in the volume {volume}, which is new\n");
        assert!(plan.contains(&again), "{plan}");
        assert_eq!(stage.plan(&model).await.work, [], "it is done for this volume too");
    })
    .await;
}

#[tokio::test]
async fn one_changed_value_replaces_one_container() {
    on_stage("change", |stage| async move {
        let model = |version: &str| stage.model(json!({"services": {"app": idle(version), "other": idle("1")}}));
        stage.deploy(&model("1")).await.expect("deployed");
        let before = stage.containers().await;
        let plan = stage.deploy(&model("2")).await.expect("deployed");
        assert_eq!(plan, "recreate service app: environment VERSION 1 → 2\nkeep service other\n");
        let after = stage.containers().await;
        assert_ne!(before[0].0, after[0].0, "app is a new container");
        assert_eq!(before[0].1, after[0].1, "with the same name");
        assert_eq!(before[1], after[1], "other is untouched");

        let fewer = stage.model(json!({"services": {"app": idle("2")}}));
        assert_eq!(
            stage.deploy(&fewer).await.expect("deployed"),
            "remove service other: no longer in the Compose file\nkeep service app\n"
        );
        assert_eq!(stage.names().await, ["app-1"]);
    })
    .await;
}

#[tokio::test]
async fn a_secret_is_only_inside_the_container() {
    on_stage("secret", |stage| async move {
        let model = |version: u32| {
            stage
                .model(json!({
                "services": {"app": {"image": IMAGE, "command": ["sleep", "3600"], "stop_signal": "SIGKILL",
                    "environment": {"PW": format!("⟦keychain:PW@{version}⟧")},
                    "secrets": [{"source": "token", "target": "/run/secrets/token", "mode": 256, "uid": "7"}]}},
                "secrets": {"token": {"environment": "TOKEN"}}}))
                .with_environment(|name| (name == "TOKEN").then(|| format!("t:⟦keychain:TOKEN@{version}⟧")))
                .expect("TOKEN is set")
        };
        stage.deploy(&model(1)).await.expect("deployed");
        let name = format!("{}-app-1", stage.project);
        let inspected = Box::pin(stage.docker.inspect_container(&name, None)).await.expect("there");
        let config = inspected.config.expect("a configuration");
        assert!(config.env.expect("variables").contains(&format!("PW={SECRET}-v1")));
        assert!(!format!("{:?}", config.labels).contains(SECRET), "labels are for everybody");
        let top = stage.engine.observer().observe(&stage.project).await.expect("observed");
        assert!(!format!("{top:?}").contains(SECRET), "what was observed goes into the journal");

        let file = Box::pin(read_file(&stage.docker, &name, "/run/secrets/token")).await;
        assert_eq!(file, (format!("t:{SECRET}-v1"), 0o400, 7));
        assert_eq!(
            stage.deploy(&model(2)).await.expect("deployed"),
            "recreate service app: secret PW v1 → v2; secret TOKEN v1 → v2\n"
        );
    })
    .await;
}

#[tokio::test]
async fn what_was_stopped_is_started_and_dependents_that_ask_for_it_too() {
    on_stage("start", |stage| async move {
        let model = |version: &str| {
            let mut app = idle("1");
            app["depends_on"] = json!({"db": {"condition": "service_started", "required": true, "restart": true}});
            stage.model(json!({"services": {"app": app, "db": idle(version)}}))
        };
        stage.deploy(&model("1")).await.expect("deployed");
        let app = format!("{}-app-1", stage.project);
        stage.docker.stop_container(&app, None).await.expect("stopped");
        let plan = stage.deploy(&model("1")).await.expect("deployed");
        assert_eq!(plan, "start service app: it ended with code 137\nkeep service db\n");
        let before = stage.containers().await;

        let plan = stage.deploy(&model("2")).await.expect("deployed");
        assert!(plan.contains("start service app: service db was replaced"), "{plan}");
        assert_eq!(stage.containers().await[0], before[0], "app is the same container");
        assert_eq!(stage.plan(&model("2")).await.work, [], "and it was started after db");
    })
    .await;
}

#[tokio::test]
async fn compose_sees_the_project_and_can_take_it_down() {
    let Some(compose) = compose() else {
        println!("skipped: Docker Compose is not here; set STERNWAY_PEERS to its folder");
        return;
    };
    on_stage("peer", |stage| async move {
        let model = stage.model(json!({"services": {"app": idle("1"), "other": idle("1")}}));
        stage.deploy(&model).await.expect("deployed");
        let ask = |arguments: &[&str]| {
            let (program, first) = compose.split_first().expect("a program");
            let mut command = std::process::Command::new(program);
            command.args(first).args(arguments).current_dir(stage.folder.path());
            let output = command.output().expect("Compose runs");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8_lossy(&output.stdout).into_owned()
        };
        let mut services: Vec<String> =
            ask(&["-p", &stage.project, "ps", "--services"]).lines().map(str::to_owned).collect();
        services.sort();
        assert_eq!(services, ["app", "other"]);
        assert!(ask(&["ls"]).contains(&stage.project));
        ask(&["-p", &stage.project, "down", "--timeout", "0"]);
        assert!(stage.containers().await.is_empty());
        assert!(stage.observe(&model).await.networks.is_empty());
    })
    .await;
}

/// The command that runs Docker Compose, if it is here.
fn compose() -> Option<Vec<String>> {
    let peers = std::env::var("STERNWAY_PEERS").ok().map(|folder| vec![format!("{folder}/docker-compose")]);
    let plugin = vec!["docker".to_owned(), "compose".to_owned()];
    peers.into_iter().chain([plugin]).find(|command| {
        let version = std::process::Command::new(&command[0]).args(&command[1..]).arg("version").output();
        version.is_ok_and(|output| output.status.success())
    })
}

/// A file's content, mode and owner inside a container.
async fn read_file(docker: &bollard::Docker, container: &str, path: &str) -> (String, u32, u64) {
    use futures_util::TryStreamExt;
    use std::io::Read;
    let options = bollard::query_parameters::DownloadFromContainerOptionsBuilder::new().path(path).build();
    let bytes: Vec<u8> = docker
        .download_from_container(container, Some(options))
        .map_ok(|piece| piece.to_vec())
        .try_concat()
        .await
        .expect("the file");
    let mut archive = tar::Archive::new(bytes.as_slice());
    let mut entry = archive.entries().expect("an archive").next().expect("a file").expect("readable");
    let mut text = String::new();
    entry.read_to_string(&mut text).expect("text");
    (text, entry.header().mode().expect("a mode") & 0o777, entry.header().uid().expect("an owner"))
}

#[tokio::test]
async fn networks_follow_and_their_containers_stay_connected() {
    on_stage("network", |stage| async move {
        let model = |internal: bool| {
            let back = json!({"name": format!("{}_back", stage.project), "internal": internal, "ipam": {}});
            let mut app = idle("1");
            app["networks"]["back"] = json!({"aliases": ["inside"]});
            stage.model(json!({"services": {"app": app, "other": idle("1")}, "networks": {"back": back}}))
        };
        stage.deploy(&model(false)).await.expect("deployed");
        let before = stage.containers().await;
        let plan = stage.deploy(&model(true)).await.expect("deployed");
        assert!(plan.starts_with("recreate network back: its settings changed\n"), "{plan}");
        assert_eq!(stage.containers().await, before, "no container was replaced");
        assert_eq!(stage.plan(&model(true)).await.work, [], "the container is in the new network");

        let without = stage.model(json!({"services": {"other": idle("1")}}));
        let plan = stage.deploy(&without).await.expect("deployed");
        assert!(plan.contains("remove network back: no longer in the Compose file"), "{plan}");
        assert!(!stage.observe(&without).await.networks.contains_key(&format!("{}_back", stage.project)));
    })
    .await;
}

#[tokio::test]
async fn whoever_shares_a_network_is_replaced_with_its_owner() {
    on_stage("namespace", |stage| async move {
        let model = |version: &str| {
            let mut sidecar = idle("1");
            sidecar["network_mode"] = json!("service:app");
            sidecar["depends_on"] = json!({"app": {"condition": "service_started", "required": true}});
            stage.model(json!({"services": {"app": idle(version), "sidecar": sidecar}}))
        };
        stage.deploy(&model("1")).await.expect("deployed");
        assert_eq!(stage.plan(&model("1")).await.work, []);
        stage.deploy(&model("2")).await.expect("deployed");
        assert_eq!(stage.plan(&model("2")).await.work, [], "the sidecar is with the new container");
    })
    .await;
}

#[tokio::test]
async fn anonymous_volumes_are_handed_on() {
    on_stage("anonymous", |stage| async move {
        let model = |version: &str| {
            let mut app = idle(version);
            app["command"] =
                json!(["sh", "-c", "test -f /keep/first || echo $$VERSION > /keep/first; exec sleep 3600"]);
            app["volumes"] = json!([{"type": "volume", "target": "/keep", "volume": {}}]);
            stage.model(json!({"services": {"app": app}}))
        };
        stage.deploy(&model("1")).await.expect("deployed");
        stage.deploy(&model("2")).await.expect("deployed");
        stage.deploy(&model("3")).await.expect("deployed");
        let name = format!("{}-app-1", stage.project);
        assert_eq!(read_file(&stage.docker, &name, "/keep/first").await.0, "1\n");
    })
    .await;
}
