//! A replacement that goes wrong, or is interrupted, never takes away what works.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use serde_json::{Value, json};
use sternway_compose::Model;
use sternway_model::Code;

use crate::stage::{IMAGE, Stage, fetch, free_port, idle, on_stage, page, refused, web};

fn release(stage: &Stage, port: u16, text: &str) -> Model {
    stage.model(json!({"services": {"web": web(port, text)}, "configs": page(text)}))
}

#[tokio::test]
async fn an_unhealthy_container_never_replaces_a_healthy_one() {
    on_stage("unhealthy", |stage| async move {
        let port = free_port();
        stage.deploy(&release(&stage, port, "old")).await.expect("deployed");
        let before = stage.containers().await;

        let mut broken = web(port, "new");
        broken["command"] = json!(["sh", "-c", "echo starting up; echo cannot reach the moon >&2; exec httpd -f -h /www"]);
        broken["healthcheck"] =
            json!({"test": ["CMD-SHELL", "echo the moon is away; exit 3"], "interval": "1s", "timeout": "2s", "retries": 2});
        let model = stage.model(json!({"services": {"web": broken}, "configs": page("new")}));
        let error = refused(stage.deploy(&model).await);
        assert_eq!(error.code, Code::Failed);
        for part in ["its health check fails", "exit code 3: the moon is away", "starting up", "cannot reach the moon",
            "the old container of service web answers again"] {
            assert!(error.message.contains(part), "`{part}` is missing in: {}", error.message);
        }
        assert_eq!(fetch(port).expect("an answer"), "old");
        assert_eq!(stage.containers().await, before, "the old container, and no other");
    })
    .await;
}

#[tokio::test]
async fn a_container_that_ends_never_replaces_one_that_runs() {
    on_stage("ends", |stage| async move {
        stage.deploy(&stage.model(json!({"services": {"app": idle("1")}}))).await.expect("deployed");
        let before = stage.containers().await;
        for (restart, said) in [("no", "it ended with code 5"), ("always", "it ended again and again")] {
            let mut broken = idle("2");
            broken["command"] = json!(["sh", "-c", "echo no such table; exit 5"]);
            broken["restart"] = json!(restart);
            let error = refused(stage.deploy(&stage.model(json!({"services": {"app": broken}}))).await);
            assert!(error.message.contains(said), "{}", error.message);
            assert!(error.message.contains("no such table"), "{}", error.message);
            assert!(error.message.contains("the old container of service app was not stopped"), "{}", error.message);
            assert_eq!(stage.containers().await, before, "it is the same one");
        }
    })
    .await;
}

#[tokio::test]
async fn a_container_is_watched_for_as_long_as_its_file_says() {
    on_stage("watched", |stage| async move {
        let watched = json!({"update_config": {"monitor": "4s"}});
        stage.deploy(&stage.model(json!({"services": {"app": idle("1")}}))).await.expect("deployed");
        let before = stage.containers().await;
        let mut ends = idle("2");
        ends["command"] = json!(["sh", "-c", "sleep 2; echo lost the queue; exit 5"]);
        ends["deploy"] = watched.clone();
        let mut sickens = idle("3");
        sickens["command"] = json!(["sh", "-c", "touch /well; sleep 2; rm /well; sleep 60"]);
        sickens["healthcheck"] = json!({"test": ["CMD", "test", "-e", "/well"], "interval": "500ms", "retries": 1});
        sickens["deploy"] = watched.clone();
        for (broken, said) in [(ends, "it ended with code 5"), (sickens, "its health check fails")] {
            let error = refused(stage.deploy(&stage.model(json!({"services": {"app": broken}}))).await);
            assert!(error.message.contains(said), "{}", error.message);
            assert_eq!(stage.containers().await, before, "it is the same one");
        }

        let mut lives = idle("4");
        lives["deploy"] = watched;
        let begin = Instant::now();
        stage.deploy(&stage.model(json!({"services": {"app": lives}}))).await.expect("deployed");
        assert!(begin.elapsed() >= Duration::from_secs(4), "it was watched");
        assert_ne!(stage.containers().await, before, "another one has its place");
    })
    .await;
}

