//! What containers print.

use futures_util::TryStreamExt;
use serde_json::{Value, json};
use sternway_compose::{Lines, LogQuery};

use crate::stage::{IMAGE, on_stage};

/// A service that prints these lines and stays.
fn prints(lines: &str, after: Value) -> Value {
    let command = format!("printf '{lines}'; exec sleep 3600");
    json!({"image": IMAGE, "command": ["sh", "-c", command], "stop_signal": "SIGKILL", "depends_on": after,
        "healthcheck": {"test": ["CMD", "true"], "interval": "1s"}})
}

async fn next(lines: &mut Lines) -> (String, String) {
    let line = lines.try_next().await.expect("readable").expect("a line");
    (line.service, line.text)
}

#[tokio::test]
async fn what_a_job_prints_is_told_while_it_is_done_whatever_becomes_of_it() {
    on_stage("job", |stage| async move {
        let job = |code: u8| {
            let command = format!("for n in $(seq 30); do echo line $n; done; printf oops >&2; exit {code}");
            let after = json!({"job": {"condition": "service_completed_successfully", "required": true}});
            stage.model(json!({"services": {
                "job": {"image": IMAGE, "command": ["sh", "-c", command]},
                "app": prints("served\\n", after)}}))
        };
        let wanted: Vec<String> = (1..=30).map(|n| format!("line {n}")).chain(["oops".to_owned()]).collect();
        let told = || std::mem::take(&mut *stage.lines.0.lock().expect("not poisoned"));
        stage.deploy(&job(0)).await.expect("deployed");
        assert_eq!(told(), wanted);
        stage.deploy(&job(3)).await.expect_err("it fails");
        assert_eq!(told()[..wanted.len()], wanted, "and what went before an error is there, too");
    })
    .await;
}

#[tokio::test]
async fn a_follower_is_told_the_past_in_order_and_then_what_comes() {
    on_stage("output", |stage| async move {
        let after = |service: &str| json!({service: {"condition": "service_healthy", "required": true}});
        // The one whose name comes last prints first.
        let two = json!({"z": prints("one\\ntwo\\n", json!({})), "a": prints("three\\n", after("z"))});
        stage.deploy(&stage.model(json!({"services": two}))).await.expect("deployed");
        let query = LogQuery { follow: true, tail: Some(2), ..LogQuery::default() };
        let mut lines = stage.engine.observer().logs(&stage.project, &query).await.expect("lines");
        let told = [next(&mut lines).await, next(&mut lines).await, next(&mut lines).await];
        let wanted = [("z", "one"), ("z", "two"), ("a", "three")];
        assert_eq!(told, wanted.map(|(service, text)| (service.to_owned(), text.to_owned())));

        let mut three = two;
        three["m"] = prints("four\\n", after("a"));
        stage.deploy(&stage.model(json!({"services": three}))).await.expect("deployed");
        assert_eq!(next(&mut lines).await, ("m".to_owned(), "four".to_owned()), "a container that was started later");
    })
    .await;
}
