//! Connections to a container engine: one that can only look, and one that can also change things.

mod asking;
mod raw;

pub(crate) use raw::within;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::error::Error as StdError;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bollard::Docker;
use bollard::errors::Error as BollardError;
use bollard::models::{ContainerInspectResponse, ContainerSummary, ImageSummary};
use bollard::query_parameters::{
    InspectContainerOptions, ListContainersOptions, ListImagesOptions, LogsOptionsBuilder,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use sternway_model::{Code, Error, ImageId, Lines, Result, Target};
use tokio::sync::OnceCell;

use crate::connect::{DockerClient, Pool, Route};
use asking::Patience;
use raw::Greeting;

/// The oldest API that everything here works with: that of Docker 20.10.
const OLDEST: (u32, u32) = (1, 41);
/// How long the engine may take for one ordinary request.
pub(crate) const REQUEST: Duration = Duration::from_secs(30);
/// How many questions of one kind are asked at the same time.
const AT_ONCE: usize = 8;

/// A connection that can only look. Planning gets nothing else, so it cannot change anything.
#[derive(Debug, Clone)]
pub struct Observer {
    pub(crate) docker: Docker,
    route: Arc<Route>,
    /// The connections that are kept, where any are.
    pool: Option<Arc<Pool>>,
    kind: Arc<OnceCell<Kind>>,
    patience: Arc<Patience>,
}

/// What kind of engine it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Kind {
    /// The newest API that it speaks.
    pub api: (u32, u32),
    /// Its containers are Windows.
    pub windows: bool,
}

/// A connection that can change things.
#[derive(Debug, Clone)]
pub struct Engine {
    observer: Observer,
}

/// What an engine says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineInfo {
    /// The engine's version, such as `20.10.24`.
    pub version: String,
    /// The newest API that it speaks, such as `1.41`.
    pub api_version: String,
    /// The name of its host.
    pub name: String,
    /// How it is reached and who said so, such as `ssh://deploy@host (docker's current context `staging`)`.
    pub reached: String,
}

impl Observer {
    /// Opens a connection. Nothing is sent yet.
    ///
    /// # Errors
    /// [`Code::EngineUnreachable`] if there is no such socket, [`Code::NotFound`] if there is no such docker context,
    /// [`Code::Unsupported`] if the way to it is not safe, [`Code::InvalidInput`] if keys for it cannot be used.
    pub fn connect(target: &Target) -> Result<Self> {
        Self::over(route_to(target)?)
    }

    fn over(route: Route) -> Result<Self> {
        let (docker, pool) = route.client()?;
        Ok(Self { docker, route: Arc::new(route), pool, kind: Arc::default(), patience: Arc::default() })
    }

    /// How the engine is reached and who said so, such as `unix:///var/run/docker.sock`.
    #[must_use]
    pub fn reached(&self) -> String {
        self.route.to_string()
    }