#[tokio::test]
async fn a_job_that_fails_keeps_its_dependents_from_starting() {
    on_stage("job", |stage| async move {
        let mut job = idle("1");
        job["command"] = json!(["sh", "-c", "echo migration 7 failed; exit 1"]);
        let mut app = idle("1");
        app["depends_on"] = json!({"job": {"condition": "service_completed_successfully", "required": true}});
        let error = refused(stage.deploy(&stage.model(json!({"services": {"job": job, "app": app}}))).await);
        assert!(error.message.contains("migration 7 failed"), "{}", error.message);
        assert!(stage.names().await.iter().all(|name| !name.starts_with("app")), "the application was not created");
    })
    .await;
}

#[tokio::test]
async fn a_port_that_somebody_else_has_brings_the_old_one_back() {
    on_stage("port", |stage| async move {
        let port = free_port();
        stage.deploy(&release(&stage, port, "old")).await.expect("deployed");
        let taken = std::net::TcpListener::bind("0.0.0.0:0").expect("a port");
        let mut moved = web(port, "new");
        let number = taken.local_addr().expect("its address").port().to_string();
        moved["ports"]
            .as_array_mut()
            .expect("ports")
            .push(json!({"target": 81, "published": number, "protocol": "tcp"}));
        let error =
            refused(stage.deploy(&stage.model(json!({"services": {"web": moved}, "configs": page("new")}))).await);
        assert!(error.message.contains(&number), "{}", error.message);
        assert_eq!(fetch(port).expect("an answer"), "old");
        assert_eq!(stage.names().await, ["web-1"]);
    })
    .await;
}

#[tokio::test]
async fn cancelling_stops_the_wait_and_brings_the_old_one_back() {
    on_stage("cancel", |stage| async move {
        let port = free_port();
        stage.deploy(&release(&stage, port, "old")).await.expect("deployed");
        let mut slow = web(port, "new");
        slow["healthcheck"] = json!({"test": ["CMD", "false"], "interval": "30s", "retries": 9});
        let model = stage.model(json!({"services": {"web": slow}, "configs": page("new")}));
        // As soon as the new container runs, a person has enough.
        let stop = |doing: &str| {
            if doing.starts_with("after: start") {
                stage.cancel.cancel();
            }
        };
        let began = std::time::Instant::now();
        let error = refused(stage.deploy_with(&model, &BTreeMap::new(), &stop).await);
        assert_eq!(error.code, Code::Cancelled);
        assert!(error.message.contains("answers again"), "{}", error.message);
        assert!(began.elapsed() < Duration::from_secs(15), "it did not wait for the health check");
        assert_eq!(fetch(port).expect("an answer"), "old");
        assert_eq!(stage.names().await, ["web-1"]);
    })
    .await;
}

#[tokio::test]
async fn a_first_container_has_to_prove_itself_too() {
    on_stage("first", |stage| async move {
        let mut broken = idle("1");
        broken["healthcheck"] = json!({"test": ["CMD", "false"], "interval": "1s", "retries": 1});
        let model = stage.model(json!({"services": {"app": broken}}));
        let error = refused(stage.deploy(&model).await);
        assert!(error.message.contains("there was no container of service app before"), "{}", error.message);
        assert!(stage.containers().await.is_empty(), "nothing half made is left");

        let wait = |doing: &str| {
            if doing.starts_with("after: start") {
                std::panic::resume_unwind(Box::new(()));
            }
        };
        let crashed = AssertUnwindSafe(stage.deploy_with(&model, &BTreeMap::new(), &wait)).catch_unwind().await;
        assert!(crashed.is_err(), "it ended while the container was not healthy yet");
        let plan = stage.plan(&model).await.to_string();
        assert!(plan.contains("app: an earlier replacement was interrupted"), "it is not taken for ready: {plan}");
        refused(stage.deploy(&model).await);
    })
    .await;
}

