//! Building images, and going back to earlier ones.

use serde_json::json;
use sternway_compose::images_after;
use sternway_model::Code;

use crate::stage::{IMAGE, on_stage, refused};

#[tokio::test]
async fn an_image_is_built_when_its_files_change_and_found_again_when_going_back() {
    on_stage("build", |stage| async move {
        let context = stage.folder.path().join("app");
        let model = stage.model(json!({"services": {"app": {
            "build": {"context": context, "dockerfile": "Dockerfile", "args": {"GREETING": "hi"}},
            "stop_signal": "SIGKILL"}}}));
        stage.write(
            "app/Dockerfile",
            &format!(
                "FROM {IMAGE}\nARG GREETING\nENV GREETING=$GREETING\nCOPY page /page\nCMD [\"sleep\", \"3600\"]\n"
            ),
        );
        stage.write("app/page", "one");
        let plan = stage.deploy(&model).await.expect("deployed");
        assert_eq!(
            plan,
            "create network default: it does not exist\n"
                .replace("create network", "build image app: no image was built from its files yet\ncreate network")
                + "create service app: it does not exist\n"
        );
        assert!(
            stage.lines.0.lock().expect("lines").iter().any(|line| line.contains("COPY page /page")),
            "the log is passed on"
        );
        assert_eq!(stage.plan(&model).await.work, [], "nothing changed, nothing is built");
        let first = images_after(&stage.observe(&model).await);
        let kept = format!("sternway/{}/app:{}", stage.project, first["app"].short());
        assert!(stage.docker.inspect_image(&kept).await.is_ok(), "{kept} keeps it");

        stage.write("app/page", "two");
        let plan = stage.deploy(&model).await.expect("deployed");
        assert!(
            plan.starts_with(
                "build image app: its files changed\nrecreate service app: its new image is not there yet\n"
            ),
            "{plan}"
        );
        let second = images_after(&stage.observe(&model).await);
        assert_ne!(first, second);

        let back = stage.deploy_with(&model, &first, &|_| {}).await.expect("went back");
        assert_eq!(
            back,
            format!("recreate service app: image sha256:{} → sha256:{}\n", second["app"].short(), first["app"].short())
        );
        assert_eq!(
            images_after(&stage.observe(&model).await),
            first,
            "the image of then, although its name has moved on"
        );
        let again = stage.deploy(&model).await.expect("deployed");
        assert!(again.starts_with("recreate service app: image"), "the second image is found, not built: {again}");
    })
    .await;
}

#[tokio::test]
async fn services_of_the_same_files_share_what_is_built_once() {
    on_stage("shared-build", |stage| async move {
        let app = json!({"stop_signal": "SIGKILL", "build": {
            "context": stage.folder.path(), "no_cache": true,
            "dockerfile_inline": format!("FROM {IMAGE}\nRUN cat /proc/sys/kernel/random/uuid >/made\nCMD [\"sleep\", \"3600\"]\n")}});
        let model = stage.model(json!({"services": {"a": app, "b": app}}));
        stage.deploy(&model).await.expect("deployed");
        let images = images_after(&stage.observe(&model).await);
        assert_eq!(images["a"], images["b"], "what differs from build to build was made once");
        for service in ["a", "b"] {
            let name = format!("{}-{service}", stage.project);
            assert!(stage.docker.inspect_image(&name).await.is_ok(), "it has the name {name} too");
        }
        assert_eq!(stage.plan(&model).await.work, []);
    })
    .await;
}

#[tokio::test]
async fn a_build_that_fails_says_why_and_touches_nothing() {
    on_stage("broken-build", |stage| async move {
        let model = stage.model(json!({"services": {"app": {"build": {
            "context": stage.folder.path(), "dockerfile_inline": format!("FROM {IMAGE}\nRUN echo no compiler here && exit 9\n")}}}}));
        let error = refused(stage.deploy(&model).await);
        assert_eq!(error.code, Code::Failed);
        assert!(error.message.contains("no compiler here") && error.message.contains('9'), "{}", error.message);
        assert!(stage.containers().await.is_empty());
        assert!(stage.observe(&model).await.networks.is_empty(), "images come before everything else");
    })
    .await;
}

#[tokio::test]
async fn a_pull_that_fails_says_so() {
    on_stage("broken-pull", |stage| async move {
        let reference = "localhost:1/nothing/here:1";
        let model = stage.model(json!({"services": {"app": {"image": reference}}}));
        let error = refused(stage.deploy(&model).await);
        assert!(error.message.contains(reference), "{}", error.message);
        assert!(error.hint.contains("registry"), "{}", error.hint);
    })
    .await;
}
