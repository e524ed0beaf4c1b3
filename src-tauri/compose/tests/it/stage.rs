//! A Compose project of its own on the real engine, removed afterwards.

use std::collections::BTreeMap;
use std::future::Future;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use bollard::Docker;
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListImagesOptions, ListNetworksOptionsBuilder, ListVolumesOptionsBuilder,
    RemoveContainerOptionsBuilder, RemoveImageOptionsBuilder, RemoveVolumeOptions,
};
use futures_util::FutureExt;
use serde_json::{Value, json};
use sternway_compose::{
    ComposePlan, Done, Engine, Job, Lease, Model, Observed, Output, Removal, Run, Want, execute, plan,
};
use sternway_model::{EngineAddress, Error, ImageId, Result, Reveal, SecretPin, Sensitive, ServiceName, Target};
use tokio_util::sync::CancellationToken;

/// What an ordinary service of the tests is made from; scripts/setup makes the image where no registry can be reached.
pub const IMAGE: &str = "busybox:1.36";
/// No image is brought from another engine.
static NOWHERE: BTreeMap<ImageId, String> = BTreeMap::new();
/// The value that secrets have: it must turn up nowhere but inside containers.
pub const SECRET: &str = "planted-7f3a";

/// A project on the engine.
pub struct Stage {
    pub engine: Engine,
    pub docker: Docker,
    pub project: String,
    pub folder: tempfile::TempDir,
    pub cancel: CancellationToken,
    pub lines: Lines,
}

/// Collects what a run prints.
#[derive(Default)]
pub struct Lines(pub Mutex<Vec<String>>);

impl Output for Lines {
    fn line(&self, text: &str) {
        self.0.lock().expect("not poisoned").push(text.to_owned());
    }
}

/// Knows one secret in every version.
pub struct Keychain;

impl Reveal for Keychain {
    fn reveal(&self, pin: &SecretPin) -> Result<Sensitive> {
        Ok(Sensitive::new(format!("{SECRET}-v{}", pin.version)))
    }
}

/// Runs a test on a project of its own, and removes all of it, whatever happens.
pub async fn on_stage<F: Future<Output = ()>>(name: &str, test: impl FnOnce(std::sync::Arc<Stage>) -> F) {
    let engine = Engine::connect(&Target::Docker(EngineAddress::Local)).expect("an engine; scripts/setup starts one");
    on_stage_with(name, engine, test).await;
}

