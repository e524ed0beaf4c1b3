//! What happens when the way to the engine breaks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use sternway_compose::{Lease, Owner, lease};
use sternway_model::Code;
use tokio_util::sync::CancellationToken;

use crate::proxy::Proxy;
use crate::stage::{IMAGE, Stage, idle, on_stage_with};

async fn through<F: Future<Output = ()>>(name: &str, test: impl FnOnce(Arc<Stage>, Arc<Proxy>) -> F) {
    let proxy = Arc::new(Proxy::start().await);
    on_stage_with(name, proxy.engine(), |stage| test(stage, proxy)).await;
}

#[tokio::test]
async fn connections_that_all_broke_are_not_noticed_by_whoever_asks() {
    through("stale", |stage, proxy| async move {
        let model = stage.model(json!({"services": {"a": idle("1"), "b": idle("1"), "c": idle("1")}}));
        for _ in 0..3 {
            // Several at a time, so that several are kept.
            let looks = join_all((0..6).map(|_| stage.engine.observer().observe(&stage.project))).await;
            assert!(looks.iter().all(Result::is_ok), "{looks:?}");
            proxy.cut();
        }
        stage.deploy(&model).await.expect("deployed");
    })
    .await;
}

#[tokio::test]
async fn an_engine_that_is_away_is_waited_for_by_whoever_is_patient() {
    through("away", |stage, proxy| async move {
        let observe = |engine: sternway_compose::Engine| async move { engine.observer().observe("nobody").await };
        observe(stage.engine.clone()).await.expect("it is there");
        proxy.close();
        let error = observe(stage.engine.clone()).await.expect_err("it is away");
        assert_eq!(error.code, Code::EngineUnreachable, "{error}");
        let patient = stage.engine.patient(Duration::from_secs(60));
        let looking = tokio::spawn(observe(patient.clone()));
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(!looking.is_finished(), "it still waits");
        proxy.open();
        looking.await.expect("no panic").expect("it is back");
    })
    .await;
}

/// Deploys to nothing, and cuts all connections when a place of the work is reached for the first time.
async fn cut_at(name: &str, point: &'static str) {
    through(name, |stage, proxy| async move {
        let model = stage.model(json!({"services": {"a": idle("1"), "b": idle("1")}}));
        let cut = AtomicBool::new(false);
        let boundary = |name: &str| {
            if name.starts_with(point) && !cut.swap(true, Ordering::Relaxed) {
                proxy.cut();
            }
        };
        let result = stage.deploy_with(&model, &BTreeMap::new(), &boundary).await;
        result.unwrap_or_else(|error| panic!("{point}: {error}"));
        assert!(cut.load(Ordering::Relaxed), "{point}");
        assert!(stage.plan(&model).await.work.is_empty(), "nothing is left to do");
        assert_eq!(stage.names().await, ["a-1", "b-1"], "and nothing is left over");
    })
    .await;
}

#[tokio::test]
async fn a_creation_whose_connection_broke_before_it_is_made_anew() {
    cut_at("write-a", "before: create ").await;
}

#[tokio::test]
async fn a_creation_whose_connection_broke_after_it_is_made_once() {
    cut_at("write-b", "after: create ").await;
}

#[tokio::test]
async fn a_start_whose_connection_broke_is_made_anew() {
    cut_at("write-c", "before: start ").await;
}

fn built(stage: &Stage) -> sternway_compose::Model {
    stage.write("app/Dockerfile", &format!("FROM {IMAGE}\nRUN echo begun && sleep 4 && echo {}\n", stage.project));
    let context = stage.folder.path().join("app").display().to_string();
    stage.model(json!({"services": {"app": {"command": ["sleep", "3600"], "stop_signal": "SIGKILL",
        "build": {"context": context, "dockerfile": "Dockerfile", "no_cache": true}}}}))
}

/// Cuts the way as soon as the build says its first word.
async fn cut_while_it_builds(stage: Arc<Stage>, cut: impl Fn()) {
    let begun = || stage.lines.0.lock().expect("not poisoned").iter().any(|line| line.contains("begun"));
    while !begun() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    cut();
}

#[tokio::test]
async fn a_build_whose_connection_broke_is_made_anew() {
    through("build", |stage, proxy| async move {
        let model = built(&stage);
        let (deployed, ()) = tokio::join!(stage.deploy(&model), cut_while_it_builds(stage.clone(), || proxy.cut()));
        deployed.expect("built");
        let lines = stage.lines.0.lock().expect("not poisoned").join("\n");
        assert!(lines.contains("this is done anew"), "{lines}");
    })
    .await;
}

#[tokio::test]
async fn a_build_that_lost_the_engine_does_not_blame_the_dockerfile() {
    through("lost", |stage, proxy| async move {
        let model = built(&stage);
        let (deployed, ()) = tokio::join!(stage.deploy(&model), cut_while_it_builds(stage.clone(), || proxy.close()));
        let error = deployed.expect_err("there is no engine");
        proxy.open();
        assert_eq!(error.code, Code::EngineUnreachable, "{error}");
        assert!(!error.hint.contains("Dockerfile"), "{}", error.hint);
    })
    .await;
}

#[tokio::test]
async fn a_lock_is_given_back_and_only_lost_where_somebody_took_it() {
    through("hold", |stage, proxy| async move {
        let (owner, cancel) = (Owner::this_process("ann", "laptop", None), CancellationToken::new());
        let lock = Lease::acquire(&stage.engine, &stage.project, &owner, &cancel).await.expect("free");
        proxy.cut();
        lock.check(&stage.engine).await.expect("a connection is no lock");
        proxy.close();
        let error = lock.check(&stage.engine).await.expect_err("nobody can say");
        assert_eq!(error.code, Code::EngineUnreachable, "{error}");
        assert!(lock.loss().is_none() && !cancel.is_cancelled());
        let engine = stage.engine.patient(Duration::from_secs(60));
        let release = tokio::spawn(async move { lock.release(&engine).await });
        tokio::time::sleep(Duration::from_millis(300)).await;
        proxy.open();
        release.await.expect("no panic").expect("given back");
        assert_eq!(lease::holder(stage.engine.observer(), &stage.project).await.expect("asked"), None);
    })
    .await;
}
