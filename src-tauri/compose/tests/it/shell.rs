//! A line for the shell of a container that runs.

use std::time::{Duration, Instant};

use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use serde_json::json;
use sternway_compose::{Printed, Shown};
use sternway_model::{Code, Result};
use tokio_util::sync::CancellationToken;

use crate::stage::{IMAGE, Stage, idle, on_stage};

const SOON: Duration = Duration::from_secs(30);

impl Stage {
    async fn shell(
        &self,
        service: &str,
        line: &str,
        stop: &CancellationToken,
    ) -> Result<BoxStream<'static, Result<Shown>>> {
        self.engine.shell(&self.project, &service.parse().expect("a name"), line, stop).await
    }

    /// Whether a process with these words runs in the only container.
    async fn runs(&self, words: &str) -> bool {
        let (id, ..) = self.containers().await.remove(0);
        let listed = self.docker.top_processes(&id, None).await.expect("a list");
        listed.processes.unwrap_or_default().iter().any(|columns| columns.join(" ").contains(words))
    }
}

/// What was printed, standard output and standard error apart, and the exit code.
async fn all(shown: BoxStream<'static, Result<Shown>>) -> (String, String, Vec<i64>) {
    let (mut out, mut error, mut codes) = (Vec::new(), Vec::new(), Vec::new());
    for shown in shown.try_collect::<Vec<_>>().await.expect("it can be read") {
        match shown {
            Shown::Printed(Printed::Out(bytes)) => out.extend(bytes),
            Shown::Printed(Printed::Error(bytes)) => error.extend(bytes),
            Shown::Ended(code) => codes.push(code),
        }
    }
    (String::from_utf8(out).expect("text"), String::from_utf8(error).expect("text"), codes)
}

#[tokio::test]
async fn what_a_line_prints_is_told_and_how_it_ended() {
    on_stage("shell", |stage| async move {
        stage.deploy(&stage.model(json!({"services": {"web": idle("1")}}))).await.expect("deployed");
        let never = CancellationToken::new();
        let shown =
            stage.shell("web", "echo \"it is $VERSION\"; echo oh >&2; cat; exit 7", &never).await.expect("started");
        let told = all(shown).await;
        assert_eq!(told, ("it is 1\n".into(), "oh\n".into(), vec![7]), "no process id, and an input that has ended");

        let shown = stage.shell("web", "seq 1 20000", &never).await.expect("started");
        let (out, ..) = all(shown).await;
        assert_eq!((out.lines().count(), out.lines().last()), (20000, Some("20000")), "all of it, to the end");

        let error = stage.shell("nobody", "true", &never).await.err().expect("there is no such service");
        assert_eq!(error.code, Code::NotFound);
    })
    .await;
}

#[tokio::test]
async fn a_line_is_stopped_with_what_it_started() {
    on_stage("shell-stop", |stage| async move {
        stage.deploy(&stage.model(json!({"services": {"web": idle("1")}}))).await.expect("deployed");
        let stop = CancellationToken::new();
        let mut shown = stage.shell("web", "echo begun; sleep 4321; echo never", &stop).await.expect("started");
        assert_eq!(shown.try_next().await.expect("read"), Some(Shown::Printed(Printed::Out(b"begun\n".to_vec()))));
        assert!(stage.runs("sleep 4321").await, "it is in the list while it runs");
        stop.cancel();
        let rest: Vec<Shown> = shown.try_collect().await.expect("read");
        assert_eq!(rest, [Shown::Ended(143)], "ended by the signal (128 + TERM)");
        assert!(!stage.runs("sleep 4321").await, "what it started is gone as well");

        let stop = CancellationToken::new();
        let deaf = "trap '' TERM; echo begun; while :; do sleep 0.2; done";
        let mut shown = stage.shell("web", deaf, &stop).await.expect("started");
        assert!(shown.next().await.is_some(), "it has set its trap");
        let asked = Instant::now();
        stop.cancel();
        let rest: Vec<Shown> = shown.try_collect().await.expect("read");
        assert_eq!(rest, [Shown::Ended(137)], "killed (128 + KILL)");
        assert!(asked.elapsed() >= Duration::from_secs(5), "not before it had its time");

        let mut shown = stage.shell("web", "echo begun; sleep 8765", &CancellationToken::new()).await.expect("started");
        assert!(shown.next().await.is_some(), "it runs");
        drop(shown);
        let gone = async {
            while stage.runs("sleep 8765").await {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(SOON, gone).await.expect("what nobody reads is ended too");
    })
    .await;
}

#[tokio::test]
async fn a_container_without_a_shell_is_named() {
    on_stage("shell-none", |stage| async move {
        let bare = json!({"image": IMAGE, "command": ["sh", "-c", "rm /bin/sh && exec sleep 3600"], "stop_signal": "SIGKILL",
            "healthcheck": {"test": ["CMD", "test", "!", "-e", "/bin/sh"], "interval": "1s"}});
        stage.deploy(&stage.model(json!({"services": {"web": bare}}))).await.expect("deployed");
        let started = stage.shell("web", "true", &CancellationToken::new()).await;
        let error = started.err().expect("nothing can run the line");
        assert_eq!(error.code, Code::Failed);
        assert!(error.message.contains("has no shell"), "{}", error.message);
    })
    .await;
}