#[tokio::test]
async fn the_old_one_comes_back_even_if_an_earlier_attempt_had_stopped_it() {
    on_stage("second-try", |stage| async move {
        let port = free_port();
        stage.deploy(&release(&stage, port, "old")).await.expect("deployed");
        let crash = |doing: &str| {
            if doing.starts_with("after: stop") {
                std::panic::resume_unwind(Box::new(()));
            }
        };
        let new = release(&stage, port, "new");
        let crashed = AssertUnwindSafe(stage.deploy_with(&new, &BTreeMap::new(), &crash)).catch_unwind().await;
        assert!(crashed.is_err() && fetch(port).is_err(), "nobody answers after the crash");

        let mut impossible = web(port, "newer");
        impossible["volumes"] = json!([{"type": "bind", "source": "/nowhere/at/all", "target": "/x"}]);
        let model = stage.model(json!({"services": {"web": impossible}, "configs": page("newer")}));
        let error = refused(stage.deploy(&model).await);
        assert!(error.message.contains("/nowhere/at/all"), "{}", error.message);
        assert!(error.message.contains("answers again"), "{}", error.message);
        assert_eq!(fetch(port).expect("an answer"), "old");
    })
    .await;
}

#[tokio::test]
async fn a_name_that_somebody_else_has_is_told_before_anything_is_stopped() {
    on_stage("name", |stage| async move {
        let port = free_port();
        stage.deploy(&release(&stage, port, "old")).await.expect("deployed");
        let taken = format!("{}-taken", stage.project);
        let label = ("com.docker.compose.project".to_owned(), stage.project.clone());
        let body = bollard::models::ContainerCreateBody {
            image: Some(IMAGE.to_owned()),
            cmd: Some(vec!["true".to_owned()]),
            labels: Some([label].into()),
            ..Default::default()
        };
        let options = bollard::query_parameters::CreateContainerOptionsBuilder::new().name(&taken).build();
        Box::pin(stage.docker.create_container(Some(options), body)).await.expect("made");
        let before = stage.containers().await;
        let mut named = web(port, "new");
        named["container_name"] = json!(taken);
        let error =
            refused(stage.deploy(&stage.model(json!({"services": {"web": named}, "configs": page("new")}))).await);
        assert!(error.message.contains(&taken), "{}", error.message);
        assert_eq!(stage.containers().await, before, "nothing was touched");
        assert_eq!(fetch(port).expect("an answer"), "old");
    })
    .await;
}

/// Ends the work at each of its boundaries in turn; then `want` must be reached from whatever was left.
async fn crash_everywhere(name: &str, onwards: bool) {
    on_stage(name, |stage| async move {
        let port = free_port();
        let quick = |text: &str| {
            let mut web = web(port, text);
            // Healthy at once; without a health check each of the many containers would have to run for a while.
            web["healthcheck"] = json!({"test": ["CMD", "true"], "interval": "200ms"});
            stage.model(json!({"services": {"web": web}, "configs": page(text)}))
        };
        let (old, new) = (quick("old"), quick("new"));
        let mut crash_at = 0;
        loop {
            stage.deploy(&old).await.expect("deployed");
            assert_eq!(fetch(port).expect("an answer"), "old");
            let passed = AtomicUsize::new(0);
            let boundary = |doing: &str| {
                if passed.fetch_add(1, Ordering::SeqCst) == crash_at {
                    // Unwinding drops the work where it stands: none of its undoing runs.
                    std::panic::resume_unwind(Box::new(doing.to_owned()));
                }
            };
            let crashed = AssertUnwindSafe(stage.deploy_with(&new, &BTreeMap::new(), &boundary)).catch_unwind().await;
            let Err(place) = crashed else { break };
            let place = place.downcast::<String>().expect("the boundary's name");
            let (model, text) = if onwards { (&new, "new") } else { (&old, "old") };
            stage.deploy(model).await.unwrap_or_else(|error| panic!("from {place}: {error}"));
            assert_eq!(fetch(port).expect("an answer"), text, "from {place}");
            assert_eq!(stage.names().await, ["web-1"], "from {place}: nothing is left over");
            assert_eq!(stage.plan(model).await.work, [], "from {place}: it is complete");
            crash_at += 1;
        }
        assert!(crash_at >= 10, "only {crash_at} boundaries were seen");
    })
    .await;
}

