//! What only BuildKit can do.

use std::time::Duration;

use bollard::query_parameters::DownloadFromContainerOptionsBuilder;
use futures_util::TryStreamExt;
use serde_json::json;
use sternway_model::Code;

use crate::stage::{IMAGE, SECRET, Stage, on_stage, refused};

/// All that is in an image, as the engine saves it: layers, history, labels.
async fn saved(stage: &Stage, image: &str) -> Vec<u8> {
    let pieces = stage.docker.export_image(image).try_collect::<Vec<_>>().await.expect("can be saved");
    pieces.concat()
}

fn holds(bytes: &[u8], part: &str) -> bool {
    bytes.windows(part.len()).any(|window| window == part.as_bytes())
}

/// A file of a container.
async fn file(stage: &Stage, container: &str, path: &str) -> String {
    let options = DownloadFromContainerOptionsBuilder::new().path(path).build();
    let archive = stage.docker.download_from_container(container, Some(options)).try_collect::<Vec<_>>().await;
    let archive = archive.expect("an archive").concat();
    let mut archive = tar::Archive::new(archive.as_slice());
    let mut entry = archive.entries().expect("entries").next().expect("one").expect("readable");
    let mut text = String::new();
    std::io::Read::read_to_string(&mut entry, &mut text).expect("text");
    text
}

#[tokio::test]
async fn a_builds_secret_is_there_while_it_builds_and_nowhere_afterwards() {
    on_stage("build-secret", |stage| async move {
        stage.write("licence", "planted-file-91c2");
        let dockerfile = format!(
            "FROM {IMAGE}\n\
             RUN --mount=type=secret,id=token --mount=type=secret,id=paper \\\n\
               wc -c </run/secrets/token >/sizes && wc -c </run/secrets/paper >>/sizes && echo read them\n\
             RUN test ! -e /run/secrets/token\n\
             CMD [\"sleep\", \"3600\"]\n"
        );
        let model = stage.model(json!({
            "services": {"app": {"stop_signal": "SIGKILL", "build": {
                "context": stage.folder.path().join("context"), "dockerfile_inline": dockerfile, "labels": {"of": "mine"},
                "secrets": [{"source": "token"}, {"source": "licence", "target": "paper"}]}}},
            "secrets": {"token": {"content": "⟦keychain:TOKEN@1⟧"}, "licence": {"file": stage.folder.path().join("licence")}}}));
        stage.write("context/file", "sent");
        stage.deploy(&model).await.expect("deployed");
        let container = format!("{}-app-1", stage.project);
        let sizes = file(&stage, &container, "/sizes").await;
        assert_eq!(sizes, format!("{}\n17\n", SECRET.len() + 3), "both secrets were there");
        let lines = stage.lines.0.lock().expect("lines").join("\n");
        assert!(lines.contains("read them") && lines.contains("RUN --mount=type=secret,id=token"), "{lines}");
        let image = saved(&stage, &format!("{}-app", stage.project)).await;
        assert!(holds(&image, "sizes") && holds(&image, "com.docker.compose") | holds(&image, "mine"), "it is the image");
        let inspected = Box::pin(stage.docker.inspect_container(&container, None)).await.expect("there");
        for planted in [SECRET, "planted-file-91c2"] {
            assert!(!holds(&image, planted), "{planted} is in the image");
            assert!(!lines.contains(planted), "{planted} is in the log");
            assert!(!format!("{inspected:?}").contains(planted), "{planted} is in the container");
        }
        assert_eq!(stage.plan(&model).await.work, [], "it is found again by its files");
    })
    .await;
}

#[tokio::test]
async fn a_builds_ssh_agent_is_the_one_that_is_named() {
    on_stage("build-ssh", |stage| async move {
        let socket = stage.folder.path().join("agent");
        let agent = tokio::net::UnixListener::bind(&socket).expect("a socket");
        // Answers the question for its keys as an agent without any (RFC draft-miller-ssh-agent, section 3.5).
        let answering = tokio::spawn(async move {
            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            let (mut line, _) = agent.accept().await.expect("a connection");
            let mut question = [0; 5];
            line.read_exact(&mut question).await.expect("a question");
            line.write_all(&[0, 0, 0, 5, 12, 0, 0, 0, 0]).await.expect("answered");
            question
        });
        let ask = "use IO::Socket::UNIX; $s = IO::Socket::UNIX->new($ENV{SSH_AUTH_SOCK}) or die; syswrite $s, pack(q(NC), 1, 11); \
                   sysread $s, $b, 9; print qq(agent said ), unpack(q(H*), $b), qq(\\n)";
        let dockerfile = format!("FROM debian:bookworm-slim\nRUN --mount=type=ssh perl -e '{ask}'\nCMD [\"sleep\", \"3600\"]\n");
        let model = stage.model(json!({"services": {"app": {"stop_signal": "SIGKILL", "build": {"no_cache": true,
            "context": stage.folder.path().join("context"), "dockerfile_inline": dockerfile,
            "ssh": [format!("default={}", socket.display())]}}}}));
        stage.write("context/file", "sent");
        stage.deploy(&model).await.expect("deployed");
        assert_eq!(answering.await.expect("asked"), [0, 0, 0, 1, 11]);
        let lines = stage.lines.0.lock().expect("lines").join("\n");
        assert!(lines.contains("agent said 000000050c00000000"), "{lines}");
    })
    .await;
}