/// The same, over a way of the test's own to this machine's engine.
pub async fn on_stage_with<F: Future<Output = ()>>(
    name: &str,
    engine: Engine,
    test: impl FnOnce(std::sync::Arc<Stage>) -> F,
) {
    let stage = std::sync::Arc::new(Stage {
        engine,
        docker: Docker::connect_with_local_defaults().expect("an engine"),
        project: format!("swtest-{}-{name}", std::process::id()),
        folder: tempfile::tempdir().expect("a folder"),
        cancel: CancellationToken::new(),
        lines: Lines::default(),
    });
    let outcome = AssertUnwindSafe(Box::pin(test(stage.clone()))).catch_unwind().await;
    stage.clean().await;
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

impl Stage {
    /// A model in this project: services and other sections as they stand in the canonical form, `default` network included.
    pub fn model(&self, mut sections: Value) -> Model {
        sections["name"] = json!(self.project);
        sections["networks"]["default"] = json!({"name": format!("{}_default", self.project), "ipam": {}});
        for service in sections["services"].as_object_mut().expect("services").values_mut() {
            if service["network_mode"].is_null() {
                service["networks"]["default"] = Value::Null;
            }
        }
        Model::decode(&sections).expect("a valid model")
    }

    pub async fn observe(&self, model: &Model) -> Observed {
        self.look(&self.want(model, &BTreeMap::new())).await.expect("observed")
    }

    pub async fn plan(&self, model: &Model) -> ComposePlan {
        self.plan_with(model, &BTreeMap::new()).await
    }

    pub async fn plan_with(&self, model: &Model, images: &BTreeMap<ServiceName, ImageId>) -> ComposePlan {
        let want = self.want(model, images);
        plan(&self.look(&want).await.expect("observed"), &want).expect("a plan")
    }

    async fn look(&self, want: &Want<'_>) -> Result<Observed> {
        self.engine.observer().observe_for(want).await
    }

    /// A plan in which more goes than usual.
    pub async fn plan_removing(&self, model: &Model, remove: Removal) -> ComposePlan {
        let images = BTreeMap::new();
        let want = Want { remove, ..self.want(model, &images) };
        plan(&self.look(&want).await.expect("observed"), &want).expect("a plan")
    }

    /// A plan for what may not be possible.
    pub async fn try_plan(&self, model: &Model) -> Result<ComposePlan> {
        let images = BTreeMap::new();
        let want = self.want(model, &images);
        plan(&self.look(&want).await?, &want)
    }

    fn want<'a>(&'a self, model: &'a Model, images: &'a BTreeMap<ServiceName, ImageId>) -> Want<'a> {
        Want {
            project: &self.project,
            model,
            images,
            elsewhere: &NOWHERE,
            project_dir: self.folder.path(),
            config_files: vec![self.folder.path().join("compose.yaml")],
            deployment: None,
            remove: Removal::default(),
        }
    }

    /// Does one piece of work.
    pub async fn execute(&self, model: &Model, job: &Job, lease: Option<&Lease>) -> Result<Done> {
        self.execute_with(model, &BTreeMap::new(), job, lease, &|_| {}).await
    }

    pub async fn execute_with(
        &self,
        model: &Model,
        images: &BTreeMap<ServiceName, ImageId>,
        job: &Job,
        lease: Option<&Lease>,
        boundary: &(dyn Fn(&str) + Sync),
    ) -> Result<Done> {
        let want = self.want(model, images);
        execute(&Run { boundary, lease, ..self.run(&want) }, job).await
    }

    /// Does something with what a run needs.
    pub async fn with_run<T>(
        &self,
        model: &Model,
        images: &BTreeMap<ServiceName, ImageId>,
        work: impl AsyncFnOnce(&Run<'_>) -> T,
    ) -> T {
        work(&self.run(&self.want(model, images))).await
    }

    fn run<'a>(&'a self, want: &'a Want<'a>) -> Run<'a> {
        Run {
            engine: &self.engine,
            source: None,
            want,
            secrets: &Keychain,
            output: &self.lines,
            cancel: &self.cancel,
            boundary: &|_| {},
            lease: None,
        }
    }

    /// Plans and does all of it; the plan's text.
    pub async fn deploy(&self, model: &Model) -> Result<String> {
        self.deploy_with(model, &BTreeMap::new(), &|_| {}).await
    }

    pub async fn deploy_with(
        &self,
        model: &Model,
        images: &BTreeMap<ServiceName, ImageId>,
        boundary: &(dyn Fn(&str) + Sync),
    ) -> Result<String> {
        let plan = self.plan_with(model, images).await;
        for work in &plan.work {
            self.execute_with(model, images, &work.job, None, boundary).await?;
        }
        Ok(plan.to_string())
    }

    /// Ids, names and states of the project's containers.
    pub async fn containers(&self) -> Vec<(String, String, &'static str)> {
        let observed = self.engine.observer().observe(&self.project).await.expect("observed");
        observed.containers.into_iter().map(|c| (c.id, c.name, c.state.as_str())).collect()
    }

    /// The names of the project's containers.
    pub async fn names(&self) -> Vec<String> {
        let prefix = format!("{}-", self.project);
        self.containers().await.into_iter().map(|(_, name, _)| name.replace(&prefix, "")).collect()
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).expect("a folder");
        std::fs::write(path, text).expect("written");
    }

    /// All that the project has on the engine, by name.
    pub async fn everything(&self) -> Vec<String> {
        let [containers, networks, volumes, images] = self.belongings().await;
        [containers, networks, volumes, images].concat()
    }

    /// Containers, networks, volumes and names of images.
    async fn belongings(&self) -> [Vec<String>; 4] {
        let label = format!("com.docker.compose.project={}", self.project);
        let filters = std::collections::HashMap::from([("label", vec![label.as_str()])]);
        let list = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
        let containers = self.docker.list_containers(Some(list)).await.expect("a list");
        let list = ListNetworksOptionsBuilder::new().filters(&filters).build();
        let networks = self.docker.list_networks(Some(list)).await.expect("a list");
        let list = ListVolumesOptionsBuilder::new().filters(&filters).build();
        let volumes = self.docker.list_volumes(Some(list)).await.expect("a list").volumes.unwrap_or_default();
        let images = self.docker.list_images(None::<ListImagesOptions>).await.expect("a list");
        let tags = images.into_iter().flat_map(|image| image.repo_tags);
        [
            containers.into_iter().filter_map(|container| container.id).collect(),
            networks.into_iter().filter_map(|network| network.id).collect(),
            volumes.into_iter().map(|volume| volume.name).collect(),
            tags.filter(|tag| tag.contains(&self.project)).collect(),
        ]
    }

    async fn clean(&self) {
        let [mut containers, networks, volumes, images] = self.belongings().await;
        let force = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        containers.push(format!("sternway-lease-{}", self.project));
        for container in containers {
            forgive(self.docker.remove_container(&container, Some(force.clone())).await);
        }
        for network in networks {
            forgive(self.docker.remove_network(&network).await);
        }
        for volume in volumes {
            forgive(self.docker.remove_volume(&volume, None::<RemoveVolumeOptions>).await);
        }
        for tag in images {
            let options = RemoveImageOptionsBuilder::new().force(true).build();
            forgive(self.docker.remove_image(&tag, Some(options), None).await);
        }
    }
}

/// Cleaning up goes on, and says what it could not remove.
fn forgive<T>(result: std::result::Result<T, bollard::errors::Error>) {
    match result {
        Ok(_) | Err(bollard::errors::Error::DockerResponseServerError { status_code: 404, .. }) => {}
        Err(error) => println!("left behind: {error}"),
    }
}

/// A web server that answers with its configuration's text; it ends at once when it is told to.
pub fn web(port: u16, version: &str) -> Value {
    json!({
        "image": IMAGE, "command": ["httpd", "-f", "-h", "/www"], "stop_signal": "SIGKILL",
        "environment": {"VERSION": version},
        "configs": [{"source": "page", "target": "/www/index.html"}],
        "ports": [{"mode": "ingress", "target": 80, "published": port.to_string(), "protocol": "tcp"}]
    })
}

/// The content of [`web`]'s page.
pub fn page(text: &str) -> Value {
    json!({"page": {"content": text}})
}

/// A service that does nothing.
pub fn idle(version: &str) -> Value {
    json!({"image": IMAGE, "command": ["sleep", "3600"], "stop_signal": "SIGKILL", "environment": {"VERSION": version}})
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

/// What the web server says.
pub fn fetch(port: u16) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.split("\r\n\r\n").nth(1).unwrap_or_default().to_owned())
}

/// The error of a deployment that must fail.
pub fn refused(result: Result<String>) -> Error {
    result.expect_err("it must fail")
}
