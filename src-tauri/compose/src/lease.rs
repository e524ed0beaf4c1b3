//! The lock of an environment, held on the target itself so that every machine which can deploy there sees it.
//!
//! It is a container that is created and never started: the engine gives a name to one container only, so creating it is
//! atomic. A heartbeat is written into it with the engine's own clock; the clocks of laptops do not matter. It has none of
//! Compose's labels, so that Compose's tools do not see it.

mod owner;
mod reserve;

use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bollard::errors::Error as BollardError;
use bollard::models::{ContainerCreateBody, ContainerInspectResponse};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, CreateImageOptionsBuilder, DownloadFromContainerOptionsBuilder,
    RemoveContainerOptionsBuilder, UploadToContainerOptionsBuilder,
};
use futures_util::StreamExt;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sternway_model::{At, Code, Error, Result, Seconds};
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

pub use owner::Owner;

use crate::engine::{Engine, Observer, REQUEST, failure, found, limited};

/// An image without content.
const IMAGE: &str = "sternway/lease";
const IMAGE_TAG: &str = "1";
const LABEL: &str = "io.sternway.lease";
const OWNER: &str = "io.sternway.lease.owner";
const FILE: &str = "lease.json";
/// How often the holder says that it is there.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// After how long without a heartbeat the holder counts as gone.
const TIME_TO_LIVE: Duration = Duration::from_secs(60);

/// The lock, as its holder has it. Without [`Lease::release`] it expires.
#[derive(Debug)]
pub struct Lease {
    /// The container's id.
    id: String,
    project: String,
    token: i64,
    made_room: bool,
    lost: Arc<AtomicBool>,
    heartbeat: JoinHandle<()>,
}

/// The lock, as others see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Holder {
    /// Who holds it.
    pub owner: Owner,
    /// Since when, by the engine's clock.
    pub since: At,
    /// The age of the last heartbeat.
    pub heartbeat_age: Seconds,
    /// The holder has not been heard of for so long that it counts as gone.
    pub expired: bool,
    /// The container that is the lock; a takeover removes exactly this one.
    pub id: String,
    /// The fencing token: the engine's time in milliseconds when the lock was made. It only grows.
    pub token: i64,
}

#[derive(Serialize, Deserialize)]
struct Beat {
    /// The engine's time, in milliseconds since 1970.
    at: i64,
}

impl Lease {
    /// Takes the lock of a Compose project, and keeps it alive until it is released. If it is lost, `cancel` is cancelled.
    ///
    /// # Errors
    /// [`Code::Locked`] with who holds it, since when, and what to do.
    pub async fn acquire(engine: &Engine, project: &str, owner: &Owner, cancel: &CancellationToken) -> Result<Self> {
        let Created { id, made_room } = match create(engine, project, owner).await? {
            Some(created) => created,
            None => return Err(locked(engine.observer(), project).await),
        };
        let token = match engine.observer().inspect(&id).await.and_then(|container| token(&container)) {
            Ok(token) => token,
            Err(error) => {
                return Err(match remove(engine, &id).await {
                    Ok(()) => error,
                    Err(left) => error.context(format!("the lock is left behind ({})", left.message)),
                });
            }
        };
        let lost = Arc::new(AtomicBool::new(false));
        let heartbeat = tokio::spawn(keep_alive(engine.clone(), id.clone(), lost.clone(), cancel.clone()));
        Ok(Self { id, project: project.to_owned(), token, made_room, lost, heartbeat })
    }

    /// The fencing token: of two holders the later one has the larger.
    #[must_use]
    pub fn token(&self) -> i64 {
        self.token
    }

    /// Sees that the lock is still ours. Every change on the engine asks first.
    ///
    /// # Errors
    /// [`Code::Locked`] if somebody took it over.
    pub async fn check(&self, engine: &Engine) -> Result<()> {
        match found(engine.observer().inspect(&self.id).await)? {
            Some(_) => Ok(()),
            None => Err(self.taken_over()),
        }
    }

    /// The error of work that was cancelled because the lock was lost; `None` if it was not lost.
    #[must_use]
    pub fn loss(&self) -> Option<Error> {
        self.lost.load(Ordering::Acquire).then(|| self.taken_over())
    }

    fn taken_over(&self) -> Error {
        let lost = format!(
            "the lock of {} is gone: somebody took it over or removed it, so nothing more is changed",
            self.project
        );
        Error::new(Code::Locked, lost).hint("Look at the history of the environment before you deploy again.")
    }

    /// The engine's disk was full: what is held back there for that was given up to take the lock.
    #[must_use]
    pub fn made_room(&self) -> bool {
        self.made_room
    }

