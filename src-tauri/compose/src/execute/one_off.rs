//! Running a service's image once, beside what runs: a migration, a script, a look inside.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bollard::query_parameters::{AttachContainerOptionsBuilder, WaitContainerOptions};
use futures_util::StreamExt;
use sternway_model::{Code, Error, ImageId, Result, ServiceName};
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

use super::container::{remove, start_id, stop_id};
use super::create::{Recipe, create};
use super::{Run, container};
use crate::decide::Place;
use crate::engine::{REQUEST, failure, limited};
use crate::fingerprint::{self, MadeFrom};
use crate::lease::Owner;
use crate::model::Service;
use crate::observe::{Detail, in_background};
use crate::session::{Printed, next_piece};
use crate::worked_on::Made;

/// How long the engine may take to tell how a container ended after its output did.
const END: Duration = Duration::from_secs(60);

/// What is passed through between a one-off command and whoever started it.
pub struct Pipes<'a> {
    /// Pieces of its standard input; it has none without. When the sender goes, the input ends.
    pub input: Option<mpsc::Receiver<Vec<u8>>>,
    /// Gets what it prints, byte by byte as it printed it, not redacted.
    pub printed: &'a (dyn Fn(Printed) + Send + Sync),
}

/// Runs a command in a new container of a service, with its variables, secrets, networks and volumes, and removes the
/// container afterwards. It publishes no ports and does not answer to the service's name. Without a command it is the
/// service's own. It has no terminal. The answer is its exit code. The container says whose it is: should the owner be killed, the
/// next command of the environment removes it.
///
/// # Errors
/// [`Code::NotFound`] if the want has no such service or image; [`Code::Cancelled`] if a person stopped it: then the command
/// was stopped too.
pub async fn run_once(
    run: &Run<'_>,
    name: &ServiceName,
    command: Option<Vec<String>>,
    pipes: Pipes<'_>,
    owner: &Owner,
) -> Result<i64> {
    let (Some(wanted), Some(image)) = (run.want.model.services.get(name), run.want.images.get(name)) else {
        return Err(Error::new(Code::NotFound, format!("the release has no service {name}"))
            .hint("Deploy first; a service of a profile is there only if sternway.yaml names it under `application.profiles`."));
    };
    let service = Service { stdin_open: pipes.input.is_some(), ..on_its_own(wanted, command) };
    let place = Place { project: run.want.project, model: run.want.model, name, service: &service, number: 1 };
    let remote = run.engine.observer().is_remote();
    let files = in_background(run.want.model.clone(), move |model| fingerprint::files(&model, remote)).await?;
    let made_from = MadeFrom::wanted(run.want.model, &service, Some(image), &files);
    let containers = run.engine.observer().containers(run.want.project, Detail::Enough).await?;
    let parents = container::parents(run, &service, &containers);
    let id = begin(run, &place, image, &made_from, &parents, owner).await?;
    let container_name = format!("the one-off container of {name}");
    let ended = follow(run, &id, &container_name, pipes).await;
    if ended.is_err() {
        // Its end is not what was asked for, so nothing more is expected of it.
        stop_id(run, &id, &container_name).await?;
    }
    remove(run, &id, &container_name, true).await?;
    ended
}

/// The service without what belongs to its place among the others.
fn on_its_own(service: &Service, command: Option<Vec<String>>) -> Service {
    let mut service = service.clone();
    service.command = command.or(service.command);
    service.tty = false;
    service.ports.clear();
    service.container_name = None;
    service.healthcheck = None;
    service.restart = None;
    service.deploy = service.deploy.map(|deploy| crate::model::Deploy { restart_policy: None, ..deploy });
    service
}

async fn begin(
    run: &Run<'_>,
    place: &Place<'_>,
    image: &ImageId,
    made_from: &MadeFrom,
    parents: &BTreeMap<ServiceName, Option<String>>,
    owner: &Owner,
) -> Result<String> {
    // Names are taken for as long as a container lives: the time tells several apart.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
    let name = format!("{}-{}-run-{now:x}", place.project, place.name);
    let recipe = Recipe { place: *place, image, made_from, parents, volumes: &Made::new(), one_off: Some(owner) };
    Box::pin(create(run, &recipe, &name, &[])).await
}

/// Starts it, passes its output on, and waits for its end.
async fn follow(run: &Run<'_>, id: &str, name: &str, pipes: Pipes<'_>) -> Result<i64> {
    let Pipes { mut input, printed } = pipes;
    let docker = run.engine.docker();
    let attach = AttachContainerOptionsBuilder::new().stream(true).stdout(true).stderr(true);
    let options = attach.stdin(input.is_some()).build();
    let doing = format!("read the output of {name}");
    let mut attached = limited(&doing, REQUEST, docker.attach_container(id, Some(options))).await?;
    start_id(run, id, name).await?;
    loop {
        tokio::select! {
            piece = attached.output.next() => match piece {
                None => break,
                Some(piece) => printed(Printed::from(piece.map_err(|error| failure(&doing, error))?)),
            },
            bytes = next_piece(&mut input) => match bytes {
                // The command may have closed its end, which is no failure.
                Some(bytes) => if attached.input.write_all(&bytes).await.is_err() { input = None },
                None => {
                    input = None;
                    drop(attached.input.shutdown().await);
                }
            },
            () = run.cancel.cancelled() => return Err(run.cancelled()),
        }
    }
    let mut ended = Box::pin(docker.wait_container(id, None::<WaitContainerOptions>));
    let doing = format!("wait for {name}");
    match tokio::time::timeout(END, ended.next()).await {
        Ok(Some(Ok(answer))) => Ok(answer.status_code),
        // The client takes an exit code other than 0 for a mistake of its own.
        Ok(Some(Err(bollard::errors::Error::DockerContainerWaitError { code, .. }))) => Ok(code),
        Ok(Some(Err(error))) => Err(failure(&doing, error)),
        Ok(None) | Err(_) => {
            Err(Error::new(Code::Unknown, format!("{name} printed its last line, and its end is not known")))
        }
    }
}