    /// Whether the engine may be on another machine, where paths of this one mean nothing.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        self.route.is_remote()
    }

    /// What the engine is.
    ///
    /// # Errors
    /// [`Code::EngineUnreachable`] if it does not answer.
    pub async fn info(&self) -> Result<EngineInfo> {
        let version = self.ask("ask the engine for its version", || self.docker.version()).await?;
        let info = self.ask("ask the engine for its name", || self.docker.info()).await?;
        Ok(EngineInfo {
            version: version.version.unwrap_or_default(),
            api_version: version.api_version.unwrap_or_default(),
            name: info.name.unwrap_or_default(),
            reached: self.reached(),
        })
    }

    /// What kind of engine it is. It is asked for once.
    ///
    /// # Errors
    /// [`Code::Unsupported`] if it is older than what Sternway works with.
    pub(crate) async fn kind(&self) -> Result<Kind> {
        let ask = async || {
            let Greeting { api, os, server } = if self.is_remote() {
                // Over the connections that are there: the greeting would take a login of its own.
                let version = self.ask("ask the engine for its version", || self.docker.version()).await?;
                Greeting {
                    api: version.api_version.unwrap_or_default(),
                    os: version.os.unwrap_or_default(),
                    server: version.version.unwrap_or_default(),
                }
            } else {
                // To tell its version the engine starts two programs; the greeting says what is needed here.
                self.greeting().await?
            };
            Ok(Kind { api: known_api(&api, &server)?, windows: os == "windows" })
        };
        self.kind.get_or_try_init(ask).await.copied()
    }

    /// The newest API that the engine speaks.
    ///
    /// # Errors
    /// As [`Observer::kind`].
    pub(crate) async fn api(&self) -> Result<(u32, u32)> {
        Ok(self.kind().await?.api)
    }

    /// Those of some images that the engine has.
    ///
    /// # Errors
    /// As [`Observer::info`].
    pub async fn images_there(&self, ids: &BTreeSet<ImageId>) -> Result<BTreeSet<ImageId>> {
        let names = ids.iter().map(ToString::to_string).collect();
        Ok(self.images_named(names).await?.into_values().collect())
    }

    /// Content ids by name, of those images that the engine has. Each is asked for: a list of all would take an engine with
    /// hundreds of them longer than everything else together.
    pub(crate) async fn images_named(&self, names: BTreeSet<String>) -> Result<BTreeMap<String, ImageId>> {
        let asked = names.into_iter().map(async |name| {
            let id = self.image_id(&name).await?;
            Ok(id.map(|id| (name, id)))
        });
        stream::iter(asked).buffer_unordered(AT_ONCE).filter_map(async |answer| answer.transpose()).try_collect().await
    }

    /// Containers of the engine.
    pub(crate) async fn list_containers(&self, options: ListContainersOptions) -> Result<Vec<ContainerSummary>> {
        self.ask("list the containers", || self.docker.list_containers(Some(options.clone()))).await
    }

    /// All images of the engine.
    pub(crate) async fn images(&self) -> Result<Vec<ImageSummary>> {
        self.ask("list the images", || self.docker.list_images(None::<ListImagesOptions>)).await
    }

    /// The content id of an image by its name; `None` if the engine does not have it.
    pub(crate) async fn image_id(&self, reference: &str) -> Result<Option<ImageId>> {
        let doing = format!("look for the image {reference}");
        match found(self.ask(&doing, || self.docker.inspect_image(reference)).await)? {
            None => Ok(None),
            Some(image) => image.id.unwrap_or_default().parse().map(Some),
        }
    }

    /// The newest lines of a container's output, oldest first.
    ///
    /// # Errors
    /// As [`Observer::info`]; [`Code::NotFound`] if there is no such container.
    pub async fn logs_tail(&self, container: &str, lines: u32) -> Result<Vec<String>> {
        let options = LogsOptionsBuilder::new().stdout(true).stderr(true).tail(&lines.to_string()).build();
        let read = async || {
            let (mut out, mut told) = (Lines::default(), Vec::new());
            let mut keep = |line: &str| told.push(line.trim_end().to_owned());
            let mut stream = self.docker.logs(container, Some(options.clone()));
            while let Some(piece) = stream.next().await {
                out.push(&piece?.into_bytes(), &mut keep);
            }
            out.end(keep);
            Ok(told)
        };
        self.ask(&format!("read the output of {container}"), &read).await
    }

    /// The latest results of a container's health check, oldest first, each as `exit code: output`.
    ///
    /// # Errors
    /// As [`Observer::logs_tail`].
    pub async fn health_log(&self, container: &str) -> Result<Vec<String>> {
        let inspected = self.inspect(container).await?;
        let log = inspected.state.and_then(|state| state.health).and_then(|health| health.log).unwrap_or_default();
        Ok(log
            .into_iter()
            .map(|entry| {
                let output = entry.output.unwrap_or_default();
                format!("exit code {}: {}", entry.exit_code.unwrap_or_default(), output.trim())
            })
            .collect())
    }

    pub(crate) async fn inspect(&self, container: &str) -> Result<ContainerInspectResponse> {
        let look = || self.docker.inspect_container(container, None::<InspectContainerOptions>);
        self.ask(&format!("look at the container {container}"), look).await
    }
}

/// The ways to engines that were gone before: a login takes longer than most requests, so connections are used again.
#[derive(Debug, Default)]
pub struct Engines {
    open: Mutex<Vec<Observer>>,
}

impl Engines {
    /// As [`Observer::connect`], over connections that are there already. Where the way leads is decided anew each time: the
    /// person may have chosen another docker context.
    ///
    /// # Errors
    /// As [`Observer::connect`].
    pub fn observer(&self, target: &Target) -> Result<Observer> {
        let route = route_to(target)?;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = open.iter().find(|known| *known.route == route) {
            // The engine may have been updated since.
            return Ok(Observer { kind: Arc::default(), ..known.clone() });
        }
        let observer = Observer::over(route)?;
        open.push(observer.clone());
        Ok(observer)
    }

    /// As [`Engines::observer`], for changing things.
    ///
    /// # Errors
    /// As [`Observer::connect`].
    pub fn engine(&self, target: &Target) -> Result<Engine> {
        Ok(Engine { observer: self.observer(target)? })
    }
}

fn route_to(target: &Target) -> Result<Route> {
    // What is no text is taken as far as it goes, and refused as an address: to leave it out would lead to another engine.
    let variable = |name: &str| Some(std::env::var_os(name)?.to_string_lossy().into_owned());
    Route::to(target, &DockerClient::new(&variable))
}

impl Engine {
    /// Opens a connection. Nothing is sent yet.
    ///
    /// # Errors
    /// As [`Observer::connect`].
    pub fn connect(target: &Target) -> Result<Self> {
        Ok(Self { observer: Observer::connect(target)? })
    }

    /// The same way, whose questions are asked again for so long when the engine is away.
    #[must_use]
    pub fn patient(&self, limit: Duration) -> Self {
        Self { observer: Observer { patience: Arc::new(Patience::of(limit)), ..self.observer.clone() } }
    }

