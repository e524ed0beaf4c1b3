//! Never two containers that write to the same data at once, on the real engine.

use serde_json::{Value, json};

use crate::stage::{IMAGE, on_stage};

/// A service that notes it in its data when another one is at work there, and is unhealthy from then on.
fn ledger(version: &str, source: Option<&str>) -> Value {
    let script =
        "mkdir /data/lock || touch /data/overlap; trap 'rmdir /data/lock; exit 0' TERM; while :; do sleep 0.1; done";
    let mut mount = json!({"type": "volume", "target": "/data"});
    if let Some(source) = source {
        mount["source"] = source.into();
    }
    json!({"image": IMAGE, "command": ["sh", "-c", script], "environment": {"VERSION": version}, "volumes": [mount],
        "healthcheck": {"test": ["CMD-SHELL", "test -e /data/lock && ! test -e /data/overlap"], "interval": "1s", "retries": 2}})
}

#[tokio::test]
async fn a_volume_without_a_name_is_handed_on_when_its_old_writer_has_ended() {
    on_stage("anonymous", |stage| async move {
        let model = |version: &str| stage.model(json!({"services": {"db": ledger(version, None)}}));
        for version in ["1", "2"] {
            stage.deploy(&model(version)).await.expect("it is healthy: nobody else wrote");
        }
        assert_eq!(stage.names().await, ["db-1"]);
    })
    .await;
}

#[tokio::test]
async fn a_service_that_gets_another_name_takes_its_volume_over() {
    on_stage("renamed", |stage| async move {
        let volume = json!({"data": {"name": format!("{}_data", stage.project)}});
        let model =
            |name: &str| stage.model(json!({"services": {name: ledger("1", Some("data"))}, "volumes": volume.clone()}));
        for name in ["db", "database", "db"] {
            stage.deploy(&model(name)).await.expect("it is healthy: nobody else wrote");
            assert_eq!(stage.names().await, [format!("{name}-1")]);
        }
    })
    .await;
}

#[tokio::test]
async fn data_that_services_exchange_has_one_writer_all_the_time() {
    on_stage("exchanged", |stage| async move {
        let volume = |key: &str| json!({"name": format!("{}_{key}", stage.project)});
        let model = |one: &str, two: &str| {
            stage.model(json!({
                "services": {"one": ledger("1", Some(one)), "two": ledger("1", Some(two))},
                "volumes": {"a": volume("a"), "b": volume("b")}}))
        };
        for (one, two) in [("a", "b"), ("b", "a")] {
            stage.deploy(&model(one, two)).await.expect("both are healthy: nobody else wrote");
        }
        assert_eq!(stage.names().await, ["one-1", "two-1"]);
    })
    .await;
}

#[tokio::test]
async fn what_runs_in_another_project_keeps_its_volume() {
    on_stage("neighbour", |stage| async move {
        let volume = format!("{}_data", stage.project);
        let services = json!({"db": ledger("1", Some("data"))});
        let model = stage.model(json!({"services": services, "volumes": {"data": {"name": volume}}}));
        stage.deploy(&model).await.expect("deployed");
        on_stage("newcomer", |other| async move {
            let same = other.model(json!({"services": services, "volumes": {"data": {"name": volume}}}));
            let blockers = other.plan(&same).await.blockers;
            let said =
                format!("db would write to the volume data ({volume}), to which the container {}-db-1", stage.project);
            assert!(blockers.len() == 1 && blockers[0].starts_with(&said), "{blockers:?}");
        })
        .await;
    })
    .await;
}
