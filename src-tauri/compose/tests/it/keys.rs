//! Keys that end up in what the engine says about a container or a network.

use serde_json::{Value, json};

use crate::stage::{IMAGE, Stage, idle, on_stage, refused};

/// What the engine says about the first container of a service, as JSON.
async fn inspected(stage: &Stage, service: &str) -> Value {
    let name = format!("{}-{service}-1", stage.project);
    let inspected = Box::pin(stage.docker.inspect_container(&name, None)).await.expect("there");
    serde_json::to_value(inspected).expect("JSON")
}

#[tokio::test]
async fn what_a_service_asks_of_the_host_reaches_the_engine() {
    on_stage("hardware", |stage| async move {
        let mut app = idle("1");
        app["mac_address"] = json!("02:42:ac:11:65:43");
        app["cpu_count"] = json!(2);
        app["isolation"] = json!("default");
        app["security_opt"] = json!(["seccomp=profile.json", "systempaths=unconfined", "no-new-privileges"]);
        app["volumes"] = json!([{"type": "bind", "source": stage.folder.path(), "target": "/here",
            "bind": {"create_host_path": true, "recursive": "disabled"}}]);
        stage.write("profile.json", r#"{ "defaultAction": "SCMP_ACT_ALLOW" }"#);
        let model = stage.model(json!({"services": {"app": app}}));
        stage.deploy(&model).await.expect("deployed");
        let seen = inspected(&stage, "app").await;
        let network = &seen["NetworkSettings"]["Networks"][format!("{}_default", stage.project)];
        assert_eq!(network["MacAddress"], "02:42:ac:11:65:43");
        assert_eq!(seen["HostConfig"]["CpuCount"], 2);
        assert_eq!(seen["HostConfig"]["Isolation"], "default");
        assert_eq!(
            seen["HostConfig"]["SecurityOpt"],
            json!([r#"seccomp={"defaultAction":"SCMP_ACT_ALLOW"}"#, "no-new-privileges"]),
            "the profile's content, not the name of its file"
        );
        assert_eq!(seen["HostConfig"]["MaskedPaths"], json!([]));
        assert_eq!(seen["HostConfig"]["Mounts"][0]["BindOptions"]["NonRecursive"], true);
        let plan = stage.plan(&model).await;
        assert_eq!(plan.work, []);
        let idle: Vec<&str> = plan.without_effect.iter().map(|key| key.key.as_str()).collect();
        assert_eq!(idle, ["services.app.cpu_count"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_are_asked_for_by_what_they_can_do() {
    on_stage("devices", |stage| async move {
        let mut app = idle("1");
        app["gpus"] = json!([{"count": 1, "driver": "of-nobody"}]);
        app["deploy"]["resources"]["reservations"]["devices"] =
            json!([{"capabilities": ["tpu"], "device_ids": ["7"], "options": {"a": "b"}}]);
        let model = stage.model(json!({"services": {"app": app}}));
        let seen = std::sync::Mutex::new(None);
        // The host has no such device, so the engine refuses the start; what was asked for is seen before.
        let look = |doing: &str| {
            if doing.starts_with("before: start") {
                let name = doing.rsplit(' ').next().expect("a name").to_owned();
                let docker = stage.docker.clone();
                let answer = tokio::task::block_in_place(|| {
                    tokio::runtime::Handle::current().block_on(Box::pin(docker.inspect_container(&name, None)))
                });
                *seen.lock().expect("not poisoned") = Some(serde_json::to_value(answer.expect("there")).expect("JSON"));
            }
        };
        let error = refused(stage.deploy_with(&model, &std::collections::BTreeMap::new(), &look).await);
        assert!(error.message.contains("device driver"), "{}", error.message);
        let host = seen.into_inner().expect("not poisoned").expect("it was created")["HostConfig"].clone();
        assert_eq!(host["DeviceRequests"][0]["Capabilities"], json!([["tpu"]]));
        assert_eq!(host["DeviceRequests"][0]["DeviceIDs"], json!(["7"]));
        assert_eq!(host["DeviceRequests"][1]["Driver"], "of-nobody");
        assert_eq!(host["DeviceRequests"][1]["Capabilities"], json!([["gpu"]]));
    })
    .await;
}

#[tokio::test]
async fn a_link_to_somebody_elses_container_has_to_lead_somewhere() {
    on_stage("links", |stage| async move {
        let outside = format!("{}-outside", stage.project);
        let mut app = idle("1");
        app["external_links"] = json!([format!("{outside}:db")]);
        let linked = stage.model(json!({"services": {"app": app}}));
        let plan = stage.plan(&linked).await;
        assert_eq!(plan.blockers.len(), 1, "{:?}", plan.blockers);
        assert!(plan.blockers[0].contains(&outside), "{:?}", plan.blockers);

        // Links work inside a network; this one is that of the container that is linked to.
        let mut other = idle("1");
        other["container_name"] = json!(outside);
        stage.deploy(&stage.model(json!({"services": {"other": other}}))).await.expect("deployed");
        let mut both = json!({"services": {"app": app, "other": idle("1")}});
        both["services"]["other"]["container_name"] = json!(outside);
        let both = stage.model(both);
        stage.deploy(&both).await.expect("deployed");
        let seen = inspected(&stage, "app").await;
        let network = &seen["NetworkSettings"]["Networks"][format!("{}_default", stage.project)];
        assert_eq!(network["Links"], json!([format!("{outside}:db")]));
    })
    .await;
}

#[tokio::test]
async fn options_of_a_networks_addresses_reach_the_engine() {
    on_stage("ipam", |stage| async move {
        let name = format!("{}_own", stage.project);
        let mut app = json!({"image": IMAGE, "command": ["sleep", "3600"], "stop_signal": "SIGKILL"});
        app["networks"]["own"] = Value::Null;
        let model = stage.model(json!({"services": {"app": app},
            "networks": {"own": {"name": name, "enable_ipv4": true, "ipam": {"options": {"of": "mine"}}}}}));
        stage.deploy(&model).await.expect("deployed");
        let network = stage.docker.inspect_network(&name, None).await.expect("there");
        let options = network.ipam.and_then(|ipam| ipam.options).expect("options");
        assert_eq!(options.get("of").map(String::as_str), Some("mine"));
        assert_eq!(stage.plan(&model).await.work, []);
    })
    .await;
}