    /// From now on an engine that is away is waited for so long, however long it was waited for before.
    pub fn wait_anew(&self, limit: Duration) {
        self.observer.patience.renew(limit);
    }

    /// The same connection, for looking only.
    #[must_use]
    pub fn observer(&self) -> &Observer {
        &self.observer
    }

    pub(crate) fn docker(&self) -> &Docker {
        &self.observer.docker
    }
}

/// An engine's API, if it is new enough.
fn known_api(text: &str, engine: &str) -> Result<(u32, u32)> {
    let parts = text.split_once('.').and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
    let api =
        parts.ok_or_else(|| Error::failed(format!("the engine says that its API is `{text}`, which is no version")))?;
    if api < OLDEST {
        return Err(Error::new(
            Code::Unsupported,
            format!("the engine {engine} is too old: its API is {text}, needed is {}.{}", OLDEST.0, OLDEST.1),
        )
        .hint("Update Docker on that host to 20.10 or newer."));
    }
    Ok(api)
}

/// Filters by labels, in the form that the engine's lists take.
pub(crate) fn by_labels(labels: &[String]) -> HashMap<String, Vec<String>> {
    HashMap::from([("label".to_owned(), labels.to_vec())])
}

/// Runs a request with a time limit and puts what was being done in front of its error.
pub(crate) async fn limited<T>(
    doing: &str,
    limit: Duration,
    call: impl Future<Output = Result<T, BollardError>>,
) -> Result<T> {
    match tokio::time::timeout(limit, call).await {
        Ok(answer) => answer.map_err(|error| failure(doing, error)),
        Err(_) => Err(timed_out(doing, limit)),
    }
}

pub(crate) fn timed_out(doing: &str, limit: Duration) -> Error {
    Error::new(Code::TimedOut, format!("cannot {doing}: the engine did not answer within {} s", limit.as_secs()))
        .hint("Look whether the engine is overloaded, then try again.")
}

/// `None` for what does not exist.
pub(crate) fn found<T>(answer: Result<T>) -> Result<Option<T>> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.code == Code::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The engine's error in the words of the house.
pub(crate) fn failure(doing: &str, error: BollardError) -> Error {
    match error {
        BollardError::DockerResponseServerError { status_code: 404, message } => {
            Error::new(Code::NotFound, format!("cannot {doing}: {}", message.trim()))
        }
        BollardError::DockerResponseServerError { message, .. } => {
            Error::failed(format!("cannot {doing}: {}", message.trim()))
        }
        BollardError::DockerStreamError { error } => Error::failed(format!("cannot {doing}: {}", error.trim())),
        BollardError::RequestTimeoutError => timed_out(doing, REQUEST),
        BollardError::SocketNotFoundError(path) => unreachable(&format!("there is no socket at {path}")),
        BollardError::HyperLegacyError { err } => match dialled(&err) {
            Some(error) => error.clone(),
            None if err.is_connect() => unreachable(&innermost(&err)),
            None => cut(doing, &innermost(&err)),
        },
        BollardError::HyperResponseError { err } => cut(doing, &innermost(&err)),
        BollardError::IOError { err } => cut(doing, &innermost(&err)),
        other => Error::failed(format!("cannot {doing}: {other}")),
    }
}

/// What was found out while the connection was made.
fn dialled<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Error> {
    std::iter::successors(Some(error), |&error| error.source()).find_map(|error| error.downcast_ref())
}

/// The words of the error that caused the others.
fn innermost(error: &(dyn StdError + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes.last().map(ToString::to_string).unwrap_or_default()
}

/// Whether the engine still did what it was asked for cannot be said; each plan looks anew.
pub(crate) fn cut(doing: &str, why: &str) -> Error {
    Error::new(Code::EngineUnreachable, format!("cannot {doing}: the connection to the container engine broke ({why})"))
        .hint("Once the engine answers again, plan again: what is really there is looked at then.")
}

fn unreachable(why: &str) -> Error {
    Error::new(Code::EngineUnreachable, format!("the container engine does not answer: {why}")).hint(
        if cfg!(target_os = "linux") {
            "Start it with `sudo systemctl start docker`, and see that your user is in the group `docker`."
        } else {
            "Start Docker Desktop, or the engine that you use in its place."
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_older_than_what_we_know_are_refused() {
        assert_eq!(known_api("1.41", "20.10.24"), Ok((1, 41)));
        assert_eq!(known_api("1.52", "29.0.0"), Ok((1, 52)));
        let error = known_api("1.40", "19.03.15").expect_err("too old");
        assert_eq!(error.code, Code::Unsupported);
        assert!(error.message.contains("19.03.15") && error.message.contains("1.41"), "{error}");
        assert_eq!(known_api("", "").expect_err("no version").code, Code::Failed);
    }

    #[test]
    fn a_missing_socket_says_how_to_start_an_engine() {
        let error = failure("look", BollardError::SocketNotFoundError("/nowhere.sock".into()));
        assert_eq!(error.code, Code::EngineUnreachable);
        assert!(error.hint.contains("Start"), "{}", error.hint);
    }
}