#[tokio::test]
async fn a_build_that_is_cancelled_ends_at_once() {
    on_stage("build-cancel", |stage| async move {
        let dockerfile = format!("FROM {IMAGE}\nRUN echo begun && sleep 3600\n");
        let model = stage.model(json!({"services": {"app": {"build": {"no_cache": true,
            "context": stage.folder.path(), "dockerfile_inline": dockerfile}}}}));
        let begun = || stage.lines.0.lock().expect("lines").iter().any(|line| line == "begun");
        let stop = async {
            while !begun() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            stage.cancel.cancel();
        };
        let mut deployment = std::pin::pin!(stage.deploy(&model));
        tokio::select! {
            result = &mut deployment => panic!("it ended before the build began: {result:?}"),
            () = stop => {}
        }
        // The step itself takes an hour: that it ends at all shows that it was stopped.
        assert_eq!(refused(deployment.await).code, Code::Cancelled);
    })
    .await;
}

#[tokio::test]
async fn what_this_engines_buildkit_would_pass_over_goes_to_the_classic_builder() {
    on_stage("build-classic", |stage| async move {
        let dockerfile = format!("FROM {IMAGE}\nRUN df -k /dev/shm | tail -n 1 >/shm\nCMD [\"sleep\", \"3600\"]\n");
        let model = stage.model(json!({"services": {"app": {"stop_signal": "SIGKILL", "build": {
            "context": stage.folder.path(), "dockerfile_inline": dockerfile, "shm_size": "16777216"}}}}));
        stage.deploy(&model).await.expect("deployed");
        let shm = file(&stage, &format!("{}-app-1", stage.project), "/shm").await;
        assert!(shm.contains("16384"), "{shm}");
    })
    .await;
}

#[tokio::test]
async fn a_build_takes_files_from_folders_and_from_other_services() {
    on_stage("build-contexts", |stage| async move {
        let folder = stage.folder.path();
        stage.write("base/file", "of the base");
        stage.write("web/file", "sent");
        for (path, text) in [
            (".dockerignore", "left-out\ndeep/*\n!deep/kept\n"),
            ("left-out", ""),
            ("deep/kept", "kept"),
            ("deep/dropped", ""),
            ("a-b", "after the folder a"),
            ("a/large", &"x".repeat(200_000)),
        ] {
            stage.write(&format!("shared/{path}"), text);
        }
        let sleep = "CMD [\"sleep\", \"3600\"]\n";
        let base = format!("FROM {IMAGE}\nCOPY file /base\n{sleep}");
        let web = format!(
            "FROM below\nRUN --mount=from=shared,target=/s cd /s && find . | sort >/listed && wc -c <a/large >>/listed\n\
             COPY --from=shared deep/kept /kept\n{sleep}"
        );
        let build = |context: &str, dockerfile: &str| json!({"context": folder.join(context), "dockerfile_inline": dockerfile});
        let mut taking = build("web", &web);
        taking["additional_contexts"] = json!({"below": "service:zz-base", "shared": folder.join("shared")});
        let model = stage.model(json!({"services": {
            "app": {"stop_signal": "SIGKILL", "build": taking},
            "zz-base": {"stop_signal": "SIGKILL", "build": build("base", &base)}}}));
        if stage.observe(&model).await.api < (1, 42) {
            let error = stage.try_plan(&model).await.expect_err("this engine's BuildKit passes them over");
            assert!(error.message.contains("Docker 23 is needed"), "{error}");
            return;
        }
        stage.deploy(&model).await.expect("deployed");
        let container = format!("{}-app-1", stage.project);
        let listed = file(&stage, &container, "/listed").await;
        assert_eq!(listed, ".\n./.dockerignore\n./a\n./a-b\n./a/large\n./deep\n./deep/kept\n200000\n");
        assert_eq!(file(&stage, &container, "/kept").await, "kept");
        assert_eq!(file(&stage, &container, "/base").await, "of the base");
        assert_eq!(stage.plan(&model).await.work, [], "it is found again by its files");

        stage.write("base/file", "of the new base");
        stage.deploy(&model).await.expect("deployed");
        assert_eq!(file(&stage, &container, "/base").await, "of the new base", "what is built upon it is built again");
        stage.write("shared/deep/kept", "new");
        stage.deploy(&model).await.expect("deployed");
        assert_eq!(file(&stage, &container, "/kept").await, "new");
    })
    .await;
}