    /// Gives the lock back, and sees that some room is held back for the next one.
    ///
    /// # Errors
    /// If the engine does not answer; then it expires by itself.
    pub async fn release(self, engine: &Engine) -> Result<()> {
        self.heartbeat.abort();
        remove(engine, &self.id).await?;
        // Where there is no room, or somebody else holds some back at this very moment, the next one tries again.
        drop(reserve::hold_back(engine).await);
        Ok(())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.heartbeat.abort();
    }
}

/// Who holds the lock of a Compose project; `None` if nobody does.
///
/// # Errors
/// If the engine does not answer.
pub async fn holder(observer: &Observer, project: &str) -> Result<Option<Holder>> {
    let Some(container) = found(observer.inspect(&name(project)).await)? else { return Ok(None) };
    let token = token(&container)?;
    let labels = container.config.and_then(|config| config.labels).unwrap_or_default();
    let unreadable = || {
        Error::new(Code::Locked, format!("the lock of {project} cannot be read"))
            .hint(format!("If no deployment runs, remove it with `docker rm {}`.", name(project)))
    };
    let owner = labels.get(OWNER).and_then(|owner| serde_json::from_str(owner).ok()).ok_or_else(unreadable)?;
    let id = container.id.unwrap_or_default();
    // Without a heartbeat yet, the lock was only just made.
    let heard = last_beat(observer, &id).await?.unwrap_or(token);
    let age = age(now(observer).await?, heard);
    Ok(Some(Holder {
        owner,
        since: At::from_millis(token)?,
        heartbeat_age: Seconds(age.as_secs_f64()),
        expired: age > TIME_TO_LIVE,
        id,
        token,
    }))
}

/// Removes a lock whose holder is gone: its heartbeat is too old, or it was a process of this machine that does not exist any
/// more. The lock is free afterwards; it is not taken.
///
/// # Errors
/// [`Code::Locked`] if the holder may still be there.
pub async fn take_over(engine: &Engine, stale: &Holder) -> Result<()> {
    let observer = engine.observer();
    // The holder may have woken up since it was looked at.
    let heard = last_beat(observer, &stale.id).await?.unwrap_or(stale.token);
    let silent = age(now(observer).await?, heard);
    if silent <= TIME_TO_LIVE && !stale.owner.is_gone() {
        return Err(held(&Holder { heartbeat_age: Seconds(silent.as_secs_f64()), expired: false, ..stale.clone() }));
    }
    remove(engine, &stale.id).await
}

/// How long ago something was, by the engine's clock.
fn age(now: i64, then: i64) -> Duration {
    Duration::from_millis(u64::try_from(now - then).unwrap_or(0))
}

async fn locked(observer: &Observer, project: &str) -> Error {
    match holder(observer, project).await {
        Ok(Some(holder)) => held(&holder),
        // It was given back in between.
        Ok(None) => Error::new(Code::Locked, format!("{project} was locked a moment ago")).hint("Try again."),
        Err(error) => error,
    }
}

fn held(holder: &Holder) -> Error {
    let Holder { owner, since, heartbeat_age, expired, .. } = holder;
    let message =
        format!("{owner} has been deploying since {since}; the last sign of life is {:.0} s old", heartbeat_age.0);
    Error::new(Code::Locked, message).hint(if *expired {
        "The holder seems to be gone: take the lock over with `unlock`."
    } else {
        "Wait until it is done. If its program is gone, the lock expires after a minute without a sign of life."
    })
}

fn name(project: &str) -> String {
    format!("sternway-lease-{project}")
}

/// The container of a lock.
struct Created {
    id: String,
    /// There was room only once what is held back was given up.
    made_room: bool,
}

/// Creates the container; `None` if its name is taken.
async fn create(engine: &Engine, project: &str, owner: &Owner) -> Result<Option<Created>> {
    let doing = "take the lock";
    let owner = owner.to_label()?;
    let body = ContainerCreateBody {
        image: Some(format!("{IMAGE}:{IMAGE_TAG}")),
        cmd: Some(vec!["never started".to_owned()]),
        labels: Some(HashMap::from([(LABEL.to_owned(), "1".to_owned()), (OWNER.to_owned(), owner)])),
        ..ContainerCreateBody::default()
    };
    let attempt = || async {
        let options = CreateContainerOptionsBuilder::new().name(&name(project)).build();
        match tokio::time::timeout(REQUEST, engine.docker().create_container(Some(options), body.clone())).await {
            Ok(answer) => answer,
            Err(_) => Err(BollardError::RequestTimeoutError),
        }
    };
    let mut answer = attempt().await;
    if matches!(answer, Err(BollardError::DockerResponseServerError { status_code: 404, .. })) {
        import_image(engine).await?;
        answer = attempt().await;
    }
    let made_room = answer.as_ref().is_err_and(reserve::is_full);
    if made_room {
        if !reserve::give_up(engine).await? {
            return Err(reserve::none_left(doing));
        }
        answer = attempt().await;
    }
    match answer {
        Ok(created) => Ok(Some(Created { id: created.id, made_room })),
        Err(BollardError::DockerResponseServerError { status_code: 409, .. }) => Ok(None),
        Err(error) => Err(failure(doing, error)),
    }
}