#[tokio::test]
async fn from_every_crash_the_new_release_is_reached() {
    crash_everywhere("crash-on", true).await;
}

#[tokio::test]
async fn from_every_crash_the_old_release_is_reached() {
    crash_everywhere("crash-back", false).await;
}

#[tokio::test]
async fn services_swap_their_ports_and_keep_them_if_that_fails() {
    on_stage("swap", |stage| async move {
        let (one, two) = (free_port(), free_port());
        let named = |port: u16, name: &str| {
            let mut service = web(port, "1");
            service["configs"][0]["source"] = json!(name);
            service
        };
        let pages = json!({"a": {"content": "a"}, "b": {"content": "b"}});
        let release = |a: Value, b: Value| stage.model(json!({"services": {"a": a, "b": b}, "configs": pages}));
        let serve = || (fetch(one).expect("an answer"), fetch(two).expect("an answer"));
        stage.deploy(&release(named(one, "a"), named(two, "b"))).await.expect("deployed");
        assert_eq!(serve(), ("a".into(), "b".into()));

        // The first to change does not get ready: both are where they were.
        let before = stage.containers().await;
        let mut broken = named(two, "a");
        broken["command"] = json!(["false"]);
        let error = refused(stage.deploy(&release(broken, named(one, "b"))).await);
        assert!(error.message.contains("b-1, which had stopped for it, answers again"), "{}", error.message);
        assert_eq!((serve(), stage.containers().await), (("a".into(), "b".into()), before));

        let plan = stage.deploy(&release(named(two, "a"), named(one, "b"))).await.expect("deployed");
        assert!(plan.contains("a takes a port of b"), "{plan}");
        assert_eq!(serve(), ("b".into(), "a".into()));
    })
    .await;
}

/// A migration that waits for its database by failing: Compose's way to say so is `restart: on-failure`.
#[tokio::test]
async fn a_job_is_tried_again_as_long_as_its_file_says() {
    on_stage("again", |stage| async move {
        let mut job = idle("1");
        job["restart"] = json!("on-failure");
        job["command"] = json!(["sh", "-c", "echo x >>/tries; echo try $(wc -l </tries); test $(wc -l </tries) -ge 5"]);
        let mut app = idle("1");
        app["depends_on"] = json!({"job": {"condition": "service_completed_successfully", "required": true}});
        let model = stage.model(json!({"services": {"job": job, "app": app}}));
        stage.deploy(&model).await.expect("deployed");
        let printed = stage.lines.0.lock().expect("lines").clone();
        let tries: Vec<&String> = printed.iter().filter(|line| line.starts_with("try ")).collect();
        assert_eq!(tries, ["try 1", "try 2", "try 3", "try 4", "try 5"], "each is told, and once");
        assert_eq!(stage.plan(&model).await.work, [], "what is done is not done again");

        let mut job = idle("2");
        job["restart"] = json!("on-failure:2");
        job["command"] = json!(["sh", "-c", "exit 3"]);
        let error = refused(stage.deploy(&stage.model(json!({"services": {"job": job, "app": app}}))).await);
        assert!(error.message.contains("it ended with code 3"), "{}", error.message);
    })
    .await;
}
