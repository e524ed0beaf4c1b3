//! One place of a service: looking at it, deciding, and doing what was decided.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bollard::errors::Error as BollardError;
use bollard::query_parameters::{
    InspectContainerOptions, RemoveContainerOptionsBuilder, RenameContainerOptionsBuilder, StartContainerOptions,
    StopContainerOptions,
};
use sternway_model::{At, Code, Error, Result, ServiceName};
use tokio::time::sleep;

use super::holders::Holders;
use super::{Done, Run, create, hooks, printed, replace, wait};
use crate::decide::{Action, Place, Surroundings};
use crate::engine::{REQUEST, found, limited};
use crate::fingerprint;
use crate::image;
use crate::model::{Condition, Service};
use crate::observe::{ByService, Container, Detail, State, in_background};
use crate::plan::ImageSource;
use crate::worked_on::Made;

/// How often it is looked whether a container is gone.
const GONE_INTERVAL: Duration = Duration::from_millis(200);
/// How long the engine may take beyond a container's own grace period.
const BEYOND_GRACE: Duration = Duration::from_secs(60);
/// A container that takes longer to stop than this is spoken of.
const QUICK_STOP: Duration = Duration::from_secs(1);

/// Sees that the right container is in a place, and no other.
pub(super) async fn ensure(
    run: &Run<'_>,
    name: &ServiceName,
    service: &Service,
    number: u32,
    (source, frees): (&ImageSource, &[String]),
) -> Result<Done> {
    let model = run.want.model;
    let place = Place { project: run.want.project, model, name, service, number };
    let id = image::resolve(run, name, service, source).await?;
    image::keep(run, name, &id).await?;
    let around = around(name, service);
    let containers = run.engine.observer().containers_of(run.want.project, &around).await?;
    let remote = run.engine.observer().is_remote();
    let files = in_background(model.clone(), move |model| fingerprint::files(&model, remote)).await?;
    let parents = parents(run, service, &containers);
    let volumes = if model.runs_once(name) { run.engine.observer().made_volumes(&place).await? } else { Made::new() };
    let decision = place.decide(&Surroundings {
        containers: &ByService::new(&containers),
        image: Some(&id),
        files: &files,
        parents: &parents,
        volumes: &volumes,
    });
    let holders = Holders::of(run, frees).await?;
    let seen = match &decision.action {
        Action::Keep => "it runs already".to_owned(),
        Action::Start(_) | Action::Restart(_) => {
            let Some(right) = decision.right else { return Err(Error::internal("nothing to start")) };
            await_dependencies(run, &place).await?;
            if matches!(decision.action, Action::Restart(_)) {
                stop(run, right).await?;
            }
            let ready = async {
                holders.stop(run).await?;
                let ended_before = start(run, &place, right).await?;
                hooks::after_start(run, right).await?;
                wait::ready(run, &place, &right.id, ended_before, false).await
            };
            match Box::pin(ready).await {
                Ok(seen) => seen,
                Err(error) => {
                    let error = wait::with_evidence(run, error, &right.id).await;
                    return Err(holders.come_back_from(run, right, error).await);
                }
            }
        }
        Action::Create | Action::Recreate(_) | Action::Finish => {
            await_dependencies(run, &place).await?;
            let (made_from, one_off) = (&decision.made_from, None);
            let recipe = create::Recipe { place, image: &id, made_from, parents: &parents, volumes: &volumes, one_off };
            Box::pin(replace::bring_up(run, &recipe, &decision, &holders)).await?
        }
    };
    Ok(Done { seen: format!("{}: {seen}", place.container_name()), image: Some(id) })
}

/// The services whose containers matter to one of a service: those that it waits for or borrows from, and its own.
fn around(name: &ServiceName, service: &Service) -> BTreeSet<ServiceName> {
    service.depends_on.keys().chain([name]).cloned().chain(service.parents()).collect()
}

/// The containers from which a service borrows: the first of each such service.
pub(super) fn parents(
    run: &Run<'_>,
    service: &Service,
    containers: &[Container],
) -> BTreeMap<ServiceName, Option<String>> {
    let wanted = service.parents().into_iter();
    wanted
        .map(|name| {
            let place = run.want.model.services.get(&name).map(|service| Place {
                project: run.want.project,
                model: run.want.model,
                name: &name,
                service,
                number: 1,
            });
            let final_name = place.map(|place| place.container_name());
            let holder = containers.iter().find(|container| {
                container.service == name.as_str() && final_name.as_ref().is_some_and(|name| *name == container.name)
            });
            (name, holder.map(|container| container.id.clone()))
        })
        .collect()
}

/// Waits until what the service depends on is as far as it asks for.
async fn await_dependencies(run: &Run<'_>, place: &Place<'_>) -> Result<()> {
    let awaited: Vec<(&ServiceName, Condition, bool)> = place.awaited().collect();
    if awaited.is_empty() {
        return Ok(());
    }
    let names = awaited.iter().map(|(name, ..)| (*name).clone()).collect();
    let containers = run.engine.observer().containers_of(run.want.project, &names).await?;
    for (name, condition, required) in awaited {
        let holders: Vec<&Container> = containers.iter().filter(|c| c.service == name.as_str()).collect();
        if holders.is_empty() && required {
            return Err(Error::failed(format!(
                "service {} waits for service {name}, which has no container",
                place.name
            )));
        }
        for holder in holders {
            match wait::condition(run, name, condition, &holder.id).await {
                Ok(()) => {}
                Err(error) if error.code == Code::Cancelled => return Err(error),
                Err(error) if required => {
                    let error = error.context(format!("service {} cannot start", place.name));
                    return Err(wait::with_evidence(run, error, &holder.id).await);
                }
                Err(error) => run.output.line(&format!("{} starts without {name}: {}", place.name, error.message)),
            }
        }
    }
    Ok(())
}