/// The moment at which the engine made the lock.
fn token(container: &ContainerInspectResponse) -> Result<i64> {
    let made: Option<Timestamp> = container.created.as_ref().and_then(|time| time.parse().ok());
    made.map(Timestamp::as_millisecond).ok_or_else(|| Error::failed("the engine does not say when the lock was made"))
}

/// Makes the empty image.
async fn import_image(engine: &Engine) -> Result<()> {
    let empty = tar::Builder::new(Vec::new()).into_inner();
    let empty = empty.map_err(|error| Error::internal(format!("an empty archive cannot be made: {error}")))?;
    let options = CreateImageOptionsBuilder::new().from_src("-").repo(IMAGE).tag(IMAGE_TAG).build();
    let import = async {
        let mut stream =
            Box::pin(engine.docker().create_image(Some(options), Some(bollard::body_full(empty.into())), None));
        while let Some(progress) = stream.next().await {
            progress?;
        }
        Ok(())
    };
    limited("make the image of locks", REQUEST, import).await
}

async fn keep_alive(engine: Engine, id: String, lost: Arc<AtomicBool>, cancel: CancellationToken) {
    loop {
        // Until the first one, the lock is as old as its container.
        sleep(HEARTBEAT).await;
        match beat(&engine, &id).await {
            Err(error) if error.code == Code::NotFound => {
                lost.store(true, Ordering::Release);
                cancel.cancel();
                return;
            }
            // The engine may hear it next time. While it hears nothing it can be told nothing else either, and whoever is heard
            // again and finds the lock still there has not lost it: each change looks first.
            Ok(()) | Err(_) => {}
        }
    }
}

async fn beat(engine: &Engine, id: &str) -> Result<()> {
    let beat = Beat { at: now(engine.observer()).await? };
    let broken = |error: std::io::Error| Error::internal(format!("a heartbeat cannot be packed: {error}"));
    let content = serde_json::to_vec(&beat).map_err(|error| broken(error.into()))?;
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(0o444);
    archive.append_data(&mut header, FILE, content.as_slice()).map_err(broken)?;
    let archive = archive.into_inner().map_err(broken)?;
    let options = UploadToContainerOptionsBuilder::new().path("/").build();
    let call = engine.docker().upload_to_container(id, Some(options), bollard::body_full(archive.into()));
    limited("say that the lock is still held", REQUEST, call).await
}

async fn last_beat(observer: &Observer, id: &str) -> Result<Option<i64>> {
    let options = DownloadFromContainerOptionsBuilder::new().path(&format!("/{FILE}")).build();
    let download = async || {
        let mut bytes = Vec::new();
        let mut stream = Box::pin(observer.docker.download_from_container(id, Some(options.clone())));
        while let Some(piece) = stream.next().await {
            bytes.extend_from_slice(&piece?);
        }
        Ok(bytes)
    };
    let Some(bytes) = found(observer.ask("read the lock's heartbeat", &download).await)? else { return Ok(None) };
    let mut archive = tar::Archive::new(bytes.as_slice());
    let mut text = String::new();
    for entry in archive.entries().into_iter().flatten() {
        let read = entry.and_then(|mut entry| entry.read_to_string(&mut text));
        read.map_err(|error| Error::failed(format!("the lock's heartbeat cannot be read: {error}")))?;
    }
    Ok(serde_json::from_str(&text).ok().map(|beat: Beat| beat.at))
}

/// The engine's time in milliseconds since 1970.
pub(crate) async fn now(observer: &Observer) -> Result<i64> {
    let info = observer.ask("ask the engine for the time", || observer.docker.info()).await?;
    let time: Option<Timestamp> = info.system_time.and_then(|time| time.parse().ok());
    time.map(Timestamp::as_millisecond).ok_or_else(|| Error::failed("the engine does not say what time it is"))
}

async fn remove(engine: &Engine, id: &str) -> Result<()> {
    let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
    // One that is gone is gone, so it may be asked for again.
    let removal = || engine.docker().remove_container(id, Some(options.clone()));
    found(engine.observer().ask("give the lock back", removal).await).map(|_| ())
}