/// Starts a container that there was, whatever it does now. Says until when the output of a job is that of an earlier start.
pub(super) async fn start(run: &Run<'_>, place: &Place<'_>, container: &Container) -> Result<Option<At>> {
    let ended_before = printed::ended_before(run, place, &container.id).await?;
    let doing = format!("start {}", container.name);
    let docker = run.engine.docker();
    if container.state == State::Paused {
        run.write(&doing, limited(&doing, REQUEST, docker.unpause_container(&container.id))).await?;
    } else {
        start_id(run, &container.id, &container.name).await?;
    }
    Ok(ended_before)
}

/// Starts a container that does not run.
pub(super) async fn start_id(run: &Run<'_>, id: &str, name: &str) -> Result<()> {
    let doing = format!("start {name}");
    let call = run.engine.docker().start_container(id, None::<StartContainerOptions>);
    run.write(&doing, limited(&doing, REQUEST * 2, call)).await
}

/// Starts a container unless it runs; says whether it had to.
pub(super) async fn start_again(run: &Run<'_>, id: &str, name: &str) -> Result<bool> {
    let now = run.engine.observer().inspect(id).await?.state.unwrap_or_default();
    if State::of(&now) == State::Running {
        return Ok(false);
    }
    start_id(run, id, name).await?;
    Ok(true)
}

/// Stops a container, with the grace period that it was made with and after its `pre_stop` commands; if one of those fails it
/// goes on running. One that is gone is stopped.
pub(super) async fn stop(run: &Run<'_>, container: &Container) -> Result<()> {
    hooks::before_stop(run, container).await?;
    stop_id(run, &container.id, &container.name).await
}

/// As [`stop`], without its commands.
pub(super) async fn stop_id(run: &Run<'_>, id: &str, name: &str) -> Result<()> {
    let doing = format!("stop {name}");
    let Some(inspected) = found(run.engine.observer().inspect(id).await)? else { return Ok(()) };
    let grace = inspected.config.and_then(|config| config.stop_timeout).unwrap_or(10);
    let limit = Duration::from_secs(u64::try_from(grace).unwrap_or(0)) + BEYOND_GRACE;
    let call = run.engine.docker().stop_container(id, None::<StopContainerOptions>);
    let mut stopped = Box::pin(run.write(&doing, limited(&doing, limit, call)));
    // Most stop at once; of the others somebody wants to know why nothing happens.
    let stopped = match tokio::time::timeout(QUICK_STOP, &mut stopped).await {
        Ok(stopped) => stopped,
        Err(_) => {
            run.output.line(&format!("waiting for {name} to stop; it is killed {grace} s after it was asked to"));
            stopped.await
        }
    };
    found(stopped).map(|_| ())
}

/// Removes a container; its named volumes stay, its anonymous ones too unless told otherwise.
pub(super) async fn remove(run: &Run<'_>, id: &str, name: &str, anonymous_volumes: bool) -> Result<()> {
    let doing = format!("remove {name}");
    let options = RemoveContainerOptionsBuilder::new().force(true).v(anonymous_volumes).build();
    let call = async {
        match run.engine.docker().remove_container(id, Some(options)).await {
            // Its removal was begun by work that was interrupted, and goes on in the engine.
            Err(BollardError::DockerResponseServerError { status_code: 409, .. }) => gone(run, id).await,
            other => other,
        }
    };
    found(run.write(&doing, limited(&doing, REQUEST * 2, call)).await).map(|_| ())
}

/// Waits until the engine does not know a container any more.
async fn gone(run: &Run<'_>, id: &str) -> std::result::Result<(), BollardError> {
    while run.engine.docker().inspect_container(id, None::<InspectContainerOptions>).await.is_ok() {
        sleep(GONE_INTERVAL).await;
    }
    Ok(())
}

/// Gives a container its final name.
pub(super) async fn rename(run: &Run<'_>, id: &str, name: &str) -> Result<()> {
    let doing = format!("rename the new container to {name}");
    let call = run.engine.docker().rename_container(id, RenameContainerOptionsBuilder::new().name(name).build());
    run.write(&doing, limited(&doing, REQUEST, call)).await
}

/// Stops and removes containers of the project that nobody wants.
pub(super) async fn remove_all(run: &Run<'_>, ids: &[String]) -> Result<String> {
    let containers = run.engine.observer().containers(run.want.project, Detail::Enough).await?;
    let mut removed = Vec::new();
    for container in containers.iter().filter(|container| ids.contains(&container.id)) {
        if matches!(container.state, State::Running | State::Restarting | State::Paused) {
            stop(run, container).await?;
        }
        // A person who has the volumes removed means those without a name, too.
        remove(run, &container.id, &container.name, run.want.remove.volumes).await?;
        removed.push(container.name.clone());
    }
    Ok(if removed.is_empty() { "already gone".to_owned() } else { format!("removed {}", removed.join(", ")) })
}
